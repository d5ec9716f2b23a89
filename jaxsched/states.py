"""What is carried from step to step: the states of controllers and optimizers, each a NamedTuple of arrays."""

from jaxsched._controllers.greedy import GreedyState as GreedyState
from jaxsched._controllers.metrics import Events as Events
from jaxsched._controllers.plateau import PlateauState as PlateauState
from jaxsched._controllers.recover import RecoverState as RecoverState
from jaxsched._controllers.target import TargetState as TargetState
from jaxsched._core.counter import Counter as Counter
from jaxsched._names import publish as _publish
from jaxsched._optax.clock import Outside as Outside
from jaxsched._optax.hypergradient import HypergradientState as HypergradientState
from jaxsched._optax.hyperparameters import InjectState as InjectState
from jaxsched._optax.hyperparameters import Slot as Slot
from jaxsched._optax.hyperparameters import Values as Values
from jaxsched._optax.listing import Hyperparameter as Hyperparameter
from jaxsched._optax.listing import hyperparameters as hyperparameters
from jaxsched._optax.shared import Shared as Shared
from jaxsched._optax.slots import ByName as ByName
from jaxsched._optax.snapshot import Snapshot as Snapshot
from jaxsched._optax.stationarity import Sample as Sample
from jaxsched._optax.stationarity import StationarityState as StationarityState

_publish(globals())
