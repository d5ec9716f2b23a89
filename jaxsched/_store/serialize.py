"""Schedules as plain data: `to_dict` and `from_dict`. No code is stored, and none is run."""

import inspect
from typing import Any

import jax
import numpy as np

from jaxsched._core.node import KINDS, Data, fields_of, is_static
from jaxsched._core.fields import is_traced

VERSION = 1


def to_dict(schedule: Data) -> dict[str, Any]:
    """A schedule or a controller as JSON-safe data: numbers, strings, lists and dicts.

    Args:
        schedule: a schedule or controller of known numbers, without foreign functions.

    Raises:
        TypeError: a field holds a function or a traced number; the message names it.

    Examples:
        >>> jaxsched.to_dict(jaxsched.Linear(1.0, 0.0, 10))
        {'jaxsched': 1, 'kind': 'Linear', 'start': 1.0, 'end': 0.0, 'steps': 10}
    """
    if not isinstance(schedule, Data):
        raise TypeError(f"`schedule` must be a schedule or a controller: got {schedule!r}. Use `as_schedule` first.")
    return {"jaxsched": VERSION, **_encode(schedule, "schedule")}


def from_dict(data: dict[str, Any]) -> Any:
    """The schedule or controller that `to_dict` stored.

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
    if not isinstance(data, dict) or "kind" not in data:
        raise TypeError(f"`data` must be a dict that `to_dict` returned, with a 'kind': got {data!r}.")
    version = data.get("jaxsched")
    if version != VERSION:
        remedy = "Read it with its own jaxsched." if version else f"Written by hand? Add 'jaxsched': {VERSION}."
        raise ValueError(f"`data` must be of version {VERSION}: got {version!r}. {remedy}")
    return _decode({name: x for name, x in data.items() if name != "jaxsched"}, "data")


def describe(schedule: Data) -> dict[str, Any]:
    """Like `to_dict`, with the names of foreign functions in their places: to compare, not to build from."""
    return {"jaxsched": VERSION, **_encode(schedule, "schedule", named=True)}


def _encode(x: Any, path: str, named: bool = False) -> Any:
    if named and callable(x) and not isinstance(x, Data):
        return {"function": f"{getattr(x, '__module__', '')}.{getattr(x, '__qualname__', type(x).__qualname__)}"}
    if isinstance(x, Data):
        fields = fields_of(x)
        for field in fields:
            if is_static(field) and callable(getattr(x, field.name)) and not named:
                raise TypeError(
                    f"`{path}.{field.name}` must be data: got the function {getattr(x, field.name)!r}. "
                    f"Tabulate it (`Tabulated`), or write a subclass of `Schedule`, which is stored by name."
                )
        (kind,) = (name for name, cls in KINDS.items() if cls is type(x))
        return {"kind": kind, **{f.name: _encode(getattr(x, f.name), f"{path}.{f.name}", named) for f in fields}}
    if is_traced(x):
        raise TypeError(f"`{path}` must be known: got a traced number. Call `to_dict` outside of jit, vmap and grad.")
    if isinstance(x, (np.ndarray, np.generic, jax.Array)):
        return np.asarray(x).tolist()
    if isinstance(x, (tuple, list)):
        return [_encode(each, f"{path}[{i}]", named) for i, each in enumerate(x)]
    if isinstance(x, dict):
        return {name: _encode(each, f"{path}[{name!r}]", named) for name, each in x.items()}
    if x is None or isinstance(x, (int, float, str)):
        return x
    raise TypeError(f"`{path}` must be a number, a schedule or a list of them: got {x!r}.")


def _import_compat() -> None:
    # A few schedules of other frameworks have a class of their own, defined where they are used only.
    import importlib

    compat = importlib.import_module("jaxsched.compat")
    for name in dir(compat):
        getattr(compat, name)


def _decode(x: Any, path: str) -> Any:
    if isinstance(x, list):
        return [_decode(each, f"{path}[{i}]") for i, each in enumerate(x)]
    if not isinstance(x, dict) or "kind" not in x:
        return x
    kind = x["kind"]
    if isinstance(kind, str) and kind.startswith("compat.") and kind not in KINDS:
        _import_compat()
    if not isinstance(kind, str) or kind not in KINDS or inspect.isabstract(KINDS[kind]):
        import difflib  # for this message alone

        known = [name for name, cls in KINDS.items() if not inspect.isabstract(cls)]
        close = difflib.get_close_matches(str(kind), known, n=3, cutoff=0.4)
        hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else "Is the module that defines it imported?"
        raise ValueError(f"`{path}['kind']` must name a known schedule: got {kind!r}. {hint}")
    cls = KINDS[kind]
    fields = {name: _decode(value, f"{path}[{name!r}]") for name, value in x.items() if name != "kind"}
    known = [f.name for f in fields_of(cls)]
    unknown = sorted(set(fields) - set(known))
    if unknown:
        raise ValueError(f"`{path}` must have the fields of {kind}, {known}: got {unknown} as well.")
    try:
        return cls(**fields)
    except (TypeError, ValueError) as error:
        raise ValueError(f"`{path}` must fit {kind}: {error}") from error
