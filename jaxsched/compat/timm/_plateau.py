"""timm's plateau: PyTorch's, after a warmup and with noise."""

from typing import Literal

import jaxsched as js
from jaxsched.compat._foreign import Rate, equal, foreign
from jaxsched.compat.timm._kinds import Cut, NoiseRange
from jaxsched.compat.timm._parts import noisy
from jaxsched.kinds import Key, NotNegative, Whole
from jaxsched.numerics import largest

FACTOR_OF_ZERO = 1e-37
"""What a `decay_rate` of 0 is taken for: one cut leads to `lr_min`."""


@foreign(groups=("lr",), names={"boundaries": "noise_range_t", "bound": "noise_pct", "key": "noise_seed"})
def PlateauLRScheduler(
    lr: Rate,
    decay_rate: Cut = 0.1,
    patience_t: Whole = 10,
    threshold: NotNegative = 1e-4,
    cooldown_t: Whole = 0,
    warmup_t: Whole = 0,
    warmup_lr_init: Rate = 0.0,
    lr_min: Rate = 0.0,
    mode: Literal["min", "max"] = "max",
    noise_range_t: NoiseRange | None = None,
    noise_type: Literal["normal", "uniform"] = "normal",
    noise_pct: NotNegative = 0.67,
    noise_std: NotNegative = 1.0,
    noise_seed: Key | None = None,
    initialize: bool = True,
) -> js.Controller:
    """timm's `PlateauLRScheduler`: a controller; its i-th `update(state, value=metric)` is `step(i, metric)`, i from 1.

    The warmup reaches `lr` at epoch `warmup_t`, and metrics until then are not looked at.

    Raises:
        ValueError: `decay_rate` does not lie between 0 and 1, a count is not whole, an unknown `mode` or `noise_type`,
            or a negative number.

    Examples:
        >>> from jaxsched.compat import timm as scheduler
        >>> controller = scheduler.PlateauLRScheduler(1.0, decay_rate=0.5, patience_t=1, mode="min")
        >>> state = controller.init()
        >>> for loss in (1.0, 1.0, 1.0):
        ...     state = controller.update(state, value=loss)
        >>> float(controller(state))
        0.5
    """
    del initialize
    schedule = js.Constant(lr) if equal(warmup_t, 0) else js.Linear(warmup_lr_init, lr, steps=warmup_t)
    schedule = noisy(schedule, noise_range_t, noise_pct, noise_std, noise_seed, noise_type, begin=warmup_t + 1)
    return js.reduce_on_plateau(
        schedule,
        largest(decay_rate, FACTOR_OF_ZERO),
        patience_t,
        rtol=threshold,
        mode=mode,
        cooldown=cooldown_t,
        min_value=lr_min,
        min_change=1e-8,
        begin=warmup_t,
    )
