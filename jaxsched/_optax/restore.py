"""Going on from a checkpoint: what was saved, under the schedules of today."""

from typing import Any, TypeVar

import jax
import numpy as np

from jaxsched._controllers.base import Controller
from jaxsched._core.fields import is_traced
from jaxsched._core.node import Data
from jaxsched._optax.changes import together
from jaxsched._optax.clock import Outside, Position, outside_of
from jaxsched._optax.devices import settled
from jaxsched._optax.differences import data_of, differences, judged_by, kind_of, one_way
from jaxsched._optax.find import boxed_like, check_tree, find, is_ours, names_of, unboxed
from jaxsched._optax.hyperparameters import (
    KEPT,
    InjectState,
    Slot,
    Values,
    next_value,
    one_number,
    placed,
    slot_of,
)
from jaxsched._optax.shared import Shared, is_shared, with_states
from jaxsched._optax.snapshot import Snapshot
from jaxsched._optax.state import each_member
from jaxsched._optax.stored import (
    Differs,
    Filling,
    Path,
    by_name,
    count_in,
    differs,
    is_empty,
    like,
    named,
    of_optimizer,
    parts,
    plain,
    text,
    whole,
)
from jaxsched._optax.torch_state import is_of_torch, with_torch_state
from jaxsched._store.serialize import from_dict

T = TypeVar("T")


def restore(opt_state: T, saved: Any) -> tuple[T, list[str]]:
    """A state to go on with: counts, moments and what controllers saw as saved, under the schedules of `opt_state`.

    So a rate, a length or a number of groups that has changed since then takes effect, and is told. (What a checkpoint
    library restores by itself has the schedules that were saved.) Arrays go where `opt_state` has them; what it has not
    placed, and a library put on one device, goes onto the mesh of the others, if there is one.

    Args:
        opt_state: a state of the optimizer to go on with, fresh from its `init`, or any tree that holds one. Of
            `jax.eval_shape(optimizer.init, params)`, the schedules have the numbers that were saved.
        saved: a `snapshot`, or the optimizer's state itself, as it was or in any form in which a checkpoint library
            gives it back (NumPy arrays, dicts for tuples, without a template). Or the state of an optimizer of
            optax, for its count and moments; or the `state_dict()` of a scheduler of PyTorch, for its position and what
            a plateau has seen.

    Returns:
        The state, and a line for each difference: `learning_rate.steps: 90 -> 390` where a number has changed, `none ->
        Cosine` for a hyperparameter that is new, which begins at the saved step, `Cosine -> none` for one that is left
        out, and what else could not be taken over. Without a line, the state is the saved one to the bit.

    Raises:
        ValueError: the parameters or the optimizer are others, by the first place that differs, or a count is none.

    Examples:
        >>> import optax
        >>> old = jaxsched.inject(optax.sgd)(jaxsched.Linear(1.0, 0.0, steps=10))
        >>> new = jaxsched.inject(optax.sgd)(jaxsched.Linear(1.0, 0.0, steps=20))
        >>> saved = jaxsched.snapshot(old.init(np.ones(3)))
        >>> state, changes = jaxsched.restore(new.init(np.ones(3)), saved)
        >>> changes
        ['learning_rate.steps: 10 -> 20']
    """
    check_tree("opt_state", opt_state)
    check_tree("saved", saved)
    fresh = unboxed(opt_state)
    find(fresh, "hyperparameter")
    try:
        new, lines = _restored(fresh, *_parted(saved))
    except Differs as error:  # a class that only this module knows
        raise ValueError(str(error)) from None
    return boxed_like(settled(new, fresh), opt_state), lines


def _restored(fresh: Any, state: Any, schedules: dict[str, Any]) -> tuple[Any, list[str]]:
    if is_of_torch(state):
        return with_torch_state(fresh, state)
    taking = _Restoring(fresh, unboxed(state), schedules)
    new = taking.fill(fresh, taking.saved)
    if _is_abstract(new):
        raise Differs(
            "`opt_state` must have numbers for what is new or begins anew: got shapes alone. Pass "
            "`optimizer.init(params)`."
        )
    lines = [f"{number} arrays: {old} -> {new}" for (old, new), number in taking.fill.casts.items()]
    return new, taking.lines + lines


def _parted(saved: Any) -> tuple[Any, dict[str, Any]]:
    """The state that was saved, and its schedules as data where they stand apart."""
    if isinstance(saved, Snapshot):
        return saved.state, plain(saved.schedules)
    inside = parts(saved) or {}
    for state, schedules in (Snapshot._fields, ("0", "1")):
        data = plain(inside.get(schedules)) if set(inside) == {state, schedules} else None
        if isinstance(data, dict) and all(isinstance(x, dict) and "kind" in x for x in data.values()):
            if data or state == "state":
                return inside[state], data
    return saved, {}


