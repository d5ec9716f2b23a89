"""What is observed, how it is judged, and what came of it."""

import functools
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._core.boxes import array_of, unwrapped
from jaxsched._core.choice import select
from jaxsched._core.words import shown

Array = jax.Array

LARGEST_PART = 1 - 2.0**-23
"""The largest float32 below 1: a traced weight of the past that forgets nothing would learn nothing."""

LARGEST = float(np.finfo(np.float32).max)
"""Stands for infinity in a state: a metric that is not finite, and the best of none. A NaN is the worst metric."""

ROUNDING = 1e-6
"""A part of the rate below which a change is rounding: a rate at its floor is the floor to float32."""


class Events(NamedTuple):
    """What the last step or observation did, as boolean scalars, and how many observations there were.

    `improved`: the metric was a new best. `reduced` and `increased`: the rate was cut or raised. `reset`: the
    controller began anew. `at_floor`: the value is at its floor. `stopped`: a cut was due that would have changed
    nothing, so that the controller has nothing left to do; it stays true until a cut is made after all.
    `observations`: metrics that were looked at so far, up to 16777215; 0 says that none has arrived since `begin`.
    """

    improved: Array  # shape=(), dtype=bool
    reduced: Array  # shape=(), dtype=bool
    increased: Array  # shape=(), dtype=bool
    reset: Array  # shape=(), dtype=bool
    at_floor: Array  # shape=(), dtype=bool
    stopped: Array  # shape=(), dtype=bool
    observations: Array  # shape=(), dtype=int32


BEGUN = 1 << 30
"""The bit of `flags` that a state filled with zeros has not: such a state is begun anew."""

SHIFT, MOST = Events._fields.index("observations"), 2**24 - 1
"""The count of observations begins at the bit of `flags` behind the events, and stays at most this."""

LASTING = 1 << Events._fields.index("at_floor") | 1 << Events._fields.index("stopped") | MOST << SHIFT | BEGUN


def flags(**events: Array) -> Array:
    """Events as the bits of one int32: a state of few numbers is a program of few kernels."""
    bits = [jnp.left_shift(x.astype(jnp.int32), Events._fields.index(name)) for name, x in events.items()]
    return functools.reduce(jnp.bitwise_or, bits, jnp.int32(BEGUN))


def counted(flags: Array, before: Array, observed: Array) -> Array:
    """Flags with the count of observations of those before, and one more if something was observed."""
    count = jnp.minimum(observations(before) + observed.astype(jnp.int32), MOST)
    return jnp.bitwise_or(jnp.bitwise_and(flags, ~(MOST << SHIFT)), jnp.left_shift(count, SHIFT))


def observations(flags: Array) -> Array:
    return jnp.bitwise_and(jnp.right_shift(flags, SHIFT), MOST)


@property
def events(state: Any) -> Events:
    """What the last step or observation did, and how many observations there were."""
    bits = (jnp.bitwise_and(state.flags, 1 << i) != 0 for i in range(SHIFT))
    return Events(*bits, observations=observations(state.flags))


def stopped(state: Any, due: Array, made: Array) -> Array:
    """Whether the controller has nothing left to do, after a cut that was due or not, and made or not."""
    before = jnp.bitwise_and(state.flags, 1 << Events._fields.index("stopped")) != 0
    return (before | due) & ~made


def metric(value: Any) -> Array:
    """A metric as a float32 scalar."""
    x = unwrapped(value)
    x = x if isinstance(x, jax.Array) else array_of(x)
    if not (jnp.issubdtype(x.dtype, jnp.floating) or jnp.issubdtype(x.dtype, jnp.integer)):
        raise TypeError(f"`value` must be one real number, the metric: got {shown(value)}.")
    if x.shape != ():
        raise ValueError(f"`value` must be one number: got shape {x.shape}. Pass its mean, say.")
    if isinstance(x, jax.Array):
        return x.astype(jnp.float32)
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and as bad
        return jnp.asarray(np.float32(x))


def truth(observed: Any) -> Array:
    """A boolean scalar."""
    x = unwrapped(observed)
    x = x if isinstance(x, jax.Array) else array_of(x)
    if x.dtype != bool or x.shape != ():
        raise TypeError(f"`observed` must be one boolean, which may be traced: got {shown(observed)}.")
    return jnp.asarray(x)


def worst(sign: Any) -> Array:
    """What every metric is better than, by the sign of `direction`."""
    return select(jnp.asarray(sign) < 0, -LARGEST, LARGEST).astype(jnp.float32)


def bounded(value: Array, sign: Any = 1.0) -> Array:
    """A metric as a number that may be kept: what is not finite would make every check of the state fail."""
    return select(jnp.isnan(value), worst(sign), jnp.clip(value, -LARGEST, LARGEST))


def is_finite(value: Array) -> Array:
    """Whether a metric was, before it was bounded."""
    return jnp.abs(value) < LARGEST


def difference(x: Array, y: Array) -> Array:
    """x - y, finite however large both are."""
    return jnp.clip(x - y, -LARGEST, LARGEST)


def mean_with(mean: Array, value: Array, size: Array, sign: Any) -> Array:
    """The mean of `size` metrics, `value` the last of them; one that is not finite decides, and the worst first."""
    ordinary = mean + difference(value, mean) / size  # a flat metric has exactly itself as its mean
    bad = worst(sign)
    decided = select((mean == bad) | (value == bad), bad, -bad)
    return select(is_finite(mean) & is_finite(value), ordinary, decided)


def averaged(judge: Callable[..., Any], every: Any, state: Any, value: Array, sign: Any = 1.0) -> Any:
    """The state after `judge` has seen the mean of `every` metrics; until then they wait in it."""
    if every is None:
        return judge(state, value)
    size = state.pending + 1
    mean = mean_with(state.mean, value, size, sign)
    after = judge(state._replace(pending=jnp.zeros_like(size), mean=jnp.zeros_like(mean)), mean)
    waiting = state._replace(pending=size, mean=mean)
    return jax.tree.map(lambda new, old: select(size >= every, new, old), after, waiting)


def direction(mode: Literal["min", "max"]) -> float:
    """The sign that turns `mode`, "min" for a loss or "max" for an accuracy, into minimising."""
    return 1.0 if mode == "min" else -1.0


def betters(value: Array, best: Array, sign: Any, rtol: Any, atol: Any) -> Array:
    """Whether `value` is better than `best` by more than the tolerance, also where metrics are negative."""
    # The difference of two close numbers is exact; `best * (1 - rtol)` would be rounded, and wrong below 0.
    margin = select(is_finite(best), atol + rtol * jnp.abs(best), 0.0)
    return sign * (best - value) > margin
