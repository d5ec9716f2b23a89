"""optax's own tests of its schedules, from the optax that is installed, run on `jaxsched.compat.optax`."""

import importlib

import jax
import pytest
from support.short import parametrize

from jaxsched.compat import optax as ours

DEFECTS = {
    "PolynomialTest.test_zero_steps_schedule": "a length of 0 means none; optax holds the first value for ever",
    "ExponentialTest.test_nonvalid_decay_rate0": "a rate of 0 falls to 0 at once; in optax it decays nothing",
    "ExponentialTest.test_nonvalid_decay_rate1": "a rate of 0 falls to 0 at once; in optax it decays nothing",
}
"""The tests that demand a defect: each must fail. `test_optax_names.py` has what we give instead."""


def own_tests():
    found = {}
    for name in ("_schedule_test", "_join_test"):
        module = importlib.import_module(f"optax.schedules.{name}")
        module._schedule = module._join = ours
        for case in vars(module).values():
            if isinstance(case, type) and case.__module__ == module.__name__:
                tests = [test for test in dir(case) if test.startswith("test")]
                found |= {f"{case.__name__}.{test}": case(test) for test in tests}
    return found


pytest.importorskip("sklearn")  # which they import
OWN = own_tests()
NO_SCHEDULE = "Optimizer doesn't accept a learning schedule."
"""Why optax skips some optimizers."""


def outcome(test):
    """The result of one of them, in the jax that they are written for."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        return test.run()


PASSING = [name for name in OWN if name not in DEFECTS]


@parametrize("name", PASSING, PASSING[::4])
def test_passes(name):
    result = outcome(OWN[name])
    problems = [text for _, text in result.errors + result.failures]
    assert result.testsRun == 1 and not problems, "\n".join(problems)
    assert {reason for _, reason in result.skipped} <= {NO_SCHEDULE}


@pytest.mark.parametrize("name", DEFECTS)
def test_states_a_defect(name):
    assert outcome(OWN[name]).failures
