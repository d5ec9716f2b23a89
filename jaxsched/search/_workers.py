"""Who asked for a trial: a name that tells, later and elsewhere, whether that worker can still finish it."""

import os
import pathlib
import platform
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

_here: set[str] = set()
"""The names of the studies that run in this process now."""


@contextmanager
def named(worker: str | None) -> Iterator[str]:
    """The worker's own name, or one of this process and this call of `study`."""
    name = worker or f"{_machine()} {os.getpid()} {secrets.token_hex(8)}"
    _here.add(name)
    try:
        yield name
    finally:
        _here.discard(name)


def is_lost(name: object) -> bool:
    """Whether it was a process of this machine that is no more; of a name that a user gave nothing is known."""
    machine, process, _ = [*str(name).rsplit(" ", 2), "", ""][:3]
    if name in _here or machine != _machine() or not process.isdecimal():
        return False
    process = int(process)
    return process == os.getpid() or not _is_alive(process)


def _machine() -> str:
    """The host, and where there is one the container: the same number of a process is another one in another."""
    try:
        return f"{platform.node()} {pathlib.Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return platform.node()


def _is_alive(process: int) -> bool:
    if os.name != "posix":  # elsewhere this signal ends the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # another user's, or no number of a process here: nothing is known
        pass
    return True
