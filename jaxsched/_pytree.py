"""How a class of schedules becomes a PyTree."""

import dataclasses
from typing import Any

import jax

KINDS: dict[str, type] = {}
"""Every schedule class by its name in a stored schedule: `Cosine`, or `module.Mine` for a user's."""


def is_static(field: dataclasses.Field) -> bool:
    return bool(field.metadata.get("static"))


def fields_of(schedule: Any) -> tuple[dataclasses.Field, ...]:
    """The fields of a schedule or of its class."""
    return dataclasses.fields(schedule)


def register(cls: type) -> None:
    fields = fields_of(cls)
    names = tuple(f.name for f in fields if not is_static(f))
    static = tuple(f.name for f in fields if is_static(f))
    paths = tuple(jax.tree_util.GetAttrKey(name) for name in names)

    def flatten(schedule):
        values = schedule.__dict__
        # The class is part of the auxiliary data, so that structures of two classes can never compare equal.
        return [values[name] for name in names], (cls, *(values[name] for name in static))

    def flatten_with_keys(schedule):
        children, aux = flatten(schedule)
        return list(zip(paths, children, strict=True)), aux

    def unflatten(aux, children):
        schedule = object.__new__(cls)
        schedule.__dict__.update(zip(names, children, strict=True))
        schedule.__dict__.update(zip(static, aux[1:], strict=True))
        return schedule

    # Not `register_dataclass`: the structures of two such classes compare equal in jax 0.10.2, and a jit cache keyed
    # on the structure then runs another class's program.
    jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)
    ours = cls.__module__.partition(".")[0] == __name__.partition(".")[0]
    KINDS[cls.__name__ if ours else f"{cls.__module__}.{cls.__qualname__}"] = cls
