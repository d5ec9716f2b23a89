"""The hyperparameters in an optimizer's state: what they are, and how they go on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._controllers.base import Controller, hyperparameter, inner
from jaxsched._controllers.kept import check_widths
from jaxsched._core.choice import select
from jaxsched._core.fields import is_traced
from jaxsched._core.program import canonical
from jaxsched._core.schedule import Schedule
from jaxsched._core.statedict import storable
from jaxsched._core.time import real_dtype, to_real
from jaxsched._optax.clock import Now, Position, after, given, no_clock, outside_of, position
from jaxsched._optax.shared import is_shared, sharing, with_states
from jaxsched._optax.slots import ByName, each_part, own_name, parts_of, put_together, several

Array = jax.Array


KEPT, BY_HAND = 1, 2
"""The bits of a slot's `mode`."""


class Slot(NamedTuple):
    """A hyperparameter in the state of an optimizer; or those of several groups, each array with a last axis."""

    schedule: Any  # a schedule or a controller, its numbers as arrays
    state: Any  # the controller's without its step, which counts updates; `Shared` with another; () for a schedule
    # shape=(), int32: 1 for the schedule's value, 3 while a number is set by hand. 0, in a state that was filled with
    # zeros, stands for the optimizer's own schedule.
    mode: Array
    number: Array  # shape=(), the default float: what is set by hand, else 0


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

    # of the next update, for all hyperparameters: updates so far, or one after what `update(..., step=)` was given;
    # shape=(), dtype=int32
    count: Array  # pyright: ignore[reportIncompatibleMethodOverride] (optax has the same name)
    # By name: a `ByName`, or the dict of an earlier version. `optax.tree.get(state, "learning_rate")` looks into dicts,
    # and finds the value in `hyperparams` alone.
    slots: Mapping[str, Slot]
    inner_state: Any
    # The values that the last update used; shape=(), the default float. They stand last since an update does not read
    # them: JAX gives the buffers of a donated state to the new one in order, and one left out would shift the others.
    hyperparams: Values | ByName
    clock: Any = ()  # an `Outside`; states of earlier versions have none


def one_number(name: str, x: Any) -> Schedule | Controller:
    """What may stand for a number of an optimizer: of one value at each step."""
    x = hyperparameter(name, x)
    if not any(map(np.ndim, jax.tree.leaves(x))):
        return x
    try:
        shapes = _shapes(inner(x))
    except TypeError as error:  # the schedule's own refusal
        raise TypeError(f"`{name}` must be one number at each step. {error}") from error
    if shapes:
        raise TypeError(
            f"`{name}` must be one number at each step: got {x!r:.200}, whose value or state has the shape {shapes[0]}."
            f" Is this a stacked schedule? "
            f"Map over it: `jax.vmap(lambda rate: jaxsched.inject(optax.adamw)(rate).init(params))`."
        )
    return x


def _shapes(x: Schedule | Controller) -> list[tuple[int, ...]]:
    """The shapes of a value, and of a state that changes its shape, where they are not those of one number."""
    if not isinstance(x, Controller):
        shape = jax.eval_shape(x, 0).shape
        return [shape] if shape else []
    first, after = jax.eval_shape(lambda: (x.init(), x.update(x.init(), value=0.0)))
    value = jax.eval_shape(lambda: x(x.init())).shape
    pairs = zip(jax.tree.leaves(after), jax.tree.leaves(first), strict=True)
    return [shape for shape in (value,) if shape] + [a.shape for a, b in pairs if a.shape != b.shape]


def slot_of(schedule: Schedule | Controller) -> Slot:
    # Arrays of fixed dtypes, so that a scan can carry them and another schedule of this structure compiles nothing.
    schedule = jax.tree.map(lambda x: own(canonical(x)), schedule)
    state = schedule.init()._replace(step=None) if isinstance(schedule, Controller) else ()
    return Slot(schedule, state, jnp.full((), KEPT, jnp.int32), jnp.zeros((), real_dtype()))


def own(x: Array) -> Array:
    """A copy: the state may be donated, and the caller's array must not go with it."""
    return x if is_traced(x) else jnp.array(x, copy=True)


