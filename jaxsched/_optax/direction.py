"""What the gradient transformations share: the direction of a step, inner products, and the step itself."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._core.fields import is_traced
from jaxsched._core.program import relaxed

Array = jax.Array

LARGE = 1e3
"""A gradient so large that neither noise nor decay of an inner transformation turns the direction around."""


def direction_of(inner: Any) -> Any:
    """The transformation that turns a gradient into a direction, the gradient itself if it is `None`."""
    import optax

    if inner is None:
        return optax.with_extra_args_support(optax.identity())
    if isinstance(inner, type) or not callable(getattr(inner, "init", None)) or not hasattr(inner, "update"):
        raise TypeError(
            f"`inner` must be an optax transformation that gives the direction: got {inner!r:.80}. "
            f"Pass `optax.scale_by_adam()`, say, or None for the gradient itself."
        )
    inner = optax.with_extra_args_support(inner)
    if _climbs(inner):
        raise ValueError(
            "`inner` must give a direction to descend along by subtracting it: got one that has its sign turned "
            "already, as a whole optimizer has. Pass `optax.scale_by_adam()` in place of `optax.adam(rate)`."
        )
    return inner


def _climbs(inner: Any) -> bool:
    with jax.ensure_compile_time_eval(), relaxed():
        one = jnp.ones(())
        try:
            direction = inner.update(one * LARGE, inner.init(one), one)[0]
        except Exception:  # it asks for more than a gradient, or for parameters of its own structure
            return False
    return not is_traced(direction) and bool(np.any(np.asarray(direction) < 0))


def inner_product(x: Any, y: Any) -> Array:
    """The sum of products over two trees in float32, whatever their dtypes."""

    def product(x: Any, y: Any) -> Array:
        x, y = jnp.asarray(x), jnp.asarray(y)
        # Not `vdot`: a matrix unit would round float32 to bfloat16.
        wide = jnp.complex64 if jnp.iscomplexobj(x) or jnp.iscomplexobj(y) else jnp.float32
        return jnp.sum((jnp.conj(x.astype(wide)) * y.astype(wide)).real)

    zero = jnp.zeros((), jnp.float32)
    return jax.tree.reduce(jnp.add, jax.tree.map(product, x, y), zero)


def descent(direction: Any, rate: Array, like: Any) -> Any:
    """The updates: minus the rate times the direction, in the dtypes of `like`."""
    return jax.tree.map(lambda d, g: (-rate * d).astype(jnp.asarray(g).dtype), direction, like)


def scalar(name: str, x: Any) -> Any:
    if np.shape(x) != ():
        raise ValueError(f"`{name}` must be one number: got shape {np.shape(x)}. Use `jax.vmap` for several.")
    return x
