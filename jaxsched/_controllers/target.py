"""Hold target: keep a metric near a target by moving the value in steps of one factor."""

from typing import Any, Literal, NamedTuple

import jax.numpy as jnp

from jaxsched._controllers.base import Array, Controller, PureSchedule, Watching, over_devices, value_of
from jaxsched._controllers.metrics import LARGEST, ROUNDING, averaged, events, flags
from jaxsched._core.choice import select
from jaxsched._core.fields import check_order
from jaxsched._core.kinds import (
    AtLeastOne,
    Bound,
    Count,
    OuterFactor,
    OuterLog,
    Positive,
    Sign,
    WholeAtLeastOne,
    checked,
)
from jaxsched._core.node import written
from jaxsched._core.schedule import as_schedule


class TargetState(NamedTuple):
    """The state of `hold_target`."""

    step: Array  # shape=(), dtype=int32
    anchor: Array  # shape=(), dtype=float32; the scale where a bound last decided the value, 1 before
    cuts: Array  # shape=(), dtype=int32; cuts since then, less raises: the scale is anchor * factor**-cuts
    flags: Array  # shape=(), dtype=int32; the events and the count of observations, as bits
    pending: Array | None  # shape=(), dtype=int32; observations waiting to be averaged, if `every` is not 1
    mean: Array | None  # shape=(), dtype=float32; of those

    events = events


class HoldTarget(Watching, kw_only=True):
    """A schedule times a scale that keeps a metric near a target: what `hold_target` makes.

    Args:
        schedule: the schedule.
        target: the target of the metric.
        factor: the factor of a change, greater than 1; kept as its logarithm, `log_factor`.
        band: the factor by which the metric may be away from the target.
        direction: 1 if a metric that is too large lowers the value, -1 if it raises it.
        low: the lowest value that a change leads to.
        high: the highest value that a change leads to.
        every: observations that are averaged before they are judged; `None` for each by itself.
        begin: the first step at which the metric is looked at.
    """

    State = TargetState

    target: Positive
    log_factor: OuterLog = written(alias="factor", default=1.5)
    band: AtLeastOne = 2.0
    direction: Sign = 1.0
    low: Bound
    high: Bound
    every: WholeAtLeastOne | None = None

    def _check(self) -> None:
        check_order("low", self.low, "high", self.high)

    def _start(self) -> Any:
        zero, none = jnp.zeros((), jnp.int32), jnp.zeros((), jnp.float32)
        waiting = (None, None) if self.every is None else (zero, none)
        return TargetState(zero, none + 1, zero, zero, *waiting)

    def _rate(self, state: Any) -> Any:
        base = value_of(self.schedule, state)
        return self._bounded(base, base * self._scale(state))

    def _scale(self, state):
        moved = jnp.exp(jnp.maximum(self.log_factor, 0.0) * -state.cuts)
        return jnp.minimum(state.anchor * jnp.minimum(moved, LARGEST), LARGEST)

    def _bounded(self, base, product):
        # The bounds hold for changes: a schedule that is outside of them by itself is left there.
        low, high = jnp.minimum(self.low, base), jnp.maximum(self.high, base)
        return select(product >= high * (1 - ROUNDING), high, select(product <= low * (1 + ROUNDING), low, product))

    def _unscaled(self, state: Any) -> Any:
        return state._replace(anchor=jnp.ones((), jnp.float32), cuts=jnp.zeros((), jnp.int32))

    def _judge(self, state: Any, value: Any) -> Any:
        return averaged(self._judge_mean, self.every, state, value)

    def _judge_mean(self, state, mean):
        target, band = (jnp.asarray(x).astype(jnp.float32) for x in (self.target, self.band))  # under x64 too
        above, below = mean > target * band, (mean > 0) & (mean * band < target)
        down, up = select(self.direction > 0, above, below), select(self.direction > 0, below, above)

        base = value_of(self.schedule, state)
        product, log_factor = base * self._scale(state), jnp.maximum(self.log_factor, 0.0)
        old = self._bounded(base, product)
        wanted = old * jnp.exp(select(up, log_factor, -log_factor))
        new = select(up, jnp.minimum(wanted, self.high), jnp.maximum(wanted, self.low))
        changes = jnp.abs(new - old) > ROUNDING * old
        raised, cut = up & changes & (new > old), down & changes & (new < old)
        # A change that a bound decides, or that starts at one, is an anchor: the next ones are counted from it.
        decided = (raised | cut) & ((new != wanted) | (old != product))
        anchor = jnp.minimum(new / select(base > 0, base, 1.0), LARGEST).astype(jnp.float32)
        at_floor = select(raised | cut, new, old) <= self.low * (1 + ROUNDING)
        return state._replace(
            anchor=select(decided, anchor, state.anchor),
            cuts=select(decided, 0, state.cuts + cut - raised),
            flags=flags(increased=raised, reduced=cut, at_floor=at_floor),
        )


