"""Examples of `warmup` and `cooldown`."""

import jaxsched as js
from support import reference as ref
from support import reference_composed as composed
from support.zoo_entry import END, PEAK, Entry, entry
from support.zoo_ramps import bend

RISES = {
    "linear": lambda x: x,
    "cosine": lambda x: 1 - ref.half_cosine(x),
    "1-sqrt": lambda x: 1 - (1 - x).sqrt(),
    "exponential": lambda x: 2**x - 1,
}
"""Warmup shapes: the weight of the peak."""

FALLS = {
    "linear": ref.linear,
    "cosine": ref.cosine,
    "1-sqrt": ref.elapsed_power,
    "square": lambda *ends: ref.elapsed_power(*ends, 2.0),
    "mirror-cosine": ref.mirror_cosine,
    "exponential": ref.exponential_ramp,
    "rex": ref.rex,
    "geometric": ref.geometric,
    "inverse": ref.inverse,
}
"""Cooldown shapes."""


def _two_lines(start, end, steps):
    half = steps // 2
    knee = end + 0.25 * (start - end)
    return js.join([js.Linear(start, knee, steps=half), js.Linear(knee, end, steps=steps - half)])


def warmups(n: int) -> list[Entry]:
    w = n // 6
    rest = n - w

    def peak():
        return js.Cosine(PEAK, END, steps=rest)

    after = ref.cosine(PEAK, END, rest)

    def warm(name, steps, reference, covers="", start=0.0, offset=0, **options):
        exact = ((0, start), (steps, PEAK)) if offset == 0 else ((steps - offset, PEAK),)
        return entry(
            f"warmup-{name}",
            lambda: js.warmup(peak(), steps, start, offset=offset, **options),
            f"warmup Warmup {covers}",
            reference,
            n + 8,
            scale=PEAK,
            boundaries=(steps - offset, steps + rest - offset),
            exact=exact,
            flat=(steps + rest - offset, END),
        )

    log = composed.warmup(after, w, lambda x: (1 + x * w).ln() / ref.number(1 + w).ln())
    deep_speed = composed.warmup(after, w - 1, lambda x: (1 + x * (w - 1)).ln() / ref.number(w).ln())
    return [
        *(warm(name, w, composed.warmup(after, w, rise), shape=name) for name, rise in RISES.items()),
        warm("log", w, log, shape="log"),
        warm("from-start", w, composed.warmup(after, w, start=1e-6), start=1e-6),
        warm("convention-B", w, composed.warmup(after, w, offset=1), "advance Advance", offset=1),
        warm("convention-C", w + 1, composed.warmup(after, w + 1, offset=1), "advance Advance", offset=1),
        warm("convention-D", w - 1, composed.warmup(after, w - 1)),
        warm("convention-E", w - 1, deep_speed, shape="log"),
        warm("ramp-class", w, composed.warmup(after, w, lambda x: 1 - (1 - x) / (1 - x / 2)), shape=js.Rex),
        warm(
            "function-of-ends",
            w,
            composed.warmup(after, w, lambda x: 1 - (1 - x) ** 3),
            shape=lambda start, end, steps: js.Polynomial(start, end, steps=steps, power=3.0),
        ),
        warm(
            "function-of-fraction",
            w,
            composed.warmup(after, w, lambda x: 1 - bend(x), start=END),
            start=END,
            shape=lambda x: 1 - bend(x),
        ),
        entry(
            "warmup-none",
            lambda: js.warmup(js.Cosine(PEAK, END, steps=n), 0),
            "warmup Warmup",
            ref.cosine(PEAK, END, n),
            n,
            boundaries=(n,),
            exact=((0, PEAK),),
            flat=(n, END),
        ),
        entry(
            "warmup-of-constant",
            lambda: js.warmup(PEAK, float(w)),
            "warmup Warmup",
            composed.warmup(ref.constant(PEAK), w),
            n,
            scale=PEAK,
            boundaries=(w,),
            exact=((0, 0.0),),
            flat=(w, PEAK),
            monotone=True,
        ),
    ]


def cooldowns(n: int) -> list[Entry]:
    begin, length = n // 2, n - n // 2

    def cool(name, shape, reference_shape, end, base=None):
        reference = composed.cooldown(base or ref.inverse_power(PEAK, n), begin, length, end, reference_shape)
        return entry(
            f"cooldown-{name}",
            lambda: js.cooldown(js.InverseSqrt(PEAK, n), begin, length, end, shape=shape),
            "cooldown Cooldown",
            reference,
            n + 8,
            boundaries=(begin, n),
            exact=((0, PEAK),),
            flat=(n, end),
            monotone=True,
        )

    def bent(start, end, steps):
        return ref.ramp(bend, start, end, steps)

    def two_lines(start, end, steps):
        half, s, e = steps // 2, ref.number(start), ref.number(end)
        knee = e + (s - e) / 4
        return composed.join([ref.linear(s, knee, half), ref.linear(knee, e, steps - half)], [half])

    unreachable = {"geometric", "inverse"}
    return [
        *(cool(name, name, fall, 1e-6 if name in unreachable else 0.0) for name, fall in FALLS.items()),
        cool("cosine-to-end", "cosine", ref.cosine, END),
        cool("ramp-class", js.TimePowerCosine, ref.time_power_cosine, 0.0),
        cool("function-of-fraction", bend, bent, END),
        cool(
            "function-of-ends",
            lambda start, end, steps: js.Polynomial(start, end, steps=steps, power=2.0),
            lambda *ends: ref.polynomial(*ends, 2.0),
            0.0,
        ),
        cool("function-of-ends-composed", _two_lines, two_lines, END),
        entry(
            "cooldown-at-once",
            lambda: js.cooldown(PEAK, begin, 0, END),
            "cooldown Cooldown",
            ref.piecewise([PEAK, END], [begin]),
            n + 8,
            boundaries=(begin,),
            exact=((0, PEAK),),
            flat=(begin, END),
            monotone=True,
        ),
    ]
