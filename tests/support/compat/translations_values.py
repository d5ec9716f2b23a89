"""How far the expressions of `translations.py` are from the recorded values."""

import contextlib
import functools
import json
from typing import Any

import numpy as np

from support.compat.translations import Translation, evaluated
from support.paths import COMPAT, SCHEDULES
from support.precision import WIDTH, x64

FLOAT32 = ("t5x", "big_vision", "maxtext", "levanter")
"""Frameworks whose values in `tests/traces/schedules.json` are in float32."""


@functools.cache
def older() -> dict[str, Any]:
    return json.loads(SCHEDULES.read_text())


@functools.cache
def newer() -> dict[str, Any]:
    return json.loads((COMPAT / "translations.json").read_text())


def recorded(row: Translation) -> np.ndarray:
    """Values as floats; what is none, an error in its place, is NaN and must be one of the steps that differ."""
    values = older()[row.trace][row.column] if row.trace else newer()["cases"][row.name]["values"]
    values = [x[0] if isinstance(x, list) else x for x in values]
    return np.array([x if isinstance(x, (int, float)) else np.nan for x in values])


def expected(row: Translation) -> np.ndarray:
    """Those values, and ours where we differ on purpose."""
    want = recorded(row)
    want[list(row.differs)] = row.instead
    return want


def is_float32(row: Translation) -> bool:
    return row.trace.startswith(FLOAT32) if row.trace else newer()["cases"][row.name].get("float32", False)


def is_formula(row: Translation) -> bool:
    """Whether the values are those of `translations_reference.py` and not of the real package."""
    return not row.trace and newer()["cases"][row.name]["reference"] == "formula"


def ours(row: Translation, count: int, wide: bool = False) -> np.ndarray:
    """The first values of our expression, in float32 or under x64."""
    with x64() if wide else contextlib.nullcontext():
        made = evaluated(row.ours)
        if row.metrics is None:
            return np.asarray(made(np.arange(max(count, WIDTH))))[:count]
        state = made.init()
        values = [made(state)]
        for metric in row.metrics:
            state = made.update(state, value=metric)
            values.append(made(state))
        return np.array(values)


def error(row: Translation, wide: bool = False) -> float:
    """The largest relative error. Near a zero a trace is only as good as the rounding of its largest value."""
    want = expected(row)
    got = ours(row, len(want), wide).astype(np.float64)
    off = np.abs(got - want)
    rounding = 4 * np.finfo(np.float32 if is_float32(row) else np.float64).eps * np.max(np.abs(want))
    relative = np.where(off <= rounding, 0, off / np.maximum(np.abs(want), np.finfo(np.float32).tiny))
    return float(np.max(np.where(np.isnan(relative), np.inf, relative)))
