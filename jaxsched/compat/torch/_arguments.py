"""What arguments may be, said in torch's terms. Traced numbers pass."""

from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import numpy as np
from jax.core import Tracer

import jaxsched as js

Number: TypeAlias = Any
"""A number, traced or not; or a list with one for each parameter group."""

Schedules: TypeAlias = Any
"""A schedule; or a list of them, where a list was given for the parameter groups."""


def for_each_group(make: Callable[..., Any], **arguments: Any) -> Any:
    """`make(**arguments)`, or a list with one for each parameter group where an argument is a list."""
    lists = {name: x for name, x in arguments.items() if isinstance(x, (list, tuple))}
    if not lists:
        return make(**arguments)
    groups = groups_of(lists)
    return [make(**arguments | {name: x[i] for name, x in lists.items()}) for i in range(groups)]


def groups_of(lists: dict[str, Any]) -> int:
    """How many parameter groups some lists are for."""
    (first, values), *others = lists.items()
    if len(values) == 0:
        raise ValueError(f"`{first}` must have one value for each parameter group: got an empty list.")
    for name, x in others:
        if len(x) != len(values):
            raise ValueError(
                f"`{name}` must have the same length as the parameter groups: it has {len(x)} values, "
                f"and `{first}` has {len(values)}."
            )
    return len(values)


def is_known(*numbers: Any) -> bool:
    return not any(isinstance(x, Tracer) for x in numbers)


def plain(x: Any) -> Any:
    """A number that is known as a float of Python."""
    return float(x) if is_known(x) else x


def between(name: str, x: Any, least: float, most: float, *, open_start: bool = False) -> None:
    """Refuse a factor that torch refuses."""
    if is_known(x) and not (least <= _float(name, x) <= most and (_float(name, x) > least or not open_start)):
        wanted = f"above {least:g} and at most {most:g}" if open_start else f"between {least:g} and {most:g}"
        raise ValueError(f"`{name}` is a multiplicative factor and must be {wanted}: got {x!r}.")


def not_negative(name: str, x: Any, remedy: str = "Pass 0 or a positive number.") -> None:
    if is_known(x) and not _float(name, x) >= 0:
        raise ValueError(f"`{name}` must not be negative: got {x!r}. {remedy}")


def positive(name: str, x: Any, remedy: str) -> None:
    if is_known(x) and not _float(name, x) > 0:
        raise ValueError(f"`{name}` must be positive: got {x!r}. {remedy}")


def whole(name: str, x: Any) -> Any:
    """A number of epochs that torch compares with the epoch by `==` or `%`."""
    if not is_known(x):
        return x
    if _float(name, x) != np.floor(_float(name, x)):
        raise ValueError(f"`{name}` must be a whole number of epochs: got {x!r}.")
    return int(x) if np.ndim(x) == 0 else x


def integer(name: str, x: Any, least: int) -> Any:
    """What torch wants as an `int`, checked as there."""
    if is_known(x) and (isinstance(x, bool) or not isinstance(x, (int, np.integer, jax.Array)) or x < least):
        wanted = "a positive integer" if least == 1 else f"an integer of at least {least}"
        raise ValueError(f"`{name}` must be {wanted}: got {x!r}.")
    return x


def one_of(name: str, x: Any, names: tuple[str, ...]) -> None:
    if x not in names:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, names))}: got {x!r}.")


def rate(name: str, x: Any) -> Any:
    """A learning rate, which stands where torch has the optimizer."""
    if callable(x) or isinstance(x, (str, bool)) or x is None:
        raise TypeError(
            f"`{name}` must be the learning rate of the optimizer, a number or a list of numbers: got {x!r}. "
            f"It stands first in the place of torch's `optimizer`."
        )
    return js.Constant(x).value  # pyright: ignore[reportAttributeAccessIssue]


def _float(name: str, x: Any) -> float:
    if isinstance(x, (str, bool, list, tuple)) or x is None:
        raise TypeError(f"`{name}` must be a number: got {x!r}.")
    return float(x)
