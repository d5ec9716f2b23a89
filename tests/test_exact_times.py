"""Of every step that a 32-bit integer counts a cycle, a stair and a shift are exactly where rational arithmetic is.

The references are fractions: a float length is the number that it holds, and what nests is divided step by step.
"""

import contextlib
import random
from collections.abc import Callable
from fractions import Fraction as F

import numpy as np
import pytest
from support.precision import WIDTH, x64
from support.short import exhaustive, parametrize
from support.zoo_entry import LAST

import jaxsched as js

pytestmark = pytest.mark.optimised

Time = Callable[[F], F]
"""The step that a schedule inside sees."""


def single(length: float) -> F:
    """The number that float32 holds."""
    return F(float(np.float32(length)))


def steps_around(lengths: list[F], last: int = LAST) -> list[int]:
    """Steps in the whole range, and those on both sides of multiples of lengths."""
    rng, steps = random.Random(0), [0, 1, last - 1, last]
    while len(steps) < WIDTH - 1:
        steps.append(rng.randrange(last + 1))
        for length in lengths:
            # A length below a step has a multiple beside every step.
            multiple = -(-length * rng.randrange(1, max(int(F(last) // length), 2)) // 1)
            steps += [min(max(int(multiple) + d, 0), last) for d in (-1, 0)]
    return steps[:WIDTH]


def line(t: F, steps: F) -> F:
    return max(2 - t / steps, F(1)) if steps else F(1)


def again(period: F, growth: int = 1) -> Time:
    def local(t: F) -> F:
        begin, scale = F(0), 1
        if growth == 1:
            return t % period
        while t >= begin + period * scale:
            begin, scale = begin + period * scale, scale * growth
        return (t - begin) / scale

    return local


def check(schedule: js.Schedule, expected: Callable[[F], F], steps: list[int], wide: bool = False) -> None:
    with x64() if wide else contextlib.nullcontext():
        values = np.asarray(schedule(np.asarray(steps)))
    wanted = np.asarray([float(expected(F(t))) for t in steps])
    off = np.abs(values - wanted) / np.abs(wanted) / (1e-13 if wide else 1e-6) / np.maximum(1, np.abs(np.log(wanted)))
    worst = int(np.argmax(off))
    assert off[worst] <= 1, f"{values[worst]!r} at {steps[worst]}, not {wanted[worst]!r}: {schedule!r}"


def teeth(length: float, period: float, growth: int = 1) -> js.Schedule:
    """A saw: where it jumps, a step more or less is a factor of 2."""
    return js.cycle(js.Linear(2.0, 1.0, steps=length), period, growth)


BEHIND = {
    "itself": (lambda s: s, lambda t: t),
    "join": (lambda s: js.join([1.5, s], [7]), lambda t: t - 7),
    "join at a fraction": (lambda s: js.join([1.5, s], [7.25]), lambda t: t - F(29, 4)),
    "delay": (lambda s: js.delay(s, 7), lambda t: t - 7),
    "delay by a fraction": (lambda s: js.delay(s, 7.25), lambda t: t - F(29, 4)),
    "advance": (lambda s: js.advance(s, 9), lambda t: t + 9),
    "advance by a fraction": (lambda s: js.advance(s, 9.75), lambda t: t + F(39, 4)),
    "warmup": (lambda s: js.warmup(s, 7), lambda t: t - 7),
    "cooldown at a fraction": (lambda s: js.cooldown(s, 3e9, 5), lambda t: t),
    "staircase": (lambda s: js.staircase(s, 3), lambda t: t // 3 * 3),
    "staircase of fractions": (lambda s: js.staircase(s, 3.5), lambda t: t // F(7, 2) * F(7, 2)),
    "per_epoch": (lambda s: js.per_epoch(s, 3), lambda t: t // 3),
    "per_epoch of fractions": (lambda s: js.per_epoch(s, 3.5), lambda t: t // F(7, 2)),
    "stretch": (lambda s: js.nodes.Stretch(s, 3.0), lambda t: t / 3),
    "stretch by a fraction": (lambda s: js.nodes.Stretch(s, 1.5), lambda t: t / F(3, 2)),
    "cycle": (lambda s: js.cycle(s, 10**7), again(F(10**7))),
    "cycle that grows": (lambda s: js.cycle(s, 1001, 3), again(F(1001), 3)),
    "cycle of fractions": (lambda s: js.cycle(s, 10_000.625), again(single(10_000.625))),
    "cycle of fractions that grows": (lambda s: js.cycle(s, 1000.625, 3), again(single(1000.625), 3)),
}


NESTED = [(behind, period) for behind in BEHIND for period in (100, 390.625)]
SHORT = [(b, 100) for b in BEHIND if "fraction" not in b] + [("join at a fraction", 390.625)]


@parametrize(("behind", "period"), NESTED, SHORT, ids=lambda row: f"{row[0]}, {row[1]}")
def test_a_cycle_inside_is_at_its_step(behind, period):
    wrap, time = BEHIND[behind]
    inner, length = teeth(period, period), F(period)
    # Steps at which a clock of fractions is within rounding of a jump are no test of where it is.
    far = [t for t in steps_around([length, F(10**7)]) if 8 <= t <= LAST - 9 and away_from_jumps(time(F(t)), length)]
    check(wrap(inner), lambda t: line(time(t) % length, length), far)


def away_from_jumps(t: F, length: F) -> bool:
    into = t % length
    return t.denominator in (1, 2, 4, 8) or min(into, length - into) > F(1, 1000)


@pytest.mark.parametrize("wide", [False, pytest.param(True, marks=exhaustive)], ids=["float32", "x64"])
@pytest.mark.parametrize("length", [390.625, 147.33, 390.5, np.array(0.3), 3.0, 1e8 + 0.5, 3e9])
def test_a_float_length_is_the_number_that_it_holds(length, wide):
    exact = F(float(length)) if wide else single(length)
    steps = steps_around([exact])
    check(teeth(length, length), lambda t: line(t % exact, exact), steps, wide)
    fall = js.Linear(2.0, 1.0, steps=LAST)
    check(js.staircase(fall, length), lambda t: line(t // exact * exact, F(LAST)), steps, wide)
    check(js.per_epoch(fall, length), lambda t: line(min(t // exact, F(LAST)), F(LAST)), steps, wide)


@pytest.mark.parametrize("growth", [2, 3, 7])
def test_cycles_of_fractions_grow_to_whole_multiples_of_the_first(growth):
    local = again(single(390.625), growth)
    ends = [F(390.625) * sum(growth**i for i in range(k)) for k in range(1, 20)]
    steps = [int(-(-end // 1)) + d for end in ends if end < LAST for d in (-1, 0)] + steps_around([F(390.625)])
    check(teeth(390.625, 390.625, growth), lambda t: line(local(t), F(390.625)), steps[:WIDTH])


@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
def test_a_stretching_polynomial_keeps_its_horizon(power):
    length = single(147.33)
    steps = [t for t in steps_around([length]) if t % length]

    def value(t):
        horizon = length * max(1, -(-t // length))
        return float(1 - t / horizon) ** power

    check(js.StretchingPolynomial(1.0, 0.0, steps=147.33, power=power), value, steps)


def test_cycles_in_cycles_in_cycles():
    saw = js.cycle(js.cycle(teeth(9, 9), 999, 2), 10**6, 3)
    local, inner = again(F(10**6), 3), again(F(999), 2)
    steps = [t for t in steps_around([F(10**6), F(999)]) if away_from_jumps(inner(local(F(t))), F(9))]
    check(saw, lambda t: line(inner(local(t)) % 9, F(9)), steps)


def test_a_table_behind_a_clock_is_at_its_step():
    boundaries = [10.5, 2**24 + 1.0, 2**30]
    table = js.nodes.Piecewise(np.asarray(boundaries, np.float32), [1.0, 2.0, 3.0, 4.0])
    held = [single(b) for b in boundaries]
    steps = [int(b) * 3 + d for b in held for d in range(-3, 6)]
    steps = [t for t in steps if 0 <= t <= LAST]
    third = js.nodes.Stretch(table, 3.0)
    check(third, lambda t: F(1 + sum(t / 3 >= b for b in held)), steps)


def test_a_length_beyond_the_last_step_stays_right():
    line = js.Linear(1.0, 0.0, steps=6e9)
    assert float(js.advance(line, 3e9)(0)) == pytest.approx(0.5, rel=1e-6)
    assert float(js.advance(line, 3e9)(LAST)) == pytest.approx(1 - (3e9 + LAST) / 6e9, rel=1e-6)
    assert float(js.cooldown(js.Constant(2.0), 3e9, 10)(LAST)) == 2.0
    assert float(js.cycle(line, 3e9)(LAST)) == pytest.approx(1 - LAST / 6e9, rel=1e-6)


def test_a_cycle_that_ends_at_the_last_step_begins_again_there():
    halved = js.cycle(js.Linear(1.0, 0.5, steps=1), 1, growth=2, decay=0.5)
    assert halved(np.asarray([LAST - 1, LAST])).tolist() == pytest.approx([0.5**31, 0.5**31], rel=1e-6)
    both = js.cycle(js.join([1.0, 2.0], [1]), 1.0, 2, 0.5)
    assert float(both(LAST)) == pytest.approx(0.5**31, rel=1e-6)
