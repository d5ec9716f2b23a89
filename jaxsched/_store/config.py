"""Schedules that a configuration names: `from_config`. Public names alone are called, and nothing is evaluated."""

import difflib
import importlib
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any

from jaxsched._core.boxes import rebuilt
from jaxsched._core.fields import by_formula, is_mapping, is_number, is_sequence, remedy
from jaxsched._core.node import FORMER, KINDS, Data
from jaxsched._core.schedule import to_schedule
from jaxsched._core.words import shown
from jaxsched._store.serialize import decode, from_dict

PACKAGE = __name__.partition(".")[0]


def from_config(data: Any) -> Any:
    """The schedule or controller that a configuration names: a mapping from one name to its arguments.

    An argument may be such a mapping itself, also in a list. Every mapping and list will do, such as OmegaConf's and
    those of `ml_collections`. A number is a constant, and what `to_dict` returned is read as by `from_dict`.

    Args:
        data: the mapping. Names are those of the library, as in `warmup_cosine`, `nodes.Delay` and
            `compat.torch.StepLR`; or `module.Class` for your own subclass of `Schedule`, which you have imported.

    Raises:
        ValueError: an unknown name or argument, or a value that is refused; the message has its path in `data`.
        TypeError: `data`, or what a name stands for, is no mapping.

    Examples:
        >>> jaxsched.from_config({"Cosine": {"start": 3e-4, "end": 3e-5, "steps": 100}})
        Cosine(start=0.0003, end=3e-05, steps=100)
        >>> pieces = [{"Linear": {"start": 0.0, "end": 1.0, "steps": 5}}, 1.0]
        >>> jaxsched.from_config({"join": {"schedules": pieces, "boundaries": [5]}})
        Join(pieces=(Linear(start=0.0, end=1.0, steps=5), Constant(value=1.0)), boundaries=(5,))
    """
    if is_mapping(data) and {"kind", "jaxsched"} <= set(data.keys()):
        return from_dict(data)
    try:
        made = _read(data, "data")
    except RecursionError:
        raise ValueError("`data` must be nested less deeply: Python cannot follow it. Does it hold itself?") from None
    if isinstance(made, Data):
        return made
    if is_number(made):
        return to_schedule("data", made)
    raise TypeError(
        f"`data` must map one name to its arguments, as in {{'warmup_cosine': {{'peak': 1e-3, ...}}}}: "
        f"got {shown(data)}. {remedy(data, 'Pass that, or a number.')}"
    )


def _read(x: Any, path: str) -> Any:
    x = rebuilt(x, Data)
    if is_sequence(x):
        return [_read(each, f"{path}[{i}]") for i, each in enumerate(x)]
    if not is_mapping(x):
        return x
    names = list(x.keys())
    if "kind" in names or set(names) == {"dtype", "values"}:  # as `to_dict` has it
        with by_formula():
            return decode(x, path)
    if len(names) == 1 and isinstance(names[0], str):
        return _made(names[0], x[names[0]], path)
    return {name: _read(x[name], f"{path}[{name!r}]") for name in names}


def _made(name: str, arguments: Any, path: str) -> Any:
    make, path = _maker(name, path), f"{path}[{name!r}]"
    if not is_mapping(arguments):
        raise TypeError(f"`{path}` must map the names of arguments to their values: got {shown(arguments)}.")
    given = {key: _read(arguments[key], f"{path}[{key!r}]") for key in arguments.keys()}
    parameters = inspect.signature(make).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    if not takes_any and (unknown := [key for key in given if key not in parameters]):
        close = difflib.get_close_matches(str(unknown[0]), parameters, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"It has {', '.join(parameters)}."
        raise ValueError(f"`{path}` must have arguments of {name}: got {shown(unknown[0])}. {hint}")
    try:
        inspect.signature(make).bind(**given)
        return make(**given)
    except (TypeError, ValueError) as error:
        raise ValueError(f"`{path}` must fit {name}: {error}") from error


def _maker(name: str, path: str) -> Callable[..., Any]:
    """What a name stands for, if that makes a schedule or a controller."""
    name, reason = name.removeprefix(f"{PACKAGE}."), f"`{name}` makes none."
    try:
        found = KINDS.get(FORMER.get(name, name)) or _public(name)
    except AttributeError as error:
        found, reason = None, str(error)
    if found is None or not _makes(found):
        raise ValueError(f"`{path}` must name a schedule, or a function that makes one: got {shown(name)}. {reason}")
    return found


def _public(name: str) -> Any:
    """What has this name at the door or in a public module: nothing else can be reached."""
    found: Any = importlib.import_module(PACKAGE)
    parts = name.split(".")
    for part in parts:
        if not isinstance(found, types.ModuleType) or found.__name__.partition(".")[0] != PACKAGE:
            raise AttributeError("No module of jaxsched has it.")
        names = [each for each in dir(found) if each[0] != "_"]
        if part not in names:
            raise AttributeError(_meant(found, part, names, alone=len(parts) == 1))
        found = getattr(found, part)
    return found


def _meant(module: types.ModuleType, name: str, names: list[str], alone: bool) -> str:
    """A sentence with the names that may have been meant, or another that helps."""
    if alone and name[:1].isalpha():
        try:
            getattr(module, name)
        except AttributeError as error:  # the door knows other frameworks' names as well
            if hint := str(error).partition(". ")[2]:
                return hint
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.8)
    if close:
        return f"Did you mean {' or '.join(f'`{module.__name__}.{each}`' for each in close)}?"
    return "If it is a class of your own: is the module that defines it imported?"


def _makes(x: Any) -> bool:
    if inspect.isclass(x):
        return issubclass(x, Data) and not inspect.isabstract(x)
    made = inspect.signature(x).return_annotation if inspect.isfunction(x) else None
    return any(inspect.isclass(each) and issubclass(each, Data) for each in typing.get_args(made) or (made,))
