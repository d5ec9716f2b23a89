"""Reading, feeding and setting the hyperparameters in an optimizer's state, wherever in it they are."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._controllers.metrics import Events, metric
from jaxsched._core.boxes import array_of
from jaxsched._core.choice import select
from jaxsched._core.fields import is_number, is_traced, real
from jaxsched._core.time import real_dtype
from jaxsched._core.words import shown
from jaxsched._optax.clock import Position, position
from jaxsched._optax.find import (
    Change,
    Finding,
    Place,
    change,
    controller_state,
    find,
    is_ours,
    is_scheduled,
    slot,
    with_slot,
)
from jaxsched._optax.find import value as value_in
from jaxsched._optax.hypergradient import HypergradientState
from jaxsched._optax.hyperparameters import (
    BY_HAND,
    KEPT,
    InjectState,
    Slot,
    beside,
    clock_of,
    moved,
    next_value,
    own,
    placed,
)
from jaxsched._optax.shared import owner, with_states
from jaxsched._optax.slots import ByName, each_part, each_value, parts_of, several

Array = jax.Array

T = TypeVar("T")


def current(opt_state: Any) -> dict[str, Array]:
    """The value of each scheduled hyperparameter that the next update will use, by name.

    So it is after `init`, an update, an observation (which an update with `value=` makes too, after it used its value)
    and a change by hand; `last_used` has what the last update used. It finds what `inject`, `scale_by_learning_rate`
    and `by_group` keep, inside of `optax.chain`, `partition`, `MultiSteps`, `masked` and each other. A hyperparameter
    in a group of `optax.partition` or `by_group` is named `group/name`; two of one name in a chain are told apart by
    their places, `0/name` and `1/name`, and others by their whole path. What only the next update will know is left
    out: what is scheduled in the closure of `optax.inject_hyperparams`, and rates that follow the gradients.

    Args:
        opt_state: the state of an optimizer, or any tree that holds some.

    Raises:
        ValueError: nothing in it keeps hyperparameters, or the next value of none is known.

    Examples:
        >>> import optax
        >>> rates = {"head": jaxsched.inject(optax.sgd)(0.5), "body": jaxsched.inject(optax.sgd)(0.25)}
        >>> optimizer = optax.partition(rates, {"w": "body", "v": "head"})
        >>> {name: float(x) for name, x in jaxsched.current(optimizer.init({"w": 0.0, "v": 0.0})).items()}
        {'body/learning_rate': 0.25, 'head/learning_rate': 0.5}
    """
    found, scheduled = _scheduled(opt_state)
    values = [_next_values(node) if is_ours(node) else {} for node in found.nodes]
    known = {name: p for name, p in scheduled.items() if p.key in values[p.node]}
    if scheduled and not known:
        raise ValueError(
            f"`opt_state` must hold a hyperparameter whose next value is known: that of {', '.join(scheduled)} is not, "
            f"since its schedule is in a closure, or it follows the gradients, or the state was filled with zeros. "
            f"Read what the last update used by `jaxsched.last_used(opt_state)`, or use `jaxsched.inject` in place of "
            f"`optax.inject_hyperparams`."
        )
    return {name: values[place.node][place.key] for name, place in known.items()}


def last_used(opt_state: Any) -> dict[str, Array]:
    """The value of each scheduled hyperparameter that the last update used, by the names of `current`.

    Before the first update it is the value that this one will use. It has the rates that `current` leaves out too: of
    `hypergradient`, `reduce_on_stationarity`, and what is scheduled in `optax.inject_hyperparams`.

    Args:
        opt_state: the state of an optimizer, or any tree that holds some.

    Raises:
        ValueError: nothing in it keeps hyperparameters.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.inject(optax.sgd)(jaxsched.Linear(1.0, 0.0, steps=4))
        >>> _, state = optimizer.update(np.ones(3), optimizer.init(np.ones(3)))
        >>> float(jaxsched.last_used(state)["learning_rate"]), float(jaxsched.current(state)["learning_rate"])
        (1.0, 0.75)
    """
    found, scheduled = _scheduled(opt_state)
    ours = [each_value(node.hyperparams) if is_ours(node) else {} for node in found.nodes]
    value = lambda node, p: ours[p.node][p.key] if ours[p.node] else value_in(node, p.key)  # noqa: E731
    return {name: value(found.node(name), place) for name, place in scheduled.items()}


def events(opt_state: Any) -> dict[str, Events]:
    """What each controller did at the last step or observation, and how many there were, by the names of `current`.

    Args:
        opt_state: the state of an optimizer, or any tree that holds some.

    Raises:
        ValueError: nothing in it keeps hyperparameters.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.inject(optax.sgd)(jaxsched.reduce_on_plateau(0.1, patience=0))
        >>> state = jaxsched.observe(optimizer.init(np.ones(3)), value=1.0)
        >>> bool(jaxsched.events(state)["learning_rate"].improved)
        True
    """
    found = find(opt_state, "controller")
    states = {name: controller_state(found.node(name), place.key) for name, place in found.places.items()}
    return {name: state.events for name, state in states.items() if state is not None}


def observe(opt_state: T, *, value: Any, name: str | None = None, observed: Any = True) -> T:
    """The optimizer's state after its controllers observed a metric: once an evaluation, say, or once an epoch.

    It may be jitted. Updates go on as before; they need no `value=` then.

    Args:
        opt_state: the state of an optimizer, with controllers in `inject`, `scale_by_learning_rate` or `by_group`.
        value: the metric, one number; NaN is a bad observation.
        name: the one controller to feed, by its name in `current`; `None` feeds all.
        observed: whether to look at `value`, a boolean scalar that may be traced.

    Raises:
        ValueError: no controller is there that can be fed, or none of that name.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.inject(optax.adam)(jaxsched.reduce_on_plateau(1e-3, 0.5, patience=0))
        >>> state = optimizer.init(np.ones(3))
        >>> for loss in (1.0, 1.0):
        ...     state = jaxsched.observe(state, value=loss)
        >>> round(float(jaxsched.current(state)["learning_rate"]), 6)
        0.0005
    """
    found = find(opt_state, "controller")
    controlled = {name for name, p in found.places.items() if controller_state(found.node(name), p.key) is not None}
    ours = {name for name in controlled if is_ours(found.node(name))}
    if name is not None:
        found.place(name, "name")
    chosen = ours if name is None else {name} & ours
    if name is not None and not chosen:
        raise ValueError(
            f"`name` must name a controller that is kept in the state: got {name!r}. {_reason(controlled, ours)}"
        )
    if not chosen:
        raise ValueError(f"`opt_state` must hold a controller that can be fed: got none. {_reason(controlled, ours)}")

    value = _metric(value, {jnp.shape(found.node(name).count) for name in chosen})
    places = [found.places[name] for name in chosen]
    places = [p._replace(key=owner(found.nodes[p.node].slots, p.key)) for p in places]

    def feed(slot: Slot, position: Position, value: Array) -> Slot:
        observe = lambda now: slot.schedule.observe(  # noqa: E731
            slot.state._replace(step=now.updates), value=value, observed=observed, **clock_of(slot.schedule, now)
        )
        return moved(slot, position.read(observe))

    return change(opt_state, dict.fromkeys(places, in_slot(feed, value)), alike=True)


def override(opt_state: T, values: Mapping[str, Any] | None = None, /, **named: Any) -> T:
    """The optimizer's state with hyperparameters set by hand, until they are given back by `None`.

    The schedule's clock and the controller's state go on meanwhile.

    Args:
        opt_state: the state of an optimizer.
        values: a number for each name of `current`, or `None` for the schedule's own value again.
        **named: the same by keyword.

    Raises:
        ValueError: an unknown name, or one whose value would be ignored since optax computes it anew at each update.
        TypeError: a value is not a number.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.inject(optax.sgd)(jaxsched.Cosine(1.0, 0.0, steps=10))
        >>> state = jaxsched.override(optimizer.init(np.ones(3)), learning_rate=0.25)
        >>> float(jaxsched.current(state)["learning_rate"])
        0.25
        >>> float(jaxsched.current(jaxsched.override(state, learning_rate=None))["learning_rate"])
        1.0
    """
    found, changes = find(opt_state, "hyperparameter"), {}
    for name, x in found.given("values", values, named).items():
        place, node = found.place(name), found.node(name)
        if x is None:
            if not is_ours(node):
                raise ValueError(f"`{name}` has no schedule here to go back to. Pass a number.")
            number: Any = None
        elif is_number(x) or is_traced(x):
            number = real(name, x)
        else:
            raise TypeError(f"`{name}` must be a number, or None to go back to the schedule: got {shown(x)}.")
        changes[place] = _setter(name, node, place.key, number)
    return change(opt_state, changes)


def in_slot(do: Callable[..., Slot], *mapped: Any, other: bool = False) -> Change:
    """The change of a state by a change of one of its slots at its present step, and by numbers for each member.

    With `other`, another schedule or controller takes the place.
    """

    def changed(node: InjectState, key: str) -> InjectState:
        new = each_member(do, slot(node, key), position(node), *beside(mapped, node.count))
        return with_slot(node, key, placed(new, node.count), other)

    return changed


def each_member(do: Callable[..., Any], slot: Slot, position: Position, *mapped: Any) -> Any:
    """What is done with a slot; with each by itself where the state is that of several members or devices."""
    shape = jnp.shape(position.count)
    for path, x in jax.tree_util.tree_leaves_with_path((slot, position)) if shape else ():
        if jnp.shape(x)[: len(shape)] != shape:
            raise ValueError(
                f"`opt_state` must be mapped as a whole: its `count` has the shape {shape}, and "
                f"{jax.tree_util.keystr(path)} of a hyperparameter {jnp.shape(x)}. Call this function inside of the "
                f"`jax.vmap` or `jax.pmap` that made it."
            )
    for _ in shape:
        do = jax.vmap(do, (0, 0, *(0 if jnp.ndim(x) else None for x in mapped)))
    return do(slot, position, *mapped)


def _scheduled(opt_state: Any) -> tuple[Finding, dict[str, Place]]:
    found = find(opt_state, "scheduled hyperparameter")
    return found, {name: p for name, p in found.places.items() if is_scheduled(found.node(name), p.key)}


def _next_values(node: InjectState) -> Mapping[str, Array]:
    """The values of the next update; not of a state filled with zeros, which has no numbers of schedules."""

    def at(names: tuple[str, ...], slot: Slot) -> Array:
        return several(lambda slot: each_member(next_value, slot, position(node)), names)(slot)

    known = [part for part in parts_of(with_states(node.slots)) if _has_numbers(part.content)]
    return each_value(each_part(at, ByName(known)))


def _has_numbers(slot: Slot) -> bool:
    return is_traced(slot.mode) or bool(np.all(np.asarray(slot.mode) & KEPT))


def _setter(name: str, node: Any, key: str, number: Any) -> Change:
    if is_ours(node):
        return in_slot(lambda slot, position: _by_hand(slot, beside(number, position.count)))
    if isinstance(node, HypergradientState):  # a rate that adapts itself goes on from here
        return lambda node, key: node._replace(learning_rate=jnp.asarray(number, node.learning_rate.dtype))
    if not hasattr(node, "hyperparams"):
        raise ValueError(f"`{name}` would be ignored: {type(node).__name__} computes its rate anew at each update.")
    if is_scheduled(node, key):
        raise ValueError(
            f"`{name}` would be ignored: `optax.inject_hyperparams` computes a scheduled value anew at each update. "
            f"Use `jaxsched.inject` in its place, or pass optax a number."
        )
    cast = lambda old: jnp.asarray(number, old.dtype)  # noqa: E731
    return lambda node, key: node._replace(hyperparams={**node.hyperparams, key: cast(node.hyperparams[key])})


def _metric(value: Any, members: set[tuple[int, ...]]) -> Array:
    """One metric, or one for each member of a state that was mapped."""
    shape, one = np.shape(value if hasattr(value, "shape") else array_of(value)), metric
    if shape and members == {shape}:
        for _ in shape:
            one = jax.vmap(one)
        return one(jnp.asarray(value))
    if shape and members != {()}:
        raise ValueError(
            f"`value` must be one number, or one for each member of `opt_state`, whose `count` has the shape "
            f"{', '.join(map(str, sorted(members)))}: got shape {shape}. Map over both: "
            f"`jax.vmap(lambda state, loss: jaxsched.observe(state, value=loss))(opt_state, losses)`."
        )
    return metric(value)


def _by_hand(slot: Slot, number: Any) -> Slot:
    """The slot with its number set, or given back by `None`."""
    if number is None:
        return slot._replace(mode=slot.mode & ~BY_HAND, number=jnp.zeros_like(slot.number))
    given = jnp.asarray(number, real_dtype())
    known = ~jnp.isnan(given)  # a traced NaN gives the value back, too
    return slot._replace(
        mode=select(known, slot.mode | BY_HAND, slot.mode & ~BY_HAND), number=own(select(known, given, 0.0))
    )


def _reason(controlled: set[str], ours: set[str]) -> str:
    if ours:
        return f"There is {', '.join(sorted(ours))}."
    if controlled:
        return (
            f"There is {', '.join(sorted(controlled))}, in the closure of `optax.inject_hyperparams` or fed by the "
            f"gradients: pass `optimizer.update(..., value=metric)`, or use `jaxsched.inject` in place of optax's."
        )
    return "Pass `jaxsched.inject` or `scale_by_learning_rate` a controller, such as `reduce_on_plateau(schedule)`."
