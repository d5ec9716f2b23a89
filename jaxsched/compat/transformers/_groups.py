"""What all schedules of `transformers` do with their arguments: numbers of any kind, and rates of parameter groups."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from jaxsched.compat import _arguments as given

PER_GROUP = ("min_lr", "max_lr")
STEPS = ("num_warmup_steps", "num_training_steps", "num_decay_steps")
NUMBERS = (
    *("lr_end", "power", "num_cycles", "timescale", "min_lr", "min_lr_rate"),
    *("warmup_lr_rate", "min_lr_ratio", "num_stable_steps"),
)


def of_steps(function: Callable[..., Any]) -> Callable[..., Any]:
    """A schedule of the step: its numbers are checked, and made Python's own where they are known."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def made(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        for name, x in bound.arguments.items():
            if name in STEPS and x is not None:
                bound.arguments[name] = given.length(name, x)
            elif name == "lr" or (name in NUMBERS and x is not None):
                bound.arguments[name] = given.number(name, x)
        return function(*bound.args, **bound.kwargs)

    return for_each_group(made)


def for_each_group(function: Callable[..., Any]) -> Callable[..., Any]:
    """A list of learning rates gives a list of schedules; `min_lr` and `max_lr` may be lists of the same length."""

    @functools.wraps(function)
    def made(lr: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(lr, (list, tuple)):
            with given.named(schedule="lr"):
                return function(lr, *args, **kwargs)
        lists = {name: x for name, x in kwargs.items() if name in PER_GROUP and isinstance(x, (list, tuple))}
        for name, x in lists.items():
            if len(x) != len(lr):
                raise ValueError(f"`{name}` must have a number for each of the {len(lr)} groups: got {len(x)}.")
        return [made(each, *args, **kwargs | {name: x[i] for name, x in lists.items()}) for i, each in enumerate(lr)]

    return made
