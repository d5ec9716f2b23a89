"""Looked up: values at boundaries or at every step. A table costs a search and a gather, whatever its length."""

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxsched._core.ends import Ends, is_known, known
from jaxsched._core.kinds import Levels, Times
from jaxsched._core.lists import counts
from jaxsched._core.schedule import Array, Exact, Time
from jaxsched._core.time import blend, count_reached, fractions_between, half_sine_squared, whole_steps


class Piecewise(Exact):
    r"""Constant between boundaries, right-continuous: $v = v_i$ where i boundaries lie at or before t.

    Args:
        boundaries: steps at which the next value begins, sorted, at least 0.
        values: one value more than `boundaries`; two boundaries at one step skip the value between them.

    Raises:
        ValueError: the lengths do not fit, `boundaries` are unsorted or negative, or a number is not finite.

    Examples:
        >>> jaxsched.nodes.Piecewise([5, 12], [1.0, 0.5, 0.1])(np.array([4, 5, 12])).tolist()
        [1.0, 0.5, 0.10000000149011612]

    Reference:
        `PiecewiseDecay` in Paddle; `PiecewiseConstantDecay` in Keras begins a value one step later.
    """

    boundaries: Times
    values: Levels

    def _check(self) -> None:
        _check_lengths(self, one_more=True)

    def at(self, step: Any) -> Any:
        return self.values[count_reached(step, self.boundaries)]

    @property
    def duration(self) -> Any:
        return last(self.boundaries)

    @property
    def _known_ends(self) -> Ends:
        return _ends(self)


class Interpolated(Exact):
    r"""Straight lines between points: $v_i$ at boundary $b_i$, flat before the first and after the last.

    Args:
        boundaries: the steps of the points, sorted, at least 0; two points at one step are a jump.
        values: one value for each boundary.

    Raises:
        ValueError: the lengths differ, `boundaries` are unsorted or negative, or a number is not finite.

    Examples:
        >>> float(jaxsched.Interpolated([0, 10, 20], [0.0, 1.0, 0.5])(15))
        0.75

    Reference:
        `piecewise_interpolate_schedule("linear", ...)` in optax, `PiecewiseLinear` in Ignite.
    """

    boundaries: Times
    values: Levels

    def _check(self) -> None:
        _check_lengths(self, one_more=False)

    def at(self, step: Any) -> Any:
        before, after, x, rest = _between(self.values, self.boundaries, step)
        return blend(before, after, rest, x)

    @property
    def duration(self) -> Any:
        return last(self.boundaries)

    @property
    def _known_ends(self) -> Ends:
        return _ends(self, later=1)


class CosineInterpolated(Exact):
    r"""Half cosine waves between points: $v_i$ at boundary $b_i$, flat before the first and after the last.

    Args:
        boundaries: the steps of the points, sorted, at least 0; two points at one step are a jump.
        values: one value for each boundary.

    Raises:
        ValueError: the lengths differ, `boundaries` are unsorted or negative, or a number is not finite.

    Examples:
        >>> float(jaxsched.CosineInterpolated([0, 10, 20], [0.0, 1.0, 0.5])(15))
        0.75

    Reference:
        `piecewise_interpolate_schedule("cosine", ...)` in optax.
    """

    boundaries: Times
    values: Levels

    def _check(self) -> None:
        _check_lengths(self, one_more=False)

    def at(self, step: Any) -> Any:
        before, after, x, rest = _between(self.values, self.boundaries, step)
        return blend(before, after, half_sine_squared(rest), half_sine_squared(x))

    @property
    def duration(self) -> Any:
        return last(self.boundaries)

    @property
    def _known_ends(self) -> Ends:
        return _ends(self, later=1)


class Tabulated(Exact):
    """One value for each step, the last for all that follow; a fractional step shows the value of its whole part.

    Args:
        values: the values at steps 0, 1, 2, ….

    Raises:
        ValueError: `values` is empty or holds a number that is not finite.

    Examples:
        >>> jaxsched.Tabulated([0.5, 0.25])(np.array([0, 1, 7])).tolist()
        [0.5, 0.25, 0.25]
    """

    values: Levels

    _scales = False  # one value a step

    def at(self, step: Any) -> Any:
        return self.values[jnp.minimum(whole_steps(step), self.values.shape[0] - 1)]

    @property
    def duration(self) -> Any:
        return np.shape(self.values)[-1] - 1

    @property
    def _known_ends(self) -> Ends:
        return known(self.values[..., 0]), known(self.values[..., -1])


def _between(values: Array, boundaries: Array, step: Time) -> tuple[Array, Array, Array, Array]:
    """The values of the points around the step, and the fractions of the way from the one to the other."""
    reached = count_reached(step, boundaries)
    left, right = jnp.maximum(reached - 1, 0), jnp.minimum(reached, boundaries.shape[0] - 1)
    return values[left], values[right], *fractions_between(step, boundaries[left], boundaries[right])


def last(boundaries):
    """The last boundary as a duration; 0 where there is none."""
    if np.shape(boundaries)[-1] == 0:
        return 0
    end = boundaries[..., -1]
    return end.item() if isinstance(end, np.generic) else end


def _ends(table, later: int = 0) -> Ends:
    """The ends of a table whose values begin so many boundaries later than they would between them."""
    last = known(table.values[..., -1])
    if np.ndim(table.boundaries) > 1 or not is_known(table.boundaries):
        return math.nan, last
    begun = np.count_nonzero(np.asarray(table.boundaries) <= 0)
    return known(table.values[max(begun - later, 0)]), last


def _check_lengths(table, one_more: bool) -> None:
    values, boundaries = np.shape(table.values)[-1], np.shape(table.boundaries)[-1]
    if values != boundaries + one_more:
        wanted = "one element more than" if one_more else "as many elements as"
        raise ValueError(f"`values` must have {wanted} `boundaries`: got {values} and {boundaries}.")
    counts("boundaries", table.boundaries)  # sorted: said only of lengths that fit, lest the two were swapped
