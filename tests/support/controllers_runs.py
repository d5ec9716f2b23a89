"""The runs that `controllers_record.py` records: by hand, known defects, and arguments drawn from all that is legal."""

import random
from typing import Any

import numpy as np

from support.controllers_metrics import FIRST, SIGNED, metrics

METRICS = metrics()

Arguments = dict[str, Any]

FACTORS, PATIENCES, COOLDOWNS = (0.1, 0.2, 0.3, 0.5, 0.75, 0.9, 0.99), (0, 1, 2, 3, 5, 10), (0, 0, 1, 2, 3, 7, 20)
RELATIVE, ABSOLUTE = (0.0, 1e-4, 1e-3, 0.03, 0.25, 0.9), (0.0, 1e-4, 1e-3, 0.03, 0.125, 1.0, 40.0)
STARTS = (1.0, 0.5, 0.1, 3e-4, 20.0)


def plateau(rng: random.Random, eps: str) -> tuple[Arguments, float]:
    """Arguments of torch, or of paddle, where `eps` has another name."""
    start, kind = rng.choice(STARTS), rng.choice(("rel", "abs"))
    return {
        "mode": rng.choice(("min", "min", "max")),
        "factor": rng.choice(FACTORS),
        "patience": rng.choice(PATIENCES),
        "threshold": rng.choice(RELATIVE if kind == "rel" else ABSOLUTE),
        "threshold_mode": kind,
        "cooldown": rng.choice(COOLDOWNS),
        "min_lr": rng.choice((0.0, 0.0, 0.0, 0.02, 0.3, 1.0, 2.5)) * start,
        eps: rng.choice((0.0, 1e-8, 1e-8, 0.003 * start, 0.125 * start)),
    }, start


def draw_keras(rng: random.Random) -> tuple[Arguments, float]:
    drawn, start = plateau(rng, "eps")
    kept = {key: drawn[key] for key in ("mode", "factor", "patience", "cooldown", "min_lr")}
    return {**kept, "min_delta": rng.choice(ABSOLUTE)}, start


def draw_optax(rng: random.Random) -> tuple[Arguments, float]:
    rtol = rng.choice(RELATIVE)
    return {
        "factor": rng.choice(FACTORS),
        "patience": rng.choice(PATIENCES[1:]),
        "rtol": rtol,
        "atol": rng.choice(ABSOLUTE if rtol else ABSOLUTE[1:]),
        "cooldown": rng.choice(COOLDOWNS),
        "accumulation_size": rng.choice((1, 1, 2, 3, 5, 8)),
        "min_scale": rng.choice((0.0, 0.0, 0.02, 0.3, 1.0)),
    }, 1.0


def draw_huggingface(rng: random.Random) -> tuple[Arguments, float]:
    drawn, start = plateau(rng, "eps")
    smooth = rng.random() < 0.4
    return {
        **drawn,
        "factor": rng.choice((0.95, 0.8, 0.5, 0.99)),
        "patience": rng.choice((0, 1, 2, 3, 5)),
        "warmup": rng.choice(COOLDOWNS),
        "cooldown": rng.choice(COOLDOWNS),
        "min_lr": rng.choice((0.0, 0.02, 0.3, 0.9, 1.0, 2.5)) * start,
        "max_lr": rng.choice((2.5, 3.0, 10.0)) * start,
        "eps": rng.choice((0.0, 1e-8, 1e-8, 0.003 * start)),
        "smooth": smooth,
        "window_size": rng.choice((1, 2, 3, 5, 10, 50)) if smooth else 50,
        "reset_start": rng.choice((0, 1, 2, 3, 500)),
    }, start


DRAW = {
    "torch": lambda rng: plateau(rng, "eps"),
    "paddle": lambda rng: plateau(rng, "epsilon"),
    "keras": draw_keras,
    "huggingface": draw_huggingface,
    "optax": draw_optax,
}


def relative(arguments: Arguments) -> bool:
    if "threshold" in arguments:
        return arguments["threshold_mode"] == "rel" and arguments["threshold"] > 0
    return arguments.get("rtol", 0.0) > 0


def legal(arguments: Arguments, start: float, name: str) -> bool:
    """Whether the package means on these metrics what its documentation says, and the rates are float32 numbers."""
    judged = len(METRICS[name]) / (max(arguments["patience"], 1) * arguments.get("accumulation_size", 1))
    floor = max(arguments.get("min_lr", 0.0), arguments.get("min_scale", 0.0), arguments.get("eps", 0.0))
    small = floor == 0 and start * arguments["factor"] ** judged < 1e-30
    backward = relative(arguments) and name in SIGNED
    poisoned = arguments.get("smooth") and not np.all(np.isfinite(METRICS[name]))
    return not (small or backward or poisoned or name in FIRST)


