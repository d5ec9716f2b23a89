"""`check_applied`: what it says of optimizers that follow a schedule, and of those that do not."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import relaxed

import jaxsched as js

assert relaxed  # the fixture of this module

LR = js.warmup_cosine(1e-3, 10, 100)
PARAMS = {"w": np.ones((3, 2), np.float32), "b": np.float32(2.0)}


def found(optimizer, **more):
    return js.search.check_applied(optimizer, PARAMS, LR, 100, **more)


FOLLOWING = {
    "sgd": lambda: optax.sgd(LR),
    "adamw": lambda: optax.adamw(LR),
    "lion": lambda: optax.lion(LR),
    "inject": lambda: js.inject(optax.sgd)(LR, momentum=0.9),
    "by_group": lambda: optax.chain(optax.scale_by_adam(), js.by_group({"w": LR, "b": LR})),
    "controller": lambda: js.inject(optax.adam)(js.reduce_on_plateau(LR)),
}


@pytest.mark.parametrize("make", FOLLOWING.values(), ids=FOLLOWING)
def test_what_follows_its_schedule(make):
    result = found(make())
    assert result.agrees and result.verdict == "update k is made at schedule(k)" and result.error < 1e-5
    np.testing.assert_allclose(result.scheduled, LR(np.arange(100)))
    if "inject" in make.__code__.co_names:  # where the scale is known
        np.testing.assert_allclose(result.applied, result.scheduled, rtol=1e-5, atol=1e-9)


WRONG = {
    "every 4th call, and update k at": lambda: optax.MultiSteps(optax.adam(LR), 4),
    "every 4th call, and the schedule counts the calls": lambda: optax.MultiSteps(
        optax.sgd(lambda k: LR(4 * k + 3)), 4
    ),
    "8 times too fast": lambda: optax.sgd(lambda k: LR(8 * k)),
    "8 times too slow": lambda: optax.adamw(lambda k: LR(k // 8)),
    "is 1 ahead": lambda: optax.adamw(lambda k: LR(k + 1)),
    "is 2 behind": lambda: optax.sgd(lambda k: LR(jnp.maximum(k - 2, 0))),
    "same rate: the schedule is not read": lambda: optax.adam(3e-4),
    "same rate, 0.0003: the schedule": lambda: js.inject(optax.sgd)(3e-4),
    "at 0.5 schedule": lambda: js.inject(optax.sgd)(LR * 0.5),
    "no update is made": lambda: optax.set_to_zero(),
    "no update is": lambda: optax.chain(js.inject(optax.sgd)(LR), optax.set_to_zero()),
    "update 0 is not finite": lambda: optax.sgd(lambda k: jnp.nan * k),
    "update 5 is not finite": lambda: js.inject(optax.sgd)(lambda k: jnp.where(k == 5, jnp.inf, LR(k))),
    "do not look like the schedule: if the direction": lambda: optax.sgd(LR, momentum=0.9),
    "not made at the rates of the schedule": lambda: js.inject(optax.sgd)(js.Linear(1e-3, 0.0, steps=100)),
}


@pytest.mark.parametrize(("words", "make"), WRONG.items(), ids=list(WRONG))
def test_what_does_not(words, make):
    result = found(make())
    assert not result.agrees and words in result.verdict and words in repr(result)


def test_a_reference_tells_the_direction_apart():
    reference = optax.sgd(1.0, momentum=0.9)
    assert found(optax.sgd(LR, momentum=0.9), reference=reference).agrees
    ahead = found(optax.sgd(lambda k: LR(k + 1), momentum=0.9), reference=reference)
    assert not ahead.agrees and "1 ahead" in ahead.verdict


def test_a_slow_schedule_that_is_one_step_ahead_is_seen():
    slow = js.warmup_cosine(1e-3, 1_000, 100_000)
    ahead = js.search.check_applied(optax.sgd(lambda k: slow(k + 1)), PARAMS, slow, 200)
    assert not ahead.agrees and "1 ahead" in ahead.verdict
    assert js.search.check_applied(optax.adam(slow), PARAMS, slow, 200).agrees


def test_bfloat16_parameters_and_one_step():
    assert js.search.check_applied(optax.sgd(LR), {"w": jnp.ones(3, jnp.bfloat16)}, LR, 50).agrees
    assert js.search.check_applied(optax.sgd(0.5), np.ones(2), 0.5, 1).agrees


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        ((lambda k: k, PARAMS, LR, 5), TypeError, "`optimizer` must be an optimizer, with `init` and `update`"),
        ((optax.sgd(LR), {}, LR, 5), TypeError, "`params` must hold arrays of floats alone"),
        ((optax.sgd(LR), {"w": np.arange(3)}, LR, 5), TypeError, "`params` must hold arrays of floats alone"),
        ((optax.sgd(LR), PARAMS, js.reduce_on_plateau(LR), 5), TypeError, "pure"),
        ((optax.sgd(LR), PARAMS, js.stack([LR, LR]), 5), TypeError, "`schedule` must be one: got .*, a stack"),
        ((optax.sgd(LR), PARAMS, LR, 5.5), ValueError, "`steps` must be a whole number: got 5.5"),
        ((optax.sgd(LR), PARAMS, LR, 0), ValueError, "`steps` must be at least 1"),
        ((optax.sgd(LR), PARAMS, LR, 10**7), ValueError, "`steps` must be at most 1000000"),
    ],
)
def test_nonsense_is_refused(args, error, words):
    with pytest.raises(error, match=words):
        js.search.check_applied(*args)


def test_a_reference_that_does_not_move_is_refused():
    with pytest.raises(ValueError, match="`reference` must move the parameters"):
        found(optax.sgd(LR), reference=optax.sgd(0.0))
    with pytest.raises(ValueError, match="`reference` must move the parameters: its updates are 0, or not finite"):
        found(optax.sgd(LR), reference=optax.sgd(lambda k: jnp.nan * k))


def test_updates_that_are_not_finite_and_optimizers_that_ask_for_more():
    result = found(optax.scale(float("nan")))
    assert not result.agrees and "update 0 is not finite" in result.verdict and result.error == np.inf
    with pytest.raises(TypeError, match="`optimizer` must update by gradients, a state and parameters alone.*value"):
        found(optax.lbfgs())
