"""What a range test refuses before it runs."""

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

FEWEST = 6
"""Points below which there is no curve."""


def rates_of(start: Any, end: Any, num: Any, mode: str) -> np.ndarray:
    if mode not in ("exponential", "linear"):
        raise ValueError(f"`mode` must be 'exponential' or 'linear': got {mode!r}.")
    low, high = (_number(name, x) for name, x in (("start", start), ("end", end)))
    if isinstance(num, bool) or not hasattr(num, "__index__"):
        raise TypeError(f"`num` must be a whole number of points: got {num!r}.")
    if num < FEWEST:
        raise ValueError(f"`num` must be at least {FEWEST}: got {num}. A hundred points make a curve.")
    if low < 0 or (low == 0 and mode == "exponential"):
        raise ValueError(f"`start` must be greater than 0: got {start!r}. Rates that grow by a factor begin above 0.")
    if not low < high:
        raise ValueError(f"`end` must be greater than `start`: got {end!r} and {start!r}.")
    return np.geomspace(low, high, num) if mode == "exponential" else np.linspace(low, high, num)


def _number(name: str, x: Any) -> float:
    if isinstance(x, (bool, str)) or not hasattr(x, "__float__") or not np.isfinite(float(x)):
        raise ValueError(f"`{name}` must be a finite number: got {x!r}.")
    return float(x)


def check_numbers(seeds: Any, smoothing: Any, stop: Any) -> None:
    if isinstance(seeds, bool) or not hasattr(seeds, "__index__") or seeds < 1:
        raise ValueError(f"`seeds` must be a whole number of at least 1: got {seeds!r}.")
    if not 0 <= _number("smoothing", smoothing) < 1:
        raise ValueError(f"`smoothing` must be at least 0 and below 1: got {smoothing!r}.")
    if stop is not None and not _number("stop", stop) > 1:
        raise ValueError(f"`stop` must be greater than 1, or `None`: got {stop!r}.")


def is_stacked(batches: Any) -> bool:
    """Whether batches are arrays with a leading axis; a list is batches one by one."""
    leaves = jax.tree.leaves(batches)
    return not isinstance(batches, list) and bool(leaves) and all(hasattr(x, "shape") for x in leaves)


def enough(batches: Any, num: int) -> Any:
    for path, leaf in jax.tree.leaves_with_path(batches):
        if not leaf.shape or leaf.shape[0] < num:
            where = f"`batches{jax.tree_util.keystr(path)}`"
            raise ValueError(f"{where} must have a leading axis of at least `num` = {num} batches: got {leaf.shape}.")
    return batches


def check_step(step: Callable[..., Any], state: Any, batch: Any, rates: np.ndarray) -> None:
    rate = jax.ShapeDtypeStruct((), jnp.float32)
    made = jax.eval_shape(step, state, batch, rate)
    if not isinstance(made, tuple) or len(made) != 2:
        raise TypeError(f"`step` must return `(state, loss)`: got {type(made).__name__}.")
    new, loss = made
    if getattr(loss, "shape", None) != () or not jnp.issubdtype(loss.dtype, jnp.floating):
        swapped = " Are they swapped?" if getattr(new, "shape", None) == () else " Take the mean."
        raise TypeError(f"`step` must return `(state, loss)` with the loss one number: got {loss}.{swapped}")
    shape = lambda x: jax.eval_shape(lambda x: x, x)  # noqa: E731
    kinds = lambda x: [(jax.tree_util.keystr(p), a.shape, a.dtype) for p, a in jax.tree.leaves_with_path(x)]  # noqa: E731
    before, after = kinds(shape(state)), kinds(new)
    if before != after:
        wrong = next((a or b for a, b in itertools.zip_longest(before, after) if a != b))
        raise TypeError(f"`step` must return a state like the one it was handed: it differs at `{wrong[0]}`.")
    _check_that_the_rate_counts(step, state, batch, float(rates[-1]))


def _check_that_the_rate_counts(step: Callable[..., Any], state: Any, batch: Any, rate: float) -> None:
    try:
        pushed = jax.jit(lambda r: jax.jvp(lambda r: step(state, batch, r), (r,), (jnp.ones_like(r),))[1])
        tangents = [x for x in jax.tree.leaves(pushed(jnp.float32(rate))) if x.dtype != jax.dtypes.float0]
    except (TypeError, NotImplementedError):
        return  # it has no derivative: nothing is known
    if not any(bool(jnp.any(x != 0)) for x in tangents):
        raise ValueError("`step` must train at the `rate` that it is handed: the state does not depend on it.")
