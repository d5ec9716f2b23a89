"""What a range test refuses before it runs, and what all searches refuse of functions and whole numbers."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.kinds import Real, WholeAtLeastOne, checker, is_traced, of_one, shown

FEWEST, MOST = 6, 1_000_000
"""Points below which there is no curve, and above which nobody means it."""

MODE, FLAG = checker(Literal["exponential", "linear"]), checker(bool)
WHOLE, REAL = of_one(checker(WholeAtLeastOne)), of_one(checker(Real))


def rates_of(start: Any, end: Any, num: Any, mode: str) -> np.ndarray:
    MODE("mode", mode)
    low, high = (_number(name, x) for name, x in (("start", start), ("end", end)))
    if not FEWEST <= (num := WHOLE("num", num)) <= MOST:
        raise ValueError(f"`num` must be from {FEWEST} to {MOST}: got {num}. A hundred points make a curve.")
    if low < 0 or (low == 0 and mode == "exponential"):
        raise ValueError(
            f"`start` must be greater than 0: got {shown(start)}. Rates that grow by a factor begin above 0."
        )
    if not low < high:
        raise ValueError(f"`end` must be greater than `start`: got {shown(end)} and {shown(start)}.")
    return np.geomspace(low, high, num) if mode == "exponential" else np.linspace(low, high, num)


def _number(name: str, x: Any) -> float:
    if is_traced(x):
        raise TypeError(f"`{name}` must be known: got a traced number. Call this outside of `jax.jit`.")
    return float(REAL(name, x))


def whole(name: str, x: Any) -> int:
    """A known whole number, at least 1."""
    if is_traced(x):
        raise TypeError(f"`{name}` must be known: got a traced number. Call this outside of `jax.jit`.")
    return int(WHOLE(name, x))


def check_numbers(seeds: Any, smoothing: Any, stop: Any) -> None:
    WHOLE("seeds", seeds)
    if not 0 <= _number("smoothing", smoothing) < 1:
        raise ValueError(f"`smoothing` must be at least 0 and below 1: got {shown(smoothing)}.")
    if stop is not None and not _number("stop", stop) > 1:
        raise ValueError(f"`stop` must be greater than 1, or `None`: got {shown(stop)}.")


def is_stacked(batches: Any) -> bool:
    """Whether batches are arrays with a leading axis; a list is batches one by one."""
    leaves = [] if isinstance(batches, (list, Iterator)) else jax.tree.leaves(batches)
    return bool(leaves) and all(hasattr(x, "shape") for x in leaves)


def enough(batches: Any, num: int) -> Any:
    for path, leaf in jax.tree.leaves_with_path(batches):
        if not leaf.shape or leaf.shape[0] < num:
            where = f"`batches{jax.tree_util.keystr(path)}`"
            few = f"{where} must have a leading axis of at least `num` = {num} batches: got {leaf.shape}."
            raise ValueError(f"{few} Repeat them, or take fewer points (`num`).")
    return batches


def check_step(step: Callable[..., Any], state: Any, batch: Any, rates: np.ndarray) -> None:
    rate = jax.ShapeDtypeStruct((), jnp.float32)
    before = _shapes("state", state)
    _shapes("batches", batch)
    made = jax.eval_shape(step, state, batch, rate)
    if not isinstance(made, tuple) or len(made) != 2:
        raise TypeError(f"`step` must return `(state, loss)`: got {type(made).__name__}.")
    new, loss = made
    if getattr(loss, "shape", None) != () or not jnp.issubdtype(loss.dtype, jnp.floating):
        swapped = " Are they swapped?" if getattr(new, "shape", None) == () else " Take the mean."
        raise TypeError(f"`step` must return `(state, loss)` with the loss one number: got {loss}.{swapped}")
    after = _shapes("step", new)
    if before != after:
        where = next(place for place in {**before, **after} if before.get(place) != after.get(place))
        raise TypeError(
            f"`step` must return a `state` like the one it was handed: `state{where}` was "
            f"{before.get(where, 'not there')}, and is {after.get(where, 'not there')}."
        )
    _check_that_the_rate_counts(step, state, batch, float(rates[-1]))


def check_function(name: str, x: Any, arguments: str, remedy: str = "") -> None:
    """Refuse what is no function of so many arguments, which are given as `(schedule, key)`."""
    if not callable(x) or isinstance(x, js.nodes.Data):
        raise TypeError(f"`{name}` must be a function of `{arguments}`: got {shown(x)}.")
    try:
        inspect.signature(x).bind(*arguments.split(","))
    except TypeError as error:
        raise TypeError(f"`{name}` must be a function of `{arguments}`: {error}.{remedy}") from None
    except ValueError:  # of Python's own making
        if isinstance(x, type):
            raise TypeError(f"`{name}` must be a function of `{arguments}`: got {shown(x)}.") from None


def each_of(batches: Any) -> Iterator[Any]:
    """Batches one by one."""
    if isinstance(batches, (str, bytes)) or not isinstance(batches, Iterable):
        raise TypeError(f"`batches` must be arrays, or a list or loader of batches: got {shown(batches)}.")
    return iter(batches)


def _shapes(name: str, x: Any) -> dict[str, str]:
    """The shape of each array in a tree by its place."""
    try:
        leaves = jax.tree.leaves_with_path(jax.eval_shape(lambda x: x, x))
    except (TypeError, OverflowError, DeprecationWarning):
        raise TypeError(f"`{name}` must hold arrays alone: got {shown(x)}, which JAX cannot trace.") from None
    return {jax.tree_util.keystr(path): f"{leaf.dtype}{list(leaf.shape)}" for path, leaf in leaves}


def _check_that_the_rate_counts(step: Callable[..., Any], state: Any, batch: Any, rate: float) -> None:
    try:
        pushed = jax.jit(lambda r: jax.jvp(lambda r: step(state, batch, r), (r,), (jnp.ones_like(r),))[1])
        tangents = [x for x in jax.tree.leaves(pushed(jnp.float32(rate))) if x.dtype != jax.dtypes.float0]
    except (TypeError, NotImplementedError):
        return  # it has no derivative: nothing is known
    if not any(bool(jnp.any(x != 0)) for x in tangents):
        raise ValueError("`step` must train at the `rate` that it is handed: the new `state` does not depend on it.")
