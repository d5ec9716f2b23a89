"""The contracts that every controller keeps, each one test over the whole table."""

import copy
import inspect
import json
import pickle

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import controllers_zoo
from support.controllers_zoo import (
    BY_NAME,
    CONTROLLERS,
    FEW,
    LENGTH,
    ONE_OF_EACH,
    STRUCTURE,
    course,
    history,
    history_of,
    missing,
    public_controllers,
)
from support.precision import x64
from support.short import parametrize

import jaxsched as js

pytestmark = pytest.mark.optimised

each = controllers_zoo.each()
one_of_each = controllers_zoo.each(ONE_OF_EACH)
few = parametrize("example", FEW)
CLOSE = 2e-6


def check_same_history(got, want):
    """The same counts, bests and events; values up to what XLA rounds otherwise in another program."""
    chex.assert_trees_all_equal(jax.tree.map(whole, got.states), jax.tree.map(whole, want.states))
    chex.assert_trees_all_close(got, want, rtol=CLOSE, atol=1e-30)


def whole(x):
    return x if jnp.issubdtype(x.dtype, jnp.integer) else None


def test_every_public_controller_has_an_example():
    assert missing(CONTROLLERS, public_controllers()) == set()
    without = [example for example in CONTROLLERS if example.function is not js.recover]
    assert missing(without, public_controllers()) == {"recover", "Recover"}
    assert len(BY_NAME) == len(CONTROLLERS)


FLOATS = {"anchor", "average", "best", "clipped", "mean", "recent", "variance", "weight"}
"""What is no count in a state."""


def kinds_of(tree):
    return jax.tree.map(lambda x: (x.shape, x.dtype.name, x.weak_type), tree)


@parametrize("wide", [False, True], [True], ids=["x32", "x64"].__getitem__)
@one_of_each
def test_the_state_is_scalars_of_fixed_dtypes(example, wide):
    with x64() if wide else jax.numpy_dtype_promotion("strict"):
        controller = example.alone()
        state = controller.init()
        assert isinstance(state, tuple) and type(state)._fields[0] == "step" and isinstance(state, controller.State)
        kinds = kinds_of(state)
        for name, kind in kinds._asdict().items():
            shape = (example.arguments.get("window", 1),) if name == "recent" else ()
            assert kind is None or kind == (shape, "float32" if name in FLOATS else "int32", False), name
        for dtype in ("float32", "bfloat16", "float16", "int32", "uint8", "int8", *(["float64", "int64"] * wide)):
            value = jax.ShapeDtypeStruct((), dtype)
            observed = jax.ShapeDtypeStruct((), bool)
            for made in (controller.update, controller.observe):
                after = jax.eval_shape(lambda s, v, o, made=made: made(s, value=v, observed=o), state, value, observed)
                assert jax.tree.structure(after) == jax.tree.structure(state)
                assert kinds_of(after) == kinds
        assert kinds_of(jax.eval_shape(controller.update, state)) == kinds
        assert kinds_of(jax.eval_shape(controller, state)) == ((), "float64" if wide else "float32", False)
        assert kinds_of(state.events) == js.states.Events(*[((), "bool", False)] * 6, ((), "int32", False))


