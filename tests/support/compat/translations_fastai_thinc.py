"""fastai, whose schedules take the part of a fit that is done, Lightning's learning-rate finder, and thinc."""

import functools

from support.compat.translations import Translation

_fastai = functools.partial(Translation, "fastai")
_lightning = functools.partial(Translation, "Lightning")
_thinc = functools.partial(Translation, "thinc")

FASTAI = [
    _fastai("constant", "SchedNo(1.0, 1.0)", "js.Constant(1.0)", 20),
    _fastai(
        "piecewise linear / interpolated",
        "combine_scheds([0.25, 0.75], [SchedLin(0.1, 1.0), SchedLin(1.0, 0.2)])",
        "js.Interpolated([0, 5, 20], [0.1, 1.0, 0.2])",
        20,
        notes="Positions are parts of the fit: here of 20 steps.",
    ),
    _fastai("linear ramp", "SchedLin(1.0, 0.1)", "js.Linear(1.0, 0.1, steps=20)", 20),
    _fastai(
        "polynomial",
        "SchedPoly(1.0, 0.1, 2.0)",
        "js.ElapsedPower(1.0, 0.1, steps=20, power=2.0)",
        20,
        notes="The power is one of the time that has passed; elsewhere, `js.Polynomial`, of what remains.",
    ),
    _fastai("exponential", "SchedExp(1.0, 0.1)", "js.Geometric(1.0, 0.1, steps=20)", 20),
    _fastai("cosine decay", "SchedCos(1.0, 0.1)", "js.Cosine(1.0, 0.1, steps=20)", 20),
    _fastai(
        "cosine + hard restarts",
        "combine_scheds([0.25, 0.75], [SchedCos(1.0, 0.0), SchedCos(1.0, 0.0)])",
        "js.sgdr(1.0, [5, 15])",
        20,
        notes="What `fit_sgdr(n_cycles=2, cycle_len=1, cycle_mult=3)` schedules: `js.sgdr(1.0, 5, growth=3)`.",
    ),
    _fastai(
        "one-cycle",
        "combined_cos(0.25, 1.0 / 25, 1.0, 1.0 / 1e5)",
        "js.one_cycle(1.0, 20, warmup=5, div=25, final_div=1e5 / 25)",
        20,
        notes="What `fit_one_cycle` schedules.",
    ),
    _fastai(
        "flat + cosine",
        "combine_scheds([0.75, 0.25], [SchedNo(1.0, 1.0), SchedCos(1.0, 1.0 / 1e5)])",
        "js.flat_cosine(1.0, 20, flat=0.75, end=1e-5)",
        20,
        notes="What `fit_flat_cos` schedules.",
    ),
    _fastai(
        "reduce on plateau",
        "ReduceLROnPlateau(patience=2, factor=2.0)",
        'js.reduce_on_plateau(1.0, factor=0.5, patience=2, rtol=0.0, rule="keras")',
        0,
        metrics=[1.0, 0.8, 0.9, 0.9, 0.9, 0.9, 0.7, 0.8, 0.8, 0.8],
        notes="Its factor divides.",
    ),
    _fastai(
        "LR range test schedule",
        "SchedExp(1e-7, 10.0)",
        "js.Geometric(1e-7, 10.0, steps=20)",
        20,
        notes="What `lr_find` sweeps.",
    ),
    _fastai(
        "momentum schedule",
        "combined_cos(0.25, 0.95, 0.85, 0.95)",
        "js.one_cycle_momentum(0.85, 0.95, 20, warmup=5)",
        20,
        notes="`moms` of `fit_one_cycle`.",
    ),
]

LIGHTNING = [
    _lightning(
        "LR range test schedule",
        "lr_find(min_lr=1e-8, max_lr=1.0, num_training=20)",
        "js.join([1e-8, js.advance(js.Geometric(1e-8, 1.0, steps=20), 2)], [1])",
        20,
        notes="The first step is at the start, and the second is two steps on.",
    ),
    _lightning(
        "LR range test schedule",
        'lr_find(min_lr=1e-8, max_lr=1.0, num_training=20, mode="linear")',
        "js.join([1e-8, js.advance(js.Linear(1e-8, 1.0, steps=20), 2)], [1])",
        20,
    ),
]

THINC = [
    _thinc("constant", "constant(0.5)", "js.Constant(0.5)", 8),
    _thinc(
        "constant factor, then base",
        "constant_then(0.1, 3, decaying(1.0, 0.5))",
        "js.join([0.1, js.advance(js.inverse_time_decay(1.0, 0.5), 3)], [3])",
        8,
        notes="What follows keeps the run's clock.",
    ),
    _thinc(
        "exponential",
        "compounding(1.0, 4.0, 2.0)",
        "js.clip(js.exponential_decay(1.0, 2.0), hi=4.0)",
        4,
        trace="thinc/compounding",
    ),
    _thinc(
        "inverse-time",
        "decaying(1.0, 0.5)",
        "js.inverse_time_decay(1.0, 0.5)",
        4,
        trace="thinc/decaying",
    ),
    _thinc(
        "triangular cyclic (3 modes)",
        "cyclic_triangular(0.1, 1.0, 2)",
        "js.advance(js.cyclic(0.1, 1.0, 2), 1)",
        9,
        trace="thinc/cyc 2",
        notes="It is one step ahead.",
    ),
    _thinc(
        "slanted triangular (STLR)",
        "slanted_triangular(1.0, 10)",
        "js.advance(js.slanted_triangular(1.0, 10), 1)",
        14,
        differs=range(10, 14),
        instead=1 / 32,
        why="the rate falls below 0 after the end",
        notes="It is one step ahead.",
    ),
    _thinc("linear warmup wrapper", "warmup_linear(1.0, 3, 10)", "js.warmup_linear(1.0, 3, 10)", 14),
    _thinc(
        "reduce on plateau",
        "plateau(2, 0.5, constant(1.0))",
        'js.reduce_on_plateau(1.0, factor=0.5, patience=2, rtol=0.0, mode="max", rule="keras")',
        0,
        metrics=[0.1, 0.3, 0.2, 0.2, 0.2, 0.2, 0.5, 0.4, 0.4, 0.4],
    ),
    _thinc(
        "batch-size schedule",
        "compounding(4.0, 32.0, 1.1)",
        "js.clip(js.exponential_decay(4.0, 1.1), hi=32.0)",
        30,
        notes="Read as `int(schedule(step))`.",
    ),
]
