"""TensorFlow 1's decays, `tf.compat.v1.train`, by their names: `global_step` is what the schedule is called with.

`from jaxsched.compat import tensorflow as train`, then `train.exponential_decay(0.1, decay_steps=1000, …)`: the
arguments are those of TensorFlow in their order, with `global_step` (`x` in `piecewise_constant`) left out. What
differs from TensorFlow 2.21:

- `decay_steps` must be positive. TensorFlow accepts 0, and the value is NaN or infinite.
- Restarts begin at their exact step. TensorFlow takes the cycle from a floating logarithm, which misses some restarts.
- `piecewise_constant` refuses unsorted boundaries; in TensorFlow they fail when the step is known, or fall through.
- `noisy_linear_cosine_decay` draws its noise from a `seed` and the step: the same at every reading, of the same
  distribution as in TensorFlow, but not the same draws.
- `name` is accepted, and means nothing. Every number may be traced.
"""

import inspect
from collections.abc import Callable
from typing import TypeVar

import jaxsched as js
from jaxsched.compat import _foreign
from jaxsched.compat import keras as _keras
from jaxsched.compat._foreign import SortedSteps, Span
from jaxsched.kinds import AtLeastOne, Factor, Key, Level, Levels, NotNegative, Real

_F = TypeVar("_F", bound=Callable[..., js.Schedule])
_named = _foreign.foreign(
    names={"initial_learning_rate": "learning_rate", "start": "learning_rate", "steps": "decay_steps"}
)


def _of_keras(theirs: Callable[..., js.Schedule]) -> Callable[[_F], _F]:
    """For the function of that formula in Keras: with its docstring, in TensorFlow's names."""

    def made(function: _F) -> _F:
        text = (inspect.unwrap(theirs).__doc__ or "").replace(theirs.__name__, function.__name__)
        text = text.replace("schedules.", "train.").replace("initial_learning_rate", "learning_rate")
        function.__doc__ = text
        return _named(function)

    return made


@_of_keras(_keras.ExponentialDecay)
def exponential_decay(
    learning_rate: Level, decay_steps: Span, decay_rate: Factor, staircase: bool = False, name: str | None = None
) -> js.Schedule:
    return _keras.ExponentialDecay(learning_rate, decay_steps, decay_rate, staircase)


@_of_keras(_keras.PiecewiseConstantDecay)
def piecewise_constant(boundaries: SortedSteps, values: Levels, name: str | None = None) -> js.Schedule:
    return _keras.PiecewiseConstantDecay(boundaries, values)


piecewise_constant_decay = piecewise_constant
"""Another name of `piecewise_constant`."""


@_of_keras(_keras.PolynomialDecay)
def polynomial_decay(
    learning_rate: Level,
    decay_steps: Span,
    end_learning_rate: Level = 0.0001,
    power: NotNegative = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> js.Schedule:
    return _keras.PolynomialDecay(learning_rate, decay_steps, end_learning_rate, power, cycle)


@_named
def natural_exp_decay(
    learning_rate: Level, decay_steps: Span, decay_rate: Real, staircase: bool = False, name: str | None = None
) -> js.Schedule:
    r"""`natural_exp_decay`: $b\,e^{-r\,t / n}$, or with $\lfloor t / n \rfloor$ as a staircase.

    TensorFlow rounds $e^{-r}$ to float32 where `decay_rate` is a Python number.

    Examples:
        >>> round(float(train.natural_exp_decay(1.0, 10, 0.5)(20)), 6)
        0.367879
    """
    return js.natural_exponential_decay(learning_rate, decay_rate, decay_steps, staircase)


@_of_keras(_keras.InverseTimeDecay)
def inverse_time_decay(
    learning_rate: Level, decay_steps: Span, decay_rate: NotNegative, staircase: bool = False, name: str | None = None
) -> js.Schedule:
    return _keras.InverseTimeDecay(learning_rate, decay_steps, decay_rate, staircase)


@_named
def cosine_decay(learning_rate: Level, decay_steps: Span, alpha: Real = 0.0, name: str | None = None) -> js.Schedule:
    r"""`cosine_decay`: $b\,((1 - \alpha)\,\tfrac12 (1 + \cos \pi t / n) + \alpha)$.

    Examples:
        >>> round(float(train.cosine_decay(1.0, 10, alpha=0.1)(5)), 6)
        0.55
    """
    return _keras.CosineDecay(learning_rate, decay_steps, alpha)


@_of_keras(_keras.CosineDecayRestarts)
def cosine_decay_restarts(
    learning_rate: Level,
    first_decay_steps: Span,
    t_mul: AtLeastOne = 2.0,
    m_mul: Factor = 1.0,
    alpha: Real = 0.0,
    name: str | None = None,
) -> js.Schedule:
    return _keras.CosineDecayRestarts(learning_rate, first_decay_steps, t_mul, m_mul, alpha)


@_named
def linear_cosine_decay(
    learning_rate: Level,
    decay_steps: Span,
    num_periods: Real = 0.5,
    alpha: Real = 0.0,
    beta: Real = 0.001,
    name: str | None = None,
) -> js.Schedule:
    r"""`linear_cosine_decay`: $b\,((\alpha + 1 - x)\,\tfrac12 (1 + \cos 2 \pi m x) + \beta)$, $x = \min(t / n, 1)$.

    As in TensorFlow, it begins above the learning rate, at $(1 + \alpha + \beta)\,b$.

    Examples:
        >>> [round(float(train.linear_cosine_decay(1.0, 8)(t)), 6) for t in (0, 4, 8)]
        [1.001, 0.251, 0.001]
    """
    return js.linear_cosine_decay(learning_rate, decay_steps, num_periods, alpha, beta)


@_named
def noisy_linear_cosine_decay(
    learning_rate: Level,
    decay_steps: Span,
    initial_variance: NotNegative = 1.0,
    variance_decay: Real = 0.55,
    num_periods: Real = 0.5,
    alpha: Real = 0.0,
    beta: Real = 0.001,
    name: str | None = None,
    seed: Key = 0,
) -> js.Schedule:
    r"""`noisy_linear_cosine_decay`: normal noise of variance $\sigma^2 / (1 + \min(t, n))^q$ on the line of $1 - x$.

    `seed`, an int or a JAX key, takes the place of TensorFlow's global one: the draws differ, their distribution does
    not.

    Examples:
        >>> noisy = train.noisy_linear_cosine_decay(1.0, 8, seed=1)
        >>> bool(noisy(3) == noisy(3)), bool(noisy(3) == noisy(4))
        (True, False)
    """
    return js.noisy_linear_cosine_decay(
        learning_rate, decay_steps, initial_variance, variance_decay, num_periods, alpha, beta, seed
    )
