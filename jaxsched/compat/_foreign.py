"""Arguments under their names in another framework: `foreign` checks them by their annotations.

    @foreign(groups=("learning_rate",))
    def StepDecay(learning_rate: Rate, step_size: Steps, gamma: Gamma = 0.1) -> js.Schedule: ...

A kind is made by `ranged`. Traced numbers pass.
"""

import difflib
import functools
import inspect
import itertools
import sys
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast, overload

import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched import kinds
from jaxsched.compat._docs import documented
from jaxsched.kinds import Kind, is_list, is_traced, of_one, shown

F = TypeVar("F", bound=Callable[..., Any])
NUMERIC, REAL = cast("tuple[Any, Any]", (js.Numeric, kinds.Real))


@overload
def foreign(function: F) -> F: ...
@overload
def foreign(*, groups: Sequence[str] = (), names: Mapping[str, str] | None = None) -> Callable[[F], F]: ...
def foreign(
    function: Callable[..., Any] | None = None, *, groups: Sequence[str] = (), names: Mapping[str, str] | None = None
) -> Any:
    """The function with its arguments checked by their annotations, and ours renamed to theirs in errors.

    Args:
        function: the function, whose arguments are annotated with kinds.
        groups: the arguments that may be lists with one number for each parameter group; then the result is a list.
        names: their name for each name of ours in errors that come from inside.
    """
    if function is None:
        return functools.partial(foreign, groups=groups, names=names)
    signature, checks, names = inspect.signature(function), kinds.checks_of(function), names or {}

    def one(arguments: inspect.BoundArguments) -> Any:
        kinds.check_arguments(arguments.arguments, checks)
        with kinds.renamed(names):
            return function(*arguments.args, **arguments.kwargs)

    @functools.wraps(function)
    def made(*args: Any, **kwargs: Any) -> Any:
        bound = bind(function, signature, args, kwargs)
        lists = {name: x for name, x in bound.arguments.items() if name in groups and is_list(x)}
        with kinds.by_formula():  # their lengths may be below a step, and are what they are in the framework
            if not lists:
                return one(bound)
            return [one(_with(bound, {name: x[i] for name, x in lists.items()})) for i in range(groups_of(lists))]

    made.__module__ = kinds.public_module(function.__module__)
    made.__doc__ = documented(function, typing.get_type_hints(function), groups)
    return made


def _with(bound: inspect.BoundArguments, changed: Mapping[str, Any]) -> inspect.BoundArguments:
    return inspect.BoundArguments(bound.signature, {**bound.arguments, **changed})  # pyright: ignore[reportArgumentType]


