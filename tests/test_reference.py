"""What is public is documented: in the reference, in README's table and in docstrings, and a gap would be noticed."""

import inspect
import re
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import jaxsched as js

ROOT = Path(__file__).parents[1]
REFERENCE = "\n".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs/reference").glob("*.md")))
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROOMS = {
    "nodes": js.nodes,
    "states": js.states,
    "kinds": js.kinds,
    "numerics": js.numerics,
    "show": js.show,
    "search": js.search,
    "foresight": js.foresight,
}


def names_in(room: types.ModuleType) -> list[str]:
    """The public names of a module, but for modules."""
    names = [name for name in getattr(room, "__all__", dir(room)) if not name.startswith("_")]
    return [name for name in names if not isinstance(getattr(room, name), types.ModuleType)]


DOOR = {name: getattr(js, name) for name in names_in(js)}
AT_DOOR = {id(x) for x in DOOR.values()}
BESIDE = {
    f"{room}.{name}": getattr(module, name)
    for room, module in ROOMS.items()
    for name in names_in(module)
    if id(getattr(module, name)) not in AT_DOOR
}
PUBLIC = {**DOOR, **BESIDE}
STATES = {f"states.{name}": x for name, x in vars(js.states).items() if hasattr(x, "_fields")}
ALIASES = {"numerics.Time", "numerics.Length"}  # of types: no docstring of their own, nor can griffe find them


# In the reference and in README


def undocumented(names: Iterable[str], reference: str) -> set[str]:
    """The names that have no `::: jaxsched.name` on a page; an alias of types has a heading of its own."""
    headings = set(re.findall(r"^### `jaxsched\.(\S+)`$", reference, re.MULTILINE)) & ALIASES
    return set(names) - set(re.findall(r"^::: jaxsched\.(\S+)$", reference, re.MULTILINE)) - headings


def not_in_table(names: Iterable[str], readme: str) -> set[str]:
    """The names that are not in README's table."""
    rows = [line for line in readme.splitlines() if line.startswith("|")]
    return set(names) - set(re.findall(r"`(\w+)`", "\n".join(rows)))


def hidden(cls: type) -> set[str]:
    """The concrete subclasses, at any depth, that are the library's and in no public module."""
    below = cls.__subclasses__()
    found = {sub.__name__ for sub in below if sub.__module__.startswith("jaxsched._") and not inspect.isabstract(sub)}
    return found.union(*map(hidden, below))


def test_what_is_imported_at_the_door_is_listed():
    imported = {name for name, x in vars(js).items() if name[0] != "_" and not isinstance(x, types.ModuleType)}
    assert imported == set(DOOR)


def test_every_schedule_and_controller_is_public():
    assert hidden(js.nodes.Data) == set()


def test_a_class_that_is_not_public_is_noticed():
    class NoSuch(js.Ramp):
        __module__ = "jaxsched._curves.powers"

        def weights(self, x, rest):
            return rest, x

    assert hidden(js.nodes.Data) == {"NoSuch"}
    NoSuch.__module__ = __name__


def test_every_public_name_is_in_the_reference():
    assert undocumented(PUBLIC, REFERENCE) == set()


def test_a_name_that_is_missing_from_the_reference_is_noticed():
    assert undocumented(["Rex", "NoSuch", "nodes.Ramp"], REFERENCE) == {"NoSuch", "nodes.Ramp"}
    assert undocumented(["Rex", "Cosine"], REFERENCE.replace("::: jaxsched.Rex\n", "`Rex`\n")) == {"Rex"}


def test_nothing_is_in_the_reference_that_does_not_exist_or_twice():
    listed = re.findall(r"^::: jaxsched\.(\S+)$", REFERENCE, re.MULTILINE)
    assert set(listed) <= set(PUBLIC)
    assert len(set(listed)) == len(listed)


def test_every_module_has_its_pages():
    modules = set(js.__all__) - set(DOOR)
    assert {"compat", "nodes", "search"} <= modules
    for name in modules:
        assert (ROOT / f"docs/reference/{name}.md").exists() or (ROOT / f"docs/reference/{name}").is_dir(), name


def test_every_name_of_the_door_is_in_the_table_of_readme():
    assert not_in_table(js.__all__, README) == set()


def test_a_name_that_is_missing_from_the_table_is_noticed():
    assert not_in_table(["Rex", "NoSuch"], README) == {"NoSuch"}
    assert not_in_table(["Rex", "Cosine"], README.replace(" `Rex` ", " ")) == {"Rex"}


# Fields of states


def fields_on_page(name: str, reference: str) -> list[str]:
    """The fields in the table below `::: jaxsched.name`."""
    section = re.search(rf"^::: jaxsched\.{re.escape(name)}\n(.*?)(?=^:::|\Z)", reference, re.MULTILINE | re.DOTALL)
    return re.findall(r"^\| `(\w+)` \|.*\| \S.* \|$", section[1], re.MULTILINE) if section else []


@pytest.mark.parametrize("name", STATES)
def test_every_field_of_a_state_is_documented(name):
    assert fields_on_page(name, REFERENCE) == list(STATES[name]._fields)


def test_a_field_that_is_missing_is_noticed():
    assert len(STATES) >= 8
    without = REFERENCE.replace("| `cut_at` |", "| cut_at |")
    assert "cut_at" in fields_on_page("states.RecoverState", REFERENCE)
    assert "cut_at" not in fields_on_page("states.RecoverState", without)
    empty = re.sub(r"(\| `cut_at` \|.*\|).*\|\n", r"\1  |\n", REFERENCE)
    assert "cut_at" not in fields_on_page("states.RecoverState", empty)


# Docstrings

