"""Configurations of every scheduler of torch, drawn from all that is legal."""

import random
from collections.abc import Callable
from typing import Any

from support.compat.case import Case

ZERO = "a length of 0 is not there here, and never over there"
MUTATES = "OneCycleLR changes the rate of its partners there"
SHARED = "two SWALR share the `swa_lr` of the last there"
NEGATIVE = "a relative threshold points the wrong way there where the metric is negative"
NESTED = "torch makes one step too many of a nested scheduler"
PART = "a recursion there does not see an end between two steps"


def cases(seed: int = 20261123) -> list[Case]:
    rng = random.Random(seed)
    drawn = [draw(rng) for draw, times in DRAWS.items() for _ in range(times)]
    return [*drawn, *DEGENERATE, *BESIDE.values(), *(beside(rng) for _ in range(8))]


def rate(rng: random.Random) -> float:
    return rng.choice([1.0, 0.1, 3e-4, 1e-3, 0.5, round(10 ** rng.uniform(-5, 1), 9)])


def length(rng: random.Random, most: int = 100) -> int:
    return rng.choice([1, 2, 3, 5, 8, 10, 17, 30, most, rng.randint(1, most)])


def steps(*marks: float, last: int = 250) -> list[int]:
    near = [int(mark) + d for mark in marks for d in (-1, 0, 1)]
    between = [int(mark * part) for mark in marks for part in (0.13, 0.5, 0.77)]
    every = sorted(step for step in {0, 1, 2, 3, 7, last, *near, *between} if 0 <= step <= last)
    return every if len(every) <= 25 else sorted({*every[:8], *every[8:-1:2][:14], every[-1]})


def power_lambda(rng):
    sources = ["t: {} ** t", "t: {} ** (t // 10)", "t: 1 / (1 + {} * t)", "t: min(1.0, {} + t / 20)"]
    sources += ["t: 1.0 if t < 10 else {}", "t: (t + 1) ** -{}", "t: [1.0, 0.5, {}][min(t // 4, 2)]"]
    return {"lambda": rng.choice(sources).format(rng.choice([0.95, 0.5, 0.1, 0.99]))}


def lambda_lr(rng):
    return Case("LambdaLR", {"lr": rate(rng), "lr_lambda": power_lambda(rng)}, steps(10, 40, last=200))


def multiplicative(rng):
    sources = ["t: 0.95", "t: 0.9 + 0.1 / t if t else 1.0", "t: 1 - 0.5 / (t + 1)", "t: 1.0 if t % 7 else 0.5"]
    fn = {"lambda": rng.choice(sources)}
    return Case("MultiplicativeLR", {"lr": rate(rng), "lr_lambda": fn}, steps(7, 70, last=120))


def step_lr(rng):
    n = length(rng)
    arguments = {"lr": rate(rng), "step_size": n, "gamma": rng.choice([0.1, 0.5, 0.9, 0.97])}
    return Case("StepLR", arguments, steps(n, 2 * n, 3 * n, last=min(250, 12 * n)))


def multistep(rng):
    milestones = [rng.randint(1, 200) for _ in range(rng.randint(1, 6))]
    arguments = {"lr": rate(rng), "milestones": milestones, "gamma": rng.choice([0.1, 0.5, 0.9])}
    return Case("MultiStepLR", arguments, steps(*sorted(milestones)))


def constant(rng):
    n = length(rng)
    arguments = {"lr": rate(rng), "factor": rng.choice([1.0, 0.5, 0.1, 1 / 3, 1e-3]), "total_iters": n}
    return Case("ConstantLR", arguments, steps(n))


def linear(rng):
    n = length(rng)
    arguments = {"lr": rate(rng), "start_factor": rng.choice([1.0, 0.1, 1 / 3, 1e-6]), "total_iters": n}
    arguments |= {"end_factor": rng.choice([1.0, 0.5, 0.0, 0.01])}
    return Case("LinearLR", arguments, steps(n))


