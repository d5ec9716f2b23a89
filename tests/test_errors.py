"""What is concrete and wrong is refused when it is built, by argument, value and remedy; what is traced is clamped."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxsched as js

NAN, INF = float("nan"), float("inf")


class Controller:
    """As optax knows a stateful schedule: by the names of its methods."""

    def init(self):
        return ()

    def update(self, state):
        return state

    def __call__(self, state):
        return 1.0


class Unhashable:
    __hash__ = None

    def __call__(self, t):
        return 1.0 * t


class Holder(js.Schedule):
    inner: js.Schedule

    def at(self, step):
        return self.inner(step)


def line(steps=4):
    return js.Linear(1.0, 0.0, steps=steps)


def with_call():
    type("Called", (js.Schedule,), {"__call__": lambda self, t: t})


def stateful():
    type("Stateful", (js.Schedule,), {"init": lambda self: 0, "update": lambda self: 0, "at": lambda self, t: t})


def reserved():
    type("Reserved", (js.Schedule,), {"__annotations__": {"kind": float}, "at": lambda self, t: t})


V, T = ValueError, TypeError
A_NUMBER, A_FINITE, A_COUNT = "Pass an int or a float", "Pass a finite number", "0 means none"
STATEFUL = "Controller is stateful: its value depends on a state. Pass the function of the step that is inside"
CONTROLLER = "ReduceOnPlateau is a controller: its value depends on a state. Build the schedule first"

# What is done, the error, and words of its message in order: the argument, the value, the remedy.
WRONG = {
    "nan": (lambda: js.Linear(NAN, 0.0, steps=4), V, "`start` must be finite", "nan", A_FINITE),
    "infinity": (lambda: js.Cosine(1.0, -INF, steps=4), V, "`end` must be finite", "-inf", A_FINITE),
    "nan-steps": (lambda: line(NAN), V, "`steps` must be finite", "nan", A_FINITE),
    "nan-numpy": (lambda: js.Constant(np.float32(NAN)), V, "`value` must be finite", "nan", A_FINITE),
    "nan-array": (lambda: js.Tabulated(np.asarray([1.0, NAN])), V, "`values` must be finite", "nan", "finite numbers"),
    "nan-jax": (lambda: js.Constant(jnp.float32(NAN)), V, "`value` must be finite", "nan", "finite numbers"),
    "negative-length": (lambda: line(-1), V, "`steps` must not be negative", "-1", A_COUNT),
    "negative-float-length": (lambda: js.warmup(line(), -0.5), V, "`steps` must not be negative", "-0.5", A_COUNT),
    "negative-delay": (lambda: js.delay(line(), -2), V, "`steps` must not be negative", "-2", A_COUNT),
    "negative-at": (lambda: js.cooldown(1.0, -3, 4), V, "`at` must not be negative", "-3", A_COUNT),
    "negative-boundary": (
        lambda: js.nodes.Piecewise([-5], [1, 2]), V, "`boundaries` must not be negative", "-5", A_COUNT,
    ),
    "negative-period": (lambda: js.cycle(line(), -4), V, "`period` must not be negative", "-4", A_COUNT),
    "bool": (lambda: js.Constant(True), T, "`value` must be a number", "True of type bool", A_NUMBER),
    "bool-steps": (lambda: line(False), T, "`steps` must be a number", "False of type bool", A_NUMBER),
    "string": (lambda: js.Linear("0.1", 0.0, steps=4), T, "`start` must be a number", "'0.1' of type str. Pass 0.1"),
    "none-steps": (lambda: line(None), T, "`steps` must be a number", "None of type NoneType", A_NUMBER),
    "complex": (lambda: js.Constant(np.asarray(1j)), T, "`value` must hold real numbers", "complex128", "integers or"),
    "not-a-schedule": (lambda: js.as_schedule("cosine"), T, "`x` must be a schedule, a number or", "'cosine'"),
    "unsorted-join": (lambda: js.join([1, 2, 3], [9, 4]), V, "`boundaries` must be sorted", "[9, 4]", "begins where"),
    "unsorted-long-join": (lambda: js.join([1.0] * 12, range(11, 0, -1)), V, "`boundaries` must be sorted", "11, 10"),
    "unsorted-Piecewise": (
        lambda: js.nodes.Piecewise(values=[1, 2, 3], boundaries=[9, 4]),
        V, "`boundaries` must be sorted", "[9, 4]", "increasing order",
    ),
    "unsorted-Interpolated": (
        lambda: js.Interpolated(values=[1, 2], boundaries=[9, 4]),
        V, "`boundaries` must be sorted", "[9, 4]", "increasing order",
    ),
    "unsorted-milestones": (
        lambda: js.multistep_decay(1.0, 0.1, [9, 4]), V, "`milestones` must be sorted", "[9, 4]", "increasing order",
    ),
    "count-join": (lambda: js.join([1, 2], [3, 4]), V, "`boundaries` must have one element fewer", "got 2 and 2"),
    "count-long-join": (lambda: js.join([1] * 12, [3]), V, "`boundaries` must have one element fewer", "1 and 12"),
    "count-Piecewise": (
        lambda: js.nodes.Piecewise([3, 4], [1, 2]), V, "`values` must have one element more", "got 2 and 2",
    ),
    "count-Interpolated": (
        lambda: js.Interpolated(values=[1], boundaries=[3, 4]), V, "`values` must have as many", "got 1 and 2",
    ),
    "missing-piece": (lambda: js.join([]), V, "`schedules` must hold at least one schedule", "got none"),
    "empty-table": (lambda: js.Tabulated([]), V, "`values` must hold at least one", "[]", "Pass a sequence"),
    "no-end": (
        lambda: js.join([js.InverseSqrt(1.0, 9), line()]), V, "`boundaries` must be given", "piece 0, a InverseSqrt",
        "Pass the step",
    ),
    "constant-piece": (
        lambda: js.Constant(1.0).then(line()), V, "`boundaries` must be given", "piece 0, a Constant", "Pass the step",
    ),
    "int-too-large": (lambda: line(2**31), V, "`steps` must be below 2**31", "2147483648", "as a float, or enable x64"),
    "power": (
        lambda: js.Polynomial(1, 0, steps=4, power=0), V, "`power` must be greater than 0", "0.0", "positive number",
    ),
    "base": (
        lambda: js.ExponentialRamp(1, 0, steps=4, base=-2), V, "`base` must be greater than 0", "-2.0", "positive",
    ),
    "to-zero": (
        lambda: js.Geometric(1.0, 0.0, steps=4), V, "`end` must not be 0", "Geometric never", "Pass a small number",
    ),
    "sign-change": (
        lambda: js.Geometric(1.0, -1.0, steps=4), V, "`start` and `end` must have the same sign", "1.0 and -1.0",
    ),
    "cooldown-to-zero": (lambda: js.cooldown(1.0, 4, 4, shape="geometric"), V, "`end` must not be 0", "small number"),
    "low-above-high": (lambda: js.clip(line(), 2.0, 1.0), V, "`lo` must not exceed `hi`", "2.0 and 1.0", "Swap them"),
    "negative-rate": (lambda: js.exponential_decay(1.0, -0.5), V, "`rate` must not be negative", "-0.5", "Pass 0 or"),
    "negative-deviation": (lambda: js.jitter(1.0, -1.0), V, "`deviation` must not be negative", "-1.0", "Pass 0 or"),
    "negative-gamma": (lambda: js.cyclic(0, 1, 3, gamma=-1), V, "`gamma` must not be negative", "-1.0", "Pass 0 or"),
    "growth": (lambda: js.cycle(line(), 4, 0.5), V, "`growth` must be at least 1", "0.5", "Pass 1"),
    "no-epoch": (lambda: js.per_epoch(line(), 0), V, "`steps_per_epoch` must be at least 1", "0", "data set empty"),
    "warmup-shape": (lambda: js.warmup(1.0, 4, shape="sine"), V, "`shape` must be one of 'linear', 'cosine'", "'sine'"),
    "wsd-shape": (
        lambda: js.wsd(1.0, warmup=1, stable=1, decay=1, shape="x"), V, "`shape` must be one of 'linear'", "got 'x'",
    ),
    "one_cycle-shape": (lambda: js.one_cycle(1.0, 9, shape="x"), V, "`shape` must be 'cosine' or 'linear'", "'x'"),
    "mode": (lambda: js.cyclic(0, 1, 4, mode="x"), V, "`mode` must be one of 'triangular', 'triangular2'", "got 'x'"),
    "distribution": (lambda: js.jitter(1, distribution="x"), V, "`distribution` must be 'normal' or 'uniform'", "'x'"),
    "key": (lambda: js.jitter(1.0, key=0.5), T, "`key` must be an int seed or a JAX PRNG key", "0.5"),
    "warmup_cosine": (lambda: js.warmup_cosine(1.0, 9, 4), V, "`warmup` must not exceed `total`", "got 9 and 4"),
    "warmup_linear": (lambda: js.warmup_linear(1.0, 9, 4), V, "`warmup` must not exceed `total`", "got 9 and 4"),
    "one_cycle": (lambda: js.one_cycle(1.0, 4, warmup=9), V, "`warmup` must not exceed `total`", "got 9 and 4"),
    "warmup_linear-total": (lambda: js.warmup_linear(1, 9, 4), V, "`warmup` must not exceed `total`", "9 and 4"),
    "fraction": (lambda: js.flat_cosine(1.0, 8, flat=1.5), V, "`flat` must lie between 0 and 1", "1.5"),
    "controller-join": (lambda: js.join([line(), Controller()]), T, "`schedules[1]`", STATEFUL),
    "controller-sum": (lambda: line() + Controller(), T, "`right`", STATEFUL),
    "controller-left": (lambda: Controller() * line(), T, "`left`", STATEFUL),
    "controller-as_schedule": (lambda: js.as_schedule(Controller()), T, "`x`", STATEFUL),
    "controller-warmup": (lambda: js.warmup(Controller(), 4), T, "`schedule`", STATEFUL),
    "controller-field": (lambda: js.nodes.Delay(Controller(), 4), T, "`schedule`", STATEFUL),
    "controller-own-field": (lambda: Holder(Controller()), T, "`inner`", STATEFUL),
    "controller-ours": (lambda: js.warmup(js.reduce_on_plateau(0.1), 4), T, "`schedule`", CONTROLLER),
    "controller-of-optax": (
        lambda: js.inject(optax.sgd)(optax.schedules.WrappedSchedule(lambda t: 0.1)), T, "`learning_rate`",
        "WrappedSchedule is stateful", "`optax.inject_hyperparams` takes it as it is",
    ),
    "controller-Wrap": (lambda: js.nodes.Wrap(Controller()), T, "`fn`", STATEFUL),
    "untraceable": (
        lambda: js.nodes.Wrap(lambda t: 1.0 if t < 3 else 0.0), T, "`fn` must be traceable", "Use `jnp.where`",
    ),
    "unhashable": (lambda: js.nodes.Wrap(Unhashable()), T, "`fn` must be hashable", "Unhashable", "Pass `lambda step:"),
    "vector": (lambda: js.nodes.Wrap(lambda t: jnp.zeros(3)), T, "`fn` must return one real number", "shape=(3,)"),
    "no-function": (lambda: js.nodes.Wrap(0.1), T, "`fn` must be a function", "0.1", "For a number use `Constant`"),
    "own-call": (with_call, T, "Called must not define `__call__`: it is final. Write the formula as `at`."),
    "own-init-update": (stateful, T, "Stateful must not have both `init` and `update`"),
    "own-kind": (reserved, T, "Reserved must not have a field named 'kind'"),
    "run-zero-total": (lambda: js.Run(total=0), V, "`total` must be greater than 0", "0", "data set empty"),
    "run-nan": (lambda: js.Run(batch_size=NAN), V, "`batch_size` must be finite", "nan"),
    "run-string": (lambda: js.Run(total="9"), T, "`total` must be a number", "'9'"),
    "run-missing": (lambda: js.Run(total=9).epochs(1), V, "`steps_per_epoch` must be known for `epochs`", "Run("),
    "run-missing-tokens": (lambda: js.Run(batch_size=9).tokens(1), V, "`sequence_length` must be known for `tokens`"),
    "run-negative": (lambda: js.Run(batch_size=9).samples(-1), V, "`count` must not be negative", "-1"),
    "run-fraction": (lambda: js.Run(total=9).fraction(10), V, "`part` must be between 0 and 1", "10", "Pass a number"),
    "kind": (
        lambda: js.from_dict({"jaxsched": 1, "kind": "Cosin"}), V, "`data['kind']`", "'Cosin'", "Did you mean 'Cosine'",
    ),
    "version": (lambda: js.from_dict({"jaxsched": 99, "kind": "Rex"}), V, "`data` must be of version 1", "99"),
    "field": (
        lambda: js.from_dict({"jaxsched": 1, "kind": "Constant", "value": 1, "x": 2}), V, "`data` must have the fields",
        "['value']", "['x']",
    ),
    "missing-field": (lambda: js.from_dict({"jaxsched": 1, "kind": "Constant"}), V, "`data` must fit Constant"),
    "bad-field": (
        lambda: js.from_dict({"jaxsched": 1, "kind": "Constant", "value": "x"}), V, "`data`", "`value`", "'x'",
    ),
    "kind-of-another-type": (lambda: js.from_dict({"jaxsched": 1, "kind": [1]}), V, "`data['kind']`", "got [1]"),
    "abstract-kind": (lambda: js.from_dict({"jaxsched": 1, "kind": "Ramp"}), V, "`data['kind']`", "'Ramp'"),
    "inside": (
        lambda: js.from_dict(
            {"jaxsched": 1, "kind": "Join", "boundaries": [], "pieces": [{"kind": "Constant", "value": NAN}]}
        ), V, "`data['pieces'][0]` must fit Constant", "`value` must be finite", "nan",
    ),
    "not-a-dict": (lambda: js.from_dict([1]), T, "`data` must be a dict that `to_dict` returned", "[1]"),
    "a-configuration": (lambda: js.from_dict({"Cosine": {}}), T, "`data` must be a dict that", "`from_config` reads"),
    "closure": (
        lambda: js.to_dict(js.join([line(), lambda t: 1.0 * t])), T, "`schedule.pieces[1].fn` must be data", "<lambda>",
        "Tabulate it",
    ),
    "unlike-kinds": (
        lambda: js.stack([line(), js.Rex(1, 0, steps=4)]), V, "schedules[0] and schedules[1] differ",
        "at the top: Linear and Rex",
    ),
    "unlike-inside": (
        lambda: js.stack([js.warmup(line(), 4), js.warmup(js.Rex(1, 0, steps=4), 4)]), V, "schedule: Linear and Rex",
        "Stack each",
    ),
    "unlike-numbers": (lambda: js.stack([line(4), line(4.0)]), V, "steps: 4 and 4.0, one an int and one a float"),
    "unlike-length": (lambda: js.stack([js.join([1, 2], [3]), js.join([1])]), V, "pieces: 2 and 1 elements"),
    "stack-nothing": (lambda: js.stack([]), V, "`schedules` must hold at least one schedule", "got none"),
    "unstack-one": (lambda: js.unstack(line()), V, "`schedule` must be stacked", "Use `stack`"),
    "grid-empty": (lambda: js.grid(js.Constant, value=[]), V, "`value` must hold at least one value: got []."),
    "stacked-call": (lambda: js.stack([line(), line()])(3), T, "shape (2,)", "is this a stacked schedule?", "jax.vmap"),
    "step": (lambda: line()("3"), T, "`step` must be a number or an array of numbers", "'3'"),
    "step-none": (lambda: line()(None), T, "`step` must be a number or an array of numbers", "None", "by this very"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused(name):
    do, error, *words = WRONG[name]
    with pytest.raises(error, match="(?s)" + ".*".join(map(re.escape, words))):
        do()


def test_every_field_refuses_a_controller():
    """Each schedule class with a field for a schedule, and each that holds several."""
    for make in (
        js.nodes.Clip,
        js.nodes.Sum,
        js.nodes.Product,
        js.nodes.Quotient,
        js.nodes.Difference,
        js.nodes.Power,
        js.nodes.Cycle,
        js.nodes.Staircase,
        js.nodes.PerEpoch,
        js.nodes.Stretch,
    ):
        with pytest.raises(TypeError, match="is stateful"):
            make(Controller(), 1)
    with pytest.raises(TypeError, match=r"`pieces\[0\]`.*is stateful"):
        js.nodes.Join([Controller()], [])


def test_a_sum_with_what_is_no_schedule_is_python_s_own_error():
    for other in ("x", True, None, [1.0]):
        with pytest.raises(TypeError, match="unsupported operand"):
            line() + other


def test_a_large_count_is_a_float_or_needs_x64():
    assert float(line(2.0**31)(2**30)) == 0.5
    with optional_x64():
        assert float(line(2**31)(2**30)) == 0.5
        with pytest.raises(ValueError, match=r"`steps` must be below 2\*\*63"):
            line(2**63)


def optional_x64():
    return jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64()


@pytest.mark.parametrize("make", [js.warmup_cosine, js.warmup_linear], ids=lambda make: make.__name__)
def test_a_traced_warmup_is_cut_at_the_total(make):
    """What cannot be refused is clamped: a warmup of 9 of 4 steps is one of 4 steps."""
    lengths, t = jnp.asarray([0, 2, 4, 9]), jnp.arange(12)
    got = jax.vmap(lambda warmup: make(1.0, warmup, 4, 0.1)(t))(lengths)
    alone = jnp.stack([make(1.0, warmup, 4, 0.1)(t) for warmup in (0, 2, 4, 4)])
    np.testing.assert_allclose(got, alone, rtol=2e-6)
    np.testing.assert_allclose(jax.jit(lambda warmup: make(1.0, warmup, 4, 0.1)(t))(9), alone[-1], rtol=2e-6)


def test_a_traced_number_is_not_refused():
    """What would be refused if it were known has a finite value all the same."""
    make = jax.jit(lambda x: (js.Polynomial(1.0, 0.0, steps=4, power=x)(2), line(x)(2), js.clip(1.0, x, -5.0)(2)))
    assert all(np.isfinite(value) for value in make(-1.0))
    assert jax.jit(lambda x: js.inverse_time_decay(1.0, x)(1))(-1.0) == 1.0


def test_a_wrapped_function_that_jax_can_trace_passes():
    assert float(js.nodes.Wrap(optax.constant_schedule(0.5))(3)) == 0.5
    assert float(js.nodes.Wrap(lambda t: t)(3)) == 3.0


def test_nothing_is_said_at_call_time(capfd, recwarn):
    """No step raises, warns or prints, not even one that is out of range."""
    for step in (-1, 2**40, 1e30, np.int64(2**62), jnp.int32(5), 0.5):
        assert np.isfinite(line()(step))
    assert capfd.readouterr() == ("", "") and not recwarn.list
