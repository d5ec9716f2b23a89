"""What a sweep runs: candidates by structure, their numbers as rows of arrays, and the seeds as the words of keys."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np

import jaxsched as js
from jaxsched.kinds import is_list, is_stack, is_traced, renamed, shown

LARGEST_SEED = 2**31

Train = Callable[..., Any]

T = TypeVar("T")


class Group(NamedTuple):
    """Candidates of one structure, which one program trains."""

    structure: Any
    rows: list[np.ndarray]  # a leaf each, its leading axis the members
    members: list[int]  # their places among all candidates

    @property
    def key(self) -> Any:
        """What is the same for all schedules that one program can train."""
        return self.structure, tuple((x.shape[1:], x.dtype) for x in self.rows)

    @property
    def name(self) -> str | None:
        """The structure in words that another process finds too; nothing where it holds a function, whose words may
        be another one's."""
        text = f"{self.structure} {[(str(x.dtype), x.shape[1:]) for x in self.rows]}"
        return None if " at 0x" in text else text

    def at(self, places: Sequence[int]) -> Any:
        """The numbers of some members, as one stacked schedule."""
        return jax.tree.unflatten(self.structure, [x[list(places)] for x in self.rows])

    def shaped(self, width: int) -> Any:
        """What a program of that width is handed, without its numbers."""
        shapes = [jax.ShapeDtypeStruct((width, *x.shape[1:]), x.dtype) for x in self.rows]
        return jax.tree.unflatten(self.structure, shapes)


def candidates(schedules: Any) -> list[Any]:
    """Each element as a schedule or controller whose numbers are known."""
    if is_stack(schedules):
        raise TypeError("`schedules` must be a list: got several as one. Pass `jaxsched.unstack(schedules)`.")
    if not is_list(schedules):
        raise TypeError(f"`schedules` must be a list of schedules and controllers: got {shown(schedules)}.")
    if not len(schedules):
        raise ValueError("`schedules` must hold at least one schedule: got none.")
    stacks: dict[Any, bool] = {}
    return [_candidate(f"schedules[{i}]", x, stacks) for i, x in enumerate(schedules)]


def _candidate(name: str, x: Any, stacks: dict[Any, bool]) -> Any:
    """One of them; what is known of those with the same structure is not asked again, since it takes a trace."""
    if not isinstance(x, js.Controller):
        with renamed({"x": name}):
            x = js.as_schedule(x)
    leaves, structure = jax.tree.flatten(x)
    if any(map(is_traced, leaves)):
        raise TypeError(f"`{name}` must be known: got traced numbers. Call this outside of `jax.jit`.")
    key = structure, tuple(map(np.shape, leaves))
    if key not in stacks:
        stacks[key] = is_stack(x)
    if stacks[key]:
        raise ValueError(
            f"`{name}` must be one schedule: got several as one. Put `jaxsched.unstack` of it in the list."
        )
    return x


def tables(many: Sequence[Any], total: Any) -> list[Any]:
    """The schedules' values at whole steps, so that all have one structure."""
    for i, each in enumerate(many):
        if isinstance(each, js.Controller):
            why = f"`total` must be None where there are controllers: got one as schedules[{i}]."
            raise ValueError(f"{why} Its values hang on a metric, so there is no table of them.")
    return [js.tabulate(each, total) for each in many]


def grouped(many: Sequence[Any]) -> list[Group]:
    """The candidates by structure and by the shape and dtype of each leaf, in the order in which these occur."""
    found: dict[Any, list[int]] = {}
    flat = []
    for i, each in enumerate(many):
        leaves, structure = jax.tree.flatten(each)
        arrays = [_as_handed(x) for x in leaves]
        flat.append(arrays)
        key = structure, tuple((x.shape, x.dtype) for x in arrays)
        found.setdefault(key, []).append(i)
    return [
        Group(structure, [np.stack(column) for column in zip(*(flat[i] for i in members), strict=True)], members)
        for (structure, _), members in found.items()
    ]


def _as_handed(leaf: Any) -> np.ndarray:
    """A number in the dtype that a program has it in, so that equal programs and equal bytes are equal runs."""
    array = np.asarray(leaf)
    return array.astype(jax.dtypes.canonicalize_dtype(array.dtype))


def seeds_of(seeds: Any) -> tuple[int, ...] | None:
    if seeds is None:
        return None
    remedy = "Pass a list, such as `range(4)`."
    if not is_list(seeds) and not isinstance(seeds, range):
        raise TypeError(f"`seeds` must be whole numbers in a list: got {shown(seeds)}. {remedy}")
    found = [seed_of(f"seeds[{i}]", x) for i, x in enumerate(seeds)]
    if not found:
        raise ValueError(f"`seeds` must hold at least one: got none. {remedy} `None` trains without a key.")
    if len({*found}) < len(found):
        raise ValueError(f"`seeds` must differ: got {shown(found)}. Equal seeds are equal runs.")
    return tuple(found)


def seed_of(name: str, x: Any) -> int:
    whole = isinstance(x, (int, np.integer)) and not isinstance(x, (bool, np.bool_))
    if not whole:
        raise TypeError(f"`{name}` must be a whole number: got {shown(x)}.")
    if not 0 <= int(x) < LARGEST_SEED:
        raise ValueError(f"`{name}` must be at least 0 and below 2**31: got {shown(x)}.")
    return int(x)


KEYS = "threefry2x32"
"""The kind of all keys, whatever the default: under `jax.vmap` what those of "rbg" draw hangs on their neighbours."""


def words_of(seeds: Sequence[int] | None) -> np.ndarray:
    """A row a seed: the words of its key, which is made anew inside of the program. Without seeds one empty row."""
    if seeds is None:
        return np.zeros((1, 0), np.uint32)
    return np.stack([np.asarray(jax.random.key_data(jax.random.key(seed, impl=KEYS))) for seed in seeds])


def key_of(words: jax.Array) -> jax.Array:
    """The key that has these words."""
    return jax.random.wrap_key_data(words, impl=KEYS)


def chunks(runs: Sequence[T], size: int) -> list[list[T]]:
    """Runs in pieces of one size: the last is filled up with its last run."""
    pieces = [list(runs[i : i + size]) for i in range(0, len(runs), size)]
    return [piece + piece[-1:] * (size - len(piece)) for piece in pieces]
