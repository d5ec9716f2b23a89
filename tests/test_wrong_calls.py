"""Wrong calls of every public function: each is taken with finite values, or refused in the caller's words."""

import fnmatch
import inspect
import itertools
import warnings

import pytest
from support import wrong_calls
from support.short import parametrize

import jaxsched as js
from jaxsched import compat

FRAMEWORKS = [getattr(compat, name) for name in compat.FRAMEWORKS]
EVERY = wrong_calls.every()
PARTS = 40
"""The calls are gone through in so many parts; the short run takes a few hundred of them, spread evenly."""

SAMPLED, EVALUATED = EVERY[::83], EVERY[::101]
"""What is returned takes longer to make than to refuse, and is asked for its values in fewer of them."""


def problems(calls, evaluate):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [(str(call), name, wrong_calls.problem(call, name, evaluate)) for call, name in calls]
    return [each for each in found if each[2]]


def test_every_public_callable_is_among_them_or_it_is_said_why_not():
    assert len(EVERY) >= 10_000
    called = {(call.where, call.name) for call, _ in EVERY}
    rooms = (js, js.nodes, js.states, js.kinds, js.numerics, js.show, js.search, js.foresight, compat, *FRAMEWORKS)
    for room in rooms:
        where = room.__name__.rpartition(".")[2]
        for name in (name for name in dir(room) if name[0] != "_"):
            x = getattr(room, name)
            if callable(x) and getattr(x, "__module__", None) == room.__name__ and not wrong_calls.reason(name, x):
                assert (where, name) in called or not inspect.signature(x).parameters, f"{where}.{name}"


def test_what_is_left_out_is_there_and_left_out():
    names = {each for _, name, _ in wrong_calls.public() for each in (name, *name.split("."))}
    assert set().union(*wrong_calls.EXCEPT.values()) <= names
    arguments = [f"{call.where}.{call.name}.{call.argument}" for call in wrong_calls.calls()]
    for pattern in itertools.chain(*wrong_calls.TAKEN.values()):
        assert fnmatch.filter(arguments, pattern), pattern


@parametrize("part", range(4), [0])
def test_the_calls_are_right_but_for_the_wrong_argument(part):
    for call in list({(call.where, call.name): call for call, _ in EVERY}.values())[part::4]:
        call()


def test_a_wrong_call_is_taken_with_finite_values_or_refused_by_name():
    assert problems(SAMPLED, evaluate=False) == []
    assert problems(EVALUATED[::23], evaluate=True) == []


@parametrize("part", range(PARTS), [])
def test_every_wrong_call_is_taken_or_refused_by_name(part):
    assert problems(EVERY[part::PARTS], evaluate=False) == []
    assert problems(EVALUATED[part::PARTS], evaluate=True) == []


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (KeyError("x"), "internal KeyError"),
        (ValueError("operands could not be broadcast"), "unnamed ValueError"),
        (ValueError("`x` must be " + "1" * 1000), "too long"),
        (UnicodeError("`x`"), "internal UnicodeError"),
        (None, "taken: None"),
    ],
)
def test_what_is_no_good_refusal_is_seen(error, problem):
    def raises(x):
        if error is not None:
            raise error

    call = wrong_calls.Call("here", "raises", raises, {"x": 1.0}, "x")
    assert str(wrong_calls.problem(call, "nan")).startswith(problem)
