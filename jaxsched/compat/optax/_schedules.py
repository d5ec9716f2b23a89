"""optax's schedules that are one formula."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.compat._arguments import is_traced

Number = Any
LARGEST_COUNT = 2**31 - 1


def constant_schedule(value: Number) -> js.Schedule:
    """`optax.constant_schedule`: the same value at every step.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> float(schedules.constant_schedule(0.5)(100))
        0.5
    """
    return js.as_schedule(value)


def polynomial_schedule(
    init_value: Number, end_value: Number, power: Number, transition_steps: Number, transition_begin: Number = 0
) -> js.Schedule:
    r"""`optax.polynomial_schedule`: $(i - e)(1 - t / n)^p + e$, begun after `transition_begin` steps.

    Raises:
        ValueError: `power` is negative.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> float(schedules.polynomial_schedule(1.0, 0.0, 2, 10)(5))
        0.25
    """
    if not is_traced(power) and np.all(np.asarray(power) == 0):
        return js.as_schedule(init_value)  # 0**0 is 1 there, at the end too
    return _delayed(js.Polynomial(init_value, end_value, steps=length(transition_steps), power=power), transition_begin)


def linear_schedule(
    init_value: Number, end_value: Number, transition_steps: Number, transition_begin: Number = 0
) -> js.Schedule:
    """`optax.linear_schedule`: a line from `init_value` to `end_value`, begun after `transition_begin` steps.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> float(schedules.linear_schedule(0.0, 1.0, 4)(1))
        0.25
    """
    return _delayed(js.Linear(init_value, end_value, steps=length(transition_steps)), transition_begin)


def piecewise_constant_schedule(
    init_value: Number, boundaries_and_scales: Mapping[int, Number] | None = None
) -> js.Schedule:
    """`optax.piecewise_constant_schedule`: multiplied by a scale at each boundary.

    Raises:
        ValueError: a negative scale.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> [float(schedules.piecewise_constant_schedule(1.0, {2: 0.5, 4: 0.5})(t)) for t in (1, 2, 4)]
        [1.0, 0.5, 0.25]
    """
    boundaries, values = _products(init_value, boundaries_and_scales)
    return js.nodes.Piecewise(values=values, boundaries=boundaries) if boundaries else js.as_schedule(init_value)


def exponential_decay(
    init_value: Number,
    transition_steps: Number,
    decay_rate: Number,
    transition_begin: Number = 0,
    staircase: bool = False,
    end_value: Number | None = None,
) -> js.Schedule:
    r"""`optax.exponential_decay`: $i\,r^{t / n}$, begun after `transition_begin` steps, not beyond `end_value`.

    Raises:
        ValueError: `decay_rate` is negative.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> round(float(schedules.exponential_decay(1.0, 10, 0.5, end_value=0.3)(20)), 6)
        0.3
    """
    if not is_traced(decay_rate) and np.any(np.asarray(decay_rate) < 0):
        raise ValueError(f"`decay_rate` must not be negative: got {decay_rate!r}. Pass 0.5 to halve.")
    decay = js.exponential_decay(init_value, decay_rate, length(transition_steps), staircase=staircase)
    schedule = _delayed(decay, transition_begin)
    if end_value is None:
        return schedule
    if is_traced(decay_rate):  # the bound is below or above by whether it falls or rises
        falls, most = decay_rate < 1, jnp.finfo(jnp.float32).max
        return js.clip(schedule, jnp.where(falls, end_value, -most), jnp.where(falls, most, end_value))
    return js.clip(schedule, lo=end_value) if decay_rate < 1 else js.clip(schedule, hi=end_value)


def cosine_decay_schedule(
    init_value: Number, decay_steps: Number, alpha: Number = 0.0, exponent: Number = 1.0
) -> js.Schedule:
    r"""`optax.cosine_decay_schedule`: $i\,((1 - a)\,(\tfrac12 (1 + \cos \pi t / n))^p + a)$.

    Raises:
        ValueError: `decay_steps` is not positive.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> round(float(schedules.cosine_decay_schedule(1.0, 10, alpha=0.1)(5)), 6)
        0.55
    """
    check_positive("decay_steps", decay_steps)
    return cosine(init_value, init_value * alpha, length(decay_steps), exponent)


def piecewise_interpolate_schedule(
    interpolate_type: str, init_value: Number, boundaries_and_scales: Mapping[int, Number] | None = None
) -> js.Schedule:
    """`optax.piecewise_interpolate_schedule`: lines or half cosine waves between the products of the scales.

    Raises:
        ValueError: `interpolate_type` is neither "linear" nor "cosine", or a scale is negative.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> float(schedules.piecewise_interpolate_schedule("linear", 1.0, {4: 0.5})(2))
        0.75
    """
    if interpolate_type not in ("linear", "cosine"):
        raise ValueError(f"`interpolate_type` must be either 'cosine' or 'linear': got {interpolate_type!r}.")
    boundaries, values = _products(init_value, boundaries_and_scales)
    return interpolated(interpolate_type, [0, *boundaries], values)


def cosine(start: Number, end: Number, steps: Number, exponent: Number) -> js.Schedule:
    if not is_traced(exponent) and np.all(np.asarray(exponent) == 1):
        return js.Cosine(start, end, steps=steps)
    if not is_traced(exponent) and np.all(np.asarray(exponent) == 0):
        return js.as_schedule(start)  # 0**0 is 1 there, at the end too
    return js.ValuePowerCosine(start, end, steps=steps, exponent=exponent)


def interpolated(kind: str, boundaries: Sequence[Number], values: Sequence[Number]) -> js.Schedule:
    return (js.Interpolated if kind == "linear" else js.CosineInterpolated)(values, boundaries)


def _products(init_value: Number, boundaries_and_scales: Mapping[int, Number] | None) -> tuple[list[Any], list[Any]]:
    items = sorted((boundaries_and_scales or {}).items())
    values = [init_value]
    for _, scale in items:
        if not is_traced(scale) and np.any(np.asarray(scale) < 0):
            raise ValueError(f"`boundaries_and_scales` must not hold negative scales: got {scale!r}. Pass factors.")
        values.append(values[-1] * scale)
    return [max(boundary, 0) for boundary, _ in items], values


def _delayed(schedule: js.Schedule, begin: Number) -> js.Schedule:
    if not is_traced(begin) and np.all(np.asarray(begin) <= 0):
        return schedule
    return js.delay(schedule, length(begin))


def length(steps: Number) -> Number:
    """A length as it is meant: not negative, and a float where an int32 cannot hold it."""
    if is_traced(steps):
        return jnp.maximum(steps, 0)
    steps = max(steps, 0)
    return float(steps) if isinstance(steps, int) and steps > LARGEST_COUNT else steps


def check_positive(name: str, steps: Number) -> None:
    if not is_traced(steps) and not np.all(np.asarray(steps) > 0):
        raise ValueError(f"`{name}` must be positive: got {steps!r}. Pass the number of steps to the end.")
