"""What Keras has stored, as a schedule."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jaxsched as js
from jaxsched.compat.keras._schedules import SCHEDULES
from jaxsched.kinds import is_mapping


def from_config(config: Mapping[str, Any]) -> js.Schedule:
    """The schedule of what `keras.optimizers.schedules.serialize`, or a schedule's own `get_config`, gave.

    A bare `get_config()` does not say its class: it is found by the arguments and by the name that is its default.

    Raises:
        TypeError: `config` is not a dictionary.
        ValueError: a class that is not one of Keras's schedules, or a bare configuration that fits none or several.

    Examples:
        >>> from jaxsched.compat import keras as schedules
        >>> arguments = {"initial_learning_rate": 1.0, "decay_steps": 9}
        >>> schedules.from_config({"class_name": "CosineDecay", "config": arguments})
        Cosine(start=1.0, end=0.0, steps=9)
    """
    if not is_mapping(config):
        raise TypeError(f"`config` must be a dictionary: got {config!r}. Pass `schedules.serialize(schedule)`.")
    config = dict(config)
    if "class_name" not in config:
        return _class_of(config)(**config)
    name, known = config["class_name"], ", ".join(SCHEDULES)
    if name not in SCHEDULES:
        raise ValueError(f"`class_name` must be one of {known}: got {name!r}. Build your own from jaxsched's pieces.")
    return SCHEDULES[name](**config.get("config", {}))


def _class_of(config: Mapping[str, Any]) -> Callable[..., js.Schedule]:
    fitting = [schedule for schedule in SCHEDULES.values() if _takes(schedule, config)]
    named_so = [s for s in fitting if inspect.signature(s).parameters["name"].default == config.get("name")]
    candidates = fitting if len(fitting) == 1 else named_so
    if len(candidates) == 1:
        return candidates[0]
    found = " or ".join(each.__name__ for each in fitting) or f"none of {', '.join(SCHEDULES)}"
    raise ValueError(
        f"`config` must say its class: {sorted(config)} may be {found}. "
        f"Pass `schedules.serialize(schedule)`, which has a `class_name`."
    )


def _takes(schedule: Callable[..., js.Schedule], config: Mapping[str, Any]) -> bool:
    try:
        inspect.signature(schedule).bind(**config)
    except TypeError:
        return False
    return True
