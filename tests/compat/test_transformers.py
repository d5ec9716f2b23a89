"""What is particular to `compat.transformers`: names, errors, groups, traced numbers, and where it differs."""

import collections
import enum
import inspect
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.short import parametrize

import jaxsched as js
from jaxsched.compat import transformers as optimization

STEPS = np.arange(0, 60, 3)

NUMBERS = [
    ("get_constant_schedule_with_warmup", {"num_warmup_steps": 7}),
    ("get_linear_schedule_with_warmup", {"num_warmup_steps": 7, "num_training_steps": 40}),
    ("get_cosine_schedule_with_warmup", {"num_warmup_steps": 7, "num_training_steps": 40, "num_cycles": 0.75}),
    ("get_cosine_with_hard_restarts_schedule_with_warmup", {"num_warmup_steps": 4, "num_training_steps": 40}),
    (
        "get_polynomial_decay_schedule_with_warmup",
        {"num_warmup_steps": 7, "num_training_steps": 40, "lr_end": 0.01, "power": 2.0},
    ),
    ("get_inverse_sqrt_schedule", {"num_warmup_steps": 7, "timescale": 20}),
    ("get_cosine_with_min_lr_schedule_with_warmup", {"num_warmup_steps": 7, "num_training_steps": 40, "min_lr": 0.1}),
    (
        "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
        {"num_warmup_steps": 7, "num_training_steps": 40, "min_lr_rate": 0.1, "warmup_lr_rate": 0.2},
    ),
    ("get_wsd_schedule", {"num_warmup_steps": 7, "num_decay_steps": 10, "num_training_steps": 40}),
    ("get_wsd_schedule", {"num_warmup_steps": 7, "num_decay_steps": 10, "num_stable_steps": 5, "min_lr_ratio": 0.1}),
    ("get_wsd_schedule", {"num_warmup_steps": 30, "num_decay_steps": 20, "num_training_steps": 40}),
]
"""Each function with numbers that it does not look at to choose its structure."""


@pytest.mark.parametrize(("name", "numbers"), NUMBERS)
def test_numbers_may_be_traced(name, numbers):
    numbers = {"lr": 0.5, **numbers}
    make = getattr(optimization, name)
    values = lambda *given: make(**dict(zip(numbers, given, strict=True)))(STEPS)  # noqa: E731
    got = jax.jit(jax.vmap(values))(*(jnp.asarray([x, 2 * x]) for x in numbers.values()))
    for i, times in enumerate((1, 2)):
        want = make(**{key: x * times for key, x in numbers.items()})(STEPS)
        np.testing.assert_allclose(got[i], want, rtol=3e-5, atol=1e-6)


@parametrize(("name", "numbers"), NUMBERS, NUMBERS[-1:], ids=lambda row: f"{row[0]}-{'-'.join(row[1])}")
def test_slopes_are_finite(name, numbers):
    numbers = {"lr": 0.5, **numbers}
    make = getattr(optimization, name)
    total = lambda *given: make(**dict(zip(numbers, given, strict=True)))(STEPS).sum()  # noqa: E731
    slope = jax.jit(jax.vmap(jax.grad(total, argnums=tuple(range(len(numbers))))))
    slopes = slope(*(jnp.asarray([x, 2 * x], jnp.float32) for x in numbers.values()))
    assert np.all(np.isfinite(slopes)) and np.all(slopes[0] != 0)


def test_every_name_of_the_release_gives_a_schedule():
    needed = {"polynomial": {"lr_end": 0.0}, "warmup_stable_decay": {"num_decay_steps": 3}}
    needed |= {name: {"min_lr": 0.1} for name in ("cosine_with_min_lr", "cosine_warmup_with_min_lr")}
    for name in optimization.TYPE_TO_SCHEDULER_FUNCTION:
        got = optimization.get_scheduler(name, 1.0, 2, 10, needed.get(name))
        kind = js.Controller if name in ("greedy", "reduce_lr_on_plateau") else js.Schedule
        assert isinstance(got, kind), name


def test_a_name_may_be_an_enum():
    class SchedulerType(enum.Enum):
        COSINE = "cosine"

    got = optimization.get_scheduler(SchedulerType.COSINE, 1.0, 2, 6)
    assert float(got(4)) == 0.5


def test_what_has_no_use_is_ignored():
    assert float(optimization.get_scheduler("constant", 0.5, 3, 9, {"no_such": 1})(0)) == 0.5
    assert float(optimization.get_scheduler("constant_with_warmup", 0.5, 2, None, {"no_such": 1})(1)) == 0.25
    assert float(optimization.get_scheduler("inverse_sqrt", 0.5, 100)(400)) == 0.25


def refused(name, *args, match, error=ValueError, **kwargs):
    with pytest.raises(error, match=match):
        getattr(optimization, name)(*args, **kwargs)


