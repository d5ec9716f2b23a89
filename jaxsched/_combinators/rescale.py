"""`rescale`: a schedule of rates for a batch of another size."""

from typing import Any, Literal

import numpy as np

from jaxsched._combinators.known import first_where
from jaxsched._core.fields import check_single, is_number, is_traced, real
from jaxsched._core.kinds import Numeric, Positive, checked
from jaxsched._core.schedule import Constant, Schedule, ScheduleLike, as_schedule
from jaxsched._core.words import shown

RULES = {"linear": 1.0, "sqrt": 0.5}
"""The power of the batch that a rate follows."""


@checked
def rescale(
    schedule: ScheduleLike,
    *,
    batch: ScheduleLike,
    base: Positive,
    rule: Literal["linear", "sqrt"] | Numeric = "linear",
) -> Schedule:
    r"""A schedule that was tuned for one batch size, for another: $v(t) = s(t)\,(B(t) / b)^p$.

    Args:
        schedule: a schedule, number or function of the step.
        batch: the batch size B, a number, or a schedule where it changes during the run; greater than 0.
        base: the batch size b that the schedule was tuned for, greater than 0.
        rule: "linear" (p = 1) as for SGD, "sqrt" (p = 1/2) as for Adam, or p itself.

    Raises:
        ValueError: `batch` is 0 or less where it is known, `base` is not positive, or the rule is unknown.
        TypeError: `schedule` or `batch` is no schedule.

    Examples:
        >>> batch = jaxsched.piecewise_constant([1_000], [256, 1_024])
        >>> lr = jaxsched.rescale(0.1, batch=batch, base=256, rule="sqrt")
        >>> round(float(lr(999)), 6), round(float(lr(1_000)), 6)
        (0.1, 0.2)

    Reference:
        Goyal et al. 2017, arXiv:1706.02677, section 2.1 (linear). Krizhevsky 2014, arXiv:1404.5997, section 5, and
        Malladi et al. 2022, arXiv:2205.10287 (sqrt).
    """
    schedule, batch, power = as_schedule(schedule), as_schedule(batch), power_of(rule)
    _check_positive(batch)
    ratio: Any = batch / base
    if isinstance(batch, Constant) and not any(map(is_traced, (batch.value, base, power))):
        return schedule * _factor(batch.value / base, power)
    return schedule * (ratio if not is_traced(power) and np.all(power == 1) else ratio**power)


def _factor(ratio: Any, power: Any) -> Any:
    try:
        return ratio**power
    except OverflowError:
        raise ValueError(
            f"`rule` must give a finite factor: got the power {shown(power)} of {shown(ratio)}. Pass a smaller one."
        ) from None


def power_of(rule: Any) -> Any:
    """The power of the batch that a rate follows by a rule."""
    if isinstance(rule, str) and rule in RULES:
        return RULES[rule]
    check_single("rule", rule)
    if not (is_number(rule) or is_traced(rule)):
        raise ValueError(f"`rule` must be 'linear', 'sqrt' or a number, the power: got {shown(rule)}.")
    return real("rule", rule)


def _check_positive(batch: Schedule) -> None:
    """Refuse a batch that is known to reach 0."""
    if known := first_where(lambda value: value <= 0, batch):
        step, value = known
        raise ValueError(
            f"`batch` must be greater than 0: got {value:.6g} at step {step}. A step needs at least one sample."
        )
