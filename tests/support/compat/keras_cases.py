"""Configurations of every schedule of `keras.optimizers.schedules`, drawn from all that is legal."""

import math
import random
from fractions import Fraction
from typing import Any

from support.compat.case import Case
from support.compat.transformers_cases import metrics

MISSED = "the cycle comes from a floating logarithm there, which misses this restart"


def cases(seed: int = 20261124) -> list[Case]:
    rng = random.Random(seed)
    drawn = [draw(rng) for draw, times in DRAWS.items() for _ in range(times)]
    return [*drawn, *DEGENERATE]


def value(rng: random.Random) -> float:
    return rng.choice([1.0, 0.1, 3e-4, 2.5, 1e-3, 10 ** rng.uniform(-5, 1)])


def length(rng: random.Random) -> float:
    return rng.choice([1, 2, 3, 5, 8, 10, 17, 50, 100, 333, 1000, 4096, 10.0, 2.5, rng.randint(1, 10_000)])


def around(*marks: float, last: float = 200_000) -> list[int]:
    near = [int(mark) + d for mark in marks for d in (-1, 0, 1)]
    between = [int(mark * part) for mark in marks for part in (0.13, 0.5, 0.77)]
    return sorted({0, 1, 2, 7, int(last), *(step for step in near + between if step >= 0)})


def exponential(rng):
    n, rate = length(rng), rng.choice([0.5, 0.96, 0.1, 1.0, 1.2, rng.uniform(0.2, 1)])
    arguments = {"initial_learning_rate": value(rng), "decay_steps": n, "decay_rate": rate}
    arguments |= {"staircase": rng.random() < 0.5}
    return Case("ExponentialDecay", arguments, around(n, 2 * n, 3 * n, last=7 * n + 1))


def inverse_time(rng):
    case = exponential(rng)
    rate = rng.choice([0.5, 1.0, 0.01, 3.0, 0.0, rng.random()])
    return case._replace(function="InverseTimeDecay", arguments={**case.arguments, "decay_rate": rate})


def piecewise(rng):
    boundaries: list[Any] = sorted(rng.sample(range(0, 400), rng.randint(1, 7)))
    if rng.random() < 0.3:
        boundaries = [boundary + rng.choice([0.0, 0.5]) for boundary in boundaries]
    values = [value(rng) for _ in range(len(boundaries) + 1)]
    return Case("PiecewiseConstantDecay", {"boundaries": boundaries, "values": values}, around(*boundaries)[:40])


def polynomial(rng):
    n, cycle = length(rng), rng.random() < 0.5
    arguments = {"initial_learning_rate": value(rng), "decay_steps": n, "cycle": cycle}
    if rng.random() < 0.7:
        arguments |= {"end_learning_rate": rng.choice([0.0, value(rng)]), "power": rng.choice([2.0, 0.5, 1, 3, 0.9, 0])}
    # With cycles the last steps before a multiple are as good as float64 is, which is not much far out.
    last = 50 * n + 1 if cycle else 200_000
    return Case("PolynomialDecay", arguments, around(n, 2 * n, 3 * n, last=last))


def cosine(rng):
    n, warmup = length(rng), rng.choice([0, 1, 2, 10, 100, rng.randint(1, 3000)])
    arguments = {"initial_learning_rate": value(rng), "decay_steps": n, "alpha": rng.choice([0.0, 0.1, 0.01, 1.0])}
    if rng.random() < 0.3:
        arguments |= {"warmup_steps": warmup}
    elif rng.random() < 0.6:
        arguments |= {"warmup_target": value(rng), "warmup_steps": warmup}
        arguments |= {"initial_learning_rate": rng.choice([0.0, value(rng)])}
    return Case("CosineDecay", arguments, around(warmup, n, warmup + n))


def restarts(rng):
    n = rng.choice([1, 2, 5, 10, 33, 100, 1000])
    arguments = {"initial_learning_rate": value(rng), "first_decay_steps": n}
    arguments |= {"t_mul": rng.choice([1.0, 2.0, 1.5, 3.0, 1.1, 2.5]), "m_mul": rng.choice([1.0, 0.5, 0.9, 1.1])}
    arguments |= {"alpha": rng.choice([0.0, 0.1, 0.5])}
    grown = n + n * arguments["t_mul"]
    steps = around(n, grown, grown + n * arguments["t_mul"] ** 2, last=20 * n)
    return Case("CosineDecayRestarts", arguments, [s for s in steps if rounds_well(s, n, arguments["t_mul"])])


def rounds_well(step: int, first: int, growth: float) -> bool:
    """Whether a floating logarithm, as there, finds the cycle that a step is in: at a restart it may not."""
    if growth == 1:
        return math.floor(step / first) == step // first
    ends, length, exact = Fraction(0), Fraction(first), Fraction(str(growth))
    while step >= ends + length:
        ends, length = ends + length, length * exact
    gap = min(step - ends, ends + length - step) / length  # as a part of the cycle
    return gap > 1e-9 or growth == 2  # a power of 2 has an exact logarithm


def plateau(rng):
    arguments = {"lr": rng.choice([1.0, 0.1, 0.5]), "factor": rng.choice([0.1, 0.5, 0.3, 0.9])}
    arguments |= {"patience": rng.choice([0, 1, 2, 4, 10]), "mode": rng.choice(["min", "max", "auto"])}
    arguments |= {"min_delta": rng.choice([1e-4, 0.0, 1e-3, -1e-3]), "cooldown": rng.choice([0, 0, 1, 3])}
    arguments |= {"min_lr": rng.choice([0.0, 1e-3, 0.03, 0.2]), "monitor": rng.choice(["loss", "val_loss"])}
    # The cuts multiply the rate again and again there, each with a rounding.
    return Case("ReduceLROnPlateau", arguments, [], metrics(rng))


DRAWS = {
    exponential: 14,
    inverse_time: 12,
    piecewise: 10,
    polynomial: 18,
    cosine: 20,
    restarts: 16,
    plateau: 10,
}

DEGENERATE = [
    Case(
        "CosineDecay",
        {"initial_learning_rate": 0.5, "decay_steps": 4, "warmup_target": 1.0, "warmup_steps": 0},
        [0, 1, 2, 3, 4, 5],
    ),
    Case("PiecewiseConstantDecay", {"boundaries": [-1, 2], "values": [1.0, 0.5, 0.1]}, [0, 1, 2, 3]),
    Case("ExponentialDecay", {"initial_learning_rate": 1.0, "decay_steps": 4, "decay_rate": 0.0}, [0, 1, 4, 5]),
]
