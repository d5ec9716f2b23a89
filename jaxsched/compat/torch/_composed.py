"""Schedulers of schedulers, and the one that looks at a metric."""

from collections.abc import Sequence
from typing import Any

import numpy as np

import jaxsched as js
from jaxsched.compat.torch._arguments import (
    Number,
    Schedules,
    for_each_group,
    groups_of,
    is_known,
    not_negative,
    one_of,
    rate,
    whole,
)
from jaxsched.compat.torch._rules import Rule, Sets, chain, rate_of, same_rate, sequence


def SequentialLR(lr: Number, schedulers: Sequence[Any], milestones: Sequence[Number]) -> Schedules:
    """`torch.optim.lr_scheduler.SequentialLR`: one scheduler after another, each on its own clock from its milestone.

    At a milestone a scheduler begins from its `lr` again, but for two that go on from the rate that is there, as in
    torch: `SWALR`, and `MultiplicativeLR`, which multiplies it by `lr_lambda(0)`. `SequentialLR` and
    `ChainedScheduler` can be among them.

    `OneCycleLR` and `CyclicLR` among the schedulers do not change the `lr` of the others; there they do.

    Args:
        lr: the learning rate, in the place of the optimizer.
        schedulers: what the functions of this module return, made with the same `lr`, or copies of that (stored and
            read, returned by `jax.jit`, …); or any schedules, which set the rate.
        milestones: the epochs at which each scheduler but the first begins, sorted.

    Raises:
        ValueError: no scheduler, a wrong number of milestones, unsorted ones, a scheduler that was made with another
            `lr`, or `ReduceLROnPlateau` among them.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> warmup = schedulers.LinearLR(0.1, start_factor=0.1, total_iters=5)
        >>> lr = schedulers.SequentialLR(0.1, [warmup, schedulers.CosineAnnealingLR(0.1, T_max=10)], milestones=[5])
        >>> [round(float(lr(t)), 6) for t in (0, 5, 10)]
        [0.01, 0.1, 0.05]
    """
    groups = _by_group("SequentialLR", schedulers, lr)
    if len(milestones) != len(schedulers) - 1:
        raise ValueError(
            f"`milestones` must be one fewer than `schedulers`: got {len(milestones)} and {len(schedulers)}."
        )
    milestones = [whole("milestones", each) for each in milestones]
    known = [each for each in milestones if is_known(each)]
    if known != sorted(known):
        raise ValueError(f"`milestones` must be sorted: got {milestones!r}.")

    def one(lr, schedulers):
        lr = rate("lr", lr)
        rules = [_rule_of("SequentialLR", i, each, lr, foreign=True) for i, each in enumerate(schedulers)]
        return sequence(lr, rules, milestones)

    return [one(*group) for group in groups] if isinstance(groups, list) else one(lr, schedulers)


def ChainedScheduler(lr: Number | None = None, schedulers: Any = None) -> Schedules:
    """`torch.optim.lr_scheduler.ChainedScheduler`: all schedulers at once, each acting on what the last has left.

    - `ConstantLR`, `LinearLR`, `ExponentialLR`, `StepLR`, `MultiStepLR`, `PolynomialLR` and `MultiplicativeLR`
      multiply the rate: a chain of them is the product of their factors.
    - `LambdaLR`, `CyclicLR`, `OneCycleLR` and `CosineAnnealingWarmRestarts` set it, whatever those before them did;
      those after them change it by their last step only.
    - `CosineAnnealingLR` and `SWALR` move it towards their end. A chain with them, or with a `SequentialLR`, has no
      closed form: as in torch it is a recursion, evaluated anew at each call by a loop over the epochs until then.
      `js.Tabulated(lr(jnp.arange(total)))` makes it a look-up.

    The products of `js` are simpler: `warmup * decay / lr` multiplies any two schedules at every step.

    Args:
        lr: the learning rate, in the place of the optimizer; may come second, as there, or be left out if a scheduler
            was made with one.
        schedulers: what the functions of this module return, made with the same `lr`, or copies of that.

    Raises:
        ValueError: no scheduler, one that was made with another `lr`, or `ReduceLROnPlateau` among them.
        TypeError: something that no function of this module returned.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> both = [schedulers.ConstantLR(1.0, 0.1, total_iters=2), schedulers.ExponentialLR(1.0, 0.5)]
        >>> [round(float(schedulers.ChainedScheduler(1.0, both)(t)), 6) for t in (0, 1, 2)]
        [0.1, 0.05, 0.25]
    """
    if _are_schedulers(lr):
        lr, schedulers = schedulers, lr
    if not _are_schedulers(schedulers) or schedulers is None:
        raise TypeError(f"`schedulers` must be a list of schedulers: got {schedulers!r}.")
    lr = _common_rate(schedulers) if lr is None else lr
    groups = _by_group("ChainedScheduler", schedulers, lr)

    def one(lr, schedulers):
        lr = rate("lr", lr)
        return chain(lr, [_rule_of("ChainedScheduler", i, each, lr) for i, each in enumerate(schedulers)])

    return [one(*group) for group in groups] if isinstance(groups, list) else one(lr, schedulers)


