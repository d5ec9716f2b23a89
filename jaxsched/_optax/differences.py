"""What to say of two schedules: the one that was saved, and the one to go on with."""

from typing import Any

import jax
import numpy as np

from jaxsched._core.fields import is_traced
from jaxsched._core.node import kind_name
from jaxsched._optax.stored import parts
from jaxsched._store.serialize import described


def data_of(schedule: Any) -> Any:
    """A schedule as data; `None` where its numbers are not known."""
    if any(is_traced(x) or isinstance(x, jax.ShapeDtypeStruct) for x in jax.tree.leaves(schedule)):
        return None
    return described(schedule)


def kind_of(schedule: Any) -> str:
    return kind_name(type(schedule))


def judged_by(described: Any) -> tuple[Any, Any]:
    """What a controller must share with another to take over its state: its class and direction."""
    while isinstance(described, dict) and "controller" in described:
        described = described["controller"]
    return (described.get("kind"), described.get("sign")) if isinstance(described, dict) else (None, None)


def one_way(kept: dict[str, Any], new: Any) -> bool:
    """Whether a controller whose kind is not known was of the new one's direction: its numbers have names."""
    numbers = parts(kept.get("schedule")) or {}
    while "controller" in numbers:
        numbers = parts(numbers["controller"]) or {}
    return "sign" not in numbers or bool(np.array_equal(numbers["sign"], judged_by(new)[1]))


def differences(path: str, old: Any, new: Any) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        if old.get("kind") != new.get("kind"):
            return [f"{path}: {old.get('kind')} -> {new.get('kind')}"]
        names = [*old, *(name for name in new if name not in old)]
        return [line for name in names for line in differences(f"{path}.{name}", old.get(name), new.get(name))]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        each = enumerate(zip(old, new, strict=True))
        return [line for i, (a, b) in each for line in differences(f"{path}[{i}]", a, b)]
    return [] if _equal(old, new) else [f"{path}: {old} -> {new}"]


def _equal(old: Any, new: Any) -> bool:
    if not (isinstance(old, float) and isinstance(new, float)):
        return old == new
    narrow = np.float32(old), np.float32(new)  # one of them may be of before x64 was switched on, or off
    return old == new or (narrow[0] == narrow[1] and (narrow[0] == old or narrow[1] == new))
