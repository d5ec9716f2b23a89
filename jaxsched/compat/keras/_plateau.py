"""Keras's `ReduceLROnPlateau`, a callback there."""

from typing import Any

import jaxsched as js
from jaxsched.compat import _arguments as given

Number = Any

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


def ReduceLROnPlateau(
    lr: Number | js.Schedule,
    monitor: str = "val_loss",
    factor: Number = 0.1,
    patience: Number = 10,
    verbose: int = 0,
    mode: str = "auto",
    min_delta: Number = 1e-4,
    cooldown: Number = 0,
    min_lr: Number = 0.0,
) -> js.Controller:
    """`keras.callbacks.ReduceLROnPlateau`: a cut once `patience` observations have not improved by `min_delta`.

    `monitor` is looked at for its direction only, where `mode` is "auto": `update(state, value=…)` takes the metric.
    There is one update an epoch there; here it is whenever a metric is handed over.

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
    del verbose
    names = {"schedule": "lr", "atol": "min_delta", "min_value": "min_lr"}
    with given.named(**names):
        return js.reduce_on_plateau(
            lr,
            factor,
            patience,
            rtol=0.0,
            atol=abs(min_delta),
            mode=_direction(monitor, mode),
            cooldown=cooldown,
            min_value=min_lr,
            rule="keras",
        )


def _direction(monitor: str, mode: str) -> str:
    if mode in ("min", "max"):
        return mode
    metric = monitor.removeprefix("val_")
    if mode != "auto":
        raise ValueError(f"`mode` must be 'auto', 'min' or 'max': got {mode!r}.")
    if metric not in RISING and metric not in FALLING:
        raise ValueError(
            f"`monitor` is {monitor!r}, and it is not known whether that is to be maximized or minimized. "
            f"Pass `mode='max'` to reach the highest value, or `mode='min'` to reach the lowest."
        )
    return "max" if metric in RISING else "min"
