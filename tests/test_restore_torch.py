"""From the `state_dict()` of a scheduler of PyTorch, as `torch.load` gives it."""

import jax
import numpy as np
import optax
import pytest
from support.bridge import advance, params, rates, relaxed

import jaxsched as js

assert relaxed  # the fixture of this module

SGD = js.inject(optax.sgd)
COSINE = {
    "T_max": 100,
    "eta_min": 0,
    "base_lrs": [0.1],
    "last_epoch": 30,
    "_step_count": 31,
    "_last_lr": [0.0793892626],
}
PLATEAU = {
    "factor": 0.5,
    "patience": 2,
    "cooldown": 3,
    "threshold": 1e-4,
    "best": 0.25,
    "num_bad_epochs": 2,
    "cooldown_counter": 0,
    "last_epoch": 9,
    "_last_lr": [0.05],
}


def test_its_position_is_the_count():
    rate = js.compat.torch.CosineAnnealingLR(0.1, T_max=100)
    state, changes = js.restore(SGD(rate).init(params()), COSINE)
    assert int(state.count) == 30 and len(changes) == 1 and "`last_epoch`" in changes[0]
    assert rates(state) == {"learning_rate": pytest.approx(COSINE["_last_lr"][0], rel=1e-6)}
    advance(SGD(rate), state, params())


def test_another_rate_than_it_had_is_told():
    _, changes = js.restore(SGD(js.Cosine(0.2, 0.0, steps=100)).init(params()), COSINE)
    assert changes[1].startswith("learning_rate: 0.0793892626 -> 0.158778")


@pytest.mark.parametrize("seen", [{}, {"num_bad_epochs": 0, "cooldown_counter": 2}, {"best": float("inf")}])
def test_what_a_plateau_has_seen_is_taken_over(seen):
    """The rates from here on are those of the scheduler itself."""
    saved = {**PLATEAU, **seen}
    controller = js.compat.torch.ReduceLROnPlateau(0.1, factor=0.5, patience=2, cooldown=3, threshold_mode="rel")
    state, changes = js.restore(SGD(controller).init(params()), saved)
    assert len(changes) == 1 and rates(state) == {"learning_rate": pytest.approx(0.05)}

    best, bad, rest, rate = saved["best"], saved["num_bad_epochs"], saved["cooldown_counter"], 0.05
    for metric in (0.3, 0.3, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3):
        best, bad = (metric, 0) if metric < best * (1 - 1e-4) else (best, bad + 1)
        rest, bad = (rest - 1, 0) if rest > 0 else (rest, bad)
        rate, rest, bad = (rate / 2, 3, 0) if bad > 2 else (rate, rest, bad)
        state = js.observe(state, value=metric)
        assert rates(state) == {"learning_rate": pytest.approx(rate)}


def test_of_a_scheduler_of_several():
    both = {"_schedulers": [{"last_epoch": 7, "milestones": {}}, {"last_epoch": 7}], "_last_lr": [0.1]}
    assert int(js.restore(SGD(0.1).init(params()), both)[0].count) == 7
    assert int(js.restore(SGD(0.1).init(params()), {**both, "last_epoch": 8})[0].count) == 8


@pytest.mark.parametrize("last", [float("nan"), "3", -1, None, 2.5, [1, 2]])
def test_a_position_that_is_none_is_refused(last):
    with pytest.raises(ValueError, match="`saved` must .*last_epoch"):
        js.restore(SGD(0.1).init(params()), {**COSINE, "last_epoch": last})


@pytest.mark.parametrize("name", ["best", "num_bad_epochs", "cooldown_counter"])
@pytest.mark.parametrize("x", ["none", None, float("nan")])
def test_what_a_plateau_cannot_have_seen_is_refused(name, x):
    controller = js.reduce_on_plateau(0.1)
    with pytest.raises(ValueError, match=f"`saved` must have a number for '{name}'"):
        js.restore(SGD(controller).init(params()), {**PLATEAU, name: x})


def test_it_has_no_numbers_for_an_abstract_state():
    with pytest.raises(ValueError, match=r"`opt_state` must have numbers.*optimizer\.init\(params\)"):
        js.restore(jax.eval_shape(SGD(0.1).init, params()), COSINE)
    assert np.isfinite(COSINE["_last_lr"]).all()
