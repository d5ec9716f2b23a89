"""Examples of the recipes that rise as well as fall."""

import jaxsched as js
from support import reference_composed as composed
from support.zoo_entry import END, LAST, PEAK, Entry, entry


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
