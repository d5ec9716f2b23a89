"""A number that another library keeps in an object of its own is taken for the number: as a step and anywhere else."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxsched as js

nnx = pytest.importorskip("flax.nnx")


class Box:
    """As JAX knows it."""

    def __init__(self, x):
        self.x = x

    def __jax_array__(self):
        return jnp.asarray(self.x)


class Kept:
    """As old versions of flax have it."""

    def __init__(self, x):
        self.x = x

    def get_value(self):
        return self.x


BOXES = {"Variable": nnx.Variable, "Param": nnx.Param, "__jax_array__": Box, "get_value": Kept}
boxed = pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
LINE = js.Linear(0.0, 1.0, steps=10)


@boxed
@pytest.mark.parametrize("step", [3, 2.5, np.int32(3), jnp.asarray(3), jnp.arange(5), np.arange(5.0), -1, 2**40])
def test_a_step(box, step):
    if isinstance(step, int) and step > 2**31 and box in (Box, nnx.Variable, nnx.Param):
        step = float(step)  # JAX has no such int
    chex.assert_trees_all_equal(LINE(box(step)), LINE(step))


def test_the_step_of_an_optimizer_of_nnx_also_traced():
    model = nnx.Linear(1, 1, rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    assert LINE(optimizer.step) == 0.0
    optimizer.step[...] = jnp.asarray(4, optimizer.step[...].dtype)
    assert nnx.jit(lambda o: LINE(o.step))(optimizer) == LINE(4)
    assert nnx.jit(lambda o: js.advance(LINE, o.step)(1))(optimizer) == LINE(5)
    state = nnx.state(optimizer)
    assert jax.jit(lambda s: LINE(s["step"]))(state) == LINE(4)


NUMBERS = {
    "level": (lambda b: js.Constant(b(0.5)), js.Constant(0.5)),
    "schedule": (lambda b: js.as_schedule(b(0.5)), js.Constant(0.5)),
    "piece": (lambda b: js.join([b(1.0), b(2.0)], [b(3)]), js.join([1.0, 2.0], [3])),
    "count": (lambda b: js.Linear(b(1.0), 0.0, steps=b(4)), js.Linear(1.0, 0.0, steps=4)),
    "factor": (lambda b: js.step_decay(1.0, b(0.5), 3), js.step_decay(1.0, 0.5, 3)),
    "whole": (lambda b: js.reduce_on_plateau(0.1, patience=b(3)), js.reduce_on_plateau(0.1, patience=3)),
    "table": (lambda b: js.Tabulated(b(np.array([1.0, 2.0]))), js.Tabulated([1.0, 2.0])),
    "in a list": (lambda b: js.Tabulated([b(1.0), 2.0]), js.Tabulated([1.0, 2.0])),
    "times": (lambda b: js.multistep_decay(1.0, 0.5, [b(3), b(5)]), js.multistep_decay(1.0, 0.5, [3, 5])),
    "lengths": (lambda b: js.cycle(LINE, b(np.array([3, 4]))), js.cycle(LINE, [3, 4])),
    "seed": (lambda b: js.jitter(1.0, key=b(7)), js.jitter(1.0, key=7)),
    "sum": (lambda b: LINE + b(0.5), LINE + 0.5),
    "scale": (lambda b: js.scale(LINE, b(0.5)), js.scale(LINE, 0.5)),
}


@boxed
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number(box, name):
    make, want = NUMBERS[name]
    got = make(box)
    assert type(got) is type(want)
    if isinstance(want, js.Schedule):
        chex.assert_trees_all_close(got(np.arange(12)), want(np.arange(12)), rtol=1e-6)
    else:
        assert got.patience == 3


@boxed
def test_in_an_optimizer(box):
    params = jnp.ones(2)
    optimizer = js.inject(optax.sgd)(box(0.5))
    state = optimizer.init(params)
    assert js.current(state)["learning_rate"] == 0.5
    assert js.current(js.override(state, learning_rate=box(0.25)))["learning_rate"] == 0.25
    assert js.current(js.replace_schedule(state, learning_rate=box(0.125)))["learning_rate"] == 0.125


@boxed
def test_a_metric(box):
    controller = js.reduce_on_plateau(1.0, patience=0, factor=0.5)
    state = js.inject(optax.sgd)(controller).init(jnp.ones(2))
    for value in (1.0, 2.0):
        state = js.observe(state, value=box(value))
    assert js.current(state)["learning_rate"] == 0.5


VALUES = [
    0,
    3,
    0.5,
    -1,
    np.float32(0.5),
    jnp.int32(2),
    np.array([1, 2]),
    jnp.array([0.5, 1.5]),
    [1, 2],
    [0.25],
    "x",
    None,
]
KINDS = {
    name: x for name, x in vars(js.kinds).items() if isinstance(x, js.kinds.Kind) and name not in ("Shape", "Schedules")
}


def outcome(check, x):
    try:
        return repr(check("x", x))
    except (TypeError, ValueError) as error:
        return type(error)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_takes_a_box_for_what_is_in_it(name):
    check = KINDS[name].check
    assert [outcome(check, Kept(x)) for x in VALUES] == [outcome(check, x) for x in VALUES]


def test_elsewhere():
    assert js.compat.torch.StepLR(nnx.Variable(0.5), Kept(3)) == js.compat.torch.StepLR(0.5, 3)
    assert js.Run(total=nnx.Variable(100)).fraction(0.1) == 10
    assert js.tabulate(Kept(0.5), nnx.Variable(4)) == js.tabulate(0.5, 4)


def test_what_is_no_number_inside_is_refused_as_if_it_were_outside():
    with pytest.raises(TypeError, match="`value` must be a number: got 'x'"):
        js.Constant(Kept("x"))
    with pytest.raises(ValueError, match="`steps` must not be negative: got -1"):
        js.Linear(1.0, 0.0, steps=nnx.Variable(-1))
