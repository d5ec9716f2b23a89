"""Rates for `by_group` that fall from layer to layer."""

from collections.abc import Hashable, Sequence
from typing import Any, overload

import numpy as np

from jaxsched._combinators.values import scale
from jaxsched._controllers.base import ControllerLike
from jaxsched._core.kinds import Positive, checked
from jaxsched._core.lists import in_order
from jaxsched._core.words import shown

MOST_LAYERS = 10_000


@overload
def layerwise(schedule: ControllerLike, decay: Positive, layers: int) -> list[Any]: ...
@overload
def layerwise(schedule: ControllerLike, decay: Positive, layers: Sequence[str]) -> dict[str, Any]: ...
@checked
def layerwise(schedule: ControllerLike, decay: Positive, layers: Sequence[str] | int) -> dict[str, Any] | list[Any]:
    r"""Schedules for `by_group` that fall from layer to layer: discriminative fine-tuning.

    Of L layers the l-th from 1 gets $v(t)\,d^{L - l}$: the last one, the head, the values of the schedule itself.

    Args:
        schedule: a schedule, controller, number or function of the step. Each layer gets a controller of its own, with
            its bounds scaled too, and they all observe the same metric.
        decay: the factor d from a layer to the one before it, greater than 0 and usually at most 1.
        layers: a pattern (or label) for each layer, from the input to the output. Or the number of layers that are
            stacked in one array; what is returned is then a list, for one group.

    Raises:
        ValueError: `decay` is not positive, or there is no layer, or a layer is named twice.
        TypeError: `schedule` is no schedule.

    Examples:
        >>> rates = jaxsched.layerwise(0.8, 0.5, ["embed", "block_0/", "block_1/", "head"])
        >>> {name: round(float(rate(0)), 6) for name, rate in rates.items()}
        {'embed': 0.1, 'block_0/': 0.2, 'block_1/': 0.4, 'head': 0.8}
        >>> rates = {"blocks": jaxsched.layerwise(0.8, 0.5, 2), "head": 0.8}
        >>> state = jaxsched.by_group(rates).init({"blocks": np.ones((2, 3)), "head": np.ones(3)})
        >>> {name: round(float(rate), 6) for name, rate in jaxsched.current(state).items()}
        {'blocks/0/learning_rate': 0.4, 'blocks/1/learning_rate': 0.8, 'head/learning_rate': 0.8}

    Reference:
        Howard and Ruder 2018, arXiv:1801.06146, section 3.2 (d = 1 / 2.6); Clark et al. 2020, arXiv:2003.10555.
    """
    stacked = isinstance(layers, (int, np.integer)) and not isinstance(layers, bool)
    if stacked and layers > MOST_LAYERS:  # pyright: ignore[reportOperatorIssue]
        raise ValueError(
            f"`layers` must be at most {MOST_LAYERS}: got {shown(layers)}. Each gets a schedule of its own."
        )
    names: Any = range(layers) if stacked else layers  # pyright: ignore[reportArgumentType]
    listed = not isinstance(names, str) and all(map(_may_name, in_order("layers", names, "patterns")))
    if not listed or not 0 < len(list(names)) == len(set(names)):
        raise ValueError(
            f"`layers` must be a sequence of patterns, each once, or the number of layers in one array: "
            f"got {shown(layers)}."
        )
    names = list(names)
    each = [scale(schedule, decay ** (len(names) - 1 - i)) for i in range(len(names))]
    return each if stacked else dict(zip(names, each, strict=True))


def _may_name(x: Any) -> bool:
    """Whether it is a pattern, or may be a label."""
    numbers = (bool, float, complex, np.bool_, np.inexact, np.datetime64)
    return isinstance(x, Hashable) and x is not None and not isinstance(x, numbers) and not callable(x)
