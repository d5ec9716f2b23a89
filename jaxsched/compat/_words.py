"""What a framework itself says of an argument that it refuses: its tests, and who searches for an error, know it."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar, cast

from jaxsched.kinds import argument_of, is_list, shown

F = TypeVar("F", bound=Callable[..., Any])

LONG = 100
"""From so many characters on a value is cut."""


class Said(NamedTuple):
    """Their words on one argument: `{}` is its value, `{type}` its class, `{groups}` and `{length}` those of a list.

    The name of another argument in braces is the value of that one.

    Without words for an error of ours it is raised as it is.
    """

    value: str = ""  # where ours is a `ValueError`
    kind: str = ""  # where ours is a `TypeError`
    numbers: bool = False  # they look at the class of a number only after its value: a `ValueError`
    anything: bool = False  # they look at the class first, and raise a `ValueError` all the same


def in_words_of(framework: str, table: Mapping[str, Mapping[str, Said]]) -> Callable[[F], F]:
    """The function, whose errors end with the framework's own words, and are of its class.

    Args:
        framework: its name.
        table: what it says, by function and argument.
    """

    def speaking(function: F) -> F:
        words, signature = table[function.__name__], inspect.signature(function)

        @functools.wraps(function)
        def made(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except (TypeError, ValueError) as error:
                name = argument_of(error)
                if name not in words or type(error) not in (TypeError, ValueError):
                    raise
                given = signature.bind_partial(*args, **kwargs).arguments
                kind, said = _said(words[name], given, given.get(name), error)
                if not said:
                    raise
                raise kind(f"{error} In {framework}'s words: {said}") from None

        return cast(F, made)

    return speaking


def _said(words: Said, given: Mapping[str, Any], x: Any, error: Exception) -> tuple[type[Exception], str]:
    kind = type(error)
    if kind is TypeError and (words.anything or (words.numbers and isinstance(x, (int, float)))):
        kind = ValueError
    text = words.value if kind is ValueError else words.kind
    if "{groups}" not in text:
        value = str(x)
        return kind, text.format(value if len(value) < LONG else shown(x), **{**given, "type": type(x)})
    if "length" not in str(error):
        return kind, ""
    return kind, text.format(
        groups=next(len(each) for each in given.values() if is_list(each)), length=len(cast(Any, x))
    )
