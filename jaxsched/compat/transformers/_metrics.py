"""The schedulers of `transformers.optimization` that a metric drives."""

from typing import Any

import jaxsched as js
from jaxsched.compat import _arguments as given
from jaxsched.compat.transformers._groups import for_each_group as _for_each_group

Number = Any


@_for_each_group
def get_reduce_on_plateau_schedule(lr: Number | js.Schedule, **kwargs: Any) -> js.Controller:
    """`get_reduce_on_plateau_schedule`: torch's `ReduceLROnPlateau`, whose arguments these are.

    They are mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel", cooldown=0, min_lr=0, eps=1e-8.

    Raises:
        TypeError: an unknown argument.
        ValueError: `factor` is not between 0 and 1, or an unknown mode.

    Examples:
        >>> from jaxsched.compat import transformers as optimization
        >>> plateau = optimization.get_reduce_on_plateau_schedule(1.0, factor=0.5, patience=0)
        >>> state = plateau.update(plateau.update(plateau.init(), value=1.0), value=1.0)
        >>> float(plateau(state))
        0.5
    """
    return _reduce_on_plateau(lr, **kwargs)


@_for_each_group
def get_greedy_schedule(lr: Number | js.Schedule, **kwargs: Any) -> js.Controller:
    """`get_greedy_schedule`: `GreedyLR`, whose arguments these are.

    Raises:
        TypeError: an unknown argument.
        ValueError: as `GreedyLR`.

    Examples:
        >>> from jaxsched.compat import transformers as optimization
        >>> greedy = optimization.get_greedy_schedule(0.5, factor=0.5, patience=0)
        >>> float(greedy(greedy.update(greedy.init(), value=1.0)))
        1.0
    """
    return GreedyLR(lr, **kwargs)


@_for_each_group
def GreedyLR(
    lr: Number | js.Schedule,
    mode: str = "min",
    factor: Number = 0.95,
    patience: Number = 10,
    threshold: Number = 1e-6,
    threshold_mode: str = "abs",
    cooldown: Number = 0,
    warmup: Number = 0,
    min_lr: Number = 1e-3,
    max_lr: Number = 1.0,
    eps: Number = 1e-8,
    verbose: bool = False,
    smooth: bool = False,
    window_size: int = 50,
    reset_start: Number = 500,
) -> js.Controller:
    """`GreedyLR`: raised after more than `patience` improvements in a row, cut after as many failures.

    The default `min_lr` of 0.001 is above the usual rates of fine-tuning: from below it a rate can only rise.

    Raises:
        ValueError: `factor` is not between 0 and 1, an unknown mode, or `min_lr` above `max_lr`.

    Examples:
        >>> from jaxsched.compat import transformers as optimization
        >>> greedy = optimization.GreedyLR(0.5, factor=0.5, patience=0)
        >>> state = greedy.update(greedy.update(greedy.init(), value=1.0), value=2.0)
        >>> float(greedy(state))
        0.5
    """
    del verbose
    rtol, atol = _thresholds(threshold, threshold_mode)
    with given.named(rtol="threshold", atol="threshold", min_value="min_lr", max_value="max_lr", min_change="eps"):
        return js.greedy(
            lr,
            factor,
            patience,
            rtol=rtol,
            atol=atol,
            mode=mode,
            cooldown=cooldown,
            warmup=warmup,
            min_value=min_lr,
            max_value=max_lr,
            min_change=eps,
            window=window_size if smooth else 1,
            reset_after=reset_start,
        )


def _reduce_on_plateau(
    lr: Number | js.Schedule,
    mode: str = "min",
    factor: Number = 0.1,
    patience: Number = 10,
    threshold: Number = 1e-4,
    threshold_mode: str = "rel",
    cooldown: Number = 0,
    min_lr: Number = 0,
    eps: Number = 1e-8,
) -> js.Controller:
    rtol, atol = _thresholds(threshold, threshold_mode)
    with given.named(rtol="threshold", atol="threshold", min_value="min_lr", min_change="eps"):
        return js.reduce_on_plateau(
            lr,
            factor,
            patience,
            rtol=rtol,
            atol=atol,
            mode=mode,
            cooldown=cooldown,
            min_value=min_lr,
            min_change=eps,
        )


def _thresholds(threshold: Number, threshold_mode: str) -> tuple[Number, Number]:
    if threshold_mode not in ("rel", "abs"):
        raise ValueError(f"`threshold_mode` {threshold_mode!r} is unknown: it must be 'rel' or 'abs'.")
    return (threshold, 0.0) if threshold_mode == "rel" else (0.0, threshold)
