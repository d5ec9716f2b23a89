"""Configurations of every function of `optax.schedules`, drawn from all that is legal."""

import random
from collections.abc import Callable
from typing import Any

from support.compat.case import Case

ZERO_STEPS = "optax holds the first value for ever if the length is 0, here that means no transition"
ZERO_RATE = "a rate of 0 decays nothing in optax, and at once here"


def cases(seed: int = 20261122) -> list[Case]:
    rng = random.Random(seed)
    drawn = [draw(rng) for draw in DRAWS for _ in range(8)]
    return [*drawn, *DEGENERATE]


def value(rng: random.Random) -> float:
    return rng.choice([1.0, 0.1, 3e-4, 2.5, 1e-3, 10 ** rng.uniform(-5, 1)])


def length(rng: random.Random) -> int:
    return rng.choice([1, 2, 3, 5, 8, 10, 17, 50, 100, 333, 1000, 4096, rng.randint(1, 10_000)])


def around(*marks: float, last: int = 200_000) -> list[int]:
    near = [int(mark) + d for mark in marks for d in (-1, 0, 1)]
    between = [int(mark * part) for mark in marks for part in (0.13, 0.5, 0.77)]
    return sorted({0, 1, 2, 7, last, *(step for step in near + between if step >= 0)})


def constant(rng):
    return Case("constant_schedule", {"value": value(rng)}, [0, 1, 1000])


def linear(rng):
    n, begin = length(rng), rng.choice([0, 0, 1, 7, 100])
    arguments = {"init_value": value(rng), "end_value": rng.choice([0.0, value(rng)]), "transition_steps": n}
    return Case("linear_schedule", arguments | {"transition_begin": begin}, around(begin, begin + n))


def polynomial(rng):
    case = linear(rng)
    power = rng.choice([1, 2, 0.5, 3, 0.9, 1.7])
    return case._replace(function="polynomial_schedule", arguments=case.arguments | {"power": power})


def scales(rng) -> dict[str, Any]:
    boundaries = sorted(rng.sample(range(1, 500), rng.randint(1, 6)))
    return {"pairs": [[boundary, rng.choice([0.1, 0.5, 2.0, 0.9, 1.3])] for boundary in boundaries]}


def marks(arguments: dict[str, Any]) -> list[int]:
    return [boundary for boundary, _ in arguments["boundaries_and_scales"]["pairs"]]


def piecewise(rng):
    arguments = {"init_value": value(rng), "boundaries_and_scales": scales(rng)}
    return Case("piecewise_constant_schedule", arguments, around(*marks(arguments)))


def interpolate(rng):
    arguments = {"interpolate_type": rng.choice(["linear", "cosine"]), "init_value": value(rng)}
    arguments |= {"boundaries_and_scales": scales(rng)}
    return Case("piecewise_interpolate_schedule", arguments, around(*marks(arguments)))


def exponential(rng):
    n, begin, init, rate = length(rng), rng.choice([0, 3, 50]), value(rng), rng.choice([0.5, 0.96, 0.1, 1.0, 1.2])
    arguments = {"init_value": init, "transition_steps": n, "decay_rate": rate, "transition_begin": begin}
    arguments |= {"staircase": rng.random() < 0.5}
    if rng.random() < 0.5:
        arguments["end_value"] = init * (0.3 if rate < 1 else 3.0)
    return Case("exponential_decay", arguments, around(begin, begin + n, begin + 2 * n, last=begin + 12 * n))


def cosine(rng):
    n = length(rng)
    arguments = {"init_value": value(rng), "decay_steps": n, "alpha": rng.choice([0.0, 0.1, 0.5, 1.0])}
    arguments |= {"exponent": rng.choice([1.0, 1.0, 2.0, 0.7])}
    return Case("cosine_decay_schedule", arguments, around(n))


def warmup_cosine(rng):
    warmup, n = rng.choice([0, 1, 5, 100]), length(rng)
    arguments = {"init_value": rng.choice([0.0, value(rng)]), "peak_value": value(rng), "warmup_steps": warmup}
    arguments |= {"decay_steps": warmup + n, "end_value": rng.choice([0.0, 1e-5]), "exponent": rng.choice([1.0, 1.5])}
    return Case("warmup_cosine_decay_schedule", arguments, around(warmup, warmup + n))


