"""What an import brings along."""

import subprocess
import sys

import pytest
from support.compat.comparison import FRAMEWORKS

import jaxsched as js


def imported(code: str) -> set[str]:
    """The modules that are there after running `code` in a process of its own."""
    run = [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"]
    return set(subprocess.run(run, check=True, capture_output=True, text=True).stdout.split())


def test_no_framework_is_imported_by_any_module():
    there = imported("import jaxsched; [getattr(jaxsched.compat, name) for name in dir(jaxsched.compat)]")
    assert {f"jaxsched.compat.{name}" for name in FRAMEWORKS} <= there
    assert not there & set(FRAMEWORKS)


def test_the_modules_wait_until_they_are_asked_for():
    assert not [name for name in imported("import jaxsched") if name.startswith("jaxsched.compat")]
    assert set(FRAMEWORKS) <= set(dir(js.compat))


def test_what_is_listed_is_what_is_public():
    assert dir(js.compat) == sorted(["compound", "factors", *FRAMEWORKS])
    assert set(js.compat.FRAMEWORKS) == set(FRAMEWORKS)
    for framework in FRAMEWORKS:
        module = getattr(js.compat, framework)
        assert all(getattr(module, name) is not None for name in dir(module)), framework


def test_what_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="has no attribute 'pytorch'. Did you mean 'torch'?"):
        js.compat.pytorch  # noqa: B018
    with pytest.raises(AttributeError, match="has no attribute 'LinearSchedule'"):
        js.compat.optax.LinearSchedule  # noqa: B018
    with pytest.raises(AttributeError, match="has no attribute 'kompat'"):
        js.kompat  # noqa: B018
