"""Arguments under their names in another framework: how they are checked, and refused in its terms."""

import contextlib
import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

Number: TypeAlias = Any
"""A number as a user passes it: Python's, NumPy's or JAX's, which may be traced."""


def is_traced(x: Any) -> bool:
    return isinstance(x, Tracer)


def equal(x: Any, y: Any) -> bool:
    """Whether two numbers are known and equal: a traced one makes no branch."""
    return not is_traced(x) and not is_traced(y) and bool(np.all(x == y))


def number(
    name: str,
    x: Any,
    note: str = "Pass an int or a float.",
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
    most: float | None = None,
) -> Any:
    """A finite number in its range, as it was given; a traced one passes."""
    if is_traced(x):
        return x
    array = np.asarray(x) if isinstance(x, (int, float, np.generic, np.ndarray, jax.Array)) else None
    if array is None or isinstance(x, bool) or not (array.dtype.kind in "iuf" or jnp.issubdtype(array.dtype, float)):
        raise TypeError(f"`{name}` must be a number: got {x!r} of type {type(x).__name__}. {note}")
    if not np.all(np.isfinite(array.astype(np.float64))):
        raise ValueError(f"`{name}` must be finite: got {x!r}. {note}")
    bounds = [
        ("greater than", above, np.greater),
        ("at least", least, np.greater_equal),
        ("less than", below, np.less),
        ("at most", most, np.less_equal),
    ]
    given = [(word, bound, fits) for word, bound, fits in bounds if bound is not None]
    if not all(np.all(fits(array, bound)) for _, bound, fits in given):
        wanted = " and ".join(f"{word} {bound}" for word, bound, _ in given)
        raise ValueError(f"`{name}` must be {wanted}: got {x!r}. {note}")
    return x.item() if array.ndim == 0 and not isinstance(x, (int, float)) else x


def rate(name: str, x: Any) -> Any:
    """A learning rate."""
    return number(name, x, "It is a learning rate.", least=0)


def length(name: str, x: Any) -> Any:
    """A number of steps: an int where it is whole, a float where an int32 cannot hold it."""
    x = number(name, x, "It is a number of steps.", least=0)
    if is_traced(x):
        return x
    whole = x == int(x) and x < 2**31
    return int(x) if whole else float(x)


def whole_steps(name: str, x: Any, least: int = 1) -> Any:
    """A whole number of steps."""
    x = number(name, x, "It is a number of steps.", least=least)
    if not is_traced(x) and np.asarray(x).dtype.kind not in "iu":
        raise TypeError(f"`{name}` must be an int: got {x!r}. It is a whole number of steps.")
    return x


def as_real(x: Any) -> Any:
    """A traced int as a float, for arithmetic with floats where JAX is strict about it."""
    return x.astype(jnp.result_type(float)) if is_traced(x) else x


def largest(x: Any, least: float) -> Any:
    """`max(x, least)`, where `x` may be traced."""
    return jnp.maximum(x, least) if is_traced(x) else max(x, least)


def sorted_steps(name: str, x: Any, earlier: int = 0) -> list[Any]:
    """Sorted steps, so many steps earlier; one before step 0 is one at step 0."""
    if not isinstance(x, (list, tuple)) and np.ndim(x) != 1:
        raise TypeError(f"`{name}` must be a list or a tuple: got {x!r} of type {type(x).__name__}. Pass a list.")
    listed = [number(f"{name}[{i}]", each, "It is a step.") for i, each in enumerate(x)]
    known = [each for each in listed if not is_traced(each)]
    if any(a > b for a, b in zip(known, known[1:], strict=False)):
        raise ValueError(f"`{name}` must be increasing: got {x!r}. Sort it.")
    return [largest(each - earlier, 0) for each in listed]


def check_not_negative(**numbers: Any) -> None:
    for name, x in numbers.items():
        if x is not None and not is_traced(x) and x < 0:
            raise ValueError(f"`{name}` must not be negative: got {x!r}.")


def check_positive(name: str, x: Any, why: str) -> None:
    number(name, x, why, above=0)


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """A sentence with the names that are close to an unknown one, or nothing."""
    close = difflib.get_close_matches(name, list(known), cutoff=cutoff)
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else ""


@contextlib.contextmanager
def named(**names: str) -> Iterator[None]:
    """Errors about our arguments speak of theirs: `named(rate="decay_rate")`."""
    try:
        yield
    except (TypeError, ValueError) as error:
        message = re.sub(r"`(\w+)`", lambda word: f"`{names.get(word[1], word[1])}`", str(error))
        raise type(error)(message) from None
