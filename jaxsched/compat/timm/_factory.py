"""timm's schedulers by the names that its command line has for them."""

import inspect
import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

import jaxsched as js
from jaxsched.compat._foreign import Rate, did_you_mean, foreign
from jaxsched.compat.timm._cycles import CosineLRScheduler, PolyLRScheduler, TanhLRScheduler
from jaxsched.compat.timm._parts import DecayFn, Epochs
from jaxsched.compat.timm._steps import MultiStepLRScheduler, PlateauLRScheduler, StepLRScheduler, WSDLRScheduler
from jaxsched.kinds import Counts, Key, Whole, is_list, renamed, shown

SCHEDULERS: dict[str, Any] = {"cosine": CosineLRScheduler, "tanh": TanhLRScheduler, "step": StepLRScheduler}
SCHEDULERS |= {"constant": StepLRScheduler, "multistep": MultiStepLRScheduler, "plateau": PlateauLRScheduler}
SCHEDULERS |= {"poly": PolyLRScheduler, "wsd": WSDLRScheduler, "rsqrt": WSDLRScheduler, "none": js.Constant}

DEFAULTS: dict[str, Any] = {"epochs": 100, "decay_epochs": 30, "decay_milestones": [30, 60], "warmup_epochs": 5}
DEFAULTS |= {"cooldown_epochs": 0, "patience_epochs": 10, "decay_rate": 0.1, "min_lr": 0.0, "warmup_lr": 1e-5}
DEFAULTS |= {"warmup_prefix": False, "lr_noise": None, "lr_noise_pct": 0.67, "lr_noise_std": 1.0, "seed": 42}
DEFAULTS |= {"lr_cycle_mul": 1.0, "lr_cycle_decay": 0.1, "lr_cycle_limit": 1, "lr_k_decay": 1.0}
DEFAULTS |= {"lr_decay_fn": None, "lr_stable_timescale": None}
"""The arguments of the command line and their defaults on it."""

OURS = {"epochs": "num_epochs", "seed": "noise_seed"}
"""What the factory calls some of them. The others it calls the same, without `lr_`."""

NAMES = {"lr_min": "min_lr", "warmup_lr_init": "warmup_lr", "warmup_t": "warmup_epochs", "t_initial": "num_epochs"}
NAMES |= {"patience_t": "patience_epochs", "noise_range_t": "noise", "power": "decay_rate", "x": "lr"}


