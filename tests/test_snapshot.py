"""An optimizer's state as stored and taken up again: `snapshot` and `restore`, pickles and copies."""

import copy
import functools
import json
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import advance, avals, params, rates, relaxed, same_bits, shared_buffers, used
from support.short import exhaustive, parametrize

import jaxsched as js

assert relaxed  # the fixture of this module

LR = js.warmup(js.Cosine(0.1, 0.01, steps=6), 3, start=0.02)
CONTROLLERS = {
    "plateau": js.reduce_on_plateau(LR, 0.5, 1),
    "plateau_of_means": js.reduce_on_plateau(LR, 0.5, 1, every=2, smoothing=0.5),
    "greedy": js.greedy(LR, 0.5, 1, window=3),
    "recover": js.recover(LR, warmup=2),
    "plateau_of_window": js.reduce_on_plateau(LR, 0.5, 1, criterion="window", window=3),
    "target": js.hold_target(LR, 0.7, low=0.01, high=0.9, every=2),
    "none": LR,
}
METRICS = (1.0, 2.0, float("nan"), 3.0, 4.0, float("inf"), 5.0, 0.5)


def optimizer_of(rate):
    """Everything at once: groups, a hyperparameter that is no rate, gathered batches."""
    groups = js.by_group({"body": rate, "head": js.Linear(0.1, 0.0, steps=9)})
    return optax.MultiSteps(optax.chain(js.inject(optax.scale_by_adam)(b1=js.Linear(0.9, 0.5, steps=5)), groups), 2)


@functools.cache
def step_of(optimizer):
    def step(state, p, metric):
        state = js.observe(state, value=metric) if js.events(state) else state
        state = advance(optimizer, state, p)
        return state, (js.last_used(state), js.events(state))

    return jax.jit(step)


def run(optimizer, state, metrics, p):
    seen = []
    for metric in metrics:
        state, shown = step_of(optimizer)(state, p, metric)
        seen.append(shown)
    return state, seen


def through_arrays(saved, template):
    """What a checkpoint library does: it stores leaves, and puts them into a template's structure."""
    leaves = [np.asarray(x) for x in jax.tree.leaves(saved.state)]
    state = jax.tree.unflatten(jax.tree.structure(template.state), [jnp.asarray(x) for x in leaves])
    return js.states.Snapshot(state, json.loads(json.dumps(saved.schedules)))


@parametrize("rate", CONTROLLERS, ["plateau_of_means", "greedy", "none"])
@pytest.mark.parametrize("at", [pytest.param(0, marks=exhaustive), 5])
def test_a_restored_run_goes_on_to_the_bit(rate, at):
    rate = CONTROLLERS[rate]
    optimizer, p = optimizer_of(rate), params(jnp.bfloat16)
    whole, seen = run(optimizer, optimizer.init(p), METRICS, p)
    state, _ = run(optimizer, optimizer.init(p), METRICS[:at], p)

    again = optimizer_of(rate)
    fresh = again.init(p)
    restored, changes = js.restore(fresh, through_arrays(js.snapshot(state), js.snapshot(fresh)))
    assert changes == [] and avals(restored) == avals(state) and same_bits(restored, state)
    assert shared_buffers(restored) == 0
    after, rest = run(again, restored, METRICS[at:], p)
    assert same_bits(after, whole) and same_bits(rest, seen[at:])


@parametrize("rate", CONTROLLERS, ["plateau", "none"])
def test_a_pickled_or_copied_state_goes_on_to_the_bit(rate):
    optimizer, p = optimizer_of(CONTROLLERS[rate]), params()
    state, _ = run(optimizer, optimizer.init(p), METRICS[:4], p)
    whole = run(optimizer, state, METRICS[4:], p)
    for other in (pickle.loads(pickle.dumps(state)), copy.deepcopy(state), copy.copy(state)):
        assert avals(other) == avals(state) and same_bits(run(optimizer, other, METRICS[4:], p), whole)
    assert same_bits(pickle.loads(pickle.dumps(js.snapshot(state))), js.snapshot(state))


def test_a_snapshot_holds_arrays_and_json():
    optimizer = js.inject(optax.adamw)(js.reduce_on_plateau(LR), weight_decay=0.5)
    saved = js.snapshot(optimizer.init(params()))
    assert all(isinstance(x, jax.Array) for x in jax.tree.leaves(saved.state))
    assert json.loads(json.dumps(saved.schedules)) == saved.schedules
    schedule = js.from_dict(saved.schedules["learning_rate"])
    assert isinstance(schedule, js.nodes.ReduceOnPlateau) and schedule.schedule(4) == LR(4)
    assert js.from_dict(saved.schedules["weight_decay"])(0) == 0.5


