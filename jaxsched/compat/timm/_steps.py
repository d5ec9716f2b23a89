"""timm's schedulers in steps and in phases, and its plateau, which is PyTorch's after a warmup and with noise."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp

import jaxsched as js
from jaxsched.compat._foreign import Gamma, Length, Rate, equal, foreign
from jaxsched.compat._functions import as_factor
from jaxsched.compat._plateau import FACTOR_OF_ZERO, reduce_lr
from jaxsched.compat.timm._parts import NAMES, DecayFn, Duration, NoiseRange, Ramp, noisy, warmed
from jaxsched.kinds import Counts, Factor, InnerFactor, Key, NotNegative, Positive, Whole, is_traced, shown
from jaxsched.numerics import largest


@foreign(groups=("lr",), names=NAMES)
def StepLRScheduler(
    lr: Rate,
    decay_t: Duration,
    decay_rate: Factor = 1.0,
    warmup_t: Length = 0,
    warmup_lr_init: Rate = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: NoiseRange | None = None,
    noise_pct: NotNegative = 0.67,
    noise_std: NotNegative = 1.0,
    noise_seed: Key | None = 42,
    initialize: bool = True,
) -> js.Schedule:
    r"""timm's `StepLRScheduler`: $l\,r^{\lfloor t / d \rfloor}$.

    Examples:
        >>> scheduler.StepLRScheduler(1.0, 2, 0.5, warmup_t=2)(np.arange(6)).tolist()
        [0.0, 0.5, 1.0, 1.0, 0.5, 0.5]
    """
    body = warmed(js.step_decay(lr, decay_rate, decay_t), lr, warmup_t, warmup_lr_init, warmup_prefix)
    return noisy(body, noise_range_t, noise_pct, noise_std, noise_seed)


@foreign(groups=("lr",), names=NAMES)
def MultiStepLRScheduler(
    lr: Rate,
    decay_t: Counts,
    decay_rate: Factor = 1.0,
    warmup_t: Length = 0,
    warmup_lr_init: Rate = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: NoiseRange | None = None,
    noise_pct: NotNegative = 0.67,
    noise_std: NotNegative = 1.0,
    noise_seed: Key | None = 42,
    initialize: bool = True,
) -> js.Schedule:
    r"""timm's `MultiStepLRScheduler`: $l\,r^{m}$ with m milestones at or before $t + 1$: one step early, as in timm.

    Examples:
        >>> scheduler.MultiStepLRScheduler(1.0, [2, 4], 0.5)(np.arange(5)).tolist()
        [1.0, 0.5, 0.5, 0.25, 0.25]
    """
    body = js.advance(js.multistep_decay(lr, decay_rate, decay_t), 1)
    body = warmed(body, lr, warmup_t, warmup_lr_init, warmup_prefix)
    return noisy(body, noise_range_t, noise_pct, noise_std, noise_seed)


@foreign(groups=("lr",), names=NAMES)
def WSDLRScheduler(
    lr: Rate,
    t_initial: Duration,
    decay_t: Duration,
    lr_min: Rate = 0.0,
    stable_fn: Literal["constant", "rsqrt", "power"] = "constant",
    stable_timescale: Duration | None = None,
    stable_power: Positive = 0.5,
    decay_fn: DecayFn = "1-sqrt",
    decay_power: Positive = 0.5,
    decay_ratio: InnerFactor = 0.1,
    warmup_t: Length = 0,
    warmup_lr_init: Rate = 0.0,
    t_in_epochs: bool = True,
    noise_range_t: NoiseRange | None = None,
    noise_pct: NotNegative = 0.67,
    noise_std: NotNegative = 1.0,
    noise_seed: Key | None = 42,
    initialize: bool = True,
) -> js.Schedule:
    r"""timm's `WSDLRScheduler`: warmup, then $m + (\max(l\,s(t), m) - m)\,d(x)$, which decays in the last `decay_t`.

    Raises:
        ValueError: `decay_t` is longer than `t_initial`.

    Examples:
        >>> lr = scheduler.WSDLRScheduler(1.0, 6, decay_t=4, warmup_t=2)
        >>> [round(float(lr(t)), 3) for t in range(9)]
        [0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.293, 0.134, 0.0]
    """
    if not is_traced(t_initial) and not is_traced(decay_t) and decay_t > t_initial:
        raise ValueError(
            f"`decay_t` must be at most `t_initial`: got {shown(decay_t)} and {shown(t_initial)}. It is a part of it."
        )
    ramps: dict[Any, Ramp] = {
        "linear": js.Linear,
        "1-sqrt": js.ElapsedPower,
        "cosine": js.Cosine,
        "power": functools.partial(js.ElapsedPower, power=decay_power),
        "exp": functools.partial(js.ExponentialRamp, base=decay_ratio),
    }
    ramp = functools.partial(_by_function, decay_fn) if callable(decay_fn) else ramps[decay_fn]
    begin = t_initial - decay_t
    if stable_fn == "constant":
        body = js.delay(ramp(largest(lr, lr_min), lr_min, steps=decay_t), begin)
    else:
        timescale = warmup_t if stable_timescale is None else stable_timescale
        if equal(timescale, 0):
            raise ValueError(
                "`stable_timescale` must be greater than 0: got 0, the `warmup_t`. Set it where there is no warmup."
            )
        stable = js.InverseSqrt(lr, timescale, power=0.5 if stable_fn == "rsqrt" else stable_power)
        weight = js.delay(ramp(1.0, 0.0, steps=decay_t), begin)
        zero = equal(lr_min, 0)
        body = stable * weight if zero else (js.clip(stable, lo=lr_min) - lr_min) * weight + lr_min
    body = warmed(body, lr, warmup_t, warmup_lr_init, prefix=True)
    return noisy(body, noise_range_t, noise_pct, noise_std, noise_seed)


def _by_function(decay_fn: Callable[[Any], Any], start: Any, end: Any, *, steps: Any) -> js.Schedule:
    """By a function of the fraction done: as in timm, 1 at 0 whatever the function says, and held after 1."""
    _check_decay(decay_fn)
    schedule = as_factor("decay_fn", Weight(decay_fn, 1 if is_traced(steps) else steps))
    return js.nodes.Blend(end, start, js.stretch(schedule, steps) if is_traced(steps) else schedule)


def _check_decay(decay_fn: Callable[[Any], Any]) -> None:
    """Refuse a function without a value at the end of the decay, for a float of Python's and for an array."""
    reasons = []
    for done in (1.0, jnp.float32(1.0)):
        try:
            with jax.ensure_compile_time_eval():
                value = decay_fn(done)
            if not is_traced(value):
                float(value)
            return
        except Exception as error:
            reasons.append(shown(error))
    raise TypeError(f"`decay_fn` must take the fraction done and return one number: it raised {reasons[0]}.")


