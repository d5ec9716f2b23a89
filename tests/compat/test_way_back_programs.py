"""What needs a process of its own, or none of the packages: Keras by its backends, the page, and what is missing."""

import importlib.util
import os
import re
import subprocess
import sys
import types

import pytest
from support.compat.torch_loops import LR
from support.paths import DOCS, TESTS

import jaxsched as js
from jaxsched.compat.keras import from_config, register, to_schedule
from jaxsched.compat.torch import to_scheduler

WORKER = TESTS / "support" / "compat" / "keras_worker.py"


@pytest.mark.parametrize(
    ("call", "package", "match"),
    [
        (lambda: to_scheduler(types.SimpleNamespace(param_groups=[]), LR), "torch", "pip install torch"),
        (lambda: to_schedule(LR), "keras", "`to_schedule` needs Keras: pip install keras"),
        (register, "keras", "`register` needs Keras: pip install keras"),
    ],
)
def test_without_the_package_the_error_says_how_to_get_it(monkeypatch, call, package, match):
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, package, None)
    for name in ("torch._schedulers", "keras._live"):
        monkeypatch.delitem(sys.modules, f"jaxsched.compat.{name}", raising=False)
    monkeypatch.delattr(sys.modules["jaxsched.compat.torch"], "_schedulers", raising=False)
    monkeypatch.delattr(sys.modules["jaxsched.compat.keras"], "_live", raising=False)
    with pytest.raises(ImportError, match=match):
        call()


@pytest.mark.parametrize("module", ["torch", "keras"])
def test_the_modules_have_no_other_names(module):
    with pytest.raises(AttributeError, match="has no attribute 'no_such'"):
        getattr(js.compat, module).no_such  # noqa: B018


# Keras


def test_keras_changes_a_rate_on_a_plateau_by_itself():
    with pytest.raises(TypeError, match="`schedule` must be a pure schedule.*keras.callbacks.ReduceLROnPlateau"):
        to_schedule(js.reduce_on_plateau(0.1))


def test_what_keras_stored_of_ours_is_read_without_keras():
    config = {"schedule": js.to_dict(LR)}
    stored = {"module": "jaxsched.compat.keras", "class_name": "Schedule", "registered_name": "jaxsched>Schedule"}
    assert from_config({**stored, "config": config}) == from_config(config) == LR


@pytest.mark.parametrize("backend", ["jax", "torch", "tensorflow"])
def test_keras_trains_stores_and_goes_on(tmp_path, backend):
    for package in ("keras", backend):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}")
    environment = {**os.environ, "KERAS_BACKEND": backend, "XLA_FLAGS": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    for part in ("train", "resume"):
        run = [sys.executable, str(WORKER), part, str(tmp_path)]
        done = subprocess.run(run, env=environment, capture_output=True, text=True)
        assert done.stdout.endswith(f"{backend} done\n"), done.stdout + done.stderr


# The page


PAGE = DOCS / "way_back.md"
PROGRAMS = re.findall(r"^```py\n(.*?)^```\n+```text\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_page_has_its_programs():
    assert len(PROGRAMS) == PAGE.read_text("utf-8").count("```py\n") >= 3


@pytest.mark.parametrize(("program", "printed"), PROGRAMS)
def test_the_programs_of_the_page_run_and_print_what_it_says(tmp_path, program, printed):
    for package in re.findall(r"^(?:import|from) (torch|transformers|keras)\b", program, re.MULTILINE):
        pytest.importorskip(package)
    (tmp_path / "program.py").write_text(program, "utf-8")
    environment = {**os.environ, "XLA_FLAGS": "", "PYTHONWARNINGS": "ignore"}
    run = [sys.executable, "program.py"]
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("{'")]  # but for the Trainer's own log
    assert lines == printed.splitlines(), done.stdout + done.stderr
