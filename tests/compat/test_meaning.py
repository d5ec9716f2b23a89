"""A schedule keeps its meaning: a copy of what `jaxsched.compat` made gives the same values everywhere.

What `compat.torch` must know of a schedule to use it in `SequentialLR` and `ChainedScheduler` travels with it as data.
"""

import copy
import json
import pickle

import jax
import numpy as np
import pytest
from support.compat import comparison
from support.short import exhaustive, first_of_each, parametrize

import jaxsched as js
from jaxsched.compat import torch as T

STEPS = np.arange(12)


def stored(schedule):
    return js.from_dict(json.loads(json.dumps(js.to_dict(schedule))))


COPIES = {
    "stored": stored,
    "pickled": lambda schedule: pickle.loads(pickle.dumps(schedule)),
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
    "mapped": lambda schedule: jax.tree.map(lambda leaf: leaf, schedule),
    "returned by jit": lambda schedule: jax.jit(lambda each: each)(schedule),
    "stored after jit": lambda schedule: stored(jax.jit(lambda each: each)(schedule)),  # 0.1 is 0.10000000149 then
    "unstacked": lambda schedule: js.unstack(js.stack([schedule, schedule]))[1],
}


def falling(t):
    return 0.9 + 0.01 * t


def branching(t):
    return 0.9 if t < 3 else 0.8


SCHEDULERS = {
    "StepLR": lambda: T.StepLR(0.1, 2, 0.5),
    "MultiStepLR": lambda: T.MultiStepLR(0.1, [2, 4], 0.5),
    "ConstantLR": lambda: T.ConstantLR(0.1, 0.5, 3),
    "LinearLR": lambda: T.LinearLR(0.1, 0.5, total_iters=6),
    "ExponentialLR": lambda: T.ExponentialLR(0.1, 0.8),
    "PolynomialLR": lambda: T.PolynomialLR(0.1, 9, 2.0),
    "CosineAnnealingLR": lambda: T.CosineAnnealingLR(0.1, 4, 0.01),
    "CosineAnnealingLR to 0": lambda: T.CosineAnnealingLR(0.1, 4),
    "CosineAnnealingLR of a length between": lambda: T.CosineAnnealingLR(0.1, 3.7, 0.01),
    "CosineAnnealingWarmRestarts": lambda: T.CosineAnnealingWarmRestarts(0.1, 3, 2, 0.01),
    "CyclicLR": lambda: T.CyclicLR(0.1, 0.1, 0.4, 2.5, 3.7),
    "OneCycleLR": lambda: T.OneCycleLR(0.4, total_steps=9),
    "OneCycleLR without a way up": lambda: T.OneCycleLR(0.4, total_steps=9, pct_start=0.05),
    "SWALR": lambda: T.SWALR(0.1, 0.01, 4),
    "SWALR at once": lambda: T.SWALR(0.1, 0.01, 0, "linear"),
    "LambdaLR": lambda: T.LambdaLR(0.1, falling),
    "MultiplicativeLR": lambda: T.MultiplicativeLR(0.1, falling),
    "MultiplicativeLR on the host": lambda: T.MultiplicativeLR(0.1, branching),
    "a chain with a closed form": lambda: T.ChainedScheduler([T.LinearLR(0.1), T.CosineAnnealingLR(0.1, 6)]),
    "a chain without": lambda: T.ChainedScheduler([T.StepLR(0.1, 2), T.CosineAnnealingLR(0.1, 3, 0.01)]),
    "a chain that sets": lambda: T.ChainedScheduler([T.OneCycleLR(0.1, total_steps=9), T.StepLR(0.1, 2)]),
    "SequentialLR": lambda: T.SequentialLR(0.1, [T.LinearLR(0.1), T.SWALR(0.1, 0.01, 3), 0.2], [3, 5]),
    "SequentialLR of a chain": lambda: T.SequentialLR(0.1, [SCHEDULERS["a chain without"](), js.Constant(0.2)], [3]),
}
FUNCTIONS = ("LambdaLR", "MultiplicativeLR", "MultiplicativeLR on the host")
"""Which `to_dict` refuses: code is no data."""

