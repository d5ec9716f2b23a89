"""Random compositions of schedules, each with its reference in 80-digit arithmetic and a bound of its values."""

import operator
import random
from collections.abc import Callable
from typing import NamedTuple

import jaxsched as js
from support import reference as ref
from support import reference_composed as composed
from support.zoo_entry import LAST
from support.zoo_warmup import FALLS, RISES


class Made(NamedTuple):
    """A composition.

    Attributes:
        schedule: what is tested.
        reference: what it should be, a function of the step.
        bound: the largest absolute value that it may have anywhere, in which errors are counted.
        last: the last step up to which no clock inside is past the last step there is.
    """

    schedule: js.Schedule
    reference: ref.Curve
    bound: float
    last: int = LAST


LENGTHS = (1, 2, 3, 4, 5, 7, 12, 100, 4_097, 1_000_003)


def composition(seed: int, deep: int = 3) -> Made:
    return _made(random.Random(seed), deep)


def steps(seed: int, last: int, count: int = 64) -> list[int]:
    """The first, some around the lengths, and some anywhere up to the last step."""
    rng = random.Random(seed)
    near = [length * rng.randrange(1, 9) + rng.choice([-1, 0, 1]) for length in LENGTHS[4:] for _ in range(3)]
    far = [int(2 ** rng.uniform(3, 31)) for _ in range(count - 24 - len(near) - 1)]
    return [min(t, last) for t in (*range(24), *near, *far, last)]


def _made(rng: random.Random, deep: int) -> Made:
    return rng.choice(COMBINED)(rng, deep - 1) if deep and rng.random() < 0.9 else rng.choice(CURVES)(rng)


def _value(rng: random.Random) -> float:
    return round(rng.uniform(0.05, 2.0), 3)


def _length(rng: random.Random) -> int:
    return rng.choice(LENGTHS)


def _ramp(kind: Callable[..., js.Schedule], curve: Callable[..., ref.Curve]) -> Callable[[random.Random], Made]:
    def make(rng):
        start, end, length = _value(rng), _value(rng), _length(rng)
        return Made(kind(start, end, steps=length), curve(start, end, length), max(start, end))

    return make


def _constant(rng):
    value = _value(rng)
    return Made(js.Constant(value), ref.constant(value), value)


def _inverse_sqrt(rng):
    start, length = _value(rng), _length(rng)
    return Made(js.InverseSqrt(start, length), ref.inverse_power(start, length), start)


def _piecewise(rng):
    values, boundaries = [_value(rng) for _ in range(3)], sorted(_length(rng) for _ in range(2))
    return Made(js.piecewise_constant(boundaries, values), ref.piecewise(values, boundaries), max(values))


def _decay(rng):
    start, rate, length = _value(rng), round(rng.uniform(0.3, 0.999), 3), _length(rng)
    return Made(js.exponential_decay(start, rate, length), ref.power_of_rate(start, rate, length), start)


CURVES = [
    _ramp(js.Linear, ref.linear),
    _ramp(js.Cosine, ref.cosine),
    _ramp(js.Rex, ref.rex),
    _ramp(js.ElapsedPower, ref.elapsed_power),
    _ramp(js.Geometric, ref.geometric),
    _ramp(js.Inverse, ref.inverse),
    _ramp(js.MirrorCosine, ref.mirror_cosine),
    _constant,
    _inverse_sqrt,
    _piecewise,
    _decay,
]


def _join(rng, deep):
    pieces, boundaries = [_made(rng, deep) for _ in range(3)], sorted(_length(rng) for _ in range(2))
    schedule = js.join([each.schedule for each in pieces], boundaries)
    reference = composed.join([each.reference for each in pieces], boundaries)
    return Made(schedule, reference, max(each.bound for each in pieces), min(each.last for each in pieces))


def _warmup(rng, deep):
    inner, length, start, shape = _made(rng, deep), _length(rng), _value(rng), rng.choice(list(RISES))
    offset = rng.choice([0, 0, 1, 3])
    schedule = js.warmup(inner.schedule, length, start, shape=shape, offset=offset)
    reference = composed.warmup(inner.reference, length, RISES[shape], start, offset)
    return Made(schedule, reference, max(start, inner.bound), inner.last - offset)


def _cooldown(rng, deep):
    inner, begin, length, end = _made(rng, deep), _length(rng), _length(rng), _value(rng)
    shape = rng.choice([name for name in FALLS if name not in ("geometric", "inverse")])  # which cannot pass 0
    schedule = js.cooldown(inner.schedule, begin, length, end, shape)
    reference = composed.cooldown(inner.reference, begin, length, end, FALLS[shape])
    return Made(schedule, reference, max(end, inner.bound), inner.last)


def _cycle(rng, deep):
    inner, period, growth, decay = _made(rng, deep), _length(rng), rng.choice([1, 1, 2, 3]), rng.choice([1.0, 0.75])
    schedule = js.cycle(inner.schedule, period, growth, decay)
    return Made(schedule, composed.cycle(inner.reference, period, growth, decay), inner.bound, inner.last)


def _clip(rng, deep):
    inner, low, high = _made(rng, deep), *sorted([_value(rng), _value(rng)])
    reference = composed.clip(inner.reference, low, high)
    return Made(js.clip(inner.schedule, low, high), reference, max(high, inner.bound), inner.last)


def _clock(make, reference, numbers, last=lambda last, number: last):
    def made(rng, deep):
        inner, number = _made(rng, deep), rng.choice(numbers)
        return Made(
            make(inner.schedule, number), reference(inner.reference, number), inner.bound, last(inner.last, number)
        )

    return made


def _arithmetic(operator, bound):
    def made(rng, deep):
        left, right = _made(rng, deep), _made(rng, deep)
        schedule = operator(left.schedule, right.schedule)
        reference = composed.combine(operator, left.reference, right.reference)
        return Made(schedule, reference, bound(left.bound, right.bound), min(left.last, right.last))

    return made


COMBINED = [
    _join,
    _warmup,
    _cooldown,
    _cycle,
    _clip,
    _clock(js.delay, composed.delay, LENGTHS),
    _clock(js.advance, composed.advance, LENGTHS, operator.sub),
    _clock(js.staircase, composed.staircase, LENGTHS),
    _clock(js.per_epoch, composed.per_epoch, LENGTHS[1:7]),
    _clock(js.stretch, composed.stretch, (0.5, 1.5, 2.0, 3.0), lambda last, factor: int(last * min(factor, 1))),
    _arithmetic(operator.add, operator.add),
    _arithmetic(operator.sub, operator.add),
    _arithmetic(operator.mul, operator.mul),
]
