"""The class that `to_schedule` makes. This module alone imports Keras."""

import importlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

import jaxsched as js
from jaxsched.compat._away import on_host

keras: Any = importlib.import_module("keras")  # for type checkers, which may have other stubs of that name

LONGEST = 2**24
"""So many values a table may have, which is 64 MiB."""


def _untranslated(function: Any) -> Any:
    """TensorFlow would translate our Python to its own in a graph, and warn of what it cannot."""
    if keras.backend.backend() != "tensorflow":
        return function
    return importlib.import_module("tensorflow").autograph.experimental.do_not_convert(function)


@keras.saving.register_keras_serializable(package="jaxsched")
class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule of jaxsched in an optimizer of Keras.

    Attributes:
        schedule: the schedule.
    """

    __module__ = "jaxsched.compat.keras"

    def __init__(self, schedule: js.Schedule) -> None:
        super().__init__()
        self.schedule = schedule

    @_untranslated
    def __call__(self, step: Any) -> Any:
        step = keras.ops.convert_to_tensor(step)
        if keras.backend.backend() == "jax":
            return self.schedule(step)
        if keras.backend.backend() == "tensorflow" and _in_graph():
            table = _table(self.schedule)
            return keras.ops.take(table, keras.ops.clip(step, 0, len(table) - 1))
        with on_host():
            return keras.ops.convert_to_tensor(np.asarray(self.schedule(keras.ops.convert_to_numpy(step))))

    def get_config(self) -> dict[str, Any]:
        return {"schedule": js.to_dict(self.schedule)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Schedule":
        return cls(js.from_dict(config["schedule"]))

    def __repr__(self) -> str:
        return f"<jaxsched.compat.keras.to_schedule({self.schedule!r})>"


def _in_graph() -> bool:
    return not importlib.import_module("tensorflow").executing_eagerly()


def _table(schedule: js.Schedule) -> np.ndarray:
    """All values until the schedule is flat."""
    length = schedule.duration
    if length is None or not float(length) < LONGEST:
        raise ValueError(
            f"`schedule` must end within {LONGEST:,} steps where TensorFlow compiles: got a duration of {length}. Pass "
            f"`jaxsched.tabulate(schedule, total)`, or compile the model with `run_eagerly=True`."
        )
    with on_host():
        return np.asarray(schedule(np.arange(math.ceil(float(length)) + 1)))
