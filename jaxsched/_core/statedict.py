"""State dicts: `flax.serialization` stores only classes that are registered with it. It is never imported here."""

import sys
from collections.abc import Callable, Mapping
from importlib.abc import MetaPathFinder
from typing import Any

Parts = Callable[[Any], Mapping[str, Any]]
Rebuilt = Callable[[Any, Mapping[str, Any]], Any]

FLAX = "flax.serialization"

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
    if hasattr(sys.modules.get(FLAX), "register_serialization_state"):
        tell(sys.modules[FLAX])
    elif WATCH not in sys.meta_path:
        sys.meta_path.insert(0, WATCH)


def tell(flax: Any) -> None:
    """Register what is waiting."""
    while WAITING:
        cls, (parts, rebuilt) = WAITING.popitem()
        flax.register_serialization_state(cls, *_handlers(flax, parts, rebuilt), override=True)


class Watch(MetaPathFinder):
    """Waits for the import of flax, which may be the line before a checkpoint: nothing of this package runs between."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != FLAX:
            return None
        others = (finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not self)
        spec: Any = next((found for found in others if found is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = self._telling(spec.loader.exec_module)
        return spec

    def _telling(self, run: Callable[[Any], None]) -> Callable[[Any], None]:
        def exec_module(module: Any) -> None:
            run(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            tell(module)

        return exec_module


WATCH = Watch()


def _handlers(flax: Any, parts: Parts, rebuilt: Rebuilt) -> tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]:
    return (
        lambda x: flax.to_state_dict(dict(parts(x))),
        lambda x, state: rebuilt(x, flax.from_state_dict(dict(parts(x)), state)),
    )
