"""The first value of a schedule and its last, as far as its numbers say: NaN is what is not known."""

import math
from typing import Any

import jax
import numpy as np

from jaxsched._core.fields import is_traced
from jaxsched._core.time import real_dtype

Ends = tuple[Any, Any]

UNKNOWN: Ends = (math.nan, math.nan)


def is_known(x: Any) -> bool:
    """Whether this process has a number: a tracer has none, and an array may lie on other hosts."""
    return not isinstance(x, jax.Array) or (not is_traced(x) and x.is_fully_addressable)


def known(level: Any) -> Any:
    """A number on the host, as a program would hold it."""
    return np.asarray(level, real_dtype()) if is_known(level) else math.nan


def first_of(steps: Any, before: Any, after: Any) -> Any:
    """The first value of what is `before` for so many steps and `after` from then on."""
    if isinstance(steps, (int, float)):
        return before if steps > 0 else after
    return np.where(np.asarray(steps) > 0, before, after) if is_known(steps) else math.nan
