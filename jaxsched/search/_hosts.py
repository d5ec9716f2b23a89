"""A sweep in several processes: they agree on what is run before it is, and process 0 reads for all of them."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np
from jax.sharding import Mesh

from jaxsched.kinds import shown

T = TypeVar("T")

LONGEST = 2_000
"""Bytes of a message from process 0."""


def check_mesh(mesh: Any) -> None:
    all_devices = '`jax.make_mesh((jax.device_count(),), ("devices",))` has all devices'
    if mesh is None:
        if jax.process_count() > 1:  # where one had a mesh of all and another none, the first would wait for ever
            here = "a mesh of `jax.local_devices()` is a sweep of this process alone"
            raise ValueError(
                f"`mesh` must be given in each of {jax.process_count()} processes: got None. {all_devices}; {here}."
            )
        return
    if not isinstance(mesh, Mesh):
        raise TypeError(f"`mesh` must be a `jax.sharding.Mesh`: got {shown(mesh)}. {all_devices}.")
    if not mesh.size:
        raise ValueError(f"`mesh` must have at least one device: got a mesh of shape {dict(mesh.shape)}.")
    processes = {device.process_index for device in mesh.devices.flat}
    if processes not in ({jax.process_index()}, {*range(jax.process_count())}):
        raise ValueError(
            f"`mesh` must have devices of this process alone or of all {jax.process_count()}: got those of "
            f"{sorted(processes)}. Call `sweep` in each process."
        )


def spans(mesh: Any) -> bool:
    """Whether several processes run the sweep together."""
    return mesh is not None and mesh.is_multi_process


def leads(mesh: Any) -> bool:
    """Whether this process reads, writes and draws the bar: of several that run together, process 0."""
    return not spans(mesh) or jax.process_index() == 0


def gathered(arrays: list[jax.Array], mesh: Any) -> list[np.ndarray]:
    """All of each array, in each process."""
    if not spans(mesh):
        return [np.asarray(x) for x in arrays]
    from jax.experimental import multihost_utils

    return [np.asarray(multihost_utils.process_allgather(x, tiled=True)) for x in arrays]


def agreed(mesh: Any, make: Callable[[], T], words: Callable[[T], str]) -> T:
    """What `make` returns in each process, if its words are the same in all: nobody waits for one that refused.

    Args:
        mesh: that of the sweep.
        make: checks the arguments and returns the plan.
        words: what is to be equal of it.
    """
    if not spans(mesh):
        return make()
    plan, refused, digest = None, None, bytes(32)
    try:
        plan = make()
        digest = hashlib.sha256(words(plan).encode()).digest()
    except Exception as error:
        refused = error
    from jax.experimental import multihost_utils

    every = np.asarray(multihost_utils.process_allgather(np.frombuffer(digest, np.uint8)))
    if refused is not None:
        raise refused
    if not every.any(axis=1).all():
        raise ValueError("`schedules` or another argument was refused by another process: its message says why.")
    if (every != every[0]).any():
        raise ValueError(
            f"`schedules`, `seeds`, `train` and all other arguments must be equal in all {len(every)} processes: those "
            f"of process {int((every != every[0]).any(axis=1).argmax())} differ from those of process 0."
        )
    assert plan is not None
    return plan


def shared(mesh: Any, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """The arrays of process 0, whose shapes all processes know: byte by byte, since a sum would change a -0."""
    if not spans(mesh):
        return arrays
    from jax.experimental import multihost_utils

    found = [multihost_utils.broadcast_one_to_all(np.ravel(np.ascontiguousarray(x)).view(np.uint8)) for x in arrays]
    return [_read(np.asarray(y), x) for x, y in zip(arrays, found, strict=True)]


def _read(data: np.ndarray, like: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(data, np.uint8).view(like.dtype).reshape(like.shape)


def told(mesh: Any, message: str) -> str:
    """The message of process 0, in each."""
    data = np.zeros(LONGEST, np.uint8)
    text = message.encode()[:LONGEST]
    data[: len(text)] = np.frombuffer(text, np.uint8)
    return shared(mesh, [data])[0].tobytes().rstrip(b"\0").decode(errors="ignore")
