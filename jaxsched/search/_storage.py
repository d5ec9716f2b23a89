"""Where the trials of a study are: in memory, in a file, or in a database that many machines share."""

import os
import pathlib
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from jaxsched.kinds import shown

T = TypeVar("T")

WAITS = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between attempts at a storage, about: of two that open an empty database together, one is refused."""

SQLITE = (".db", ".sqlite", ".sqlite3")
"""Endings of a file that is an SQLite database; any other one is a journal."""

LOCKED = 60
"""Seconds that SQLite waits for another process to have written."""

DRIVERS = ("psycopg", "psycopg2")


def library() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ImportError("`study` needs Optuna: pip install 'jaxsched[search]'.") from error
    return optuna


def opened(storage: Any, name: str, direction: str, sampler: Any) -> Any:
    """The study of that name, made if it is not there.

    Raises:
        ValueError: the storage cannot be reached, or its study goes in the other direction.
    """
    optuna = library()
    make = _maker(storage, optuna)
    study = patiently(
        lambda: optuna.create_study(
            storage=make(), study_name=name, direction=direction, load_if_exists=True, sampler=sampler
        ),
        f"`storage` must be one that can be reached: {_named(storage)} cannot",
    )
    found = "/".join(each.name.lower() for each in study.directions)
    if found != direction:
        raise ValueError(f"`direction` must be that of the study {name!r}, {found!r}: got {direction!r}.")
    return study


def patiently(call: Callable[[], T], why: str) -> T:
    """What it returns, tried again where the storage fails."""
    for wait in WAITS:
        try:
            return call()
        except _failures():
            time.sleep(wait * random.uniform(0.5, 1.5))
        except OSError:
            break
    try:
        return call()
    except (*_failures(), OSError) as error:
        told = str(error).partition("\n(Background")[0].strip()
        raise ValueError(f"{why}: {type(error).__name__}: {told[:300]}") from error


def _failures() -> tuple[type[BaseException], ...]:
    import sqlalchemy.exc  # of Optuna's own needs
    from optuna.exceptions import StorageInternalError

    return sqlalchemy.exc.SQLAlchemyError, StorageInternalError


def _maker(storage: Any, optuna: Any) -> Callable[[], Any]:
    """A function that opens it, which may be called again."""
    if storage is None or isinstance(storage, optuna.storages.BaseStorage):
        return lambda: storage
    if not isinstance(storage, (str, os.PathLike)) or not isinstance(os.fspath(storage), str):
        kinds = "None, a file, the address of a database or one of Optuna's storages"
        raise TypeError(f"`storage` must be {kinds}: got {shown(storage)}.")
    text = os.fspath(storage)
    if "://" in text:
        return _database(text, optuna)
    if not text:
        raise ValueError("`storage` must have a name: got ''. Write `None` for one in memory.")
    path = pathlib.Path(text)
    if path.suffix in SQLITE:
        return _database(f"sqlite:///{path}", optuna, path.parent)
    journal = optuna.storages.journal

    def made() -> Any:
        path.parent.mkdir(parents=True, exist_ok=True)
        return optuna.storages.JournalStorage(journal.JournalFileBackend(str(path)))

    return made


def _database(text: str, optuna: Any, folder: pathlib.Path | None = None) -> Callable[[], Any]:
    import sqlalchemy
    import sqlalchemy.exc

    try:
        url = sqlalchemy.make_url(text)
    except sqlalchemy.exc.ArgumentError:
        remedy = "Write `postgresql://user@host/database` or `sqlite:///study.db`"
        raise ValueError(f"`storage` must be the address of a database: got {shown(text)}. {remedy}.") from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername=f"postgresql+{_driver()}")
    waits = {"connect_args": {"timeout": LOCKED}} if url.get_backend_name() == "sqlite" else None

    def made() -> Any:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        return optuna.storages.RDBStorage(url.render_as_string(hide_password=False), engine_kwargs=waits)

    return made


def _driver() -> str:
    """The one that is installed, since which of them is the default hangs on the version of SQLAlchemy."""
    import importlib.util

    found = next((name for name in DRIVERS if importlib.util.find_spec(name)), None)
    if found is None:
        raise ImportError("`storage` in PostgreSQL needs its driver: pip install 'jaxsched[postgresql]'.")
    return found


def _named(storage: Any) -> str:
    """Without its password."""
    if isinstance(storage, (str, os.PathLike)):
        text = os.fspath(storage)
        if "://" in text:
            import sqlalchemy

            return repr(sqlalchemy.make_url(text).render_as_string())
        return repr(text)
    return shown(storage)
