"""The figures of the classical overview, and those of shapes and of PyTorch's family: lines of code, drawn as one."""

from typing import NamedTuple


class Figure(NamedTuple):
    """Some curves in one picture.

    Attributes:
        title: the heading.
        about: what it shows.
        lines: the code of each curve, by its label.
        total: how many steps are drawn.
    """

    title: str
    about: str
    lines: dict[str, str]
    total: int


OVERVIEW = {
    "piecewise": Figure(
        "Piecewise constant",
        "A value for each part of the run: $v_i$ from boundary $b_i$ on. The oldest schedule, set by hand.",
        {"piecewise_constant": "jaxsched.piecewise_constant([80, 160], [0.1, 0.05, 0.01])"},
        240,
    ),
    "exponential": Figure(
        "Exponential and natural exponential",
        "The same two numbers mean a factor, $s\\,r^{t/n}$, in one and a rate, $s\\,e^{-rt/n}$, in the "
        "other: the second "
        "falls much faster. Both as curves and as staircases.",
        {
            "exponential": "jaxsched.exponential_decay(0.5, 0.9, 10)",
            "exponential, staircase": "jaxsched.exponential_decay(0.5, 0.9, 10, staircase=True)",
            "natural exponential": "jaxsched.natural_exponential_decay(0.5, 0.9, 10)",
            "natural exponential, staircase": "jaxsched.natural_exponential_decay(0.5, 0.9, 10, staircase=True)",
        },
        100,
    ),
    "polynomial": Figure(
        "Polynomial, with and without cycle",
        "$e + (s - e)(1 - t/D)^p$. Without a cycle D is the length and the value stays at the end. With it D "
        "is the next "
        "multiple of the length: the value jumps up after each, to a curve that aims at the next one.",
        {
            "Polynomial": "jaxsched.Polynomial(0.1, 0.01, steps=50, power=0.5)",
            "StretchingPolynomial": "jaxsched.StretchingPolynomial(0.1, 0.01, steps=50, power=0.5)",
        },
        200,
    ),
    "cosine": Figure(
        "Cosine, linear-cosine and noisy linear-cosine",
        "Half a wave; a wave that shrinks along a line; and that with noise which dies out.",
        {
            "Cosine": "jaxsched.Cosine(0.1, 0.0, steps=200)",
            "linear-cosine": "jaxsched.linear_cosine_decay(0.1, 200)",
            "noisy linear-cosine": "jaxsched.noisy_linear_cosine_decay(0.1, 200, initial_variance=0.02)",
        },
        220,
    ),
    "step": Figure(
        "Step and multistep",
        "A factor at equal distances, $s\\,f^{\\lfloor t/n \\rfloor}$, or at listed milestones, "
        "$s\\,f^{\\#\\{m \\le t\\}}$.",
        {
            "step_decay": "jaxsched.step_decay(0.1, 0.5, every=40)",
            "multistep_decay": "jaxsched.multistep_decay(0.1, 0.1, milestones=[100, 180])",
        },
        240,
    ),
    "inverse-time": Figure(
        "Inverse time",
        "$s / (1 + r\\,t/n)$: the rate of stochastic approximation. It falls fast at first and never ends.",
        {
            "inverse_time_decay": "jaxsched.inverse_time_decay(0.1, 0.5, 20)",
            "staircase": "jaxsched.inverse_time_decay(0.1, 0.5, 20, staircase=True)",
        },
        240,
    ),
    "lambda": Figure(
        "Lambda and multiplicative",
        "Any function of the step as a factor, or as the factor from each step to the next.",
        {
            "lambda_decay": "jaxsched.lambda_decay(0.1, lambda t: 0.8 ** (t // 30))",
            "multiplicative_decay": "jaxsched.multiplicative_decay(0.1, lambda t: 0.985, 240)",
        },
        240,
    ),
    "noam": Figure(
        "Noam",
        "The transformer's: up in a line, down with the root of the step. The width of the model and the "
        "warmup set the "
        "height.",
        {
            "width 512, warmup 400": "jaxsched.noam(512, 400)",
            "width 512, warmup 800": "jaxsched.noam(512, 800)",
            "width 256, warmup 400": "jaxsched.noam(256, 400)",
        },
        2_000,
    ),
    "warmup": Figure(
        "Warmup",
        "Up to the peak first; what follows is any schedule, on its own clock.",
        {
            "then constant": "jaxsched.warmup(0.1, 40)",
            "then cosine": "jaxsched.warmup_cosine(0.1, 40, 240)",
            "then linear": "jaxsched.warmup_linear(0.1, 40, 240)",
            "then 1/sqrt": "jaxsched.warmup_inverse_sqrt(0.1, 40)",
            "then stable, then decay": "jaxsched.wsd(0.1, warmup=40, stable=140, decay=60)",
        },
        240,
    ),
}
"""By the names of their files. The plateau is among the controllers."""

