"""`CyclicLR` and `OneCycleLR` with the momentum beside them."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

import jaxsched as js
from jaxsched.compat._arguments import as_real
from jaxsched.compat._functions import as_factor
from jaxsched.compat.torch._arguments import (
    Number,
    Schedules,
    for_each_group,
    integer,
    is_known,
    not_negative,
    one_of,
    positive,
    rate,
)
from jaxsched.compat.torch._fractions import Faster, in_parts
from jaxsched.compat.torch._rules import Sets

MODES = ("triangular", "triangular2", "exp_range")
SHAPES = {"cos": (js.Cosine, js.CosineInterpolated), "linear": (js.Linear, js.Interpolated)}


def CyclicLR(
    base_lr: Number,
    max_lr: Number,
    step_size_up: Number = 2000,
    step_size_down: Number | None = None,
    mode: str = "triangular",
    gamma: Number = 1.0,
    scale_fn: Callable[[Any], Any] | None = None,
    scale_mode: str = "cycle",
    cycle_momentum: bool = True,
    base_momentum: Number = 0.8,
    max_momentum: Number = 0.9,
) -> Schedules:
    """`torch.optim.lr_scheduler.CyclicLR`: triangles from `base_lr` to `max_lr`. The momentum is `CyclicMomentum`.

    `scale_fn` may be any function of a Python int, as `lr_lambda` of `LambdaLR` may.

    Raises:
        ValueError: `mode` is unknown and there is no `scale_fn`, an unknown `scale_mode`, a size that is not positive,
            or lists of different lengths.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> [round(float(schedulers.CyclicLR(0.1, 1.0, 2, 3)(t)), 6) for t in (0, 1, 2, 3, 5)]
        [0.1, 0.55, 1.0, 0.7, 0.1]
    """
    del cycle_momentum, base_momentum, max_momentum
    weight = _triangles(step_size_up, step_size_down, mode, gamma, scale_fn, scale_mode)

    def one(base_lr, max_lr):
        return Sets(weight(rate("base_lr", base_lr), rate("max_lr", max_lr)))

    return for_each_group(one, base_lr=base_lr, max_lr=max_lr)


def CyclicMomentum(
    base_lr: Number,
    max_lr: Number,
    step_size_up: Number = 2000,
    step_size_down: Number | None = None,
    mode: str = "triangular",
    gamma: Number = 1.0,
    scale_fn: Callable[[Any], Any] | None = None,
    scale_mode: str = "cycle",
    cycle_momentum: bool = True,
    base_momentum: Number = 0.8,
    max_momentum: Number = 0.9,
) -> Schedules:
    """The momentum, or first beta, that `CyclicLR` of the same arguments sets: highest where the rate is lowest.

    Raises:
        ValueError: as `CyclicLR`, or `cycle_momentum` is false.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> [round(float(schedulers.CyclicMomentum(0.1, 1.0, 2)(t)), 6) for t in (0, 1, 2, 4)]
        [0.9, 0.85, 0.8, 0.9]
    """
    _cycles("CyclicLR", cycle_momentum)
    weight = _triangles(step_size_up, step_size_down, mode, gamma, scale_fn, scale_mode)

    def one(base_lr, max_lr, base_momentum, max_momentum):
        return weight(rate("max_momentum", max_momentum), rate("base_momentum", base_momentum))

    lists = {"base_lr": base_lr, "max_lr": max_lr, "base_momentum": base_momentum, "max_momentum": max_momentum}
    return for_each_group(one, **lists)


def _triangles(up, down, mode, gamma, scale_fn, scale_mode) -> Callable[[Any, Any], js.Schedule]:
    """A function from the foot and the peak to the schedule."""
    positive("step_size_up", up, "It is the length of the way up.")
    down = up if down is None else down
    not_negative("step_size_down", down, "It is the length of the way down.")
    (up, down), parts = in_parts(up, down)
    faster = lambda schedule: schedule if parts == 1 else Faster(schedule, parts)  # noqa: E731
    if scale_fn is None:
        one_of("mode", mode, MODES)  # or pass `scale_fn`
        not_negative("gamma", gamma)
        step = gamma ** (1 / parts) if mode == "exp_range" else 1.0
        return lambda low, high: faster(js.cyclic(low, high, up, down, mode, step))
    one_of("scale_mode", scale_mode, ("cycle", "iterations"))
    scale = as_factor("scale_fn", (lambda i: scale_fn(i + 1)) if scale_mode == "cycle" else scale_fn)
    scale = faster(js.per_epoch(scale, up + down)) if scale_mode == "cycle" else scale
    return lambda low, high: js.nodes.Blend(low, high, faster(js.cyclic(0.0, 1.0, up, down)) * scale)


def OneCycleLR(
    max_lr: Number,
    total_steps: Number | None = None,
    epochs: Number | None = None,
    steps_per_epoch: Number | None = None,
    pct_start: Number = 0.3,
    anneal_strategy: str = "cos",
    cycle_momentum: bool = True,
    base_momentum: Number = 0.85,
    max_momentum: Number = 0.95,
    div_factor: Number = 25.0,
    final_div_factor: Number = 1e4,
    three_phase: bool = False,
) -> Schedules:
    """`torch.optim.lr_scheduler.OneCycleLR`: up from `max_lr / div_factor` to `max_lr`, and down, within `total_steps`.

    As there, the peak is at `pct_start * total_steps - 1` and the end at `total_steps - 1`. After the end the value
    is held; there it rises again, or falls below 0, and then raises. A way up of no steps begins at the peak; there it
    is a division by 0. The momentum is `OneCycleMomentum`.

    Raises:
        ValueError: no `total_steps` nor `epochs` and `steps_per_epoch`, one that is not a positive int, a `pct_start`
            that is no float between 0 and 1, an unknown `anneal_strategy`, or lists of different lengths.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> [round(float(schedulers.OneCycleLR(1.0, total_steps=10)(t)), 6) for t in (0, 1, 2, 9)]
        [0.04, 0.52, 1.0, 4e-06]
    """
    del cycle_momentum, base_momentum, max_momentum
    phases = _phases(total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, three_phase)
    positive("div_factor", div_factor, "The first value is `max_lr / div_factor`.")
    positive("final_div_factor", final_div_factor, "The last value is the first over it.")
    low = 1.0 / div_factor
    shape = phases(low, 1.0, low / final_div_factor)
    return for_each_group(lambda max_lr: Sets(js.scale(shape, rate("max_lr", max_lr))), max_lr=max_lr)


def OneCycleMomentum(
    max_lr: Number,
    total_steps: Number | None = None,
    epochs: Number | None = None,
    steps_per_epoch: Number | None = None,
    pct_start: Number = 0.3,
    anneal_strategy: str = "cos",
    cycle_momentum: bool = True,
    base_momentum: Number = 0.85,
    max_momentum: Number = 0.95,
    div_factor: Number = 25.0,
    final_div_factor: Number = 1e4,
    three_phase: bool = False,
) -> Schedules:
    """The momentum, or first beta, that `OneCycleLR` of the same arguments sets: lowest where the rate is highest.

    Raises:
        ValueError: as `OneCycleLR`, or `cycle_momentum` is false.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> [round(float(schedulers.OneCycleMomentum(1.0, total_steps=10)(t)), 6) for t in (0, 1, 2, 9)]
        [0.95, 0.9, 0.85, 0.95]
    """
    del div_factor, final_div_factor
    _cycles("OneCycleLR", cycle_momentum)
    phases = _phases(total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, three_phase)

    def one(max_lr, base_momentum, max_momentum):
        high = rate("max_momentum", max_momentum)
        return phases(high, rate("base_momentum", base_momentum), high)

    return for_each_group(one, max_lr=max_lr, base_momentum=base_momentum, max_momentum=max_momentum)


def _phases(total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, three_phase) -> Callable[..., Any]:
    """A function from the first value, that at the peak and the last to the schedule."""
    last = as_real(_total(total_steps, epochs, steps_per_epoch)) - 1
    if is_known(pct_start) and (not 0 <= pct_start <= 1 or isinstance(pct_start, int)):
        raise ValueError(f"`pct_start` must be a float between 0 and 1: got {pct_start!r}.")
    one_of("anneal_strategy", anneal_strategy, tuple(SHAPES))
    ramp, points = SHAPES[anneal_strategy]
    up = pct_start * (last + 1.0) - 1.0
    times, known = [0, up, 2 * up, last] if three_phase else [0, up, last], is_known(last, up)
    if known and up < 0:  # it begins inside the last phase, which would have begun before step 0
        gone = -times[-2]
        return lambda first, peak, end: js.advance(ramp(first if three_phase else peak, end, steps=last + gone), gone)
    begun = 2 + sum(time < last for time in times[1:-1]) if known else len(times)
    times = times[:begun] if known else [jnp.clip(time, 0, last) for time in times]
    return lambda *values: points(([*values[:2], values[0], values[2]] if three_phase else values)[:begun], times)


def _total(total_steps, epochs, steps_per_epoch):
    if total_steps is not None:
        return integer("total_steps", total_steps, 1)
    if epochs is None or steps_per_epoch is None:
        raise ValueError("`total_steps` must be given, or both `epochs` and `steps_per_epoch`.")
    return integer("epochs", epochs, 1) * integer("steps_per_epoch", steps_per_epoch, 1)


def _cycles(name: str, cycle_momentum: bool) -> None:
    if not cycle_momentum:
        raise ValueError(f"`cycle_momentum` must be true: `{name}` leaves the momentum alone otherwise.")