def test_its_shape_is_that_of_no_schedule():
    """So a checkpoint of one can be read into the template of another."""
    kinds = (
        LR,
        0.1,
        js.nodes.Exponential(0.1, 0.5),
        js.nodes.Piecewise(values=[0.1, 0.2], boundaries=[3]),
        lambda k: 0.1,
    )
    shapes = [avals(js.snapshot(js.inject(optax.adamw)(kind).init(params())).state) for kind in kinds]
    assert all(shape == shapes[0] for shape in shapes)


def after_three(rate, metrics=(), **others):
    optimizer = js.inject(optax.adamw)(rate, **others)
    state = advance(optimizer, optimizer.init(params()), params(), 3)
    for metric in metrics:
        state = js.observe(state, value=metric)
    return state


CHANGES = {
    "a number": (js.Linear(1.0, 0.0, steps=10), js.Linear(1.0, 0.0, steps=20), ["learning_rate.steps: 10 -> 20"]),
    "two": (
        js.Linear(1.0, 0.0, steps=10),
        js.Linear(2.0, 0.0, steps=20),
        ["learning_rate.start: 1.0 -> 2.0", "learning_rate.steps: 10 -> 20"],
    ),
    "a kind": (js.Linear(1.0, 0.0, steps=10), js.Cosine(1.0, 0.0, steps=10), ["learning_rate: Linear -> Cosine"]),
    "inside": (
        js.warmup(js.Cosine(1.0, 0.0, steps=10), 3),
        js.warmup(js.Cosine(0.5, 0.0, steps=10), 3),
        ["learning_rate.schedule.start: 1.0 -> 0.5"],
    ),
    "a table": (
        js.nodes.Piecewise(values=[1.0, 0.5], boundaries=[3]),
        js.nodes.Piecewise(values=[1.0, 0.25], boundaries=[3]),
        ["learning_rate.values[1]: 0.5 -> 0.25"],
    ),
    "a longer table": (
        js.nodes.Piecewise(values=[1.0, 0.5], boundaries=[3]),
        js.nodes.Piecewise(values=[1.0, 0.5, 0.25], boundaries=[3, 6]),
        None,
    ),
    "nothing": (js.Linear(0.1, 0.0, steps=10), js.Linear(0.1, 0.0, steps=10), []),
}


@pytest.mark.parametrize("old, new, lines", CHANGES.values(), ids=CHANGES)
def test_restoring_under_another_schedule_says_what_changed(old, new, lines):
    saved, fresh = js.snapshot(after_three(old)), js.inject(optax.adamw)(new).init(params())
    state, changes = js.restore(fresh, saved)
    assert changes == lines if lines is not None else len(changes) == 2
    assert int(state.count) == 3 and avals(state) == avals(fresh)
    assert same_bits(state.inner_state, saved.state.inner_state)
    state = advance(js.inject(optax.adamw)(new), state, params())
    assert used(state)["learning_rate"] == pytest.approx(float(new(3)))


def test_a_controller_goes_on_under_other_numbers():
    """Its one bad observation is kept; the next one cuts, by the new factor."""
    saved = js.snapshot(after_three(js.reduce_on_plateau(1.0, 0.5, patience=1), (1.0, 2.0)))
    state, changes = js.restore(after_three(js.reduce_on_plateau(2.0, 0.25, patience=1)), saved)
    assert changes == ["learning_rate.schedule.value: 1.0 -> 2.0", "learning_rate.factor: 0.5 -> 0.25"]
    assert rates(state)["learning_rate"] == 2.0
    assert rates(js.observe(state, value=1.5))["learning_rate"] == pytest.approx(0.5)


ANEW = {
    "another kind": js.greedy(1.0, 0.5),
    "another state": js.reduce_on_plateau(1.0, 0.5, patience=1, every=2),
    "another direction": js.reduce_on_plateau(1.0, 0.5, patience=1, mode="max"),
}


