"""One call of warmup and cosine on the host: jaxsched, optax, and optax under `jax.jit`, taking turns in one process.

A figure is the least of many repetitions: a busy machine only ever adds to a time.
"""

import jax
import jax.numpy as jnp
import optax
from _report import figure, finish, interleaved, seconds

import jaxsched

REPEATS, CALLS = 60, 300

ours = jaxsched.warmup(jaxsched.Cosine(3e-4, 3e-5, steps=9_000), 1_000)
theirs = optax.warmup_cosine_decay_schedule(0.0, 3e-4, 1_000, 10_000, 3e-5)
theirs_jitted = jax.jit(theirs)


def microseconds(schedule, step, times: int, read) -> float:
    return 1e6 * seconds(lambda: read(schedule(step)), times)


WAYS = {
    "an int": (500, lambda x: x.block_until_ready()),
    "an int, read by float()": (500, float),
    "an array": (jnp.int32(500), lambda x: x.block_until_ready()),
    "10,000 steps": (jnp.arange(10_000), lambda x: x.block_until_ready()),
}
for kind, (step, read) in WAYS.items():
    calls = [(ours, CALLS), (theirs, CALLS // 10), (theirs_jitted, CALLS)]
    for f, _ in calls:
        read(f(step))  # compiles
    measured = interleaved(REPEATS, *(lambda f=f, n=n, t=step, r=read: microseconds(f, t, n, r) for f, n in calls))
    a, b, c = map(min, measured)
    figure(f"a call on the host, step is {kind}: ours / jitted optax", f"{a / c:.2f}x", "at most 1.6x", a / c <= 1.6)
    figure(f"a call on the host, step is {kind}: optax's time / ours", f"{b / a:.1f}x")
    figure(
        f"a call on the host, step is {kind}: least microseconds, ours, optax, jitted optax",
        f"{a:.1f}, {b:.1f}, {c:.1f}",
    )
finish()
