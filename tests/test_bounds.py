"""Bounds that move, and what begins where another schedule ends."""

import jax
import numpy as np
import optax
import pytest

import jaxsched as js

LINE = js.Linear(0.0, 0.4, steps=10)


def test_bounds_that_are_numbers_are_a_clip_as_before():
    assert js.clip(LINE, js.Constant(0.1), 0.2) == js.nodes.Clip(LINE, 0.1, 0.2)
    assert js.clip(LINE) == js.nodes.Clip(LINE)


@pytest.mark.parametrize(
    ("lo", "hi", "found"),
    [
        (LINE, 0.2, "got 0.24 and 0.2 at step 6"),
        (0.3, js.Linear(1.0, 0.2, steps=10), "got 0.3 and 0.28 at step 9"),
        (js.Constant(0.5), LINE, "got 0.5 and 0 at step 0"),
        (js.piecewise_constant([4, 5], [0.0, 1.0, 0.0]), 0.5, "got 1 and 0.5 at step 4"),
        (0.1, js.InverseSqrt(1.0, 10), "got 0.1 and "),
        (lambda t: 0.1 * t, 5.0, "got 6.4 and 5 at step 64"),
    ],
)
def test_bounds_that_are_known_to_cross_are_refused(lo, hi, found):
    with pytest.raises(ValueError, match=f"`lo` must not exceed `hi`: {found}.*Swap them"):
        js.clip(1.0, lo, hi)
    with pytest.raises(ValueError, match="`lo` must not exceed `hi`"):
        jax.jit(lambda step: js.clip(1.0, lo, hi)(step))(3)


def test_where_bounds_that_are_traced_cross_the_upper_one_holds():
    def made(level, step):
        return js.clip(1.0, LINE, js.Linear(level, 0.0, steps=10))(step)

    assert jax.jit(made)(0.2, 10) == 0.0
    assert jax.jit(made)(0.2, 0) == np.float32(0.2)


def test_bounds_may_touch_and_stacks_are_bounds():
    assert js.clip(1.0, LINE, LINE)(5) == np.float32(0.2)
    stacked = js.stack([LINE, LINE])
    assert len(js.unstack(js.clip(stacked, stacked, js.stack([js.Constant(1.0)] * 2)))) == 2


@pytest.mark.parametrize("extreme", [js.maximum, js.minimum])
def test_the_largest_and_the_least_are_asked_of_schedules(extreme):
    with pytest.raises(TypeError, match="`b` must be a schedule, .*: got 'x'"):
        extreme(1.0, "x")
    with pytest.raises(TypeError, match=r"`more\[0\]` must be a schedule, .*: got 'x'"):
        extreme(1.0, LINE, "x")
    with pytest.raises(ValueError, match="`terms` must hold at least one schedule: got none"):
        type(extreme(1.0, LINE))(())
    assert extreme(*[LINE] * 200)._depth == 2


@pytest.mark.parametrize("extreme", [js.maximum, js.minimum])
def test_at_a_tie_gradients_are_shared(extreme):
    slope = jax.grad(lambda a, b: extreme(a, js.Linear(0.0, b, steps=4))(2))
    assert slope(0.5, 1.0) == 0.5


def test_a_ramp_from_none_begins_where_the_other_ends():
    lr = js.Linear(1.0, 0.5, steps=4).then(js.Cosine(None, 0.0, steps=10))
    assert lr == js.cooldown(js.Linear(1.0, 0.5, steps=4), 4, 10, shape="cosine")
    assert lr.then(js.Linear(start=None, end=1.0, steps=2))(15) == 0.5
    with pytest.raises(ValueError, match="an? InverseSqrt, has no length of its own"):
        js.InverseSqrt(1.0, 10).then(js.Linear(None, 0.0, steps=10))
    for alone in (js.as_schedule, lambda ramp: js.join([1.0, ramp], [3]), lambda ramp: ramp * 2, js.inject(optax.sgd)):
        with pytest.raises(ValueError, match="must have both ends: got Linear"):
            alone(js.Linear(None, 0.0, steps=10))
    with pytest.raises(ValueError, match=r"`pieces\[1\]` must have both ends"):
        LINE.then(js.Linear(0.0, js.nodes.Open(), steps=10))
    with pytest.raises(TypeError, match="`end` must be a number: got None"):
        js.Linear(0.0, None, steps=10)
