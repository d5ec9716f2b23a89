"""The test of stationarity against its equations in float64, and where it fires on noisy parabolas."""

import functools
import inspect
import math
import statistics

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import relaxed as relaxed  # optax's own code does not run in JAX's strict modes
from support.bridge import strict, x64
from support.short import exhaustive

import jaxsched as js
from jaxsched import reduce_on_stationarity

SIZE = 200


def descend(optimizer, key, steps, rate, far, curvature=1.0):
    """Losses, rates and cuts of descent on a parabola about 1, from `far` stationary deviations away, with noise."""
    first, key = jax.random.split(key)
    deviation = jnp.sqrt(rate / 2 / curvature)
    p = 1.0 + far * deviation * jnp.sign(jax.random.normal(first, (SIZE,)))

    def update(carry, key):
        p, state = carry
        g = curvature * (p - 1.0) + jax.random.normal(key, (SIZE,))
        updates, state = optimizer.update(g, state, p)
        seen = jnp.sum(curvature * (p - 1.0) ** 2) / 2, state.learning_rate, state.events.reduced
        return (p + updates, state), seen

    return jax.lax.scan(update, (p, optimizer.init(p)), jax.random.split(key, steps))[1]


def many(make, steps, rate, far=10.0, curvature=1.0, runs=64):
    keys = jax.random.split(jax.random.key(0), runs)
    run = jax.jit(jax.vmap(lambda key: descend(make(), key, steps, rate, far, curvature)))
    return [np.asarray(x) for x in run(keys)]


def first_cuts(cuts):
    return np.where(cuts.any(1), np.argmax(cuts, 1), -1)


CASES = {
    "descent": (dict(schedule=0.1), 0.1, 10.0, 1.0, 4000),
    "from afar": (dict(schedule=0.1), 0.1, 1000.0, 1.0, 8000),
    "momentum": (dict(schedule=0.01, inner=optax.trace(0.9), tolerance=1.9), 0.1, 10.0, 1.0, 4000),
    "many curvatures": (dict(schedule=0.1), 0.1, 10.0, np.geomspace(0.05, 1, SIZE).astype(np.float32), 8000),
}


@exhaustive
@pytest.mark.parametrize("name", CASES)
def test_it_fires_once_stationary_and_not_before(name):
    """In 64 runs: no false alarm, every run is cut, and the loss is lower by the factor afterwards."""
    arguments, rate, far, curvature, steps = CASES[name]
    losses, rates, cuts = many(lambda: reduce_on_stationarity(**arguments), steps, rate, far, curvature)
    stationary = rate * SIZE / 4
    first = first_cuts(cuts)
    reached = np.argmax(losses.mean(0) < 1.05 * stationary)
    assert 0 < reached < 500
    assert (first > reached).all(), "a cut while the loss was falling, or none"
    assert cuts.sum(1).max() <= 2
    later = losses[:, -200:].mean(1)
    after = rates[:, -1] / rates[:, 0]
    np.testing.assert_allclose(later / stationary, after, rtol=0.3)
    assert later.max() < 0.3 * losses[np.arange(64)[:, None], first[:, None] - np.arange(200)].mean(1).min()