PLACES = {
    "in a sequence": lambda x: T.SequentialLR(0.1, [x, T.ConstantLR(0.1, 0.5, 100), x], [4, 6]),
    "in a chain": lambda x: T.ChainedScheduler(0.1, [T.ConstantLR(0.1, 0.5, 3), x, T.LinearLR(0.1, 0.5)]),
}


@pytest.mark.parametrize("place", PLACES)
@parametrize("name", SCHEDULERS, ["SWALR", "MultiplicativeLR"])
def test_a_copy_means_the_same(name, place):
    make, put = SCHEDULERS[name], PLACES[place]
    want = put(make())(STEPS)
    for how, copied in COPIES.items():
        if how.startswith("stored") and name in FUNCTIONS:
            with pytest.raises(TypeError, match="must be data"):
                stored(make())
            continue
        np.testing.assert_allclose(put(copied(make()))(STEPS), want, rtol=1e-6, err_msg=how)
        np.testing.assert_allclose(copied(put(make()))(STEPS), want, rtol=1e-6, err_msg=f"{how} as a whole")


def test_the_numbers_of_torch():
    swa = T.SWALR(0.1, 0.01, 4)
    for each in (swa, *(copied(swa) for copied in COPIES.values())):
        lr = T.SequentialLR(0.1, [T.ConstantLR(0.1, 0.5, 100), each], [3])
        np.testing.assert_allclose(lr(np.array([3, 4, 5])), [0.05, 0.0441421356, 0.03], rtol=1e-6)


@exhaustive
def test_a_traced_schedule_means_the_same():
    for name in ("SWALR", "a chain with a closed form"):
        for put in PLACES.values():
            x = SCHEDULERS[name]()
            traced = jax.jit(lambda x, put=put: put(x)(STEPS))(x)
            np.testing.assert_allclose(traced, put(x)(STEPS), rtol=1e-6, err_msg=name)
    many = js.stack([T.SWALR(0.1, 0.01, 4), T.SWALR(0.1, 0.02, 4)])
    want = [PLACES["in a sequence"](x)(8) for x in js.unstack(many)]
    got = jax.vmap(lambda x: PLACES["in a sequence"](x)(8))(many)
    np.testing.assert_allclose(got, want, rtol=1e-6)


def test_a_copy_is_known_to_be_of_another_rate():
    for copied in COPIES.values():
        step = copied(T.StepLR(0.1, 2))
        for make in (lambda x: T.SequentialLR(0.2, [x], []), lambda x: T.ChainedScheduler(0.2, [x])):
            with pytest.raises(ValueError, match=r"`schedulers\[0\]` was made with an `lr` of .*0.1"):
                make(step)


def test_a_sequence_follows_its_numbers():
    # Nothing is derived and kept: a leaf that a gradient or a sweep changes is changed everywhere.
    leaves, structure = jax.tree.flatten(PLACES["in a sequence"](T.SWALR(0.1, 0.01, 4)))
    tuned = jax.tree.unflatten(structure, [0.3 if isinstance(x, float) and x == 0.1 else x for x in leaves])
    swa = T.SWALR(0.3, 0.01, 4)
    want = T.SequentialLR(0.3, [swa, T.ConstantLR(0.3, 0.5, 100), swa], [4, 6])
    np.testing.assert_allclose(tuned(STEPS), want(STEPS), rtol=1e-6)


EVERYTHING = [(name, case) for name in comparison.FRAMEWORKS for case, _ in comparison.recorded(name)[1]]
OF_EACH = {f"{name}-{case.function}": (name, case) for name, case in EVERYTHING if case.metrics is None}


@parametrize("name", OF_EACH, first_of_each(OF_EACH, lambda name: name.partition("-")[0]))
def test_a_copy_of_any_result_has_its_values(name):
    framework, case = OF_EACH[name]
    made = comparison.made(framework, case.function, case.arguments)
    want = made(STEPS)
    for how in ("stored", "returned by jit", "unstacked"):
        try:
            again = COPIES[how](made)
        except TypeError as error:
            assert "must be data: got the function" in str(error)
            continue
        np.testing.assert_array_equal(again(STEPS), want, err_msg=how)
