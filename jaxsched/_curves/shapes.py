"""From `start` to `end` in `steps`, then flat: cooldown shapes, and ramps that one framework only has."""

import jax.numpy as jnp

from jaxsched._core.fields import Count, Positive, Real
from jaxsched._core.laps import stretched_fractions
from jaxsched._core.time import blend, fractions, half_sine_squared, power_weights
from jaxsched._curves.ramp import Ramp, WeightedRamp, ends_of
from jaxsched._core.schedule import Exact, Schedule, evaluate


class ElapsedPower(WeightedRamp):
    r"""A power of the elapsed fraction: $v = e + (s - e)(1 - x^p)$ with $x = \min(t / n, 1)$.

    Power 1/2 is the cooldown called 1-sqrt, power 2 the one called square.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.
        power: the exponent p, greater than 0.

    Raises:
        ValueError: a number is not finite, `power` is not positive, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.ElapsedPower(1.0, 0.0, 4)(1))
        0.5

    Reference:
        Hägele et al. 2024, arXiv:2405.18392, section 3 (1-sqrt); `SchedPoly` in fastai.
    """

    start: Real | None
    end: Real | None
    steps: Count
    power: Positive = 0.5

    def weights(self, x, rest):
        of_end, of_start = power_weights(rest, x, self.power)
        return of_start, of_end


class MirrorCosine(WeightedRamp):
    r"""The cosine mirrored at the straight line: $v = e + (s - e)\,(2(1 - x) - \tfrac12 (1 + \cos \pi x))$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> round(float(jaxsched.MirrorCosine(1.0, 0.0, 4)(1)), 6)
        0.646447

    Reference:
        Dremov et al. 2025, arXiv:2508.01483 (cooldown shapes).
    """

    start: Real | None
    end: Real | None
    steps: Count

    def weights(self, x, rest):
        return 2 * rest - half_sine_squared(rest), 2 * x - half_sine_squared(x)


class ExponentialRamp(WeightedRamp):
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
        >>> round(float(jaxsched.ExponentialRamp(1.0, 0.0, 4)(2)), 6)
        0.414214

    Reference:
        `lr_wsd_decay_style="exponential"` in Megatron-LM, `decay_fn="exp"` in timm.
    """

    start: Real | None
    end: Real | None
    steps: Count
    base: Positive = 0.5

    def weights(self, x, rest):
        log = jnp.log(self.base)
        straight = log == 0
        safe = jnp.where(straight, 1, log)
        bend = x * rest * log / 2  # nothing where it is straight, but its slope is that of the formula
        of_start = jnp.where(straight, rest + bend, jnp.expm1(-rest * safe) / jnp.expm1(-safe))
        return of_start, jnp.where(straight, x - bend, jnp.expm1(x * safe) / jnp.expm1(safe))


class Tanh(WeightedRamp):
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
        >>> round(float(jaxsched.Tanh(1.0, 0.0, 10)(7)), 6)
        0.5

    Reference:
        Hsueh et al. 2019, arXiv:1806.01593, eq. 1; `TanhLRScheduler` in timm.
    """

    start: Real | None
    end: Real | None
    steps: Count
    lower: Real = -7.0
    upper: Real = 3.0

    def weights(self, x, rest):
        z = 2 * (self.lower * rest + self.upper * x)
        first, last = x == 0, rest == 0
        of_start = jnp.where(first, 1, jnp.where(last, 0, 1 / (1 + jnp.exp(z))))
        return of_start, jnp.where(first, 0, jnp.where(last, 1, 1 / (1 + jnp.exp(-z))))


class Rex(WeightedRamp):
    r"""Reflected exponential: $v = e + (s - e)\,\frac{1 - x}{1 - x / 2}$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> round(float(jaxsched.Rex(1.0, 0.0, 4)(2)), 6)
        0.666667

    Reference:
        Chen, Wolfe and Kyrillidis 2021, arXiv:2107.04197.
    """

    start: Real | None
    end: Real | None
    steps: Count

    def weights(self, x, rest):
        return 2 * rest / (1 + rest), x / (1 + rest)


class TimePowerCosine(WeightedRamp):
    r"""A cosine on a power of time (k-decay): $v = e + (s - e)\,\tfrac12 (1 + \cos \pi x^k)$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.
        power: the exponent k, greater than 0; above 1 the value stays high for longer.

    Raises:
        ValueError: a number is not finite, `power` is not positive, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.TimePowerCosine(1.0, 0.0, 4, power=0.5)(1))
        0.5

    Reference:
        Zhang and Li 2020, arXiv:2004.05909; `k_decay` in timm.
    """

    start: Real | None
    end: Real | None
    steps: Count
    power: Positive = 1.0

    def weights(self, x, rest):
        passed, left = power_weights(rest, x, self.power)
        return half_sine_squared(left), half_sine_squared(passed)


class ValuePowerCosine(WeightedRamp):
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
        >>> float(jaxsched.ValuePowerCosine(1.0, 0.0, 4, exponent=2.0)(2))
        0.25

    Reference:
        `exponent` of `cosine_decay_schedule` in optax.
    """

    start: Real | None
    end: Real | None
    steps: Count
    exponent: Positive = 1.0

    def weights(self, x, rest):
        return power_weights(half_sine_squared(x), half_sine_squared(rest), self.exponent)


class StretchingPolynomial(Exact):
    r"""A polynomial whose horizon stretches: $v = e + (s - e)(1 - t/D)^p$ with $D = n\,\max(1, \lceil t/n \rceil)$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e at every multiple of `steps` but 0.
        steps: the length n of the first stretch in steps, at least 0; 0 is `end` at once.
        power: the exponent p, greater than 0.

    Raises:
        ValueError: a number is not finite, `power` is not positive, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.StretchingPolynomial(1.0, 0.0, 2)(3))
        0.25

    Reference:
        `PolynomialDecay(cycle=True)` in TensorFlow, Keras and Paddle.
    """

    start: Real
    end: Real
    steps: Count
    power: Positive = 1.0

    def at(self, step):
        x, rest = stretched_fractions(step, self.steps)
        return blend(self.start, self.end, *power_weights(x, rest, self.power))


class Shaped(Ramp):
    r"""A ramp of any shape: $v = e + (s - e)\,d(x)$ with $x = \min(t / n, 1)$; exact at both ends.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.
        remaining: the weight d of `start` as a schedule of the fraction x: 1 at 0 and 0 at 1.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.Shaped(1.0, 0.0, 4, lambda x: (1 - x) ** 2)(2))
        0.25
    """

    start: Real | None
    end: Real | None
    steps: Count
    remaining: Schedule

    def at(self, step):
        x, rest = fractions(step, self.steps)
        of_start = jnp.where(rest == 0, 0, jnp.where(x == 0, 1, evaluate(self.remaining, x)))
        return blend(*ends_of(self), of_start, 1 - of_start)