def test_errors_speak_of_their_arguments():
    refused(
        "get_scheduler", "cosin", 1.0, 1, 2, match="`name` 'cosin' is not .* Did you mean 'cosine'.*All are: linear"
    )
    refused("get_scheduler", "zzz", 1.0, 1, 2, match="'zzz' is not a valid SchedulerType. All are")
    refused("get_scheduler", "linear", 1.0, match="'linear' requires `num_warmup_steps`")
    refused("get_scheduler", "linear", 1.0, 1, match="'linear' requires `num_training_steps`")
    refused("get_scheduler", "linear", 1.0, 1, 2, {"power": 2}, match="power", error=TypeError)
    refused("get_scheduler", "warmup_stable_decay", 1.0, 1, 2, match="num_decay_steps", error=TypeError)
    refused("get_scheduler", "cosine_with_min_lr", 1.0, 1, 2, match="One of `min_lr` or `min_lr_rate`")
    both = {"min_lr": 0.1, "min_lr_rate": 0.1}
    refused("get_scheduler", "cosine_warmup_with_min_lr", 1.0, 1, 2, both, match="Only one of `min_lr`")
    refused("get_cosine_with_min_lr_schedule_with_warmup", 1.0, 1, 2, min_lr=-1.0, match="`min_lr` must")
    refused("get_linear_schedule_with_warmup", 1.0, -1, 2, match="`num_warmup_steps` must be at least 0: got -1")
    refused("get_linear_schedule_with_warmup", float("nan"), 1, 2, match="`lr` must be finite")
    refused("get_linear_schedule_with_warmup", "fast", 1, 2, match="`lr` must be a number", error=TypeError)
    refused("get_polynomial_decay_schedule_with_warmup", 0.1, 1, 2, lr_end=0.1, match="`lr_end` must be smaller")
    refused(
        "get_polynomial_decay_schedule_with_warmup", 0.1, 1, 2, power=-1.0, match="`power` must be at least 0: got -1"
    )
    refused("get_inverse_sqrt_schedule", 0.1, 1, timescale=0, match="`timescale` must be greater than 0")
    refused("get_cosine_with_hard_restarts_schedule_with_warmup", 0.1, 1, 2, -1, match="`num_cycles` must .*: got -1")
    refused("get_cosine_schedule_with_warmup", 0.1, 1, 2, float("inf"), match="`num_cycles` must be finite")
    refused("get_wsd_schedule", 1.0, 1, 2, match="Either `num_training_steps` or `num_stable_steps`")
    refused("get_wsd_schedule", 1.0, 1, 2, 9, warmup_type="log", match="`warmup_type` must be one of .*: got 'log'")
    refused("get_wsd_schedule", 1.0, 1, 2, 9, decay_type="log", match="`decay_type` must be one of .*: got 'log'")
    refused("get_wsd_schedule", 1.0, 1, -2, 9, match="`num_decay_steps` must be at least 0: got -2")
    refused("get_reduce_on_plateau_schedule", 1.0, threshold_mode="no", match="`threshold_mode` .*'no'")
    refused("get_reduce_on_plateau_schedule", 1.0, mode="no", match="`mode` must be .*'no'")
    refused("get_reduce_on_plateau_schedule", 1.0, factor=1.0, match="`factor` must .*: got 1.0")
    refused("get_reduce_on_plateau_schedule", 1.0, speed=1.0, match="speed", error=TypeError)
    refused("get_greedy_schedule", 1.0, min_lr=2.0, match="`min_lr` must not exceed `max_lr`")
    refused("get_greedy_schedule", 1.0, threshold=-2.0, match="`threshold` must not be negative: got -2.0")


def test_errors_about_kinds_speak_of_their_arguments():
    refused("get_scheduler", ["linear"], 1.0, 1, 2, match="is not a valid SchedulerType. All are")
    refused("get_scheduler", "linear", None, 1, 2, match="`lr` must be a number: got None", error=TypeError)
    refused("get_scheduler", "linear", 1.0, "3", 9, match="`num_warmup_steps` must be a number", error=TypeError)
    refused("get_scheduler", "linear", 1.0, 3, np.nan, match="`num_training_steps` must be finite: got nan")
    refused("get_scheduler", "cosine", 1.0, 3, -9, match="`num_training_steps` must be at least 0: got -9")
    refused("get_scheduler", "cosine", 1.0, 3, 9, ["x"], match="`scheduler_specific_kwargs` must be", error=TypeError)
    refused("get_scheduler", "greedy", "fast", match="`lr` must be a schedule, a number", error=TypeError)


NUMPY = {"num_warmup_steps": np.int64(3), "num_training_steps": np.float64(9)}
ARRAYS = {"num_warmup_steps": jnp.int32(3), "num_training_steps": jnp.float32(9)}


@pytest.mark.parametrize("numbers", [NUMPY, ARRAYS])
@pytest.mark.parametrize("name", ["linear", "cosine", "cosine_with_restarts", "polynomial"])
def test_numbers_may_be_of_any_kind(name, numbers):
    got = optimization.get_scheduler(name, np.float64(0.5), **numbers)
    assert repr(got) == repr(optimization.get_scheduler(name, 0.5, 3, 9))


