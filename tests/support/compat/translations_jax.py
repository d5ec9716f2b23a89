"""Levanter, T5X, big_vision, MaxText and MLX."""

import functools

from support.compat.translations import NEGATIVE, RISES, Translation

_levanter = functools.partial(Translation, "Levanter")
_t5x = functools.partial(Translation, "T5X")
_big_vision = functools.partial(Translation, "big_vision")
_maxtext = functools.partial(Translation, "MaxText")
_mlx = functools.partial(Translation, "MLX")


def _adam(arguments: str, total: int = 10) -> str:
    return f"AdamConfig(learning_rate=1.0, {arguments}).lr_scheduler({total})"


LEVANTER = [
    _levanter("constant", _adam('lr_schedule="constant", warmup=0'), "js.Constant(1.0)", 12),
    _levanter(
        "inverse-time",
        _adam('lr_schedule="inv", warmup=0'),
        "js.Inverse(1.0, 0.1, steps=10)",
        12,
        differs=[0],
        instead=1.0,
        why="step 0 is taken for step 1, and the peak is never shown",
    ),
    _levanter(
        "inverse sqrt / Noam / rsqrt",
        _adam("lr_schedule=InvSqrtLrSchedule(timescale=8), warmup=0.2", 20),
        "js.warmup(js.clip(js.delay(js.InverseSqrt(1.0, 8), 4), 0.1), 4)",
        24,
        notes="The root counts the warmup too, and is flat until the timescale is over.",
    ),
    _levanter(
        "power law in tokens",
        _adam("lr_schedule=PowerLrSchedule(a=4.6, b=-0.51, batch_size=8, seq_length=16), warmup=2", 20),
        "js.warmup(js.clip(js.delay(js.InverseSqrt(8 * 4.6 * 128**-0.51, 1, power=0.51), 1), hi=1.0), 2)",
        24,
        notes="a times the batch size times tokens to the power b, tokens counted after the warmup.",
    ),
    _levanter(
        "cosine decay",
        _adam("warmup=0.2"),
        'js.warmup_cosine(1.0, js.Run(total=10).fraction(0.2, rounding="down"), 10, end=0.1)',
        13,
        trace="levanter/cosine W.2",
        notes="`warmup`, `decay` and `cooldown` up to 1 are parts of the run, rounded down.",
    ),
    _levanter(
        "linear warmup wrapper",
        _adam('lr_schedule="linear", warmup=0.29', 100),
        'js.warmup_linear(1.0, js.Run(total=100).fraction(0.29, rounding="down"), 100, end=0.1)',
        102,
        notes="0.29 * 100 is a little less than 29 in floats: 28 steps.",
    ),
    _levanter(
        "cosine with exponent",
        _adam("lr_schedule=CosineLrSchedule(exponent=2.0), warmup=0"),
        "js.ValuePowerCosine(1.0, 0.1, steps=10, exponent=2.0)",
        12,
    ),
    _levanter(
        "cosine + hard restarts",
        _adam("cycles=2, warmup=0"),
        "js.sgdr(1.0, 5, end=0.1)",
        10,
        notes="With `js.sgdr(1.0, [5, 5], end=0.1)` the last cycle holds its end too.",
    ),
    _levanter(
        "explicit list of cycles",
        _adam("cycles=[4, 10], warmup=0", 18),
        "js.sgdr(1.0, [4, 6, 8], end=0.1)",
        20,
        notes="They list the ends of cycles, we their lengths.",
    ),
    _levanter(
        "warmup after each restart",
        _adam('lr_schedule="linear", cycles=2, warmup=0, rewarmup=0.2'),
        "js.Linear(1.0, 0.1, steps=5).then(js.warmup(js.Linear(1.0, 0.1, steps=4), 1, start=0.1))",
        13,
        trace="levanter/cycles2 rewarm .2",
    ),
    _levanter(
        "warmup-stable-decay (WSD)",
        _adam('lr_schedule="linear", warmup=0.2, decay=0.3'),
        "js.wsd(1.0, warmup=2, stable=5, decay=3, end=0.1)",
        12,
    ),
    _levanter(
        "linear warmup wrapper",
        _adam('lr_schedule="linear", warmup=1.0'),
        "js.warmup(1.0, 10)",
        12,
        trace="levanter/linear warm=decay all",
    ),
    _levanter(
        "multiplicative cooldown tail over any decay",
        _adam('lr_schedule="constant", warmup=2, cooldown=0.5'),
        "js.cooldown(js.warmup(1.0, 2), at=5, steps=5, end=0.1)",
        12,
        notes="Not a factor: a line from the last value.",
    ),
]


