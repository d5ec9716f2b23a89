"""A factor of one schedule for each parameter."""

from typing import Any

import jax

from jaxsched._combinators.values import scale
from jaxsched._controllers.base import ControllerLike
from jaxsched._core.fields import of_one
from jaxsched._core.kinds import Factor, checker
from jaxsched._core.words import shown
from jaxsched._optax.hyperparameters import one_number
from jaxsched._optax.matching import path_name

FACTOR = of_one(checker(Factor), "Give each parameter a factor of its rate.")


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
    each = {
        name: scale(one, FACTOR(f"factors{jax.tree_util.keystr(path)}", x))
        for name, (path, x) in zip(names, leaves, strict=True)
    }
    return each, jax.tree.unflatten(structure, names)
