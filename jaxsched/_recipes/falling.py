"""Published schedules by name, each a composition of a few pieces: down only."""

from collections.abc import Callable
from typing import Any

import numpy as np

from jaxsched._combinators.clocks import staircase as held
from jaxsched._core.kinds import Count, Counts, Factor, Key, Level, Levels, NotNegative, Real, Times, Whole, checked
from jaxsched._core.schedule import Schedule, Wrap
from jaxsched._core.words import renamed, shown
from jaxsched._curves.cosines import LinearCosine, NoisyLinearCosine
from jaxsched._curves.decays import InverseTime
from jaxsched._curves.exponentials import Exponential, GeometricDecay
from jaxsched._curves.tables import Piecewise, Tabulated


@checked
def exponential_decay(start: Level, rate: Factor, steps: Count = 1, staircase: bool = False) -> Schedule:
    r"""A factor every `steps` steps: $v(t) = s\,r^{t/n}$, or $s\,r^{\lfloor t/n \rfloor}$ as a staircase.

    Args:
        start: the value s at step 0.
        rate: the factor r per `steps`, at least 0; above 1 the value grows. Kept as `-log(rate)`.
        steps: n in steps, at least 0; 0 means no decay.
        staircase: whether to change at multiples of `steps` only.

    Raises:
        ValueError: `rate` is negative, `steps` is negative, or a number is not finite.

    Examples:
        >>> float(jaxsched.exponential_decay(1.0, 0.5, 10)(20))
        0.25

    Reference:
        `ExponentialDecay` in TensorFlow and Keras, `ExponentialLR` in PyTorch (`steps=1`).
    """
    decay = GeometricDecay(start, rate, steps)
    return held(decay, steps) if staircase else decay


@checked
def natural_exponential_decay(start: Level, rate: Real, steps: Count = 1, staircase: bool = False) -> Schedule:
    r"""An exponential by its exponent: $v(t) = s\,e^{-r\,t/n}$, or with $\lfloor t/n \rfloor$ as a staircase.

    Args:
        start: the value s at step 0.
        rate: the exponent r per `steps`.
        steps: n in steps, at least 0; 0 means no decay.
        staircase: whether to change at multiples of `steps` only.

    Raises:
        ValueError: `steps` is negative, or a number is not finite.

    Examples:
        >>> round(float(jaxsched.natural_exponential_decay(1.0, 0.5, 10)(20)), 6)
        0.367879

    Reference:
        `natural_exp_decay` in TensorFlow 1, `NaturalExpDecay` in Paddle (`steps=1`).
    """
    decay = Exponential(start, rate, steps)
    return held(decay, steps) if staircase else decay


@checked
def inverse_time_decay(start: Level, rate: NotNegative, steps: Count = 1, staircase: bool = False) -> Schedule:
    r"""One over time: $v(t) = s / (1 + r\,t/n)$, or with $\lfloor t/n \rfloor$ as a staircase.

    Args:
        start: the value s at step 0.
        rate: r per `steps`, at least 0.
        steps: n in steps, at least 0; 0 means no decay.
        staircase: whether to change at multiples of `steps` only.

    Raises:
        ValueError: `rate` or `steps` is negative, or a number is not finite.

    Examples:
        >>> float(jaxsched.inverse_time_decay(1.0, 0.5, 10)(20))
        0.5

    Reference:
        `InverseTimeDecay` in TensorFlow, Keras and Paddle (`steps=1`).
    """
    decay = InverseTime(start, rate, steps)
    return held(decay, steps) if staircase else decay


@checked
def linear_cosine_decay(
    start: Level, steps: Count, num_periods: Real = 0.5, alpha: Real = 0.0, beta: Real = 0.001
) -> Schedule:
    r"""A cosine under a falling line: $v(t) = s\,((a + 1 - x)\,\tfrac12 (1 + \cos 2 \pi m x) + b)$, $x = \min(t/n, 1)$.

    Args:
        start: the scale s; the first value is $(1 + a + b)\,s$.
        steps: the length n in steps, at least 0.
        num_periods: the number m of whole waves.
        alpha: a, added to the line.
        beta: b, added to the product.

    Raises:
        ValueError: `steps` is negative, or a number is not finite.

    Examples:
        >>> round(float(jaxsched.linear_cosine_decay(1.0, 8)(4)), 6)
        0.251

    Reference:
        Bello et al. 2017, arXiv:1709.07417; `linear_cosine_decay` in TensorFlow 1.
    """
    return LinearCosine(start, steps, num_periods, alpha, beta)


