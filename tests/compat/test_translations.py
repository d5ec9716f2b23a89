"""The table of translations against the values of the packages: at every step, in float32 and under x64."""

import ast

import numpy as np
import optax
import pytest
from support.compat.comparison import ALLOWED
from support.compat.translations import BESIDE, REFUSED, evaluated, table
from support.compat.translations_values import error, is_float32, newer, older, ours, recorded
from support.precision import computed, in_every_way
from support.short import first_of_each, parametrize

import jaxsched as js

ROWS = {f"{row.framework}-{row.concept}-{number}": row for number, row in enumerate(table())}
WITH_MODULES = ("torch", "hf", "timm", "paddle", "keras", "optax")
"""Frameworks of `traces/schedules.json` that have a module of their own: `test_traces.py` compares them."""


IN_FLOAT32 = [name for name, row in ROWS.items() if is_float32(row)]
IN_FLOAT64 = [name for name in ROWS if name not in IN_FLOAT32]


@parametrize("name", IN_FLOAT32, IN_FLOAT32[::4])
def test_equals_the_framework_in_float32(name):
    assert error(ROWS[name]) <= ALLOWED


@in_every_way(IN_FLOAT64, first_of_each(IN_FLOAT64, lambda name: ROWS[name].framework))
def test_equals_the_framework(name, way):
    wide = way != "float32"
    with computed(way):
        assert error(ROWS[name], wide) <= (1e-12 if wide else ALLOWED)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.differs])
def test_the_trace_differs_at_every_step_that_is_listed(name):
    row = ROWS[name]
    trace = recorded(row)[list(row.differs)]
    assert row.why and not np.any(np.isclose(trace, row.instead, rtol=1e-6, atol=1e-9))


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: refusal.trace)
def test_what_makes_no_sense_is_refused(refusal):
    with pytest.raises(ValueError, match=refusal.message):
        evaluated(refusal.ours)


@pytest.mark.parametrize("row", BESIDE, ids=lambda row: row.framework)
def test_the_rates_of_groups_are_those_that_are_listed(row):
    base, params = (
        {"embed": np.ones((8, n)), "q_proj": np.ones((n, n)), "o_proj": np.ones((n, n)), "head": np.ones((n, 3))}
        for n in (16, 64)
    )
    made = eval(row.ours, {"js": js, "optax": optax, "base": base, "params": params})
    rates = {name: float(rate) for name, rate in js.current(made.init(params)).items()}
    assert rates == pytest.approx(row.rates, rel=1e-6)


def test_every_trace_of_these_frameworks_is_used():
    columns = {(row.trace, row.column) for row in ROWS.values() if row.trace}
    traces = {name: columns for name, columns in older().items() if name.split("/")[0] not in WITH_MODULES}
    refused = {refusal.trace for refusal in REFUSED}
    assert columns == {(name, column) for name, row in traces.items() if name not in refused for column in row}
    assert {row.name for row in ROWS.values() if not row.trace} == set(newer()["cases"])
    assert refused <= set(traces)


def test_metrics_are_those_that_were_recorded():
    for row in ROWS.values():
        if not row.trace:
            assert newer()["cases"][row.name].get("metrics") == row.metrics


def test_lines_are_single_expressions_of_one_framework_each():
    for row in ROWS.values():
        ast.parse(row.ours, mode="eval")
        ast.parse(row.theirs, mode="eval")
    assert len({(row.name, row.concept) for row in ROWS.values()}) == len(ROWS)


def test_a_wrong_translation_is_seen():
    row = next(row for row in ROWS.values() if row.name == "fvcore: CosineParamScheduler(1.0, 0.1)")
    assert error(row) <= ALLOWED < error(row._replace(ours="js.Cosine(1.0, 0.1, steps=19)"))
    assert len(ours(row, 20)) == 20
