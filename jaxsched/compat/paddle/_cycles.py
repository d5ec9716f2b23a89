"""Paddle's schedulers that rise as well as fall, and the one that looks at a metric."""

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.compat._arguments import Number, as_real, is_traced, largest, number, rate, whole_steps
from jaxsched.compat._functions import as_factor

FACTOR_OF_ZERO = 1e-37
"""What a `factor` of 0 is taken for: one cut leads to `min_lr`."""


def LinearWarmup(learning_rate: Any, warmup_steps: Number, start_lr: Number, end_lr: Number) -> js.Schedule:
    """`paddle.optimizer.lr.LinearWarmup`: a line from `start_lr` to `end_lr`, then `learning_rate`.

    `learning_rate` is a number or a schedule, which begins at its own step 0 after the warmup. As there, it need not
    begin at `end_lr`.

    Raises:
        TypeError: `learning_rate` is neither (`ReduceOnPlateau` is not a schedule), or `warmup_steps` is not an int.
        ValueError: `warmup_steps` is not positive, `end_lr` does not exceed `start_lr`, or `start_lr` is negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> decay = lr.StepDecay(1.0, step_size=2, gamma=0.5)
        >>> lr.LinearWarmup(decay, warmup_steps=2, start_lr=0.0, end_lr=1.0)(np.arange(6)).tolist()
        [0.0, 0.5, 1.0, 1.0, 0.5, 0.5]
    """
    if not isinstance(learning_rate, js.Schedule):
        what = "`ReduceOnPlateau` reacts to a metric." if isinstance(learning_rate, js.Controller) else ""
        learning_rate = js.as_schedule(number("learning_rate", learning_rate, what or "Or pass a schedule."))
    warmup_steps, start_lr = whole_steps("warmup_steps", warmup_steps), rate("start_lr", start_lr)
    end_lr = number("end_lr", end_lr, "It is a learning rate.")
    if not is_traced(start_lr) and not is_traced(end_lr) and np.any(np.asarray(end_lr) <= np.asarray(start_lr)):
        raise ValueError(f"`end_lr` must be greater than `start_lr`: got {end_lr!r} and {start_lr!r}. It warms up.")
    return js.join([js.Linear(start_lr, end_lr, steps=warmup_steps), learning_rate], [warmup_steps])


def CosineAnnealingDecay(learning_rate: Number, T_max: Number, eta_min: Number = 0) -> js.Schedule:
    r"""`paddle.optimizer.lr.CosineAnnealingDecay`: $e + (l - e)\,\tfrac12 (1 + \cos \pi t / n)$, up and down for ever.

    Raises:
        TypeError: `T_max` is not an int.
        ValueError: `T_max` is not positive, or `learning_rate` is negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> [round(float(lr.CosineAnnealingDecay(1.0, 2)(t)), 3) for t in range(5)]
        [1.0, 0.5, 0.0, 0.5, 1.0]
    """
    high, low, T_max = rate("learning_rate", learning_rate), number("eta_min", eta_min), whole_steps("T_max", T_max)
    return js.cycle(js.Cosine(high, low, steps=T_max).then(js.Cosine(low, high, steps=T_max)), 2 * T_max)


def CosineAnnealingWarmRestarts(
    learning_rate: Number, T_0: Number, T_mult: Number = 1, eta_min: Number = 0
) -> js.Schedule:
    """`paddle.optimizer.lr.CosineAnnealingWarmRestarts`: half a cosine wave again and again, `T_mult` times as long.

    Raises:
        TypeError: `T_0` or `T_mult` is not an int.
        ValueError: `T_0` or `T_mult` is below 1, or `learning_rate` is negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> [round(float(lr.CosineAnnealingWarmRestarts(1.0, 2, 2)(t)), 3) for t in range(7)]
        [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """
    wave = js.Cosine(rate("learning_rate", learning_rate), number("eta_min", eta_min), steps=whole_steps("T_0", T_0))
    return js.cycle(wave, T_0, whole_steps("T_mult", T_mult))