@exhaustive
def test_there_is_no_false_alarm_on_a_long_way():
    """Half of the coordinates fall for more than 10,000 steps, while the others are stationary."""
    curvature = np.where(np.arange(SIZE) < SIZE // 2, 1.0, 2e-3).astype(np.float32)
    losses, _, cuts = many(lambda: reduce_on_stationarity(0.1), 16_000, 0.1, 10.0, curvature, runs=32)
    falling = losses.mean(0) > 1.5 * 0.1 * SIZE / 4
    assert 10_000 < falling.sum() < 15_000
    assert not cuts[:, falling].any()


def test_without_noise_it_never_fires():
    optimizer = reduce_on_stationarity(0.1, window=5)
    p = jnp.asarray([1.0, -3.0])
    state = optimizer.init(p)

    def update(carry, _):
        p, state = carry
        updates, state = optimizer.update(p, state, p)
        return (p + updates, state), state.cuts

    assert jax.lax.scan(update, (p, state), None, length=400)[1][-1] == 0


# What follows needs no descent: parameters, directions and the rate decide about each test alone.


def by_hand(x, d, start, window, tolerance, confidence, begin=0, factor=0.1):
    """The steps after which the test fires, and all sizes of batches, in float64."""
    fires, sizes, size, block = [], [], window, []
    normal = statistics.NormalDist().inv_cdf((1 + confidence) / 2)
    n = 15
    student = normal + (normal**3 + normal) / 4 / n + (5 * normal**5 + 16 * normal**3 + 3 * normal) / 96 / n**2
    cuts = 0
    for k in range(len(x)):
        if k >= begin:
            rate = start * factor**cuts
            energy = rate / 2 * d[k] @ d[k]
            block.append((x[k] @ d[k] - energy, energy))
        if len(block) == 16 * size:
            values, energies = np.array(block).T
            means = values.reshape(16, size).mean(1)
            width = student * means.std(ddof=1) / 4
            margin = tolerance * energies.mean()
            if abs(means.mean()) + width < margin:
                fires.append(k)
                cuts, size = cuts + 1, window
            elif abs(means.mean()) - width <= margin:
                size *= 2
            block = []
        sizes.append(size)
    return fires, sizes


@functools.lru_cache
def walk(steps=3000, drift=0.1, seed=1):
    """Parameters and directions whose statistic drifts less and less."""
    rng = np.random.default_rng(seed)
    d = rng.normal(size=(steps, 5)).astype(np.float32)
    x = (0.05 + drift * np.exp(-np.arange(steps) / 300))[:, None] * d + 0.1 * rng.normal(size=(steps, 5))
    return x.astype(np.float32), d


@pytest.mark.parametrize(
    ("window", "tolerance", "confidence", "begin"),
    [(4, 0.2, 0.8, 0), (4, 0.6, 0.5, 0), (7, 0.4, 0.9, 100), (1, 0.3, 0.0, 0), (20, 0.3, 0.99, 1)],
)
def test_cuts_and_batches_are_those_of_the_equations(window, tolerance, confidence, begin):
    x, d = walk()
    schedule = js.Constant(0.1)
    optimizer = reduce_on_stationarity(schedule, window=window, tolerance=tolerance, confidence=confidence, begin=begin)

    def update(state, xd):
        _, state = optimizer.update(xd[1], state, xd[0])
        return state, (state.events.reduced, state.sample.size, state.learning_rate)

    state, (reduced, sizes, rates) = jax.lax.scan(update, optimizer.init(jnp.asarray(x[0])), (x, d))
    fires, expected = by_hand(x.astype(float), d.astype(float), 0.1, window, tolerance, confidence, begin)
    assert np.flatnonzero(reduced).tolist() == fires
    np.testing.assert_array_equal(sizes, expected)
    cuts = np.concatenate([[0], np.cumsum(reduced)[:-1]])
    np.testing.assert_allclose(rates, 0.1 * 0.1**cuts, rtol=1e-6)
    assert state.cuts == len(fires)
    if tolerance >= 0.4:
        assert fires, "the example must move"


def test_many_close_decisions_are_those_of_the_equations():
    """Some thousand tests, of which many are decided by a hair."""
    walks = [walk(2000, 0.05, seed) for seed in range(30)]
    x, d = (np.stack(both) for both in zip(*walks, strict=True))
    optimizer = reduce_on_stationarity(0.1, 0.9, window=1, tolerance=0.8, confidence=0.5)

    def cuts(x, d):
        step = lambda state, xd: (optimizer.update(xd[1], state, xd[0])[1],) * 2  # noqa: E731
        return jax.lax.scan(step, optimizer.init(x[0]), (x, d))[1].events.reduced

    seen = np.asarray(jax.jit(jax.vmap(cuts))(x, d))
    expected = [by_hand(*map(np.float64, both), 0.1, 1, 0.8, 0.5, 0, 0.9)[0] for both in walks]
    assert [np.flatnonzero(each).tolist() for each in seen] == expected
    assert sum(map(len, expected)) > 150


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95, 0.99])
def test_the_quantile_is_students(confidence):
    """By the integral of its density with 15 degrees of freedom. It has no public name: what the optimizer calls."""
    quantile = inspect.unwrap(reduce_on_stationarity).__globals__["_quantile"]
    t = np.linspace(0, float(quantile(confidence)), 100_001)
    density = (1 + t**2 / 15) ** -8 * math.gamma(8) / math.gamma(7.5) / math.sqrt(15 * math.pi)
    np.testing.assert_allclose(np.sum((density[1:] + density[:-1]) * np.diff(t)), confidence, atol=1e-4)


