"""State dicts: `flax.serialization` stores only classes that are registered with it. It is never imported here."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

Parts = Callable[[Any], Mapping[str, Any]]
Rebuilt = Callable[[Any, Mapping[str, Any]], Any]

WAITING: dict[type, tuple[Parts, Rebuilt]] = {}
"""What flax does not know yet, since it is not imported so far."""


def storable(cls: type, parts: Parts, rebuilt: Rebuilt) -> None:
    """Tell flax how to store a class.

    Args:
        cls: the class; flax does not ask its bases.
        parts: what an instance holds, by name.
        rebuilt: a copy of an instance with other parts of these names.
    """
    WAITING[cls] = parts, rebuilt
    tell_flax()


def tell_flax() -> None:
    """Register what is waiting, if flax is imported by now: it may be imported after this package."""
    flax: Any = sys.modules.get("flax.serialization") if WAITING else None
    while WAITING and hasattr(flax, "register_serialization_state"):
        cls, (parts, rebuilt) = WAITING.popitem()
        flax.register_serialization_state(cls, *_handlers(flax, parts, rebuilt), override=True)


def _handlers(flax: Any, parts: Parts, rebuilt: Rebuilt) -> tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]:
    return (
        lambda x: flax.to_state_dict(dict(parts(x))),
        lambda x, state: rebuilt(x, flax.from_state_dict(dict(parts(x)), state)),
    )
