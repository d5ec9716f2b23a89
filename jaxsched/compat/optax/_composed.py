"""optax's schedules of several pieces."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.compat._arguments import is_traced
from jaxsched.compat.optax._schedules import (
    Number,
    check_positive,
    cosine,
    exponential_decay,
    interpolated,
    length,
    linear_schedule,
)


def linear_onecycle_schedule(
    transition_steps: Number,
    peak_value: Number,
    pct_start: Number = 0.3,
    pct_final: Number = 0.85,
    div_factor: Number = 25.0,
    final_div_factor: Number = 1e4,
) -> js.Schedule:
    """`optax.linear_onecycle_schedule`: up to the peak, down to where it began, and on to the end, by lines.

    Raises:
        ValueError: `transition_steps` is not positive, or `pct_start` exceeds `pct_final`.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> float(schedules.linear_onecycle_schedule(10, 1.0)(3))
        1.0
    """
    check_positive("transition_steps", transition_steps)
    if not is_traced(pct_start) and not is_traced(pct_final) and pct_start > pct_final:
        raise ValueError(
            f"`pct_start` must not exceed `pct_final`: got {pct_start!r} and {pct_final!r}. Up comes first."
        )
    first = peak_value / div_factor
    boundaries = [0, _part(pct_start, transition_steps), _part(pct_final, transition_steps), transition_steps]
    return interpolated("linear", boundaries, [first, peak_value, first, first / final_div_factor])


def cosine_onecycle_schedule(
    transition_steps: Number,
    peak_value: Number,
    pct_start: Number = 0.3,
    div_factor: Number = 25.0,
    final_div_factor: Number = 1e4,
) -> js.Schedule:
    """`optax.cosine_onecycle_schedule`: up to the peak and down to the end, by half cosine waves.

    Raises:
        ValueError: `transition_steps` is not positive.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> float(schedules.cosine_onecycle_schedule(10, 1.0)(3))
        1.0
    """
    check_positive("transition_steps", transition_steps)
    boundaries = [0, _part(pct_start, transition_steps), transition_steps]
    last = peak_value / (div_factor * final_div_factor)
    return interpolated("cosine", boundaries, [peak_value / div_factor, peak_value, last])


def warmup_constant_schedule(init_value: Number, peak_value: Number, warmup_steps: Number) -> js.Schedule:
    """`optax.warmup_constant_schedule`: a line up to `peak_value`, then that.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> [float(schedules.warmup_constant_schedule(0.0, 1.0, 4)(t)) for t in (0, 2, 9)]
        [0.0, 0.5, 1.0]
    """
    return linear_schedule(init_value, peak_value, warmup_steps)


def warmup_cosine_decay_schedule(
    init_value: Number,
    peak_value: Number,
    warmup_steps: Number,
    decay_steps: Number,
    end_value: Number = 0.0,
    exponent: Number = 1.0,
) -> js.Schedule:
    """`optax.warmup_cosine_decay_schedule`: a line up, then a cosine down; `decay_steps` includes the warmup.

    Raises:
        ValueError: `decay_steps` does not exceed `warmup_steps`.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> [float(schedules.warmup_cosine_decay_schedule(0.0, 1.0, 2, 6)(t)) for t in (1, 2, 4, 6)]
        [0.5, 1.0, 0.5, 0.0]
    """
    steps = decay_steps - warmup_steps
    if not is_traced(steps) and not np.all(np.asarray(steps) > 0):
        given = f"{decay_steps!r} and {warmup_steps!r}"
        raise ValueError(f"`decay_steps` must exceed `warmup_steps`: got {given}. It includes the warmup.")
    if is_traced(peak_value):
        end_value = jnp.where(peak_value == 0, 0.0, end_value)
    elif np.all(np.asarray(peak_value) == 0):  # the end is a part of the peak there, and so is 0 too
        end_value = 0.0
    return js.warmup(cosine(peak_value, end_value, length(steps), exponent), length(warmup_steps), start=init_value)


def warmup_exponential_decay_schedule(
    init_value: Number,
    peak_value: Number,
    warmup_steps: Number,
    transition_steps: Number,
    decay_rate: Number,
    transition_begin: Number = 0,
    staircase: bool = False,
    end_value: Number | None = None,
) -> js.Schedule:
    """`optax.warmup_exponential_decay_schedule`: a line up, then `exponential_decay` on its own clock.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> schedule = schedules.warmup_exponential_decay_schedule(0.0, 1.0, 2, 4, 0.5)
        >>> [round(float(schedule(t)), 6) for t in (1, 2, 6)]
        [0.5, 1.0, 0.5]
    """
    decay = exponential_decay(peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value)
    return js.warmup(decay, length(warmup_steps), start=init_value)


def sgdr_schedule(cosine_kwargs: Iterable[Mapping[str, Number]]) -> js.Schedule:
    """`optax.sgdr_schedule`: one `warmup_cosine_decay_schedule` after another, from their arguments.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> cycle = {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 1, "decay_steps": 3}
        >>> [float(schedules.sgdr_schedule([cycle, cycle])(t)) for t in (1, 3, 4)]
        [1.0, 0.0, 1.0]
    """
    cycles = [dict(kwargs) for kwargs in cosine_kwargs]
    ends = np.cumsum([kwargs["decay_steps"] for kwargs in cycles]).tolist()
    return js.join([warmup_cosine_decay_schedule(**kwargs) for kwargs in cycles], ends[:-1])


def join_schedules(schedules: Sequence[Any], boundaries: Sequence[int]) -> js.Schedule:
    """`optax.join_schedules`: each schedule from its boundary on, on its own clock.

    Raises:
        ValueError: boundaries that are missing, left over or unsorted.

    Examples:
        >>> from jaxsched.compat import optax as schedules
        >>> float(schedules.join_schedules([schedules.constant_schedule(1.0), lambda t: 0.5 * t], [3])(5))
        1.0
    """
    return js.join(schedules, boundaries)


def _part(fraction: Number, steps: Number) -> Number:
    if is_traced(fraction) or is_traced(steps):
        return jnp.floor(fraction * steps)
    return int(fraction * steps)
