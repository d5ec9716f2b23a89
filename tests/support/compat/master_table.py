"""The concepts of schedules that the frameworks have between them, and where each is found here.

One row for each concept of the catalogue: names below `jaxsched`, and the frameworks that have a translation of it.
"""

from typing import NamedTuple


class Row(NamedTuple):
    """Names of functions by framework, `compat.torch.` and so on left out, and frameworks with translations."""

    functions: dict[str, str]
    translated: str = ""


def row(translated: str = "", /, **functions: str) -> Row:
    return Row(functions, translated)


_CONSTANT = "get_constant_schedule get_constant_schedule_with_warmup"
_WARMUPS = "get_linear_schedule_with_warmup get_cosine_schedule_with_warmup get_polynomial_decay_schedule_with_warmup"
_OPTAX_WARMUPS = "warmup_constant_schedule warmup_cosine_decay_schedule warmup_exponential_decay_schedule"
_WARMED = "fvcore Ignite MMEngine Composer Megatron nanoGPT torchtitan DeepSpeed big_vision T5X Levanter MaxText thinc"
_WARMED += " MLX"

MASTER: dict[str, Row] = {
    "constant": row(
        "fvcore Composer thinc Levanter Megatron fastai",
        core="Constant",
        torch="LambdaLR",
        transformers=_CONSTANT,
        optax="constant_schedule",
        timm="StepLRScheduler",
    ),
    "constant factor, then base": row(
        "fvcore MMEngine Composer thinc", core="piecewise_constant", torch="ConstantLR", optax="join_schedules"
    ),
    "arbitrary factor f(t)": row("fvcore Ignite Composer", core="lambda_decay", torch="LambdaLR", paddle="LambdaDecay"),
    "multiplicative recursion": row(
        core="multiplicative_decay", torch="MultiplicativeLR", paddle="MultiplicativeDecay"
    ),
    "step decay": row(
        "fvcore Ignite MMEngine Composer MLX T5X",
        core="step_decay",
        torch="StepLR",
        paddle="StepDecay",
        keras="ExponentialDecay",
        tensorflow="exponential_decay",
        optax="exponential_decay",
        timm="StepLRScheduler",
    ),
    "multistep / milestones": row(
        "fvcore Ignite MMEngine Composer big_vision",
        core="multistep_decay",
        torch="MultiStepLR",
        paddle="MultiStepDecay",
        optax="piecewise_constant_schedule",
        timm="MultiStepLRScheduler",
    ),
    "piecewise constant (absolute values)": row(
        "fvcore big_vision",
        core="piecewise_constant",
        paddle="PiecewiseDecay",
        keras="PiecewiseConstantDecay",
        tensorflow="piecewise_constant",
    ),
    "piecewise linear / interpolated": row(
        "fvcore Ignite fastai", core="Interpolated CosineInterpolated", optax="piecewise_interpolate_schedule"
    ),
    "linear ramp": row(
        "fvcore Ignite MMEngine Composer MLX fastai",
        core="Linear",
        torch="LinearLR",
        paddle="LinearLR",
        keras="PolynomialDecay",
        transformers="get_linear_schedule_with_warmup",
        optax="linear_schedule",
    ),
    "polynomial": row(
        "fvcore MMEngine Composer big_vision fastai",
        core="Polynomial ElapsedPower",
        torch="PolynomialLR",
        paddle="PolynomialDecay",
        keras="PolynomialDecay",
        tensorflow="polynomial_decay",
        transformers="get_polynomial_decay_schedule_with_warmup",
        optax="polynomial_schedule",
        timm="PolyLRScheduler",
    ),
    "polynomial with stretching cycles": row(
        core="StretchingPolynomial",
        paddle="PolynomialDecay",
        keras="PolynomialDecay",
        tensorflow="polynomial_decay",
        timm="PolyLRScheduler",
    ),
    "exponential": row(
        "fvcore Ignite MMEngine Composer MLX thinc fastai",
        core="exponential_decay Geometric",
        torch="ExponentialLR",
        paddle="ExponentialDecay",
        keras="ExponentialDecay",
        tensorflow="exponential_decay",
        optax="exponential_decay",
    ),
    "natural exponential": row(
        core="natural_exponential_decay", paddle="NaturalExpDecay", tensorflow="natural_exp_decay"
    ),
    "inverse-time": row(
        "thinc Levanter",
        core="inverse_time_decay Inverse",
        paddle="InverseTimeDecay",
        keras="InverseTimeDecay",
        tensorflow="inverse_time_decay",
    ),
    "inverse sqrt / Noam / rsqrt": row(
        "Megatron Levanter T5X big_vision Transformers",
        core="noam warmup_inverse_sqrt compat.factors compat.compound",
        paddle="NoamDecay",
        transformers="get_inverse_sqrt_schedule",
        timm="WSDLRScheduler",
    ),
    "power law in tokens": row("Levanter", core="InverseSqrt"),
    "cosine decay": row(
        "fvcore Ignite MMEngine Composer MLX big_vision Levanter Megatron MaxText nanoGPT T5X fastai",
        core="Cosine",
        torch="CosineAnnealingLR",
        paddle="CosineAnnealingDecay",
        keras="CosineDecay",
        tensorflow="cosine_decay",
        transformers="get_cosine_schedule_with_warmup get_cosine_with_min_lr_schedule_with_warmup",
        optax="cosine_decay_schedule",
        timm="CosineLRScheduler",
    ),
    "cosine with exponent": row(
        "Levanter",
        core="ValuePowerCosine TimePowerCosine",
        optax="cosine_decay_schedule",
        timm="CosineLRScheduler",
    ),
    "cosine + hard restarts": row(
        "fvcore Ignite MMEngine Composer fastai Levanter T5X",
        core="sgdr",
        torch="CosineAnnealingWarmRestarts",
        paddle="CosineAnnealingWarmRestarts",
        keras="CosineDecayRestarts",
        tensorflow="cosine_decay_restarts",
        transformers="get_cosine_with_hard_restarts_schedule_with_warmup",
        optax="sgdr_schedule",
        timm="CosineLRScheduler",
    ),
    "restart peak decay": row(
        "Ignite MMEngine",
        core="sgdr",
        keras="CosineDecayRestarts",
        tensorflow="cosine_decay_restarts",
        optax="sgdr_schedule",
        timm="CosineLRScheduler",
    ),
    "explicit list of cycles": row("fvcore MMEngine Levanter", core="sgdr cycle", optax="sgdr_schedule"),
    "warmup after each restart": row("Ignite Levanter", core="cycle", optax="sgdr_schedule"),
    "linear-cosine, noisy linear-cosine": row(
        core="linear_cosine_decay noisy_linear_cosine_decay",
        tensorflow="linear_cosine_decay noisy_linear_cosine_decay",
    ),
    "tanh": row(core="Tanh", timm="TanhLRScheduler"),
    "triangular cyclic (3 modes)": row(
        "Ignite thinc DeepSpeed", core="cyclic cyclic_momentum", torch="CyclicLR", paddle="CyclicLR"
    ),
    "slanted triangular (STLR)": row("thinc", core="slanted_triangular"),
    "one-cycle": row(
        "MMEngine fastai DeepSpeed",
        core="one_cycle one_cycle_momentum",
        torch="OneCycleLR",
        paddle="OneCycleLR",
        optax="cosine_onecycle_schedule linear_onecycle_schedule",
    ),
    "flat + cosine": row(
        "fvcore Ignite MMEngine fastai",
        core="flat_cosine",
        torch="SequentialLR",
        transformers="get_wsd_schedule",
        optax="join_schedules",
        timm="WSDLRScheduler",
    ),
    "warmup-stable-decay (WSD)": row(
        "Megatron torchtitan MaxText Levanter",
        core="wsd",
        transformers="get_wsd_schedule",
        timm="WSDLRScheduler",
    ),
    "linear warmup wrapper": row(
        _WARMED,
        core="warmup",
        torch="SequentialLR ChainedScheduler",
        paddle="LinearWarmup",
        keras="CosineDecay",
        transformers=_WARMUPS,
        optax=_OPTAX_WARMUPS,
        timm="CosineLRScheduler",
    ),
    "log warmup": row("DeepSpeed", core="warmup Logarithmic"),
    "cosine / 1-sqrt warmup": row(core="warmup wsd", transformers="get_wsd_schedule"),
    "multiplicative cooldown tail over any decay": row("big_vision Levanter", core="cooldown delay"),
    "reduce on plateau": row(
        "Ignite MMEngine fastai thinc",
        core="reduce_on_plateau",
        torch="ReduceLROnPlateau",
        paddle="ReduceOnPlateau",
        keras="ReduceLROnPlateau",
        transformers="get_reduce_on_plateau_schedule",
        timm="PlateauLRScheduler",
    ),
    "hold a KL (adaptive rate of PPO)": row("rsl_rl brax rl_games skrl", core="hold_target"),
    "increase+reduce (greedy)": row(core="greedy", transformers="GreedyLR get_greedy_schedule"),
    "SWA LR": row(core="Cosine Linear", torch="SWALR"),
    "LR range test schedule": row("Ignite DeepSpeed fastai Lightning", core="Geometric Linear"),
    "momentum schedule": row(
        "fvcore Ignite MMEngine fastai DeepSpeed",
        core="inject one_cycle_momentum cyclic_momentum",
        torch="CyclicMomentum OneCycleMomentum",
        optax="inject_hyperparams",
    ),
    "weight-decay schedule": row("fvcore Ignite MMEngine Megatron", core="inject", optax="inject_hyperparams"),
    "batch-size schedule": row(
        "Ignite thinc Megatron", core="exponential_decay piecewise_constant rounded rescale Run Run.seesaw"
    ),
    "LR noise": row(core="jitter", tensorflow="noisy_linear_cosine_decay", timm="CosineLRScheduler"),
}


def names_of(concept: str) -> list[str]:
    """The functions of a concept, as they are found below `jaxsched`."""
    rows = MASTER[concept].functions.items()
    places = [("" if framework == "core" else f"compat.{framework}.", names) for framework, names in rows]
    return [place + name for place, names in places for name in names.split()]
