"""What torch says of the arguments that it refuses."""

from jaxsched.compat._words import Said, in_words_of


def _lists(*names: str) -> dict[str, Said]:
    said = "must have the same length as optimizer.param_groups."
    return {name: Said(f"{name} {said} {name} has {{length}} values, param_groups has {{groups}}.") for name in names}


_MODE = {"mode": Said("mode is invalid and scale_fn is None")}
_MOMENTA = _lists("base_momentum", "max_momentum")
_PER_GROUP = {
    "lr_lambda": Said(
        "Expected {groups} lr_lambdas, but got {length}", "lr_lambda should be a function, but got {type.__name__}"
    )
}
_ONE_CYCLE = {
    "total_steps": Said("Expected positive integer total_steps, but got {}", numbers=True),
    "epochs": Said("Expected positive integer epochs, but got {}", anything=True),
    "steps_per_epoch": Said("Expected positive integer steps_per_epoch, but got {}", anything=True),
    "pct_start": Said("Expected float between 0 and 1 pct_start, but got {}", numbers=True),
}

in_its_words = in_words_of(
    "torch",
    {
        "ConstantLR": {"factor": Said("Constant multiplicative factor expected to be between 0 and 1.")},
        "LinearLR": {
            "start_factor": Said(
                "Starting multiplicative factor expected to be greater than 0 and less or equal to 1."
            ),
            "end_factor": Said("Ending multiplicative factor expected to be between 0 and 1."),
        },
        "CosineAnnealingWarmRestarts": {
            "T_0": Said("Expected positive integer T_0, but got {}"),
            "T_mult": Said("Expected integer T_mult >= 1, but got {}"),
            "eta_min": Said("Expected float or int eta_min, but got {} of type {type}", anything=True),
        },
        "SWALR": {
            **_lists("swa_lr"),
            "anneal_epochs": Said("anneal_epochs must be equal or greater than 0, got {}", anything=True),
        },
        "LambdaLR": _PER_GROUP,
        "MultiplicativeLR": _PER_GROUP,
        "CyclicLR": {**_MODE, **_lists("base_lr", "max_lr")},
        "CyclicMomentum": {**_MODE, **_MOMENTA},
        "OneCycleLR": {**_ONE_CYCLE, **_lists("max_lr")},
        "OneCycleMomentum": {**_ONE_CYCLE, **_MOMENTA},
        "ReduceLROnPlateau": {
            "factor": Said("Factor should be < 1.0."),
            "mode": Said("mode {} is unknown!"),
            "threshold_mode": Said("threshold mode {} is unknown!"),
            "min_lr": Said("expected {groups} min_lrs, got {length}"),
        },
    },
)