def exponential(rng):
    gamma = rng.choice([0.5, 0.9, 0.95, 0.99, 0.999, 1.0, 1.01])
    last = 30 if gamma == 0.5 else 200
    return Case("ExponentialLR", {"lr": rate(rng), "gamma": gamma}, steps(10, 30, last=last))


def polynomial(rng):
    n = length(rng)
    arguments = {"lr": rate(rng), "total_iters": n, "power": rng.choice([1.0, 2.0, 0.5, 0.9, 3.0])}
    return Case("PolynomialLR", arguments, steps(n))


def cosine(rng):
    n, lr = rng.choice([length(rng), 2.5, 7.3, 10.0]), rate(rng)
    arguments = {"lr": lr, "T_max": n, "eta_min": rng.choice([0.0, lr * 0.1, lr * 0.01, 1e-5])}
    return Case("CosineAnnealingLR", arguments, steps(n, 2 * n, 3 * n))


def restarts(rng):
    n, mult, lr = length(rng, 40), rng.choice([1, 1, 2, 3]), rate(rng)
    arguments = {"lr": lr, "T_0": n, "T_mult": mult, "eta_min": rng.choice([0.0, lr * 0.1, 1e-5])}
    return Case("CosineAnnealingWarmRestarts", arguments, steps(n, n + n * mult, 4 * n))


def cyclic(rng, function="CyclicLR"):
    low, up, down = rate(rng), rng.choice([1, 2, 3, 10, 25, 2.5]), rng.choice([None, 1, 4, 13, 40, 0, 3.7])
    arguments: dict[str, Any] = {"base_lr": low, "max_lr": low * rng.choice([2.0, 10.0, 1.0]), "step_size_up": up}
    arguments |= {"step_size_down": down, "mode": rng.choice(["triangular", "triangular2", "exp_range"])}
    arguments |= {"gamma": rng.choice([1.0, 0.99, 0.9])}
    if rng.random() < 0.4:
        arguments |= {"scale_fn": {"lambda": rng.choice(["x: 1 / x", "x: 0.5 ** (x - 1)", "x: 1.0 if x < 3 else 0.2"])}}
        arguments |= {"scale_mode": "cycle", "mode": rng.choice(["triangular", "mine"])}
    if rng.random() < 0.2:
        arguments |= {"scale_fn": {"lambda": "x: 0.99 ** x"}, "scale_mode": "iterations"}
    total = up + (up if down is None else down)
    return Case(function, arguments, steps(up, total, 2 * total, 5 * total, last=200))


def cyclic_momentum(rng):
    case = cyclic(rng, "CyclicMomentum")
    momenta = {"base_momentum": rng.choice([0.8, 0.5]), "max_momentum": rng.choice([0.9, 0.99])}
    return case._replace(arguments=case.arguments | momenta)


def onecycle(rng, function="OneCycleLR"):
    n, pct = rng.choice([5, 10, 20, 50, 100, 213]), rng.choice([0.3, 0.25, 0.45, 0.1, 0.01, 0.0, 0.5, 0.7, 1.0])
    pct = 0.3 if pct * n == 1 else pct  # a division by 0 there
    arguments: dict[str, Any] = {"max_lr": rate(rng), "total_steps": n, "pct_start": pct}
    if rng.random() < 0.3:
        arguments |= {"total_steps": None, "epochs": n, "steps_per_epoch": 2}
        n *= 2
    arguments |= {"anneal_strategy": rng.choice(["cos", "linear"]), "three_phase": rng.random() < 0.5}
    arguments |= {"div_factor": rng.choice([25.0, 10.0, 1.0]), "final_div_factor": rng.choice([1e4, 10.0, 1e2])}
    return Case(function, arguments, steps(pct * n, 2 * pct * n, n - 2, last=n - 1))


def onecycle_momentum(rng):
    case = onecycle(rng, "OneCycleMomentum")
    momenta = {"base_momentum": rng.choice([0.85, 0.5]), "max_momentum": rng.choice([0.95, 0.99])}
    return case._replace(arguments=case.arguments | momenta)