class _Restoring:
    """One restoring: what was saved, and what was said of it so far."""

    def __init__(self, fresh: Any, saved: Any, schedules: dict[str, Any]) -> None:
        self.saved, self.schedules, self.lines = saved, schedules, []
        self.found = find(fresh, "hyperparameter")
        self.names = {place.names[-1]: name for name, place in self.found.places.items()}
        self.fill = Filling(self._own)

    def _own(self, mine: Any, saved: Any, path: Path) -> Any:
        if is_ours(mine):
            return self._node(mine, saved, path)
        if "inner_states" in getattr(mine, "_fields", ()) and "inner_states" in (parts(saved) or {}):
            return self._partition(mine, parts(saved) or {}, path)
        return NotImplemented

    def _partition(self, mine: Any, saved: dict[str, Any], path: Path) -> Any:
        """Of `optax.partition`: groups that were frozen, or not there, begin at the run's count."""
        path = (*path, jax.tree_util.GetAttrKey("inner_states"))
        groups, kept = {}, parts(saved["inner_states"]) or {}
        for name, group in mine.inner_states.items():
            here, old = (*path, jax.tree_util.DictKey(name)), kept.pop(str(name), None)
            anew = is_empty(old) and not is_empty(group)
            groups[name] = self._anew(group, here) if anew else None if group is None else self._group(group, old, here)
        self.lines += [f"{name}: left out" for name, old in kept.items() if not is_empty(old)]
        return mine._replace(inner_states=groups)

    def _group(self, group: Any, saved: Any, path: Path) -> Any:
        if is_empty(group) and not is_empty(saved):
            self.lines.append(f"{text(path[-1:])}: left out")
            return group
        return self.fill(group, saved, path)

    def _anew(self, group: Any, path: Path) -> Any:
        """A group at the run's count."""
        inside = [name for full, name in self.names.items() if full.startswith(text(path) + "/")]
        for name in inside:
            node, place = self.found.node(name), self.found.places[name]
            slot = _known(name, node.slots[place.key]) if is_ours(node) else None
            self.lines.append(f"{name}: none -> {kind_of(slot.schedule) if slot else type(node).__name__}")
        if not inside:
            self.lines.append(f"{text(path[-1:])}: begins anew")
        count = count_in(self.saved)
        return _at(group, 0 if count is None else count)

    def _node(self, mine: InjectState, saved: Any, path: Path) -> InjectState:
        inside = of_optimizer(saved)
        if not {"count", "inner_state", "hyperparams"} <= set(inside):
            return self._of_optax(mine, saved, path)
        count = whole(inside["count"], mine.count, (*path, jax.tree_util.GetAttrKey("count")))
        if "slots" not in inside:  # of `optax.inject_hyperparams`
            self._say_count(mine, path, count)
            return _at(mine._replace(inner_state=self._inner(mine, inside["inner_state"], path)), count)
        clock = placed(_clock(outside_of(mine), inside.get("clock"), count), count)
        kept = {name: x for name, x in by_name(inside["slots"], mine.slots).items() if not is_empty(x)}
        slots = {}
        for key, slot in mine.slots.items():
            name = self.names[names_of(path, key)[-1]]
            if key not in kept:
                self.lines.append(f"{name}: none -> {kind_of(slot.schedule)}")
                slots[key] = _known(name, slot)
            else:
                of_slot = named(kept[key], Slot._fields)
                if is_shared(slot):
                    of_slot["state"] = slot.state
                elif isinstance(of_slot.get("state"), Shared):  # which has its own from now on
                    of_slot["state"] = named(kept[of_slot["state"].name], Slot._fields)["state"]
                slots[key] = self._slot(name, slot, of_slot, self._saved_schedule(path, key))
            slots[key] = placed(slots[key], count)
        for key in sorted(kept.keys() - mine.slots.keys()):
            old, schedule = self._saved_schedule(path, key), named(kept[key], Slot._fields).get("schedule")
            kind = kind_of(schedule) if isinstance(schedule, Data) else old["kind"] if old else "a schedule"
            self.lines.append(f"{names_of(path, key)[0]}: {kind} -> none")
        used, values = by_name(inside["hyperparams"], mine.slots), {}
        for key, slot in with_states(slots).items():
            if key in used:
                values[key] = Filling()(mine.hyperparams[key], used[key], (*path, *_entries("hyperparams", key)))
            else:
                values[key] = each_member(next_value, slot, Position(count, clock))
        inner = self._inner(mine, inside["inner_state"], path)
        new = mine._replace(count=count, slots=slots, inner_state=inner, hyperparams=Values(values), clock=clock)
        return together(new)

    def _inner(self, mine: InjectState, saved: Any, path: Path) -> Any:
        return self.fill(mine.inner_state, saved, (*path, jax.tree_util.GetAttrKey("inner_state")))

    def _of_optax(self, mine: InjectState, saved: Any, path: Path) -> InjectState:
        """From the state of an optimizer that keeps no hyperparameters: its moments, and the count."""
        inner = self._inner(mine, saved, path)
        counts = (count_in(tree) for tree in (saved, inner, self.saved))
        count = next((count for count in counts if count is not None), None)
        if count is None and not parts(self.saved):
            raise differs(path, "a state", "nothing", "Pass what `snapshot` or the checkpoint library gave back.")
        count = whole(0 if count is None else count, mine.count, (*path, jax.tree_util.GetAttrKey("count")))
        self._say_count(mine, path, count)
        return _at(mine._replace(inner_state=inner), count)

    def _say_count(self, mine: InjectState, path: Path, count: Any) -> None:
        for key, slot in mine.slots.items():
            name = self.names[names_of(path, key)[-1]]
            _known(name, slot)
            self.lines.append(f"{name}: optax at step {count} -> {kind_of(slot.schedule)}")

    def _saved_schedule(self, path: Path, key: str) -> Any:
        names = names_of(path, key)
        mine = self.names.get(names[-1])
        return next((self.schedules[name] for name in (mine, *names) if name in self.schedules), None)

    def _slot(self, name: str, slot: Slot, kept: dict[str, Any], old: Any) -> Slot:
        schedule, old = self._schedule(name, slot.schedule, kept.get("schedule"), old)
        known, new = old is not None, data_of(schedule)
        if new is not None and known:
            self.lines += differences(name, old, new)
        elif new is not None:
            self.lines.append(f"{name}: another schedule -> {kind_of(schedule)}")
        state, same = slot.state, not isinstance(schedule, Controller)
        if not same and (new is None or (judged_by(old) == judged_by(new) if known else one_way(kept, new))):
            try:
                saved = {k: x for k, x in (parts(kept.get("state")) or {}).items() if k != "step"}
                state, same = Filling()(slot.state, saved), True
            except Differs:
                pass
        if not same or not _is_finite(state):
            state = slot.state
            self.lines.append(f"{name}: the controller begins anew")
        number = Filling()(slot.number, kept.get("number", 0.0), _entries(name, "number"))
        return Slot(schedule, state, Filling()(slot.mode, kept.get("mode"), _entries(name, "mode")) | KEPT, number)

    def _schedule(self, name: str, mine: Any, kept: Any, old: Any) -> tuple[Any, Any]:
        """The schedule to go on with, and the one that was saved as data, where it is known."""
        saved = None
        if isinstance(kept, Data):
            saved = kept
        elif old is None and not is_empty(kept):
            try:
                saved = Filling()(mine, kept)  # its numbers; its kind is not in them
            except (Differs, ValueError):
                saved = None
        if old is None and saved is not None:
            old = data_of(saved)
        if not _is_abstract(mine):
            return mine, old
        if saved is None and old is not None:
            saved = slot_of(one_number(name, from_dict(old))).schedule
        if saved is None or jax.tree.structure(saved) != jax.tree.structure(mine):
            raise Differs(
                f"`opt_state` must have numbers for {name}, since its schedule is not the one that was saved: got "
                f"shapes alone. Pass `optimizer.init(params)`."
            )
        return jax.tree.map(like, saved, mine), old


