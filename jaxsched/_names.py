"""Public names: the module that they carry, and what may have been meant by one that is not at the door."""

from collections.abc import Iterable
from types import FunctionType, ModuleType
from typing import Any

FOREIGN = {
    # optax
    "cosine_decay_schedule": ("Cosine", "compat.optax.cosine_decay_schedule"),
    "linear_schedule": ("Linear", "compat.optax.linear_schedule"),
    "polynomial_schedule": ("Polynomial", "compat.optax.polynomial_schedule"),
    "constant_schedule": ("Constant",),
    "join_schedules": ("join", "compat.optax.join_schedules"),
    "warmup_cosine_decay_schedule": ("warmup_cosine", "compat.optax.warmup_cosine_decay_schedule"),
    "warmup_constant_schedule": ("warmup", "compat.optax.warmup_constant_schedule"),
    "sgdr_schedule": ("sgdr", "compat.optax.sgdr_schedule"),
    "cosine_onecycle_schedule": ("one_cycle", "compat.optax.cosine_onecycle_schedule"),
    "linear_onecycle_schedule": ("one_cycle", "compat.optax.linear_onecycle_schedule"),
    "piecewise_constant_schedule": ("piecewise_constant", "compat.optax.piecewise_constant_schedule"),
    "piecewise_interpolate_schedule": ("Interpolated", "compat.optax.piecewise_interpolate_schedule"),
    "inject_hyperparams": ("inject", "compat.optax.inject_hyperparams"),
    "scale_by_schedule": ("scale_by_learning_rate",),
    # PyTorch
    "ConstantLR": ("join", "compat.torch.ConstantLR"),
    "LinearLR": ("Linear", "compat.torch.LinearLR"),
    "StepLR": ("step_decay", "compat.torch.StepLR"),
    "MultiStepLR": ("multistep_decay", "compat.torch.MultiStepLR"),
    "ExponentialLR": ("exponential_decay", "compat.torch.ExponentialLR"),
    "PolynomialLR": ("Polynomial", "compat.torch.PolynomialLR"),
    "CosineAnnealingLR": ("Cosine", "compat.torch.CosineAnnealingLR"),
    "CosineAnnealingWarmRestarts": ("sgdr", "compat.torch.CosineAnnealingWarmRestarts"),
    "CyclicLR": ("cyclic", "compat.torch.CyclicLR"),
    "OneCycleLR": ("one_cycle", "compat.torch.OneCycleLR"),
    "LambdaLR": ("lambda_decay", "compat.torch.LambdaLR"),
    "MultiplicativeLR": ("multiplicative_decay", "compat.torch.MultiplicativeLR"),
    "SequentialLR": ("join", "compat.torch.SequentialLR"),
    "ReduceLROnPlateau": ("reduce_on_plateau", "compat.torch.ReduceLROnPlateau"),
    # TensorFlow and Keras
    "cosine_decay": ("Cosine", "compat.tensorflow.cosine_decay"),
    "polynomial_decay": ("Polynomial", "StretchingPolynomial", "compat.tensorflow.polynomial_decay"),
    "natural_exp_decay": ("natural_exponential_decay", "compat.tensorflow.natural_exp_decay"),
    "cosine_decay_restarts": ("sgdr", "compat.tensorflow.cosine_decay_restarts"),
    "piecewise_constant_decay": ("piecewise_constant",),
    "noam_decay": ("noam",),
    # others, and former ones
    "Sequence": ("nodes.StackedJoin",),
    "lr_finder": ("search",),
    "lr_find": ("search",),
    "range_test": ("search",),
    "diagnose": ("search.diagnose",),
    "check_applied": ("search.check_applied",),
    "chain": ("join",),
    "seesaw": ("Run.seesaw",),
    "sequential": ("join",),
    "linear_to_zero": ("warmup_linear",),
    "warmup_stable_decay": ("wsd",),
    "onecycle": ("one_cycle",),
    "triangular": ("cyclic",),
    "inverse_sqrt": ("InverseSqrt", "warmup_inverse_sqrt"),
    "exponential": ("exponential_decay", "Geometric"),
    "constant": ("Constant",),
    "linear": ("Linear",),
    "cosine": ("Cosine",),
    "polynomial": ("Polynomial",),
}
"""The names here for what is known elsewhere under another one, best first."""


def publish(namespace: dict[str, Any]) -> None:
    """Public names carry their public module: what pickles and documentation say, wherever the code is moved."""
    for name in namespace.get("__all__", list(namespace)):
        x = namespace.get(name)
        ours = isinstance(x, (type, FunctionType)) and x.__module__.startswith("jaxsched")
        if ours and not name.startswith("_"):
            x.__module__ = namespace["__name__"]


def meant(name: str, public: Iterable[str], rooms: Iterable[ModuleType], frameworks: Iterable[ModuleType]) -> str:
    """A sentence with the names that may have been meant, or nothing."""
    import difflib  # for this message alone

    found = [*FOREIGN.get(name, ()), *(_path(room, name) for room in rooms if hasattr(room, name))]
    if not found:
        lowered = {each.lower().replace("_", ""): each for each in public}
        close = difflib.get_close_matches(name.lower().replace("_", ""), lowered, n=3, cutoff=0.6)
        of_frameworks = [(each, getattr(each, name)) for each in frameworks if hasattr(each, name)]
        theirs = [
            _path(each, name) for each, x in of_frameworks if getattr(x, "__module__", "").startswith(each.__name__)
        ]
        found = [*(lowered[each] for each in close), *theirs]
    names = [f"`jaxsched.{each}`" for each in found]
    return f" Did you mean {' or '.join((', '.join(names[:-1]), names[-1]) if names[1:] else names)}?" if names else ""


def _path(module: ModuleType, name: str) -> str:
    return f"{module.__name__.partition('.')[2]}.{name}"
