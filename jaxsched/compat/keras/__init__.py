"""Keras's learning-rate schedules, `keras.optimizers.schedules`, and its `ReduceLROnPlateau`.

A change of import: `from jaxsched.compat import keras as schedules`. `from_config` takes what Keras's own
`serialize` gives, and `to_schedule` makes a schedule for Keras. What differs from Keras 3.15:

- Restarts begin at their exact step. Keras takes the cycle from a floating logarithm, which misses some restarts
  (in float32 with `t_mul=7` and a first cycle of 1: those at steps 57, 400 and 2801).
- `PiecewiseConstantDecay` refuses unsorted boundaries; Keras adds up the values of overlapping pieces.
- `ReduceLROnPlateau` never takes NaN for a best; in Keras a first NaN is one for ever. An unknown `mode` is refused;
  Keras reads it as "auto", which can be resolved here only for the names of Keras's own metrics.
- The last steps of a cosine keep their relative accuracy.
- `name` and `verbose` are accepted, and mean nothing. Every number may be traced.
"""

from jaxsched.compat.keras._away import register as register
from jaxsched.compat.keras._away import to_schedule as to_schedule
from jaxsched.compat.keras._schedules import CosineDecay as CosineDecay
from jaxsched.compat.keras._schedules import CosineDecayRestarts as CosineDecayRestarts
from jaxsched.compat.keras._schedules import ExponentialDecay as ExponentialDecay
from jaxsched.compat.keras._schedules import InverseTimeDecay as InverseTimeDecay
from jaxsched.compat.keras._schedules import PiecewiseConstantDecay as PiecewiseConstantDecay
from jaxsched.compat.keras._schedules import PolynomialDecay as PolynomialDecay
from jaxsched.compat.keras._schedules import ReduceLROnPlateau as ReduceLROnPlateau
from jaxsched.compat.keras._schedules import from_config as from_config


def __getattr__(name: str) -> object:
    """The class of what `to_schedule` makes, which pickles name: it needs Keras."""
    if name == "Schedule":
        from jaxsched.compat.keras import _live

        return _live.Schedule
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
