"""Ignite, whose schedulers are event handlers, and Composer, with its time strings."""

import functools

from support.compat.translations import Translation

_ignite = functools.partial(Translation, "Ignite")
_composer = functools.partial(Translation, "Composer")

IGNITE = [
    _ignite(
        "arbitrary factor f(t)",
        'LambdaStateScheduler(lambda t: 0.9**t, "rate", create_new=True)',
        "js.lambda_decay(1.0, lambda t: 0.9 ** (t + 1))",
        notes="It counts events from 1.",
    ),
    _ignite(
        "step decay",
        'StepStateScheduler(1.0, gamma=0.5, step_size=3, param_name="rate", create_new=True)',
        "js.advance(js.step_decay(1.0, 0.5, 3), 1)",
        notes="It counts events from 1.",
    ),
    _ignite(
        "multistep / milestones",
        'MultiStepStateScheduler(1.0, gamma=0.1, milestones=[3, 7], param_name="rate", create_new=True)',
        "js.advance(js.multistep_decay(1.0, 0.1, [3, 7]), 1)",
        notes="It counts events from 1.",
    ),
    _ignite(
        "piecewise linear / interpolated",
        'PiecewiseLinear(optimizer, "lr", [(2, 1.0), (5, 0.1), (10, 0.5)])',
        "js.Interpolated([2, 5, 10], [1.0, 0.1, 0.5])",
    ),
    _ignite("linear ramp", 'PiecewiseLinear(optimizer, "lr", [(0, 1.0), (10, 0.1)])', "js.Linear(1.0, 0.1, steps=10)"),
    _ignite(
        "exponential",
        'ExpStateScheduler(1.0, gamma=0.9, param_name="rate", create_new=True)',
        "js.advance(js.exponential_decay(1.0, 0.9), 1)",
        notes="It counts events from 1.",
    ),
    _ignite(
        "cosine decay",
        'CosineAnnealingScheduler(optimizer, "lr", 1.0, 0.1, 8)',
        "js.sgdr(1.0, 8, end=0.1)",
        notes="It begins again: `js.Cosine(1.0, 0.1, steps=8)` is one cycle.",
    ),
    _ignite(
        "cosine + hard restarts",
        'CosineAnnealingScheduler(optimizer, "lr", 1.0, 0.0, 4, cycle_mult=2)',
        "js.sgdr(1.0, 4, growth=2)",
    ),
    _ignite(
        "restart peak decay",
        'CosineAnnealingScheduler(optimizer, "lr", 1.0, 0.0, 4, start_value_mult=0.5)',
        "js.sgdr(1.0, 4, decay=0.5)",
    ),
    _ignite(
        "warmup after each restart",
        'CosineAnnealingScheduler(optimizer, "lr", 1.0, 0.0, 4, warmup_duration=2)',
        "js.cycle(js.Cosine(1.0, 0.0, steps=4).then(js.Linear(0.0, 1.0, steps=2)), 6)",
    ),
    _ignite(
        "triangular cyclic (3 modes)",
        'LinearCyclicalScheduler(optimizer, "lr", 1.0, 0.1, 10)',
        "js.cycle(js.Interpolated([0, 5, 10], [1.0, 0.1, 1.0]), 10)",
    ),
    _ignite(
        "flat + cosine",
        'ConcatScheduler([PiecewiseLinear(optimizer, "lr", [(0, 1.0), (6, 1.0)]), '
        'CosineAnnealingScheduler(optimizer, "lr", 1.0, 0.0, 8)], durations=[6])',
        "js.join([1.0, js.sgdr(1.0, 8)], [6])",
    ),
    _ignite(
        "linear warmup wrapper",
        'create_lr_scheduler_with_warmup(CosineAnnealingScheduler(optimizer, "lr", 1.0, 0.0, 8), '
        "warmup_start_value=0.0, warmup_duration=3)",
        "js.warmup(js.sgdr(1.0, 8), 2)",
    ),
    _ignite(
        "linear warmup wrapper",
        "create_lr_scheduler_with_warmup(ExponentialLR(optimizer, 0.9), warmup_start_value=0.1, warmup_duration=4)",
        "js.warmup(js.exponential_decay(1.0, 0.9), 3, start=0.1)",
    ),
    _ignite(
        "reduce on plateau",
        'ReduceLROnPlateauScheduler(optimizer, "loss", mode="min", factor=0.5, patience=1)',
        "js.reduce_on_plateau(1.0, factor=0.5, patience=1)",
        0,
        metrics=[1.0, 0.8, 0.9, 0.9, 0.9, 0.9, 0.7, 0.8, 0.8, 0.8],
        notes="A `min_lr` is ignored there, here `min_value` holds.",
    ),
    _ignite(
        "LR range test schedule",
        "_ExponentialLR(optimizer, start_lrs=[1.0], end_lrs=[10.0], num_iter=20)",
        "js.advance(js.Geometric(1.0, 10.0, steps=20), 1)",
        20,
        notes="What `FastaiLRFinder` sweeps. It is one step ahead.",
    ),
    _ignite(
        "momentum schedule",
        'LinearCyclicalScheduler(optimizer, "momentum", 0.95, 0.85, 10)',
        "js.cycle(js.Interpolated([0, 5, 10], [0.95, 0.85, 0.95]), 10)",
    ),
    _ignite(
        "weight-decay schedule",
        'PiecewiseLinear(optimizer, "weight_decay", [(0, 0.0), (10, 0.1)])',
        "js.Linear(0.0, 0.1, steps=10)",
    ),
    _ignite(
        "batch-size schedule",
        "BatchSizeScheduler(dataloader, lambda epoch: 16 + 12 * epoch)",
        "js.Linear(16.0, 64.0, steps=4)",
        5,
        notes="Read as `int(schedule(epoch))`.",
    ),
]

