"""Successive halving: who survives goes on to the bit as it would have without, and what failed does not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.sweeps import data, inverse

import jaxsched as js
from jaxsched.search import successive_halving

X, STEPS, RUNGS = data(), 12, [3, 3, 6]
PEAKS = [1e20, 0.03, 0.3, 0.1, 3.0, 0.01, 0.2]
MANY = [
    *(js.Cosine(peak, 0.0, steps=STEPS) for peak in PEAKS),
    *(js.Linear(peak, 0.0, steps=STEPS) for peak in PEAKS[1:4]),
    inverse,
    js.reduce_on_plateau(0.2, 0.5),
]


def start(schedule, key):
    first, second = jax.random.split(key)
    w = {"a": jax.random.normal(first, (8, 8)), "b": jax.random.normal(second, (8,))}
    return w, (schedule.init() if isinstance(schedule, js.Controller) else jnp.int32(0)), key


def loss_of(w):
    return jnp.mean((jnp.tanh(X @ w["a"]) @ w["b"] - X[:, 0]) ** 2)


def part(schedule, state, step, length):
    def one(state, i):
        w, controlled, key = state
        value, slope = jax.value_and_grad(loss_of)(w)
        if isinstance(schedule, js.Controller):
            rate, controlled = schedule(controlled), schedule.update(controlled, value=value)
        else:
            rate = schedule(i)
        return (jax.tree.map(lambda w, s: w - rate * s, w, slope), controlled, key), value

    state, losses = jax.lax.scan(one, state, step + jnp.arange(length))
    return state, {"loss": loss_of(state[0]), "first": losses[0]}


def halved(**keywords):
    return successive_halving(start, part, MANY, **{"rungs": RUNGS, "batch": 4, "by": "loss", **keywords})


@pytest.fixture(scope="module")
def found():
    return halved()


@pytest.fixture(scope="module")
def whole():
    return halved(keep=1.0)


def test_survivors_are_equal_to_the_bit_to_a_run_that_was_never_halved(found, whole):
    assert [len(each) for each in found.survivors] == [12, 6, 3] and found.steps == (3, 6, 12)
    for who, rung, all_of, every in zip(found.survivors, found.rungs, whole.survivors, whole.rungs, strict=True):
        for name, x in rung.values.items():
            at = [all_of.index(i) for i in who]
            assert x.tobytes() == every.values[name][at].tobytes()
    for i, state in zip(found.survivors[-1], found.states, strict=True):
        other = whole.states[whole.survivors[-1].index(i)]
        for x, y in zip(jax.tree.leaves(state[:2]), jax.tree.leaves(other[:2]), strict=True):
            assert np.asarray(x).tobytes() == np.asarray(y).tobytes()
        np.testing.assert_allclose(
            loss_of(state[0]), found.rungs[-1].values["loss"][found.survivors[-1].index(i)], 1e-5
        )


def test_the_bits_are_those_of_the_mapped_functions_by_hand(found):
    four = [each for each in found.survivors[-1] if each < len(PEAKS)][:1] * 4
    schedules, keys = js.stack([MANY[i] for i in four]), jnp.stack([jax.random.key(0)] * 4)
    state = jax.jit(jax.vmap(start))(schedules, keys)
    for step, length in ((0, 3), (3, 3), (6, 6)):
        run = jax.jit(jax.vmap(lambda schedule, state, step=step, length=length: part(schedule, state, step, length)))
        state, values = run(schedules, state)
    at = found.survivors[-1].index(four[0])
    assert np.asarray(values["loss"][0]).tobytes() == found.rungs[-1].values["loss"][at].tobytes()


def test_the_better_ones_go_on_and_what_failed_does_not(found, whole):
    for before, after, rung in zip(found.survivors, found.survivors[1:], found.rungs, strict=False):
        loss = np.where(rung.failed, np.inf, rung.values["loss"])
        assert set(after) == {before[i] for i in np.argsort(loss, kind="stable")[: (len(before) + 1) // 2]}
    assert whole.rungs[0].failed[0] and 0 not in whole.survivors[1]  # the first peak diverged
    best = found.best()[0]
    assert best.value == min(found.rungs[-1].values["loss"]) and best.candidate in found.survivors[-1]
    assert best.schedule == found.schedules[best.candidate]


def test_mode_by_and_how_many_are_kept():
    most = halved(mode="max", by=lambda values: -values["loss"], rungs=[3, 3])
    assert most.survivors == halved(rungs=[3, 3]).survivors
    assert len(halved(keep=0.01, rungs=[1, 1]).survivors[1]) == 1
    assert len(halved(keep=0.7, rungs=[1, 1]).survivors[1]) == 9  # of 8.4


def test_when_all_have_failed_it_ends_and_best_says_so():
    made = successive_halving(start, part, MANY[:1], rungs=[3, 3], batch=1, by="loss")
    assert made.steps == (3,) and made.rungs[0].failed.all()
    with pytest.raises(ValueError, match="all 1 have a run that is not finite"):
        made.best()


def test_the_table_has_those_that_came_farthest_first(found):
    columns = found.table().columns
    assert columns["steps"] == [12] * 3 + [6] * 3 + [3] * 6 and sorted(columns["candidate"]) == [*range(12)]
    assert columns["candidate"][0] == found.best()[0].candidate and columns["value"][0] == found.best()[0].value
    assert columns["failed"] == [False] * 11 + [True] and columns["candidate"][-1] == 0
    assert repr(found) == "Halving of 12 schedules: 12 to step 3, 6 to step 6, 3 to step 12"


def changed(state):
    return jax.tree.map(lambda x: x, state[0]), jnp.float32(0), state[2]


REFUSED = {
    "no rungs": ({"rungs": []}, ValueError, r"`rungs` must hold at least one"),
    "a rung": ({"rungs": 5}, TypeError, r"`rungs` must be a list"),
    "of nothing": ({"rungs": [3, 0]}, ValueError, r"`rungs\[1\]` must be at least 1: got 0"),
    "keep": ({"keep": 1.5}, ValueError, r"`keep` must be above 0 and at most 1: got 1.5"),
    "keep none": ({"keep": 0.0}, ValueError, r"`keep` must be"),
    "batch": ({"batch": 0}, ValueError, r"`batch` must be at least 1"),
    "by": ({"by": "los"}, ValueError, r"`by` must be one of 'first', 'loss'"),
    "none by": ({"by": None}, ValueError, r"`by` must be one of"),
    "mode": ({"mode": "most"}, ValueError, r"`mode` must be"),
    "seed": ({"seed": -1}, ValueError, r"`seed` must be at least 0"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_refused_before_anything_runs(name):
    keywords, error, message = REFUSED[name]

    def never(schedule, state, step, length):
        jax.debug.callback(lambda: pytest.fail("it ran"))
        return part(schedule, state, step, length)

    with pytest.raises(error, match=message):
        successive_halving(start, never, MANY, **{"rungs": RUNGS, "batch": 4, "by": "loss", **keywords})


PARTS = {
    "one": (lambda c, s, i, n: s[0], TypeError, r"`part` must return `\(state, value\)`"),
    "another state": (
        lambda c, s, i, n: (changed(s), 1.0),
        TypeError,
        r"handed: `1` was int32\[\], and is float32\[\]",
    ),
    "no array": (lambda c, s, i, n: (s, "x"), TypeError, r"`part` must return arrays of numbers: got 'x'"),
    "ragged": (lambda c, s, i, n: (s, jnp.ones(n)), ValueError, r"same shapes .* for 3 steps and .* for 6 differ"),
    "a float": (lambda c, s, i, n: (s, float(i)), TypeError, r"`part` must not ask for the value"),
    "too few": (lambda c, s: (s, 1.0), TypeError, r"`part` must be a function of `\(schedule, state, step, length\)`"),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_wrong_is_refused(name):
    wrong, error, message = PARTS[name]
    with pytest.raises(error, match=message):
        successive_halving(start, wrong, MANY[:2], rungs=RUNGS, batch=2)


def test_a_start_that_is_wrong_is_refused():
    with pytest.raises(TypeError, match=r"`start` must be a function of `\(schedule, key\)`"):
        successive_halving(lambda schedule: 0.0, part, MANY, rungs=RUNGS, batch=2)
    with pytest.raises(TypeError, match=r"`start` must not ask for the value"):
        successive_halving(lambda schedule, key: float(schedule(0)), part, MANY[:2], rungs=RUNGS, batch=2)
