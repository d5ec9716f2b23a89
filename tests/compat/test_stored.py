"""Every result of `jaxsched.compat` is data: read again it is the same, also where compat is not imported first."""

import copy
import dataclasses
import functools
import json
import pickle
import subprocess
import sys

import pytest
from support.compat import comparison

import jaxsched as js
from jaxsched.compat import timm, torch


@functools.cache
def results(framework: str) -> list[tuple[bool, js.Schedule | js.Controller]]:
    """What every recorded configuration makes, and whether a function of the user's is among its arguments."""
    cases = [case for case, _ in comparison.recorded(framework)[1]]
    made = [comparison.made(framework, case.function, case.arguments) for case in cases]
    return [("lambda" in json.dumps(case.arguments), x) for case, x in zip(cases, made, strict=True)]


@functools.cache
def stored(framework: str) -> list[tuple[str, js.Schedule | js.Controller]]:
    """Each result as JSON, but for those that hold a foreign function, which is code."""
    texts = []
    for has_function, x in results(framework):
        try:
            texts.append((json.dumps(js.to_dict(x)), x))
        except TypeError:
            assert has_function, x
    return texts


@pytest.mark.parametrize("framework", comparison.FRAMEWORKS)
def test_every_result_is_the_same_when_it_is_read_again(framework):
    assert len(stored(framework)) > len(results(framework)) / 2
    for text, x in stored(framework):
        assert js.from_dict(json.loads(text)) == x


READ = """
import json, sys, jaxsched
print(json.dumps([float(jaxsched.from_dict(each)(4)) for each in json.load(sys.stdin)]))
"""


def test_another_process_reads_classes_of_compat_without_importing_it():
    own = {
        name: (text, x)
        for framework in comparison.FRAMEWORKS
        for text, x in stored(framework)
        if isinstance(x, js.Schedule)
        for name in [part.partition('"')[0] for part in text.split('"compat.')[1:]]
    }
    assert own, "no class of compat's own is left: this test is to go"
    texts, schedules = zip(*own.values(), strict=True)
    process = subprocess.run(
        [sys.executable, "-c", READ], input=f"[{', '.join(texts)}]", capture_output=True, text=True, check=True
    )
    assert json.loads(process.stdout) == [float(x(4)) for x in schedules]


@dataclasses.dataclass(frozen=True)
class Function:
    """A user's function that can be pickled, and is equal to its copy."""

    source: str

    def __call__(self, x):
        return eval(f"lambda {self.source}")(x)


def with_functions(arguments):
    """Arguments of a recorded case with functions of this module in the place of lambdas."""
    if isinstance(arguments, list):
        return [with_functions(each) for each in arguments]
    if not isinstance(arguments, dict):
        return arguments
    if set(arguments) == {"lambda"}:
        return Function(arguments["lambda"])
    return {name: with_functions(x) for name, x in arguments.items()}


@functools.cache
def made_with_functions(framework: str) -> list[js.Schedule | js.Controller]:
    cases = [case for case, _ in comparison.recorded(framework)[1] if "lambda" in json.dumps(case.arguments)]
    return [comparison.made(framework, case.function, with_functions(case.arguments)) for case in cases]


@pytest.mark.parametrize("framework", comparison.FRAMEWORKS)
def test_every_result_is_pickled_and_copied(framework):
    plain = [x for has_function, x in results(framework) if not has_function]
    for x in plain + made_with_functions(framework):
        assert pickle.loads(pickle.dumps(x)) == x
        assert copy.deepcopy(x) == x


half = Function("t: 0.5**t")
WITH_FUNCTIONS = {
    "cycles": lambda: torch.CyclicLR(0.1, 0.1, 1.0, 3, scale_fn=half),
    "cycles of half steps": lambda: torch.CyclicLR(0.1, 0.1, 1.0, 2.5, scale_fn=half),
    "iterations": lambda: torch.CyclicLR(0.1, 0.1, 1.0, 3, scale_fn=half, scale_mode="iterations"),
    "momentum": lambda: torch.CyclicMomentum(0.1, 0.1, 1.0, 3, scale_fn=half),
    "momentum, iterations": lambda: torch.CyclicMomentum(0.1, 0.1, 1.0, 3, scale_fn=half, scale_mode="iterations"),
    "decay": lambda: timm.WSDLRScheduler(1.0, 10, 4, decay_fn=Function("x: 1 - x")),
    "decay on the host": lambda: timm.WSDLRScheduler(1.0, 10, 4, decay_fn=Function("x: 1.0 if x < 0.5 else 0.0")),
    "decay of a root": lambda: timm.WSDLRScheduler(
        1.0, 10, 4, decay_fn=Function("x: 1 - x"), stable_fn="rsqrt", warmup_t=2
    ),
}


@pytest.mark.parametrize("name", WITH_FUNCTIONS)
def test_what_a_user_s_function_makes_is_pickled_where_the_function_is(name):
    x = WITH_FUNCTIONS[name]()
    assert pickle.loads(pickle.dumps(x)) == copy.deepcopy(x) == x


def test_a_lambda_is_pickled_by_cloudpickle():
    cloudpickle = pytest.importorskip("cloudpickle")
    schedule = timm.WSDLRScheduler(1.0, 10, 4, decay_fn=lambda x: 1 - x)
    assert [float(cloudpickle.loads(cloudpickle.dumps(schedule))(step)) for step in (6, 8, 10)] == [1.0, 0.5, 0.0]


def test_a_way_up_of_less_than_a_step_is_stored():
    for strategy in ("cos", "linear"):
        schedule = torch.OneCycleLR(1.0, total_steps=10, pct_start=0.05, anneal_strategy=strategy)
        assert js.from_dict(json.loads(json.dumps(js.to_dict(schedule)))) == schedule
