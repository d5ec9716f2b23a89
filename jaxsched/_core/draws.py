"""Noise as a pure function of a key and the step."""

from typing import Any

import jax
import jax.numpy as jnp

from jaxsched._core.time import Array, real_dtype


def uniform(key, step: Array) -> Array:
    """One uniform draw between -1 and 1 for each step.

    It is made of the words of the folded key themselves: what JAX draws from a key depends on x64 and on
    `jax_threefry_partitionable`, and a run that is resumed under another configuration would have other rates.
    """
    words = key.astype(jnp.uint32) if key.ndim else jnp.stack([jnp.zeros((), jnp.uint32), key.astype(jnp.uint32)])
    key = jax.random.wrap_key_data(words, impl="threefry2x32" if words.shape[-1] == 2 else "rbg")

    def one(t):
        word = jax.random.key_data(jax.random.fold_in(key, t))[-1]
        # In the middle of one of 2**23 intervals: exact in either precision, and never 1.
        return ((word >> 9).astype(real_dtype()) + 0.5) * 2.0**-22 - 1

    step = step.astype(jnp.uint32)
    return jax.vmap(one)(step.ravel()).reshape(step.shape) if step.ndim else one(step)


def normal(key, step: Array) -> Array:
    """One standard normal draw for each step."""
    return jnp.sqrt(jnp.asarray(2, real_dtype())) * jax.lax.erf_inv(uniform(key, step))


def truncated_normal(key, step: Array, bound: Any) -> Array:
    """One standard normal draw between `-bound` and `bound` for each step; `bound` has the step's shape or none."""
    # erf maps the interval onto probabilities; as in jax.random.truncated_normal, but one bound for each step
    limit = jax.lax.erf(bound / jnp.sqrt(jnp.asarray(2, real_dtype())))
    return jnp.clip(jnp.sqrt(jnp.asarray(2, real_dtype())) * jax.lax.erf_inv(uniform(key, step) * limit), -bound, bound)
