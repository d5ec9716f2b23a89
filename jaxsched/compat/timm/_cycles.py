"""timm's schedulers in cycles: cosine, tanh and polynomial."""

import functools

import jaxsched as js
from jaxsched.compat._foreign import Length, Rate, equal, foreign
from jaxsched.compat.timm import _parts
from jaxsched.compat.timm._parts import (
    CycleMul,
    Duration,
    KDecayPolynomial,
    NoiseRange,
    TanhDecay,
    cycles,
    noisy,
    warmed,
)
from jaxsched.kinds import Factor, Key, NotNegative, Positive, Real, Whole, is_traced

NAMES = {**_parts.NAMES, "growth": "cycle_mul", "period": "t_initial"}


@foreign(groups=("lr",), names=NAMES)
def CosineLRScheduler(
    lr: Rate,
    t_initial: Duration,
    lr_min: Rate = 0.0,
    cycle_mul: CycleMul = 1.0,
    cycle_decay: Factor = 1.0,
    cycle_limit: Whole = 1,
    warmup_t: Length = 0,
    warmup_lr_init: Rate = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: NoiseRange | None = None,
    noise_pct: NotNegative = 0.67,
    noise_std: NotNegative = 1.0,
    noise_seed: Key | None = 42,
    k_decay: Positive = 1.0,
    initialize: bool = True,
) -> js.Schedule:
    r"""timm's `CosineLRScheduler`: $m + (l\,c^i - m)\,\tfrac12 (1 + \cos \pi x^k)$ in cycle i, at last m.

    Examples:
        >>> lr = scheduler.CosineLRScheduler(1.0, 6, lr_min=0.1, warmup_t=2)
        >>> [round(float(lr(t)), 3) for t in range(7)]
        [0.0, 0.5, 0.775, 0.55, 0.325, 0.16, 0.1]
    """
    ramp = js.Cosine if equal(k_decay, 1) else functools.partial(js.TimePowerCosine, power=k_decay)
    body = cycles(ramp, lr, lr_min, t_initial, cycle_mul, cycle_decay, cycle_limit)
    body = warmed(body, lr, warmup_t, warmup_lr_init, warmup_prefix)
    return noisy(body, noise_range_t, noise_pct, noise_std, noise_seed)


@foreign(groups=("lr",), names=NAMES)
def TanhLRScheduler(
    lr: Rate,
    t_initial: Duration,
    lb: Real = -7.0,
    ub: Real = 3.0,
    lr_min: Rate = 0.0,
    cycle_mul: CycleMul = 1.0,
    cycle_decay: Factor = 1.0,
    cycle_limit: Whole = 1,
    warmup_t: Length = 0,
    warmup_lr_init: Rate = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: NoiseRange | None = None,
    noise_pct: NotNegative = 0.67,
    noise_std: NotNegative = 1.0,
    noise_seed: Key | None = 42,
    initialize: bool = True,
) -> js.Schedule:
    r"""timm's `TanhLRScheduler`: $m + (l\,c^i - m)\,\tfrac12 (1 - \tanh(b (1 - x) + u x))$ in cycle i, at last m.

    Without `warmup_prefix` the warmup leads to where the tangent is then, with it to `lr`.

    Raises:
        ValueError: `lb` is not below `ub`.

    Examples:
        >>> lr = scheduler.TanhLRScheduler(1.0, 6, lr_min=0.1, warmup_t=2)
        >>> [round(float(lr(t)), 4) for t in range(7)]
        [0.0, 0.4997, 0.9994, 0.9838, 0.6947, 0.1585, 0.1]
    """
    if not is_traced(lb) and not is_traced(ub) and lb >= ub:
        raise ValueError(
            f"`lb` must be less than `ub`: got {lb!r} and {ub!r}. The rate falls from the one to the other."
        )
    ramp = functools.partial(TanhDecay, lower=lb, upper=ub)
    body = cycles(ramp, lr, lr_min, t_initial, cycle_mul, cycle_decay, cycle_limit)
    body = warmed(body, lr if warmup_prefix else None, warmup_t, warmup_lr_init, warmup_prefix)
    return noisy(body, noise_range_t, noise_pct, noise_std, noise_seed)


@foreign(groups=("lr",), names=NAMES)
def PolyLRScheduler(
    lr: Rate,
    t_initial: Duration,
    power: Positive = 0.5,
    lr_min: Rate = 0.0,
    cycle_mul: CycleMul = 1.0,
    cycle_decay: Factor = 1.0,
    cycle_limit: Whole = 1,
    warmup_t: Length = 0,
    warmup_lr_init: Rate = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: NoiseRange | None = None,
    noise_pct: NotNegative = 0.67,
    noise_std: NotNegative = 1.0,
    noise_seed: Key | None = 42,
    k_decay: Positive = 1.0,
    initialize: bool = True,
) -> js.Schedule:
    r"""timm's `PolyLRScheduler`: $m + (l\,c^i - m)(1 - x^k)^p$ in cycle i, at last m.

    Examples:
        >>> lr = scheduler.PolyLRScheduler(1.0, 4, power=2.0, cycle_decay=0.5, cycle_limit=2)
        >>> lr(np.arange(9)).tolist()
        [1.0, 0.5625, 0.25, 0.0625, 0.5, 0.28125, 0.125, 0.03125, 0.0]
    """
    ramp = functools.partial(js.Polynomial, power=power)
    if not equal(k_decay, 1):
        ramp = functools.partial(KDecayPolynomial, power=power, k=k_decay)
    body = cycles(ramp, lr, lr_min, t_initial, cycle_mul, cycle_decay, cycle_limit)
    body = warmed(body, lr, warmup_t, warmup_lr_init, warmup_prefix)
    return noisy(body, noise_range_t, noise_pct, noise_std, noise_seed)
