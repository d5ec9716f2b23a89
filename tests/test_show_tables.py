"""Tables and differences: the values of the schedule itself, and every number that changed by its name."""

import csv
import io
import json

import jax.numpy as jnp
import numpy as np
import pytest

import jaxsched as js
from jaxsched.show import diff, table

COSINE, LINEAR = js.Cosine(1.0, 0.25, steps=100), js.Linear(1.0, 0.0, steps=100)


@pytest.mark.parametrize(
    ("schedule", "columns"),
    [
        (COSINE, {"value": COSINE}),
        (0.5, {"value": js.Constant(0.5)}),
        (lambda t: 1.0 / (1 + t), {"value": lambda t: 1.0 / (1 + t)}),
        ({"a": COSINE, 7: LINEAR}, {"a": COSINE, "7": LINEAR}),
        ([COSINE, LINEAR], {"0": COSINE, "1": LINEAR}),
        (js.grid(lambda p: js.Linear(p, 0.0, steps=9), p=[1.0, 2.0]), {"0": js.Linear(1.0, 0.0, steps=9),
                                                                       "1": js.Linear(2.0, 0.0, steps=9)}),
        (js.reduce_on_plateau(LINEAR), {"value": LINEAR}),
    ],
)  # fmt: skip
def test_the_values_are_those_of_the_schedules(schedule, columns):
    made = table(schedule, range(0, 120, 7))
    assert made.steps.tolist() == list(range(0, 120, 7)) and list(made.columns) == list(columns)
    for label, each in columns.items():
        np.testing.assert_array_equal(made.columns[label], np.asarray([each(t) for t in range(0, 120, 7)], np.float32))


@pytest.mark.parametrize("steps", [5, np.arange(5), jnp.arange(5), [0, 1, 2, 3, 4], (0, 1, 2, 3, 4), range(5)])
def test_steps_are_a_number_of_them_or_listed(steps):
    np.testing.assert_array_equal(table(LINEAR, steps).steps, np.arange(5))


def test_steps_may_lie_between_two():
    made = table(LINEAR, [0.0, 0.5])
    assert made.steps.tolist() == [0.0, 0.5] and made.columns["value"][1] == np.float32(0.995)


def test_csv_and_json_keep_every_digit(tmp_path):
    made = table({"cosine": COSINE, "a, b": LINEAR}, range(101))
    rows = list(csv.reader(io.StringIO(made.to_csv(tmp_path / "t.csv"))))
    assert rows[0] == ["step", "cosine", "a, b"] and (tmp_path / "t.csv").read_text() == made.to_csv()
    assert [float(row[1]) for row in rows[1:]] == made.columns["cosine"].tolist()
    data = json.loads(made.to_json(tmp_path / "t.json"))
    assert data["step"] == list(range(101)) and data["a, b"] == made.columns["a, b"].tolist()


def test_files_are_utf_8_and_read_back_to_the_bit(tmp_path):
    run = js.warmup_cosine(3e-4, 7, 500, end=1e-7)
    table({"η": run}, range(500)).to_csv(tmp_path / "t.csv")
    table({"η": run}, range(500)).to_json(tmp_path / "t.json")
    lines = (tmp_path / "t.csv").read_bytes().decode("utf-8").split("\n")
    assert lines[0] == "step,η" and lines[-1] == "" and len(lines) == 502
    want = np.asarray(run(np.arange(500)))
    assert np.array_equal(np.array([line.split(",")[1] for line in lines[1:-1]], np.float32), want)
    assert np.array_equal(np.float32(json.loads((tmp_path / "t.json").read_text("utf-8"))["η"]), want)


def test_json_has_no_infinities():
    made = table(1.0 / js.as_schedule(lambda t: 1.0 - t / 2), 3)
    assert json.loads(made.to_json())["value"] == [1.0, 2.0, None]


def test_pandas():
    pandas = pytest.importorskip("pandas")
    made = table({"cosine": COSINE}, 4).to_pandas()
    assert isinstance(made, pandas.DataFrame) and made.index.name == "step"
    assert made["cosine"].tolist() == np.asarray(COSINE(np.arange(4)), np.float64).tolist()
    changes = diff(COSINE, LINEAR).to_pandas()
    assert changes["name"].tolist() == ["kind", "end"] and changes["before"].tolist() == ["Cosine", "0.25"]


