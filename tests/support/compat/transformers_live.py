"""The values of the transformers that is installed, in Python's float64."""

import torch
import transformers
from transformers import optimization

from support.compat.case import Case


def version() -> str:
    return f"transformers {transformers.__version__}"


def values(case: Case) -> list[float]:
    arguments = dict(case.arguments)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=arguments.pop("lr"))
    if case.function == "get_scheduler":
        scheduler = optimization.get_scheduler(arguments.pop("name"), optimizer, **arguments)
    else:
        scheduler = getattr(optimization, case.function)(optimizer, **arguments)
    if case.metrics is None:
        (base,), (factor,) = scheduler.base_lrs, scheduler.lr_lambdas
        return [base * factor(step) for step in case.steps]
    rates = [optimizer.param_groups[0]["lr"]]
    for metric in case.metrics:
        scheduler.step(metric)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates
