"""Hyperparameters that share the state of another's controller: weight decay that follows the cuts of a plateau."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from jaxsched._combinators.values import multiple_of
from jaxsched._controllers.base import Controller
from jaxsched._core.statedict import storable
from jaxsched._optax.slots import each_part, parts_of


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class Shared:
    """Stands in a `Slot` for the state of a controller that is a multiple of another hyperparameter's.

    Attributes:
        name: that hyperparameter, whose slot has the state.
    """

    name: str


storable(Shared, lambda shared: {}, lambda shared, numbers: shared)


def sharing(hyperparameters: Mapping[str, Any]) -> dict[str, Shared]:
    """Those that are a multiple of another's controller, `controller * 0.1` say, by name."""
    controllers = {name: x for name, x in hyperparameters.items() if isinstance(x, Controller)}
    originals = {name: x for name, x in controllers.items() if multiple_of(x) is None}
    found = {}
    for name in controllers.keys() - originals.keys():
        origin = multiple_of(controllers[name])
        found[name] = next((Shared(other) for other, x in originals.items() if x is origin or x == origin), None)
    return {name: shared for name, shared in found.items() if shared is not None}


def with_states(slots: Mapping[str, Any]) -> Mapping[str, Any]:
    """The slots, each with the state that it shares, to read."""
    if not any(is_shared(slot) for _, slot in parts_of(slots)):
        return slots

    def read(names: tuple[str, ...], slot: Any) -> Any:
        if not is_shared(slot):
            return slot
        state = slots[slot.state.name].state
        wide = lambda x: jnp.broadcast_to(jnp.asarray(x)[..., None], (*jnp.shape(x), len(names)))  # noqa: E731
        return slot._replace(state=state if len(names) == 1 else jax.tree.map(wide, state))

    return each_part(read, slots)


def is_shared(slot: Any) -> bool:
    return isinstance(getattr(slot, "state", None), Shared)


def owner(slots: Mapping[str, Any], name: str) -> str:
    """The hyperparameter that has the state of one."""
    return slots[name].state.name if is_shared(slots[name]) else name


def apart(slots: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The slots, where those that share the state of one have their own from now on."""
    sharers = [each for each in slots if is_shared(slots[each]) and slots[each].state.name == name]
    own = {each: slots[each]._replace(state=slots[name].state) for each in sharers}
    return {**slots, **own} if own else slots
