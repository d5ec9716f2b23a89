"""The clock of an optimizer's hyperparameters: its own count of updates, or one from outside, the tokens so far say."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._controllers.base import LAST_STEP
from jaxsched._core.choice import select
from jaxsched._core.counter import Counter
from jaxsched._core.fields import is_traced
from jaxsched._core.program import device_time, relaxed, time_of
from jaxsched._core.time import Clock, is_integer, minus, to_clock, to_real

Array = jax.Array

T = TypeVar("T")


GIVEN, SETTLED, ANEW, MOST = 1 << 30, 1 << 29, 1 << 28, (1 << 24) - 1
"""The bits of `notes`: some update was given a time; it is known whether the state was new in the middle of a run; it
was; and times that the clock went back."""

FAR = 2.0
"""A clock that was so many times as far at the first update as it came until it moved did not begin there."""


class Outside(NamedTuple):
    """What an optimizer's state knows of the clock that its updates were given; zeros, if they were given none.

    All are int32 and scalars, which cost an update without such a clock nothing, on a mesh neither.
    """

    bits: Array  # shape=(), dtype=int32; those of `part`, a float32
    ahead: Array  # shape=(), dtype=int32; by how many steps `count` is ahead of the updates so far
    notes: Array  # shape=(), dtype=int32; what the other properties read

    @property
    def part(self) -> Array:
        """What the time has beyond `count`, in steps: shape=(), dtype=float32."""
        return jax.lax.bitcast_convert_type(jnp.asarray(self.bits), jnp.float32)

    @property
    def given(self) -> Array:
        """Whether an update was given a time: shape=(), dtype=bool."""
        return jnp.bitwise_and(self.notes, GIVEN) != 0

    @property
    def anew(self) -> Array:
        """Whether the state was new in the middle of a run, more than two moves of its clock away from 0.

        A run that counts after each batch begins at one. shape=(), dtype=bool.
        """
        return jnp.bitwise_and(self.notes, ANEW) != 0

    @property
    def back(self) -> Array:
        """How often an update was given a time before that of the one before: shape=(), dtype=int32."""
        return jnp.bitwise_and(self.notes, MOST)


class Now(NamedTuple):
    """Where hyperparameters are read."""

    time: Any  # of schedules: an int32 or float scalar, a `Counter` or a `Clock`
    updates: Array  # so far, which controllers count; shape=(), dtype=int32
    given: bool  # whether the time is from outside


class Position(NamedTuple):
    """Where an optimizer's state is on its clock."""

    count: Array  # pyright: ignore[reportIncompatibleMethodOverride]
    outside: Outside

    @property
    def updates(self) -> Array:
        """Updates so far, which controllers count."""
        return self.count - self.outside.ahead

    def read(self, fn: Callable[[Now], T]) -> T:
        """What a function makes of the present, a whole step where no clock from outside has a part of one."""
        part, updates = self.outside.part, self.updates
        at_whole = fn(Now(self.count, updates, False))
        if not is_traced(part) and not np.any(part):
            return at_whole
        between = fn(Now(Clock(self.count, to_real(part)), updates, False))
        return jax.tree.map(lambda a, b: select(part == 0, a, b), at_whole, between)


def no_clock(shape: tuple[int, ...] = ()) -> Outside:
    return Outside(*(jnp.zeros(shape, jnp.int32) for _ in Outside._fields))


def outside_of(state: Any) -> Outside:
    """What the state of an earlier version did not know, as well."""
    return state.clock if isinstance(state.clock, Outside) else no_clock(jnp.shape(state.count))


def position(state: Any) -> Position:
    return Position(state.count, outside_of(state))


def given(step: Any, count: Array) -> Any:
    """The time that an update was given, checked; one that is not a number is the count."""
    time = time_of(step)
    if time is None or isinstance(time, (int, Counter)) or not jnp.issubdtype(jnp.result_type(time), jnp.floating):
        return time
    time = to_real(time)
    return select(jnp.isnan(time), to_real(count), time)


def after(count: Array, outside: Any, time: Any) -> tuple[Array, Any]:
    """The count and the clock after an update: one step after a whole one, or the very time that it was given."""
    if time is None:
        return count + (count < LAST_STEP).astype(jnp.int32), outside
    with relaxed():
        time = device_time(time)
        later, updates = _kept(_next(time)), count - outside.ahead
        # From the last time to this one: whole steps, or less than one.
        gone = to_real(later.whole - count) + (later.part - outside.part)
        last = to_real(count - _is_whole(time)) + outside.part
        settles = select(outside.given, gone > 0, updates > 0)
        anew = outside.given & settles & (jnp.bitwise_and(outside.notes, SETTLED) == 0) & (last > FAR * gone)
        back = jnp.minimum(outside.back + (outside.given & (gone < 0)), MOST)
        kept = jnp.bitwise_and(outside.notes, SETTLED | ANEW)
        notes = back | kept | select(settles, SETTLED, 0) | select(anew, ANEW, 0) | GIVEN
        bits = jax.lax.bitcast_convert_type(later.part, jnp.int32)
        ahead = later.whole - jnp.minimum(updates, LAST_STEP - 1) - 1
        return later.whole, Outside(bits, ahead, notes.astype(jnp.int32))


def _is_whole(time: Any) -> bool:
    return not isinstance(time, Clock) and bool(is_integer(time))


def _next(time: Any) -> Any:
    if not _is_whole(time):
        return time  # whatever comes next is not one step later
    return time + (time < jnp.iinfo(time.dtype).max).astype(time.dtype)


def _kept(time: Any) -> Clock:
    """A time as a state keeps it: what does not fit an int32 is in the part."""
    if not _is_whole(time):
        time = to_clock(time)
        whole = jnp.minimum(time.whole, LAST_STEP)
        return Clock(whole.astype(jnp.int32), (time.part + minus(time.whole, whole)).astype(jnp.float32))
    whole = jnp.minimum(time, LAST_STEP)
    return Clock(whole.astype(jnp.int32), minus(time, whole).astype(jnp.float32))
