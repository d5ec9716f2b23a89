"""What timm's numbers are, as annotations that check them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import jaxsched as js
from jaxsched.compat._foreign import did_you_mean, ranged
from jaxsched.kinds import Kind, is_list, shown

if TYPE_CHECKING:
    Duration: TypeAlias = js.Numeric
    Epochs: TypeAlias = Any
    CycleMul: TypeAlias = js.Numeric
    Cut: TypeAlias = js.Numeric
    NoiseRange: TypeAlias = js.Numeric | Sequence[js.Numeric]
    DecayFn: TypeAlias = Literal["linear", "1-sqrt", "cosine", "power", "exp"] | Callable[[Any], Any]
else:
    Epochs = ranged("Epochs", "It is a number of epochs.", least=0)
    Duration = ranged("Duration", "It is a length of time.", above=0, counted=True)
    CycleMul = ranged("CycleMul", "Each cycle is so many times as long as the last.", above=0)
    Cut = ranged("Cut", "The rate is multiplied by it.", least=0, below=1)
    Moment = ranged("Moment", "It is a time.")

    def _noise_range(name, x):
        if not is_list(x):
            return [Moment.check(name, x)]
        if len(x) < 2:
            raise ValueError(f"`{name}` must be a number or a pair: got {shown(x)}. Pass when it begins and ends.")
        return [Moment.check(f"{name}[{i}]", x[i]) for i in range(2)]

    def _decay_fn(name, x):
        if not callable(x) and not (isinstance(x, str) and x in DECAYS):
            close = did_you_mean(x, DECAYS) if isinstance(x, str) else "Pass a name or a function."
            message = f"`{name}` must be one of {', '.join(map(repr, DECAYS))}, or a function: got {shown(x)}. {close}"
            raise (ValueError if isinstance(x, str) else TypeError)(message.rstrip())
        return x

    class NoiseRange(metaclass=Kind):
        """The time at which noise begins, or the pair of times at which it begins and ends; kept as a list."""

        check = staticmethod(_noise_range)

    class DecayFn(metaclass=Kind):
        """The name of a decay, or a function of the fraction of it that is done."""

        check = staticmethod(_decay_fn)


DECAYS = ("linear", "1-sqrt", "cosine", "power", "exp")