def OneCycleLR(
    max_learning_rate: Number,
    total_steps: Number,
    divide_factor: Number = 25.0,
    end_learning_rate: Number = 0.0001,
    phase_pct: Number = 0.3,
    anneal_strategy: str = "cos",
    three_phase: bool = False,
) -> js.Schedule:
    r"""`paddle.optimizer.lr.OneCycleLR`: up to the peak at step $pN - 1$, and down to an absolute end at $N - 1$.

    With three phases it passes where it began at step $2pN - 2$. Where $pN < 1$ the peak is before step 0, as there.

    Raises:
        TypeError: `total_steps` is not an int, or `phase_pct` not a float.
        ValueError: an unknown `anneal_strategy`, a `phase_pct` that is no fraction (with three phases, below 0.5),
            a `total_steps` or `divide_factor` that is not positive, or a negative learning rate.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> [round(float(lr.OneCycleLR(1.0, 10)(t)), 4) for t in (0, 1, 2, 9)]
        [0.04, 0.52, 1.0, 0.0001]
    """
    strategy = _one_of("anneal_strategy", anneal_strategy, "cos", "linear")
    peak, total_steps = rate("max_learning_rate", max_learning_rate), whole_steps("total_steps", total_steps)
    end = rate("end_learning_rate", end_learning_rate)
    start = peak / number("divide_factor", divide_factor, "The peak is divided by it.", above=0)
    _check_float("phase_pct", phase_pct)
    if three_phase:
        phase_pct = number("phase_pct", phase_pct, "`three_phase` has two phases as long.", least=0, below=0.5)
    else:
        phase_pct = number("phase_pct", phase_pct, "It is a part of the whole.", least=0, most=1)
    turn = phase_pct * as_real(total_steps) - 1
    values, times = [start, peak, end], [0, turn, total_steps - 1]
    if three_phase:
        values, times = [start, peak, start, end], [0, turn, 2 * turn, total_steps - 1]
    elif not is_traced(phase_pct) and phase_pct == 1:
        values, times = values[:2], times[:2]  # the way up is all there is
    if strategy == "linear" and not any(map(is_traced, times)):
        return js.Interpolated(*_at_whole_steps(values, times))
    # Where the turn is before step 0, so many steps of the last phase are over.
    missed = largest(-times[-2], 0)
    times = [0, *(largest(time, 0) for time in times[1:-1]), as_real(times[-1]) + missed]
    schedule = (js.CosineInterpolated if strategy == "cos" else js.Interpolated)(values, times)
    return js.advance(schedule, missed) if is_traced(missed) or missed > 0 else schedule


def _at_whole_steps(values: list[Any], times: list[Any]) -> tuple[list[Any], list[int]]:
    """Lines with the same values at whole steps and corners there alone: those are exact in float32."""
    if times[1] < 0:  # the last phase is all there is
        values, times = values[-2:], times[-2:]
    whole = {round_to(time) for time in times for round_to in (math.floor, math.ceil)}
    corners = sorted({0, *(corner for corner in whole if corner > 0)})

    def value(t):
        i = next((i for i in range(len(times) - 1) if t <= times[i + 1]), len(times) - 2)
        span = times[i + 1] - times[i]
        done = (t - times[i]) / span if span else 1.0
        return values[i] * (1 - done) + values[i + 1] * done

    return [value(corner) for corner in corners], corners


