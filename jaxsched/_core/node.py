"""What schedules and controllers have in common: each is a frozen dataclass whose every number is a PyTree leaf."""

import dataclasses
import functools
import typing
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxsched._core import fields
from jaxsched._core.fields import Numeric

KINDS: dict[str, type] = {}
"""Every such class by its name in stored data: `Cosine`, `compat.torch.Chains`, or `module.Mine` for a user's."""


@typing.dataclass_transform(frozen_default=True, eq_default=False)
class Data:
    """Becomes, by subclassing, a frozen dataclass and a PyTree whose constructor converts and checks its fields."""

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        dataclasses.dataclass(frozen=True, eq=False, repr=False)(cls)
        reserved = {"kind", "jaxsched"} & set(cls.__dataclass_fields__)  # pyright: ignore[reportAttributeAccessIssue]
        if reserved:
            raise TypeError(f"{cls.__name__} must not have a field named {reserved.pop()!r}: `to_dict` uses it itself.")
        _register(cls)

    def __post_init__(self):
        for name, convert in _converters(type(self)).items():
            object.__setattr__(self, name, convert(name, getattr(self, name)))
        self._check()

    def _check(self) -> None:
        """Refuse what is concrete and wrong between the fields."""

    @classmethod
    def _accept(cls, name: str, x: Any) -> Any:
        """The converter of a field that is annotated with this class."""
        if not isinstance(x, cls):
            raise TypeError(f"`{name}` must be a {cls.__name__}: got {x!r}.")
        return x

    def __repr__(self) -> str:
        fields = [(f, getattr(self, f.name)) for f in fields_of(self)]
        shown = [f"{f.name}={_show(x)}" for f, x in fields if not (x is None and f.default is None)]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __getstate__(self) -> dict[str, Any]:
        return {name: x for name, x in self.__dict__.items() if name != "_compiled"}


def fill(node: Data, /, **fields: Any) -> Any:
    """A copy with other fields, unchecked: for values that are computed inside a formula."""
    new = object.__new__(type(node))
    vars(new).update({**node.__getstate__(), **fields})
    return new


def is_static(field: dataclasses.Field) -> bool:
    return bool(field.metadata.get("static"))


def fields_of(data: Any) -> tuple[dataclasses.Field, ...]:
    """The fields of a schedule or a controller, or of its class."""
    return dataclasses.fields(data)


def _register(cls: type) -> None:
    fields = fields_of(cls)
    names = tuple(f.name for f in fields if not is_static(f))
    static = tuple(f.name for f in fields if is_static(f))
    paths = tuple(jax.tree_util.GetAttrKey(name) for name in names)

    def flatten(node):
        values = node.__dict__
        # The class is part of the auxiliary data, so that structures of two classes can never compare equal.
        return [values[name] for name in names], (cls, *(values[name] for name in static))

    def flatten_with_keys(node):
        children, aux = flatten(node)
        return list(zip(paths, children, strict=True)), aux

    def unflatten(aux, children):
        node = object.__new__(cls)
        node.__dict__.update(zip(names, children, strict=True))
        node.__dict__.update(zip(static, aux[1:], strict=True))
        return node

    # Not `register_dataclass`: the structures of two such classes compare equal in jax 0.10.2, and a jit cache keyed
    # on the structure then runs another class's program.
    jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)
    KINDS[_kind(cls)] = cls


def _kind(cls: type) -> str:
    package, *path = cls.__module__.split(".")
    if package != __name__.partition(".")[0]:
        return f"{cls.__module__}.{cls.__qualname__}"
    public = [part for part in path if not part.startswith("_")]
    return ".".join([*public, cls.__name__]) if public[:1] == ["compat"] else cls.__name__


@functools.cache
def _converters(cls: type[Data]) -> dict[str, Callable[[str, Any], Any]]:
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except NameError:  # string annotations of a local class: judge by the value alone
        hints = {}
    converters = {f.name: _converter(hints.get(f.name)) for f in fields_of(cls) if not is_static(f)}
    if {"start", "end", "steps"} <= set(converters):  # a ramp, whose ends `Warmup` and `Cooldown` leave open
        converters |= {name: _or_none(converters[name]) for name in ("start", "end")}
    return converters


def _converter(annotation: Any) -> Callable[[str, Any], Any]:
    convert = fields.converter(annotation)
    if convert is None and isinstance(annotation, type) and issubclass(annotation, Data):
        convert = annotation._accept
    if convert is None:
        convert = fields.number if annotation == Numeric else _any_field
    elif type(None) in getattr(annotation, "__args__", ()):
        return _or_none(convert)
    return convert


def _or_none(convert: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    return lambda name, x: None if x is None else convert(name, x)


def _any_field(name: str, x: Any) -> Any:
    # A field of a user's class with an annotation of its own: any tree of numbers and schedules.
    is_leaf = lambda e: isinstance(e, Data)  # noqa: E731
    return jax.tree.map(lambda e: e if is_leaf(e) else fields.number(name, e), x, is_leaf=is_leaf)


def _show(x: Any) -> str:
    if fields.is_traced(x):
        return f"Traced<{x.aval.str_short()}>"
    if isinstance(x, (np.ndarray, np.generic, jax.Array)):
        # What `jax.grad(..., allow_int=True)` puts in the place of a count has no value to show.
        return "float0" if x.dtype == jax.dtypes.float0 else repr(np.asarray(x).tolist())
    if isinstance(x, tuple):
        return f"({', '.join(map(_show, x))}{',' if len(x) == 1 else ''})"
    return repr(x)
