"""One eager call of warmup and cosine: jaxsched, optax, and optax under `jax.jit`, taking turns in one process."""

import statistics

import jax
import jax.numpy as jnp
import optax
from _report import figure, finish, interleaved, ratios, seconds, spread

import jaxsched

REPEATS, CALLS = 15, 500

ours = jaxsched.warmup(jaxsched.Cosine(3e-4, 3e-5, steps=9_000), 1_000)
theirs = optax.warmup_cosine_decay_schedule(0.0, 3e-4, 1_000, 10_000, 3e-5)
theirs_jitted = jax.jit(theirs)


def microseconds(schedule, step, times: int) -> float:
    return 1e6 * seconds(lambda: schedule(step).block_until_ready(), times)


for kind, step in (("an int", 500), ("an array", jnp.int32(500))):
    calls = [(f, n) for f, n in ((ours, CALLS), (theirs, CALLS // 10), (theirs_jitted, CALLS))]
    values = [float(f(step)) for f, _ in calls]  # compiles
    assert max(values) - min(values) < 1e-6 * max(values), values
    a, b, c = interleaved(REPEATS, *(lambda f=f, n=n, t=step: microseconds(f, t, n) for f, n in calls))
    faster, slower = ratios(b, a), ratios(a, c)
    step_is = f"step is {kind}"
    figure(
        f"eager call, {step_is}: optax's time / ours",
        spread(faster, "x"),
        "at least 8x",
        statistics.median(faster) >= 8,
    )
    figure(
        f"eager call, {step_is}: ours / jitted optax", spread(slower, "x"), "at most 3x", statistics.median(slower) <= 3
    )
    figure(f"eager call, {step_is}: microseconds, ours", spread(a))
    figure(f"eager call, {step_is}: microseconds, optax", spread(b))
    figure(f"eager call, {step_is}: microseconds, optax jitted", spread(c))
finish()