def test_a_floor_stops_it_and_the_events_say_so():
    optimizer = reduce_on_stationarity(0.5, 0.1, window=1, tolerance=10.0, min_value=0.02)
    d = jnp.ones(2)
    x = d * 0.01
    state, seen = optimizer.init(x), []
    for _ in range(64):
        _, state = jax.jit(optimizer.update)(d, state, x)
        seen.append([float(state.learning_rate), *(bool(e) for e in state.events)])
    rates, reduced = [s[0] for s in seen], [s[2] for s in seen]
    np.testing.assert_allclose(rates, [0.5] * 16 + [0.05] * 16 + [0.02] * 32, rtol=1e-6)
    assert np.flatnonzero(reduced).tolist() == [15, 31]
    assert [s[5] for s in seen] == [False] * 31 + [True] * 33, "at its floor"
    assert [s[6] for s in seen] == [False] * 47 + [True] * 17, "stopped, for good"
    assert not any(s[1] or s[3] or s[4] for s in seen)


def test_the_value_is_the_schedules_times_the_scale():
    schedule = js.warmup(js.Constant(0.2), 4)
    optimizer = reduce_on_stationarity(schedule, 0.5, window=1, tolerance=10.0, begin=4)
    d = jnp.ones(2)
    state = optimizer.init(d)
    assert state.learning_rate == schedule(0)
    for k in range(24):
        updates, state = optimizer.update(d, state, d * 0.01)
        np.testing.assert_allclose(state.learning_rate, schedule(k) * 0.5 ** (k >= 20), rtol=1e-6)
        np.testing.assert_array_equal(updates, -state.learning_rate * d)
    assert js.last_used(state)["learning_rate"] == state.learning_rate
    assert js.events(state)["learning_rate"].reduced == state.events.reduced


def test_steps_that_are_not_finite_are_not_looked_at():
    optimizer, d = reduce_on_stationarity(0.5, window=1, tolerance=10.0), jnp.ones(2)
    state = optimizer.init(d)
    for k in range(18):
        g = d * (np.nan if k == 3 else np.inf if k == 7 else 1.0)
        _, state = optimizer.update(g, state, d * 0.01)
        assert bool(state.events.reduced) == (k == 17)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("inner", [pytest.param(None, marks=exhaustive), optax.scale_by_adam()], ids=["sgd", "adam"])
def test_dtypes_are_fixed_and_updates_are_like_the_gradient(dtype, inner):
    optimizer = reduce_on_stationarity(js.Cosine(0.1, 0.01, steps=5), inner=inner)
    p = {"a": jnp.ones(3, dtype), "b": jnp.ones((), dtype)}
    state = optimizer.init(p)
    updates, after = jax.jit(optimizer.update)(p, state, p)
    chex.assert_trees_all_equal_shapes_and_dtypes(updates, p)
    chex.assert_trees_all_equal_shapes_and_dtypes(state, after)
    dtypes = {x.dtype for x in jax.tree.leaves(after._replace(inner_state=()))}
    assert dtypes == {jnp.dtype(jnp.float32), jnp.dtype(jnp.int32)}
    assert not any(x.weak_type for x in jax.tree.leaves((state, after)))


