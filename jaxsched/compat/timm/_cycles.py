"""timm's schedulers in cycles: cosine, tanh and polynomial."""

import functools

import jaxsched as js
from jaxsched.compat._arguments import Number, is_traced, number, rate
from jaxsched.compat.timm._parts import (
    Cycles,
    KDecayPolynomial,
    Noise,
    NoiseRange,
    TanhDecay,
    Warmup,
    for_each_group,
    t_initial_of,
)


@for_each_group
def CosineLRScheduler(
    lr: Number,
    t_initial: Number,
    lr_min: Number = 0.0,
    cycle_mul: Number = 1.0,
    cycle_decay: Number = 1.0,
    cycle_limit: int = 1,
    warmup_t: Number = 0,
    warmup_lr_init: Number = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: NoiseRange = None,
    noise_pct: Number = 0.67,
    noise_std: Number = 1.0,
    noise_seed: int | None = 42,
    k_decay: Number = 1.0,
    initialize: bool = True,
) -> js.Schedule:
    r"""timm's `CosineLRScheduler`: $m + (l\,c^i - m)\,\tfrac12 (1 + \cos \pi x^k)$ in cycle i, at last m.

    Raises:
        ValueError: `t_initial`, `cycle_mul` or `k_decay` is not positive, or another number is negative.

    Examples:
        >>> from jaxsched.compat import timm as scheduler
        >>> lr = scheduler.CosineLRScheduler(1.0, 6, lr_min=0.1, warmup_t=2)
        >>> [round(float(lr(t)), 3) for t in range(7)]
        [0.0, 0.5, 0.775, 0.55, 0.325, 0.16, 0.1]
    """
    del t_in_epochs, initialize
    k = number("k_decay", k_decay, "It is the power of time.", above=0)
    plain = not is_traced(k) and k == 1
    ramp = js.Cosine if plain else functools.partial(js.TimePowerCosine, power=k)
    lr, lr_min = rate("lr", lr), rate("lr_min", lr_min)
    body = Cycles(cycle_mul, cycle_decay, cycle_limit).of(ramp, lr, lr_min, t_initial_of(t_initial))
    whole = Warmup(warmup_t, warmup_lr_init, warmup_prefix).into(body, lr)
    return Noise(noise_range_t, noise_pct, noise_std, noise_seed).on(whole)


@for_each_group
def TanhLRScheduler(
    lr: Number,
    t_initial: Number,
    lb: Number = -7.0,
    ub: Number = 3.0,
    lr_min: Number = 0.0,
    cycle_mul: Number = 1.0,
    cycle_decay: Number = 1.0,
    cycle_limit: int = 1,
    warmup_t: Number = 0,
    warmup_lr_init: Number = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: NoiseRange = None,
    noise_pct: Number = 0.67,
    noise_std: Number = 1.0,
    noise_seed: int | None = 42,
    initialize: bool = True,
) -> js.Schedule:
    r"""timm's `TanhLRScheduler`: $m + (l\,c^i - m)\,\tfrac12 (1 - \tanh(b (1 - x) + u x))$ in cycle i, at last m.

    Without `warmup_prefix` the warmup leads to where the tangent is then, with it to `lr`.

    Raises:
        ValueError: `lb` is not below `ub`, `t_initial` or `cycle_mul` is not positive, or another number is negative.

    Examples:
        >>> from jaxsched.compat import timm as scheduler
        >>> lr = scheduler.TanhLRScheduler(1.0, 6, lr_min=0.1, warmup_t=2)
        >>> [round(float(lr(t)), 4) for t in range(7)]
        [0.0, 0.4997, 0.9994, 0.9838, 0.6947, 0.1585, 0.1]
    """
    del t_in_epochs, initialize
    lb, ub = number("lb", lb, "It is where the tangent begins."), number("ub", ub, "It is where the tangent ends.")
    if not is_traced(lb) and not is_traced(ub) and lb >= ub:
        raise ValueError(
            f"`lb` must be less than `ub`: got {lb!r} and {ub!r}. The rate falls from the one to the other."
        )
    number("cycle_limit", cycle_limit, "It is a number of cycles.", least=0)
    number("warmup_lr_init", warmup_lr_init, "It is a learning rate.", least=0)
    lr, lr_min = rate("lr", lr), rate("lr_min", lr_min)
    ramp = functools.partial(TanhDecay, lower=lb, upper=ub)
    body = Cycles(cycle_mul, cycle_decay, cycle_limit).of(ramp, lr, lr_min, t_initial_of(t_initial))
    whole = Warmup(warmup_t, warmup_lr_init, warmup_prefix).into(body, lr if warmup_prefix else None)
    return Noise(noise_range_t, noise_pct, noise_std, noise_seed).on(whole)


@for_each_group
def PolyLRScheduler(
    lr: Number,
    t_initial: Number,
    power: Number = 0.5,
    lr_min: Number = 0.0,
    cycle_mul: Number = 1.0,
    cycle_decay: Number = 1.0,
    cycle_limit: int = 1,
    warmup_t: Number = 0,
    warmup_lr_init: Number = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: NoiseRange = None,
    noise_pct: Number = 0.67,
    noise_std: Number = 1.0,
    noise_seed: int | None = 42,
    k_decay: Number = 1.0,
    initialize: bool = True,
) -> js.Schedule:
    r"""timm's `PolyLRScheduler`: $m + (l\,c^i - m)(1 - x^k)^p$ in cycle i, at last m.

    Raises:
        ValueError: `t_initial`, `power`, `cycle_mul` or `k_decay` is not positive, or another number is negative.

    Examples:
        >>> from jaxsched.compat import timm as scheduler
        >>> lr = scheduler.PolyLRScheduler(1.0, 4, power=2.0, cycle_decay=0.5, cycle_limit=2)
        >>> lr(np.arange(9)).tolist()
        [1.0, 0.5625, 0.25, 0.0625, 0.5, 0.28125, 0.125, 0.03125, 0.0]
    """
    del t_in_epochs, initialize
    power = number("power", power, "It is the exponent of the decay.", above=0)
    k = number("k_decay", k_decay, "It is the power of time.", above=0)
    plain = not is_traced(k) and k == 1
    kind = functools.partial(js.Polynomial, power=power)
    ramp = kind if plain else functools.partial(KDecayPolynomial, power=power, k=k)
    lr, lr_min = rate("lr", lr), rate("lr_min", lr_min)
    body = Cycles(cycle_mul, cycle_decay, cycle_limit).of(ramp, lr, lr_min, t_initial_of(t_initial))
    whole = Warmup(warmup_t, warmup_lr_init, warmup_prefix).into(body, lr)
    return Noise(noise_range_t, noise_pct, noise_std, noise_seed).on(whole)
