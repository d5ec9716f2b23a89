"""The schedules of `transformers.optimization` that are functions of the step."""

import math
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import jaxsched as js
from jaxsched.compat._foreign import LastEpoch, equal, foreign, ranged
from jaxsched.compat._wave import wave
from jaxsched.kinds import is_traced, shown
from jaxsched.numerics import as_real, largest

if TYPE_CHECKING:
    Number: TypeAlias = js.Numeric
    NotNegative: TypeAlias = js.Numeric
    Timescale: TypeAlias = js.Numeric
    Steps: TypeAlias = js.Numeric
else:
    Number = ranged("Number", "Pass an int or a float.")
    NotNegative = ranged("NotNegative", "Pass 0 or a positive number.", least=0)
    Timescale = ranged("Timescale", "Leave it out for `num_warmup_steps`.", above=0)
    Steps = ranged("Steps", "It is a number of steps.", least=0, counted=True)
Shape: TypeAlias = Literal["linear", "cosine", "1-sqrt"]


@foreign(groups=("lr",))
def get_constant_schedule(lr: Number, last_epoch: LastEpoch = -1) -> js.Schedule:
    """`get_constant_schedule`: the learning rate itself.

    Examples:
        >>> float(optimization.get_constant_schedule(0.5)(100))
        0.5
    """
    return js.Constant(lr)


@foreign(groups=("lr",))
def get_constant_schedule_with_warmup(lr: Number, num_warmup_steps: Steps, last_epoch: LastEpoch = -1) -> js.Schedule:
    """`get_constant_schedule_with_warmup`: a line from 0, then the learning rate.

    Examples:
        >>> [float(optimization.get_constant_schedule_with_warmup(1.0, 4)(t)) for t in (0, 2, 9)]
        [0.0, 0.5, 1.0]
    """
    return _warmed_up(js.Constant(lr), num_warmup_steps)


