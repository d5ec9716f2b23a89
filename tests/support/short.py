"""How a test says which of its examples the short run has: the others are left to `pytest --all`.

An example belongs in the short run if it takes a path through the library that no other one takes: a class of node, a
family of the table, a function of `jaxsched.compat`. It is left out if it takes the same path with other numbers, or in
a program of its own that is slow to compile. Nothing is drawn by chance: it is in the short run always or never.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

import pytest

exhaustive = pytest.mark.exhaustive
"""For a test, or for an example by `pytest.param(…, marks=exhaustive)`: `pytest --all` alone runs it."""


def parametrize(
    name: str | tuple[str, ...],
    table: Iterable[Any],
    short: Iterable[Any] | None = None,
    group: Callable[[Any], str] | None = None,
    ids: Callable[[Any], str] = str,
) -> Any:
    """One test over the whole table.

    Args:
        name: the argument of the test, or several, and then an example is a tuple.
        table: the examples.
        short: those of them that the short run has: all by default.
        group: what examples have in common that share compiled programs: one process runs them all. Without it the
            module is the group.
        ids: the test id of an example.
    """
    table = list(table)
    kept = {ids(x) for x in (table if short is None else short)}
    rows = []
    for x in table:
        marks = [] if ids(x) in kept else [exhaustive]
        marks += [] if group is None else [pytest.mark.xdist_group(group(x))]
        values = x if isinstance(name, tuple) else (x,)
        rows.append(pytest.param(*values, id=ids(x), marks=marks))
    unknown = kept - {row.id for row in rows}
    if unknown:
        raise ValueError(f"not in the table: {sorted(unknown)}")
    return pytest.mark.parametrize(name, rows)


def first_of_each(table: Iterable[Any], kind: Callable[[Any], Hashable]) -> list[Any]:
    """The first example of each kind."""
    found: dict[Hashable, Any] = {}
    for x in table:
        found.setdefault(kind(x), x)
    return list(found.values())


def covering(table: Iterable[Any], parts: Callable[[Any], Iterable[Hashable]]) -> list[Any]:
    """Few examples with every part that occurs in any: each time the one with the most of those still missing."""
    parts_of = [(x, set(parts(x))) for x in table]
    missing, chosen = set().union(*(found for _, found in parts_of)), []
    while missing:
        x, found = max(parts_of, key=lambda row: len(row[1] & missing))
        chosen.append(x)
        missing -= found
    return chosen
