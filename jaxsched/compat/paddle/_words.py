"""What Paddle says of the arguments that it refuses."""

from collections.abc import Mapping

from jaxsched.compat._words import Said, in_words_of

_RATE = Said("Invalid learning rate: {}", "The type of learning rate must be float, but received {type}")
_NUMBER = "must be 'float' or 'int', but received {type}"
_GAMMA = {"gamma": Said("gamma should be < 1.0.")}


def _steps(name: str) -> dict[str, Said]:
    said = f"'{name}' must be a positive integer."
    return {name: Said(said, said)}


def _integer(name: str, kind: str) -> Said:
    return Said(f"'{name}' must be a positive integer", kind)


def _function(of: str) -> dict[str, Said]:
    return {"lr_lambda": Said(kind=f"The type of 'lr_lambda' in '{of}' must be 'function', but received {{type}}")}


_OF: dict[str, Mapping[str, Said]] = {
    "NoamDecay": {"d_model": Said("d_model should be grater than 0")},
    "PiecewiseDecay": {
        "boundaries": Said("The boundaries cannot be empty."),
        "values": Said("The values have one more element than boundaries"),
    },
    "LinearWarmup": {
        "learning_rate": Said(
            kind="the type of learning_rate should be [int, float or LRScheduler], the current type is {}"
        ),
        "start_lr": _RATE,
        "end_lr": Said("end_lr {} must be greater than start_lr {start_lr}"),
        **_steps("warmup_steps"),
    },
    "PolynomialDecay": {
        "power": Said("'power' must be greater than 0.0 so that the learning rate will decay."),
        **_steps("decay_steps"),
    },
    "ExponentialDecay": {"gamma": Said("'gamma' must be in interval (0.0, 1.0) so that the learning rate will decay.")},
    "NaturalExpDecay": {"gamma": Said("'gamma' must be a positive number so that the learning rate will decay.")},
    "MultiStepDecay": {
        "milestones": Said(
            "The elements of milestones must be incremented",
            "The type of 'milestones' in 'MultiStepDecay' must be 'tuple, list', but received {type}",
        ),
        **_GAMMA,
    },
    "StepDecay": {"step_size": Said(kind="The type of 'step_size' must be 'int', but received {type}"), **_GAMMA},
    "LambdaDecay": _function("LambdaDecay"),
    "MultiplicativeDecay": _function("MultiplicativeDecay"),
    "ReduceOnPlateau": {
        "learning_rate": Said(
            kind="The type of 'learning_rate' in 'ReduceOnPlateau' must be 'float', but received {type}"
        ),
        "mode": Said("mode: {} is unknown!"),
        "threshold_mode": Said("threshold mode: {} is unknown!"),
        "factor": Said("new_lr = origin_lr * gamma and gamma should be < 1.0."),
    },
    "CosineAnnealingDecay": {
        "T_max": Said(kind="The type of 'T_max' in 'CosineAnnealingDecay' must be 'int', but received {type}"),
        "eta_min": Said(
            kind="The type of 'eta_min' in 'CosineAnnealingDecay' must be 'float, int', but received {type}"
        ),
    },
    "OneCycleLR": {
        "max_learning_rate": _integer("max_learning_rate", f"'max_learning_rate' {_NUMBER}"),
        "end_learning_rate": _integer("end_learning_rate", f"'end_learning_rate' {_NUMBER}"),
        "total_steps": _integer("total_step", "'total_step' must be 'int', but received {type}"),
        "phase_pct": Said(
            "'phase_pct' must be between 0 and 1, but received {}",
            "'phase_pct' must be 'float', but received {type}",
        ),
        "divide_factor": Said(kind=f"'divide_factor' {_NUMBER}"),
        "anneal_strategy": Said("'anneal_strategy' must by one of 'cos' or 'linear', but received {}"),
    },
    "CyclicLR": {
        "base_learning_rate": _RATE,
        "max_learning_rate": _integer("max_learning_rate", f"'max_learning_rate' {_NUMBER}"),
        "step_size_up": _integer("step_size_up", "The type of 'step_size_up' must be int, but received {type}"),
        "step_size_down": _integer("step_size_down", "The type of 'step_size_down' must be int, but received {type}"),
        "exp_gamma": Said(kind="The type of 'exp_gamma' must be float, but received {type}"),
        "mode": Said("'mode' is invalid and 'scale_fn' is not specified"),
        "scale_mode": Said("'scale_mode' must be one of 'cycle' or 'iterations"),
    },
    "LinearLR": {
        "start_factor": Said("`start_factor` must be greater than 0 and less or equal to 1, but got {}"),
        "end_factor": Said("`end_factor` must be greater than 0 and less than 1, but got {}"),
        "total_steps": Said("`total_steps` must be greater than 0, but got {}"),
    },
    "CosineAnnealingWarmRestarts": {
        "T_0": Said("Expected positive integer T_0, but got {}"),
        "T_mult": Said("Expected integer T_mult >= 1, but got {}"),
    },
}
WORDS = {name: {"learning_rate": _RATE, **_OF.get(name, {})} for name in (*_OF, "InverseTimeDecay")}

in_its_words = in_words_of("Paddle", WORDS)