def swa(rng):
    n = rng.choice([0, 1, 2, 5, 10, 40])
    arguments = {"lr": rate(rng), "swa_lr": rate(rng), "anneal_epochs": n}
    arguments |= {"anneal_strategy": rng.choice(["cos", "linear"])}
    # The rate it began at is found back from the last one, of which little is left shortly before the end.
    return Case("SWALR", arguments, steps(n, last=60))


def sequential(rng, parts=None, lr=None):
    lr, marks = rate(rng) if lr is None else lr, sorted(rng.sample(range(1, 60), rng.randint(1, 3)))
    schedulers = [part(rng, rng.choice(parts or PARTS), lr) for _ in range(len(marks) + 1)]
    one_swa = [i for i, each in enumerate(schedulers) if each["call"] == "SWALR"][1:]
    for i in one_swa:
        schedulers[i] = part(rng, exponential, lr)
    arguments = {"lr": lr, "schedulers": schedulers, "milestones": marks}
    return Case("SequentialLR", arguments, steps(*marks, last=100))


def chained(rng, parts=None, lr=None):
    lr = rate(rng) if lr is None else lr
    schedulers = [part(rng, rng.choice(parts or PARTS), lr) for _ in range(rng.randint(1, 3))]
    one_swa = [i for i, each in enumerate(schedulers) if each["call"] == "SWALR"][1:]
    for i in one_swa:
        schedulers[i] = part(rng, linear, lr)
    arguments = {"lr": lr, "schedulers": schedulers}
    return Case("ChainedScheduler", arguments, steps(10, 30, last=100))


def nested(rng):
    lr = rate(rng)
    inside = rng.choice([sequential, chained])(rng, lr=lr)
    first = {"call": inside.function, "arguments": inside.arguments}
    if rng.random() < 0.5:
        last = part(rng, rng.choice([exponential, linear, cosine]), lr)
        if inside.function == "ChainedScheduler":  # of which every step is seen
            inside.arguments["schedulers"].append(_call("ExponentialLR", lr=lr, gamma=0.9))
        arguments = {"lr": lr, "schedulers": [first, last], "milestones": [rng.randint(3, 50)]}
        return Case("SequentialLR", arguments, steps(*arguments["milestones"], last=100), differs=NESTED)
    both = [first, part(rng, rng.choice([exponential, linear, multistep]), lr)]
    rng.shuffle(both)
    return Case("ChainedScheduler", {"lr": lr, "schedulers": both}, steps(20, 60, last=100))


def part(rng, draw, lr):
    case = draw(rng)
    return {"call": case.function, "arguments": case.arguments | ({"lr": lr} if "lr" in case.arguments else {})}


def plateau(rng):
    arguments = {"lr": rate(rng), "mode": rng.choice(["min", "max"]), "factor": rng.choice([0.1, 0.5, 0.9])}
    arguments |= {"patience": rng.choice([0, 1, 2, 5, 10]), "cooldown": rng.choice([0, 0, 1, 3])}
    arguments |= {"threshold": rng.choice([1e-4, 0.0, 0.05]), "threshold_mode": rng.choice(["rel", "abs"])}
    arguments |= {"min_lr": rng.choice([0, 1e-5, arguments["lr"] * 0.2]), "eps": rng.choice([1e-8, 0.0, 1e-3])}
    falling = [2.0 * 0.9 ** min(i, 8) + rng.choice([0, 0, 0.1 * rng.random()]) for i in range(30)]
    metrics = [round(x if arguments["mode"] == "min" else 3 - x, 3) for x in falling]
    return Case("ReduceLROnPlateau", arguments, [], metrics)


PARTS: list[Callable] = [linear, constant, exponential, step_lr, multistep, polynomial, cosine, restarts]
PARTS += [multiplicative, lambda_lr, swa]

