"""Where in an optimizer's state the hyperparameters are, and what they are called."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp

from jaxsched._controllers.base import Controller
from jaxsched._core.fields import is_mapping
from jaxsched._core.words import shown
from jaxsched._optax.changes import Change as Change
from jaxsched._optax.changes import changed
from jaxsched._optax.clock import outside_of
from jaxsched._optax.hyperparameters import InjectState, Slot, is_bare
from jaxsched._optax.shared import apart, is_shared

T = TypeVar("T")


class Place(NamedTuple):
    """A hyperparameter that was found in an optimizer's state."""

    node: int  # which of the states that hold hyperparameters
    key: str  # its key there
    names: tuple[str, ...]  # by its groups alone, by its places in chains too, by its whole path


class Finding(NamedTuple):
    """All that was found."""

    nodes: list[Any]
    paths: list[tuple[Any, ...]]  # of the nodes
    places: dict[str, Place]  # by name

    def node(self, name: str) -> Any:
        return self.nodes[self.places[name].node]

    def place(self, name: Any, argument: str = "") -> Place:
        """Where the hyperparameter of a name is: an argument's, or a keyword."""
        if not isinstance(name, str) or name not in self.places:
            given = f"`{argument}`" if argument else f"`{name}`"
            got = f"got {shown(name)}, and there is" if argument else "there is"
            raise ValueError(f"{given} must name a hyperparameter of the state: {got} {', '.join(self.places)}.")
        return self.places[name]

    def given(self, argument: str, many: Any, named: Mapping[str, T]) -> dict[str, T]:
        """What was passed for hyperparameters, in a mapping or by keyword."""
        if many is None:
            many = {}
        if not is_mapping(many):
            raise TypeError(f"`{argument}` must be a dict, by the names of hyperparameters: got {shown(many)}.")
        for name in many.keys():
            self.place(name, argument)
        for name in named:
            self.place(name)
        if not many and not named:
            raise ValueError(f"`{argument}` must name a hyperparameter: got none. There are {', '.join(self.places)}.")
        return {**{name: many[name] for name in many.keys()}, **named}


def find(opt_state: Any, what: str) -> Finding:
    """Every hyperparameter by its name: that of its group, if it is in one, and its own."""
    check_tree("opt_state", opt_state)
    found = list(_holders(unboxed(opt_state), ()))
    places = [Place(i, key, names_of(path, key)) for i, (path, node) in enumerate(found) for key in _values(node)]
    if not places and any(
        _key(e) == "hyperparams" for path, _ in jax.tree_util.tree_leaves_with_path(opt_state) for e in path
    ):
        raise ValueError(
            f"`opt_state` must hold a {what}: got one whose classes are lost, as those of `nnx.state(optimizer)` and "
            f"of a checkpoint that was read without a template are. Pass `optimizer.opt_state`, nnx's own, or go on by "
            f"`opt_state, changes = jaxsched.restore(optimizer.init(params), opt_state)`."
        )
    if not places:
        raise ValueError(
            f"`opt_state` must hold a {what}: got none. optax itself keeps only a count: make the optimizer by "
            f"`jaxsched.inject(optax.adamw)(schedule)`, or end its chain in `jaxsched.scale_by_learning_rate`."
        )
    if any(is_ours(node) and is_bare(node) for _, node in found):
        raise ValueError(
            "`opt_state` must hold its schedules: got what `snapshot` returned, which has them apart. Go on by "
            "`opt_state, changes = jaxsched.restore(optimizer.init(params), snapshot)`."
        )
    return Finding([node for _, node in found], [path for path, _ in found], _named(places, 0))


def check_tree(name: str, x: Any) -> None:
    """Refuse what JAX does not look into."""
    if isinstance(x, Iterator):
        raise TypeError(f"`{name}` must be the state of an optimizer: got {shown(x)}, which is read but once.")


def _named(places: list[Place], length: int) -> dict[str, Place]:
    """Each place by the shortest of its names that is its own."""
    times = Counter(place.names[length] for place in places)
    named = {place.names[length]: place for place in places if times[place.names[length]] == 1}
    twice = [place for place in places if times[place.names[length]] > 1]
    return named if not twice else {**named, **_named(twice, length + 1)}


