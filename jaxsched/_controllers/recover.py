"""Recover: cut the rate when the loss explodes, and warm it up again."""

from typing import Any, NamedTuple

import jax.numpy as jnp

from jaxsched._controllers.base import (
    LAST_STEP,
    Array,
    Controller,
    PureSchedule,
    Watching,
    over_devices,
    value_of,
)
from jaxsched._controllers.metrics import LARGEST_PART, ROUNDING, difference, events, flags, is_finite, stopped
from jaxsched._core.choice import select
from jaxsched._core.kinds import (
    Bound,
    Count,
    InnerFactor,
    Log,
    NotNegative,
    Part,
    PartBelowOne,
    Positive,
    Whole,
    checked,
)
from jaxsched._core.node import written
from jaxsched._core.schedule import as_schedule

LARGEST_ROOT = 1e18
"""What a float32 can square."""


class RecoverState(NamedTuple):
    """The state of `recover`."""

    step: Array  # shape=(), dtype=int32
    cuts: Array  # shape=(), dtype=int32; the scale is factor**cuts
    cut_at: Array  # shape=(), dtype=int32; the step of the last explosion, -1 if there was none
    mean: Array  # shape=(), dtype=float32; of the losses since
    variance: Array  # shape=(), dtype=float32
    weight: Array  # shape=(), dtype=float32; of the exponential averages, which corrects their bias
    seen: Array  # shape=(), dtype=int32; losses in the averages
    flags: Array  # shape=(), dtype=int32; the events and the count of observations, as bits

    events = events


class Recover(Watching, kw_only=True):
    """A schedule times `factor**cuts`, warmed up again after each cut: what `recover` makes.

    Args:
        schedule: the schedule.
        factor: the factor of a cut, between 0 and 1; kept as its logarithm, `log_factor`.
        spike: deviations above the mean that make a loss an explosion.
        warmup: steps over which the rate is warmed up again.
        rtol: part of the mean by which an explosion must exceed it as well.
        smoothing: weight of the past in the running mean and deviation.
        burn_in: losses before the running mean and deviation are relied upon.
        min_value: the floor of the value, once warmed up.
        min_scale: the floor of the scale.
        begin: the first step at which the loss is looked at.
    """

    State = RecoverState

    log_factor: Log = written(alias="factor")
    spike: Positive = 6.0
    warmup: Count = 100
    rtol: NotNegative = 0.1
    smoothing: PartBelowOne = 0.98
    burn_in: Whole = 20
    min_value: Bound = 0.0
    min_scale: Part = 0.0

    def _start(self) -> Any:
        zero, none = jnp.zeros((), jnp.int32), jnp.zeros((), jnp.float32)
        return RecoverState(zero, zero, zero - 1, none, none, none, zero, zero)

    def _rate(self, state: Any) -> Any:
        since = jnp.maximum(state.step - state.cut_at, 1)  # the first step after a cut is not wasted at a rate of 0
        warming = (state.cut_at >= 0) & (since < self.warmup)
        done = select(warming, since / jnp.maximum(self.warmup, 1), 1.0)
        return self._warm(value_of(self.schedule, state), self._scale(state.cuts)) * done

    def _scale(self, cuts):
        scale = jnp.exp(jnp.minimum(self.log_factor, 0.0) * cuts)
        return jnp.maximum(scale, jnp.minimum(self.min_scale, 1.0))

    def _warm(self, base, scale):
        return jnp.maximum(base * scale, jnp.minimum(self.min_value, base))

    def _unscaled(self, state: Any) -> Any:
        zero = jnp.zeros((), jnp.int32)
        return state._replace(cuts=zero, cut_at=zero - 1)

    def _judge(self, state: Any, value: Any) -> Any:
        finite = is_finite(value)
        warming = (state.cut_at >= 0) & (state.step - state.cut_at < self.warmup)
        excess = difference(value, state.mean)
        high = excess > self.spike * jnp.sqrt(state.variance) + self.rtol * jnp.abs(state.mean)
        exploded = ~warming & (~finite | (high & (state.seen >= jnp.maximum(self.burn_in, 1))))

        base, scale, lower = value_of(self.schedule, state), self._scale(state.cuts), self._scale(state.cuts + 1)
        cut = exploded & (self._warm(base, lower) < self._warm(base, scale) * (1 - ROUNDING))
        scale = select(cut, lower, scale)
        floor = jnp.minimum(self.min_value, base)
        at_floor = (base * scale <= floor * (1 + ROUNDING)) | (scale <= self.min_scale * (1 + ROUNDING))

        # West's weighted mean and variance, the weights being the exponential ones, corrected for their start.
        past = jnp.minimum(self.smoothing, LARGEST_PART)
        weight = past * state.weight + (1 - past)
        rate = (1 - past) / weight
        mean = state.mean + rate * excess
        variance = (1 - rate) * (state.variance + rate * jnp.clip(excess, -LARGEST_ROOT, LARGEST_ROOT) ** 2)
        counts, anew = finite & ~exploded & ~warming, exploded
        pick = lambda new, old: select(anew, 0, select(counts, new, old))  # noqa: E731
        return RecoverState(
            step=state.step,
            cuts=state.cuts + cut,
            cut_at=select(exploded, state.step, state.cut_at),
            mean=pick(mean, state.mean),
            variance=pick(variance, state.variance),
            weight=pick(weight, state.weight),
            seen=pick(jnp.minimum(state.seen, LAST_STEP - 1) + 1, state.seen),
            flags=flags(reduced=cut, at_floor=at_floor, stopped=stopped(state, exploded, cut)),
        )


