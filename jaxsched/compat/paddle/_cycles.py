"""Paddle's schedulers that rise as well as fall, and the one that looks at a metric."""

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

import jaxsched as js
from jaxsched.compat import _foreign
from jaxsched.compat._foreign import ExpGamma, Gamma, LastEpoch, Period, PhasePart, Rate, Steps, Verbose, foreign
from jaxsched.compat._functions import as_factor
from jaxsched.compat._plateau import FACTOR_OF_ZERO, reduce_lr
from jaxsched.compat._wave import there_and_back
from jaxsched.compat.paddle._words import in_its_words
from jaxsched.kinds import Level, NotNegative, Positive, Whole, is_traced, shown
from jaxsched.numerics import as_real, largest


@in_its_words
@foreign(names={"steps": "warmup_steps"})
def LinearWarmup(
    learning_rate: js.ScheduleLike,
    warmup_steps: Steps,
    start_lr: Rate,
    end_lr: Level,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    """`paddle.optimizer.lr.LinearWarmup`: a line from `start_lr` to `end_lr`, then `learning_rate`.

    `learning_rate` is a number or a schedule, which begins at its own step 0 after the warmup. As in Paddle, it need
    not begin at `end_lr`.

    Raises:
        TypeError: `learning_rate` is a controller, such as `ReduceOnPlateau`.
        ValueError: `end_lr` does not exceed `start_lr`.

    Examples:
        >>> decay = lr.StepDecay(1.0, step_size=2, gamma=0.5)
        >>> lr.LinearWarmup(decay, warmup_steps=2, start_lr=0.0, end_lr=1.0)(np.arange(6)).tolist()
        [0.0, 0.5, 1.0, 1.0, 0.5, 0.5]
    """
    if not is_traced(start_lr) and not is_traced(end_lr) and np.any(np.asarray(end_lr) <= np.asarray(start_lr)):
        raise ValueError(f"`end_lr` must be greater than `start_lr`: got {end_lr!r} and {start_lr!r}. It warms up.")
    return js.join([js.Linear(start_lr, end_lr, steps=warmup_steps), learning_rate], [warmup_steps])


@in_its_words
@foreign(names={"steps": "T_max"})
def CosineAnnealingDecay(
    learning_rate: Rate, T_max: Steps, eta_min: Level = 0, last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`paddle.optimizer.lr.CosineAnnealingDecay`: $e + (l - e)\,\tfrac12 (1 + \cos \pi t / n)$, up and down for ever.

    Examples:
        >>> [round(float(lr.CosineAnnealingDecay(1.0, 2)(t)), 3) for t in range(5)]
        [1.0, 0.5, 0.0, 0.5, 1.0]
    """
    return there_and_back(learning_rate, eta_min, T_max)


@in_its_words
@foreign(names={"steps": "T_0", "period": "T_0", "growth": "T_mult"})
def CosineAnnealingWarmRestarts(
    learning_rate: Rate,
    T_0: Period,
    T_mult: Period = 1,
    eta_min: Level = 0,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    """`paddle.optimizer.lr.CosineAnnealingWarmRestarts`: half a cosine wave again and again, `T_mult` times as long.

    Examples:
        >>> [round(float(lr.CosineAnnealingWarmRestarts(1.0, 2, 2)(t)), 3) for t in range(7)]
        [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """
    return js.cycle(js.Cosine(learning_rate, eta_min, steps=T_0), T_0, T_mult)


@in_its_words
@foreign(names={"boundaries": "total_steps"})
def OneCycleLR(
    max_learning_rate: Rate,
    total_steps: Steps,
    divide_factor: Positive = 25.0,
    end_learning_rate: Rate = 0.0001,
    phase_pct: PhasePart = 0.3,
    anneal_strategy: Literal["cos", "linear"] = "cos",
    three_phase: bool = False,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    r"""`paddle.optimizer.lr.OneCycleLR`: up to the peak at step $pN - 1$, and down to an absolute end at $N - 1$.

    With three phases it passes where it began at step $2pN - 2$. As in Paddle, the peak is before step 0 where
    $pN < 1$.

    Raises:
        ValueError: `phase_pct` is not below 0.5 with three phases.

    Examples:
        >>> [round(float(lr.OneCycleLR(1.0, 10)(t)), 4) for t in (0, 1, 2, 9)]
        [0.04, 0.52, 1.0, 0.0001]
    """
    start, turn = max_learning_rate / divide_factor, phase_pct * as_real(total_steps) - 1
    values, times = [start, max_learning_rate, end_learning_rate], [0, turn, total_steps - 1]
    if three_phase:
        if not is_traced(phase_pct) and phase_pct >= 0.5:
            raise ValueError(f"When three_phase is True, `phase_pct` must be less than 0.5: got {phase_pct!r}.")
        values, times = [*values[:2], start, end_learning_rate], [0, turn, 2 * turn, total_steps - 1]
    elif _foreign.equal(phase_pct, 1):
        values, times = values[:2], times[:2]  # the way up is all there is
    if anneal_strategy == "linear" and not any(map(is_traced, times)):
        return js.Interpolated(*_at_whole_steps(times, values))
    # Where the turn is before step 0, so many steps of the last phase are over.
    missed = largest(-times[-2], 0)
    times = [0, *(largest(time, 0) for time in times[1:-1]), as_real(times[-1]) + missed]
    schedule = (js.CosineInterpolated if anneal_strategy == "cos" else js.Interpolated)(times, values)
    return js.advance(schedule, missed) if is_traced(missed) or missed > 0 else schedule


def _at_whole_steps(times: list[Any], values: list[Any]) -> tuple[list[int], list[Any]]:
    """Lines with the same values at whole steps and corners there alone: those are exact in float32."""
    if times[1] < 0:  # the last phase is all there is
        times, values = times[-2:], values[-2:]
    corners = sorted({max(round_to(time), 0) for time in times for round_to in (math.floor, math.ceil)})
    weights = np.stack([np.interp(corners, times, of_one) for of_one in np.eye(len(times))], axis=1).tolist()
    return corners, [sum(value * weight for value, weight in zip(values, row, strict=True)) for row in weights]


@in_its_words
@foreign(names={"up": "step_size_up", "down": "step_size_down", "steps_per_epoch": "step_size_up` + `step_size_down"})
def CyclicLR(
    base_learning_rate: Rate,
    max_learning_rate: Rate,
    step_size_up: Steps,
    step_size_down: Steps | None = None,
    mode: str = "triangular",
    exp_gamma: ExpGamma = 1.0,
    scale_fn: Callable[[Any], Any] | None = None,
    scale_mode: Literal["cycle", "iterations"] = "cycle",
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    """`paddle.optimizer.lr.CyclicLR`: triangles between two rates, scaled by `mode` or by `scale_fn`.

    `mode` is "triangular", "triangular2" or "exp_range", and not looked at where there is a `scale_fn`, which takes
    the number of the cycle, from 1, or the step, as `scale_mode` says.

    Raises:
        ValueError: an unknown `mode`.

    Examples:
        >>> [round(float(lr.CyclicLR(0.1, 1.0, 2, 3)(t)), 3) for t in range(6)]
        [0.1, 0.55, 1.0, 0.7, 0.4, 0.1]
    """
    low, high, up, down = base_learning_rate, max_learning_rate, step_size_up, step_size_down
    if scale_fn is None:
        shape: Any = mode  # which `cyclic` checks
        return js.cyclic(low, high, up, down, shape, exp_gamma)
    height = as_factor("scale_fn", scale_fn, first=1 if scale_mode == "cycle" else 0)
    if scale_mode == "cycle":  # which counts from 1
        height = js.per_epoch(height, up + (up if down is None else down))
    return js.nodes.Blend(low, high, js.cyclic(0.0, 1.0, up, down) * height)


@in_its_words
@foreign(names={"schedule": "learning_rate"})
def ReduceOnPlateau(
    learning_rate: Rate,
    mode: str = "min",
    factor: Gamma = 0.1,
    patience: Whole = 10,
    threshold: NotNegative = 1e-4,
    threshold_mode: str = "rel",
    cooldown: Whole = 0,
    min_lr: Rate = 0,
    epsilon: NotNegative = 1e-8,
    verbose: Verbose = False,
) -> js.Controller:
    """`paddle.optimizer.lr.ReduceOnPlateau`: a controller; `update(state, value=metric)` is `step(metric)`.

    As in Paddle, the metric is not looked at during a cooldown, and modes may be in upper case.

    Raises:
        ValueError: an unknown mode.

    Examples:
        >>> controller = lr.ReduceOnPlateau(1.0, factor=0.5, patience=1)
        >>> state = controller.init()
        >>> for loss in (1.0, 1.0, 1.0):
        ...     state = controller.update(state, value=loss)
        >>> float(controller(state))
        0.5
    """
    better: Any = str(mode).lower()  # which `reduce_on_plateau` checks
    kind = str(threshold_mode).lower()
    if kind not in ("rel", "abs"):
        raise ValueError(f"`threshold_mode` must be 'rel' or 'abs': got {shown(threshold_mode)}.")
    factor, more = largest(factor, FACTOR_OF_ZERO), {"mode": better, "cooldown": cooldown, "rule": "paddle"}
    return reduce_lr(learning_rate, threshold, kind, min_lr, epsilon, factor, patience, **more)
