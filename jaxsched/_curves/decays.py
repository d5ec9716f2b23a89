"""Decays that never end."""

from typing import Any

import jax.numpy as jnp

from jaxsched._core.kinds import Count, Level, NotNegative, Positive
from jaxsched._core.schedule import Exact
from jaxsched._core.time import ratio


class InverseTime(Exact):
    r"""One over time: $v = \frac{s}{1 + r\,t / n}$.

    Args:
        start: the value s at step 0, any finite number.
        rate: r per `steps`, dimensionless, at least 0.
        steps: the time unit n in steps, at least 0; 0 means no decay.

    Raises:
        ValueError: a number is not finite or negative, or `steps` is an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.nodes.InverseTime(1.0, 0.5, 10)(20))
        0.5

    Reference:
        `InverseTimeDecay` in TensorFlow, Keras and Paddle.
    """

    start: Level
    rate: NotNegative
    steps: Count = 1

    def at(self, step: Any) -> Any:
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

    start: Level
    timescale: Count
    shift: Count = 0
    power: Positive = 0.5

    def at(self, step: Any) -> Any:
        passed = ratio(step, self.timescale) + ratio(self.shift, self.timescale)
        return self.start * jnp.exp(-self.power * jnp.log1p(passed))
