"""How long schedules made of schedules are."""

import functools
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np


def longest(*durations: Any) -> Any:
    """The longest of some durations; `None` if one of them never ends."""
    if any(d is None for d in durations):
        return None
    if any(isinstance(d, (np.ndarray, jax.Array)) for d in durations):
        return functools.reduce(jnp.maximum, cast(Any, durations))
    return max(cast(Any, durations))


def end_after(begin: Any, duration: Any) -> Any:
    """The end of what takes so long from `begin` on; `None` if it never ends."""
    return None if duration is None else begin + duration