def test_without_pandas_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        table(COSINE, 4).to_pandas()


def test_long_tables_are_shortened_as_text_alone():
    made = table(LINEAR, 1_000)
    assert len(made) == 1_000 and len(str(made).splitlines()) == 32 and "970 more" in str(made)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ((LINEAR, []), ValueError, "`steps` must hold at least one step"),
        ((LINEAR, [-1]), ValueError, "none of them below 0"),
        ((LINEAR, 0), ValueError, "`steps` must be from 1"),
        ((LINEAR, "5"), TypeError, "`steps` must be whole numbers"),
        ((LINEAR, [[1]]), TypeError, "`steps` must be whole numbers"),
        ((LINEAR, None), TypeError, "`steps` must be whole numbers"),
        ((LINEAR, 1.5), TypeError, "`steps` must be whole numbers"),
        (({}, 5), ValueError, "`schedule` must hold at least one schedule"),
        (({"step": LINEAR}, 5), ValueError, "`schedule` must have other labels than 'step'"),
        (({1: LINEAR, "1": COSINE}, 5), ValueError, "`schedule` must have labels that differ as text"),
        (({"a": "cosine"}, 5), TypeError, "schedule"),
        ((None, 5), TypeError, "schedule"),
    ],
)
def test_what_is_no_table_is_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        table(*arguments)


DIFFERENCES = {
    "nothing": (COSINE, js.Cosine(1.0, 0.25, steps=100), None, [], None),
    "a number": (LINEAR, js.Linear(1.0, 0.5, steps=100), None, [("end", "0.0", "0.5")], 1),
    "a kind": (COSINE, js.Linear(1.0, 0.25, steps=100), None, [("kind", "Cosine", "Linear")], 1),
    "inside": (
        js.warmup_cosine(0.1, 10, 100), js.warmup_cosine(0.1, 10, 200), None, [("schedule.steps", "90", "190")], 11,
    ),
    "a piece more": (
        js.join([LINEAR, COSINE], [50]), js.join([LINEAR, COSINE, 0.5], [50, 60]), None,
        [("boundaries", "(50,)", "(50, 60)"), ("pieces[2]", "", "Constant"), ("pieces[2].value", "", "0.5")], 60,
    ),
    "as it was written": (
        js.exponential_decay(1.0, 0.5, 10), js.exponential_decay(1.0, 0.25, 10), None, [("factor", "0.5", "0.25")], 1,
    ),
    "data alone": (
        js.Linear(1.0, 0.0, steps=100), js.Linear(1.0, 0.0, steps=100.0), None, [("steps", "100", "100.0")], None,
    ),
    "late": (js.delay(LINEAR, 500), js.Constant(1.0), 400, ..., None),
    "a controller's": (
        js.reduce_on_plateau(0.1, patience=3), js.reduce_on_plateau(0.1, patience=4), None,
        [("patience", "3", "4")], None,
    ),
    "a number for a schedule": (
        0.5, js.Constant(0.75), 10, [("value", "0.5", "0.75")], 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENCES)
def test_differences_have_their_names_and_their_step(name):
    before, after, total, changes, step = DIFFERENCES[name]
    made = diff(before, after, total)
    assert changes is ... or [tuple(each) for each in made.changes] == changes
    assert made.step == step
    assert bool(made) == bool(made.changes or step is not None)
    assert all(each.name in str(made) for each in made.changes)


def test_the_largest_difference_is_relative():
    made = diff(LINEAR, js.Linear(1.0, 0.5, steps=100))
    assert (made.total, made.largest_step) == (100, 99)
    assert made.largest == pytest.approx(1 - 0.01 / 0.505, rel=1e-6)
    assert made.values == pytest.approx((0.99, 0.995))


def test_what_is_no_schedule_is_refused_by_its_name():
    with pytest.raises(TypeError, match="`b`"):
        diff(LINEAR, "linear")
    with pytest.raises(TypeError, match="`a` must be one schedule"):
        diff(js.stack([LINEAR, LINEAR]), LINEAR)
