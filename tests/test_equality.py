"""Schedules are equal by value: kind, structure and numbers, to the bit."""

import copy
import dataclasses
import functools
import json

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxsched as js

LINE = js.Linear(1.0, 0.0, steps=10)


def test_equal_numbers_make_equal_schedules():
    assert js.Linear(1.0, 0.0, steps=10) == LINE and hash(js.Linear(1.0, 0.0, steps=10)) == hash(LINE)
    assert js.Linear(1, 0, steps=10) == LINE, "a level is a float however it is written"
    assert len({LINE, copy.copy(LINE), copy.deepcopy(LINE), js.Linear(1.0, 0.0, steps=10)}) == 1


@pytest.mark.parametrize(
    "other",
    [
        js.Cosine(1.0, 0.0, steps=10),
        js.Linear(1.0, 0.0, steps=11),
        js.Linear(1.0, 0.0, steps=10.0),
        js.Linear(1.0, -0.0, steps=10),
        js.Linear(np.float32([1.0]), np.float32([0.0]), steps=np.int32([10])),
        1.0,
        None,
        (1.0, 0.0, 10),
    ],
    ids=repr,
)
def test_anything_else_is_another(other):
    assert other != LINE and LINE != other


def test_arrays_are_compared_by_dtype_shape_and_bytes():
    def table(values):
        return js.Tabulated(values)

    one = table(np.float32([1.0, 2.0]))
    assert one == table(jnp.float32([1.0, 2.0])) and hash(one) == hash(table(jnp.float32([1.0, 2.0])))
    assert one != table(np.float64([1.0, 2.0])) and one != table(np.float32([1.0, 2.5]))
    assert one != table(np.float32([[1.0], [2.0]]).T)
    boundaries = np.int64([2]), np.int64([2]).view(np.float64)
    assert js.nodes.Piecewise(boundaries[0], [1.0, 0.5]) != js.nodes.Piecewise(boundaries[1], [1.0, 0.5])


def test_a_traced_number_makes_it_itself_alone():
    def same(x):
        one, two = js.Constant(x), js.Constant(x)
        return one == one and one != two and hash(one) == hash(one)

    assert jax.jit(lambda x: jnp.asarray(same(x)))(1.0)


def test_equal_schedules_are_one_static_argument():
    @functools.partial(jax.jit, static_argnums=0)
    @chex.assert_max_traces(n=1)
    def value(schedule, t):
        return schedule(t)

    for _ in range(3):
        assert value(js.warmup(js.Cosine(1.0, 0.0, steps=8), 4), 4) == 1.0


def test_a_config_that_holds_a_schedule_is_compared_with_it():
    @dataclasses.dataclass(frozen=True)
    class Config:
        lr: js.Schedule
        width: int = 4

    assert Config(js.sgdr(1.0, 10, decay=0.95)) == Config(js.sgdr(1.0, 10, decay=0.95))
    assert hash(Config(LINE)) == hash(Config(copy.copy(LINE)))
    assert Config(LINE) != Config(js.Linear(1.0, 0.0, steps=9))


def test_a_schedule_may_be_jitted_itself():
    assert jax.jit(LINE)(5) == 0.5
    assert jax.jit(js.Tabulated(np.arange(5.0)))(3) == 3.0


def test_a_large_table_is_hashed_once():
    class Table(np.ndarray):
        count = 0

        def tobytes(self, *args):
            Table.count += 1
            return super().tobytes(*args)

    lr = js.Tabulated(np.zeros(1000))
    object.__setattr__(lr, "values", np.zeros(1000).view(Table))
    key = hash(lr)
    assert all(hash(lr) == key and lr == lr for _ in range(5))
    assert hash(lr) == hash(js.Tabulated(np.zeros(1000)))


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: js.exponential_decay(1.0, 0.95), "factor=0.95"),
        (lambda: js.step_decay(1.0, 0.1, 30), "factor=0.1"),
        (lambda: js.cycle(LINE, 10, decay=0.7), "decay=0.7"),
        (lambda: js.reduce_on_plateau(0.1, factor=0.3), "factor=0.3"),
        (lambda: js.greedy(0.1, factor=0.99999), "factor=0.99999"),
        (lambda: js.recover(0.1, factor=1 / 3), f"factor={1 / 3!r}"),
        (lambda: js.exponential_decay(1.0, 0.0), "factor=0.0"),
        (lambda: js.exponential_decay(1.0, 1.0), "factor=1.0"),
        (lambda: js.exponential_decay(1.0, 7.25e11), "factor=725000000000.0"),
    ],
)
def test_what_was_written_is_shown_and_stored(make, shown):
    made = make()
    assert shown in repr(made)
    name, number = shown.split("=")
    assert f'"{name}": {number}' in json.dumps(js.to_dict(made))
    assert eval(repr(made), vars(js.nodes).copy()) == made == js.from_dict(js.to_dict(made))


def test_a_factor_is_shown_after_it_went_through_jit():
    made = jax.jit(lambda s: s)(js.exponential_decay(1.0, 0.95))
    assert "factor=0.95" in repr(made)
    assert js.from_dict(json.loads(json.dumps(js.to_dict(made)))) == made


@pytest.mark.parametrize("damping", [0.1, 0.3, -0.0, -1000.0, 1e28, 1e38])
def test_a_logarithm_that_nobody_wrote_is_shown_and_stored_as_it_is(damping):
    """Of a number that is tuned, say: not every logarithm is that of a float."""
    made = dataclasses.replace(js.cycle(LINE, 10, decay=0.5), damping=damping)
    assert eval(repr(made), vars(js.nodes).copy()) == made
    assert js.from_dict(json.loads(json.dumps(js.to_dict(made)))) == made


def test_a_traced_factor_is_shown_as_traced():
    shown = []
    jax.jit(lambda made: shown.append(repr(made)))(js.reduce_on_plateau(0.1, factor=0.5))
    assert "log_factor=Traced<float32[]>" in shown[0]


def test_replacing_a_number_is_checked():
    plateau = js.reduce_on_plateau(0.1, factor=0.3)
    assert dataclasses.replace(plateau, patience=3).log_factor == plateau.log_factor
    with pytest.raises(ValueError, match="`patience` must not be negative: got -3"):
        dataclasses.replace(plateau, patience=-3)
