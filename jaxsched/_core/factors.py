"""Factors: what a value is multiplied by, their checks, and their logarithms, in which they stay exact."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._core.choice import select
from jaxsched._core.fields import is_traced, not_negative, real
from jaxsched._core.words import shown

LOG_OF_NOTHING = 1e28
"""Minus the logarithm of a factor of 0: finite, so zero cuts still give `exp(0) = 1`, and one cut gives 0."""

SMALLEST_FACTOR = 1e-37
"""What a traced factor of 0 is taken for: its logarithm is finite."""

LARGEST_FACTOR = 1e37
"""What a larger traced factor is taken for."""


def minus_log(name: str, x: Any) -> Any:
    """A factor as minus its logarithm, in Python's float64: 0.99999 in float32 is 1 % off after a million steps."""
    x = not_negative(name, x)
    if is_traced(x):
        return select(x > 0, -jnp.log(select(x > 0, x, 1)), LOG_OF_NOTHING)
    logs = [-math.log(each) + 0.0 if each else LOG_OF_NOTHING for each in np.ravel(np.asarray(x, float)).tolist()]
    if isinstance(x, float):
        return logs[0]  # + 0.0: not -0.0
    array = np.reshape(np.asarray(logs), np.shape(x)).astype(x.dtype)
    return jnp.asarray(array) if isinstance(x, jax.Array) else array


def inner_factor(name: str, x: Any) -> Any:
    """A factor between 0 and 1. Traced, it is clamped."""
    if is_traced(x):
        return jnp.clip(x, SMALLEST_FACTOR, 1.0)
    x = real(name, x)
    if np.any(np.asarray(x) <= 0) or np.any(np.asarray(x) >= 1):
        raise ValueError(f"`{name}` must lie between 0 and 1, exclusive: got {shown(x)}. The rate is multiplied by it.")
    return x


def log_inside(name: str, x: Any) -> Any:
    """A factor between 0 and 1 as its logarithm: what stays exact over many cuts."""
    return -minus_log(name, inner_factor(name, x))


def outer_factor(name: str, x: Any) -> Any:
    """A factor greater than 1. Traced, it is clamped."""
    if is_traced(x):
        return jnp.clip(x, 1.0, LARGEST_FACTOR)
    x = real(name, x)
    if np.any(np.asarray(x) <= 1):
        raise ValueError(f"`{name}` must be greater than 1: got {shown(x)}. It is divided by as well as multiplied by.")
    return x


def log_outside(name: str, x: Any) -> Any:
    """A factor greater than 1 as its logarithm."""
    return -minus_log(name, outer_factor(name, x))


def negative(name: str, x: Any) -> Any:
    """The logarithm of a factor between 0 and 1."""
    x = real(name, x)
    if not is_traced(x) and np.any(np.asarray(x) > 0):
        raise ValueError(f"`{name}` is the logarithm of a factor and must not exceed 0: got {shown(x)}. Pass `factor`.")
    return x


def as_written(kind: Any, stored: Any) -> Any:
    """What the user wrote of a number that is kept in another form; `None` where no number is kept just as this one.

    A slope or a tuned logarithm is such: it is shown as it is kept, so that what is shown is always read back.
    """
    if is_traced(stored) or not isinstance(stored, (float, np.ndarray, jax.Array)):
        return None
    if isinstance(stored, float):
        return _shortest(kind, stored)
    array = np.asarray(stored)
    if not jnp.issubdtype(array.dtype, jnp.floating):  # what `jax.grad(..., allow_int=True)` puts there
        return None
    numbers = [_shortest(kind, x) for x in array.ravel()]
    return None if None in numbers else np.asarray(numbers).reshape(array.shape)


def _shortest(kind: Any, stored: Any) -> float | None:
    """The shortest number that is kept as `stored`: 0.95, and not 0.9499999999999998."""
    wanted = np.asarray(stored)
    with np.errstate(over="ignore"):
        guess = float(np.exp(kind.sign * float(stored)))
    for digits in range(1, 18):
        short = float(f"{guess:.{digits}g}")
        try:
            if np.asarray(kind.written("x", short), wanted.dtype).tobytes() == wanted.tobytes():  # -0.0 is not 0.0
                return short
        except ValueError:  # rounded to 1, say
            continue
    return None
