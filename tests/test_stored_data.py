"""Stored data that no constructor would make is refused, with the path to it."""

import copy
import json
import re

import numpy as np
import pytest

import jaxsched as js

PLATEAU = js.to_dict(js.reduce_on_plateau(0.1, 0.5, patience=1))
LONG = js.to_dict(js.join([float(i) for i in range(10)], range(1, 10)))
LISTED = js.to_dict(js.cycle(js.Linear(1.0, 0.0, steps=4), [4, 8]))
NOISE = js.to_dict(js.jitter(1.0, 0.1))
NESTED = js.to_dict(js.join([0.1, js.warmup(js.Cosine(1.0, 0.0, steps=9), 3)], [5]))

WRONG = {
    "every": (PLATEAU, ["every"], 0, "`data` must fit ReduceOnPlateau: `every` must be at least 1: got 0"),
    "smoothing": (PLATEAU, ["smoothing"], 5.0, "`smoothing` must lie between 0 and below 1: got 5.0"),
    "sign": (PLATEAU, ["sign"], 0, "`sign` must be 1 or -1: got 0.0"),
    "sign-between": (PLATEAU, ["sign"], 0.5, "`sign` must be 1 or -1: got 0.5"),
    "patience": (PLATEAU, ["patience"], 1.5, "`patience` must be a whole number: got 1.5"),
    "patience-text": (PLATEAU, ["patience"], "1", "`patience` must be a number: got '1' of type str. Pass 1,"),
    "factor": (PLATEAU, ["factor"], 1.0, "`factor` must lie between 0 and 1, exclusive: got 1.0"),
    "factor-list": (PLATEAU, ["factor"], [], "`factor` must hold at least one number: got []"),
    "version": (PLATEAU, ["jaxsched"], True, "`data` must be of version 1: got True"),
    "version-float": (PLATEAU, ["jaxsched"], 1.0, "`data` must be of version 1: got 1.0"),
    "version-text": (PLATEAU, ["jaxsched"], "1", "`data` must be of version 1: got '1'"),
    "version-of-none": (PLATEAU, ["jaxsched"], 0, "`data` must be of version 1: got 0. Read it with its own"),
    "which": (
        LONG,
        ["which"],
        [0] * 9 + [1],
        "`data` must fit StackedJoin: `which` must hold indices from 0 to 0: got [",
    ),
    "which-negative": (LONG, ["which"], [-1] * 10, "`which` must hold indices from 0 to 0"),
    "which-short": (LONG, ["which"], [0] * 3, "`boundaries` must have one element fewer than `which`: got 9 and 3"),
    "which-scalar": (LONG, ["which"], {"dtype": "int32", "values": 0}, "`boundaries` must have one element fewer"),
    "which-float": (LONG, ["which"], [0.5] * 10, "`which` must hold ints"),
    "slot": (LONG, ["slot"], [99] * 10, "`slot` must hold indices from 0 to 9: got [99, 99"),
    "slot-short": (LONG, ["slot"], [0] * 3, "`slot` must be as long as `which`: got [0, 0, 0]"),
    "kinds": (LONG, ["kinds", 0], {"kind": "Constant", "value": 1.0}, "`kinds[0]` must be stacked schedules"),
    "unsorted": (LONG, ["boundaries", 0], 7, "`boundaries` must be sorted: got [7, 2, 3"),
    "leads": (LISTED, ["leads"], [0.0], "`data` must fit ListedCycles: `begins` and `leads` must each list as many"),
    "key": (NOISE, ["key"], 2**40, "`data` must fit NormalJitter: `key` must be below 2**31: got 1099511627776"),
    "dtype": (
        LONG,
        ["slot"],
        {"dtype": "int", "values": ["x"]},
        "`data['slot']` must be the array that `to_dict` stored",
    ),
    "no-dtype": (LONG, ["slot"], {"dtype": "nothing", "values": 1}, "`data['slot']` must be the array that `to_dict`"),
    "complex": (LONG, ["boundaries"], {"dtype": "complex64", "values": [1]}, "`boundaries` must hold real numbers"),
    "inside": (
        NESTED,
        ["pieces", 1, "schedule", "steps"],
        -1,
        "`data['pieces'][1]['schedule']` must fit Cosine: `steps`",
    ),
    "fraction": (NESTED, ["pieces", 1, "schedule", "steps"], 0.1, "`data['pieces'][1]['schedule']` must fit Cosine"),
    "fraction-of-a-tuple": (NESTED, ["boundaries"], [0.5], "`boundaries[-1]` must be a number of steps: got 0.5"),
    "null": (NESTED, ["pieces", 1, "schedule", "steps"], None, "`steps` must be a number: got None"),
    "kind": (
        NESTED,
        ["pieces", 1, "kind"],
        "Warmups",
        "`data['pieces'][1]['kind']` must name a known",
        "mean 'Warmup'",
    ),
    "set": (NESTED, ["boundaries"], {5}, "`boundaries` must be a sequence of numbers: got {5}"),
    "large": (NESTED, ["pieces", 0, "value"], 1e300, "`data['pieces'][0]` must fit Constant: `value` must be at most"),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused(name):
    data, path, wrong, *words = WRONG[name]
    assert js.from_dict(data) is not None
    data = changed = copy.deepcopy(data)
    for key in path[:-1]:
        changed = changed[key]
    changed[path[-1]] = wrong
    with pytest.raises(ValueError, match="`data.*" + ".*".join(map(re.escape, words)).removeprefix("`data")):
        js.from_dict(data)


def test_a_stacked_join_that_is_stacked_itself_is_checked_row_by_row():
    many = js.stack([js.join([float(i + k) for i in range(10)], range(1, 10)) for k in range(3)])
    assert js.from_dict(js.to_dict(many)) == many
    data = js.to_dict(many)
    data["slot"] = {"dtype": "int64", "values": np.full((3, 10), 10).tolist()}
    with pytest.raises(ValueError, match="`slot` must hold indices from 0 to 9"):
        js.from_dict(data)


def test_a_number_that_was_stretched_below_a_step_is_read_again():
    for lr in (
        js.stretch(js.Cosine(1.0, 0.0, steps=100.0), 1 / 390),
        js.stretch(js.warmup_cosine(1.0, 100.0, 200.0), 1 / 390),
        js.warmup_cosine(1.0, np.array(0.5), 200.0),
        js.Interpolated(np.array([0.0, 0.5]), [1.0, 0.0]),
        js.piecewise_constant(np.array([0.25, 0.5]), [1.0, 0.5, 0.25]),
    ):
        assert js.from_dict(json.loads(json.dumps(js.to_dict(lr)))) == lr
