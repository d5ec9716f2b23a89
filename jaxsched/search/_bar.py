"""How far a search is: a bar of tqdm, where it is installed and the terminal is one."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def bar(what: str, unit: str, total: int, done: int, progress: bool) -> Iterator[Callable[[int], Any]]:
    """A function that is told how many more are done."""
    tqdm = _tqdm(progress)
    if tqdm is None:
        yield lambda n: None
        return
    with tqdm.tqdm(total=total, initial=done, desc=what, unit=unit, leave=False) as shown:
        yield shown.update


def counted(what: str, each: Iterable[Any], progress: bool) -> Iterable[Any]:
    """The same, with a bar that moves by one for each."""
    tqdm = _tqdm(progress)
    return each if tqdm is None else tqdm.tqdm(each, desc=what, leave=False)


def _tqdm(progress: bool) -> Any:
    if not progress or not sys.stderr.isatty():
        return None
    try:
        import tqdm  # pyright: ignore[reportMissingModuleSource]
    except ImportError:
        return None
    return tqdm