def handed_on(function: F) -> F:
    """The function, which hands its arguments on to one that checks them."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def made(*args: Any, **kwargs: Any) -> Any:
        bound = bind(function, signature, args, kwargs)
        return function(*bound.args, **bound.kwargs)

    return cast(F, made)


def bind(function: Callable[..., Any], signature: inspect.Signature, args: Any, kwargs: Any) -> inspect.BoundArguments:
    """The arguments by their names. A call as the framework takes it, with an optimizer, is answered in words."""
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        raise TypeError(_unbound(function, signature, args, kwargs)) from None
    if "lr" in signature.parameters:
        _check_places(dict(zip(signature.parameters, args, strict=False)), bound.arguments.get("lr"))
    return bound


def _unbound(function: Callable[..., Any], signature: inspect.Signature, args: Any, kwargs: Any) -> str:
    """Why a call does not fit a signature."""
    named = {word: p for word, p in signature.parameters.items() if p.kind != p.VAR_KEYWORD}
    known, name = list(named), function.__name__
    stands = "`lr` stands first, in the place of the optimizer." if known[0] == "lr" else ""
    unknown = [word for word in kwargs if word not in known and len(named) == len(signature.parameters)]
    if "optimizer" in kwargs and "optimizer" not in known and "lr" in known:
        return f"{name}() has no argument `optimizer`: pass the learning rate in its place, as `lr`."
    if unknown:
        return f"{name}() has no argument `{unknown[0]}`. {did_you_mean(unknown[0], known)}".rstrip()
    if len(args) > len(known):
        return f"{name}() takes {len(known)} arguments: got {len(args)}. {stands}".rstrip()
    twice = [word for word in known[: len(args)] if word in kwargs]
    if twice:
        return f"{name}() got `{twice[0]}` twice, by its place and by its name. {stands}".rstrip()
    needed = [word for word, p in named.items() if p.default is p.empty]
    missing = [f"`{word}`" for word in needed if word not in known[: len(args)] and word not in kwargs]
    return f"{name}() needs {' and '.join(missing)} too. {stands}".rstrip()


def _check_places(placed: Mapping[str, Any], lr: Any) -> None:
    """Refuse an optimizer, and a call whose arguments are all a place too early, as without the rate."""
    if hasattr(lr, "param_groups"):
        raise TypeError(
            "`lr` must be the learning rate, in the place of the optimizer: got an optimizer. Pass its rate, "
            "`optimizer.param_groups[0]['lr']`, or a live scheduler to `compat.torch.from_scheduler`."
        )
    for name, x in placed.items():
        if name == "lr" or name.endswith("_lr"):
            if type(x) is int and x > 1:
                raise TypeError(
                    f"`{name}` must be a learning rate, and {shown(x)} by its place looks like a count: `lr` stands in "
                    f"the place of the optimizer. Write `{name}={shown(x)}` if it is the rate."
                )


def groups_of(lists: Mapping[str, Any]) -> int:
    """How many parameter groups some lists are for."""
    (first, values), *others = lists.items()
    if len(values) == 0:
        raise ValueError(f"`{first}` must have one value for each parameter group: got an empty list.")
    for name, x in lists.items():
        for i, each in enumerate(x):
            if each is None:
                raise TypeError(f"`{name}[{i}]` must be a number: got None. Pass one for each parameter group.")
    for name, x in others:
        if len(x) != len(values):
            raise ValueError(
                f"`{name}` must have the same length as the parameter groups: it has {len(x)} values, "
                f"and `{first}` has {len(values)}."
            )
    return len(values)


def ranged(
    name: str,
    note: str,
    what: str = "a number",
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
    most: float | None = None,
    whole: type[Exception] | None = None,
    counted: bool = False,
    fraction: bool = False,
) -> Any:
    """A kind of finite number in a range, kept as it was given; `whole` is for ints alone, and the
    error where it is none, `fraction` for floats.

    A `counted` one becomes an int where it is whole, which is exact, and a float where an int32 cannot hold it. Errors
    end with the `note`; docstrings say `what` it is, unless the note does so.
    """
    bounds = [
        ("greater than", above, np.greater),
        ("at least", least, np.greater_equal),
        ("less than", below, np.less),
        ("at most", most, np.less_equal),
    ]
    given = [(word, bound, fits) for word, bound, fits in bounds if bound is not None]
    wanted = " and ".join(f"{word} {bound}" for word, bound, _ in given)
    what = note.removeprefix("It is ").removesuffix(".") if note.startswith("It is ") else what

    def check(argument: str, x: Any) -> Any:
        x = kinds.unwrapped(x)
        if fraction and (isinstance(x, int) or jnp.issubdtype(getattr(x, "dtype", float), jnp.integer)):
            raise TypeError(f"`{argument}` must be a float: got {shown(x)}. {note}")
        try:
            known = REAL.check(argument, x)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{error} {note}") from None
        if is_traced(x):
            return x
        if not all(np.all(fits(known, bound)) for _, bound, fits in given):
            raise ValueError(f"`{argument}` must be {wanted}: got {shown(x)}. {note}")
        if whole and not jnp.issubdtype(jnp.result_type(x), jnp.integer):
            raise whole(f"`{argument}` must be an int: got {shown(x)}. {note}")
        x = x.item() if np.ndim(x) == 0 and not isinstance(x, (int, float)) else x
        return _counted(x) if counted else x

    return Kind(
        name,
        (NUMERIC,),
        {
            "__module__": sys._getframe(1).f_globals["__name__"],
            "__doc__": ", ".join(filter(None, [what, wanted, "as a float" * fraction])),
            "check": staticmethod(of_one(check)),
        },
    )


def _counted(x: Any) -> Any:
    if np.ndim(x):
        return x
    return int(x) if x == int(x) and x < 2**31 else float(x)


if TYPE_CHECKING:
    Rate: TypeAlias = js.Numeric
    Steps: TypeAlias = js.Numeric
    Period: TypeAlias = js.Numeric
    Length: TypeAlias = js.Numeric
    Span: TypeAlias = js.Numeric
    Gamma: TypeAlias = js.Numeric
    StartFactor: TypeAlias = js.Numeric
    ExpGamma: TypeAlias = js.Numeric
    PhasePart: TypeAlias = js.Numeric
    SortedSteps: TypeAlias = Any
    LastEpoch: TypeAlias = int
    Verbose: TypeAlias = bool | str
else:
    Rate = ranged("Rate", "It is a learning rate.", least=0)
    Steps = ranged("Steps", "It is a whole number of steps.", least=1, whole=TypeError)
    Period = ranged("Period", "Expected a positive integer.", "a whole number of steps", least=1, whole=ValueError)
    Length = ranged("Length", "It is a number of steps.", least=0)
    Span = ranged("Span", "Pass the number of steps that it takes.", "a number of steps", above=0)
    Gamma = ranged("Gamma", "The learning rate is multiplied by it.", "a factor", least=0, below=1)
    StartFactor = ranged("StartFactor", "The learning rate is multiplied by it.", "a factor", above=0, most=1)
    ExpGamma = ranged("ExpGamma", "The height is multiplied by it at each step.", "a factor", least=0, fraction=True)
    PhasePart = ranged("PhasePart", "It is the part of the steps that a phase takes.", least=0, most=1, fraction=True)

    class LastEpoch(metaclass=Kind):
        """The default, -1: a schedule has no position to begin at."""

        @staticmethod
        def check(name: str, x: Any) -> int:
            if isinstance(x, (int, np.integer)) and not isinstance(x, bool) and x == -1:
                return -1
            begin = x + 1 if isinstance(x, int) and x >= 0 else "n"
            raise ValueError(
                f"`{name}` must be left out, or -1: got {shown(x)}. A schedule has no position: write "
                f"`jaxsched.advance(schedule, {begin})`, or let an optimizer's state count."
            )

    class Verbose(metaclass=Kind):
        """The default, False: a schedule does not print. What torch has for the default is taken too."""

        @staticmethod
        def check(name: str, x: Any) -> bool:
            if x is not False and not (isinstance(x, str) and x == "deprecated"):
                raise ValueError(
                    f"`{name}` must be left out, or False: got {shown(x)}. Print `schedule(step)` instead."
                )
            return False

    class SortedSteps(metaclass=Kind):
        """A list of steps in order, kept as they were given."""

        @staticmethod
        def check(name: str, x: Any) -> list[Any]:
            if not is_list(x) and not (is_traced(x) and x.ndim == 1):
                raise TypeError(
                    f"`{name}` must be a list: got {shown(x)} of type {type(x).__name__}. Pass a list of steps."
                )
            listed = [of_one(js.Numeric.check)(f"{name}[{i}]", each) for i, each in enumerate(x)]
            if any(a > b for a, b in itertools.pairwise(each for each in listed if not is_traced(each))):
                raise ValueError(f"`{name}` must be sorted: got {shown(x)}. Put them in increasing order.")
            return listed


def equal(x: Any, y: Any) -> bool:
    """Whether two numbers are known and equal: a traced one makes no branch."""
    return not is_traced(x) and not is_traced(y) and bool(np.all(x == y))


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """A sentence with the names that are close to an unknown one, or nothing."""
    close = difflib.get_close_matches(name, list(known), cutoff=cutoff)
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else ""
