"""The values of the timm that is installed, in float64. Its schedulers load without torchvision, which timm needs."""

import importlib
import importlib.metadata
import importlib.util
import sys
import types
import warnings
from typing import Any

from support.compat.case import Case, decode


def version() -> str:
    return f"timm {importlib.metadata.version('timm')}"


def scheduler_module() -> Any:
    try:
        return importlib.import_module("timm.scheduler")
    except ModuleNotFoundError:
        package, found = types.ModuleType("timm"), importlib.util.find_spec("timm")
        if found is None:
            raise
        package.__path__ = found.submodule_search_locations
        sys.modules["timm"] = package
        return importlib.import_module("timm.scheduler")


def call(function, arguments):
    torch = importlib.import_module("torch")
    lr, given = arguments["lr"], {name: x for name, x in arguments.items() if name != "lr"}
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the plateau
        return optimizer, getattr(scheduler_module(), function)(optimizer, **given)


def values(case: Case) -> list[float]:
    optimizer, scheduler = call(case.function, decode(case.arguments, call))
    rate = lambda: float(optimizer.param_groups[0]["lr"])  # noqa: E731
    course = [rate()] if case.metrics is not None else []
    times = enumerate(case.metrics, 1) if case.metrics is not None else ((step, None) for step in case.steps)
    for time, metric in times:
        step = scheduler.step if scheduler.t_in_epochs else scheduler.step_update
        step(time, metric)
        course.append(rate())
    return course
