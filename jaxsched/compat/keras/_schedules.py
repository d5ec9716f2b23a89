"""The classes of `keras.optimizers.schedules`."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.compat import _arguments as given

Number = Any
ENDLESS = "Pass the number of steps that the decay takes."


def ExponentialDecay(
    initial_learning_rate: Number,
    decay_steps: Number,
    decay_rate: Number,
    staircase: bool = False,
    name: str = "ExponentialDecay",
) -> js.Schedule:
    r"""`ExponentialDecay`: $i\,r^{t / n}$, or $i\,r^{\lfloor t / n \rfloor}$ as a staircase.

    Raises:
        ValueError: `decay_steps` is not positive, or `decay_rate` is negative.

    Examples:
        >>> from jaxsched.compat import keras as schedules
        >>> float(schedules.ExponentialDecay(1.0, 10, 0.5)(20))
        0.25
    """
    del name
    given.check_positive("decay_steps", decay_steps, ENDLESS)
    with given.named(start="initial_learning_rate", steps="decay_steps", rate="decay_rate"):
        return js.exponential_decay(initial_learning_rate, decay_rate, decay_steps, staircase)


def PiecewiseConstantDecay(
    boundaries: Sequence[Number], values: Sequence[Number], name: str = "PiecewiseConstant"
) -> js.Schedule:
    """`PiecewiseConstantDecay`: `values[i]` until a boundary and *at* it, the next value from one step later.

    Raises:
        ValueError: `values` is not one longer than `boundaries`, or `boundaries` are unsorted.

    Examples:
        >>> from jaxsched.compat import keras as schedules
        >>> schedules.PiecewiseConstantDecay([2], [1.0, 0.5])(np.array([1, 2, 3])).tolist()
        [1.0, 1.0, 0.5]
    """
    del name
    for argument, x in (("boundaries", boundaries), ("values", values)):
        if not hasattr(x, "__len__") or isinstance(x, str):
            raise TypeError(f"`{argument}` must be a list of numbers: got {x!r}.")
    if len(boundaries) != len(values) - 1:
        lengths = f"{len(boundaries)} and {len(values)}"
        raise ValueError(f"The length of `boundaries` should be 1 less than the length of `values`: got {lengths}.")
    if any(a > b for a, b in itertools.pairwise(boundaries) if not (given.is_traced(a) or given.is_traced(b))):
        raise ValueError(f"`boundaries` must be sorted: got {boundaries!r}. Put them in increasing order.")
    return js.piecewise_constant([_after(each) for each in boundaries], values)


def PolynomialDecay(
    initial_learning_rate: Number,
    decay_steps: Number,
    end_learning_rate: Number = 0.0001,
    power: Number = 1.0,
    cycle: bool = False,
    name: str = "PolynomialDecay",
) -> js.Schedule:
    r"""`PolynomialDecay`: $(i - e)(1 - t / D)^p + e$, $D = n$; with `cycle` $D = n\,\max(1, \lceil t / n \rceil)$.

    The end is 0.0001 by default, not 0.

    Raises:
        ValueError: `decay_steps` is not positive, or `power` is negative.

    Examples:
        >>> from jaxsched.compat import keras as schedules
        >>> float(schedules.PolynomialDecay(1.0, 10, 0.0, power=2.0)(5))
        0.25
    """
    del name
    given.check_positive("decay_steps", decay_steps, ENDLESS)
    with given.named(start="initial_learning_rate", end="end_learning_rate", steps="decay_steps"):
        if given.equal(power, 0):  # 0**0 is 1, at the end too
            return js.Constant(initial_learning_rate)
        kind = js.StretchingPolynomial if cycle else js.Polynomial
        return kind(initial_learning_rate, end_learning_rate, steps=decay_steps, power=power)


def InverseTimeDecay(
    initial_learning_rate: Number,
    decay_steps: Number,
    decay_rate: Number,
    staircase: bool = False,
    name: str = "InverseTimeDecay",
) -> js.Schedule:
    r"""`InverseTimeDecay`: $i / (1 + r\,t / n)$, or with $\lfloor t / n \rfloor$ as a staircase.

    Raises:
        ValueError: `decay_steps` is not positive, or `decay_rate` is negative.

    Examples:
        >>> from jaxsched.compat import keras as schedules
        >>> float(schedules.InverseTimeDecay(1.0, 10, 0.5)(20))
        0.5
    """
    del name
    given.check_positive("decay_steps", decay_steps, ENDLESS)
    with given.named(start="initial_learning_rate", steps="decay_steps", rate="decay_rate"):
        return js.inverse_time_decay(initial_learning_rate, decay_rate, decay_steps, staircase)


def CosineDecay(
    initial_learning_rate: Number,
    decay_steps: Number,
    alpha: Number = 0.0,
    name: str = "CosineDecay",
    warmup_target: Number | None = None,
    warmup_steps: Number = 0,
) -> js.Schedule:
    r"""`CosineDecay`: $p\,((1 - \alpha)\,\tfrac12 (1 + \cos \pi t / n) + \alpha)$, p being the initial learning rate.

    With a `warmup_target`, a line leads to it in `warmup_steps` first, p is the target, and the decay takes its
    `decay_steps` after the warmup. Without one, `warmup_steps` means nothing.

    Raises:
        ValueError: `decay_steps` is not positive, or `warmup_steps` is negative.

    Examples:
        >>> from jaxsched.compat import keras as schedules
        >>> schedule = schedules.CosineDecay(0.0, 4, warmup_target=1.0, warmup_steps=2)
        >>> [float(schedule(t)) for t in (0, 1, 2, 4, 6)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    del name
    given.check_positive("decay_steps", decay_steps, ENDLESS)
    peak = initial_learning_rate if warmup_target is None else warmup_target
    with given.named(start="initial_learning_rate" if warmup_target is None else "warmup_target", steps="decay_steps"):
        decay = js.Cosine(peak, alpha * peak, steps=decay_steps)
    if warmup_target is None:
        return decay
    with given.named(start="initial_learning_rate", steps="warmup_steps"):
        return js.warmup(decay, warmup_steps, start=initial_learning_rate)


def CosineDecayRestarts(
    initial_learning_rate: Number,
    first_decay_steps: Number,
    t_mul: Number = 2.0,
    m_mul: Number = 1.0,
    alpha: Number = 0.0,
    name: str = "SGDRDecay",
) -> js.Schedule:
    r"""`CosineDecayRestarts`: $b\,((1 - \alpha)\,m^i\,\tfrac12 (1 + \cos \pi x) + \alpha)$ at x of cycle i.

    Cycle i takes $n\,k^i$ steps, with k for `t_mul`. The floor $\alpha\,b$ does not decay with the peaks.

    Raises:
        ValueError: `first_decay_steps` is not positive, `t_mul` is below 1, or `m_mul` is negative.
        TypeError: a traced `t_mul` that is no integer.

    Examples:
        >>> from jaxsched.compat import keras as schedules
        >>> schedule = schedules.CosineDecayRestarts(1.0, 2, m_mul=0.5)
        >>> [float(schedule(t)) for t in (0, 1, 2, 4, 6)]
        [1.0, 0.5, 0.5, 0.25, 0.25]
    """
    del name
    given.check_positive("first_decay_steps", first_decay_steps, ENDLESS)
    names = {"start": "initial_learning_rate", "period": "first_decay_steps", "growth": "t_mul", "decay": "m_mul"}
    with given.named(**names, steps="first_decay_steps"):
        first = js.Cosine((1 - alpha) * initial_learning_rate, 0.0, steps=first_decay_steps)
        cycles = js.cycle(first, first_decay_steps, t_mul, m_mul)
    return cycles if given.equal(alpha, 0) else cycles + alpha * initial_learning_rate


SCHEDULES: dict[str, Callable[..., js.Schedule]] = {
    schedule.__name__: schedule
    for schedule in (
        ExponentialDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
        InverseTimeDecay,
        CosineDecay,
        CosineDecayRestarts,
    )
}


def _after(boundary: Number) -> Number:
    """The first step after a boundary: a value is held at its boundary still."""
    if isinstance(boundary, (int, np.integer)):
        return max(int(boundary) + 1, 0)
    if given.is_traced(boundary):
        whole = jnp.issubdtype(boundary.dtype, jnp.integer)
        return jnp.maximum((boundary if whole else jnp.floor(boundary)) + 1, 0)
    return max(int(np.floor(boundary)) + 1, 0)
