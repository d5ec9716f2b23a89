"""Schedules as plain data: `to_dict` and `from_dict`. No code is stored, and none is run."""

import difflib
import importlib
import inspect
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from jaxsched._core.fields import is_mapping, is_sequence, is_traced
from jaxsched._core.kinds import Counts, Key, Times, kinds_in
from jaxsched._core.node import (
    DEEPEST,
    FLAT,
    FORMER,
    KINDS,
    Data,
    alias_of,
    fields_of,
    hints_of,
    is_static,
    kind_name,
    shown_field,
)
from jaxsched._core.words import shown
from jaxsched._curves.ramp import End, Open

VERSION = 1

ROOMS = ("compat", "foresight", "search", "show")
"""Modules that may have kinds of their own and are imported when one is read."""


def to_dict(schedule: Data) -> dict[str, Any]:
    """A schedule or a controller as JSON-safe data: numbers, strings, lists and dicts.

    Args:
        schedule: a schedule or controller of known numbers, without foreign functions.

    Raises:
        TypeError: a field holds a function or a traced number; the message names it.

    Examples:
        >>> jaxsched.to_dict(jaxsched.Linear(1.0, 0.0, steps=10))
        {'jaxsched': 1, 'kind': 'Linear', 'start': 1.0, 'end': 0.0, 'steps': 10}
    """
    if not isinstance(schedule, Data):
        raise TypeError(
            f"`schedule` must be a schedule or a controller: got {shown(schedule)}. Use `as_schedule` first."
        )
    return {"jaxsched": VERSION, **_encode(schedule, "schedule")}


def from_dict(data: Mapping[str, Any]) -> Any:
    """The schedule or controller that `to_dict` stored, equal to it.

    Only classes that are defined are built, by name: jaxsched's own, and subclasses of `Schedule` that your program
    has already imported.

    Args:
        data: what `to_dict` returned, perhaps by way of JSON.

    Raises:
        ValueError: no such class (the message lists close names), another version, or fields that do not fit.
        TypeError: `data` is not such a dict.

    Examples:
        >>> jaxsched.from_dict({"jaxsched": 1, "kind": "Linear", "start": 1.0, "end": 0.0, "steps": 10})
        Linear(start=1.0, end=0.0, steps=10)
    """
    if not is_mapping(data) or "kind" not in data.keys():
        raise TypeError(
            f"`data` must be a dict that `to_dict` returned, with a 'kind': got {shown(data)}. `from_config` "
            f"reads a configuration, one name with its arguments."
        )
    fields = {name: data[name] for name in data.keys()}
    version = fields.pop("jaxsched", None)
    if type(version) is not int or version != VERSION:
        by_hand = f"Written by hand? Add 'jaxsched': {VERSION}."
        remedy = "Read it with its own jaxsched." if "jaxsched" in data.keys() else by_hand
        raise ValueError(f"`data` must be of version {VERSION}: got {shown(version)}. {remedy}")
    check_depth(data)
    return decode(fields, "data")


def described(schedule: Data) -> dict[str, Any]:
    """Like `to_dict`, for people: arrays as plain numbers, foreign functions by name. To compare, not to build from."""
    return {"jaxsched": VERSION, **_encode(schedule, "schedule", for_people=True)}


def _encode(x: Any, path: str, for_people: bool = False) -> Any:
    if for_people and callable(x) and not isinstance(x, Data):
        return {"function": f"{getattr(x, '__module__', '')}.{getattr(x, '__qualname__', type(x).__qualname__)}"}
    if isinstance(x, Open):
        return None
    if isinstance(x, Data):
        return {"kind": kind_name(type(x)), **_encode_fields(x, path, for_people)}
    if is_traced(x):
        raise TypeError(f"`{path}` must be known: got a traced number. Call `to_dict` outside of jit, vmap and grad.")
    if isinstance(x, (np.ndarray, np.generic, jax.Array)):
        return _encode_array(np.asarray(x), for_people)
    if isinstance(x, (tuple, list)):
        return [_encode(each, f"{path}[{i}]", for_people) for i, each in enumerate(x)]
    if isinstance(x, dict):
        return {name: _encode(each, f"{path}[{name!r}]", for_people) for name, each in x.items()}
    if x is None or isinstance(x, (int, float, str)):
        return x
    raise TypeError(f"`{path}` must be a number, a schedule or a list of them: got {shown(x)}.")


