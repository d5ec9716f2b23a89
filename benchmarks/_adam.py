"""A jitted Adam step of some million parameters that a benchmark can time, and count the kernels of."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
from _report import seconds

LAYERS = (1024, 1024, 1024, 1024)
FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "copy-done"}
COPIES = {"copy", "copy-start"}

rng = np.random.default_rng(0)
params = [
    {"w": jnp.asarray(rng.normal(size=(m, n)).astype(np.float32) / 32), "b": jnp.zeros(n)}
    for m, n in zip(LAYERS, LAYERS[1:], strict=False)
]
millions = sum(p.size for p in jax.tree.leaves(params)) / 1e6


def gradients_of(params):
    return jax.tree.map(lambda p: 0.1 * p + 0.01, params)


def compiled_step(optimizer, metric=None, params=params, **extra):
    """The compiled step and the optimizer's first state; a `metric` and `extra` are passed to every update."""
    state = optimizer.init(params)

    def step(params, state, gradients, metric, extra):
        extra = extra if metric is None else {"value": metric, **extra}
        updates, state = optimizer.update(gradients, state, params, **extra)
        return optax.apply_updates(params, updates), state

    program = jax.jit(step, donate_argnums=(0, 1)).lower(params, state, gradients_of(params), metric, extra)
    return program.compile(), state


def runner(optimizer, times, metric=None, params=params):
    """A function that runs the step some times and returns the seconds that one takes."""
    program, state = compiled_step(optimizer, metric, params)
    gradients = gradients_of(params)
    carry = [jax.tree.map(jnp.copy, params), jax.tree.map(jnp.copy, state)]

    def step():
        carry[:] = program(*carry, gradients, metric, {})
        jax.block_until_ready(carry)

    step()
    return lambda: seconds(step, times)


def kernels(optimizer, metric=None, params=params, **extra) -> tuple[int, int]:
    """How many instructions of the step compute something, and how many only copy."""
    return _count(compiled_step(optimizer, metric, params, **extra)[0].as_text())


def _count(program: str) -> tuple[int, int]:
    bodies = dict(re.findall(r"^(?:ENTRY )?%?([\w.\-]+) \(.*?\{$(.*?)^\}", program, re.MULTILINE | re.DOTALL))
    entry = re.search(r"^ENTRY %?([\w.\-]+) ", program, re.MULTILINE)
    assert entry, program
    operations = list(_operations(bodies, entry[1]))
    assert len(operations) > 10, program
    copies = sum(operation in COPIES for operation in operations)
    return sum(operation not in FREE for operation in operations) - copies, copies


def _operations(bodies: dict[str, str], name: str):
    for operation, rest in re.findall(
        r"^\s+(?:ROOT )?%?\S+ = .*? ([a-z][a-z0-9-]*)\((.*)$", bodies[name], re.MULTILINE
    ):
        # A GPU's command buffer is a call of a sequence of kernels; what a fusion calls is one kernel.
        called = re.findall(r"(?:to_apply|calls|body|condition)=%?([\w.\-]+)", rest)
        if operation in ("call", "while") and called:
            for each in called:
                yield from _operations(bodies, each)
        else:
            yield operation
