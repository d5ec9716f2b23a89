"""What of a sweep is on disk: a file for each call of a program, complete or not there at all."""

import hashlib
import json
import os
import pathlib
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from jaxsched.kinds import shown
from jaxsched.search._programs import Program

FORMAT = 1

UNREADABLE = (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile)
"""What NumPy raises of a file that is cut off or another one's."""

NUMPY_KINDS = "biufc"
"""Kinds of dtypes that NumPy stores itself; the bytes of others, such as bfloat16, are stored as whole numbers."""


class Kept:
    """The folder of a sweep. What cannot be written stays in memory and is tried again with what comes after it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.safe = 0  # runs that are on disk
        self._waiting: list[tuple[Program, list[str], list[np.ndarray]]] = []
        self._warned = False

    def read(self, programs: list[Program], wanted: set[str]) -> dict[str, list[np.ndarray]]:
        """The arrays of each wanted run that is finished, by its id.

        Raises:
            ValueError: the folder holds what another `train` made of a schedule of one of these structures.
        """
        found: dict[str, list[np.ndarray]] = {}
        for path in sorted(self.folder.glob("*.npz")) if self.folder.is_dir() else ():
            try:
                about, ids, arrays = _load(path, wanted)
            except UNREADABLE as error:
                _warn_of(path, error)
                continue
            _check_same(self.folder, about, programs)
            for i, each in enumerate(ids):
                if each in wanted:
                    found[each] = [x[i] for x in arrays]
        self.safe = len(found)
        return found

    def check_writable(self) -> None:
        """Refuse a folder that cannot be written before anything is run; what a kill left half-written is removed."""
        probe = self.folder / "probe.tmp"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"")
            for half in self.folder.glob("*.tmp"):
                half.unlink(missing_ok=True)
        except OSError as error:
            raise ValueError(
                f"`out` must be a folder that can be written: {self.folder} cannot, {_why(error)}. The {self.safe} "
                f"runs that it holds are safe; nothing was run."
            ) from None

    def write(self, program: Program, ids: list[str], arrays: list[np.ndarray]) -> None:
        """Keep what one call of a program has made."""
        self._waiting.append((program, ids, arrays))
        try:
            self._write_waiting()
        except OSError as error:
            if not self._warned:
                _warn(f"{self._not_written(error)} The sweep goes on, and tries again after the next ones.")
            self._warned = True

    def finish(self) -> None:
        """Say what is not on disk at the end."""
        try:
            self._write_waiting()
        except OSError as error:
            _warn(f"{self._not_written(error)} All results are returned: keep them, for instance by pickle.")

    def _write_waiting(self) -> None:
        while self._waiting:
            self._write(*self._waiting[0])
            self.safe += len(self._waiting.pop(0)[1])

    def _not_written(self, error: OSError) -> str:
        missing = sum(len(ids) for _, ids, _ in self._waiting)
        return (
            f"`out` could not be written, {_why(error)}: {self.safe} runs are safe in {self.folder}, "
            f"{missing} are in memory alone."
        )

    def _write(self, program: Program, ids: list[str], arrays: list[np.ndarray]) -> None:
        path = self.folder / f"{hashlib.sha256(' '.join(ids).encode()).hexdigest()[:32]}.npz"
        half = path.with_suffix(".tmp")
        try:
            with open(half, "wb") as file:
                stored = {f"leaf{i}": _storable(x) for i, x in enumerate(arrays)}
                np.savez(file, allow_pickle=False, about=json.dumps(_about(program)), ids=np.asarray(ids), **stored)
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, path)
        except OSError:
            half.unlink(missing_ok=True)
            raise


def folder_of(out: Any, batch: Any) -> pathlib.Path | None:
    if out is None:
        return None
    if not isinstance(out, (str, os.PathLike)) or not isinstance(os.fspath(out), str) or not os.fspath(out):
        raise TypeError(f"`out` must be the path of a folder: got {shown(out)}.")
    if batch is None:
        why = "what is kept is equal to the bit at one width alone"
        raise ValueError(f"`out` must come with `batch`: {why}. Write `batch=16`, say, and keep to it.")
    try:
        path = pathlib.Path(out)
        other = path.exists() and not path.is_dir()
    except (OSError, ValueError) as error:  # too long, or with a zero byte
        raise ValueError(f"`out` must be the path of a folder: {error}.") from None
    if other:
        raise ValueError(f"`out` must be the path of a folder: {path} is a file.")
    return path


def _about(program: Program) -> dict[str, Any]:
    return {
        "jaxsched": FORMAT,
        "structure": program.kind,
        "program": program.digest,
        "batch": program.width,
        "jax": jax.__version__,
        "leaves": [[name, x.dtype.name, x.shape] for name, x in program.results],
    }


def _load(path: pathlib.Path, wanted: set[str]) -> tuple[dict[str, Any], list[str], list[np.ndarray]]:
    # Opened here, since NumPy leaves a file open that it cannot read.
    with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        if about["jaxsched"] != FORMAT:
            raise ValueError(f"format {about['jaxsched']}")
        ids = file["ids"].tolist()
        if wanted.isdisjoint(ids):
            return about, [], []
        dtypes = [jax.numpy.dtype(name) for _, name, _ in about["leaves"]]
        arrays = [_restored(file[f"leaf{i}"], dtype) for i, dtype in enumerate(dtypes)]
        return about, ids, arrays


def _storable(x: np.ndarray) -> np.ndarray:
    return x if x.dtype.kind in NUMPY_KINDS else np.ascontiguousarray(x).view(f"u{x.dtype.itemsize}")


def _restored(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return x if x.dtype == dtype else x.view(dtype)


def _check_same(folder: pathlib.Path, about: dict[str, Any], programs: list[Program]) -> None:
    for each in programs:
        if each.kind is None or each.kind != about["structure"] or each.digest == about["program"]:
            continue
        differs = next(_differences(about, each))
        raise ValueError(f"`out` holds another sweep: {differs}. {folder} stays as it is; name another folder.")


def _differences(about: dict[str, Any], program: Program) -> Iterator[str]:
    if about["batch"] != program.width:
        yield f"its `batch` is {about['batch']}, and here it is {program.width}"
    if about["jax"] != jax.__version__:
        yield f"its jax version, {about['jax']}, differs from {jax.__version__}"
    yield "its `train`, the data in it, the use of `seeds` or the kind of device differs"


def _warn_of(path: pathlib.Path, error: Exception) -> None:
    what = f"{path} cannot be read ({type(error).__name__}: {str(error)[:100]})"
    _warn(f"`out` has a damaged file: {what}. Its runs are made again, all others are safe. Delete it.")


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=4)


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
