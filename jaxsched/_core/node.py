"""What schedules and controllers have in common: each is a frozen dataclass whose every number is a PyTree leaf."""

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._core import fields, kinds
from jaxsched._core.elsewhere import OF_SCHEDULES
from jaxsched._core.factors import as_written
from jaxsched._core.statedict import storable
from jaxsched._core.words import shown

KINDS: dict[str, type] = {}
"""Every such class by its name in stored data: `Cosine`, `compat.torch.Chains`, or `module.Mine` for a user's. A class
that is defined again takes the place of the first, but a subclass of its name does not."""

FORMER = {"Sequence": "StackedJoin"}
"""Classes by their former names: what was stored or pickled outlives a renaming."""


DEEPEST = 100
"""So many nodes one inside another: Python and what stores schedules go through them by recursion."""

FLAT = "Write what repeats side by side: by `join`, `cycle`, or a sum or product from left to right."


def written(*, alias: str, default: Any = ...) -> Any:
    """A field that is kept in an exact form, such as a logarithm, and passed and shown as a number under another name.

    Args:
        alias: the name of the number as users write it: the constructor's argument.
        default: that number's default; `...` for none.
    """
    default = dataclasses.MISSING if default is ... else Written(default)
    return dataclasses.field(default=default, metadata={"alias": alias})


class Written:
    """A number as the user wrote it, on its way to the form in which it is kept."""

    def __init__(self, number: Any):
        self.number = number

    def __repr__(self) -> str:
        return repr(self.number)


@typing.dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(dataclasses.field, written))
class Data:
    """Becomes, by subclassing, a frozen dataclass and a PyTree whose constructor converts and checks its fields."""

    def __init_subclass__(cls, kw_only: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        made: Any = dataclasses.dataclass(frozen=True, eq=False, repr=False, kw_only=kw_only)(cls)
        reserved = {"kind", "jaxsched"} & {f.name for f in fields_of(made)}
        if reserved:
            raise TypeError(f"{cls.__name__} must not have a field named {reserved.pop()!r}: `to_dict` uses it itself.")
        if any(alias_of(f) for f in fields_of(made)) and "__init__" in cls.__dict__:
            made.__init__ = _by_aliases(made)
        _register(cls)

    def __post_init__(self) -> None:
        for name, convert in checks_of(type(self)).items():
            object.__setattr__(self, name, convert(name, getattr(self, name)))
        if self._depth > DEEPEST:
            name = max(self.__getstate__(), key=lambda name: _depth_of(getattr(self, name)))
            raise ValueError(f"`{name}` must be at most {DEEPEST - 1} schedules deep: got {self._depth - 1}. {FLAT}")
        self._check()

    def _check(self) -> None:
        """Refuse what is concrete and wrong between the fields."""

    @classmethod
    def check_field(cls, name: str, x: Any) -> Any:
        """The check of a field or an argument that is annotated with this class."""
        if not isinstance(x, cls):
            raise TypeError(f"`{name}` must be a {cls.__name__}: got {shown(x)}.")
        return x

    _elsewhere: ClassVar[dict[str, str]] = OF_SCHEDULES
    """What is answered to a word of other frameworks' loops."""

    if not TYPE_CHECKING:  # a checker knows which attributes there are

        def __getattr__(self, name: str) -> Any:
            if name in self._elsewhere:
                line = self._elsewhere[name]
                raise AttributeError(
                    f"{type(self).__name__!r} object has no attribute {name!r}: {line}", name=name, obj=self
                )
            return object.__getattribute__(self, name)  # raises what Python says, or what a property raised

    def __repr__(self) -> str:
        shown = [f"{name}={_show(x)}" for name, x in shown_of(self)]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: self.__dict__[f.name] for f in fields_of(self)}

    # Equal by value where every number is known: kind, structure and bits; else by identity.

    def __eq__(self, other: Any) -> bool:
        if self is other or not isinstance(other, Data):
            return True if self is other else NotImplemented
        return self._identity is not None and self._identity == other._identity

    def __hash__(self) -> int:
        return object.__hash__(self) if self._identity is None else self._identity.hash

    @functools.cached_property
    def _depth(self) -> int:
        return 1 + max(map(_depth_of, self.__getstate__().values()), default=0)

    @functools.cached_property
    def _identity(self) -> "Value | None":
        leaves, structure = jax.tree.flatten(self)
        return None if any(map(fields.is_traced, leaves)) else Value(structure, tuple(map(_bits, leaves)))


def _depth_of(x: Any) -> int:
    if isinstance(x, Data):
        return x._depth
    inner = x if isinstance(x, (tuple, list)) else x.values() if isinstance(x, dict) else ()
    return max(map(_depth_of, inner), default=0)


class Value:
    """What two equal schedules share; a table is hashed once."""

    def __init__(self, *parts: Any):
        self.parts = parts
        self.hash = hash(parts)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Value) and self.hash == other.hash and self.parts == other.parts

    def __hash__(self) -> int:
        return self.hash


def _bits(leaf: Any) -> Any:
    if type(leaf) is int:
        return leaf
    if type(leaf) is float:
        return leaf.hex()  # a float is not an int, nor 0.0 the same number as -0.0
    if isinstance(leaf, (np.ndarray, np.generic, jax.Array)):
        array = np.asarray(leaf)
        return array.dtype.name, array.shape, array.tobytes()
    return type(leaf), leaf


def inside(node: Data, /, **values: Any) -> Any:
    """A copy with values that a formula has computed: unchecked, and of no use outside of it."""
    new = object.__new__(type(node))
    vars(new).update({**node.__getstate__(), **values})
    return new


