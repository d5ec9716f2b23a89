"""What numbers may be, and the words that refuse what they may not: the checks of the kinds. Tracers pass."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jaxsched._core.time import integer_max, real_dtype

LOG_OF_NOTHING = 1e28
"""Minus the logarithm of a factor of 0: finite, so zero cuts still give `exp(0) = 1`, and one cut gives 0."""

SMALLEST_FACTOR = 1e-37
"""What a traced factor of 0 is taken for: its logarithm is finite."""


def is_traced(x: Any) -> bool:
    """Whether `x` is a number that is not known: a tracer of JAX."""
    return isinstance(x, Tracer)


def unwrapped(x: Any) -> Any:
    """A number that a library keeps in an object of its own, such as flax's `nnx.Variable`; anything else as it is."""
    if isinstance(x, (int, float, np.generic, np.ndarray, jax.Array)):
        return x
    read = getattr(type(x), "__jax_array__", None) or getattr(type(x), "get_value", None)
    return x if read is None else read(x)


def is_sequence(x: Any) -> bool:
    """Whether `x` is a list in the widest sense, such as a configuration library's."""
    return isinstance(x, Sequence) and not isinstance(x, (str, bytes))


def is_list(x: Any) -> bool:
    """Whether `x` is a list in the widest sense, or a known array with one axis."""
    x = unwrapped(x)
    return is_sequence(x) or (isinstance(x, (np.ndarray, jax.Array)) and not is_traced(x) and x.ndim == 1)


def is_mapping(x: Any) -> bool:
    """Whether `x` is a dict in the widest sense: not all configuration libraries register theirs."""
    return isinstance(x, Mapping) or (hasattr(x, "keys") and hasattr(x, "__getitem__") and not isinstance(x, type))


def number(name: str, x: Any) -> Any:
    """A finite number, or an array of finite numbers."""
    x = _array(list(map(unwrapped, x))) if is_sequence(x) else unwrapped(x)
    if isinstance(x, np.generic):
        x = x.item()
    if isinstance(x, bool) or not isinstance(x, (int, float, np.ndarray, jax.Array)):
        raise TypeError(f"`{name}` must be a number: got {x!r} of type {type(x).__name__}. Pass an int or a float.")
    if isinstance(x, int):
        return x
    if isinstance(x, float):
        if not math.isfinite(x):
            raise ValueError(f"`{name}` must be finite: got {x!r}. Pass a finite number.")
        return x
    if not (jnp.issubdtype(x.dtype, jnp.integer) or jnp.issubdtype(x.dtype, jnp.floating)):
        raise TypeError(f"`{name}` must hold real numbers: got dtype {x.dtype}. Pass integers or floats.")
    if is_traced(x):
        return x
    if not np.all(np.isfinite(np.asarray(x, np.float64))):
        raise ValueError(f"`{name}` must be finite: got {np.asarray(x)!r}. Pass finite numbers.")
    if isinstance(x, np.ndarray):
        x = x.copy()  # the caller may write to theirs; a schedule is frozen
        x.setflags(write=False)
    return x


def _array(x: Any) -> Any:
    if not any(isinstance(each, jax.Array) for each in x):
        return np.asarray(x)
    whole = all(jnp.issubdtype(jnp.result_type(each), jnp.integer) for each in x)
    return jnp.stack([jnp.asarray(each).astype(jnp.result_type(int) if whole else real_dtype()) for each in x])


def real(name: str, x: Any) -> Any:
    """A value: an int becomes a float, so that every value can be tuned by gradient."""
    x = number(name, x)
    if isinstance(x, int):
        return float(x)
    if isinstance(x, float) or jnp.issubdtype(x.dtype, jnp.floating):
        return x
    return x.astype(real_dtype() if isinstance(x, jax.Array) else np.float64)


def positive(name: str, x: Any) -> Any:
    x = real(name, x)
    if not is_traced(x) and np.any(np.asarray(x) <= 0):
        raise ValueError(f"`{name}` must be greater than 0: got {_show(x)}. Pass a positive number.")
    return x


def not_negative(name: str, x: Any) -> Any:
    x = real(name, x)
    if not is_traced(x) and np.any(np.asarray(x) < 0):
        raise ValueError(f"`{name}` must not be negative: got {_show(x)}. Pass 0 or a positive number.")
    return x


def minus_log(name: str, x: Any) -> Any:
    """A factor as minus its logarithm, in Python's float64: 0.99999 in float32 is 1 % off after a million steps."""
    x = not_negative(name, x)
    if is_traced(x):
        return jnp.where(x > 0, -jnp.log(jnp.where(x > 0, x, 1)), LOG_OF_NOTHING)
    logs = [-math.log(each) + 0.0 if each else LOG_OF_NOTHING for each in np.ravel(np.asarray(x, float)).tolist()]
    if isinstance(x, float):
        return logs[0]  # + 0.0: not -0.0
    array = np.reshape(np.asarray(logs), np.shape(x)).astype(x.dtype)
    return jnp.asarray(array) if isinstance(x, jax.Array) else array


def count(name: str, x: Any) -> Any:
    """A length or a time in steps, at least 0. An int is fixed and exact, a float can be tuned by gradient."""
    x = number(name, x)
    if is_traced(x):
        return x
    if np.any(np.asarray(x) < 0):
        raise ValueError(f"`{name}` must not be negative: got {_show(x)}. It is a number of steps; 0 means none.")
    _check_size(name, x)
    return x


