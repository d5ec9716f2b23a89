"""The table of `traces_table.py` against the golden values of the real packages, at every step of every trace."""

import json

import jax
import numpy as np
import pytest
from support.paths import SCHEDULES
from support.precision import WIDTH, computed, in_every_way
from support.short import first_of_each, parametrize
from support.traces_defects import DEFECTS, EXCLUDED, FIRST_STEP, FLOAT32, PERIODIC, REFUSED
from support.traces_table import TWINS, VALUES

FRAMEWORKS = ("torch", "hf", "timm", "paddle", "keras", "optax")
"""The traces of others are compared in `compat/test_translations.py`."""

RECORDED = json.loads(SCHEDULES.read_text())
TRACES = {name: trace for name, trace in RECORDED.items() if name.split("/")[0] in FRAMEWORKS}
ROWS = {**{(name, "values"): make for name, make in VALUES.items()}, **TWINS}
IN_FLOAT32 = [row for row in ROWS if row[0].startswith(FLOAT32)]
IN_FLOAT64 = {" ".join(row): row for row in ROWS if row not in IN_FLOAT32}


@pytest.fixture
def x64():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def recorded(name, column):
    """The trace as floats; what is no number (an error in its place) is NaN, and must be a listed defect."""
    rows = [row[0] if isinstance(row, list) else row for row in TRACES[name][column]]
    return np.array([x if isinstance(x, (int, float)) else np.nan for x in rows])


def steps_of(name, column):
    return FIRST_STEP.get(name, 0) + np.arange(len(TRACES[name][column]))


def expected(name, column):
    steps, want = steps_of(name, column), recorded(name, column)
    if (name, column) in DEFECTS:
        defect = DEFECTS[name, column]
        want[np.isin(steps, defect.steps)] = defect.instead
    return want


def check(schedule, name, column, want, tolerance):
    steps = np.resize(steps_of(name, column), WIDTH)  # one length, so that one structure is one program
    got = np.asarray(schedule(steps), np.float64)[: len(want)]
    # Near a zero the trace is only as good as the rounding of the largest value that was subtracted.
    rounding = 4 * np.finfo(np.float32 if name.startswith(FLOAT32) else np.float64).eps * np.max(np.abs(want))
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=rounding)


@parametrize(("name", "column"), IN_FLOAT32, IN_FLOAT32[::4], ids=" ".join)
def test_equals_the_trace_in_float32(name, column):
    check(ROWS[name, column](), name, column, expected(name, column), 2e-6)


@in_every_way(IN_FLOAT64, first_of_each(IN_FLOAT64, lambda name: name.split("/")[0]))
def test_equals_the_trace(name, way):
    name, column = IN_FLOAT64[name]
    with computed(way):
        check(ROWS[name, column](), name, column, expected(name, column), 2e-6 if way == "float32" else 1e-12)


@pytest.mark.parametrize("name", PERIODIC)
def test_the_periodic_form_equals_the_trace_after_its_end_too(x64, name):
    check(PERIODIC[name](), name, "values", recorded(name, "values"), 1e-12)


@pytest.mark.parametrize(("name", "column"), DEFECTS, ids=map(" ".join, DEFECTS))
def test_the_trace_differs_at_every_step_that_is_listed_as_a_defect(name, column):
    defect = DEFECTS[name, column]
    trace = recorded(name, column)[np.isin(steps_of(name, column), defect.steps)]
    assert len(trace) == len(defect.steps)
    assert not np.any(np.isclose(trace, defect.instead, rtol=1e-6, atol=1e-9))


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused(name):
    make, message, _ = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        make()


def test_every_trace_is_compared_or_excluded_with_a_reason():
    compared = [*VALUES, *REFUSED, *EXCLUDED]
    assert sorted(compared) == sorted(TRACES)
    columns = {(name, c) for name in VALUES for c in TRACES[name] if c != "values"}
    assert columns == set(TWINS)
    assert set(DEFECTS) <= set(ROWS) and set(PERIODIC) <= set(VALUES)
    assert all(EXCLUDED.values())
