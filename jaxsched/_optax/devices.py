"""Where a state's arrays are: beside the parameters, wherever a checkpoint library put them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from jaxsched._core.fields import is_traced

MOST_BYTES = 1 << 20
"""What is copied through the host, and no more; moments that lie on one device stay there."""


def settled(tree: Any, fresh: Any) -> Any:
    """The tree with what was committed to one device where the next step can use it.

    A step refuses arrays on a mesh beside arrays committed to one device. Beside a mesh they go onto it, replicated, as
    a compiled step returns them. Without one, what `fresh` left to JAX is left to JAX again.
    """
    leaves = [x for x in jax.tree.leaves(tree) if isinstance(x, jax.Array) and not is_traced(x)]
    meshes = {x.sharding.mesh for x in leaves if isinstance(x.sharding, NamedSharding) and not _is_single(x)}
    if len(meshes) == 1:
        return jax.tree.map(lambda x: _replicated(x, *meshes) if _is_single(x) else x, tree)
    committed = [x for x in leaves if x.committed]
    if meshes or any(getattr(x, "committed", False) for x in jax.tree.leaves(fresh)):
        return tree
    if not all(map(_is_single, committed)) or sum(x.nbytes for x in committed) > MOST_BYTES:
        return tree
    return jax.tree.map(lambda x: _uncommitted(x) if _is_single(x) and x.committed else x, tree)


def _is_single(x: Any) -> bool:
    """Whether it is an array on one device."""
    return isinstance(x, jax.Array) and not is_traced(x) and len(x.sharding.device_set) == 1


def _replicated(x: Any, mesh: Any) -> Any:
    return jax.device_put(x, NamedSharding(mesh, PartitionSpec(), memory_kind=x.sharding.memory_kind))


def _uncommitted(x: Any) -> Any:
    if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(_uncommitted(jax.random.key_data(x)), impl=jax.random.key_impl(x))
    return x if x.weak_type else jnp.asarray(np.asarray(x))
