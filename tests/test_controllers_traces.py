"""The controllers against runs of the real packages, recorded by `controllers_record.py`: each cut at the same metric.

Where a package does not do what it says, or what anyone would want, `DEFECTS` says what we do instead.
"""

import contextlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest
from support.paths import CONTROLLERS, SCHEDULES
from support.precision import x64
from support.short import parametrize
from support.traces_defects import EXCLUDED, PLATEAU

import jaxsched as js

RECORDED = json.loads(CONTROLLERS.read_text())
TRACES = json.loads(SCHEDULES.read_text())
METRICS = {name: np.array([float(x) for x in values], np.float32) for name, values in RECORDED.pop("metrics").items()}
LENGTH = 120
"""All metrics are filled up to one length, so that controllers of one structure share a compiled program."""

ROUNDING = 1e-6
"""A change of the rate by a smaller part is rounding in the other package, and no event."""


def plateau(framework: str, start: float, arguments: dict[str, Any]) -> js.Controller:
    """What a package's arguments are called here, with the package's defaults."""
    names = {"min_lr": "min_value", "eps": "min_change", "epsilon": "min_change", "accumulation_size": "every"}
    given = {names.get(key, key): x for key, x in arguments.items() if key not in ("threshold_mode", "dtype")}
    if framework == "keras":
        given |= {"rtol": 0.0, "atol": given.pop("min_delta", 1e-4)}
    if framework in ("torch", "paddle"):
        given |= tolerance(arguments.get("threshold_mode", "rel"), given.pop("threshold", 1e-4))
        given.setdefault("min_change", 1e-8)
    return js.reduce_on_plateau(start, rule=framework, **given)


def greedy(start: float, arguments: dict[str, Any]) -> js.Controller:
    names = {"min_lr": "min_value", "max_lr": "max_value", "eps": "min_change", "reset_start": "reset_after"}
    special = ("threshold", "threshold_mode", "smooth", "window_size")
    given = {"min_value": 1e-3, "min_change": 1e-8}
    given |= {names.get(key, key): x for key, x in arguments.items() if key not in special}
    given |= tolerance(arguments.get("threshold_mode", "abs"), arguments.get("threshold", 1e-6))
    return js.greedy(start, window=arguments.get("window_size", 50) if arguments.get("smooth") else 1, **given)


def tolerance(mode: str, threshold: float) -> dict[str, float]:
    return {"rtol": threshold, "atol": 0.0} if mode == "rel" else {"rtol": 0.0, "atol": threshold}


def controller(framework: str, run: dict[str, Any]) -> js.Controller:
    if framework == "huggingface":
        return greedy(run["start"], run["arguments"])
    return plateau(framework, run["start"], run["arguments"])


@jax.jit
def _run(made, metrics):
    def step(state, metric):
        state = made.update(state, value=metric)
        return state, (made(state), state.events)

    return jax.lax.scan(step, made.init(), metrics)[1]


class Course(NamedTuple):
    """The rate after each metric, and the metrics that lowered and raised it."""

    rates: np.ndarray
    lowered: list[int]
    raised: list[int]


def course(made: js.Controller, metrics: Any, wide: bool = False) -> Course:
    metrics = np.asarray(metrics, np.float32)
    filled = np.concatenate([metrics, np.zeros(LENGTH - len(metrics), np.float32)])
    with x64() if wide else contextlib.nullcontext():
        rates, events = jax.tree.map(np.asarray, _run(made, filled))
    rates, events = rates[: len(metrics)], jax.tree.map(lambda x: x[: len(metrics)], events)
    before = np.concatenate([rates[:1], rates[:-1]])
    # A cut to the floor and the reset that follows at once are one change here.
    lowered = np.where(events.reset, rates < before, events.reduced)
    raised = np.where(events.reset, rates > before, events.increased)
    return Course(rates, np.flatnonzero(lowered).tolist(), np.flatnonzero(raised).tolist())


def recorded(run: dict[str, Any]) -> Course:
    rates = np.full(len(METRICS[run["metrics"]]), run["start"], np.float64)
    lowered, raised, old = [], [], run["start"]
    for i, new in run["changes"]:
        rates[i:] = new
        if abs(new - old) > ROUNDING * old:
            (lowered if new < old else raised).append(i)
        old = new
    return Course(rates, lowered, raised)


def told(framework: str, number: int, run: dict[str, Any]) -> str:
    return f"{framework} {number} {run['metrics']}"


def runs(kind: str) -> dict[str, tuple[str, dict[str, Any]]]:
    return {told(f, i, run): (f, run) for f, part in RECORDED.items() for i, run in enumerate(part[kind])}


