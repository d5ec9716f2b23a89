"""Configurations of every schedule of `transformers`, drawn from all that is legal."""

import random
from fractions import Fraction
from typing import Any

from support.compat.case import Case

NEGATIVE_BEST = "a part of a negative best is on its wrong side there, so that nothing ever improves on it or all does"


def cases(seed: int = 20261123) -> list[Case]:
    rng = random.Random(seed)
    drawn = [draw(rng) for draw, times in DRAWS.items() for _ in range(times)]
    return [*drawn, *DEGENERATE]


def rate(rng: random.Random) -> float:
    return rng.choice([1.0, 0.1, 5e-5, 3e-4, 2.5, 10 ** rng.uniform(-6, 0)])


def lengths(rng: random.Random) -> dict[str, Any]:
    warmup = rng.choice([0, 0, 1, 2, 5, 100, 500, rng.randint(1, 3000)])
    total = warmup + rng.choice([0, 1, 2, 5, 8, 30, 100, 1000, rng.randint(1, 10_000), -1, -warmup // 2])
    return {"num_warmup_steps": warmup, "num_training_steps": max(total, 0)}


def around(*marks: float, last: int = 100_000) -> list[int]:
    near = [int(mark) + d for mark in marks for d in (-1, 0, 1)]
    between = [int(mark * part) for mark in marks for part in (0.13, 0.5, 0.77)]
    return sorted({0, 1, 2, 7, last, *(step for step in near + between if step >= 0)})


def marks(sizes: dict[str, Any], times: int = 1) -> list[float]:
    warmup, total = sizes["num_warmup_steps"], sizes["num_training_steps"]
    return [warmup, total, warmup + times * max(total - warmup, 1)]


def far(sizes: dict[str, Any]) -> int:
    """A step far beyond the end, where float64 still knows the angle: its rounding grows with the waves gone by."""
    length = max(sizes["num_training_steps"] - sizes["num_warmup_steps"], 1)
    return sizes["num_warmup_steps"] + 9 * length + 3


def constant(rng):
    return Case("get_constant_schedule", {"lr": rate(rng)}, [0, 1, 1000])


def constant_with_warmup(rng):
    warmup = lengths(rng)["num_warmup_steps"]
    return Case("get_constant_schedule_with_warmup", {"lr": rate(rng), "num_warmup_steps": warmup}, around(warmup))


def linear(rng):
    sizes = lengths(rng)
    return Case("get_linear_schedule_with_warmup", {"lr": rate(rng), **sizes}, around(*marks(sizes)))


def cosine(rng):
    sizes = lengths(rng)
    cycles = rng.choice([0.5, 0.5, 0.5, 1, 1.5, 0.75, 0.3, 2.25, 3, rng.uniform(0.1, 4)])
    steps = around(*marks(sizes, 3), last=far(sizes))
    return Case("get_cosine_schedule_with_warmup", {"lr": rate(rng), **sizes, "num_cycles": cycles}, steps)


def restarts(rng):
    sizes = lengths(rng)
    cycles = rng.choice([1, 2, 3, 4, 5, 7, 10, 2.5])
    steps = [step for step in around(*marks(sizes)) if rounds_well(step, cycles, sizes)]
    name = "get_cosine_with_hard_restarts_schedule_with_warmup"
    return Case(name, {"lr": rate(rng), **sizes, "num_cycles": cycles}, steps)


def rounds_well(step: int, cycles: float, sizes: dict[str, Any]) -> bool:
    """Whether a restart is none by the rounding of `cycles * progress` there: then a cycle's end would last on."""
    warmup, length = sizes["num_warmup_steps"], max(sizes["num_training_steps"] - sizes["num_warmup_steps"], 1)
    exact = Fraction(cycles) * Fraction(step - warmup, length)
    return exact.denominator != 1 or float(exact) == cycles * (float(step - warmup) / length)


def polynomial(rng):
    sizes = lengths(rng)
    if sizes["num_training_steps"] == sizes["num_warmup_steps"]:
        sizes["num_training_steps"] += 1
    lr = rate(rng)
    arguments = {"lr": lr, **sizes, "power": rng.choice([1.0, 2.0, 0.5, 3, 0.9, 0])}
    if rng.random() < 0.7 or lr <= 1e-7:
        arguments["lr_end"] = lr * rng.choice([0.0, 0.1, 0.5, -0.2])
    return Case("get_polynomial_decay_schedule_with_warmup", arguments, around(*marks(sizes)))


def inverse_sqrt(rng):
    sizes = lengths(rng)
    arguments = {"lr": rate(rng), "num_warmup_steps": sizes["num_warmup_steps"]}
    if rng.random() < 0.6:
        arguments["timescale"] = rng.choice([1, 10, 1000, 10_000, 0.5, 33.3])
    return Case("get_inverse_sqrt_schedule", arguments, around(sizes["num_warmup_steps"]))


def with_floor(rng, name: str) -> Case:
    case = cosine(rng)
    lr = case.arguments["lr"]
    part = rng.choice([0.0, 0.1, 0.01, 0.5, 1.0, rng.random()])
    floor = {"min_lr": lr * part} if rng.random() < 0.5 else {"min_lr_rate": part}
    return case._replace(function=name, arguments={**case.arguments, **floor})


def min_lr(rng):
    return with_floor(rng, "get_cosine_with_min_lr_schedule_with_warmup")


def warmup_min_lr(rng):
    case = with_floor(rng, "get_cosine_with_min_lr_schedule_with_warmup_lr_rate")
    start = {"warmup_lr_rate": rng.choice([0.0, 0.1, 0.5, 1.0])} if rng.random() < 0.5 else {}
    return case._replace(arguments={**case.arguments, **start})


def wsd(rng):
    warmup, stable, decay = (rng.choice([0, 1, 2, 5, 10, 300, rng.randint(1, 4000)]) for _ in range(3))
    shapes = ("linear", "cosine", "1-sqrt")
    arguments = {"lr": rate(rng), "num_warmup_steps": warmup, "num_decay_steps": decay}
    if rng.random() < 0.3:
        arguments["num_stable_steps"] = stable
    else:
        stable = max(rng.choice([stable, stable, -1, -decay // 2, -decay - 3]), -warmup - decay)
        arguments["num_training_steps"] = warmup + stable + decay
    if rng.random() < 0.8:
        arguments |= {"warmup_type": rng.choice(shapes), "decay_type": rng.choice(shapes)}
        arguments |= {"min_lr_ratio": rng.choice([0, 0.1, 0.5, rng.random()])}
    if rng.random() < 0.4:
        arguments["num_cycles"] = rng.choice([0.5, 1, 1.5, 0.3])
    begin = max(warmup + stable, 0)
    return Case("get_wsd_schedule", arguments, around(warmup, begin, begin + decay))


def by_name(rng):
    name, draw = rng.choice(list(NAMES.items()))
    case = draw(rng)
    arguments = dict(case.arguments)
    given = {"name": name, "lr": arguments.pop("lr")}
    for steps in ("num_warmup_steps", "num_training_steps"):
        if steps in arguments:
            given[steps] = arguments.pop(steps)
    if arguments or rng.random() < 0.5:
        given["scheduler_specific_kwargs"] = arguments
    return case._replace(function="get_scheduler", arguments=given)


def metrics(rng, length: int = 60) -> list[float]:
    """A metric that falls, stalls and rises: sixteenths, far from every threshold, and exact in float32."""
    value, values = 200, []
    drift = 0
    for _ in range(length):
        if rng.random() < 0.15:
            drift = rng.choice([-2, -1, 0, 0, 1])
        value = max(value + drift + rng.choice([0, 0, 0, -1, 1]), 20)
        values.append(value / 16)
    return values


def plateau(rng):
    arguments = {"lr": rng.choice([1.0, 0.1, 0.5]), "factor": rng.choice([0.1, 0.5, 0.3, 0.9])}
    arguments |= {"patience": rng.choice([0, 1, 2, 4, 10]), "mode": rng.choice(["min", "max"])}
    arguments |= {"threshold": rng.choice([1e-4, 0.0, 1e-3]), "threshold_mode": rng.choice(["rel", "abs"])}
    arguments |= {"cooldown": rng.choice([0, 0, 1, 3]), "min_lr": rng.choice([0, 1e-3, 0.03, 0.2])}
    return Case("get_reduce_on_plateau_schedule", arguments, [], metrics(rng))


def greedy(rng, function: str = "GreedyLR"):
    arguments = {"lr": rng.choice([0.1, 0.5, 0.01, 1e-4]), "factor": rng.choice([0.95, 0.5, 0.8])}
    arguments |= {"patience": rng.choice([0, 1, 2, 4]), "mode": rng.choice(["min", "max"])}
    arguments |= {"threshold": rng.choice([1e-6, 0.01]), "threshold_mode": rng.choice(["rel", "abs"])}
    arguments |= {"cooldown": rng.choice([0, 0, 1, 3]), "warmup": rng.choice([0, 0, 1, 3])}
    if rng.random() < 0.6:
        arguments |= {"min_lr": rng.choice([1e-3, 0.05]), "max_lr": rng.choice([0.6, 1.0])}
    if rng.random() < 0.4:
        arguments |= {"smooth": True, "window_size": rng.choice([1, 2, 4, 8])}
    if rng.random() < 0.4:
        arguments |= {"reset_start": rng.choice([1, 2, 3])}
    return Case(function, arguments, [], metrics(rng, 120))


def get_greedy(rng):
    return greedy(rng, "get_greedy_schedule")


DRAWS = {
    constant: 2,
    constant_with_warmup: 4,
    linear: 8,
    cosine: 14,
    restarts: 10,
    polynomial: 9,
    inverse_sqrt: 6,
    min_lr: 9,
    warmup_min_lr: 10,
    wsd: 16,
    by_name: 16,
    plateau: 6,
    greedy: 7,
    get_greedy: 2,
}

NAMES = {
    "constant": constant,
    "constant_with_warmup": constant_with_warmup,
    "linear": linear,
    "cosine": cosine,
    "cosine_with_restarts": restarts,
    "polynomial": polynomial,
    "inverse_sqrt": inverse_sqrt,
    "cosine_with_min_lr": min_lr,
    "cosine_warmup_with_min_lr": warmup_min_lr,
    "warmup_stable_decay": wsd,
    "reduce_lr_on_plateau": plateau,
    "greedy": greedy,
}

NEGATIVE = [-1.0, -1.5, -2.0, -2.0, -2.0, -2.0, -2.0]

DEGENERATE = [
    Case("get_linear_schedule_with_warmup", {"lr": 1.0, "num_warmup_steps": 0, "num_training_steps": 0}, [0, 1, 9]),
    Case("get_cosine_schedule_with_warmup", {"lr": 1.0, "num_warmup_steps": 5, "num_training_steps": 3}, [4, 5, 6, 7]),
    Case(
        "get_cosine_schedule_with_warmup",
        {"lr": 1.0, "num_warmup_steps": 2, "num_training_steps": 9, "num_cycles": 0},
        [0, 1, 2, 8, 9, 20],
    ),
    Case(
        "get_cosine_with_hard_restarts_schedule_with_warmup",
        {"lr": 1.0, "num_warmup_steps": 4, "num_training_steps": 4, "num_cycles": 0},
        [0, 3, 4, 5, 6],
    ),
    Case(
        "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
        {"lr": 1.0, "num_warmup_steps": 1, "num_training_steps": 9, "min_lr": 0.1, "warmup_lr_rate": 0.25},
        [0, 1, 2, 8, 9, 20],
    ),
    Case(
        "get_reduce_on_plateau_schedule",
        {"lr": 1.0, "factor": 0.5, "patience": 1, "threshold": 0.1},
        [],
        NEGATIVE,
        NEGATIVE_BEST,
    ),
]
