"""Keras's `ReduceLROnPlateau`, which Keras has as a callback."""

from typing import Literal

import jaxsched as js
from jaxsched.compat._foreign import foreign
from jaxsched.kinds import Bound, InnerFactor, PureSchedule, Real, Whole, shown

RISING = """
acc accuracy auc binary_accuracy binary_io_u categorical_accuracy concordance_correlation cosine_similarity f1_score
fbeta_score io_u mean_io_u one_hot_io_u one_hot_mean_io_u pearson_correlation precision precision_at_recall r2_score
recall recall_at_precision sensitivity_at_specificity sparse_categorical_accuracy sparse_top_k_categorical_accuracy
specificity_at_sensitivity top_k_categorical_accuracy
""".split()
FALLING = """
binary_crossentropy categorical_crossentropy categorical_hinge hinge kl_divergence logcosh loss mae mean_absolute_error
mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error mse poisson root_mean_squared_error
sparse_categorical_crossentropy squared_hinge
""".split()
"""The names that Keras gives to metrics to maximise, and to metrics to minimise."""


@foreign(names={"schedule": "lr", "atol": "min_delta", "min_value": "min_lr"})
def ReduceLROnPlateau(
    lr: PureSchedule,
    monitor: str = "val_loss",
    factor: InnerFactor = 0.1,
    patience: Whole = 10,
    verbose: int = 0,
    mode: Literal["auto", "min", "max"] = "auto",
    min_delta: Real = 1e-4,
    cooldown: Whole = 0,
    min_lr: Bound = 0.0,
) -> js.Controller:
    """`keras.callbacks.ReduceLROnPlateau`: a cut once `patience` observations have not improved by `min_delta`.

    `monitor` is looked at for its direction only, where `mode` is "auto": `update(state, value=…)` takes the metric.
    Keras updates once an epoch; here there is an update whenever a metric is handed over.

    Raises:
        ValueError: `factor` is not between 0 and 1, or the direction of `monitor` is not known.

    Examples:
        >>> from jaxsched.compat import keras as callbacks
        >>> plateau = callbacks.ReduceLROnPlateau(0.5, factor=0.5, patience=2)
        >>> state = plateau.init()
        >>> for loss in (1.0, 0.9, 0.9, 0.9):
        ...     state = plateau.update(state, value=loss)
        >>> float(plateau(state))
        0.25
    """
    better = _direction(monitor) if mode == "auto" else mode
    waits = {"patience": patience, "cooldown": cooldown}
    return js.reduce_on_plateau(
        lr, factor, **waits, rtol=0.0, atol=abs(min_delta), mode=better, min_value=min_lr, rule="keras"
    )


def _direction(monitor: str) -> Literal["min", "max"]:
    if not isinstance(monitor, str):
        raise TypeError(f"`monitor` must be the name of a metric: got {shown(monitor)}.")
    metric = monitor.removeprefix("val_")
    if metric not in RISING and metric not in FALLING:
        raise ValueError(
            f"`monitor` is {shown(monitor)}, and it is not known whether that is to be maximized or minimized. "
            f"Pass `mode='max'` to reach the highest value, or `mode='min'` to reach the lowest."
        )
    return "max" if metric in RISING else "min"
