"""Examples of the decays, tables, wrapped functions and arithmetic."""

import math
import operator

import numpy as np
import optax

import jaxsched as js
from support import reference as ref
from support.reference_composed import combine, scaled
from support.zoo_entry import END, PEAK, Entry, entry


class Mine(js.Schedule):
    """A user's own schedule, as the documentation of `Schedule` has it."""

    start: js.Numeric
    rate: js.Numeric

    def at(self, step):
        return self.start / (1 + self.rate * step)


def decays(n: int) -> list[Entry]:
    return [
        entry("Constant", lambda: js.Constant(PEAK), "Constant", ref.constant(PEAK), 20, flat=(0, PEAK), monotone=True),
        entry("as_schedule", lambda: js.as_schedule(-0.1), "as_schedule", ref.constant(-0.1), 20, flat=(0, -0.1)),
        entry(
            "Exponential",
            lambda: js.nodes.Exponential(1e-3, 0.5, n),
            "Exponential",
            ref.exponential(1e-3, 0.5, n),
            2 * n,
            boundaries=(n,),
            exact=((0, 1e-3),),
            monotone=True,
        ),
        entry(
            "Exponential-growing",
            lambda: js.nodes.Exponential(1e-6, -0.7, n),
            "Exponential",
            ref.exponential(1e-6, -0.7, n),
            2 * n,
            exact=((0, 1e-6),),
            last=min(20 * n, 2**31 - 1),
            monotone=True,
        ),
        entry(
            "InverseTime",
            lambda: js.nodes.InverseTime(1e-2, 0.5, n),
            "InverseTime",
            ref.inverse_time(1e-2, 0.5, n),
            2 * n,
            boundaries=(n,),
            exact=((0, 1e-2),),
            monotone=True,
        ),
        entry(
            "InverseSqrt",
            lambda: js.InverseSqrt(1e-3, n),
            "InverseSqrt",
            ref.inverse_power(1e-3, n),
            2 * n,
            boundaries=(n,),
            exact=((0, 1e-3),),
            monotone=True,
        ),
        entry(
            "InverseSqrt-shift-power",
            lambda: js.InverseSqrt(1e-3, n, shift=n // 2, power=0.7),
            "InverseSqrt",
            ref.inverse_power(1e-3, n, n // 2, 0.7),
            2 * n,
            boundaries=(n,),
            monotone=True,
        ),
        entry(
            "LinearCosine",
            lambda: js.nodes.LinearCosine(1e-3, n),
            "LinearCosine",
            ref.linear_cosine(1e-3, n),
            n + 8,
            boundaries=(n,),
        ),
        entry(
            "LinearCosine-waves",
            lambda: js.nodes.LinearCosine(1e-3, n, num_periods=2.25, alpha=0.1, beta=0.01),
            "LinearCosine",
            ref.linear_cosine(1e-3, n, 2.25, 0.1, 0.01),
            n + 8,
            boundaries=(n // 9, n // 3, n),
        ),
        entry(
            "NoisyLinearCosine",
            lambda: js.nodes.NoisyLinearCosine(1e-3, n, key=3),
            "NoisyLinearCosine",
            None,
            n + 8,
            scale=1e-3,
        ),
        entry(
            "NoisyLinearCosine-silent",
            lambda: js.nodes.NoisyLinearCosine(1e-3, n, initial_variance=0.0),
            "NoisyLinearCosine",
            ref.linear_cosine(1e-3, n),
            n + 8,
            boundaries=(n,),
        ),
        entry("Mine", lambda: Mine(1e-3, 0.5), "Schedule", ref.inverse_time(1e-3, 0.5), 20, monotone=True),
    ]


def tables(n: int) -> list[Entry]:
    few, steps = [1e-3, 3e-4, 1e-4, 5e-5], [n // 4, n // 2, n // 2]
    many = [1e-3 * 0.8**i for i in range(21)]
    times = [n * (i + 1) // 20 for i in range(20)]
    points, at = [1e-5, 1e-3, 4e-4, 1e-4], [n // 8, n // 3, n // 2, n]
    jump = [n // 8, n // 2, n // 2, n]
    short = min(n, 2000)
    listed = [1e-3 / (1 + i % 7) for i in range(min(n, 5000))]
    return [
        entry(
            "Piecewise",
            lambda: js.nodes.Piecewise(values=few, boundaries=steps),
            "Piecewise",
            ref.piecewise(few, steps),
            n,
            boundaries=tuple(steps),
            exact=((0, 1e-3), (n // 4, 3e-4)),
            flat=(n // 2, 5e-5),
            monotone=True,
        ),
        entry(
            "Piecewise-many",
            lambda: js.nodes.Piecewise(values=np.asarray(many), boundaries=np.asarray(times)),
            "Piecewise",
            ref.piecewise(many, times),
            n + 8,
            boundaries=tuple(times),
            exact=((0, many[0]), *zip(times, many[1:], strict=True)),
            flat=(n, many[-1]),
            monotone=True,
        ),
        entry(
            "Interpolated",
            lambda: js.Interpolated(values=points, boundaries=at),
            "Interpolated",
            ref.interpolated(points, at),
            n + 8,
            boundaries=tuple(at),
            exact=((0, 1e-5), *zip(at, points, strict=True)),
            flat=(n, 1e-4),
            scale=1e-3,
        ),
        entry(
            "Interpolated-jump",
            lambda: js.Interpolated(values=points, boundaries=jump),
            "Interpolated",
            ref.interpolated(points, jump),
            n + 8,
            boundaries=tuple(jump),
            exact=((0, 1e-5), (n // 2, 4e-4)),
            flat=(n, 1e-4),
            scale=1e-3,
        ),
        entry(
            "Interpolated-many",
            lambda: js.Interpolated(values=many[:20], boundaries=times),
            "Interpolated",
            ref.interpolated(many[:20], times),
            n + 8,
            boundaries=tuple(times),
            exact=tuple(zip(times, many, strict=False)),
            flat=(n, many[19]),
            monotone=True,
        ),
        entry(
            "CosineInterpolated",
            lambda: js.CosineInterpolated(values=points, boundaries=at),
            "CosineInterpolated",
            ref.interpolated(points, at, ref.half_cosine),
            n + 8,
            boundaries=tuple(at),
            exact=((0, 1e-5), *zip(at, points, strict=True)),
            flat=(n, 1e-4),
            scale=1e-3,
        ),
        entry(
            "Tabulated",
            lambda: js.Tabulated(listed),
            "Tabulated",
            ref.tabulated(listed),
            n + 8,
            boundaries=(len(listed) - 1,),
            exact=tuple(enumerate(listed[:20])),
            flat=(len(listed) - 1, listed[-1]),
        ),
        entry(
            "tabulate",
            lambda: js.tabulate(js.Cosine(PEAK, END, steps=short), short),
            "tabulate Tabulated",
            ref.Curve(lambda t: ref.cosine(PEAK, END, short).at(t // 1)),
            n + 8,
            boundaries=(short,),
            exact=((0, PEAK),),
            flat=(short, END),
            monotone=True,
        ),
    ]


def algebra(n: int) -> list[Entry]:
    def falling():
        return js.Cosine(PEAK, END, steps=n)

    def rising():
        return js.Linear(0.5, 2.0, steps=n // 2)

    cosine, line = ref.cosine(PEAK, END, n), ref.linear(0.5, 2.0, n // 2)
    known = {"boundaries": (n // 2, n)}
    return [
        entry(
            "Sum", lambda: falling() + rising(), "Sum", combine(operator.add, cosine, line), n + 8, scale=2.0, **known
        ),
        entry(
            "Sum-number", lambda: 1e-5 + falling(), "Sum", combine(operator.add, cosine, ref.constant(1e-5)), n, **known
        ),
        entry(
            "SumOfMany",
            lambda: sum([falling()] * 5 + [rising()] * 5),
            "SumOfMany",
            combine(operator.add, scaled(5, cosine), scaled(5, line)),
            n + 8,
            scale=10.0,
            **known,
        ),
        entry(
            "ProductOfMany",
            lambda: math.prod([rising()] * 8 + [falling()]),
            "ProductOfMany",
            combine(lambda a, b: a**8 * b, line, cosine),
            n + 8,
            scale=256 * PEAK,
            **known,
        ),
        entry(
            "Difference",
            lambda: rising() - falling(),
            "Difference",
            combine(operator.sub, line, cosine),
            n + 8,
            scale=2.0,
            **known,
        ),
        entry(
            "Difference-crossing",
            lambda: falling() - 1e-4,
            "Difference",
            combine(operator.sub, cosine, ref.constant(1e-4)),
            n + 8,
            crosses=True,
            **known,
        ),
        entry(
            "Product",
            lambda: falling() * rising(),
            "Product",
            combine(operator.mul, cosine, line),
            n + 8,
            scale=PEAK,
            **known,
        ),
        entry("negation", lambda: -falling(), "Product", scaled(-1.0, cosine), n + 8, **known),
        entry(
            "Quotient", lambda: falling() / rising(), "Quotient", combine(operator.truediv, cosine, line), n, **known
        ),
        entry(
            "Quotient-number",
            lambda: 1e-4 / rising(),
            "Quotient",
            combine(operator.truediv, ref.constant(1e-4), line),
            n,
            **known,
        ),
        entry(
            "Quotient-of-nothing",
            lambda: js.Linear(0.0, 1.0, steps=n) / js.Linear(0.0, 2.0, steps=n // 2),
            "Quotient",
            combine(lambda a, b: a / b if b else b, ref.linear(0.0, 1.0, n), ref.linear(0.0, 2.0, n // 2)),
            n,
            scale=0.5,
            exact=((0, 0.0),),
            **known,
        ),
        entry(
            "Power-sqrt", lambda: falling() ** 0.5, "Power", combine(ref.power, cosine, ref.constant(0.5)), n, **known
        ),
        entry(
            "Power-odd",
            lambda: (falling() * 1e4 - 1) ** 3,
            "Power",
            combine(lambda a, b: (a * b - 1) ** 3, cosine, ref.constant(1e4)),
            n,
            crosses=True,
            **known,
        ),
        entry(
            "Power-scheduled",
            lambda: 0.5 ** rising(),
            "Power",
            combine(ref.power, ref.constant(0.5), line),
            n,
            **known,
        ),
        entry(
            "rescale",
            lambda: js.rescale(falling(), batch=js.nodes.Piecewise([n // 4], [256, 1024]), base=512, rule="sqrt"),
            "rescale Product Power",
            combine(lambda a, b: a * (b / 512).sqrt(), cosine, ref.piecewise([256, 1024], [n // 4])),
            n + 8,
            boundaries=(n // 4, n),
        ),
        entry(
            "rescale-linear",
            lambda: js.rescale(falling(), batch=js.Linear(64, 256, steps=n // 2), base=256),
            "rescale Product Quotient",
            combine(lambda a, b: a * b / 256, cosine, ref.linear(64, 256, n // 2)),
            n + 8,
            scale=PEAK,
            **known,
        ),
        entry(
            "Blend",
            lambda: js.nodes.Blend(PEAK, 1e-3, js.Linear(0.0, 1.0, steps=n)),
            "Blend",
            ref.linear(PEAK, 1e-3, n),
            n + 8,
            boundaries=(n,),
            exact=((0, PEAK),),
            flat=(n, 1e-3),
            monotone=True,
        ),
        entry(
            "Wrap",
            lambda: js.nodes.Wrap(lambda t: 1e-3 / (1.0 + t)),
            "Wrap",
            ref.inverse_time(1e-3, 1.0),
            20,
            monotone=True,
        ),
        entry(
            "Wrap-optax",
            lambda: js.nodes.Wrap(optax.linear_schedule(1e-3, 2e-4, n)),
            "Wrap",
            ref.linear(1e-3, 2e-4, n),
            n + 8,
            boundaries=(n,),
            monotone=True,
        ),
        entry(
            "as_schedule-function",
            lambda: js.as_schedule(lambda t: 1e-3 * math.e / (2.0 + t)),
            "as_schedule Wrap",
            scaled(0.5e-3 * math.e, ref.inverse_time(1.0, 0.5)),
            20,
            monotone=True,
        ),
    ]
