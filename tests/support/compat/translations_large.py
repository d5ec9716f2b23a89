"""Megatron, DeepSpeed, torchtitan, nanoGPT, and what an optimizer of Hugging Face does by itself."""

import functools

from support.compat.translations import NEGATIVE, Translation

_megatron = functools.partial(Translation, "Megatron")
_deepspeed = functools.partial(Translation, "DeepSpeed")
_torchtitan = functools.partial(Translation, "torchtitan")
_nanogpt = functools.partial(Translation, "nanoGPT")
_transformers = functools.partial(Translation, "Transformers")

_SCHEDULER = "OptimizerParamScheduler(max_lr=1.0, min_lr=0.1, lr_warmup_steps=2, lr_decay_steps=8, "
_COSINE = _SCHEDULER + 'lr_decay_style="cosine", start_wd=0.0, end_wd=0.1, wd_incr_steps=4, wd_incr_style="linear")'
_LINEAR = _SCHEDULER + 'lr_decay_style="linear", start_wd=0.0, end_wd=0.1, wd_incr_steps=4, wd_incr_style="cosine")'
_WSD = _SCHEDULER + 'lr_decay_style="WSD", wsd_decay_steps=4, lr_wsd_decay_style="{}")'

MEGATRON = [
    _megatron("constant", _SCHEDULER + 'lr_decay_style="constant")', "js.warmup(1.0, 2)", 11),
    _megatron(
        "inverse sqrt / Noam / rsqrt",
        _SCHEDULER + 'lr_decay_style="inverse-square-root")',
        "js.join([js.warmup_inverse_sqrt(1.0, 2), 0.1], [9])",
        11,
        trace="megatron/isqrt",
        notes="After `lr_decay_steps` the rate falls to `min_lr` at once.",
    ),
    _megatron("cosine decay", _COSINE, "js.warmup_cosine(1.0, 2, 8, end=0.1)", 11, trace="megatron/cosine"),
    _megatron(
        "linear warmup wrapper", _LINEAR, "js.warmup_linear(1.0, 2, 8, end=0.1)", 11, trace="megatron/linear cos-wd"
    ),
    *(
        _megatron(
            "warmup-stable-decay (WSD)",
            _WSD.format(style),
            f'js.wsd(1.0, warmup=2, stable=2, decay=4, end=0.1, shape="{shape}")',
            11,
            trace=trace,
        )
        for style, shape, trace in [
            ("exponential", "exponential", "megatron/WSD exponential"),
            ("linear", "linear", "megatron/WSD linear"),
            ("cosine", "cosine", "megatron/WSD cosine"),
            ("minus_sqrt", "1-sqrt", ""),
        ]
    ),
    _megatron(
        "batch-size schedule",
        "RampupBatchsizeNumMicroBatchesCalculator(16, 1, 1, False, 0, 4, 4, 48)",
        "js.piecewise_constant([4, 6, 8], [4, 8, 12, 16])",
        12,
        notes="`--rampup-batch-size 4 4 48 --global-batch-size 16`: a batch lasts for a third of 48 samples. "
        "`js.Run(batch_size=...)` counts what is seen, and `js.rescale(lr, batch=..., base=16)` lets the rate follow.",
    ),
    _megatron(
        "weight-decay schedule", _COSINE, "js.Linear(0.0, 0.1, steps=4)", 11, trace="megatron/cosine", column="second"
    ),
    _megatron(
        "weight-decay schedule",
        _LINEAR,
        "js.Cosine(0.0, 0.1, steps=4)",
        11,
        trace="megatron/linear cos-wd",
        column="second",
    ),
]

_ONE_CYCLE = (
    "OneCycle(optimizer, cycle_min_lr=0.1, cycle_max_lr=1.0, cycle_first_step_size=2, decay_step_size=1, "
    "decay_lr_rate=0.5, decay_mom_rate=0.01)"
)
_TWICE = "The constructor's value and that of the first `step()` are the same: the first is shown twice."

