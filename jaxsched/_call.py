"""What a call does to its arguments: leaves to one dtype a kind, steps to integers or floats of at least 0."""

import contextlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxsched._progress import Array, real_dtype


def relaxed() -> contextlib.ExitStack:
    # A user's formula may mix integers and floats although the program around it runs in JAX's strict modes.
    stack = contextlib.ExitStack()
    stack.enter_context(jax.numpy_dtype_promotion("standard"))
    stack.enter_context(jax.numpy_rank_promotion("allow"))
    return stack


def canonical(leaf: Any) -> Array:
    x = jnp.asarray(leaf)
    if jnp.issubdtype(x.dtype, jnp.floating):
        return lax.convert_element_type(x, real_dtype())
    return lax.convert_element_type(x, jnp.result_type(int)) if jnp.issubdtype(x.dtype, jnp.signedinteger) else x


def device_step(step: Array) -> Array:
    kind, integer = step.dtype, jnp.result_type(int)
    if jnp.issubdtype(kind, jnp.floating):
        return jnp.maximum(step.astype(real_dtype()), 0)
    if jnp.issubdtype(kind, jnp.unsignedinteger) and jnp.iinfo(kind).max > jnp.iinfo(integer).max:
        step = jnp.minimum(step, jnp.asarray(jnp.iinfo(integer).max, kind))
    return jnp.maximum(step.astype(integer), 0)


def host_step(step: Any) -> Any:
    """A step that does not fit JAX's default integer goes in as a float; no step raises for its size."""
    largest = int(jnp.iinfo(jnp.result_type(int)).max)
    if type(step) is int:
        return step if -largest <= step <= largest else float(step)
    if type(step) is float:
        return step
    array = np.asarray(step)
    if array.dtype.kind in "iub":
        if array.dtype.kind == "b" or array.size == 0 or array.max() <= largest:
            return np.maximum(array, 0 if array.dtype.kind == "i" else array.dtype.type(0)).astype(jnp.result_type(int))
        return array.astype(np.float64)
    return array
