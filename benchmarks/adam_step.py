"""A jitted Adam step with a schedule, against the same step with a constant rate: kernels and wall time.

Kernels are the instructions of the optimised program's entry computation that do something: not parameters, constants,
tuples and bitcasts. On a GPU each is a launch.
"""

import re
import statistics

import jax
import jax.numpy as jnp
import numpy as np
import optax
from _report import figure, finish, interleaved, ratios, seconds, spread

import jaxsched

REPEATS, STEPS = 101, 3
TOTAL = 10_000
LAYERS = (1024, 1024, 1024, 1024)  # 3.1 million parameters
FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "copy-done"}
COPIES = {"copy", "copy-start"}

WARMUP_COSINE = jaxsched.warmup_cosine(3e-4, 1_000, TOTAL, end=3e-5)
SGDR = jaxsched.sgdr(3e-4, 100, growth=2)
USUAL = {
    "warmup_cosine": WARMUP_COSINE,
    "warmup_linear": jaxsched.warmup_linear(3e-4, 1_000, TOTAL),
    "wsd": jaxsched.wsd(3e-4, warmup=1_000, stable=7_000, decay=2_000),
}
THEIRS = optax.warmup_cosine_decay_schedule(0.0, 3e-4, 1_000, TOTAL, 3e-5)
OTHERS = {
    "optax's warmup and cosine": THEIRS,
    "optax's exponential decay": optax.exponential_decay(3e-4, 1_000, 0.5),
    "one_cycle": jaxsched.one_cycle(3e-4, TOTAL),
    "exponential_decay": jaxsched.exponential_decay(3e-4, 0.5, 1_000),
    "wsd, 1-sqrt": jaxsched.wsd(3e-4, warmup=1_000, stable=7_000, decay=2_000, shape="1-sqrt"),
    "sgdr, growing periods": SGDR,
    "a join of 1,000 pieces": jaxsched.join([jaxsched.Linear(3e-4, 1e-4 * (1 + i % 2), 10) for i in range(1_000)]),
}

rng = np.random.default_rng(0)
params = [
    {"w": jnp.asarray(rng.normal(size=(m, n)).astype(np.float32) / 32), "b": jnp.zeros(n)}
    for m, n in zip(LAYERS, LAYERS[1:], strict=False)
]
gradients = jax.tree.map(lambda p: 0.1 * p + 0.01, params)


def compiled_step(rate):
    optimizer = optax.adam(rate)
    state = optimizer.init(params)

    def step(params, state, gradients):
        updates, state = optimizer.update(gradients, state)
        return optax.apply_updates(params, updates), state

    return jax.jit(step, donate_argnums=(0, 1)).lower(params, state, gradients).compile(), state


def kernels(program: str) -> tuple[int, int]:
    """How many instructions compute something, and how many only copy."""
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


def runner(rate):
    program, state = compiled_step(rate)
    carry = [jax.tree.map(jnp.copy, params), jax.tree.map(jnp.copy, state)]

    def step():
        carry[:] = program(*carry, gradients)
        jax.block_until_ready(carry)

    step()
    return lambda: seconds(step, STEPS)


constant, constant_copies = kernels(compiled_step(3e-4)[0].as_text())


def extra(rate) -> tuple[int, int]:
    computing, copies = kernels(compiled_step(rate)[0].as_text())
    return computing - constant, copies - constant_copies


figure("Adam step with a constant rate: kernels", str(constant))
for name, schedule in {**USUAL, **OTHERS}.items():
    more, copies = extra(schedule)
    claim, kept = ("at most 1", more <= 1) if name in USUAL else ("", True)
    figure(f"Adam step with {name}: extra kernels (and copies of a number)", f"{more} ({copies})", claim, kept)

a, b, c, d, again = interleaved(REPEATS, *map(runner, (WARMUP_COSINE, 3e-4, THEIRS, SGDR, 3e-4)))
size = sum(p.size for p in jax.tree.leaves(params)) / 1e6
what = f"Adam step of {size:.1f} million parameters, time against a constant rate's"
slower = ratios(a, b)
figure(f"{what}: warmup_cosine", spread(slower, digits=4), "at most 1.02", statistics.median(slower) <= 1.02)
figure(f"{what}: sgdr, growing periods", spread(ratios(d, b), digits=4))
figure(f"{what}: optax's warmup and cosine", spread(ratios(c, b), digits=4))
figure(f"{what}: a constant rate again", spread(ratios(again, b), digits=4))
figure(f"Adam step of {size:.1f} million parameters: milliseconds with warmup_cosine", spread([1e3 * t for t in a]))
finish()
