"""Checkpoints that do not hold the schedules' shape."""

from typing import Any, NamedTuple, TypeVar

from jaxsched._optax.find import change, find, is_ours
from jaxsched._store.serialize import described

T = TypeVar("T")


class Snapshot(NamedTuple):
    """What `snapshot` takes from an optimizer's state."""

    state: Any  # the optimizer's state without its schedules: arrays alone
    schedules: dict[str, Any]  # the schedules as JSON-safe data, by the names of `current`


def snapshot(opt_state: Any) -> Snapshot:
    """An optimizer's state for a checkpoint: the arrays, and apart from them the schedules as data.

    The arrays have no schedule's shape, so that a checkpoint library can read them into the template of another one,
    and the data name the kinds of the schedules. `restore` goes on from it, as from the optimizer's state itself.

    Args:
        opt_state: the state of an optimizer, of `inject`, `scale_by_learning_rate` or `by_group`.

    Raises:
        ValueError: there is no such state in it.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.inject(optax.sgd)(jaxsched.Linear(1.0, 0.0, steps=10))
        >>> jaxsched.snapshot(optimizer.init(np.ones(3))).schedules
        {'learning_rate': {'jaxsched': 1, 'kind': 'Linear', 'start': 1.0, 'end': 0.0, 'steps': 10}}
    """
    found = find(opt_state, "hyperparameter")
    ours = {name: place for name, place in found.places.items() if is_ours(found.node(name))}
    schedules = {name: described(found.node(name).slots[place.key].schedule) for name, place in ours.items()}
    return Snapshot(change(opt_state, {place: _without_schedule for place in ours.values()}), schedules)


def _without_schedule(node: Any, key: str) -> Any:
    # The values as a plain dict, which every checkpoint library knows.
    slots = {**node.slots, key: node.slots[key]._replace(schedule=None)}
    return node._replace(slots=slots, hyperparams=dict(node.hyperparams))
