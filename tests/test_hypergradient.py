"""Hypergradient descent against its equations in float64, and the laws of a gradient transformation."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import relaxed as relaxed  # optax's own code does not run in JAX's strict modes
from support.bridge import strict, x64

import jaxsched as js
from jaxsched import hypergradient

STEPS = 60
CURVATURE = np.array([1.0, 0.3, 2.0, 0.05])
START = np.array([1.0, -2.0, 0.5, 3.0])
SETTINGS = {"additive": (0.02, 3e-3, False), "multiplicative": (0.02, 0.05, True), "from zero": (0.0, 1e-3, False)}


def tree(x, dtype=jnp.float32):
    return {"a": jnp.asarray(x[:3], dtype), "b": (jnp.asarray(x[3], dtype),)}


def gradient(p):
    return jax.tree.map(lambda x, h: x * h.astype(x.dtype), p, tree(CURVATURE))


def run(optimizer, p, steps=STEPS):
    """The rates and the parameters after each step, as one scan."""

    def update(carry, _):
        p, state = carry
        updates, state = optimizer.update(gradient(p), state, p)
        p = jax.tree.map(jnp.add, p, updates)
        return (p, state), (state.learning_rate, jnp.concatenate([p["a"], p["b"][0][None]]))

    (p, state), seen = jax.lax.scan(update, (p, optimizer.init(p)), None, length=steps)
    return p, state, seen


def by_hand(start, rate, multiplicative, adam=False, least=0.0, most=np.inf):
    """Equations 3 and 4 of the paper, or its multiplicative rule, for SGD or Adam, in float64."""
    x, before, alpha, m, v, seen = START.astype(np.float64), np.zeros(4), start, 0.0, 0.0, []
    for t in range(1, STEPS + 1):
        g = CURVATURE * x
        h, norms = sum(g * before), np.sqrt(sum(g**2) * sum(before**2))
        if multiplicative:
            alpha = alpha * (1 + rate * (h / norms if norms else 0))
        else:
            alpha = alpha + rate * h
        alpha = min(max(alpha, least), most)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        before = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8) if adam else g
        x = x - alpha * before
        seen.append((alpha, x))
    return [np.array(column) for column in zip(*seen, strict=True)]


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("adam", [False, True], ids=["sgd", "adam"])
def test_rates_and_parameters_are_those_of_the_equations(name, adam):
    start, rate, multiplicative = SETTINGS[name]
    inner = optax.scale_by_adam() if adam else None
    optimizer = hypergradient(start, rate, inner=inner, multiplicative=multiplicative)
    rates, params = run(optimizer, tree(START))[2]
    expected, path = by_hand(start, rate, multiplicative, adam)
    np.testing.assert_allclose(rates, expected, rtol=1e-4)
    np.testing.assert_allclose(params, path, rtol=1e-3, atol=1e-4)
    assert abs(expected[-1] / expected[1] - 1) > 0.1, "the rate must move"


@pytest.mark.parametrize("bounds", [(0.015, 0.03), (0.0, 0.021)])
def test_the_rate_stays_within_its_bounds(bounds):
    least, most = bounds
    rates = run(hypergradient(0.02, 3e-3, min_value=least, max_value=most), tree(START))[2][0]
    np.testing.assert_allclose(rates, by_hand(0.02, 3e-3, False, least=least, most=most)[0], rtol=1e-4)
    assert rates.max() == np.float32(most)


def test_a_rate_of_zero_is_plain_gradient_descent():
    ours = run(hypergradient(0.1, 0.0), tree(START))[2][1]
    np.testing.assert_allclose(ours[-1], START * (1 - 0.1 * CURVATURE) ** STEPS, rtol=1e-4)


def test_a_scaled_loss_has_the_same_multiplicative_rates():
    """Even where the squares of its gradients' norms nearly leave float32."""
    for scale in (1e-12, 1e12):
        big = optax.chain(optax.scale(scale), hypergradient(0.02 / scale, 0.05, multiplicative=True))
        state, p = big.init(tree(START)), tree(START)
        for expected in by_hand(0.02, 0.05, True)[0][:10]:
            updates, state = big.update(gradient(p), state, p)
            p = optax.apply_updates(p, updates)
            np.testing.assert_allclose(state[1].learning_rate * scale, expected, rtol=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 3e38])
