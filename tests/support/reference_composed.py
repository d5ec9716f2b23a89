"""What combinators and recipes should return, in the same decimal arithmetic as `reference`."""

import decimal
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any

from support.reference import PI, Curve, Number, constant, cos, exp, half_cosine, number, power


def combine(operator: Callable[[Any, Any], Any], left: Curve, right: Curve) -> Curve:
    return Curve(lambda t: operator(left.at(t), right.at(t)))


def join(curves, boundaries):
    def at(t):
        i = sum(t >= number(b) for b in boundaries)
        return curves[i].at(t - (number(boundaries[i - 1]) if i else 0))

    return Curve(at)


def warmup(curve, steps, rise=lambda x: x, start=0.0, offset=0):
    """`rise(x)` is the weight of the peak, from 0 at x = 0 to 1 at x = 1."""
    s, n, o = number(start), number(steps), number(offset)

    def at(t):
        u, peak = t + o, curve.at(Decimal(0))
        return s + (peak - s) * rise(u / n) if u < n else curve.at(u - n)

    return Curve(at)


def cooldown(curve, begin, steps, end, shape):
    """`shape(start, end, steps)` is a ramp of `reference`."""
    b = number(begin)

    def at(t):
        if t < b:
            return curve.at(t)
        return shape(curve.at(b), end, steps).at(t - b)

    return Curve(at)


def cycle(curve, period, growth=1, decay=1.0):
    n, g, d = number(period), number(growth), number(decay)

    def at(t):
        begin, scale = Decimal(0), Decimal(1)
        if g == 1:
            i = t // n
            return power(d, i) * curve.at(t - i * n)
        for i in count():
            if t < begin + n * scale:
                return power(d, Decimal(i)) * curve.at((t - begin) / scale)
            begin, scale = begin + n * scale, scale * g

    return Curve(at)


def listed_cycles(curve, own, lengths, decay=1.0):
    """Cycles of listed lengths; the last holds its end."""
    d, own = number(decay), number(own)

    def at(t):
        begin = Decimal(0)
        for i, length in enumerate(map(number, lengths)):
            if t < begin + length or i == len(lengths) - 1:
                return power(d, Decimal(i)) * curve.at(min(own * (t - begin) / length, own))
            begin += length

    return Curve(at)


def staircase(curve, every):
    return Curve(lambda t: curve.at(t // number(every) * number(every)))


def per_epoch(curve, steps_per_epoch):
    return Curve(lambda t: curve.at(t // number(steps_per_epoch)))


def clip(curve, low=None, high=None):
    def at(t):
        value = curve.at(t)
        value = value if low is None else max(value, number(low))
        return value if high is None else min(value, number(high))

    return Curve(at)


def bounded(curve, low=None, high=None):
    """Between bounds that are curves."""
    above = curve if low is None else combine(max, curve, low)
    return above if high is None else combine(min, above, high)


def delay(curve, steps):
    return Curve(lambda t: curve.at(max(t - number(steps), Decimal(0))))


def advance(curve, steps):
    return Curve(lambda t: curve.at(t + number(steps)))


def stretch(curve, factor):
    return Curve(lambda t: curve.at(t / number(factor)))


def scaled(factor: Number, curve: Curve) -> Curve:
    return combine(lambda a, b: a * b, constant(factor), curve)


# Recipes, from their papers.


def noam(dim, warmup_steps, scale=1.0):
    d, w, c = number(dim), number(warmup_steps), number(scale)
    minus_half = Decimal("-0.5")

    def at(t):
        return c * d**minus_half * (min(t**minus_half, t * w ** Decimal("-1.5")) if t else 0)

    return Curve(at)


def two_lines(low, peak, up, total):
    """From `low` up to `peak` and down to `low`: the slanted triangle."""
    lo, hi, u, n = map(number, (low, peak, up, total))

    def at(t):
        share = t / u if t < u else max((n - t) / (n - u), Decimal(0))
        return lo + (hi - lo) * share

    return Curve(at)


def one_cycle(peak, total, up, div=25.0, final_div=1e4, down=None, cosine=True):
    """Two phases, or three where `down` is the length of the second."""
    p, n, u, div, final = map(number, (peak, total, up, div, final_div))

    def between(a, b, x):
        return b + (a - b) * (half_cosine(x) if cosine else 1 - x)

    def at(t):
        low = p / div
        end = low / final
        turn = n if down is None else u + number(down)
        if t < u:
            return between(low, p, t / u)
        if t < turn:
            return between(p, end if down is None else low, (t - u) / (turn - u))
        return between(low, end, (t - turn) / (n - turn)) if t < n else end

    return Curve(at)


def one_cycle_momentum(low, high, total, up, down=None, cosine=True):
    lo, hi, n, u = map(number, (low, high, total, up))

    def at(t):
        turn = n if down is None else u + number(down)
        x = t / u if t < u else min((t - u) / (turn - u), Decimal(1))
        weight = half_cosine(x) if cosine else 1 - x
        return lo + (hi - lo) * (weight if t < u else 1 - weight)

    return Curve(at)


def triangles(low, high, up, down, mode="triangular", gamma=1.0):
    """`CyclicLR`: cycle c and position x as in Smith 2015."""
    lo, hi, u, d, g = map(number, (low, high, up, down, gamma))

    def at(t):
        period = u + d
        cycles = t // period
        into = t - cycles * period
        height = into / u if into < u else (period - into) / d
        amplitude = {"triangular": Decimal(0), "triangular2": -cycles * Decimal(2).ln(), "exp_range": t * g.ln()}[mode]
        return lo + (hi - lo) * height * exp(amplitude)

    return Curve(at)


def restarts(peak, period, growth=1, decay=1.0, end=0.0):
    p, d, e = number(peak), number(decay), number(end)

    def at(t):
        if not isinstance(period, list) and growth == 1:
            i = int(t // number(period))
            begin, length = i * number(period), number(period)
        else:
            begin = Decimal(0)
            for i in count():
                length = number(period[i]) if isinstance(period, list) else number(period) * number(growth) ** i
                if t < begin + length or (isinstance(period, list) and i == len(period) - 1):
                    break
                begin += length
        x = min((t - begin) / length, Decimal(1))
        return e + (p * power(d, Decimal(i)) - e) * (1 + cos(PI * x)) / 2

    return Curve(at)


def rounded_share(share: str, total: int) -> int:
    """A share of a whole, rounded to a whole step, halves up."""
    return int((Decimal(share) * total).quantize(Decimal(1), decimal.ROUND_HALF_UP))
