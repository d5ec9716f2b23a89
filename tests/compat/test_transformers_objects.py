"""Live schedulers of `transformers` become schedules that are data, with and without the package."""

import functools
import types

import jax
import numpy as np
import pytest
from support.compat import transformers_lambdas as lambdas
from support.precision import x64
from support.short import parametrize

import jaxsched as js
from jaxsched.compat import transformers as optimization
from jaxsched.compat.torch import LambdaLR, from_scheduler

STEPS = np.array([0, 1, 2, 4, 5, 6, 17, 34, 39])
W, T = {"num_warmup_steps": 5}, {"num_training_steps": 40}
NAMED = {
    "_get_constant_schedule_with_warmup_lr_lambda": ("get_constant_schedule_with_warmup", W, {}),
    "_get_linear_schedule_with_warmup_lr_lambda": ("get_linear_schedule_with_warmup", W | T, {}),
    "_get_cosine_schedule_with_warmup_lr_lambda": ("get_cosine_schedule_with_warmup", W | T | {"num_cycles": 1.5}, {}),
    "_get_cosine_with_hard_restarts_schedule_with_warmup_lr_lambda": (
        "get_cosine_with_hard_restarts_schedule_with_warmup",
        W | T | {"num_cycles": 3},
        {},
    ),
    "_get_polynomial_decay_schedule_with_warmup_lr_lambda": (
        "get_polynomial_decay_schedule_with_warmup",
        W | T | {"lr_end": 0.025, "power": 2.0},
        {"lr_init": 0.5},
    ),
    "_get_inverse_sqrt_schedule_lr_lambda": ("get_inverse_sqrt_schedule", W | {"timescale": 9}, {}),
    "_get_cosine_with_min_lr_schedule_with_warmup_lr_rate_lambda": (
        "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
        W | T | {"num_cycles": 0.5, "min_lr_rate": 0.1},
        {},
    ),
    "_get_wsd_scheduler_lambda": (
        "get_wsd_schedule",
        W | {"num_stable_steps": 20, "num_decay_steps": 10, "min_lr_ratio": 0.2},
        {"warmup_type": "linear", "decay_type": "cosine", "num_cycles": 0.5},
    ),
}


def scheduler_of(fns, rates=(0.5,)):
    """A `LambdaLR` of torch, as far as we look at it."""
    groups = [{"lr": rate, "initial_lr": rate} for rate in rates]
    optimizer = types.SimpleNamespace(param_groups=groups)
    return type("LambdaLR", (), {"base_lrs": list(rates), "lr_lambdas": fns, "optimizer": optimizer})()


def partial(name, **given):
    fn = lambdas.function(name) if name in lambdas.FORMULAS else getattr(lambdas, name)
    return functools.partial(fn, **given)


@parametrize("name", NAMED, list(NAMED)[::3])
def test_a_function_that_is_known_by_its_name_is_what_the_function_of_ours_makes(name):
    ours, given, more = NAMED[name]
    fn = partial(name, **given, **more)
    with x64():
        schedule = from_scheduler(scheduler_of([fn]))
        assert schedule == getattr(optimization, ours)(0.5, **given)
        assert js.from_dict(js.to_dict(schedule)) == schedule
        want = [0.5 * fn(step) for step in STEPS.tolist()]
        np.testing.assert_allclose(schedule(STEPS), want, rtol=1e-12, atol=1e-16)
        np.testing.assert_allclose(LambdaLR(0.5, fn)(STEPS), want, rtol=1e-12, atol=1e-16)
    assert "callback" not in str(jax.make_jaxpr(LambdaLR(0.5, fn))(1))


def test_a_constant_one_has_no_keywords():
    assert from_scheduler(scheduler_of([lambdas._get_constant_lambda])) == js.Constant(0.5)


def test_a_relative_end_belongs_to_each_group_as_its_values_do():
    fn = partial("_get_polynomial_decay_schedule_with_warmup_lr_lambda", **W, **T, lr_end=0.025, power=1.0, lr_init=0.5)
    first, second = from_scheduler(scheduler_of([fn, fn], (0.5, 0.1)))
    assert first(40) == np.float32(0.025) and second(40) == np.float32(0.005)


def test_another_function_of_that_name_stays_a_function():
    name = "_get_linear_schedule_with_warmup_lr_lambda"

    def changed(current_step, *, num_warmup_steps, num_training_steps):
        return 0.9 * lambdas.function(name)(
            current_step, num_warmup_steps=num_warmup_steps, num_training_steps=num_training_steps
        )

    def renamed(current_step, *, warmup):
        return 1.0 if current_step > warmup else 0.5

    changed.__name__ = renamed.__name__ = name
    for fn, want in ((functools.partial(changed, **W, **T), 0.09), (functools.partial(renamed, warmup=3), 0.25)):
        schedule = from_scheduler(scheduler_of([fn]))
        assert "Wrap" in repr(schedule)
        np.testing.assert_allclose(schedule(1), want, rtol=1e-6)


KWARGS = {
    "cosine_with_min_lr": {"min_lr_rate": 0.1},
    "cosine_warmup_with_min_lr": {"min_lr_rate": 0.1},
    "warmup_stable_decay": {"num_decay_steps": 10},
    "cosine_with_restarts": {"num_cycles": 3},
}
RATES = [0.1, 0.2]


@pytest.fixture
def live():
    pytest.importorskip("transformers")
    from support.compat import torch_live

    return torch_live


def test_live_schedulers_of_every_name(live):
    import transformers

    for name in [each for each in optimization.TYPE_TO_SCHEDULER_FUNCTION if each != "polynomial"]:
        scheduler = transformers.get_scheduler(name, live.optimizer_for(RATES), 5, 40, KWARGS.get(name))
        found = from_scheduler(scheduler)
        assert found == optimization.get_scheduler(name, RATES, 5, 40, KWARGS.get(name)), name
        if not hasattr(found[0], "init"):
            got = [np.asarray(each(np.arange(44))) for each in found]
            np.testing.assert_allclose(got, live.course(scheduler, 43), rtol=2e-6, atol=1e-8, err_msg=name)


def test_a_live_polynomial_falls_by_parts_of_each_rate(live):
    import transformers

    scheduler = transformers.get_scheduler("polynomial", live.optimizer_for(RATES), 5, 40, {"lr_end": 0.01})
    found = from_scheduler(scheduler)
    assert all("Wrap" not in repr(each) for each in found)
    got = [np.asarray(each(np.arange(44))) for each in found]
    np.testing.assert_allclose(got, live.course(scheduler, 43), rtol=2e-6, atol=1e-8)


def test_a_live_greedy_scheduler_begins_anew(live):
    import transformers

    given = {"patience": 1, "factor": 0.5, "min_lr": 0.01, "smooth": True, "window_size": 2}
    metrics = [1.0, 0.9, 0.8, 0.7, 0.9, 0.9, 1.0, 1.2]
    scheduler = transformers.get_scheduler("greedy", live.optimizer_for(0.1), scheduler_specific_kwargs=given)
    controller = from_scheduler(scheduler)
    state, rates = controller.init(), []
    for metric in metrics:
        rates.append(float(controller(state)))
        state = controller.update(state, value=metric)
    np.testing.assert_allclose([*rates, controller(state)], live.course(scheduler, metrics=metrics)[0], rtol=2e-6)
