"""Greedy: raise the rate while a metric keeps improving, cut it while it does not."""

import dataclasses
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from jaxsched._controllers.base import Array, Controller, PureSchedule, Watching, over_devices, value_of
from jaxsched._controllers.metrics import ROUNDING, betters, bounded, direction, events, flags, is_finite, worst
from jaxsched._core.choice import select
from jaxsched._core.fields import check_order
from jaxsched._core.kinds import Bound, Count, InnerFactor, Log, NotNegative, Sign, Whole, checked
from jaxsched._core.node import written
from jaxsched._core.schedule import as_schedule
from jaxsched._core.words import shown


class GreedyState(NamedTuple):
    """The state of `greedy`."""

    step: Array  # shape=(), dtype=int32
    bound: Array  # shape=(), dtype=int32; where the value was last clipped: -1 at the floor, 1 at the top, 0 never
    clipped: Array  # shape=(), dtype=float32; what the schedule was then
    cuts: Array  # shape=(), dtype=int32; cuts since then, less raises
    best: Array  # shape=(), dtype=float32; the largest float32, or minus it, before the first
    good: Array  # shape=(), dtype=int32; improvements in a row
    bad: Array  # shape=(), dtype=int32
    cooldown: Array  # shape=(), dtype=int32; observations still to ignore after a cut
    warmup: Array  # shape=(), dtype=int32; after a raise
    patience_at_floor: Array  # shape=(), dtype=int32; cuts at the floor until a reset
    recent: Array  # shape=(window,), dtype=float32; the last metrics
    seen: Array  # shape=(), dtype=int32; how many there were
    flags: Array  # shape=(), dtype=int32; the events and the count of observations, as bits

    events = events


class Greedy(Watching, kw_only=True):
    """A schedule times a scale that a metric moves both ways: what `greedy` makes.

    Args:
        schedule: the schedule.
        factor: the factor of a change, between 0 and 1; kept as its logarithm, `log_factor`.
        patience: observations in a row that are put up with.
        rtol: part of the best by which an observation must improve on it.
        atol: amount by which an observation must improve on the best.
        sign: 1 for a metric to minimise, -1 for one to maximise.
        cooldown: observations without judgement after a cut.
        warmup: observations without judgement after a raise.
        min_value: the lowest value that a cut leads to.
        max_value: the highest value that a raise leads to.
        min_change: a change by no more than this is not made.
        reset_after: cuts at the floor that make a reset.
        begin: the first step at which the metric is looked at.
        window: how many of the last metrics are averaged; it is the length of an array in the state.
    """

    State = GreedyState

    log_factor: Log = written(alias="factor")
    patience: Whole = 10
    rtol: NotNegative = 0.0
    atol: NotNegative = 1e-6
    sign: Sign = 1.0
    cooldown: Whole = 0
    warmup: Whole = 0
    min_value: Bound = 0.0
    max_value: Bound = 1.0
    min_change: Bound = 0.0
    reset_after: Whole = 500
    window: int = dataclasses.field(default=1, metadata={"static": True})

    def _check(self) -> None:
        if type(self.window) is not int or not 1 <= self.window < 2**31:
            raise ValueError(
                f"`window` must be an int of at least 1: got {shown(self.window)}. It is the length of an array, which "
                f"cannot be traced or swept; 1 judges each metric itself."
            )
        check_order("min_value", self.min_value, "max_value", self.max_value)

    def _start(self) -> Any:
        zero = jnp.zeros((), jnp.int32)
        return GreedyState(
            step=zero,
            bound=zero,
            clipped=jnp.ones((), jnp.float32),
            cuts=zero,
            best=worst(self.sign),
            good=zero,
            bad=zero,
            cooldown=zero,
            warmup=zero,
            patience_at_floor=jnp.asarray(self.reset_after).astype(jnp.int32),
            recent=jnp.zeros((self.window,), jnp.float32),
            seen=zero,
            flags=zero,
        )

    def _rate(self, state: Any) -> Any:
        base = value_of(self.schedule, state)
        return self._bounded(base, self._product(base, state))

    def _product(self, base, state):
        # Once clipped, the value starts from the bound itself and follows the schedule by a ratio, 1 for a constant.
        ratio = base.astype(jnp.float32) / state.clipped
        start = select(state.bound == 0, base, select(state.bound < 0, self.min_value, self.max_value) * ratio)
        return start * jnp.exp(jnp.minimum(self.log_factor, 0.0) * state.cuts)

    def _bounded(self, base, product):
        # The bounds hold for changes: a schedule that is outside of them by itself is left there.
        return jnp.clip(product, jnp.minimum(self.min_value, base), jnp.maximum(self.max_value, base))

    def _unscaled(self, state: Any) -> Any:
        zero, one = jnp.zeros((), jnp.int32), jnp.ones((), jnp.float32)
        return state._replace(bound=zero, clipped=one, cuts=zero)

    def _judge(self, state: Any, value: Any) -> Any:
        finite = is_finite(value)
        recent = select(finite, state.recent.at[state.seen % self.window].set(value), state.recent)
        seen = state.seen + finite
        filled = jnp.minimum(seen, self.window)
        # Around the present value, so that a flat metric has exactly itself as its mean.
        around = jnp.sum(select(jnp.arange(self.window) < filled, recent - value, 0.0))
        mean = bounded(value + around / jnp.maximum(filled, 1))
        judged = select(finite, mean, value)

        resting = (state.cooldown > 0) | (state.warmup > 0)
        better = betters(judged, state.best, self.sign, self.rtol, self.atol)
        good = select(better & ~resting, state.good + 1, 0)
        bad = select(better | resting, 0, state.bad + 1)
        up, down = good > self.patience, bad > self.patience

        state = state._replace(
            best=select(better & ~resting, judged, state.best),
            good=select(up, 0, good),
            bad=select(down, 0, bad),
            cooldown=select(down, self.cooldown, jnp.maximum(state.cooldown - 1, 0)),
            warmup=select(up, self.warmup, state.warmup - (resting & (state.cooldown == 0))),
            recent=recent,
            # Only whether the window is full, and the place in it, matter.
            seen=select(seen >= 2 * self.window, self.window, seen),
            flags=flags(improved=better & ~resting),
        )
        return self._moved(state, up, down)

    def _moved(self, state, up, down):
        base = value_of(self.schedule, state)
        product = self._product(base, state)
        old = self._bounded(base, product)
        factor = jnp.exp(jnp.minimum(self.log_factor, 0.0))
        wanted = select(up, old / factor, old * factor)
        new = select(up, jnp.minimum(wanted, self.max_value), jnp.maximum(wanted, self.min_value))
        moves = select(up, new - old, old - new) > self.min_change + ROUNDING * old
        raised, cut = up & moves, down & moves
        # A change starts from where the value is: at a bound, if the schedule has carried the product beyond it.
        moved, beyond = (raised | cut) & (base > 0), old != product
        outside = (base > self.max_value) | (base < self.min_value)
        bound = select(moved & beyond, select(outside, 0, select(product > old, 1, -1)), state.bound)
        cuts = select(moved & beyond, 0, state.cuts) + cut - raised
        clipped = moved & (new != wanted)
        bound, cuts = select(clipped, select(up, 1, -1), bound), select(clipped, 0, cuts)
        at = select(moved & (clipped | beyond), base, state.clipped)

        at_floor = select(cut | raised, new, old) <= self.min_value * (1 + ROUNDING)
        left = select(up, self.reset_after, state.patience_at_floor - (down & at_floor))
        reset = down & at_floor & (left <= 0)
        happened = flags(increased=raised, reduced=cut & ~reset, reset=reset, at_floor=at_floor & ~reset)
        state = state._replace(
            bound=bound, clipped=at, cuts=cuts, patience_at_floor=left, flags=jnp.bitwise_or(state.flags, happened)
        )
        anew = self._start()._replace(step=state.step, cooldown=state.cooldown, flags=state.flags)
        return jax.tree.map(lambda new, old: select(reset, new, old), anew, state)


