"""Arithmetic of schedules: what `+ - * /` make, and the blend of two values."""

from typing import TYPE_CHECKING

from jaxsched._core.fields import Real
from jaxsched._core.time import blend
from jaxsched._core.schedule import Exact, Schedule, evaluate, longest


class Pair(Exact):
    """Two schedules, combined at every step."""

    if TYPE_CHECKING:
        left: Schedule
        right: Schedule

    @property
    def duration(self):
        return longest(self.left.duration, self.right.duration)


class Sum(Pair):
    """`left + right` at every step."""

    left: Schedule
    right: Schedule

    def at(self, step):
        return evaluate(self.left, step) + evaluate(self.right, step)


class Difference(Pair):
    """`left - right` at every step."""

    left: Schedule
    right: Schedule

    def at(self, step):
        return evaluate(self.left, step) - evaluate(self.right, step)


class Product(Pair):
    """`left * right` at every step."""

    left: Schedule
    right: Schedule

    def at(self, step):
        return evaluate(self.left, step) * evaluate(self.right, step)


class Quotient(Pair):
    """`left / right` at every step; infinite where `right` is 0."""

    left: Schedule
    right: Schedule

    def at(self, step):
        return evaluate(self.left, step) / evaluate(self.right, step)


class Blend(Exact):
    r"""From `start` to `end` by a schedule of weights: $v = s + (e - s)\,w(t)$.

    Args:
        start: the value s where the weight is 0, any finite number.
        end: the value e where the weight is 1.
        weight: a schedule of the weight of `end`.

    Examples:
        >>> float(jaxsched.Blend(2.0, 4.0, jaxsched.Linear(0.0, 1.0, 4))(1))
        2.5
    """

    start: Real
    end: Real
    weight: Schedule

    def at(self, step):
        of_end = evaluate(self.weight, step)
        return blend(self.start, self.end, 1 - of_end, of_end)

    @property
    def duration(self):
        return self.weight.duration
