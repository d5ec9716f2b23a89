"""Checkpoints that do not hold the schedules' shape."""

from typing import Any, NamedTuple, TypeVar

import jax

from jaxsched._controllers.base import Controller, shape_of
from jaxsched._optax.find import Change, Finding, change, find, is_ours
from jaxsched._optax.hyperparameters import Values, placed
from jaxsched._store.serialize import described

T = TypeVar("T")


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
        >>> optimizer = jaxsched.inject(optax.sgd)(jaxsched.Linear(1.0, 0.0, steps=10))
        >>> jaxsched.snapshot(optimizer.init(np.ones(3))).schedules
        {'learning_rate': {'jaxsched': 1, 'kind': 'Linear', 'start': 1.0, 'end': 0.0, 'steps': 10}}
    """
    found = find(opt_state, "hyperparameter")
    ours = {name: place for name, place in found.places.items() if is_ours(found.node(name))}
    schedules = {name: described(found.node(name).slots[place.key].schedule) for name, place in ours.items()}
    return Snapshot(change(opt_state, {place: _without_schedule for place in ours.values()}), schedules)


def restore(opt_state: T, saved: Snapshot) -> tuple[T, list[str]]:
    """The optimizer's state of a snapshot under the schedules of `opt_state`, and what has changed in these.

    Args:
        opt_state: a state of the optimizer to go on with, fresh from its `init`.
        saved: the snapshot. `snapshot(opt_state).state` is the template that a checkpoint library asks for; where a
            controller was saved and another kind goes on, it is that of `replace_schedule(opt_state, {name:
            from_dict(x) for name, x in schedules.items()})` with the schedules that were saved.

    Returns:
        The state to go on with: counts, moments and controllers' states as they were saved, schedules and controllers'
        numbers as in `opt_state`; and a line for each number that differs from what was saved. A controller of another
        kind begins anew at the saved step, which is one of the lines.

    Raises:
        ValueError: the snapshot is of another optimizer.

    Examples:
        >>> import optax
        >>> old = jaxsched.inject(optax.sgd)(jaxsched.Linear(1.0, 0.0, steps=10))
        >>> new = jaxsched.inject(optax.sgd)(jaxsched.Linear(1.0, 0.0, steps=20))
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
    if _frame(opt_state, fresh) != _frame(saved.state, kept):
        raise ValueError(
            "`saved` must be of this optimizer: its state has another structure. Make `opt_state` by the same chain of "
            "transformations; only the schedules may differ."
        )
    changes, lines = {}, []
    for name, place in ours.items():
        slot, place = fresh.node(name).slots[place.key], kept.places[name]
        old, new = saved.schedules.get(name), described(slot.schedule)
        lines += _differences(name, old, new)
        state, same = kept.node(name).slots[place.key].state, True
        if shape_of(state) != shape_of(slot.state) or _kind(old) != _kind(new):
            state, same = slot.state, not isinstance(slot.schedule, Controller)
        if not same:
            lines.append(f"{name}: the controller begins anew")
        changes[place] = _with_slot(slot.schedule, state)
    return change(saved.state, changes), lines


def _frame(opt_state: Any, found: Finding) -> Any:
    """The structure of the state without its schedules and their controllers' states."""
    empty = lambda node, key: node._replace(slots={**node.slots, key: None}, hyperparams=None)  # noqa: E731
    ours = [place for name, place in found.places.items() if is_ours(found.node(name))]
    return jax.tree.structure(change(opt_state, dict.fromkeys(ours, empty)))


def _without_schedule(node: Any, key: str) -> Any:
    # The values as a plain dict, which every checkpoint library knows.
    slots = {**node.slots, key: node.slots[key]._replace(schedule=None)}
    return node._replace(slots=slots, hyperparams=dict(node.hyperparams))


def _with_slot(schedule: Any, state: Any) -> Change:
    def changed(node: Any, key: str) -> Any:
        slot = placed(node.slots[key]._replace(schedule=schedule, state=state), node.count)
        return node._replace(slots={**node.slots, key: slot}, hyperparams=Values(node.hyperparams))

    return changed


def _kind(described: Any) -> tuple[Any, Any]:
    """What a controller must share with another to take over its state: its class and direction."""
    while isinstance(described, dict) and "controller" in described:
        described = described["controller"]
    return (described.get("kind"), described.get("sign")) if isinstance(described, dict) else (None, None)


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
