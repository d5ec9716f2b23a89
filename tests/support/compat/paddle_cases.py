"""Configurations of every class of `paddle.optimizer.lr`, drawn from all that is legal."""

import math
import random
from collections.abc import Callable
from typing import Any

from support.compat.case import Case

LAST = 300
"""The last step at which a scheduler that steps one by one is read."""

CANCELS = 1e-9
"""The package multiplies the rate from step to step by ratios of `1 + cos`, whose digits cancel beside its zero."""

OVERSHOOTS = "a step after the last overshoots the end there, and holds it here"
LOGARITHM = "the cycle comes from a floating logarithm there, and is the one before at an exact restart"
NEGATIVE = "of negative metrics, slightly worse ones are better there"


def cases(seed: int = 20261123) -> list[Case]:
    rng = random.Random(seed)
    return [*(draw(rng) for draw in DRAWS for _ in range(5)), *DEGENERATE]


def value(rng: random.Random) -> float:
    return rng.choice([1.0, 0.1, 3e-4, 2.5, 1e-3, 1, 10 ** rng.uniform(-5, 1)])


def length(rng: random.Random, last: int = 10_000) -> int:
    return min(rng.choice([1, 2, 3, 5, 8, 10, 17, 50, 100, 333, 1000, 4096, rng.randint(1, 10_000)]), last)


def around(*marks: float, last: int = 200_000) -> list[int]:
    near = [int(mark) + d for mark in marks for d in (-1, 0, 1)]
    between = [int(mark * part) for mark in marks for part in (0.13, 0.5, 0.77)]
    return sorted({step for step in (0, 1, 2, 7, last, *near, *between) if 0 <= step <= last})


def noam(rng):
    warmup = length(rng)
    arguments = {"d_model": rng.choice([1, 64, 512, 768]), "warmup_steps": warmup, "learning_rate": value(rng)}
    return Case("NoamDecay", arguments, around(warmup, last=10**6))


def piecewise(rng):
    boundaries = sorted(rng.sample(range(500), rng.randint(1, 6)))
    values = [value(rng) for _ in range(len(boundaries) + rng.choice([1, 1, 1, 2, 3]))]
    return Case("PiecewiseDecay", {"boundaries": boundaries, "values": values}, around(*boundaries))


def natural(rng):
    gamma = rng.choice([0.1, 0.01, 1e-4, 2, rng.uniform(0.001, 1)])
    return Case(
        "NaturalExpDecay", {"learning_rate": value(rng), "gamma": gamma}, around(3 / gamma, last=int(9 / gamma))
    )


def inverse_time(rng):
    gamma = rng.choice([0.1, 0.01, 0, 2, rng.uniform(0.001, 1)])
    return Case("InverseTimeDecay", {"learning_rate": value(rng), "gamma": gamma}, around(10, 1000, last=10**6))


def polynomial(rng):
    n, cycle = length(rng), rng.random() < 0.5
    arguments = {"learning_rate": value(rng), "decay_steps": n, "end_lr": rng.choice([1e-4, 0.0, value(rng)])}
    arguments |= {"power": rng.choice([1.0, 2, 0.5, 0.9, 3.3]), "cycle": cycle}
    steps = around(n, 2 * n, 5 * n) if cycle else around(n)
    return Case("PolynomialDecay", arguments, steps)


