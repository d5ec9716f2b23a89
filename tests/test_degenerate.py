"""Any lengths, 0 included, in any nesting: finite, inside, exact at the ends, and equal to a slow reading in Python."""

import bisect
import functools
import inspect
import itertools

import hypothesis.strategies as st
import jax
import numpy as np
import pytest
from hypothesis import given, settings

import jaxsched as js

# Every example has the structure, the shapes and the dtypes of the first, so that all share one compiled program.
few = functools.partial(settings, max_examples=60, derandomize=True, deadline=None, database=None)
lengths = st.sampled_from([0, 1, 2, 3, 7, 10_000, 2**30])
small = st.integers(0, 6)
values = st.floats(-2.0, 2.0).map(lambda x: round(x, 3))
positive = st.floats(0.01, 2.0).map(lambda x: round(x, 3))
STEPS = np.asarray([*range(26), 9_999, 10_000, 10_003, 2**30 - 1, 2**30, 2**31 - 1], np.int32)
assert STEPS.shape == (32,)

SIGNED = [js.Geometric, js.Inverse]  # between values of one sign
RAMPS = [x for x in map(vars(js).get, js.__all__) if inspect.isclass(x) and issubclass(x, js.Ramp)]
RAMPS = [x for x in RAMPS if not inspect.isabstract(x) and x not in (js.Shaped, *SIGNED)]


def check_inside(value, low, high):
    assert np.isfinite(value).all()
    slack = 2e-6 * max(abs(low), abs(high))
    assert np.all(value >= low - slack) and np.all(value <= high + slack), (value, low, high)


def check_ramps(kinds, start, end, steps):
    for kind in kinds:
        value = kind(start, end, steps=steps)(STEPS)
        assert np.isfinite(value).all(), kind
        low, high = sorted((np.float32(start), np.float32(end)))
        assert np.all(value >= low) and np.all(value <= high), kind
        assert np.all(value[STEPS >= steps] == np.float32(end)), kind
        if steps:
            assert value[0] == np.float32(start), kind


@few()
@given(values, values, lengths)
def test_a_ramp_stays_between_its_ends_and_reaches_them(start, end, steps):
    check_ramps(RAMPS, start, end, steps)


@few()
@given(positive, positive, lengths, st.sampled_from([1.0, -1.0]))
def test_a_ramp_of_one_sign_does_too(start, end, steps, sign):
    check_ramps(SIGNED, sign * start, sign * end, steps)


@few()
@given(positive, positive, *(6 * [lengths]))
def test_nested_combinators_stay_inside(peak, end, warm, a, b, period, at, down):
    """A warmup of a cooldown of a cycle of a join, and a few more around it."""
    joined = js.join([js.Cosine(peak, end, steps=a), js.Linear(end, peak, steps=b)])
    inner = js.cooldown(js.cycle(joined, period), at, down, end, shape="1-sqrt")
    for schedule in (
        js.warmup(inner, warm),
        js.staircase(js.delay(js.warmup(inner, warm), a), b),
        js.clip(js.per_epoch(js.advance(inner, a), warm + 1), 0.0, 2.0),
    ):
        check_inside(schedule(STEPS), 0.0, max(peak, end))
    if warm:
        assert js.warmup(inner, warm)(STEPS)[0] == 0


@few()
@given(positive, positive, *(3 * [st.sampled_from([0, 1, 2, 3, 10_000, 2**29])]))
def test_wsd_is_exact_at_its_turns(peak, end, up, flat, down):
    lr = js.wsd(peak, warmup=up, stable=flat, decay=down, end=end)
    turns = np.asarray([up, up + flat, up + flat + down])
    value = lr(np.resize(turns, 32).astype(np.int32))
    assert value[2] == np.float32(end)
    assert value[0] == np.float32(peak if flat or down else end)
    assert value[1] == np.float32(peak if down else end)


def ramps(numbers):
    """Three pieces of three kinds."""
    kinds = (js.Cosine, js.Linear, js.Rex)
    return [kind(start, end, steps=n) for kind, (start, end, n) in zip(kinds, numbers, strict=True)]


def slow_join(pieces, boundaries, t):
    i = bisect.bisect_right(boundaries, t)
    return float(pieces[i](np.full(32, t - ([0, *boundaries])[i], np.int32))[0])


three = st.lists(st.tuples(values, values, small), min_size=3, max_size=3)


@few(max_examples=25)
@given(three, small, small)
def test_a_join_is_the_piece_that_bisect_finds_at_its_own_step(numbers, first, second):
    """Boundaries that cut pieces short, hold them, or leave them out."""
    pieces, boundaries = ramps(numbers), [first, first + second]
    slow = [slow_join(pieces, boundaries, int(t)) for t in STEPS[:16]]
    np.testing.assert_allclose(js.join(pieces, boundaries)(STEPS)[:16], slow, rtol=2e-6, atol=1e-6)


