"""Schedules disturbed by seeded noise."""

from typing import Any, Literal

import jax.numpy as jnp

from jaxsched._core.choice import select
from jaxsched._core.draws import truncated_normal, uniform
from jaxsched._core.fields import not_negative
from jaxsched._core.kinds import Key, Positive, checked
from jaxsched._core.schedule import Constant, Exact, Schedule, ScheduleLike, as_schedule, evaluate
from jaxsched._core.time import whole_steps
from jaxsched._core.words import shown


class NormalJitter(Exact):
    """A schedule times one plus normal noise: what `jitter` makes by default.

    Args:
        schedule: the schedule to disturb.
        deviation: the relative standard deviation at each step, a number or schedule.
        bound: the largest relative noise, greater than 0: the normal distribution is cut there.
        key: an int seed or a JAX PRNG key.
    """

    schedule: Schedule
    deviation: Schedule
    bound: Positive
    key: Key = 0

    _scales = False  # each step has a draw of its own

    def at(self, step: Any) -> Any:
        deviation = jnp.maximum(evaluate(self.deviation, step), 0)
        some = deviation > 0
        limit = self.bound / select(some, deviation, 1)
        noise = truncated_normal(self.key, whole_steps(step), limit)
        return evaluate(self.schedule, step) * (1 + select(some, deviation * noise, 0))


class UniformJitter(Exact):
    """A schedule times one plus uniform noise: what `jitter` makes with `distribution="uniform"`.

    Args:
        schedule: the schedule to disturb.
        bound: the largest relative noise at each step, a number or schedule.
        key: an int seed or a JAX PRNG key.
    """

    schedule: Schedule
    bound: Schedule
    key: Key = 0

    _scales = False  # each step has a draw of its own

    def at(self, step: Any) -> Any:
        noise = evaluate(self.bound, step) * uniform(self.key, whole_steps(step))
        return evaluate(self.schedule, step) * (1 + noise)


@checked
def jitter(
    schedule: ScheduleLike,
    deviation: ScheduleLike = 1.0,
    *,
    bound: ScheduleLike = 0.67,
    key: Key = 0,
    distribution: Literal["normal", "uniform"] = "normal",
) -> Schedule:
    r"""The schedule times seeded noise: $v(t) = s(t)\,(1 + z_t)$, the same at every reading of a step.

    $z_t$ is normal with the deviation given, cut at ± `bound`, or uniform between ± `bound`. Noise for a part of the
    run is a schedule for `deviation` or `bound`: `piecewise_constant([1000], [0.0, 0.1])` begins at step 1000.

    Args:
        schedule: a schedule, number or function of the step.
        deviation: the relative standard deviation, at least 0, a number or schedule; not used by uniform noise.
        bound: the largest relative noise: a number greater than 0; for uniform noise a number or schedule.
        key: an int seed or a JAX PRNG key; each step draws from `fold_in(key, step)`, the same in either precision.
        distribution: "normal" or "uniform".

    Raises:
        ValueError: an unknown distribution, a negative deviation, or a bound that is not positive.

    Examples:
        >>> lr = jaxsched.jitter(0.1, bound=0.5, key=7)
        >>> 0.05 <= float(lr(3)) <= 0.15, float(lr(3)) == float(lr(3))
        (True, True)

    Reference:
        `noise_range_t`, `noise_pct` and `noise_std` in timm: the same distribution, other draws.
    """
    schedule, deviation, bound = as_schedule(schedule), as_schedule(deviation), as_schedule(bound)
    if distribution == "uniform":
        return UniformJitter(schedule, bound, key)
    if isinstance(deviation, Constant):
        not_negative("deviation", deviation.value)
    if not isinstance(bound, Constant):
        raise TypeError(
            f"`bound` must be a number for normal noise: got {shown(bound)}. Uniform noise takes schedules."
        )
    return NormalJitter(schedule, deviation, bound.value, key)
