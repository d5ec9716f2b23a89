"""Noise as a pure function of a key and the step."""

from typing import Any

import jax
import jax.numpy as jnp

from jaxsched._core.time import Array, real_dtype


def _draw(key, step: Array, sample) -> Array:
    if key.ndim:  # the words of a key; their number tells the generator
        words = key.astype(jnp.uint32)
        key = jax.random.wrap_key_data(words, impl="threefry2x32" if words.shape[-1] == 2 else "rbg")
    else:
        key = jax.random.key(key)

    def one(t):
        return sample(jax.random.fold_in(key, t))

    return jax.vmap(one)(step.ravel()).reshape(step.shape) if step.ndim else one(step)


def normal(key, step: Array) -> Array:
    """One standard normal draw for each step."""
    return _draw(key, step, lambda k: jax.random.normal(k, dtype=real_dtype()))


def truncated_normal(key, step: Array, bound: Any) -> Array:
    """One standard normal draw between `-bound` and `bound` for each step; `bound` has the step's shape or none."""
    uniform_draw = uniform(key, step)
    # erf maps the interval onto probabilities; as in jax.random.truncated_normal, but one bound for each step
    limit = jax.lax.erf(bound / jnp.sqrt(jnp.asarray(2, real_dtype())))
    return jnp.clip(jnp.sqrt(jnp.asarray(2, real_dtype())) * jax.lax.erf_inv(uniform_draw * limit), -bound, bound)


def uniform(key, step: Array) -> Array:
    """One uniform draw from [-1, 1) for each step."""
    return _draw(key, step, lambda k: jax.random.uniform(k, dtype=real_dtype(), minval=-1, maxval=1))
