"""What a number counts is in its annotation: `stretch` multiplies every `Count`, `scale` every `Level`."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.controllers_zoo import FEW
from support.controllers_zoo import each as one_of_each
from support.precision import WIDTH
from support.short import exhaustive
from support.zoo import COVERING, ONE_OF_EACH_FAMILY, each
from support.zoo_entry import LAST
from support.zoo_simple import Mine

import jaxsched as js


def steps_of(entry) -> np.ndarray:
    near = sorted({min(max(b + d, 0), entry.last // 2) for b in (0, entry.span, *entry.boundaries) for d in (-1, 0, 1)})
    return np.resize(np.asarray(near, np.int32), WIDTH)


@each(COVERING)
def test_a_stretched_schedule_is_the_same_at_twice_the_step(entry):
    schedule, t = entry.make(), steps_of(entry)
    got, want = js.stretch(schedule, 2)(2 * t), schedule(t)
    np.testing.assert_allclose(got, want, rtol=2e-6, atol=2e-6 * entry.scale)


@each(ONE_OF_EACH_FAMILY)
def test_a_schedule_stretched_by_any_factor_is_the_same_at_as_many_times_the_step(entry):
    """Lengths that are no longer whole are not rounded: an error of half a step in a period would add up."""
    schedule = entry.make()
    for factor, whole in ((1.5, 2), (1.3, 10)):
        t = steps_of(entry) // whole // 2 * whole  # where both steps are whole
        there = (t * round(factor * whole) // whole).astype(t.dtype)
        got, want = js.stretch(schedule, factor)(there), schedule(t)
        np.testing.assert_allclose(got, want, rtol=2e-6, atol=2e-6 * entry.scale)


@each()
def test_a_stretched_schedule_is_as_long(entry):
    duration = entry.make().duration
    stretched = js.stretch(entry.make(), 2).duration
    assert (duration is None) == (stretched is None)
    assert duration is None or stretched == pytest.approx(2 * float(duration), rel=1e-6)


class Own(js.Ramp):
    """A user's ramp with a length in another unit of its own."""

    delay: js.Count = 0
    sharpness: js.kinds.Positive = 2.0

    def weights(self, x, rest):
        return rest**self.sharpness, 1 - rest**self.sharpness


def test_a_user_s_ramp_is_rewritten_by_its_annotations():
    assert js.stretch(Own(1.0, 0.0, steps=10, delay=3), 2) == Own(1.0, 0.0, steps=20, delay=6)
    warm = js.warmup(js.Cosine(1.0, 0.0, steps=90), 10, shape=Own)
    assert js.stretch(warm, 2).ramp == Own(0.0, js.nodes.Open(), steps=20)
    assert js.stretch(warm, 2, keep_warmup=True).ramp == Own(0.0, js.nodes.Open(), steps=10)


def test_a_user_s_schedule_is_slowed():
    class Mine(js.Schedule):
        steps: js.Count

        def at(self, step):
            return jnp.exp(-step / self.steps) + 0.001 * step  # a rate per step is in it

    mine = Mine(10)
    assert js.stretch(mine, 2)(20) == mine(10)


class Log(js.Ramp):
    """A user's ramp that asks for its length."""

    def weights(self, x, rest):
        whole = jnp.log1p(1.0 * self.steps)
        return 1 - jnp.log1p(self.steps * x) / whole, jnp.log1p(self.steps * x) / whole


@pytest.mark.parametrize(
    "make",
    [
        lambda: Log(0.0, 1.0, steps=8),
        lambda: js.warmup(js.Cosine(1.0, 0.5, steps=8), 8, shape="log"),
        pytest.param(lambda: js.Cosine(1.0, 0.5, steps=8) * js.warmup(2.0, 8, shape=Log), marks=exhaustive),
        lambda: js.cooldown(js.Linear(1.0, 2.0, steps=8), 4, 8, shape=Log),
        lambda: js.join([js.Logarithmic(0.0, float(i), steps=8) for i in range(10)]),
        pytest.param(lambda: js.join([js.Linear(0.0, float(i), steps=5) for i in range(10)]), marks=exhaustive),
        pytest.param(lambda: js.join([lambda t: jnp.sin(t)] * 10, list(range(4, 40, 4))), marks=exhaustive),
        lambda: js.join([Mine(1.0 + i, 0.5) for i in range(10)], list(range(4, 40, 4))),
        lambda: js.exponential_decay(1.0, 0.99, 1),
    ],
)
def test_what_knows_the_length_of_a_step_is_slowed(make):
    """Only where it stands, if it can stand by itself."""
    schedule, t = make(), np.arange(0, 64, 2)
    for factor in (2, 1.5):
        there = (t * factor).astype(int)
        np.testing.assert_allclose(js.stretch(schedule, factor)(there), schedule(t), rtol=2e-6, atol=1e-7)
    traced = jax.jit(lambda factor: js.stretch(schedule, factor)(there))(1.5)
    np.testing.assert_allclose(traced, schedule(t), rtol=2e-6, atol=1e-7)


