"""A factor of one schedule for each parameter."""

from typing import Any

import jax
import numpy as np

from jaxsched._combinators.values import scale
from jaxsched._controllers.base import ControllerLike
from jaxsched._core.fields import is_number, is_traced, not_negative
from jaxsched._core.words import shown
from jaxsched._optax.hyperparameters import one_number
from jaxsched._optax.matching import path_name


def by_factor(schedule: ControllerLike, factors: Any) -> tuple[dict[str, Any], Any]:
    """A group for each number of a tree, named by its path: its schedules, and the tree of their names."""
    one = one_number("schedules", schedule)
    leaves, structure = jax.tree_util.tree_flatten_with_path(factors)
    names = [path_name(path) for path, _ in leaves]
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"`factors` must have a number for each parameter, by different paths: got {shown(names or factors)}. "
            f"Pass a tree of the parameters' structure."
        )
    each = {name: scale(one, _factor(path, x)) for name, (path, x) in zip(names, leaves, strict=True)}
    return each, jax.tree.unflatten(structure, names)


def _factor(path: Any, x: Any) -> Any:
    argument = f"factors{jax.tree_util.keystr(path)}"
    if not (is_number(x) or is_traced(x)) or np.ndim(x):
        raise TypeError(f"`{argument}` must be one number: got {shown(x)}. Give each parameter a factor of its rate.")
    return not_negative(argument, x)