def test_x64_strict_modes_and_jit_change_no_dtype_and_no_decision():
    x, d = walk()
    arguments = dict(window=4, tolerance=0.6, confidence=0.5)

    def cuts(dtype):
        optimizer = reduce_on_stationarity(0.1, **arguments)
        data = jnp.asarray(x, dtype), jnp.asarray(d, dtype)
        step = lambda state, xd: (optimizer.update(xd[1], state, xd[0])[1], state.cuts)  # noqa: E731
        return jax.lax.scan(step, optimizer.init(data[0][0]), data)

    state, plain = cuts(jnp.float32)
    assert plain[-1] > 0
    with strict():
        chex.assert_trees_all_equal(cuts(jnp.float32)[1], plain)
    with x64():
        wide, other = cuts(jnp.float64)
        chex.assert_trees_all_equal_shapes_and_dtypes(wide, state)
        np.testing.assert_array_equal(other, plain)


def test_a_sweep_is_one_program():
    chex.clear_trace_counter()
    x, d = walk()

    @jax.jit
    @chex.assert_max_traces(1)
    def rates(start, factor, window, tolerance, confidence):
        optimizer = reduce_on_stationarity(start, factor, window=window, tolerance=tolerance, confidence=confidence)
        step = lambda state, xd: (optimizer.update(xd[1], state, xd[0])[1],) * 2  # noqa: E731
        return jax.lax.scan(step, optimizer.init(jnp.asarray(x[0])), (x, d))[1].learning_rate

    numbers = [[0.1, 0.1, 0.2], [0.1, 0.1, 0.1], [4, 7, 4], [0.6, 0.4, 0.6], [0.5, 0.9, 0.5]]
    seen = jax.vmap(rates)(*map(jnp.asarray, numbers))
    for i, (start, factor, window, tolerance, confidence) in enumerate(zip(*numbers, strict=True)):
        fires, _ = by_hand(x.astype(float), d.astype(float), start, window, tolerance, confidence, 0, factor)
        cuts = np.array([sum(k > fire for fire in fires) for k in range(len(x))])
        assert fires
        np.testing.assert_allclose(seen[i], start * factor**cuts, rtol=1e-5)


@pytest.mark.parametrize(
    ("error", "match", "arguments"),
    [
        (TypeError, "`schedule` must be a pure schedule: got a Recover", dict(schedule=js.recover(0.1))),
        (TypeError, "`schedule` must be a schedule", dict(schedule="0.1")),
        (ValueError, "`factor` must lie between 0 and 1, exclusive: got 1.0", dict(factor=1.0)),
        (TypeError, "`factor` must be a number", dict(factor=np.array([0.1, 0.2]))),
        (ValueError, "`window` must be at least 1: got 0", dict(window=0)),
        (ValueError, "`window` must be a whole number", dict(window=2.5)),
        (ValueError, "`tolerance` must be greater than 0", dict(tolerance=0)),
        (ValueError, "`confidence` must lie between 0 and below 1: got 1", dict(confidence=1)),
        (ValueError, "`min_value` must not be negative", dict(min_value=-1e-3)),
        (ValueError, "`begin` must not be negative", dict(begin=-1)),
        (ValueError, "`inner` must give a direction", dict(inner=optax.sgd(0.1))),
        (TypeError, "`inner` must be an optax transformation", dict(inner=0.9)),
    ],
)
def test_what_is_wrong_is_refused_by_name(error, match, arguments):
    with pytest.raises(error, match=match):
        reduce_on_stationarity(**{"schedule": 0.1, **arguments})


def test_parameters_are_needed():
    optimizer = reduce_on_stationarity(0.1)
    with pytest.raises(ValueError, match=r"`params` must be given.*update\(updates, state, params\)"):
        optimizer.update(jnp.ones(2), optimizer.init(jnp.ones(2)))
