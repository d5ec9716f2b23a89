"""Straight lines and powers."""

import dataclasses
from typing import Any

import jax.numpy as jnp

from jaxsched._core.kinds import Count, Level, Positive
from jaxsched._core.laps import stretched_fractions
from jaxsched._core.schedule import Exact
from jaxsched._core.time import blend, power_weights, to_real
from jaxsched._curves.ramp import Ramp


class Linear(Ramp):
    r"""A straight line: $v = s + (e - s)\,x$ with $x = \min(t / n, 1)$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.Linear(0.0, 1.0, steps=4)(1))
        0.25

    Reference:
        `LinearLR` in PyTorch and Paddle, `linear_schedule` in optax.
    """

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        return rest, x


class Polynomial(Ramp, kw_only=True):
    r"""A power of the remaining fraction: $v = e + (s - e)(1 - x)^p$ with $x = \min(t / n, 1)$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.
        power: the exponent p, greater than 0; 1 is a straight line.

    Raises:
        ValueError: a number is not finite, `power` is not positive, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.Polynomial(1.0, 0.0, steps=4, power=2.0)(2))
        0.25

    Reference:
        `PolynomialDecay` in TensorFlow, Keras and Paddle, `PolynomialLR` in PyTorch.
    """

    power: Positive = 1.0

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        return power_weights(x, rest, self.power)


class ElapsedPower(Ramp, kw_only=True):
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
        >>> float(jaxsched.ElapsedPower(1.0, 0.0, steps=4)(1))
        0.5

    Reference:
        Hägele et al. 2024, arXiv:2405.18392, section 3 (1-sqrt); `SchedPoly` in fastai.
    """

    power: Positive = 0.5

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        of_end, of_start = power_weights(rest, x, self.power)
        return of_start, of_end


class Rex(Ramp):
    r"""Reflected exponential: $v = e + (s - e)\,\frac{1 - x}{1 - x / 2}$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> round(float(jaxsched.Rex(1.0, 0.0, steps=4)(2)), 6)
        0.666667

    Reference:
        Chen, Wolfe and Kyrillidis 2021, arXiv:2107.04197.
    """

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        return 2 * rest / (1 + rest), x / (1 + rest)


class Logarithmic(Ramp):
    r"""Linear in the logarithm of time: $v = s + (e - s)\,\frac{\log(1 + t)}{\log(1 + n)}$.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.Logarithmic(0.0, 1.0, steps=3)(1))
        0.5

    Reference:
        `warmup_type="log"` of `WarmupLR` in DeepSpeed, whose `warmup_num_steps` is `steps + 1`.
    """

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        length = jnp.maximum(to_real(self.steps), jnp.finfo(x.dtype).tiny)
        whole, done = jnp.log1p(length), length * x
        return jnp.log1p(length * rest / (1 + done)) / whole, jnp.log1p(done) / whole


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
        >>> float(jaxsched.StretchingPolynomial(1.0, 0.0, steps=2)(3))
        0.25

    Reference:
        `PolynomialDecay(cycle=True)` in TensorFlow, Keras and Paddle.
    """

    start: Level
    end: Level
    _: dataclasses.KW_ONLY
    steps: Count
    power: Positive = 1.0

    def at(self, step: Any) -> Any:
        x, rest = stretched_fractions(step, self.steps)
        return blend(self.start, self.end, *power_weights(x, rest, self.power))
