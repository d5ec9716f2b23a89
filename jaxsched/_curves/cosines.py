"""Cosines, their relatives, and the two that TensorFlow 1 had of its own."""

from typing import Any

import jax.numpy as jnp

from jaxsched._core.choice import select
from jaxsched._core.draws import normal
from jaxsched._core.kinds import Count, Key, Level, NotNegative, Positive, Real
from jaxsched._core.schedule import Exact
from jaxsched._core.time import (
    fractions,
    half_sine_squared,
    in_units,
    plain,
    power_weights,
    reached,
    to_real,
    whole_steps,
)
from jaxsched._curves.ramp import Ramp


class Cosine(Ramp):
    r"""Half a cosine wave: $v = e + (s - e)\,\tfrac12 (1 + \cos \pi x)$ with $x = \min(t / n, 1)$.

    Computed as sin² of half the angle from the nearer end, so that the last steps keep their relative accuracy.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> round(float(jaxsched.Cosine(1.0, 0.0, steps=4)(1)), 6)
        0.853553

    Reference:
        Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5 (one cycle).
    """

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        return half_sine_squared(rest), half_sine_squared(x)


class MirrorCosine(Ramp):
    r"""The cosine mirrored at the straight line: $v = e + (s - e)\,(2(1 - x) - \tfrac12 (1 + \cos \pi x))$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> round(float(jaxsched.MirrorCosine(1.0, 0.0, steps=4)(1)), 6)
        0.646447

    Reference:
        Dremov et al. 2025, arXiv:2508.01483 (cooldown shapes).
    """

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        return 2 * rest - half_sine_squared(rest), 2 * x - half_sine_squared(x)


class TimePowerCosine(Ramp, kw_only=True):
    r"""A cosine on a power of time (k-decay): $v = e + (s - e)\,\tfrac12 (1 + \cos \pi x^k)$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.
        power: the exponent k, greater than 0; above 1 the value stays high for longer.

    Raises:
        ValueError: a number is not finite, `power` is not positive, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.TimePowerCosine(1.0, 0.0, steps=4, power=0.5)(1))
        0.5

    Reference:
        Zhang and Li 2020, arXiv:2004.05909; `k_decay` in timm.
    """

    power: Positive = 1.0

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        passed, left = power_weights(rest, x, self.power)
        return half_sine_squared(left), half_sine_squared(passed)


class ValuePowerCosine(Ramp, kw_only=True):
    r"""A power of the cosine: $v = e + (s - e)\,(\tfrac12 (1 + \cos \pi x))^p$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.
        exponent: the exponent p, greater than 0.

    Raises:
        ValueError: a number is not finite, `exponent` is not positive, or `steps` is negative or an int of 2**31 or
            more.

    Examples:
        >>> float(jaxsched.ValuePowerCosine(1.0, 0.0, steps=4, exponent=2.0)(2))
        0.25

    Reference:
        `exponent` of `cosine_decay_schedule` in optax.
    """

    exponent: Positive = 1.0

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        return power_weights(half_sine_squared(x), half_sine_squared(rest), self.exponent)


class LinearCosine(Exact):
    r"""A cosine under a falling line: $v = s\,((a + 1 - x)\,\tfrac12 (1 + \cos 2 \pi m x) + b)$, $x = \min(t / n, 1)$.

    It begins at $(1 + a + b)\,s$, as in TensorFlow.

    Args:
        start: the scale s, any finite number.
        steps: the length n in steps, at least 0.
        num_periods: the number m of whole waves in `steps`.
        alpha: a, added to the line.
        beta: b, added to the product.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> round(float(jaxsched.nodes.LinearCosine(1.0, 8)(0)), 6)
        1.001

    Reference:
        Bello et al. 2017, arXiv:1709.07417; `linear_cosine_decay` in TensorFlow 1.
    """

    start: Level
    steps: Count
    num_periods: Real = 0.5
    alpha: Real = 0.0
    beta: Real = 0.001

    def at(self, step: Any) -> Any:
        _, rest = fractions(step, self.steps)
        return self.start * ((self.alpha + rest) * _wave(step, self.steps, self.num_periods) + self.beta)

    @property
    def duration(self) -> Any:
        return self.steps


class NoisyLinearCosine(Exact):
    r"""`LinearCosine` with normal noise on its line, of variance $\sigma^2 / (1 + \min(t, n))^q$.

    The noise is a pure function of the key and the step: the same at every reading.

    Args:
        start: the scale s, any finite number.
        steps: the length n in steps, at least 0.
        initial_variance: σ² at step 0, at least 0.
        variance_decay: the exponent q.
        num_periods: the number m of whole waves in `steps`.
        alpha: a, added to the line.
        beta: b, added to the product.
        key: an int seed or a JAX PRNG key.

    Raises:
        ValueError: a number is not finite, `initial_variance` is negative, or `steps` is negative or an int of 2**31
            or more.

    Examples:
        >>> noisy = jaxsched.nodes.NoisyLinearCosine(1.0, 8, key=1)
        >>> bool(noisy(3) == noisy(3)), bool(noisy(3) == jaxsched.nodes.NoisyLinearCosine(1.0, 8, key=2)(3))
        (True, False)

    Reference:
        Bello et al. 2017, arXiv:1709.07417; `noisy_linear_cosine_decay` in TensorFlow 1.
    """

    start: Level
    steps: Count
    initial_variance: NotNegative = 1.0
    variance_decay: Real = 0.55
    num_periods: Real = 0.5
    alpha: Real = 0.0
    beta: Real = 0.001
    key: Key = 0

    _scales = False  # each step has a draw of its own

    def at(self, step: Any) -> Any:
        _, rest = fractions(step, self.steps)
        some = self.initial_variance > 0  # the slope of a square root at 0 is infinite
        deviation = select(some, jnp.sqrt(select(some, self.initial_variance, 1)), 0)
        done = jnp.minimum(to_real(plain(step)), to_real(self.steps))
        spread = deviation * jnp.exp(-0.5 * self.variance_decay * jnp.log1p(done))
        line = self.alpha + rest + spread * normal(self.key, whole_steps(step))
        return self.start * (line * _wave(step, self.steps, self.num_periods) + self.beta)


def _wave(step, steps, periods):
    """`(1 + cos(2 pi periods x)) / 2` of the part x that is done, from the nearest trough, where its digits are."""
    turns, lost = in_units(periods, step, steps)
    over = reached(step, steps)
    turns, lost = select(over, periods, turns), select(over, 0, lost)
    from_trough = turns - (jnp.floor(turns) + 0.5) + lost
    return jnp.square(jnp.sin(jnp.pi * from_trough))
