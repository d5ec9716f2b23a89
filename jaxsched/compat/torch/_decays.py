"""The schedulers of `torch.optim.lr_scheduler` that decay or warm up, and `SWALR`."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

import jaxsched as js
from jaxsched.compat._wave import wave
from jaxsched.compat.torch._arguments import (
    Number,
    Schedules,
    between,
    for_each_group,
    integer,
    is_known,
    not_negative,
    one_of,
    positive,
    rate,
    whole,
)
from jaxsched.compat.torch._rules import Anneals, Mixes, Powers, Rule, Scales, Sets


def StepLR(lr: Number, step_size: Number, gamma: Number = 0.1) -> Schedules:
    r"""`torch.optim.lr_scheduler.StepLR`: $l\,\gamma^{\lfloor t / n \rfloor}$.

    Raises:
        ValueError: `step_size` is not a positive whole number, or `gamma` is negative.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> [float(schedulers.StepLR(1.0, 2, gamma=0.5)(t)) for t in (1, 2, 4)]
        [1.0, 0.5, 0.25]
    """
    positive("step_size", step_size, "It is a number of epochs.")
    not_negative("gamma", gamma)
    step_size = whole("step_size", step_size)
    return _times(Scales, lr, js.step_decay(1.0, gamma, step_size))


def MultiStepLR(lr: Number, milestones: Sequence[Number], gamma: Number = 0.1) -> Schedules:
    r"""`torch.optim.lr_scheduler.MultiStepLR`: $l\,\gamma^{m(t)}$ with m(t) milestones at or before t.

    Milestones need not be sorted; one that is listed twice counts twice.

    Raises:
        ValueError: a milestone is negative or no whole number, or `gamma` is negative.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> [float(schedulers.MultiStepLR(1.0, [4, 2], gamma=0.5)(t)) for t in (1, 2, 4)]
        [1.0, 0.5, 0.25]
    """
    not_negative("gamma", gamma)
    if isinstance(milestones, (str, int, float)) or np.ndim(milestones := _listed(milestones)) != 1:  # pyright: ignore
        raise TypeError(f"`milestones` must be a list of epochs: got {milestones!r}.")
    if is_known(milestones) and all(map(is_known, milestones)):
        milestones = sorted(whole("milestones", each) for each in milestones)
        not_negative("milestones", min(milestones, default=0), "They are epochs.")
    return _times(Scales, lr, js.multistep_decay(1.0, gamma, milestones))


def ConstantLR(lr: Number, factor: Number = 1.0 / 3, total_iters: Number = 5) -> Schedules:
    r"""`torch.optim.lr_scheduler.ConstantLR`: $l\,f$ for $t < n$, then l.

    A `total_iters` of 0 is no phase at all; there it never ends. A factor of 0 ends there in a division by 0.

    Raises:
        ValueError: `factor` is not between 0 and 1, or `total_iters` is negative.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> [float(schedulers.ConstantLR(1.0, 0.5, total_iters=4)(t)) for t in (0, 3, 4)]
        [0.5, 0.5, 1.0]
    """
    between("factor", factor, 0.0, 1.0)
    not_negative("total_iters", total_iters, "0 is no phase at all.")
    return _times(Scales, lr, js.piecewise_constant(boundaries=[total_iters], values=[factor, 1.0]))


def LinearLR(
    lr: Number, start_factor: Number = 1.0 / 3, end_factor: Number = 1.0, total_iters: Number = 5
) -> Schedules:
    r"""`torch.optim.lr_scheduler.LinearLR`: a line from $l\,s$ at 0 to $l\,e$ at `total_iters`, then flat.

    A `total_iters` of 0 is the end at once; there it stays at the start.

    Raises:
        ValueError: `start_factor` is not above 0 and at most 1, `end_factor` is not between 0 and 1, or `total_iters`
            is negative.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> [float(schedulers.LinearLR(1.0, 0.5, total_iters=4)(t)) for t in (0, 2, 4)]
        [0.5, 0.75, 1.0]
    """
    between("start_factor", start_factor, 0.0, 1.0, open_start=True)
    between("end_factor", end_factor, 0.0, 1.0)
    not_negative("total_iters", total_iters, "0 is the end at once.")
    return _times(Scales, lr, js.Linear(start_factor, end_factor, steps=total_iters))


def ExponentialLR(lr: Number, gamma: Number) -> Schedules:
    r"""`torch.optim.lr_scheduler.ExponentialLR`: $l\,\gamma^t$.

    Raises:
        ValueError: `gamma` is negative.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> float(schedulers.ExponentialLR(1.0, 0.5)(3))
        0.125
    """
    not_negative("gamma", gamma)
    return _times(Powers, lr, js.exponential_decay(1.0, gamma))


def PolynomialLR(lr: Number, total_iters: Number = 5, power: Number = 1.0) -> Schedules:
    r"""`torch.optim.lr_scheduler.PolynomialLR`: $l\,(1 - t / n)^p$, and 0 from `total_iters` on.

    A `total_iters` of 0 is 0 at once; there the rate never falls.

    Raises:
        ValueError: `total_iters` or `power` is negative.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> float(schedulers.PolynomialLR(1.0, 4, power=2.0)(2))
        0.25
    """
    not_negative("total_iters", total_iters, "0 is the end at once.")
    not_negative("power", power, "A negative power is infinite at the end.")
    if is_known(power) and float(power) == 0:
        return _times(Scales, lr, js.Constant(1.0))  # 0**0 is 1, at the end too
    return _times(Scales, lr, js.Polynomial(1.0, 0.0, steps=total_iters, power=power))


def CosineAnnealingLR(lr: Number, T_max: Number, eta_min: Number = 0.0) -> Schedules:
    r"""`torch.optim.lr_scheduler.CosineAnnealingLR`: $e + (l - e)\,\tfrac12 (1 + \cos \pi t / T)$.

    As there it is a wave, which climbs again after `T_max`: `js.Cosine` stays at its end.

    Raises:
        ValueError: `T_max` is not positive.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> [round(float(schedulers.CosineAnnealingLR(1.0, 10, 0.1)(t)), 6) for t in (0, 5, 10, 20)]
        [1.0, 0.55, 0.1, 1.0]
    """
    positive("T_max", T_max, "It is the number of epochs until the low.")

    factor = wave(1.0, 0.0, 2 * T_max, 1)
    return for_each_group(lambda lr: Anneals(rate("lr", lr), rate("eta_min", eta_min), factor), lr=lr)


def CosineAnnealingWarmRestarts(lr: Number, T_0: Number, T_mult: Number = 1, eta_min: Number = 0.0) -> Schedules:
    """`torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`: cosines of length `T_0`, `T_0 * T_mult`, ….

    Raises:
        ValueError: `T_0` or `T_mult` is not a positive int, or `eta_min` is no number.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> lr = schedulers.CosineAnnealingWarmRestarts(1.0, 2, T_mult=2)
        >>> [round(float(lr(t)), 6) for t in (0, 1, 2, 4, 6)]
        [1.0, 0.5, 1.0, 0.5, 1.0]
    """
    integer("T_0", T_0, 1)
    integer("T_mult", T_mult, 1)
    if is_known(eta_min) and not isinstance(eta_min, (int, float, np.ndarray, jax.Array)):
        raise ValueError(f"`eta_min` must be a float or an int: got {eta_min!r} of type {type(eta_min).__name__}.")

    return for_each_group(lambda lr: Sets(js.sgdr(rate("lr", lr), T_0, growth=T_mult, end=eta_min)), lr=lr)


def SWALR(lr: Number, swa_lr: Number, anneal_epochs: Number = 10, anneal_strategy: str = "cos") -> Schedules:
    """`torch.optim.swa_utils.SWALR`: from `lr` to `swa_lr` in `anneal_epochs`, then flat.

    In `SequentialLR` it begins at the rate that is there, as in torch.

    Raises:
        ValueError: `anneal_epochs` is not an int of at least 0, an unknown `anneal_strategy`, or lists of different
            lengths.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> round(float(schedulers.SWALR(1.0, 0.1, anneal_epochs=4)(2)), 6)
        0.55
    """
    one_of("anneal_strategy", anneal_strategy, ("cos", "linear"))
    integer("anneal_epochs", anneal_epochs, 0)
    ramp = js.Cosine if anneal_strategy == "cos" else js.Linear

    def one(lr, swa_lr):
        return Mixes(ramp(rate("lr", lr), rate("swa_lr", swa_lr), steps=anneal_epochs))

    return for_each_group(one, lr=lr, swa_lr=swa_lr)


def _times(rule: Callable[[Any, js.Schedule], Rule], lr: Any, factor: js.Schedule) -> Any:
    return for_each_group(lambda lr: rule(rate("lr", lr), factor), lr=lr)


def _listed(x: Any) -> Any:
    return x if isinstance(x, (list, jax.Array)) else list(x)
