"""Every hyperparameter that an optimizer's state keeps, with what is known of it, to look at."""

from typing import Any, NamedTuple

from jaxsched._controllers.base import Controller
from jaxsched._core.schedule import Array, Schedule
from jaxsched._optax.clock import Outside, outside_of, position
from jaxsched._optax.find import controller_state, find, is_ours, slot
from jaxsched._optax.find import value as value_in
from jaxsched._optax.hyperparameters import BY_HAND


class Hyperparameter(NamedTuple):
    """What an optimizer's state knows of one hyperparameter."""

    used: Array  # shape=(), float; what the last update used, before the first what that will use
    # shape=(), dtype=int32; updates so far, or where a clock from outside is; None where optax keeps it in a closure
    step: Array | None
    rate: Schedule | Controller | None  # its schedule or controller; None where that is in a closure
    state: Any  # the controller's state; None if there is none
    by_hand: Array | None  # shape=(), dtype=bool; whether a number is set by hand
    updates: Array | None  # shape=(), dtype=int32; so far, where a controller counts them
    clock: Outside | None  # of the clock that updates were given by `step=`; None of a state of optax


def hyperparameters(opt_state: Any) -> dict[str, Hyperparameter]:
    """Every hyperparameter in an optimizer's state, by the names of `current`, with its schedule, clock and state.

    Args:
        opt_state: the state of an optimizer, or any tree that holds some.

    Raises:
        ValueError: nothing in it keeps hyperparameters.

    Examples:
        >>> import optax
        >>> state = jaxsched.inject(optax.sgd)(jaxsched.Linear(1.0, 0.0, steps=10)).init(np.ones(3))
        >>> found = jaxsched.states.hyperparameters(state)["learning_rate"]
        >>> type(found.rate).__name__, int(found.step), bool(found.by_hand)
        ('Linear', 0, False)
    """
    found = find(opt_state, "hyperparameter")
    return {name: _of(found.node(name), place.key) for name, place in found.places.items()}


def _of(node: Any, key: str) -> Hyperparameter:
    state, used = controller_state(node, key), value_in(node, key)
    if not is_ours(node):
        return Hyperparameter(used, getattr(node, "count", None), None, state, None, None, None)
    here, clock = slot(node, key), outside_of(node)
    updates = None if clock.ahead is None else position(node).updates
    return Hyperparameter(used, node.count, here.schedule, state, here.mode & BY_HAND != 0, updates, clock)
