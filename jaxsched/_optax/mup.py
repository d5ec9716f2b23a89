"""Factors of rates by the widths of layers, so that a rate that was tuned on a narrow model is right for a wide one."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from jaxsched._core.words import shown
from jaxsched._optax.matching import path_name


def mup_factors(base: Any, target: Any, *, fan_in: int = -2) -> Any:
    r"""Factors of the rates of a wide model's parameters by muP under Adam, for `by_group(lr, factors=...)`.

    Of a narrow model, the base, and the wide one, the axes that differ are widths. A matrix between two widths, and one
    from a width to the output, has the factor $n_\text{base} / n$ of the widths that come in; an embedding, a matrix
    from the input, a bias and what is as large in both has 1. So the rate that is best for the base is nearly the best
    at any width, if the model is begun by muP too: hidden matrices with a variance that goes by 1/width, the output
    with one by 1/width² or 0, and attention scaled by 1/head size in place of its root.

    Args:
        base: the narrow model's parameters, or their shapes, as `jax.eval_shape` gives them.
        target: those of the wide model, of the same structure.
        fan_in: the axis of what comes in: -2 for kernels of Flax and Haiku, -1 for weights of Equinox
            (whose biases must not be stacked there, since they would look like matrices to an output).

    Returns:
        A tree of floats like the parameters.

    Raises:
        TypeError: a leaf is no array and has no shape.
        ValueError: the two have different structures, or a parameter different numbers of axes or a width of 0; or
            `fan_in` is not a negative int.

    Examples:
        >>> shapes = lambda n: {"up": np.ones((3, n)), "hidden": np.ones((n, n)), "bias": np.ones(n)}
        >>> jaxsched.mup_factors(shapes(4), shapes(16))
        {'bias': 1.0, 'hidden': 0.25, 'up': 1.0}

    Reference:
        Yang et al. 2022, arXiv:2203.03466, table 3.
    """
    if isinstance(fan_in, bool) or not isinstance(fan_in, int) or fan_in >= 0:
        raise ValueError(
            f"`fan_in` must be an axis counted from the last, a negative int: got {shown(fan_in)}. Pass -2 or -1."
        )
    _check_arrays("base", base)
    _check_arrays("target", target)
    if jax.tree.structure(base) != jax.tree.structure(target):
        raise ValueError(
            f"`base` must have the structure of `target`: got {shown(jax.tree.structure(base))} and "
            f"{shown(jax.tree.structure(target))}. Make both by the same model, of another width."
        )
    return jax.tree_util.tree_map_with_path(
        lambda path, x, y: _factor(path, np.shape(x), np.shape(y), fan_in), base, target
    )


def _check_arrays(name: str, tree: Any) -> None:
    for path, x in jax.tree_util.tree_leaves_with_path(tree, is_leaf=lambda x: isinstance(x, Iterator)):
        if not hasattr(x, "shape"):
            raise TypeError(
                f"`{name}{jax.tree_util.keystr(path)}` must be an array or its shape: got {shown(x)}. Pass the "
                f"parameters, or `jax.eval_shape(model.init, ...)`."
            )


def _factor(path: Any, narrow: tuple[int, ...], wide: tuple[int, ...], fan_in: int) -> float:
    if len(narrow) != len(wide):
        raise ValueError(
            f"`target` must have parameters of as many axes as `base`: got {wide} and {narrow} at {path_name(path)!r}. "
            f"Make both by the same model, of another width."
        )
    axes = [i for i, (m, n) in enumerate(zip(narrow, wide, strict=True)) if m != n]
    incoming = len(wide) + fan_in
    if len(wide) < 2 or (incoming not in axes and len(axes) < 2):
        return 1.0
    axis = incoming if incoming in axes else axes[0]  # heads that come in have an axis before that of their size
    for name, shape in (("base", narrow), ("target", wide)):
        if not shape[axis]:
            raise ValueError(
                f"`{name}` must have widths of at least 1: got {shape} at {path_name(path)!r}. What is empty has no "
                f"rate."
            )
    return narrow[axis] / wide[axis]