def _factors(factors: str, arguments: str) -> str:
    return f'create_learning_rate_scheduler("{factors}", base_learning_rate=1.0, {arguments})'


T5X = [
    _t5x(
        "step decay",
        _factors("constant * decay_every", "decay_factor=0.5, steps_per_decay=3"),
        "js.step_decay(1.0, 0.5, 3)",
        8,
        trace="t5x/decay_every",
        notes="`jaxsched.compat.factors` takes these strings as they are.",
    ),
    _t5x(
        "linear warmup wrapper",
        _factors("linear_decay", "warmup_steps=4, decay_factor=0.1"),
        "js.clip(js.warmup_linear(1.0, 4, 14), 1e-8)",
        16,
        trace="t5x/linear_decay W4 .1",
    ),
    _t5x(
        "inverse sqrt / Noam / rsqrt",
        _factors("constant * linear_warmup * rsqrt_decay", "warmup_steps=0"),
        "js.delay(js.InverseSqrt(1.0, 1), 1)",
        3,
        trace="t5x/W0",
        differs=[0],
        instead=1.0,
        why="0 / 0 at the first step of no warmup",
    ),
    _t5x(
        "inverse sqrt / Noam / rsqrt",
        _factors("constant * linear_warmup * rsqrt_decay", "warmup_steps=4"),
        "js.clip(js.warmup_inverse_sqrt(4**-0.5, 4), 1e-8)",
    ),
    _t5x(
        "inverse sqrt / Noam / rsqrt",
        _factors("constant * linear_warmup * rsqrt_normalized_decay", "warmup_steps=4"),
        "js.clip(js.warmup_inverse_sqrt(1.0, 4), 1e-8)",
        8,
        trace="t5x/rsqrt_norm W4",
    ),
    _t5x(
        "cosine decay",
        _factors("constant * cosine_decay", "warmup_steps=0, steps_per_cycle=30"),
        "js.Cosine(1.0, 0.0, steps=30)",
        notes="It begins again after its end.",
    ),
    _t5x(
        "cosine + hard restarts",
        _factors("constant * linear_warmup * cosine_decay", "warmup_steps=4, steps_per_cycle=6"),
        "js.clip(js.warmup(js.sgdr(1.0, 6), 4), 1e-8)",
    ),
]


def _vision(arguments: str, total: int = 20) -> str:
    return f"create_learning_rate_schedule({total}, {arguments})"