CASES, WRONG = runs("cases"), runs("defects")


@parametrize(
    ("name", "wide"),
    [(name, wide) for name in CASES for wide in (False, True)],
    # A quarter of them under x64, which is as good as saying that the rules are the same, and few in float32.
    [(name, wide) for name in CASES for wide in (False, True) if int(name.split()[1]) % (4 if wide else 20) == 0],
    ids=lambda row: f"{row[0]}-{'x64' if row[1] else 'float32'}",
)
def test_every_change_and_every_rate_is_that_of_the_package(name, wide):
    framework, run = CASES[name]
    want, got = recorded(run), course(controller(framework, run), METRICS[run["metrics"]], wide)
    assert (got.lowered, got.raised) == (want.lowered, want.raised)
    # In float32 a logarithm is as good as it is long: after 37 e-folds, 37 times 6e-8.
    allowed = 1e-12 if wide else 1e-6 * np.maximum(2, np.abs(np.log(want.rates / run["start"])))
    np.testing.assert_array_less(np.abs(got.rates - want.rates), allowed * want.rates)


def test_the_recorded_runs_are_many_and_move():
    for framework in ("torch", "paddle", "keras", "huggingface", "optax"):
        cases = [run for of, run in CASES.values() if of == framework]
        assert len(cases) >= 60 and sum(bool(run["changes"]) for run in cases) >= 50
        assert len({run["metrics"] for run in cases}) >= 20
        names = set().union(*(run["arguments"] for run in cases))
        for name in names:  # each argument takes several values
            assert len({run["arguments"].get(name) for run in cases}) >= 3, (framework, name)
    assert max(map(len, METRICS.values())) == LENGTH


class Defect(NamedTuple):
    """What a package gives is in the file; we give these changes, and this rate at last."""

    why: str
    lowered: Sequence[int]
    raised: Sequence[int]
    last: float


BACKWARD = "a relative threshold on negative metrics: the bar is on the worse side of the best, so that none is bad"
NEVER = "a relative threshold of 1 or more: the bar of an infinite best is no number to pass, the first metric is bad"
POISON = "NaN as the first metric is the best for ever: an improving loss is cut; we: one bad observation"
INFINITE = "the first metric counts as a best though it is infinite; we: a bad observation, like every infinite one"
WINDOW = "NaN stays in the sum of the window for ever; we: one bad observation, kept out of the window"
PATIENCE = "patience 0 cuts at each improvement and never on a plateau; we: at each bad observation"

DEFECTS: dict[str, Defect] = {
    "torch 0 negative flat": Defect(BACKWARD, range(3, 25, 3), [], 1e-8),
    "torch 1 negative flat": Defect(BACKWARD, range(3, 25, 3), [], 1e-8),
    "torch 2 decay": Defect(NEVER, range(3, 25, 3), [], 1e-8),
    "paddle 0 negative flat": Defect(BACKWARD, range(3, 25, 3), [], 1e-8),
    "paddle 1 nan first": Defect(POISON, [63, 74], [], 0.01),
    "paddle 2 inf first": Defect("infinity less its part is NaN: as NaN first", [63, 74], [], 0.01),
    "paddle 3 inf first": Defect(INFINITE, [2, 40, 43, 46, 50, 55, 58, 61], [], 1e-8),
    "keras 0 nan first": Defect(POISON, [62, 72], [], 0.01),
    "keras 1 inf first": Defect(INFINITE, [2, 40, 43, 46, 50, 55, 58, 61, 64, 67, 70, 73, 76, 79], [], 1e-14),
    "optax 0 flat tenth": Defect(PATIENCE, range(1, 7), [], 1e-6),
    "optax 1 steady down": Defect(PATIENCE, [], [], 1.0),
    "optax 2 steady down": Defect(NEVER, [50], [], 0.5),
    "optax 3 negative flat": Defect(BACKWARD, range(2, 40, 2), [], 0.5**19),
    "optax 4 flat": Defect("the scale is a bfloat16, as the parameters are", range(5, 60, 5), [], 0.9**11),
    "huggingface 0 nan": Defect(WINDOW, [11, 43, *range(58, 80, 3)], [2, 6, 14, 17, 20, 48], 0.8**8),
    "huggingface 1 inf": Defect("as NaN: " + WINDOW, [17, 43, *range(58, 80, 3)], [5, 8, 11, 14, 20, 51], 0.8**8),
    "huggingface 2 negative flat": Defect(BACKWARD, range(3, 40, 3), [], 0.5 * 0.8**13),
    "huggingface 3 decay": Defect(NEVER, range(3, 55, 3), [], 0.01),
}
"""By run: where the other package is wrong, and what we do."""


