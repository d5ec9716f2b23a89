"""optax's schedules that are one formula."""

import itertools
import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import jax.numpy as jnp

import jaxsched as js
from jaxsched.compat._foreign import equal, foreign, ranged
from jaxsched.kinds import Factor, Kind, Level, NotNegative, is_mapping, is_traced, shown

if TYPE_CHECKING:
    Length: TypeAlias = js.Numeric
    Horizon: TypeAlias = js.Numeric
    Scales: TypeAlias = Mapping[int, js.Numeric]
else:

    class Length(js.Numeric):
        """A number of steps; below 0 it is 0, and where an int32 cannot hold it a float."""

        @staticmethod
        def check(name, x):
            large = isinstance(x, int) and 2**31 <= x < 2**63
            return js.numerics.largest(js.Numeric.check(name, float(x) if large else x), 0)

    class Horizon(ranged("Horizon", "It is the number of steps to the end.", above=0)):
        """A number of steps, greater than 0."""

        @classmethod
        def check(cls, name, x):
            return Length.check(name, super().check(name, x))

    class Scales(metaclass=Kind):
        """A dict of scales by their steps; it is kept as pairs, sorted."""

        @staticmethod
        def check(name, x):
            if not is_mapping(x):
                raise TypeError(
                    f"`{name}` must be a dict of scales by their steps: got {shown(x)}. Pass `{{100: 0.5}}`."
                )
            return [(Length.check(name, t), Factor.check(f"{name}[{t!r}]", x[t])) for t in sorted(x.keys())]


@foreign
def constant_schedule(value: Level) -> js.Schedule:
    """`optax.constant_schedule`: the same value at every step.

    Examples:
        >>> float(schedules.constant_schedule(0.5)(100))
        0.5
    """
    return js.Constant(value)


@foreign
def polynomial_schedule(
    init_value: Level, end_value: Level, power: NotNegative, transition_steps: Length, transition_begin: Length = 0
) -> js.Schedule:
    r"""`optax.polynomial_schedule`: $(i - e)(1 - t / n)^p + e$, begun after `transition_begin` steps.

    Examples:
        >>> float(schedules.polynomial_schedule(1.0, 0.0, 2, 10)(5))
        0.25
    """
    if equal(power, 0):
        return js.Constant(init_value)  # optax's 0**0 is 1, at the end too
    return _begun(js.Polynomial(init_value, end_value, steps=transition_steps, power=power), transition_begin)


@foreign
def linear_schedule(
    init_value: Level, end_value: Level, transition_steps: Length, transition_begin: Length = 0
) -> js.Schedule:
    """`optax.linear_schedule`: a line from `init_value` to `end_value`, begun after `transition_begin` steps.

    Examples:
        >>> float(schedules.linear_schedule(0.0, 1.0, 4)(1))
        0.25
    """
    return _begun(js.Linear(init_value, end_value, steps=transition_steps), transition_begin)


@foreign
def piecewise_constant_schedule(init_value: Level, boundaries_and_scales: Scales | None = None) -> js.Schedule:
    """`optax.piecewise_constant_schedule`: multiplied by a scale at each boundary.

    Examples:
        >>> [float(schedules.piecewise_constant_schedule(1.0, {2: 0.5, 4: 0.5})(t)) for t in (1, 2, 4)]
        [1.0, 0.5, 0.25]
    """
    boundaries, values = _products(init_value, boundaries_and_scales)
    return js.piecewise_constant(boundaries, values) if boundaries else js.Constant(init_value)


@foreign
def exponential_decay(
    init_value: Level,
    transition_steps: Length,
    decay_rate: Factor,
    transition_begin: Length = 0,
    staircase: bool = False,
    end_value: Level | None = None,
) -> js.Schedule:
    r"""`optax.exponential_decay`: $i\,r^{t / n}$, begun after `transition_begin` steps, not beyond `end_value`.

    Examples:
        >>> round(float(schedules.exponential_decay(1.0, 10, 0.5, end_value=0.3)(20)), 6)
        0.3
    """
    decay = _begun(js.exponential_decay(init_value, decay_rate, transition_steps, staircase), transition_begin)
    if end_value is None:
        return decay
    if is_traced(decay_rate):  # the bound is below or above by whether it falls or rises
        falls, most = decay_rate < 1, jnp.finfo(jnp.float32).max
        return js.clip(decay, jnp.where(falls, end_value, -most), jnp.where(falls, most, end_value))
    return js.clip(decay, lo=end_value) if decay_rate < 1 else js.clip(decay, hi=end_value)


@foreign
def cosine_decay_schedule(
    init_value: Level, decay_steps: Horizon, alpha: js.Numeric = 0.0, exponent: NotNegative = 1.0
) -> js.Schedule:
    r"""`optax.cosine_decay_schedule`: $i\,((1 - a)\,(\tfrac12 (1 + \cos \pi t / n))^p + a)$.

    Examples:
        >>> round(float(schedules.cosine_decay_schedule(1.0, 10, alpha=0.1)(5)), 6)
        0.55
    """
    return cosine(init_value, init_value * alpha, decay_steps, exponent)


@foreign
def piecewise_interpolate_schedule(
    interpolate_type: Literal["linear", "cosine"], init_value: Level, boundaries_and_scales: Scales | None = None
) -> js.Schedule:
    """`optax.piecewise_interpolate_schedule`: lines or half cosine waves between the products of the scales.

    Examples:
        >>> float(schedules.piecewise_interpolate_schedule("linear", 1.0, {4: 0.5})(2))
        0.75
    """
    boundaries, values = _products(init_value, boundaries_and_scales)
    return (js.Interpolated if interpolate_type == "linear" else js.CosineInterpolated)([0, *boundaries], values)


def cosine(start: js.Numeric, end: js.Numeric, steps: js.Numeric, exponent: js.Numeric) -> js.Schedule:
    if equal(exponent, 1):
        return js.Cosine(start, end, steps=steps)
    if equal(exponent, 0):
        return js.Constant(start)  # optax's 0**0 is 1, at the end too
    return js.ValuePowerCosine(start, end, steps=steps, exponent=exponent)


def _products(init_value: js.Numeric, scales: Any) -> tuple[list[Any], list[Any]]:
    steps, factors = zip(*scales, strict=True) if scales else ((), ())
    return list(steps), list(itertools.accumulate([init_value, *factors], operator.mul))


def _begun(schedule: js.Schedule, begin: js.Numeric) -> js.Schedule:
    return schedule if equal(begin, 0) else js.delay(schedule, begin)
