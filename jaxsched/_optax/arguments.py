"""What an optimizer's factory takes for each of its arguments, by annotation and default."""

import functools
import inspect
import numbers
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._controllers.base import Controller
from jaxsched._core.boxes import rebuilt, unwrapped
from jaxsched._core.fields import is_number, is_traced, remedy
from jaxsched._core.node import Data
from jaxsched._core.schedule import Schedule
from jaxsched._core.words import shown

WORDS_OF_OTHERS = frozenset("bool str bytes int None NoneType Optional Union Literal typing t".split())
"""Words of an annotation that cannot be evaluated; one that has no others is of no real number."""


class Argument(NamedTuple):
    """What an argument of a factory may be."""

    real: bool  # a real number, and so a schedule of it
    whole: bool  # an int, which stays one
    function: bool  # a function of the step in the place of a number
    text: bool  # a string


def arguments_of(factory: Callable[..., Any]) -> dict[str, Argument]:
    """What each argument of a factory may be."""
    parameters = inspect.signature(factory).parameters
    return {name: _argument(parameter, _namespace(factory)) for name, parameter in parameters.items()}


def is_hyperparameter(name: str, x: Any, argument: Argument) -> bool:
    """Whether what was given is a hyperparameter, or else is passed on."""
    if _is_text(x) and not argument.text:
        advice = remedy(x, "Pass a number, a schedule or a controller.")
        raise TypeError(f"`{name}` must be a number: got {shown(x)} of type {type(x).__name__}. {advice}")
    if isinstance(rebuilt(x, Data), (Schedule, Controller)):
        return True
    x = unwrapped(x)
    if is_number(x) or is_traced(x):
        if jnp.ndim(x) != 0 or not jnp.issubdtype(jnp.result_type(x), jnp.number):
            return False
        return argument.real and not (argument.whole and jnp.issubdtype(jnp.result_type(x), jnp.integer))
    return callable(x) and not isinstance(x, type) and argument.function


def _is_text(x: Any) -> bool:
    return isinstance(x, (str, bytes))


def _argument(parameter: inspect.Parameter, namespace: Mapping[str, Any]) -> Argument:
    default = None if parameter.default is parameter.empty else parameter.default
    kinds = _kinds(parameter.annotation, namespace)
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or isinstance(default, bool):
        return Argument(real=False, whole=False, function=False, text=True)
    number = isinstance(default, (int, float))
    if not kinds:  # nothing is said but by the default
        whole = type(default) is int
        return Argument(True, whole, function=not whole and not callable(default), text=not number)
    whole = "float" not in kinds if "int" in kinds else type(default) is int and "float" not in kinds
    whole |= type(default) is int and "int" in kinds
    real = not kinds.isdisjoint(("float", "array", "any")) or type(default) is float
    function = not kinds.isdisjoint(("float", "array")) and not whole and not callable(default)
    text = not kinds.isdisjoint(("str", "any")) or kinds == {"other"} or isinstance(default, str)
    return Argument(real, whole, function, text and not number)


def _kinds(annotation: Any, namespace: Mapping[str, Any]) -> set[str]:
    """Which of float, array, int, str, any and other an annotation has; none if there is none."""
    if annotation is inspect.Parameter.empty:
        return set()
    if isinstance(annotation, (str, typing.ForwardRef)):
        text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
        try:
            held = types.SimpleNamespace(__annotations__={"x": text})
            annotation = typing.get_type_hints(held, dict(namespace), include_extras=True)["x"]
        except Exception:  # names that only a type checker imports
            return _kinds_of_words(set(re.findall(r"\w+", text)))
    if isinstance(annotation, typing.TypeVar):
        members = annotation.__constraints__ or (annotation.__bound__ or Any,)
    elif hasattr(annotation, "__supertype__"):
        members = (annotation.__supertype__,)
    elif isinstance(annotation, getattr(typing, "TypeAliasType", ())):
        members = (annotation.__value__,)  # pyright: ignore[reportAttributeAccessIssue]
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = typing.get_args(annotation)
    elif typing.get_origin(annotation) in (typing.Annotated, typing.Final):
        members = typing.get_args(annotation)[:1]
    else:
        return {_kind(annotation)}
    return set().union(*(_kinds(member, namespace) for member in members))


def _kind(annotation: Any) -> str:
    if annotation is Any or annotation is object:
        return "any"
    if typing.get_origin(annotation) is typing.Literal:
        return "str" if any(isinstance(x, str) for x in typing.get_args(annotation)) else "other"
    cls = typing.get_origin(annotation) or annotation
    cls = cls.dtype.type if isinstance(getattr(cls, "dtype", None), np.dtype) else cls  # such as `jnp.float32`
    if not isinstance(cls, type):
        return "other"
    for kind, classes in _CLASSES.items():
        if issubclass(cls, classes):
            return kind
    array_type = getattr(cls, "array_type", None)  # jaxtyping's `Float[Array, ""]`
    return _kind(array_type) if array_type is not None else "other"


_CLASSES: dict[str, Any] = {
    "other": (bool, np.bool_, type(None)),
    "str": (str, bytes),
    "int": (int, np.integer, numbers.Integral),
    "float": (float, np.number, numbers.Number, Schedule, Controller),
    "array": (jax.Array, np.ndarray),
}
"""The first that fits: a bool is an int, and an int a number."""


def _kinds_of_words(words: set[str]) -> set[str]:
    """Of an annotation that cannot be evaluated: what is not known to be no number may be one."""
    kinds = {word for word in ("int", "str") if word in words}
    for kind, pattern in ("float", "float|schedule|numeric|scalar|arraylike"), ("int", "numeric|arraylike"):
        kinds |= {kind for word in words if re.search(pattern, word.lower())}
    kinds |= {"array"} if not {"Array", "ndarray"}.isdisjoint(words) else set()
    return kinds or ({"other"} if words <= WORDS_OF_OTHERS else {"any"})


def _namespace(factory: Any) -> Mapping[str, Any]:
    """Where the names in a factory's annotations are known."""
    function = inspect.unwrap(factory) if callable(factory) else factory
    if isinstance(function, functools.partial):
        return _namespace(function.func)
    if isinstance(function, type):
        function = function.__init__
    elif not hasattr(function, "__globals__") and not hasattr(function, "__func__"):
        function = type(function).__call__
    return getattr(getattr(function, "__func__", function), "__globals__", {})
