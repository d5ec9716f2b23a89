"""Schedules with other values: clipped, the largest or least of some, rounded, blended, scaled."""

import dataclasses
from typing import Any, TypeVar, overload

import jax.numpy as jnp
import numpy as np

from jaxsched._combinators.known import first_where
from jaxsched._core.algebra import Combined
from jaxsched._core.ends import Ends, known
from jaxsched._core.fields import check_order, is_number, is_traced, real
from jaxsched._core.kinds import Level, Numeric, checked
from jaxsched._core.node import Data, of_kind
from jaxsched._core.schedule import (
    Constant,
    Exact,
    Schedule,
    ScheduleLike,
    Schedules,
    as_schedule,
    evaluate,
    schedules,
    to_schedule,
)
from jaxsched._core.time import blend
from jaxsched._core.words import shown

D = TypeVar("D", bound=Data)

LARGEST_COUNT = 2.0**31 - 128
"""The largest float32 that is an int32."""


class Clip(Exact):
    """A schedule kept between `lo` and `hi`: what `clip` makes.

    Args:
        schedule: the schedule to clip.
        lo: the least value; `None` for no bound.
        hi: the largest value; `None` for no bound.
    """

    schedule: Schedule
    lo: Level | None = None
    hi: Level | None = None

    def _check(self) -> None:
        check_order("lo", self.lo, "hi", self.hi)

    def at(self, step: Any) -> Any:
        value = evaluate(self.schedule, step)
        value = value if self.lo is None else jnp.maximum(value, self.lo)
        return value if self.hi is None else jnp.minimum(value, self.hi)

    @property
    def duration(self) -> Any:
        return self.schedule.duration

    @property
    def _known_ends(self) -> Ends:
        lo, hi = -np.inf if self.lo is None else known(self.lo), np.inf if self.hi is None else known(self.hi)
        first, last = (np.minimum(np.maximum(end, lo), hi) for end in self.schedule._known_ends)
        return first, last


class Extreme(Combined):
    """The largest or the least of some terms."""

    terms: Schedules

    def _check(self) -> None:
        if not self.terms:
            raise ValueError("`terms` must hold at least one schedule: got none. Pass schedules or numbers.")

    @property
    def _operands(self) -> tuple[Schedule, ...]:
        return self.terms


class Maximum(Extreme):
    """The largest of its terms at every step: what `maximum` makes.

    Args:
        terms: schedules, numbers or functions of the step, at least one.
    """

    _of_two = staticmethod(jnp.maximum)
    _of_known = staticmethod(np.maximum)


class Minimum(Extreme):
    """The least of its terms at every step: what `minimum` makes.

    Args:
        terms: schedules, numbers or functions of the step, at least one.
    """

    _of_two = staticmethod(jnp.minimum)
    _of_known = staticmethod(np.minimum)


class Blend(Exact):
    r"""From `start` to `end` by a schedule of weights: $v = s + (e - s)\,w(t)$.

    Args:
        start: the value s where the weight is 0, any finite number.
        end: the value e where the weight is 1.
        weight: a schedule of the weight of `end`.

    Examples:
        >>> float(jaxsched.nodes.Blend(2.0, 4.0, jaxsched.Linear(0.0, 1.0, steps=4))(1))
        2.5
    """

    start: Level
    end: Level
    weight: Schedule

    def at(self, step: Any) -> Any:
        of_end = evaluate(self.weight, step)
        return blend(self.start, self.end, 1 - of_end, of_end)

    @property
    def duration(self) -> Any:
        return self.weight.duration


class Rounded(Exact):
    """A schedule at the nearest whole number, an int32 where it is called: what `rounded` makes.

    Args:
        schedule: the schedule to round.
    """

    schedule: Schedule

    _counts = True

    def at(self, step: Any) -> Any:
        value = evaluate(self.schedule, step)
        below = jnp.floor(value)
        # A half is a half although the formula is off by its last bits.
        slack = jnp.minimum(2 * jnp.finfo(value.dtype).eps * jnp.abs(value), 0.25)
        return jnp.clip(below + (value - below >= 0.5 - slack), -LARGEST_COUNT, LARGEST_COUNT)

    @property
    def duration(self) -> Any:
        return self.schedule.duration


@checked
def clip(schedule: ScheduleLike, lo: ScheduleLike | None = None, hi: ScheduleLike | None = None) -> Schedule:
    r"""The schedule kept between two bounds, which may move: $v(t) = \min(\max(s(t), l(t)), h(t))$.

    Args:
        schedule: a schedule, number or function of the step.
        lo: the least value l, a number, schedule or function of the step; `None` for no bound.
        hi: the largest value h, likewise; where bounds that move cross, h holds.

    Raises:
        ValueError: `lo` exceeds `hi` at the first step, when both are flat, or where else 64 steps show it; or a bound
            is not finite.

    Examples:
        >>> float(jaxsched.clip(jaxsched.Linear(1.0, 0.0, steps=4), lo=0.1)(4))
        0.10000000149011612
    """
    schedule = as_schedule(schedule)
    bounds = [bound if bound is None else as_schedule(bound) for bound in (lo, hi)]
    if all(bound is None or isinstance(bound, Constant) for bound in bounds):
        return Clip(schedule, *(bound.value if isinstance(bound, Constant) else None for bound in bounds))
    low, high = bounds
    if low is not None and high is not None:
        _check_not_crossing(low, high)
    above = schedule if low is None else maximum(schedule, low)
    return above if high is None else minimum(above, high)


