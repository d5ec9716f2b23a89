"""`CyclicLR` and `OneCycleLR` with the momentum beside them."""

from collections.abc import Callable
from typing import Any, Literal

import jax.numpy as jnp

import jaxsched as js
from jaxsched.compat._foreign import LastEpoch, Span, Steps, Verbose, foreign
from jaxsched.compat._functions import as_factor
from jaxsched.compat.torch._fractions import Faster, in_parts
from jaxsched.compat.torch._kinds import PhasePart, Rate, Strategy
from jaxsched.compat.torch._rules import Sets
from jaxsched.compat.torch._words import in_its_words
from jaxsched.kinds import Factor, Level, Positive, is_traced
from jaxsched.numerics import as_real

SHAPES = {"cos": (js.Cosine, js.CosineInterpolated), "linear": (js.Linear, js.Interpolated)}
CYCLIC: Any = {
    "groups": ("lr", "base_lr", "max_lr", "base_momentum", "max_momentum"),
    "names": {"up": "step_size_up", "down": "step_size_down", "fn": "scale_fn"},
}
ONE_CYCLE: Any = {
    "groups": ("lr", "max_lr", "base_momentum", "max_momentum"),
    "names": {"boundaries": "total_steps", "steps": "total_steps"},
}


@in_its_words
@foreign(**CYCLIC)
def CyclicLR(
    lr: Rate | None = None,
    base_lr: Rate | None = None,
    max_lr: Rate | None = None,
    step_size_up: Span = 2000,
    step_size_down: js.Count | None = None,
    mode: str = "triangular",
    gamma: Factor = 1.0,
    scale_fn: Callable[[Any], Any] | None = None,
    scale_mode: Literal["cycle", "iterations"] = "cycle",
    cycle_momentum: bool = True,
    base_momentum: Level = 0.8,
    max_momentum: Level = 0.9,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    """`torch.optim.lr_scheduler.CyclicLR`: triangles from `base_lr` to `max_lr`. The momentum is `CyclicMomentum`.

    `lr` stands in the place of the optimizer, and has no effect, as in torch: it may be left out, as in
    `CyclicLR(0.1, 1.0)`. All that follows `max_lr` is better passed by its name.

    `scale_fn` may be any function of a Python int, as `lr_lambda` of `LambdaLR` may.

    Raises:
        ValueError: `mode` is unknown and there is no `scale_fn`.

    Examples:
        >>> [round(float(schedulers.CyclicLR(0.1, 0.1, 1.0, 2, 3)(t)), 6) for t in (0, 1, 2, 3, 5)]
        [0.1, 0.55, 1.0, 0.7, 0.1]
    """
    del cycle_momentum, base_momentum, max_momentum
    base_lr, max_lr = _ends(lr, base_lr, max_lr)
    return Sets(_triangles(base_lr, max_lr, step_size_up, step_size_down, mode, gamma, scale_fn, scale_mode))


@in_its_words
@foreign(**CYCLIC)
def CyclicMomentum(
    lr: Rate | None = None,
    base_lr: Rate | None = None,
    max_lr: Rate | None = None,
    step_size_up: Span = 2000,
    step_size_down: js.Count | None = None,
    mode: str = "triangular",
    gamma: Factor = 1.0,
    scale_fn: Callable[[Any], Any] | None = None,
    scale_mode: Literal["cycle", "iterations"] = "cycle",
    cycle_momentum: bool = True,
    base_momentum: Level = 0.8,
    max_momentum: Level = 0.9,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    """The momentum, or first beta, that `CyclicLR` of the same arguments sets: highest where the rate is lowest.

    Raises:
        ValueError: as `CyclicLR`, or `cycle_momentum` is false.

    Examples:
        >>> [round(float(schedulers.CyclicMomentum(0.1, 0.1, 1.0, 2)(t)), 6) for t in (0, 1, 2, 4)]
        [0.9, 0.85, 0.8, 0.9]
    """
    _ends(lr, base_lr, max_lr)
    _check_cycles("CyclicLR", cycle_momentum)
    shape = (step_size_up, step_size_down, mode, gamma, scale_fn, scale_mode)
    return _triangles(max_momentum, base_momentum, *shape)


def _ends(lr: Any, base_lr: Any, max_lr: Any) -> tuple[Any, Any]:
    """The ends of the triangles. torch sets the optimizer's rate to `base_lr`, so one of the two may be left out."""
    rates = [each for each in (lr, base_lr) if each is not None]
    if max_lr is None and len(rates) == 2:
        return rates[0], rates[1]
    if max_lr is None or not rates:
        raise TypeError(f"`{'max_lr' if rates else 'base_lr'}` must be given: a cycle goes from `base_lr` to `max_lr`.")
    return rates[-1], max_lr


def _triangles(foot, peak, up, down, mode, gamma, scale_fn, scale_mode) -> js.Schedule:
    """From the foot to the peak and back, again and again."""
    (up, down), parts = in_parts(up, up if down is None else down)
    faster = lambda schedule: schedule if parts == 1 else Faster(schedule, parts)  # noqa: E731
    if scale_fn is None:
        step = gamma ** (1 / parts) if str(mode) == "exp_range" else 1.0
        return faster(js.cyclic(foot, peak, up, down, mode, step))  # which checks `mode`
    scale = as_factor("scale_fn", scale_fn, first=1 if scale_mode == "cycle" else 0)
    scale = faster(js.per_epoch(scale, up + down)) if scale_mode == "cycle" else scale
    return js.nodes.Blend(foot, peak, faster(js.cyclic(0.0, 1.0, up, down)) * scale)


@in_its_words
@foreign(**ONE_CYCLE)
def OneCycleLR(
    lr: Rate | None = None,
    max_lr: Rate | None = None,
    total_steps: Steps | None = None,
    epochs: Steps | None = None,
    steps_per_epoch: Steps | None = None,
    pct_start: PhasePart = 0.3,
    anneal_strategy: Strategy = "cos",
    cycle_momentum: bool = True,
    base_momentum: Level = 0.85,
    max_momentum: Level = 0.95,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
    three_phase: bool = False,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    """`torch.optim.lr_scheduler.OneCycleLR`: up from `max_lr / div_factor` to `max_lr`, and down, within `total_steps`.

    `lr` stands in the place of the optimizer, and is the peak where `max_lr` is left out. As in torch, the peak is at
    `pct_start * total_steps - 1` and the end at `total_steps - 1`. After the end the value is held; torch's rises
    again, or falls below 0, and then raises. A way up of no steps begins at the peak; in torch it is a division by 0.
    The momentum is `OneCycleMomentum`.

    Raises:
        ValueError: no `total_steps` nor `epochs` and `steps_per_epoch`.

    Examples:
        >>> [round(float(schedulers.OneCycleLR(1.0, total_steps=10)(t)), 6) for t in (0, 1, 2, 9)]
        [0.04, 0.52, 1.0, 4e-06]
    """
    del cycle_momentum, base_momentum, max_momentum
    low, total = 1.0 / div_factor, _total(total_steps, epochs, steps_per_epoch)
    return Sets(
        _peak(lr, max_lr) * _phases(low, 1.0, low / final_div_factor, total, pct_start, anneal_strategy, three_phase)
    )


@in_its_words
@foreign(**ONE_CYCLE)
def OneCycleMomentum(
    lr: Rate | None = None,
    max_lr: Rate | None = None,
    total_steps: Steps | None = None,
    epochs: Steps | None = None,
    steps_per_epoch: Steps | None = None,
    pct_start: PhasePart = 0.3,
    anneal_strategy: Strategy = "cos",
    cycle_momentum: bool = True,
    base_momentum: Level = 0.85,
    max_momentum: Level = 0.95,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
    three_phase: bool = False,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    """The momentum, or first beta, that `OneCycleLR` of the same arguments sets: lowest where the rate is highest.

    Raises:
        ValueError: as `OneCycleLR`, or `cycle_momentum` is false.

    Examples:
        >>> [round(float(schedulers.OneCycleMomentum(1.0, total_steps=10)(t)), 6) for t in (0, 1, 2, 9)]
        [0.95, 0.9, 0.85, 0.95]
    """
    del div_factor, final_div_factor
    _peak(lr, max_lr)
    _check_cycles("OneCycleLR", cycle_momentum)
    high, total = max_momentum, _total(total_steps, epochs, steps_per_epoch)
    return _phases(high, base_momentum, high, total, pct_start, anneal_strategy, three_phase)


def _phases(first, peak, end, total, pct_start, anneal_strategy, three_phase) -> js.Schedule:
    """From the first value to that at the peak and to the last."""
    ramp, points = SHAPES[anneal_strategy]
    last = as_real(total) - 1
    up = pct_start * (last + 1.0) - 1.0
    times, values = [0, up, last], [first, peak, end]
    if three_phase:
        times, values = [0, up, 2 * up, last], [first, peak, first, end]
    if is_traced(last) or is_traced(up):
        return points([jnp.clip(time, 0, last) for time in times], values)
    if up < 0:  # it begins inside the last phase, which would have begun before step 0
        start, gone = values[-2], -times[-2]
        if anneal_strategy == "linear":  # a line from where it is at step 0
            return ramp(start + (end - start) * gone / (last + gone), end, steps=last)
        (length, before), parts = in_parts(last + gone, gone)
        moved = js.advance(ramp(start, end, steps=length), before)
        return moved if parts == 1 else Faster(moved, parts)
    begun = 2 + sum(time < last for time in times[1:-1])
    return points(times[:begun], values[:begun])


def _peak(lr: Any, max_lr: Any) -> Any:
    if lr is None and max_lr is None:
        raise TypeError("`max_lr` must be given, or `lr`: it is the rate at the peak.")
    return lr if max_lr is None else max_lr


def _total(total_steps, epochs, steps_per_epoch) -> Any:
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ValueError(
            "`total_steps` must be given, or both `epochs` and `steps_per_epoch`. In torch's words: You must define "
            "either total_steps OR (epochs AND steps_per_epoch)"
        )
    return epochs * steps_per_epoch if total_steps is None else total_steps


def _check_cycles(name: str, cycle_momentum: bool) -> None:
    if not cycle_momentum:
        raise ValueError(f"`cycle_momentum` must be true: `{name}` leaves the momentum alone otherwise.")