@checked
def hold_target(
    schedule: PureSchedule,
    target: Positive,
    *,
    factor: OuterFactor = 1.5,
    band: AtLeastOne = 2.0,
    low: Bound,
    high: Bound,
    mode: Literal["rate", "coefficient"] = "rate",
    every: WholeAtLeastOne = 1,
    begin: Count = 0,
    axis_name: Any = None,
) -> Controller:
    r"""A schedule whose value moves by `factor` whenever a metric leaves a band around a target.

    The adaptive rule of PPO: the metric x is the KL divergence between the policy before and after. If $x > k\,d$ for
    the target d and the band k, the value v becomes $\max(v / f, l)$; if $0 < x < d / k$, it becomes $\min(v\,f, h)$;
    otherwise it stays. With `mode="coefficient"` both go the other way, as a coefficient that holds the metric down
    must. The steps in between follow the schedule times the scale reached. NaN and infinity are too large.

    Args:
        schedule: a schedule, number or function of the step.
        target: the target d of the metric, greater than 0, in its units.
        factor: the factor f of a change, greater than 1.
        band: the factor k by which the metric may be away from the target, at least 1.
        low: the lowest value l that a change leads to, at least 0. A value below it by itself can only rise.
        high: the highest value h that a change leads to. A value above it by itself can only fall.
        mode: "rate" if a larger value makes the metric larger, "coefficient" if it makes it smaller.
        every: observations that are averaged before they are judged, at least 1: for the KL of minibatches. 1 and
            other numbers are two structures, which `stack` does not mix; traced numbers may be any.
        begin: the first step at which the metric is looked at.
        axis_name: the mapped axis over whose devices the metric is averaged.

    Raises:
        ValueError: a number out of its range, an unknown `mode`, or `low` above `high`.
        TypeError: `schedule` is not a schedule.

    Examples:
        >>> controller = jaxsched.hold_target(1e-3, target=0.01, low=1e-5, high=1e-2)
        >>> state = controller.init()
        >>> for kl in (0.1, 0.1, 0.001, 0.01):
        ...     state = controller.update(state, value=kl)
        >>> round(float(controller(state)), 6), int(state.cuts)
        (0.000667, 1)

    Reference:
        `schedule="adaptive"` in rsl_rl, `adaptive_kl_learning_rate` in brax's PPO; `AdaptiveScheduler` in rl_games and
        `KLAdaptiveLR` in skrl, which move at a KL of 0 and below too. For the coefficient, Schulman et al. 2017,
        arXiv:1707.06347, section 4, with `factor=2, band=1.5`; it moves at a KL of 0 too.
    """
    controller = HoldTarget(
        as_schedule(schedule),
        target=target,
        factor=factor,
        band=band,
        direction=1.0 if mode == "rate" else -1.0,
        low=low,
        high=high,
        every=None if isinstance(every, (int, float)) and every == 1 else every,
        begin=begin,
    )
    return over_devices(controller, axis_name)
