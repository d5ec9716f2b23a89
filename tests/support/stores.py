"""Libraries that store trees: each function gives back what was stored, as `target`, which has other numbers, says."""

import copy
import io
import pickle
from typing import Any

import jax
import pytest

leaves_with_path = jax.tree_util.tree_leaves_with_path


def by_flax(x: Any, target: Any, folder: Any) -> Any:
    serialization = pytest.importorskip("flax.serialization")
    return serialization.from_bytes(target, serialization.to_bytes(x))


def by_state_dict(x: Any, target: Any, folder: Any) -> Any:
    serialization = pytest.importorskip("flax.serialization")
    return serialization.from_state_dict(target, serialization.to_state_dict(x))


def by_msgpack(x: Any, target: Any, folder: Any) -> Any:
    serialization = pytest.importorskip("flax.serialization")
    stored = serialization.msgpack_serialize(serialization.to_state_dict(x))
    return serialization.from_state_dict(target, serialization.msgpack_restore(stored))


def by_orbax(x: Any, target: Any, folder: Any) -> Any:
    ocp = pytest.importorskip("orbax.checkpoint")
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder / "stored", x)
        checkpointer.wait_until_finished()
        return checkpointer.restore(folder / "stored", target)


def by_orbax_alone(x: Any, target: Any, folder: Any) -> Any:
    """Without a template it gives dicts and lists, by the names of the fields."""
    ocp = pytest.importorskip("orbax.checkpoint")
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder / "alone", x)
        checkpointer.wait_until_finished()
        found = {keys(path): leaf for path, leaf in leaves_with_path(checkpointer.restore(folder / "alone"))}
    assert set(found) == {keys(path) for path, _ in leaves_with_path(x)}
    return jax.tree_util.tree_map_with_path(lambda path, like: found[keys(path)], target)


def keys(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="/")


def by_equinox(x: Any, target: Any, folder: Any) -> Any:
    eqx = pytest.importorskip("equinox")
    stored = io.BytesIO()
    eqx.tree_serialise_leaves(stored, x)
    stored.seek(0)
    return eqx.tree_deserialise_leaves(stored, target)


def by_pickle(x: Any, target: Any, folder: Any) -> Any:
    return pickle.loads(pickle.dumps(x))


def by_cloudpickle(x: Any, target: Any, folder: Any) -> Any:
    cloudpickle = pytest.importorskip("cloudpickle")
    return cloudpickle.loads(cloudpickle.dumps(x))


def by_copy(x: Any, target: Any, folder: Any) -> Any:
    return copy.copy(copy.deepcopy(x))


OF_CODE = (by_flax, by_state_dict, by_msgpack, by_equinox, by_copy)
"""What gives a schedule with a function back with that very function: by no name, and not by its code."""

ON_DISK = (by_orbax, by_orbax_alone)
"""They take their time, so that many trees are stored in one checkpoint."""

STORES = (*OF_CODE, *ON_DISK, by_pickle, by_cloudpickle)
