"""The way back: a schedule as one of Keras, which is imported when one is made."""

from typing import TYPE_CHECKING, Any

import jaxsched as js
from jaxsched.compat._away import one_of
from jaxsched.kinds import shown

if TYPE_CHECKING:
    from keras.optimizers.schedules import LearningRateSchedule  # pyright: ignore[reportMissingImports]
else:
    # What the signature shows, without an import of Keras.
    LearningRateSchedule = type("LearningRateSchedule", (), {"__module__": "keras.optimizers.schedules"})


def to_schedule(schedule: js.ScheduleLike) -> LearningRateSchedule:
    """A schedule as a `LearningRateSchedule` of Keras, for the `learning_rate` of its optimizers.

    Its value at a step is `schedule(step)`. Keras stores it with the optimizer, as data: `model.save` and `load_model`
    bring it back, where `register` or this function was called before. `from_config` gives the schedule back.

    Under the backend "jax" it is a part of the compiled step. Under "torch" it is computed on the CPU at each step.
    TensorFlow compiles the step without JAX, so there it is a table of the schedule's `duration`: for one that never
    ends pass `jaxsched.tabulate(schedule, total)`, or compile the model with `run_eagerly=True`.

    Args:
        schedule: a schedule, number, or function of the step that JAX can trace; the step counts the optimizer's
            updates. A function is not data: Keras cannot store it.

    Raises:
        ImportError: Keras is not installed.
        TypeError: `schedule` is a controller, a stack, or no schedule.

    Examples:
        >>> from jaxsched.compat.keras import to_schedule
        >>> import keras  # doctest: +SKIP
        >>> lr = to_schedule(jaxsched.warmup_cosine(1e-3, warmup=100, total=1_000))  # doctest: +SKIP
        >>> optimizer = keras.optimizers.Adam(learning_rate=lr)  # doctest: +SKIP
    """
    if isinstance(schedule, js.Controller):
        raise TypeError(
            f"`schedule` must be a pure schedule: got {shown(schedule)}, a controller. Keras changes a rate on a "
            f"plateau by a callback, `keras.callbacks.ReduceLROnPlateau`, and only one that is a number."
        )
    return _schedules("to_schedule").Schedule(one_of("schedule", schedule))


def register() -> None:
    """Tell Keras of the class that `to_schedule` makes, so that `load_model` finds it in a process that made none.

    Raises:
        ImportError: Keras is not installed.

    Examples:
        >>> from jaxsched.compat import keras as schedules
        >>> schedules.register()  # doctest: +SKIP
        >>> model = keras.saving.load_model("model.keras")  # doctest: +SKIP
    """
    _schedules("register")


def _schedules(function: str) -> Any:
    try:
        from jaxsched.compat.keras import _live
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "keras":
            raise
        raise ImportError(f"`{function}` needs Keras: pip install keras.") from error
    return _live
