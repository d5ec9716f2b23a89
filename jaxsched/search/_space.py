"""The space of a study: what a person writes, as Optuna's distributions."""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import jaxsched as js
from jaxsched.kinds import is_list, is_mapping, shown

WRITE = 'Write `(1e-4, 1.0, "log")`, `(1, 50)` or `["linear", "cosine"]`'


def distributions_of(space: Any, optuna: Any) -> dict[str, Any]:
    """An Optuna distribution for each name: from `(low, high)`, `(low, high, "log")`, a list of choices, or one."""
    if not is_mapping(space):
        raise TypeError(f"`space` must be a dict from names to ranges: got {shown(space)}. {WRITE} for each.")
    if not space:
        raise ValueError("`space` must have at least one name: got none.")
    if wrong := [name for name in space if not isinstance(name, str)]:
        raise TypeError(f"`space` must have names of `make`'s arguments: got {shown(wrong[0])}.")
    return {name: _distribution(f"space[{name!r}]", x, optuna.distributions) for name, x in space.items()}


def check_make(make: Any, space: Mapping[str, Any]) -> None:
    """Refuse what cannot be called with the names of the space."""
    wanted = ", ".join(space)
    if not callable(make) or isinstance(make, js.nodes.Data):
        raise TypeError(f"`make` must be a function of `{wanted}` that returns a schedule: got {shown(make)}.")
    try:
        inspect.signature(make).bind(**space)
    except TypeError as error:
        raise TypeError(f"`make` must be a function of `{wanted}`, as `space` names them: {error}.") from None
    except ValueError:  # of Python's own making: its call will tell
        return


def corner(space: Mapping[str, Any]) -> dict[str, Any]:
    """The least number and the first choice of each: one point of the space."""
    return {name: x.choices[0] if hasattr(x, "choices") else x.low for name, x in space.items()}


def _distribution(name: str, x: Any, kinds: Any) -> Any:
    if isinstance(x, kinds.BaseDistribution):
        return x
    if isinstance(x, tuple):
        return _range(name, x, kinds)
    if is_list(x):
        return _choice(name, [*x], kinds)
    raise TypeError(f"`{name}` must be a range, a list of choices or one of Optuna's: got {shown(x)}. {WRITE}.")


def _range(name: str, x: tuple[Any, ...], kinds: Any) -> Any:
    log = len(x) == 3 and isinstance(x[2], str) and x[2] == "log"
    if not (len(x) == 2 or log) or not all(map(_is_number, x[:2])):
        raise TypeError(f'`{name}` must be `(low, high)` or `(low, high, "log")`: got {shown(x)}.')
    low, high = x[:2]
    if not low <= high or not math.isfinite(high - low):
        raise ValueError(f"`{name}` must go from a number up to another: got {shown(x)}.")
    if log and low <= 0:
        raise ValueError(f"`{name}` must begin above 0, since it is a range of factors: got {shown(x)}.")
    whole = isinstance(low, int) and isinstance(high, int)
    make: Callable[..., Any] = kinds.IntDistribution if whole else kinds.FloatDistribution
    return make(low, high, log=log)


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float)) and not isinstance(x, bool)


def _choice(name: str, x: list[Any], kinds: Any) -> Any:
    remedy = "Name each by a text, and let `make` choose"
    if not x:
        raise ValueError(f"`{name}` must have at least one choice: got none.")
    if x[-1] == "log" and all(map(_is_number, x[:-1])):
        raise TypeError(f"`{name}` must be a tuple where it is a range, and a list is choices: got {shown(x)}.")
    if wrong := [each for each in x if not isinstance(each, (str, bool, int, float, type(None)))]:
        raise TypeError(f"`{name}` must have texts or numbers for choices: got {shown(wrong[0])}. {remedy}.")
    if len({(type(each), each) for each in x}) < len(x):
        raise ValueError(f"`{name}` must have choices that differ: got {shown(x)}.")
    return kinds.CategoricalDistribution(x)
