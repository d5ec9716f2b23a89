"""Exponentials, and ramps between values of one sign."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._core.choice import select
from jaxsched._core.fields import is_traced
from jaxsched._core.kinds import Count, Level, MinusLog, Positive, Real
from jaxsched._core.laps import slope_of
from jaxsched._core.node import written
from jaxsched._core.schedule import Array, Exact
from jaxsched._core.time import in_units
from jaxsched._curves.ramp import Open, Ramp


class Geometric(Ramp):
    r"""Equal factors in equal times: $v = s\,(e / s)^x$ with $x = \min(t / n, 1)$.

    Args:
        start: the value s at step 0, not 0.
        end: the value e from step `steps` on, of the same sign.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: `start` and `end` are 0 or differ in sign, a number is not finite, or `steps` is negative or an
            int of 2**31 or more.

    Examples:
        >>> round(float(jaxsched.Geometric(1.0, 0.01, steps=4)(2)), 6)
        0.1

    Reference:
        `SchedExp` in fastai; the learning-rate range test of Smith 2017, arXiv:1506.01186.
    """

    def _check(self) -> None:
        _check_same_sign(self)

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        start, end = self.ends
        log = jnp.log(_safe_ratio(end, start))
        return exponential_weights(x, rest, slope_of(log, _log(end) - _log(start)))


class Inverse(Ramp):
    r"""Linear in one over the value: $1 / v = (1 - x) / s + x / e$ with $x = \min(t / n, 1)$.

    Args:
        start: the value s at step 0, not 0.
        end: the value e from step `steps` on, of the same sign.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: `start` and `end` are 0 or differ in sign, a number is not finite, or `steps` is negative or an
            int of 2**31 or more.

    Examples:
        >>> round(float(jaxsched.Inverse(1.0, 0.25, steps=3)(1)), 6)
        0.5

    Reference:
        Wen et al. 2024, arXiv:2410.05192 (the decay of WSD-S); `inv` in Levanter.
    """

    def _check(self) -> None:
        _check_same_sign(self)

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        start, end = self.ends
        of_start, of_end = rest / (rest + x * _safe_ratio(start, end)), x / (x + rest * _safe_ratio(end, start))
        odds = jnp.log(rest) - jnp.log(x) + _log(end) - _log(start)
        return slope_of(of_start, jax.nn.sigmoid(odds)), slope_of(of_end, jax.nn.sigmoid(-odds))


class ExponentialRamp(Ramp, kw_only=True):
    r"""An exponential of base r that is cut to reach its end: $v = e + (s - e)\,\frac{r^x - r}{1 - r}$.

    A base below 1 falls fast first, a base above 1 falls late, base 1 is the straight line between them.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.
        base: r, greater than 0; 1/2 is Megatron's, 1/10 timm's.

    Raises:
        ValueError: a number is not finite, `base` is not positive, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> round(float(jaxsched.ExponentialRamp(1.0, 0.0, steps=4)(2)), 6)
        0.414214

    Reference:
        `lr_wsd_decay_style="exponential"` in Megatron-LM, `decay_fn="exp"` in timm.
    """

    base: Positive = 0.5

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        return exponential_weights(x, rest, jnp.log(self.base))


class Tanh(Ramp, kw_only=True):
    r"""A hyperbolic tangent: $v = e + (s - e)\,\tfrac12 (1 - \tanh(l (1 - x) + u x))$ between its ends.

    `start` and `end` are what the tangent tends to: with `lower` and `upper` near 0 it is far from them beside its
    ends, where the value is exactly `start` and `end` all the same, as for every ramp.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.
        lower: the argument l of the tangent at the start.
        upper: the argument u of the tangent at the end.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> round(float(jaxsched.Tanh(1.0, 0.0, steps=10)(7)), 6)
        0.5

    Reference:
        Hsueh et al. 2019, arXiv:1806.01593, eq. 1; `TanhLRScheduler` in timm.
    """

    lower: Real = -7.0
    upper: Real = 3.0

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        z = 2 * (self.lower * rest + self.upper * x)
        return 1 / (1 + jnp.exp(z)), 1 / (1 + jnp.exp(-z))


class Exponential(Exact):
    r"""An exponential: $v = s\,e^{-d\,t / n}$.

    Args:
        start: the value s at step 0, any finite number.
        decay: the exponent d per `steps`, dimensionless; negative grows. The rate of a decay to `rate` per `steps` is
            `-log(rate)`, which stays exact in float32 where a rate near 1 does not.
        steps: the time unit n in steps, at least 0; 0 means no decay.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> round(float(jaxsched.nodes.Exponential(1.0, 0.5, 10)(20)), 6)
        0.367879

    Reference:
        `natural_exp_decay` in TensorFlow.
    """

    start: Level
    decay: Real
    steps: Count = 1

    def at(self, step: Any) -> Any:
        return _exponential(self.start, self.decay, step, self.steps)


class GeometricDecay(Exact):
    r"""A factor in equal times, for ever: $v = s\,f^{t / n}$.

    Args:
        start: the value s at step 0, any finite number.
        factor: f per `steps`, at least 0; above 1 the value grows. It is kept as minus its logarithm, `decay`, which
            stays exact in float32 where a factor near 1 does not.
        steps: the time unit n in steps, at least 0; 0 means no decay.

    Raises:
        ValueError: a number is not finite, `factor` is negative, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.nodes.GeometricDecay(1.0, factor=0.5, steps=10)(20))
        0.25

    Reference:
        `ExponentialDecay` in TensorFlow and Keras, `ExponentialLR` in PyTorch.
    """

    start: Level
    decay: MinusLog = written(alias="factor")
    steps: Count = 1

    def at(self, step: Any) -> Any:
        return _exponential(self.start, self.decay, step, self.steps)


def _exponential(start, decay, step, steps):
    exponent, lost = in_units(decay, step, steps)
    return start * (jnp.exp(-exponent) * (1 - lost))


def exponential_weights(x: Array, rest: Array, log: Any) -> tuple[Array, Array]:
    """The weights of both ends at `x` of the way, with `rest` left, of an exponential that grows by `exp(log)` in all.

    Where `log` is 0 they are those of a straight line.
    """
    straight = log == 0
    safe = select(straight, 1, log)
    bend = x * rest * log / 2  # nothing where it is straight, but its slope is that of the formula
    of_start = select(straight, rest + bend, _quotient(jnp.expm1(-rest * safe), jnp.expm1(-safe)))
    return of_start, select(straight, x - bend, _quotient(jnp.expm1(x * safe), jnp.expm1(safe)))


def _quotient(a, b):
    """`a / b` of one sign, whose slope does not divide by the square of b, which may be too large."""
    none = a == 0
    logs = jnp.log(jnp.abs(select(none, 1, a))) - jnp.log(jnp.abs(b))
    return slope_of(a / b, select(none, a / jax.lax.stop_gradient(b), jnp.exp(logs)))


def _safe_ratio(a, b):
    ratio = a / select(b == 0, 1, b)
    return select(ratio > 0, ratio, 1)


def _log(x):
    # Its slope is finite where that of a quotient, which divides by the square, is not.
    return jnp.log(select(x == 0, 1, jnp.abs(x)))


def _check_same_sign(ramp) -> None:
    start, end = ramp.start, ramp.end
    for name, x in (("start", start), ("end", end)):
        if not isinstance(x, Open) and not is_traced(x) and np.any(np.asarray(x) == 0):
            raise ValueError(f"`{name}` must not be 0: a {type(ramp).__name__} never reaches it. Pass a small number.")
    if any(isinstance(x, Open) or is_traced(x) for x in (start, end)):
        return
    if np.any(np.sign(np.asarray(start)) != np.sign(np.asarray(end))):
        raise ValueError(f"`start` and `end` must have the same sign: got {start!r} and {end!r}. Use `Linear`.")
