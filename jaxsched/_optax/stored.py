"""A tree filled with what was stored of one like it, in whatever form a checkpoint library gives that back."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._controllers.base import LAST_STEP
from jaxsched._core.fields import is_mapping, is_traced
from jaxsched._optax.devices import on_devices
from jaxsched._optax.hyperparameters import InjectState
from jaxsched._optax.slots import ByName, taken_apart

Path = tuple[Any, ...]


class Differs(ValueError):
    """What was stored is not of this tree; the message names the first place."""


def level(node: Any) -> tuple[list[tuple[Any, Any]], Any]:
    """The entries of a node one level down, by their keys, and its structure."""
    entries, structure = jax.tree_util.tree_flatten_with_path(node, is_leaf=lambda x: x is not node)
    return [(path[0], child) for path, child in entries if path], structure


def parts(x: Any) -> dict[str, Any] | None:
    """What a node in any form holds, by names or places; `None` for a leaf."""
    if x is None:
        return {}
    if is_mapping(x):
        return {str(name): x[name] for name in x.keys()}  # noqa: SIM118 (not every mapping iterates over its keys)
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return x._asdict()  # pyright: ignore[reportAttributeAccessIssue]
    if isinstance(x, (list, tuple)):
        return {str(i): child for i, child in enumerate(x)}
    entries, _ = level(x)
    return {key(entry): child for entry, child in entries} if entries or not _is_leaf(x) else None


def named(x: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    """What was a NamedTuple, by the names of its fields, also where it came back as a list."""
    inside = parts(x) or {}
    by_place = set(inside) == {str(i) for i in range(len(fields))}
    return {name: inside[str(i)] for i, name in enumerate(fields)} if by_place else inside


def bare(x: Any) -> Any:
    """An array out of what Orbax makes of a variable of flax nnx."""
    inside = parts(x)
    return bare(inside["value"]) if inside is not None and set(inside) == {"value"} else x


def is_empty(x: Any) -> bool:
    """Whether there is no array in it."""
    inside = parts(x)
    return inside is not None and all(map(is_empty, inside.values()))


def key(entry: Any) -> str:
    return jax.tree_util.keystr((entry,), simple=True)


def text(path: Path) -> str:
    return "/".join(map(key, path)) or "the top"


class Filling:
    """A walk through a tree and what was stored of it.

    Args:
        own: what makes the node in place of the walk, from the node, what was stored and the path; `NotImplemented`
            where it is an ordinary one.
    """

    def __init__(self, own: Callable[[Any, Any, Path], Any] = lambda *_: NotImplemented) -> None:
        self.own, self.casts = own, Counter()

    def __call__(self, mine: Any, stored: Any, path: Path = ()) -> Any:
        made = self.own(mine, stored, path)
        if made is not NotImplemented:
            return made
        entries, structure = level(mine)
        if not entries:
            return self._leaf(mine, stored, path) if _is_leaf(mine) else self._nothing(mine, stored, path)
        if parts(stored) is None:
            raise differs(path, f"{len(entries)} entries", _shown(stored))
        inside = named(stored, mine._fields) if hasattr(mine, "_fields") else parts(stored) or {}
        names, filled = [key(entry) for entry, _ in entries], []
        for name, (entry, child) in zip(names, entries, strict=True):
            if name not in inside and not (is_empty(child) or child is None):
                raise differs((*path, entry), _shown(child), "nothing")
            filled.append(self(child, inside.get(name), (*path, entry)))
        for name in inside:
            if name not in names and not is_empty(inside[name]):
                raise differs((*path, jax.tree_util.DictKey(name)), "nothing", _shown(inside[name]))
        return jax.tree.unflatten(structure, filled)

    def _nothing(self, mine: Any, stored: Any, path: Path) -> Any:
        # The count of a schedule in optax's closure stands where ours has nothing.
        if is_empty(stored) or _is_whole(bare(named(stored, ("count",)).get("count"))):
            return mine
        raise differs(path, "nothing", _shown(stored))

    def _leaf(self, mine: Any, stored: Any, path: Path) -> Any:
        if not hasattr(mine, "shape") or not hasattr(mine, "dtype"):
            return stored  # no array in the optimizer either
        stored = bare(stored)
        if parts(stored) is not None or isinstance(stored, (str, bytes)):
            raise differs(path, _shown(mine), _shown(stored))
        if jnp.issubdtype(mine.dtype, jax.dtypes.extended) or is_traced(stored):
            return stored if jnp.shape(stored) == mine.shape else self._refuse_shape(mine, stored, path)
        if path and key(path[-1]) == "count":
            return whole(stored, mine, path)
        array = stored if isinstance(stored, jax.Array) else np.asarray(stored)
        if array.shape != mine.shape:
            self._refuse_shape(mine, array, path)
        if not _fits(array, mine.dtype):
            raise differs(path, _shown(mine), _shown(array))
        if hasattr(stored, "dtype") and array.dtype != mine.dtype:
            self.casts[str(array.dtype), str(mine.dtype)] += 1
        return like(array, mine)

    def _refuse_shape(self, mine: Any, stored: Any, path: Path) -> Any:
        raise differs(path, _shown(mine), _shown(stored), _MAPPED if np.shape(stored)[1:] == mine.shape else "")


def like(array: Any, mine: Any) -> jax.Array:
    """An array of the dtype of another, and where that one was put."""
    same = isinstance(array, jax.Array) and array.dtype == mine.dtype  # of a weak type, perhaps
    new = array if same else jnp.asarray(array, mine.dtype)
    put = getattr(mine, "committed", not isinstance(mine, jax.Array))
    there = on_devices(getattr(mine, "sharding", None)) if put else None
    if there is None or is_traced(new) or (new.committed and _is_there(new.sharding, there, new.ndim)):
        return new
    return jax.device_put(new, there)


def _is_there(here: Any, there: Any, ndim: int) -> bool:
    """Whether an array need not move; one that was offloaded to another memory stays in that."""
    return here.memory_kind != there.memory_kind or here.is_equivalent_to(there, ndim)


def whole(stored: Any, mine: Any, path: Path) -> Any:
    """A count of updates, or one for each member."""
    stored = bare(stored)
    if is_traced(stored):
        return stored.astype(jnp.int32)
    array = np.asarray(stored) if parts(stored) is None and stored is not None else np.asarray("")
    number = array.astype(np.float64) if array.dtype.kind in "iuf" else np.float64("nan")
    if not np.all((number >= 0) & (number <= LAST_STEP) & (number == np.floor(number))):
        raise ValueError(
            f"`saved` must have a count of updates, a whole number from 0 to {LAST_STEP}: got {stored!r:.80} at "
            f"{text(path)}. Restore an older checkpoint."
        )
    if array.shape != tuple(mine.shape):
        raise differs(path, _shown(mine), _shown(array), _MAPPED if array.shape[1:] == tuple(mine.shape) else "")
    return like(stored if isinstance(stored, jax.Array) else array, mine)


def of_optimizer(saved: Any) -> dict[str, Any]:
    """What is in the state of `inject` or of `optax.inject_hyperparams`, by its names."""
    inside = parts(saved) or {}
    for fields in (
        InjectState._fields,
        InjectState._fields[:-1],
        ("count", "hyperparams", "hyperparams_states", "inner_state"),
    ):
        of = named(saved, fields) if len(inside) == len(fields) and "0" in inside else {}  # a list
        values, scheduled = parts(of.get("hyperparams")), parts(of.get(fields[1 if "slots" in fields else 2]))
        if values and set(values) >= set(scheduled or ()) and parts(bare(of["count"])) is None:
            return of
    return inside


def by_name(saved: Any, mine: Any) -> dict[str, Any]:
    """Slots or values by name, also where groups were kept as one and the class that knows their names is lost."""
    inside = parts(saved) or {}
    return inside if isinstance(saved, ByName) else taken_apart(inside, mine)


def count_in(stored: Any) -> Any:
    """The count of updates of a state in any form: that of a schedule, or else the largest; `None` without any."""
    found: list[tuple[bool, Any]] = []

    def look(x: Any) -> None:
        inside = parts(x) or {}
        count = bare(inside.get("count", {}))
        if parts(count) is None:
            found.append((set(inside) == {"count"} or "slots" in inside, count))
        for child in inside.values():
            look(child)

    look(stored)
    known = [(ours, count) for ours, count in found if not is_traced(count) and np.ndim(count) == 0] or found
    single = [(ours, count) for ours, count in known if np.ndim(count) == 0 and not is_traced(count)]
    numbers = [(ours, int(count), count) for ours, count in single if _is_whole(count)]
    if numbers:
        return max(numbers, key=lambda x: x[:2])[2]
    return known[0][1] if known else None


def differs(path: Path, wanted: str, got: str, remedy: str = "") -> Differs:
    remedy = remedy or (
        "Make `opt_state` by the same chain of transformations from the same parameters; only the schedules may differ."
    )
    return Differs(f"`saved` must be of this optimizer: at {text(path)} it has {got}, `opt_state` {wanted}. {remedy}")


_MAPPED = (
    "It is the state of several members or devices: take one by `jax.tree.map(lambda x: x[0], saved)`, or restore each "
    "by `jax.vmap(lambda saved: jaxsched.restore(opt_state, saved)[0])(saved)`."
)


def _is_whole(x: Any) -> bool:
    return parts(x) is None and (is_traced(x) or np.asarray(x).dtype.kind in "iu")


def _is_leaf(x: Any) -> bool:
    return jax.tree_util.all_leaves([x])


def _fits(array: Any, dtype: Any) -> bool:
    """Whether an array may stand for one of a dtype, without loss of what it counts."""
    kinds = (jnp.bool_, jnp.integer, jnp.floating, jnp.complexfloating)
    have, want = (next((i for i, kind in enumerate(kinds) if jnp.issubdtype(x, kind)), 9) for x in (array.dtype, dtype))
    return (
        have == want
        or (want == 1 and have == 2 and bool(np.all(np.asarray(array) == np.floor(array))))
        or ((have, want) == (1, 2))
    )


def _shown(x: Any) -> str:
    inside = parts(x)
    if inside is not None:
        return "nothing" if is_empty(x) else f"entries {', '.join(list(inside)[:6])}"
    return f"{x.dtype}{tuple(x.shape)}" if hasattr(x, "dtype") else f"{x!r:.60}"


def plain(x: Any) -> Any:
    """JSON as it was, where a library made dicts of its lists and arrays of its numbers."""
    if isinstance(x, Mapping):
        if x and set(map(str, x)) == {str(i) for i in range(len(x))}:
            return [plain(x.get(i, x.get(str(i)))) for i in range(len(x))]
        return {str(name): plain(child) for name, child in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(child) for child in x]
    return x.item() if isinstance(x, (np.generic, np.ndarray, jax.Array)) and np.ndim(x) == 0 else x
