"""Which lap a time is in, and how far into it: exact arithmetic of what repeats, the other half of `_progress`."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxsched._core.time import (
    Array,
    Clock,
    Length,
    Time,
    integer_max,
    is_integer,
    left_until,
    plain,
    real_dtype,
    to_integer,
    to_real,
    whole_steps,
)


def floor_to(time: Time, every: Length) -> tuple[Array, Array]:
    """`(index, begin)` of the period of length `every` that holds `time`; a length of 0 holds each time by itself."""
    if is_integer(every):
        steps = whole_steps(time)
        period = jnp.maximum(every, 1)
        index = _over(steps, period)
        begin = index * period
        return index, (begin if is_integer(plain(time)) else jnp.where(every > 0, begin, plain(time)))
    x, there = to_real(plain(time)), every > 0
    period = jnp.where(there, every, 1)
    index, into = _divide(x, period)
    begin = x - into
    if not isinstance(time, Clock) and is_integer(time):
        whole, exactly = _as_whole(period)
        laps = _over(time, jnp.maximum(whole, 1))
        index = jnp.where(exactly, laps, index)
        begin = _slope_of(jnp.where(exactly, to_real(laps * whole), begin), begin)
    return index, jnp.where(there, begin, x)


def _divide(x: Array, period: Array) -> tuple[Array, Array]:
    """`(x // period, x % period)` of floats; a time within rounding of a restart is that restart."""
    into = lax.rem(x, jnp.broadcast_to(period, x.shape))  # exact where floor(x / period) is not
    missed = period - into <= 4 * jnp.finfo(x.dtype).eps * x
    into = jnp.where(missed, 0, into)
    return to_integer(jnp.round((x - into) / period)), into


def _as_whole(length: Array) -> tuple[Array, Array]:
    """A float length as an integer, and whether it is one: then integers need not pass through a float's mantissa."""
    whole = to_integer(jnp.round(length))
    return whole, (to_real(whole) == length) & (whole < integer_max())


def _slope_of(value: Array, other: Array) -> Array:
    """`value`, to the last bit, with the gradient of `other`."""
    return lax.stop_gradient(value) + (other - lax.stop_gradient(other))


def stretched_fractions(time: Time, steps: Length) -> tuple[Array, Array]:
    """`fractions` of the least multiple of `steps` that is not before `time`; of `steps` itself at time 0."""
    _, begin = floor_to(time, steps)
    done, into = to_real(plain(time)), plain(time) - begin
    left = jnp.where(into > 0, left_until(into, steps), jnp.where(done > 0, 0, to_real(steps)))
    there = steps > 0
    length = jnp.where(there, done + left, 1)
    return jnp.where(there, done / length, 1), jnp.where(there, left / length, 0)


def lap(time: Time, period: Length, growth: Length) -> tuple[Array, Clock]:
    """`(index, local time in units of the first cycle)` of the cycle of length `period * growth**index`.

    `growth` is an integer. Cycle ends are sums of integers, so that a restart falls on its exact step. Of cycles of no
    length the first begins and never ends.
    """
    index, clock = _lap(time, period, growth)
    there = period > 0
    return jnp.where(there, index, 0), Clock(jnp.where(there, clock.whole, 0), jnp.where(there, clock.part, 0))


def _lap(time: Time, period: Length, growth: Length) -> tuple[Array, Clock]:
    if isinstance(time, Clock) or not is_integer(time):
        index, local = _lap_of_floats(to_real(plain(time)), to_real(period), growth)
        return index, _to_clock(local)
    if is_integer(period):
        return _lap_of_integers(time, period, growth)
    whole, exactly = _as_whole(period)
    index, clock = _lap_of_integers(time, whole, growth)
    rough_index, local = _lap_of_floats(to_real(time), period, growth)
    rough = _to_clock(local)
    part = _slope_of(jnp.where(exactly, clock.part, rough.part), local)
    return jnp.where(exactly, index, rough_index), Clock(jnp.where(exactly, clock.whole, rough.whole), part)


def _to_clock(time: Array) -> Clock:
    nearest = jnp.round(time)
    return Clock(to_integer(lax.stop_gradient(nearest)), time - lax.stop_gradient(nearest))


