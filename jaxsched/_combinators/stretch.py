"""`stretch`: a schedule made longer or shorter by rewriting its lengths, so that its boundaries stay exact."""

import typing
from typing import Any, cast

import numpy as np

from jaxsched._combinators.clocks import PerEpoch, Stretch
from jaxsched._combinators.cycle import ListedCycles
from jaxsched._core.node import fill
from jaxsched._core.fields import Count, Counts, Numeric, Times, count, counts, is_traced, positive
from jaxsched._combinators.join import Schedules, Sequence, TupleOfCounts
from jaxsched._core.time import is_integer
from jaxsched._curves.ramp import Ramp
from jaxsched._core.schedule import Constant, Schedule, Wrap, to_schedule
from jaxsched._curves.tables import Tabulated
from jaxsched._combinators.warmup import Warmup

BY_CLOCK = (ListedCycles, Sequence, Stretch, Tabulated, Wrap)
"""Schedules that have no lengths to rewrite, or too many: their clock is slowed instead."""


def stretch(schedule: Any, factor: Numeric, keep_warmup: bool = False) -> Schedule:
    r"""The schedule `factor` times as long: $v(t) = s(t / f)$.

    Its lengths and boundaries are multiplied, and rounded to whole steps where they were whole and `factor` is
    known, so that every boundary is still a step. What has none, such as a function or a table, gets a slower clock.

    Args:
        schedule: a schedule, number or function of the step.
        factor: f, greater than 0.
        keep_warmup: whether warmups keep their length.

    Raises:
        ValueError: `factor` is not positive.

    Examples:
        >>> jaxsched.stretch(jaxsched.warmup(jaxsched.Cosine(1.0, 0.0, 90), 10), 2)
        Warmup(ramp=Linear(start=0.0, end=None, steps=20), schedule=Cosine(start=1.0, end=0.0, steps=180))

    Reference:
        The scale schedule ratio of Composer, which keeps warmups unless told otherwise.
    """
    schedule = to_schedule("schedule", schedule)
    factor = positive("factor", factor)
    if isinstance(schedule, Constant):
        return schedule
    ours = type(schedule).__module__.partition(".")[0] == __name__.partition(".")[0]
    if not ours or isinstance(schedule, BY_CLOCK):
        return Stretch(schedule, factor)
    if isinstance(schedule, Ramp):
        return _longer(schedule, factor)
    fields: dict[str, Any] = {}
    hints = typing.get_type_hints(type(schedule), include_extras=True)
    for field, kind in hints.items():
        x: Any = getattr(schedule, field)
        if field == "ramp":
            fields[field] = x if keep_warmup and isinstance(schedule, Warmup) else _longer(x, factor)
        elif isinstance(schedule, PerEpoch) and field == "schedule":
            continue  # it counts epochs
        elif isinstance(x, Schedule):
            fields[field] = stretch(x, factor, keep_warmup)
        elif kind == Count:
            fields[field] = count(field, _times(x, factor))
        elif kind in (Counts, Times):
            fields[field] = counts(field, _times(x, factor))
        elif kind == TupleOfCounts:
            fields[field] = tuple(_times(each, factor) for each in cast(tuple, x))
        elif kind == Schedules:
            fields[field] = tuple(stretch(each, factor, keep_warmup) for each in cast(tuple, x))
    return fill(schedule, **fields)


def _longer(ramp: Any, factor: Any) -> Any:
    """A ramp, perhaps of a user's class, with another length: its shape is a matter of fractions."""
    return fill(ramp, steps=count("steps", _times(ramp.steps, factor)))


def _times(x: Any, factor: Any) -> Any:
    if is_traced(x) or is_traced(factor):
        return x * factor
    if isinstance(x, int) and isinstance(factor, float):
        return round(x * factor)
    product = x * factor
    return np.round(np.asarray(product)).astype(np.int64) if is_integer(x) else product
