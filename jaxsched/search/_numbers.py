"""What a person reads of candidates: their kinds, and the numbers in which they differ."""

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

import jaxsched as js
from jaxsched.kinds import shown_of


def kind_of(node: Any) -> str:
    """The names of its classes, one inside another: `Warmup(Linear, Cosine)`."""
    if isinstance(node, js.nodes.Wrap):
        return getattr(node.fn, "__name__", type(node.fn).__name__)
    parts = [kind_of(part) for _, part in _parts(node) if not isinstance(part, js.nodes.Open)]
    return f"{type(node).__name__}({', '.join(parts)})" if parts else type(node).__name__


def varying(many: Sequence[Any]) -> dict[str, list[Any]]:
    """Each number in which those that have it differ, by its dotted name; `None` for those that lack it."""
    found = [dict(_numbers(each)) for each in many]
    names = dict.fromkeys(name for each in found for name in each)
    columns = {name: [each.get(name) for each in found] for name in names}
    return {name: column for name, column in columns.items() if len({repr(x) for x in column if x is not None}) > 1}


def _parts(node: Any) -> Iterator[tuple[str, Any]]:
    """The schedules directly inside of one, by their names."""
    return ((place, each) for place, each in _fields(node) if isinstance(each, js.nodes.Data))


def _numbers(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, each in _fields(node):
        place = path + name
        if isinstance(each, js.nodes.Data):
            yield from _numbers(each, f"{place}.")
        elif isinstance(each, (bool, int, float, str)):
            yield place, each
        elif isinstance(each, (np.ndarray, np.generic, jax.Array)) and not np.ndim(each):
            yield place, np.asarray(each).item()


def _fields(node: Any) -> Iterator[tuple[str, Any]]:
    """What is directly inside of one, by its name, and the members of a tuple one by one."""
    for name, x in shown_of(node):
        yield from ((f"{name}[{i}]", each) for i, each in enumerate(x)) if isinstance(x, tuple) else [(name, x)]
