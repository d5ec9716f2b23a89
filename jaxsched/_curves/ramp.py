"""From `start` to `end` in `steps`, then flat: the ramps that most schedules are made of.

A ramp says how much of its start and of its end it shows, both computed from their own side: `x` of the way done and
`rest` of the way left. An end left open (`None`) is filled in by `Warmup` or `Cooldown`.
"""

import abc
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from jaxsched._core.fields import Count, Positive, Real, is_traced
from jaxsched._core.time import blend, fractions, half_sine_squared, power_weights, to_real
from jaxsched._core.schedule import Array, Exact


class Ramp(Exact):
    """From `start` at step 0 to `end` from `steps` on."""

    if TYPE_CHECKING:  # each ramp declares its own fields, in its own order
        start: Any
        end: Any
        steps: Any

    @property
    def duration(self):
        return self.steps


def ends_of(ramp: Ramp) -> tuple[Any, Any]:
    """Both ends, which must have been filled in."""
    for name in ("start", "end"):
        if getattr(ramp, name) is None:
            raise TypeError(
                f"`{name}` of this {type(ramp).__name__} is open: use it in `Warmup` or `Cooldown`, or fill it in."
            )
    return ramp.start, ramp.end


class WeightedRamp(Ramp):
    """A ramp by weights that depend on the fraction of the way alone."""

    @abc.abstractmethod
    def weights(self, x: Array, rest: Array) -> tuple[Array, Array]:
        """The weights of `start` and `end`, which sum to 1, at `x` of the way with `rest = 1 - x` left."""

    def at(self, step):
        x, rest = fractions(step, self.steps)
        return blend(*ends_of(self), *self.weights(x, rest))


class Linear(WeightedRamp):
    r"""A straight line: $v = s + (e - s)\,x$ with $x = \min(t / n, 1)$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.Linear(0.0, 1.0, 4)(1))
        0.25

    Reference:
        `LinearLR` in PyTorch and Paddle, `linear_schedule` in optax.
    """

    start: Real | None
    end: Real | None
    steps: Count

    def weights(self, x, rest):
        return rest, x


class Cosine(WeightedRamp):
    r"""Half a cosine wave: $v = e + (s - e)\,\tfrac12 (1 + \cos \pi x)$ with $x = \min(t / n, 1)$.

    Computed as sin² of half the angle from the nearer end, so that the last steps keep their relative accuracy.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> round(float(jaxsched.Cosine(1.0, 0.0, 4)(1)), 6)
        0.853553

    Reference:
        Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5 (one cycle).
    """

    start: Real | None
    end: Real | None
    steps: Count

    def weights(self, x, rest):
        return half_sine_squared(rest), half_sine_squared(x)


class Polynomial(WeightedRamp):
    r"""A power of the remaining fraction: $v = e + (s - e)(1 - x)^p$ with $x = \min(t / n, 1)$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.
        power: the exponent p, greater than 0; 1 is a straight line.

    Raises:
        ValueError: a number is not finite, `power` is not positive, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.Polynomial(1.0, 0.0, 4, power=2.0)(2))
        0.25

    Reference:
        `PolynomialDecay` in TensorFlow, Keras and Paddle, `PolynomialLR` in PyTorch.
    """

    start: Real | None
    end: Real | None
    steps: Count
    power: Positive = 1.0

    def weights(self, x, rest):
        return power_weights(x, rest, self.power)


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
        >>> round(float(jaxsched.Geometric(1.0, 0.01, 4)(2)), 6)
        0.1

    Reference:
        `SchedExp` in fastai; the learning-rate range test of Smith 2017, arXiv:1506.01186.
    """

    start: Real | None
    end: Real | None
    steps: Count

    def _check(self):
        _check_same_sign(self)

    def at(self, step):
        x, rest = fractions(step, self.steps)
        start, end = ends_of(self)
        log = jnp.log(_safe_ratio(end, start))
        from_start, from_end = start * jnp.exp(x * log), end * jnp.exp(-rest * log)
        return jnp.where(x <= rest, from_start, from_end)


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
        >>> round(float(jaxsched.Inverse(1.0, 0.25, 3)(1)), 6)
        0.5

    Reference:
        Wen et al. 2024, arXiv:2410.05192 (the decay of WSD-S); `inv` in Levanter.
    """

    start: Real | None
    end: Real | None
    steps: Count

    def _check(self):
        _check_same_sign(self)

    def at(self, step):
        x, rest = fractions(step, self.steps)
        start, end = ends_of(self)
        from_start = start / (1 + x * (_safe_ratio(start, end) - 1))
        from_end = end / (1 + rest * (_safe_ratio(end, start) - 1))
        return jnp.where(x <= rest, from_start, from_end)


class Logarithmic(Ramp):
    r"""Linear in the logarithm of time: $v = s + (e - s)\,\frac{\log(1 + t)}{\log(1 + n)}$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.Logarithmic(0.0, 1.0, 3)(1))
        0.5

    Reference:
        `warmup_type="log"` of `WarmupLR` in DeepSpeed, whose `warmup_num_steps` is `steps + 1`.
    """

    start: Real | None
    end: Real | None
    steps: Count

    def at(self, step):
        x, rest = fractions(step, self.steps)
        length = jnp.maximum(to_real(self.steps), jnp.finfo(x.dtype).tiny)
        whole, done = jnp.log1p(length), length * x
        of_end = jnp.where(rest == 0, 1, jnp.log1p(done) / whole)
        return blend(*ends_of(self), jnp.log1p(length * rest / (1 + done)) / whole, of_end)


def _safe_ratio(a, b):
    ratio = a / jnp.where(b == 0, 1, b)
    return jnp.where(ratio > 0, ratio, 1)


def _check_same_sign(ramp) -> None:
    start, end = ramp.start, ramp.end
    for name, x in (("start", start), ("end", end)):
        if x is not None and not is_traced(x) and np.any(np.asarray(x) == 0):
            raise ValueError(f"`{name}` must not be 0: a {type(ramp).__name__} never reaches it. Pass a small number.")
    if any(x is None or is_traced(x) for x in (start, end)):
        return
    if np.any(np.sign(np.asarray(start)) != np.sign(np.asarray(end))):
        raise ValueError(f"`start` and `end` must have the same sign: got {start!r} and {end!r}. Use `Linear`.")