def test_a_run_may_be_longer_than_an_int32():
    assert float(optimization.get_scheduler("linear", 1.0, 3, 10**10)(3)) == 1.0


def test_groups_give_lists():
    slow, fast = optimization.get_scheduler("polynomial", [0.1, 1.0], 0, 4, {"lr_end": 0.0})
    assert float(fast(2)) == 0.5 and float(slow(2)) == pytest.approx(0.05)
    first, second = optimization.get_scheduler("greedy", [0.5, 0.5], None, None, {"min_lr": [0.1, 0.2], "patience": 0})
    assert first.min_value == 0.1 and second.min_value == 0.2
    refused("get_greedy_schedule", [0.1, 0.1], min_lr=[0.1], match="`min_lr` must have .*: it has 1 values")


def test_lists_and_dictionaries_may_be_of_any_kind():
    class Dictionary:  # ml_collections registers no Mapping
        def keys(self):
            return ["min_lr", "patience"]

        def __getitem__(self, name):
            return {"min_lr": collections.UserList([0.1, 0.2]), "patience": 0}[name]

    first, second = optimization.get_scheduler("greedy", np.array([0.5, 0.5]), None, None, Dictionary())
    assert first.min_value == 0.1 and second.min_value == 0.2


@pytest.mark.parametrize("rate", [None, 0.25])
@pytest.mark.parametrize("warmup", [0.5, 1.5, 2.5, 3, 1, 0])
def test_a_warmup_a_step_ahead_goes_past_the_peak(warmup, rate):
    lr = optimization.get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
        2.0, warmup, 9, min_lr=0.0, warmup_lr_rate=rate
    )
    want = lambda t: (t + 1) / max(warmup, 1) if rate is None else rate + 0.75 * t / max(warmup - 1, 1)  # noqa: E731
    steps = [t for t in range(3) if t < warmup]
    np.testing.assert_allclose([float(lr(t)) for t in steps], [2 * want(t) for t in steps], rtol=1e-6)


def test_no_steps_after_the_warmup_are_at_the_end():
    lr = optimization.get_polynomial_decay_schedule_with_warmup(1.0, 4, 4, lr_end=0.5)
    assert np.asarray(lr(np.array([3, 4, 5]))).tolist() == [0.75, 0.5, 0.5]


def test_a_flat_negative_metric_is_cut_for():
    plateau = optimization.get_reduce_on_plateau_schedule(1.0, factor=0.5, patience=2)
    state = plateau.init()
    for _ in range(4):
        state = plateau.update(state, value=-1.0)
    assert float(plateau(state)) == 0.5


def test_a_nan_does_not_stay_in_the_average():
    greedy = optimization.GreedyLR(0.1, patience=0, smooth=True, window_size=2)
    state = greedy.init()
    for metric in (4.0, np.nan, 3.0, 2.0, 1.0):
        state = greedy.update(state, value=metric)
    assert bool(state.events.improved)


@pytest.mark.parametrize(("steps", "cycles"), [(1000, 0.7), (997, 1 / 3), (12345, 3.3), (8, 2.97)])
def test_waves_stay_exact_far_from_their_start(steps, cycles):
    lr = optimization.get_cosine_schedule_with_warmup(1.0, 0, steps, cycles)
    far = np.arange(0, 30_000_000, 912_347)
    turns = np.array([float(Fraction(cycles) * int(step) / steps % 1) for step in far])
    np.testing.assert_allclose(lr(far), np.cos(np.pi * turns) ** 2, rtol=3e-6, atol=1e-12)


def test_waves_take_fractional_steps():
    lr = optimization.get_cosine_schedule_with_warmup(1.0, 0, 10, 12.3)
    t = np.array([0.25, 1.5, 7.75], np.float32)
    np.testing.assert_allclose(lr(t), np.cos(np.pi * 1.23 * t) ** 2, rtol=1e-4)


def test_all_of_the_package_is_here():
    theirs = pytest.importorskip("transformers.optimization")
    public = {name for name in vars(theirs) if name.startswith("get_")} - {"get_adafactor_schedule"}
    assert public == {name for name in vars(optimization) if name.startswith("get_")}
    for name in (public | {"GreedyLR"}) - {"get_reduce_on_plateau_schedule"}:  # whose `**kwargs` are torch's
        ours = inspect.signature(getattr(optimization, name)).parameters.values()
        want = inspect.signature(getattr(theirs, name)).parameters.values()
        left = [(p.name.replace("optimizer", "lr"), p.default) for p in want if p.name != "self"]
        assert [(p.name, p.default) for p in ours] == left, name
    assert {x.value for x in theirs.SchedulerType} == set(optimization.TYPE_TO_SCHEDULER_FUNCTION)
