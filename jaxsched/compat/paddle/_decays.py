"""Paddle's schedulers that only decay."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import jaxsched as js
from jaxsched.compat import _foreign
from jaxsched.compat._foreign import Gamma, LastEpoch, Length, Rate, SortedSteps, Span, Steps, Verbose, foreign
from jaxsched.compat._functions import as_factor, product_of
from jaxsched.compat.paddle._words import in_its_words
from jaxsched.kinds import InnerFactor, Level, Levels, NotNegative, Part, Positive, shown
from jaxsched.numerics import largest


@in_its_words
@foreign(names={"warmup": "warmup_steps"})
def NoamDecay(
    d_model: Positive,
    warmup_steps: Length,
    learning_rate: Rate = 1.0,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    r"""`paddle.optimizer.lr.NoamDecay`: $l\,d^{-1/2} \min(t^{-1/2}, t\,w^{-3/2})$, which is 0 at step 0.

    Examples:
        >>> round(float(lr.NoamDecay(512, 4000)(4000)), 9)
        0.000698771
    """
    return js.noam(d_model, warmup_steps, learning_rate)


@in_its_words
@foreign
def PiecewiseDecay(
    boundaries: SortedSteps, values: Levels, last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    """`paddle.optimizer.lr.PiecewiseDecay`: `values[i]` until step `boundaries[i]`, and at last `values[-1]`.

    As in Paddle, of values beyond one more than `boundaries` only the last counts.

    Raises:
        ValueError: `boundaries` are empty, or `values` are not more than they.

    Examples:
        >>> lr.PiecewiseDecay([2, 4], [1.0, 0.5, 0.25])(np.arange(5)).tolist()
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    count = len(boundaries)
    if count == 0:
        raise ValueError("`boundaries` cannot be empty: got none. For one value pass it to `jaxsched.Constant`.")
    if len(values) <= count:
        raise ValueError(
            f"`values` must have one more element than `boundaries`: got {len(values)} and {count}. "
            f"The last one holds from the last boundary on."
        )
    return js.piecewise_constant([largest(each, 0) for each in boundaries], [*values[:count], values[-1]])


@in_its_words
@foreign
def NaturalExpDecay(
    learning_rate: Rate, gamma: Positive, last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`paddle.optimizer.lr.NaturalExpDecay`: $l\,e^{-g\,t}$.

    Examples:
        >>> round(float(lr.NaturalExpDecay(1.0, 0.1)(10)), 6)
        0.367879
    """
    return js.natural_exponential_decay(learning_rate, gamma)


@in_its_words
@foreign
def InverseTimeDecay(
    learning_rate: Rate, gamma: NotNegative, last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`paddle.optimizer.lr.InverseTimeDecay`: $l / (1 + g\,t)$.

    Examples:
        >>> float(lr.InverseTimeDecay(1.0, 0.5)(2))
        0.5
    """
    return js.inverse_time_decay(learning_rate, gamma)


@in_its_words
@foreign(names={"steps": "decay_steps"})
def PolynomialDecay(
    learning_rate: Rate,
    decay_steps: Steps,
    end_lr: Level = 0.0001,
    power: Positive = 1.0,
    cycle: bool = False,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    r"""`paddle.optimizer.lr.PolynomialDecay`: $(l - e)(1 - t/n)^p + e$; with `cycle`, n grows to the next multiple.

    Examples:
        >>> lr.PolynomialDecay(1.0, 2, end_lr=0.0, cycle=True)(np.arange(5)).tolist()
        [1.0, 0.5, 0.0, 0.25, 0.0]
    """
    kind = js.StretchingPolynomial if cycle else js.Polynomial
    return kind(learning_rate, end_lr, steps=decay_steps, power=power)


@in_its_words
@foreign
def ExponentialDecay(
    learning_rate: Rate, gamma: InnerFactor, last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`paddle.optimizer.lr.ExponentialDecay`: $l\,g^t$.

    Examples:
        >>> round(float(lr.ExponentialDecay(1.0, 0.5)(3)), 6)
        0.125
    """
    return js.exponential_decay(learning_rate, gamma)


@in_its_words
@foreign
def MultiStepDecay(
    learning_rate: Rate,
    milestones: SortedSteps,
    gamma: Gamma = 0.1,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    r"""`paddle.optimizer.lr.MultiStepDecay`: $l\,g^{m}$ with m milestones at or before t.

    Raises:
        ValueError: `milestones` are not increasing.

    Examples:
        >>> lr.MultiStepDecay(1.0, [2, 4], gamma=0.5)(np.arange(5)).tolist()
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    if any(itertools.starmap(_foreign.equal, itertools.pairwise(milestones))):
        raise ValueError(f"`milestones` must be increasing: got {shown(milestones)}. One step can be listed only once.")
    return js.multistep_decay(learning_rate, gamma, [largest(each, 0) for each in milestones])


@in_its_words
@foreign(names={"every": "step_size"})
def StepDecay(
    learning_rate: Rate, step_size: Steps, gamma: Gamma = 0.1, last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`paddle.optimizer.lr.StepDecay`: $l\,g^{\lfloor t / n \rfloor}$.

    Examples:
        >>> lr.StepDecay(1.0, 2, gamma=0.5)(np.arange(5)).tolist()
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    return js.step_decay(learning_rate, gamma, step_size)


@in_its_words
@foreign(names={"factor": "learning_rate"})
def LambdaDecay(
    learning_rate: Rate, lr_lambda: Callable[[Any], Any], last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`paddle.optimizer.lr.LambdaDecay`: $l\,f(t)$.

    A function that JAX can trace becomes part of the program, in float64 where the backend has it; any other is
    called by the program, on the host.

    Examples:
        >>> float(lr.LambdaDecay(0.5, lambda t: 0.5**t)(2))
        0.125
    """
    return js.scale(as_factor("lr_lambda", lr_lambda), learning_rate)


@in_its_words
@foreign(names={"factor": "learning_rate"})
def MultiplicativeDecay(
    learning_rate: Rate, lr_lambda: Callable[[Any], Any], last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`paddle.optimizer.lr.MultiplicativeDecay`: $l \prod_{s=1}^{t} f(s)$.

    No horizon is known, so every reading of step t multiplies t factors, as Paddle does; where the horizon is known,
    `jaxsched.multiplicative_decay` tabulates them once. A function that JAX cannot trace is called on the host.

    Examples:
        >>> float(lr.MultiplicativeDecay(1.0, lambda t: 0.5)(3))
        0.125
    """
    return js.scale(product_of(as_factor("lr_lambda", lr_lambda)), learning_rate)


@in_its_words
@foreign(names={"steps": "total_steps"})
def LinearLR(
    learning_rate: Rate,
    total_steps: Span,
    start_factor: _foreign.StartFactor = 1.0 / 3,
    end_factor: Part = 1.0,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    """`paddle.optimizer.lr.LinearLR`: a line from `start_factor` to `end_factor` times `learning_rate`.

    As in Paddle, a known `total_steps` that is not whole ends with its whole part, short of `end_factor`.

    Examples:
        >>> lr.LinearLR(1.0, 4, start_factor=0.5)(np.arange(5)).tolist()
        [0.5, 0.625, 0.75, 0.875, 1.0]
    """
    if isinstance(total_steps, float) and total_steps != math.floor(total_steps):
        done, total_steps = math.floor(total_steps) / total_steps, math.floor(total_steps)
        end_factor = start_factor + (end_factor - start_factor) * done
    return js.Linear(learning_rate * start_factor, learning_rate * end_factor, steps=total_steps)
