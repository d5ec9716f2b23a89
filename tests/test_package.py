"""What is published: the wheel has the library and nothing else, and its files say the same of the project."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from support.short import exhaustive

import jaxsched

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
VERSIONS = (ROOT / "docs/versions.md").read_text()
LOWER_BOUND = re.compile(r"([\w-]+)(?:\[\w+\])?>=([\d.]+)")


# The wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The names in the wheel: of the one in the folder `JAXSCHED_DIST`, or of one that is built for this."""
    folder = os.environ.get("JAXSCHED_DIST")
    if folder is None:
        pytest.importorskip(
            "hatchling", reason="No wheel: set JAXSCHED_DIST to the folder of one, or install hatchling"
        )
        folder = tmp_path_factory.mktemp("dist")
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True
        )
    (path,) = Path(folder).glob("*.whl")
    return zipfile.ZipFile(path)


def strangers(names: list[str]) -> list[str]:
    """What is neither a module of the library, nor its mark for type checkers, nor what describes the wheel."""
    allowed = re.compile(r"jaxsched/(\w+/)*\w+\.py|jaxsched/py\.typed|jaxsched-[\d.]+\.dist-info/.*")
    return [
        name for name in names if not allowed.fullmatch(name) or re.search(r"/(tests/|test_\w+\.py|conftest)", name)
    ]


@exhaustive
def test_the_wheel_has_all_of_the_library_and_nothing_else(wheel):
    names = wheel.namelist()
    ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / "jaxsched").rglob("*.py")} | {"jaxsched/py.typed"}
    assert {name for name in names if name.startswith("jaxsched/")} == ours
    assert strangers(names) == []


@exhaustive
def test_the_wheel_says_what_it_is(wheel):
    (path,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    lines = wheel.read(path).decode().splitlines()
    assert f"Version: {jaxsched.__version__}" in lines
    assert "License-Expression: Apache-2.0" in lines
    assert {"Requires-Python: >=3.11", "Description-Content-Type: text/markdown"} <= set(lines)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())


def test_what_does_not_belong_in_a_wheel_is_noticed():
    good = ["jaxsched/__init__.py", "jaxsched/py.typed", "jaxsched/search/_range_test.py"]
    bad = ["tests/test_laws.py", "jaxsched/tests/laws.py", "jaxsched/test_laws.py", "jaxsched/a.pyc", "docs/index.md"]
    assert strangers([*good, *bad, "jaxsched-0.1.0.dist-info/RECORD"]) == bad


# What the files say


def test_every_file_says_the_same_version():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.search(rf"^version: {re.escape(jaxsched.__version__)}$", citation, re.MULTILINE)
    newest = re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)[:2]
    assert jaxsched.__version__ in newest or f"will be {jaxsched.__version__}" in changelog


def test_the_citation_has_what_the_format_demands():
    citation = (ROOT / "CITATION.cff").read_text()
    keys = re.findall(r"^([\w-]+):", citation, re.MULTILINE)
    assert {"cff-version", "message", "title", "authors", "version", "license"} <= set(keys)
    assert f"\nlicense: {PROJECT['license']}\n" in citation
    assert len(set(keys)) == len(keys)


# The page of versions


def lower_bounds() -> dict[str, str]:
    """Every package that a user or a test meets, and the oldest version that is allowed."""
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *extras["plot"], *extras["examples"], *extras["test"], *extras["test-all"]]
    found = [LOWER_BOUND.fullmatch(line) for line in lines if not line.startswith("jaxsched[")]
    return {match[1]: match[2] for match in found if match}


def recorded(page: str) -> dict[str, str]:
    """The frameworks of the last table, each with the version whose values were recorded."""
    return dict(re.findall(r"^\| (\w+) \| ([\d.]+) \|", page.split("## The frameworks")[1], re.MULTILINE))


def tried(page: str) -> dict[str, tuple[str, str]]:
    """The packages in the tables of the page, each with its oldest and its newest version."""
    rows = re.findall(r"^\| ([\w-]+) \| ([\d.]+) \| ([\d.]+) \|", page.split("## The frameworks")[0], re.MULTILINE)
    return {name: (oldest, newest) for name, oldest, newest in rows}


def number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_the_page_of_versions_has_every_lower_bound():
    rows = tried(VERSIONS)
    assert {name: rows.get(name, ("",))[0] for name in lower_bounds()} == lower_bounds()


def test_what_is_newest_is_not_older_than_what_is_oldest():
    rows = tried(VERSIONS)
    assert len(rows) > 15
    assert all(number(newest) >= number(oldest) for oldest, newest in rows.values())


def test_the_page_has_the_versions_whose_values_were_recorded():
    files = [path for path in (ROOT / "tests/compat/traces").glob("*.json") if path.stem != "translations"]
    assert recorded(VERSIONS) == dict(json.loads(path.read_text())["version"].split() for path in files)


def test_the_page_has_the_bounds_of_what_is_compared_live():
    bounds = re.findall(r"^(\w+)[>=]=([\d.]+)$", "\n".join(PROJECT["optional-dependencies"]["peers"]), re.MULTILINE)
    assert re.findall(r"^\| (\w+) \| [\d.]* ?\| ([\d.]+) \|$", VERSIONS, re.MULTILINE) == bounds


def test_a_bound_that_the_page_does_not_have_is_noticed():
    assert tried(VERSIONS.replace(f"| optax | {lower_bounds()['optax']} |", "| optax | 0.1 |"))["optax"][0] == "0.1"
