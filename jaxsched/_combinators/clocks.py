"""Schedules on other clocks: shifted, held, counted in epochs, stretched."""

import dataclasses
from typing import Any

from jaxsched._core.durations import longest
from jaxsched._core.kinds import Count, Positive, checked
from jaxsched._core.laps import floor_to, slowed
from jaxsched._core.schedule import Exact, Schedule, ScheduleLike, as_schedule, evaluate
from jaxsched._core.time import later, since


class Delay(Exact):
    """The first value for `steps` steps, then the schedule: what `delay` makes.

    Args:
        schedule: the schedule to delay.
        steps: how long its first value is held, in steps, at least 0.
    """

    schedule: Schedule
    steps: Count

    def at(self, step: Any) -> Any:
        return evaluate(self.schedule, since(step, self.steps))

    @property
    def duration(self) -> Any:
        return _plus(self.schedule.duration, self.steps)


class Advance(Exact):
    """A schedule that is already `steps` steps in at step 0: what `advance` makes.

    Args:
        schedule: the schedule to advance.
        steps: how many steps count as done, at least 0.
    """

    schedule: Schedule
    steps: Count

    def at(self, step: Any) -> Any:
        return evaluate(self.schedule, later(step, self.steps))

    @property
    def duration(self) -> Any:
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

    def at(self, step: Any) -> Any:
        return evaluate(self.schedule, floor_to(step, self.every)[1])

    @property
    def duration(self) -> Any:
        return _plus(self.schedule.duration, self.every)


class PerEpoch(Exact):
    """A schedule that counts epochs, in steps: what `per_epoch` makes.

    Args:
        schedule: the schedule, counted in epochs.
        steps_per_epoch: the length of an epoch in steps, at least 0; 0 counts in steps.
    """

    schedule: Schedule = dataclasses.field(metadata={"clock": "epochs"})
    steps_per_epoch: Count

    def at(self, step: Any) -> Any:
        return evaluate(self.schedule, floor_to(step, self.steps_per_epoch)[0])

    @property
    def duration(self) -> Any:
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

    _scales = False  # the schedule inside is on a clock of its own

    def at(self, step: Any) -> Any:
        return evaluate(self.schedule, slowed(step, self.factor))

    @property
    def duration(self) -> Any:
        inner = self.schedule.duration
        return None if inner is None else inner * self.factor


@checked
def delay(schedule: ScheduleLike, steps: Count) -> Schedule:
    r"""The schedule's first value for `steps` steps, then the schedule: $v(t) = s(\max(t - n, 0))$.

    Args:
        schedule: a schedule, number or function of the step.
        steps: the delay n in steps, at least 0.

    Raises:
        ValueError: `steps` is negative or not finite.

    Examples:
        >>> float(jaxsched.delay(jaxsched.Linear(1.0, 0.0, steps=4), 10)(12))
        0.5
    """
    return Delay(as_schedule(schedule), steps)


@checked
def advance(schedule: ScheduleLike, steps: Count) -> Schedule:
    r"""The schedule as if `steps` steps were already done: $v(t) = s(t + n)$.

    Args:
        schedule: a schedule, number or function of the step.
        steps: the steps n that count as done, at least 0.

    Raises:
        ValueError: `steps` is negative or not finite.

    Examples:
        >>> float(jaxsched.advance(jaxsched.Linear(1.0, 0.0, steps=4), 1)(0))
        0.75
    """
    return Advance(as_schedule(schedule), steps)


@checked
def staircase(schedule: ScheduleLike, every: Count) -> Schedule:
    r"""The schedule held for `every` steps at a time: $v(t) = s(n \lfloor t / n \rfloor)$.

    Args:
        schedule: a schedule, number or function of the step.
        every: the length n of a stair in steps, at least 0; 0 changes nothing.

    Raises:
        ValueError: `every` is negative or not finite.

    Examples:
        >>> float(jaxsched.staircase(jaxsched.Linear(1.0, 0.0, steps=4), 2)(3))
        0.5
    """
    return Staircase(as_schedule(schedule), every)


@checked
def per_epoch(schedule: ScheduleLike, steps_per_epoch: Count) -> Schedule:
    r"""A schedule that counts epochs, its value held through each epoch: $v(t) = s(\lfloor t / n \rfloor)$.

    Args:
        schedule: a schedule whose clock counts epochs, as frameworks with one scheduler step an epoch have it.
        steps_per_epoch: the length n of an epoch in steps, at least 1.

    Raises:
        ValueError: `steps_per_epoch` is not positive or not finite.

    Examples:
        >>> lr = jaxsched.per_epoch(jaxsched.Linear(1.0, 0.0, steps=4), steps_per_epoch=100)
        >>> float(lr(0)), float(lr(99)), float(lr(100))
        (1.0, 1.0, 0.75)
    """
    if isinstance(steps_per_epoch, (int, float)) and steps_per_epoch == 0:
        raise ValueError("`steps_per_epoch` must be at least 1: got 0. Is the data set empty?")
    return PerEpoch(as_schedule(schedule), steps_per_epoch)


def _plus(duration, steps):
    return None if duration is None else duration + steps
