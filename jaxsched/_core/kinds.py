"""Kinds: what an annotation says of a number. By them fields and arguments are checked, and lengths and levels found.

`steps: Count` is a length in steps, `end: Level` a number in units of the value. A kind has one function, `check`, that
refuses what is concrete and wrong, in words, and makes of the rest what is kept. Tracers pass.
"""

import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeAlias, TypeVar

import jax
import numpy as np

from jaxsched._core import factors, fields, lists
from jaxsched._core.words import shown

P = ParamSpec("P")
R = TypeVar("R")
Check = Callable[[str, Any], Any]


def public_module(module: str) -> str:
    """The public module of one of this library's: `jaxsched.compat.torch` of `jaxsched.compat.torch._cycles`."""
    package, *path = module.split(".")
    private = next((i for i, part in enumerate(path) if part.startswith("_")), len(path))
    return ".".join([package, *path[:private]]) if package == __name__.partition(".")[0] else module


class Kind(type):
    """The class of kinds: `isinstance(x, jaxsched.Count)` says whether `x` is one."""

    check: Check
    lowest: float | None = None  # what a traced number is clamped to, where it is clamped

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> "Kind":
        module = public_module(namespace["__module__"])
        module = "jaxsched.kinds" if module == "jaxsched" else module
        return super().__new__(cls, name, bases, {**namespace, "__module__": module})

    def __instancecheck__(cls, x: Any) -> bool:
        try:
            cls.check("x", x)
        except (TypeError, ValueError):
            return False
        return True


if TYPE_CHECKING:
    Numeric: TypeAlias = int | float | np.ndarray | jax.Array
    Real: TypeAlias = Numeric
    Sign: TypeAlias = Numeric
    Positive: TypeAlias = Numeric
    NotNegative: TypeAlias = Numeric
    Part: TypeAlias = Numeric
    PartBelowOne: TypeAlias = Numeric
    Factor: TypeAlias = Numeric
    InnerFactor: TypeAlias = Numeric
    OuterFactor: TypeAlias = Numeric
    Count: TypeAlias = Numeric
    Total: TypeAlias = Numeric
    Whole: TypeAlias = Numeric
    AtLeastOne: TypeAlias = Numeric
    WholeAtLeastOne: TypeAlias = Numeric
    Level: TypeAlias = Numeric
    Bound: TypeAlias = Numeric
    MinusLog: TypeAlias = Any
    Log: TypeAlias = Any
    OuterLog: TypeAlias = Any
    Levels: TypeAlias = Any
    Reals: TypeAlias = Any
    Indices: TypeAlias = Any
    Times: TypeAlias = Any
    Counts: TypeAlias = Any
    CountTuple: TypeAlias = Any
    Lengths: TypeAlias = Any
    Key: TypeAlias = Any
else:

    class Numeric(metaclass=Kind):
        """A finite number, or an array of them once schedules are stacked; it is kept as it was given."""

        check = staticmethod(fields.numeric)

    class Real(Numeric):
        """A number without a unit; an int becomes a float, so that it can be tuned by gradient."""

        check = staticmethod(fields.real)

    class Sign(Real):
        """1 or -1."""

        check = staticmethod(fields.sign)

    class Positive(Real):
        """A number greater than 0."""

        check, lowest = staticmethod(fields.positive), 1e-37

    class NotNegative(Real):
        """A number of at least 0."""

        check, lowest = staticmethod(fields.not_negative), 0.0

    class Part(NotNegative):
        """A part of a whole, from 0 to 1."""

        check = staticmethod(fields.part)

    class PartBelowOne(Part):
        """A part of a whole, from 0 to below 1."""

        check = staticmethod(functools.partial(fields.part, open_end=True))

    class Factor(NotNegative):
        """What a value is multiplied by, at least 0."""

    class InnerFactor(Factor):
        """What a value is multiplied by, between 0 and 1; a traced one is clamped."""

        check = staticmethod(factors.inner_factor)

    class OuterFactor(Factor):
        """What a value is multiplied or divided by, greater than 1; a traced one is clamped."""

        check = staticmethod(factors.outer_factor)

    class MinusLog(Real):
        """A factor of at least 0, kept as minus its logarithm."""

        shown_as, sign = Factor, -1.0
        written = staticmethod(factors.minus_log)

    class Log(Real):
        """A factor between 0 and 1, kept as its logarithm."""

        shown_as, sign = InnerFactor, 1.0
        check, written = staticmethod(factors.negative), staticmethod(factors.log_inside)

    class OuterLog(Real):
        """A factor greater than 1, kept as its logarithm."""

        shown_as, sign = OuterFactor, 1.0
        check, written = staticmethod(fields.not_negative), staticmethod(factors.log_outside)

    class Level(Real):
        """A number in units of the schedule's value: `scale` multiplies it."""

    class Bound(Level):
        """A level of at least 0."""

        check, lowest = staticmethod(fields.not_negative), 0.0

    class Levels(Level):
        """A table of levels."""

        check = staticmethod(lists.reals)

    class Reals(Real):
        """A table of numbers without a unit."""

        check = staticmethod(lists.reals)

    class Indices(Numeric):
        """A table of ints that say which."""

        check = staticmethod(lists.indices)

    class Count(Numeric):
        """A length or a time in steps, at least 0. An int is fixed and exact, a float can be tuned by gradient."""

        check, lowest = staticmethod(fields.count), 0

    class Total(Count):
        """The length of a whole run in steps, at least 1."""

        check = staticmethod(fields.total)

    class Times(Count):
        """A table of times in steps."""

        check = staticmethod(lists.times)

    class Counts(Count):
        """A sorted table of times in steps."""

        check = staticmethod(lists.counts)

    class CountTuple(Count):
        """Times in steps, each a number of its own."""

        check = staticmethod(lists.count_tuple)

    class Lengths(Count):
        """A length in steps; or a list with the length of each cycle, which is kept as a tuple."""

        check = staticmethod(lists.lengths)

    class Whole(Numeric):
        """A number of events, such as observations; not a length in steps."""

        check, lowest = staticmethod(fields.whole), 0

    class AtLeastOne(Numeric):
        """A number of at least 1."""

        check, lowest = staticmethod(fields.at_least_one), 1

    class WholeAtLeastOne(AtLeastOne):
        """A whole number of at least 1."""

        check = staticmethod(fields.whole_at_least_one)

    class Key(Numeric):
        """A PRNG key: an int seed, or a JAX key, which is kept as its words."""

        check = staticmethod(lists.key)


