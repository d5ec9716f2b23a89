"""What is known of schedules when something is built of them: their values at some steps."""

import contextlib
import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxsched._core.durations import longest
from jaxsched._core.fields import is_traced
from jaxsched._core.schedule import Schedule

LAST = 2**31 - 1


def first_where(wrong: Callable[..., Any], *schedules: Schedule) -> tuple[Any, ...] | None:
    """The first step at which the values are wrong, and the values there; `None` where none is known to be."""
    known = _values_of(schedules)
    if known is None or not np.any(found := wrong(*known[1:])):
        return None
    return tuple(each[found][0] for each in known)


def _values_of(schedules: tuple[Schedule, ...]) -> tuple[Any, ...] | None:
    """64 steps, of which the first is 0 and one the end of all, and the values there; `None` where one is not known."""
    leaves = jax.tree.leaves(schedules)
    if any(map(is_traced, leaves)):
        return None
    # A stack of schedules has no single value; inside of a trace, what is known is computed all the same.
    with contextlib.suppress(TypeError, ValueError), jax.ensure_compile_time_eval():
        end = longest(*(each.duration for each in schedules))
        last = LAST if end is None else min(math.ceil(end), LAST)
        steps = np.concatenate([np.linspace(0, last, 33), np.minimum(2.0 ** np.arange(31), last)])
        steps = np.sort(steps).astype(np.int32)
        return (steps, *(np.asarray(each(steps)) for each in schedules))
    return None