def placed(tree: Any, count: Any) -> Any:
    """The tree on the devices that the state's count was put on, so that the next step need not be compiled anew."""
    if is_traced(count) or not getattr(count, "committed", False) or jnp.ndim(count):
        return tree
    fixed = lambda x: is_traced(x) or getattr(x, "committed", False)  # noqa: E731 (flax restores NumPy's arrays)
    return jax.tree.map(lambda x: x if fixed(x) else jax.device_put(x, count.sharding), tree)


def beside(given: Any, count: Any) -> Any:
    """What was given, brought from the device that it was put on to those of the state's count."""
    if is_traced(count) or not getattr(count, "committed", False) or jnp.ndim(count):
        return given
    there = count.sharding.device_set
    away = lambda x: not is_traced(x) and getattr(x, "committed", False) and x.sharding.device_set != there  # noqa: E731
    return jax.tree.map(lambda x: jax.device_put(x, count.sharding) if away(x) else x, given)


class Scheduled:
    """The hyperparameters of an optimizer: what its state begins with, and how that goes on."""

    def __init__(self, hyperparameters: Mapping[str, Schedule | Controller]) -> None:
        self.hyperparameters, self.sharing = hyperparameters, sharing(hyperparameters)

    def init(self, inner: Callable[[Any], Any]) -> InjectState:
        """The first state, with that of the transformation inside."""
        count = jnp.zeros((), jnp.int32)
        slots = {name: slot_of(x) for name, x in self.hyperparameters.items()}
        slots = {name: x._replace(state=self.sharing.get(name, x.state)) for name, x in slots.items()}
        slots = put_together(slots, kinds_of(slots))
        values = values_at(slots, Now(count, count, False))
        controlled = any(isinstance(x, Controller) for x in self.hyperparameters.values())
        return InjectState(count, slots, inner(values), values, no_clock(controlled))

    def update(self, state: Any, extra: Mapping[str, Any]) -> tuple[Values | ByName, InjectState]:
        """The values to use now, and the state after it."""
        self._check_state(state)
        count = jnp.asarray(state.count, jnp.int32)  # it may have been set to a Python int
        extra, step = dict(extra), given(extra.get("step"), count)
        extra.pop("step", None)
        now = Now(count if step is None else step, position(state).updates, step is not None)
        slots = each_part(self._filled, state.slots)
        values = values_at(slots, now)
        move = lambda names, kept, slot: _after(names, kept, slot, now, extra)  # noqa: E731
        moved = each_part(move, state.slots, slots)
        # In the dtypes that they had: the state may be of before x64 was switched on, and a scan carries it.
        used = each_part(lambda _, x, old: x.astype(jnp.result_type(old)), values, state.hyperparams)
        count, clock = after(count, state.clock if step is None else outside_of(state), step)
        return values, state._replace(count=count, slots=moved, hyperparams=readable(used), clock=clock)

    def _filled(self, names: tuple[str, ...], slot: Slot) -> Slot:
        """The slot with the optimizer's own numbers, where a state was filled with zeros."""
        mine = [self.hyperparameters[name] for name in names]
        if any(jax.tree.structure(x) != jax.tree.structure(slot.schedule) for x in mine):
            return slot

        def own(kept: Array, *numbers: Any) -> Array:
            if any(np.shape(x) != kept.shape[: np.ndim(x)] for x in numbers):
                return kept  # another table
            return select(slot.mode & KEPT != 0, kept, _along_last(numbers).astype(kept.dtype))

        return slot._replace(schedule=jax.tree.map(own, slot.schedule, *mine))

    def _check_state(self, state: Any) -> None:
        check_state(state)
        if set(state.slots) != set(self.hyperparameters):
            raise TypeError(
                f"`state` must have this optimizer's hyperparameters {sorted(self.hyperparameters)}: got "
                f"{sorted(state.slots)}. Go on by `opt_state, changes = jaxsched.restore(optimizer.init(params), "
                f"opt_state)`."
            )
        check_widths(state._replace(inner_state=None))


