"""Reduce on plateau: cut the rate once a metric has stopped improving."""

import dataclasses
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp

from jaxsched._controllers.base import Array, Controller, PureSchedule, Watching, over_devices, value_of
from jaxsched._controllers.criteria import check_window, of_window
from jaxsched._controllers.metrics import (
    LARGEST_PART,
    ROUNDING,
    averaged,
    betters,
    difference,
    direction,
    events,
    flags,
    is_finite,
    stopped,
    worst,
)
from jaxsched._core.choice import select
from jaxsched._core.kinds import (
    Bound,
    Count,
    InnerFactor,
    Log,
    NotNegative,
    Part,
    PartBelowOne,
    Sign,
    Whole,
    WholeAtLeastOne,
    checked,
)
from jaxsched._core.node import written
from jaxsched._core.schedule import as_schedule
from jaxsched._core.time import largest
from jaxsched._core.words import shown


class PlateauState(NamedTuple):
    """The state of `reduce_on_plateau`."""

    step: Array  # shape=(), dtype=int32
    cuts: Array  # shape=(), dtype=int32; the scale is factor**cuts
    best: Array  # shape=(), dtype=float32; the largest float32, or minus it, before the first
    bad: Array  # shape=(), dtype=int32; observations in a row without improvement; below 0: still to be ignored
    flags: Array  # shape=(), dtype=int32; the events and the count of observations, as bits
    pending: Array | None  # shape=(), dtype=int32; observations waiting to be averaged, if `every` is not 1
    mean: Array | None  # shape=(), dtype=float32; of those
    average: Array | None  # shape=(), dtype=float32; the exponential average, if there is smoothing
    weight: Array | None  # shape=(), dtype=float32; of all that is in it
    recent: Array | None = None  # shape=(window,), dtype=float32; the last metrics, if there is a window
    seen: Array | None = None  # shape=(), dtype=int32; how many of them there are

    events = events


