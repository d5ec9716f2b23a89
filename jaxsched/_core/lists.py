"""What lists of numbers may be: the checks of the kinds that are tables. Tracers pass."""

from collections.abc import Iterable, Set
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._core.boxes import unwrapped
from jaxsched._core.fields import (
    check_single,
    count,
    is_list,
    is_mapping,
    is_sequence,
    is_traced,
    no_fraction,
    number,
    real,
    time,
)
from jaxsched._core.time import integer_max
from jaxsched._core.words import shown


def listed(name: str, x: Any) -> Any:
    """An array as it is, and any other sequence as a list."""
    x = unwrapped(x)
    if isinstance(x, (np.ndarray, jax.Array)) and x.ndim:
        return x
    if isinstance(x, (np.ndarray, jax.Array)):
        raise TypeError(f"`{name}` must be a sequence of numbers: got {shown(x)}. Pass a list.")
    return in_order(name, x, "numbers")


def in_order(name: str, x: Any, of: str) -> list[Any]:
    """What can be gone through, as a list. A set has no order, and a dict is no list of its keys."""
    unordered = isinstance(x, (str, bytes, bytearray, memoryview, Set)) or is_mapping(x)
    if unordered or not isinstance(x, Iterable) or getattr(x, "ndim", 1) == 0:
        raise TypeError(f"`{name}` must be a sequence of {of}: got {shown(x)}. Pass a list.")
    return list(x)


def reals(name: str, x: Any) -> Any:
    """A table of values: one array."""
    return real(name, listed(name, x))


def times(name: str, x: Any) -> Any:
    """A table of times: one array."""
    x = listed(name, x)
    if len(x) == 0:
        return np.zeros(0, np.int64)
    if isinstance(x, list):
        no_fraction(f"{name}[-1]", x[-1])  # the length of the table; times before it may lie between two steps
    return time(name, x)


def counts(name: str, x: Any) -> Any:
    """A table of times, sorted."""
    x = times(name, x)
    if not is_traced(x) and np.any(np.diff(np.asarray(x, np.float64), axis=-1) < 0):
        raise ValueError(f"`{name}` must be sorted: got {shown(x)}. Put the boundaries in increasing order.")
    return x


def count_tuple(name: str, x: Any) -> Any:
    """Times in steps, each a number of its own."""
    many = tuple(time(f"{name}[{i}]", each) for i, each in enumerate(listed(name, x)))
    return (*many[:-1], no_fraction(f"{name}[-1]", many[-1])) if many else many


def lengths(name: str, x: Any) -> Any:
    """One length for all cycles, or a tuple with one for each."""
    x = unwrapped(x)
    if not is_list(x):
        return count(name, x)
    for i, each in enumerate(x):
        check_single(f"{name}[{i}]", each)
    return tuple(count(f"{name}[{i}]", each) for i, each in enumerate(x))


def indices(name: str, x: Any) -> Any:
    """A table of ints."""
    x = unwrapped(x)
    x = number(name, x if isinstance(x, (np.ndarray, jax.Array)) else np.asarray(number(name, listed(name, x))))
    if not jnp.issubdtype(x.dtype, jnp.integer):
        raise TypeError(f"`{name}` must hold ints: got {shown(x)}.")
    return x


def key(name: str, x: Any) -> Any:
    """A PRNG key: an int seed, or the key itself, kept as its words."""
    x = unwrapped(x)
    if isinstance(x, jax.Array) and jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        return jax.random.key_data(x)
    words, x = is_sequence(x), number(name, x)
    if words and x.shape[-1] not in (2, 4):
        raise ValueError(f"`{name}` must be an int seed or a JAX PRNG key, of 2 or 4 words: got {shown(x)}.")
    if words and jnp.issubdtype(x.dtype, jnp.integer) and np.all((x >= 0) & (x < 2**32)):
        return x.astype(np.uint32)
    if words or isinstance(x, float) or not (isinstance(x, int) or jnp.issubdtype(x.dtype, jnp.integer)):
        raise TypeError(f"`{name}` must be an int seed or a JAX PRNG key: got {shown(x)}.")
    if isinstance(x, int) and abs(x) > integer_max():
        raise ValueError(f"`{name}` must be below 2**{integer_max().bit_length()}: got {shown(x)}. Pass a JAX key.")
    return x


def check_boundaries(pieces: int, boundaries: Any, name: str = "pieces") -> None:
    """Refuse boundaries that do not fit so many pieces one after another."""
    if len(boundaries) != pieces - 1:
        raise ValueError(f"`boundaries` must have one element fewer than `{name}`: got {len(boundaries)} and {pieces}.")
    if len(shapes := {np.shape(b) for b in boundaries}) > 1:
        raise ValueError(f"`boundaries` must be numbers, or arrays of one shape: got {shown(sorted(shapes))}.")
    concrete = [b for b in boundaries if not is_traced(b)]
    if any(np.any(np.asarray(a) > np.asarray(b)) for a, b in zip(concrete, concrete[1:], strict=False)):
        raise ValueError(f"`boundaries` must be sorted: got {shown(list(boundaries))}. A piece begins where one ends.")