@checked
def recover(
    schedule: PureSchedule,
    factor: InnerFactor = 0.1,
    spike: Positive = 6.0,
    warmup: Count = 100,
    *,
    rtol: NotNegative = 0.1,
    smoothing: PartBelowOne = 0.98,
    burn_in: Whole = 20,
    min_value: Bound = 0.0,
    min_scale: Part = 0.0,
    begin: Count = 0,
    axis_name: Any = None,
) -> Controller:
    r"""A schedule that is cut by `factor` when the loss explodes, and warmed up again.

    The manual rule "if the loss explodes, divide the rate by ten" as state. A loss x explodes if it is not finite or
    if $x - \mu > k\,\sigma + r\,|\mu|$ for the running mean and deviation of the losses since the last cut, once there
    were `burn_in` of them. Then the value is $v(t)\,f^c\,\min(1, s / w)$ for the schedule's value $v(t)$, c cuts so far
    and s steps since the last one. While the rate is warmed up again no loss is judged, and afterwards the mean and
    deviation begin anew. The weights themselves are the caller's: `state.events.reduced` says when to restore them.

    Args:
        schedule: a schedule, number or function of the step.
        factor: the factor f of a cut, between 0 and 1.
        spike: deviations k above the mean that make a loss an explosion, greater than 0.
        warmup: steps w over which the rate is warmed up again, at least 0; the first of them is at 1/w.
        rtol: the part r of the mean by which an explosion must exceed it as well, at least 0: for losses with little
            noise, whose deviation is close to 0.
        smoothing: the weight of the past in the running mean and deviation (bias-corrected), from 0 to below 1.
        burn_in: losses before the mean and deviation are relied upon, at least 0; one that is not finite always counts.
        min_value: the floor of the value once it is warmed up, at least 0. It never lifts a schedule above its value.
        min_scale: the floor of $f^c$, from 0 to 1.
        begin: the first step at which the loss is looked at.
        axis_name: the mapped axis over whose devices the loss is averaged.

    Raises:
        ValueError: a number out of its range.
        TypeError: `schedule` is not a schedule.

    Examples:
        >>> controller = jaxsched.recover(0.1, factor=0.1, warmup=4)
        >>> state = controller.update(controller.init(), value=float("nan"))
        >>> [round(float(controller(state := controller.update(state))), 4) for _ in range(4)]
        [0.005, 0.0075, 0.01, 0.01]

    Reference:
        The rule is folklore, for instance Bengio 2012, arXiv:1206.5533, section 3.1.1; the running variance is West's.
    """
    controller = Recover(
        as_schedule(schedule),
        factor=factor,
        spike=spike,
        warmup=warmup,
        rtol=rtol,
        smoothing=smoothing,
        burn_in=burn_in,
        min_value=min_value,
        min_scale=min_scale,
        begin=begin,
    )
    return over_devices(controller, axis_name)
