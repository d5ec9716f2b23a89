"""optax's schedule constructors, each with numbers for its arguments."""

from typing import Any

import numpy as np
import optax

TABLES = {"init_value": 1.0, "scales": np.asarray([0.5, 0.2]), "boundaries": np.asarray([10, 20])}
RAMP = {"init_value": 1.0, "end_value": 0.1, "transition_steps": 20, "transition_begin": 2}
WARMUP = {"init_value": 0.1, "peak_value": 1.0, "warmup_steps": 5}


def piecewise_constant(init_value, scales, boundaries):
    return optax.piecewise_constant_schedule(init_value, dict(zip(_each(boundaries), _each(scales), strict=True)))


def piecewise_interpolate(init_value, scales, boundaries):
    table = dict(zip(_each(boundaries), _each(scales), strict=True))
    return optax.piecewise_interpolate_schedule("linear", init_value, table)


def sgdr(peak_value, decay_steps, warmup_steps):
    cycle = {"init_value": 0.0, "peak_value": peak_value, "decay_steps": decay_steps, "warmup_steps": warmup_steps}
    return optax.sgdr_schedule([cycle, cycle])


def join(boundary):
    return optax.join_schedules([optax.constant_schedule(1.0), optax.constant_schedule(0.5)], [boundary])


def _each(x):
    return x.tolist() if isinstance(x, np.ndarray) else list(x)


CONSTRUCTORS: list[tuple[str, Any, dict[str, Any]]] = [
    ("constant", optax.constant_schedule, {"value": 1.0}),
    ("linear", optax.linear_schedule, RAMP),
    ("polynomial", optax.polynomial_schedule, {**RAMP, "power": 2.0}),
    ("exponential_decay", optax.exponential_decay, {**RAMP, "decay_rate": 0.5}),
    (
        "cosine_decay",
        optax.cosine_decay_schedule,
        {"init_value": 1.0, "decay_steps": 20, "alpha": 0.1, "exponent": 1.5},
    ),
    ("warmup_constant", optax.warmup_constant_schedule, WARMUP),
    (
        "warmup_cosine_decay",
        optax.warmup_cosine_decay_schedule,
        {**WARMUP, "decay_steps": 30, "end_value": 0.05, "exponent": 1.5},
    ),
    (
        "warmup_exponential_decay",
        optax.warmup_exponential_decay_schedule,
        {**WARMUP, "transition_steps": 8, "decay_rate": 0.5, "transition_begin": 2, "end_value": 0.05},
    ),
    ("piecewise_constant", piecewise_constant, TABLES),
    ("piecewise_interpolate", piecewise_interpolate, TABLES),
    (
        "cosine_onecycle",
        optax.cosine_onecycle_schedule,
        {"transition_steps": 30, "peak_value": 1.0, "pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 1e2},
    ),
    (
        "linear_onecycle",
        optax.linear_onecycle_schedule,
        {
            "transition_steps": 30,
            "peak_value": 1.0,
            "pct_start": 0.3,
            "pct_final": 0.8,
            "div_factor": 25.0,
            "final_div_factor": 1e2,
        },
    ),
    ("sgdr", sgdr, {"peak_value": 1.0, "decay_steps": 20, "warmup_steps": 2}),
    ("join", join, {"boundary": 10}),
]
