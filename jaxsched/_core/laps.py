"""Which lap a time is in, and how far into it: exact arithmetic of what repeats, the other half of `_progress`."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxsched._core.choice import at, select
from jaxsched._core.time import (
    Array,
    Clock,
    Length,
    Time,
    integer_max,
    is_integer,
    left_until,
    minus,
    moved,
    only_when,
    plain,
    ratio,
    real_dtype,
    since,
    to_clock,
    to_integer,
    to_real,
    whole_steps,
)


def floor_to(time: Time, every: Length) -> tuple[Array, Time]:
    """`(index, begin)` of the period of length `every` that holds `time`; a length of 0 holds each time by itself."""
    if is_integer(every):
        period = jnp.maximum(every, 1)
        index = _over(whole_steps(time), period)
        begin = index * period
        if isinstance(time, Clock):
            there = every > 0
            return index, Clock(select(there, begin, time.whole), select(there, 0, time.part))
        return index, (begin if is_integer(time) else select(every > 0, begin, time))
    there = every > 0
    index, into, _ = divided(time, select(there, every, 1))
    if not isinstance(time, Clock) and not is_integer(time):
        return index, select(there, time - plain(into), time)
    now = to_clock(time)
    begin = moved(now.whole - into.whole, now.part - into.part)
    return index, jax.tree.map(lambda a, b: select(there, a, b), begin, now)


def divided(time: Time, length: Array) -> tuple[Array, Clock, Clock]:
    """`(time // length, time % length, what is left of that period)` for a float length, greater than 0.

    Of a whole step all three are exact, as far as floats can hold them: a boundary is where the length says.
    """
    if not isinstance(time, Clock) and not is_integer(time):
        return _divided_as_floats(time, length)
    if not isinstance(time, Clock):
        index, into, left = _divided_exactly(time, length)
        return index, *_with_slopes(into, left, time, index, length)
    index, into, left = _divided_exactly(time.whole, length)
    part = time.part
    # The part, which is rounded, may lead into the next period, or back into the last one.
    on = (part > 0) & (plain(left) - part <= 2 * jnp.finfo(part.dtype).eps * part)
    back = (part < 0) & (plain(into) + part < 0) & (index > 0)
    before, after = plain(into) + part, jnp.maximum(part - plain(left), 0)
    inner = moved(into.whole, into.part + part), moved(left.whole, left.part - part)
    from_end, from_start = to_clock(-before), to_clock(after)
    rest = moved(*(a - b for a, b in zip(to_clock(length), from_end, strict=True)))
    until_next = moved(*(a - b for a, b in zip(to_clock(length), from_start, strict=True)))
    index = index + on.astype(index.dtype) - back.astype(index.dtype)
    into = _choose(back, rest, _choose(on, from_start, inner[0]))
    left = _choose(back, from_end, _choose(on, until_next, inner[1]))
    # In periods shorter than a step the part is more than one of them.
    exact, rough = (index, into, left), _divided_as_floats(plain(time), length)
    index, into, left = _choose(length >= 1, exact, rough)
    return index, *_with_slopes(into, left, time, index, length)


def _choose(condition: Array, a: Any, b: Any) -> Any:
    return jax.tree.map(lambda x, y: select(condition, x, y), a, b)


def _divided_as_floats(x: Array, length: Array) -> tuple[Array, Clock, Clock]:
    """The same of a fractional step; a time within rounding of a restart is that restart."""
    into = lax.rem(x, jnp.broadcast_to(length, x.shape))  # exact where floor(x / length) is not
    missed = length - into <= 4 * jnp.finfo(x.dtype).eps * x
    into = select(missed, 0, into)
    return to_integer(jnp.round((x - into) / length)), to_clock(into), to_clock(length - into)


def _divided_exactly(steps: Array, length: Array) -> tuple[Array, Clock, Clock]:
    # The length is a whole number of parts of a step, 2**digits of them. Divide as on paper: first the steps, then
    # what remains in ever smaller parts, as many digits at a time as an integer has room for.
    length = lax.stop_gradient(length)
    mantissa, exponent = jnp.finfo(length.dtype).nmant + 1, jnp.frexp(length)[1]
    room = integer_max().bit_length() - mantissa
    most = mantissa - 1 + integer_max().bit_length()
    digits = jnp.clip(mantissa - exponent, 0, most).astype(steps.dtype)
    parts = jnp.maximum(to_integer(jnp.ldexp(length, digits)), 1)
    index, rest = _over(steps, parts), lax.rem(*jnp.broadcast_arrays(steps, parts))
    for done in range(0, most, room):
        more = jnp.clip(digits - done, 0, room)
        shifted = rest << more
        quotient = _over(shifted, parts)
        index, rest = (index << more) + quotient, shifted - quotient * parts
    index = select(to_real(steps) / length < integer_max(), index, integer_max())
    exact = index, _of_parts(rest, digits), _of_parts(parts - rest, digits)
    longer = jnp.zeros_like(index), to_clock(steps), to_clock(minus(length, steps))  # than there are steps
    return _choose(length < integer_max(), exact, longer)


def _of_parts(parts: Array, digits: Array) -> Clock:
    """The clock at `parts / 2**digits`; there are no more parts than a float can hold, unless they are whole steps."""
    short = jnp.minimum(digits, integer_max().bit_length() - 1)
    whole = parts >> short
    # A length below 1 has more digits than an integer: then all is in the part.
    part = jnp.ldexp(to_real(parts - (whole << short)), -digits)
    return moved(whole, part)


def _with_slopes(into: Clock, left: Clock, time: Time, index: Array, length: Array) -> tuple[Clock, Clock]:
    into_slope = to_real(plain(time)) - to_real(lax.stop_gradient(index)) * length
    return (
        into._replace(part=slope_of(into.part, into_slope)),
        left._replace(part=slope_of(left.part, length - into_slope)),
    )


def _as_whole(length: Array) -> tuple[Array, Array]:
    """A float length as an integer, and whether it is one: then integers need not pass through a float's mantissa."""
    whole = to_integer(jnp.round(length))
    return whole, (to_real(whole) == length) & (whole < integer_max())


