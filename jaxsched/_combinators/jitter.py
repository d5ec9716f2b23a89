"""Noise as a pure function of a key and the step, and schedules disturbed by it."""

from typing import Any

import jax
import jax.numpy as jnp

from jaxsched._core.fields import Key, Positive, is_number, not_negative
from jaxsched._core.time import Array, real_dtype, whole_steps
from jaxsched._core.schedule import Exact, Schedule, evaluate, to_schedule


def _draw(key, step: Array, sample) -> Array:
    if key.ndim:  # the words of a key; their number tells the generator
        words = key.astype(jnp.uint32)
        key = jax.random.wrap_key_data(words, impl="threefry2x32" if words.shape[-1] == 2 else "rbg")
    else:
        key = jax.random.key(key)

    def one(t):
        return sample(jax.random.fold_in(key, t))

    return jax.vmap(one)(step.ravel()).reshape(step.shape) if step.ndim else one(step)


def normal(key, step: Array) -> Array:
    """One standard normal draw for each step."""
    return _draw(key, step, lambda k: jax.random.normal(k, dtype=real_dtype()))


def truncated_normal(key, step: Array, bound: Any) -> Array:
    """One standard normal draw between `-bound` and `bound` for each step; `bound` has the step's shape or none."""
    uniform_draw = uniform(key, step)
    # erf maps the interval onto probabilities; as in jax.random.truncated_normal, but one bound for each step
    limit = jax.lax.erf(bound / jnp.sqrt(jnp.asarray(2, real_dtype())))
    return jnp.clip(jnp.sqrt(jnp.asarray(2, real_dtype())) * jax.lax.erf_inv(uniform_draw * limit), -bound, bound)


def uniform(key, step: Array) -> Array:
    """One uniform draw from [-1, 1) for each step."""
    return _draw(key, step, lambda k: jax.random.uniform(k, dtype=real_dtype(), minval=-1, maxval=1))


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

    def at(self, step):
        deviation = jnp.maximum(evaluate(self.deviation, step), 0)
        some = deviation > 0
        limit = self.bound / jnp.where(some, deviation, 1)
        noise = truncated_normal(self.key, whole_steps(step), limit)
        return evaluate(self.schedule, step) * (1 + jnp.where(some, deviation * noise, 0))


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

    def at(self, step):
        noise = evaluate(self.bound, step) * uniform(self.key, whole_steps(step))
        return evaluate(self.schedule, step) * (1 + noise)


def jitter(
    schedule: Any, deviation: Any = 1.0, *, bound: Any = 0.67, key: Any = 0, distribution: str = "normal"
) -> Schedule:
    r"""The schedule times seeded noise: $v(t) = s(t)\,(1 + z_t)$, the same at every reading of a step.

    $z_t$ is normal with the deviation given, cut at ± `bound`, or uniform between ± `bound`. Noise for a part of the
    run is a schedule for `deviation` or `bound`: `Piecewise([0.0, 0.1], [1000])` begins at step 1000.

    Args:
        schedule: a schedule, number or function of the step.
        deviation: the relative standard deviation, at least 0, a number or schedule; not used by uniform noise.
        bound: the largest relative noise: a number greater than 0; for uniform noise a number or schedule.
        key: an int seed or a JAX PRNG key; each step draws from `fold_in(key, step)`.
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
    schedule = to_schedule("schedule", schedule)
    if distribution == "uniform":
        return UniformJitter(schedule, to_schedule("bound", bound), key)
    if distribution != "normal":
        raise ValueError(f"`distribution` must be 'normal' or 'uniform': got {distribution!r}.")
    deviation = not_negative("deviation", deviation) if is_number(deviation) else deviation
    return NormalJitter(schedule, to_schedule("deviation", deviation), bound, key)
