"""Every function of `jaxsched.compat` against the values of the real package, as `record.py` wrote them."""

import numpy as np
import pytest
from support.compat import comparison
from support.compat.comparison import FRAMEWORKS, recorded
from support.short import first_of_each, parametrize

CASES = {
    f"{framework}-{case.function}-{number}": (framework, case, want)
    for framework in FRAMEWORKS
    for number, (case, want) in enumerate(recorded(framework)[1])
}
COMPARED = {name: row for name, row in CASES.items() if not row[1].differs}


def function_of(name):
    return name.rpartition("-")[0]


FIRST = set(first_of_each(COMPARED, function_of))
COMPOSED = {"torch-SequentialLR", "torch-ChainedScheduler"}
"""Each case of these is a program of its own: the short run has every third."""


def in_short_run(name, wide):
    """What is right to 12 digits was translated rightly; in float32 one case of a function is enough."""
    return wide and (function_of(name) not in COMPOSED or int(name.rpartition("-")[2]) % 3 == 0) or name in FIRST


@parametrize(
    ("name", "wide"),
    [(name, wide) for name in COMPARED for wide in (False, True)],
    [(name, wide) for name in COMPARED for wide in (False, True) if in_short_run(name, wide)],
    group=lambda row: function_of(row[0]),
    ids=lambda row: f"{row[0]}-{'x64' if row[1] else 'float32'}",
)
def test_equals_the_package(name, wide):
    framework, case, want = COMPARED[name]
    got = comparison.values(framework, case, wide)
    assert got.shape == want.shape
    error = comparison.errors(got, want)
    worst = int(np.argmax(error))
    at = f"step {case.steps[worst]}" if case.steps else f"metric {worst}"
    assert error[worst] <= (case.tolerance if wide else comparison.ALLOWED), (
        f"{got[worst]!r} at {at}, not {want[worst]!r}: {case.function}({case.arguments})"
    )


@parametrize("name", [name for name in CASES if name not in COMPARED], group=function_of)
def test_differs_where_it_is_said_to(name):
    framework, case, want = CASES[name]
    got = comparison.values(framework, case)
    assert np.all(np.isfinite(got)) and np.max(comparison.errors(got, want)) > comparison.ALLOWED


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_function_is_recorded(framework):
    assert comparison.functions(framework) - {case.function for case, _ in recorded(framework)[1]} <= ELSEWHERE


ELSEWHERE = {"from_scheduler", "from_config", "inject_hyperparams", "inject_stateful_hyperparams"}
ELSEWHERE |= {"create_scheduler", "create_scheduler_v2", "scheduler_kwargs"}
"""What makes no schedule from numbers: tested by itself."""
