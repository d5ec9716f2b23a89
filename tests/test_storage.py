"""Libraries that store trees: flax, msgpack, Orbax, Equinox, pickle, cloudpickle, copies; every state and schedule."""

import functools
import importlib.util
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import avals, counted, params, relaxed, same_bits
from support.controllers_zoo import BY_NAME, CONTROLLERS, FEW
from support.short import exhaustive, parametrize
from support.stores import OF_CODE, ON_DISK, STORES, by_cloudpickle, by_copy, by_flax, by_pickle
from support.zoo import GROUP, ONE_OF_EACH_NAME, ZOO, nodes

import jaxsched as js
from jaxsched._core import node, statedict

serialization = pytest.importorskip("flax.serialization")
train_state = pytest.importorskip("flax.training.train_state")

assert relaxed  # the fixture of this module


LR = js.warmup(js.join([js.Linear(0.1, 0.3, steps=4), js.exponential_decay(0.3, 0.9)], [4]), 2, start=0.05)
METRICS = (1.0, 2.0, 3.0, 0.5)


def halved(step):
    return 0.1 / (1 + step)


def groups():
    return js.by_group({"head": BY_NAME["greedy-window"].make(), "body/": js.warmup_inverse_sqrt(0.1, 2)})


OPTIMIZERS = {
    "inject": lambda: js.inject(optax.adam)(LR, b1=js.Linear(0.9, 0.8, steps=4)),
    "a function": lambda: js.inject(optax.sgd)(halved),
    "by_group": lambda: optax.chain(optax.scale_by_adam(), groups()),
    "groups of one kind": lambda: js.by_group(js.layerwise(BY_NAME["plateau-all"].make(), 0.5, ["body", "head"])),
    "scale_by_learning_rate": lambda: optax.chain(optax.scale_by_adam(), js.scale_by_learning_rate(LR)),
    "hypergradient": lambda: js.hypergradient(0.1, 0.01, inner=optax.scale_by_adam()),
    "stationarity": lambda: js.reduce_on_stationarity(LR, window=1),
    "MultiSteps": lambda: optax.MultiSteps(js.inject(optax.sgd)(LR), 2),
    "optax's": lambda: optax.inject_hyperparams(optax.sgd)(BY_NAME["plateau-all"].make()),
    **{x.name: functools.partial(lambda x: js.inject(optax.sgd)(x.alone()), x) for x in CONTROLLERS},
}
SHORT = [name for name in OPTIMIZERS if name not in BY_NAME and name not in ("a function", "scale_by_learning_rate")]


@functools.cache
def trained(name):
    """A train state after some updates, a fresh one, and the next update as one program."""
    optimizer, p = optax.with_extra_args_support(OPTIMIZERS[name]()), params()
    fresh = train_state.TrainState.create(apply_fn=None, params=p, tx=optimizer).replace(step=jnp.zeros((), jnp.int32))

    def step(state, value):
        updates, opt_state = optimizer.update(state.params, state.opt_state, state.params, value=value)
        moved = optax.apply_updates(state.params, updates)
        return state.replace(step=state.step + 1, params=moved, opt_state=opt_state)

    (step, traces), state = counted(step), fresh
    for metric in METRICS:
        state = step(state, metric)
    return state, fresh, step, traces


@parametrize("name", OPTIMIZERS, SHORT)
@pytest.mark.parametrize("store", STORES, ids=lambda store: store.__name__)
def test_a_run_goes_on_to_the_bit(store, name, tmp_path):
    state, fresh, step, traces = trained(name)
    if store in (by_pickle, by_cloudpickle, by_copy):  # which take the optimizer's functions too
        again = state.replace(opt_state=store(state.opt_state, None, tmp_path))
    else:
        again = store(state, fresh, tmp_path)
    assert avals(again.opt_state) == avals(state.opt_state) and same_bits(again, state)
    assert same_bits(step(again, 4.0), step(state, 4.0)) and len(traces) == 1


def is_code(entry):
    return any(isinstance(x, js.nodes.Wrap) for x in nodes(entry.make()))


@parametrize("entry", ZOO, ONE_OF_EACH_NAME, lambda entry: GROUP[entry.name])
def test_a_schedule_is_itself_again(entry, tmp_path):
    schedule = entry.make()
    emptied = jax.tree.map(lambda x: type(x)(0) if isinstance(x, (int, float)) else x * 0, schedule)
    for store in OF_CODE if is_code(entry) else STORES:
        again = store(schedule, emptied, tmp_path) if store not in ON_DISK else schedule
        assert jax.tree.structure(again) == jax.tree.structure(schedule), store.__name__
        assert again == schedule, store.__name__


def test_cloudpickle_stores_functions():
    """A new function with the same code."""
    again = by_cloudpickle(js.warmup(js.nodes.Wrap(lambda step: 0.1 / (1 + step)), 2), None, None)
    np.testing.assert_array_equal(again(np.arange(8)), js.warmup(js.nodes.Wrap(halved), 2)(np.arange(8)))


