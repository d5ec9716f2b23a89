"""One of several values, without what `jax.numpy` adds to a choice."""

from typing import Any

import jax.numpy as jnp
from jax import Array, lax


def select(condition: Any, chosen: Any, other: Any) -> Array:
    """`chosen` where `condition`, else `other`.

    `jnp.where` is that too, but traces a program of its own each time, and a schedule makes dozens of choices.
    """
    dtype = jnp.result_type(chosen, other)
    shape = jnp.broadcast_shapes(jnp.shape(condition), jnp.shape(chosen), jnp.shape(other))
    values = (jnp.broadcast_to(lax.convert_element_type(x, dtype), shape) for x in (chosen, other))
    return lax.select(jnp.broadcast_to(condition, shape), *values)


def at(table: Any, index: Any) -> Array:
    """`table[index]` for an index from 0 to the last: nothing asks whether it is negative."""
    return table.at[index].get(mode="promise_in_bounds")
