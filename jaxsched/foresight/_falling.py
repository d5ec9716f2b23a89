"""Schedules that fall freely, for `optimize`."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.foresight._rates import check_known, total_of
from jaxsched.kinds import Positive, checker, of_one

PEAK = of_one(checker(Positive))


class Falling(NamedTuple):
    """What `falling` returns: called with `drops`, it makes a schedule.

    Attributes:
        peak: the rate from which it falls.
        begin: the length of the warmup in steps.
        total: the length of the run in steps.
        points: how many points there are after the peak.
    """

    peak: float
    begin: int
    total: int
    points: int

    def __call__(self, drops: Any) -> Any:
        """The schedule whose falls between the points are in the proportions $e^{d_i}$; the last is what is left.

        Args:
            drops: `points + 1` numbers without bounds.
        """
        parts = jax.nn.softmax(jnp.asarray(drops, jnp.result_type(float)))
        values = self.peak * jnp.concatenate([jnp.ones(1), jnp.cumsum(parts[::-1])[::-1][1:]])
        steps = np.linspace(self.begin, self.total, self.points + 1)
        origin = np.zeros(1 if self.begin else 0, values.dtype)  # of the warmup: rate 0 at step 0
        return js.Interpolated([*origin.tolist(), *steps.tolist()], jnp.concatenate([origin, values]))


def falling(peak: float, begin: int, total: int, points: int) -> Falling:
    """A family of schedules that fall freely: for `optimize`, which then needs no ranges.

    Straight lines between points at equal distances, none above the one before; before `begin` a linear warmup from 0.

    Args:
        peak: the rate at `begin`, greater than 0.
        begin: the length of the warmup in steps, at least 0.
        total: the length of the run in steps, greater than `begin`.
        points: how many points there are after the peak, at least 1.

    Returns:
        a function of `drops`, an array of `points + 1` numbers.

    Raises:
        ValueError: a number is out of its range.
        TypeError: an argument of another kind.

    Examples:
        >>> import numpy as np
        >>> make = jaxsched.foresight.falling(1.0, 0, 100, 4)
        >>> print(make(np.zeros(5))(np.asarray([0, 25, 50, 75, 100])))
        [1.  0.8 0.6 0.4 0.2]
    """
    total, points = total_of("total", total), total_of("points", points)
    begin = total_of("begin", begin, least=0)
    if begin >= total:
        raise ValueError(f"`begin` must be below `total`, {total}: got {begin}.")
    check_known("peak", peak)
    return Falling(float(PEAK("peak", peak)), begin, total, points)
