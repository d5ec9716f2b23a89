"""Live schedulers of torch as schedules: their attributes are read, and torch is not imported."""

from typing import Any

import numpy as np

import jaxsched as js
from jaxsched.compat import transformers
from jaxsched.compat.torch import _composed as composed
from jaxsched.compat.torch import _cycles as cycles
from jaxsched.compat.torch import _decays as decays
from jaxsched.compat.torch import _lambdas as lambdas
from jaxsched.compat.torch._chains import chain, sequence
from jaxsched.compat.torch._rules import Rule, Sets
from jaxsched.compat.torch._transformers import schedule_of
from jaxsched.compat.torch._turns import PlateauFirst, PlateauLast
from jaxsched.kinds import is_sequence


def from_scheduler(scheduler: Any) -> js.Schedule | js.Controller:
    """The schedule that equals a live scheduler of torch from epoch 0 on, wherever the scheduler is by now.

    A list where its optimizer has several parameter groups. Composed schedulers are read through, so are subclasses
    that change no value. Those that `transformers` makes become what `compat.transformers.get_scheduler` makes.
    `ReduceLROnPlateau` and `GreedyLR` become controllers that begin anew at the rate that is in the optimizer now: what
    they have seen is not a function of the epoch. The schedulers of a chain are taken to have been made in their order.
    Of a scheduler that `to_scheduler` made it is what that was made of. torch is not imported here.

    Several schedulers of one optimizer are passed as a list, in the order of their `step()`: they are together what
    `ChainedScheduler` makes of them, and with a `ReduceLROnPlateau`, first or last, what `on_one_optimizer` makes; it
    begins at epoch 0 at the optimizer's initial rate.

    A run in its middle goes on with `jaxsched.advance(schedule, scheduler.last_epoch)` in a new optimizer, or with the
    schedule itself where the optimizer's restored count is that epoch.

    Raises:
        TypeError: an object that is none of the known schedulers, or of a class that overrides their `get_lr`.
        ValueError: a list that is empty or of several optimizers, or has a plateau between others.

    Examples:
        >>> import torch  # doctest: +SKIP
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)  # doctest: +SKIP
        >>> live = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)  # doctest: +SKIP
        >>> schedulers.from_scheduler(live)  # doctest: +SKIP
        Scales(lr=0.1, factor=Staircase(schedule=GeometricDecay(start=1.0, factor=0.1, steps=30), every=30))
    """
    if is_sequence(scheduler):
        return _together(list(scheduler))
    kind = _kind_of(scheduler)
    groups = scheduler.optimizer.param_groups
    make = {"ReduceLROnPlateau": _plateau, "GreedyLR": _greedy, "ControllerLR": _controller}.get(kind, _rule)
    found: Any = [make(scheduler, i) for i in range(len(groups))]
    if kind == "LambdaLR":  # which sets the rate, as any schedule does
        found = [x.schedule if schedule_of(1.0, f) else x for x, f in zip(found, scheduler.lr_lambdas, strict=True)]
    if kind == "ScheduleLR":
        found = [x.schedule for x in found]
    return found if len(found) > 1 else found[0]


def _together(schedulers: list[Any]) -> Any:
    """The schedule, or with a plateau the controller, of schedulers that are stepped one after another."""
    kinds = [_kind_of(each, f"scheduler[{i}]") for i, each in enumerate(schedulers)]
    if len(kinds) < 2:
        if not kinds:
            raise ValueError("`scheduler` must be a scheduler of torch, or a list of those of one optimizer: got none.")
        return from_scheduler(schedulers[0])
    optimizer = schedulers[0].optimizer
    if any(each.optimizer is not optimizer for each in schedulers):
        raise ValueError(
            f"`scheduler` must be a list of schedulers of one optimizer: got {kinds} of several. Read those of each "
            f"optimizer by themselves."
        )
    reacts = [kind for kind in kinds if kind in ("GreedyLR", "ControllerLR")]
    if reacts:
        raise TypeError(
            f"`scheduler` must not have a {reacts[0]} beside others: got {kinds}. Read each by itself, and hand the "
            f"schedule to the controller as its `lr`: there every change lasts."
        )
    order: Any = None
    plateau: Any = None
    if "ReduceLROnPlateau" in kinds:
        place = kinds.index("ReduceLROnPlateau")
        if kinds.count("ReduceLROnPlateau") > 1 or place not in (0, len(kinds) - 1):
            raise ValueError(
                f"`scheduler` must have one `ReduceLROnPlateau`, before or after the others: got {kinds}. List them in "
                f"the order of their `step()`."
            )
        order, plateau = (PlateauLast if place else PlateauFirst), schedulers.pop(place)
    found: list[Any] = []
    for i, group in enumerate(optimizer.param_groups):
        lr = _plain(group.get("initial_lr", group["lr"]))
        rule = chain(lr, [_rule(each, i) for each in schedulers])
        found.append(order(rule, _plateau(plateau, i, lr)) if order else rule)
    return found if len(found) > 1 else found[0]


def _rule(scheduler: Any, i: int) -> Rule:
    """The schedule of a scheduler for parameter group `i`."""
    kind, group = _kind_of(scheduler), scheduler.optimizer.param_groups[i]
    rules = [_rule(each, i) for each in getattr(scheduler, "_schedulers", ())]
    if kind == "SequentialLR":
        return sequence(_plain(group["initial_lr"]), rules, [int(each) for each in scheduler._milestones])
    if kind == "ChainedScheduler":
        return chain(_plain(group.get("initial_lr", group["lr"])), rules)
    if kind == "ScheduleLR":
        return Sets(_of_group(scheduler.schedules, i))
    if kind == "OneCycleLR":
        return _one_cycle(scheduler, group)
    if kind == "CyclicLR":
        return _cyclic(scheduler, i)
    function, *names = MAKERS[kind]
    found = {name: _plain(getattr(scheduler, name)) for name in names}
    if kind == "MultiStepLR":
        milestones = scheduler.milestones.elements()
        found["milestones"] = [each for each in milestones if each >= 0 and each == int(each)]
    elif kind == "SWALR":
        found |= {"swa_lr": _plain(group["swa_lr"]), "anneal_strategy": scheduler._anneal_strategy}
    elif kind in ("LambdaLR", "MultiplicativeLR"):
        found["lr_lambda"] = scheduler.lr_lambdas[i]
    return function(_plain(scheduler.base_lrs[i]), **found)


