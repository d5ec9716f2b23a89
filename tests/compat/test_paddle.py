"""What is particular to `compat.paddle`: what it refuses, what differs from Paddle, and what only it can do."""

import collections
import importlib
import inspect
import json
import math
import typing

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.short import parametrize

import jaxsched as js
from jaxsched.compat import paddle as ours

NAMES = (
    "NoamDecay PiecewiseDecay NaturalExpDecay InverseTimeDecay PolynomialDecay LinearWarmup ExponentialDecay "
    "MultiStepDecay StepDecay LambdaDecay ReduceOnPlateau CosineAnnealingDecay MultiplicativeDecay OneCycleLR CyclicLR "
    "LinearLR CosineAnnealingWarmRestarts"
).split()


@pytest.mark.parametrize("name", NAMES)
def test_the_signature_is_that_of_the_class(name):
    theirs = pytest.importorskip("paddle.optimizer.lr")
    assert set(theirs.__all__) == {*NAMES, "LRScheduler"}
    mine, real = inspect.signature(getattr(ours, name)), inspect.signature(getattr(theirs, name))
    wanted = [(p.name, p.default) for p in real.parameters.values()]
    assert [(p.name, p.default) for p in mine.parameters.values()] == wanted


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ours.NoamDecay(0, 10), "`d_model` must be greater than 0: got 0"),
        (lambda: ours.NoamDecay(8, -1), "`warmup_steps` must be at least 0: got -1"),
        (lambda: ours.PiecewiseDecay([], [0.1]), "`boundaries` cannot be empty"),
        (lambda: ours.PiecewiseDecay([3], [0.1]), "`values` must have one more element than `boundaries`: got 1 and 1"),
        (lambda: ours.PiecewiseDecay([5, 3], [1.0, 0.5, 0.1]), r"`boundaries` must be sorted: got \[5, 3\]"),
        (lambda: ours.NaturalExpDecay(1.0, 0), "`gamma` must be greater than 0: got 0"),
        (lambda: ours.InverseTimeDecay(1.0, -0.1), "`gamma` must not be negative: got -0.1"),
        (lambda: ours.PolynomialDecay(1.0, 0), "`decay_steps` must be at least 1: got 0"),
        (lambda: ours.PolynomialDecay(1.0, 5, power=0), "`power` must be greater than 0: got 0"),
        (lambda: ours.LinearWarmup(1.0, 0, 0.0, 1.0), "`warmup_steps` must be at least 1: got 0"),
        (lambda: ours.LinearWarmup(1.0, 5, 1.0, 1.0), "`end_lr` must be greater than `start_lr`: got 1.0 and 1.0"),
        (lambda: ours.LinearWarmup(1.0, 5, -1.0, 1.0), "`start_lr` must be at least 0: got -1.0"),
        (lambda: ours.ExponentialDecay(1.0, 1.0), "`gamma` must lie between 0 and 1, exclusive: got 1.0"),
        (lambda: ours.ExponentialDecay(-1.0, 0.5), "`learning_rate` must be at least 0: got -1.0. It is a learning"),
        (lambda: ours.ExponentialDecay(math.nan, 0.5), "`learning_rate` must be finite: got nan"),
        (lambda: ours.MultiStepDecay(1.0, [3, 3]), r"`milestones` must be increasing: got \[3, 3\]"),
        (lambda: ours.MultiStepDecay(1.0, [3], gamma=1.0), "`gamma` must be at least 0 and less than 1: got 1.0"),
        (lambda: ours.StepDecay(1.0, 0), "`step_size` must be at least 1: got 0"),
        (lambda: ours.StepDecay(1.0, 3, gamma=1.5), "`gamma` must be at least 0 and less than 1: got 1.5"),
        (lambda: ours.ReduceOnPlateau(1.0, mode="median"), "`mode` must be .*: got 'median'"),
        (
            lambda: ours.ReduceOnPlateau(1.0, threshold_mode="x"),
            "`threshold_mode` must be .*: got 'x'",
        ),
        (lambda: ours.ReduceOnPlateau(1.0, factor=1.0), "`factor` must be at least 0 and less than 1: got 1.0"),
        (lambda: ours.CosineAnnealingDecay(1.0, 0), "`T_max` must be at least 1: got 0"),
        (lambda: ours.OneCycleLR(1.0, 0), "`total_steps` must be at least 1: got 0"),
        (lambda: ours.OneCycleLR(-1.0, 9), "`max_learning_rate` must be at least 0: got -1.0"),
        (lambda: ours.OneCycleLR(1.0, 9, end_learning_rate=-1.0), "`end_learning_rate` must be at least 0"),
        (lambda: ours.OneCycleLR(1.0, 9, phase_pct=1.5), "`phase_pct` must be at least 0 and at most 1: got 1.5"),
        (
            lambda: ours.OneCycleLR(1.0, 9, phase_pct=0.5, three_phase=True),
            "`phase_pct` must be less than 0.5: got 0.5",
        ),
        (
            lambda: ours.OneCycleLR(1.0, 9, anneal_strategy="x"),
            "`anneal_strategy` must be .*: got 'x'",
        ),
        (lambda: ours.OneCycleLR(1.0, 9, divide_factor=0), "`divide_factor` must be greater than 0: got 0"),
        (lambda: ours.CyclicLR(0.1, 1.0, 0), "`step_size_up` must be at least 1: got 0"),
        (lambda: ours.CyclicLR(0.1, 1.0, 2, -1), "`step_size_down` must be at least 1: got -1"),
        (lambda: ours.CyclicLR(0.1, 1.0, 2, mode="x"), "`mode` must be .*: got 'x'"),
        (
            lambda: ours.CyclicLR(0.1, 1.0, 2, scale_mode="x"),
            "`scale_mode` must be .*: got 'x'",
        ),
        (lambda: ours.LinearLR(1.0, 5, start_factor=0), "`start_factor` must be greater than 0 and at most 1: got 0"),
        (lambda: ours.LinearLR(1.0, 5, end_factor=2), "`end_factor` must lie between 0 and 1: got 2"),
        (lambda: ours.LinearLR(1.0, 0), "`total_steps` must be greater than 0: got 0"),
        (
            lambda: ours.CosineAnnealingWarmRestarts(1.0, T_0=1.0),
            "`T_0` must be an int: got 1.0. Expected a positive int",
        ),
        (
            lambda: ours.CosineAnnealingWarmRestarts(1.0, 5, 1.5),
            "`T_mult` must be an int: got 1.5. Expected a positive",
        ),
        (lambda: ours.CosineAnnealingWarmRestarts(1.0, 0), "`T_0` must be at least 1: got 0"),
        (lambda: ours.CosineAnnealingWarmRestarts(1.0, 5, 0), "`T_mult` must be at least 1: got 0"),
        (lambda: ours.NoamDecay(8, 2**40), "`warmup_steps` must be below 2"),
        (lambda: ours.CyclicLR(0.1, 1.0, 2**40), "`step_size_up` must be below 2"),
        (lambda: ours.LinearWarmup(1.0, 2**40, 0.0, 1.0), "`warmup_steps` must be below 2"),
        (lambda: ours.OneCycleLR(1.0, 2**40, anneal_strategy="linear"), "`total_steps` must be below 2"),
    ],
)
def test_values_that_paddle_refuses_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ours.ExponentialDecay("0.1", 0.5), "`learning_rate` must be a number: got '0.1' of type str"),
        (lambda: ours.PolynomialDecay(1.0, 5.0), "`decay_steps` must be an int: got 5.0"),
        (lambda: ours.StepDecay(1.0, 2.5), "`step_size` must be an int: got 2.5"),
        (lambda: ours.MultiStepDecay(1.0, 5), "`milestones` must be a list: got 5 of type int"),
        (lambda: ours.LambdaDecay(1.0, 0.5), "^`lr_lambda` must be a function of the step: got 0.5"),
        (lambda: ours.MultiplicativeDecay(1.0, 0.5), "^`lr_lambda` must be a function of the step: got 0.5"),
        (lambda: ours.OneCycleLR(1.0, 9, phase_pct=1), "`phase_pct` must be a float: got 1"),
        (lambda: ours.CyclicLR(0.1, 1.0, 2, exp_gamma=1), "`exp_gamma` must be a float: got 1"),
        (lambda: ours.CyclicLR(0.1, 1.0, 2.5), "`step_size_up` must be an int: got 2.5"),
        (lambda: jax.jit(lambda x: ours.CyclicLR(0.1, 1.0, 2, exp_gamma=x)(3))(1), "`exp_gamma` must be a float: got"),
        (lambda: ours.PolynomialDecay(1.0, 5, cycle=1), "`cycle` must be True or False: got 1"),
        (lambda: ours.PolynomialDecay(1.0, 5, [0.1, 0.2]), r"`end_lr` must be a number: got \[0.1, 0.2\]"),
        (lambda: ours.ReduceOnPlateau(1.0, patience=[1, 2]), r"`patience` must be a number: got \[1, 2\]"),
        (lambda: ours.LinearWarmup("x", 5, 0.0, 1.0), "`learning_rate` must be a schedule, a number .*: got 'x'"),
        (
            lambda: ours.LinearWarmup(ours.ReduceOnPlateau(1.0), 5, 0.0, 1.0),
            "`learning_rate` must be a pure schedule, but ReduceOnPlateau is a controller",
        ),
    ],
)
def test_kinds_that_paddle_refuses_are_refused(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize("lists", [tuple, np.asarray, collections.UserList])
def test_lists_may_be_any_lists(lists):
    assert ours.PiecewiseDecay(lists([2, 4]), lists([1.0, 0.5, 0.1])) == ours.PiecewiseDecay([2, 4], [1.0, 0.5, 0.1])
    assert ours.MultiStepDecay(1.0, lists([2, 4])) == ours.MultiStepDecay(1.0, [2, 4])


def test_a_mode_that_is_not_looked_at_may_be_any():
    assert float(ours.CyclicLR(0.1, 1.0, 2, mode="mine", scale_fn=lambda i: 0.5)(2)) == pytest.approx(0.55)
    inverse = ours.CyclicLR(0.1, 1.0, 2, scale_fn=lambda cycle: 1 / cycle)  # cycles count from 1
    assert float(inverse(2)) == pytest.approx(1.0) and float(inverse(6)) == pytest.approx(0.55)


@pytest.mark.parametrize("name", NAMES)
def test_signatures_say_the_kinds_of_numbers(name):
    make = getattr(ours, name)
    hints, text = typing.get_type_hints(make), str(inspect.signature(make))
    assert hints["return"] in (js.Schedule, js.Controller)
    assert set(hints) == {*inspect.signature(make).parameters, "return"}
    assert not any(word in text for word in ("Annotated", "Optional", "<", "Any |"))


def test_what_is_made_is_stored_and_read():
    made = [ours.OneCycleLR(1.0, 10), ours.CosineAnnealingDecay(1.0, 5), ours.LinearLR(1.0, 4.5), ours.NoamDecay(8, 4)]
    made += [ours.PiecewiseDecay([2], [1.0, 0.5]), ours.StepDecay(1.0, 3)]
    for each in made:
        assert js.from_dict(json.loads(json.dumps(js.to_dict(each)))) == each
    stored = js.to_dict(ours.ReduceOnPlateau(1.0, factor=0))
    assert js.to_dict(js.from_dict(json.loads(json.dumps(stored)))) == stored


def test_no_warmup_is_no_division_by_zero():
    np.testing.assert_allclose(ours.NoamDecay(4, 0)(np.array([0, 3])), [0.5, 0.25], rtol=1e-6)


@pytest.mark.parametrize(("strategy", "end"), [("cos", 1e-4), ("linear", 1e-4)])
def test_one_cycle_holds_its_end(strategy, end):
    np.testing.assert_allclose(
        ours.OneCycleLR(1.0, 10, anneal_strategy=strategy)(np.array([9, 10, 99])), end, rtol=1e-6
    )


def test_a_phase_of_no_length_is_not_there():
    np.testing.assert_allclose(ours.OneCycleLR(1.0, 10, phase_pct=0.1)(np.array([0, 9])), [1.0, 1e-4], rtol=1e-6)
    np.testing.assert_allclose(ours.OneCycleLR(1.0, 10, phase_pct=1.0)(np.array([0, 9, 10])), [0.04, 1, 1], rtol=1e-6)


def test_restarts_after_a_warmup_are_at_their_exact_steps():
    wave = ours.CosineAnnealingWarmRestarts(1.0, 1, 3)
    schedule = ours.LinearWarmup(wave, 2, 0.0, 1.0)
    ends = np.cumsum([3**i for i in range(10)])
    np.testing.assert_array_equal(schedule(ends + 2), np.ones(10, np.float32))


def test_nan_is_never_the_best_metric():
    controller = ours.ReduceOnPlateau(1.0, factor=0.5, patience=1)
    state = controller.init()
    for metric in (math.nan, 3.0, 2.0, 1.0):
        state = controller.update(state, value=metric)
    assert float(controller(state)) == 1.0


NUMBERS = {
    "NoamDecay": (8.0, 5.0, 1.0),
    "NaturalExpDecay": (1.0, 0.1),
    "InverseTimeDecay": (1.0, 0.1),
    "PolynomialDecay": (1.0, 10.0, 0.1, 1.5),
    "LinearWarmup": (1.0, 5.0, 0.1, 0.9),
    "ExponentialDecay": (1.0, 0.8),
    "StepDecay": (1.0, 5.0, 0.5),
    "CosineAnnealingDecay": (1.0, 5.0, 0.1),
    "OneCycleLR": (1.0, 10.0, 25.0, 1e-3, 0.3),
    "CyclicLR": (0.1, 1.0, 3.0, 5.0),
    "LinearLR": (1.0, 10.0, 0.3, 0.9),
    "CosineAnnealingWarmRestarts": (1.0, 5.0, 2.0, 0.1),
}
COUNTS = {"PolynomialDecay": (1,), "LinearWarmup": (1,), "StepDecay": (1,), "OneCycleLR": (1,)}
COUNTS |= {"CosineAnnealingDecay": (1,), "CyclicLR": (2, 3), "LinearLR": (1,), "CosineAnnealingWarmRestarts": (1, 2)}


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_may_be_traced(name):
    make, steps, numbers, counts = getattr(ours, name), np.arange(14), NUMBERS[name], COUNTS.get(name, ())
    whole = [int(x) if i in counts else x for i, x in enumerate(numbers)]
    sweep = [[x if i in counts else x * f for i, x in enumerate(whole)] for f in (1.0, 0.9, 0.8)]
    got = jax.jit(jax.vmap(lambda *row: make(*row)(steps)))(*map(jnp.asarray, zip(*sweep, strict=True)))
    np.testing.assert_allclose(got, np.stack([make(*row)(steps) for row in sweep]), rtol=1e-5, atol=1e-7)


@parametrize("name", NUMBERS, ["LinearWarmup"])
def test_slopes_are_finite(name):
    make, steps, numbers, counts = getattr(ours, name), np.arange(14), NUMBERS[name], COUNTS.get(name, ())
    whole = [int(x) if i in counts else x for i, x in enumerate(numbers)]

    def total(row):
        return make(*(whole[i] if name.endswith("Restarts") and i in counts else x for i, x in enumerate(row)))(
            steps
        ).sum()

    slopes = jnp.stack(jax.jit(jax.grad(total))([jnp.asarray(x) for x in numbers]))
    assert np.all(np.isfinite(slopes)) and np.any(slopes != 0)


@pytest.mark.parametrize("three_phase", [False, True])
def test_a_traced_share_of_one_cycle_may_begin_before_step_0(three_phase):
    make = lambda pct: ours.OneCycleLR(1.0, 20, phase_pct=pct, three_phase=three_phase)(np.arange(20))  # noqa: E731
    shares = [0.0, 0.01, 0.04, 0.3]
    np.testing.assert_allclose(jax.vmap(make)(jnp.array(shares)), np.stack([make(x) for x in shares]), rtol=1e-5)


def test_a_list_of_traced_numbers():
    def made(a, b):
        return ours.MultiStepDecay(a, [3, b], gamma=a / 2)(np.arange(9)), ours.PiecewiseDecay([2, b], [a, b, 0.5])(4)

    for got, want in zip(jax.jit(made)(0.5, 6), made(0.5, 6), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)


@pytest.mark.parametrize(
    ("fn", "want"), [(lambda t: 0.95, 0.95**400), (lambda t: 1.0 if t % 3 else 0.9, 0.9**133)], ids=["traced", "host"]
)
def test_a_product_of_factors_has_no_horizon(fn, want):
    schedule = ours.MultiplicativeDecay(0.5, fn)
    for got in (
        schedule(400),
        jax.jit(lambda t: schedule(t))(400),
        jax.vmap(lambda t: schedule(t))(jnp.array([400]))[0],
    ):
        np.testing.assert_allclose(got, 0.5 * want, rtol=1e-6)
    slope = jax.grad(lambda a: ours.MultiplicativeDecay(a, fn)(400))(0.5)
    np.testing.assert_allclose(slope, want, rtol=1e-6)


@pytest.mark.parametrize("fn", [lambda t: 0.95**t, lambda t: math.pow(0.95, t)], ids=["traced", "host"])
def test_a_function_of_the_step_is_right_far_out(fn):
    schedule = ours.LambdaDecay(0.5, fn)
    steps = np.arange(0, 600, 50)
    np.testing.assert_allclose(schedule(steps), 0.5 * 0.95 ** steps.astype(np.float64), rtol=1e-6)
    np.testing.assert_allclose(jax.jit(schedule)(7), 0.5 * 0.95**7, rtol=1e-6)


def test_most_schedules_are_one_expression_of_the_core():
    assert repr(ours.PolynomialDecay(1.0, 5, 0.1)) == repr(js.Polynomial(1.0, 0.1, steps=5, power=1.0))
    assert repr(ours.LinearLR(1.0, 5, 0.5)) == repr(js.Linear(0.5, 1.0, steps=5))


def test_importing_it_imports_no_paddle():
    source = inspect.getsource(importlib.import_module("jaxsched.compat.paddle"))
    assert "import paddle\n" not in source
