"""What schedules and controllers are made of: the classes that functions build, where `repr` evaluates back.

    from jaxsched.nodes import *  # then `eval(repr(schedule)) == schedule`

Nobody types these; `isinstance` and tools need them.
"""

import typing as _typing

from jaxsched._combinators.clocks import Advance as Advance
from jaxsched._combinators.clocks import Delay as Delay
from jaxsched._combinators.clocks import PerEpoch as PerEpoch
from jaxsched._combinators.clocks import Staircase as Staircase
from jaxsched._combinators.clocks import Stretch as Stretch
from jaxsched._combinators.cycle import Cycle as Cycle
from jaxsched._combinators.cycle import ListedCycles as ListedCycles
from jaxsched._combinators.jitter import NormalJitter as NormalJitter
from jaxsched._combinators.jitter import UniformJitter as UniformJitter
from jaxsched._combinators.join import StackedJoin as StackedJoin
from jaxsched._combinators.many import ProductOfMany as ProductOfMany
from jaxsched._combinators.many import SumOfMany as SumOfMany
from jaxsched._combinators.values import Blend as Blend
from jaxsched._combinators.values import Clip as Clip
from jaxsched._combinators.values import Maximum as Maximum
from jaxsched._combinators.values import Minimum as Minimum
from jaxsched._combinators.values import Rounded as Rounded
from jaxsched._combinators.warmup import Cooldown as Cooldown
from jaxsched._combinators.warmup import Warmup as Warmup
from jaxsched._controllers.base import OverDevices as OverDevices
from jaxsched._controllers.greedy import Greedy as Greedy
from jaxsched._controllers.plateau import ReduceOnPlateau as ReduceOnPlateau
from jaxsched._controllers.recover import Recover as Recover
from jaxsched._controllers.target import HoldTarget as HoldTarget
from jaxsched._core.algebra import Difference as Difference
from jaxsched._core.algebra import Power as Power
from jaxsched._core.algebra import Product as Product
from jaxsched._core.algebra import Quotient as Quotient
from jaxsched._core.algebra import Sum as Sum
from jaxsched._core.joins import Join as Join
from jaxsched._core.node import FORMER as _FORMER
from jaxsched._core.node import Data as Data

# And those of the door, so that every `repr` evaluates here.
from jaxsched._core.schedule import Constant as Constant
from jaxsched._core.schedule import Wrap as Wrap
from jaxsched._curves.cosines import Cosine as Cosine
from jaxsched._curves.cosines import LinearCosine as LinearCosine
from jaxsched._curves.cosines import MirrorCosine as MirrorCosine
from jaxsched._curves.cosines import NoisyLinearCosine as NoisyLinearCosine
from jaxsched._curves.cosines import TimePowerCosine as TimePowerCosine
from jaxsched._curves.cosines import ValuePowerCosine as ValuePowerCosine
from jaxsched._curves.decays import InverseSqrt as InverseSqrt
from jaxsched._curves.decays import InverseTime as InverseTime
from jaxsched._curves.exponentials import Exponential as Exponential
from jaxsched._curves.exponentials import ExponentialRamp as ExponentialRamp
from jaxsched._curves.exponentials import Geometric as Geometric
from jaxsched._curves.exponentials import GeometricDecay as GeometricDecay
from jaxsched._curves.exponentials import Inverse as Inverse
from jaxsched._curves.exponentials import Tanh as Tanh
from jaxsched._curves.powers import ElapsedPower as ElapsedPower
from jaxsched._curves.powers import Linear as Linear
from jaxsched._curves.powers import Logarithmic as Logarithmic
from jaxsched._curves.powers import Polynomial as Polynomial
from jaxsched._curves.powers import Rex as Rex
from jaxsched._curves.powers import StretchingPolynomial as StretchingPolynomial
from jaxsched._curves.ramp import Open as Open
from jaxsched._curves.ramp import Shaped as Shaped
from jaxsched._curves.tables import CosineInterpolated as CosineInterpolated
from jaxsched._curves.tables import Interpolated as Interpolated
from jaxsched._curves.tables import Piecewise as Piecewise
from jaxsched._curves.tables import Tabulated as Tabulated
from jaxsched._names import publish as _publish

_publish(globals())

if not _typing.TYPE_CHECKING:  # where a misspelt name is an error

    def __getattr__(name: str) -> type:
        if name in _FORMER:  # a pickle made before it was renamed
            return globals()[_FORMER[name]]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
