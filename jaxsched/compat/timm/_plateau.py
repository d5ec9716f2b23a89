"""timm's plateau: PyTorch's, after a warmup and with noise."""

import jaxsched as js
from jaxsched.compat._arguments import Number, is_traced, largest, number, rate, whole_steps
from jaxsched.compat.timm._parts import Noise, NoiseRange, check_known, for_each_group

FACTOR_OF_ZERO = 1e-37
"""What a `decay_rate` of 0 is taken for: one cut leads to `lr_min`."""


@for_each_group
def PlateauLRScheduler(
    lr: Number,
    decay_rate: Number = 0.1,
    patience_t: Number = 10,
    threshold: Number = 1e-4,
    cooldown_t: Number = 0,
    warmup_t: Number = 0,
    warmup_lr_init: Number = 0.0,
    lr_min: Number = 0.0,
    mode: str = "max",
    noise_range_t: NoiseRange = None,
    noise_type: str = "normal",
    noise_pct: Number = 0.67,
    noise_std: Number = 1.0,
    noise_seed: int | None = None,
    initialize: bool = True,
) -> js.Controller:
    """timm's `PlateauLRScheduler`: a controller; its i-th `update(state, value=metric)` is `step(i, metric)`, i from 1.

    The warmup reaches `lr` at epoch `warmup_t`, and metrics until then are not looked at.

    Raises:
        TypeError: `warmup_t` is not an int.
        ValueError: `decay_rate` does not lie between 0 and 1, an unknown `mode` or `noise_type`, or a negative number.

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
    lr, warmup_t = rate("lr", lr), whole_steps("warmup_t", warmup_t, least=0)
    check_known("mode", mode, ("min", "max"))
    check_known("noise_type", noise_type, ("normal", "uniform"))
    lr_init = number("warmup_lr_init", warmup_lr_init, "It is the learning rate at the start of the warmup.")
    none = not is_traced(warmup_t) and warmup_t == 0
    schedule = js.as_schedule(lr) if none else js.Linear(lr_init, lr, steps=warmup_t)
    noise = Noise(noise_range_t, noise_pct, noise_std, noise_seed, noise_type, begin=warmup_t + 1)
    factor = number("decay_rate", decay_rate, "The rate is multiplied by it.", least=0, below=1)
    return js.reduce_on_plateau(
        noise.on(schedule),
        largest(factor, FACTOR_OF_ZERO),
        number("patience_t", patience_t, "It is a number of epochs.", least=0),
        rtol=number("threshold", threshold, "It is how much better is better.", least=0),
        mode=mode,
        cooldown=number("cooldown_t", cooldown_t, "It is a number of epochs.", least=0),
        min_value=rate("lr_min", lr_min),
        min_change=1e-8,
        begin=warmup_t,
    )