def slope_of(value: Array, other: Array) -> Array:
    """`value`, to the last bit, with the gradient of `other`."""
    return lax.stop_gradient(value) + (other - lax.stop_gradient(other))


def stretched_fractions(time: Time, steps: Length) -> tuple[Array, Array]:
    """`fractions` of the least multiple of `steps` that is not before `time`; of `steps` itself at time 0."""
    there = steps > 0
    if is_integer(steps):
        period = jnp.maximum(steps, 1)
        into = since(time, _over(whole_steps(time), period) * period)
        begun, left = plain(into) > 0, left_until(into, period)
    else:
        _, into, rest = divided(time, select(there, steps, 1))
        begun, left = plain(into) > 0, plain(rest)
    done = to_real(plain(time))
    left = select(begun, left, select(done > 0, 0, to_real(steps)))
    length = select(there, done + left, 1)
    return select(there, done / length, 1), select(there, left / length, 0)


def lap(time: Time, period: Length, growth: Length) -> tuple[Array, Clock]:
    """`(index, local time in units of the first cycle)` of the cycle of length `period * growth**index`.

    `growth` is an integer. Cycle ends are sums of integers, so that a restart falls on its exact step. Of cycles of no
    length the first begins and never ends.
    """
    index, clock = _lap(time, period, growth)
    there = period > 0
    return select(there, index, 0), Clock(select(there, clock.whole, 0), select(there, clock.part, 0))


def _lap(time: Time, period: Length, growth: Length) -> tuple[Array, Clock]:
    if not isinstance(time, Clock) and not is_integer(time):
        index, local = _lap_of_floats(time, to_real(period), growth)
        return index, to_clock(local)
    if is_integer(period):
        return _lap_of_integers(time, period, growth)
    whole, exactly = _as_whole(period)
    rough_index, rough = _lap_of_fractions(time, period, growth)
    index, clock = _choose(exactly, _lap_of_integers(time, whole, growth), (rough_index, rough))
    return index, clock._replace(part=slope_of(clock.part, rough.part))


def _lap_of_integers(time: Time, period: Array, growth: Array) -> tuple[Array, Clock]:
    steps, first, grows = whole_steps(time), jnp.maximum(period, 1), growth > 1
    scales, scale_floats, last_laps = _cycles(growth)
    grown, begin = _passed(steps, _saturating_add(_saturating_times(last_laps, first), first - 1))
    index, local = _over(steps, first), lax.rem(*jnp.broadcast_arrays(steps, first))
    index, local = select(grows, grown, index), select(grows, steps - begin, local)
    scale = select(grows, at(scales, grown), 1)
    whole = _over(local, scale)
    done = local - whole * scale
    left, part, ahead = scale - done, jnp.zeros((), real_dtype()), False
    if isinstance(time, Clock):  # counted from the step that it is nearest to
        before = (time.part < 0).astype(done.dtype)
        done, left, part = done + before, left - before, time.part
        ahead = (done == left) & (part > 0)
    # Count from the nearer whole step: one step before a cycle's end is 1/scale before it, not 0.99999 after something.
    up = ((done > left) | ahead) & (scale < integer_max())
    part = select(up, part - to_real(left), to_real(done) + part) / select(grows, at(scale_floats, grown), 1)
    return index, Clock(whole + up.astype(whole.dtype), part)


def _lap_of_fractions(time: Time, period: Array, growth: Array) -> tuple[Array, Clock]:
    """Of cycles whose first is no whole number of steps; they end at whole multiples of it all the same."""
    laps, into, left = divided(time, select(period > 0, period, 1))
    grows = growth > 1
    scales, scale_floats, last_laps = _cycles(growth)
    grown, begin = _passed(laps, last_laps)
    before, after = to_real(laps - begin), to_real(at(scales, grown) - 1 - (laps - begin))
    scale = select(grows, at(scale_floats, grown), 1)
    local = rescaled((before * period + plain(into)) / scale, (after * period + plain(left)) / scale, period)
    return select(grows, grown, laps), _choose(grows & (grown > 0), local, into)