@foreign(groups=("lr",))
def get_linear_schedule_with_warmup(
    lr: Number, num_warmup_steps: Steps, num_training_steps: Steps, last_epoch: LastEpoch = -1
) -> js.Schedule:
    """`get_linear_schedule_with_warmup`: a line up, and a line down to 0 at `num_training_steps`.

    Examples:
        >>> [float(optimization.get_linear_schedule_with_warmup(1.0, 2, 6)(t)) for t in (0, 1, 2, 4, 6)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return _warmed_up(js.Linear(lr, 0.0, steps=largest(num_training_steps - num_warmup_steps, 0)), num_warmup_steps)


@foreign(groups=("lr",))
def get_cosine_schedule_with_warmup(
    lr: Number, num_warmup_steps: Steps, num_training_steps: Steps, num_cycles: Number = 0.5, last_epoch: LastEpoch = -1
) -> js.Schedule:
    r"""`get_cosine_schedule_with_warmup`: a line up, then $b\,\tfrac12 (1 + \cos 2 \pi c x)$, also past x = 1.

    With `num_cycles`, c, at 0.5 it is 0 at `num_training_steps` and rises again after it, as in transformers.

    Examples:
        >>> [float(optimization.get_cosine_schedule_with_warmup(1.0, 2, 6)(t)) for t in (1, 2, 4, 6, 10)]
        [0.5, 1.0, 0.5, 0.0, 1.0]
    """
    return _warmed_up(_falling_wave(lr, 0.0, num_warmup_steps, num_training_steps, num_cycles), num_warmup_steps)


@foreign(groups=("lr",))
def get_cosine_with_hard_restarts_schedule_with_warmup(
    lr: Number,
    num_warmup_steps: Steps,
    num_training_steps: Steps,
    num_cycles: NotNegative = 1,
    last_epoch: LastEpoch = -1,
) -> js.Schedule:
    """`get_cosine_with_hard_restarts_schedule_with_warmup`: a line up, then equal cosine cycles, 0 after the last.

    A fractional `num_cycles` cuts the last cycle off.

    Examples:
        >>> schedule = optimization.get_cosine_with_hard_restarts_schedule_with_warmup(1.0, 2, 6, num_cycles=2)
        >>> [round(float(schedule(t)), 6) for t in range(8)]
        [0.0, 0.5, 1.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """
    steps = largest(num_training_steps - num_warmup_steps, 1)
    return _warmed_up(js.join([_restarts(lr, steps, num_cycles), 0.0], [steps]), num_warmup_steps)


@foreign(groups=("lr",))
def get_polynomial_decay_schedule_with_warmup(
    lr: Number,
    num_warmup_steps: Steps,
    num_training_steps: Steps,
    lr_end: Number = 1e-7,
    power: NotNegative = 1.0,
    last_epoch: LastEpoch = -1,
) -> js.Schedule:
    r"""`get_polynomial_decay_schedule_with_warmup`: a line up, then $e + (b - e)(1 - x)^p$ down to `lr_end`.

    Raises:
        ValueError: `lr_end` is not smaller than `lr`.

    Examples:
        >>> schedule = optimization.get_polynomial_decay_schedule_with_warmup(1.0, 2, 6, lr_end=0.0, power=2.0)
        >>> [float(schedule(t)) for t in (1, 2, 4, 6)]
        [0.5, 1.0, 0.25, 0.0]
    """
    if not is_traced(lr) and not is_traced(lr_end) and not lr > lr_end:
        raise ValueError(f"`lr_end` must be smaller than the initial `lr`: got {shown(lr_end)} and {shown(lr)}.")
    steps = largest(num_training_steps - num_warmup_steps, 0)
    if equal(power, 0):  # 0**0 is 1 in transformers: `lr_end` begins after the last step
        return _warmed_up(js.join([lr, lr_end], [steps + 1]), num_warmup_steps)
    return _warmed_up(js.Polynomial(lr, lr_end, steps=steps, power=power), num_warmup_steps)


@foreign(groups=("lr",))
def get_inverse_sqrt_schedule(
    lr: Number, num_warmup_steps: Steps, timescale: Timescale | None = None, last_epoch: LastEpoch = -1
) -> js.Schedule:
    r"""`get_inverse_sqrt_schedule`: a line up, then $b / \sqrt{1 + (t - w) / n}$ with `timescale` n.

    `timescale` is `num_warmup_steps` by default, or 10,000 where there is no warmup.

    Examples:
        >>> float(optimization.get_inverse_sqrt_schedule(1.0, 100)(400))
        0.5
    """
    return js.warmup_inverse_sqrt(lr, num_warmup_steps, timescale)


@foreign(groups=("lr", "min_lr"))
def get_cosine_with_min_lr_schedule_with_warmup(
    lr: Number,
    num_warmup_steps: Steps,
    num_training_steps: Steps,
    num_cycles: Number = 0.5,
    last_epoch: LastEpoch = -1,
    min_lr: NotNegative | None = None,
    min_lr_rate: NotNegative | None = None,
) -> js.Schedule:
    """`get_cosine_with_min_lr_schedule_with_warmup`: `get_cosine_schedule_with_warmup` above a floor.

    The floor is `min_lr`, or `min_lr_rate` times the learning rate.

    Raises:
        ValueError: not exactly one of `min_lr` and `min_lr_rate` is given.

    Examples:
        >>> schedule = optimization.get_cosine_with_min_lr_schedule_with_warmup(1.0, 2, 6, min_lr_rate=0.5)
        >>> [float(schedule(t)) for t in (1, 2, 4, 6)]
        [0.5, 1.0, 0.75, 0.5]
    """
    low = _floor(lr, min_lr, min_lr_rate)
    return _warmed_up(_falling_wave(lr, low, num_warmup_steps, num_training_steps, num_cycles), num_warmup_steps)


@foreign(groups=("lr", "min_lr"))
def get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
    lr: Number,
    num_warmup_steps: Steps,
    num_training_steps: Steps,
    num_cycles: Number = 0.5,
    last_epoch: LastEpoch = -1,
    min_lr: NotNegative | None = None,
    min_lr_rate: NotNegative | None = None,
    warmup_lr_rate: Number | None = None,
) -> js.Schedule:
    """`get_cosine_with_min_lr_schedule_with_warmup_lr_rate`: a cosine above a floor, one step ahead of the others.

    The first step is not at 0, the peak is at `num_warmup_steps - 1`, the floor at `num_training_steps - 1`, as
    in transformers. `warmup_lr_rate` is the part of the learning rate that the warmup starts from; without it, that is
    one step of a line from 0.

    Raises:
        ValueError: not exactly one of `min_lr` and `min_lr_rate` is given.

    Examples:
        >>> schedule = optimization.get_cosine_with_min_lr_schedule_with_warmup_lr_rate(1.0, 2, 6, min_lr=0.5)
        >>> [float(schedule(t)) for t in (0, 1, 3, 5)]
        [0.5, 1.0, 0.75, 0.5]
    """
    decay = _falling_wave(lr, _floor(lr, min_lr, min_lr_rate), num_warmup_steps, num_training_steps, num_cycles)
    warmup: Any = num_warmup_steps
    first = 1 / as_real(largest(warmup, 1)) if warmup_lr_rate is None else warmup_lr_rate
    up = js.Linear(lr * first, lr, steps=largest(warmup - 1, 1))
    if not is_traced(warmup) and warmup != int(warmup):  # being a step ahead, it goes past the peak
        slope = first if warmup_lr_rate is None else (1 - first) / max(warmup - 1, 1)
        up = js.Linear(lr * first, lr * (first + slope * warmup), steps=warmup)
    return js.join([up, js.advance(decay, 1)], [warmup])


@foreign(groups=("lr",))
def get_wsd_schedule(
    lr: Number,
    num_warmup_steps: Steps,
    num_decay_steps: Steps,
    num_training_steps: Steps | None = None,
    num_stable_steps: Steps | None = None,
    warmup_type: Shape = "linear",
    decay_type: Shape = "cosine",
    min_lr_ratio: NotNegative = 0,
    num_cycles: Number = 0.5,
    last_epoch: LastEpoch = -1,
) -> js.Schedule:
    """`get_wsd_schedule`: up from the floor, stable, and down to it; the floor is `min_lr_ratio` times `lr`.

    `num_stable_steps` counts where both it and `num_training_steps` are given. Where warmup and decay together are
    longer than `num_training_steps`, the decay is under way when the warmup ends, as in transformers. `num_cycles`
    is of the cosine decay.

    Raises:
        ValueError: neither `num_training_steps` nor `num_stable_steps` is given.

    Examples:
        >>> schedule = optimization.get_wsd_schedule(1.0, 2, 4, num_training_steps=10)
        >>> [float(schedule(t)) for t in (1, 2, 6, 8, 10)]
        [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    if num_training_steps is None and num_stable_steps is None:
        raise ValueError("Either `num_training_steps` or `num_stable_steps` must be specified: got neither.")
    total: Any = num_training_steps
    stable: Any = total - num_warmup_steps - num_decay_steps if num_stable_steps is None else num_stable_steps
    low, whole = lr * min_lr_ratio, equal(num_cycles, 0.5) or decay_type != "cosine"
    if whole and not is_traced(stable) and stable >= 0:
        lengths = {"warmup": num_warmup_steps, "stable": stable, "decay": num_decay_steps}
        return js.wsd(lr, **lengths, end=low, start=low, shape=decay_type, warmup_shape=warmup_type)
    down = wave(lr, low, largest(num_decay_steps, 1), num_cycles) if not whole else lr
    decay = js.cooldown(lr, 0, num_decay_steps, low, decay_type) if whole else js.join([down, low], [num_decay_steps])
    flat = largest(stable, 0)
    cut = js.advance(decay, largest(-stable, 0))
    up = js.warmup(js.Constant(lr), num_warmup_steps, start=low, shape=warmup_type)
    return js.join([up, cut], [num_warmup_steps + flat])


def _warmed_up(schedule: js.Schedule, num_warmup_steps: Steps) -> js.Schedule:
    return schedule if equal(num_warmup_steps, 0) else js.warmup(schedule, num_warmup_steps)


def _falling_wave(lr: Number, low: Number, warmup: Number, total: Number, num_cycles: Number) -> js.Schedule:
    return wave(lr, low, largest(total - warmup, 1), num_cycles)


MOST_LISTED = 100_000
"""Cycles of which each is listed: more would fill the memory."""


def _restarts(lr: Number, steps: Number, num_cycles: Number) -> js.Schedule:
    """Cosine cycles of equal length; cycles of no whole number of steps are listed, which keeps their ends exact."""
    if equal(num_cycles, 0):
        return js.Constant(lr)
    period = steps / num_cycles
    if not is_traced(period) and period < 2**31 and period != int(period):
        if num_cycles > MOST_LISTED:
            raise ValueError(
                f"`num_cycles` must be at most {MOST_LISTED:,} where a cycle is no whole number of steps: "
                f"got {shown(num_cycles)}."
            )
        return js.cycle(js.Cosine(lr, 0.0, steps=1), [period] * math.ceil(num_cycles))
    if not is_traced(period):
        period = int(period) if period < 2**31 else min(period, 1e30)
    return js.cycle(js.Cosine(lr, 0.0, steps=period), period)


def _floor(lr: Number, min_lr: NotNegative | None, min_lr_rate: NotNegative | None) -> Any:
    if min_lr is not None and min_lr_rate is not None:
        raise ValueError("Only one of `min_lr` or `min_lr_rate` should be set: got both.")
    if min_lr is None and min_lr_rate is None:
        raise ValueError("One of `min_lr` or `min_lr_rate` should be set through `scheduler_specific_kwargs`.")
    return min_lr if min_lr_rate is None else lr * min_lr_rate