def test_a_stack_is_stretched_like_each_of_it():
    t = np.arange(0, 64, 2)
    many = [js.warmup(js.Cosine(1.0, 0.5, steps=n), n, shape=shape) for n in (5, 8) for shape in ("linear",)]
    for factor in (2, 1.5):
        stretched = js.stretch(js.stack(many), factor)
        got = jax.vmap(lambda one: one((t * factor).astype(int)))(stretched)  # noqa: B023
        np.testing.assert_allclose(got, [each(t) for each in many], rtol=2e-6, atol=1e-7)


def test_a_length_stretched_past_the_last_step_is_never_reached():
    both = js.join([1.0, 2.0], [10**9])
    assert js.stretch(both, 3)(np.asarray([5, LAST])).tolist() == [1.0, 1.0]
    assert js.stretch(both, 2)(np.asarray([2 * 10**9 - 1, 2 * 10**9])).tolist() == [1.0, 2.0]
    line = js.stretch(js.Linear(1.0, 0.0, steps=10**9), 4)
    np.testing.assert_allclose(line(2 * 10**9), 0.5, rtol=1e-6)
    table = js.stretch(js.Interpolated([3, 10**9], [1.0, 0.0]), 1e30)
    assert table(LAST) == 1.0
    assert js.stretch(js.Linear(1.0, 0.0, steps=1e30), 1e30)(LAST) == 1.0


def test_a_factor_is_refused_by_its_name():
    for wrong in (0, -1.0, float("nan"), float("inf"), "2", None, [1, -1]):
        with pytest.raises((TypeError, ValueError), match="`factor`"):
            js.stretch(js.Linear(1.0, 0.0, steps=4), wrong)


def test_a_kept_warmup_is_kept_where_lengths_become_fractions():
    lr = js.cooldown(js.warmup(js.Cosine(1.0, 0.5, steps=7), 3), 9, 5)
    stretched = js.stretch(lr, 1.5, keep_warmup=True)
    np.testing.assert_array_equal(stretched(np.arange(4)), lr(np.arange(4)))
    assert stretched.duration == 1.5 * 14


def test_a_stretched_table_or_noise_is_slowed_where_it_stands():
    lr = js.join([js.Linear(0.0, 1.0, steps=4), js.Tabulated([3.0, 2.0]), js.jitter(1.0, 0.1)], [4, 10])
    stretched = js.stretch(lr, 2)
    assert isinstance(stretched, js.nodes.Join) and stretched.boundaries == (8, 20)
    np.testing.assert_array_equal(stretched(2 * np.arange(16)), lr(np.arange(16)))


@one_of_each(FEW)
def test_a_scaled_controller_has_every_level_scaled(example):
    """Its values along a run are those of the controller times the factor: nothing in it knows an absolute rate."""
    controller = example.alone()
    scaled = js.scale(controller, 0.5)
    one, other = controller.init(), scaled.init()
    for x in np.linspace(1.0, 2.0, 12):
        one, other = controller.update(one, value=x), scaled.update(other, value=x)
        np.testing.assert_allclose(scaled(other), 0.5 * controller(one), rtol=2e-6)


def test_a_scaled_floor_is_where_a_scaled_rate_ends():
    controller = js.scale(js.reduce_on_plateau(1.0, 0.5, patience=0, min_value=0.3), 0.5)
    state = controller.init()
    for x in range(8):
        state = controller.update(state, value=float(x))
    assert controller(state) == np.float32(0.15)


def test_layerwise_and_scale_agree():
    plateau = js.reduce_on_plateau(js.Linear(1.0, 0.5, steps=10), min_value=0.1, min_change=0.01)
    rates = js.layerwise(plateau, 0.5, ["a", "b", "c"])
    assert rates == {"a": js.scale(plateau, 0.25), "b": js.scale(plateau, 0.5), "c": js.scale(plateau, 1.0)}
    assert rates["a"].min_value == 0.025 and rates["a"].min_change == 0.0025