@checked
def noisy_linear_cosine_decay(
    start: Level,
    steps: Count,
    initial_variance: NotNegative = 1.0,
    variance_decay: Real = 0.55,
    num_periods: Real = 0.5,
    alpha: Real = 0.0,
    beta: Real = 0.001,
    key: Key = 0,
) -> Schedule:
    r"""`linear_cosine_decay` with normal noise of variance $\sigma^2 / (1 + \min(t, n))^q$ on its line.

    Args:
        start: the scale s.
        steps: the length n in steps, at least 0.
        initial_variance: σ², at least 0.
        variance_decay: q.
        num_periods: the number of whole waves.
        alpha: added to the line.
        beta: added to the product.
        key: the noise's seed, an int or a JAX PRNG key.

    Raises:
        ValueError: `initial_variance` or `steps` is negative, or a number is not finite.

    Examples:
        >>> lr = jaxsched.noisy_linear_cosine_decay(1.0, 8, initial_variance=0.0)
        >>> round(float(lr(4)), 6)
        0.251

    Reference:
        Bello et al. 2017, arXiv:1709.07417; `noisy_linear_cosine_decay` in TensorFlow 1.
    """
    return NoisyLinearCosine(start, steps, initial_variance, variance_decay, num_periods, alpha, beta, key)


@checked
def step_decay(start: Level, factor: Factor, every: Count) -> Schedule:
    r"""A factor every so many steps: $v(t) = s\,f^{\lfloor t/n \rfloor}$.

    Args:
        start: the value s at step 0.
        factor: f, at least 0.
        every: n in steps, at least 0; 0 means no decay.

    Raises:
        ValueError: `factor` is negative, `every` is negative, or a number is not finite.

    Examples:
        >>> jaxsched.step_decay(1.0, 0.5, 2)(np.arange(5)).tolist()
        [1.0, 1.0, 0.5, 0.5, 0.25]

    Reference:
        `StepLR` in PyTorch, `StepDecay` in Paddle.
    """
    return held(GeometricDecay(start, factor, every), every)


@checked
def multistep_decay(start: Level, factor: Factor, milestones: Counts) -> Schedule:
    r"""A factor at each milestone: $v(t) = s\,f^{m(t)}$ with m(t) milestones at or before t.

    Args:
        start: the value s at step 0.
        factor: f, at least 0.
        milestones: steps, sorted; one that is listed twice counts twice.

    Raises:
        ValueError: `milestones` are unsorted or negative, `factor` is negative, or a number is not finite.

    Examples:
        >>> jaxsched.multistep_decay(1.0, 0.5, [2, 4])(np.arange(6)).tolist()
        [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]

    Reference:
        `MultiStepLR` in PyTorch, `MultiStepDecay` in Paddle.
    """
    return start * Piecewise(milestones, [factor**i for i in range(len(milestones) + 1)])


@checked
def piecewise_constant(boundaries: Times, values: Levels) -> Schedule:
    r"""Listed values between listed steps: `values[i]` where i boundaries lie at or before t.

    Args:
        boundaries: the step at which each value but the first begins, sorted.
        values: one value more than `boundaries`.

    Raises:
        ValueError: the lengths do not fit, `boundaries` are unsorted or negative, or a number is not finite.

    Examples:
        >>> jaxsched.piecewise_constant([2, 4], [1.0, 0.5, 0.25])(np.arange(5)).tolist()
        [1.0, 1.0, 0.5, 0.5, 0.25]

    Reference:
        `PiecewiseDecay` in Paddle; Keras's `PiecewiseConstantDecay` begins a value one step later.
    """
    return Piecewise(boundaries, values)


@checked
def lambda_decay(start: Level, fn: Callable[[Any], Any]) -> Schedule:
    r"""A value times a function of the step: $v(t) = s\,f(t)$.

    Args:
        start: s.
        fn: a function that JAX can trace, from a step to a factor; as accurate as it is in float32, so take
            `exponential_decay` for a plain power.

    Raises:
        TypeError: `fn` cannot be traced by JAX.

    Examples:
        >>> float(jaxsched.lambda_decay(0.5, lambda t: 0.5**t)(2))
        0.125

    Reference:
        `LambdaLR` in PyTorch, `LambdaDecay` in Paddle.
    """
    return start * Wrap(fn)


@checked
def multiplicative_decay(start: Level, fn: Callable[[int], Any], steps: Whole) -> Schedule:
    r"""A product of factors: $v(t) = s \prod_{i=1}^{t} f(i)$, tabulated once for `steps` steps and then held.

    Args:
        start: the value s at step 0.
        fn: any function from a step (an int from 1 on) to a factor; it is called `steps` times, here.
        steps: how many factors there are, at least 0.

    Raises:
        ValueError: `steps` is negative, or a product is not finite.
        TypeError: `fn` is no function of a step that returns a number.

    Examples:
        >>> jaxsched.multiplicative_decay(1.0, lambda t: 0.5, 2)(np.arange(4)).tolist()
        [1.0, 0.5, 0.25, 0.25]

    Reference:
        `MultiplicativeLR` in PyTorch, `MultiplicativeDecay` in Paddle.
    """
    factors = [_factor(fn, t) for t in range(1, int(steps) + 1)]
    with renamed({"values": "fn"}):
        return start * Tabulated(np.cumprod([1.0, *factors]))


def _factor(fn: Callable[[int], Any], t: int) -> float:
    try:
        return float(fn(t))
    except Exception as error:
        raise TypeError(f"`fn` must take a step and return a number: for {t} it raised {shown(error)}.") from error
