"""A count that outgrows an integer: of tokens, samples or environment steps, in units and a rest."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._core import fields
from jaxsched._core.choice import select
from jaxsched._core.fields import is_traced
from jaxsched._core.time import Clock, integer_max, to_real
from jaxsched._core.words import shown

Array = jax.Array

MOST_UNITS, LARGEST_UNIT = 2**31 - 1, 2**30
"""What fits an int32, also where two rests are added."""


class Counter(NamedTuple):
    """A whole number as units and a rest, each an int32: what `counter` makes.

    It is a step for a schedule that counts in these units, exact beyond 2**31 without x64. `counter + n` is
    `counter.add(n)`, and `int(counter)` the number itself, where it is known.
    """

    units: Any  # shape=(), dtype=int32
    rest: Any  # shape=(), dtype=int32; from 0 to below `unit`
    unit: Any  # shape=(), dtype=int32

    def add(self, more: Any) -> "Counter":
        """The counter `more` further on, exactly; also inside of `jit` and `scan`. `counter + more` is the same.

        Args:
            more: a whole number of at least 0, not in units: an int of any size, or a scalar array of integers.

        Raises:
            TypeError: `more` is not a whole number.
            ValueError: `more` is negative, or takes the count beyond 2**31 - 1 units.

        Examples:
            >>> tokens = jaxsched.counter(2**40, unit=2**20).add(3)
            >>> int(tokens), int(tokens.units)
            (1099511627779, 1048576)
        """
        more = _whole("more", more)
        known = not any(isinstance(x, jax.Array) for x in (*self, more))
        if known:
            return counter(int(self) + int(more), int(self.unit))
        unit = jnp.maximum(jnp.asarray(self.unit, jnp.int32), 1)
        units, rest = (jnp.asarray(x).astype(jnp.int32) for x in self._split(more, unit))
        rest = rest + self.rest
        units = units + (rest >= unit).astype(jnp.int32)
        units = jnp.minimum(jnp.asarray(self.units, jnp.int32), MOST_UNITS - units) + units
        return Counter(units, select(rest >= unit, rest - unit, rest), unit)

    # What a tuple makes of these would be a tuple of six numbers, and NumPy an array of three.
    def __add__(self, more: Any) -> "Counter":  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.add(more)

    def __mul__(self, factor: Any) -> Any:
        raise TypeError(f"`factor` must not multiply a counter: got {shown(factor)}. Multiply what is added to it.")

    __radd__, __rmul__, __array_ufunc__ = __add__, __mul__, None

    def _split(self, more: Any, unit: Array) -> tuple[Any, Any]:
        if isinstance(more, int):
            if not is_traced(self.unit):  # on the host, where it may be of any size
                return divmod(more, int(self.unit))
            if more > MOST_UNITS:
                raise ValueError(f"`more` must be below 2**31 where the unit is traced: got {more}. Add it in parts.")
        more = jnp.maximum(jnp.asarray(more), 0)
        narrow = jnp.iinfo(more.dtype).max < MOST_UNITS
        more = more.astype(jnp.int32) if narrow else more
        unit = unit.astype(more.dtype)
        return jnp.minimum(more // unit, MOST_UNITS), more % unit

    def __int__(self) -> int:
        return int(self.units) * int(self.unit) + int(self.rest)

    def __repr__(self) -> str:
        if any(is_traced(x) or np.ndim(x) for x in self):
            return f"Counter(units={self.units!r}, rest={self.rest!r}, unit={self.unit!r})"
        return f"counter({int(self)}, unit={int(self.unit)})"


def counter(count: Any = 0, unit: Any = 1) -> Counter:
    r"""A count of tokens, samples or environment steps in units, exact beyond $2^{31}$ without x64.

    It is a step as any: of `schedule(tokens)` and of `optimizer.update(..., step=tokens)`, for a schedule whose `steps`
    count in these units. The time $n / u$ keeps a float32 of its distance to each boundary of the schedule, however
    long the run is. `tokens.add(n)` counts on, exactly, on the host as inside of `jit` and `scan`.

    Args:
        count: the whole number n so far, at least 0: an int of any size, or a scalar array of integers.
        unit: the whole number u that counts as one step of the schedule, from 1 to 2**30: a million tokens, say.

    Returns:
        A `Counter`, a PyTree of three int32 scalars.

    Raises:
        ValueError: `count` is negative or 2**31 units or more, or `unit` is out of its range.
        TypeError: `count` or `unit` is not a whole number.

    Examples:
        >>> lr = jaxsched.Linear(1.0, 0.0, steps=15_000_000)  # 15e12 tokens, counted in millions
        >>> tokens = jaxsched.counter(15_000_000_000_000 - 3, unit=1_000_000)
        >>> round(float(lr(tokens)) * 15e12, 3)  # what is left, in tokens
        3.0
    """
    count, unit = _whole("count", count), _whole("unit", unit)
    if not is_traced(unit) and not 1 <= int(unit) <= LARGEST_UNIT:
        raise ValueError(f"`unit` must lie between 1 and 2**30: got {shown(unit)}. Count in millions, say.")
    if not isinstance(count, int) or not isinstance(unit, int):
        return Counter(jnp.zeros((), jnp.int32), jnp.zeros((), jnp.int32), unit).add(count)
    units, rest = divmod(count, unit)
    if units > MOST_UNITS:
        raise ValueError(f"`count` must be below 2**31 units: got {count} in units of {unit}. Pass a larger `unit`.")
    return Counter(np.int32(units), np.int32(rest), np.int32(unit))


IN_PARTS = (Counter, Clock)
"""Times that are no array."""


def clock_of(step: Any) -> Clock:
    """The time of a count in units: whole ones, and the part of one from the nearer side."""
    if isinstance(step, Clock):
        return step
    units, rest, unit = (jnp.asarray(x).astype(jnp.result_type(int)) for x in step)
    units, unit = jnp.maximum(units, 0), jnp.maximum(unit, 1)
    rest = jnp.clip(rest, 0, unit - 1)
    nearer = (rest > unit - rest) & (units < integer_max())
    part = to_real(select(nearer, rest - unit, rest)) / to_real(unit)
    return Clock(units + nearer.astype(units.dtype), part)


def _whole(name: str, x: Any) -> Any:
    """A whole number of at least 0: an int of any size, or an array of JAX."""
    if isinstance(x, Counter):
        raise TypeError(f"`{name}` must be one whole number: got {x}. Pass an int.")
    x = fields.number(name, x)
    if isinstance(x, jax.Array):
        if x.shape or not jnp.issubdtype(x.dtype, jnp.integer):
            raise TypeError(f"`{name}` must be one whole number: got {x.dtype}{list(x.shape)}. Pass an int.")
        return x
    if np.shape(x) or x != np.floor(x):
        raise TypeError(f"`{name}` must be one whole number: got {shown(x)}. Pass an int.")
    if x < 0:
        raise ValueError(f"`{name}` must not be negative: got {shown(x)}. A count goes forward.")
    return int(x)
