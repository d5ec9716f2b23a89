"""Messages: values as they were passed, cut where they are long, under the names that the caller knows."""

import reprlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

MANY, LONGEST = 8, 200
"""So many elements of a list are shown, and so many characters of all."""


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = MANY
        self.maxstring = self.maxlong = self.maxother = 80

    def repr_int(self, x: int, level: int) -> str:
        return f"an int of {x.bit_length()} bits" if abs(x) >= 10**100 else super().repr_int(x, level)

    def repr_ndarray(self, x: Any, level: int) -> str:
        known = np.asarray(x)
        if known.ndim == 0:
            return self.repr1(known.tolist(), level)
        listed = ", ".join(self.repr_ndarray(each, level) for each in known[:MANY])  # cut before it is written
        return f"[{listed}{', ...' if len(known) > MANY else ''}]"

    repr_ArrayImpl = repr_ndarray


_short = _Short()


def shown(x: Any) -> str:
    """A value as a message shows it, cut where it is long.

    Args:
        x: whatever was passed.

    Examples:
        >>> jaxsched.kinds.shown(list(range(100)))
        '[0, 1, 2, 3, 4, 5, 6, 7, ...]'
    """
    text = _short.repr(x)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def argument_of(error: Exception) -> str:
    """The argument of which an error of ours speaks; nothing where it does not begin with one.

    Examples:
        >>> jaxsched.kinds.argument_of(ValueError("`values[2]` must be finite: got inf. Pass finite numbers."))
        'values'
    """
    before, *names = str(error).split("`")
    return names[0].partition("[")[0] if names and not before else ""


@contextmanager
def renamed(names: Mapping[str, str]) -> Iterator[None]:
    """Inside, errors about our arguments speak of the caller's. JAX's own are subclasses, and pass as they are.

    Args:
        names: the caller's name for each of ours.

    Examples:
        >>> with jaxsched.kinds.renamed({"factor": "gamma"}):
        ...     jaxsched.step_decay(1.0, -1.0, 10)
        Traceback (most recent call last):
        ValueError: `gamma` must not be negative: got -1.0. Pass 0 or a positive number.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        if type(error) not in (TypeError, ValueError) or not names:
            raise
        words = str(error).split("`")
        words[1::2] = [_named(word, names) for word in words[1::2]]
        raise type(error)("`".join(words)) from None


def _named(word: str, names: Mapping[str, str]) -> str:
    name, index, rest = word.partition("[")
    return names.get(name, name) + index + rest