def test_a_controller_of_one_s_own_is_scaled_by_its_annotations():
    class Ceiling(type(js.reduce_on_plateau(0.1))):
        ceiling: js.Level = 1.0
        window_of_steps: js.Count = 7

    made = js.scale(Ceiling(js.Constant(0.5), factor=0.1, ceiling=0.8), 0.5)
    assert made.ceiling == 0.4 and made.window_of_steps == 7 and made.schedule(0) == 0.25


def test_a_controller_is_scaled_by_a_number():
    with pytest.raises(TypeError, match="`factor` must be a number beside a controller: got Linear"):
        js.scale(js.reduce_on_plateau(0.1), js.Linear(1.0, 0.0, steps=4))


def test_what_is_built_by_hand_is_checked():
    n = js.nodes
    open_end = js.Linear(0.0, n.Open(), steps=10)
    for make, words in (
        (lambda: n.Warmup(js.Constant(1.0), 0.5), "`ramp` must be a Ramp"),
        (lambda: n.Warmup(js.Linear(0.0, 1.0, steps=4), 0.5), "`ramp` must have its `end` open"),
        (
            lambda: n.Warmup(js.Linear(n.Open(), n.Open(), steps=4), 0.5),
            "`ramp` must have its `end` open, and no other",
        ),
        (lambda: n.Cooldown(0.5, 3, open_end), "`ramp` must have its `start` open"),
        (lambda: n.Cycle(js.Linear(1.0, 0.0, steps=2), 2, 1.5), "`growth` must be a whole number: got 1.5"),
        (lambda: js.Linear(0.0, None, steps=10), "`end` must be a number: got None"),
        (lambda: n.Greedy(0.1, log_factor=0.95), "`log_factor`.*0.95"),
        (lambda: n.Greedy(0.1, factor=1.5), "`factor` must lie between 0 and 1"),
        (lambda: n.ReduceOnPlateau(0.1, factor=0.5, patience=2.5), "`patience` must be a whole number: got 2.5"),
        (lambda: n.ReduceOnPlateau(0.1, factor=0.5, min_scale=1.5), "`min_scale` must lie between 0 and 1: got 1.5"),
        (lambda: n.Piecewise([4, 2], [1.0, 2.0, 3.0]), "`boundaries` must be sorted"),
        (lambda: js.Linear(1.0, 0.0, 10), "`steps`.*by keyword: got .10,. after.*Write `Linear"),
        (lambda: js.Polynomial(1.0, 0.0, 2.0, 10), "`steps`.*by keyword"),
    ):
        with pytest.raises((TypeError, ValueError), match=words):
            make()
    assert n.Warmup(open_end, 0.5)(5) == 0.25
    assert open_end(3) == 0.0, "an open end by itself is where the other end is: nothing raises at a call"


def test_a_copy_with_other_numbers_is_checked():
    with pytest.raises(ValueError, match="`steps` must not be negative: got -3"):
        dataclasses.replace(js.Linear(1.0, 0.0, steps=3), steps=-3)


def test_a_user_s_ramp_is_three_lines():
    class Rex(js.Ramp):
        def weights(self, x, rest):
            return 2 * rest / (1 + rest), x / (1 + rest)

    class Infinite(js.Ramp):
        def weights(self, x, rest):
            return 1 - jnp.sqrt(x) / x * x, jnp.log(x) - jnp.log(x) + jnp.sqrt(x)

    t = np.arange(30)
    np.testing.assert_array_equal(Rex(1.0, 0.1, steps=20)(t), js.Rex(1.0, 0.1, steps=20)(t))
    assert Infinite(1.0, 0.25, steps=4)(0) == 1.0 and Infinite(1.0, 0.25, steps=4)(4) == 0.25
    slope = jax.grad(lambda end: Infinite(1.0, end, steps=4)(4))(0.25)
    assert slope == 1.0
    assert js.warmup(0.5, 10, shape=Rex)(10) == 0.5
    assert js.cooldown(0.5, 10, 10, shape=Rex)(20) == 0.0
    with pytest.raises(TypeError, match="abstract"):
        js.Ramp(1.0, 0.0, steps=4)