def _at(tree: Any, count: Any) -> Any:
    """A fresh state at a count of updates."""

    def moved(node: Any) -> Any:
        if not is_ours(node):
            return node
        at = like(count, node.count)
        slots = {key: placed(slot, at) for key, slot in node.slots.items()}
        values = Values(
            {key: each_member(next_value, x, Position(at, outside_of(node))) for key, x in with_states(slots).items()}
        )
        inner, clock = jax.tree.map(moved, node.inner_state, is_leaf=is_ours), placed(node.clock, at)
        return together(node._replace(count=at, slots=slots, inner_state=inner, hyperparams=values, clock=clock))

    return jax.tree.map(moved, tree, is_leaf=is_ours)


def _clock(mine: Outside, saved: Any, count: Any) -> Outside:
    """What was known of a clock from outside, if anything; a controller that is new has counted as many updates."""
    kept = {"notes": count * 0, "ahead": count * 0, **named(saved, Outside._fields)}
    kept = {name: count * 0 if is_empty(x) else x for name, x in kept.items() if getattr(mine, name, None) is not None}
    return Filling()(mine, kept, _entries("clock"))


def _known(name: str, slot: Slot) -> Slot:
    if _is_abstract(slot):
        raise Differs(
            f"`opt_state` must have numbers for {name}, which is new: got shapes alone. Pass `optimizer.init(params)`."
        )
    return slot


def _entries(*names: str) -> Path:
    return tuple(map(jax.tree_util.DictKey, names))


def _is_finite(tree: Any) -> bool:
    known = [np.asarray(x) for x in jax.tree.leaves(tree) if not is_traced(x)]
    return all(np.all(np.isfinite(x)) for x in known if x.dtype.kind == "f")


def _is_abstract(tree: Any) -> bool:
    return any(isinstance(x, jax.ShapeDtypeStruct) for x in jax.tree.leaves(tree))
