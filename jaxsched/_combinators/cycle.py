"""A schedule again and again: `cycle`, with cycles of equal, growing or listed lengths."""

import itertools
import math
from collections.abc import Iterable, Iterator
from decimal import Decimal, localcontext
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxsched._core.fields import is_traced
from jaxsched._core.kinds import (
    AtLeastOne,
    Count,
    Counts,
    Factor,
    Lengths,
    MinusLog,
    Numeric,
    Reals,
    WholeAtLeastOne,
    checked,
)
from jaxsched._core.laps import lap, rescaled
from jaxsched._core.node import written
from jaxsched._core.schedule import Array, Exact, Schedule, ScheduleLike, as_schedule, evaluate
from jaxsched._core.time import Time, count_reached, integer_max, is_integer, left_until, minus, to_real
from jaxsched._core.words import shown
from jaxsched._curves.tables import last


class Cycle(Exact):
    """A schedule that begins again after `period`, `period * growth`, … steps: what `cycle` makes.

    Args:
        schedule: the schedule of the first cycle; later ones play it on a clock slowed by their growth.
        period: the length of the first cycle in steps, at least 0; 0 holds the first value.
        growth: how much longer each cycle is than the last, an int of at least 1.
        decay: the factor between the values of a cycle and the last, at least 0; `damping` is minus its logarithm.
        floor: a schedule of one cycle that is added to each as it is; `None` for 0.
    """

    schedule: Schedule
    period: Count
    growth: WholeAtLeastOne = 1
    damping: MinusLog = written(alias="decay", default=1.0)
    floor: Schedule | None = None

    def at(self, step: Any) -> Any:
        return _value(self, *lap(step, self.period, self.growth))


class ListedCycles(Exact):
    """A schedule that begins again at listed times: what `cycle` makes of listed lengths or a fractional growth.

    Args:
        schedule: the schedule of one cycle.
        period: the length of `schedule` in its own steps; each cycle plays it on a clock that fits the cycle.
        begins: the first whole step of each cycle, and the end of the last.
        leads: how far before that step the cycle began, in steps, from 0 to 1; negative for an end beyond the last
            step there is.
        decay: the factor between the values of a cycle and the last, at least 0; `damping` is minus its logarithm.
        floor: a schedule of one cycle that is added to each as it is; `None` for 0.
    """

    schedule: Schedule
    period: Count
    begins: Counts
    leads: Reals
    damping: MinusLog = written(alias="decay", default=1.0)
    floor: Schedule | None = None

    _scales = False  # its cycles have lengths between two steps

    def _check(self) -> None:
        begins, leads = np.shape(self.begins)[-1], np.shape(self.leads)[-1]
        if begins != leads or begins < 2:
            raise ValueError(f"`begins` and `leads` must each list as many times, at least two: got {begins}, {leads}.")

    def at(self, step: Any) -> Any:
        last_cycle = self.begins.shape[0] - 2
        index = jnp.clip(count_reached(step, self.begins) - 1, 0, last_cycle)
        # A fractional step may lie between the begin of the next cycle and its first whole step.
        over = left_until(step, self.begins[index + 1]) <= self.leads[index + 1]
        index = jnp.minimum(index + over.astype(index.dtype), last_cycle)
        done = jnp.maximum(minus(step, self.begins[index]) + self.leads[index], 0)
        left = jnp.maximum(left_until(step, self.begins[index + 1]) - self.leads[index + 1], 0)
        return _value(self, index, rescaled(done, left, self.period))

    @property
    def duration(self) -> Any:
        endless = not is_traced(self.leads) and np.any(np.asarray(self.leads)[..., -1] < 0)
        return None if endless else last(self.begins)


def _value(cycles: Cycle | ListedCycles, index: Array, local: Time) -> Array:
    value = evaluate(cycles.schedule, local) * jnp.exp(-cycles.damping * to_real(index))
    return value if cycles.floor is None else value + evaluate(cycles.floor, local)


