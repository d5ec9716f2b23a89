"""What is nested grows in a line: each combinator evaluates what is inside it once, so a deep one has no more to do."""

import copy
import json
import operator
import pickle

import jax
import jax.numpy as jnp
import pytest
from support.short import exhaustive, parametrize

import jaxsched as js
from jaxsched import compat

NESTS = {
    "warmup": lambda s: js.warmup(s, 5),
    "warmup from a start": lambda s: js.warmup(s, 5, 0.25, shape="cosine", offset=1),
    "warmup of a composition": lambda s: js.warmup(
        s, 6, shape=lambda a, b, n: js.join([js.Linear(a, b, steps=3), js.Linear(b, b, steps=3)])
    ),
    "cooldown": lambda s: js.cooldown(s, 50, 5),
    "cooldown at a fraction": lambda s: js.cooldown(s, 50.5, 5, shape="cosine"),
    "warmup and cooldown": lambda s: js.cooldown(js.warmup(s, 5), 50, 5),
    "join": lambda s: js.join([0.5, s], [5]),
    "cycle": lambda s: js.cycle(s, 50),
    "cycle that grows": lambda s: js.cycle(s, 50, 2, 0.5),
    "cycle of fractions": lambda s: js.cycle(s, 50.5),
    "listed cycles": lambda s: js.cycle(s, [10, 20, 30]),
    "sum": lambda s: s + 0.5,
    "product": lambda s: 0.5 * s,
    "difference": lambda s: 1 - s,
    "quotient": lambda s: s / 2,
    "clip": lambda s: js.clip(s, 0.0, 1.0),
    "scale": lambda s: js.scale(s, 0.5),
    "blend": lambda s: js.nodes.Blend(0.5, 1.0, s),
    "staircase": lambda s: js.staircase(s, 3),
    "staircase of fractions": lambda s: js.staircase(s, 3.5),
    "per_epoch": lambda s: js.per_epoch(s, 3),
    "delay": lambda s: js.delay(s, 5),
    "advance": lambda s: js.advance(s, 5.5),
    "stretch": lambda s: js.nodes.Stretch(s, 1.5),
    "jitter": lambda s: js.jitter(s, 0.1, key=1),
    "uniform jitter": lambda s: js.jitter(s, bound=0.1, distribution="uniform"),
}


def nested(name: str, deep: int) -> js.Schedule:
    schedule = js.Cosine(1.0, 0.25, steps=40)
    for _ in range(deep):
        schedule = NESTS[name](schedule)
    return schedule


def equations(schedule: js.Schedule) -> int:
    def count(jaxpr) -> int:
        inner = [x for each in jaxpr.eqns for x in jax.tree.leaves(list(each.params.values()), is_leaf=is_jaxpr)]
        return len(jaxpr.eqns) + sum(count(getattr(x, "jaxpr", x)) for x in inner if is_jaxpr(x))

    return count(jax.make_jaxpr(lambda schedule, t: schedule(t))(schedule, jnp.arange(4)).jaxpr)


def is_jaxpr(x) -> bool:
    return hasattr(x, "eqns")


@parametrize("name", NESTS)
def test_what_is_nested_grows_in_a_line(name):
    few, some, more = (equations(nested(name, deep)) for deep in (2, 4, 6))
    assert more - some <= 1.05 * (some - few)


@pytest.mark.parametrize("name", ["warmup", "cooldown"])
def test_what_is_stored_thirty_deep_comes_back_and_is_evaluated(name):
    schedule = nested(name, 30)
    assert equations(schedule) <= 3 * equations(nested(name, 10))
    again = js.from_dict(json.loads(json.dumps(js.to_dict(schedule))))
    assert again == schedule
    t = jnp.asarray([0, 4, 200])
    assert jnp.allclose(again(t), jnp.asarray([0.0, 0.0, 0.25] if name == "warmup" else [1.0, schedule(4), 0.0]))


def at_the_limit(name: str) -> js.Schedule:
    """As deep as it may be: some add two levels at once."""
    schedule = js.Cosine(1.0, 0.25, steps=40)
    while True:
        try:
            schedule = NESTS[name](schedule)
        except ValueError as error:
            assert "schedules deep: got " in str(error) and "side by side" in str(error)
            return schedule


DEEP = [name for name in NESTS if name not in ("sum", "scale")]  # which are flat


@parametrize("name", DEEP)
def test_depth_is_bounded_with_a_message_and_up_to_there_all_works(name):
    schedule = at_the_limit(name)
    leaves, structure = jax.tree.flatten(schedule)
    assert jax.tree.unflatten(structure, leaves) == schedule == copy.deepcopy(schedule)
    assert repr(schedule) and hash(schedule) == hash(pickle.loads(pickle.dumps(schedule)))
    assert js.from_dict(json.loads(json.dumps(js.to_dict(schedule)))) == schedule


@pytest.mark.parametrize("name", ["clip", *(pytest.param(x, marks=exhaustive) for x in ("warmup", "cooldown", "join"))])
def test_at_the_limit_there_are_values(name):
    assert jnp.isfinite(at_the_limit(name)(3))


def test_a_stored_schedule_that_is_too_deep_is_refused():
    inner = js.to_dict(js.Cosine(1.0, 0.25, steps=40))
    for _ in range(5000):
        inner = {"jaxsched": 1, "kind": "Clip", "schedule": inner, "lo": 0.0}
    with pytest.raises(ValueError, match="`data` must be at most 100 schedules deep: got more. Write"):
        js.from_dict(inner)
    data = js.to_dict(nested("clip", 99))
    data["schedule"] = {"kind": "Clip", "schedule": data["schedule"], "lo": 0.0}
    with pytest.raises(ValueError, match="`schedule` must be at most 99 schedules deep: got 100"):
        js.from_dict(data)


@pytest.mark.parametrize("operator", [operator.add, operator.mul])
def test_sums_and_products_of_many_are_flat(operator):
    many, value, t = js.Linear(1.0, 0.5, steps=10), 0.65, 7
    for i in range(1, 61):
        many = operator(many, 1 + 0.001 * i) if i % 3 else operator(many, js.Linear(1.0, 1.01, steps=i))
        value = operator(value, 1 + 0.001 * i if i % 3 else 1 + 0.01 * min(t / i, 1))
    assert float(many(t)) == pytest.approx(value, rel=1e-5)
    assert many.duration == 60 and repr(many).count("Constant") == 40
    again = js.from_dict(json.loads(json.dumps(js.to_dict(many))))
    assert again == many == pickle.loads(pickle.dumps(many)) and len(jax.tree.leaves(many)) == 3 + 40 + 60


def test_a_product_of_thousands_is_built():
    assert len(compat.factors("constant*" * 3_000 + "constant").schedule.factors) == 3_001
    assert sum([js.Constant(1.0)] * 30)(0) == 30.0
