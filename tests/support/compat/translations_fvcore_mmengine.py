"""fvcore, whose schedules are functions of the part of the run that is done, and MMEngine, with its windows."""

import functools

from support.compat.translations import RISES, STOPS, Translation

_fvcore = functools.partial(Translation, "fvcore")
_mmengine = functools.partial(Translation, "MMEngine")

FVCORE = [
    _fvcore("constant", "ConstantParamScheduler(0.5)", "js.Constant(0.5)", 20),
    _fvcore(
        "constant factor, then base",
        "CompositeParamScheduler([ConstantParamScheduler(0.1), ConstantParamScheduler(1.0)], [0.25, 0.75], "
        '["fixed"] * 2)',
        "js.piecewise_constant([5], [0.1, 1.0])",
        20,
        notes="Lengths are parts of the run: here of 20 steps.",
    ),
    _fvcore(
        "arbitrary factor f(t)",
        'type("Mine", (ParamScheduler,), {"__call__": lambda self, where: 0.9 ** (20 * where)})()',
        "js.lambda_decay(1.0, lambda t: 0.9**t)",
        20,
    ),
    _fvcore(
        "step decay",
        "StepWithFixedGammaParamScheduler(base_value=1.0, num_decays=3, gamma=0.1, num_updates=20)",
        "js.step_decay(1.0, 0.1, 5)",
        20,
    ),
    _fvcore(
        "multistep / milestones",
        "MultiStepParamScheduler(values=[1.0, 0.1, 0.01], num_updates=20, milestones=[8, 15])",
        "js.multistep_decay(1.0, 0.1, [8, 15])",
        20,
    ),
    _fvcore(
        "piecewise constant (absolute values)",
        "StepParamScheduler(num_updates=20, values=[1.0, 0.5, 0.2, 0.1])",
        "js.piecewise_constant([5, 10, 15], [1.0, 0.5, 0.2, 0.1])",
        20,
    ),
    _fvcore(
        "piecewise linear / interpolated",
        "CompositeParamScheduler([LinearParamScheduler(0.1, 1.0), LinearParamScheduler(1.0, 0.2)], [0.25, 0.75], "
        '["rescaled"] * 2)',
        "js.Interpolated([0, 5, 20], [0.1, 1.0, 0.2])",
        20,
    ),
    _fvcore("linear ramp", "LinearParamScheduler(1.0, 0.1)", "js.Linear(1.0, 0.1, steps=20)", 20),
    _fvcore(
        "polynomial", "PolynomialDecayParamScheduler(1.0, 0.9)", "js.Polynomial(1.0, 0.0, steps=20, power=0.9)", 20
    ),
    _fvcore(
        "exponential",
        "ExponentialParamScheduler(1.0, 0.1)",
        "js.Geometric(1.0, 0.1, steps=20)",
        20,
        notes="`decay` is the factor over the whole run.",
    ),
    _fvcore("cosine decay", "CosineParamScheduler(1.0, 0.1)", "js.Cosine(1.0, 0.1, steps=20)", 20),
    _fvcore(
        "cosine + hard restarts",
        'CompositeParamScheduler([CosineParamScheduler(1.0, 0.0)] * 2, [0.5, 0.5], ["rescaled"] * 2)',
        "js.sgdr(1.0, 10)",
        20,
    ),
    _fvcore(
        "explicit list of cycles",
        'CompositeParamScheduler([CosineParamScheduler(1.0, 0.0)] * 2, [0.2, 0.8], ["rescaled"] * 2)',
        "js.sgdr(1.0, [4, 16])",
        20,
    ),
    _fvcore(
        "flat + cosine",
        "CompositeParamScheduler([ConstantParamScheduler(1.0), CosineParamScheduler(1.0, 0.0)], [0.75, 0.25], "
        '["fixed", "rescaled"])',
        "js.join([1.0, js.Cosine(1.0, 0.0, steps=5)], [js.Run(total=20).fraction(0.75)])",
        20,
    ),
    _fvcore(
        "linear warmup wrapper",
        "CompositeParamScheduler([LinearParamScheduler(0.0, 1.0), CosineParamScheduler(1.0, 0.0)], [0.25, 0.75], "
        '["rescaled", "rescaled"])',
        "js.warmup(js.Cosine(1.0, 0.0, steps=30), 10)",
        40,
        trace="fvcore/composite(lin .25|cos .75,rescaled) where=i/40",
    ),
    _fvcore(
        "linear warmup wrapper",
        "CompositeParamScheduler([LinearParamScheduler(0.0, 4.0), CosineParamScheduler(1.0, 0.0)], [0.25, 0.75], "
        '["fixed", "fixed"])',
        "js.join([js.Linear(0.0, 1.0, steps=10), js.advance(js.Cosine(1.0, 0.0, steps=40), 10)], [10])",
        40,
        trace="fvcore/composite(lin .25|cos .75,fixed) where=i/40",
        notes="A fixed part keeps the run's clock.",
    ),
    _fvcore("momentum schedule", "LinearParamScheduler(0.95, 0.85)", "js.Linear(0.95, 0.85, steps=20)", 20),
    _fvcore("weight-decay schedule", "CosineParamScheduler(0.04, 0.4)", "js.Cosine(0.04, 0.4, steps=20)", 20),
]

