"""The values of the torch that is installed, in float64."""

import functools
import warnings

import torch
from torch.optim import lr_scheduler
from torch.optim.swa_utils import SWALR

from support.compat.case import Case, decode


def version() -> str:
    return f"torch {torch.__version__.partition('+')[0]}"


def optimizer_for(lr=1.0):
    """An optimizer with a parameter group for each rate."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": each} for each in _listed(lr)]
    return torch.optim.SGD(groups, lr=1.0, momentum=0.9)


def _listed(x):
    return x if isinstance(x, list) else [x]


def rate_in(arguments):
    """The optimizer's rate: that of a call, or of the plateau in it."""
    inside = [each["arguments"] for each in arguments.get("schedulers", ()) if each["call"] == "ReduceLROnPlateau"]
    return {"lr": 1.0, **arguments, **(inside[0] if inside else {})}["lr"]


class InTurn:
    """Schedulers that are stepped one after another on their optimizer; the plateau looks at the metric."""

    def __init__(self, schedulers):
        self.schedulers, self.optimizer = schedulers, schedulers[0].optimizer

    def step(self, metric):
        for each in self.schedulers:
            each.step(*([metric] if isinstance(each, lr_scheduler.ReduceLROnPlateau) else []))


def call(optimizer, function, arguments):
    """A scheduler by our name and arguments: what is `lr` with us is torch's optimizer."""
    given = {name: x for name, x in arguments.items() if name != "lr"}
    if function == "on_one_optimizer":
        return InTurn(given["schedulers"])
    if function == "ChainedScheduler":
        return lr_scheduler.ChainedScheduler(given["schedulers"], optimizer)
    kind = SWALR if function == "SWALR" else getattr(lr_scheduler, function.replace("Momentum", "LR"))
    return kind(optimizer, **given)


def made(function, arguments, lr=None):
    """A scheduler with an optimizer of its own."""
    optimizer = optimizer_for(rate_in(arguments) if lr is None else lr)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call(optimizer, function, decode(arguments, functools.partial(call, optimizer)))


def course(scheduler, steps=0, metrics=None, key="lr"):
    """For each parameter group what a scheduler sets at all steps; with metrics, before the first and after each."""
    groups = scheduler.optimizer.param_groups
    rows = [[float(group[key]) for group in groups]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the optimizer itself makes no step
        for metric in range(steps) if metrics is None else metrics:
            scheduler.step(*([] if metrics is None else [metric]))
            rows.append([float(group[key]) for group in groups])
    return [list(column) for column in zip(*rows, strict=True)]


def values(case: Case) -> list[float]:
    scheduler = made(case.function, case.arguments)
    key = "momentum" if case.function.endswith("Momentum") else "lr"
    (rates,) = course(scheduler, max(case.steps, default=0), case.metrics, key)
    return rates if case.metrics is not None else [rates[step] for step in case.steps]