DEEPSPEED = [
    _deepspeed(
        "triangular cyclic (3 modes)",
        "OneCycle(optimizer, cycle_min_lr=0.1, cycle_max_lr=1.0, cycle_first_step_size=4)",
        "js.Interpolated([0, 4, 8], [0.1, 1.0, 0.1])",
        12,
        notes="One cycle only: `js.cyclic(0.1, 1.0, 4)` goes on.",
    ),
    _deepspeed(
        "one-cycle",
        _ONE_CYCLE,
        "js.Linear(0.1, 1.0, steps=2).then(js.Linear(1.0, 0.1, steps=2)).then(js.inverse_time_decay(0.1, 0.5))",
        10,
        trace="deepspeed/onecycle",
    ),
    _deepspeed(
        "one-cycle",
        "OneCycle(optimizer, cycle_min_lr=0.1, cycle_max_lr=1.0, cycle_first_step_size=8, cycle_first_stair_count=2)",
        "js.piecewise_constant([4, 8, 9, 13], [0.1, 0.55, 1.0, 0.55, 0.1])",
        16,
    ),
    _deepspeed(
        "linear warmup wrapper",
        'WarmupLR(optimizer, warmup_max_lr=1.0, warmup_num_steps=1, warmup_type="linear")',
        "js.delay(js.warmup(1.0, 2), 1)",
        5,
        trace="deepspeed/warm 1",
        notes=_TWICE + " `warmup_num_steps` is at least 2.",
    ),
    _deepspeed(
        "linear warmup wrapper",
        'WarmupDecayLR(optimizer, total_num_steps=10, warmup_max_lr=1.0, warmup_num_steps=4, warmup_type="linear")',
        "js.delay(js.warmup_linear(1.0, 4, 10), 1)",
        13,
    ),
    _deepspeed(
        "linear warmup wrapper",
        'WarmupCosineLR(optimizer, total_num_steps=8, warmup_num_steps=4, warmup_type="linear", cos_min_ratio=0.1)',
        "js.delay(js.join([js.Linear(0.0, 1.0, steps=4), js.advance(js.Cosine(1.0, 0.1, steps=4), 1)], [4]), 1)",
        12,
        notes="The cosine is one step ahead: the peak is never shown.",
    ),
    _deepspeed(
        "log warmup",
        "WarmupLR(optimizer, warmup_max_lr=1.0, warmup_num_steps=4)",
        'js.delay(js.warmup(1.0, 3, shape="log"), 1)',
        7,
        trace="deepspeed/warm log 4",
        notes=_TWICE,
    ),
    _deepspeed(
        "log warmup",
        'WarmupCosineLR(optimizer, total_num_steps=8, warmup_num_steps=4, warmup_type="unknown")',
        'js.delay(js.warmup(1.0, 3, shape="log"), 1)',
        3,
        trace="deepspeed/warmcos unknown type",
        notes="A type that it does not know is taken for `log`.",
    ),
    _deepspeed(
        "LR range test schedule",
        "LRRangeTest(optimizer, lr_range_test_min_lr=0.1, lr_range_test_step_size=4)",
        "js.Linear(0.1, 0.25, steps=6)",
        7,
        trace="deepspeed/range",
        notes="It never ends: ours does where the test does.",
    ),
    _deepspeed(
        "LR range test schedule",
        "LRRangeTest(optimizer, lr_range_test_min_lr=0.1, lr_range_test_step_size=4, lr_range_test_staircase=True)",
        "js.staircase(js.Linear(0.1, 0.3, steps=8), 4)",
        7,
        trace="deepspeed/range stair",
    ),
    _deepspeed(
        "momentum schedule",
        _ONE_CYCLE,
        "js.Interpolated([0, 2, 4], [0.9, 0.8, 0.9])",
        10,
        trace="deepspeed/onecycle",
        column="second",
        differs=[0, *range(5, 10)],
        instead=0.9,
        why="the first momentum is the rate's low one, and after the cycle it grows beyond 1",
    ),
]

_TITAN = "LRSchedulersContainer.Config(warmup_steps={}, total_steps=10{}).build(optimizers)"

TORCHTITAN = [
    _torchtitan(
        "linear warmup wrapper",
        _TITAN.format(2, ""),
        "js.advance(js.wsd(1.0, warmup=2, stable=1, decay=8), 1)",
        12,
        trace="torchtitan/10 w2 None",
        differs=[11],
        instead=0.0,
        why=NEGATIVE,
        notes="Warmup and decay count step + 1; with a decay of all the rest there is one stable step.",
    ),
    _torchtitan(
        "linear warmup wrapper",
        _TITAN.format(10, ""),
        "js.warmup(1.0, 10, offset=1)",
        12,
        trace="torchtitan/w10",
        differs=[11],
        instead=1.0,
        why="a run longer than its warmup raises",
    ),
    _torchtitan(
        "warmup-stable-decay (WSD)",
        _TITAN.format(2, ', decay_ratio=0.3, decay_type="sqrt"'),
        'js.advance(js.wsd(1.0, warmup=2, stable=6, decay=3, shape="1-sqrt"), 1)',
        12,
        trace="torchtitan/sqrt",
        differs=[11],
        instead=0.0,
        why=NEGATIVE,
    ),
    _torchtitan(
        "warmup-stable-decay (WSD)",
        _TITAN.format(2, ", min_lr_factor=0.1"),
        "js.advance(js.wsd(1.0, warmup=2, stable=1, decay=8, end=0.1), 1)",
        12,
        trace="torchtitan/linear m.1 warm",
        differs=[11],
        instead=0.1,
        why=NEGATIVE,
    ),
    _torchtitan(
        "warmup-stable-decay (WSD)",
        _TITAN.format(2, ', decay_ratio=0.5, decay_type="cosine", min_lr_factor=0.1'),
        'js.advance(js.wsd(1.0, warmup=2, stable=4, decay=5, end=0.1, shape="cosine"), 1)',
        11,
    ),
]

NANOGPT = [
    _nanogpt(
        "cosine decay",
        "partial(get_lr, learning_rate=1.0, warmup_iters=0, lr_decay_iters=12, min_lr=0.1)",
        "js.Cosine(1.0, 0.1, steps=12)",
        16,
    ),
    _nanogpt(
        "linear warmup wrapper",
        "partial(get_lr, learning_rate=1.0, warmup_iters=3, lr_decay_iters=12, min_lr=0.1)",
        "js.warmup(js.Cosine(1.0, 0.1, steps=9), 4, offset=1)",
        16,
        notes="The warmup counts (it + 1) / (warmup_iters + 1).",
    ),
]

TRANSFORMERS = [
    _transformers(
        "inverse sqrt / Noam / rsqrt",
        "Adafactor(params, relative_step=True, scale_parameter=False)",
        "js.clip(js.InverseSqrt(1.0, 1), hi=1e-2)",
        notes="The schedules of `get_scheduler` have a module.",
    ),
    _transformers(
        "inverse sqrt / Noam / rsqrt",
        "Adafactor(params, relative_step=True, scale_parameter=False, warmup_init=True)",
        "js.join([js.Linear(1e-6, 1e-2, steps=9999), js.advance(js.InverseSqrt(1.0, 1), 9999)], [9999])",
    ),
]
