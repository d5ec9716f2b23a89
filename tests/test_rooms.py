"""The rooms of the house: imports run downwards, no two modules need each other, above the door all is public."""

import ast
import graphlib
import pathlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest

import jaxsched

PACKAGE = pathlib.Path(jaxsched.__file__).parent

DOOR = "__init__"
BELOW = ("_core", "_curves", "_combinators", "_recipes", "_controllers", "_store", "_optax")
BESIDE = ("kinds", "numerics", "nodes", "states")
ABOVE = ("compat", "show", "search", "foresight")
ROOMS = (*BELOW, "_names", *BESIDE, DOOR, *ABOVE)
"""From the bottom. A room imports those before it; one above the door the door and what is beside it alone."""

MOST_LINES = 320

UNDER_WAY: set[str] = set()
"""The problems that are known. The list is to become empty: what is solved must be taken off it."""


class Import(NamedTuple):
    """What one module imports from another, both by their full names."""

    importer: str
    imported: str
    for_types: bool  # under `if TYPE_CHECKING`


def module_of(path: str) -> str:
    """`compat/torch/_rules.py` is `jaxsched.compat.torch._rules`."""
    return ".".join(["jaxsched", *pathlib.PurePath(path).with_suffix("").parts]).removesuffix(".__init__")


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else DOOR


def imports_of(path: str, source: str, modules: set[str]) -> Iterator[Import]:
    """Every import of our own modules in a file, also those inside functions, for types only, or by `import_module`."""
    importer, package = module_of(path), module_of(path)
    if pathlib.PurePath(path).name != "__init__.py":
        package = package.rpartition(".")[0]
    aliases, tree = set(), ast.parse(source)
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            aliases |= {
                alias.asname or "jaxsched" for alias in node.names if alias.name == "jaxsched" or not alias.asname
            }
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            source_of = ".".join([*parents, *([node.module] if node.module else [])])
            full = [f"{source_of}.{alias.name}" for alias in node.names]
            names = [name if name in modules else source_of for name in full]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            names = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and not node.attr.startswith("__"):
            names = [f"jaxsched.{node.attr}"] if node.value.id in aliases and node.attr.startswith("_") else []
        for name in names:
            if name.partition(".")[0] == "jaxsched" and name != importer:
                yield Import(importer, name, node in for_types)


def problem(each: Import) -> str | None:
    """What is wrong with one import, if anything."""
    low, high, arrow = room_of(each.imported), room_of(each.importer), f"{each.importer} imports {each.imported}"
    if high not in ROOMS or low not in ROOMS:
        return f"{arrow}: no such room."
    if high not in ABOVE:
        return f"{arrow}: upwards." if ROOMS.index(low) > ROOMS.index(high) else None
    if low.startswith("_") and low != DOOR:
        return f"{arrow}, which is private: above the door all is public."
    return f"{arrow}: neither the door nor beside it." if low not in {high, DOOR, *BESIDE} else None


def problems(sources: Mapping[str, str]) -> list[str]:
    """All that is wrong with the imports of a package, given the source of each file by its path."""
    modules = set(map(module_of, sources))
    found = [each for path, source in sources.items() for each in imports_of(path, source, modules)]
    # The door shows type checkers the rooms above it, which it imports when they are asked for.
    shown = {f"jaxsched.{room}" for room in ABOVE}
    found = [x for x in found if not (x.importer == "jaxsched" and x.for_types and x.imported in shown)]
    wrong = sorted({text for each in found if (text := problem(each))})
    needs = {module: {x.imported for x in found if x.importer == module} for module in sorted(modules)}
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        wrong.append(f"A circle: {' needs '.join(reversed(error.args[1]))}.")
    return wrong


def ours() -> dict[str, str]:
    return {path.relative_to(PACKAGE).as_posix(): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}


def test_imports_run_downwards_without_circles_and_above_the_door_all_is_public():
    assert set(problems(ours())) == {each for each in UNDER_WAY if " imports " in each}


def test_the_rooms_are_those_of_the_design():
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
    assert there <= set(ROOMS)
    assert there >= set(ROOMS)
    assert all((PACKAGE / room / "__init__.py").exists() for room in there & {*BELOW, *ABOVE})


def test_files_are_short():
    lines = {path: len(source.splitlines()) for path, source in ours().items()}
    long = {f"{path} has {n} lines." for path, n in lines.items() if n > MOST_LINES}
    assert long == {each for each in UNDER_WAY if " lines" in each}


