"""What only torch asks of a number."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

import jaxsched as js
from jaxsched.compat._foreign import ranged
from jaxsched.kinds import Kind, Whole, is_list, is_traced, of_one, shown

if TYPE_CHECKING:
    Rate: TypeAlias = Any
    Rates: TypeAlias = Any
    StartFactor: TypeAlias = js.Numeric
    PhasePart: TypeAlias = js.Numeric
    Epochs: TypeAlias = js.Numeric
    Milestones: TypeAlias = Any
    Strategy: TypeAlias = Literal["cos", "linear"]
else:
    Rate = ranged("Rate", "The learning rate, or a list of them, stands first in the place of torch's `optimizer`.")
    StartFactor = ranged("StartFactor", "The learning rate is multiplied by it.", above=0, most=1)
    PhasePart = ranged("PhasePart", "It is the part of the steps that a phase takes.", least=0, most=1, fraction=True)
    Epochs = ranged("Epochs", "It is a whole number of epochs.", least=0, whole=TypeError)

    class Strategy(metaclass=Kind):
        """The shape of a phase. It is refused in torch's words, which its tests know, without marks around the name."""

        @staticmethod
        def check(name: str, x: Any) -> str:
            if not isinstance(x, str) or x not in ("cos", "linear"):
                raise ValueError(f"{name} must be one of 'cos' or 'linear', instead got {shown(x)}.")
            return x

    class Rates(metaclass=Kind):
        """A learning rate, or a list with one for each parameter group."""

        @staticmethod
        def check(name: str, x: Any) -> Any:
            return [Rate.check(name, each) for each in x] if is_list(x) else Rate.check(name, x)

    class Milestones(metaclass=Kind):
        """Whole numbers of epochs in any order, put in order."""

        @staticmethod
        def check(name: str, x: Any) -> list[Any]:
            if isinstance(x, (str, bytes)) or not isinstance(x, Iterable) or getattr(x, "ndim", 1) != 1:
                raise TypeError(f"`{name}` must be a list of epochs: got {shown(x)} of type {type(x).__name__}.")
            x = x if is_traced(x) or not hasattr(x, "dtype") else np.asarray(x).tolist()
            listed = [of_one(Whole.check)(f"{name}[{i}]", each) for i, each in enumerate(x)]
            return listed if any(map(is_traced, listed)) else sorted(listed)
