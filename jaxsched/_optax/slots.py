"""Things by name, of which those of one structure are kept as one, with one more axis: fifty rates are one vector."""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxsched._core.choice import select
from jaxsched._core.fields import is_traced
from jaxsched._core.statedict import storable


class Part(NamedTuple):
    """What is kept as one."""

    names: tuple[str, ...]
    content: Any  # of several names: each array with a last axis, along which the names are


class ByName(Mapping[str, Any]):
    """What there is of each hyperparameter, by name, to read: a `Slot` or a value.

    Groups whose schedules or controllers have one structure are kept as one, with vectors in the place of numbers, so
    that fifty groups cost no more than one.
    """

    def __init__(self, parts: Iterable[Any]) -> None:
        self.parts = tuple(Part(*part) for part in parts)

    def __getitem__(self, name: str) -> Any:
        return self._each[name]

    def __iter__(self) -> Iterator[str]:
        return (name for part in self.parts for name in part.names)

    def __len__(self) -> int:
        return sum(len(part.names) for part in self.parts)

    def __repr__(self) -> str:
        return f"ByName({', '.join(f'{list(names)}: {content!r}' for names, content in self.parts)})"

    def __reduce__(self) -> Any:
        return ByName, (tuple(map(tuple, self.parts)),)

    @functools.cached_property
    def _each(self) -> dict[str, Any]:
        return {name: x for part in self.parts for name, x in zip(part.names, _taken_apart(part), strict=True)}

    def _refuse(self, *args: Any) -> Any:
        raise TypeError(
            "The state of an optimizer must not be written to. "
            'Use `opt_state = jaxsched.override(opt_state, {"head/learning_rate": 0.1})`.'
        )

    __setitem__ = __delitem__ = _refuse


BETWEEN = "\n"
"""Stands between the names of a part in a state dict; no pattern has it."""


def _keys(parts: Iterable[Part]) -> list[str]:
    """A short key for each part: the name of one, and of several what their names have in common at their end."""
    keys: list[str] = []
    for names, _ in parts:
        key = names[0] if len(names) == 1 else own_name(names[0])
        keys.append(key if key not in keys else f"{key}_{len(keys)}")
    return keys


jax.tree_util.register_pytree_with_keys(
    ByName,
    lambda x: (
        [(jax.tree_util.DictKey(key), part.content) for key, part in zip(_keys(x.parts), x.parts, strict=True)],
        tuple(part.names for part in x.parts),
    ),
    lambda names, contents: ByName(zip(names, contents, strict=True)),
    lambda x: ([part.content for part in x.parts], tuple(part.names for part in x.parts)),
)
storable(
    ByName,
    lambda x: {BETWEEN.join(part.names): part.content for part in x.parts},
    lambda x, contents: ByName((part.names, contents[BETWEEN.join(part.names)]) for part in x.parts),
)


def own_name(name: str) -> str:
    """The name of a hyperparameter without that of its group."""
    return name.rpartition("/")[2]


def parts_of(x: Mapping[str, Any]) -> tuple[Part, ...]:
    return x.parts if isinstance(x, ByName) else tuple(Part((name,), each) for name, each in x.items())


def each_part(fn: Callable[..., Any], first: Mapping[str, Any], *others: Mapping[str, Any]) -> Any:
    """What a function makes of each part, given its names too."""
    made = [(names, fn(names, x, *(_part(other, names) for other in others))) for names, x in parts_of(first)]
    return ByName(made) if isinstance(first, ByName) else {name: x for (name,), x in made}