GOOD = {
    "__init__.py": "from jaxsched import kinds as kinds\nfrom typing import TYPE_CHECKING as _TYPE_CHECKING\n"
    "from jaxsched._curves.ramp import Ramp\nif _TYPE_CHECKING:\n    from jaxsched import compat as compat",
    "_names.py": "",
    "kinds.py": "from jaxsched._core.kinds import Kind as Kind",
    "_core/__init__.py": "",
    "_core/kinds.py": "import jax\nfrom jaxsched._core import time",
    "_core/time.py": "import math",
    "_curves/__init__.py": "",
    "_curves/ramp.py": "from jaxsched._core.kinds import Kind\nfrom jaxsched._core.time import plain",
    "_optax/inject.py": "def inject():\n    import optax\n    return optax",
    "compat/__init__.py": "from jaxsched.compat._foreign import foreign\nif TYPE_CHECKING:\n"
    "    from jaxsched.compat import keras as keras",
    "compat/_foreign.py": "import jaxsched as js\nfrom jaxsched.kinds import Kind\nfrom jaxsched import Ramp\njs.Ramp",
    "compat/keras.py": "import jaxsched as js\nfrom jaxsched.compat._foreign import foreign\njs.__version__",
    "compat/tensorflow.py": "from jaxsched.compat import keras\nfrom jaxsched import nodes, kinds",
    "nodes.py": "from jaxsched._curves.ramp import Ramp as Ramp",
}


def test_what_is_allowed_is_no_problem():
    assert not problems(GOOD)


UP = "jaxsched._core.time imports jaxsched._curves.ramp: upwards"
PRIVATE = "jaxsched.compat.keras imports jaxsched._core.time, which is private"


@pytest.mark.parametrize(
    ("path", "source", "noticed"),
    [
        ("_core/time.py", "from jaxsched._curves.ramp import Ramp", UP),
        ("_core/time.py", "import jaxsched._curves.ramp", UP),
        ("_core/time.py", "from jaxsched._curves import ramp", UP),
        ("_core/time.py", "from .._curves.ramp import Ramp", UP),
        ("_core/time.py", "from .._curves import ramp", UP),
        ("_core/time.py", "def late():\n    from jaxsched._curves.ramp import Ramp", UP),
        (
            "_core/time.py",
            "class A:\n    def late(self):\n        if self:\n            import jaxsched._curves.ramp",
            UP,
        ),
        ("_core/time.py", "if TYPE_CHECKING:\n    from jaxsched._curves.ramp import Ramp", UP),
        ("_core/time.py", "if typing.TYPE_CHECKING:\n    pass\nelse:\n    import jaxsched._curves.ramp", UP),
        ("_core/time.py", "importlib.import_module('jaxsched._curves.ramp')", UP),
        ("_core/time.py", "import jaxsched", "jaxsched._core.time imports jaxsched: upwards"),
        ("_core/time.py", "from jaxsched import Ramp", "jaxsched._core.time imports jaxsched: upwards"),
        ("_core/time.py", "from jaxsched import kinds", "jaxsched._core.time imports jaxsched.kinds: upwards"),
        ("kinds.py", "from jaxsched.nodes import Ramp", "jaxsched.kinds imports jaxsched.nodes: upwards"),
        ("_core/time.py", "from jaxsched.rooms import x", "jaxsched._core.time imports jaxsched.rooms: no such room"),
        ("__init__.py", "from jaxsched import compat", "jaxsched imports jaxsched.compat: upwards"),
        ("__init__.py", "if TYPE_CHECKING:\n    from jaxsched.compat.keras import x", "imports jaxsched.compat.keras"),
        ("_core/time.py", "from jaxsched._core.kinds import Kind", "A circle: "),
        ("_core/time.py", "def late():\n    from jaxsched._core.kinds import Kind", "A circle: "),
        ("_core/time.py", "if TYPE_CHECKING:\n    from jaxsched._core.kinds import Kind", "A circle: "),
        ("compat/_foreign.py", "from jaxsched.compat import tensorflow", "A circle: "),
        ("compat/keras.py", "from jaxsched.compat import foreign\nimport jaxsched.compat", "A circle: "),
        ("compat/keras.py", "from jaxsched._core.time import plain", PRIVATE),
        ("compat/keras.py", "import jaxsched._core.time as time", PRIVATE),
        ("compat/keras.py", "from jaxsched._core import time", PRIVATE),
        ("compat/keras.py", "from .._core import time", PRIVATE),
        ("compat/keras.py", "def late():\n    from jaxsched._core.time import plain", PRIVATE),
        ("compat/keras.py", "import jaxsched as js\njs._core.time", "imports jaxsched._core, which is private"),
        ("compat/keras.py", "import jaxsched.kinds\njaxsched._core.time", "imports jaxsched._core, which is private"),
        ("compat/keras.py", "from jaxsched import _names", "imports jaxsched._names, which is private"),
        ("search/sweep.py", "from jaxsched import compat", "imports jaxsched.compat: neither the door nor beside"),
        ("show/draw.py", "from jaxsched.search import sweep", "imports jaxsched.search: neither the door nor beside"),
    ],
)
def test_what_is_not_allowed_is_noticed(path, source, noticed):
    assert any(noticed in text for text in problems({**GOOD, path: source}))