BIG_VISION = [
    _big_vision(
        "multistep / milestones",
        _vision('decay_type="stair", steps=[8, 15], mults=[0.1, 0.01]'),
        "js.multistep_decay(1.0, 0.1, [8, 15])",
    ),
    _big_vision(
        "piecewise constant (absolute values)",
        _vision('base=2.0, decay_type="stair", steps=[8, 15], mults=[0.5, 0.2]'),
        "js.piecewise_constant([8, 15], [2.0, 2.0 * 0.5, 2.0 * 0.2])",
    ),
    _big_vision(
        "polynomial",
        _vision('decay_type="polynomial", power=2, end=0.1, warmup_steps=4'),
        "js.warmup(js.Polynomial(1.0, 0.1, steps=16, power=2.0), 4)",
    ),
    _big_vision(
        "inverse sqrt / Noam / rsqrt",
        _vision('decay_type="rsqrt", timescale=4, warmup_steps=2, cooldown_steps=2', 8),
        "js.warmup_inverse_sqrt(1.0, 2, timescale=4) * js.delay(js.Linear(1.0, 0.0, steps=2), 6)",
        10,
        trace="big_vision/rsqrt W2 ts4 cd2",
        differs=[9],
        instead=0.0,
        why=NEGATIVE,
    ),
    _big_vision(
        "cosine decay",
        _vision('batch_size=512, decay_type="cosine", scale_with_batchsize=True'),
        "js.Cosine(1.0 * 512 / 256, 0.0, steps=20)",
    ),
    _big_vision(
        "linear warmup wrapper",
        _vision('batch_size=8, data_size=40, decay_type="cosine", warmup_epochs=1'),
        "js.warmup_cosine(1.0, js.Run(steps_per_epoch=40 / 8).epochs(1), 20)",
        notes="`epochs`, `examples` and `percent` are `epochs`, `samples` and `fraction` of `js.Run`.",
    ),
    _big_vision(
        "linear warmup wrapper",
        _vision('batch_size=8, decay_type="cosine", warmup_examples=30'),
        "js.warmup_cosine(1.0, js.Run(batch_size=8).samples(30), 20)",
    ),
    _big_vision(
        "linear warmup wrapper",
        _vision('decay_type="linear", linear_end=0.1, warmup_percent=0.2'),
        "js.warmup_linear(1.0, js.Run(total=20).fraction(0.2), 20, end=0.1)",
    ),
    _big_vision(
        "multiplicative cooldown tail over any decay",
        _vision('decay_type="linear", warmup_steps=2, cooldown_steps=2', 8),
        "js.warmup_linear(1.0, 2, 8) * js.delay(js.Linear(1.0, 0.0, steps=2), 6)",
        10,
        trace="big_vision/linear W2 T8 C2",
    ),
]


def _max(arguments: str, steps: int = 12) -> str:
    config = f"learning_rate=1.0, warmup_steps_fraction=0.2, learning_rate_schedule_steps=10, steps={steps}"
    return f"create_learning_rate_schedule(Config({config}, {arguments}))"


_WSD = 'lr_schedule_type="wsd", wsd_decay_steps_fraction=0.3, wsd_decay_style="{}"'

MAXTEXT = [
    _maxtext(
        "linear warmup wrapper",
        _max('lr_schedule_type="cosine"'),
        "js.join([js.warmup_cosine(1.0, 2, 9, end=0.1), 0.0], [10])",
        12,
        trace="maxtext/cos",
        notes="The last of the scheduled steps is at the end, and what follows is 0.",
    ),
    _maxtext(
        "cosine decay",
        _max('lr_schedule_type="cosine"', 10),
        "js.warmup_cosine(1.0, 2, 9, end=0.1)",
        14,
        trace="maxtext/cos no zero tail (steps==sched)",
        differs=range(10, 14),
        instead=0.1,
        why=RISES,
    ),
    _maxtext(
        "warmup-stable-decay (WSD)",
        _max(_WSD.format("linear")),
        "js.join([js.wsd(1.0, warmup=2, stable=5, decay=2, end=0.1), 0.0], [10])",
        12,
        trace="maxtext/wsd lin",
    ),
    _maxtext(
        "warmup-stable-decay (WSD)",
        _max(_WSD.format("cosine")),
        'js.join([js.wsd(1.0, warmup=2, stable=5, decay=2, end=0.1, shape="cosine"), 0.0], [10])',
        12,
        trace="maxtext/wsd cos",
    ),
]

MLX = [
    _mlx("step decay", "step_decay(1.0, 0.5, 3)", "js.step_decay(1.0, 0.5, 3)"),
    _mlx("linear ramp", "linear_schedule(0.1, 1.0, 5)", "js.Linear(0.1, 1.0, steps=5)"),
    _mlx("exponential", "exponential_decay(1.0, 0.9)", "js.exponential_decay(1.0, 0.9)"),
    _mlx("cosine decay", "cosine_decay(1.0, 10, 0.1)", "js.Cosine(1.0, 0.1, steps=10)"),
    _mlx(
        "linear warmup wrapper",
        "join_schedules([linear_schedule(0.0, 1.0, 4), cosine_decay(1.0, 8)], [4])",
        "js.warmup(js.Cosine(1.0, 0.0, steps=8), 4)",
    ),
]