def _part(x: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return x[names[0]] if len(names) == 1 else next(part.content for part in parts_of(x) if part.names == names)


def several(fn: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    """A function of one as a function of a part: one program, whatever the number of names."""
    return fn if len(names) == 1 else jax.vmap(fn, in_axes=-1, out_axes=-1, axis_size=len(names))


def rates_of(values: Mapping[str, Any]) -> Callable[[tuple[str, ...]], Any]:
    """A function from names to their values inside of an update: one name's, or several along an axis."""
    alone = each_value(values)

    def of(names: tuple[str, ...]) -> Any:
        first, *others = names
        if not others:
            return alone[first]
        for part in parts_of(values):
            i = part.names.index(first) if first in part.names else 0
            if part.names[i : i + len(names)] == names:
                return part.content[i : i + len(names)]
        return jnp.stack([alone[name] for name in names])

    return of


def each_value(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name."""
    return {name: x for part in parts_of(values) for name, x in zip(part.names, _each_value(part), strict=True)}


def _each_value(part: Part) -> list[Any]:
    if len(part.names) == 1 or not is_traced(part.content) or part.content.ndim > 1:
        return _taken_apart(part)
    starts = range(0, len(part.names), AT_ONCE)
    return [x for i in starts for x in _numbers_in(part.content[i : i + AT_ONCE])]


AT_ONCE = 64
"""Outputs of one kernel; a GPU's kernel has room for some 500 addresses."""


@jax.custom_jvp
def _numbers_in(vector: Any) -> tuple[Any, ...]:
    """The numbers in a vector, each an array of its own, as one kernel makes them.

    Were each a slice, XLA would take it into the kernel that uses it, and would compile as many kernels as there are
    parameters in place of one for each shape. So each is a sum over two numbers, of which the second is 0.
    """
    first = jnp.asarray([True, False])
    padded = jnp.concatenate([vector, jnp.zeros_like(vector[:1])])
    pairs = tuple(select(first, padded[i : i + 2], jnp.zeros_like(padded[:2])) for i in range(len(vector)))
    nothing = (jnp.zeros((), vector.dtype),) * len(vector)
    return tuple(lax.reduce(pairs, nothing, lambda x, y: tuple(map(lax.add, x, y)), (0,)))


@_numbers_in.defjvp
def _(primals: Any, tangents: Any) -> Any:
    return _numbers_in(*primals), tuple(jnp.unstack(tangents[0]))


def in_order(names: Iterable[str]) -> list[str]:
    """Layer 2 before layer 10."""
    number = re.compile(r"(\d+)")
    return sorted(names, key=lambda x: ([int(y) if i % 2 else y for i, y in enumerate(number.split(x))], x))


def put_together(x: Mapping[str, Any], kinds: Mapping[str, Any]) -> ByName:
    """What is of one kind as one; the names stand in one order, however they were made."""
    together: dict[Any, list[str]] = {}
    for name in in_order(kinds):
        together.setdefault(kinds[name], []).append(name)
    parts = map(tuple, together.values())
    return ByName((names, _as_one([x[name] for name in names])) for names in parts)


def _as_one(trees: list[Any]) -> Any:
    def stacked(*xs: Any) -> Any:
        if any(isinstance(x, jax.ShapeDtypeStruct) for x in xs):
            return jax.ShapeDtypeStruct((*xs[0].shape, len(xs)), xs[0].dtype)
        return jnp.stack(xs, -1)

    return jax.tree.map(stacked, *trees) if len(trees) > 1 else trees[0]


def _taken_apart(part: Part) -> list[Any]:
    if len(part.names) == 1:
        return [part.content]
    leaves, structure = jax.tree.flatten(part.content)
    columns = [_column(x, len(part.names)) for x in leaves]
    return [jax.tree.unflatten(structure, [column[i] for column in columns]) for i in range(len(part.names))]


def _column(x: Any, length: int) -> Any:
    if isinstance(x, jax.ShapeDtypeStruct):
        return [jax.ShapeDtypeStruct(x.shape[:-1], x.dtype)] * length
    return jnp.unstack(jnp.asarray(x), axis=-1)


def taken_apart(stored: Mapping[str, Any], like: Mapping[str, Any]) -> dict[str, Any]:
    """What was stored of a `ByName`, in any form, by name.

    A state dict has the names; what was read without a template has the keys of the parts of one `like` it.
    """
    of_keys = dict(zip(_keys(parts_of(like)), parts_of(like), strict=True))
    each: dict[str, Any] = {}
    for key, content in stored.items():
        names = of_keys[key].names if key in of_keys else tuple(key.split(BETWEEN))
        lengths = {np.shape(x)[-1:] for x in jax.tree.leaves(content)} if len(names) > 1 else set()
        part = Part(names if lengths == {(len(names),)} else (key,), content)
        each.update(zip(part.names, _taken_apart(part), strict=True))
    return each