COMPOSER = [
    _composer("constant", "ConstantScheduler()", "js.Constant(1.0)", 20),
    _composer(
        "constant factor, then base",
        'ConstantScheduler(alpha=0.1, t_max="5ba")',
        "js.piecewise_constant([5], [0.1, 1.0])",
        20,
    ),
    _composer(
        "arbitrary factor f(t)",
        "lambda state, ssr=1.0: 0.9**state.timestamp.batch.value",
        "js.lambda_decay(1.0, lambda t: 0.9**t)",
        20,
    ),
    _composer(
        "step decay",
        'StepScheduler(step_size="1ep", gamma=0.5)',
        "js.step_decay(1.0, 0.5, js.Run(steps_per_epoch=5).epochs(1))",
        20,
        notes="Time strings are in batches, epochs, samples, tokens or parts of the run: `js.Run` knows them all.",
    ),
    _composer(
        "multistep / milestones",
        'MultiStepScheduler(milestones=["8ba", "3ep"], gamma=0.1)',
        "js.multistep_decay(1.0, 0.1, [8, js.Run(steps_per_epoch=5).epochs(3)])",
        20,
    ),
    _composer(
        "linear ramp",
        'LinearScheduler(alpha_i=1.0, alpha_f=0.1, t_max="1dur")',
        "js.Linear(1.0, 0.1, steps=js.Run(total=20).fraction(1.0))",
        20,
    ),
    _composer(
        "linear ramp",
        'LinearScheduler(t_max="1280tok")',
        "js.Linear(1.0, 0.0, steps=js.Run(batch_size=8, sequence_length=16).tokens(1280))",
        20,
    ),
    _composer(
        "polynomial",
        'PolynomialScheduler(power=2.0, t_max="0.5dur", alpha_f=0.1)',
        'js.Polynomial(1.0, 0.1, steps=js.Run(total=20).fraction(0.5, rounding="down"), power=2.0)',
        20,
    ),
    _composer(
        "exponential",
        'ExponentialScheduler(gamma=0.5, decay_period="1ep")',
        "js.exponential_decay(1.0, 0.5, js.Run(steps_per_epoch=5).epochs(1))",
        20,
    ),
    _composer(
        "cosine decay",
        'CosineAnnealingScheduler(t_max="80sp", alpha_f=0.1)',
        "js.Cosine(1.0, 0.1, steps=js.Run(batch_size=8).samples(80))",
        20,
    ),
    _composer(
        "cosine + hard restarts",
        'CosineAnnealingWarmRestartsScheduler(t_0="4ba", t_mult=2.0, alpha_f=0.1)',
        "js.sgdr(1.0, 4, growth=2, end=0.1)",
        20,
    ),
    _composer(
        "linear warmup wrapper",
        'ConstantWithWarmupScheduler(t_warmup="4ba")',
        "js.warmup(1.0, 4)",
        20,
    ),
    _composer(
        "linear warmup wrapper",
        'LinearWithWarmupScheduler(t_warmup="4ba", alpha_f=0.1)',
        "js.warmup_linear(1.0, 4, 20, end=0.1)",
        20,
    ),
    _composer(
        "linear warmup wrapper",
        'CosineAnnealingWithWarmupScheduler(t_warmup="0.2dur", alpha_f=0.1)',
        'js.warmup_cosine(1.0, js.Run(total=20).fraction(0.2, rounding="down"), 20, end=0.1)',
        20,
    ),
    _composer(
        "linear warmup wrapper",
        'LinearWithWarmupScheduler(t_warmup="0.18dur", alpha_f=0.1)',
        'js.warmup_linear(1.0, js.Run(total=20).fraction(0.18, rounding="down"), 20, end=0.1)',
        20,
        notes="A part of the run is rounded down: here 3.6 steps to 3.",
    ),
    _composer(
        "linear warmup wrapper",
        'PolynomialWithWarmupScheduler(t_warmup="4ba", power=2.0)',
        "js.warmup(js.Polynomial(1.0, 0.0, steps=16, power=2.0), 4)",
        20,
    ),
    _composer(
        "linear warmup wrapper",
        'MultiStepWithWarmupScheduler(t_warmup="5ba", milestones=["3ba", "12ba"], gamma=0.1)',
        "js.join([js.Linear(0.0, 1.0, steps=5), js.advance(js.multistep_decay(1.0, 0.1, [3, 12]), 5)], [5])",
        20,
        notes="A milestone in the warmup is a jump at its end.",
    ),
]
