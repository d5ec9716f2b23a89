"""Reduce on stationarity: cut the rate when a statistical test says that descent has become a random walk."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxsched._controllers.base import LAST_STEP, PureSchedule
from jaxsched._controllers.metrics import ROUNDING, counted, events, flags, stopped
from jaxsched._core.choice import select
from jaxsched._core.factors import log_inside
from jaxsched._core.kinds import Bound, Count, InnerFactor, PartBelowOne, Positive, WholeAtLeastOne, checked
from jaxsched._core.program import relaxed, time_of
from jaxsched._core.schedule import as_schedule
from jaxsched._optax.direction import Array, descent, direction_of, inner_product, scalar
from jaxsched._optax.transformation import GradientTransformation, GradientTransformationExtraArgs

BATCHES = 16
"""Batch means in a test: enough for their deviation, and few enough that they may be long."""


class Sample(NamedTuple):
    """What a test has seen so far."""

    size: Array  # shape=(), dtype=int32; steps of a batch
    pending: Array  # shape=(), dtype=int32; steps in the present batch
    partial: Array  # shape=(), dtype=float32; the mean of the statistic over those
    batches: Array  # shape=(), dtype=int32; batches that are complete
    mean: Array  # shape=(), dtype=float32; of their means
    squares: Array  # shape=(), dtype=float32; the sum of the squares of their deviations
    energy: Array  # shape=(), dtype=float32; the mean of half the rate times the squared direction


class StationarityState(NamedTuple):
    """The state of `reduce_on_stationarity`."""

    learning_rate: Array  # shape=(), dtype=float32; what the last update used, and the first value before it
    step: Array  # shape=(), dtype=int32; updates so far
    cuts: Array  # shape=(), dtype=int32; the scale is factor**cuts
    flags: Array  # shape=(), dtype=int32; the events and the count of observations, as bits
    sample: Sample
    inner_state: Any

    events = events


@checked
def reduce_on_stationarity(
    schedule: PureSchedule,
    factor: InnerFactor = 0.1,
    *,
    inner: GradientTransformation | None = None,
    window: WholeAtLeastOne = 50,
    tolerance: Positive = 0.1,
    confidence: PartBelowOne = 0.8,
    min_value: Bound = 0.0,
    begin: Count = 0,
) -> GradientTransformationExtraArgs:
    r"""Descent whose rate is cut by `factor` each time a test finds that the parameters are stationary.

    At a constant rate $\alpha$, parameters $x_{k+1} = x_k - \alpha d_k$ end up wandering about a minimum. Then
    $E\|x_{k+1}\|^2 = E\|x_k\|^2$, that is, the mean of

    $$\Delta_k = \langle x_k, d_k \rangle - \tfrac{\alpha}{2} \|d_k\|^2$$

    is 0. A test takes 16 batches of w steps, the mean $\bar\Delta$ of their means, and the half-width $\omega$ of its
    confidence interval by Student's distribution. With $\nu$ the mean of $\tfrac{\alpha}{2}\|d_k\|^2$ and the tolerance
    $\delta$, the parameters are stationary if $|\bar\Delta| + \omega < \delta \nu$: the rate is cut. They are still on
    their way if $|\bar\Delta| - \omega > \delta \nu$. If neither is sure, the next batches are twice as long. Each test
    begins anew, so that what came before is forgotten. Tests are long where there are few parameters that are large
    beside their wandering, and none succeeds where norms grow for ever, as those of normalised layers do without
    weight decay. It is the last part of a chain, as `optax.scale_by_learning_rate` is; what changes the direction, such
    as weight decay, belongs before it or inside of `inner`. It needs `params`. `update(..., step=tokens)` reads the
    schedule there; `begin` and `window` count updates. `last_used(opt_state)` shows the rate.

    Args:
        schedule: a schedule, number or function of the step, constant (apart from the cuts) while a test is to hold.
        factor: the factor of a cut, between 0 and 1.
        inner: a transformation that gives the direction d, such as `optax.trace(0.9)`; `None` for the gradient.
        window: the steps w of the first batches after a cut, at least 1.
        tolerance: the drift $\delta$ that passes for none, as a part of $\nu$, greater than 0. For plain descent on a
            parabola it is the excess of the mean squared distance over the stationary one. With momentum
            $\beta$ a test is as strict, and as slow, as without it for $\delta (1 + \beta) / (1 - \beta)$.
        confidence: the level of the confidence interval, from 0 to below 1.
        min_value: the floor of the value, at least 0. It never lifts a schedule above its own value.
        begin: the first step that is looked at: the length of a warmup, say.

    Raises:
        ValueError: a number out of its range, `inner` is a whole optimizer, or `update` was called without `params`.
        TypeError: `schedule` is not a schedule, or `inner` is no transformation.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.reduce_on_stationarity(0.5, inner=optax.trace(0.9))
        >>> params = {"w": np.ones(3)}
        >>> _, state = optimizer.update(params, optimizer.init(params), params)
        >>> float(state.learning_rate), bool(state.events.reduced)
        (0.5, False)

    Reference:
        Lang, Zhang and Xiao 2019, arXiv:1909.09785 (SASA), whose test of equivalence with tolerance and batch means
        this is, but of the condition of Zhang, Lang, Liu and Xiao 2020, arXiv:2002.10597 (SASA+), which holds for any
        direction. Theirs multiplies $\nu$ by $(1 + \beta) / (1 - \beta)$. They test a growing share of the latest
        steps every so often, which takes a memory that grows; here each test has steps of its own, and memory is
        constant. SASA+ cuts where the interval holds 0, so that too few data look like stationarity.
    """
    schedule = as_schedule(schedule)
    log_factor, window = scalar("factor", log_inside("factor", factor)), scalar("window", window)
    tolerance, confidence = scalar("tolerance", tolerance), scalar("confidence", confidence)
    min_value, begin, directed = scalar("min_value", min_value), scalar("begin", begin), direction_of(inner)

    import optax

    def value(base: Array, cuts: Array) -> Array:
        scaled = base * jnp.exp(jnp.minimum(log_factor, 0.0) * cuts)
        return jnp.maximum(scaled, jnp.minimum(min_value, base)).astype(jnp.float32)

    def init(params: Any) -> StationarityState:
        zero, inner_state = jnp.zeros((), jnp.int32), directed.init(params)
        with relaxed():
            rate = value(schedule(zero).astype(jnp.float32), zero)
            return StationarityState(rate, zero, zero, zero, _empty(jnp.maximum(window, 1)), inner_state)

    def update(updates: Any, state: Any, params: Any = None, **extra: Any) -> tuple[Any, StationarityState]:
        if params is None:
            raise ValueError("`params` must be given: the test looks at them. Call `update(updates, state, params)`.")
        direction, inner_state = directed.update(updates, state.inner_state, params, **extra)
        step = time_of(extra.get("step"))
        with relaxed():
            base = schedule(state.step if step is None else step).astype(jnp.float32)
            rate, lower = value(base, state.cuts), value(base, state.cuts + 1)
            energy = rate / 2 * inner_product(direction, direction)
            statistic = inner_product(params, direction) - energy
            seen = jnp.isfinite(statistic) & (state.step >= begin)
            sample = jax.tree.map(
                lambda new, old: select(seen, new, old), _more(state.sample, statistic, energy), state.sample
            )

            ended = sample.batches >= BATCHES
            width = _quantile(confidence) * jnp.sqrt(sample.squares / (BATCHES * (BATCHES - 1)))
            margin = tolerance * sample.energy
            still = ended & (jnp.abs(sample.mean) + width < margin)
            unsure = ended & ~still & ~(jnp.abs(sample.mean) - width > margin)
            twice = select(sample.size < LAST_STEP // 2, 2 * sample.size, sample.size)
            size = select(still, jnp.maximum(window, 1), select(unsure, twice, sample.size))
            sample = jax.tree.map(lambda new, old: select(ended, new, old), _empty(size), sample)

            cut = still & (lower < rate * (1 - ROUNDING))
            low = select(cut, lower, rate) <= jnp.minimum(min_value, base) * (1 + ROUNDING)
            happened = flags(reduced=cut, at_floor=low, stopped=stopped(state, still, cut))
            return descent(direction, rate, updates), StationarityState(
                learning_rate=rate,
                step=state.step + (state.step < LAST_STEP).astype(jnp.int32),
                cuts=state.cuts + cut.astype(jnp.int32),
                flags=counted(happened, state.flags, seen),
                sample=sample,
                inner_state=inner_state,
            )

    return optax.GradientTransformationExtraArgs(init, update)


def _empty(size: Any) -> Sample:
    zero, none = jnp.zeros((), jnp.int32), jnp.zeros((), jnp.float32)
    return Sample(jnp.asarray(size).astype(jnp.int32), zero, none, zero, none, none, none)


def _more(sample: Sample, statistic: Array, energy: Array) -> Sample:
    """The sample with one more step; Welford's mean and squares of the batch means."""
    size, pending, partial, batches, mean, squares, energies = sample
    steps = batches.astype(jnp.float32) * size + pending + 1
    partial = partial + (statistic - partial) / (pending + 1)
    complete = pending + 1 >= size
    off = partial - mean
    better = mean + off / (batches + 1)
    return Sample(
        size,
        select(complete, 0, pending + 1),
        select(complete, 0.0, partial),
        batches + complete.astype(jnp.int32),
        select(complete, better, mean),
        select(complete, squares + off * (partial - better), squares),
        energies + (energy - energies) / steps,
    )


def _quantile(confidence: Any) -> Array:
    """Student's two-sided quantile, by the first terms of its expansion about the normal one."""
    from jax.scipy.special import ndtri

    z, degrees = ndtri((1 + jnp.asarray(confidence, jnp.float32)) / 2), BATCHES - 1
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
