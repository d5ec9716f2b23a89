"""Examples of the recipes that fall, with a warmup or without."""

import jaxsched as js
from support import reference as ref
from support import reference_composed as composed
from support.zoo_entry import END, LAST, PEAK, Entry, entry
from support.zoo_ramps import bend
from support.zoo_warmup import FALLS


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
            "exponential_decay GeometricDecay",
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
            "exponential_decay-to-nothing",
            lambda: js.exponential_decay(1e-3, 0.0, unit),
            "exponential_decay",
            ref.power_of_rate(1e-3, 0.0, unit),
            n,
            exact=((0, 1e-3), (1, 0.0)),
            monotone=True,
        ),
        entry(
            "Polynomial-recipe",
            lambda: js.Polynomial(PEAK, END, steps=n, power=2.0),
            "Polynomial",
            ref.polynomial(PEAK, END, n, 2.0),
            n + 8,
            boundaries=(n,),
            exact=((0, PEAK),),
            flat=(n, END),
            monotone=True,
        ),
        entry(
            "StretchingPolynomial-to-zero",
            lambda: js.StretchingPolynomial(PEAK, 0.0, steps=unit),
            "StretchingPolynomial",
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
            ref.Curve(lambda t: (lambda u: ref.number(1e-3) * (u + 2) / (2 * (u + 1)))(min(t // 1, min(n, 2000)))),
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
            "noam-cold",
            lambda: js.noam(512, 0, scale=2.0),
            "noam",
            ref.inverse_power(2 * 512**-0.5, 1),
            n,
            monotone=True,
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
        entry(
            "warmup_inverse_sqrt-cold",
            lambda: js.warmup_inverse_sqrt(PEAK, 0),
            "warmup_inverse_sqrt",
            ref.inverse_power(PEAK, 10_000),
            n,
            exact=((0, PEAK),),
            monotone=True,
        ),
        *(
            phases(name, fall, END if name in ("geometric", "inverse") else 0.0, shape=name)
            for name, fall in FALLS.items()
        ),
        phases("shaped-warmup", ref.cosine, END, shape="cosine", start=END, warmup_shape="cosine"),
        phases("function", lambda *ends: ref.ramp(bend, *ends), END, shape=bend),
        entry(
            "wsd-nothing-but-warmup",
            lambda: js.wsd(PEAK, warmup=n, stable=0, decay=0),
            "wsd",
            composed.join([ref.linear(0.0, PEAK, n), ref.constant(0.0)], [n]),
            n + 8,
            scale=PEAK,
            boundaries=(n,),
            exact=((0, 0.0),),
            flat=(n, 0.0),
        ),
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
            "warmup_linear-zero",
            lambda: js.warmup_linear(PEAK, w, n),
            "warmup_linear",
            composed.warmup(ref.linear(PEAK, 0.0, n - w), w),
            n + 8,
            flat=(n, 0.0),
            **up,
        ),
        entry(
            "warmup_linear-cold",
            lambda: js.warmup_linear(PEAK, 0, n),
            "warmup_linear",
            ref.linear(PEAK, 0.0, n),
            n + 8,
            boundaries=(n,),
            exact=((0, PEAK),),
            flat=(n, 0.0),
            monotone=True,
        ),
    ]
