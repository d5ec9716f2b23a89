"""The way back: schedules and controllers as live schedulers of torch, which is imported when one is made."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jaxsched as js
from jaxsched.compat._away import one_of
from jaxsched.kinds import ControllerLike, is_list, shown

if TYPE_CHECKING:
    from torch.optim import Optimizer  # pyright: ignore[reportMissingImports]
    from torch.optim.lr_scheduler import LRScheduler  # pyright: ignore[reportMissingImports]
else:
    # What the signature shows, without an import of torch.
    Optimizer = type("Optimizer", (), {"__module__": "torch.optim"})
    LRScheduler = type("LRScheduler", (), {"__module__": "torch.optim.lr_scheduler"})


def to_scheduler(
    optimizer: Optimizer, schedule: ControllerLike | Sequence[ControllerLike], last_epoch: int = -1
) -> LRScheduler:
    """A schedule as a scheduler of torch: after n calls of its `step()` every group's rate is `float(schedule(n))`.

    The value of the schedule *is* the rate, whatever rate the optimizer was made with. The result is an `LRScheduler`:
    it can be one of the schedulers of a `SequentialLR`, and goes into the `optimizers` of Hugging Face's `Trainer`. In
    a `ChainedScheduler` it sets the rate, as `LambdaLR` does; to multiply schedules write `a * b`. The momentum is left
    alone.

    A list has one schedule for each parameter group. For rates in the proportions that the groups have, make a
    schedule of factors and pass `[factors * group["lr"] for group in optimizer.param_groups]`.

    `state_dict()` holds the schedule as data (`jaxsched.to_dict`) beside the position, so `load_state_dict` brings
    both back, in a new process too; it warns if the script has another schedule by now, which
    `state.pop("schedules")` keeps. A function that is not data is not stored, as in `LambdaLR`: the script's is kept.
    `from_scheduler` gives the schedule back.

    A controller becomes a `ReduceLROnPlateau`: `step(metrics)` is a step and an observation, and what calls torch's,
    as `Trainer` does after each evaluation, calls it too. Besides, `step()` is a step without an observation, and
    `observe(metrics)` an observation without a step, for loops that step at each update and evaluate now and then.

    JAX computes on the CPU here, one number at each step. torch is imported when this is called.

    Args:
        optimizer: torch's optimizer; its rates are set.
        schedule: a schedule, number, function of the step that JAX can trace, or controller: one for all parameter
            groups, or a list with one for each.
        last_epoch: the last step that was made, if the run goes on without a `state_dict`; the next is one later.

    Raises:
        ImportError: torch is not installed.
        TypeError: `optimizer` is none of torch's; `schedule` is no schedule, a stack, or a mixture of schedules and
            controllers.
        ValueError: a list whose length is not the number of groups; one schedule for groups whose rates differ, which
            would make them equal; `last_epoch` below -1, or with a controller, which has a state instead.

    Examples:
        >>> import torch  # doctest: +SKIP
        >>> from jaxsched.compat.torch import to_scheduler
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)  # doctest: +SKIP
        >>> scheduler = to_scheduler(optimizer, jaxsched.Linear(0.5, 0.0, steps=4))  # doctest: +SKIP
        >>> optimizer.step(); scheduler.step(); scheduler.get_last_lr()  # doctest: +SKIP
        [0.375]
    """
    try:
        from jaxsched.compat.torch._schedulers import ControllerLR, ScheduleLR, is_optimizer
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise ImportError("`to_scheduler` needs torch: pip install torch.") from error
    if not is_optimizer(optimizer):
        raise TypeError(f"`optimizer` must be an optimizer of torch: got {shown(optimizer)}.")
    _check_position(last_epoch)
    made = _for_groups(schedule, optimizer.param_groups)
    controllers = [isinstance(each, js.Controller) for each in made]
    if not any(controllers):
        return ScheduleLR(optimizer, made, last_epoch)
    if not all(controllers):
        raise TypeError(
            f"`schedule` must be schedules or controllers, not both: got {shown(schedule)}. Pass "
            f"`jaxsched.reduce_on_plateau(schedule, patience=2**31 - 1)` for a group that is never cut."
        )
    if last_epoch != -1:
        raise ValueError(f"`last_epoch` must be -1 with a controller: got {last_epoch}. Use its `load_state_dict`.")
    return ControllerLR(optimizer, made)


def _check_position(last_epoch: Any) -> None:
    if isinstance(last_epoch, bool) or not isinstance(last_epoch, int):
        raise TypeError(f"`last_epoch` must be an int: got {shown(last_epoch)}.")
    if last_epoch < -1:
        raise ValueError(f"`last_epoch` must be at least -1, before the first step: got {last_epoch}.")


def _for_groups(schedule: Any, groups: Sequence[dict[str, Any]]) -> list[Any]:
    """The schedules: one for all groups, or as many as there are groups."""
    if is_list(schedule):
        if len(schedule) != len(groups):
            raise ValueError(
                f"`schedule` must have one schedule for each of the {len(groups)} parameter groups: "
                f"got {len(schedule)}."
            )
        return [one_of(f"schedule[{i}]", each) for i, each in enumerate(schedule)]
    rates = sorted({float(group.get("initial_lr", group["lr"])) for group in groups})
    if len(rates) > 1:
        raise ValueError(
            f"`schedule` must be a list with one schedule for each parameter group, since their rates differ: {rates}. "
            f"Pass `[factors * group['lr'] for group in optimizer.param_groups]`, or for equal rates "
            f"`[schedule] * {len(groups)}`."
        )
    return [one_of("schedule", schedule)]
