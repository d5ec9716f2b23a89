"""The hyperparameters in an optimizer's state: what they are, and how they go on."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxsched._controllers.base import LAST_STEP, Controller
from jaxsched._core.fields import is_traced
from jaxsched._core.program import canonical
from jaxsched._core.schedule import Schedule
from jaxsched._core.statedict import storable
from jaxsched._core.time import real_dtype

Array = jax.Array


class Slot(NamedTuple):
    """A hyperparameter in the state of an optimizer."""

    schedule: Any  # a schedule or a controller, its numbers as arrays
    state: Any  # the controller's state without its step, which is the count; () for a schedule
    override: Array  # shape=(), the default float; NaN unless the value was set by hand


class Values(dict[str, Any]):
    """Hyperparameters by name, to read: what is written here would be ignored, and so it is refused."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            "`hyperparams` must not be written to: each update computes its values anew, and would ignore it. "
            "Use `opt_state = jaxsched.override(opt_state, learning_rate=0.1)`."
        )

    __setitem__ = __delitem__ = __ior__ = popitem = clear = _refuse
    update = setdefault = pop = _refuse  # pyright: ignore[reportAssignmentType]

    def __reduce__(self) -> Any:
        return Values, (dict(self),)


jax.tree_util.register_pytree_with_keys(
    Values,
    lambda x: ([(jax.tree_util.DictKey(name), x[name]) for name in sorted(x)], tuple(sorted(x))),
    lambda names, values: Values(zip(names, values, strict=True)),
)
storable(Values, dict, lambda values, numbers: Values(numbers))


class InjectState(NamedTuple):
    """The state of `inject`, `scale_by_learning_rate` and `by_group`."""

    # updates so far, for all hyperparameters; shape=(), dtype=int32
    count: Array  # pyright: ignore[reportIncompatibleMethodOverride] (optax has the same name)
    slots: dict[str, Slot]
    inner_state: Any
    # The values that the last update used; shape=(), the default float. They stand last since an update does not read
    # them: JAX gives the buffers of a donated state to the new one in order, and one left out would shift the others.
    hyperparams: Values


def slot_of(schedule: Schedule | Controller) -> Slot:
    # Arrays of fixed dtypes, so that a scan can carry them and another schedule of this structure compiles nothing.
    schedule = jax.tree.map(lambda x: own(canonical(x)), schedule)
    state = schedule.init()._replace(step=None) if isinstance(schedule, Controller) else ()
    return Slot(schedule, state, jnp.full((), jnp.nan, real_dtype()))


def own(x: Array) -> Array:
    """A copy: the state may be donated, and the caller's array must not go with it."""
    return x if is_traced(x) else jnp.array(x, copy=True)


def placed(tree: Any, count: Any) -> Any:
    """The tree on the devices that the state's count was put on, so that the next step need not be compiled anew."""
    if is_traced(count) or not getattr(count, "committed", False) or jnp.ndim(count):
        return tree
    there = lambda x: x if is_traced(x) or x.committed else jax.device_put(x, count.sharding)  # noqa: E731
    return jax.tree.map(there, tree)


def first(hyperparameters: Mapping[str, Schedule | Controller]) -> tuple[dict[str, Slot], Values]:
    slots = {name: slot_of(x) for name, x in hyperparameters.items()}
    return slots, Values({name: value_at(slot, jnp.zeros((), jnp.int32)) for name, slot in slots.items()})


def scheduled_at(slot: Slot, count: Array) -> Array:
    """The value that the schedule or controller gives, whatever was set by hand."""
    if isinstance(slot.schedule, Controller):
        return slot.schedule(slot.state._replace(step=count))
    return slot.schedule(count)


def value_at(slot: Slot, count: Array) -> Array:
    return jnp.where(jnp.isnan(slot.override), scheduled_at(slot, count), slot.override)


def advanced(state: InjectState, extra: Mapping[str, Any]) -> tuple[Values, InjectState]:
    """The values to use now, and the state after it."""
    count = jnp.asarray(state.count, jnp.int32)  # it may have been set to a Python int
    values = Values({name: value_at(slot, count) for name, slot in state.slots.items()})
    slots = {name: _slot_after(slot, count, extra) for name, slot in state.slots.items()}
    return values, state._replace(count=count + (count < LAST_STEP).astype(jnp.int32), slots=slots, hyperparams=values)


def _slot_after(slot: Slot, count: Array, extra: Mapping[str, Any]) -> Slot:
    if not isinstance(slot.schedule, Controller):
        return slot
    return moved(slot, slot.schedule.update(slot.state._replace(step=count), **extra))


def moved(slot: Slot, state: Any) -> Slot:
    """The slot with another state of its controller."""
    return slot._replace(state=state._replace(step=None))


def check_state(state: Any) -> None:
    if not isinstance(state, InjectState):
        raise TypeError(f"`state` must be what `init` of this optimizer returned: got {type(state).__name__}.")
    written = [name for name, slot in state.slots.items() if not isinstance(slot, Slot)]
    if written or not isinstance(state.hyperparams, Values):
        raise TypeError(
            f"`state` must not be written to, as `optax.tree.set` does: {', '.join(written) or 'hyperparams'} was. "
            f"Use `opt_state = jaxsched.override(opt_state, learning_rate=0.1)`."
        )