@pytest.mark.parametrize("name", WRONG)
def test_a_defect_is_one_and_is_not_ours(name):
    framework, run = WRONG[name]
    theirs, ours, defect = recorded(run), course(controller(framework, run), METRICS[run["metrics"]]), DEFECTS[name]
    assert (ours.lowered, ours.raised) == (list(defect.lowered), list(defect.raised))
    assert ours.rates[-1] == pytest.approx(defect.last, rel=2e-6)
    same = (theirs.lowered, theirs.raised) == (ours.lowered, ours.raised)
    assert not (same and np.allclose(theirs.rates, ours.rates, rtol=1e-3))


def test_every_recorded_defect_is_listed():
    assert set(DEFECTS) == set(WRONG)


GOLDEN = [
    ([1] * 8, {"patience": 2}, {"torch": [3, 6], "paddle": [3, 6], "keras": [2, 4, 6], "optax": [2, 4, 6]}),
    (
        [1] * 10,
        {"patience": 1, "cooldown": 2},
        {"torch": [2, 6], "paddle": [2, 6], "keras": [1, 3, 5, 7, 9], "optax": [1, 4, 7]},
    ),
    (
        [1, 1, 1, 0.5, 0.6, 0.6, 0.6, 0.6],
        {"patience": 1, "cooldown": 2},
        {"torch": [2, 6], "paddle": [2, 7], "keras": [1, 4, 6], "optax": [1, 4, 7]},
    ),
    # optax itself cuts at 0 only, at the improvement: `PATIENCE` above.
    ([1] * 4, {"patience": 0}, dict.fromkeys(("torch", "paddle", "keras", "optax"), [1, 2, 3])),
]
"""Metrics, arguments, and the metrics at which each rule cuts: the rules told apart by hand."""


@pytest.mark.parametrize("wide", [False, True], ids=["float32", "x64"])
@pytest.mark.parametrize(("metrics", "arguments", "cuts"), GOLDEN)
def test_the_rules_cut_where_they_say(metrics, arguments, cuts, wide):
    for rule, want in cuts.items():
        got = course(js.reduce_on_plateau(1.0, 0.1, rule=rule, **arguments), metrics, wide)
        assert (got.lowered, got.raised) == (want, []), rule
        powers = [0.1 ** sum(cut <= i for cut in want) for i in range(len(metrics))]
        np.testing.assert_allclose(got.rates, powers, rtol=1e-12 if wide else 2e-6)


NAN = float("nan")
OF_TRACES: dict[str, tuple[js.Controller, list[float] | None]] = {
    'torch/ReduceLROnPlateau({"patience": 2})': (js.reduce_on_plateau(1.0, patience=2, min_change=1e-8), None),
    'torch/ReduceLROnPlateau({"patience": 3, "cooldown": 2, "factor": 0.5})': (
        js.reduce_on_plateau(1.0, 0.5, 3, cooldown=2, min_change=1e-8),
        None,
    ),
    "hf/GreedyLR(lr=.5,patience=2,cooldown=1,warmup=1,factor=.8)": (
        js.greedy(0.5, 0.8, 2, cooldown=1, warmup=1, min_value=1e-3, min_change=1e-8),
        None,
    ),
    "optax/plat pat2 flat": (js.reduce_on_plateau(1.0, patience=2, rule="optax"), [1.0] * 8),
    "optax/plat pat0 improving": (js.reduce_on_plateau(1.0, patience=0, rule="optax"), [5.0, 4.0, 3.0, 2.0, 1.0]),
    "optax/plat nan": (js.reduce_on_plateau(1.0, patience=1, rule="optax"), [1.0, NAN, 0.5, NAN]),
}
"""The controllers of `traces/schedules.json`, and the metrics where it does not hold them."""


@pytest.mark.parametrize("wide", [False, True], ids=["float32", "x64"])
@pytest.mark.parametrize("name", OF_TRACES)
def test_equals_the_golden_trace(name, wide):
    made, metrics = OF_TRACES[name]
    got = course(made, TRACES[name]["metrics"] if metrics is None else metrics, wide)
    want = [1.0] * 5 if name == "optax/plat pat0 improving" else TRACES[name]["values"]  # `PATIENCE` above
    in_float64 = wide and not name.startswith("optax")
    np.testing.assert_allclose(got.rates, want, rtol=1e-12 if in_float64 else 2e-6)


def test_every_trace_of_a_controller_is_compared():
    assert set(OF_TRACES) == {name for name, why in EXCLUDED.items() if why == PLATEAU}
