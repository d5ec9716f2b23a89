"""Learning-rate schedules as data: pure functions of the step, frozen dataclasses, PyTrees.

    lr = jaxsched.warmup_cosine(3e-4, warmup=1_000, total=10_000)
    lr(500), lr(jnp.arange(10_000)), optax.adamw(lr)

What a schedule is: Schedule, Constant, as_schedule, ScheduleLike, Ramp, Numeric, Count, Level, stack, unstack, grid,
  labels, tabulate, to_dict, from_dict, from_config, Run, resume_at, counter.
Curves, formulas of the step: Linear, Polynomial, ElapsedPower, Rex, Logarithmic, StretchingPolynomial, Cosine,
  MirrorCosine, TimePowerCosine, ValuePowerCosine, Geometric, Inverse, ExponentialRamp, Tanh, Shaped, InverseSqrt,
  Interpolated, CosineInterpolated, Tabulated.
Combinators, schedules made of schedules: warmup, cooldown, join, cycle, delay, advance, staircase, per_epoch,
  stretch, scale, rescale, clip, maximum, minimum, rounded, jitter.
Recipes, published schedules by name: warmup_cosine, warmup_linear, warmup_inverse_sqrt, wsd, noam, flat_cosine,
  slanted_triangular, one_cycle, one_cycle_momentum, cyclic, cyclic_momentum, sgdr, step_decay, multistep_decay,
  piecewise_constant, exponential_decay, natural_exponential_decay, inverse_time_decay, linear_cosine_decay,
  noisy_linear_cosine_decay, lambda_decay, multiplicative_decay.
Metrics and optimizers: Controller, reduce_on_plateau, greedy, recover, hold_target, hypergradient,
  reduce_on_stationarity, inject, scale_by_learning_rate, by_group, layerwise, mup_factors, current, last_used,
  effective_rate, events, observe, override, replace_schedule, stretch_rest, snapshot, restore.
Modules: kinds, nodes, numerics, states, compat, search, show, foresight.

The last four, for other frameworks' names, choosing, looking and judging, are imported when they are first asked for.
"""

import importlib as _importlib
import typing as _typing

# What a schedule is.
from jaxsched._core.schedule import Schedule as Schedule
from jaxsched._core.schedule import Constant as Constant
from jaxsched._core.schedule import as_schedule as as_schedule
from jaxsched._core.schedule import ScheduleLike as ScheduleLike
from jaxsched._curves.ramp import Ramp as Ramp
from jaxsched._core.kinds import Numeric as Numeric
from jaxsched._core.kinds import Count as Count
from jaxsched._core.kinds import Level as Level
from jaxsched._store.stack import stack as stack
from jaxsched._store.stack import unstack as unstack
from jaxsched._store.stack import grid as grid
from jaxsched._store.stack import labels as labels
from jaxsched._store.stack import tabulate as tabulate
from jaxsched._store.serialize import to_dict as to_dict
from jaxsched._store.serialize import from_dict as from_dict
from jaxsched._store.config import from_config as from_config
from jaxsched._recipes.units import Run as Run
from jaxsched._recipes.resumed import resume_at as resume_at
from jaxsched._core.counter import counter as counter

# Curves: formulas of the step.
from jaxsched._curves.powers import Linear as Linear
from jaxsched._curves.powers import Polynomial as Polynomial
from jaxsched._curves.powers import ElapsedPower as ElapsedPower
from jaxsched._curves.powers import Rex as Rex
from jaxsched._curves.powers import Logarithmic as Logarithmic
from jaxsched._curves.powers import StretchingPolynomial as StretchingPolynomial
from jaxsched._curves.cosines import Cosine as Cosine
from jaxsched._curves.cosines import MirrorCosine as MirrorCosine
from jaxsched._curves.cosines import TimePowerCosine as TimePowerCosine
from jaxsched._curves.cosines import ValuePowerCosine as ValuePowerCosine
from jaxsched._curves.exponentials import Geometric as Geometric
from jaxsched._curves.exponentials import Inverse as Inverse
from jaxsched._curves.exponentials import ExponentialRamp as ExponentialRamp
from jaxsched._curves.exponentials import Tanh as Tanh
from jaxsched._curves.ramp import Shaped as Shaped
from jaxsched._curves.decays import InverseSqrt as InverseSqrt
from jaxsched._curves.tables import Interpolated as Interpolated
from jaxsched._curves.tables import CosineInterpolated as CosineInterpolated
from jaxsched._curves.tables import Tabulated as Tabulated