def ReduceLROnPlateau(
    lr: Number,
    mode: str = "min",
    factor: Number = 0.1,
    patience: Number = 10,
    threshold: Number = 1e-4,
    threshold_mode: str = "rel",
    cooldown: Number = 0,
    min_lr: Number = 0,
    eps: Number = 1e-8,
) -> Any:
    """`torch.optim.lr_scheduler.ReduceLROnPlateau`: a controller that cuts the rate when a metric stops improving.

    A relative threshold is a part of `abs(best)`; there it points the wrong way where the metric is negative. `lr` may
    be a schedule as well as a number.

    Raises:
        ValueError: `factor` is not between 0 and 1, `mode` or `threshold_mode` is unknown, a negative number, or lists
            of different lengths.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> controller = schedulers.ReduceLROnPlateau(1.0, factor=0.5, patience=1)
        >>> state = controller.init()
        >>> for loss in (3.0, 3.0, 3.0):
        ...     state = controller.update(state, value=loss)
        >>> round(float(controller(state)), 6)
        0.5
    """
    if is_known(factor) and not 0 < factor < 1:
        raise ValueError(f"`factor` must be above 0 and below 1.0: got {factor!r}. The rate is multiplied by it.")
    one_of("mode", mode, ("min", "max"))
    one_of("threshold_mode", threshold_mode, ("rel", "abs"))
    for name, x in (("threshold", threshold), ("patience", patience), ("cooldown", cooldown), ("eps", eps)):
        not_negative(name, x)
    margin = {"rtol" if threshold_mode == "rel" else "atol": threshold}
    margin = {"rtol": 0.0, "atol": 0.0} | margin

    def one(lr, min_lr):
        not_negative("min_lr", min_lr)
        arguments = {"mode": mode, "cooldown": cooldown, "min_value": min_lr, "min_change": eps, "rule": "torch"}
        return js.reduce_on_plateau(lr, factor, patience, **margin, **arguments)

    return for_each_group(one, lr=lr, min_lr=min_lr)


def _are_schedulers(x: Any) -> bool:
    return isinstance(x, (list, tuple)) and not (x and all(map(_is_number, x)))


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, np.generic)) or (hasattr(x, "dtype") and np.ndim(x) == 0)


def _by_group(name: str, schedulers: Sequence[Any], lr: Any) -> Any:
    """For each parameter group its rate and its schedulers; `None` where there is but one."""
    if not isinstance(schedulers, (list, tuple)):
        raise TypeError(f"`schedulers` must be a list of schedulers: got {schedulers!r}.")
    if len(schedulers) < 1:
        raise ValueError(f"{name} expects at least one scheduler: got none.")
    lists = {"lr": lr} if isinstance(lr, (list, tuple)) else {}
    lists |= {f"schedulers[{i}]": each for i, each in enumerate(schedulers) if isinstance(each, (list, tuple))}
    if not lists:
        return None
    pick = lambda x, i: x[i] if isinstance(x, (list, tuple)) else x  # noqa: E731
    return [(pick(lr, i), [pick(each, i) for each in schedulers]) for i in range(groups_of(lists))]


def _rule_of(name: str, i: int, scheduler: Any, lr: Any, foreign: bool = False) -> Rule:
    where = f"`schedulers[{i}]`"
    if isinstance(scheduler, js.Controller):
        raise ValueError(f"{where} is a controller: {name} does not support `ReduceLROnPlateau`, which needs a metric.")
    if not isinstance(scheduler, Rule):
        if foreign:
            return Sets(js.as_schedule(scheduler))
        raise TypeError(
            f"{where} must come from a function of this module: got {scheduler!r}. To multiply other schedules write "
            f"`a * b`."
        )
    if not same_rate(rate_of(scheduler), lr):
        raise ValueError(
            f"{name} expects all schedulers to belong to the same optimizer, but {where} was made with an `lr` of "
            f"{rate_of(scheduler)!r}, and `lr` is {lr!r}."
        )
    return scheduler


def _common_rate(schedulers: Sequence[Any]) -> Any:
    """The rate that schedulers were made with: 0 if none has one, since then they all set it."""

    def of(scheduler):
        return list(map(of, scheduler)) if isinstance(scheduler, (list, tuple)) else rate_of(scheduler)

    found = [x for x in map(of, schedulers) if x is not None and not (isinstance(x, list) and None in x)]
    return found[0] if found else 0.0
