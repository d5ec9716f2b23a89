"""A schedule is data: printed, copied, pickled, stored as JSON, stacked, and the same afterwards."""

import copy
import itertools
import json
import pickle

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.precision import WIDTH
from support.short import parametrize
from support.zoo import GROUP, ONE_OF_EACH_NAME, ZOO, nodes
from support.zoo_ramps import Own
from support.zoo_simple import Mine

import jaxsched as js

NAMES = {**vars(js.nodes), "Mine": Mine, "Own": Own}


def is_code(entry) -> bool:
    """Whether there is a foreign function in it, which is no data."""
    return any(isinstance(node, js.nodes.Wrap) for node in nodes(entry.make()))


DATA = [entry for entry in ZOO if not is_code(entry)]
CODE = [entry for entry in ZOO if is_code(entry)]
SHORT = [entry for entry in ONE_OF_EACH_NAME if entry in DATA]
each = parametrize("entry", DATA, SHORT, lambda entry: GROUP[entry.name])

STEPS = np.resize(np.asarray([0, 1, 2, 3, 5, 7, 11, 12, 13, 23, 24, 1000], np.int32), WIDTH)


def check_same(one, two, to_the_bit=True):
    assert jax.tree.structure(one) == jax.tree.structure(two)
    assert repr(one) == repr(two)
    assert (one == two and hash(one) == hash(two)) or not to_the_bit
    chex.assert_trees_all_equal(one(STEPS), two(STEPS))


def stacked_of(entry):
    one = entry.make()
    leaves, structure = jax.tree.flatten(one)
    other = [leaf * 1 if np.asarray(leaf).dtype.kind != "f" else leaf * 0.5 for leaf in leaves]
    return js.stack([one, jax.tree.unflatten(structure, other)])


def test_few_examples_hold_code():
    assert 0 < len(CODE) < len(ZOO) / 8, [entry.name for entry in CODE]


@each
def test_repr_evaluates_to_the_same_schedule(entry):
    schedule = entry.make()
    check_same(eval(repr(schedule), NAMES), schedule)


@each
def test_pickle_and_copies_are_the_same_schedule(entry):
    schedule = entry.make()
    schedule(STEPS)  # what it compiled stays behind
    for again in (pickle.loads(pickle.dumps(schedule)), copy.deepcopy(schedule), copy.copy(schedule)):
        check_same(again, schedule)


@each
def test_json_is_the_same_schedule(entry):
    schedule = entry.make()
    text = json.dumps(js.to_dict(schedule), allow_nan=False)
    again = js.from_dict(json.loads(text))
    check_same(again, schedule)
    assert js.to_dict(again) == json.loads(text)


@pytest.mark.parametrize("entry", CODE, ids=str)
def test_code_is_refused_by_name(entry):
    with pytest.raises(TypeError, match=r"`schedule\S*\.fn` must be data"):
        js.to_dict(entry.make())
    assert "fn=" in repr(entry.make())


@each
def test_stack_and_unstack_are_inverse(entry):
    schedule = entry.make()
    other = jax.tree.map(lambda x: 2 * x, schedule)
    first, second, third = js.unstack(js.stack([schedule, schedule, other]))
    assert third == other
    for again in (first, second):
        check_same(again, schedule)


@each
def test_a_stacked_schedule_is_data_too(entry):
    stacked = stacked_of(entry)
    for again in (
        pickle.loads(pickle.dumps(stacked)),
        copy.deepcopy(stacked),
        js.from_dict(json.loads(json.dumps(js.to_dict(stacked)))),
    ):
        assert again == stacked and hash(again) == hash(stacked)
        assert repr(again) == repr(stacked)
        assert js.to_dict(again) == js.to_dict(stacked)
    printed = eval(repr(stacked), NAMES)  # lists of numbers: the dtypes of arrays are not in them
    assert jax.tree.structure(printed) == jax.tree.structure(stacked) and repr(printed) == repr(stacked)


@pytest.mark.parametrize(
    "schedule",
    [
        js.nodes.Exponential(jnp.float32(0.1), jnp.asarray(0.3), jnp.int32(7)),
        js.nodes.Piecewise(np.int32([3]), np.float32([0.1, 0.3])),
    ],
    ids=["scalars", "tables"],
)
def test_the_numbers_of_jax_arrays_survive(schedule):
    check_same(eval(repr(schedule), NAMES), schedule, to_the_bit=False)  # of Python's numbers
    for again in (js.from_dict(json.loads(json.dumps(js.to_dict(schedule)))), pickle.loads(pickle.dumps(schedule))):
        check_same(again, schedule)
    other = jax.tree.map(lambda x: 2 * x, schedule)
    first, second = js.unstack(js.stack([schedule, other]))
    check_same(first, schedule)
    check_same(second, other)


def test_grid_goes_over_the_last_axis_fastest():
    axes = {"start": [1.0, 2.0], "end": [0.0, 0.1, 0.2], "steps": [4, 8]}
    many = js.unstack(js.grid(js.Linear, **axes))
    assert [(m.start, m.end, m.steps) for m in many] == list(itertools.product(*axes.values()))


def test_a_user_s_class_is_stored_by_its_module_and_name():
    data = js.to_dict(js.delay(Mine(1e-3, 0.5), 3))
    assert data["schedule"]["kind"] == "support.zoo_simple.Mine"
    check_same(js.from_dict(data), js.delay(Mine(1e-3, 0.5), 3))


def test_a_user_s_class_of_one_of_our_names_does_not_replace_ours():
    type("Linear", (js.Schedule,), {"__annotations__": {"x": js.Numeric}, "at": lambda self, step: self.x})
    check_same(js.from_dict(js.to_dict(js.Linear(1.0, 0.0, steps=4))), js.Linear(1.0, 0.0, steps=4))


def test_from_dict_runs_no_code():
    for kind in ("os.system", "builtins.eval", "Wrap", "join", "Run", "__import__('os').getcwd()"):
        with pytest.raises(ValueError, match=r"`data(\['kind'\])?` must"):
            js.from_dict({"jaxsched": 1, "kind": kind, "fn": "print"})


def test_arrays_are_copied_and_read_only():
    values, boundaries = np.asarray([1.0, 0.5, 0.1]), np.asarray([4, 9])
    schedule = js.nodes.Piecewise(values=values, boundaries=boundaries)
    values[:], boundaries[:] = 7.0, 0
    np.testing.assert_array_equal(schedule([0, 4, 9]), np.float32([1.0, 0.5, 0.1]))
    for array in (schedule.values, schedule.boundaries):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 3
    with pytest.raises(ValueError, match="read-only"):
        js.Tabulated([1.0, 2.0]).values[0] = 3.0


def test_a_key_may_be_given_in_any_form():
    """An int is the seed of that key; a typed key and its words are the same key."""
    typed = jax.random.key(3)
    words = jax.random.key_data(typed)
    forms = [3, typed, words, np.asarray(words), words.tolist(), jax.random.PRNGKey(3)]
    values = [js.jitter(1.0, 0.1, key=key)(STEPS) for key in forms]
    for value in values[1:]:
        chex.assert_trees_all_equal(value, values[0])
    assert not np.array_equal(js.jitter(1.0, 0.1, key=4)(STEPS), values[0])
    for key in forms:
        schedule = js.jitter(1.0, 0.1, key=key)
        check_same(js.from_dict(js.to_dict(schedule)), schedule)
