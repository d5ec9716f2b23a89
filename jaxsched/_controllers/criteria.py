"""What a plateau is: whether a metric still improves on the best so far, on the best of a window, or along a line."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxsched._controllers.metrics import Array, betters, difference, is_finite, worst
from jaxsched._core.choice import select
from jaxsched._core.words import shown

LARGEST_MISFIT = 1e30
"""What a sum of differences is finite with."""


def check_window(window: Any, forget: Any, by_slope: bool) -> None:
    """Refuse a window that is none, and a best that ages beside one."""
    least = 2 if by_slope else 1
    if window is not None and (type(window) is not int or not least <= window < 2**31):
        raise ValueError(
            f"`window` must be an int of at least {least}: got {shown(window)}. It is the length of an array, which "
            f"cannot be traced or swept."
        )
    if window is not None and forget is not None:
        raise ValueError(
            f"`forget` must be left out beside a `window`: got {shown(forget)} and {shown(window)}. A window forgets."
        )


def of_window(state: Any, value: Array, looked: Array, sign: Any, rtol: Any, atol: Any, slope: Any) -> Any:
    """Whether `value` is better than a window of those before; the best of the window with it; and the window."""
    size, known = state.recent.shape[0], state.seen
    taken = looked & is_finite(value)
    recent = jnp.concatenate([state.recent[1:], jnp.reshape(value, (1,))])
    recent, seen = select(taken, recent, state.recent), jnp.minimum(known + taken, size)
    best_before, best = (_best(x, n, sign) for x, n in ((state.recent, known), (recent, seen)))
    over = betters(value, best_before, sign, rtol, atol)
    falls = is_finite(value) & ((seen < size) | _falls(recent, value, sign, rtol, atol))
    return select(slope > 0, falls, over), best, {"recent": recent, "seen": seen}


def _best(recent: Array, seen: Array, sign: Any) -> Array:
    """The best of the last `seen` metrics."""
    there = np.arange(recent.size) >= recent.size - seen
    return sign * jnp.min(select(there, sign * recent, jnp.abs(worst(sign))))


def _falls(recent: Array, value: Array, sign: Any, rtol: Any, atol: Any) -> Array:
    """Whether the line of least squares falls by more than the tolerance at each observation."""
    at = np.arange(recent.size, dtype=np.float32) - np.float32((recent.size - 1) / 2)
    weights = at / (np.sum(at**2) or 1.0)  # a window of 1 has no slope, and nobody asks for it
    apart = jnp.clip(difference(recent, value), -LARGEST_MISFIT, LARGEST_MISFIT)  # a flat metric is exactly flat
    level = jnp.abs(value + jnp.mean(apart))
    return -sign * jnp.sum(weights * apart) > atol + rtol * level
