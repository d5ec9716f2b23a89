"""optax's own `inject_hyperparams`: it takes time to import optax, which only these few names need."""

import importlib
from collections.abc import Callable, Iterable
from typing import Any


def inject_hyperparams(
    inner_factory: Callable[..., Any], static_args: str | Iterable[str] = (), hyperparam_dtype: Any = None
) -> Callable[..., Any]:
    """`optax.inject_hyperparams` itself, so that code that reads and writes its state goes on working.

    `jaxsched.inject` keeps the schedules in the optimizer's state too, where they can be swept and replaced.

    Examples:
        >>> import optax
        >>> from jaxsched.compat import optax as schedules
        >>> optimizer = schedules.inject_hyperparams(optax.sgd)(schedules.linear_schedule(0.5, 0.0, 10))
        >>> float(optimizer.init(np.ones(2)).hyperparams["learning_rate"])
        0.5
    """
    return theirs("inject_hyperparams")(inner_factory, static_args, hyperparam_dtype)


def inject_stateful_hyperparams(
    inner_factory: Callable[..., Any], static_args: str | Iterable[str] = (), hyperparam_dtype: Any = None
) -> Callable[..., Any]:
    """`optax.schedules.inject_stateful_hyperparams` itself, the older name of `inject_hyperparams`.

    Examples:
        >>> import optax
        >>> from jaxsched.compat import optax as schedules
        >>> optimizer = schedules.inject_stateful_hyperparams(optax.sgd)(learning_rate=0.5)
        >>> float(optimizer.init(np.ones(2)).hyperparams["learning_rate"])
        0.5
    """
    return theirs("inject_stateful_hyperparams")(inner_factory, static_args, hyperparam_dtype)


def theirs(name: str) -> Any:
    return getattr(importlib.import_module("optax.schedules"), name)