def _encode_fields(node: Data, path: str, for_people: bool) -> dict[str, Any]:
    encoded, hints = {}, hints_of(type(node))
    for field in fields_of(node):
        name, x = field.name, getattr(node, field.name)
        if is_static(field) and callable(x) and not for_people:
            raise TypeError(
                f"`{path}.{name}` must be data: got the function {shown(x)}. "
                f"Tabulate it (`tabulate`), or write a subclass of `Schedule`, which is stored by name."
            )
        if for_people or isinstance(x, float):  # an array is stored as it is kept, to the bit
            name, x = shown_field(node, field)
        if hints.get(name) is Key and isinstance(x, (np.ndarray, jax.Array)) and not for_people:
            encoded[name] = _array(np.asarray(x))  # a plain list would be read as the words of a key
            continue
        encoded[name] = _encode(x, f"{path}.{name}", for_people)
    return encoded


def _encode_array(array: np.ndarray, for_people: bool) -> Any:
    # A list of Python's numbers is read as float64 or int64; any other array says what it is.
    plain = array.ndim > 0 and array.dtype.name in ("float64", "int64")
    return array.tolist() if for_people or plain else _array(array)


def _array(array: np.ndarray) -> dict[str, Any]:
    return {"dtype": array.dtype.name, "values": array.tolist()}


def decode(x: Any, path: str) -> Any:
    """What was encoded, where it stands in the data."""
    if is_sequence(x):
        return [decode(each, f"{path}[{i}]") for i, each in enumerate(x)]
    if is_mapping(x) and set(x.keys()) == {"dtype", "values"}:
        return _decode_array(x, path)
    if not is_mapping(x) or "kind" not in x.keys():
        return x
    kind = x["kind"]
    cls = _class_of(kind, path)
    fields = {name: decode(x[name], f"{path}[{name!r}]") for name in x.keys() if name != "kind"}
    known = {name for f in fields_of(cls) for name in (f.name, alias_of(f)) if name}
    if unknown := sorted(set(fields) - known):
        raise ValueError(f"`{path}` must have the fields of {kind}, {sorted(known)}: got {unknown} as well.")
    hints = hints_of(cls)
    tables = {name: _table(value) for name, value in fields.items() if hints.get(name) in (Counts, Times)}
    opened = {name: Open() for name, value in fields.items() if value is None and End in kinds_in(hints.get(name))}
    try:
        return cls(**{**fields, **opened, **tables})
    except (TypeError, ValueError) as error:
        raise ValueError(f"`{path}` must fit {kind}: {error}") from error


def _table(x: Any) -> Any:
    """A table of times is read as the array that was stored, which may end below a step."""
    return np.asarray(x) if isinstance(x, list) and x and set(map(type, x)) <= {int, float} else x


def check_depth(data: Any) -> None:
    """Refuse what reading by recursion cannot go through: not by recursion."""
    level, depth = [data], 0
    while level and depth <= 2 * DEEPEST + 8:  # each in a list of pieces, and arrays
        level = [each for x in level for each in _inner(x)]
        depth += 1
    if level:
        raise ValueError(f"`data` must be at most {DEEPEST} schedules deep: got more. {FLAT}")


def _inner(x: Any) -> list[Any]:
    inner = [x[name] for name in x.keys()] if is_mapping(x) else x if is_sequence(x) else []
    return [each for each in inner if is_mapping(each) or is_sequence(each)]


def _decode_array(x: Any, path: str) -> np.ndarray:
    try:
        return np.asarray(x["values"], np.dtype(x["dtype"]))
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"`{path}` must be the array that `to_dict` stored: got {shown(x)}. {error}") from None


def _class_of(kind: Any, path: str) -> type:
    name = FORMER.get(kind, kind) if isinstance(kind, str) else ""
    module = name.rpartition(".")[0]
    if name not in KINDS and module.partition(".")[0] in ROOMS:
        try:
            importlib.import_module(f"{__name__.partition('.')[0]}.{module}")
        except ModuleNotFoundError:
            pass  # said below
    cls = KINDS.get(name)
    if cls is None or inspect.isabstract(cls):
        known = [name for name, cls in KINDS.items() if not inspect.isabstract(cls)]
        close = difflib.get_close_matches(str(kind), known, n=3, cutoff=0.4)
        hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else "Is the module that defines it imported?"
        raise ValueError(f"`{path}['kind']` must name a known schedule: got {shown(kind)}. {hint}")
    return cls