GREEDY = {"factor": 0.8, "patience": 2, "min_lr": 0.01}

AT_FLOOR = {"factor": 0.3, "patience": 2, "min_lr": 0.03}
"""The first cut reaches the floor but for rounding: there is no second one."""

BY_HAND: dict[str, list[tuple[float, str, Arguments]]] = {
    "torch": [
        (1.0, "decay long", {}),
        (0.1, "flat", {"eps": 1e-4}),
        (1.0, "stairs below zero", {"threshold": 0.0}),
        (0.1, "two values", {**AT_FLOOR, "eps": 0.0}),
    ],
    "paddle": [
        (1.0, "decay long", {}),
        (0.1, "flat", {"epsilon": 1e-4}),
        (1.0, "negative", {"threshold": 0.0}),
        (0.1, "two values", {**AT_FLOOR, "epsilon": 0.0}),
    ],
    "keras": [
        (1.0, "decay long", {"mode": "min"}),
        (0.1, "negative", {"mode": "min"}),
        (0.1, "flat", {"mode": "max"}),
        (0.1, "two values", AT_FLOOR),
    ],
    "optax": [
        (1.0, "decay long", {}),
        (1.0, "flat", {"factor": 0.3, "patience": 2, "min_scale": 0.3}),
        (1.0, "nan long", {"accumulation_size": 4, "patience": 3}),
        (1.0, "inf", {"accumulation_size": 3, "patience": 1}),
        (1.0, "minus inf", {"accumulation_size": 5, "patience": 2}),
        (1.0, "flat tenth", {"accumulation_size": 7, "patience": 2, "rtol": 0.0, "atol": 1e-12}),
    ],
    "huggingface": [
        (0.5, "decay long", {}),
        (1e-4, "decay noisy", {"patience": 1}),  # below the default min_lr: it can only rise
        (2.0, "steady down", {"patience": 1}),  # above the default max_lr
        (0.5, "flat tenth", {**GREEDY, "smooth": True, "window_size": 7, "threshold": 0.0}),
        (1.0, "one step", {**GREEDY, "smooth": True, "window_size": 10, "threshold": 0.0, "warmup": 3, "cooldown": 1}),
        (1.0, "nan", {**GREEDY, "min_lr": 0.3, "max_lr": 0.7}),
        (1.0, "decay noisy", {**GREEDY, "factor": 0.5, "min_lr": 0.3, "max_lr": 1.1}),
        (1.0, "flat", {**GREEDY, "min_lr": 0.3, "reset_start": 3}),
        (0.1, "decay noisy", {**GREEDY, "min_lr": 0.05, "reset_start": 2, "cooldown": 1, "smooth": True}),
        (0.1, "flat", {**GREEDY, "min_lr": 0.05, "reset_start": 3, "cooldown": 2, "smooth": True, "window_size": 3}),
    ],
}
"""Start, metrics and arguments; the package's defaults for what is not said."""

NEGATIVE = {"threshold_mode": "rel", "threshold": 0.1, "patience": 2}

DEFECTS: dict[str, list[tuple[float, str, Arguments]]] = {
    "torch": [
        (1.0, "negative flat", NEGATIVE),
        (1.0, "negative flat", {**NEGATIVE, "mode": "max"}),
        (1.0, "decay", {**NEGATIVE, "threshold": 1.5}),
    ],
    "paddle": [
        (1.0, "negative flat", NEGATIVE),
        (1.0, "nan first", {"patience": 10}),
        (1.0, "inf first", {"patience": 10}),
        (1.0, "inf first", {"patience": 2, "threshold_mode": "abs"}),
    ],
    "keras": [(1.0, "nan first", {"mode": "min"}), (1.0, "inf first", {"mode": "min", "patience": 3})],
    "optax": [
        (1.0, "flat tenth", {"patience": 0, "min_scale": 1e-6}),
        (1.0, "steady down", {"patience": 0, "factor": 0.5}),
        (1.0, "steady down", {"rtol": 1.0, "patience": 50, "factor": 0.5}),
        (1.0, "negative flat", {"patience": 2, "factor": 0.5}),
        (1.0, "flat", {"patience": 5, "factor": 0.9, "dtype": "bfloat16"}),
    ],
    "huggingface": [
        (0.5, "nan", {**GREEDY, "smooth": True, "window_size": 5}),
        (0.5, "inf", {**GREEDY, "smooth": True, "window_size": 5}),
        (0.5, "negative flat", {**GREEDY, "threshold_mode": "rel", "threshold": 0.1}),
        (0.5, "decay", {**GREEDY, "threshold_mode": "rel", "threshold": 1.5}),
    ],
}
"""Runs in which the package does not do what it says, or what anyone would want."""