def warmup_constant(rng):
    warmup = length(rng)
    arguments = {"init_value": rng.choice([0.0, value(rng)]), "peak_value": value(rng), "warmup_steps": warmup}
    return Case("warmup_constant_schedule", arguments, around(warmup))


def warmup_exponential(rng):
    decay, warmup = exponential(rng), rng.choice([1, 4, 100])
    arguments = {"init_value": 0.0, "peak_value": decay.arguments.pop("init_value"), "warmup_steps": warmup}
    steps = around(warmup, *(warmup + step for step in decay.steps), last=warmup + decay.steps[-1])
    return Case("warmup_exponential_decay_schedule", arguments | decay.arguments, steps)


def onecycle(rng):
    n = rng.choice([10, 20, 100, 1000, 977])
    arguments = {"transition_steps": n, "peak_value": value(rng), "pct_start": rng.choice([0.1, 0.3, 0.45])}
    arguments |= {"div_factor": rng.choice([25.0, 10.0]), "final_div_factor": rng.choice([1e4, 10.0])}
    if rng.random() < 0.5:
        steps = around(arguments["pct_start"] * n, n)
        return Case("cosine_onecycle_schedule", arguments, steps)
    arguments["pct_final"] = rng.choice([0.85, 0.6])
    return Case(
        "linear_onecycle_schedule", arguments, around(arguments["pct_start"] * n, arguments["pct_final"] * n, n)
    )


def sgdr(rng):
    cycles = [warmup_cosine(rng).arguments for _ in range(rng.randint(1, 4))]
    ends = [sum(cycle["decay_steps"] for cycle in cycles[: i + 1]) for i in range(len(cycles))]
    return Case("sgdr_schedule", {"cosine_kwargs": cycles}, around(*ends))


def join(rng):
    parts = [draw(rng) for draw in rng.sample([linear, cosine, exponential, constant], rng.randint(2, 4))]
    boundaries = sorted(rng.sample(range(1, 400), len(parts) - 1))
    schedules = [{"call": part.function, "arguments": part.arguments} for part in parts]
    arguments = {"schedules": schedules, "boundaries": boundaries}
    return Case("join_schedules", arguments, around(*boundaries, last=500))


DRAWS: list[Callable[[random.Random], Case]] = [constant, linear, polynomial, piecewise, interpolate, exponential]
DRAWS += [cosine, warmup_cosine, warmup_constant, warmup_exponential, onecycle, onecycle, sgdr, join]

RAMP = {"init_value": 1.0, "end_value": 0.5, "transition_steps": 0}
EXPONENTIAL = {"init_value": 1.0, "transition_steps": 5, "decay_rate": 0.0}
DEGENERATE = [
    Case("linear_schedule", RAMP, [0, 1, 5], differs=ZERO_STEPS),
    Case("polynomial_schedule", RAMP | {"power": 2}, [0, 1, 5], differs=ZERO_STEPS),
    Case("polynomial_schedule", RAMP | {"power": 0, "transition_steps": 4}, [0, 1, 4, 5]),
    Case(
        "warmup_constant_schedule", {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 0}, [0, 5], None, ZERO_STEPS
    ),
    Case("exponential_decay", EXPONENTIAL, [0, 1, 5], differs=ZERO_RATE),
    Case("exponential_decay", EXPONENTIAL | {"transition_steps": 0, "decay_rate": 0.5}, [0, 1, 5]),
    Case("cosine_decay_schedule", {"init_value": 1.0, "decay_steps": 1}, [0, 1, 2]),
    Case("piecewise_constant_schedule", {"init_value": 0.1}, [0, 5]),
    Case(
        "piecewise_constant_schedule",
        {"init_value": -0.1, "boundaries_and_scales": {"pairs": [[3, 2.0], [6, 0.0]]}},
        [0, 3, 6],
    ),
    Case("piecewise_interpolate_schedule", {"interpolate_type": "linear", "init_value": 0.1}, [0, 5]),
    Case(
        "warmup_cosine_decay_schedule",
        {"init_value": 0.2, "peak_value": 0.0, "warmup_steps": 3, "decay_steps": 9, "end_value": 0.1},
        [0, 1, 3, 5, 9, 10],
    ),
]
