"""The values of the Paddle that is installed, in Python's float64."""

import importlib
import importlib.metadata
import warnings

from support.compat.case import Case, decode

RECURSIVE = ("LinearLR", "CosineAnnealingDecay", "CosineAnnealingWarmRestarts", "LinearWarmup")
"""They are stepped one by one, as in training: `step(epoch)` is another formula there, or none."""


def version() -> str:
    return f"paddlepaddle {importlib.metadata.version('paddlepaddle')}"


def call(function, arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lr = importlib.import_module("paddle.optimizer.lr")
    return getattr(lr, function)(**arguments)


def values(case: Case) -> list[float]:
    scheduler = call(case.function, decode(case.arguments, call))
    if case.metrics is not None:
        return [float(scheduler()), *(_after(scheduler, metric) for metric in case.metrics)]
    if case.function not in RECURSIVE:
        return [_after(scheduler, step) for step in case.steps]
    course = [float(scheduler())]
    while len(course) <= max(case.steps):
        course.append(_after(scheduler))
    return [course[step] for step in case.steps]


def _after(scheduler, *argument) -> float:
    scheduler.step(*argument)
    return float(scheduler())