@pytest.mark.parametrize("store", ON_DISK, ids=lambda store: store.__name__)
@pytest.mark.parametrize("table", [ONE_OF_EACH_NAME, pytest.param(ZOO, marks=exhaustive)], ids=["short", "all"])
def test_orbax_stores_schedules(table, store, tmp_path):
    schedules = {entry.name.replace("/", "-"): entry.make() for entry in table}
    again = store(schedules, jax.tree.map(lambda x: x * 0, schedules), tmp_path)
    assert jax.tree.structure(again) == jax.tree.structure(schedules) and same_bits(again, schedules)


@pytest.mark.parametrize("store", STORES, ids=lambda store: store.__name__)
@pytest.mark.parametrize("table", [FEW, pytest.param(CONTROLLERS, marks=exhaustive)], ids=["short", "all"])
def test_controllers_and_their_states_are_themselves_again(table, store, tmp_path):
    """Kept beside an optimizer of any kind, without `inject`."""
    controllers = {example.name: jax.tree.map(jnp.asarray, example.make()) for example in table}
    fresh = {name: x.init() for name, x in controllers.items()}
    kept = controllers, jax.tree.map(lambda x: x + 1, fresh)
    again = store(kept, jax.tree.map(lambda x: x * 0, (controllers, fresh)), tmp_path)
    assert avals(again[1]) == avals(kept[1]) and jax.tree.structure(again) == jax.tree.structure(kept)
    assert same_bits(again, kept)


@parametrize("name", OPTIMIZERS, ["inject", "by_group"])
def test_cloudpickle_stores_the_train_state_with_its_optimizer(name):
    state, _, step, _ = trained(name)
    again = by_cloudpickle(state, None, None)
    _, opt_state = again.tx.update(again.params, again.opt_state, again.params, value=4.0)
    _, expected = state.tx.update(state.params, state.opt_state, state.params, value=4.0)
    assert avals(opt_state) == avals(expected) and same_bits(opt_state, expected)


@pytest.mark.parametrize("example", FEW, ids=str)
def test_a_state_dict_has_the_names_of_the_fields(example):
    controller = example.make()
    stored = serialization.to_state_dict(controller)
    inner = stored["controller"] if isinstance(controller, js.nodes.OverDevices) else stored
    assert {"schedule", "begin", "log_factor"} <= set(inner) and isinstance(inner["begin"], int)


def test_a_state_dict_of_another_schedule_is_refused_by_flax():
    stored = serialization.to_state_dict(js.Linear(1.0, 0.0, steps=3))
    with pytest.raises(ValueError, match="do not match"):
        serialization.from_state_dict(js.Cosine(1.0, 0.0, steps=3) + 1.0, stored)


def test_flax_may_be_imported_late(monkeypatch):
    """As in a program that imports it just before it stores: nothing of this package runs in between."""
    monkeypatch.delitem(sys.modules, "flax.serialization")
    monkeypatch.setattr("flax.serialization", serialization)  # which the import changes

    class Late(js.Schedule):
        value: js.Level

        def at(self, step):
            return self.value

    late = Late(0.5)
    assert importlib.util.find_spec("flax.serialization") and Late in statedict.WAITING  # found is not imported
    again = importlib.import_module("flax.serialization")
    assert again is not serialization and not statedict.WAITING and statedict.WATCH not in sys.meta_path
    assert again.to_state_dict(late) == {"value": 0.5} and again.from_state_dict(Late(0.0), {"value": 0.5}) == late


def test_a_state_of_numpy_s_arrays_is_changed_where_its_count_was_put():
    state, fresh, *_ = trained("inject")
    again, there = by_flax(state.opt_state, fresh.opt_state, None), jax.devices()[-1]
    put = again._replace(count=jax.device_put(again.count, there))
    changed = js.override(put, learning_rate=0.5)
    assert isinstance(again.slots["learning_rate"].mode, np.ndarray)
    assert float(js.current(changed)["learning_rate"]) == 0.5
    assert {x.sharding.device_set.copy().pop() for x in jax.tree.leaves(changed.slots["learning_rate"])} == {there}


def test_what_is_restored_may_not_be_written_to_either():
    state, fresh, *_ = trained("inject")
    again = by_flax(state, fresh, None)
    with pytest.raises(TypeError, match="`hyperparams` must not be written to"):
        again.opt_state.hyperparams["learning_rate"] = 0.1


# --- a class that a config library decorates


def test_a_decorated_class_is_stored_under_its_name_and_changes_no_registry():
    known = dict(node.KINDS)
    stored = js.to_dict(js.Cosine(1.0, 0.0, steps=10))
    decorated = type("Cosine", (js.Cosine,), {"__module__": "jaxsched"})  # as gin does
    assert {**known} == node.KINDS and decorated is not js.Cosine
    assert js.to_dict(js.Cosine(1.0, 0.0, steps=10)) == stored
    assert type(js.from_dict(stored)) is js.Cosine and js.from_dict(stored) == js.Cosine(1.0, 0.0, steps=10)
    state = js.inject(optax.sgd)(js.Cosine(1.0, 0.0, steps=10)).init(jnp.ones(2))
    assert js.snapshot(state).schedules["learning_rate"] == {**stored, "start": 1.0}
