"""A jitted Adam step with a schedule, against the same step with a constant rate: kernels and wall time.

Kernels are the instructions of the optimised program's entry computation that do something: not parameters, constants,
tuples and bitcasts. On a GPU each is a launch.
"""

import re
import statistics

import jax.numpy as jnp
import numpy as np
import optax
from _report import figure, finish, interleaved, ratios, seconds, spread

import jax
import jaxsched

REPEATS, STEPS = 31, 3
TOTAL = 10_000
LAYERS = (1024, 1024, 1024, 1024)  # 3.1 million parameters
FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "copy-start", "copy-done"}

OURS = {
    "warmup_cosine": jaxsched.warmup_cosine(3e-4, 1_000, TOTAL, end=3e-5),
    "wsd": jaxsched.wsd(3e-4, warmup=1_000, stable=7_000, decay=2_000, shape="1-sqrt"),
    "one_cycle": jaxsched.one_cycle(3e-4, TOTAL),
    "sgdr, growing periods": jaxsched.sgdr(3e-4, 100, growth=2),
    "join of 1,000 pieces": jaxsched.join([jaxsched.Linear(3e-4, 1e-4 * (1 + i % 2), 10) for i in range(1_000)]),
}
THEIRS = optax.warmup_cosine_decay_schedule(0.0, 3e-4, 1_000, TOTAL, 3e-5)

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


def kernels(program: str) -> int:
    entry = program[program.index("\nENTRY ") :]
    entry = entry[: entry.index("\n}")]
    operations = re.findall(r"^\s+(?:ROOT )?%?\S+ = .*? ([a-z][a-z0-9-]*)\(", entry, re.MULTILINE)
    assert len(operations) > 10, entry
    return sum(operation not in FREE for operation in operations)


def runner(rate):
    program, state = compiled_step(rate)
    carry = [jax.tree.map(jnp.copy, params), jax.tree.map(jnp.copy, state)]

    def step():
        carry[:] = program(*carry, gradients)
        jax.block_until_ready(carry)

    step()
    return lambda: seconds(step, STEPS)


constant = kernels(compiled_step(3e-4)[0].as_text())
figure("Adam step with a constant rate: kernels", str(constant))
for name, schedule in OURS.items():
    extra = kernels(compiled_step(schedule)[0].as_text()) - constant
    figure(f"Adam step with {name}: extra kernels", str(extra), "≤ 1", extra <= 1)
figure("Adam step with optax's warmup and cosine: extra kernels", str(kernels(compiled_step(THEIRS)[0].as_text()) - constant))

a, b, c, again = interleaved(REPEATS, *map(runner, (OURS["warmup_cosine"], 3e-4, THEIRS, 3e-4)))
slower = ratios(a, b)
size = sum(p.size for p in jax.tree.leaves(params)) / 1e6
what = f"Adam step of {size:.1f} million parameters"
ratio = statistics.median(a) / statistics.median(b)
figure(f"{what}: time with warmup_cosine / with a constant rate", spread(slower, digits=4), "≤ 1.02", ratio <= 1.02)
figure(f"{what}: time with optax's schedule / with a constant rate", spread(ratios(c, b), digits=4))
figure(f"{what}: the constant rate against itself", spread(ratios(again, b), digits=4))
figure(f"{what}: milliseconds with warmup_cosine", spread([1e3 * t for t in a]))
finish()
