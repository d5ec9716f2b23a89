"""What is in the gallery: of every public name the examples of the tests' table that are drawn, in reading order.

Of an example there is its name in the table, the line of code that makes it, and how many steps are drawn. A line that
is left out is how the schedule prints; a test says that each line makes its example.
"""

from typing import NamedTuple

LENGTH = 240
"""The length at which the table is drawn."""

COSINE = "jaxsched.Cosine(3e-4, 3e-5, steps=240)"
WAVE = "jaxsched.Cosine(3e-4, 3e-5, steps=40)"
RISING = "jaxsched.Linear(0.5, 2.0, steps=120)"


class Example(NamedTuple):
    """An example of the table, and how it is shown."""

    entry: str
    line: str = ""
    total: int = 0


class Section(NamedTuple):
    """Some names under one heading."""

    title: str
    about: str
    rows: dict[str, list[Example]]


def rows(*names: str, **others: list[Example]) -> dict[str, list[Example]]:
    """Rows whose one example has the row's name, and others."""
    return {name: [Example(name)] for name in names} | others


RAMPS = {
    **rows("Linear", Polynomial=[Example("Polynomial-recipe")]),
    **rows("ElapsedPower", "Rex", "Logarithmic", StretchingPolynomial=[Example("StretchingPolynomial-to-zero")]),
    **rows("Cosine", "MirrorCosine", "TimePowerCosine", "ValuePowerCosine", "Geometric", "Inverse"),
    **rows(ExponentialRamp=[Example("ExponentialRamp-tenth")]),
    **rows("Tanh"),
    **rows(
        Shaped=[
            Example(
                "Shaped",
                "jaxsched.Shaped(3e-4, 3e-5, steps=240,"
                " remaining=jaxsched.as_schedule(lambda x: 1 - x * x * (3 - 2 * x)))",
            )
        ]
    ),
}

OTHERS = rows(
    Constant=[Example("Constant", total=240)],
    InverseSqrt=[Example("InverseSqrt-shift-power", total=960)],
    Interpolated=[Example("Interpolated")],
    CosineInterpolated=[Example("CosineInterpolated")],
    Tabulated=[Example("Tabulated", "jaxsched.Tabulated([1e-3 / (1 + i % 7) for i in range(240)])", 60)],
    tabulate=[Example("tabulate", f"jaxsched.tabulate({COSINE}, 240)")],
    as_schedule=[Example("as_schedule-function", "jaxsched.as_schedule(lambda t: 1e-3 * math.e / (2.0 + t))", 60)],
)