WARMUP_SHAPES = ("linear", "cosine", "1-sqrt", "exponential", "log")
COOLDOWN_SHAPES = (
    "linear",
    "cosine",
    "1-sqrt",
    "square",
    "mirror-cosine",
    "exponential",
    "rex",
    "geometric",
    "inverse",
)

SHAPES = {
    "warmup-shapes": Figure(
        "Of a warmup",
        "`warmup(…, shape=…)`, and `warmup_shape` of `wsd`.",
        {shape: f'jaxsched.warmup(1.0, 200, shape="{shape}")' for shape in WARMUP_SHAPES},
        220,
    ),
    "cooldown-shapes": Figure(
        "Of a cooldown",
        "`cooldown(…, shape=…)`, and `shape` of `wsd`. The last two are powers and hyperbolas between the "
        "ends: they need "
        "an end that is not 0.",
        {shape: f'jaxsched.cooldown(1.0, at=0, steps=200, end=0.01, shape="{shape}")' for shape in COOLDOWN_SHAPES},
        220,
    ),
}

TORCH = {
    "LambdaLR": "LambdaLR(0.1, lambda epoch: 0.95**epoch)",
    "MultiplicativeLR": "MultiplicativeLR(0.1, lambda epoch: 0.95)",
    "StepLR": "StepLR(0.1, step_size=20, gamma=0.5)",
    "MultiStepLR": "MultiStepLR(0.1, milestones=[30, 70], gamma=0.1)",
    "ConstantLR": "ConstantLR(0.1, factor=0.3, total_iters=30)",
    "LinearLR": "LinearLR(0.1, start_factor=0.1, total_iters=30)",
    "ExponentialLR": "ExponentialLR(0.1, gamma=0.96)",
    "PolynomialLR": "PolynomialLR(0.1, total_iters=80, power=2.0)",
    "CosineAnnealingLR": "CosineAnnealingLR(0.1, T_max=40)",
    "CosineAnnealingWarmRestarts": "CosineAnnealingWarmRestarts(0.1, T_0=14, T_mult=2)",
    "CyclicLR": 'CyclicLR(base_lr=0.01, max_lr=0.1, step_size_up=10, step_size_down=15, mode="triangular2")',
    "CyclicMomentum": 'CyclicMomentum(0.8, 0.9, step_size_up=10, step_size_down=15, mode="triangular2")',
    "OneCycleLR": "OneCycleLR(max_lr=0.1, total_steps=100)",
    "OneCycleMomentum": "OneCycleMomentum(0.85, 0.95, total_steps=100)",
    "SWALR": "SWALR(0.1, swa_lr=0.02, anneal_epochs=30)",
    "SequentialLR": "SequentialLR(0.1, [LinearLR(0.1, 0.1, total_iters=20), CosineAnnealingLR(0.1, T_max=80)], [20])",
    "ChainedScheduler": "ChainedScheduler([LinearLR(0.1, 0.1, total_iters=20), ExponentialLR(0.1, gamma=0.97)])",
    "ReduceLROnPlateau": "ReduceLROnPlateau(0.1, factor=0.5, patience=2)",
}
"""The schedulers of `jaxsched.compat.torch`, by name; each is drawn for a hundred steps."""
