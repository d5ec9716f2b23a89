"""Paddle's schedulers that only decay."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jaxsched as js
from jaxsched.compat._arguments import Number, is_traced, number, rate, sorted_steps, whole_steps
from jaxsched.compat._functions import as_factor, product_of


def NoamDecay(d_model: Number, warmup_steps: Number, learning_rate: Number = 1.0) -> js.Schedule:
    r"""`paddle.optimizer.lr.NoamDecay`: $l\,d^{-1/2} \min(t^{-1/2}, t\,w^{-3/2})$, which is 0 at step 0.

    Raises:
        ValueError: `d_model` is not positive, or `warmup_steps` or `learning_rate` is negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> round(float(lr.NoamDecay(512, 4000)(4000)), 9)
        0.000698771
    """
    d_model = number("d_model", d_model, "It is the width of the model.", above=0)
    warmup_steps = number("warmup_steps", warmup_steps, "It is a number of steps.", least=0)
    return js.noam(d_model, warmup_steps, rate("learning_rate", learning_rate))


def PiecewiseDecay(boundaries: Sequence[Number], values: Sequence[Number]) -> js.Schedule:
    """`paddle.optimizer.lr.PiecewiseDecay`: `values[i]` until step `boundaries[i]`, and at last `values[-1]`.

    As there, of values beyond one more than `boundaries` only the last counts.

    Raises:
        ValueError: `boundaries` are empty or unsorted, or `values` are not more than they.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> lr.PiecewiseDecay([2, 4], [1.0, 0.5, 0.25])(np.arange(5)).tolist()
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    begins = sorted_steps("boundaries", boundaries)
    if not begins:
        raise ValueError("`boundaries` cannot be empty: got none. For one value pass it to `jaxsched.Constant`.")
    if len(values) <= len(begins):
        raise ValueError(
            f"`values` must have one more element than `boundaries`: got {len(values)} and {len(begins)}. "
            f"The last one holds from the last boundary on."
        )
    return js.piecewise_constant(begins, [*values[: len(begins)], values[-1]])


def NaturalExpDecay(learning_rate: Number, gamma: Number) -> js.Schedule:
    r"""`paddle.optimizer.lr.NaturalExpDecay`: $l\,e^{-g\,t}$.

    Raises:
        ValueError: `gamma` is not positive, or `learning_rate` is negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> round(float(lr.NaturalExpDecay(1.0, 0.1)(10)), 6)
        0.367879
    """
    gamma = number("gamma", gamma, "The learning rate decays by it.", above=0)
    return js.natural_exponential_decay(rate("learning_rate", learning_rate), gamma)


def InverseTimeDecay(learning_rate: Number, gamma: Number) -> js.Schedule:
    r"""`paddle.optimizer.lr.InverseTimeDecay`: $l / (1 + g\,t)$.

    Raises:
        ValueError: `gamma` or `learning_rate` is negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> float(lr.InverseTimeDecay(1.0, 0.5)(2))
        0.5
    """
    gamma = number("gamma", gamma, "The learning rate decays by it.", least=0)
    return js.inverse_time_decay(rate("learning_rate", learning_rate), gamma)


def PolynomialDecay(
    learning_rate: Number, decay_steps: Number, end_lr: Number = 0.0001, power: Number = 1.0, cycle: bool = False
) -> js.Schedule:
    r"""`paddle.optimizer.lr.PolynomialDecay`: $(l - e)(1 - t/n)^p + e$; with `cycle`, n grows to the next multiple.

    Raises:
        TypeError: `decay_steps` is not an int.
        ValueError: `decay_steps` or `power` is not positive, or `learning_rate` is negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> lr.PolynomialDecay(1.0, 2, end_lr=0.0, cycle=True)(np.arange(5)).tolist()
        [1.0, 0.5, 0.0, 0.25, 0.0]
    """
    power = number("power", power, "It is the exponent of the decay.", above=0)
    start, decay_steps = rate("learning_rate", learning_rate), whole_steps("decay_steps", decay_steps)
    kind = js.StretchingPolynomial if cycle else js.Polynomial
    return kind(start, number("end_lr", end_lr), steps=decay_steps, power=power)


def ExponentialDecay(learning_rate: Number, gamma: Number) -> js.Schedule:
    r"""`paddle.optimizer.lr.ExponentialDecay`: $l\,g^t$.

    Raises:
        ValueError: `gamma` does not lie between 0 and 1, or `learning_rate` is negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> round(float(lr.ExponentialDecay(1.0, 0.5)(3)), 6)
        0.125
    """
    gamma = number("gamma", gamma, "The learning rate decays by it.", above=0, below=1)
    return js.exponential_decay(rate("learning_rate", learning_rate), gamma)


