"""What is carried from step to step: the states of controllers and optimizers, each a NamedTuple of arrays."""

from jaxsched._controllers.greedy import GreedyState as GreedyState
from jaxsched._controllers.metrics import Events as Events
from jaxsched._controllers.plateau import PlateauState as PlateauState
from jaxsched._controllers.recover import RecoverState as RecoverState
from jaxsched._optax.hypergradient import HypergradientState as HypergradientState
from jaxsched._optax.hyperparameters import InjectState as InjectState
from jaxsched._optax.hyperparameters import Slot as Slot
from jaxsched._optax.snapshot import Snapshot as Snapshot
from jaxsched._optax.stationarity import Sample as Sample
from jaxsched._optax.stationarity import StationarityState as StationarityState

for _each in [x for name, x in globals().items() if not name.startswith("_")]:
    _each.__module__ = __name__  # what pickles and documentation say, wherever the class is moved