COMBINATORS = rows(
    warmup=[
        Example(
            "warmup-from-start", "jaxsched.warmup(jaxsched.Cosine(3e-4, 3e-5, steps=200), steps=40, start=1e-6)", 264
        ),
        Example(
            "warmup-convention-B", "jaxsched.warmup(jaxsched.Cosine(3e-4, 3e-5, steps=200), steps=40, offset=1)", 264
        ),
    ],
    cooldown=[
        Example(
            "cooldown-1-sqrt",
            'jaxsched.cooldown(jaxsched.InverseSqrt(3e-4, 240), at=120, steps=120, shape="1-sqrt")',
        )
    ],
    join=[
        Example(
            "join",
            "jaxsched.join([jaxsched.Linear(0.0, 3e-4, steps=60), 3e-4, jaxsched.Cosine(3e-4, 3e-5, steps=120)],"
            " [60, 120])",
        ),
        Example("then", "jaxsched.Linear(1e-6, 3e-4, steps=60).then(jaxsched.InverseSqrt(3e-4, 60))", 480),
        Example(
            "StackedJoin-one-kind",
            "jaxsched.join([jaxsched.Cosine(3e-4 * 0.9**i, 3e-4 * 0.9**i / 2, steps=12) for i in range(20)])",
        ),
    ],
    cycle=[
        Example("cycle-growth-1", f"jaxsched.cycle({WAVE}, 40)", 240),
        Example("cycle-growth-2-decay", f"jaxsched.cycle({WAVE}, 40, growth=2, decay=0.7)", 280),
        Example("cycle-listed", f"jaxsched.cycle({WAVE}, [40, 81, 20, 80], decay=0.8)", 240),
    ],
    delay=[Example("delay", "jaxsched.delay(jaxsched.Cosine(3e-4, 3e-5, steps=120), 120)")],
    resume_at=[
        Example(
            "resume_at-larger",
            "jaxsched.resume_at(\n"
            f"    {COSINE},\n"
            "    2400,\n"
            "    jaxsched.Run(batch_size=2, sequence_length=10),\n"
            "    jaxsched.Run(batch_size=4, sequence_length=10),\n"
            ")",
            324,
        )
    ],
    advance=[Example("advance", f"jaxsched.advance({COSINE}, 120)", 240)],
    staircase=[Example("staircase", f"jaxsched.staircase({COSINE}, 30)")],
    per_epoch=[Example("per_epoch", "jaxsched.per_epoch(jaxsched.Cosine(3e-4, 3e-5, steps=8), 30)")],
    stretch=[
        Example("stretch", "jaxsched.stretch(jaxsched.warmup(jaxsched.Cosine(3e-4, 3e-5, steps=120), 60), 1.5)", 300),
        Example("stretch-by-clock", "jaxsched.stretch(lambda t: 1e-3 / (1.0 + t), 4.0)", 120),
    ],
    scale=[
        Example("scale", f"jaxsched.scale({COSINE}, 0.5)", 264),
        Example("scale-schedule", f"jaxsched.scale({COSINE}, jaxsched.Linear(1.0, 0.5, steps=120))"),
    ],
    rescale=[
        Example(
            "rescale-linear",
            f"jaxsched.rescale({COSINE}, batch=jaxsched.Linear(64, 256, steps=120), base=256)",
        )
    ],
    clip=[Example("clip", "jaxsched.clip(jaxsched.Linear(3e-4, 0.0, steps=240), 1e-4, 2e-4)", 264)],
    maximum=[Example("maximum", f"jaxsched.maximum({COSINE}, jaxsched.Linear(3e-5, 1e-4, steps=120), 5e-5)", 264)],
    minimum=[
        Example(
            "minimum", "jaxsched.minimum(jaxsched.Linear(0.0, 3e-4, steps=120), jaxsched.InverseSqrt(3e-4, 240))", 480
        )
    ],
    rounded=[
        Example("rounded", "3e-4 * jaxsched.rounded(jaxsched.piecewise_constant([80, 120], [1.2, 3.5, 1.7]))", 180)
    ],
    jitter=[
        Example("jitter", f"jaxsched.jitter({COSINE}, 0.1, bound=0.25, key=7)", 264),
        Example("jitter-uniform", f'jaxsched.jitter({COSINE}, bound=0.25, key=7, distribution="uniform")', 264),
    ],
)

ARITHMETIC = {
    "nodes.Sum": [Example("Sum-number", f"1e-5 + {COSINE}")],
    "nodes.Difference": [Example("Difference-crossing", f"{COSINE} - 1e-4")],
    "nodes.Product": [Example("Product", f"{COSINE} * {RISING}")],
    "nodes.Quotient": [Example("Quotient", f"{COSINE} / {RISING}")],
    "nodes.Power": [Example("Power-sqrt", f"({COSINE}) ** 0.5")],
    "nodes.SumOfMany": [Example("SumOfMany", f"sum([{COSINE}] * 5 + [{RISING}] * 5)")],
    "nodes.ProductOfMany": [Example("ProductOfMany", f"math.prod([{RISING}] * 8 + [{COSINE}])")],
    "nodes.Blend": [Example("Blend", "jaxsched.nodes.Blend(3e-4, 1e-3, jaxsched.Linear(0.0, 1.0, steps=240))")],
}

WARMED = rows(
    "warmup_cosine",
    "warmup_linear",
    warmup_inverse_sqrt=[Example("warmup_inverse_sqrt", total=480)],
    wsd=[Example("wsd-1-sqrt")],
    noam=[Example("noam", "jaxsched.noam(512, 40)", 480)],
    flat_cosine=[Example("flat_cosine")],
    slanted_triangular=[Example("slanted_triangular")],
)

