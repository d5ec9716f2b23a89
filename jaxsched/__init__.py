"""Learning-rate schedules as data: pure functions of the step, frozen dataclasses, PyTrees."""

import gc as _gc
from importlib.metadata import version as _version
from typing import TYPE_CHECKING as _TYPE_CHECKING

# Importing jax leaves a full garbage collection of its 100,000 objects due. It need not happen in the middle of ours.
_collects = _gc.isenabled()
_gc.disable()

from jaxsched._core.algebra import Blend as Blend
from jaxsched._core.algebra import Difference as Difference
from jaxsched._core.algebra import Product as Product
from jaxsched._core.algebra import Quotient as Quotient
from jaxsched._core.algebra import Sum as Sum
from jaxsched._combinators.clocks import Advance as Advance
from jaxsched._combinators.clocks import Clip as Clip
from jaxsched._combinators.clocks import Delay as Delay
from jaxsched._combinators.clocks import PerEpoch as PerEpoch
from jaxsched._combinators.clocks import Staircase as Staircase
from jaxsched._combinators.clocks import Stretch as Stretch
from jaxsched._combinators.clocks import advance as advance
from jaxsched._combinators.clocks import clip as clip
from jaxsched._combinators.clocks import delay as delay
from jaxsched._combinators.clocks import per_epoch as per_epoch
from jaxsched._combinators.clocks import scale as scale
from jaxsched._combinators.clocks import staircase as staircase
from jaxsched._combinators.cycle import Cycle as Cycle
from jaxsched._combinators.cycle import ListedCycles as ListedCycles
from jaxsched._combinators.cycle import cycle as cycle
from jaxsched._curves.decays import Exponential as Exponential
from jaxsched._curves.decays import InverseSqrt as InverseSqrt
from jaxsched._curves.decays import InverseTime as InverseTime
from jaxsched._curves.decays import LinearCosine as LinearCosine
from jaxsched._curves.decays import NoisyLinearCosine as NoisyLinearCosine
from jaxsched._core.fields import Count as Count
from jaxsched._core.fields import Numeric as Numeric
from jaxsched._combinators.join import Join as Join
from jaxsched._combinators.join import Sequence as Sequence
from jaxsched._combinators.join import join as join
from jaxsched._combinators.jitter import NormalJitter as NormalJitter
from jaxsched._combinators.jitter import UniformJitter as UniformJitter
from jaxsched._combinators.jitter import jitter as jitter
from jaxsched._optax.groups import by_group as by_group
from jaxsched._optax.groups import layerwise as layerwise
from jaxsched._optax.inject import inject as inject
from jaxsched._optax.inject import scale_by_learning_rate as scale_by_learning_rate
from jaxsched._optax.replace import replace_schedule as replace_schedule
from jaxsched._optax.hyperparameters import InjectState as InjectState
from jaxsched._optax.snapshot import Snapshot as Snapshot
from jaxsched._optax.snapshot import restore as restore
from jaxsched._optax.snapshot import snapshot as snapshot
from jaxsched._optax.state import current as current
from jaxsched._optax.state import events as events
from jaxsched._optax.state import observe as observe
from jaxsched._optax.state import override as override
from jaxsched._curves.ramp import Cosine as Cosine
from jaxsched._curves.ramp import Geometric as Geometric
from jaxsched._curves.ramp import Inverse as Inverse
from jaxsched._curves.ramp import Linear as Linear
from jaxsched._curves.ramp import Logarithmic as Logarithmic
from jaxsched._curves.ramp import Polynomial as Polynomial
from jaxsched._recipes.cyclic import cyclic as cyclic
from jaxsched._recipes.cyclic import cyclic_momentum as cyclic_momentum
from jaxsched._recipes.cyclic import one_cycle as one_cycle
from jaxsched._recipes.cyclic import one_cycle_momentum as one_cycle_momentum
from jaxsched._recipes.cyclic import sgdr as sgdr
from jaxsched._recipes.falling import exponential_decay as exponential_decay
from jaxsched._recipes.falling import inverse_time_decay as inverse_time_decay
from jaxsched._recipes.falling import lambda_decay as lambda_decay
from jaxsched._recipes.falling import linear_cosine_decay as linear_cosine_decay
from jaxsched._recipes.falling import multiplicative_decay as multiplicative_decay
from jaxsched._recipes.falling import multistep_decay as multistep_decay
from jaxsched._recipes.falling import natural_exponential_decay as natural_exponential_decay
from jaxsched._recipes.falling import noisy_linear_cosine_decay as noisy_linear_cosine_decay
from jaxsched._recipes.falling import piecewise_constant as piecewise_constant
from jaxsched._recipes.falling import polynomial_decay as polynomial_decay
from jaxsched._recipes.falling import step_decay as step_decay
from jaxsched._recipes.warmed import flat_cosine as flat_cosine
from jaxsched._recipes.warmed import linear_to_zero as linear_to_zero
from jaxsched._recipes.warmed import noam as noam
from jaxsched._recipes.warmed import slanted_triangular as slanted_triangular
from jaxsched._recipes.warmed import warmup_cosine as warmup_cosine
from jaxsched._recipes.warmed import warmup_inverse_sqrt as warmup_inverse_sqrt
from jaxsched._recipes.warmed import warmup_linear as warmup_linear
from jaxsched._recipes.warmed import wsd as wsd
from jaxsched._recipes.units import Run as Run
from jaxsched._core.schedule import Constant as Constant
from jaxsched._core.schedule import Schedule as Schedule
from jaxsched._core.schedule import Wrap as Wrap
from jaxsched._core.schedule import as_schedule as as_schedule
from jaxsched._store.serialize import from_dict as from_dict
from jaxsched._store.serialize import to_dict as to_dict
from jaxsched._curves.shapes import ElapsedPower as ElapsedPower
from jaxsched._curves.shapes import ExponentialRamp as ExponentialRamp
from jaxsched._curves.shapes import MirrorCosine as MirrorCosine
from jaxsched._curves.shapes import Rex as Rex
from jaxsched._curves.shapes import Shaped as Shaped
from jaxsched._curves.shapes import StretchingPolynomial as StretchingPolynomial
from jaxsched._curves.shapes import Tanh as Tanh
from jaxsched._curves.shapes import TimePowerCosine as TimePowerCosine
from jaxsched._curves.shapes import ValuePowerCosine as ValuePowerCosine
from jaxsched._store.stack import grid as grid
from jaxsched._store.stack import stack as stack
from jaxsched._store.stack import unstack as unstack
from jaxsched._combinators.stretch import stretch as stretch
from jaxsched._curves.tables import CosineInterpolated as CosineInterpolated
from jaxsched._curves.tables import Interpolated as Interpolated
from jaxsched._curves.tables import Piecewise as Piecewise
from jaxsched._curves.tables import Tabulated as Tabulated
from jaxsched._combinators.warmup import Cooldown as Cooldown
from jaxsched._combinators.warmup import Warmup as Warmup
from jaxsched._combinators.warmup import cooldown as cooldown
from jaxsched._combinators.warmup import warmup as warmup
from jaxsched._controllers.base import Controller as Controller
from jaxsched._controllers.base import OverDevices as OverDevices
from jaxsched.search.diagnose import Diagnosis as Diagnosis
from jaxsched.search.diagnose import diagnose as diagnose
from jaxsched._controllers.greedy import Greedy as Greedy
from jaxsched._controllers.greedy import GreedyState as GreedyState
from jaxsched._controllers.greedy import greedy as greedy
from jaxsched._optax.hypergradient import HypergradientState as HypergradientState
from jaxsched._optax.hypergradient import hypergradient as hypergradient
from jaxsched._controllers.metrics import Events as Events
from jaxsched._controllers.plateau import PlateauState as PlateauState
from jaxsched._controllers.plateau import ReduceOnPlateau as ReduceOnPlateau
from jaxsched._controllers.plateau import reduce_on_plateau as reduce_on_plateau
from jaxsched._controllers.recover import Recover as Recover
from jaxsched._controllers.recover import RecoverState as RecoverState
from jaxsched._controllers.recover import recover as recover
from jaxsched._optax.stationarity import StationarityState as StationarityState
from jaxsched._optax.stationarity import reduce_on_stationarity as reduce_on_stationarity

__version__ = _version("jaxsched")

if _TYPE_CHECKING:
    from jaxsched import compat as compat
else:

    def __getattr__(name):
        """`jaxsched.compat`, when it is first asked for."""
        if name == "compat":
            import importlib

            return importlib.import_module("jaxsched.compat")
        raise AttributeError(f"module 'jaxsched' has no attribute {name!r}")


if _collects:
    _gc.enable()
