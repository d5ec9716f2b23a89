"""What an observation does to every controller, and what it can never do."""

import chex
import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from support import controllers_zoo
from support.controllers_zoo import BY_NAME, FEW, LENGTH, NAN, ONE_OF_EACH, history, history_of
from support.precision import x64
from support.short import parametrize

import jaxsched as js

each = controllers_zoo.each()
one_of_each = controllers_zoo.each(ONE_OF_EACH)
few = parametrize("example", FEW)
CLOSE = 2e-6
LAST_STEP = 2**31 - 1


@few
def test_without_a_metric_only_the_clock_runs(example):
    controller = example.alone()
    state = jax.tree.map(lambda x: jnp.asarray(x[LENGTH // 2]), history_of(example).states)
    lasting = {"at_floor", "stopped", "observations"}
    kept = {name: int(x) * (name in lasting) for name, x in state.events._asdict().items()}
    unseen = {"value": 123.0, "observed": False}
    for after, steps in (
        (controller.update(state), 1),
        (controller.update(state, value=None), 1),
        (controller.update(state, **unseen), 1),
        (controller.update(state, **unseen, loss=1.0), 1),  # optax hands over all that it was given
        (controller.observe(state, **unseen), 0),
        (controller.observe(state, value=NAN, observed=np.False_), 0),
    ):
        chex.assert_trees_all_equal(after, state._replace(step=state.step + steps, flags=after.flags))
        assert {name: int(x) for name, x in after.events._asdict().items()} == kept


@few
def test_observing_is_updating_without_the_step(example):
    controller = example.alone()
    state = jax.tree.map(lambda x: jnp.asarray(x[10]), history_of(example).states)
    observed = controller.observe(state, value=1.0)
    chex.assert_trees_all_equal(
        observed._replace(step=observed.step + 1), controller.update(state, value=jnp.float32(1.0))
    )


@one_of_each
def test_a_begin_is_a_time_without_observations(example):
    begin = 9
    late = history(example.make(begin=begin), example.metrics)
    unseen = history(example.make(begin=0), example.metrics, np.arange(LENGTH) >= begin)
    chex.assert_trees_all_equal(late, unseen)


@pytest.mark.parametrize(
    "name", ["plateau-torch", "plateau-schedules", "plateau-all", "greedy-number", "greedy-window"]
)
def test_to_maximise_is_to_minimise_the_negative(name):
    example = BY_NAME[name]
    low, high = history_of(example), history(example.make(mode="max"), -example.metrics)
    chex.assert_trees_all_equal(low.values, high.values)
    chex.assert_trees_all_equal(low.states.events, high.states.events)
    chex.assert_trees_all_equal(low.states.best, -high.states.best)


def test_every_judges_means_of_so_many():
    """Whole windows only; what is bad spoils its own window alone."""
    example, every = BY_NAME["plateau-every"], 3
    metrics = example.metrics.copy()
    metrics[[4, 20]] = NAN
    got = history(example.make(begin=0), metrics).states
    windows = metrics.reshape(-1, every).mean(1, dtype=np.float64)
    want = history(example.make(begin=0, every=1), np.resize(windows, LENGTH)).states
    at = np.arange(every - 1, LENGTH, every)
    for name in ("cuts", "bad"):
        chex.assert_trees_all_equal(getattr(got, name)[at], getattr(want, name)[: len(at)])
    for name in set(got.events._fields) - {"observations"}:
        chex.assert_trees_all_equal(getattr(got.events, name)[at], getattr(want.events, name)[: len(at)])
    chex.assert_trees_all_close(got.best[at], want.best[: len(at)], rtol=CLOSE)
    assert (got.pending == np.arange(1, LENGTH + 1) % every).all()


def test_smoothing_is_a_bias_corrected_average():
    example = BY_NAME["plateau-smoothing"]
    for past in (0.5, 0.8, 0.99):
        states = history(example.make(smoothing=past), example.metrics).states
        m = weight = 0.0
        for t, x in enumerate(example.metrics.astype(np.float64)):
            if np.isfinite(x):
                m, weight = past * m + (1 - past) * x, past * weight + (1 - past)
            np.testing.assert_allclose(states.average[t], m / weight if weight else 0.0, rtol=1e-5)
            np.testing.assert_allclose(states.weight[t], weight, rtol=1e-5)


def test_a_step_too_small_for_the_state_is_no_improvement():
    """Under x64 neither: an average that improves by less than its best can hold would improve for ever."""
    made = BY_NAME["plateau-smoothing"].make(smoothing=0.9, rtol=0.0, patience=3)
    metrics = np.full(LENGTH, 0.3, np.float32)
    metrics[20:] = np.nextafter(metrics[0], np.float32(0))
    narrow = history(made, metrics)
    with x64():
        wide = history(made, metrics)
    assert narrow.states.events.improved.tolist() == [True] + (LENGTH - 1) * [False]
    chex.assert_trees_all_equal(np.asarray(wide.states.flags), np.asarray(narrow.states.flags))


@pytest.mark.parametrize("metrics", [[-1.0, -2.0, -1.9, -1.9], [1.0, 0.0, 0.0, 0.0], [1.0, -1.0, 0.5, -0.99]], ids=str)
def test_metrics_at_and_below_zero_plateau(metrics):
    """Where `best * (1 - rtol)` would lie on the wrong side, or nowhere."""
    example = BY_NAME["plateau-torch"]
    got = history(example.make(patience=1, rtol=0.05), [*metrics, *(LENGTH - 4) * metrics[-1:]])
    assert got.states.events.improved[:4].tolist() == [True, True, False, False]
    assert got.states.events.reduced[:4].tolist() == [False, False, False, True]
    better = history(example.make(patience=1, rtol=0.05), [*metrics[:2], metrics[1] - 0.2, *(LENGTH - 3) * [9.0]])
    assert better.states.events.improved[:3].all()


@pytest.mark.parametrize("metric", [0.3, 3, 0, -2], ids=str)
def test_a_metric_may_be_of_any_dtype(metric):
    controller = BY_NAME["plateau-torch"].make()
    wide = (np.float64, np.int64) if isinstance(metric, int) else (np.float64,)
    narrow = (np.float32, np.float16, jnp.bfloat16, *((np.int32, np.int8) if isinstance(metric, int) else ()))
    some = [metric, *(kind(metric) for kind in wide + narrow), *(jnp.asarray(metric, kind) for kind in narrow)]
    for value in some:
        best = controller.update(controller.init(), value=value).best
        assert best.dtype == jnp.float32 and best == np.float32(np.asarray(value)), value


@pytest.mark.parametrize("value", [2**31, -(2**40), np.int64(2**40), np.uint64(2**63), 10.0**30, np.float64(-1e300)])
def test_no_metric_is_too_large(value):
    controller = BY_NAME["plateau-torch"].make()
    want = np.clip(np.float64(value), np.finfo(np.float32).min, np.finfo(np.float32).max).astype(np.float32)
    assert controller.update(controller.init(), value=value).best == want


@few
def test_the_clock_stops_at_the_last_step(example):
    controller = example.alone()
    state = controller.init()._replace(step=jnp.int32(LAST_STEP - 1))
    for after in (controller.update(state), controller.update(state, value=1.0)):
        for again in (after, controller.update(after), controller.update(after, value=NAN)):
            assert int(again.step) == LAST_STEP
            assert np.isfinite(controller(again)) and controller(again) >= 0


whatever = settings(max_examples=25, derandomize=True, deadline=None)
sequences = st.lists(st.floats(width=32), min_size=LENGTH, max_size=LENGTH)
OPPOSITE = [3e38, -3e38, *(LENGTH - 2) * [1.0]]


@whatever
@given(sequences, st.sampled_from(["min", "max"]))
@hypothesis.example(OPPOSITE, "min")
def test_whatever_the_metric_a_plateau_only_cuts(metrics, mode):
    for name in ("torch", "paddle", "min_value", "schedules", "every", "smoothing"):
        example = BY_NAME[f"plateau-{name}"]
        values, states = jax.tree.map(np.asarray, history(example.make(mode=mode), metrics))
        base, floor = base_of(example), np.minimum(base_of(example), example.arguments.get("min_value", 0.0))
        assert (values <= base * (1 + CLOSE)).all() and (values >= floor * (1 - CLOSE)).all()
        assert (np.diff(states.cuts) == np.asarray(states.events.reduced[1:])).all()
        best = states.best if mode == "min" else -states.best
        assert (best[1:] <= best[:-1]).all()
        chex.assert_tree_all_finite(states)


@whatever
@given(sequences, st.sampled_from(["min", "max"]))
@hypothesis.example(OPPOSITE, "min")
def test_whatever_the_metric_greedy_stays_between_its_bounds(metrics, mode):
    for name in ("number", "window", "reset", "schedules"):
        example = BY_NAME[f"greedy-{name}"]
        values, states = jax.tree.map(np.asarray, history(example.make(mode=mode), metrics))
        low, high = example.arguments.get("min_value", 0.0), example.arguments.get("max_value", 1.0)
        assert (values >= np.minimum(base_of(example), low) * (1 - CLOSE)).all()
        assert (values <= np.maximum(base_of(example), high) * (1 + CLOSE)).all()
        chex.assert_tree_all_finite(states)


@whatever
@given(sequences)
@hypothesis.example(OPPOSITE)
def test_whatever_the_loss_recover_never_raises_the_rate(metrics):
    example = BY_NAME["recover-schedules"]
    values, states = jax.tree.map(np.asarray, history(example.make(), metrics))
    assert (values <= base_of(example) * (1 + CLOSE)).all() and (values >= 0).all()
    assert (np.diff(states.cuts) == np.asarray(states.events.reduced[1:])).all()
    chex.assert_tree_all_finite(states)


def base_of(example):
    return np.asarray(js.as_schedule(example.schedule)(np.arange(LENGTH + 1)))