DRAWS: dict[Callable, int] = {lambda_lr: 7, multiplicative: 5, step_lr: 5, multistep: 5, constant: 4, linear: 6}
DRAWS |= {exponential: 5, polynomial: 5, cosine: 7, restarts: 6, cyclic: 8, cyclic_momentum: 4, onecycle: 9}
DRAWS |= {onecycle_momentum: 4, swa: 5, sequential: 10, chained: 10, nested: 8, plateau: 8}


def _call(function: str, **arguments) -> dict[str, Any]:
    return {"call": function, "arguments": arguments}


def _sequence(first: dict[str, Any], second: dict[str, Any], milestone: int = 4, **more) -> Case:
    arguments = {"lr": 0.5, "schedulers": [first, second], "milestones": [milestone]}
    return Case("SequentialLR", arguments, [0, 1, 3, 4, 5, 6, 9], **more)


EXPONENTIAL = _call("ExponentialLR", lr=0.5, gamma=0.9)
DEGENERATE = [
    Case("ConstantLR", {"lr": 0.1, "factor": 0.5, "total_iters": 0}, [0, 1, 5], differs=ZERO),
    Case("LinearLR", {"lr": 0.1, "start_factor": 0.5, "total_iters": 0}, [0, 1, 5], differs=ZERO),
    Case("PolynomialLR", {"lr": 0.1, "total_iters": 0}, [0, 1, 5], differs=ZERO),
    Case("PolynomialLR", {"lr": 0.1, "total_iters": 3, "power": 0.0}, [0, 1, 2, 3, 4]),
    Case("PolynomialLR", {"lr": 0.1, "total_iters": 4.5}, [0, 1, 4, 5, 6], differs=PART),
    Case("LinearLR", {"lr": 0.1, "total_iters": 4.5}, [0, 1, 4, 5, 6], differs=PART),
    Case("StepLR", {"lr": 0.1, "step_size": 3, "gamma": 0.0}, [0, 1, 2, 3, 6]),
    Case("ExponentialLR", {"lr": 0.1, "gamma": 0.0}, [0, 1, 2]),
    Case("MultiStepLR", {"lr": 0.1, "milestones": []}, [0, 1, 2]),
    Case("MultiStepLR", {"lr": 0.1, "milestones": [5, 2, 2, 0], "gamma": 0.5}, [0, 1, 2, 3, 5, 6]),
    Case("CosineAnnealingLR", {"lr": 1.0, "T_max": 1, "eta_min": 0.1}, [0, 1, 2, 3, 4]),
    Case("CosineAnnealingLR", {"lr": 0.1, "T_max": 4, "eta_min": 1.0}, [0, 1, 2, 4, 5, 8, 9]),
    Case("OneCycleLR", {"max_lr": 1.0, "total_steps": 1}, [0]),
    Case("OneCycleLR", {"max_lr": 1.0, "total_steps": 3}, [0, 1, 2]),
    Case("OneCycleLR", {"max_lr": 1.0, "total_steps": 10, "pct_start": 0.6, "three_phase": True}, [0, 5, 6, 9]),
    _sequence(EXPONENTIAL, _call("SWALR", lr=0.5, swa_lr=0.05, anneal_epochs=3)),
    _sequence(_call("SWALR", lr=0.5, swa_lr=0.05, anneal_epochs=3), _call("SWALR", lr=0.5, swa_lr=0.2), differs=SHARED),
    _sequence(EXPONENTIAL, _call("MultiplicativeLR", lr=0.5, lr_lambda={"lambda": "t: 0.5 + 0.01 * t"})),
    _sequence(EXPONENTIAL, _call("CyclicLR", base_lr=0.1, max_lr=0.4, step_size_up=3)),
    _sequence(EXPONENTIAL, _call("OneCycleLR", max_lr=1.0, total_steps=20), differs=MUTATES),
    _sequence(EXPONENTIAL, _call("OneCycleLR", max_lr=1.0, total_steps=20, div_factor=2.0)),
    _sequence(EXPONENTIAL, _call("StepLR", lr=0.5, step_size=2), 0),
    _sequence(EXPONENTIAL, _call("StepLR", lr=0.5, step_size=2), -3),
    Case("SequentialLR", {"lr": 0.5, "schedulers": [EXPONENTIAL], "milestones": []}, [0, 1, 5]),
    Case(
        "SequentialLR",
        {"lr": 0.5, "schedulers": [EXPONENTIAL, EXPONENTIAL, EXPONENTIAL], "milestones": [3, 3]},
        [0, 2, 3, 4],
    ),
    Case(
        "ReduceLROnPlateau",
        {"lr": 0.1, "patience": 1},
        [],
        [-1.0, -1.0, -1.0, -1.0, -0.99995, -0.9999, -0.9999],
        NEGATIVE,
    ),
]