def scheduled_at(slot: Slot, now: Now) -> Array:
    """The value that the schedule or controller gives, whatever was set by hand."""
    if isinstance(slot.schedule, Controller):
        return slot.schedule(slot.state._replace(step=now.updates), **clock_of(slot.schedule, now))
    return to_real(slot.schedule(now.time))  # of `rounded` it is an int32


def clock_of(controller: Controller, now: Now) -> dict[str, Any]:
    """The keyword that tells a controller where its schedule is read."""
    return {"step": now.time} if now.given or inner(controller)._reads_step else {}


def value_at(slot: Slot, now: Now) -> Array:
    value = scheduled_at(slot, now)
    return select(slot.mode & BY_HAND != 0, slot.number.astype(value.dtype), value)


def next_value(slot: Slot, position: Position) -> Array:
    """The value of the next update, if that is given no time of its own."""
    return position.read(lambda now: value_at(slot, now))


def values_at(slots: Mapping[str, Slot], now: Now) -> Values | ByName:
    """The value of each."""
    at = lambda names, slot: several(lambda slot: value_at(slot, now), names)(slot)  # noqa: E731
    return readable(each_part(at, with_states(slots)))


def readable(values: Mapping[str, Any]) -> Values | ByName:
    """Values by name: plain ones, unless several are kept as one."""
    return values if isinstance(values, ByName) and any(len(x.names) > 1 for x in values.parts) else Values(values)


def _after(names: tuple[str, ...], kept: Slot, slot: Slot, now: Now, extra: Mapping[str, Any]) -> Slot:
    def after(kept: Slot, slot: Slot) -> Slot:
        state = slot.state._replace(step=now.updates)
        return moved(kept, slot.schedule.update(state, **extra, **clock_of(slot.schedule, now)))

    moves = isinstance(slot.schedule, Controller) and not is_shared(slot)
    return several(after, names)(kept, slot) if moves else kept


def _along_last(numbers: Sequence[Any]) -> Any:
    """Numbers of a schedule or controller, and those of several as one."""
    if len(numbers) == 1:
        return canonical(numbers[0])
    if any(map(is_traced, numbers)):
        return jnp.stack([canonical(x) for x in numbers], -1)
    return np.stack([np.asarray(x) for x in numbers], -1)


def moved(slot: Slot, state: Any) -> Slot:
    """The slot with another state of its controller."""
    return slot._replace(state=state._replace(step=None))


def kinds_of(slots: Mapping[str, Slot]) -> dict[str, Any]:
    """What those hyperparameters share that are kept as one: a name after that of their group, and a structure."""

    def kind(name: str, slot: Any) -> Any:
        if not isinstance(slot, Slot) or slot.schedule is None:
            return name
        leaves, structure = jax.tree.flatten(slot)
        return own_name(name), structure, tuple((jnp.shape(x), jnp.result_type(x)) for x in leaves)

    return {name: kind(name, slot) for name, slot in slots.items()}


def is_bare(state: InjectState) -> bool:
    """Whether the schedules were taken out of it, as `snapshot` does."""
    return any(isinstance(slot, Slot) and slot.schedule is None for _, slot in parts_of(state.slots))


def check_state(state: Any) -> None:
    if not isinstance(state, InjectState):
        raise TypeError(
            f"`state` must be what `init` of this optimizer returned: got {type(state).__name__}. Is it from a "
            f"checkpoint? `opt_state, changes = jaxsched.restore(optimizer.init(params), saved)` goes on from that."
        )
    if is_bare(state):
        raise TypeError(
            "`state` must hold its schedules: got that of a `snapshot`, which has them apart. Go on by `opt_state, "
            "changes = jaxsched.restore(optimizer.init(params), snapshot)`."
        )
    written = [name for names, slot in parts_of(state.slots) for name in names if not isinstance(slot, Slot)]
    if written or not isinstance(state.hyperparams, (Values, ByName)):
        raise TypeError(
            f"`state` must not be written to, as `optax.tree.set` does: {', '.join(written) or 'hyperparams'} was. "
            f"Use `opt_state = jaxsched.override(opt_state, learning_rate=0.1)`."
        )