@pytest.mark.parametrize("new", ANEW.values(), ids=ANEW)
def test_a_controller_that_cannot_go_on_begins_anew_and_says_so(new):
    saved = js.snapshot(after_three(js.reduce_on_plateau(1.0, 0.5, patience=1), (1.0, 2.0, 2.0)))
    state, changes = js.restore(js.inject(optax.adamw)(new).init(params()), saved)
    assert "learning_rate: the controller begins anew" in changes and int(state.count) == 3
    assert rates(state)["learning_rate"] == 1.0
    assert bool(js.events(js.observe(js.observe(state, value=3.0), value=3.0))["learning_rate"].improved) == (
        new is ANEW["another state"]
    )


@pytest.mark.parametrize("old, new", [(js.reduce_on_plateau(LR), LR), (LR, js.reduce_on_plateau(LR))])
def test_a_controller_that_comes_or_goes_is_a_change(old, new):
    saved = js.snapshot(after_three(old))
    state, changes = js.restore(js.inject(optax.adamw)(new).init(params()), saved)
    assert any("ReduceOnPlateau" in line and "->" in line for line in changes)
    assert avals(advance(js.inject(optax.adamw)(new), state, params())) == avals(state)
    assert bool(js.events(state)) == (new is not LR)


def test_what_was_set_by_hand_stays_set():
    state = js.override(after_three(LR), learning_rate=0.7)
    restored, changes = js.restore(after_three(js.Linear(1.0, 0.0, steps=5)), js.snapshot(state))
    assert rates(restored) == rates(state) and changes
    assert rates(js.override(restored, learning_rate=None))["learning_rate"] == pytest.approx(0.4)


def test_a_foreign_function_is_named_though_it_is_no_data():
    def mine(step):
        return 0.1 / (step + 1)

    saved = js.snapshot(after_three(mine))
    assert "mine" in json.dumps(saved.schedules)
    assert js.restore(after_three(mine), saved)[1] == []
    assert js.restore(after_three(LR), saved)[1] == ["learning_rate: Wrap -> Warmup"]
    assert js.restore(after_three(mine), js.snapshot(after_three(LR)))[1] == ["learning_rate: Warmup -> Wrap"]


def test_what_optax_keeps_by_itself_is_stored_as_it_is():
    optimizer = optax.chain(optax.inject_hyperparams(optax.adam)(LR), js.scale_by_learning_rate(LR))
    state = advance(optimizer, optimizer.init(params()), params(), 2)
    saved = js.snapshot(state)
    assert list(saved.schedules) == ["1/learning_rate"]
    assert same_bits(js.restore(optimizer.init(params()), saved)[0], state)


BAD = {
    "no such state": (lambda: js.snapshot(optax.adam(0.1).init(params())), "`opt_state` must hold a hyperparameter"),
    "another optimizer": (
        lambda: js.restore(after_three(0.1), js.snapshot(js.inject(optax.sgd)(0.1).init(params()))),
        "`saved` must be of this optimizer",
    ),
    "other parameters": (
        lambda: js.restore(js.inject(optax.adamw)(0.1).init({"w": jnp.ones(2)}), js.snapshot(after_three(0.1))),
        "`saved` must be of this optimizer",
    ),
}


@pytest.mark.parametrize("call, message", BAD.values(), ids=BAD)
def test_a_snapshot_of_another_optimizer_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


READERS = {
    "current": js.current,
    "last_used": js.last_used,
    "events": js.events,
    "observe": lambda state: js.observe(state, value=1.0),
    "override": lambda state: js.override(state, learning_rate=0.5),
    "replace_schedule": lambda state: js.replace_schedule(state, learning_rate=0.5),
    "snapshot": js.snapshot,
    "restore": lambda state: js.restore(state, js.inject(optax.sgd)(LR).init(params())),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("part", [lambda saved: saved, lambda saved: [saved.state]], ids=["whole", "state"])
def test_a_snapshot_in_the_place_of_a_state_is_refused_with_the_remedy(read, part):
    saved = js.snapshot(js.inject(optax.sgd)(js.reduce_on_plateau(LR)).init(params()))
    with pytest.raises(
        ValueError, match=r"`opt_state` must hold its schedules: got what `snapshot` .*jaxsched\.restore"
    ):
        read(part(saved))


def test_an_update_of_a_snapshot_is_refused_with_the_remedy():
    optimizer = js.inject(optax.sgd)(LR)
    saved = js.snapshot(optimizer.init(params()))
    with pytest.raises(
        TypeError, match=r"`state` must hold its schedules: got that of a `snapshot`.*jaxsched\.restore"
    ):
        optimizer.update(params(), saved.state)