@few(max_examples=25)
@given(three)
def test_a_piece_of_no_length_is_not_there(numbers):
    pieces = ramps(numbers)
    ends = list(itertools.accumulate(piece.steps for piece in pieces[:-1]))
    got = js.join(pieces)(STEPS)
    np.testing.assert_allclose(got[:16], [slow_join(pieces, ends, int(t)) for t in STEPS[:16]], rtol=2e-6, atol=1e-6)
    there = [piece for piece in pieces if piece.steps]
    if there and pieces[-1].steps:
        assert got[0] == np.float32(there[0].start)
    assert got[-1] == np.float32(pieces[-1].end)


@few(max_examples=15)
@given(st.lists(st.tuples(values, values, small), min_size=12, max_size=12))
def test_many_pieces_are_the_same_as_bisect(numbers):
    """More than are compiled one by one: stacked, searched and gathered."""
    pieces = [
        kind(a, b, steps=n) for kind, (a, b, n) in zip(itertools.cycle([js.Cosine, js.Linear]), numbers, strict=False)
    ]
    ends = list(itertools.accumulate(piece.steps for piece in pieces[:-1]))
    lr = js.join(pieces)
    assert isinstance(lr, js.nodes.StackedJoin)
    slow = [slow_join(pieces, ends, int(t)) for t in STEPS[:26]]
    np.testing.assert_allclose(lr(STEPS)[:26], slow, rtol=2e-6, atol=1e-6)


def slow_cycle(curve, period, growth, decay, t):
    """The value by walking through the cycles one by one, from a float64 curve of the time."""
    begin, length, index = 0, period, 0
    while period and t - begin >= length:
        begin, length, index = begin + length, length * growth, index + 1
    local = (t - begin) / growth**index if period else 0
    return curve(local) * decay**index


@few()
@given(st.integers(0, 10), st.integers(1, 5), st.sampled_from([1.0, 0.5, 0.9, 0.0]), st.integers(0, 12))
def test_a_cycle_is_what_walking_through_the_cycles_finds(period, growth, decay, steps):
    lr = js.cycle(js.Linear(1.0, 0.25, steps=steps), period, growth, decay)(STEPS)[:28]
    curve = lambda local: 1.0 - 0.75 * min(local / steps, 1) if steps else 0.25  # noqa: E731
    slow = [slow_cycle(curve, period, growth, decay, int(t)) for t in STEPS[:28]]
    np.testing.assert_allclose(lr, slow, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("growth", [1, 2])
def test_a_cycle_of_pieces_jumps_at_their_boundaries(growth):
    lr = js.cycle(js.join([1.0, 0.5], [3]), 6, growth)(STEPS)[:28]
    curve = lambda local: 1.0 if local < 3 else 0.5  # noqa: E731
    assert lr.tolist() == [slow_cycle(curve, 6, growth, 1.0, int(t)) for t in STEPS[:28]]


@few()
@given(lengths, st.integers(1, 5), positive)
def test_nothing_of_no_length_is_there(steps, growth, value):
    """Each combinator with a length of 0 is the schedule itself, or its first value for a clock that stands still."""
    inner, first = js.Cosine(value, 0.5, steps=steps), js.Cosine(value, 0.5, steps=steps)(STEPS)
    for same in (js.warmup(inner, 0), js.delay(inner, 0), js.advance(inner, 0), js.staircase(inner, 0)):
        np.testing.assert_allclose(same(STEPS), first, rtol=2e-6)
    np.testing.assert_allclose(js.join([js.Linear(9.0, 9.0, steps=0), inner])(STEPS), first, rtol=2e-6)
    assert np.all(js.cycle(inner, 0, growth)(STEPS) == first[0])
    assert np.all(js.cooldown(inner, 0, 0, 0.125)(STEPS) == 0.125)


def test_a_traced_length_of_0_is_no_different():
    """The same programs with every length an argument: no example of the above is special-cased in Python."""

    @jax.jit
    def run(n):
        inner = js.join([js.Cosine(1.0, 0.5, steps=n), js.Linear(0.5, 1.0, steps=n)], [n])
        return js.warmup(js.cooldown(js.cycle(inner, 2 * n, 2), 3 * n, n), n)(STEPS)

    for n in (0, 1, 2, 10_000):
        inner = js.join([js.Cosine(1.0, 0.5, steps=n), js.Linear(0.5, 1.0, steps=n)], [n])
        eager = js.warmup(js.cooldown(js.cycle(inner, 2 * n, 2), 3 * n, n), n)(STEPS)
        np.testing.assert_allclose(run(n), eager, rtol=2e-6, atol=1e-7)
