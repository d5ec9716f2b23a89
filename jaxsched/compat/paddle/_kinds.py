"""What only Paddle asks of a number, or of a word."""

from typing import TYPE_CHECKING, Any, TypeAlias

import jaxsched as js
from jaxsched.compat._foreign import ranged
from jaxsched.kinds import Kind


def _in_any_case(name: str, *words: str) -> Any:
    def check(argument: str, x: Any) -> str:
        if str(x).lower() not in words:
            raise ValueError(f"`{argument}` must be {' or '.join(map(repr, words))}: got {x!r}.")
        return str(x).lower()

    note = f"{' or '.join(map(repr, words))}, in upper or lower case."
    return Kind(name, (), {"__module__": __name__, "__doc__": note, "check": staticmethod(check)})


if TYPE_CHECKING:
    Gamma: TypeAlias = js.Numeric
    StartFactor: TypeAlias = js.Numeric
    ExpGamma: TypeAlias = js.Numeric
    PhasePart: TypeAlias = js.Numeric
    Mode: TypeAlias = str
    ThresholdMode: TypeAlias = str
else:
    Gamma = ranged("Gamma", "The learning rate is multiplied by it.", least=0, below=1)
    StartFactor = ranged("StartFactor", "The learning rate is multiplied by it.", above=0, most=1)
    ExpGamma = ranged("ExpGamma", "The height is multiplied by it at each step.", least=0, fraction=True)
    PhasePart = ranged("PhasePart", "It is the part of the steps that a phase takes.", least=0, most=1, fraction=True)
    Mode = _in_any_case("Mode", "min", "max")
    ThresholdMode = _in_any_case("ThresholdMode", "rel", "abs")
