"""Tracing and compiling an Adam step with each recipe, against the same step with optax's nearest schedule.

The network is small, so that the schedule's own part of the time is as large as it ever is. Every repetition traces
and compiles anew: the step is another function each time, and JAX's caches are cleared.
"""

import time

import jax
import jax.numpy as jnp
import optax
from _report import figure, finish

import jaxsched as js

REPEATS = 9
PEAK, END, WARMUP, TOTAL = 3e-4, 3e-5, 1_000, 10_000
o = optax


def lines(*pieces):
    ends = [sum(n for _, n in pieces[: i + 1]) for i in range(len(pieces) - 1)]
    return o.join_schedules([schedule for schedule, _ in pieces], ends)


def inverse_sqrt(timescale):
    return lambda step: PEAK * jnp.sqrt(timescale / (timescale + step))


UP = (o.linear_schedule(0.0, PEAK, WARMUP), WARMUP)
CYCLES = [{"init_value": 0.0, "peak_value": PEAK, "warmup_steps": 100, "decay_steps": 100 * 2**i} for i in range(1, 5)]
COSINES = [(o.cosine_decay_schedule(PEAK, 1_000 * 2**i), 1_000 * 2**i) for i in range(4)]
TRIANGLES = [(o.linear_schedule(*ends, 1_000), 1_000) for ends in ((END, PEAK), (PEAK, END))] * 2

PAIRS = {
    "Linear": (js.Linear(PEAK, END, steps=TOTAL), o.linear_schedule(PEAK, END, TOTAL)),
    "Cosine": (js.Cosine(PEAK, END, steps=TOTAL), o.cosine_decay_schedule(PEAK, TOTAL, END / PEAK)),
    "Polynomial": (js.Polynomial(PEAK, END, steps=TOTAL, power=2.0), o.polynomial_schedule(PEAK, END, 2.0, TOTAL)),
    "warmup_cosine": (
        js.warmup_cosine(PEAK, WARMUP, TOTAL, END),
        o.warmup_cosine_decay_schedule(0.0, PEAK, WARMUP, TOTAL, END),
    ),
    "warmup_linear": (
        js.warmup_linear(PEAK, WARMUP, TOTAL),
        lines(UP, (o.linear_schedule(PEAK, 0.0, TOTAL - WARMUP), TOTAL - WARMUP)),
    ),
    "warmup_inverse_sqrt": (js.warmup_inverse_sqrt(PEAK, WARMUP), lines(UP, (inverse_sqrt(WARMUP), 1))),
    "noam": (js.noam(512, WARMUP), lines(UP, (inverse_sqrt(WARMUP), 1))),
    "wsd": (
        js.wsd(PEAK, warmup=WARMUP, stable=7_000, decay=2_000),
        lines(UP, (o.constant_schedule(PEAK), 7_000), (o.linear_schedule(PEAK, 0.0, 2_000), 2_000)),
    ),
    "flat_cosine": (
        js.flat_cosine(PEAK, TOTAL),
        lines((o.constant_schedule(PEAK), 7_500), (o.cosine_decay_schedule(PEAK, 2_500), 2_500)),
    ),
    "slanted_triangular": (
        js.slanted_triangular(PEAK, TOTAL),
        lines((o.linear_schedule(PEAK / 32, PEAK, 1_000), 1_000), (o.linear_schedule(PEAK, PEAK / 32, 9_000), 9_000)),
    ),
    "one_cycle": (js.one_cycle(PEAK, TOTAL), o.cosine_onecycle_schedule(TOTAL, PEAK)),
    "one_cycle, linear": (js.one_cycle(PEAK, TOTAL, shape="linear"), o.linear_onecycle_schedule(TOTAL, PEAK)),
    "cyclic": (js.cyclic(END, PEAK, 1_000), lines(*TRIANGLES)),
    "sgdr": (js.sgdr(PEAK, 1_000), lines(*COSINES)),
    "sgdr, growing": (js.sgdr(PEAK, 1_000, growth=2), o.sgdr_schedule(CYCLES)),
    "step_decay": (js.step_decay(PEAK, 0.5, 1_000), o.exponential_decay(PEAK, 1_000, 0.5, staircase=True)),
    "exponential_decay": (js.exponential_decay(PEAK, 0.5, 1_000), o.exponential_decay(PEAK, 1_000, 0.5)),
    "inverse_time_decay": (js.inverse_time_decay(PEAK, 0.5, 1_000), lambda step: PEAK / (1 + 0.5 * step / 1_000)),
    "multistep_decay": (
        js.multistep_decay(PEAK, 0.1, [3_000, 6_000, 9_000]),
        o.piecewise_constant_schedule(PEAK, {3_000: 0.1, 6_000: 0.1, 9_000: 0.1}),
    ),
    "piecewise_constant": (
        js.piecewise_constant([3_000, 6_000], [PEAK, PEAK / 10, END]),
        o.piecewise_constant_schedule(PEAK, {3_000: 0.1, 6_000: 0.1}),
    ),
}

params = [{"w": jnp.ones((64, 64)) / 64, "b": jnp.zeros(64)} for _ in range(3)]
inputs = jnp.ones((16, 64))


def loss(params, x):
    for layer in params:
        x = jnp.tanh(x @ layer["w"] + layer["b"])
    return jnp.mean(jnp.square(x))


def compiling(rate) -> float:
    """Seconds of this process that one trace and compilation takes."""
    optimizer = optax.adam(rate)
    state = optimizer.init(params)
    jax.clear_caches()

    def step(params, state, x):
        updates, state = optimizer.update(jax.grad(loss)(params, x), state, params)
        return optax.apply_updates(params, updates), state

    begin = time.process_time()
    jax.jit(step).lower(params, state, inputs).compile()
    return time.process_time() - begin


compiling(PEAK)  # what is compiled once for a process
base = min(compiling(PEAK) for _ in range(REPEATS))
figure("trace and compile an Adam step with a constant rate: least milliseconds", f"{1e3 * base:.0f}")
for name, (ours, theirs) in PAIRS.items():
    rows = [(compiling(ours), compiling(theirs)) for _ in range(REPEATS)]
    a, b = (min(column) for column in zip(*rows, strict=True))
    what = f"trace and compile an Adam step with {name}: least time against optax's nearest"
    figure(what, f"{a / b:.2f}x ({1e3 * a:.0f} and {1e3 * b:.0f} ms)", "at most 1.3x", a / b <= 1.3)
finish()
