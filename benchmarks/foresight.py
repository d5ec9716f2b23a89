"""Foresight: what it takes to judge a schedule, a fit, a comparison and an optimum.

The bound is compared with the one `jnp.cumsum` that it must make, both compiled. A fit, a comparison and an optimum are
measured as a user has them: compiling is in.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
from _report import figure, finish

import jaxsched
from jaxsched import foresight

STEPS, REPEATS, LENGTH = 1_000_000, 20, 24_000
LAW = foresight.FunctionalLaw(2.62, 0.617, 0.452, 26.6)

compiled = []
jax.monitoring.register_event_duration_secs_listener(
    lambda event, *unused_args, **unused: compiled.append(event) if event.endswith("backend_compile_duration") else None
)


def least(call) -> float:
    """The least seconds of many calls, of which the first compiles."""
    jax.block_until_ready(call())
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - begin)
    return min(times)


def once(call):
    begin = time.perf_counter()
    found = call()
    return time.perf_counter() - begin, found


def runs():
    flat = 2_160
    shapes = [
        jaxsched.warmup_cosine(3e-4, flat, LENGTH, end=3e-5),
        jaxsched.wsd(3e-4, warmup=flat, stable=17_840, decay=4_000),
        jaxsched.wsd(3e-4, warmup=flat, stable=11_840, decay=10_000),
    ]
    steps = np.arange(flat, LENGTH, 128)
    noise = np.random.default_rng(0).normal(size=(3, len(steps)))
    return [(x, steps, np.asarray(LAW.curve(x, steps)) + 0.003 * e) for x, e in zip(shapes, noise, strict=True)]


def made(decay, power):
    flat = [jaxsched.Linear(0.0, 3e-4, steps=2_159), jaxsched.Constant(3e-4)]
    return jaxsched.join([*flat, jaxsched.Polynomial(3e-4, 0.0, power=power, steps=decay)], [2_160, LENGTH - decay])


rates = jnp.linspace(1.0, 0.0, STEPS)
table = jaxsched.Tabulated(rates)
bound, sums = jax.jit(lambda s: foresight.bound(s, STEPS)), jax.jit(jnp.cumsum)
ratio = least(lambda: bound(table)) / least(lambda: sums(rates))
figure(f"bound of {STEPS:,} steps: its time / that of `jnp.cumsum`", f"{ratio:.2f}x", "at most 3x", ratio <= 3)

known = runs()
seconds, found = once(lambda: foresight.fit(known))
figure(f"fit of three runs of {LENGTH:,} steps", f"{seconds:.2f} s", "under 1 s", seconds < 1)

many = jaxsched.grid(lambda end: jaxsched.Cosine(1.0, end, steps=1_000), end=np.linspace(0, 1, 64))
before = len(compiled)
jax.jit(lambda s: jax.vmap(lambda x: foresight.bound(x, 1_000))(s))(many)
programs = len(compiled) - before
figure("bounds of 64 stacked schedules: programs", str(programs), "1", programs == 1)
seconds, _ = once(lambda: foresight.compare(many, 1_000))
figure("compare of 64 stacked schedules", f"{seconds:.2f} s")

seconds, best = once(
    lambda: foresight.optimize(made, lambda s: LAW(s, LENGTH), error=0.01, decay=(500.0, 20_000.0), power=(0.5, 3.0))
)
figure(f"optimum of two numbers under a law, {LENGTH:,} steps", f"{seconds:.2f} s", "under 5 s", seconds < 5)
finish()