def _check_size(name: str, x: Any) -> None:
    largest = integer_max()
    if isinstance(x, int) or (not isinstance(x, float) and jnp.issubdtype(x.dtype, jnp.integer)):
        if np.any(np.asarray(x) > largest):
            raise ValueError(
                f"`{name}` must be below 2**{largest.bit_length()} when given as an int: got {_show(x)}. "
                f"Pass it as a float, or enable x64 (`jax.config.update('jax_enable_x64', True)`)."
            )


def whole(name: str, x: Any) -> Any:
    """A number of events: not a length in steps, which may lie between two."""
    x = number(name, x)
    if is_traced(x):
        return x
    if np.any(np.asarray(x) < 0):
        raise ValueError(f"`{name}` must not be negative: got {_show(x)}. Pass 0 or a positive int.")
    if np.any(np.asarray(x) != np.floor(np.asarray(x))):
        raise ValueError(f"`{name}` must be a whole number: got {_show(x)}. Pass an int.")
    x = int(x) if isinstance(x, float) else x
    _check_size(name, x)
    return x


def at_least_one(name: str, x: Any) -> Any:
    x = number(name, x)
    if not is_traced(x) and np.any(np.asarray(x) < 1):
        raise ValueError(f"`{name}` must be at least 1: got {_show(x)}. Pass 1 or a larger number.")
    return x


def whole_at_least_one(name: str, x: Any) -> Any:
    return whole(name, at_least_one(name, x))


def part(name: str, x: Any, *, open_end: bool = False) -> Any:
    """A number from 0 to 1, or to below 1."""
    x = not_negative(name, x)
    if not is_traced(x) and (np.any(np.asarray(x) > 1) or (open_end and np.any(np.asarray(x) == 1))):
        end = "below 1" if open_end else "1"
        raise ValueError(f"`{name}` must lie between 0 and {end}: got {_show(x)}. It is a part of the whole.")
    return x


def inner_factor(name: str, x: Any) -> Any:
    """A factor between 0 and 1. Traced, it is clamped."""
    if is_traced(x):
        return jnp.clip(x, SMALLEST_FACTOR, 1.0)
    x = real(name, x)
    if np.any(np.asarray(x) <= 0) or np.any(np.asarray(x) >= 1):
        raise ValueError(f"`{name}` must lie between 0 and 1, exclusive: got {_show(x)}. The rate is multiplied by it.")
    return x


def log_inside(name: str, x: Any) -> Any:
    """A factor between 0 and 1 as its logarithm: what stays exact over many cuts."""
    return -minus_log(name, inner_factor(name, x))


def negative(name: str, x: Any) -> Any:
    """The logarithm of a factor between 0 and 1."""
    x = real(name, x)
    if not is_traced(x) and np.any(np.asarray(x) > 0):
        raise ValueError(f"`{name}` is the logarithm of a factor and must not exceed 0: got {_show(x)}. Pass `factor`.")
    return x


def listed(name: str, x: Any) -> Any:
    """An array as it is, and any other sequence as a list."""
    x = unwrapped(x)
    if isinstance(x, (np.ndarray, jax.Array)) and x.ndim:
        return x
    if isinstance(x, (str, bytes, np.ndarray, jax.Array)) or not isinstance(x, Iterable):
        raise TypeError(f"`{name}` must be a sequence of numbers: got {x!r}. Pass a list.")
    return list(x)


def reals(name: str, x: Any) -> Any:
    """A table of values: one array."""
    x = real(name, listed(name, x))
    if np.ndim(x) == 0 or np.shape(x)[-1] == 0:
        raise ValueError(f"`{name}` must hold at least one value: got {_show(x)}. Pass a sequence of numbers.")
    return x


def times(name: str, x: Any) -> Any:
    """A table of times: one array."""
    x = listed(name, x)
    return np.zeros(0, np.int64) if len(x) == 0 else count(name, x)


def counts(name: str, x: Any) -> Any:
    """A table of times, sorted."""
    x = times(name, x)
    if not is_traced(x) and np.any(np.diff(np.asarray(x, np.float64), axis=-1) < 0):
        raise ValueError(f"`{name}` must be sorted: got {_show(x)}. Put the boundaries in increasing order.")
    return x


def count_tuple(name: str, x: Any) -> Any:
    """Times in steps, each a number of its own."""
    return tuple(count(f"{name}[{i}]", each) for i, each in enumerate(listed(name, x)))


def lengths(name: str, x: Any) -> Any:
    """One length for all cycles, or a tuple with one for each."""
    return count_tuple(name, x) if is_list(x) else count(name, x)


def indices(name: str, x: Any) -> Any:
    """A table of ints."""
    x = listed(name, x)
    return number(name, np.asarray(x, np.int64) if isinstance(x, list) else x)


def key(name: str, x: Any) -> Any:
    """A PRNG key: an int seed, or the key itself, kept as its words."""
    x = unwrapped(x)
    if isinstance(x, jax.Array) and jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        return jax.random.key_data(x)
    if isinstance(x, (list, tuple)):
        x = np.asarray(x, np.uint32)
    x = number(name, x)
    if isinstance(x, float) or (not isinstance(x, int) and not jnp.issubdtype(x.dtype, jnp.integer)):
        raise TypeError(f"`{name}` must be an int seed or a JAX PRNG key: got {_show(x)}.")
    return x


def _show(x: Any) -> str:
    return repr(x if isinstance(x, (int, float)) else np.asarray(x).tolist())


def is_number(x: Any) -> bool:
    """Whether `x` can stand for a constant schedule."""
    x = unwrapped(x)
    if isinstance(x, (bool, str)):
        return False
    return isinstance(x, (int, float, np.generic)) or (isinstance(x, (np.ndarray, jax.Array)) and x.ndim == 0)
