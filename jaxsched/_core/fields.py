"""What numbers may be, and the words that refuse what they may not: the checks of the kinds. Tracers pass."""

import contextlib
import contextvars
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jaxsched._core.boxes import unwrapped
from jaxsched._core.time import integer_max, real_dtype
from jaxsched._core.words import shown

_by_formula: contextvars.ContextVar[bool] = contextvars.ContextVar("by_formula", default=False)


def is_traced(x: Any) -> bool:
    """Whether `x` is a number that is not known: a tracer of JAX."""
    return isinstance(x, Tracer)


def is_sequence(x: Any) -> bool:
    """Whether `x` is a list in the widest sense, such as a configuration library's."""
    return isinstance(x, Sequence) and not isinstance(x, (str, bytes, bytearray, memoryview))


def is_list(x: Any) -> bool:
    """Whether `x` is a list in the widest sense, or a known array with one axis."""
    return is_sequence(x) or (isinstance(x, (np.ndarray, jax.Array)) and not is_traced(x) and x.ndim == 1)


def is_mapping(x: Any) -> bool:
    """Whether `x` is a dict in the widest sense: not all configuration libraries register theirs."""
    return isinstance(x, Mapping) or (hasattr(x, "keys") and hasattr(x, "__getitem__") and not isinstance(x, type))


FOR_SEVERAL = "For several at once use `jaxsched.grid`."


def check_single(name: str, x: Any, remedy: str = FOR_SEVERAL) -> None:
    """Refuse several numbers where one is asked for."""
    x = unwrapped(x)
    if not is_traced(x) and (is_sequence(x) or (isinstance(x, (np.ndarray, jax.Array)) and x.ndim)):
        raise TypeError(f"`{name}` must be a number: got {shown(x)}. {remedy}")


def of_one(check: Callable[[str, Any], Any], remedy: str = FOR_SEVERAL) -> Callable[[str, Any], Any]:
    """A check of a single number; `remedy` is what to do where several were passed."""

    def one(name: str, x: Any) -> Any:
        check_single(name, x, remedy)
        return check(name, x)

    return one


def number(name: str, x: Any) -> Any:
    """A finite number, or an array of finite numbers."""
    x = unwrapped(x)
    if is_sequence(x):
        x = _array(name, list(map(unwrapped, x)))
    if isinstance(x, np.generic):
        x = x.item()
    if isinstance(x, bool) or not isinstance(x, (int, float, np.ndarray, jax.Array)):
        raise TypeError(f"`{name}` must be a number: got {shown(x)} of type {type(x).__name__}. {remedy(x)}")
    if isinstance(x, int):
        return x
    if isinstance(x, float):
        if not math.isfinite(x):
            raise ValueError(f"`{name}` must be finite: got {x!r}. Pass a finite number.")
        _check_fits(name, x)
        return x
    if not (jnp.issubdtype(x.dtype, jnp.integer) or jnp.issubdtype(x.dtype, jnp.floating)):
        raise TypeError(f"`{name}` must hold real numbers: got dtype {x.dtype}. Pass integers or floats.")
    if x.size == 0:
        raise ValueError(f"`{name}` must hold at least one number: got {shown(x)}. Pass a sequence of numbers.")
    if is_traced(x):
        return x
    if not np.all(np.isfinite(np.asarray(x, np.float64))):
        raise ValueError(f"`{name}` must be finite: got {shown(x)}. Pass finite numbers.")
    _check_fits(name, x)
    if isinstance(x, np.ndarray):
        x = x.copy()  # the caller may write to theirs; a schedule is frozen
        x.setflags(write=False)
    return x


def remedy(x: Any, otherwise: str = "Pass an int or a float.") -> str:
    """What to pass in place of what is no number."""
    for read in (int, float) if isinstance(x, str) else ():
        try:
            number = read(x)
        except ValueError:
            continue
        yaml = "; YAML reads 1.0e-4 as a number and 1e-4 as text" if "e" in x.lower() else ""
        return f"Pass {number!r}, not its text{yaml}." if math.isfinite(number) else otherwise
    return otherwise


