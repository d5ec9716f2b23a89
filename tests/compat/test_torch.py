"""What is particular to `compat.torch`: errors, lists, twins, traced numbers, and the torch that is installed."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.short import exhaustive, parametrize

import jaxsched as js
from jaxsched.compat import torch as schedulers

STEPS = np.arange(12)


def rates(schedule, steps=STEPS):
    return np.asarray(schedule(steps))


def close(got, want):
    np.testing.assert_allclose(got, want, rtol=2e-6)


BAD = {
    "step_size of 0": (lambda: schedulers.StepLR(0.1, 0), ValueError, "`step_size` must be at least 1: got 0"),
    "step_size between": (lambda: schedulers.StepLR(0.1, 2.5), ValueError, "`step_size` must be a whole number"),
    "negative gamma": (lambda: schedulers.StepLR(0.1, 3, -0.5), ValueError, "`gamma` must not be negative"),
    "optimizer": (lambda: schedulers.StepLR(object, 3), TypeError, "in the place of torch's `optimizer`"),
    "milestones": (lambda: schedulers.MultiStepLR(0.1, 5), TypeError, "`milestones` must be a list of epochs: got 5"),
    "early milestone": (
        lambda: schedulers.MultiStepLR(0.1, [-1]),
        ValueError,
        r"`milestones\[0\]` must not be negative: got -1",
    ),
    "factor": (lambda: schedulers.ConstantLR(0.1, 1.5), ValueError, "`factor` .* between 0 and 1: got 1.5"),
    "start_factor": (
        lambda: schedulers.LinearLR(0.1, 0.0),
        ValueError,
        "`start_factor` .* greater than 0 and at most 1",
    ),
    "end_factor": (lambda: schedulers.LinearLR(0.1, 0.5, 1.5), ValueError, "`end_factor` .* between 0 and 1: got 1.5"),
    "power": (lambda: schedulers.PolynomialLR(0.1, 5, -1.0), ValueError, "`power` must not be negative"),
    "T_max": (lambda: schedulers.CosineAnnealingLR(0.1, 0), ValueError, "`T_max` must be greater than 0: got 0"),
    "T_0": (lambda: schedulers.CosineAnnealingWarmRestarts(0.1, 5.0), ValueError, "`T_0` must be an int: got 5.0"),
    "T_mult": (
        lambda: schedulers.CosineAnnealingWarmRestarts(0.1, 5, 0),
        ValueError,
        "`T_mult` must be at least 1: got 0",
    ),
    "eta_min": (
        lambda: schedulers.CosineAnnealingWarmRestarts(0.1, 5, eta_min="0"),
        ValueError,
        "`eta_min` must be a number: got '0' of type str",
    ),
    "lambda": (lambda: schedulers.MultiplicativeLR(0.1, 0.9), TypeError, "lr_lambda should be a function, but got f"),
    "lambda of two": (lambda: schedulers.LambdaLR(0.1, lambda a, b: a), TypeError, "`lr_lambda` must take one step"),
    "lambda not at 0": (lambda: schedulers.LambdaLR(0.1, lambda t: 1 / t), ValueError, "a value at epoch 0: it raised"),
    "lambdas": (
        lambda: schedulers.LambdaLR([0.1, 0.2], [math.sqrt]),
        ValueError,
        "`lr_lambda` must have the same length as the parameter groups: it has 1 values, and `lr` has 2",
    ),
    "mode": (lambda: schedulers.CyclicLR(0.1, 1.0, mode="square"), ValueError, "`mode` must be one of 'triangular'"),
    "scale_mode": (
        lambda: schedulers.CyclicLR(0.1, 1.0, scale_fn=lambda x: 1.0, scale_mode="both"),
        ValueError,
        "`scale_mode` must be 'cycle' or 'iterations': got 'both'",
    ),
    "step_size_up": (
        lambda: schedulers.CyclicLR(0.1, 0.1, 1.0, 0),
        ValueError,
        "`step_size_up` must be greater than 0: got 0",
    ),
    "max_lr": (
        lambda: schedulers.CyclicLR([0.1, 0.2], max_lr=[1.0, 2.0, 3.0]),
        ValueError,
        "`max_lr` must have the same length",
    ),
    "pct_start above 1": (
        lambda: schedulers.OneCycleLR(1.0, total_steps=10, pct_start=1.5),
        ValueError,
        "`pct_start` .* most 1",
    ),
    "anneal_epochs between": (lambda: schedulers.SWALR(0.1, 0.05, 2.5), ValueError, "`anneal_epochs` must be an int"),
    "milestone between": (
        lambda: schedulers.SequentialLR(0.1, [exponential()] * 2, [2.5]),
        ValueError,
        r"`milestones\[0\]` must be a whole number of epochs: got 2.5",
    ),
    "milestone of a string": (lambda: schedulers.MultiStepLR(0.1, "23"), TypeError, "`milestones` must be a list of"),
    "no total": (lambda: schedulers.OneCycleLR(1.0, epochs=3), ValueError, "or both `epochs` and `steps_per_epoch`"),
    "total_steps": (
        lambda: schedulers.OneCycleLR(1.0, total_steps=10.0),
        ValueError,
        "`total_steps` must be an int: got 10.0",
    ),
    "pct_start": (
        lambda: schedulers.OneCycleLR(1.0, total_steps=10, pct_start=1),
        ValueError,
        "`pct_start` must be a float: got 1",
    ),
    "anneal": (
        lambda: schedulers.OneCycleLR(1.0, total_steps=10, anneal_strategy="sin"),
        ValueError,
        "^anneal_strategy must be one of 'cos' or 'linear', instead got 'sin'",
    ),
    "no momentum": (
        lambda: schedulers.OneCycleMomentum(1.0, total_steps=10, cycle_momentum=False),
        ValueError,
        "`cycle_momentum` must be true",
    ),
    "anneal_epochs": (
        lambda: schedulers.SWALR(0.1, 0.05, -1),
        ValueError,
        "`anneal_epochs` must be at least 0: got -1",
    ),
    "plateau factor": (
        lambda: schedulers.ReduceLROnPlateau(0.1, factor=1.0),
        ValueError,
        "`factor` must .* exclusive: got 1.0",
    ),
    "plateau mode": (
        lambda: schedulers.ReduceLROnPlateau(0.1, "least"),
        ValueError,
        "`mode` must be 'min' or 'max': got",
    ),
    "threshold_mode": (
        lambda: schedulers.ReduceLROnPlateau(0.1, threshold_mode="both"),
        ValueError,
        "`threshold_mode` must be 'rel' or 'abs': got 'both'",
    ),
    "min_lr": (lambda: schedulers.ReduceLROnPlateau([0.1, 0.2], min_lr=[0.0]), ValueError, "`min_lr` must have the sa"),
    "no scheduler": (lambda: schedulers.SequentialLR(0.1, [], []), ValueError, "expects at least one scheduler"),
    "too few milestones": (
        lambda: schedulers.SequentialLR(0.1, [exponential(), exponential()], []),
        ValueError,
        "`milestones` must be one fewer than `schedulers`: got 0 and 2",
    ),
    "unsorted milestones": (
        lambda: schedulers.SequentialLR(0.1, [exponential()] * 3, [5, 3]),
        ValueError,
        r"`milestones` must be sorted: got \[5, 3\]",
    ),
    "another lr": (
        lambda: schedulers.SequentialLR(0.2, [exponential()], []),
        ValueError,
        r"to belong to the same optimizer, but `schedulers\[0\]` was made with an `lr` of 0.1, and `lr` is 0.2",
    ),
    "plateau in a sequence": (
        lambda: schedulers.SequentialLR(0.1, [schedulers.ReduceLROnPlateau(0.1)], []),
        ValueError,
        "SequentialLR does not support `ReduceLROnPlateau`",
    ),
    "plateau in a chain": (
        lambda: schedulers.ChainedScheduler(0.1, [schedulers.ReduceLROnPlateau(0.1)]),
        ValueError,
        "ChainedScheduler does not support `ReduceLROnPlateau`",
    ),
    "foreign in a chain": (
        lambda: schedulers.ChainedScheduler(0.1, [js.Constant(0.1)]),
        TypeError,
        r"`schedulers\[0\]` must come from a function of this module",
    ),
    "chain of a number": (lambda: schedulers.ChainedScheduler(0.1), TypeError, "`schedulers` must be a list"),
}


def exponential(lr: float = 0.1, gamma: float = 0.9):
    return schedulers.ExponentialLR(lr, gamma)


@pytest.mark.parametrize("name", BAD)
def test_refuses(name):
    make, kind, message = BAD[name]
    with pytest.raises(kind, match=message):
        make()


def test_any_function_of_an_int_will_do():
    table = [1.0, 0.5, 0.25]
    functions = {
        "a power": lambda t: 0.95**t,
        "a negative power of an int": lambda t: 2**-t,
        "a branch": lambda t: 1.0 if t < 10 else 0.1,
        "math": lambda t: math.cos(t / 10),
        "a list": lambda t: table[min(t, 2)],
        "bits": lambda t: 1 / (1 + (t & 3)),
        "an int": lambda t: t % 3 == 0,
        "a partial": functools.partial(lambda t, n: max(0.0, 1 - t / n), n=50),
        "jnp": lambda t: jnp.where(t < 5, 1.0, 0.5),
    }
    steps = np.array([0, 1, 2, 9, 10, 33, 100])
    for name, fn in functions.items():
        want = [0.5 * float(fn(int(t))) for t in steps]
        lr = schedulers.LambdaLR(0.5, fn)
        for got in (lr(steps), jax.jit(lr)(jnp.asarray(steps)), [lr(int(t)) for t in steps]):
            np.testing.assert_allclose(got, want, rtol=2e-6, err_msg=name)
        product = schedulers.MultiplicativeLR(0.5, fn)
        want = [0.5 * math.prod(float(fn(s)) for s in range(1, t + 1)) for t in (9, 0, 1)]
        np.testing.assert_allclose(product(np.array([9, 0, 1])), want, rtol=2e-6, err_msg=name)


def test_a_power_stays_exact_over_a_thousand_steps():
    # 0.95 in float32 to the power of 1000 is off by 1e-5.
    if not hasattr(jax, "enable_x64"):
        pytest.skip("this jax has no float64 inside a program of float32")
    for lr in (schedulers.LambdaLR(1e20, lambda t: 0.95**t), schedulers.MultiplicativeLR(1e20, lambda t: 0.95)):
        close(lr(1000), 1e20 * 0.95**1000)


def test_a_function_object_without_a_hash_will_do():
    class Halving:
        __hash__ = None  # pyright: ignore[reportAssignmentType]

        def __call__(self, epoch):
            return 0.5**epoch

    close(schedulers.LambdaLR(1.0, Halving())(3), 0.125)


def test_the_same_arguments_make_the_same_schedule():  # and share a compiled program
    one = {"scale_fn": math.sqrt, "step_size_up": 3}
    assert schedulers.CyclicLR(0.1, 1.0, **one) == schedulers.CyclicLR(0.1, 1.0, **one)
    assert schedulers.MultiplicativeLR(0.1, math.cos) == schedulers.MultiplicativeLR(0.1, math.cos)


def test_functions_on_the_host_work_in_compiled_programs():
    lr = schedulers.LambdaLR(0.5, lambda t: 1.0 if t < 2 else 0.1)
    _, scanned = jax.lax.scan(lambda carry, t: (carry, lr(t)), 0, jnp.arange(4))
    close(scanned, [0.5, 0.5, 0.05, 0.05])
    close(jax.vmap(lambda x: schedulers.LambdaLR(x, lr.schedule.right.fn.fn)(3))(jnp.array([1.0, 2.0])), [0.1, 0.2])


def test_lists_are_for_parameter_groups():
    for lr in ([0.1, 0.2], (0.1, 0.2), np.array([0.1, 0.2])):
        assert [float(each(0)) for each in schedulers.StepLR(lr, 2)] == pytest.approx([0.1, 0.2])
    warm, decay = schedulers.LinearLR([0.1, 0.2], 0.5), schedulers.CosineAnnealingLR([0.1, 0.2], 10)
    both = schedulers.SequentialLR([0.1, 0.2], [warm, decay], [5])
    assert [float(each(10)) for each in both] == pytest.approx([0.05, 0.1])
    assert [float(each(0)) for each in schedulers.ChainedScheduler([warm, decay])] == pytest.approx([0.05, 0.1])
    functions = schedulers.LambdaLR(0.1, [lambda t: 1.0, lambda t: 0.5])
    assert [float(each(3)) for each in functions] == pytest.approx([0.1, 0.05])
    assert (
        len(schedulers.OneCycleLR([0.1, 0.2, 0.3], total_steps=10))
        == len(schedulers.CyclicLR(0.1, [1.0, 2.0, 3.0]))
        == 3
    )
    assert len(schedulers.OneCycleMomentum(1.0, total_steps=10, base_momentum=[0.8, 0.7])) == 2
    floors = schedulers.ReduceLROnPlateau(0.1, min_lr=[0.0, 0.05])
    assert all(isinstance(each, js.Controller) for each in floors) and len(floors) == 2


def test_the_rate_of_a_chain_stands_first_second_or_nowhere():
    parts = [exponential(), schedulers.ConstantLR(0.1, 0.5, 3)]
    want = rates(schedulers.ChainedScheduler(0.1, parts))
    close(want, [0.1 * 0.9**t * (0.5 if t < 3 else 1) for t in STEPS])
    for same in (schedulers.ChainedScheduler(parts, 0.1), schedulers.ChainedScheduler(parts)):
        np.testing.assert_array_equal(rates(same), want)


def test_common_compositions_need_no_loop():
    warmup, cosine = schedulers.LinearLR(0.1, total_iters=3), schedulers.CosineAnnealingLR(0.1, 8)
    for both in (schedulers.ChainedScheduler([warmup, cosine]), schedulers.SequentialLR(0.1, [warmup, cosine], [3])):
        assert "while" not in str(jax.make_jaxpr(lambda lr, t: lr(t))(both, 5))
    slow = schedulers.ChainedScheduler([schedulers.LinearLR(0.1, total_iters=9), cosine])  # the cosine turns before
    assert "while" in str(jax.make_jaxpr(lambda lr, t: lr(t))(slow, 5))


@exhaustive
def test_composed_with_traced_numbers():
    def chain(lr, gamma, eta_min):
        parts = [schedulers.ExponentialLR(lr, gamma), schedulers.CosineAnnealingLR(lr, 5, eta_min)]
        return schedulers.ChainedScheduler(lr, parts)(8)

    point, h = (1.0, 0.8, 0.1), 1e-2
    slopes = jax.jit(jax.grad(chain, (0, 1, 2)))(*point)
    for i, slope in enumerate(slopes):
        ahead, behind = ([x + d * (i == j) for j, x in enumerate(point)] for d in (h, -h))
        assert float(slope) == pytest.approx(float(chain(*ahead) - chain(*behind)) / (2 * h), rel=5e-3)
    swept = jax.vmap(chain)(*(jnp.array([x, 2 * x]) for x in (0.5, 0.4, 0.1)))
    close(swept, [chain(0.5, 0.4, 0.1), chain(1.0, 0.8, 0.2)])

    def sequence(lr, milestone):
        parts = [schedulers.LinearLR(lr, 0.1, total_iters=3), schedulers.MultiplicativeLR(lr, lambda t: 0.9)]
        return schedulers.SequentialLR(lr, parts, [milestone])(8)

    close(jax.vmap(sequence, (None, 0))(1.0, jnp.array([4, 6])), [0.9**5, 0.9**3])
    close(jax.grad(sequence)(1.0, 4), 0.9**5)


NUMBERS = {
    "StepLR": (lambda lr, gamma: schedulers.StepLR(lr, 3, gamma), (1.0, 0.5)),
    "MultiStepLR": (lambda lr, gamma: schedulers.MultiStepLR(lr, [3, 1], gamma), (1.0, 0.5)),
    "ConstantLR": (schedulers.ConstantLR, (1.0, 0.5, 6.0)),
    "LinearLR": (schedulers.LinearLR, (1.0, 0.5, 0.9, 6.0)),
    "ExponentialLR": (schedulers.ExponentialLR, (1.0, 0.9)),
    "PolynomialLR": (schedulers.PolynomialLR, (1.0, 6.0, 2.0)),
    "CosineAnnealingLR": (schedulers.CosineAnnealingLR, (1.0, 3.0, 0.1)),
    "WarmRestarts": (lambda lr, end: schedulers.CosineAnnealingWarmRestarts(lr, 3, 2, end), (1.0, 0.1)),
    "CyclicLR": (lambda a, b, up, down, g: schedulers.CyclicLR(a, a, b, up, down, "exp_range", g), (0.1, 1, 3, 4, 0.9)),
    "OneCycleLR": (
        lambda m, p, d, f: schedulers.OneCycleLR(m, m, 10, pct_start=p, div_factor=d),
        (1.0, 0.33, 25.0, 9.0),
    ),
    "SWALR": (lambda lr, end: schedulers.SWALR(lr, end, 6), (1.0, 0.1)),
    "LambdaLR": (lambda lr, rate: schedulers.LambdaLR(lr, lambda t: 1 / (1 + rate * t)), (1.0, 0.9)),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_may_be_traced(name):
    make, point = NUMBERS[name]
    value = lambda *numbers: make(*numbers)(4)  # noqa: E731
    swept = jax.jit(jax.vmap(value))(*(jnp.array([x, x * 1.01]) for x in point))
    close(swept[0], value(*point))


@parametrize("name", NUMBERS, ["LinearLR"])
def test_slopes_are_finite(name):
    make, point = NUMBERS[name]
    slopes = jax.jit(jax.grad(lambda *numbers: make(*numbers)(4), range(len(point))))(*map(float, point))
    assert all(np.isfinite(slopes)) and slopes[0] != 0


def test_in_a_sequence():
    swa = schedulers.SequentialLR(0.1, [exponential(), schedulers.SWALR(0.1, 0.01, 4)], [3])
    close(swa(3), 0.1 * 0.9**2)  # from the rate that is there
    later = [schedulers.ChainedScheduler([exponential(), schedulers.ConstantLR(0.1, 0.5, 2)])]
    close(schedulers.SequentialLR(0.1, [0.1, *later], [5])(5), 0.05)  # which torch does not have


def test_a_nested_scheduler_makes_no_step_too_many():
    step = schedulers.StepLR(1.0, 2)
    cosine, constant = schedulers.CosineAnnealingLR(1.0, 5), schedulers.ConstantLR(1.0, 0.5)
    inside = {
        schedulers.ChainedScheduler([exponential(1.0), step]): [0.9, 0.81, 0.0729, 0.06561, 0.0059049, 0.005314410],
        schedulers.SequentialLR(1.0, [exponential(1.0), constant], [3]): [0.9, 0.81, 0.5, 0.5, 0.5, 0.5],
        schedulers.SequentialLR(1.0, [cosine, constant], [3]): [1.105572809, 1.0, 0.5, 0.5, 0.5, 0.5],
    }
    for inner, of_torch in inside.items():
        got = rates(schedulers.SequentialLR(1.0, [inner, exponential(1.0, 0.5)], [6]), np.arange(8))
        close(got, [*rates(inner, np.arange(6)), 1.0, 0.5])
        assert np.max(np.abs(got[:6] - of_torch)) > 0.05


def test_a_nested_scheduler_ends_at_the_milestone_of_the_outer_one():
    inner = schedulers.SequentialLR(0.1, [exponential(), schedulers.SWALR(0.1, 0.01, 7), 0.2], [2, 9])
    got = rates(schedulers.SequentialLR(0.1, [inner, schedulers.SWALR(0.1, 0.02, 2)], [5]))
    close(got[:7], [*rates(inner)[:5], rates(inner)[4], (rates(inner)[4] + 0.02) / 2])


def test_a_scheduler_of_no_length_leaves_the_rate_alone():
    swa = [exponential(), schedulers.StepLR(0.1, 2), schedulers.SWALR(0.1, 0.01, 4)]
    close(schedulers.SequentialLR(0.1, swa, [3, 3])(3), 0.1 * 0.9**2)


def test_a_sequence_in_a_chain_sets_the_rate_at_epoch_0():  # as in torch, where its constructor does
    inner = schedulers.SequentialLR(1.0, [exponential(1.0), schedulers.StepLR(1.0, 2)], [3])
    chain = schedulers.ChainedScheduler(1.0, [schedulers.ConstantLR(1.0, 0.5, 2), inner])
    close(rates(chain, np.arange(5)), [1.0, 0.9, 1.62, 1.0, 1.0])


def test_lengths_between_two_steps_stay_exact():
    steps = np.array([22, 200, 100_003, 1_000_000])
    x = [int(t) * 10 % 146 / 146 for t in steps]  # of the period of 14.6 epochs
    wave = [0.1 + 0.9 * math.cos(math.pi * part) ** 2 for part in x]
    close(rates(schedulers.CosineAnnealingLR(1.0, 7.3, 0.1), steps), wave)
    x = [int(t) * 10 % 47 / 10 for t in steps]
    triangle = [0.1 + 0.9 * (part if part <= 1 else (4.7 - part) / 3.7) for part in x]
    close(rates(schedulers.CyclicLR(0.1, 0.1, 1.0, 1, 3.7), steps), triangle)


def test_after_its_end_one_cycle_is_held():
    for strategy in ("cos", "linear"):
        lr = schedulers.OneCycleLR(1.0, total_steps=10, anneal_strategy=strategy)
        close(rates(lr, np.array([9, 10, 11, 1000])), [4e-6] * 4)
    close(schedulers.OneCycleLR(1.0, total_steps=10, pct_start=0.1)(0), 1.0)  # no way up: a division by 0 there
