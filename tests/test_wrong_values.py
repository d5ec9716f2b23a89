"""What looks like numbers and is none is refused: text, sets, complex numbers, bools, what no float can hold."""

import re

import jax.numpy as jnp
import numpy as np
import pytest
from support.precision import x64

import jaxsched as js

LINE = js.Linear(1.0, 0.0, steps=8)
HUGE = 10**400
A_LIST, A_FLOAT32 = "Pass a list.", "at most 3.4028235e+38, the largest float32"

WRONG = {
    "division-by-zero": (lambda: LINE / 0, "`right` must not be 0"),
    # Order matters, and a set has none; a dict would be read as its keys.
    "set": (lambda: js.piecewise_constant([2, 4], {1.0, 0.5, 0.25}), "`values` must be a sequence of numbers", A_LIST),
    "dict": (lambda: js.multistep_decay(1.0, 0.5, {30: 0.1}), "`milestones` must be a sequence of numbers", A_LIST),
    "frozenset": (lambda: js.Tabulated(frozenset([1.0])), "`values` must be a sequence of numbers", A_LIST),
    "dict-values": (lambda: js.Interpolated([0, 1], {0: 1.0, 1: 0.5}), "`values` must be a sequence", A_LIST),
    "dict-keys": (lambda: js.join([1.0, 2.0], {3: 4}.keys()), "`boundaries` must be a sequence of numbers", A_LIST),
    "set-of-schedules": (lambda: js.join({1.0, 3.0}, [3]), "`schedules` must be a sequence of schedules", A_LIST),
    "dict-of-schedules": (lambda: js.join({1.0: 2, 3.0: 4}, [3]), "`schedules` must be a sequence of", A_LIST),
    "dict-of-lengths": (lambda: js.cycle(LINE, {3: 4}), "`period` must be a number", "{3: 4} of type dict"),
    "set-of-lengths": (lambda: js.cycle(LINE, {3}), "`period` must be a number", "{3} of type set"),
    "set-of-milestones": (lambda: js.nodes.Join((1.0, 2.0), {3}), "`boundaries` must be a sequence of numbers", A_LIST),
    "bytes": (lambda: js.Tabulated(b"12"), "`values` must be a sequence of numbers", "b'12'", A_LIST),
    "array": (lambda: js.Tabulated(np.array(1.0)), "`values` must be a sequence of numbers: got 1.0", A_LIST),
    # Text, which YAML makes of 1e-4.
    "text": (lambda: js.warmup_cosine("1e-4", 10, 100), "`peak` must be a number: got '1e-4' of type str. Pass 0.0001"),
    "text-length": (lambda: js.Cosine(1.0, 0.0, steps="100"), "`steps` must be a number", "Pass 100, not its text."),
    "text-in-a-list": (lambda: js.Tabulated([1.0, "1e-4"]), "`values[1]` must be a number: got '1e-4' of type str"),
    "word": (
        lambda: js.Constant("small"),
        "`value` must be a number: got 'small' of type str. Pass an int or a float.",
    ),
    # Complex numbers and truth values are no real numbers.
    "complex": (lambda: js.Constant(1j), "`value` must be a number: got 1j of type complex"),
    "complex-in-a-list": (lambda: js.Tabulated([1.0, 1j]), "`values[1]` must be a number: got 1j of type complex"),
    "complex-beside-jax": (lambda: js.Tabulated([jnp.float32(1), 1j]), "`values[1]` must be a number", "complex"),
    "complex-jax": (lambda: js.Constant(jnp.array(1j)), "`value` must hold real numbers: got dtype complex64"),
    "complex-step": (lambda: LINE(jnp.array(1j)), "`step` must be a real number", "complex64"),
    "complex-step-numpy": (lambda: LINE(np.array([1j])), "`step` must be a number or an array of numbers"),
    "bool-in-a-list": (lambda: js.Tabulated([True, 0.5]), "`values[0]` must be a number: got True of type bool"),
    "bool-beside-jax": (lambda: js.Tabulated([jnp.float32(1), True]), "`values[1]` must be a number: got True"),
    "bool-milestone": (lambda: js.multistep_decay(1.0, 0.1, [True, 4]), "`milestones[0]` must be a number: got True"),
    "bool-boundary": (lambda: js.join([1.0, 2.0], [True]), "`boundaries[0]` must be a number: got True"),
    "bool-numpy": (
        lambda: js.Linear(1.0, 0.0, steps=np.bool_(True)),
        "`steps` must be a number: got True of type bool",
    ),
    "bool-array": (lambda: js.Linear(1.0, 0.0, steps=np.array(True)), "`steps` must hold real numbers: got dtype bool"),
    "object": (lambda: js.Tabulated([None, 1.0]), "`values[0]` must be a number: got None of type NoneType"),
    "ragged": (lambda: js.Tabulated([[1.0, 2.0], [3.0]]), "`values` must hold numbers, or lists of one length"),
    # Finite as written, and infinite or 0 in float32.
    "large": (lambda: js.Constant(1e308), f"`value` must be {A_FLOAT32}: got 1e+308", "enable x64"),
    "large-array": (lambda: js.Tabulated(np.array([1.0, -1e39])), f"`values` must be {A_FLOAT32}", "enable x64"),
    "large-length": (lambda: js.Linear(1.0, 0.0, steps=1e39), f"`steps` must be {A_FLOAT32}: got 1e+39"),
    "large-int": (lambda: js.Constant(10**39), f"`value` must be {A_FLOAT32}: got 1e+39"),
    "huge-int": (lambda: js.Constant(HUGE), "`value` must fit a float: got an int of 1329 bits"),
    "huge-length": (lambda: js.Linear(1.0, 0.0, steps=HUGE), "`steps` must be below 2**31", "an int of 1329 bits"),
    "huge-in-a-list": (lambda: js.Tabulated([HUGE, 1.0]), "`values` must hold real numbers"),
    "small": (
        lambda: js.Polynomial(1.0, 0.0, steps=4, power=1e-40),
        "`power` must be greater than 0",
        "below 1.18e-38",
    ),
    "large-growth": (lambda: js.cycle(LINE, 4, 2**31), "`growth` must be below 2**31 when given as an int"),
    # What optax's order of arguments would have meant.
    "optax-order": (lambda: js.Cosine(1e-3, 1000, 0.0), "`steps`, and what follows, must be passed by keyword"),
    "optax-order-short": (
        lambda: js.Cosine(1e-3, 1000),
        "`steps` must be passed by keyword",
        "Cosine(0.001, 1000, steps",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused(name):
    do, *words = WRONG[name]
    with pytest.raises((TypeError, ValueError), match="(?s)" + ".*".join(map(re.escape, words))):
        do()


def test_what_float32_cannot_hold_is_taken_under_x64():
    with x64():
        assert js.Constant(1e308)(0) == 1e308
        assert js.Polynomial(1.0, 0.0, steps=4, power=1e-40)(2) == 1.0


@pytest.mark.parametrize(
    "values",
    [[1, 0.5], (1, 0.5), np.array([1, 0.5]), jnp.array([1, 0.5]), range(2), iter([1, 0.5]), [np.float32(1), 2]],
)
def test_every_list_of_numbers_is_taken(values):
    assert js.Tabulated(values).values.shape == (2,)


@pytest.mark.parametrize(
    "do",
    [
        lambda x: js.Cosine(x, 0.0, steps=4),
        lambda x: js.Tabulated(x),
        lambda x: js.warmup(1.0, 4, shape=x),
        lambda x: js.join([1.0, x], [3]),
        lambda x: js.as_schedule(x),
        lambda x: LINE(x),
    ],
)
def test_long_values_are_cut_in_messages(do):
    for x in ("x" * 10**6, [["1"] * 10**5], {i: str(i) for i in range(10**5)}):
        with pytest.raises((TypeError, ValueError)) as error:
            do(x)
        assert len(str(error.value)) < 600


def test_long_tables_are_cut_in_messages():
    with pytest.raises(ValueError, match=r"`boundaries` must be sorted: got \[5, 0, 1, 2, 3, 4, 5, 6, \.\.\.\]"):
        js.piecewise_constant([5, *range(10**4)], [1.0] * (10**4 + 2))