def numeric(name: str, x: Any) -> Any:
    """A number that is kept as it was given."""
    x = number(name, x)
    if not is_traced(x):
        _check_size(name, x)
    return x


def _check_fits(name: str, x: Any) -> None:
    """Refuse what is finite as it was written, and infinite in the floats that JAX computes with."""
    largest = float(jnp.finfo(real_dtype()).max)
    if np.any(np.abs(np.asarray(x, np.float64)) > largest):
        raise ValueError(
            f"`{name}` must be at most {largest:.8g}, the largest {real_dtype().name}: got {shown(x)}. "
            f"Pass a smaller number, or enable x64 (`jax.config.update('jax_enable_x64', True)`)."
        )


def _array(name: str, x: list[Any]) -> Any:
    """A list of numbers as one array; an element that is no number is refused by its index."""
    try:
        if set(map(type, x)) <= {int, float}:
            return np.asarray(x)
        for i, each in enumerate(x):
            number(f"{name}[{i}]", each)
        if not any(isinstance(each, jax.Array) for each in x):
            return np.asarray(x)
        whole = all(jnp.issubdtype(jnp.result_type(each), jnp.integer) for each in x)
        return jnp.stack([jnp.asarray(each).astype(jnp.result_type(int) if whole else real_dtype()) for each in x])
    except (ValueError, OverflowError) as error:
        if str(error).startswith("`"):  # of an element
            raise
        raise ValueError(f"`{name}` must hold numbers, or lists of one length: got {shown(x)}.") from None


def real(name: str, x: Any) -> Any:
    """A value: an int becomes a float, so that every value can be tuned by gradient."""
    x = number(name, x)
    if isinstance(x, int):
        return _float(name, x)
    if isinstance(x, float) or jnp.issubdtype(x.dtype, jnp.floating):
        return x
    return x.astype(real_dtype() if isinstance(x, jax.Array) else np.float64)


def _float(name: str, x: int) -> float:
    try:
        return number(name, float(x))
    except OverflowError:
        raise ValueError(f"`{name}` must fit a float: got {shown(x)}. Pass a smaller number.") from None


def positive(name: str, x: Any) -> Any:
    x, smallest = real(name, x), float(jnp.finfo(real_dtype()).tiny)
    if not is_traced(x) and np.any(np.asarray(x) < smallest):
        zero = "" if np.any(np.asarray(x) <= 0) else f"; below {smallest:.3g} it is 0 in {real_dtype().name}"
        raise ValueError(f"`{name}` must be greater than 0: got {shown(x)}{zero}. Pass a positive number.")
    return x


def not_negative(name: str, x: Any) -> Any:
    x = real(name, x)
    if not is_traced(x) and np.any(np.asarray(x) < 0):
        raise ValueError(f"`{name}` must not be negative: got {shown(x)}. Pass 0 or a positive number.")
    return x


def count(name: str, x: Any) -> Any:
    """A length in steps, at least 0. An int is fixed and exact, a float can be tuned by gradient."""
    return no_fraction(name, time(name, x))


def time(name: str, x: Any) -> Any:
    """A time in steps, at least 0, which may lie anywhere between two."""
    x = number(name, x)
    if is_traced(x):
        return x
    if np.any(np.asarray(x) < 0):
        raise ValueError(f"`{name}` must not be negative: got {shown(x)}. It is a number of steps; 0 means none.")
    _check_size(name, x)
    return x


def no_fraction(name: str, x: Any) -> Any:
    """A length as it is; one below a step is refused where it was written, and an array where a formula gave it."""
    if not (isinstance(x, (float, np.floating)) and 0 < x < 1):
        return x
    if _by_formula.get():
        return np.asarray(x)  # which is taken ever after, also from a copy with other numbers
    raise ValueError(
        f"`{name}` must be a number of steps: got {float(x)!r}, less than one. For a part of the run write "
        f"`Run(total=...).fraction({float(x)!r})`; on a clock that counts epochs, pass `np.array({float(x)!r})`."
    )


