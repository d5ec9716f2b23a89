"""What is compiled lives no longer than the functions in it, and takes no more than so many bytes."""

import gc
import weakref

import jax
import jax.numpy as jnp
import optax
from support.short import parametrize

import jaxsched as js
from jaxsched._core import programs


class Table:
    """What a function closes over: a checkpoint, say."""

    def __init__(self):
        self.values = jnp.ones(3)

    def read(self, step):
        return self.values[0] + 0.0 * step


def trained(transformation):
    params = jnp.ones(2)
    state = transformation.init(params)
    for _ in range(2):
        _, state = transformation.update(params, state, params)


def watched(fn):
    plateau = js.reduce_on_plateau(fn)
    return plateau(plateau.update(plateau.init(), value=1.0))


USES = {
    "a call": lambda fn: js.as_schedule(fn)(3),
    "a call of a method": lambda fn: js.as_schedule(fn.__defaults__[0].read)(3),
    "a call in a program": lambda fn: jax.jit(js.as_schedule(fn))(3),
    "vmap": lambda fn: jax.vmap(js.as_schedule(fn))(jnp.arange(3)),
    "grad": lambda fn: jax.grad(lambda x: (x * js.as_schedule(fn))(3))(2.0),
    "warmup": lambda fn: js.warmup(fn, 3)(3),
    "shape": lambda fn: js.cooldown(1.0, 3, 3, shape=lambda x: (1 - x) * fn(0))(4),
    "stack": lambda fn: js.join([fn] * 10, list(range(9)))(3),
    "plateau": watched,
    "inject": lambda fn: trained(js.inject(optax.sgd)(fn)),
    "scale_by_learning_rate": lambda fn: trained(js.scale_by_learning_rate(fn)),
}


@parametrize("name", USES, ["a call", "a call of a method", "vmap", "warmup", "stack", "inject"])
def test_a_function_is_let_go_when_its_user_lets_go(name):
    def made():
        table = Table()
        fn = lambda step, table=table: table.read(step)  # noqa: E731
        USES[name](fn)
        return weakref.ref(table)

    table = made()
    gc.collect()
    assert table() is None


def test_a_function_that_is_in_use_is_compiled_once():
    traces = []

    def fn(step):
        traces.append(step)
        return 0.5 + 0.0 * step

    for _ in range(3):
        assert js.delay(fn, 2)(3) == 0.5
    assert len(traces) == 2, "to see whether it can be traced, and in the program"
    other = js.delay(lambda step: 0.25 + 0.0 * step, 2)
    assert [float(js.delay(fn, 2)(3)), float(other(3))] == [0.5, 0.25]


def test_programs_take_no_more_than_so_many_bytes():
    cache = programs.Programs(most=100)
    for key in range(5):
        cache.add(key, programs.Program(cost=30))
        cache.compiled(key)
    assert list(cache.kept) == [2, 3, 4] and cache.size == 90
    cache.get(2)
    cache.compiled(4)  # again, for steps of another shape: the least recently used goes
    assert list(cache.kept) == [4, 2] and cache.size == 90
    cache.compiled(0)  # that one is gone
    assert cache.size == 90
    cache.add("large", programs.Program(cost=1000))
    cache.compiled("large")
    assert list(cache.kept) == ["large"], "what was compiled last is kept, whatever its size"


def test_every_compilation_counts(monkeypatch):
    monkeypatch.setattr(programs, "PROGRAMS", programs.Programs(programs.MOST))
    schedule = js.Linear(1.0, 0.0, steps=4) * js.Rex(1.0, 0.0, steps=5)
    for step in (3, 3, jnp.arange(3), jnp.arange(4)):
        schedule(step)
    (program,) = programs.PROGRAMS.kept.values()
    assert programs.PROGRAMS.size == program.size == 3 * program.cost > 3 * programs.OF_PROGRAM
