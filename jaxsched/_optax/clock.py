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


class Outside(NamedTuple):
    """What an optimizer's state knows of the clock that its updates were given; zeros, if they were given none."""

    # One array, which costs an update without such a clock nothing: `part` as the bits of a float32; `ahead`; 1 and
    # `began`, 0 where no time was given yet; `back`. shape=(4,), dtype=int32
    numbers: Array

    @property
    def part(self) -> Array:
        """What the time has beyond `count`, in steps: shape=(), dtype=float32."""
        return jax.lax.bitcast_convert_type(jnp.asarray(self.numbers[..., 0]), jnp.float32)

    @property
    def ahead(self) -> Array:
        """By how many steps `count` is ahead of the updates so far: shape=(), dtype=int32."""
        return self.numbers[..., 1]

    @property
    def given(self) -> Array:
        """Whether an update was given a time: shape=(), dtype=bool."""
        return self.numbers[..., 2] > 0

    @property
    def began(self) -> Array:
        """The time that the first update of a new state was given, else 0: shape=(), dtype=int32."""
        return jnp.maximum(self.numbers[..., 2] - 1, 0)

    @property
    def back(self) -> Array:
        """How often an update was given a time before that of the one before: shape=(), dtype=int32."""
        return self.numbers[..., 3]


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
    return Outside(jnp.zeros((*shape, 4), jnp.int32))


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
        now, later = _kept(time), _kept(_next(time))
        updates = count - outside.ahead
        new = (count == 0) & (updates == 0)
        began = select(new, jnp.minimum(now.whole, LAST_STEP - 1), 0) + 1
        # Both ends of an exact difference: whole steps apart, or less than one.
        back = to_real(later.whole - count) + (later.part - outside.part) < 0
        numbers = (
            jax.lax.bitcast_convert_type(later.part, jnp.int32),
            later.whole - jnp.minimum(updates, LAST_STEP - 1) - 1,
            select(outside.given, outside.numbers[..., 2], began),
            outside.back + (outside.given & back).astype(jnp.int32),
        )
        return later.whole, Outside(jnp.stack(numbers))


def _next(time: Any) -> Any:
    if isinstance(time, Clock) or not is_integer(time):
        return time  # whatever comes next is not one step later
    return time + (time < jnp.iinfo(time.dtype).max).astype(time.dtype)


def _kept(time: Any) -> Clock:
    """A time as a state keeps it: what does not fit an int32 is in the part."""
    if isinstance(time, Clock) or not is_integer(time):
        time = to_clock(time)
        whole = jnp.minimum(time.whole, LAST_STEP)
        return Clock(whole.astype(jnp.int32), (time.part + minus(time.whole, whole)).astype(jnp.float32))
    whole = jnp.minimum(time, LAST_STEP)
    return Clock(whole.astype(jnp.int32), minus(time, whole).astype(jnp.float32))
