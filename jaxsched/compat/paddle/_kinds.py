"""What only Paddle asks of a number."""

from typing import TYPE_CHECKING, TypeAlias

import jaxsched as js
from jaxsched.compat._foreign import ranged

if TYPE_CHECKING:
    Gamma: TypeAlias = js.Numeric
    StartFactor: TypeAlias = js.Numeric
    ExpGamma: TypeAlias = js.Numeric
    PhasePart: TypeAlias = js.Numeric
else:
    Gamma = ranged("Gamma", "The learning rate is multiplied by it.", least=0, below=1)
    StartFactor = ranged("StartFactor", "The learning rate is multiplied by it.", above=0, most=1)
    ExpGamma = ranged("ExpGamma", "The height is multiplied by it at each step.", least=0, fraction=True)
    PhasePart = ranged("PhasePart", "It is the part of the steps that a phase takes.", least=0, most=1, fraction=True)
