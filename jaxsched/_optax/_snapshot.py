"""Checkpoints that do not hold the schedules' shape."""

from typing import Any, NamedTuple

import jax

from jaxsched._optax._find import change, find, is_ours
from jaxsched._optax._inject import Slot
from jaxsched._optax._state import in_slot
from jaxsched._serialize import to_dict


class Snapshot(NamedTuple):
    """What `snapshot` takes from an optimizer's state."""

    state: Any  # the optimizer's state without its schedules: arrays alone
    schedules: dict[str, Any]  # the schedules as JSON-safe data, by the names of `current`


def snapshot(opt_state: Any) -> Snapshot:
    """An optimizer's state for a checkpoint: the arrays, and apart from them the schedules as data.

    The arrays have no schedule's shape, so that they can be restored under another schedule by `restore`. To go on
    with the very same schedules, the optimizer's state itself can be stored just as well.

    Args:
        opt_state: the state of an optimizer, of `inject`, `scale_by_learning_rate` or `by_group`.

    Raises:
        ValueError: there is no such state in it.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.inject(optax.sgd)(jaxsched.Linear(1.0, 0.0, 10))
        >>> jaxsched.snapshot(optimizer.init(np.ones(3))).schedules
        {'learning_rate': {'jaxsched': 1, 'kind': 'Linear', 'start': 1.0, 'end': 0.0, 'steps': 10}}
    """
    found = find(opt_state, "hyperparameter")
    ours = {name: place for name, place in found.places.items() if is_ours(found.node(name))}
    schedules = {name: _described(found.node(name).slots[place.key].schedule) for name, place in ours.items()}
    return Snapshot(change(opt_state, {place: _without_schedule for place in ours.values()}), schedules)


def restore(opt_state: Any, saved: Snapshot) -> tuple[Any, list[str]]:
    """The optimizer's state of a snapshot under the schedules of `opt_state`, and what has changed in these.

    Args:
        opt_state: a state of the optimizer to go on with, fresh from its `init`.
        saved: the snapshot. `snapshot(opt_state).state` is the template that a checkpoint library asks for.

    Returns:
        The state to go on with: counts, moments and controllers' states as they were saved, schedules and controllers'
        numbers as in `opt_state`; and a line for each number that differs from what was saved. A controller of another
        kind begins anew at the saved step, which is one of the lines.

    Raises:
        ValueError: the snapshot is of another optimizer.

    Examples:
        >>> import optax
        >>> old = jaxsched.inject(optax.sgd)(jaxsched.Linear(1.0, 0.0, 10))
        >>> new = jaxsched.inject(optax.sgd)(jaxsched.Linear(1.0, 0.0, 20))
        >>> saved = jaxsched.snapshot(old.init(np.ones(3)))
        >>> state, changes = jaxsched.restore(new.init(np.ones(3)), saved)
        >>> changes
        ['learning_rate.steps: 10 -> 20']
    """
    fresh, kept = find(opt_state, "hyperparameter"), find(saved.state, "hyperparameter")
    ours = {name: place for name, place in fresh.places.items() if is_ours(fresh.node(name))}
    if set(fresh.places) != set(kept.places):
        raise ValueError(
            f"`saved` must be of this optimizer: it has the hyperparameters {sorted(kept.places)}, "
            f"`opt_state` has {sorted(fresh.places)}."
        )
    changes, lines = {}, []
    for name, place in ours.items():
        schedule = fresh.node(name).slots[place.key].schedule
        lines += _differences(name, saved.schedules.get(name), _described(schedule))
        template = fresh.node(name).slots[place.key].state
        if jax.tree.structure(template) != jax.tree.structure(kept.node(name).slots[kept.places[name].key].state):
            lines.append(f"{name}: the controller begins anew")
        changes[kept.places[name]] = in_slot(_with_schedule(schedule, template))
    return change(saved.state, changes), lines


def _without_schedule(node: Any, key: str) -> Any:
    return node._replace(slots={**node.slots, key: node.slots[key]._replace(schedule=None)})


def _with_schedule(schedule: Any, fresh: Any) -> Any:
    def filled(slot: Slot, count: Any) -> Slot:
        del count
        same = jax.tree.structure(slot.state) == jax.tree.structure(fresh)
        return slot._replace(schedule=schedule, state=slot.state if same else fresh)

    return filled


def _described(schedule: Any) -> Any:
    try:
        return to_dict(schedule)
    except TypeError:  # a foreign function in it, which is no data
        return {"repr": repr(schedule)}


def _differences(path: str, old: Any, new: Any) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        if old.get("kind") != new.get("kind"):
            return [f"{path}: {old.get('kind')} -> {new.get('kind')}"]
        names = [*old, *(name for name in new if name not in old)]
        return [line for name in names for line in _differences(f"{path}.{name}", old.get(name), new.get(name))]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        each = enumerate(zip(old, new, strict=True))
        return [line for i, (a, b) in each for line in _differences(f"{path}[{i}]", a, b)]
    return [] if old == new else [f"{path}: {old} -> {new}"]
