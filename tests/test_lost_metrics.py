"""A metric that does not arrive: refused where it has another name, and counted where it has the right one."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import advance, loss, params, relaxed
from support.controllers_zoo import CONTROLLERS, FEW
from support.short import parametrize

import jaxsched as js

assert relaxed  # the fixture of this module

LOST = r"`{}` must be named `value` (.|\n)*optimizer.update\(..., value={}\)(.|\n)*`value=None`"


def plateau(rate=0.1):
    return js.reduce_on_plateau(rate, 0.5, patience=1)


WAITING = {
    "inject": lambda: js.inject(optax.adam)(plateau()),
    "another number": lambda: js.inject(optax.adamw)(0.1, weight_decay=plateau()),
    "inject in a chain": lambda: optax.chain(optax.clip(1.0), js.inject(optax.sgd)(plateau())),
    "scale_by_learning_rate": lambda: optax.chain(optax.scale_by_adam(), js.scale_by_learning_rate(plateau())),
    "by_group": lambda: js.by_group({"head": plateau(), "body": 0.1}),
    "MultiSteps": lambda: optax.MultiSteps(js.inject(optax.sgd)(plateau()), 2),
    "partition": lambda: optax.partition(
        {"a": js.inject(optax.sgd)(plateau()), "b": optax.sgd(0.1)}, {"body": "a", "head": "b"}
    ),
}


def updated(optimizer, jit=False, state=None, p=None, **extra):
    p = params() if p is None else p
    step = lambda state, extra: optimizer.update(p, state, p, **extra)[1]  # noqa: E731
    return (jax.jit(step) if jit else step)(optimizer.init(p) if state is None else state, extra)


@pytest.mark.parametrize("make", WAITING.values(), ids=WAITING)
def test_a_metric_under_another_name_is_refused_when_traced(make):
    optimizer = make()
    for name, metric in {"loss": 1.0, "metric": jnp.bfloat16(1.0), "val_loss": np.float64(1.0)}.items():
        with pytest.raises(TypeError, match=LOST.format(name, name)):
            jax.eval_shape(lambda x, name=name: updated(optimizer, **{name: x}), metric)
    with pytest.raises(TypeError, match=LOST.format("loss", "loss")):
        updated(optimizer, loss=1.0)


@pytest.mark.parametrize("make", WAITING.values(), ids=WAITING)
def test_what_a_user_may_do_stays(make):
    optimizer = make()
    for extra in (
        {},
        {"value": 1.0},
        {"value": 1.0, "loss": 1.0},
        {"value": None, "loss": 1.0},  # another part of the chain takes it
        {"step": 3, "epoch": jnp.int32(3)},
        {"batch": jnp.ones(3), "key": jax.random.key(0)},
        {"observed": False},
    ):
        jax.eval_shape(lambda extra=extra: updated(optimizer, **extra))
    updated(optimizer, value_fn=loss, metrics={"loss": 1.0})


def test_without_a_controller_nothing_is_refused():
    for optimizer in js.inject(optax.sgd)(0.1), js.scale_by_learning_rate(0.1), js.by_group({"": 0.1}):
        updated(optimizer, loss=1.0)


def test_a_controller_that_came_later_is_looked_at_too():
    optimizer = js.inject(optax.sgd)(0.1)
    state = js.replace_schedule(updated(optimizer, loss=1.0), learning_rate=plateau())
    with pytest.raises(TypeError, match=LOST.format("loss", "loss")):
        updated(optimizer, state=state, loss=1.0)


def scaled_by_loss(learning_rate):
    def update(updates, state, params=None, *, loss, **extra):
        return jax.tree.map(lambda g: g * loss, updates), state

    scaled = optax.GradientTransformationExtraArgs(optax.init_empty_state, update)
    return optax.chain(scaled, optax.sgd(learning_rate))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("jit", [False, True], ids=["eager", "jit"])
def test_what_the_transformation_inside_takes_is_handed_on(jit, dtype):
    """`optax.chain` does not say which keywords its parts take."""
    optimizer = js.inject(scaled_by_loss)(plateau())
    updated(optimizer, jit, p=params(dtype), loss=2.0)
    with pytest.raises(TypeError, match=LOST.format("metric", "metric")):
        updated(optimizer, jit, p=params(dtype), loss=2.0, metric=1.0)


def test_optax_s_own_keywords_are_handed_on():
    p = params()
    searched = js.inject(optax.lbfgs)(plateau())
    jax.eval_shape(lambda: searched.update(p, searched.init(p), p, value=loss(p), grad=p, value_fn=loss))
    updated(js.inject(optax.polyak_sgd)(max_learning_rate=plateau()), value=1.0)


# --- the count of observations


@pytest.mark.parametrize("make", WAITING.values(), ids=WAITING)
def test_events_count_the_observations(make):
    optimizer = make()

    def seen(state):
        (events,) = js.events(state).values()
        return int(events.observations)

    state = advance(optimizer, optimizer.init(params()), params(), 4)
    assert seen(state) == 0
    state = advance(optimizer, state, params(), 4, value=1.0)
    assert seen(state) == (2 if isinstance(optimizer, optax.MultiSteps) else 4)
    before, state = seen(state), js.observe(state, value=float("nan"))
    state = js.observe(state, value=2.0, observed=False)
    state = advance(optimizer, state, params(), 2)
    assert seen(state) == before + 1


@parametrize("example", CONTROLLERS, FEW)
def test_the_count_is_kept_by_all_that_changes_a_controller(example):
    optimizer = js.inject(optax.sgd)(example.alone())
    state, begin = optimizer.init(params()), int(example.arguments.get("begin", 0))
    state = advance(optimizer, state, params(), begin, value=1.0)
    assert int(js.events(state)["learning_rate"].observations) == 0
    for x in 1.0, 2.0, float("inf"):
        state = js.observe(state, value=x)
    changed = js.replace_schedule(js.override(state, learning_rate=0.5), learning_rate=example.alone())
    for each in (changed, js.restore(optimizer.init(params()), js.snapshot(state))[0]):
        assert int(js.events(each)["learning_rate"].observations) == 3


def test_the_count_stays_at_its_largest():
    most, controller = 2**24 - 1, plateau()
    state = controller.observe(controller.init(), value=1.0)
    full = state._replace(flags=state.flags | most << 6)
    after = controller.observe(full, value=0.5)
    assert int(full.events.observations) == int(after.events.observations) == most
    assert bool(after.events.improved) and not after.events.stopped and int(after.cuts) == 0
    assert int(controller.update(full).events.observations) == most


def test_a_test_for_stationarity_counts_the_updates_that_it_looked_at():
    optimizer = js.reduce_on_stationarity(0.1, begin=2)
    state = advance(optimizer, optimizer.init(params()), params(), 5)
    assert int(js.events(state)["learning_rate"].observations) == 3