def change(opt_state: Any, changes: Mapping[Place, Change], alike: bool = False) -> Any:
    """The state with some hyperparameters changed; `alike`, if all are by one and the same function."""
    numbers = itertools.count()

    def visit(node: Any) -> Any:
        if not _holds(node):
            return node
        number = next(numbers)
        here = {place.key: do for place, do in changes.items() if place.node == number}
        node = changed(node, here, alike) if here else node
        inner = getattr(node, "inner_state", None)
        return node if inner is None else node._replace(inner_state=jax.tree.map(visit, inner, is_leaf=_holds))

    return boxed_like(jax.tree.map(visit, unboxed(opt_state), is_leaf=_holds), opt_state)


def value(node: Any, key: str) -> Any:
    """What the last update used; before the first, what that will use."""
    return _values(node)[key]


def slot(node: InjectState, key: str) -> Slot:
    """The slot of a hyperparameter, with the state that it shares, to read."""
    found = node.slots[key]
    return found._replace(state=node.slots[found.state.name].state) if is_shared(found) else found


def with_slot(node: InjectState, key: str, new: Slot, other: bool = False) -> InjectState:
    """The state with a slot changed; if it is another controller's, each that shared its state has its own."""
    old = node.slots[key]
    if other:
        clock = outside_of(node)
        counts = isinstance(new.schedule, Controller) and clock.ahead is None
        clock = clock._replace(ahead=jnp.zeros_like(node.count)) if counts else clock
        return node._replace(slots={**apart(node.slots, key), key: new}, clock=clock)
    return node._replace(slots={**node.slots, key: new._replace(state=old.state) if is_shared(old) else new})


def is_scheduled(node: Any, key: str) -> bool:
    """Whether the value changes by itself; a number that optax was given does not."""
    return not hasattr(node, "hyperparams") or is_ours(node) or key in getattr(node, "hyperparams_states", ())


def is_ours(node: Any) -> bool:
    return isinstance(node, InjectState)


def controller_state(node: Any, key: str) -> Any:
    """The state of the controller behind a hyperparameter; `None` if there is none."""
    if is_ours(node):
        return slot(node, key).state if isinstance(slot(node, key).schedule, Controller) else None
    state = getattr(node, "hyperparams_states", {}).get(key, node)
    return state if hasattr(state, "events") else None


def _holders(tree: Any, path: tuple[Any, ...]) -> Iterable[tuple[tuple[Any, ...], Any]]:
    for inner_path, node in jax.tree_util.tree_leaves_with_path(tree, is_leaf=_holds):
        if _holds(node):
            here = (*path, *inner_path)
            yield here, node
            yield from _holders(getattr(node, "inner_state", ()), (*here, jax.tree_util.GetAttrKey("inner_state")))


def _holds(node: Any) -> bool:
    # By shape: optax's classes cannot be named without importing optax.
    fields = getattr(node, "_fields", ()) if isinstance(node, tuple) else ()
    return "learning_rate" in fields or ("hyperparams" in fields and isinstance(_values(node), Mapping))


def _values(node: Any) -> Mapping[str, Any]:
    return node.hyperparams if hasattr(node, "hyperparams") else {"learning_rate": node.learning_rate}


def names_of(path: tuple[Any, ...], key: str) -> tuple[str, ...]:
    groups, places = jax.tree_util.DictKey, (jax.tree_util.DictKey, jax.tree_util.SequenceKey)
    paths = ([e for e in path if isinstance(e, groups)], [e for e in path if isinstance(e, places)], path)
    return tuple("/".join((*map(_key, each), key)) for each in paths)


def _key(entry: Any) -> str:
    return jax.tree_util.keystr((entry,), simple=True)


def unboxed(opt_state: Any) -> Any:
    """Without the variables that flax nnx puts around every array."""
    content = lambda x: x.get_value() if hasattr(x, "get_value") else x.value  # noqa: E731 (flax before 0.12)
    return jax.tree.map(lambda x: content(x) if _is_box(x) else x, opt_state, is_leaf=_is_box)


def boxed_like(new: Any, old: Any) -> Any:
    """With such variables again, if they were there."""
    boxes = {path: x for path, x in jax.tree_util.tree_leaves_with_path(old, is_leaf=_is_box) if _is_box(x)}
    if not boxes:
        return new
    plain = type(next(iter(boxes.values())))
    box = lambda path, x: boxes[path].replace(x) if path in boxes else plain(x)  # noqa: E731
    return jax.tree_util.tree_map_with_path(box, new)


def _is_box(x: Any) -> bool:
    return hasattr(type(x), "get_metadata") and hasattr(type(x), "replace")
