"""Changes of hyperparameters in a state by name; those of one structure are together again afterwards."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from jaxsched._core.fields import is_traced
from jaxsched._optax.hyperparameters import InjectState, Slot, Values, kinds_of, readable
from jaxsched._optax.slots import ByName, each_part, put_together, several

Array = jax.Array

Change = Callable[[Any, str], Any]
"""From a state that holds hyperparameters, and the name of one there, to the state with that one changed."""


def changed(state: Any, changes: Mapping[str, Change], alike: bool) -> Any:
    """The state with some of its hyperparameters changed, each by its name.

    Args:
        state: a state that holds hyperparameters.
        changes: what makes of the state, and a name in it, the changed state.
        alike: whether all changes are the same.
    """
    if alike and isinstance(state, InjectState) and isinstance(state.slots, ByName):
        state, changes = _changed_parts(state, changes)
    for name, do in changes.items():
        state = do(state, name)
    return together(state) if isinstance(state, InjectState) else state


def _changed_parts(state: InjectState, changes: Mapping[str, Change]) -> tuple[InjectState, dict[str, Change]]:
    """With the parts that change as a whole changed, and the changes that are left."""
    do, whole = next(iter(changes.values())), set()

    def one(slot: Slot, value: Array) -> Any:
        after = do(state._replace(slots={"": slot}, hyperparams=Values({"": value})), "")
        return after.slots[""], after.hyperparams[""]

    def part(names: tuple[str, ...], slot: Slot, value: Array) -> Any:
        if not changes.keys() >= set(names):
            return slot, value
        whole.update(names)
        return several(one, names)(slot, value)

    pairs = each_part(part, state.slots, state.hyperparams)
    slots, values = (ByName((names, pair[i]) for names, pair in pairs.parts) for i in range(2))
    left = {name: do for name, do in changes.items() if name not in whole}
    return state._replace(slots=slots, hyperparams=readable(values)), left


def together(state: Any) -> Any:
    """The state with the hyperparameters of one structure together again, after some were changed by themselves."""
    slots, values = state.slots, state.hyperparams
    if isinstance(slots, ByName) or not isinstance(values, (Values, ByName)):  # as they were, or those of a snapshot
        return state
    kinds = kinds_of(slots)
    slots, values = put_together(slots, kinds), readable(put_together(values, kinds))
    return state._replace(slots=_beside(slots, state.count), hyperparams=_beside(values, state.count))


def _beside(x: Any, count: Any) -> Any:
    """What was put together, on the very devices of the count."""
    if not isinstance(x, ByName) or is_traced(count) or not getattr(count, "committed", False) or jnp.ndim(count):
        return x
    return jax.device_put(x, count.sharding)
