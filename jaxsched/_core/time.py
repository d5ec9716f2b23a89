"""Exact arithmetic of "how far along": the numerics live here and nowhere else.

A time is one of three things, and every function below takes each of them:

- an integer array, the usual case: differences are exact, and one division makes a fraction of them;
- a float array: a fractional step from the user, or a clock that was scaled;
- a `Clock`: a scaled time that is still exact near every whole step, so that the last steps of a long cycle keep
  their relative accuracy (a plain float32 near 10,000 is only good to 0.001).

A length or an origin is an integer array or a float array.
"""

import math
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jax.core import Tracer

from jaxsched._core.choice import select

Array = jax.Array


class Clock(NamedTuple):
    """The time `whole + part`, with `part` between -1/2 and 1/2 and accurate relative to itself."""

    whole: Array  # integer
    part: Array  # float


Time: TypeAlias = Array | Clock
Length: TypeAlias = Any
"""An integer or float array. `Any`, since a schedule's field is annotated with what a user may pass."""


def real_dtype():
    """JAX's default float dtype: float32, or float64 under x64."""
    return jnp.result_type(float)


def to_real(x: Any) -> Array:
    """`x` in JAX's default float dtype."""
    return jnp.asarray(x).astype(real_dtype())


def as_real(x: Any) -> Any:
    """A float where `x` is traced: JAX may be strict about the product of an integer and a float."""
    return to_real(x) if isinstance(x, Tracer) else x


def largest(a: Any, b: Any) -> Any:
    """The larger of two numbers, which may be traced."""
    return jnp.maximum(a, b) if isinstance(a, Tracer) or isinstance(b, Tracer) else max(a, b)


def is_integer(x) -> bool:
    return jnp.issubdtype(jnp.result_type(x), jnp.integer)


def integer_max() -> int:
    return int(jnp.iinfo(jnp.result_type(int)).max)


def plain(time: Time | Length) -> Array:
    """The time as one array: an integer where it is one, else a float."""
    return to_real(time.whole) + time.part if isinstance(time, Clock) else time


def whole_steps(time: Time) -> Array:
    """The number of whole steps done (floor), as an integer."""
    if isinstance(time, Clock):
        return time.whole - (time.part < 0).astype(time.whole.dtype)
    return time if is_integer(time) else to_integer(jnp.floor(time))


def to_integer(x: Array) -> Array:
    # A float beyond the largest integer has no defined conversion: saturate first, at a float that fits.
    largest = integer_max()
    fits = x < float(largest)
    return select(fits, select(fits, x, 0).astype(jnp.result_type(int)), largest)


def _two_parts(x: Array) -> tuple[Array, Array]:
    # An integer of 31 (63) bits does not fit a float's mantissa; its upper and lower bits do.
    if not is_integer(x):
        return x, jnp.zeros((), x.dtype)
    low = x & 4095
    return to_real(x - low), to_real(low)


def minus(a: Time, b: Length) -> Array:
    """`a - b` as a float, accurate relative to the difference although either may exceed the float's mantissa."""
    if isinstance(a, Clock):
        return minus(a.whole, b) + a.part
    if is_integer(a) and is_integer(b):
        return to_real(a - b)
    (a_high, a_low), (b_high, b_low) = _two_parts(a), _two_parts(b)
    return (a_high - b_high) + (a_low - b_low)


def reached(time: Time, boundary: Length) -> Array:
    """Whether `time >= boundary`, decided exactly."""
    if is_integer(boundary):
        if isinstance(time, Clock):
            return to_real(time.whole - boundary) + time.part >= 0  # neither a whole step nor a part rounds to 0
        if is_integer(time):
            return time >= boundary
    return minus(time, boundary) >= 0


def to_clock(time: Time | Length) -> Clock:
    """The time as a clock; what lies beyond the last integer is in its part."""
    if isinstance(time, Clock):
        return time
    if is_integer(time):
        return Clock(time, jnp.zeros(jnp.shape(time), real_dtype()))
    whole = to_integer(jax.lax.stop_gradient(jnp.round(time)))
    return Clock(whole, time - to_real(whole))


def moved(whole: Array, part: Array) -> Clock:
    """The clock at `whole + part`, where `part` may be the sum of two parts."""
    nearest = jnp.clip(jax.lax.stop_gradient(jnp.round(part)), -1, select(whole < integer_max(), 1, 0))
    return Clock(whole + nearest.astype(whole.dtype), part - nearest)


