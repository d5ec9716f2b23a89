"""Hypergradient: a rate that follows its own gradient."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._controllers.base import LAST_STEP
from jaxsched._core.choice import select
from jaxsched._core.fields import check_order, positive
from jaxsched._core.kinds import Bound, NotNegative, checked
from jaxsched._core.program import relaxed
from jaxsched._optax.direction import Array, descent, direction_of, inner_product, scalar
from jaxsched._optax.transformation import GradientTransformation, GradientTransformationExtraArgs


class HypergradientState(NamedTuple):
    """The state of `hypergradient`."""

    learning_rate: Array  # shape=(), dtype=float32; what the last update used, and the start before the first
    # updates so far; shape=(), dtype=int32
    count: Array  # pyright: ignore[reportIncompatibleMethodOverride]
    direction: Any  # of the last update, like the parameters; 0 before the first
    inner_state: Any


@checked
def hypergradient(
    start: Bound,
    rate: NotNegative,
    *,
    inner: GradientTransformation | None = None,
    multiplicative: bool = False,
    min_value: Bound = 0.0,
    max_value: Bound | None = None,
) -> GradientTransformationExtraArgs:
    r"""Gradient descent whose rate is learnt by gradient descent too, from successive gradients.

    With the gradient $g_t$ and the direction $d_t$ of update t (the gradient itself, or what `inner` makes of it), the
    derivative of the loss by the rate of the update before is $-g_t \cdot d_{t-1}$, so that the rate goes by

    $$\alpha_t = \alpha_{t-1} + \beta\, g_t \cdot d_{t-1}, \quad \theta_{t+1} = \theta_t - \alpha_t d_t$$

    with $d_{-1} = 0$, or by $\alpha_t = \alpha_{t-1} (1 + \beta\, g_t \cdot d_{t-1} / (\|g_t\| \|d_{t-1}\|))$ if it is
    `multiplicative`: then $\beta$ has no unit and the loss may be scaled. The rate is clipped to its bounds. It stays
    as it is where the result is not finite, after an overflow for instance. It is the last part of a chain, as
    `optax.scale_by_learning_rate` is, and takes its gradients from what stands before it. `last_used(opt_state)`
    shows the rate, and `override` sets it.

    Args:
        start: the first rate, at least 0; greater than 0 if it is multiplicative.
        rate: the rate $\beta$ of the rate, at least 0. In the paper, 1e-3 for gradient descent and 1e-7 to 1e-8 for
            Adam. Multiplicative, it is the largest part by which a step changes the rate: 0.02, say.
        inner: a transformation that gives the direction, such as `optax.scale_by_adam()`; `None` for the gradient.
        multiplicative: whether the rate changes by a factor.
        min_value: the least rate, at least 0; 0 lets descent pause, but not turn into ascent.
        max_value: the largest rate; `None` for no bound.

    Raises:
        ValueError: a number out of its range or no scalar, or `inner` is a whole optimizer.
        TypeError: a number is none, or `inner` is no transformation.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.hypergradient(0.125, rate=0.25)
        >>> params, state = 1.0, optimizer.init(1.0)
        >>> for _ in range(2):  # the gradient of params**2 / 2 is params
        ...     updates, state = optimizer.update(params, state)
        ...     params = optax.apply_updates(params, updates)
        >>> float(state.learning_rate)  # 0.125 + 0.25 * 1.0 * 0.875
        0.34375

    Reference:
        Baydin, Cornish, Martínez Rubio, Schmidt and Wood 2018, arXiv:1703.04782, equations 3 and 4 (SGD-HD), the
        multiplicative rule of section 2, and Adam-HD, which is `inner=optax.scale_by_adam()`. The bounds and the
        treatment of what is not finite are not in it.
    """
    start = scalar("start", positive("start", start) if multiplicative else start)
    rate, least = scalar("rate", rate), scalar("min_value", min_value)
    most = np.inf if max_value is None else scalar("max_value", max_value)
    check_order("min_value", least, "max_value", most)
    check_order("min_value", least, "start", start, between := "Start between the bounds.")
    check_order("start", start, "max_value", most, between)
    return _transformation(start, rate, least, most, direction_of(inner), multiplicative)


def _transformation(start: Any, rate: Any, least: Any, most: Any, inner: Any, multiplicative: bool) -> Any:
    import optax

    start, rate, least, most = (jnp.asarray(x, jnp.float32) for x in (start, rate, least, most))

    def init(params: Any) -> HypergradientState:
        zeros = jax.tree.map(lambda p: jnp.zeros(jnp.shape(p), jnp.asarray(p).dtype), params)
        return HypergradientState(jnp.array(start), jnp.zeros((), jnp.int32), zeros, inner.init(params))

    def update(updates: Any, state: Any, params: Any = None, **extra: Any) -> tuple[Any, HypergradientState]:
        direction, inner_state = inner.update(updates, state.inner_state, params, **extra)
        with relaxed():
            before, slope = state.learning_rate, inner_product(updates, state.direction)
            if multiplicative:
                # One norm after the other: the product of their squares would leave the range of float32 early.
                slope = before * _over_norm(_over_norm(slope, updates), state.direction)
            after = before + rate * slope
            now = select(jnp.isfinite(after), jnp.clip(after, least, most), before)
            kept = jax.tree.map(lambda d, old: jnp.asarray(d).astype(old.dtype), direction, state.direction)
            count = state.count + (state.count < LAST_STEP).astype(jnp.int32)
            return descent(direction, now, updates), HypergradientState(now, count, kept, inner_state)

    return optax.GradientTransformationExtraArgs(init, update)


def _over_norm(x: Array, tree: Any) -> Array:
    square = inner_product(tree, tree)
    return select(square > 0, x * jax.lax.rsqrt(select(square > 0, square, 1.0)), 0.0)
