"""Laws: the loss that a run will reach, as a formula of its rates. Their numbers are leaves, as those of schedules."""

import abc
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.foresight._rates import check_known, rates_of, remaining, schedule_of, total_of
from jaxsched.kinds import Positive, Real, shown

SMALLEST = 1e-10
"""The least rate that the multi-power law knows: at 0 it is not defined."""


class Law(js.nodes.Data, abc.ABC):
    """The base of laws: `law(schedule, total)` is the loss at the end, `law.curve(schedule, steps)` that at each step.

    A subclass has one method, `after(rates)`: the loss after the last of some rates. Pure: `jax.jit`, `jax.vmap` over
    `jaxsched.stack` and `jax.grad` work, and a law compiles once for any numbers.
    """

    def __call__(self, schedule: Any, total: int) -> jax.Array:
        """The loss after `total` updates: a scalar, in nats where the law was fitted to nats.

        Args:
            schedule: a schedule, a number or a function of the step.
            total: the length of the run in steps, a Python int.
        """
        return self.after(rates_of(schedule_of("schedule", schedule), total_of("total", total)))

    def curve(self, schedule: Any, steps: Any) -> jax.Array:
        """The loss after the update of each step: an array of the shape of `steps`.

        Args:
            schedule: a schedule, a number or a function of the step.
            steps: known whole numbers from 0 on, an array of them or one.
        """
        points = steps_of("steps", steps)
        rates = rates_of(schedule_of("schedule", schedule), int(points.max(initial=0)) + 1)
        # After each point there are rates of 0, of which no law takes notice.
        until = jnp.arange(len(rates))
        losses = jax.lax.map(lambda last: self.after(jnp.where(until <= last, rates, 0), last), jnp.ravel(points))
        return losses.reshape(points.shape)

    @abc.abstractmethod
    def after(self, rates: jax.Array, last: Any = None) -> jax.Array:
        """The loss after the update at the step `last`, by default the last one; the rates after it are 0."""


class FunctionalLaw(Law):
    r"""The default law: gain from the distance travelled, and noise that is forgotten as a power of it.

    $$L = L_0 + a\,S^{-\alpha} + c \sum_t \frac{v_t^2}{(A_t + \kappa p)^q}$$

    with $A_t = \sum_{u > t} v_u$, $S = \sum_t v_t$ and p the largest rate. The form is that of the functional scaling
    law; q and $\kappa$ are our choice, made on public curves of models of 25M to 124M parameters and on a small
    character model together (q from 1.25 to 1.5 and $\kappa$ from 5 to 20 do nearly as well).

    Args:
        floor: $L_0$, in units of the loss.
        gain: a, of the distance travelled; greater than 0.
        power: $\alpha$, of the distance travelled; greater than 0.
        noise: c, of the noise; any finite number.
        forgetting: q, how fast the noise is forgotten; greater than 0.
        lag: $\kappa$, in steps at the peak: what the last updates still weigh.
        peak: the peak $p_0$ that `gain` and `noise` are of, where they hang on it; greater than 0.
        gain_by_peak: b: the gain is $a (p / p_0)^b$.
        noise_by_peak: d: the noise is $c (p / p_0)^{-d}$.

    Raises:
        ValueError: a number is not finite or out of its range.

    Examples:
        >>> law = jaxsched.foresight.FunctionalLaw(2.6214, 0.61725, 0.45182, 26.633)  # fitted to a model of 100M
        >>> print(f"{law(jaxsched.warmup_cosine(3e-4, 2_160, 24_000, end=3e-5), 24_000):.3f}")
        2.981

    Reference:
        Li et al. 2025, arXiv:2509.19189, whose kernel has this form.
    """

    floor: Real
    gain: Positive
    power: Positive
    noise: Real
    forgetting: Positive = 4 / 3
    lag: Positive = 10.0
    peak: Positive = 1.0
    gain_by_peak: Real = 0.0
    noise_by_peak: Real = 0.0

    def after(self, rates: jax.Array, last: Any = None) -> jax.Array:
        trains = rates > 0
        kept = jnp.where(trains, remaining(rates) + self.lag * jnp.max(rates), 1)
        noise = jnp.sum(jnp.where(trains, rates**2 * kept**-self.forgetting, 0))
        relative = relative_peak(rates, self.peak)
        gain = self.gain * relative**self.gain_by_peak
        return jnp.asarray(
            self.floor + gain * travelled(rates, self.power) + self.noise * relative**-self.noise_by_peak * noise
        )


