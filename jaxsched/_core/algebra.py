"""Schedules combined at every step: what `+ - * / **` make of two."""

import abc
import functools
import operator
from typing import Any, ClassVar

import numpy as np

from jaxsched._core.choice import select
from jaxsched._core.durations import longest
from jaxsched._core.ends import Ends
from jaxsched._core.fields import is_traced
from jaxsched._core.schedule import Constant, Exact, Schedule, evaluate
from jaxsched._core.time import raised
from jaxsched._core.words import shown


class Combined(Exact):
    """Some schedules, combined at every step by a function of two values, from left to right."""

    _of_known: ClassVar[Any] = None  # the same of numbers on the host, where `_of_two` would run a program

    @property
    @abc.abstractmethod
    def _operands(self) -> tuple[Schedule, ...]: ...

    @staticmethod
    @abc.abstractmethod
    def _of_two(left: Any, right: Any, /) -> Any: ...

    def at(self, step: Any) -> Any:
        return functools.reduce(self._of_two, (evaluate(each, step) for each in self._operands))

    @property
    def duration(self) -> Any:
        return longest(*(each.duration for each in self._operands))

    @property
    def _known_ends(self) -> Ends:
        firsts, lasts = zip(*(each._known_ends for each in self._operands), strict=True)
        of_two = self._of_known or self._of_two
        return functools.reduce(of_two, firsts), functools.reduce(of_two, lasts)


class Pair(Combined):
    """Two schedules, combined at every step."""

    left: Schedule
    right: Schedule

    _many: ClassVar[Any] = None  # what makes a long chain flat

    @property
    def _operands(self) -> tuple[Schedule, ...]:
        return self.left, self.right


class Sum(Pair):
    """`left + right` at every step."""

    _of_two = staticmethod(operator.add)


class Difference(Pair):
    """`left - right` at every step."""

    _of_two = staticmethod(operator.sub)


class Product(Pair):
    """`left * right` at every step."""

    _of_two = staticmethod(operator.mul)


class Quotient(Pair):
    """`left / right` at every step: 0 where both are 0, infinite where only `right` is.

    A `right` that is always 0 is refused, and one that is known to be 0 where `left` is not, at step 0 or at the end of
    both. That much is known of constants, ramps, tables, warmups, cooldowns and joins, and of what `+ - * / **`,
    `clip`, `maximum` and `minimum` make of them; of nothing else, of no traced number, and not between the ends.
    """

    _of_known = staticmethod(np.true_divide)

    def _check(self) -> None:
        right = _known(self.right)
        if right is not None and np.any(right == 0):
            raise ValueError(f"`right` must not be 0: got {shown(self.right)}. No schedule can be divided by it.")
        for where, left, right in _ends(self.left, self.right):
            if np.any((right == 0) & (left != 0) & ~np.isnan(left)):
                raise ValueError(
                    f"`right` must not be 0 where `left` is not: got {shown(self.right)}, which is 0 {where}. Keep it "
                    f"above 0, as by `warmup(..., start=1e-8)`, or divide by `jaxsched.maximum(..., 1e-8)`."
                )

    @staticmethod
    def _of_two(left: Any, right: Any, /) -> Any:
        return left / select((left == 0) & (right == 0), 1, right)


class Power(Pair):
    """`left ** right` at every step: infinite where `left` is 0 and `right` negative.

    That is refused where it is known at step 0 or in the end, as by `Quotient`. Where `left` is negative, so is an odd
    power; where `right` is no whole number, it is 0, and of two numbers refused. At a `left` of 0 the slope of a power
    below 1 is infinite, and is taken for 0.
    """

    def _check(self) -> None:
        for where, left, right in _ends(self.left, self.right):
            if np.any((left == 0) & (right < 0)):
                raise ValueError(
                    f"`left` must not be 0 where `right` is negative: got {shown(self)} {where}. Keep it above 0, as "
                    f"by `jaxsched.maximum(..., 1e-8)`."
                )
        left, right = _known(self.left), _known(self.right)
        if left is not None and right is not None and np.any((left < 0) & (right != np.floor(right))):
            raise ValueError(f"`left` must not be negative: got {shown(self)}. It has powers of whole numbers only.")

    _of_two = staticmethod(raised)
    _of_known = staticmethod(np.power)


def _ends(left: Schedule, right: Schedule) -> list[tuple[str, Any, Any]]:
    """Where two schedules are known, if they are, and their values there."""
    with np.errstate(all="ignore"):
        return list(zip(("at step 0", "in the end"), left._known_ends, right._known_ends, strict=True))


def _known(schedule: Schedule) -> np.ndarray | None:
    """The value that a schedule always has, if it is known."""
    if not isinstance(schedule, Constant) or is_traced(schedule.value):
        return None
    return np.asarray(schedule.value)
