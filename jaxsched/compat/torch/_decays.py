"""The schedulers of `torch.optim.lr_scheduler` that decay or warm up, and `SWALR`."""

import jaxsched as js
from jaxsched.compat._foreign import LastEpoch, Period, Span, Verbose, equal, foreign
from jaxsched.compat._wave import wave
from jaxsched.compat.torch._kinds import Epochs, Milestones, Rate, StartFactor, Strategy
from jaxsched.compat.torch._rules import Anneals, Mixes, Powers, Scales, Sets
from jaxsched.compat.torch._words import in_its_words
from jaxsched.kinds import Factor, Level, NotNegative, Part, WholeAtLeastOne, is_traced


@foreign(groups=("lr",), names={"every": "step_size"})
def StepLR(
    lr: Rate, step_size: WholeAtLeastOne, gamma: Factor = 0.1, last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`torch.optim.lr_scheduler.StepLR`: $l\,\gamma^{\lfloor t / n \rfloor}$.

    Examples:
        >>> [float(schedulers.StepLR(1.0, 2, gamma=0.5)(t)) for t in (1, 2, 4)]
        [1.0, 0.5, 0.25]
    """
    return Scales(lr, js.step_decay(1.0, gamma, step_size))


@foreign(groups=("lr",))
def MultiStepLR(
    lr: Rate, milestones: Milestones, gamma: Factor = 0.1, last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`torch.optim.lr_scheduler.MultiStepLR`: $l\,\gamma^{m(t)}$ with m(t) milestones at or before t.

    Milestones need not be sorted; one that is listed twice counts twice.

    Examples:
        >>> [float(schedulers.MultiStepLR(1.0, [4, 2], gamma=0.5)(t)) for t in (1, 2, 4)]
        [1.0, 0.5, 0.25]
    """
    return Scales(lr, js.multistep_decay(1.0, gamma, milestones))


@in_its_words
@foreign(groups=("lr",))
def ConstantLR(
    lr: Rate, factor: Part = 1.0 / 3, total_iters: js.Count = 5, last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`torch.optim.lr_scheduler.ConstantLR`: $l\,f$ for $t < n$, then l.

    A `total_iters` of 0 is no phase at all; in torch it never ends. In torch a factor of 0 ends in a division by 0.

    Examples:
        >>> [float(schedulers.ConstantLR(1.0, 0.5, total_iters=4)(t)) for t in (0, 3, 4)]
        [0.5, 0.5, 1.0]
    """
    return Scales(lr, js.piecewise_constant(boundaries=[total_iters], values=[factor, 1.0]))


@in_its_words
@foreign(groups=("lr",))
def LinearLR(
    lr: Rate,
    start_factor: StartFactor = 1.0 / 3,
    end_factor: Part = 1.0,
    total_iters: js.Count = 5,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    r"""`torch.optim.lr_scheduler.LinearLR`: a line from $l\,s$ at 0 to $l\,e$ at `total_iters`, then flat.

    A `total_iters` of 0 is the end at once; in torch it stays at the start.

    Examples:
        >>> [float(schedulers.LinearLR(1.0, 0.5, total_iters=4)(t)) for t in (0, 2, 4)]
        [0.5, 0.75, 1.0]
    """
    return Scales(lr, js.Linear(start_factor, end_factor, steps=total_iters))


@foreign(groups=("lr",))
def ExponentialLR(lr: Rate, gamma: Factor, last_epoch: LastEpoch = -1, verbose: Verbose = False) -> js.Schedule:
    r"""`torch.optim.lr_scheduler.ExponentialLR`: $l\,\gamma^t$.

    Examples:
        >>> float(schedulers.ExponentialLR(1.0, 0.5)(3))
        0.125
    """
    return Powers(lr, js.exponential_decay(1.0, gamma))


@foreign(groups=("lr",))
def PolynomialLR(
    lr: Rate, total_iters: js.Count = 5, power: NotNegative = 1.0, last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`torch.optim.lr_scheduler.PolynomialLR`: $l\,(1 - t / n)^p$, and 0 from `total_iters` on.

    A `total_iters` of 0 is 0 at once; in torch the rate never falls.

    Examples:
        >>> float(schedulers.PolynomialLR(1.0, 4, power=2.0)(2))
        0.25
    """
    if equal(power, 0):
        return Scales(lr, js.Constant(1.0))  # 0**0 is 1, at the end too
    return Scales(lr, js.Polynomial(1.0, 0.0, steps=total_iters, power=power))


@foreign(groups=("lr",))
def CosineAnnealingLR(
    lr: Rate, T_max: Span, eta_min: Level = 0.0, last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`torch.optim.lr_scheduler.CosineAnnealingLR`: $e + (l - e)\,\tfrac12 (1 + \cos \pi t / T)$.

    As in torch, it is a wave, which climbs again after `T_max`: `js.Cosine` stays at its end.

    Examples:
        >>> [round(float(schedulers.CosineAnnealingLR(1.0, 10, 0.1)(t)), 6) for t in (0, 5, 10, 20)]
        [1.0, 0.55, 0.1, 1.0]
    """
    if not is_traced(T_max) and T_max < 1e-30:
        raise ValueError(f"`T_max` must be at least 1e-30: got {T_max!r}. Pass the number of steps that it takes.")
    return Anneals(lr, eta_min, wave(1.0, 0.0, 2 * T_max, 1))


@in_its_words
@foreign(groups=("lr",), names={"period": "T_0", "growth": "T_mult"})
def CosineAnnealingWarmRestarts(
    lr: Rate,
    T_0: Period,
    T_mult: Period = 1,
    eta_min: Level = 0.0,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    """`torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`: cosines of length `T_0`, `T_0 * T_mult`, ….

    Examples:
        >>> lr = schedulers.CosineAnnealingWarmRestarts(1.0, 2, T_mult=2)
        >>> [round(float(lr(t)), 6) for t in (0, 1, 2, 4, 6)]
        [1.0, 0.5, 1.0, 0.5, 1.0]
    """
    return Sets(js.sgdr(lr, T_0, growth=T_mult, end=eta_min))


@in_its_words
@foreign(groups=("lr", "swa_lr"), names={"steps": "anneal_epochs"})
def SWALR(
    lr: Rate,
    swa_lr: Level,
    anneal_epochs: Epochs = 10,
    anneal_strategy: Strategy = "cos",
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    """`torch.optim.swa_utils.SWALR`: from `lr` to `swa_lr` in `anneal_epochs`, then flat.

    In `SequentialLR` it begins at the rate that is there, as in torch.

    Examples:
        >>> round(float(schedulers.SWALR(1.0, 0.1, anneal_epochs=4)(2)), 6)
        0.55
    """
    ramp = js.Cosine if anneal_strategy == "cos" else js.Linear
    return Mixes(ramp(lr, swa_lr, steps=anneal_epochs))