def CyclicLR(
    base_learning_rate: Number,
    max_learning_rate: Number,
    step_size_up: Number,
    step_size_down: Number | None = None,
    mode: str = "triangular",
    exp_gamma: Number = 1.0,
    scale_fn: Callable[[Any], Any] | None = None,
    scale_mode: str = "cycle",
) -> js.Schedule:
    """`paddle.optimizer.lr.CyclicLR`: triangles between two rates, scaled by `mode` or by `scale_fn`.

    `scale_fn` takes the number of the cycle, from 1, or the step, as `scale_mode` says; `mode` is not looked at then.

    Raises:
        TypeError: a step size is not an int, `exp_gamma` not a float, or `scale_fn` not a function.
        ValueError: a step size is not positive, a number is negative, or an unknown `mode` or `scale_mode`.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> [round(float(lr.CyclicLR(0.1, 1.0, 2, 3)(t)), 3) for t in range(6)]
        [0.1, 0.55, 1.0, 0.7, 0.4, 0.1]
    """
    low, high = rate("base_learning_rate", base_learning_rate), rate("max_learning_rate", max_learning_rate)
    up = whole_steps("step_size_up", step_size_up)
    down = up if step_size_down is None else whole_steps("step_size_down", step_size_down)
    _check_float("exp_gamma", exp_gamma)
    exp_gamma = number("exp_gamma", exp_gamma, "The height is multiplied by it at each step.", least=0)
    scale_mode = _one_of("scale_mode", scale_mode, "cycle", "iterations")
    if scale_fn is None:
        mode = _one_of("mode", mode, "triangular", "triangular2", "exp_range")
        return js.cyclic(low, high, up, down, mode, exp_gamma)
    if scale_mode == "iterations":
        height = as_factor("scale_fn", scale_fn)
    else:  # which cycle counts from 1
        height = js.per_epoch(js.advance(as_factor("scale_fn", scale_fn), 1), up + down)
    return js.nodes.Blend(low, high, js.cyclic(0.0, 1.0, up, down) * height)


def ReduceOnPlateau(
    learning_rate: Number,
    mode: str = "min",
    factor: Number = 0.1,
    patience: Number = 10,
    threshold: Number = 1e-4,
    threshold_mode: str = "rel",
    cooldown: Number = 0,
    min_lr: Number = 0,
    epsilon: Number = 1e-8,
) -> js.Controller:
    """`paddle.optimizer.lr.ReduceOnPlateau`: a controller; `update(state, value=metric)` is `step(metric)`.

    During a cooldown the metric is not looked at, as there.

    Raises:
        ValueError: an unknown mode, a `factor` of 1 or more, or a number below 0.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> controller = lr.ReduceOnPlateau(1.0, factor=0.5, patience=1)
        >>> state = controller.init()
        >>> for loss in (1.0, 1.0, 1.0):
        ...     state = controller.update(state, value=loss)
        >>> float(controller(state))
        0.5
    """
    mode = _one_of("mode", str(mode).lower(), "min", "max")
    relative = _one_of("threshold_mode", str(threshold_mode).lower(), "rel", "abs") == "rel"
    factor = number("factor", factor, "The learning rate is multiplied by it.", least=0, below=1)
    threshold = number("threshold", threshold, "It is how much better is better.", least=0)
    return js.reduce_on_plateau(
        rate("learning_rate", learning_rate),
        largest(factor, FACTOR_OF_ZERO),
        number("patience", patience, "It is a number of steps.", least=0),
        rtol=threshold if relative else 0.0,
        atol=0.0 if relative else threshold,
        mode=mode,
        cooldown=number("cooldown", cooldown, "It is a number of steps.", least=0),
        min_value=rate("min_lr", min_lr),
        min_change=number("epsilon", epsilon, "It is the least change of the learning rate.", least=0),
        rule="paddle",
    )


def _one_of(name: str, x: Any, *known: str) -> str:
    if x not in known:
        raise ValueError(f"`{name}` must be {' or '.join(map(repr, known))}: got {x!r}.")
    return x


def _check_float(name: str, x: Any) -> None:
    if isinstance(x, int):
        raise TypeError(f"`{name}` must be a float: got {x!r}. Pass {float(x)!r}.")
    if is_traced(x) and jnp.issubdtype(x.dtype, jnp.integer):
        raise TypeError(f"`{name}` must be a float: got a traced {x.dtype}. Pass a float.")
