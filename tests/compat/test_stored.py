"""Every result of `jaxsched.compat` is data: read again it is the same, also where compat is not imported first."""

import functools
import json
import subprocess
import sys

import pytest
from support.compat import comparison

import jaxsched as js


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
