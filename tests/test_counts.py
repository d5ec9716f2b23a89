"""Schedules of whole numbers: `rounded` is an int32 where it is called, and a float inside of other schedules."""

import contextlib
import json
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.precision import x64 as x64_on

import jaxsched as js


def wide(x64):
    return x64_on() if x64 else contextlib.nullcontext()


STEPS = js.rounded(js.piecewise_constant([2, 4], [1, 2, 4]))


@pytest.mark.parametrize("x64", [False, True])
@pytest.mark.parametrize("step", [3, np.int64(3), 3.5, jnp.int32(3), np.arange(6), jnp.zeros((2, 3))])
def test_it_is_a_strong_int32_of_the_step_s_shape(x64, step):
    with wide(x64):
        for value in (STEPS(step), jax.jit(lambda t: STEPS(t))(step), jax.jit(lambda s, t: s(t))(STEPS, step)):
            assert (value.dtype, value.weak_type, value.shape) == (jnp.int32, False, np.shape(step))
    np.testing.assert_array_equal(STEPS(np.arange(6)), [1, 1, 2, 2, 4, 4])
    np.testing.assert_array_equal(jax.vmap(STEPS)(jnp.arange(6)), [1, 1, 2, 2, 4, 4])


@pytest.mark.parametrize("x64", [False, True])
def test_it_is_the_nearest_whole_number_and_halves_go_up(x64):
    table = [0.49, 0.5, 0.51, 1.5, 2.5, -0.5, -0.51, -1.5, 1e6, 1e6 + 0.5, 16777217.0, 2e9, 3e9, -3e9]
    wanted = [0, 1, 1, 2, 3, 0, -1, -1, 10**6, 10**6 + 1, None, 2 * 10**9, 2**31 - 128, 128 - 2**31]
    with wide(x64):
        got = js.rounded(js.Tabulated(table))(np.arange(len(table))).tolist()
    wanted[10] = 16777217 if x64 else 16777216  # which a float32 cannot tell apart
    assert got == wanted


@pytest.mark.parametrize("steps", [6, 10, 14, 30, 98, 1000])
def test_a_half_on_a_line_is_a_half(steps):
    """The line is off by its last bits, and a half must not fall with them."""
    for first, end in ((1, 4), (64, 512), (1000, 1), (-3, 3)):
        t = np.arange(steps + 1)
        exact = (2 * (first * (steps - t) + end * t) + steps) // (2 * steps)
        np.testing.assert_array_equal(js.rounded(js.Linear(first, end, steps=steps))(t), exact)


def test_inside_of_other_schedules_it_is_a_float():
    batch = js.rounded(js.Linear(64, 256, steps=100))
    rate = js.warmup(batch * (1e-3 / 64), 4)
    assert rate(1).dtype == jnp.float32
    np.testing.assert_allclose(rate(np.array([2, 4, 5])), [5e-4, 1e-3, 66e-3 / 64], rtol=1e-6)
    assert js.as_schedule(batch) is batch and batch.duration == 100
    assert js.clip(js.rounded(js.Linear(0, 4, steps=4)), lo=1)(0).dtype == jnp.float32


def test_it_is_data():
    assert js.from_dict(json.loads(json.dumps(js.to_dict(STEPS)))) == STEPS == pickle.loads(pickle.dumps(STEPS))
    assert eval(repr(STEPS), vars(js.nodes).copy()) == STEPS
    assert js.stretch(STEPS, 10)(35).dtype == jnp.int32 and js.stretch(STEPS, 10)(35) == 2
    many = js.stack([js.rounded(js.Linear(1, k, steps=10)) for k in (2, 5)])
    np.testing.assert_array_equal(jax.vmap(lambda s: s(10))(many), [2, 5])
    with pytest.raises(TypeError, match="`schedule` must be a schedule"):
        js.rounded("4")


def test_gradients_through_it_are_0():
    slope = jax.grad(lambda peak: (1e-3 * js.rounded(js.Linear(1.0, peak, steps=4)))(2))(4.0)
    assert slope == 0.0


@pytest.mark.parametrize("x64", [False, True])
def test_multi_steps_accumulate_as_many_gradients(x64):
    with wide(x64), jax.numpy_dtype_promotion("standard"):
        optimizer = optax.MultiSteps(js.inject(optax.sgd)(js.Linear(1.0, 0.0, steps=10)), every_k_schedule=STEPS)
        params = jnp.float32(0)
        state, update = optimizer.init(params), jax.jit(optimizer.update)
        moved = []
        for k in range(14):
            updates, state = update(jnp.float32(1 + k), state, params)
            if updates != 0:
                moved.append((k, float(updates)))
    # One gradient for each of 2 updates, two for each of 2, then four; the update is minus the rate times their mean.
    rates = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5]
    means = [1, 2, (3 + 4) / 2, (5 + 6) / 2, (7 + 8 + 9 + 10) / 4, (11 + 12 + 13 + 14) / 4]
    assert [k for k, _ in moved] == [0, 1, 3, 5, 9, 13]
    np.testing.assert_allclose([x for _, x in moved], [-r * m for r, m in zip(rates, means, strict=True)], rtol=1e-6)


def test_a_scan_over_multi_steps_keeps_its_dtypes():
    optimizer = optax.MultiSteps(optax.adam(1e-3), every_k_schedule=STEPS)

    def one(state, gradient):
        return optimizer.update(gradient, state, gradient)[1], state.gradient_step

    with jax.numpy_dtype_promotion("standard"):
        state, done = jax.lax.scan(one, optimizer.init(jnp.ones(3)), jnp.ones((14, 3)))
    assert done[-1] == 5 and state.gradient_step == 6


def test_as_a_hyperparameter_it_is_a_float():
    optimizer = js.inject(optax.sgd)(js.rounded(js.Linear(1.0, 3.0, steps=2)))
    state = optimizer.init(jnp.ones(2))
    for _ in range(3):
        updates, state = jax.jit(optimizer.update)(jnp.ones(2), state, jnp.ones(2))
    assert updates.dtype == jnp.float32 and updates[0] == -3.0
    assert js.current(state)["learning_rate"].dtype == jnp.float32
