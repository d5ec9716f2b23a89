"""Schedules of different kinds as one: `tabulate`; and which schedule of a grid it was: `labels`."""

import itertools
import json

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.precision import WIDTH, x64
from support.zoo import LAST, ONE_OF_EACH_FAMILY, each

import jaxsched as js

TOTAL = WIDTH - 1


@each(ONE_OF_EACH_FAMILY)
def test_a_table_is_the_schedule_bit_for_bit_and_then_its_last_value(entry):
    schedule = entry.make()
    table = js.tabulate(schedule, TOTAL)
    chex.assert_trees_all_equal(table(np.arange(WIDTH)), schedule(np.arange(WIDTH)))
    chex.assert_trees_all_equal(table([TOTAL, TOTAL + 1, LAST]), jnp.full(3, schedule(TOTAL)))
    assert table.duration == TOTAL


def many_kinds():
    return [
        js.warmup_cosine(1e-3, 10, 100),
        js.warmup_linear(1e-3, 20, 100),
        js.wsd(1e-3, warmup=10, stable=60, decay=30, shape="1-sqrt"),
        js.Constant(3e-4),
        js.as_schedule(lambda step: 1e-3 / (1.0 + step)),
    ]


def test_kinds_that_differ_are_one_program():
    with pytest.raises(ValueError, match=r"one structure: .*Stack each kind by itself, or as tables: `tabulate\("):
        js.stack(many_kinds())
    traces = []

    @jax.jit
    def curves(schedules, steps):
        traces.append(schedules)
        return jax.vmap(lambda schedule: schedule(steps))(schedules)

    kinds, steps = many_kinds(), jnp.arange(101)
    got = curves(js.stack([js.tabulate(kind, 100) for kind in kinds]), steps)
    chex.assert_trees_all_equal(got, jnp.stack([kind(steps) for kind in kinds]))
    curves(js.stack([js.tabulate(kind, 100) for kind in kinds[::-1]]), steps)
    assert len(traces) == 1


def test_controllers_are_not_told_to_be_tables():
    plateau = js.reduce_on_plateau(0.1)
    with pytest.raises(ValueError, match=r"Stack each kind by itself\.$"):
        js.stack([plateau, js.greedy(0.1)])
    with pytest.raises(TypeError, match="`schedule` must be a pure schedule"):
        js.tabulate(plateau, 10)


def test_a_table_is_data():
    """Also of a function, which is none."""
    table = js.tabulate(lambda step: 0.1 / (1.0 + step), 20)
    assert js.from_dict(json.loads(json.dumps(js.to_dict(table)))) == table
    assert isinstance(table.values, np.ndarray) and table.values.shape == (21,)


def test_numbers_of_a_table_may_be_traced():
    line = js.Linear(1.0, 0.0, steps=10)
    chex.assert_trees_all_equal(jax.jit(lambda s: js.tabulate(s, 10)(4))(line), line(4))
    slope = jax.grad(lambda s: js.tabulate(s, 10)(4), allow_int=True)(line)
    np.testing.assert_allclose([slope.start, slope.end], [0.6, 0.4], rtol=1e-6)
    many = jax.vmap(lambda s: js.tabulate(s, 10))(js.grid(js.Linear, start=[1.0, 2.0], end=[0.0], steps=[10]))
    assert js.unstack(many)[0](4) == line(4) and many.values.shape == (2, 11)


def test_a_table_has_the_digits_of_its_precision():
    with x64():
        assert js.tabulate(1 / 3, 4).values.tolist() == [1 / 3] * 5
    assert js.tabulate(1 / 3, 4).values.tolist() == [float(np.float32(1 / 3))] * 5


@pytest.mark.parametrize(
    ("total", "error", "message"),
    [
        (0, ValueError, "`total` must be at least 1: got 0"),
        (2.5, ValueError, "`total` must be a whole number: got 2.5"),
        (10**9, ValueError, "`total` must be at most 16777216: got 1000000000"),
        (np.array([3, 4]), TypeError, r"`total` must be a number: got \[3, 4\]"),
        ("10", TypeError, "`total` must be a number: got '10'"),
    ],
)
def test_lengths_that_are_none(total, error, message):
    with pytest.raises(error, match=message):
        js.tabulate(1.0, total)


def test_a_length_that_is_traced_is_refused():
    with pytest.raises(TypeError, match="`total` must be known, .*got a traced number"):
        jax.jit(lambda total: js.tabulate(1.0, total)(0))(5)
    assert js.tabulate(1.0, 5.0) == js.tabulate(1.0, np.int32(5))  # whole, as JSON may have it


def test_labels_tell_the_schedules_of_a_grid_in_its_order():
    axes = {"peak": [1e-4, 3e-4], "shape": ["linear", "cosine"], "steps": range(2, 5)}

    def make(peak, shape, steps):
        return js.tabulate(js.warmup(peak, steps, shape=shape), 8)

    labels, many = js.labels(**axes), js.unstack(js.grid(make, **axes))
    assert [tuple(label.values()) for label in labels] == list(itertools.product(*axes.values()))
    assert all(list(label) == list(axes) for label in labels)
    for label, schedule in zip(labels, many, strict=True):
        chex.assert_trees_all_equal(schedule(np.arange(9)), make(**label)(np.arange(9)))


@pytest.mark.parametrize("axis", [5, "abc", {1.0, 2.0}, {"a": 1.0}])
@pytest.mark.parametrize("use", [js.labels, lambda **axes: js.grid(js.Constant, **axes)], ids=["labels", "grid"])
def test_an_axis_is_a_list(use, axis):
    with pytest.raises(TypeError, match="`value` must be a sequence of values: got .* Pass a list"):
        use(value=axis)
    with pytest.raises(ValueError, match=r"`value` must hold at least one value: got \[\]"):
        use(value=[])