def _lap_of_integers(time: Array, period: Array, growth: Array) -> tuple[Array, Clock]:
    largest = integer_max()
    first, grows = jnp.maximum(period, 1), growth > 1
    base = jnp.maximum(growth, 2)
    scales, scale_floats = _powers(base)
    # The sum of the first k + 1 powers without forming the next power, which may not fit.
    sums = _saturating_add(scales, _over(scales - 1, base - 1))
    ends = _saturating_times(sums, first)
    passed = (jnp.asarray(time)[..., None] >= ends) & (ends < largest)
    grown = jnp.sum(passed, axis=-1, dtype=time.dtype)
    begin = jnp.max(jnp.where(passed, ends, 0), axis=-1)
    index, local = _over(time, first), lax.rem(*jnp.broadcast_arrays(time, first))
    index, local = jnp.where(grows, grown, index), jnp.where(grows, time - begin, local)
    scale = jnp.where(grows, scales[grown], 1)
    whole = _over(local, scale)
    rest = local - whole * scale
    # Count from the nearer whole step: one step before a cycle's end is 1/scale before it, not 0.99999 after something.
    up = (rest > scale - rest) & (scale < largest)
    part = jnp.where(up, -to_real(scale - rest), to_real(rest)) / jnp.where(grows, scale_floats[grown], 1)
    return index, Clock(whole + up.astype(whole.dtype), part)


def _powers(base: Array) -> tuple[Array, Array]:
    """`base**k` for every k that can matter, as integers that saturate and as floats; `base` is at least 2."""
    powers, step = jnp.ones((1,), base.dtype), base
    while powers.shape[0] < integer_max().bit_length():
        powers = jnp.concatenate([powers, _saturating_times(powers, step)])
        step = _saturating_times(step, step)
    fits, exponents = powers < integer_max(), np.arange(powers.shape[0], dtype=real_dtype())
    return powers, jnp.where(fits, to_real(powers), jnp.minimum(lax.pow(to_real(base), exponents), 1e30))


def _over(a: Array, b: Array) -> Array:
    """`a // b` of integers that are at least 0 and 1: one instruction, where signs take a dozen."""
    return lax.div(*jnp.broadcast_arrays(a, b))


def _saturating_times(a: Length, b: Length) -> Array:
    largest = jnp.full(jnp.shape(b), integer_max(), b.dtype)
    return jnp.where(a > _over(largest, b), integer_max(), a * b)


def _saturating_add(a: Length, b: Length) -> Array:
    return jnp.where(a > integer_max() - b, integer_max(), a + b)


def _lap_of_floats(time: Array, period: Length, growth: Length) -> tuple[Array, Array]:
    grows, first = growth > 1, jnp.where(period > 0, period, 1)
    scales = _powers(jnp.where(grows, growth, 2))[1]
    ends = first * jnp.cumsum(scales)
    passed = time[..., None] >= ends
    grown = jnp.sum(passed, axis=-1, dtype=jnp.result_type(int))
    begin = jnp.max(jnp.where(passed, ends, 0), axis=-1)
    again_index, again = _divide(time, first)
    return jnp.where(grows, grown, again_index), jnp.where(grows, (time - begin) / scales[grown], again)


def rescaled(done: Array, left: Array, period: Length) -> Time:
    """The time `period * done / (done + left)`, accurate near both ends of a cycle of any real length."""
    length = done + left
    there = length > 0
    length = jnp.where(there, length, 1)
    after = jnp.where(there, (done * to_real(period)) / length, 0)
    before = jnp.where(there, (left * to_real(period)) / length, 0)
    if not is_integer(period):
        return jnp.where(left > 0, after, to_real(period))
    first_half = after <= before
    from_end, from_start = jnp.round(before), jnp.round(after)
    part = jnp.where(first_half, after - from_start, from_end - before)
    # A whole step of the first cycle that the division missed by its rounding is still that whole step.
    rounding = 4 * jnp.finfo(part.dtype).eps * jnp.where(first_half, from_start, from_end)
    whole = jnp.where(first_half, to_integer(from_start), period - to_integer(from_end))
    return Clock(whole, jnp.where(jnp.abs(part) <= rounding, 0, part))