def since(time: Time, origin: Length) -> Time:
    """The time after `origin`, at least 0."""
    if is_integer(origin):
        if isinstance(time, Clock):
            return only_when(reached(time, origin), Clock(time.whole - origin, time.part))
        if is_integer(time):
            return jnp.maximum(time - origin, 0)
    if not isinstance(time, Clock) and not is_integer(time):
        return jnp.maximum(minus(time, origin), 0)
    now, then = to_clock(time), to_clock(origin)
    return only_when(reached(time, origin), moved(now.whole - then.whole, now.part - then.part))


def until(time: Time, end: Length) -> Time:
    """The time, but no later than `end`."""
    if not isinstance(time, Clock):
        if is_integer(time) and is_integer(end):
            return jnp.minimum(time, end)
        if not is_integer(time):
            return jnp.minimum(time, to_real(end))
    over = reached(time, end)
    return jax.tree.map(lambda a, b: select(over, a, b), to_clock(end), to_clock(time))


def only_when(active: Array, time: Time) -> Time:
    """The time where `active`, else 0: an unused branch is evaluated where it is surely finite."""
    return jax.tree.map(lambda x: select(active, x, jnp.zeros((), x.dtype)), time)


def later(time: Time, steps: Length) -> Time:
    """The time `steps` further on; integers saturate instead of wrapping around."""
    if is_integer(steps):
        if not isinstance(time, Clock) and is_integer(time):
            return jnp.minimum(time, integer_max() - steps) + steps
        if isinstance(time, Clock):
            return Clock(jnp.minimum(time.whole, integer_max() - steps) + steps, time.part)
    if not isinstance(time, Clock) and not is_integer(time):
        return time + to_real(steps)
    now, more = to_clock(time), to_clock(steps)
    room = integer_max() - more.whole
    beyond = to_real(jnp.maximum(now.whole - room, 0))
    return moved(jnp.minimum(now.whole, room) + more.whole, now.part + more.part + beyond)


def fractions(time: Time, steps: Length) -> tuple[Array, Array]:
    """`(done / steps, left / steps)`, each accurate relative to itself; `(1, 0)` for a length of 0.

    The integers decide the ends: at time 0 the first is exactly 0, from `steps` on the second is.
    """
    if not isinstance(time, Clock) and is_integer(time) and is_integer(steps):
        whole = jnp.minimum(time, steps)
        done, left = to_real(whole), to_real(steps - whole)
    else:
        end = to_real(steps)
        over = reached(time, steps)
        left = select(over, 0, left_until(time, steps))
        done = select(over, end, jnp.minimum(to_real(plain(time)), end))
    length = select(steps > 0, to_real(steps), 1)
    return select(left > 0, done / length, 1), left / length


def fractions_between(time: Time, begin: Length, end: Length) -> tuple[Array, Array]:
    """`fractions` of the way from `begin` to `end`, with the time that is left counted from `end` itself."""
    if is_integer(begin) and is_integer(end):
        return fractions(since(time, begin), end - begin)
    left, length = jnp.maximum(left_until(time, end), 0), end - begin
    length = select(length > 0, to_real(length), 1)
    return select(left > 0, jnp.clip(minus(time, begin) / length, 0, 1), 1), jnp.minimum(left / length, 1)


def left_until(time: Time, end: Length) -> Array:
    """`end - time`, accurate relative to the difference."""
    return minus(end, time.whole) - time.part if isinstance(time, Clock) else minus(end, time)


def ratio(time: Time | Length, steps: Length) -> Array:
    """`time / steps` for a clock that never stops; 0 for a length of 0, which means "not there"."""
    there = steps > 0
    return select(there, to_real(plain(time)) / select(there, to_real(steps), 1), 0)


def in_units(factor: Any, time: Time | Length, steps: Length) -> tuple[Array, Array]:
    """`factor * time / steps` as `ratio` has it, and what rounding took from that.

    A relative error of the exponent of an exponential, or of an angle, is an absolute one, which grows with it.
    """
    factor, there = to_real(factor), steps > 0
    length = select(there, to_real(steps), 1)
    high, low = _two_parts(plain(time))
    real = high + low
    product, rest = _product(factor, real)
    quotient = product / length
    back, rest_of_back = _product(quotient, length)
    rest = rest + factor * ((high - real) + low)
    rest = jax.lax.stop_gradient(((product - back) - rest_of_back + rest) / length)
    lost = select(there & (jnp.abs(rest) < 1e-3), rest, 0)  # a value so large that it lost more is out of range
    return select(there, quotient, 0), lost


