"""The values of the TensorFlow that is installed, in float64.

Its own formulas take float64 rates, but for two constants of a fixed type: the π of the cosines and the type of the
noise are float32 there, which TensorFlow refuses to mix with float64. Both are widened here.
"""

import functools
import inspect
import os
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf
from tensorflow.python.keras.optimizer_v2 import learning_rate_schedule as formulas

from support.compat.case import Case

formulas.math = types.SimpleNamespace(pi=np.float64(np.pi))
formulas.random_ops = types.SimpleNamespace(random_normal=functools.partial(tf.random.normal, dtype=tf.float64))

EXACT = ("boundaries", "decay_steps", "first_decay_steps", "staircase", "cycle")
"""All else is handed over as float64: Python numbers become float32 on their way."""


def version() -> str:
    return f"tensorflow {tf.__version__}"


def values(case: Case) -> list[float]:
    function = getattr(tf.compat.v1.train, case.function)
    arguments = {name: x if name in EXACT else wide(x) for name, x in arguments_of(case, function).items()}
    of_step = "x" if case.function.startswith("piecewise") else "global_step"
    return [float(function(**arguments, **{of_step: tf.constant(step, tf.int32)})().numpy()) for step in case.steps]


def arguments_of(case: Case, function) -> dict:
    """With the defaults, which are Python numbers too."""
    defaults = {p.name: p.default for p in inspect.signature(function).parameters.values() if p.name != "name"}
    return {name: x for name, x in (defaults | case.arguments).items() if x is not inspect.Parameter.empty}


def wide(x):
    return [wide(each) for each in x] if isinstance(x, list) else tf.constant(x, tf.float64)