def is_static(field: dataclasses.Field) -> bool:
    return bool(field.metadata.get("static"))


def alias_of(field: dataclasses.Field) -> str | None:
    return field.metadata.get("alias")


def fields_of(data: Any) -> tuple[dataclasses.Field, ...]:
    """The fields of a schedule or a controller, or of its class."""
    return dataclasses.fields(data)


def shown_of(node: Data) -> list[tuple[str, Any]]:
    """What a node was made of, as the user wrote it, by the names of the constructor's arguments."""
    fields = [f for f in fields_of(node) if not (getattr(node, f.name) is None and f.default is None)]
    return [shown_field(node, f) for f in fields]


def shown_field(node: Data, field: dataclasses.Field) -> tuple[str, Any]:
    """A field's alias and the number that the user wrote, where there is one; else its own name and what is kept."""
    x, alias = getattr(node, field.name), alias_of(field)
    number = as_written(hints_of(type(node))[field.name], x) if alias else None
    return (field.name, x) if alias is None or number is None else (alias, number)


def of_kind(node: Any, kind: Any) -> dict[str, Any]:
    """The fields of a node that are annotated with a kind, such as `Level`, and what they hold."""
    hints = hints_of(type(node))
    found = [name for name, hint in hints.items() if any(_is_kind(each, kind) for each in kinds.kinds_in(hint))]
    return {name: getattr(node, name) for name in found}


def _is_kind(annotation: Any, kind: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, kind)


@functools.cache
def hints_of(cls: type) -> dict[str, Any]:
    """The annotation of each field of a class that is not static."""
    try:
        hints = typing.get_type_hints(cls)
    except NameError:  # string annotations of a local class: judge by the value alone
        hints = {}
    return {f.name: hints.get(f.name) for f in fields_of(cls) if not is_static(f)}


@functools.cache
def checks_of(cls: type) -> dict[str, Callable[[str, Any], Any]]:
    checks = {name: kinds.checker(hint) or _any_field for name, hint in hints_of(cls).items()}
    for f in fields_of(cls):
        if alias := alias_of(f):
            checks[f.name] = functools.partial(_kept, alias, hints_of(cls)[f.name])
    return checks


def _kept(alias: str, kind: Any, name: str, x: Any) -> Any:
    return kind.written(alias, x.number) if isinstance(x, Written) else kind.check(name, x)


def _any_field(name: str, x: Any) -> Any:
    # A field of a user's class with an annotation of its own: any tree of numbers and schedules.
    is_leaf = lambda e: isinstance(e, Data)  # noqa: E731
    return jax.tree.map(lambda e: e if is_leaf(e) else fields.number(name, e), x, is_leaf=is_leaf)


def _by_aliases(cls: Any) -> Callable[..., None]:
    """The constructor with the aliases of its fields as arguments; a field's own name takes what is kept."""
    plain = cls.__init__
    signature = inspect.signature(plain)
    aliases = {f.name: alias for f in fields_of(cls) if (alias := alias_of(f))}
    names = [name for name in signature.parameters if name != "self"]
    own = {alias: name for name, alias in aliases.items()}

    @functools.wraps(plain)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        marked = [Written(x) if name in aliases else x for name, x in zip(names, args, strict=False)]
        named = {own.get(name, name): Written(x) if name in own else x for name, x in kwargs.items()}
        plain(self, *marked, *args[len(marked) :], **named)

    parameters = [
        p.replace(name=aliases[p.name], annotation=p.annotation.shown_as) if p.name in aliases else p
        for p in signature.parameters.values()
    ]
    __init__.__signature__ = signature.replace(parameters=parameters)  # pyright: ignore[reportAttributeAccessIssue]
    return __init__


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
    storable(cls, lambda node: {name: getattr(node, name) for name in names}, lambda node, x: inside(node, **x))
    # What a config library derives from a class under its own name makes objects of the class.
    if not issubclass(cls, KINDS.get(kind_name(cls), ())):
        KINDS[kind_name(cls)] = cls


def kind_name(cls: type) -> str:
    """The name of a class in stored data: that of its public module, if there is one above the door, and its own."""
    package, *path = kinds.public_module(cls.__module__).split(".")
    if package != __name__.partition(".")[0]:
        return f"{cls.__module__}.{cls.__qualname__}"
    return ".".join([*(part for part in path if part not in ("nodes", "states")), cls.__name__])


def stack_key(node: Any) -> Any:
    """What two schedules must share to be stacked: the structure, each number's shape, and whether it counts."""
    leaves, structure = jax.tree.flatten(node)
    return structure, tuple((np.shape(leaf), is_count(leaf)) for leaf in leaves)


def is_count(leaf: Any) -> bool:
    return isinstance(leaf, int) or (not isinstance(leaf, float) and jnp.issubdtype(leaf.dtype, jnp.integer))


def stack_trees(nodes: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: _stacked(leaves), *nodes)


def _stacked(leaves):
    if any(isinstance(x, jax.Array) for x in leaves):
        return jnp.stack([jnp.asarray(x) for x in leaves])
    return np.stack(leaves)  # float64 numbers stay float64, for x64


def _show(x: Any) -> str:
    if fields.is_traced(x):
        return f"Traced<{x.aval.str_short()}>"
    if isinstance(x, (np.ndarray, np.generic, jax.Array)):
        # What `jax.grad(..., allow_int=True)` puts in the place of a count has no value to show.
        return "float0" if x.dtype == jax.dtypes.float0 else repr(np.asarray(x).tolist())
    if isinstance(x, tuple):
        return f"({', '.join(map(_show, x))}{',' if len(x) == 1 else ''})"
    return repr(x)
