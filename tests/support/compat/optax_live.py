"""The values of the optax that is installed, in float64."""

import jax
import numpy as np
import optax

from support.compat.case import Case, decode


def version() -> str:
    return f"optax {optax.__version__}"


def call(function, arguments):
    return getattr(optax.schedules, function)(**arguments)


def values(case: Case) -> list[float]:
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        schedule = call(case.function, decode(case.arguments, call))
        with jax.numpy_dtype_promotion("standard"):
            return [float(np.asarray(schedule(np.int64(step)))) for step in case.steps]
    finally:
        jax.config.update("jax_enable_x64", before)