@contextlib.contextmanager
def by_formula() -> Iterator[None]:
    """Inside, lengths are what a formula made of those that the user wrote, and may be below a step.

    Examples:
        >>> with jaxsched.kinds.by_formula():
        ...     jaxsched.Linear(1.0, 0.0, steps=0.5).steps
        array(0.5)
    """
    token = _by_formula.set(True)
    try:
        yield
    finally:
        _by_formula.reset(token)


def total(name: str, x: Any) -> Any:
    """The length of a whole run, which has at least one step."""
    x = count(name, x)
    if isinstance(x, (int, float)) and x == 0:
        raise ValueError(f"`{name}` must be at least 1: got {x!r}. Is the data set empty, or the number of epochs 0?")
    return x


def _check_size(name: str, x: Any) -> None:
    largest = integer_max()
    if isinstance(x, int) or (not isinstance(x, float) and jnp.issubdtype(x.dtype, jnp.integer)):
        known = np.asarray(x)
        if np.any(known > largest) or np.any(known < -largest - 1):
            raise ValueError(
                f"`{name}` must be below 2**{largest.bit_length()} when given as an int: got {shown(x)}. "
                f"Pass it as a float, or enable x64 (`jax.config.update('jax_enable_x64', True)`)."
            )


def whole(name: str, x: Any) -> Any:
    """A number of events: not a length in steps, which may lie between two."""
    x = number(name, x)
    if is_traced(x):
        return x
    if np.any(np.asarray(x) < 0):
        raise ValueError(f"`{name}` must not be negative: got {shown(x)}. Pass 0 or a positive int.")
    if np.any(np.asarray(x) != np.floor(np.asarray(x))):
        raise ValueError(f"`{name}` must be a whole number: got {shown(x)}. Pass an int.")
    x = int(x) if isinstance(x, float) else x
    _check_size(name, x)
    return x


def at_least_one(name: str, x: Any) -> Any:
    x = numeric(name, x)
    if not is_traced(x) and np.any(np.asarray(x) < 1):
        raise ValueError(f"`{name}` must be at least 1: got {shown(x)}. Pass 1 or a larger number.")
    return x


def whole_at_least_one(name: str, x: Any) -> Any:
    return whole(name, at_least_one(name, x))


def part(name: str, x: Any, *, open_end: bool = False) -> Any:
    """A number from 0 to 1, or to below 1."""
    x = not_negative(name, x)
    if not is_traced(x) and (np.any(np.asarray(x) > 1) or (open_end and np.any(np.asarray(x) == 1))):
        end = "below 1" if open_end else "1"
        raise ValueError(f"`{name}` must lie between 0 and {end}: got {shown(x)}. It is a part of the whole.")
    return x


def check_order(lower: str, low: Any, upper: str, high: Any, remedy: str = "Swap them.") -> None:
    """Refuse a lower bound that is known to exceed the upper one; `None` is no bound."""
    if low is None or high is None or is_traced(low) or is_traced(high):
        return
    if np.any(np.asarray(low) > np.asarray(high)):
        raise ValueError(f"`{lower}` must not exceed `{upper}`: got {shown(low)} and {shown(high)}. {remedy}")


def sign(name: str, x: Any) -> Any:
    """1 or -1, as a float."""
    x = real(name, x)
    if not is_traced(x) and np.any(np.abs(np.asarray(x)) != 1):
        raise ValueError(f"`{name}` must be 1 or -1: got {shown(x)}.")
    return x


def is_number(x: Any) -> bool:
    """Whether `x` can stand for a constant schedule."""
    x = unwrapped(x)
    if isinstance(x, (bool, str)):
        return False
    return isinstance(x, (int, float, np.generic)) or (isinstance(x, (np.ndarray, jax.Array)) and x.ndim == 0)