# Combinators: schedules made of schedules.
from jaxsched._combinators.warmup import warmup as warmup
from jaxsched._combinators.warmup import cooldown as cooldown
from jaxsched._combinators.join import join as join
from jaxsched._combinators.cycle import cycle as cycle
from jaxsched._combinators.clocks import delay as delay
from jaxsched._combinators.clocks import advance as advance
from jaxsched._combinators.clocks import staircase as staircase
from jaxsched._combinators.clocks import per_epoch as per_epoch
from jaxsched._combinators.stretch import stretch as stretch
from jaxsched._combinators.values import scale as scale
from jaxsched._combinators.rescale import rescale as rescale
from jaxsched._combinators.values import clip as clip
from jaxsched._combinators.values import maximum as maximum
from jaxsched._combinators.values import minimum as minimum
from jaxsched._combinators.values import rounded as rounded
from jaxsched._combinators.jitter import jitter as jitter

# Recipes: published schedules by name.
from jaxsched._recipes.warmed import warmup_cosine as warmup_cosine
from jaxsched._recipes.warmed import warmup_linear as warmup_linear
from jaxsched._recipes.warmed import warmup_inverse_sqrt as warmup_inverse_sqrt
from jaxsched._recipes.warmed import wsd as wsd
from jaxsched._recipes.warmed import noam as noam
from jaxsched._recipes.warmed import flat_cosine as flat_cosine
from jaxsched._recipes.warmed import slanted_triangular as slanted_triangular
from jaxsched._recipes.cyclic import one_cycle as one_cycle
from jaxsched._recipes.cyclic import one_cycle_momentum as one_cycle_momentum
from jaxsched._recipes.cyclic import cyclic as cyclic
from jaxsched._recipes.cyclic import cyclic_momentum as cyclic_momentum
from jaxsched._recipes.cyclic import sgdr as sgdr
from jaxsched._recipes.falling import step_decay as step_decay
from jaxsched._recipes.falling import multistep_decay as multistep_decay
from jaxsched._recipes.falling import piecewise_constant as piecewise_constant
from jaxsched._recipes.falling import exponential_decay as exponential_decay
from jaxsched._recipes.falling import natural_exponential_decay as natural_exponential_decay
from jaxsched._recipes.falling import inverse_time_decay as inverse_time_decay
from jaxsched._recipes.falling import linear_cosine_decay as linear_cosine_decay
from jaxsched._recipes.falling import noisy_linear_cosine_decay as noisy_linear_cosine_decay
from jaxsched._recipes.falling import lambda_decay as lambda_decay
from jaxsched._recipes.falling import multiplicative_decay as multiplicative_decay

# Metrics and optimizers: controllers, and what stands in an optimizer's state.
from jaxsched._controllers.base import Controller as Controller
from jaxsched._controllers.plateau import reduce_on_plateau as reduce_on_plateau
from jaxsched._controllers.greedy import greedy as greedy
from jaxsched._controllers.recover import recover as recover
from jaxsched._controllers.target import hold_target as hold_target
from jaxsched._optax.hypergradient import hypergradient as hypergradient
from jaxsched._optax.stationarity import reduce_on_stationarity as reduce_on_stationarity
from jaxsched._optax.inject import inject as inject
from jaxsched._optax.inject import scale_by_learning_rate as scale_by_learning_rate
from jaxsched._optax.groups import by_group as by_group
from jaxsched._optax.layerwise import layerwise as layerwise
from jaxsched._optax.mup import mup_factors as mup_factors
from jaxsched._optax.state import current as current
from jaxsched._optax.state import last_used as last_used
from jaxsched._optax.effective import effective_rate as effective_rate
from jaxsched._optax.state import events as events
from jaxsched._optax.state import observe as observe
from jaxsched._optax.state import override as override
from jaxsched._optax.replace import replace_schedule as replace_schedule
from jaxsched._optax.replace import stretch_rest as stretch_rest
from jaxsched._optax.snapshot import snapshot as snapshot
from jaxsched._optax.restore import restore as restore

