"""optax's schedules of several pieces."""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import jax.numpy as jnp

import jaxsched as js
from jaxsched import kinds
from jaxsched.compat._foreign import equal, foreign
from jaxsched.compat.optax._schedules import Horizon, Length, cosine, exponential_decay, linear_schedule
from jaxsched.kinds import CountTuple, Factor, Level, NotNegative, Part, Positive, is_mapping, is_traced, shown
from jaxsched.numerics import as_real


@foreign
def linear_onecycle_schedule(
    transition_steps: Horizon,
    peak_value: Level,
    pct_start: Part = 0.3,
    pct_final: Part = 0.85,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
) -> js.Schedule:
    """`optax.linear_onecycle_schedule`: up to the peak, down to where it began, and on to the end, by lines.

    Raises:
        ValueError: `pct_start` exceeds `pct_final`.

    Examples:
        >>> float(schedules.linear_onecycle_schedule(10, 1.0)(3))
        1.0
    """
    if not is_traced(pct_start) and not is_traced(pct_final) and pct_start > pct_final:
        given = f"{pct_start!r} and {pct_final!r}"
        raise ValueError(f"`pct_start` must not exceed `pct_final`: got {given}. Up comes first.")
    up = _part(pct_start, transition_steps)
    three = {"warmup": up, "down": _part(pct_final, transition_steps) - up, "three_phase": True, "shape": "linear"}
    return js.one_cycle(peak_value, transition_steps, **three, div=div_factor, final_div=final_div_factor)


@foreign
def cosine_onecycle_schedule(
    transition_steps: Horizon,
    peak_value: Level,
    pct_start: Part = 0.3,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
) -> js.Schedule:
    """`optax.cosine_onecycle_schedule`: up to the peak and down to the end, by half cosine waves.

    Examples:
        >>> float(schedules.cosine_onecycle_schedule(10, 1.0)(3))
        1.0
    """
    up = _part(pct_start, transition_steps)
    return js.one_cycle(peak_value, transition_steps, warmup=up, div=div_factor, final_div=final_div_factor)


@foreign
def warmup_constant_schedule(init_value: Level, peak_value: Level, warmup_steps: Length) -> js.Schedule:
    """`optax.warmup_constant_schedule`: a line up to `peak_value`, then that.

    Examples:
        >>> [float(schedules.warmup_constant_schedule(0.0, 1.0, 4)(t)) for t in (0, 2, 9)]
        [0.0, 0.5, 1.0]
    """
    return linear_schedule(init_value, peak_value, warmup_steps)


@foreign
def warmup_cosine_decay_schedule(
    init_value: Level,
    peak_value: Level,
    warmup_steps: Length,
    decay_steps: Length,
    end_value: Level = 0.0,
    exponent: NotNegative = 1.0,
) -> js.Schedule:
    """`optax.warmup_cosine_decay_schedule`: a line up, then a cosine down; `decay_steps` includes the warmup.

    Raises:
        ValueError: `decay_steps` does not exceed `warmup_steps`.

    Examples:
        >>> [float(schedules.warmup_cosine_decay_schedule(0.0, 1.0, 2, 6)(t)) for t in (1, 2, 4, 6)]
        [0.5, 1.0, 0.5, 0.0]
    """
    steps = decay_steps - warmup_steps
    if not is_traced(steps) and not steps > 0:
        given = f"{decay_steps!r} and {warmup_steps!r}"
        raise ValueError(f"`decay_steps` must exceed `warmup_steps`: got {given}. It includes the warmup.")
    if is_traced(peak_value):
        end_value = jnp.where(peak_value == 0, 0.0, end_value)
    elif equal(peak_value, 0):  # optax's end is a part of the peak, and so is 0 too
        end_value = 0.0
    return js.warmup(cosine(peak_value, end_value, steps, exponent), warmup_steps, start=init_value)


@foreign
def warmup_exponential_decay_schedule(
    init_value: Level,
    peak_value: Level,
    warmup_steps: Length,
    transition_steps: Length,
    decay_rate: Factor,
    transition_begin: Length = 0,
    staircase: bool = False,
    end_value: Level | None = None,
) -> js.Schedule:
    """`optax.warmup_exponential_decay_schedule`: a line up, then `exponential_decay` on its own clock.

    Examples:
        >>> schedule = schedules.warmup_exponential_decay_schedule(0.0, 1.0, 2, 4, 0.5)
        >>> [round(float(schedule(t)), 6) for t in (1, 2, 6)]
        [0.5, 1.0, 0.5]
    """
    decay = exponential_decay(peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value)
    return js.warmup(decay, warmup_steps, start=init_value)


@foreign(names={"schedules": "cosine_kwargs"})
def sgdr_schedule(cosine_kwargs: Iterable[Mapping[str, js.Numeric]]) -> js.Schedule:
    """`optax.sgdr_schedule`: one `warmup_cosine_decay_schedule` after another, from their arguments.

    Args:
        cosine_kwargs: dicts of those arguments, one for each cycle.

    Examples:
        >>> cycle = {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 1, "decay_steps": 3}
        >>> [float(schedules.sgdr_schedule([cycle, cycle])(t)) for t in (1, 3, 4)]
        [1.0, 0.0, 1.0]
    """
    many = isinstance(cosine_kwargs, Iterable) and getattr(cosine_kwargs, "ndim", 1)
    cycles: Any = list(cosine_kwargs) if many else [cosine_kwargs]
    if not all(map(is_mapping, cycles)):
        raise TypeError(f"`cosine_kwargs` must be dicts of arguments, one for each cycle: got {shown(cycles)}.")
    try:
        pieces = [warmup_cosine_decay_schedule(**kwargs) for kwargs in cycles]
    except (TypeError, ValueError) as error:
        if type(error) not in (TypeError, ValueError):  # it is one of JAX's
            raise
        raise type(error)(f"`cosine_kwargs` does not fit: {error}") from None
    return js.join(pieces, list(itertools.accumulate(kwargs["decay_steps"] for kwargs in cycles))[:-1])


@foreign
def join_schedules(schedules: kinds.Schedules, boundaries: CountTuple) -> js.Schedule:
    """`optax.join_schedules`: each schedule from its boundary on, on its own clock.

    Raises:
        ValueError: boundaries that are missing, left over or unsorted.

    Examples:
        >>> float(schedules.join_schedules([schedules.constant_schedule(1.0), lambda t: 0.5 * t], [3])(5))
        1.0
    """
    return js.join(schedules, boundaries)


def _part(fraction: js.Numeric, steps: js.Numeric) -> js.Numeric:
    if is_traced(fraction) or is_traced(steps):
        return jnp.floor(as_real(fraction) * as_real(steps))
    return int(fraction * steps)