@foreign(names=NAMES)
def create_scheduler_v2(
    lr: Any,
    sched: str = "cosine",
    num_epochs: Epochs = 300,
    decay_epochs: Epochs | None = None,
    decay_milestones: Counts = (90, 180, 270),
    cooldown_epochs: Epochs = 0,
    patience_epochs: Whole = 10,
    decay_rate: js.Numeric = 0.1,
    min_lr: Rate = 0.0,
    warmup_lr: Rate = 1e-5,
    warmup_epochs: Epochs = 0,
    warmup_prefix: bool = False,
    noise: js.Numeric | Sequence[js.Numeric] | None = None,
    noise_pct: js.Numeric = 0.67,
    noise_std: js.Numeric = 1.0,
    noise_seed: Key | None = 42,
    cycle_mul: js.Numeric = 1.0,
    cycle_decay: js.Numeric = 0.1,
    cycle_limit: Whole = 1,
    k_decay: js.Numeric = 1.0,
    decay_fn: DecayFn | None = None,
    stable_timescale: js.Numeric | None = None,
    plateau_mode: Literal["min", "max"] = "max",
    step_on_epochs: bool = True,
    updates_per_epoch: Epochs = 0,
) -> tuple[Any, int]:
    """timm's `create_scheduler_v2`: a scheduler by its name, and the number of epochs to train.

    "none" is the constant `lr`, where timm has no scheduler. Counts must be known.

    Args:
        lr: a learning rate, or a list with one for each parameter group.
        noise: where in the run noise begins, as a part of it, or where it begins and where it ends.

    Raises:
        ValueError: an unknown `sched`, or one that cannot step on updates; what the scheduler itself refuses.

    Examples:
        >>> lr, epochs = scheduler.create_scheduler_v2(1.0, "cosine", num_epochs=10, warmup_epochs=2, cooldown_epochs=5)
        >>> float(lr(0)), float(lr(10)), epochs
        (9.999999747378752e-06, 0.0, 15)
    """
    if not isinstance(sched, str) or sched not in SCHEDULERS:
        close = did_you_mean(sched, SCHEDULERS) if isinstance(sched, str) else ""
        raise ValueError(
            f"`sched` must be one of {', '.join(map(repr, SCHEDULERS))}: got {shown(sched)}. {close}".rstrip()
        )
    if not step_on_epochs and not updates_per_epoch > 0:
        raise ValueError(
            f"`updates_per_epoch` must be greater than 0: got {shown(updates_per_epoch)}. "
            f"Or pass `step_on_epochs=True`."
        )
    if sched == "plateau" and not step_on_epochs:
        raise ValueError("`step_on_epochs` must be true for 'plateau': it looks at one metric an epoch.")
    per_epoch = 1 if step_on_epochs else updates_per_epoch
    if decay_epochs is None:  # step, or a part of the whole
        decay_epochs = 0.2 if sched in ("wsd", "rsqrt") else 90
    t_initial, warmup_t = num_epochs * per_epoch, warmup_epochs * per_epoch
    total = num_epochs + (warmup_epochs if warmup_prefix else 0)

    # What any of them has an argument for.
    given: dict[str, Any] = {"warmup_t": warmup_t, "warmup_lr_init": warmup_lr, "warmup_prefix": warmup_prefix}
    given |= {"noise_pct": noise_pct, "noise_std": noise_std, "noise_seed": noise_seed, "lr_min": min_lr}
    given |= {"cycle_mul": cycle_mul, "cycle_decay": cycle_decay, "cycle_limit": cycle_limit, "k_decay": k_decay}
    given |= {"t_initial": t_initial, "decay_t": decay_epochs * per_epoch, "decay_rate": decay_rate}
    given |= {"power": decay_rate, "patience_t": patience_epochs, "mode": plateau_mode}
    if noise is not None:
        parts: Any = noise
        given["noise_range_t"] = (parts[0] if np.shape(parts) == (1,) else parts) * t_initial

    if sched == "none":
        return [js.as_schedule(each) for each in lr] if is_list(lr) else js.as_schedule(lr), total
    if sched == "constant":
        given |= {"decay_t": 1, "decay_rate": 1.0}
    elif sched == "multistep":
        given["decay_t"] = [each * per_epoch for each in decay_milestones]
    elif sched in ("cosine", "tanh", "poly"):
        length = _cycle_length(t_initial, cycle_mul, cycle_limit) + (warmup_t if warmup_prefix else 0)
        total = (length + cooldown_epochs * per_epoch) // per_epoch
    elif sched in ("wsd", "rsqrt"):
        timescale = None if stable_timescale is None else stable_timescale * per_epoch
        stable, shape = ("rsqrt", "linear") if sched == "rsqrt" else ("constant", "1-sqrt")
        length = t_initial if warmup_prefix else t_initial - warmup_t
        decay_t = round(decay_epochs * (length if 0 < decay_epochs < 1 else per_epoch))
        if not 0 < decay_t <= length:
            base = "`num_epochs`" if warmup_prefix else "`num_epochs` - `warmup_epochs`"
            raise ValueError(
                f"`decay_epochs` must come to 1 to {length} steps for {shown(sched)}: got {shown(decay_epochs)}, which "
                f"is {decay_t}. It is a part of {base}."
            )
        given |= {"t_initial": length, "decay_t": decay_t, "decay_fn": decay_fn or shape}
        given |= {"stable_fn": stable, "stable_timescale": timescale}
        total = (warmup_t + length + cooldown_epochs * per_epoch) // per_epoch
    takes = inspect.signature(SCHEDULERS[sched]).parameters
    return SCHEDULERS[sched](lr, **{name: x for name, x in given.items() if name in takes}), total


@foreign
def create_scheduler(args: Any, lr: Any, updates_per_epoch: int = 0) -> tuple[Any, int]:
    """timm's `create_scheduler`: `create_scheduler_v2` from the command line's arguments.

    Args:
        args: those arguments, with `sched` among them.
        lr: a learning rate, or a list with one for each parameter group.

    Examples:
        >>> from types import SimpleNamespace
        >>> lr, epochs = scheduler.create_scheduler(SimpleNamespace(sched="step", epochs=90, warmup_epochs=0), 1.0)
        >>> round(float(lr(60)), 6), epochs
        (0.01, 90)
    """
    with renamed({"cfg": "args"}):
        kwargs = scheduler_kwargs(args)
    return create_scheduler_v2(lr, **kwargs, updates_per_epoch=updates_per_epoch)


@foreign
def scheduler_kwargs(cfg: Any, decreasing_metric: bool | None = None) -> dict[str, Any]:
    """timm's `scheduler_kwargs`: the command line's arguments under the names of `create_scheduler_v2`.

    Args:
        cfg: those arguments, with `sched` among them.

    Examples:
        >>> from types import SimpleNamespace
        >>> scheduler.scheduler_kwargs(SimpleNamespace(sched="tanh", lr_noise_pct=0.5))["noise_pct"]
        0.5
    """
    if not hasattr(cfg, "sched"):
        raise TypeError(
            f"`cfg` must hold the command line's arguments, and `sched` among them: got {shown(cfg)}. "
            f"Of a dict make an `argparse.Namespace(**...)`."
        )
    falls = "loss" in getattr(cfg, "eval_metric", "top1") if decreasing_metric is None else decreasing_metric
    kwargs = {OURS.get(x, x.removeprefix("lr_")): getattr(cfg, x, default) for x, default in DEFAULTS.items()}
    step_on_epochs = not getattr(cfg, "sched_on_updates", False)
    plateau_mode = "min" if falls else "max"
    return {"sched": cfg.sched, **kwargs, "plateau_mode": plateau_mode, "step_on_epochs": step_on_epochs}


def _cycle_length(t_initial: Any, mul: Any, limit: Any) -> int:
    cycles = max(1, limit)
    if mul == 1:
        return t_initial * cycles
    return math.floor(-t_initial * (mul**cycles - 1) / (1 - mul))