# Beside the door.
from jaxsched import kinds as kinds
from jaxsched import nodes as nodes
from jaxsched import numerics as numerics
from jaxsched import states as states

from jaxsched._core.node import FORMER as _FORMER
from jaxsched._names import meant as _meant
from jaxsched._names import publish as _publish

if _typing.TYPE_CHECKING:
    from jaxsched import compat as compat
    from jaxsched import foresight as foresight
    from jaxsched import search as search
    from jaxsched import show as show

__version__ = "0.1.0"

__all__ = [
    # What a schedule is
    "Schedule",
    "Constant",
    "as_schedule",
    "ScheduleLike",
    "Ramp",
    "Numeric",
    "Count",
    "Level",
    "stack",
    "unstack",
    "grid",
    "labels",
    "tabulate",
    "to_dict",
    "from_dict",
    "from_config",
    "Run",
    "resume_at",
    "counter",
    # Curves: formulas of the step
    "Linear",
    "Polynomial",
    "ElapsedPower",
    "Rex",
    "Logarithmic",
    "StretchingPolynomial",
    "Cosine",
    "MirrorCosine",
    "TimePowerCosine",
    "ValuePowerCosine",
    "Geometric",
    "Inverse",
    "ExponentialRamp",
    "Tanh",
    "Shaped",
    "InverseSqrt",
    "Interpolated",
    "CosineInterpolated",
    "Tabulated",
    # Combinators: schedules made of schedules
    "warmup",
    "cooldown",
    "join",
    "cycle",
    "delay",
    "advance",
    "staircase",
    "per_epoch",
    "stretch",
    "scale",
    "rescale",
    "clip",
    "maximum",
    "minimum",
    "rounded",
    "jitter",
    # Recipes: published schedules by name
    "warmup_cosine",
    "warmup_linear",
    "warmup_inverse_sqrt",
    "wsd",
    "noam",
    "flat_cosine",
    "slanted_triangular",
    "one_cycle",
    "one_cycle_momentum",
    "cyclic",
    "cyclic_momentum",
    "sgdr",
    "step_decay",
    "multistep_decay",
    "piecewise_constant",
    "exponential_decay",
    "natural_exponential_decay",
    "inverse_time_decay",
    "linear_cosine_decay",
    "noisy_linear_cosine_decay",
    "lambda_decay",
    "multiplicative_decay",
    # Metrics and optimizers: controllers, and what stands in an optimizer's state
    "Controller",
    "reduce_on_plateau",
    "greedy",
    "recover",
    "hold_target",
    "hypergradient",
    "reduce_on_stationarity",
    "inject",
    "scale_by_learning_rate",
    "by_group",
    "layerwise",
    "mup_factors",
    "current",
    "last_used",
    "effective_rate",
    "events",
    "observe",
    "override",
    "replace_schedule",
    "stretch_rest",
    "snapshot",
    "restore",
    # Beside the door
    "kinds",
    "nodes",
    "numerics",
    "states",
    "compat",
    "search",
    "show",
    "foresight",
]
_LATE = ("compat", "search", "show", "foresight")

_publish(globals())


def _picture(self: nodes.Data) -> str | None:
    """What a notebook shows; the room that draws it is above the door, and imported when a notebook asks."""
    return _importlib.import_module(f"{__name__}.show").view(self)


setattr(nodes.Data, "_repr_html_", _picture)  # noqa: B010


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


if not _typing.TYPE_CHECKING:  # where a misspelt name is an error

    def __getattr__(name: str) -> object:
        """The rooms above the door when they are first asked for; for any other name, what may have been meant."""
        if name in _LATE:
            return _importlib.import_module(f"{__name__}.{name}")
        if _FORMER.get(name) in globals():  # a pickle made before it was renamed
            return globals()[_FORMER[name]]
        if name.startswith("_"):  # tools ask for these: no framework is imported for them
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        compat = _importlib.import_module(f"{__name__}.compat")
        frameworks = [getattr(compat, each) for each in compat.FRAMEWORKS]
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}.{_meant(name, __all__, (nodes, states), frameworks)}"
        )
