"""Signatures that people and tools read: kinds by name, no `Annotated` and no `Optional`, and hints that evaluate."""

import importlib
import inspect
import re
import typing

import pytest

import jaxsched as js
from jaxsched.compat._foreign import foreign

UNREADABLE = re.compile(r"Annotated|Optional|<function|<object")

ANYTHING = {"create_scheduler.args", "create_scheduler.lr", "create_scheduler_v2.lr", "scheduler_kwargs.cfg"}
ANYTHING |= {"get_scheduler.lr", "get_scheduler.name", "from_scheduler.scheduler"}
"""Arguments that are objects of the framework, or are passed on to a function that checks them."""


def public(module_name: str) -> dict[str, object]:
    """The functions and classes of our own that a module has under public names."""
    module = importlib.import_module(module_name)
    found = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    ours = {name: x for name, x in found.items() if getattr(x, "__module__", "").startswith("jaxsched.compat")}
    return {name: x for name, x in ours.items() if inspect.isfunction(x) or inspect.isclass(x)}


MODULES = {"compat": "jaxsched.compat"} | {name: f"jaxsched.compat.{name}" for name in js.compat.FRAMEWORKS}
NAMES = [(room, name) for room, module in MODULES.items() for name in public(module)]


def test_every_module_has_public_names():
    assert {room for room, _ in NAMES} == set(MODULES)


def problems(x: typing.Any) -> list[str]:
    """What is wrong with the signature of a function or a class."""
    signature = inspect.signature(x)
    untyped = [p for p in signature.parameters.values() if p.annotation in (typing.Any, p.empty)]
    untyped = [p for p in untyped if p.kind is not p.VAR_KEYWORD and f"{x.__name__}.{p.name}" not in ANYTHING]
    found = [*UNREADABLE.findall(str(signature)), *(f"`{p.name}` may be anything" for p in untyped)]
    if inspect.isfunction(x) and signature.return_annotation in (typing.Any, signature.empty):
        found.append("so may the result")
    try:
        typing.get_type_hints(inspect.unwrap(x))
    except NameError as error:
        found.append(f"get_type_hints: {error}")
    return [f"{x.__name__}: {each}" for each in found]


def test_problems_are_noticed():
    def unreadable(a, b: typing.Annotated[float, print], c: "Unknown", d: int = lambda: 0):  # noqa: F821
        """A function with all of them."""

    found = problems(unreadable)
    for word in ("`a` may be anything", "<function", "Annotated", "so may the result", "'Unknown' is not defined"):
        assert any(word in each for each in found)


@pytest.mark.parametrize(("room", "name"), NAMES)
def test_the_signature_is_readable(room, name):
    assert not problems(public(MODULES[room])[name])


def undescribed(x: typing.Any) -> list[str]:
    """The arguments of which a docstring does not say what they are: in `Args`, or where there are none, anywhere."""
    text = inspect.getdoc(x) or ""
    section = re.search(r"^Args:\n((?:    .*\n)+)", text, re.MULTILINE)
    said = set(re.findall(r"^    (\w+): \S", section[1], re.MULTILINE) if section else re.findall(r"\w+", text))
    given = inspect.signature(x).parameters.values()
    return [p.name for p in given if p.kind is not p.VAR_KEYWORD and p.name not in said]


@foreign(groups=("lr",))
def decay(
    lr: js.kinds.NotNegative, mode: typing.Any, to: int, cut: typing.Literal[1, 2], steps: js.Count | None = None
):
    """A decay of nothing.

    Args:
        to: the floor, which
            is for ever.

    Raises:
        ValueError: always.

    Examples:
        >>> decay
    """


WHOLE = """A decay of nothing.

Args:
    lr: a number of at least 0, or a list with one for each parameter group.
    to: the floor, which
        is for ever.
    cut: 1 or 2.
    steps: a length or a time in steps, at least 0, or None.

Raises:
    ValueError: always.
    TypeError: an argument is of another kind.
    ValueError: an argument is out of its range.

Examples:
    >>> decay"""


def test_what_annotations_say_is_in_the_docstring():
    assert inspect.getdoc(decay) == WHOLE


def test_an_undescribed_argument_is_noticed():
    assert undescribed(decay) == ["mode"]
    assert undescribed(inspect.unwrap(decay)) == ["lr", "mode", "cut", "steps"]


FUNCTIONS = [
    (room, name) for room, name in NAMES if room != "compat" and inspect.isfunction(public(MODULES[room])[name])
]
ELSEWHERE = {"get_greedy_schedule": ["lr"], "ChainedScheduler": ["optimizer"]}
"""Arguments that are described with another function, or are there to be refused."""


@pytest.mark.parametrize(("room", "name"), FUNCTIONS)
def test_every_argument_is_described(room, name):
    assert undescribed(public(MODULES[room])[name]) == ELSEWHERE.get(name, [])