def _product(a: Array, b: Array) -> tuple[Array, Array]:
    # Dekker's: the products of halves of mantissas are exact.
    product = a * b
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(x: Array) -> tuple[Array, Array]:
    x = jax.lax.stop_gradient(x)
    info = jnp.finfo(x.dtype)
    high = jax.lax.reduce_precision(x, exponent_bits=info.nexp, mantissa_bits=info.nmant // 2)
    return high, x - high


def count_reached(time: Time, boundaries: Length) -> Array:
    """How many of the sorted `boundaries` lie at or before `time`."""
    if is_integer(boundaries):
        time = whole_steps(time)
    elif not isinstance(time, Clock) and is_integer(time):
        boundaries = to_integer(jnp.ceil(boundaries))
    if boundaries.shape[0] <= 16:  # a few comparisons fuse into the caller's kernel
        passed = [reached(time, boundaries[i]).astype(jnp.result_type(int)) for i in range(boundaries.shape[0])]
        return sum(passed, jnp.zeros(jnp.shape(plain(time)), jnp.result_type(int)))
    return _search(boundaries, time)


def _search(boundaries: Array, time: Time) -> Array:
    # Of 32 blocks, which holds the key, and again inside it: few wide comparisons, where a binary search makes many
    # small kernels and compiles slowly.
    length, count = boundaries.shape[0], jnp.zeros(jnp.shape(plain(time)), jnp.result_type(int))
    time = jax.tree.map(lambda x: x[..., None], time)
    block = 32 ** (math.ceil(math.log(length, 32)) - 1)
    while block:
        ends = count[..., None] + jnp.arange(1, 33 if block == 1 else 32) * block - 1
        passed = reached(time, boundaries[jnp.minimum(ends, length - 1)]) & (ends < length)
        count = count + jnp.sum(passed, axis=-1, dtype=count.dtype) * block
        block //= 32
    return count


def blend(start: Length, end: Length, of_start: Array, of_end: Array) -> Array:
    """`start * of_start + end * of_end` for weights that sum to 1, never outside `[start, end]`.

    Written from the nearer side, so that either end is exact when the other's weight is exactly 0.
    """
    span = end - start
    return select(of_end <= of_start, start + span * of_end, end - span * of_start)


def raised(base: Array, exponent: Array) -> Array:
    """`base**exponent`, 0 where a negative base has no such power; the slopes at a base of 0 are finite."""
    size = select(base < 0, -base, base)
    steep = (size == 0) & (exponent < 1)
    power = jnp.power(select(steep, 1, size), exponent)
    whole, even = exponent == jnp.floor(exponent), exponent == 2 * jnp.floor(exponent / 2)
    signed = select(base < 0, select(whole, select(even, power, -power), 0), power)
    return select(steep, select(exponent > 0, 0.0, select(exponent < 0, jnp.inf, 1.0)), signed)


def power_weights(x: Array, rest: Array, power: Length) -> tuple[Array, Array]:
    """`(rest**power, 1 - rest**power)` for `x + rest = 1`, each accurate relative to itself."""
    inside = rest >= jnp.finfo(rest.dtype).tiny  # a smaller one has no logarithm, and no power that matters
    log = _log_of_share(select(inside, rest, 1), x)
    return select(inside, jnp.exp(power * log), 0), select(inside, -jnp.expm1(power * log), 1)


@jax.custom_jvp
def _log_of_share(rest: Array, x: Array) -> Array:
    """`log(rest / (rest + x))`, accurate where either is small."""
    return -jnp.log1p(x / rest)


@_log_of_share.defjvp
def _slope_of_log(numbers: tuple[Array, Array], slopes: tuple[Array, Array]) -> tuple[Array, Array]:
    # By itself JAX would divide by the square of `rest`, which may be 0.
    (rest, x), (rest_slope, x_slope) = numbers, slopes
    return _log_of_share(rest, x), rest_slope / rest - (rest_slope + x_slope)


def half_sine_squared(x: Array) -> Array:
    """`sin(pi x / 2)**2 = (1 - cos(pi x)) / 2` without the cancellation."""
    return jnp.square(jnp.sin((jnp.pi / 2) * x))
