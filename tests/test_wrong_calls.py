"""Wrong calls of every public function: each is taken with finite values, or refused in the caller's words."""

import warnings

import pytest
from support import wrong_calls
from support.short import parametrize

EVERY = wrong_calls.every()
PARTS = 40
"""The calls are gone through in so many parts; the short run takes a few hundred of them, spread evenly."""

SAMPLED, EVALUATED = EVERY[::61], EVERY[::1009]


def problems(calls, evaluate):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [(str(call), name, wrong_calls.problem(call, name, evaluate)) for call, name in calls]
    return [each for each in found if each[2]]


def test_there_are_ten_thousand_and_every_function_is_among_them():
    assert len(EVERY) >= 10_000
    assert {(call.where, call.name) for call, _ in EVERY} >= {
        ("jaxsched", "wsd"),
        ("torch", "StepLR"),
        ("nodes", "Sum"),
    }


def test_the_calls_are_right_but_for_the_wrong_argument():
    for call, name in EVERY:
        if name == "None":
            call.function(**call.arguments)


def test_a_wrong_call_is_taken_with_finite_values_or_refused_by_name():
    assert problems(SAMPLED, evaluate=False) == []
    assert problems(EVALUATED, evaluate=True) == []


@parametrize("part", range(PARTS), [])
def test_every_wrong_call_is_taken_or_refused_by_name(part):
    assert problems(EVERY[part::PARTS], evaluate=False) == []


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (KeyError("x"), "internal KeyError"),
        (ValueError("operands could not be broadcast"), "unnamed ValueError"),
        (ValueError("`x` must be " + "1" * 1000), "too long"),
        (UnicodeError("`x`"), "internal UnicodeError"),
    ],
)
def test_what_is_no_good_refusal_is_seen(error, problem):
    def raises(x):
        raise error

    call = wrong_calls.Call("here", "raises", raises, {"x": 1.0}, "x")
    assert wrong_calls.problem(call, "nan").startswith(problem)
