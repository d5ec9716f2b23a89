"""Schedules from schedules: shifted, held, clipped, scaled."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxsched._core.fields import Count, Numeric, Positive, Real, is_traced
from jaxsched._core.laps import floor_to
from jaxsched._core.time import later, ratio, since
from jaxsched._core.schedule import Exact, Schedule, evaluate, longest, to_schedule


class Delay(Exact):
    """The first value for `steps` steps, then the schedule: what `delay` makes.

    Args:
        schedule: the schedule to delay.
        steps: how long its first value is held, in steps, at least 0.
    """

    schedule: Schedule
    steps: Count

    def at(self, step):
        return evaluate(self.schedule, since(step, self.steps))

    @property
    def duration(self):
        return _plus(self.schedule.duration, self.steps)


class Advance(Exact):
    """A schedule that is already `steps` steps in at step 0: what `advance` makes.

    Args:
        schedule: the schedule to advance.
        steps: how many steps count as done, at least 0.
    """

    schedule: Schedule
    steps: Count

    def at(self, step):
        return evaluate(self.schedule, later(step, self.steps))

    @property
    def duration(self):
        inner = self.schedule.duration
        return None if inner is None else longest(inner - self.steps, 0)


class Staircase(Exact):
    """A schedule that changes at multiples of `every` only: what `staircase` makes.

    Args:
        schedule: the schedule to hold.
        every: the length of a stair in steps, at least 0; 0 changes nothing.
    """

    schedule: Schedule
    every: Count

    def at(self, step):
        return evaluate(self.schedule, floor_to(step, self.every)[1])

    @property
    def duration(self):
        return _plus(self.schedule.duration, self.every)


class PerEpoch(Exact):
    """A schedule that counts epochs, in steps: what `per_epoch` makes.

    Args:
        schedule: the schedule, counted in epochs.
        steps_per_epoch: the length of an epoch in steps, at least 0; 0 counts in steps.
    """

    schedule: Schedule
    steps_per_epoch: Count

    def at(self, step):
        return evaluate(self.schedule, floor_to(step, self.steps_per_epoch)[0])

    @property
    def duration(self):
        epochs = self.schedule.duration
        return None if epochs is None else epochs * self.steps_per_epoch


class Stretch(Exact):
    """A schedule on a slower clock, `schedule(t / factor)`: what `stretch` makes of what it cannot rewrite.

    Args:
        schedule: the schedule to stretch.
        factor: how many steps one of its steps takes, greater than 0.
    """

    schedule: Schedule
    factor: Positive

    def at(self, step):
        return evaluate(self.schedule, ratio(step, self.factor))

    @property
    def duration(self):
        inner = self.schedule.duration
        return None if inner is None else inner * self.factor


class Clip(Exact):
    """A schedule kept between `lo` and `hi`: what `clip` makes.

    Args:
        schedule: the schedule to clip.
        lo: the least value; `None` for no bound.
        hi: the largest value; `None` for no bound.
    """

    schedule: Schedule
    lo: Real | None = None
    hi: Real | None = None

    def _check(self):
        lo, hi = self.lo, self.hi
        if lo is None or hi is None or is_traced(lo) or is_traced(hi):
            return
        if np.any(np.asarray(lo) > np.asarray(hi)):
            raise ValueError(f"`lo` must not exceed `hi`: got {lo!r} and {hi!r}. Swap them.")

    def at(self, step):
        value = evaluate(self.schedule, step)
        value = value if self.lo is None else jnp.maximum(value, self.lo)
        return value if self.hi is None else jnp.minimum(value, self.hi)

    @property
    def duration(self):
        return self.schedule.duration


def delay(schedule: Any, steps: Numeric) -> Schedule:
    r"""The schedule's first value for `steps` steps, then the schedule: $v(t) = s(\max(t - n, 0))$.

    Args:
        schedule: a schedule, number or function of the step.
        steps: the delay n in steps, at least 0.

    Raises:
        ValueError: `steps` is negative or not finite.

    Examples:
        >>> float(jaxsched.delay(jaxsched.Linear(1.0, 0.0, 4), 10)(12))
        0.5
    """
    return Delay(to_schedule("schedule", schedule), steps)


def advance(schedule: Any, steps: Numeric) -> Schedule:
    r"""The schedule as if `steps` steps were already done: $v(t) = s(t + n)$.

    Args:
        schedule: a schedule, number or function of the step.
        steps: the steps n that count as done, at least 0.

    Raises:
        ValueError: `steps` is negative or not finite.

    Examples:
        >>> float(jaxsched.advance(jaxsched.Linear(1.0, 0.0, 4), 1)(0))
        0.75
    """
    return Advance(to_schedule("schedule", schedule), steps)


def staircase(schedule: Any, every: Numeric) -> Schedule:
    r"""The schedule held for `every` steps at a time: $v(t) = s(n \lfloor t / n \rfloor)$.

    Args:
        schedule: a schedule, number or function of the step.
        every: the length n of a stair in steps, at least 0; 0 changes nothing.

    Raises:
        ValueError: `every` is negative or not finite.

    Examples:
        >>> float(jaxsched.staircase(jaxsched.Linear(1.0, 0.0, 4), 2)(3))
        0.5
    """
    return Staircase(to_schedule("schedule", schedule), every)


def per_epoch(schedule: Any, steps_per_epoch: Numeric) -> Schedule:
    r"""A schedule that counts epochs, its value held through each epoch: $v(t) = s(\lfloor t / n \rfloor)$.

    Args:
        schedule: a schedule whose clock counts epochs, as frameworks with one scheduler step an epoch have it.
        steps_per_epoch: the length n of an epoch in steps, at least 1.

    Raises:
        ValueError: `steps_per_epoch` is not positive or not finite.

    Examples:
        >>> lr = jaxsched.per_epoch(jaxsched.Linear(1.0, 0.0, 4), steps_per_epoch=100)
        >>> float(lr(0)), float(lr(99)), float(lr(100))
        (1.0, 1.0, 0.75)
    """
    if not is_traced(steps_per_epoch) and np.any(np.asarray(steps_per_epoch) == 0):
        raise ValueError("`steps_per_epoch` must be at least 1: got 0. Is the data set empty?")
    return PerEpoch(to_schedule("schedule", schedule), steps_per_epoch)


def clip(schedule: Any, lo: Numeric | None = None, hi: Numeric | None = None) -> Schedule:
    r"""The schedule kept between two bounds: $v(t) = \min(\max(s(t), l), h)$.

    Args:
        schedule: a schedule, number or function of the step.
        lo: the least value l; `None` for no bound.
        hi: the largest value h; `None` for no bound.

    Raises:
        ValueError: `lo` exceeds `hi`, or a bound is not finite.

    Examples:
        >>> float(jaxsched.clip(jaxsched.Linear(1.0, 0.0, 4), lo=0.1)(4))
        0.10000000149011612
    """
    return Clip(to_schedule("schedule", schedule), lo, hi)


def scale(schedule: Any, factor: Any) -> Schedule:
    r"""The schedule times a number or another schedule: $v(t) = f\,s(t)$, the same as `schedule * factor`.

    Args:
        schedule: a schedule, number or function of the step.
        factor: a number, schedule or function of the step.

    Examples:
        >>> float(jaxsched.scale(jaxsched.Linear(1.0, 0.0, 4), 0.5)(2))
        0.25
    """
    return to_schedule("schedule", schedule) * to_schedule("factor", factor)


def _plus(duration, steps):
    return None if duration is None else duration + steps