class AnnealingLaw(Law):
    r"""The law of annealing: gain from the distance travelled, and from the rate's fall, with momentum.

    $$L = L_0 + a\,S^{-\alpha} - c \sum_t m_t$$

    with $m_t = \lambda m_{t-1} + (v_{t-1} - v_t)$ and $m_0 = 0$. Its rises count too, the warmup's among them. Never
    look for the best shape under it: it is linear in the falls, so the best is a jump to 0.

    Args:
        floor: $L_0$, in units of the loss.
        gain: a, of the distance travelled; greater than 0.
        power: $\alpha$, of the distance travelled; greater than 0.
        drop: c, of the fall; any finite number.
        momentum: $\lambda$, from 0 and below 1, per step: 0.999 suits runs of 20,000 steps and more; for short ones fit
            it.
        peak: the peak $p_0$ that `gain` and `drop` are of, where they hang on it; greater than 0.
        gain_by_peak: b: the gain is $a (p / p_0)^b$.
        drop_by_peak: d: the fall's is $c (p / p_0)^{-d}$.

    Raises:
        ValueError: a number is not finite or out of its range.

    Examples:
        >>> law = jaxsched.foresight.AnnealingLaw(2.6934, 0.55334, 0.52452, 0.47542)  # fitted to a model of 100M
        >>> print(f"{law(jaxsched.warmup_cosine(3e-4, 2_160, 24_000, end=3e-5), 24_000):.3f}")
        2.979

    Reference:
        Tissue et al. 2024, arXiv:2408.11029, eq. 1.
    """

    floor: Real
    gain: Positive
    power: Positive
    drop: Real
    momentum: js.kinds.PartBelowOne = 0.999
    peak: Positive = 1.0
    gain_by_peak: Real = 0.0
    drop_by_peak: Real = 0.0

    def after(self, rates: jax.Array, last: Any = None) -> jax.Array:
        last = len(rates) - 1 if last is None else last
        falls = rates[:-1] - rates[1:]
        # A fall at step k is in m of each step from k on: a geometric sum.
        since = last - jnp.arange(1, len(rates)) + 1
        log = jnp.log(jnp.maximum(jnp.asarray(self.momentum, rates.dtype), SMALLEST))
        summed = jnp.expm1(jnp.maximum(since, 0).astype(rates.dtype) * log) / jnp.expm1(log)
        relative = relative_peak(rates, self.peak)
        gain = self.gain * relative**self.gain_by_peak
        fallen = self.drop * relative**-self.drop_by_peak * jnp.sum(falls * summed)
        return jnp.asarray(self.floor + gain * travelled(rates, self.power) - fallen)


class MultiPowerLaw(Law):
    r"""The multi-power law, for its published numbers.

    $$L = L_0 + a\,S^{-\alpha} - b \sum_{k \ge 1} (v_{k-1} - v_k)\,g_k$$

    $$g_k = 1 - \left(1 + c\, v_k^{-\gamma} \sum_{u \ge k} v_u\right)^{-\beta}$$

    The sum is over all steps, those of the warmup among them: the published numbers were fitted so. `fit` does not
    offer it: the least error of its seven numbers predicts worse than the published ones.

    Args:
        floor: $L_0$, in units of the loss.
        gain: a, of the distance travelled; greater than 0.
        power: $\alpha$, of the distance travelled; greater than 0.
        drop: b, of the fall; any finite number.
        speed: c, how soon a fall is worth all that it is; greater than 0.
        beta: $\beta$, an exponent; greater than 0.
        gamma: $\gamma$, an exponent of the rate; any finite number.

    Raises:
        ValueError: a number is not finite or out of its range.

    Examples:
        >>> law = jaxsched.foresight.MultiPowerLaw(2.65145, 0.601152, 0.452958, 437.946, 2.13246, 0.597852, 0.655236)
        >>> print(f"{law(jaxsched.warmup_cosine(3e-4, 2_160, 24_000, end=3e-5), 24_000):.3f}")
        2.990

    Reference:
        Luo et al. 2025, arXiv:2503.12811, eq. 5, and its numbers for 25M, 100M and 400M parameters.
    """

    floor: Real
    gain: Positive
    power: Positive
    drop: Real
    speed: Positive
    beta: Positive
    gamma: Real

    def after(self, rates: jax.Array, last: Any = None) -> jax.Array:
        last = len(rates) - 1 if last is None else last
        from_here = (remaining(rates) + rates)[1:]
        rate = jnp.maximum(rates[1:], SMALLEST)
        part = -jnp.expm1(-self.beta * jnp.log1p(self.speed * rate**-self.gamma * from_here))
        falls = jnp.where(jnp.arange(1, len(rates)) <= last, rates[:-1] - rates[1:], 0)
        return jnp.asarray(self.floor + self.gain * travelled(rates, self.power) - self.drop * jnp.sum(falls * part))


def travelled(rates: jax.Array, power: Any) -> jax.Array:
    """The sum of the rates to the power of `-power`: infinite where nothing has been travelled."""
    summed = jnp.sum(rates)
    return jnp.where(summed > 0, jnp.where(summed > 0, summed, 1) ** -power, jnp.inf)


def relative_peak(rates: jax.Array, peak: Any) -> jax.Array:
    largest = jnp.max(rates)
    return jnp.where(largest > 0, largest, 1) / peak


def steps_of(name: str, x: Any) -> np.ndarray:
    check_known(name, x)
    try:
        points = np.asarray(x)
    except (TypeError, ValueError):  # ragged, or a key
        points = np.asarray(None)
    whole = points.dtype.kind in "iuf" and np.isfinite(points).all() and (points == np.floor(points)).all()
    if not whole:
        raise TypeError(f"`{name}` must be whole numbers: got {shown(x)}.")
    if not points.size or points.min() < 0:
        raise ValueError(f"`{name}` must be at least one step from 0 on: got {shown(x)}.")
    total_of(name, int(points.max()) + 1)
    return points.astype(np.int32)
