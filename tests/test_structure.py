"""No program of one class is ever run for another: structures differ, and so do the results of a shared function."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.short import exhaustive
from support.zoo import ZOO, nodes

import jaxsched as js


def filled(node):
    """The node with every leaf a 0, so that only its structure is left."""
    return jax.tree.structure(jax.tree.map(lambda _: 0, node))


def test_structures_of_different_classes_differ():
    by_class = {}
    for entry in ZOO:
        for node in nodes(entry.make()):
            by_class.setdefault(type(node), set()).add(filled(node))
    assert len(by_class) >= 40
    for (a, of_a), (b, of_b) in itertools.combinations(by_class.items(), 2):
        assert not of_a & of_b, (a, b)
        for x, y in itertools.product(of_a, of_b):
            assert x != y and hash(x) != hash(y), (a, b)


def test_a_path_names_the_field_of_its_leaf():
    schedule = js.warmup(js.Cosine(1.0, 0.25, steps=9), 4, start=0.5)
    leaves = {jax.tree_util.keystr(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(schedule)}
    ramp = {".ramp.start": 0.5, ".ramp.steps": 4}
    assert leaves == {**ramp, ".schedule.start": 1.0, ".schedule.end": 0.25, ".schedule.steps": 9}


def test_leaves_with_the_same_names_tell_the_same_structure():
    """The other half: one class is one structure, whatever its numbers."""
    for entry in ZOO:
        again = entry.make()
        if not any(isinstance(node, js.nodes.Wrap) for node in nodes(again)):
            assert jax.tree.structure(entry.make()) == jax.tree.structure(again)
    assert jax.tree.structure(js.Linear(1.0, 0.0, steps=4)) == jax.tree.structure(
        js.Linear(jnp.ones(3), 2.0, steps=np.int8(7))
    )


def classes(count):
    """Classes of one field, one name and one shape of formula, that differ in a number of their code alone."""

    def one(i):
        class Local(js.Schedule):
            value: js.Numeric

            def at(self, step):
                return self.value * 1000 + i + 0 * step

        return Local

    return [one(i) for i in range(count)]


@pytest.mark.parametrize("count", [40, pytest.param(400, marks=exhaustive)])
def test_of_many_classes_that_share_a_jitted_function_each_gets_its_own_value(count):
    """With `register_dataclass` on jax 0.10.2, some 60 of 400 return another class's value."""
    shared = jax.jit(lambda schedule, t: schedule(t))
    many = [cls(2.0) for cls in classes(count)]
    first = [float(shared(schedule, 3)) for schedule in many]
    again = [float(shared(schedule, 3)) for schedule in reversed(many)][::-1]
    assert first == again == [2000.0 + i for i in range(count)]


@exhaustive
def test_of_many_classes_each_gets_its_own_value_when_called_eagerly():
    many = [cls(2.0) for cls in classes(40)]
    assert [float(schedule(3)) for schedule in many] == [2000.0 + i for i in range(40)]
    assert [float(js.delay(schedule, 1)(3)) for schedule in many[:10]] == [2000.0 + i for i in range(10)]


def test_two_wrapped_functions_are_two_structures():
    one, two = js.nodes.Wrap(lambda t: 1.0 * t), js.nodes.Wrap(lambda t: 2.0 * t)
    shared = jax.jit(lambda schedule, t: schedule(t))
    assert jax.tree.structure(one) != jax.tree.structure(two)
    assert [float(shared(one, 3)), float(shared(two, 3))] == [3.0, 6.0]
