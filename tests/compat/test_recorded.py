"""Every function of `jaxsched.compat` against the values of the real package, as `record.py` wrote them."""

import itertools
import re

import numpy as np
import pytest
from support.compat import comparison
from support.compat.comparison import FRAMEWORKS, recorded
from support.precision import computed, in_every_way
from support.short import covering, first_of_each, parametrize

CASES = {
    f"{framework}-{case.function}-{number}": (framework, case, want)
    for framework in FRAMEWORKS
    for number, (case, want) in enumerate(recorded(framework)[1])
}
COMPARED = {name: row for name, row in CASES.items() if not row[1].differs}


def function_of(name):
    return name.rpartition("-")[0]


FIRST = first_of_each(COMPARED, function_of)
IN_FLOAT32 = FIRST[::3]


def parts_of(name):
    """Every argument that it gives, and every flag or word; and any two that are seen in its values together."""
    function, arguments = function_of(name), COMPARED[name][1].arguments
    seen = sorted(argument for argument, x in arguments.items() if isinstance(x, (str, list)) or x not in (0, 1, None))
    return {(function, argument, x if isinstance(x, (bool, str)) else "") for argument, x in arguments.items()} | {
        (function, *pair) for pair in itertools.combinations(seen, 2)
    }


BETWEEN_STEPS = [name for name in COMPARED if "OneCycleLR" in name]
"""Where the parts of a run end between two steps, as each of these numbers has it elsewhere."""
COMPOSED = [name for name in COMPARED if re.search("SequentialLR|ChainedScheduler|on_one_optimizer", name)]
"""What takes a path of its own for each of the schedulers in it."""
FEW = [*FIRST, *BETWEEN_STEPS, *COMPOSED, *covering(COMPARED, parts_of)]
LOOPS = [name for name, (_, case, _) in COMPARED.items() if case.metrics is not None or "noisy" in case.function]
"""What is slow one operation at a time: a loop over metrics, and the many small steps of a random number."""


SHORT_LOOPS = [*FIRST, *COMPOSED]


@in_every_way([x for x in COMPARED if x not in LOOPS], IN_FLOAT32, function_of, [x for x in FEW if x not in LOOPS])
def test_equals_the_package(name, way):
    check(name, way)


@parametrize(
    ("name", "way"),
    [(name, way) for name in LOOPS for way in ("float32", "x64")],
    [(name, way) for name in LOOPS for way, some in (("float32", IN_FLOAT32), ("x64", SHORT_LOOPS)) if name in some],
    group=lambda row: function_of(row[0]),
    ids="-".join,
)
def test_what_is_a_loop_equals_the_package(name, way):
    check(name, way)


def check(name, way):
    framework, case, want = COMPARED[name]
    wide = way != "float32"
    with computed(way):
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
ELSEWHERE |= {"to_scheduler", "to_schedule", "register", "create_scheduler", "create_scheduler_v2", "scheduler_kwargs"}
"""What makes no schedule from numbers: tested by itself."""
