"""timm's schedulers in steps and in phases: step, multistep and warmup-stable-decay."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

import jaxsched as js
from jaxsched.compat._arguments import Number, is_traced, number, rate, sorted_steps
from jaxsched.compat._functions import as_factor
from jaxsched.compat.timm._parts import (
    Noise,
    NoiseRange,
    Ramp,
    Warmup,
    check_known,
    for_each_group,
    t_initial_of,
)

STABLE = ("constant", "rsqrt", "power")
DECAYS = ("linear", "1-sqrt", "cosine", "power", "exp")


@for_each_group
def StepLRScheduler(
    lr: Number,
    decay_t: Number,
    decay_rate: Number = 1.0,
    warmup_t: Number = 0,
    warmup_lr_init: Number = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: NoiseRange = None,
    noise_pct: Number = 0.67,
    noise_std: Number = 1.0,
    noise_seed: int | None = 42,
    initialize: bool = True,
) -> js.Schedule:
    r"""timm's `StepLRScheduler`: $l\,r^{\lfloor t / d \rfloor}$.

    Raises:
        ValueError: `decay_t` is not positive, or another number is negative.

    Examples:
        >>> from jaxsched.compat import timm as scheduler
        >>> scheduler.StepLRScheduler(1.0, 2, 0.5, warmup_t=2)(np.arange(6)).tolist()
        [0.0, 0.5, 1.0, 1.0, 0.5, 0.5]
    """
    del t_in_epochs, initialize
    lr, decay_t = rate("lr", lr), number("decay_t", decay_t, "It is the time between two cuts.", above=0)
    decay_rate = number("decay_rate", decay_rate, "The rate is multiplied by it.", least=0)
    body = js.step_decay(lr, decay_rate, decay_t)
    whole = Warmup(warmup_t, warmup_lr_init, warmup_prefix).into(body, lr)
    return Noise(noise_range_t, noise_pct, noise_std, noise_seed).on(whole)


@for_each_group
def MultiStepLRScheduler(
    lr: Number,
    decay_t: Sequence[Number],
    decay_rate: Number = 1.0,
    warmup_t: Number = 0,
    warmup_lr_init: Number = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: NoiseRange = None,
    noise_pct: Number = 0.67,
    noise_std: Number = 1.0,
    noise_seed: int | None = 42,
    initialize: bool = True,
) -> js.Schedule:
    r"""timm's `MultiStepLRScheduler`: $l\,r^{m}$ with m milestones at or before $t + 1$: one step early, as there.

    Raises:
        TypeError: `decay_t` is not a list.
        ValueError: `decay_t` is unsorted, or a number is negative.

    Examples:
        >>> from jaxsched.compat import timm as scheduler
        >>> scheduler.MultiStepLRScheduler(1.0, [2, 4], 0.5)(np.arange(5)).tolist()
        [1.0, 0.5, 0.5, 0.25, 0.25]
    """
    del t_in_epochs, initialize
    lr, decay_rate = rate("lr", lr), number("decay_rate", decay_rate, "The rate is multiplied by it.", least=0)
    body = js.multistep_decay(lr, decay_rate, sorted_steps("decay_t", decay_t, earlier=1))
    whole = Warmup(warmup_t, warmup_lr_init, warmup_prefix).into(body, lr)
    return Noise(noise_range_t, noise_pct, noise_std, noise_seed).on(whole)


@for_each_group
def WSDLRScheduler(
    lr: Number,
    t_initial: Number,
    decay_t: Number,
    lr_min: Number = 0.0,
    stable_fn: str = "constant",
    stable_timescale: Number | None = None,
    stable_power: Number = 0.5,
    decay_fn: str | Callable[[Any], Any] = "1-sqrt",
    decay_power: Number = 0.5,
    decay_ratio: Number = 0.1,
    warmup_t: Number = 0,
    warmup_lr_init: Number = 0.0,
    t_in_epochs: bool = True,
    noise_range_t: NoiseRange = None,
    noise_pct: Number = 0.67,
    noise_std: Number = 1.0,
    noise_seed: int | None = 42,
    initialize: bool = True,
) -> js.Schedule:
    r"""timm's `WSDLRScheduler`: warmup, then $m + (\max(l\,s(t), m) - m)\,d(x)$, which decays in the last `decay_t`.

    Raises:
        TypeError: `decay_fn` is neither a name nor a function.
        ValueError: `decay_t` does not lie between 0 and `t_initial`, an unknown function, or a number out of range.

    Examples:
        >>> from jaxsched.compat import timm as scheduler
        >>> lr = scheduler.WSDLRScheduler(1.0, 6, decay_t=4, warmup_t=2)
        >>> [round(float(lr(t)), 3) for t in range(9)]
        [0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.293, 0.134, 0.0]
    """
    del t_in_epochs, initialize
    lr, lr_min, t_initial = rate("lr", lr), rate("lr_min", lr_min), t_initial_of(t_initial)
    decay_t = number("decay_t", decay_t, "It is the length of the decay.", above=0)
    if not is_traced(t_initial) and not is_traced(decay_t) and decay_t > t_initial:
        raise ValueError(
            f"`decay_t` must be at most `t_initial`: got {decay_t!r} and {t_initial!r}. It is a part of it."
        )
    ramp = _decay(decay_fn, decay_power, decay_ratio)
    stable = _stable(lr, lr_min, stable_fn, warmup_t if stable_timescale is None else stable_timescale, stable_power)
    begin = t_initial - decay_t
    if isinstance(stable, js.Constant):
        body = js.delay(ramp(stable.value, lr_min, decay_t), begin)
    else:
        weight = js.delay(ramp(1.0, 0.0, decay_t), begin)
        none = not is_traced(lr_min) and lr_min == 0
        body = stable * weight if none else (stable - lr_min) * weight + lr_min
    whole = Warmup(warmup_t, warmup_lr_init, prefix=True).into(body, lr)
    return Noise(noise_range_t, noise_pct, noise_std, noise_seed).on(whole)


def _stable(lr: Number, lr_min: Number, stable_fn: str, timescale: Number, power: Number) -> js.Schedule:
    power = number("stable_power", power, "It is the exponent of the stable phase.", above=0)
    check_known("stable_fn", stable_fn, STABLE)
    if stable_fn == "constant":
        traced = is_traced(lr) or is_traced(lr_min)
        return js.Constant(jnp.maximum(lr, lr_min) if traced else max(lr, lr_min))
    note = "It is `warmup_t` by default: set it where there is no warmup."
    timescale = number("stable_timescale", timescale, note, above=0)
    falling = js.InverseSqrt(lr, timescale, power=0.5 if stable_fn == "rsqrt" else power)
    return falling if not is_traced(lr_min) and lr_min == 0 else js.clip(falling, lo=lr_min)


def _decay(decay_fn: Any, power: Number, ratio: Number) -> Ramp:
    """The decay as a ramp between two values."""
    power = number("decay_power", power, "It is the exponent of the decay.", above=0)
    ratio = number("decay_ratio", ratio, "It is where the exponential decay ends.", above=0, below=1)
    if callable(decay_fn):
        return functools.partial(_by_function, decay_fn)
    check_known("decay_fn", decay_fn, DECAYS)
    return {
        "linear": js.Linear,
        "1-sqrt": js.ElapsedPower,
        "cosine": js.Cosine,
        "power": functools.partial(js.ElapsedPower, power=power),
        "exp": functools.partial(js.ExponentialRamp, base=ratio),
    }[decay_fn]


def _by_function(decay_fn: Callable[[Any], Any], start: Any, end: Any, steps: Any) -> js.Schedule:
    """From `start` to `end` by a function of the fraction done: 1 at 0 whatever it says, as there, and held after 1."""
    length = 1 if is_traced(steps) else steps

    def weight(t):
        if isinstance(t, (int, float)):
            return decay_fn(min(t / length, 1.0)) if t > 0 else 1.0
        return jnp.where(t > 0, decay_fn(jnp.minimum(t / length, 1.0)), 1.0)

    schedule = as_factor("decay_fn", weight)
    return js.nodes.Blend(end, start, js.stretch(schedule, steps) if is_traced(steps) else schedule)