@checked
def cycle(schedule: ScheduleLike, period: Lengths, growth: AtLeastOne = 1, decay: Factor = 1.0) -> Schedule:
    r"""The schedule again and again: cycle i lasts $n\,g^i$ steps and is scaled by $d^i$.

    $v(t) = d^i\,s((t - S_i) / g^i)$ with $S_i = n\,(1 + g + \dots + g^{i-1})$ the begin of the cycle that holds t.
    The index comes from sums of lengths, not from a logarithm, and so is right at every restart.

    Args:
        schedule: a schedule, number or function of the step; that of the first cycle.
        period: the length n of the first cycle in steps, at least 0; or a list with the length of each cycle, whose
            clocks are then scaled to fit the schedule's `duration` and whose last holds its end.
        growth: how much longer each cycle is than the last, at least 1. An int may be traced; a fractional growth is
            tabulated and must be known.
        decay: the factor d between the values of a cycle and the last, at least 0.

    Raises:
        ValueError: a negative length, a growth below 1, or a negative decay.
        TypeError: a traced fractional growth.

    Examples:
        >>> lr = jaxsched.cycle(jaxsched.Linear(1.0, 0.0, steps=2), period=2, growth=2, decay=0.5)
        >>> lr(np.arange(7)).tolist()
        [1.0, 0.5, 0.5, 0.375, 0.25, 0.125, 0.25]

    Reference:
        Loshchilov and Hutter 2017, arXiv:1608.03983, section 3 (T_mult).
    """
    schedule = as_schedule(schedule)
    if isinstance(period, tuple):
        if not period or any(is_traced(each) for each in period):
            raise ValueError(f"`period` must list at least one known length: got {shown(period)}.")
        if is_traced(growth) or growth != 1:
            raise ValueError(f"`growth` must be 1 where `period` lists the lengths: got {shown(growth)}.")
        own = schedule.duration
        own = period[0] if own is None or (not is_traced(own) and np.all(np.asarray(own) == 0)) else own
        return _listed(schedule, own, [_decimal(each) for each in period], decay)
    if is_traced(growth) and not is_integer(growth):
        raise TypeError("`growth` must be an int, or a float that is known when the cycle is built: got a tracer.")
    if is_traced(growth) or np.all(np.asarray(growth) == np.floor(np.asarray(growth))):
        return Cycle(schedule, period, growth, decay)
    return _listed(schedule, period, _growing(period, float(growth)), decay)


def _decimal(x: Any) -> Decimal:
    return Decimal(repr(x if isinstance(x, (int, float)) else x.item()))


def _growing(period: Numeric, growth: float) -> Iterator[Decimal]:
    """The lengths of growing cycles, until they pass the last step there is."""
    if is_traced(period):
        raise TypeError("`period` must be known when the cycle is built where `growth` is no int: got a traced number.")
    length, end = _decimal(period), Decimal(0)
    while end <= integer_max() and length > 0:
        yield length
        end, length = end + length, length * Decimal(repr(growth))


def _listed(schedule: Schedule, period: Numeric, lengths: Iterable[Decimal], decay: Numeric) -> Schedule:
    # Decimal keeps what the user wrote: 10 steps that grow by 1.1 end at 10 and 21, which binary 1.1 misses.
    with localcontext() as context:
        context.prec = 60
        ends = [Decimal(0), *itertools.accumulate(lengths)]
        begins = [min(_first_step(end), integer_max()) for end in ends]
        leads = [float(begin - end) for begin, end in zip(begins, ends, strict=True)]
    return ListedCycles(schedule, period, np.asarray(begins), np.asarray(leads), decay)


def _first_step(time: Decimal) -> int:
    """The first whole step not before a time; a sum of lengths such as 10/6 may miss it by a float's rounding."""
    nearest = round(time)
    return nearest if abs(time - nearest) <= Decimal("1e-12") * max(time, 1) else math.ceil(time)