@one_of_each
def test_a_state_is_finite_and_equals_itself(example):
    """Before any metric, and after some that are not finite: a NaN in it would trip every check of the caller."""
    state = jax.tree.map(np.asarray, example.alone().init())
    chex.assert_tree_all_finite(state)
    broken = jnp.asarray([*[float("nan"), float("inf"), -float("inf"), 1.0] * (LENGTH // 4)], jnp.float32)
    for seen in (broken, broken[::-1]):
        states = history(example.make(), seen).states
        chex.assert_tree_all_finite(states)
        assert jax.tree.all(jax.tree.map(jnp.array_equal, states, states))


@jax.jit
def value_in(controller, state):
    return controller(state)


@jax.jit
def updated(controller, state, metric):
    return controller.update(state, value=metric)


@controllers_zoo.each(FEW)
def test_eager_is_scan(example):
    controller = example.alone()
    state = controller.init()
    values, states = [controller(state)], []
    for metric in example.metrics:
        state = controller.update(state, value=float(metric))
        values.append(controller(state))
        states.append(state)
    scanned = history(controller, example.metrics)
    check_same_history(type(scanned)(np.stack(values), jax.tree.map(lambda *x: np.stack(x), *states)), scanned)


@few
def test_eager_is_jit_bit_for_bit(example):
    controller = example.alone()
    for t in (3, 28):
        state = jax.tree.map(lambda x, t=t: jnp.asarray(x[t]), history_of(example).states)
        metric = example.metrics[t + 1]
        chex.assert_trees_all_equal(updated(controller, state, metric), controller.update(state, value=metric))
        chex.assert_trees_all_equal(value_in(controller, state), controller(state))


def perturbed(controller):
    """The controller as it is, and once with each number a little different."""
    leaves, structure = jax.tree.flatten(controller)
    numbers = [np.asarray(leaf) for leaf in leaves]
    changed = [n + np.ones_like(n) if n.dtype.kind in "iu" else n * np.asarray(1.25, n.dtype) for n in numbers]
    rows = [numbers, *([*numbers[:i], changed[i], *numbers[i + 1 :]] for i in range(len(numbers)))]
    return [jax.tree.unflatten(structure, row) for row in rows]


@jax.jit
def histories(many, metrics):
    return jax.vmap(lambda controller: course(controller, metrics, jnp.ones(LENGTH, bool)))(many)


@parametrize("example", FEW, [example for example in FEW if example.name != "plateau-devices"])
def test_every_number_maps(example):
    many = perturbed(example.make())
    got = histories(js.stack(many), example.metrics)
    want = [history(one, example.metrics) for one in many]
    check_same_history(got, jax.tree.map(lambda *x: jnp.stack(x), *want))


@parametrize("name", ["plateau-all", "greedy-all", "recover-all", "target-all"], ["plateau-all", "target-all"])
def test_numbers_may_be_traced_when_it_is_built(name):
    """Every argument from tracers under `vmap`: what each alone gives."""
    example = BY_NAME[name]
    rows = [example.numbers(), {k: x + (1 if isinstance(x, int) else 0.1 * x) for k, x in example.numbers().items()}]
    assert set(inspect.unwrap(example.function).__kwdefaults__) - set(rows[0]) <= set(STRUCTURE)
    stacked = {k: np.asarray([row[k] for row in rows]) for k in rows[0]}
    run = jax.vmap(lambda numbers: course(example.make(**numbers), example.metrics, np.ones(LENGTH, bool)))
    want = [history(example.make(**row), example.metrics) for row in rows]
    check_same_history(jax.jit(run)(stacked), jax.tree.map(lambda *x: jnp.stack(x), *want))


def test_a_sweep_is_one_trace():
    @jax.jit
    @chex.assert_max_traces(n=1)
    def sweep(many):
        return jax.vmap(lambda controller: course(controller, example.metrics, np.ones(LENGTH, bool)).values)(many)

    example = BY_NAME["plateau-torch"]
    one = lambda factor, patience: example.make(factor=factor, patience=patience)  # noqa: E731
    got = sweep(js.grid(one, factor=[0.1, 0.5], patience=[0, 3]))
    sweep(js.grid(one, factor=[0.2, 0.7], patience=[1, 9]))
    alone = [history(one(factor, patience), example.metrics).values for factor in (0.1, 0.5) for patience in (0, 3)]
    chex.assert_trees_all_close(got, jnp.stack(alone), rtol=CLOSE)


@few
def test_x64_decides_alike(example):
    want = history_of(example)
    with x64():
        got = history(example.make(), example.metrics)
        assert got.values.dtype == jnp.float64
    got = jax.tree.map(np.asarray, got)
    chex.assert_trees_all_equal(jax.tree.map(whole, got.states), jax.tree.map(whole, want.states))
    np.testing.assert_allclose(got.values, want.values, rtol=1e-5)


@each
def test_it_is_data(example):
    controller = example.make()
    stored = json.loads(json.dumps(js.to_dict(controller), allow_nan=False))
    ways = {
        "repr": eval(repr(controller), vars(js.nodes).copy()),
        "pickle": pickle.loads(pickle.dumps(controller)),
        "copy": copy.copy(controller),
        "deepcopy": copy.deepcopy(controller),
        "json": js.from_dict(stored),
        "unstack": js.unstack(js.stack([example.make(begin=9), controller]))[1],
    }
    for name, again in ways.items():
        assert jax.tree.structure(again) == jax.tree.structure(controller), name
        assert repr(again) == repr(controller), name
        chex.assert_trees_all_equal(history(again, example.metrics), history_of(example))
    assert js.to_dict(ways["json"]) == stored
    state = jax.tree.map(jnp.asarray, history_of(example).states)
    chex.assert_trees_all_equal(pickle.loads(pickle.dumps(state)), state)
    assert all(again == controller and hash(again) == hash(controller) for again in ways.values())
    with pytest.raises(AttributeError):
        example.alone().schedule = 1.0


def test_several_axes_are_data():
    controller = BY_NAME["plateau-torch"].make(axis_name=("data", "fsdp"))
    again = js.from_dict(json.loads(json.dumps(js.to_dict(controller))))
    assert again.axis_name == ("data", "fsdp")
    assert jax.tree.structure(again) == jax.tree.structure(controller)


@jax.jit
def slopes(controller, states):
    leaves, structure = jax.tree.flatten(controller)
    leaves = [jnp.asarray(leaf) for leaf in leaves]
    real = [i for i, leaf in enumerate(leaves) if jnp.issubdtype(leaf.dtype, jnp.floating)]

    def total(numbers):
        changed = dict(zip(real, numbers, strict=True))
        made = jax.tree.unflatten(structure, [changed.get(i, leaf) for i, leaf in enumerate(leaves)])
        return jnp.sum(jax.vmap(made)(states))

    return jax.grad(total)([leaves[i] for i in real])


@few
def test_gradients_are_finite(example):
    """Of the values with respect to every float of the schedule and of the controller, in every state of the run."""
    controller = example.alone()
    got = slopes(controller, jax.tree.map(jnp.asarray, history_of(example).states))
    chex.assert_tree_all_finite(got)
    assert any(slope != 0 for slope in map(np.sum, got))