def _check_not_crossing(lo: Schedule, hi: Schedule) -> None:
    if known := first_where(np.greater, lo, hi):
        step, low, high = known
        raise ValueError(
            f"`lo` must not exceed `hi`: got {low:.6g} and {high:.6g} at step {step}. Swap them, or let one end sooner."
        )


def maximum(a: ScheduleLike, b: ScheduleLike, *more: ScheduleLike) -> Schedule:
    r"""The largest of two or more schedules at every step: $v(t) = \max(a(t), b(t), \ldots)$.

    Args:
        a: a schedule, number or function of the step.
        b: another one.
        more: more of them.

    Raises:
        ValueError: a number is not finite.
        TypeError: one is no schedule.

    Examples:
        >>> lr = jaxsched.maximum(jaxsched.Linear(1.0, 0.0, steps=4), jaxsched.Linear(0.0, 0.5, steps=4))
        >>> [float(lr(t)) for t in (0, 2, 4)]
        [1.0, 0.5, 0.5]
    """
    return Maximum(_listed(a, b, more))


def minimum(a: ScheduleLike, b: ScheduleLike, *more: ScheduleLike) -> Schedule:
    r"""The least of two or more schedules at every step: $v(t) = \min(a(t), b(t), \ldots)$.

    Args:
        a: a schedule, number or function of the step.
        b: another one.
        more: more of them.

    Raises:
        ValueError: a number is not finite.
        TypeError: one is no schedule.

    Examples:
        >>> noam = jaxsched.minimum(jaxsched.Linear(0.0, 1.0, steps=100), jaxsched.InverseSqrt(1.0, 100))
        >>> float(noam(50))
        0.5
    """
    return Minimum(_listed(a, b, more))


def _listed(a: Any, b: Any, more: tuple[Any, ...]) -> tuple[Schedule, ...]:
    return to_schedule("a", a), to_schedule("b", b), *schedules("more", more)


@checked
def rounded(schedule: ScheduleLike) -> Schedule:
    r"""The schedule at the nearest whole number, halves up: $v(t) = \lfloor s(t) + 1/2 \rfloor$, an int32.

    It is for what is counted, such as a batch size or how many gradients `optax.MultiSteps` accumulates. Called, it
    gives an int32, with and without x64; inside of other schedules its value is a float like any other.

    Args:
        schedule: a schedule, number or function of the step; its values are kept between -2147483520 and 2147483520.

    Examples:
        >>> batch = jaxsched.rounded(jaxsched.Linear(64, 256, steps=100))
        >>> batch(np.arange(3)), (batch * 1e-5)(1)
        (Array([64, 66, 68], dtype=int32), Array(0.00066, dtype=float32))
    """
    return Rounded(as_schedule(schedule))


@overload
def scale(schedule: ScheduleLike, factor: ScheduleLike) -> Schedule: ...
@overload
def scale(schedule: D, factor: Numeric) -> D: ...
def scale(schedule: Any, factor: Any) -> Schedule | Data:
    r"""The schedule times a number or another schedule: $v(t) = f\,s(t)$, the same as `schedule * factor`.

    Of a controller every number in units of the rate is scaled too, such as its floor; the factor must be a number.
    `controller * factor` is the same. Beside the controller itself in one optimizer, as in
    `jaxsched.inject(optax.adamw)(controller, weight_decay=controller * 0.1)`, it shares its state: what one observes,
    the other follows.

    Args:
        schedule: a schedule, number, function of the step, or controller.
        factor: a number, schedule or function of the step.

    Raises:
        TypeError: `schedule` or `factor` is no schedule, or not a number beside a controller.

    Examples:
        >>> float(jaxsched.scale(jaxsched.Linear(1.0, 0.0, steps=4), 0.5)(2))
        0.25
        >>> jaxsched.scale(jaxsched.reduce_on_plateau(0.1, min_value=0.01), 0.5).min_value
        0.005
    """
    if not isinstance(schedule, Data) or isinstance(schedule, Schedule):
        return to_schedule("schedule", schedule) * to_schedule("factor", factor)
    if not (is_number(factor) or is_traced(factor)):
        raise TypeError(f"`factor` must be a number beside a controller: got {shown(factor)}. Scale its schedule.")
    scaled = _scaled(schedule, real("factor", factor))
    vars(scaled)["_multiple_of"] = multiple_of(schedule) or schedule
    return scaled


def multiple_of(x: Data) -> Any:
    """The controller that `scale` made this one of; `None` if it did not, or if this is a copy of what it made."""
    return vars(x).get("_multiple_of")


def _scaled(node: Any, factor: Numeric) -> Any:
    """A controller with its schedule, and all that is in units of it, scaled."""
    levels = {name: x if x is None else x * factor for name, x in of_kind(node, Level).items()}
    inner = {name: scale(x, factor) for name, x in of_kind(node, Data).items()}
    return dataclasses.replace(node, **levels, **inner)
