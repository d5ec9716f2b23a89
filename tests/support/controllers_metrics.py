"""The metric sequences behind `traces/controllers.json`: seeded, and the same on every Python.

A number is kept in six digits and fed as the float32 next to it, so that float32 and float64 see the same metric. The
staircases are multiples of 1/8 or 1/1024, whose differences are exact: there, ties decide alike too.
"""

import math
import random

NAN, INF = math.nan, math.inf


def noisy(seed: int, n: int, start: float, end: float, length: float, noise: float) -> list[float]:
    """An exponential from `start` towards `end`, with uniform noise."""
    rng = random.Random(f"noisy {seed}")  # `random()` alone is the same in every version of Python
    return [end + (start - end) * math.exp(-t / length) + noise * (2 * rng.random() - 1) for t in range(n)]


def stairs(n: int, width: int, start: float, step: float) -> list[float]:
    return [start + step * (t // width) for t in range(n)]


def replaced(values: list[float], at: dict[int, float]) -> list[float]:
    return [at.get(t, value) for t, value in enumerate(values)]


def scaled(values: list[float], scale: float) -> list[float]:
    return [scale * value for value in values]


def metrics() -> dict[str, list[float]]:
    """Every sequence by its name; the first metric comes first."""
    decay, long = noisy(1, 80, 2.3, 0.3, 12, 0.05), noisy(2, 120, 4.0, 0.5, 25, 0.2)
    sequences = {
        "decay": decay,
        "decay long": long,
        "decay quiet": noisy(3, 100, 1.0, 0.1, 30, 0.004),
        "decay noisy": noisy(4, 120, 1.5, 0.6, 15, 0.3),
        "decay short": noisy(5, 40, 0.9, 0.4, 6, 0.02),
        "growth": noisy(6, 80, 0.1, 0.93, 14, 0.02),
        "growth noisy": noisy(7, 120, 0.3, 0.8, 20, 0.08),
        "growth short": noisy(8, 40, 0.5, 0.99, 5, 0.01),
        "flat": [1.0] * 60,
        "flat tenth": [0.1] * 50,
        "zero": [0.0] * 40,
        "one step": [0.7] * 40 + [0.3] * 40,
        "stairs down": stairs(64, 5, 4.0, -0.125),
        "stairs down wide": stairs(90, 11, 16.0, -1.0),
        "stairs down fine": stairs(80, 3, 1.0, -1 / 1024),
        "stairs up": stairs(64, 6, 1.0, 0.125),
        "steady down": [0.98**t for t in range(100)],
        "steady up": [1.02**t for t in range(100)],
        "slow down": [1 - 4e-5 * t for t in range(120)],
        "waves": [1 + 0.5 * math.cos(t / 3) + 0.01 * t for t in range(110)],
        "two values": [1.0, 0.5] * 30,
        "down then up": [1 / (1 + t) if t < 20 else 0.05 + 0.01 * t for t in range(60)],
        "spikes": replaced(decay, {t: 80.0 + t for t in (7, 8, 23, 41, 42, 43, 66)}),
        "dips": replaced(long, {t: 0.01 - 1e-4 * t for t in (30, 71)}),
        "nan": replaced(decay, {t: NAN for t in (3, 9, 10, 11, 30, 31, 50, 77)}),
        "nan long": replaced(long, {t: NAN for t in range(5, 120, 7)}),
        "nan from 20 on": replaced(decay, {t: NAN for t in range(20, 80)}),
        "inf": replaced(decay, {t: INF for t in (2, 15, 16, 17, 48)}),
        "inf and nan": replaced(long, {**{t: INF for t in (4, 40, 41)}, **{t: NAN for t in (42, 43, 90)}}),
        "growth to nan": replaced(noisy(9, 70, 0.2, 0.9, 9, 0.03), {t: NAN for t in (12, 13, 40, 41, 69)}),
        "minus inf": replaced(noisy(10, 60, 1.0, 0.2, 15, 0.05), {35: -INF}),
        "huge": scaled(noisy(11, 60, 3.0, 1.0, 12, 0.1), 1e30),
        "tiny": scaled(noisy(12, 60, 3.0, 1.0, 12, 0.1), 1e-30),
        "below zero": noisy(13, 90, 3.0, -4.0, 25, 0.2),
        "negative": noisy(14, 80, -1.0, -6.0, 20, 0.3),
        "negative flat": [-1.0] * 40,
        "above zero": noisy(15, 90, -5.0, 2.0, 20, 0.25),
        "stairs below zero": stairs(72, 4, 1.0, -0.125),
        "nan first": replaced(decay, {0: NAN}),
        "inf first": replaced(decay, {0: INF, 1: INF, 2: INF}),
        "nan only": [NAN] * 40,
    }
    return {
        name: [float(f"{value:.6g}") if math.isfinite(value) else value for value in s] for name, s in sequences.items()
    }


SIGNED = ("below zero", "negative", "negative flat", "above zero", "stairs below zero")
"""Metrics below 0, on which the relative thresholds of the other packages go the wrong way."""

FIRST = ("nan first", "inf first", "nan only")
"""Sequences that do not start with a number."""