def _controller(scheduler: Any, i: int) -> js.Controller:
    return _of_group(scheduler.controllers, i)


def _of_group(made: list[Any], i: int) -> Any:
    """What stands for parameter group `i`: one for all, or one for each."""
    return made[0] if len(made) == 1 else made[i]


def _plateau(scheduler: Any, i: int, lr: Any = None) -> Any:
    """The controller of a plateau for parameter group `i`, of the rate that is in it now if none is given."""
    names = ("mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "eps")
    found: Any = {name: _plain(getattr(scheduler, name)) for name in names}
    lr = _plain(scheduler.optimizer.param_groups[i]["lr"]) if lr is None else lr
    return composed.ReduceLROnPlateau(lr, min_lr=_plain(scheduler.min_lrs[i]), **found)


def _greedy(scheduler: Any, i: int) -> js.Controller:
    names = ("mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "warmup", "eps", "smooth")
    found: Any = {name: _plain(getattr(scheduler, name)) for name in (*names, "window_size")}
    found |= {"min_lr": _plain(scheduler.min_lrs[i]), "max_lr": _plain(scheduler.max_lrs[i])}
    lr = _plain(scheduler.optimizer.param_groups[i]["lr"])
    return transformers.GreedyLR(lr, reset_start=scheduler.reset_start_original, **found)


def _cyclic(scheduler: Any, i: int) -> Any:
    total = scheduler.total_size
    up = scheduler.step_ratio * total
    up = round(up) if abs(up - round(up)) < 1e-9 * total else up
    return cycles.CyclicLR(
        base_lr=_plain(scheduler.base_lrs[i]),
        max_lr=_plain(scheduler.max_lrs[i]),
        step_size_up=up,
        step_size_down=total - up,
        mode=scheduler.mode,
        gamma=_plain(scheduler.gamma),
        scale_fn=scheduler._scale_fn_custom,
        scale_mode="cycle" if scheduler.scale_mode == "cycle" else "iterations",
    )


def _one_cycle(scheduler: Any, group: Any) -> Any:
    first, *others = [phase["end_step"] for phase in scheduler._schedule_phases]
    peak, low, end = _plain(group["max_lr"]), _plain(group["initial_lr"]), _plain(group["min_lr"])
    return cycles.OneCycleLR(
        max_lr=peak,
        total_steps=scheduler.total_steps,
        pct_start=float((first + 1) / scheduler.total_steps),
        anneal_strategy=scheduler._anneal_func_type,
        div_factor=peak / low,
        final_div_factor=low / end,
        three_phase=len(others) == 2,
    )


MAKERS: dict[str, tuple[Any, ...]] = {
    "LambdaLR": (lambdas.LambdaLR,),
    "MultiplicativeLR": (lambdas.MultiplicativeLR,),
    "StepLR": (decays.StepLR, "step_size", "gamma"),
    "MultiStepLR": (decays.MultiStepLR, "gamma"),
    "ConstantLR": (decays.ConstantLR, "factor", "total_iters"),
    "LinearLR": (decays.LinearLR, "start_factor", "end_factor", "total_iters"),
    "ExponentialLR": (decays.ExponentialLR, "gamma"),
    "PolynomialLR": (decays.PolynomialLR, "total_iters", "power"),
    "CosineAnnealingLR": (decays.CosineAnnealingLR, "T_max", "eta_min"),
    "CosineAnnealingWarmRestarts": (decays.CosineAnnealingWarmRestarts, "T_0", "T_mult", "eta_min"),
    "SWALR": (decays.SWALR, "anneal_epochs"),
}
"""Our function, and the attributes of the scheduler that are its arguments."""

KNOWN = (*MAKERS, "CyclicLR", "OneCycleLR", "SequentialLR", "ChainedScheduler", "ScheduleLR", "ControllerLR")
KNOWN += ("ReduceLROnPlateau", "GreedyLR")

FORMULAS = ("get_lr", "_get_closed_form_lr", "step", "_update_lr", "_reduce_lr", "_increase_lr", "_anneal_func")
FORMULAS += ("_is_better", "is_better")
"""What a subclass must leave alone if it is to have the values of its class."""


def _kind_of(scheduler: Any, argument: str = "scheduler") -> str:
    """The class of torch that a scheduler is of."""
    changed = []
    for cls in type(scheduler).__mro__:
        if cls.__name__ in KNOWN:
            if changed:
                raise TypeError(
                    f"`{argument}` is a {type(scheduler).__name__}, which overrides `{changed[0]}` of {cls.__name__}: "
                    f"its values are not known. Write it as a function of the epoch, for `LambdaLR`."
                )
            return cls.__name__
        changed += [name for name in FORMULAS if name in vars(cls)]
    name = f"{type(scheduler).__module__}.{type(scheduler).__qualname__}"
    raise TypeError(f"`{argument}` must be a scheduler of torch: got a {name}. Known are {', '.join(KNOWN)}.")


def _plain(x: Any) -> Any:
    """A number of Python for a tensor of one."""
    return x.item() if hasattr(x, "item") and not isinstance(x, np.ndarray) else x
