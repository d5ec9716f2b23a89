"""The width in which a transformation computes, whatever the dtypes of what it is given and of what is stored."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from jaxsched._core.program import relaxed


def width_of(tree: Any) -> Any:
    """The real dtype to compute in: at least float32, and the widest in the tree."""
    reals = [jnp.finfo(jnp.result_type(x)).dtype for x in jax.tree.leaves(tree) if _is_inexact(x)]
    with relaxed():
        return functools.reduce(jnp.promote_types, reals, jnp.dtype(jnp.float32))


def is_wide(tree: Any, width: Any) -> bool:
    """Whether no number in the tree is narrower."""
    return all(jnp.result_type(x) == _widened(x, width) for x in jax.tree.leaves(tree) if _is_inexact(x))


def widened(tree: Any, width: Any) -> Any:
    """Each real or complex array in at least this width."""
    return jax.tree.map(lambda x: x.astype(_widened(x, width)) if _is_inexact(x) else x, tree)


def first_state(transformation: Any, params: Any, width: Any) -> Any:
    """The transformation's first state: arrays as narrow as the parameters make them, scalars in full width.

    A scalar costs no memory, and a sum of many small numbers, as `optax.contrib.schedule_free` keeps one, stands still
    in bfloat16.
    """
    state = transformation.init(params)
    return state if is_wide(params, width) else _as_if_wide(state, transformation, params, width, scalars_alone=True)


def updated(transformation: Any, updates: Any, state: Any, params: Any, extra: dict[str, Any], width: Any) -> Any:
    """What the transformation makes of updates and state, computed in full width and in the dtypes that they had.

    Hyperparameters are wide, and what branches or selects between them and narrower arrays is refused by JAX.
    """
    if is_wide((updates, params), width):
        new, after = transformation.update(updates, state, params, **extra)
    else:
        like = updates if params is None else params
        wide_state = _as_if_wide(state, transformation, like, width)
        wide = [widened(x, width) for x in (updates, params, extra)]
        new, after = transformation.update(wide[0], wide_state, wide[1], **wide[2])
    # What `optax.lookahead` gives has the structure of its pairs of parameters, not that of the gradients.
    alike = [x for x in (updates, params) if jax.tree.structure(x) == jax.tree.structure(new)]
    return cast_like(new, *alike), cast_like(after, state)


def cast_like(new: Any, *old: Any) -> Any:
    """Each array in the widest of the dtypes that it had."""

    def cast(x, *like):
        dtypes = [jnp.result_type(each) for each in like if _is_number(each)]
        return x.astype(functools.reduce(jnp.promote_types, dtypes)) if dtypes and _is_number(x) else x

    with relaxed():
        return jax.tree.map(cast, new, *old)


def _as_if_wide(state: Any, transformation: Any, params: Any, width: Any, scalars_alone: bool = False) -> Any:
    """The state in the dtypes that it would have with wide parameters; some are chosen, as by `mu_dtype`."""
    wide = jax.eval_shape(transformation.init, widened(params, width))
    if jax.tree.structure(wide) != jax.tree.structure(state):
        return state  # of another optimizer, say: for the transformation to refuse
    skipped = lambda x: not _is_inexact(x) or (scalars_alone and x.shape != ())  # noqa: E731
    return jax.tree.map(lambda x, like: x if skipped(x) else x.astype(like.dtype), state, wide)


def _widened(x: Any, width: Any) -> Any:
    with relaxed():
        return jnp.promote_types(jnp.result_type(x), width)


def _is_number(x: Any) -> bool:
    return hasattr(x, "dtype") and not jnp.issubdtype(x.dtype, jax.dtypes.prng_key)


def _is_inexact(x: Any) -> bool:
    return hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.inexact)