@dataclasses.dataclass(frozen=True)
class Weight:
    """A function of the fraction done, as one of the step."""

    decay_fn: Callable[[Any], Any]
    length: Any

    def __call__(self, t: Any) -> Any:
        if isinstance(t, (int, float)):
            return self.decay_fn(min(t / self.length, 1.0)) if t > 0 else 1.0
        return jnp.where(t > 0, self.decay_fn(jnp.minimum(t / self.length, 1.0)), 1.0)


@foreign(groups=("lr",), names=NAMES)
def PlateauLRScheduler(
    lr: Rate,
    decay_rate: Gamma = 0.1,
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

    Examples:
        >>> controller = scheduler.PlateauLRScheduler(1.0, decay_rate=0.5, patience_t=1, mode="min")
        >>> state = controller.init()
        >>> for loss in (1.0, 1.0, 1.0):
        ...     state = controller.update(state, value=loss)
        >>> float(controller(state))
        0.5
    """
    schedule = js.Constant(lr) if equal(warmup_t, 0) else js.Linear(warmup_lr_init, lr, steps=warmup_t)
    schedule = noisy(schedule, noise_range_t, noise_pct, noise_std, noise_seed, noise_type, begin=warmup_t + 1)
    factor, more = largest(decay_rate, FACTOR_OF_ZERO), {"mode": mode, "cooldown": cooldown_t, "begin": warmup_t}
    return reduce_lr(schedule, threshold, "rel", lr_min, 1e-8, factor, patience_t, **more)