def _cycles(growth: Array) -> tuple[Array, Array, Array]:
    """The lengths of growing cycles in units of the first, as integers that saturate and as floats, and the last unit
    of each: its end may be the last step there is, which a sum that saturates is, too."""
    base = jnp.maximum(growth, 2)
    scales, scale_floats = _powers(base)
    # The sum of the first k + 1 powers, less one, without forming the next power, which may not fit.
    return scales, scale_floats, _saturating_add(scales - 1, _over(scales - 1, base - 1))


def _passed(steps: Array, lasts: Array) -> tuple[Array, Array]:
    """How many cycles are over by their last steps, and where the present one began."""
    over = jnp.asarray(steps)[..., None] > lasts
    passed = jnp.sum(over, axis=-1, dtype=steps.dtype)
    return passed, select(passed > 0, at(lasts, jnp.maximum(passed - 1, 0)) + 1, 0)


def _powers(base: Array) -> tuple[Array, Array]:
    """`base**k` for every k that can matter, as integers that saturate and as floats; `base` is at least 2."""
    exponents = np.arange(integer_max().bit_length() + 1)  # of the last of which every power saturates
    powers, floats = _power(base, exponents), jnp.minimum(_power(to_real(base), exponents), 1e30)
    powers = select(base <= np.asarray(_largest_bases(integer_max()), base.dtype), powers, integer_max())
    return powers, select(powers < integer_max(), to_real(powers), floats)


def _power(base: Array, exponents: np.ndarray) -> Array:
    """By squaring: XLA knows the result where the base is known. Integers wrap around."""
    power, square = select(exponents % 2 == 1, base, jnp.ones((), base.dtype)), base
    for bit in range(1, int(exponents[-1]).bit_length()):
        square = square * square
        power = select(exponents >> bit & 1 == 1, power * square, power)
    return power


@functools.cache
def _largest_bases(most: int) -> list[int]:
    """For each exponent the largest base whose power is at most so large."""
    found = [most, most]
    for k in range(2, most.bit_length() + 1):
        base = round(most ** (1 / k)) + 1
        while base**k > most:
            base -= 1
        found.append(base)
    return found


def _over(a: Array, b: Array) -> Array:
    """`a // b` of integers that are at least 0 and 1: one instruction, where signs take a dozen."""
    return lax.div(*jnp.broadcast_arrays(a, b))


def _saturating_times(a: Length, b: Length) -> Array:
    largest = jnp.full(jnp.shape(b), integer_max(), b.dtype)
    return select(a > _over(largest, b), integer_max(), a * b)


def _saturating_add(a: Length, b: Length) -> Array:
    return select(a > integer_max() - b, integer_max(), a + b)


def _lap_of_floats(time: Array, period: Length, growth: Length) -> tuple[Array, Array]:
    grows, first = growth > 1, select(period > 0, period, 1)
    scales = _powers(select(grows, growth, 2))[1]
    ends = first * jnp.cumsum(scales)
    passed = time[..., None] >= ends
    grown = jnp.sum(passed, axis=-1, dtype=jnp.result_type(int))
    begin = jnp.max(select(passed, ends, 0), axis=-1)
    again_index, again, _ = _divided_as_floats(time, first)
    return select(grows, grown, again_index), select(grows, (time - begin) / at(scales, grown), plain(again))


def rescaled(done: Array, left: Array, period: Length) -> Clock:
    """The time `period * done / (done + left)`, accurate near both ends of a cycle of any real length."""
    length = done + left
    there = length > 0
    length = select(there, length, 1)
    after = select(there, (done * to_real(period)) / length, 0)
    before = select(there, (left * to_real(period)) / length, 0)
    first_half = after <= before
    if not is_integer(period):
        end, rest = to_clock(period), to_clock(before)
        return _choose(first_half, to_clock(after), moved(end.whole - rest.whole, end.part - rest.part))
    from_end, from_start = jnp.round(before), jnp.round(after)
    part = select(first_half, after - from_start, from_end - before)
    # A whole step of the first cycle that the division missed by its rounding is still that whole step.
    rounding = 4 * jnp.finfo(part.dtype).eps * select(first_half, from_start, from_end)
    whole = select(first_half, to_integer(from_start), period - to_integer(from_end))
    return Clock(whole, select(jnp.abs(part) <= rounding, 0, part))


def slowed(time: Time, factor: Length) -> Time:
    """`time / factor`; 0 for a factor of 0."""
    if not isinstance(time, Clock) and not is_integer(time):
        return ratio(time, factor)
    there = factor > 0
    factor = select(there, factor, 1)
    index, into, left = divided(time, factor)
    up = plain(left) < plain(into)
    part = select(up, -plain(left), plain(into)) / factor
    # A factor of many digits is a rounded one: what it misses of a whole step by that is the whole step.
    short = jnp.round(factor * 4096) == factor * 4096
    missed = select(short, 0, 0.6 * jnp.finfo(part.dtype).eps * to_real(index))
    part = select(jnp.abs(part) <= missed, 0, part)
    return only_when(there, Clock(index + up.astype(index.dtype), part))
