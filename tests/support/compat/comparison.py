"""How far `jaxsched.compat` is from recorded values."""

import contextlib
import functools
import importlib
import inspect
import json
from typing import Any

import jax
import numpy as np

import jaxsched as js
from support.compat.case import Case, decode
from support.paths import COMPAT
from support.precision import WIDTH, x64

FRAMEWORKS = ("optax", "torch", "transformers", "keras", "tensorflow", "paddle", "timm")
ALLOWED = 2e-6
"""The relative error in float32. Under x64 it is the case's `tolerance`."""


@functools.cache
def recorded(framework: str) -> tuple[str, list[tuple[Case, np.ndarray]]]:
    """The package's version, and every case with the values of the package."""
    traces = json.loads((COMPAT / f"{framework}.json").read_text())
    rows = [(row.pop("values"), row) for row in traces["cases"]]
    return traces["version"], [(Case(**row), np.array(values)) for values, row in rows]


def functions(framework: str) -> set[str]:
    """The names of all public functions of our module."""
    found = inspect.getmembers(importlib.import_module(f"jaxsched.compat.{framework}"), inspect.isfunction)
    return {name for name, x in found if not name.startswith("_") and x.__module__.startswith("jaxsched.compat")}


def made(framework: str, function: str, arguments: dict[str, Any]) -> Any:
    """What our function of that name gives."""
    module = importlib.import_module(f"jaxsched.compat.{framework}")
    return getattr(module, function)(**decode(arguments, functools.partial(made, framework)))


def values(framework: str, case: Case, wide: bool = False) -> np.ndarray:
    """Our values at the steps of the case, or before the first of its metrics and after each."""
    with x64() if wide else contextlib.nullcontext():
        schedule = made(framework, case.function, case.arguments)
        if case.metrics is not None:
            return np.asarray(_course(schedule, np.asarray(case.metrics, np.float64 if wide else np.float32)))
        steps = np.resize(np.asarray(case.steps), WIDTH)  # one length, so that one structure is one program
        return np.asarray(schedule(steps))[: len(case.steps)]


def errors(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Relative errors. Near a zero the package is only as good as the rounding of the largest value it subtracted."""
    off = np.abs(got.astype(np.float64) - want)
    rounding = 4 * np.finfo(np.float64).eps * np.max(np.abs(want))
    tiny = np.finfo(got.dtype).tiny  # what is smaller counts as 0
    size = np.maximum(np.abs(want), tiny)
    error = np.where((off <= rounding) | (np.maximum(np.abs(got), np.abs(want)) < 2 * tiny), 0, off / size)
    return np.where(np.isnan(error), np.inf, error)


@jax.jit
def _course(controller: js.Controller, metrics: jax.Array) -> jax.Array:
    def step(state, metric):
        state = controller.update(state, value=metric)
        return state, controller(state)

    start = controller.init()
    rates = jax.lax.scan(step, start, metrics)[1]
    return jax.numpy.concatenate([controller(start)[None], rates])
