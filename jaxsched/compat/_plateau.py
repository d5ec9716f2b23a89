"""torch's `ReduceLROnPlateau`, which the other frameworks have under other names."""

from typing import Any

import jaxsched as js

NAMES = {"schedule": "lr", "min_value": "min_lr", "min_change": "eps", "rtol": "threshold", "atol": "threshold"}
"""Their name for each argument of ours."""

FACTOR_OF_ZERO = 1e-37
"""What a factor of 0 is taken for: one cut leads to the smallest rate."""


def reduce_lr(
    lr: Any, threshold: Any, threshold_mode: str, min_lr: Any, eps: Any, factor: Any, patience: Any, **given: Any
) -> js.Controller:
    margin = {"rtol": 0.0, "atol": 0.0, "rtol" if threshold_mode == "rel" else "atol": threshold}
    more: Any = {"min_value": min_lr, "min_change": eps, "rule": "torch", **given}
    return js.reduce_on_plateau(lr, factor, patience, **margin, **more)
