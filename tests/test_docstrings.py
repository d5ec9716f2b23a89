"""The examples in public docstrings give what they say."""

import doctest
import importlib
import inspect
import pkgutil

import jax
import numpy as np
import pytest
from support.short import parametrize

import jaxsched as js

ROOMS = ("", ".nodes", ".states", ".kinds", ".numerics", ".show", ".search", ".foresight", ".compat")
FRAMEWORKS = tuple(f".compat.{name}" for name in js.compat.FRAMEWORKS)
NAMES = {"jax": jax, "jaxsched": js, "np": np}


def examples(room: str) -> list[tuple[str, object]]:
    """The public names of a module whose docstrings have examples, and the module's own."""
    module = importlib.import_module(f"jaxsched{room}")
    public = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    own = {name: x for name, x in public.items() if getattr(x, "__module__", "") == module.__name__}
    found = {**{f"{module.__name__}.{name}": x for name, x in own.items()}, module.__name__: module}
    return [(name, x) for name, x in found.items() if ">>>" in (inspect.getdoc(x) or "")]


CORE = [row for room in ROOMS for row in examples(room)]
COMPAT = [row for room in FRAMEWORKS for row in examples(room)]


def run(name: str, x: object) -> list[str]:
    """What went wrong."""
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    for test in doctest.DocTestFinder(recurse=False).find(x, name, module=False, globs=dict(NAMES)):
        runner.run(test, out=said.append)
    assert runner.tries > 0, f"{name} has no example that was run"
    return said


@parametrize(("name", "x"), [*CORE, *COMPAT], CORE[::12], ids=lambda row: row[0])
def test_examples(name, x):
    assert not run(name, x), "\n".join(run(name, x))


def test_most_public_names_have_an_example():
    assert len(CORE) > 80 and len(COMPAT) > 65
    modules = {module.name for module in pkgutil.iter_modules(js.compat.__path__) if not module.name.startswith("_")}
    assert modules == set(js.compat.FRAMEWORKS)


def test_a_wrong_example_is_noticed():
    def wrong():
        """
        >>> 1 + 1
        3
        """

    def none():
        """Nothing."""

    assert "Expected" in "".join(run("wrong", wrong))
    with pytest.raises(AssertionError, match="no example"):
        run("none", none)
