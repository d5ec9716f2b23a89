"""Configurations of every scheduler of timm, drawn from all that is legal."""

import itertools
import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from support.compat.case import Case
from support.compat.paddle_cases import metrics

LOGARITHM = "the cycle comes from a floating logarithm there, and is the one before at an exact restart"
NOISE = "other draws"
NEGATIVE = "of negative metrics, slightly worse ones are better there"


def cases(seed: int = 20261124) -> list[Case]:
    rng = random.Random(seed)
    return [*(draw(rng) for draw in DRAWS for _ in range(8)), *DEGENERATE]


def value(rng: random.Random) -> float:
    return rng.choice([1.0, 0.1, 3e-4, 2.5, 1e-3, 10 ** rng.uniform(-5, 1)])


def length(rng: random.Random, last: int = 5000) -> int:
    return min(rng.choice([1, 2, 3, 5, 6, 8, 10, 17, 50, 100, 300, 1000, rng.randint(1, 5000)]), last)


def around(*marks: float, last: int = 100_000) -> list[int]:
    near = [int(mark) + d for mark in marks for d in (-1, 0, 1)]
    between = [int(mark * part) for mark in marks for part in (0.13, 0.5, 0.77)]
    return sorted({step for step in (0, 1, 2, 7, last, *near, *between) if 0 <= step <= last})


def warmed(rng, arguments: dict[str, Any], longest: int = 100) -> tuple[dict[str, Any], int]:
    """The arguments with those of a warmup, and its length."""
    warmup = rng.choice([0, 0, 1, 2, 5, rng.randint(1, longest)])
    given = {"warmup_t": warmup, "warmup_lr_init": rng.choice([0.0, 1e-5, value(rng)])}
    return {"lr": value(rng), **arguments, **given, "t_in_epochs": rng.random() < 0.5}, warmup


def cycles(rng, n: int) -> dict[str, Any]:
    floor = rng.choice([0.0, 1e-5, value(rng)])
    arguments = {"t_initial": n, "lr_min": floor, "warmup_prefix": rng.random() < 0.5}
    if rng.random() < 0.3:
        return arguments
    several = {
        "cycle_mul": rng.choice([1.0, 1.0, 2.0, 2, 3.0, 1.5, 1.1, 0.5]),
        "cycle_decay": rng.choice([1.0, 0.5, 0.1]),
    }
    return arguments | several | {"cycle_limit": rng.choice([0, 1, 2, 3, 5, 12])}


def ends_of_cycles(n: int, mul: float, limit: int) -> list[Fraction]:
    return list(itertools.accumulate(Fraction(str(mul)) ** i * n for i in range(limit)))


def legal(arguments: dict[str, Any], step: int) -> bool:
    """Whether timm finds the cycle of a step: its logarithm exists, and is not wrong at a restart."""
    local = step - arguments["warmup_t"] * arguments["warmup_prefix"]
    n, mul = arguments["t_initial"], arguments.get("cycle_mul", 1)
    if mul == 1 or step < arguments["warmup_t"]:
        return True
    inside = 1 - local / n * (1 - mul)
    if inside <= 1e-9:
        return False
    index = math.floor(math.log(inside, mul))
    ends = ends_of_cycles(n, mul, index + 2)
    begin = ends[index - 1] if index else 0
    rounded = local - (1 - mul**index) / (1 - mul) * n
    return begin <= local < ends[index] and abs(rounded - (local - begin)) <= 1e-14 * max(local - begin, 1)


def cyclic_case(rng, function: str, extra: dict[str, Any]) -> Case:
    n = length(rng)
    arguments, warmup = warmed(rng, cycles(rng, n) | extra)
    if not legal(arguments | {"warmup_t": 0}, warmup):  # there the tangent is looked up for the warmup's end
        return cyclic_case(rng, function, extra)
    mul, limit = arguments.get("cycle_mul", 1), arguments.get("cycle_limit", 1)
    if mul not in (1, 2, 3) or n > 1000:
        limit = arguments["cycle_limit"] = min(limit, 3)
    shift = warmup * arguments["warmup_prefix"]
    ends = [float(end) + shift for end in ends_of_cycles(n, mul, min(limit, 4) or 1)]
    last = min(int(float(sum(Fraction(str(mul)) ** i * n for i in range(max(limit, 1))))) + shift + 50, 10**6)
    steps = [step for step in around(warmup, *ends, last=last) if legal(arguments, step)]
    return Case(function, arguments, steps)


def k_decay(rng, extra: dict[str, Any]) -> dict[str, Any]:
    return extra | {"k_decay": rng.choice([1.0, 1.0, 1.5, 0.7, 2.0])}


def cosine(rng):
    return cyclic_case(rng, "CosineLRScheduler", k_decay(rng, {}))


def tanh(rng):
    return cyclic_case(rng, "TanhLRScheduler", rng.choice([{}, {"lb": -3.0, "ub": 2.0}, {"lb": -6, "ub": 6}]))


def poly(rng):
    return cyclic_case(rng, "PolyLRScheduler", k_decay(rng, {"power": rng.choice([0.5, 1.0, 0.9, 2, 3.3])}))


