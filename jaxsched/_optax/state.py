"""Reading, feeding and setting the hyperparameters in an optimizer's state, wherever in it they are."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from jaxsched._controllers.metrics import Events, metric
from jaxsched._core.fields import is_number, is_traced, real
from jaxsched._core.time import real_dtype
from jaxsched._optax.find import Change, change, controller_state, find, is_ours, is_scheduled
from jaxsched._optax.find import value as value_in
from jaxsched._optax.hypergradient import HypergradientState
from jaxsched._optax.hyperparameters import BY_HAND, InjectState, Slot, Values, moved, own, placed, value_at

Array = jax.Array

T = TypeVar("T")


def current(opt_state: Any) -> dict[str, Array]:
    """The value of each scheduled hyperparameter in an optimizer's state, by name.

    It is the value that the last update used or, after a change by hand or an observation since, the one that the next
    will use. It finds what `inject`, `scale_by_learning_rate` and `by_group` keep, what is scheduled in
    `optax.inject_hyperparams`, and the rates that adapt themselves, inside of `optax.chain`, `partition`,
    `MultiSteps`, `masked` and each other. A hyperparameter in a group of `optax.partition` or `by_group` is named
    `group/name`; two of one name in a chain are told apart by their places, `0/name` and `1/name`, and others by their
    whole path.

    Args:
        opt_state: the state of an optimizer, or any tree that holds some.

    Raises:
        ValueError: nothing in it keeps hyperparameters.

    Examples:
        >>> import optax
        >>> rates = {"head": jaxsched.inject(optax.sgd)(0.5), "body": jaxsched.inject(optax.sgd)(0.25)}
        >>> optimizer = optax.partition(rates, {"w": "body", "v": "head"})
        >>> {name: float(x) for name, x in jaxsched.current(optimizer.init({"w": 0.0, "v": 0.0})).items()}
        {'body/learning_rate': 0.25, 'head/learning_rate': 0.5}
    """
    found = find(opt_state, "scheduled hyperparameter")
    scheduled = {name: p for name, p in found.places.items() if is_scheduled(found.node(name), p.key)}
    return {name: value_in(found.node(name), place.key) for name, place in scheduled.items()}


def events(opt_state: Any) -> dict[str, Events]:
    """What each controller in an optimizer's state did at the last step or observation, by the names of `current`.

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
    value = metric(value)
    found = find(opt_state, "controller")
    controlled = {name for name, p in found.places.items() if controller_state(found.node(name), p.key) is not None}
    ours = {name for name in controlled if is_ours(found.node(name))}
    chosen = ours if name is None else {name} & ours
    if name is not None and found.place(name) and not chosen:
        raise ValueError(
            f"`name` must name a controller that is kept in the state: got {name!r}. {_reason(controlled, ours)}"
        )
    if not chosen:
        raise ValueError(f"`opt_state` must hold a controller that can be fed: got none. {_reason(controlled, ours)}")

    def feed(slot: Slot, count: Array) -> Slot:
        return moved(slot, slot.schedule.observe(slot.state._replace(step=count), value=value, observed=observed))

    return change(opt_state, dict.fromkeys((found.places[name] for name in chosen), in_slot(feed)), alike=True)


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
    for name, x in {**(values or {}), **named}.items():
        place, node = found.place(name), found.node(name)
        if x is None:
            if not is_ours(node):
                raise ValueError(f"`{name}` has no schedule here to go back to. Pass a number.")
            number: Any = None
        elif is_number(x) or is_traced(x):
            number = real(name, x)
        else:
            raise TypeError(f"`{name}` must be a number, or None to go back to the schedule: got {x!r}.")
        changes[place] = _setter(name, node, place.key, number)
    if not changes:
        raise ValueError(f"`values` must name a hyperparameter: got none. There are {', '.join(found.places)}.")
    return change(opt_state, changes)


def in_slot(do: Callable[[Slot, Array], Slot]) -> Change:
    """The change of a state by a change of one of its slots at its present step."""

    def changed(node: InjectState, key: str) -> InjectState:
        slot = placed(do(node.slots[key], node.count), node.count)
        values = Values({**node.hyperparams, key: placed(value_at(slot, node.count), node.count)})
        return node._replace(slots={**node.slots, key: slot}, hyperparams=values)

    return changed


def _setter(name: str, node: Any, key: str, number: Any) -> Change:
    if is_ours(node):
        return in_slot(lambda slot, count: _by_hand(slot, number))
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


def _by_hand(slot: Slot, number: Any) -> Slot:
    """The slot with its number set, or given back by `None`; of a sweep's shape, where the state is one."""
    if number is None:
        return slot._replace(mode=slot.mode & ~BY_HAND, number=jnp.zeros_like(slot.number))
    given = jnp.broadcast_to(jnp.asarray(number, real_dtype()), slot.number.shape)
    known = ~jnp.isnan(given)  # a traced NaN gives the value back, too
    return slot._replace(
        mode=jnp.where(known, slot.mode | BY_HAND, slot.mode & ~BY_HAND), number=own(jnp.where(known, given, 0.0))
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
