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
from jaxsched._core.time import Clock, is_integer, to_clock, to_real

Array = jax.Array

T = TypeVar("T")


PART = 24
"""The low bits of `notes`: the part of a step, in units of 2**-23, with its sign."""

GIVEN, SETTLED, ANEW = 1 << PART, 1 << PART + 1, 1 << PART + 2
"""The next ones: some update was given a time; it is known whether the state was new in the middle of a run; it was."""

BACK, MOST = PART + 3, 15
"""And the rest of them: how often the clock went back, up to so many times."""

FAR = 2.0
"""A clock that was so many times as far at the first update as it came until it moved did not begin there."""


class Outside(NamedTuple):
    """What an optimizer's state knows of the clock that its updates were given; zeros, if they were given none."""

    # Scalars, of which an update without such a clock changes none: it has no kernel more, on a mesh neither.
    notes: Array  # shape=(), dtype=int32; what the properties read
    ahead: Array | None  # shape=(), dtype=int32; of `count`, to the updates so far; None if no controller counts those

    @property
    def part(self) -> Array:
        """What the time has beyond `count`, in steps, to 2**-24: shape=(), dtype=float32."""
        notes = jnp.asarray(self.notes)
        units = jnp.right_shift(jnp.left_shift(notes, 32 - PART), 32 - PART)  # with its sign
        return units.astype(jnp.float32) * jnp.float32(2.0 ** (1 - PART))

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
        """How often an update was given a time before that of the one before, up to 15: shape=(), dtype=int32."""
        return jnp.right_shift(self.notes, BACK)


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
        return self.count if self.outside.ahead is None else self.count - self.outside.ahead

    def read(self, fn: Callable[[Now], T]) -> T:
        """What a function makes of the present, a whole step where no clock from outside has a part of one."""
        part, updates = self.outside.part, self.updates
        at_whole = fn(Now(self.count, updates, False))
        if not is_traced(part) and not np.any(part):
            return at_whole
        between = fn(Now(Clock(self.count, to_real(part)), updates, False))
        return jax.tree.map(lambda a, b: select(part == 0, a, b), at_whole, between)


def no_clock(controlled: bool = True, shape: tuple[int, ...] = ()) -> Outside:
    """Of a state that no update was made of yet, with controllers in it or without."""
    zero = lambda: jnp.zeros(shape, jnp.int32)  # noqa: E731 (a buffer each, which may be donated)
    return Outside(zero(), zero() if controlled else None)


def outside_of(state: Any) -> Outside:
    """What the state of an earlier version did not know, as well."""
    return state.clock if isinstance(state.clock, Outside) else no_clock(shape=jnp.shape(state.count))


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
        later, updates = _kept(_next(time)), Position(count, outside).updates
        # From the last time to this one: whole steps, or less than one.
        gone = to_real(later.whole - count) + (later.part - outside.part)
        last = to_real(count - _is_whole(time)) + outside.part
        settles = select(outside.given, gone > 0, updates > 0)
        anew = outside.given & settles & (jnp.bitwise_and(outside.notes, SETTLED) == 0) & (last > FAR * gone)
        back = jnp.minimum(outside.back + (outside.given & (gone < 0)), MOST)
        flags = jnp.bitwise_and(outside.notes, SETTLED | ANEW) | select(settles, SETTLED, 0) | select(anew, ANEW, 0)
        part = jnp.bitwise_and(jnp.round(later.part * 2.0 ** (PART - 1)).astype(jnp.int32), GIVEN - 1)
        notes = (part | GIVEN | flags | jnp.left_shift(back, BACK)).astype(jnp.int32)
        ahead = None if outside.ahead is None else later.whole - jnp.minimum(updates, LAST_STEP - 1) - 1
        return later.whole, Outside(notes, ahead)


def _is_whole(time: Any) -> bool:
    return not isinstance(time, Clock) and bool(is_integer(time))


def _next(time: Any) -> Any:
    if not _is_whole(time):
        return time  # whatever comes next is not one step later
    return time + (time < jnp.iinfo(time.dtype).max).astype(time.dtype)


def _kept(time: Any) -> Clock:
    """A time as a state keeps it: an int32, and the part of a step to 2**-24."""
    time = to_clock(time)
    whole = jnp.minimum(time.whole, LAST_STEP).astype(jnp.int32)
    part = jnp.round(jnp.clip(time.part, -0.5, 0.5) * 2.0 ** (PART - 1)) * 2.0 ** (1 - PART)
    return Clock(whole, select(time.whole < LAST_STEP, part, 0).astype(jnp.float32))
