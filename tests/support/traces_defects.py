"""Where `traces_table.py` and the traces differ on purpose, what is refused, and what is left for later."""

from collections.abc import Sequence
from typing import NamedTuple

import jaxsched as js
from support.traces_table import Make


def wave(high: float, low: float, steps: int) -> js.Schedule:
    return js.cycle(js.Cosine(high, low, steps=steps).then(js.Cosine(low, high, steps=steps)), 2 * steps)


PERIODIC: dict[str, Make] = {
    "torch/CosineAnnealingLR(20,0.05)": lambda: wave(1.0, 0.05, 20),
    "torch/Sequential(LinearLR(.01,1,5)|Cosine(20,0)@5)": lambda: js.warmup(wave(1.0, 0.0, 20), 5, start=0.01),
    "paddle/LinearWarmup(Cosine(1,20,.05),5,.1,1)": lambda: js.warmup(wave(1.0, 0.05, 20), 5, start=0.1),
    "hf/cosine(W=0,T=30,{})": lambda: wave(1.0, 0.0, 30),
    "hf/cosine(W=5,T=30,{})": lambda: js.warmup(wave(1.0, 0.0, 25), 5),
    'hf/cosine_with_min_lr(W=0,T=30,{"min_lr": 0.1})': lambda: wave(1.0, 0.1, 30),
    'hf/cosine_warmup_with_min_lr(W=0,T=30,{"min_lr": 0.1})': lambda: js.advance(wave(1.0, 0.1, 30), 1),
}
"""The cosines that climb again after their end, for who wants that too: equal to the trace at every step."""


class Defect(NamedTuple):
    """Where the trace is not what we give: at these steps we give `instead`."""

    steps: Sequence[int]
    instead: float | Sequence[float]
    why: str


RISES = "the rate climbs again after the end, where we hold it"

DEFECTS: dict[tuple[str, str], Defect] = {
    ("torch/CosineAnnealingLR(20,0.05)", "values"): Defect((*range(21, 60), *range(61, 70)), 0.05, RISES),
    ("torch/Sequential(LinearLR(.01,1,5)|Cosine(20,0)@5)", "values"): Defect(range(26, 40), 0.0, RISES),
    ("paddle/LinearWarmup(Cosine(1,20,.05),5,.1,1)", "values"): Defect(range(26, 40), 0.05, RISES),
    ("hf/cosine(W=0,T=30,{})", "values"): Defect(range(31, 40), 0.0, RISES),
    ("hf/cosine(W=5,T=30,{})", "values"): Defect(range(31, 40), 0.0, RISES),
    ('hf/cosine_with_min_lr(W=0,T=30,{"min_lr": 0.1})', "values"): Defect(range(31, 40), 0.1, RISES),
    ('hf/cosine_warmup_with_min_lr(W=0,T=30,{"min_lr": 0.1})', "values"): Defect(range(30, 40), 0.1, RISES),
    ("optax/exp decay_rate 0", "values"): Defect([1, 2], 0.0, "a factor of 0 is taken for no decay"),
    ("optax/pis cos", "values"): Defect([-1], 1.0, "0 before the first step, where we hold the first value"),
    ("optax/cos1c pct1", "values"): Defect(
        range(1, 6), [0.180588745, 0.52, 0.859411255, 4e-6, 4e-6], "two phases at one step: the way up is lost"
    ),
}

REFUSED: dict[str, tuple[Make, str, str]] = {
    "optax/join extra boundaries missing": (
        lambda: js.join([1.0, 2.0, 3.0], [2]),
        "`boundaries` must have one element fewer",
        "a schedule without a boundary is dropped",
    ),
}
"""Arguments that another framework takes and we refuse: the line, what the message says, what the framework does."""

PLATEAU = "depends on a metric: a controller, compared in `test_controllers_traces.py`"

EXCLUDED: dict[str, str] = {
    'torch/ReduceLROnPlateau({"patience": 2})': PLATEAU,
    'torch/ReduceLROnPlateau({"patience": 3, "cooldown": 2, "factor": 0.5})': PLATEAU,
    "hf/GreedyLR(lr=.5,patience=2,cooldown=1,warmup=1,factor=.8)": PLATEAU,
    "optax/plat pat2 flat": PLATEAU,
    "optax/plat pat0 improving": PLATEAU,
    "optax/plat nan": PLATEAU,
}

FLOAT32 = ("keras", "optax")
"""Frameworks whose traces were recorded in float32."""

FIRST_STEP = {"optax/pis cos": -1}
"""The step of a trace's first value, where it is not 0."""
