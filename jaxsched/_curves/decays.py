"""Never-ending decays, and the two that TensorFlow 1 had of its own."""

import jax.numpy as jnp

from jaxsched._core.fields import Count, Key, NotNegative, Positive, Real
from jaxsched._combinators.jitter import normal
from jaxsched._core.time import fractions, in_units, plain, ratio, reached, to_real, whole_steps
from jaxsched._core.schedule import Exact


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
        >>> round(float(jaxsched.Exponential(1.0, 0.5, 10)(20)), 6)
        0.367879

    Reference:
        `natural_exp_decay` in TensorFlow.
    """

    start: Real
    decay: Real
    steps: Count = 1

    def at(self, step):
        exponent, lost = in_units(self.decay, step, self.steps)
        return self.start * (jnp.exp(-exponent) * (1 - lost))


class InverseTime(Exact):
    r"""One over time: $v = \frac{s}{1 + r\,t / n}$.

    Args:
        start: the value s at step 0, any finite number.
        rate: r per `steps`, dimensionless, at least 0.
        steps: the time unit n in steps, at least 0; 0 means no decay.

    Raises:
        ValueError: a number is not finite or negative, or `steps` is an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.InverseTime(1.0, 0.5, 10)(20))
        0.5

    Reference:
        `InverseTimeDecay` in TensorFlow, Keras and Paddle.
    """

    start: Real
    rate: NotNegative
    steps: Count = 1

    def at(self, step):
        return self.start / (1 + jnp.maximum(self.rate, 0) * ratio(step, self.steps))


class InverseSqrt(Exact):
    r"""An inverse power of time, the square root by default: $v = s\,(1 + (t + h) / n)^{-p}$.

    Args:
        start: the value s at `t = -shift`: the value at step 0 where `shift` is 0.
        timescale: n in steps, at least 0: where the decay sets in. 0 means no decay.
        shift: h in steps, at least 0: steps that count as already done.
        power: the exponent p, dimensionless, greater than 0.

    Raises:
        ValueError: a number is not finite, `power` is not positive, or a count is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.InverseSqrt(1.0, 100)(300))
        0.5

    Reference:
        Vaswani et al. 2017, arXiv:1706.03762, eq. 3; `get_inverse_sqrt_schedule` in Hugging Face; `rsqrt` in
        big_vision.
    """

    start: Real
    timescale: Count
    shift: Count = 0
    power: Positive = 0.5

    def at(self, step):
        passed = ratio(step, self.timescale) + ratio(self.shift, self.timescale)
        return self.start * jnp.exp(-self.power * jnp.log1p(passed))


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
        >>> round(float(jaxsched.LinearCosine(1.0, 8)(0)), 6)
        1.001

    Reference:
        Bello et al. 2017, arXiv:1709.07417; `linear_cosine_decay` in TensorFlow 1.
    """

    start: Real
    steps: Count
    num_periods: Real = 0.5
    alpha: Real = 0.0
    beta: Real = 0.001

    def at(self, step):
        _, rest = fractions(step, self.steps)
        return self.start * ((self.alpha + rest) * _wave(step, self.steps, self.num_periods) + self.beta)

    @property
    def duration(self):
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
        >>> noisy = jaxsched.NoisyLinearCosine(1.0, 8, key=1)
        >>> bool(noisy(3) == noisy(3)), bool(noisy(3) == jaxsched.NoisyLinearCosine(1.0, 8, key=2)(3))
        (True, False)

    Reference:
        Bello et al. 2017, arXiv:1709.07417; `noisy_linear_cosine_decay` in TensorFlow 1.
    """

    start: Real
    steps: Count
    initial_variance: NotNegative = 1.0
    variance_decay: Real = 0.55
    num_periods: Real = 0.5
    alpha: Real = 0.0
    beta: Real = 0.001
    key: Key = 0

    def at(self, step):
        _, rest = fractions(step, self.steps)
        some = self.initial_variance > 0  # the slope of a square root at 0 is infinite
        deviation = jnp.where(some, jnp.sqrt(jnp.where(some, self.initial_variance, 1)), 0)
        done = jnp.minimum(to_real(plain(step)), to_real(self.steps))
        spread = deviation * jnp.exp(-0.5 * self.variance_decay * jnp.log1p(done))
        line = self.alpha + rest + spread * normal(self.key, whole_steps(step))
        return self.start * (line * _wave(step, self.steps, self.num_periods) + self.beta)


def _wave(step, steps, periods):
    """`(1 + cos(2 pi periods x)) / 2` of the part x that is done, from the nearest trough, where its digits are."""
    turns, lost = in_units(periods, step, steps)
    over = reached(step, steps)
    turns, lost = jnp.where(over, periods, turns), jnp.where(over, 0, lost)
    from_trough = turns - (jnp.floor(turns) + 0.5) + lost
    return jnp.square(jnp.sin(jnp.pi * from_trough))