POOR_DOCSTRING = {
    "kinds.is_traced": "its name says it",
    "numerics.largest": "its name says it",
    "numerics.to_real": "its name says it",
    "numerics.exponential_weights": "its docstring does not name `x` and `rest`, which are those of `Ramp.weights`",
}
NO_EXAMPLE = {
    "Controller": "abstract; each function that returns one has an example",
    "nodes.Data": "abstract; `Schedule` and `Ramp` have examples",
    "nodes.Open": "stands in the `repr` of every warmup",
    "nodes.Sum": "an operator",
    "nodes.Difference": "an operator",
    "nodes.Product": "an operator",
    "nodes.Quotient": "an operator",
    "nodes.Power": "an operator",
    "nodes.SumOfMany": "an operator",
    "nodes.ProductOfMany": "an operator",
    "nodes.OverDevices": "needs several devices; `reduce_on_plateau` explains `axis_name`",
    "foresight.Bound": "what `bound` returns in its example",
    "foresight.Comparison": "what `compare` returns in its example",
    "foresight.Extension": "what `extend` returns in its example",
    "foresight.Falling": "what `falling` returns in its example",
    "foresight.Fit": "what `fit` returns in its example",
    "foresight.Law": "abstract; each law has an example",
    "foresight.Optimum": "what `optimize` returns in its example",
    "foresight.Plan": "what `extend` returns in its example",
    "foresight.Prediction": "what a `Fit` returns in the example of `fit`",
    "search.Applied": "what `check_applied` returns in its example",
    "search.Best": "what `Sweep.best` returns in the example of `sweep`",
    "search.Diagnosis": "what `diagnose` returns in its example",
    "search.Halving": "what `successive_halving` returns in its example",
    "search.RangeTest": "what `range_test` returns in its example",
    "search.Sweep": "what `sweep` returns in its example",
    "show.Change": "what `diff` lists in its example",
    "show.Description": "what `describe` returns in its example",
    "show.Descriptions": "what `describe` returns of a stack",
    "show.Diff": "what `diff` returns in its example",
    "show.Finding": "what `describe` lists",
    "show.Phase": "what `describe` lists",
    "show.Rate": "what `describe` lists",
    "show.Rows": "what `Sweep.table` returns",
    "show.StateDescription": "what `describe` returns of an optimizer's state",
    "show.Table": "what `table` returns in its example",
    "show.view": "a notebook calls it",
}
"""Why a docstring needs no example. Kinds, states and numerics have them on their pages."""


NOT_CALLED = (js.Schedule, js.Controller, js.nodes.Data, js.kinds.Kind, js.states.Values, js.states.ByName)
"""Subclassed, or made by the library alone."""


class Docstring(NamedTuple):
    """What a docstring lacks: nothing is an empty string."""

    summary: str = ""
    example: str = ""
    arguments: str = ""


def lacks(name: str, x: Any) -> Docstring:
    text = inspect.cleandoc(vars(x).get("__doc__") or "" if isinstance(x, type) else x.__doc__ or "")
    first, _, rest = text.partition("\n")
    summary = "" if first.endswith((".", "$", "`")) and rest[:1] in ("", "\n") else "no summary line"
    example = "" if ">>>" in text or _maker_has_example(first) or _needs_no_example(name, x) else "no example"
    return Docstring(summary, example, _wrong_arguments(x, text))


def _maker_has_example(summary: str) -> bool:
    """A node says what makes it; the example is there."""
    maker = re.search(r"what `(\w+)` makes", summary)
    return maker is not None and ">>>" in (DOOR[maker[1]].__doc__ or "")


def _needs_no_example(name: str, x: Any) -> bool:
    return name in NO_EXAMPLE or isinstance(x, js.kinds.Kind) or name.startswith(("states.", "kinds.", "numerics."))


def _wrong_arguments(x: Any, text: str) -> str:
    if isinstance(x, js.kinds.Kind) or x in NOT_CALLED or hasattr(x, "_fields"):
        return ""  # annotations, and states, whose fields are on their page
    expected = list(inspect.signature(x).parameters)
    section = re.search(r"^Args:\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
    if section is None:  # a sentence or two that name them all
        unnamed = [name for name in expected if not re.search(rf"\b{name}\b", text)]
        return f"does not name {', '.join(unnamed)}" if unnamed and len(text) > 0 else ""
    found = re.findall(r"^    ([*\w, ]+):", section[1], re.MULTILINE)
    found = [each.strip().lstrip("*") for group in found for each in group.split(",")]
    return "" if sorted(found) == sorted(expected) else f"Args are {found}, and should be {expected}"


TO_CHECK = {name: x for name, x in PUBLIC.items() if name not in ALIASES and name not in POOR_DOCSTRING}


@pytest.mark.parametrize("name", TO_CHECK)
def test_docstrings_have_a_summary_an_example_and_their_arguments(name):
    assert lacks(name, TO_CHECK[name]) == Docstring()


def test_what_a_docstring_lacks_is_noticed():
    def function(first, second=2):
        """A summary.

        Args:
            second: the second.
        """

    assert lacks("function", function) == Docstring(
        "", "no example", "Args are ['second'], and should be ['first', 'second']"
    )
    function.__doc__ = None
    assert lacks("function", function)[:2] == ("no summary line", "no example")
    function.__doc__ = "The `first` alone.\n\n>>> 1\n1"
    assert lacks("function", function) == Docstring("", "", "does not name second")
    assert not _maker_has_example("A schedule that nobody makes.")


def test_the_exceptions_exist():
    assert {*POOR_DOCSTRING, *NO_EXAMPLE, *ALIASES} <= set(PUBLIC)