LISTS: Any = (Levels, Reals, Indices, Times, Counts, CountTuple, Lengths, Key)
"""The kinds that take a list."""


def kinds_in(annotation: Any) -> tuple[Any, ...]:
    """The members of an annotation: `Level | None` has two."""
    return typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)


def checker(annotation: Any) -> Any:
    """The function `(name, x) -> x` that checks what is annotated so; `None` where the annotation says nothing."""
    members = kinds_in(annotation)
    checks = [check for each in members if (check := _check_of(each)) is not None]
    if checks and type(None) in members:
        return lambda name, x: None if x is None else checks[0](name, x)
    return checks[0] if checks else None


def _check_of(annotation: Any) -> Check | None:
    if isinstance(annotation, Kind) or hasattr(annotation, "check_field"):
        return annotation.check if isinstance(annotation, Kind) else annotation.check_field
    if typing.get_origin(annotation) is Literal:
        return functools.partial(_one_of, typing.get_args(annotation))
    return _flag if annotation is bool else None


REMEDIES = {
    ("min", "max"): " Pass 'min' for a loss, 'max' for an accuracy.",
    ("rate", "coefficient"): " Pass 'rate' for what makes the metric larger, 'coefficient' for what makes it smaller.",
}


def _one_of(options: tuple[Any, ...], name: str, x: Any) -> Any:
    if not any(type(x) is type(option) and x == option for option in options):
        listed = " or ".join(map(repr, options)) if len(options) == 2 else f"one of {', '.join(map(repr, options))}"
        raise ValueError(f"`{name}` must be {listed}: got {shown(x)}.{REMEDIES.get(options, '')}")
    return x


def _flag(name: str, x: Any) -> bool:
    if not isinstance(x, (bool, np.bool_)):
        raise TypeError(f"`{name}` must be True or False: got {shown(x)}.")
    return bool(x)


def checks_of(function: Callable[..., Any]) -> dict[str, Check]:
    """The check of each argument of a function whose annotation says something.

    Fields hold an array of any number once schedules are stacked; a function is called with one.
    """
    hints = typing.get_type_hints(function)
    checks = {name: checker(hints.get(name)) for name in inspect.signature(function).parameters}
    checks = {name: check for name, check in checks.items() if check is not None}
    return {name: fields.of_one(check) if _is_single(hints[name]) else check for name, check in checks.items()}


def _is_single(annotation: Any) -> bool:
    members = [each for each in kinds_in(annotation) if each is not type(None)]
    return all(isinstance(x, Kind) and issubclass(x, Numeric) and not issubclass(x, LISTS) for x in members)


def check_arguments(arguments: dict[str, Any], checks: Mapping[str, Check]) -> None:
    """Put what the checks make of some arguments in their places, in the order in which they are written."""
    for name in filter(checks.__contains__, list(arguments)):
        arguments[name] = checks[name](name, arguments[name])


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """The function, with its arguments checked by their annotations first."""
    signature, checks = inspect.signature(function), checks_of(function)

    @functools.wraps(function)
    def made(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)  # which says it in Python's own words
        check_arguments(bound.arguments, checks)
        with fields.by_formula():
            return function(*bound.args, **bound.kwargs)

    return made
