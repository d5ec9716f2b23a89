"""What the tests of the bridge to optax share: parameters, a loss, and ways to train and to look."""

import contextlib

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxsched as js


@pytest.fixture(autouse=True)
def relaxed():
    """optax's own code does not run in JAX's strict modes; a module that imports this runs without them."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


@contextlib.contextmanager
def strict():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


def x64():
    return jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64()


def params(dtype=jnp.float32):
    return {"body": {"w": jnp.asarray([1.0, -2.0, 3.0], dtype)}, "head": jnp.asarray([[0.5, -0.25]], dtype)}


def loss(p):
    return jnp.sum((p["body"]["w"] - 0.3) ** 2) + 2 * jnp.sum((p["head"] + 0.1) ** 2)


def train(optimizer, p, steps, state=None, **extra):
    """The parameters and the optimizer's state after some steps, and what each used, as one scan."""
    optimizer = optax.with_extra_args_support(optimizer)

    def step(carry, _):
        p, state = carry
        updates, state = optimizer.update(jax.grad(loss)(p), state, p, **extra)
        return (optax.apply_updates(p, updates), state), _values(state)

    (p, state), seen = jax.lax.scan(step, (p, optimizer.init(p) if state is None else state), None, length=steps)
    return p, state, seen


def _values(state):
    try:
        return js.last_used(state)
    except ValueError:  # optax's own
        return {}


def advance(optimizer, state, p, times=1, **extra):
    """The state after some updates, one call each."""
    for _ in range(times):
        _, state = optimizer.update(jax.grad(loss)(p), state, p, **extra)
    return state


def rates(state):
    """What the next update will use."""
    return {name: float(value) for name, value in js.current(state).items()}


def used(state):
    """What the last update used."""
    return {name: float(value) for name, value in js.last_used(state).items()}


def counted(f, **options):
    """A function under `jax.jit`, and the list that grows by one each time it is traced."""
    traces = []

    def traced(*args, **kwargs):
        traces.append(1)
        return f(*args, **kwargs)

    return jax.jit(traced, **options), traces


def avals(tree):
    """What a scan compares of its carry: structure, shapes, dtypes, weak types."""
    leaves, structure = jax.tree.flatten(tree)
    return structure, [(x.shape, x.dtype, x.weak_type) for x in map(jax.typeof, leaves)]


def same_bits(a, b):
    """Whether two trees are equal to the bit, NaN included."""
    as_bytes = lambda x: [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(x)]  # noqa: E731
    return as_bytes(a) == as_bytes(b)


def shared_buffers(tree):
    """How many of a tree's arrays live in a buffer of another one: none may, if the tree is to be donated."""
    pointers = [x.unsafe_buffer_pointer() for x in jax.tree.leaves(tree)]
    return len(pointers) - len(set(pointers))