@checked
def greedy(
    schedule: PureSchedule,
    factor: InnerFactor = 0.95,
    patience: Whole = 10,
    *,
    rtol: NotNegative = 0.0,
    atol: NotNegative = 1e-6,
    mode: Literal["min", "max"] = "min",
    cooldown: Whole = 0,
    warmup: Whole = 0,
    min_value: Bound = 0.0,
    max_value: Bound = 1.0,
    min_change: Bound = 0.0,
    window: int = 1,
    reset_after: Whole = 500,
    begin: Count = 0,
    axis_name: Any = None,
) -> Controller:
    r"""A schedule whose value is raised after a streak of improvements and cut after a streak without.

    After more than `patience` improvements in a row the value v becomes $\min(v / f, M)$, after more than `patience`
    observations in a row without one $\max(v\,f, m)$. The steps in between follow the schedule times the scale
    reached. Improvement is that of `reduce_on_plateau`: $b - x > a + r\,|b|$ for the best b, NaN never.

    Args:
        schedule: a schedule, number or function of the step.
        factor: the factor f, between 0 and 1.
        patience: observations that are put up with before a change, at least 0.
        rtol: the part r of the best by which an observation must improve on it, at least 0.
        atol: the amount a by which an observation must improve on the best, at least 0.
        mode: "min" for a metric to minimise, "max" for one to maximise.
        cooldown: observations without judgement after a cut, at least 0.
        warmup: observations without judgement after a raise, at least 0.
        min_value: the lowest value m that a cut leads to, at least 0. A value below it by itself can only rise.
        max_value: the highest value M that a raise leads to. A value above it by itself can only fall.
        min_change: a change by no more than this is not made, though the counters restart.
        window: how many of the last metrics are averaged before the mean is judged, an int of at least 1. NaN and
            infinity stay out of the mean.
        reset_after: cuts that come due at the floor until the controller begins anew at the schedule itself, at least
            0. A raise starts the count again.
        begin: the first step at which the metric is looked at.
        axis_name: the mapped axis over whose devices the metric is averaged.

    Raises:
        ValueError: a number out of its range, an unknown `mode`, or `min_value` above `max_value`.
        TypeError: `schedule` is not a schedule.

    Examples:
        >>> controller = jaxsched.greedy(0.5, factor=0.8, patience=1)
        >>> state = controller.init()
        >>> for loss in (1.0, 0.8, 0.7, 0.6):
        ...     state = controller.update(state, value=loss)
        >>> round(float(controller(state)), 6), bool(state.events.increased)
        (0.78125, True)

    Reference:
        `GreedyLR` in Hugging Face transformers; arXiv:2512.14527.
    """
    controller = Greedy(
        as_schedule(schedule),
        factor=factor,
        patience=patience,
        rtol=rtol,
        atol=atol,
        sign=direction(mode),
        cooldown=cooldown,
        warmup=warmup,
        min_value=min_value,
        max_value=max_value,
        min_change=min_change,
        reset_after=reset_after,
        begin=begin,
        window=window,
    )
    return over_devices(controller, axis_name)