CYCLES = rows(
    one_cycle=[Example("one_cycle"), Example("one_cycle-three-phase")],
    one_cycle_momentum=[Example("one_cycle_momentum", "jaxsched.one_cycle_momentum(0.85, 0.95, 240)")],
    cyclic=[
        Example("cyclic-triangular", total=280),
        Example("cyclic-triangular2", 'jaxsched.cyclic(1e-4, 1e-3, 30, 40, "triangular2")', 280),
        Example("cyclic-exp_range", 'jaxsched.cyclic(1e-4, 1e-3, 30, 40, "exp_range", 1 - 0.5 / 240)', 280),
    ],
    cyclic_momentum=[Example("cyclic_momentum-triangular", "jaxsched.cyclic_momentum(0.8, 0.9, 30, 40)", 280)],
    sgdr=[Example("sgdr", total=120), Example("sgdr-growth", total=210)],
)

FALLING = rows(
    step_decay=[Example("step_decay", total=240)],
    multistep_decay=[Example("multistep_decay", total=240)],
    piecewise_constant=[Example("piecewise_constant", total=240)],
    exponential_decay=[Example("exponential_decay", total=240), Example("exponential_decay-staircase", total=240)],
    natural_exponential_decay=[Example("natural_exponential_decay", total=240)],
    inverse_time_decay=[Example("inverse_time_decay", total=240)],
    linear_cosine_decay=[Example("linear_cosine_decay")],
    noisy_linear_cosine_decay=[
        Example("noisy_linear_cosine_decay", "jaxsched.noisy_linear_cosine_decay(1e-3, 240, 0.01, key=5)", 264)
    ],
    lambda_decay=[Example("lambda_decay", "jaxsched.lambda_decay(1e-3, lambda t: 1.0 / (2.0 + t))", 60)],
    multiplicative_decay=[
        Example("multiplicative_decay", "jaxsched.multiplicative_decay(1e-3, lambda t: 1 - 1 / (1 + t) ** 2, 240)", 60)
    ],
)

SECTIONS = [
    Section("Ramps", "From `start` to `end` in `steps`, then flat.", RAMPS),
    Section("Decays without an end, and tables", "", OTHERS),
    Section(
        "Combinators",
        "Schedules made of schedules: one after another, on another clock, at another value.",
        COMBINATORS,
    ),
    Section("Arithmetic", "`+ - * / **` of schedules and numbers are schedules.", ARITHMETIC),
    Section("Recipes with a warmup", "", WARMED),
    Section("Recipes with cycles", "", CYCLES),
    Section("Recipes that fall", "", FALLING),
]

CONTROLLERS = {
    "reduce_on_plateau": [
        Example("plateau-torch", "jaxsched.reduce_on_plateau(0.1, factor=0.5, patience=2, cooldown=3)"),
        Example("plateau-begin", "jaxsched.reduce_on_plateau(jaxsched.warmup_cosine(0.1, 6, 48), 0.5, 2, begin=6)"),
    ],
    "greedy": [Example("greedy-number", "jaxsched.greedy(0.1, factor=0.8, patience=1)")],
    "recover": [Example("recover-number", "jaxsched.recover(0.1, factor=0.1, warmup=4, burn_in=5)")],
    "hold_target": [Example("target-number", "jaxsched.hold_target(0.1, 0.7, low=0.02, high=0.3, band=1.2)")],
}

LOGARITHMIC = {"Geometric", "multistep_decay", "ProductOfMany"}
"""Examples whose values are on a logarithmic axis."""

PHASED = {
    *("warmup-from-start", "cooldown-1-sqrt", "join", "then", "delay", "stretch", "warmup_cosine", "warmup_linear"),
    *("wsd-1-sqrt", "flat_cosine", "slanted_triangular", "one_cycle", "one_cycle-three-phase"),
}
"""Examples whose phases are named in the picture; of others the curve says enough."""

ABSTRACT = {
    "Schedule": "a schedule of yours",
    "Ramp": "a ramp of yours",
    "OverDevices": "a controller as it runs on several devices: the same curve on each",
}
"""Public names that stand for schedules or controllers and have no curve of their own."""