class ReduceOnPlateau(Watching, kw_only=True):
    """A schedule times `factor**cuts`: what `reduce_on_plateau` makes.

    Args:
        schedule: the schedule.
        factor: the factor of a cut, between 0 and 1; kept as its logarithm, `log_factor`.
        patience: bad observations in a row that are put up with.
        rtol: part of the best by which an observation must improve on it.
        atol: amount by which an observation must improve on the best.
        sign: 1 for a metric to minimise, -1 for one to maximise.
        cooldown: observations that are not bad after a cut.
        follow: 1 if the best is followed during the cooldown, 0 if the metric is not looked at.
        min_value: the floor of the value.
        min_scale: the floor of the scale.
        min_change: a cut that would change the value by no more than this is not made.
        every: observations that are averaged before they are judged; `None` for each by itself.
        smoothing: weight of the past in the exponential average of the metric; `None` for no average.
        forget: part of the way that the best goes to an observation that is no better; `None` for none of it.
        slope: 1 to judge the line through the window, 0 to judge by its best.
        window: observations in the window, the length of an array in the state; `None` for the best so far.
        begin: the first step at which the metric is looked at.
    """

    State = PlateauState

    log_factor: Log = written(alias="factor")
    patience: Whole = 10
    rtol: NotNegative = 1e-4
    atol: NotNegative = 0.0
    sign: Sign = 1.0
    cooldown: Whole = 0
    follow: Whole = 1
    min_value: Bound = 0.0
    min_scale: Part = 0.0
    min_change: Bound = 0.0
    every: WholeAtLeastOne | None = None
    smoothing: PartBelowOne | None = None
    forget: PartBelowOne | None = None
    slope: Whole = 0
    window: int | None = dataclasses.field(default=None, metadata={"static": True})

    def _check(self) -> None:
        check_window(self.window, self.forget, isinstance(self.slope, int) and self.slope > 0)

    def _start(self) -> Any:
        zero, none = jnp.zeros((), jnp.int32), jnp.zeros((), jnp.float32)
        window = (None, None) if self.every is None else (zero, none)
        past = (None, None) if self.smoothing is None else (none, none)
        last = (None, None) if self.window is None else (jnp.zeros((self.window,), jnp.float32), zero)
        return PlateauState(zero, zero, worst(self.sign), zero, zero, *window, *past, *last)

    def _rate(self, state: Any) -> Any:
        return self._value(value_of(self.schedule, state), self._scale(state.cuts))

    def _scale(self, cuts):
        scale = jnp.exp(jnp.minimum(self.log_factor, 0.0) * cuts)
        return jnp.maximum(scale, jnp.minimum(self.min_scale, 1.0))

    def _value(self, base, scale):
        return jnp.maximum(base * scale, self._floor(base))

    def _floor(self, base):
        return jnp.minimum(self.min_value, base)  # which never lifts the schedule above itself

    def _unscaled(self, state: Any) -> Any:
        return state._replace(cuts=jnp.zeros((), jnp.int32))

    def _judge(self, state: Any, value: Any) -> Any:
        return averaged(self._judge_mean, self.every, state, value, self.sign)

    def _judge_mean(self, state, mean):
        if self.smoothing is not None:
            past, finite = jnp.minimum(self.smoothing, LARGEST_PART), is_finite(mean)
            weight = past * state.weight + (1 - past)
            average = state.average + (1 - past) / weight * difference(mean, state.average)
            average, weight = select(finite, average, state.average), select(finite, weight, state.weight)
            state = state._replace(average=average, weight=weight)
            mean = select(finite, average, mean)
        mean = mean.astype(jnp.float32)  # as the best is, under x64 too
        cooling = state.bad < 0
        looked = (self.follow > 0) | ~cooling
        better, state = self._compared(state, mean, looked)
        improved = better & looked
        bad = select(cooling, state.bad + 1, select(better, 0, state.bad + 1))
        plateau = bad > self.patience

        base, scale, lower = value_of(self.schedule, state), self._scale(state.cuts), self._scale(state.cuts + 1)
        now, then = self._value(base, scale), self._value(base, lower)
        cut = plateau & (now - then > self.min_change + ROUNDING * now)
        scale = select(cut, lower, scale)
        at_floor = (base * scale <= self._floor(base) * (1 + ROUNDING)) | (scale <= self.min_scale * (1 + ROUNDING))
        return state._replace(
            cuts=state.cuts + cut,
            bad=select(plateau, -self.cooldown, bad),
            flags=flags(improved=improved, reduced=cut, at_floor=at_floor, stopped=stopped(state, plateau, cut)),
        )

    def _compared(self, state, mean, looked):
        """Whether the metric is better, and the state with what it is compared with next, if it was looked at."""
        if self.window is not None:
            better, best, kept = of_window(state, mean, looked, self.sign, self.rtol, self.atol, self.slope)
            return better, state._replace(best=best, **kept)
        better = betters(mean, state.best, self.sign, self.rtol, self.atol)
        aged = state.best
        if self.forget is not None:
            part = select(is_finite(mean) & is_finite(state.best), jnp.minimum(self.forget, 1.0), 0.0)
            aged = (aged + part * difference(mean, aged)).astype(jnp.float32)
        return better, state._replace(best=select(looked, select(better, mean, aged), state.best))


