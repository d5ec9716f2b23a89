"""What numbers of `transformers` are, as annotations that check them; known ones become Python's own."""

from typing import TYPE_CHECKING, TypeAlias

import jaxsched as js
from jaxsched.compat._foreign import ranged

if TYPE_CHECKING:
    Number: TypeAlias = js.Numeric
    NotNegative: TypeAlias = js.Numeric
    Timescale: TypeAlias = js.Numeric
    Steps: TypeAlias = js.Numeric
else:
    Number = ranged("Number", "Pass an int or a float.")
    NotNegative = ranged("NotNegative", "Pass 0 or a positive number.", least=0)
    Timescale = ranged("Timescale", "Leave it out for `num_warmup_steps`.", above=0)
    Steps = ranged("Steps", "It is a number of steps.", least=0, counted=True)
