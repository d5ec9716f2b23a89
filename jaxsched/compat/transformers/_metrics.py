"""The schedulers of `transformers.optimization` that a metric drives."""

from typing import Any, Literal

import jaxsched as js
from jaxsched.compat._foreign import foreign, handed_on
from jaxsched.compat._plateau import NAMES as PLATEAU_NAMES
from jaxsched.compat._plateau import reduce_lr
from jaxsched.kinds import Bound, InnerFactor, NotNegative, PureSchedule, Whole, WholeAtLeastOne

NAMES = {"min_value": "min_lr", "max_value": "max_lr", "window": "window_size"}


@foreign(groups=("lr", "min_lr"), names=PLATEAU_NAMES)
def get_reduce_on_plateau_schedule(
    lr: PureSchedule,
    *,
    mode: Literal["min", "max"] = "min",
    factor: InnerFactor = 0.1,
    patience: Whole = 10,
    threshold: NotNegative = 1e-4,
    threshold_mode: Literal["rel", "abs"] = "rel",
    cooldown: Whole = 0,
    min_lr: Bound = 0,
    eps: Bound = 1e-8,
) -> js.Controller:
    """`get_reduce_on_plateau_schedule`: torch's `ReduceLROnPlateau`, whose arguments these are.

    Examples:
        >>> plateau = optimization.get_reduce_on_plateau_schedule(1.0, factor=0.5, patience=0)
        >>> state = plateau.update(plateau.update(plateau.init(), value=1.0), value=1.0)
        >>> float(plateau(state))
        0.5
    """
    return reduce_lr(lr, threshold, threshold_mode, min_lr, eps, factor, patience, mode=mode, cooldown=cooldown)


@handed_on
def get_greedy_schedule(lr: js.ScheduleLike, **kwargs: Any) -> js.Controller:
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


@foreign(groups=("lr", "min_lr", "max_lr"), names=NAMES)
def GreedyLR(
    lr: PureSchedule,
    mode: Literal["min", "max"] = "min",
    factor: InnerFactor = 0.95,
    patience: Whole = 10,
    threshold: NotNegative = 1e-6,
    threshold_mode: Literal["rel", "abs"] = "abs",
    cooldown: Whole = 0,
    warmup: Whole = 0,
    min_lr: Bound = 1e-3,
    max_lr: Bound = 1.0,
    eps: Bound = 1e-8,
    verbose: bool = False,
    smooth: bool = False,
    window_size: WholeAtLeastOne = 50,
    reset_start: Whole = 500,
) -> js.Controller:
    """`GreedyLR`: raised after more than `patience` improvements in a row, cut after as many failures.

    The default `min_lr` of 0.001 is above the usual rates of fine-tuning: from below it a rate can only rise.

    Raises:
        ValueError: `min_lr` is above `max_lr`.

    Examples:
        >>> greedy = optimization.GreedyLR(0.5, factor=0.5, patience=0)
        >>> state = greedy.update(greedy.update(greedy.init(), value=1.0), value=2.0)
        >>> float(greedy(state))
        0.5
    """
    del verbose
    return js.greedy(
        lr,
        factor,
        patience,
        rtol=threshold if threshold_mode == "rel" else 0.0,
        atol=threshold if threshold_mode == "abs" else 0.0,
        mode=mode,
        cooldown=cooldown,
        warmup=warmup,
        min_value=min_lr,
        max_value=max_lr,
        min_change=eps,
        window=window_size if smooth else 1,  # pyright: ignore[reportArgumentType] (the check makes it an int)
        reset_after=reset_start,
    )