MMENGINE = [
    _mmengine(
        "constant factor, then base",
        "ConstantLR(optimizer, factor=0.1, end=4)",
        "js.piecewise_constant([3], [0.1, 1.0])",
        notes="A window [begin, end) ends on its last active step: one step shorter than it reads.",
    ),
    _mmengine("step decay", "StepLR(optimizer, step_size=3, gamma=0.5)", "js.step_decay(1.0, 0.5, 3)"),
    _mmengine(
        "multistep / milestones",
        "MultiStepLR(optimizer, milestones=[3, 7], gamma=0.1)",
        "js.multistep_decay(1.0, 0.1, [3, 7])",
    ),
    _mmengine("linear ramp", "LinearLR(optimizer, start_factor=0.25, end=4)", "js.Linear(0.25, 1.0, steps=3)"),
    _mmengine(
        "polynomial",
        "PolyLR(optimizer, eta_min=0.05, power=0.9, end=12)",
        "js.Polynomial(1.0, 0.05, steps=11, power=0.9)",
        15,
        trace="mmengine/PolyLR(.05,.9,end=12)",
    ),
    _mmengine("exponential", "ExponentialLR(optimizer, gamma=0.9)", "js.exponential_decay(1.0, 0.9)"),
    _mmengine(
        "cosine decay",
        "CosineAnnealingLR(optimizer, T_max=8, eta_min=0.1)",
        "js.Cosine(1.0, 0.1, steps=8)",
        12,
        differs=range(9, 12),
        instead=0.1,
        why=RISES,
    ),
    _mmengine(
        "cosine decay",
        "CosineAnnealingLR(optimizer, eta_min=0.1, end=8)",
        "js.Cosine(1.0, 0.1, steps=8)",
        12,
        differs=range(8, 12),
        instead=0.1,
        why="the window closes one step before the cosine ends",
    ),
    _mmengine(
        "cosine + hard restarts",
        "CosineRestartLR(optimizer, periods=[4, 4, 4], restart_weights=[1, 1, 1], eta_min=0.0)",
        "js.sgdr(1.0, 4)",
        12,
    ),
    _mmengine(
        "restart peak decay",
        "CosineRestartLR(optimizer, periods=[5, 8], restart_weights=[1, 0.5], eta_min=0.05)",
        "js.sgdr(1.0, [5, 8], decay=0.5, end=0.05)",
        16,
        trace="mmengine/CosineRestartLR([5,8],[1,.5],eta_min=.05)",
        differs=range(13, 16),
        instead=0.05,
        why=STOPS,
    ),
    _mmengine(
        "explicit list of cycles",
        "CosineRestartLR(optimizer, periods=[3, 5, 4], restart_weights=[1, 1, 1], eta_min=0.1)",
        "js.sgdr(1.0, [3, 5, 4], end=0.1)",
        12,
    ),
    _mmengine(
        "one-cycle",
        "OneCycleLR(optimizer, eta_max=1.0, total_steps=30)",
        "js.one_cycle(1.0, 29, warmup=8)",
        30,
        trace="mmengine/OneCycleLR(1,end=30)",
    ),
    _mmengine(
        "flat + cosine",
        "CosineAnnealingLR(optimizer, T_max=5, begin=10, end=16)",
        "js.join([1.0, js.Cosine(1.0, 0.0, steps=5)], [10])",
    ),
    _mmengine(
        "linear warmup wrapper",
        "[LinearLR(optimizer, start_factor=0.1, end=4), CosineAnnealingLR(optimizer, T_max=8, begin=3, end=12)]",
        "js.warmup(js.Cosine(1.0, 0.0, steps=8), 3, start=0.1)",
        notes="The second window opens on the last step of the first, or the peak shows twice.",
    ),
    _mmengine(
        "reduce on plateau",
        'ReduceOnPlateauLR(optimizer, monitor="loss", factor=0.5, patience=1, cooldown=1)',
        "js.reduce_on_plateau(1.0, factor=0.5, patience=1, cooldown=1)",
        0,
        metrics=[1.0, 0.8, 0.9, 0.9, 0.9, 0.9, 0.7, 0.8, 0.8, 0.8, 0.8],
    ),
    _mmengine(
        "momentum schedule",
        "LinearMomentum(optimizer, start_factor=0.5, end=5)",
        "js.Linear(0.45, 0.9, steps=4)",
        notes="The optimizer's momentum is 0.9.",
    ),
    _mmengine(
        "weight-decay schedule",
        'CosineAnnealingParamScheduler(optimizer, "weight_decay", T_max=8, eta_min=0.0)',
        "js.Cosine(0.05, 0.0, steps=8)",
        9,
        notes="The optimizer's weight decay is 0.05.",
    ),
]
