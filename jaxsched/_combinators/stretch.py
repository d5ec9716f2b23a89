"""`stretch`: a schedule made longer or shorter by its lengths, so that its boundaries stay exact."""

import dataclasses
from typing import Any

import numpy as np

from jaxsched._combinators.clocks import Stretch
from jaxsched._combinators.warmup import Warmup
from jaxsched._core.fields import is_traced
from jaxsched._core.kinds import Count, Positive, checked
from jaxsched._core.node import of_kind
from jaxsched._core.schedule import Schedule, ScheduleLike, as_schedule
from jaxsched._core.time import integer_max, is_integer
from jaxsched._core.words import shown
from jaxsched._curves.ramp import Open, Ramp


@checked
def stretch(schedule: ScheduleLike, factor: Positive, keep_warmup: bool = False) -> Schedule:
    r"""The schedule `factor` times as long: $v(t) = s(t / f)$.

    Its lengths and boundaries are multiplied, and rounded to whole steps where they were whole and `factor` is known,
    so that every boundary is still a step. What has others, such as a function or a table, gets a slower clock.

    Args:
        schedule: a schedule, number or function of the step.
        factor: f, greater than 0.
        keep_warmup: whether warmups keep their length.

    Raises:
        ValueError: `factor` is not positive.

    Examples:
        >>> jaxsched.stretch(jaxsched.warmup(jaxsched.Cosine(1.0, 0.0, steps=90), 10), 2)
        Warmup(ramp=Linear(start=0.0, end=Open(), steps=20), schedule=Cosine(start=1.0, end=0.0, steps=180))

    Reference:
        The scale schedule ratio of Composer, which keeps warmups unless told otherwise.
    """
    schedule = as_schedule(schedule)
    longer = _longer(schedule, factor, keep_warmup)
    return Stretch(schedule, factor) if longer is None else longer


def _longer(x: Any, factor: Any, keep_warmup: bool) -> Any:
    """A schedule with its lengths multiplied, or a tuple of such; `None` where one inside cannot be written so."""
    if isinstance(x, tuple):
        many = tuple(_longer(each, factor, keep_warmup) for each in x)
        return None if None in many else many
    if not x._scales:
        return None if _is_open(x) else Stretch(x, factor)
    changed: dict[str, Any] = {name: _times(length, factor) for name, length in of_kind(x, Count).items()}
    for steps in changed.values():
        if isinstance(steps, int) and steps > integer_max():
            raise ValueError(
                f"`factor` must leave lengths below {integer_max()}: {shown(factor)} makes one of {steps}."
            )
    for field in dataclasses.fields(x):
        inner = getattr(x, field.name)
        if field.metadata.get("clock") or (keep_warmup and isinstance(x, Warmup) and inner is x.ramp):
            continue
        if _is_inside(inner) and field.name not in changed:
            changed[field.name] = _longer(inner, factor, keep_warmup)
            if changed[field.name] is None:
                return None
    return dataclasses.replace(x, **changed)


def _is_inside(x: Any) -> bool:
    return isinstance(x, Schedule) or (isinstance(x, tuple) and all(isinstance(each, Schedule) for each in x))


def _is_open(x: Schedule) -> bool:
    return isinstance(x, Ramp) and (isinstance(x.start, Open) or isinstance(x.end, Open))


def _times(x: Any, factor: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(_times(each, factor) for each in x)
    if is_traced(x) or is_traced(factor):
        return x * factor
    if isinstance(x, int) and isinstance(factor, float):
        return round(x * factor)
    product = x * factor
    return np.round(np.asarray(product)).astype(np.int64) if is_integer(x) else product
