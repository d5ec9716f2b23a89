"""Sums and products of many, flat: a loop of `+` would be as deep as it is long."""

import functools
import operator
from typing import Any

from jaxsched._combinators.join import FEW
from jaxsched._core.algebra import Combined, Pair, Product, Sum
from jaxsched._core.node import inside
from jaxsched._core.schedule import Schedule, Schedules


class SumOfMany(Combined):
    """The sum of its terms at every step, from left to right: what `+` makes of more than a few.

    Args:
        terms: schedules, numbers or functions of the step.
    """

    terms: Schedules

    _of_two = staticmethod(operator.add)

    @property
    def _operands(self) -> tuple[Schedule, ...]:
        return self.terms


class ProductOfMany(Combined):
    """The product of its factors at every step, from left to right: what `*` makes of more than a few.

    Args:
        factors: schedules, numbers or functions of the step.
    """

    factors: Schedules

    _of_two = staticmethod(operator.mul)

    @property
    def _operands(self) -> tuple[Schedule, ...]:
        return self.factors


def _flat(many: Any, name: str, pair: Pair) -> Schedule:
    if isinstance(pair.left, many):
        longer = inside(pair.left, **{name: (*getattr(pair.left, name), pair.right)})  # not checked all over again
        vars(longer)["_depth"] = max(pair.left._depth, pair.right._depth + 1)
        return longer
    operands, left = [pair.right], pair.left
    while type(left) is type(pair):
        operands.append(left.right)
        left = left.left
    operands = [left, *reversed(operands)]
    return many(operands) if len(operands) > FEW else pair


Sum._many = functools.partial(_flat, SumOfMany, "terms")
Product._many = functools.partial(_flat, ProductOfMany, "factors")
