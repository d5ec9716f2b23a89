"""States of several members or devices at once: what `jax.vmap` makes, and what `jax.pmap` loops replicate."""

from typing import Any

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import advance, params, relaxed

import jaxsched as js

assert relaxed  # the fixture of this module

LR = js.Linear(1.0, 0.0, steps=10)
SGD = js.inject(optax.sgd)


def plateau(schedule=LR, **numbers):
    return js.reduce_on_plateau(schedule, 0.5, patience=0, **numbers)


MEMBERS = jnp.asarray([0.25, 0.5, 2.0])


def swept(schedule=lambda peak: plateau(js.Linear(peak, 0.0, steps=10)), steps=2):
    """Three states in one, each of a peak of its own, after some steps."""
    make = lambda peak: advance(SGD(LR), SGD(schedule(peak)).init(params()), params(), steps)  # noqa: E731
    return jax.vmap(make)(MEMBERS)


CALLS = {
    "observe": lambda s: js.observe(js.observe(s, value=1.0), value=2.0),
    "override": lambda s: js.override(s, learning_rate=0.125),
    "give back": lambda s: js.override(js.override(s, learning_rate=0.125), learning_rate=None),
    "replace": lambda s: js.replace_schedule(s, learning_rate=plateau(js.Cosine(3.0, 0.0, steps=10))),
    "rebase": lambda s: js.replace_schedule(s, learning_rate=js.Cosine(3.0, 0.0, steps=10), rebase=True),
    "now": lambda s: js.replace_schedule(s, learning_rate=plateau(js.Cosine(3.0, 0.0, steps=10)), clock="now"),
    "stretch": lambda s: js.stretch_rest(s, 15),
    "current": js.current,
    "last used": js.last_used,
    "events": js.events,
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_mapped_state_is_answered_as_each_of_its_members(call):
    """A sweep, and what `jax.pmap` loops replicate."""
    for states in (swept(), jax.tree.map(lambda x: jnp.stack([x] * 3), SGD(plateau()).init(params()))):
        together, mapped = call(states), jax.vmap(call)(states)
        assert jax.tree.structure(together) == jax.tree.structure(mapped)
        chex.assert_trees_all_close(together, mapped, rtol=1e-6)


def test_each_member_of_a_mapped_state_has_a_metric():
    metrics = np.asarray([2.0, 0.5, np.nan])
    states = js.observe(js.observe(swept(), value=1.0), value=metrics)
    assert js.events(states)["learning_rate"].reduced.tolist() == [True, False, True]
    with pytest.raises(ValueError, match=r"`value` .* `count` has the shape \(3,\): got shape \(2,\).*jax\.vmap"):
        js.observe(states, value=np.ones(2))


def test_a_replicated_state_goes_on_in_its_step():
    """As many as there are devices, by a step that maps over them."""
    optimizer = SGD(plateau())
    states = jax.tree.map(lambda x: jnp.stack([x] * 4), optimizer.init(params()))
    step = jax.jit(jax.vmap(lambda s: optimizer.update(params(), s, params())[1]))
    states = step(js.replace_schedule(step(states), learning_rate=plateau(js.Cosine(0.5, 0.0, steps=10))))
    np.testing.assert_allclose(js.last_used(states)["learning_rate"], [js.Cosine(0.5, 0.0, steps=10)(1)] * 4, rtol=1e-6)


def test_a_state_that_is_mapped_in_part_is_refused_with_the_remedy():
    state: Any = SGD(plateau()).init(params())
    state = state._replace(count=jnp.zeros(4, jnp.int32))
    for call in (js.current, CALLS["observe"], CALLS["override"], CALLS["replace"]):
        with pytest.raises(ValueError, match=r"`opt_state` must be mapped as a whole.*jax\.vmap"):
            call(state)


def test_a_snapshot_of_a_mapped_state_is_restored_as_a_whole():
    states = js.override(swept(), learning_rate=0.125)
    again, changes = js.restore(swept(steps=0), js.snapshot(states))
    assert changes == []
    chex.assert_trees_all_equal(again, states)


def test_the_members_of_a_sweep_are_changed_under_vmap():
    """Each with a metric and a number of its own."""
    optimizer, p, numbers = SGD(plateau()), params(), jnp.asarray([0.25, 0.5, 2.0])
    states = jax.vmap(lambda peak: SGD(plateau(js.Linear(peak, 0.0, steps=10))).init(p))(numbers)
    observe = jax.jit(jax.vmap(lambda state, value: js.observe(state, value=value)))
    states = observe(observe(states, jnp.ones(3)), jnp.asarray([2.0, 0.5, float("nan")]))
    np.testing.assert_allclose(js.current(states)["learning_rate"], [0.125, 0.5, 1.0])
    states = jax.vmap(lambda state, x: js.override(state, learning_rate=x))(states, 10 * numbers)
    states = jax.jit(jax.vmap(lambda state: advance(optimizer, state, p)))(states)
    np.testing.assert_allclose(js.current(states)["learning_rate"], 10 * numbers)
    assert js.events(states)["learning_rate"].reduced.tolist() == [False] * 3  # at the update there was no metric