def step_decay(rng):
    n, prefix = rng.choice([length(rng), 2.5, 30]), rng.random() < 0.5
    arguments = {"decay_t": n, "decay_rate": rng.choice([1.0, 0.1, 0.5, 0.97, 0.0]), "warmup_prefix": prefix}
    arguments, warmup = warmed(rng, arguments)
    return Case("StepLRScheduler", arguments, around(warmup, n, warmup + 2 * n, last=int(warmup + 7 * n)))


def multistep(rng):
    milestones = sorted(rng.choices(range(400), k=rng.randint(0, 6)))
    arguments = {
        "decay_t": milestones,
        "decay_rate": rng.choice([1.0, 0.1, 0.5, 0.0]),
        "warmup_prefix": rng.random() < 0.5,
    }
    arguments, warmup = warmed(rng, arguments)
    return Case("MultiStepLRScheduler", arguments, around(warmup, *milestones, *(m + warmup for m in milestones)))


def wsd(rng):
    n = length(rng)
    arguments = {"t_initial": n, "decay_t": rng.choice([1, n, rng.randint(1, n)])}
    arguments |= {"lr_min": rng.choice([0.0, 1e-5, value(rng)])}
    arguments, warmup = warmed(rng, arguments)
    stable = rng.choice(["constant", "constant", "rsqrt", "power"])
    arguments |= {"stable_fn": stable, "stable_power": rng.choice([0.5, 1.0, 0.3])}
    if not warmup or rng.random() < 0.5:
        arguments["stable_timescale"] = rng.choice([1, 5.5, 100])
    source = rng.choice(["x: 1 - x * x", "x: 1 - 0.9 * x", "x: (1 - x) ** 3", "x: 1.0 if x < 0.5 else 0.25"])
    arguments |= {"decay_fn": rng.choice(["linear", "1-sqrt", "cosine", "power", "exp", {"lambda": source}])}
    arguments |= {"decay_power": rng.choice([0.5, 1.0, 2.0]), "decay_ratio": rng.choice([0.1, 0.5, 0.01])}
    begin = warmup + n - arguments["decay_t"]
    return Case("WSDLRScheduler", arguments, around(warmup, begin, warmup + n))


def plateau(rng):
    mode = rng.choice(["min", "max"])
    arguments = {
        "lr": value(rng),
        "decay_rate": rng.choice([0.1, 0.5, 0.9, 0.0]),
        "patience_t": rng.choice([0, 1, 3, 10]),
    }
    arguments |= {"threshold": rng.choice([1e-4, 0.0, 0.05]), "cooldown_t": rng.choice([0, 0, 1, 3]), "mode": mode}
    arguments |= {"warmup_t": rng.choice([0, 0, 1, 5, 12]), "warmup_lr_init": rng.choice([0.0, 1e-5])}
    arguments |= {"lr_min": rng.choice([0.0, 1e-4, 0.05])}
    return Case("PlateauLRScheduler", arguments, [], metrics(rng, -1 if mode == "max" else 1))


DRAWS: list[Callable[[random.Random], Case]] = [cosine, cosine, tanh, poly, step_decay, multistep, wsd, wsd, plateau]

GROWING = {"lr": 1.0, "t_initial": 1, "cycle_mul": 3, "cycle_limit": 6}
NOISY = {"lr": 1.0, "noise_range_t": 3, "noise_seed": 1}
FALLING = [-1.0, -1.00005, -1.0001, -1.00015, -1.0002]
DEGENERATE = [
    Case("CosineLRScheduler", GROWING, [120, 121, 122], differs=LOGARITHM),
    Case("CosineLRScheduler", {"lr": 1.0, "t_initial": 1}, [0, 1, 2]),
    Case("CosineLRScheduler", {"lr": 1.0, "t_initial": 4, "warmup_t": 9, "lr_min": 0.1}, list(range(12))),
    Case("CosineLRScheduler", {"lr": 1.0, "t_initial": 2.5, "cycle_limit": 3}, list(range(10))),
    Case(
        "CosineLRScheduler", {"lr": 1.0, "t_initial": 4, "cycle_limit": 10**6, "cycle_decay": 0.9}, [0, 3, 4, 41, 200]
    ),
    Case("TanhLRScheduler", {"lr": 1.0, "t_initial": 4, "warmup_t": 9, "lr_min": 0.1}, list(range(12))),
    Case("CosineLRScheduler", NOISY | {"t_initial": 10}, list(range(12)), differs=NOISE),
    Case("StepLRScheduler", NOISY | {"decay_t": 5, "noise_range_t": [3, 6]}, [3, 4, 5], differs=NOISE),
    Case("StepLRScheduler", NOISY | {"decay_t": 5, "noise_range_t": [3, 6], "decay_rate": 0.5}, [0, 1, 2, 6, 7, 99]),
    Case("StepLRScheduler", NOISY | {"decay_t": 5, "noise_std": 0.0, "decay_rate": 0.5}, [0, 1, 2, 6, 7, 99]),
    Case("StepLRScheduler", {"lr": 1.0, "decay_t": 1.1, "decay_rate": 0.5}, [11]),
    Case("PlateauLRScheduler", {"lr": 1.0, "patience_t": 1}, [], FALLING, NEGATIVE),
]
