"""The values of the Keras that is installed, on JAX and in float64.

Its own formulas follow the type of the rate, but for one: `ops.cos` of float64 is float32 there. It is widened here.
"""

import contextlib
import os
import types
from collections.abc import Iterator

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np
from keras.src.optimizers.schedules import learning_rate_schedule as formulas

from support.compat.case import Case

formulas.ops = types.SimpleNamespace(**{**vars(formulas.ops), "cos": jax.numpy.cos})


def version() -> str:
    return f"keras {keras.__version__}"


def values(case: Case) -> list[float]:
    with float64():
        if case.metrics is not None:
            return plateau(case)
        schedule = getattr(keras.optimizers.schedules, case.function)(**case.arguments)
        return [float(np.asarray(schedule(step))) for step in case.steps]


def plateau(case: Case) -> list[float]:
    arguments = dict(case.arguments)
    optimizer = keras.optimizers.SGD(arguments.pop("lr"))
    callback = keras.callbacks.ReduceLROnPlateau(**arguments)
    callback.set_model(types.SimpleNamespace(optimizer=optimizer))
    callback.on_train_begin()
    rates = [float(np.asarray(optimizer.learning_rate))]
    for epoch, metric in enumerate(case.metrics or []):
        callback.on_epoch_end(epoch, {callback.monitor: metric})
        rates.append(float(np.asarray(optimizer.learning_rate)))
    return rates


@contextlib.contextmanager
def float64() -> Iterator[None]:
    wide, kind = jax.config.jax_enable_x64, keras.config.floatx()
    jax.config.update("jax_enable_x64", True)
    keras.config.set_floatx("float64")
    try:
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            yield
    finally:
        jax.config.update("jax_enable_x64", wide)
        keras.config.set_floatx(kind)
