"""What `help` and the reference show of a function: its docstring, and what its annotations say of its arguments.

So a docstring in the source leaves out what an annotation says, which are the unit and the range of an argument and the
errors about them, and the import with which all its examples begin.
"""

import inspect
import re
import types
import typing
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

import jaxsched as js
from jaxsched.kinds import Key, Kind, Whole, public_module

ALIASES = {"keras": "schedules", "optax": "schedules", "paddle": "lr", "tensorflow": "train", "timm": "scheduler"}
ALIASES |= {"torch": "schedulers", "transformers": "optimization"}
"""What the module of a framework is imported as in its examples."""

RAISES = """\
    TypeError: an argument is of another kind.
    ValueError: an argument is out of its range.
"""

WORDS: dict[Any, str] = {bool: "True or False", int: "an int", str: "a string", type(None): "None"}
WORDS |= {js.Numeric: "a number", Whole: "a whole number, at least 0", Key: "an int seed, or a JAX key"}


def documented(function: Callable[..., Any], hints: Mapping[str, Any], lists: Collection[str] = ()) -> str | None:
    """The docstring with all arguments; those in `lists` may be lists with one element for each parameter group.

    What stands in its own `Args` and `Raises` is kept.
    """
    summary, *parts = re.split(r"^(Args|Raises|Examples):\n", inspect.getdoc(function) or "", flags=re.MULTILINE)
    if not summary:
        return None
    own = dict(zip(parts[::2], (part.rstrip("\n") + "\n" for part in parts[1::2]), strict=True))
    written = dict(re.findall(r"^    (\w+): (.*\n(?:     .*\n)*)", own.get("Args", ""), re.MULTILINE))
    names = [name for name, each in inspect.signature(function).parameters.items() if each.kind != each.VAR_KEYWORD]
    said = {name: written.get(name) or words_of(hints[name], name in lists) for name in names}
    sections = {"Args": "".join(f"    {name}: {words}" for name, words in said.items() if words)}
    sections["Raises"] = own.get("Raises", "") + RAISES
    if "Examples" in own:
        sections["Examples"] = _import_of(function) * (">>> from jaxsched" not in own["Examples"]) + own["Examples"]
    return "\n".join([summary.rstrip("\n") + "\n", *(f"{name}:\n{text}" for name, text in sections.items())])


def _import_of(function: Callable[..., Any]) -> str:
    framework = public_module(function.__module__).rpartition(".")[2]
    alias = ALIASES.get(framework)
    return f"    >>> from jaxsched.compat import {framework} as {alias}\n" if alias else ""


def words_of(annotation: Any, many: bool = False) -> str:
    """What an annotation says of an argument; nothing of one that may be many things."""
    if typing.get_origin(annotation) is Literal:
        *options, last = map(repr, typing.get_args(annotation))
        return f"{', '.join(options)} or {last}.\n"
    members = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    words = [*map(_words_of, members), *["a list with one for each parameter group"] * many]
    return f"{', or '.join(words)}.\n" if all(words) else ""


def _words_of(member: Any) -> str:
    if member in WORDS:
        return WORDS[member]
    if isinstance(member, Kind):
        sentence = re.split(r"[.:;]", member.__doc__ or "")[0]
        return sentence[:1].lower() + sentence[1:]
    return "a function" if typing.get_origin(member) is Callable else ""