def beside(rng: random.Random) -> Case:
    """A plateau and one or two schedulers that are stepped on one optimizer."""
    lr, draws = rate(rng), rng.choices([*PARTS, cyclic, sequential], k=rng.choice([1, 1, 2]))
    draws = draws[:1] if sequential in draws else draws
    others = [
        _call("SequentialLR", **sequential(rng, lr=lr).arguments) if x is sequential else part(rng, x, lr)
        for x in draws
    ]
    seen = plateau(rng)._replace(function="ReduceLROnPlateau")
    watching = _call(seen.function, **seen.arguments | {"lr": lr, "min_lr": rng.choice([0, lr * 0.2])})
    if watching["arguments"]["threshold"] == 0.05:  # by which two of the metrics may differ, but for rounding
        watching["arguments"]["threshold"] = 0.0503
    schedulers = [watching, *others] if rng.random() < 0.3 else [*others, watching]
    return Case("on_one_optimizer", {"schedulers": schedulers}, [], seen.metrics)


FALLING = [round(2 * 0.9**i, 6) for i in range(10)]
ONE_CUT = [*FALLING, FALLING[-1], *(round(0.1 * 0.9**i, 6) for i in range(29))]
"""Metrics of 40 epochs that get better at all but one, so that a plateau without patience cuts once, at epoch 11."""


def _one_cut(function: str, **arguments) -> Case:
    watching = _call("ReduceLROnPlateau", lr=1.0, factor=0.5, patience=0)
    return Case("on_one_optimizer", {"schedulers": [_call(function, **arguments), watching]}, [], ONE_CUT)


WARMUP = _call("LinearLR", lr=1.0, start_factor=0.1, total_iters=5)
BESIDE = {
    "StepLR": _one_cut("StepLR", lr=1.0, step_size=15),
    "ExponentialLR": _one_cut("ExponentialLR", lr=1.0, gamma=0.97),
    "LinearLR": _one_cut("LinearLR", lr=1.0, start_factor=0.1, total_iters=20),
    "CosineAnnealingLR": _one_cut("CosineAnnealingLR", lr=1.0, T_max=40),
    "CosineAnnealingLR to 0.1": _one_cut("CosineAnnealingLR", lr=1.0, T_max=40, eta_min=0.1),
    "CosineAnnealingLR to 0.1, at its low": _one_cut("CosineAnnealingLR", lr=1.0, T_max=11, eta_min=0.1),
    "SequentialLR": _one_cut(
        "SequentialLR", lr=1.0, schedulers=[WARMUP, _call("StepLR", lr=1.0, step_size=10)], milestones=[20]
    ),
    "LambdaLR": _one_cut("LambdaLR", lr=1.0, lr_lambda={"lambda": "t: 0.98**t"}),
    "OneCycleLR": _one_cut("OneCycleLR", max_lr=1.0, total_steps=41),
    "CosineAnnealingWarmRestarts": _one_cut("CosineAnnealingWarmRestarts", lr=1.0, T_0=20, eta_min=0.1),
}
"""What the table of `on_one_optimizer` has, in its order: one cut beside each scheduler."""
