"""Whether a state still has the numbers that it was made with."""

from typing import Any

import jax
import jax.numpy as jnp


def check_widths(state: Any) -> None:
    """Refuse a state whose counts or numbers were rounded by a cast of the whole of it."""
    for path, x in jax.tree_util.tree_leaves_with_path(state):
        dtype = jnp.result_type(x)
        if jnp.issubdtype(dtype, jnp.floating) and jnp.finfo(dtype).bits < 32:
            raise TypeError(
                f"`state` must keep its numbers in float32: got {dtype} for {jax.tree_util.keystr(path)}. Cast only "
                f"what is like the parameters: `optax.tree.map_params(optimizer, lambda x: x.astype(jnp.bfloat16), "
                f"opt_state)`."
            )