@checked
def reduce_on_plateau(
    schedule: PureSchedule,
    factor: InnerFactor = 0.1,
    patience: Whole = 10,
    *,
    rtol: NotNegative = 1e-4,
    atol: NotNegative = 0.0,
    mode: Literal["min", "max"] = "min",
    cooldown: Whole = 0,
    min_value: Bound = 0.0,
    min_scale: Part = 0.0,
    min_change: Bound = 0.0,
    every: WholeAtLeastOne = 1,
    smoothing: PartBelowOne = 0.0,
    begin: Count = 0,
    axis_name: Any = None,
    rule: Literal["torch", "keras", "optax", "paddle"] = "torch",
    criterion: Literal["best", "window", "slope"] = "best",
    window: int | None = None,
    forget: PartBelowOne = 0.0,
) -> Controller:
    r"""A schedule whose value is cut by `factor` each time a metric has stopped improving.

    The value is $\max(v(t)\,f^c, \min(m, v(t)))$ for the schedule's value $v(t)$ and c cuts so far. An observation x
    improves on the best b if $b - x > a + r\,|b|$ (for `mode="max"`, if $x - b$ does), which is right for negative
    metrics too. NaN is a bad observation, never a best. When a cut is due after how many bad observations in a row,
    and what a cooldown of C observations after it means, is the `rule`:

    | rule | cut after bad observations | not bad after a cut | the best meanwhile |
    |---|---|---|---|
    | `"torch"` (MMEngine, timm, Hugging Face) | `patience` + 1 | C | is followed |
    | `"paddle"` | `patience` + 1 | C | the metric is not looked at |
    | `"keras"` | `patience`, at least 1 | C - 1 | is followed |
    | `"optax"` | `patience`, at least 1 | C | is followed |

    Args:
        schedule: a schedule, number or function of the step.
        factor: the factor f of a cut, between 0 and 1.
        patience: bad observations that are put up with, at least 0.
        rtol: the part r of the best by which an observation must improve on it, at least 0.
        atol: the amount a by which an observation must improve on the best, at least 0.
        mode: "min" for a metric to minimise, "max" for one to maximise.
        cooldown: observations C after a cut that are not counted as bad, at least 0.
        min_value: the floor m of the value, at least 0. It never lifts a schedule above its own value.
        min_scale: the floor of $f^c$, from 0 to 1.
        min_change: a cut that would change the value by no more than this is not made, though the counters restart.
        every: observations that are averaged before they are judged, at least 1: for the losses of minibatches. 1 and
            other numbers are two structures, which `stack` does not mix; traced numbers may be any.
        smoothing: the weight of the past in an exponential average of the metric (bias-corrected), from 0 to below 1;
            0 judges the metric itself, and is a structure of its own like 1 for `every`.
        begin: the first step at which the metric is looked at: the length of a warmup, say.
        axis_name: the mapped axis over whose devices the metric is averaged.
        rule: "torch", "keras", "optax" or "paddle".
        criterion: what an observation improves on: "best", the best b so far; "window", the best b of the `window`
            observations before it; or "slope": the line of least squares through the last `window` falls by more than
            $a + r\,|m|$ at each observation, for their mean m. Until they are there, each one improves.
        window: observations in the window, an int of at least 1, or 2 for "slope". NaN and infinity stay out of it.
        forget: the part of the way that the best goes to each observation that does not improve on it, from 0 to
            below 1, so that a lucky best is forgotten. For `criterion="best"`; 0 is a structure of its own.

    Raises:
        ValueError: a number out of its range, an unknown `mode`, `rule` or `criterion`, a `window` that is missing or
            of no use, or `forget` beside it.
        TypeError: `schedule` is not a schedule.

    Examples:
        >>> controller = jaxsched.reduce_on_plateau(0.5, factor=0.1, patience=1)
        >>> state = controller.init()
        >>> for loss in (1.0, 0.8, 0.9, 0.9):
        ...     state = controller.update(state, value=loss)
        >>> round(float(controller(state)), 6), bool(state.events.reduced), int(state.cuts)
        (0.05, True, 1)

    Reference:
        `ReduceLROnPlateau` in PyTorch and Keras, `ReduceOnPlateau` in Paddle, `optax.contrib.reduce_on_plateau`.
    """
    controller = ReduceOnPlateau(
        as_schedule(schedule),
        factor=factor,
        patience=patience if rule in ("torch", "paddle") else largest(patience, 1) - 1,
        rtol=rtol,
        atol=atol,
        sign=direction(mode),
        cooldown=largest(cooldown - 1, 0) if rule == "keras" else cooldown,
        follow=int(rule != "paddle"),
        min_value=min_value,
        min_scale=min_scale,
        min_change=min_change,
        every=_unless(1, every),
        smoothing=_unless(0, smoothing),
        begin=begin,
        forget=_unless(0, forget),
        slope=int(criterion == "slope"),
        window=_window_of(criterion, window),
    )
    return over_devices(controller, axis_name)


def _window_of(criterion: str, window: Any) -> Any:
    if (criterion == "best") != (window is None):
        remedy = "Leave it out, or pass `criterion='window'`" if window is not None else "Pass a number of observations"
        raise ValueError(f"`window` must fit `criterion={criterion!r}`: got {shown(window)}. {remedy}.")
    return window


def _unless(default: Any, x: Any) -> Any:
    """`None` for the number that stands for "not there": it needs no room in the state."""
    return None if isinstance(x, (int, float)) and x == default else x
