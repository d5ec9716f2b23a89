"""What every schedule should return: the published formulas in 80-digit decimal arithmetic.

Nothing here knows of jaxsched. With 80 digits a formula can stand as it is printed, cancellations and all: the last
step of 1.5 billion loses 18 digits of a cosine, and 62 are left. A float means its exact binary value.
"""

import decimal
from collections.abc import Callable
from decimal import Decimal
from itertools import count

CONTEXT = decimal.Context(prec=80)
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899")

Number = int | float | Decimal


class Curve:
    """A function of the step; `at` in decimals, to build others on, and the call in float64."""

    def __init__(self, at: Callable[[Decimal], Decimal]):
        self.at = at

    def __call__(self, step: int) -> float:
        with decimal.localcontext(CONTEXT):
            return float(self.at(Decimal(step)))


def number(x: Number) -> Decimal:
    return Decimal(x)


def cos(x: Decimal) -> Decimal:
    x = abs(x) % (2 * PI)
    total = term = Decimal(1)
    for k in count(1, 2):
        term *= -x * x / (k * (k + 1))
        total += term
        if abs(term) < Decimal("1e-70"):
            return total


def exp(x: Decimal) -> Decimal:
    return x.exp() if x > -20_000 else Decimal(0)


def power(base: Decimal, exponent: Decimal) -> Decimal:
    if exponent == 0 or base == 0:
        return Decimal(exponent == 0)
    return exp(base.ln() * exponent)


def half_cosine(x: Decimal) -> Decimal:
    return (1 + cos(PI * x)) / 2


# Ramps: a weight of the start that falls from 1 to 0 while x goes from 0 to 1.


def ramp(weight: Callable[[Decimal], Decimal], start: Number, end: Number, steps: Number) -> Curve:
    s, e, n = number(start), number(end), number(steps)
    return Curve(lambda t: e if t >= n else e + (s - e) * weight(t / n))


def linear(start, end, steps):
    return ramp(lambda x: 1 - x, start, end, steps)


def cosine(start, end, steps):
    return ramp(half_cosine, start, end, steps)


def polynomial(start, end, steps, power=1.0):
    return ramp(lambda x: (1 - x) ** number(power), start, end, steps)


def elapsed_power(start, end, steps, power=0.5):
    return ramp(lambda x: 1 - x ** number(power), start, end, steps)


def mirror_cosine(start, end, steps):
    return ramp(lambda x: 2 * (1 - x) - half_cosine(x), start, end, steps)


def exponential_ramp(start, end, steps, base=0.5):
    r = number(base)
    return ramp(lambda x: 1 - x if r == 1 else (r**x - r) / (1 - r), start, end, steps)


def tanh(start, end, steps, lower=-7.0, upper=3.0):
    low, high = number(lower), number(upper)

    def weight(x):
        return 1 if x == 0 else 1 / (1 + (2 * (low * (1 - x) + high * x)).exp())

    return ramp(weight, start, end, steps)


def rex(start, end, steps):
    return ramp(lambda x: (1 - x) / (1 - x / 2), start, end, steps)


def time_power_cosine(start, end, steps, power=1.0):
    return ramp(lambda x: half_cosine(x ** number(power)), start, end, steps)


def value_power_cosine(start, end, steps, exponent=1.0):
    return ramp(lambda x: half_cosine(x) ** number(exponent), start, end, steps)


def geometric(start, end, steps):
    s, e, n = number(start), number(end), number(steps)
    return Curve(lambda t: e if t >= n else s * (e / s) ** (t / n))


def inverse(start, end, steps):
    s, e, n = number(start), number(end), number(steps)
    return Curve(lambda t: e if t >= n else 1 / ((1 - t / n) / s + t / n / e))


def logarithmic(start, end, steps):
    s, e, n = number(start), number(end), number(steps)
    return Curve(lambda t: e if t >= n else s + (e - s) * (1 + t).ln() / (1 + n).ln())


def stretching_polynomial(start, end, steps, power=1.0):
    s, e, n, p = number(start), number(end), number(steps), number(power)

    def at(t):
        horizon = n * max(1, (t / n).to_integral_value(decimal.ROUND_CEILING))
        return e + (s - e) * (1 - t / horizon) ** p

    return Curve(at)


# Never-ending.


def constant(value):
    return Curve(lambda t: number(value))


def exponential(start, decay, steps=1):
    return Curve(lambda t: number(start) * exp(-number(decay) * t / number(steps)))


def power_of_rate(start, rate, steps=1):
    return Curve(lambda t: number(start) * power(number(rate), t / number(steps)))


def inverse_time(start, rate, steps=1):
    return Curve(lambda t: number(start) / (1 + number(rate) * t / number(steps)))


def inverse_power(start, timescale, shift=0, power=0.5):
    return Curve(lambda t: number(start) * (1 + (t + number(shift)) / number(timescale)) ** -number(power))


def linear_cosine(start, steps, num_periods=0.5, alpha=0.0, beta=0.001):
    s, n, m, a, b = map(number, (start, steps, num_periods, alpha, beta))

    def at(t):
        x = min(t / n, Decimal(1))
        return s * ((a + 1 - x) * (1 + cos(2 * PI * m * x)) / 2 + b)

    return Curve(at)


# Tables.


def piecewise(values, boundaries):
    return Curve(lambda t: number(values[sum(t >= number(b) for b in boundaries)]))


def tabulated(values):
    return Curve(lambda t: number(values[min(int(t), len(values) - 1)]))


def interpolated(values, boundaries, weight=lambda x: 1 - x):
    v, b = list(map(number, values)), list(map(number, boundaries))

    def at(t):
        i = sum(t >= each for each in b)
        if i in (0, len(b)):
            return v[0] if i == 0 else v[-1]
        return v[i] + (v[i - 1] - v[i]) * weight((t - b[i - 1]) / (b[i] - b[i - 1]))

    return Curve(at)