def MultiStepDecay(learning_rate: Number, milestones: Sequence[Number], gamma: Number = 0.1) -> js.Schedule:
    r"""`paddle.optimizer.lr.MultiStepDecay`: $l\,g^{m}$ with m milestones at or before t.

    Raises:
        TypeError: `milestones` is not a list.
        ValueError: `milestones` are not increasing, `gamma` is not below 1, or a number is negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> lr.MultiStepDecay(1.0, [2, 4], gamma=0.5)(np.arange(5)).tolist()
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    begins = _increasing(milestones)
    gamma = number("gamma", gamma, "The learning rate decays by it.", least=0, below=1)
    return js.multistep_decay(rate("learning_rate", learning_rate), gamma, begins)


def StepDecay(learning_rate: Number, step_size: Number, gamma: Number = 0.1) -> js.Schedule:
    r"""`paddle.optimizer.lr.StepDecay`: $l\,g^{\lfloor t / n \rfloor}$.

    Raises:
        TypeError: `step_size` is not an int.
        ValueError: `step_size` is not positive, `gamma` is not below 1, or a number is negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> lr.StepDecay(1.0, 2, gamma=0.5)(np.arange(5)).tolist()
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    gamma = number("gamma", gamma, "The learning rate decays by it.", least=0, below=1)
    return js.step_decay(rate("learning_rate", learning_rate), gamma, whole_steps("step_size", step_size))


def LambdaDecay(learning_rate: Number, lr_lambda: Callable[[Any], Any]) -> js.Schedule:
    r"""`paddle.optimizer.lr.LambdaDecay`: $l\,f(t)$.

    A function that JAX can trace becomes part of the program, in float64 where the backend has it; any other is
    called by the program, on the host.

    Raises:
        TypeError: `lr_lambda` is not a function.
        ValueError: `learning_rate` is negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> float(lr.LambdaDecay(0.5, lambda t: 0.5**t)(2))
        0.125
    """
    return js.scale(as_factor("lr_lambda", lr_lambda), rate("learning_rate", learning_rate))


def MultiplicativeDecay(learning_rate: Number, lr_lambda: Callable[[Any], Any]) -> js.Schedule:
    r"""`paddle.optimizer.lr.MultiplicativeDecay`: $l \prod_{s=1}^{t} f(s)$.

    No horizon is known, so every reading of step t multiplies t factors, as there; where the horizon is known,
    `jaxsched.multiplicative_decay` tabulates them once. A function that JAX cannot trace is called on the host.

    Raises:
        TypeError: `lr_lambda` is not a function.
        ValueError: `learning_rate` is negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> float(lr.MultiplicativeDecay(1.0, lambda t: 0.5)(3))
        0.125
    """
    return js.scale(product_of(as_factor("lr_lambda", lr_lambda)), rate("learning_rate", learning_rate))


def LinearLR(
    learning_rate: Number, total_steps: Number, start_factor: Number = 1.0 / 3, end_factor: Number = 1.0
) -> js.Schedule:
    """`paddle.optimizer.lr.LinearLR`: a line from `start_factor` to `end_factor` times `learning_rate`.

    A known `total_steps` that is not whole ends with its whole part, short of `end_factor`, as there.

    Raises:
        ValueError: a factor does not lie between 0 and 1, `total_steps` is not positive, or `learning_rate` is
            negative.

    Examples:
        >>> from jaxsched.compat import paddle as lr
        >>> lr.LinearLR(1.0, 4, start_factor=0.5)(np.arange(5)).tolist()
        [0.5, 0.625, 0.75, 0.875, 1.0]
    """
    start = number("start_factor", start_factor, "The learning rate is multiplied by it.", above=0, most=1)
    end = number("end_factor", end_factor, "The learning rate is multiplied by it.", least=0, most=1)
    total = number("total_steps", total_steps, "It is a number of steps.", above=0)
    if isinstance(total, float) and total != math.floor(total):
        total, end = math.floor(total), start + (end - start) * math.floor(total) / total
    learning_rate = rate("learning_rate", learning_rate)
    return js.Linear(learning_rate * start, learning_rate * end, steps=total)


def _increasing(x: Any) -> list[Any]:
    begins = sorted_steps("milestones", x)
    known = [each for each in x if not is_traced(each)]
    if any(a == b for a, b in zip(known, known[1:], strict=False)):
        raise ValueError(f"`milestones` must be increasing: got {x!r}. One step can be listed only once.")
    return begins
