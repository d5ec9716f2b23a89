"""Examples of the combinators."""

import math
import operator
from decimal import Decimal

import jaxsched as js
from support import reference as ref
from support import reference_composed as composed
from support.zoo_entry import END, LAST, PEAK, Entry, entry


def joins(n: int) -> list[Entry]:
    a, b = n // 4, n // 2
    sixth, pieces = n // 6, 20
    each = max(n // pieces, 1)
    starts = [PEAK * 0.9**i for i in range(pieces)]
    ends = [each * (i + 1) for i in range(pieces - 1)]

    def kinds(i, module):
        start = starts[i]
        if module is js:
            return (js.Cosine, js.Linear)[i % 2](start, start / 2, steps=each)
        return (module.cosine, module.linear)[i % 2](start, start / 2, each)

    return [
        entry(
            "join",
            lambda: js.join([js.Linear(0.0, PEAK, steps=a), PEAK, js.Cosine(PEAK, END, steps=n - b)], [a, b]),
            "join Join",
            composed.join([ref.linear(0.0, PEAK, a), ref.constant(PEAK), ref.cosine(PEAK, END, n - b)], [a, b]),
            n + 8,
            scale=PEAK,
            boundaries=(a, b, n),
            exact=((0, 0.0), (a, PEAK), (b, PEAK)),
            flat=(n, END),
        ),
        entry(
            "join-default-boundaries",
            lambda: js.join(
                [
                    js.Linear(PEAK, 1e-3, steps=a),
                    js.Geometric(2e-4, 1e-6, steps=b),
                    js.nodes.Exponential(1e-5, 0.1, sixth),
                ]
            ),
            "join Join",
            composed.join(
                [ref.linear(PEAK, 1e-3, a), ref.geometric(2e-4, 1e-6, b), ref.exponential(1e-5, 0.1, sixth)], [a, a + b]
            ),
            n + 8,
            boundaries=(a, a + b),
            exact=((0, PEAK), (a, 2e-4), (a + b, 1e-5)),
        ),
        entry(
            "then",
            lambda: js.Linear(1e-6, PEAK, steps=a).then(js.InverseSqrt(PEAK, a)),
            "join Join",
            composed.join([ref.linear(1e-6, PEAK, a), ref.inverse_power(PEAK, a)], [a]),
            n,
            boundaries=(a,),
            exact=((0, 1e-6), (a, PEAK)),
        ),
        entry(
            "then-from-there",
            lambda: js.Cosine(PEAK, 1e-4, steps=a).then(js.Linear(None, 0.0, steps=b)),
            "Cooldown Linear",
            composed.cooldown(ref.cosine(PEAK, 1e-4, a), a, b, 0.0, ref.linear),
            n,
            boundaries=(a, a + b),
            exact=((0, PEAK), (a, 1e-4)),
            flat=(a + b, 0.0),
            monotone=True,
        ),
        entry(
            "join-one",
            lambda: js.join([js.Rex(PEAK, 0.0, steps=n)]),
            "join Join",
            ref.rex(PEAK, 0.0, n),
            n,
            flat=(n, 0.0),
        ),
        entry(
            "join-empty-pieces",
            lambda: js.join(
                [
                    js.Linear(1.0, 2.0, steps=0),
                    js.Rex(PEAK, END, steps=a),
                    js.Cosine(1.0, 0.5, steps=0),
                    js.Constant(END),
                ],
                [0, a, a],
            ),
            "join Join",
            ref.rex(PEAK, END, a),
            n,
            boundaries=(a,),
            exact=((0, PEAK),),
            flat=(a, END),
            monotone=True,
        ),
        entry(
            "StackedJoin-one-kind",
            lambda: js.join([js.Cosine(start, start / 2, steps=each) for start in starts]),
            "join StackedJoin",
            composed.join([ref.cosine(start, start / 2, each) for start in starts], ends),
            64,
            boundaries=tuple(ends),
            exact=((0, starts[0]), *zip(ends, starts[1:], strict=True)),
            flat=(each * pieces, starts[-1] / 2),
        ),
        entry(
            "StackedJoin-mixed-kinds",
            lambda: js.join([kinds(i, js) for i in range(pieces - 1)] + [PEAK / 100], ends),
            "join StackedJoin",
            composed.join([kinds(i, ref) for i in range(pieces - 1)] + [ref.constant(PEAK / 100)], ends),
            64,
            boundaries=tuple(ends),
            exact=((0, starts[0]), *zip(ends[:-1], starts[1:-1], strict=True)),
            flat=(ends[-1], PEAK / 100),
        ),
    ]


def cycles(n: int) -> list[Entry]:
    period = max(n // 6, 4)

    def wave(p=period):
        return js.Cosine(PEAK, END, steps=p)

    curve = ref.cosine(PEAK, END, period)

    def again(name, growth=1, decay=1.0, covers="Cycle", p=period):
        g = Decimal(repr(growth))  # 1.1 is what was written, not the nearest binary fraction
        restarts = [s for s in (period, period * (1 + g), period * (1 + g + g * g)) if s <= LAST]
        return entry(
            f"cycle-{name}",
            lambda: js.cycle(wave(p), p, growth, decay),
            f"cycle {covers}",
            composed.cycle(curve, period, g, decay),
            8 * period,
            boundaries=tuple(math.ceil(s) for s in restarts),
            exact=((0, PEAK), *((int(s), PEAK) for s in restarts if decay == 1 and s == int(s))),
        )

    lengths = [period, 2 * period + 1, period // 2, 2 * period]
    return [
        again("growth-1"),
        again("growth-2", 2),
        again("growth-3", 3),
        again("growth-1.5", 1.5, covers="ListedCycles"),
        again("growth-1.1", 1.1, covers="ListedCycles"),
        again("decay", 1, 0.5),
        again("decay-to-nothing", 1, 0.0),
        again("growth-2-decay", 2, 0.7),
        again("float-period", p=float(period)),
        entry(
            "cycle-listed",
            lambda: js.cycle(wave(), lengths, decay=0.8),
            "cycle ListedCycles",
            composed.listed_cycles(curve, period, lengths, 0.8),
            8 * period,
            boundaries=tuple(sum(lengths[:i]) for i in range(1, 5)),
            exact=((0, PEAK),),
        ),
        entry("cycle-none", lambda: js.cycle(PEAK, 0), "cycle Cycle", ref.constant(PEAK), 20, flat=(0, PEAK)),
    ]


def clocks(n: int) -> list[Entry]:
    every = max(n // 8, 1)

    def wave():
        return js.Cosine(PEAK, END, steps=n)

    curve = ref.cosine(PEAK, END, n)

    def slowed(name, factor, keep_warmup=False):
        f, wave = Decimal(repr(factor)), ref.cosine(PEAK, END, half)
        warm, up = n // 4, n // 4 * (1 if keep_warmup else f)
        if keep_warmup:
            reference = composed.warmup(composed.stretch(wave, f), warm)
        else:
            reference = composed.stretch(composed.warmup(wave, warm), f)
        return entry(
            name,
            lambda: js.stretch(js.warmup(js.Cosine(PEAK, END, steps=half), n // 4), factor, keep_warmup),
            "stretch",
            reference,
            n + 8,
            scale=PEAK,
            boundaries=(math.ceil(up), math.ceil(up + half * f)),
            exact=((0, 0.0), *([(int(up), PEAK)] if up == int(up) else [])),
            flat=(math.ceil(up + half * f), END),
        )

    def resumed(name, old, new, moved):
        quarter = n // 4
        runs = [js.Run(batch_size=size, sequence_length=10) for size in (old, new)]
        return entry(
            name,
            lambda: js.resume_at(wave(), 40 * quarter, *runs),
            "resume_at",
            moved(curve, quarter),
            n + quarter + 8,
            boundaries=(quarter, n - quarter, n + quarter),
            flat=(n + quarter if new > old else n - quarter, END),
        )

    half, known = n // 2, {"exact": ((0, PEAK),)}
    stairs = tuple(every * i for i in range(1, 9))
    odd = every + 0.5 if n < 2**23 else float(every)  # a length that float32 holds
    u = 4 * max(min(n, 2_000) // 40, 1)  # `seesaw` looks at every step
    return [
        entry(
            "staircase",
            lambda: js.staircase(wave(), every),
            "staircase Staircase",
            composed.staircase(curve, every),
            n + 8,
            boundaries=stairs,
            **known,
        ),
        entry(
            "staircase-float",
            lambda: js.staircase(js.Linear(PEAK, END, steps=n), odd),
            "staircase Staircase",
            composed.staircase(ref.linear(PEAK, END, n), odd),
            n + 8,
            boundaries=(math.ceil(odd), math.ceil(2 * odd)),
            **known,
        ),
        entry(
            "per_epoch",
            lambda: js.per_epoch(js.Cosine(PEAK, END, steps=8), every),
            "per_epoch PerEpoch",
            composed.per_epoch(ref.cosine(PEAK, END, 8), every),
            n + 8,
            boundaries=stairs,
            flat=(8 * every, END),
            **known,
        ),
        entry(
            "clip",
            lambda: js.clip(js.Linear(PEAK, 0.0, steps=n), 1e-4, 2e-4),
            "clip Clip",
            composed.clip(ref.linear(PEAK, 0.0, n), 1e-4, 2e-4),
            n + 8,
            boundaries=(n // 3, n - n // 3),
            exact=((0, 2e-4),),
            flat=(n, 1e-4),
        ),
        entry(
            "clip-low",
            lambda: js.clip(js.InverseSqrt(PEAK, n), lo=1e-4),
            "clip Clip",
            composed.clip(ref.inverse_power(PEAK, n), low=1e-4),
            n + 8,
            **known,
        ),
        entry(
            "clip-moving",
            lambda: js.clip(wave(), js.Linear(END, 1e-4, steps=half), js.Linear(2e-4, 1.5e-4, steps=half)),
            "clip Maximum Minimum",
            composed.bounded(curve, ref.linear(END, 1e-4, half), ref.linear(2e-4, 1.5e-4, half)),
            n + 8,
            boundaries=(half, n),
            exact=((0, 2e-4),),
            flat=(n, 1e-4),
        ),
        entry(
            "maximum",
            lambda: js.maximum(wave(), js.Linear(END, 1e-4, steps=half), 5e-5),
            "maximum Maximum",
            composed.bounded(composed.bounded(curve, ref.linear(END, 1e-4, half)), ref.constant(5e-5)),
            n + 8,
            boundaries=(half, n),
            flat=(n, 1e-4),
            **known,
        ),
        entry(
            "minimum",
            lambda: js.minimum(js.Linear(0.0, PEAK, steps=half), js.InverseSqrt(PEAK, n)),
            "minimum Minimum",
            composed.bounded(ref.linear(0.0, PEAK, half), high=ref.inverse_power(PEAK, n)),
            n + 8,
            scale=PEAK,
            boundaries=(half, n),
            exact=((0, 0.0),),
        ),
        entry(
            "rounded",  # alone it is an int32: test_counts.py has its laws
            lambda: PEAK * js.rounded(js.piecewise_constant([n // 3, n // 2], [1.2, 3.5, 1.7])),
            "rounded Rounded",
            composed.scaled(PEAK, ref.piecewise([1, 4, 2], [n // 3, n // 2])),
            n // 2 + 8,
            boundaries=(n // 3, n // 2),
            scale=4 * PEAK,
            flat=(n // 2, 2 * PEAK),
        ),
        entry("scale", lambda: js.scale(wave(), 0.5), "scale", composed.scaled(0.5, curve), n + 8, flat=(n, END / 2)),
        entry(
            "scale-schedule",
            lambda: js.scale(wave(), js.Linear(1.0, 0.5, steps=half)),
            "scale Product",
            composed.combine(operator.mul, curve, ref.linear(1.0, 0.5, half)),
            n + 8,
            boundaries=(half, n),
            **known,
        ),
        entry(
            "delay",
            lambda: js.delay(js.Cosine(PEAK, END, steps=half), half),
            "delay Delay",
            composed.delay(ref.cosine(PEAK, END, half), half),
            n + 8,
            boundaries=(half, 2 * half),
            exact=((0, PEAK), (half, PEAK)),
            flat=(2 * half, END),
        ),
        entry(
            "advance",
            lambda: js.advance(wave(), half),
            "advance Advance",
            composed.advance(curve, half),
            n + 8,
            boundaries=(half, n - half),
            flat=(n - half, END),
        ),
        resumed("resume_at-larger", 2, 4, composed.delay),
        resumed("resume_at-smaller", 4, 2, composed.advance),
        entry(
            "Run.seesaw",
            lambda: js.Run(batch_size=64, total=8 * u).seesaw(
                js.warmup(js.nodes.Piecewise([2 * u, 4 * u], [PEAK, PEAK / 2, PEAK / 4]), u)
            )[0],
            "Join Piecewise",
            composed.join(
                [ref.linear(0.0, PEAK, u), ref.piecewise([PEAK, PEAK / math.sqrt(2), PEAK / 2], [2 * u, 3 * u])], [u]
            ),
            5 * u,
            scale=PEAK,
            boundaries=(u, 3 * u, 4 * u),
            exact=((0, 0.0), (u, PEAK)),
            flat=(4 * u, PEAK / 2),
        ),
        slowed("stretch", 1.5),
        slowed("stretch-shorter", 0.5),
        slowed("stretch-keep-warmup", 1.5, keep_warmup=True),
        slowed("stretch-to-fractions", 1.3),
        entry(
            "stretch-by-clock",
            lambda: js.stretch(lambda t: 1e-3 / (1.0 + t), 4.0),
            "stretch Stretch",
            ref.inverse_time(1e-3, 0.25),
            n + 8,
            monotone=True,
        ),
        entry(
            "jitter",
            lambda: js.jitter(wave(), 0.1, bound=0.25, key=7),
            "jitter NormalJitter",
            None,
            n + 8,
            scale=PEAK,
        ),
        entry(
            "jitter-scheduled",
            lambda: js.jitter(wave(), js.nodes.Piecewise(values=[0.0, 0.1], boundaries=[half]), bound=0.25, key=7),
            "jitter NormalJitter",
            None,
            n + 8,
            scale=PEAK,
        ),
        entry(
            "jitter-uniform",
            lambda: js.jitter(wave(), bound=0.25, key=7, distribution="uniform"),
            "jitter UniformJitter",
            None,
            n + 8,
            scale=PEAK,
        ),
    ]
