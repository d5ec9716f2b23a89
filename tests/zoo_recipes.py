"""Examples of the recipes."""

import reference as ref
import reference_composed as composed
from zoo_combined import FALLS
from zoo_entry import END, LAST, PEAK, Entry, entry
from zoo_simple import bend

import jaxsched as js


def falling(n: int) -> list[Entry]:
    unit = max(n // 4, 1)
    stairs = tuple(unit * i for i in (1, 2, 3))
    close = 1 - 1 / (10 * n)  # a rate near 1, which float32 cannot hold

    def decay(recipe, name, curve, *numbers, **known):
        start = numbers[0]
        kept = {"boundaries": stairs, "exact": ((0, start),), **known}
        kinds = recipe.__name__
        held = composed.staircase(curve(*numbers), numbers[2]) if len(numbers) > 2 else None
        flat = entry(f"{kinds}{name}", lambda: recipe(*numbers), kinds, curve(*numbers), n + 8, monotone=True, **kept)
        return [flat, entry(f"{kinds}{name}-staircase", lambda: recipe(*numbers, True), kinds, held, n + 8, **kept)]

    return [
        *decay(js.exponential_decay, "", ref.power_of_rate, 1e-3, 0.6, unit),
        *decay(js.natural_exponential_decay, "", ref.exponential, 1e-3, 0.3, unit),
        *decay(js.inverse_time_decay, "", ref.inverse_time, 1e-3, 0.5, unit),
        entry(
            "exponential_decay-near-1",
            lambda: js.exponential_decay(1e-3, close),
            "exponential_decay",
            ref.power_of_rate(1e-3, close),
            n,
            boundaries=stairs,
            exact=((0, 1e-3),),
            monotone=True,
        ),
        entry(
            "exponential_decay-growing",
            lambda: js.exponential_decay(1e-6, 2.0, unit),
            "exponential_decay",
            ref.power_of_rate(1e-6, 2.0, unit),
            n,
            last=min(20 * unit, LAST),
            exact=((0, 1e-6),),
            monotone=True,
        ),
        entry(
            "polynomial_decay",
            lambda: js.polynomial_decay(PEAK, END, n, 2.0),
            "polynomial_decay",
            ref.polynomial(PEAK, END, n, 2.0),
            n + 8,
            boundaries=(n,),
            exact=((0, PEAK),),
            flat=(n, END),
            monotone=True,
        ),
        entry(
            "polynomial_decay-cycle",
            lambda: js.polynomial_decay(PEAK, 0.0, unit, cycle=True),
            "polynomial_decay StretchingPolynomial",
            ref.stretching_polynomial(PEAK, 0.0, unit),
            n + 8,
            boundaries=stairs,
            exact=((0, PEAK), *((at, 0.0) for at in stairs)),
        ),
        entry(
            "linear_cosine_decay",
            lambda: js.linear_cosine_decay(1e-3, n, 1.0),
            "linear_cosine_decay",
            ref.linear_cosine(1e-3, n, 1.0),
            n + 8,
            boundaries=(n // 2, n),
        ),
        entry(
            "noisy_linear_cosine_decay",
            lambda: js.noisy_linear_cosine_decay(1e-3, n, initial_variance=0.01, key=5),
            "noisy_linear_cosine_decay",
            None,
            n + 8,
            scale=1e-3,
        ),
        entry(
            "step_decay",
            lambda: js.step_decay(1e-3, 0.5, unit),
            "step_decay",
            composed.staircase(ref.power_of_rate(1e-3, 0.5, unit), unit),
            n + 8,
            boundaries=stairs,
            exact=((0, 1e-3),),
            monotone=True,
        ),
        entry(
            "multistep_decay",
            lambda: js.multistep_decay(1e-3, 0.1, [unit, unit, 3 * unit]),
            "multistep_decay",
            ref.piecewise([1e-3, 1e-4, 1e-5, 1e-6], [unit, unit, 3 * unit]),
            n + 8,
            boundaries=stairs,
            exact=((0, 1e-3),),
            monotone=True,
        ),
        entry(
            "piecewise_constant",
            lambda: js.piecewise_constant(list(stairs), [1e-3, 4e-4, 5e-4, 1e-5]),
            "piecewise_constant",
            ref.piecewise([1e-3, 4e-4, 5e-4, 1e-5], stairs),
            n + 8,
            boundaries=stairs,
            exact=((0, 1e-3), *zip(stairs, [4e-4, 5e-4, 1e-5], strict=True)),
            flat=(stairs[-1], 1e-5),
        ),
        entry(
            "lambda_decay",
            lambda: js.lambda_decay(1e-3, lambda t: 1.0 / (2.0 + t)),
            "lambda_decay Wrap",
            ref.inverse_time(0.5e-3, 0.5),
            20,
            monotone=True,
        ),
        entry(
            "multiplicative_decay",
            lambda: js.multiplicative_decay(1e-3, lambda t: 1 - 1 / (1 + t) ** 2, min(n, 2000)),
            "multiplicative_decay Tabulated",
            # the product of 1 - 1 / (1 + t)**2 telescopes to (t + 2) / (2 (t + 1))
            ref.Curve(lambda t: (lambda u: ref.number(1e-3) * (u + 2) / (2 * (u + 1)))(min(t, min(n, 2000)))),
            n + 8,
            boundaries=(min(n, 2000),),
            exact=((0, 1e-3),),
            monotone=True,
        ),
    ]


def warmed(n: int) -> list[Entry]:
    w, stable = n // 6, n // 3
    decay = n - w - stable
    up = {"scale": PEAK, "boundaries": (w, n), "exact": ((0, 0.0), (w, PEAK))}
    forever = {"scale": PEAK, "boundaries": (w,), "exact": ((0, 0.0), (w, PEAK))}

    def phases(name, fall, end, **options):
        begin = {"start": options.get("start", 0.0)}
        rise = ref.cosine if options.get("warmup_shape") == "cosine" else ref.linear
        pieces = [rise(begin["start"], PEAK, w), ref.constant(PEAK), fall(PEAK, end, decay)]
        return entry(
            f"wsd-{name}",
            lambda: js.wsd(PEAK, warmup=w, stable=stable, decay=decay, end=end, **options),
            "wsd",
            composed.join(pieces, [w, w + stable]),
            n + 8,
            scale=PEAK,
            boundaries=(w, w + stable, n),
            exact=((0, begin["start"]), (w, PEAK), (w + stable, PEAK)),
            flat=(n, end),
        )

    return [
        entry(
            "noam",
            lambda: js.noam(512, w),
            "noam",
            composed.noam(512, w),
            n,
            scale=(512 * w) ** -0.5,
            boundaries=(w,),
            exact=((0, 0.0),),
        ),
        entry(
            "warmup_linear",
            lambda: js.warmup_linear(PEAK, w, n, END),
            "warmup_linear",
            composed.warmup(ref.linear(PEAK, END, n - w), w),
            n + 8,
            flat=(n, END),
            **up,
        ),
        entry(
            "warmup_cosine",
            lambda: js.warmup_cosine(PEAK, w, n, END),
            "warmup_cosine",
            composed.warmup(ref.cosine(PEAK, END, n - w), w),
            n + 8,
            flat=(n, END),
            **up,
        ),
        entry(
            "warmup_inverse_sqrt",
            lambda: js.warmup_inverse_sqrt(PEAK, w),
            "warmup_inverse_sqrt",
            composed.warmup(ref.inverse_power(PEAK, w), w),
            n,
            **forever,
        ),
        entry(
            "warmup_inverse_sqrt-timescale",
            lambda: js.warmup_inverse_sqrt(PEAK, w, timescale=2 * w),
            "warmup_inverse_sqrt",
            composed.warmup(ref.inverse_power(PEAK, 2 * w), w),
            n,
            **forever,
        ),
        *(
            phases(name, fall, END if name in ("geometric", "inverse") else 0.0, shape=name)
            for name, fall in FALLS.items()
        ),
        phases("shaped-warmup", ref.cosine, END, shape="cosine", start=END, warmup_shape="cosine"),
        phases("function", lambda *ends: ref.ramp(bend, *ends), END, shape=bend),
        entry(
            "flat_cosine",
            lambda: js.flat_cosine(PEAK, n, 0.72, END),
            "flat_cosine",
            composed.join(
                [ref.constant(PEAK), ref.cosine(PEAK, END, n - composed.rounded_share("0.72", n))],
                [composed.rounded_share("0.72", n)],
            ),
            n + 8,
            boundaries=(composed.rounded_share("0.72", n), n),
            exact=((0, PEAK), (composed.rounded_share("0.72", n), PEAK)),
            flat=(n, END),
            monotone=True,
        ),
        entry(
            "linear_to_zero",
            lambda: js.linear_to_zero(PEAK, n, w),
            "linear_to_zero",
            composed.warmup(ref.linear(PEAK, 0.0, n - w), w),
            n + 8,
            flat=(n, 0.0),
            **up,
        ),
        entry(
            "linear_to_zero-cold",
            lambda: js.linear_to_zero(PEAK, n),
            "linear_to_zero",
            ref.linear(PEAK, 0.0, n),
            n + 8,
            boundaries=(n,),
            exact=((0, PEAK),),
            flat=(n, 0.0),
            monotone=True,
        ),
    ]


def rising_and_falling(n: int) -> list[Entry]:
    third, up, down = composed.rounded_share("0.3", n), max(n // 8, 1), max(n // 6, 1)

    def one_cycle(name, turn, down_length=None, **options):
        cosine = options.get("shape", "cosine") == "cosine"
        div, final = options.get("div", 25.0), options.get("final_div", 1e4)
        marks = (turn, n) if down_length is None else (turn, turn + down_length, n)
        return entry(
            f"one_cycle{name}",
            lambda: js.one_cycle(1e-2, n, **options),
            "one_cycle",
            composed.one_cycle(1e-2, n, turn, div, final, down_length, cosine),
            n + 8,
            boundaries=marks,
            exact=((turn, 1e-2),),
        )

    def momentum(name, turn, down_length=None, **options):
        cosine = options.get("shape", "cosine") == "cosine"
        end = n if down_length is None else turn + down_length
        return entry(
            f"one_cycle_momentum{name}",
            lambda: js.one_cycle_momentum(0.85, 0.95, n, **options),
            "one_cycle_momentum",
            composed.one_cycle_momentum(0.85, 0.95, n, turn, down_length, cosine),
            n + 8,
            boundaries=(turn, end),
            exact=((0, 0.95), (turn, 0.85)),
            flat=(end, 0.95),
        )

    def triangles(mode, gamma=1.0):
        feet = tuple((up + down) * i for i in (1, 2, 3) if (up + down) * i <= LAST)
        rate = entry(
            f"cyclic-{mode}",
            lambda: js.cyclic(1e-4, 1e-3, up, down, mode, gamma),
            "cyclic",
            composed.triangles(1e-4, 1e-3, up, down, mode, gamma),
            n + 8,
            boundaries=(up, *feet),
            exact=((0, 1e-4), *(((up, 1e-3),) if gamma == 1 else ()), *((foot, 1e-4) for foot in feet)),
        )
        twin = entry(
            f"cyclic_momentum-{mode}",
            lambda: js.cyclic_momentum(0.8, 0.9, up, down, mode, gamma),
            "cyclic_momentum",
            composed.triangles(0.9, 0.8, up, down, mode, gamma),
            n + 8,
            boundaries=(up, *feet),
            exact=((0, 0.9), *((foot, 0.9) for foot in feet)),
        )
        return [rate, twin]

    def restarts(name, period, growth=1, decay=1.0, end=0.0):
        lengths = period if isinstance(period, list) else [int(period * growth**i) for i in range(3)]
        marks = tuple(m for m in (sum(lengths[: i + 1]) for i in range(len(lengths))) if m <= LAST)
        return entry(
            f"sgdr{name}",
            lambda: js.sgdr(PEAK, period, growth, decay, end),
            "sgdr",
            composed.restarts(PEAK, period, growth, decay, end),
            n + 8,
            boundaries=marks,
            exact=((0, PEAK),),
        )

    period = max(n // 8, 1)
    fifth = n // 5
    return [
        one_cycle("", third),
        one_cycle("-linear", third, shape="linear", div=10.0, final_div=100.0),
        one_cycle("-warmup", fifth, warmup=fifth),
        one_cycle("-three-phase", third, third, three_phase=True),
        one_cycle(
            "-three-phase-linear", fifth, 2 * fifth, three_phase=True, warmup=fifth, down=2 * fifth, shape="linear"
        ),
        momentum("", third),
        momentum("-linear", third, shape="linear"),
        momentum("-three-phase", third, third, three_phase=True),
        *triangles("triangular"),
        *triangles("triangular2"),
        *triangles("exp_range", 1 - 0.5 / n),
        entry(
            "cyclic-symmetric",
            lambda: js.cyclic(0.0, 1e-3, up),
            "cyclic",
            composed.triangles(0.0, 1e-3, up, up),
            n + 8,
            scale=1e-3,
            boundaries=(up, 2 * up, 3 * up),
            exact=((0, 0.0), (up, 1e-3), (2 * up, 0.0)),
        ),
        restarts("", period),
        restarts("-growth", period, 2, 0.8, END),
        restarts("-fractional-growth", period, 1.5, 1.0, END),
        restarts("-listed", [period, 3 * period, 2 * period], 1, 0.5, END),
        entry(
            "slanted_triangular",
            lambda: js.slanted_triangular(1e-2, n, cut=0.125),
            "slanted_triangular",
            composed.two_lines(1e-2 / 32, 1e-2, n // 8, n),
            n + 8,
            boundaries=(n // 8, n),
            exact=((n // 8, 1e-2),),
        ),
    ]