@pytest.mark.parametrize("multiplicative", [False, True])
def test_what_is_not_finite_leaves_the_rate_as_it_is(bad, multiplicative):
    optimizer, p = hypergradient(0.5, 0.25, multiplicative=multiplicative), jnp.asarray([1.0, 2.0])
    seen, state = [], optimizer.init(p)
    for g in (p, p * bad, p * bad, p, p):
        _, state = optimizer.update(g, state)
        seen.append(float(state.learning_rate))
    assert np.isfinite(seen).all() and seen[0] == 0.5
    if not (multiplicative and bad == 3e38):  # whose first two gradients are as parallel as any
        assert seen[1] == seen[2] == seen[3] == 0.5
    assert seen[4] > seen[3], "it goes on afterwards"


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.float16])
@pytest.mark.parametrize("inner", [None, "adam"])
def test_dtypes_are_fixed_and_updates_are_like_the_gradient(dtype, inner):
    optimizer = hypergradient(0.02, 3e-3, inner=inner and optax.scale_by_adam())
    p = tree(START, dtype)
    state = optimizer.init(p)
    updates, after = jax.jit(optimizer.update)(gradient(p), state, p)
    chex.assert_trees_all_equal_dtypes(updates, p)
    chex.assert_trees_all_equal_shapes_and_dtypes(state, after)
    assert after.learning_rate.dtype == jnp.float32 and after.count.dtype == jnp.int32
    assert not after.learning_rate.weak_type and not state.learning_rate.weak_type
    chex.assert_trees_all_equal_dtypes(after.direction, p)
    assert run(optimizer, p)[1].count == STEPS


def test_a_gradient_of_another_dtype_than_the_parameters_keeps_both():
    p, g = jnp.ones(3, jnp.bfloat16), jnp.ones(3, jnp.float32)
    optimizer = hypergradient(0.5, 0.1)
    updates, state = optimizer.update(g, optimizer.init(p), p)
    assert updates.dtype == jnp.float32 and state.direction.dtype == jnp.bfloat16


def test_products_add_up_in_float32():
    """In bfloat16 the sum would stand still at 256."""
    p = jnp.ones(100_000, jnp.bfloat16)
    optimizer = hypergradient(0.0, 1e-5)
    _, state = optimizer.update(p, optimizer.init(p))
    _, state = optimizer.update(p, state)
    np.testing.assert_allclose(state.learning_rate, 1.0, rtol=1e-6)


def test_complex_parameters_go_by_the_real_inner_product():
    z, w = jnp.asarray([1 + 2j]), jnp.asarray([3 - 1j])
    optimizer = hypergradient(0.0, 1.0)
    _, state = optimizer.update(z, optimizer.init(z))
    updates, state = optimizer.update(w, state)
    assert float(state.learning_rate) == 1.0  # 1 * 3 + 2 * -1
    assert updates.dtype == z.dtype


def test_x64_keeps_the_rate_float32_and_float64_updates():
    with x64():
        optimizer = hypergradient(0.1, 0.01)
        p = tree(START, jnp.float64)
        updates, state = optimizer.update(p, optimizer.init(p), p)
        chex.assert_trees_all_equal_dtypes(updates, p)
        assert (state.learning_rate.dtype, state.count.dtype) == (jnp.float32, jnp.int32)
        np.testing.assert_allclose(updates["a"], -np.float64(np.float32(0.1)) * START[:3], rtol=1e-15)


def test_strict_modes_and_jit_change_nothing():
    optimizer, p = hypergradient(0.02, 3e-3, multiplicative=True), tree(START)
    with strict():
        state = optimizer.init(p)
        eager = optimizer.update(gradient(p), state, p)
        jitted = jax.jit(optimizer.update)(gradient(p), state, p)
    chex.assert_trees_all_close(eager, jitted, rtol=1e-6)