def exponential(rng):
    gamma = rng.choice([0.9, 0.5, 0.99, 0.9999, 0.1, rng.uniform(0.01, 0.99)])
    last = int(-12 / math.log(gamma))
    return Case("ExponentialDecay", {"learning_rate": value(rng), "gamma": gamma}, around(last // 3, last=last))


def multistep(rng):
    milestones = sorted(rng.sample(range(500), rng.randint(0, 6)))
    arguments = {"learning_rate": value(rng), "milestones": milestones, "gamma": rng.choice([0.1, 0.5, 0.0, 0.97])}
    return Case("MultiStepDecay", arguments, around(*milestones))


def step_decay(rng):
    n = length(rng)
    arguments = {"learning_rate": value(rng), "step_size": n, "gamma": rng.choice([0.1, 0.5, 0.0, 0.97])}
    return Case("StepDecay", arguments, around(n, 2 * n, last=7 * n))


def user_function(rng) -> dict[str, str]:
    sources = ["t: 0.95**t", "t: 1 / (1 + 0.1 * t)", "t: 0.5 ** (t // 30)", "t: [1.0, 0.5, 0.25][min(t // 9, 2)]"]
    return {"lambda": rng.choice([*sources, f"t: {rng.uniform(0.5, 1)} ** (t / 10)"])}


def lambda_decay(rng):
    return Case("LambdaDecay", {"learning_rate": value(rng), "lr_lambda": user_function(rng)}, around(30, last=250))


def multiplicative(rng):
    sources = ["t: 0.95", "t: 1 - 0.5 / (t + 1)", "t: 0.5 if t % 30 == 0 else 1.0", f"t: {rng.uniform(0.9, 1.02)}"]
    arguments = {"learning_rate": value(rng), "lr_lambda": {"lambda": rng.choice(sources)}}
    return Case("MultiplicativeDecay", arguments, around(30, last=LAST))


def cosine(rng):
    n = length(rng, 120)
    arguments = {"learning_rate": value(rng), "T_max": n, "eta_min": rng.choice([0, 1e-5, value(rng)])}
    return Case("CosineAnnealingDecay", arguments, around(n, 2 * n, last=LAST), tolerance=CANCELS)


def one_cycle(rng):
    n, three = rng.choice([4, 7, 10, 20, 100, 977, 5000]), rng.random() < 0.4
    pct = rng.choice([0.3, 0.25, 0.45, 0.0, rng.uniform(0.02, 0.49), *([] if three else [0.8, 1.0])])
    pct = 0.3 if pct * n == 1 else pct  # divides by 0 there
    arguments = {"max_learning_rate": value(rng), "total_steps": n, "divide_factor": rng.choice([25.0, 10, 4.0])}
    arguments |= {"end_learning_rate": rng.choice([1e-4, 0, 1e-6]), "phase_pct": pct, "three_phase": three}
    arguments |= {"anneal_strategy": rng.choice(["cos", "linear"])}
    steps = around(pct * n - 1, 2 * pct * n - 2, n - 1, last=n - 1)
    return Case("OneCycleLR", arguments, steps)


def cyclic(rng):
    up, down = length(rng, 1000), rng.choice([None, length(rng, 1000)])
    arguments = {"base_learning_rate": value(rng), "max_learning_rate": value(rng), "step_size_up": up}
    arguments |= {"step_size_down": down, "mode": rng.choice(["triangular", "triangular2", "exp_range"])}
    arguments |= {"exp_gamma": rng.choice([1.0, 0.999, 0.9])}
    if rng.random() < 0.4:
        mode = rng.choice(["cycle", "iterations"])
        source = rng.choice(["x: 0.5 ** (x - 1)", "x: 1 / (1 + x)", "x: 1.0", "x: 1.0 if x < 3 else 0.25"])
        arguments |= {"scale_mode": mode, "scale_fn": {"lambda": source}}
    period = up + (down or up)
    steps = around(up, period, period + up, last=9 * period)
    return Case("CyclicLR", arguments, steps)


def linear(rng):
    n = rng.choice([1, 2, 5, 33, 200, 4.5, 0.5])
    arguments = {"learning_rate": value(rng), "total_steps": n, "start_factor": rng.choice([1 / 3, 1.0, 0.01, 0.5])}
    arguments |= {"end_factor": rng.choice([1.0, 0.0, 0.5, rng.random()])}
    return Case("LinearLR", arguments, around(n, last=LAST))


def restarts(rng):
    n = length(rng, 100)
    arguments = {"learning_rate": value(rng), "T_0": n, "T_mult": rng.choice([1, 1, 2, 3])}
    arguments |= {"eta_min": rng.choice([0, 1e-5, value(rng)])}
    return Case("CosineAnnealingWarmRestarts", arguments, around(n, 2 * n, 3 * n, 4 * n, last=LAST))


def warmup(rng):
    inner = rng.choice([*WARMED, None])
    if inner is None:
        schedule: Any = value(rng)
        tolerance = 1e-12
    else:
        case = inner(rng)
        schedule, tolerance = {"call": case.function, "arguments": case.arguments}, case.tolerance
    start = rng.choice([0.0, 0, 1e-6])
    w = length(rng, 100)
    arguments = {"learning_rate": schedule, "warmup_steps": w, "start_lr": start, "end_lr": start + value(rng)}
    return Case("LinearWarmup", arguments, around(w, w + 30, last=LAST), tolerance=tolerance)


def metrics(rng: random.Random, sign: int) -> list[float]:
    level, course = rng.choice([1.0, 5.0, 100.0]), []
    for _ in range(rng.choice([20, 40])):
        level *= 1 + sign * rng.choice([0.0, 0.0, 0.01, -0.02, -0.1, 3e-4, -3e-5])
        course.append(level)
    return course


def plateau(rng):
    mode = rng.choice(["min", "max", "MIN"])
    arguments = {"learning_rate": value(rng), "mode": mode, "factor": rng.choice([0.1, 0.5, 0.9, 0, 0.0])}
    arguments |= {"patience": rng.choice([0, 1, 2, 4, 10]), "threshold": rng.choice([1e-4, 0.0, 0.05])}
    arguments |= {"threshold_mode": rng.choice(["rel", "abs"]), "cooldown": rng.choice([0, 0, 1, 3])}
    arguments |= {"min_lr": rng.choice([0, 1e-4, 0.05, 5.0]), "epsilon": rng.choice([1e-8, 0.01])}
    return Case("ReduceOnPlateau", arguments, [], metrics(rng, -1 if mode == "max" else 1))


DRAWS: list[Callable[[random.Random], Case]] = [noam, piecewise, natural, inverse_time, polynomial, exponential]
DRAWS += [multistep, step_decay, lambda_decay, multiplicative, cosine, one_cycle, cyclic, linear, restarts, plateau]
WARMED = [draw for draw in DRAWS if draw not in (plateau, one_cycle, restarts)]
DRAWS += [one_cycle, plateau, warmup, warmup]

ONE = {"max_learning_rate": 1.0, "total_steps": 10, "phase_pct": 0.3}
FALLING = [-1.0, -0.99995, -0.9999, -0.99985, -0.9998]
DEGENERATE = [
    Case("OneCycleLR", ONE, [9, 10], differs=OVERSHOOTS),
    Case("OneCycleLR", ONE | {"anneal_strategy": "linear"}, [9, 10], differs=OVERSHOOTS),
    Case("OneCycleLR", ONE | {"total_steps": 1}, [0]),
    Case("OneCycleLR", ONE | {"total_steps": 2, "three_phase": True}, [0, 1]),
    Case("CosineAnnealingDecay", {"learning_rate": 1.0, "T_max": 1}, [0, 1, 2, 3]),
    Case("CosineAnnealingDecay", {"learning_rate": 0.0, "T_max": 3, "eta_min": 0.5}, [0, 1, 2, 3, 4, 6]),
    Case("CosineAnnealingWarmRestarts", {"learning_rate": 1.0, "T_0": 1, "T_mult": 3}, [0, 1, 4, 13, 40, 121, 122]),
    Case("StepDecay", {"learning_rate": 0.0, "step_size": 1}, [0, 1, 2]),
    Case("PolynomialDecay", {"learning_rate": 1.0, "decay_steps": 1, "cycle": True}, [0, 1, 2, 3]),
    Case("ReduceOnPlateau", {"learning_rate": 1.0, "factor": 0.5, "patience": 1}, [], FALLING, NEGATIVE),
    Case("ReduceOnPlateau", {"learning_rate": 1.0, "factor": 0.5, "patience": 0}, [], [0.0, 0.0, 0.0, -1.0, -2.0]),
    Case(
        "LinearWarmup",
        {
            "learning_rate": {
                "call": "CosineAnnealingWarmRestarts",
                "arguments": {"learning_rate": 1.0, "T_0": 1, "T_mult": 3},
            },
            "warmup_steps": 2,
            "start_lr": 0.0,
            "end_lr": 1.0,
        },
        [122, 123, 124],
        differs=LOGARITHM,
    ),
]
