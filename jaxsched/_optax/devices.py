"""Where a state's arrays are: beside the parameters, wherever a checkpoint library put them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AbstractMesh, NamedSharding, PartitionSpec

from jaxsched._core.fields import is_traced

MOST_BYTES = 1 << 20
"""What is copied through the host, and no more; moments that lie on one device stay there."""


def settled(tree: Any, fresh: Any) -> Any:
    """The tree with what was committed to one device where the next step can use it.

    A step refuses arrays on a mesh beside arrays committed to one device, or to another mesh, as of a run on more of
    them. Beside a mesh they go onto it, replicated, as a compiled step returns them. Without one, what `fresh` left to
    JAX is left to JAX again.
    """
    leaves = _known(tree)
    meshes = _meshes(_known(fresh)) or _meshes(leaves)
    if len(meshes) == 1:
        (mesh,) = meshes
        return jax.tree.map(lambda x: _replicated(x, mesh) if _is_elsewhere(x, mesh) else x, tree)
    committed = [x for x in leaves if x.committed]
    if meshes or any(getattr(x, "committed", False) for x in jax.tree.leaves(fresh)):
        return tree
    if not all(map(_is_single, committed)) or sum(x.nbytes for x in committed) > MOST_BYTES:
        return tree
    return jax.tree.map(lambda x: _uncommitted(x) if _is_single(x) and x.committed else x, tree)


def on_devices(sharding: Any) -> Any:
    """Where an abstract array is to be put; `None` where that is left to JAX."""
    if not isinstance(getattr(sharding, "mesh", None), AbstractMesh):
        return sharding
    present = getattr(jax.sharding, "get_mesh", None)  # JAX 0.6 has none
    mesh = present() if present else None  # the one of `jax.set_mesh`
    if mesh is None or mesh.empty or mesh.abstract_mesh != sharding.mesh:
        return None
    return NamedSharding(mesh, sharding.spec, memory_kind=sharding.memory_kind)


def _known(tree: Any) -> list[Any]:
    return [x for x in jax.tree.leaves(tree) if isinstance(x, jax.Array) and not is_traced(x)]


def _meshes(leaves: list[Any]) -> set[Any]:
    return {x.sharding.mesh for x in leaves if isinstance(x.sharding, NamedSharding) and not _is_single(x)}


def _is_elsewhere(x: Any, mesh: Any) -> bool:
    """Whether it is an array that a step with arrays on the mesh refuses, or does not keep where it is."""
    away = isinstance(x, jax.Array) and not is_traced(x) and x.sharding.device_set != set(mesh.devices.flat)
    return _is_single(x) or away


def _is_single(x: Any) -> bool:
    """Whether it is an array on one device."""
    return isinstance(x, jax.Array) and not is_traced(x) and len(x.sharding.device_set) == 1


def _replicated(x: Any, mesh: Any) -> Any:
    return jax.device_put(x, NamedSharding(mesh, PartitionSpec(), memory_kind=x.sharding.memory_kind))


def _uncommitted(x: Any) -> Any:
    if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(_uncommitted(jax.random.key_data(x)), impl=jax.random.key_impl(x))
    return x if x.weak_type else jnp.asarray(np.asarray(x))