@pytest.mark.parametrize("multiplicative", [False, True])
def test_a_sweep_is_one_program(multiplicative):
    chex.clear_trace_counter()  # which counts by name

    @jax.jit
    @chex.assert_max_traces(1)
    def rates(start, rate, least, most):
        optimizer = hypergradient(start, rate, multiplicative=multiplicative, min_value=least, max_value=most)
        return run(optimizer, tree(START))[2][0]

    starts, steps, most = jnp.asarray([0.01, 0.02, 0.1]), jnp.asarray([0.0, 3e-3, 1e-3]), jnp.asarray([1.0, 0.03, 9.0])
    seen = jax.vmap(rates)(starts, steps, starts / 2, most)
    for i in range(3):
        expected = by_hand(*(float(x[i]) for x in (starts, steps)), multiplicative, False, starts[i] / 2, most[i])[0]
        np.testing.assert_allclose(seen[i], expected, rtol=1e-4)


def test_in_a_chain_under_multisteps_and_by_the_names_of_the_bridge():
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), hypergradient(0.5, 0.1, inner=optax.scale_by_adam()))
    optimizer = optax.MultiSteps(optimizer, every_k_schedule=2)
    p = tree(START)
    state = optimizer.init(p)
    for _ in range(4):
        updates, state = optimizer.update(gradient(p), state, p)
        p = optax.apply_updates(p, updates)
    assert state.inner_opt_state[1].count == 2
    rate = js.last_used(state)["learning_rate"]
    assert rate == state.inner_opt_state[1].learning_rate > 0.5
    state = js.override(state, learning_rate=0.25)
    assert js.last_used(state) == {"learning_rate": 0.25}
    for _ in range(2):
        _, state = optimizer.update(gradient(p), state, p)
    assert 0 < abs(js.last_used(state)["learning_rate"] - 0.25) < 0.1, "it goes on from there"


def test_extra_arguments_reach_the_inner_transformation():
    def update(updates, state, params=None, *, value, **extra):
        return jax.tree.map(lambda g: g * value, updates), state

    inner = optax.GradientTransformationExtraArgs(lambda params: (), update)
    optimizer = hypergradient(0.5, 0.0, inner=inner)
    updates, _ = optimizer.update(jnp.ones(2), optimizer.init(jnp.ones(2)), value=3.0, loss=1.0)
    np.testing.assert_array_equal(updates, -1.5)


def test_traced_numbers_of_the_inner_transformation_are_fine():
    def rate(decay):
        return run(hypergradient(0.01, 1e-3, inner=optax.trace(decay)), tree(START))[2][0][-1]

    seen = jax.vmap(rate)(jnp.asarray([0.0, 0.9]))
    assert seen[0] != seen[1]


@pytest.mark.parametrize(
    ("error", "match", "arguments"),
    [
        (ValueError, "`start` must not be negative: got -1", dict(start=-1)),
        (ValueError, "`start` must be greater than 0", dict(start=0, multiplicative=True)),
        (ValueError, "`start` must be finite", dict(start=np.nan)),
        (TypeError, "`start` must be a number", dict(start="0.1")),
        (TypeError, "`start` must be a number", dict(start=js.Constant(0.1))),
        (TypeError, r"`start` must be a number: got \[1.0, 1.0\].*grid", dict(start=jnp.ones(2))),
        (ValueError, "`rate` must not be negative", dict(rate=-1e-3)),
        (ValueError, "`min_value` must not be negative", dict(min_value=-0.1)),
        (ValueError, "`min_value` must not exceed `start`: got 0.2 and 0.1. Start between", dict(min_value=0.2)),
        (ValueError, "`start` must not exceed `max_value`", dict(max_value=0.05)),
        (TypeError, "`multiplicative` must be True or False: got 1", dict(multiplicative=1)),
        (TypeError, "`inner` must be an optax transformation .* Pass `optax.scale_by_adam", dict(inner=optax.adam)),
        (
            ValueError,
            "`inner` must give a direction to descend .* in place of `optax.adam",
            dict(inner=optax.adam(0.1)),
        ),
        (ValueError, "`inner` must give a direction", dict(inner=optax.sgd(0.1, momentum=0.9))),
    ],
)
def test_what_is_wrong_is_refused_by_name(error, match, arguments):
    with pytest.raises(error, match=match):
        hypergradient(**{"start": 0.1, "rate": 1e-3, **arguments})


@pytest.mark.parametrize(
    "inner",
    [optax.scale_by_lion(), optax.trace(0.9), optax.add_noise(1.0, 0.5, 0), optax.masked(optax.ema(0.9), {"a": True})],
)
def test_directions_of_all_kinds_are_taken(inner):
    assert hypergradient(0.1, 1e-3, inner=inner)
