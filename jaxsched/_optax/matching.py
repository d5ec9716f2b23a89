"""Which group each parameter is in: by patterns of its path, or by labels."""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

import jax

from jaxsched._core.words import shown

REST = ...
"""The key of the group of what is in no other."""

Grouping = Callable[[Any], Any]
"""From parameters to a tree that has the group of each."""


def by_patterns(groups: Iterable[Any], first: bool) -> Grouping:
    """The groups whose keys are found in the paths of parameters."""
    patterns = _compiled([group for group in groups if group is not REST])
    return lambda params: _matched(params, patterns, REST in groups, first)


def by_labels(argument: str, groups: Iterable[Any], labels: Any, remedy: str) -> Grouping:
    """The groups that a tree names, or a function of the parameters."""
    if not callable(labels):
        _check_kind(labels)

    def group_of(params: Any) -> Any:
        tree = labels(params) if callable(labels) else labels
        _check_kind(tree)
        group = lambda label: REST if REST in groups and label not in groups else label  # noqa: E731
        try:
            return jax.tree.map(lambda label, part: jax.tree.map(lambda _: group(label), part), tree, params)
        except ValueError as error:
            raise ValueError(
                f"`{argument}` must be a tree of the parameters' structure, or a prefix of it, with a "
                f"{argument.removesuffix('s')} for each parameter: {error} {remedy}"
            ) from error

    return group_of


def check_groups(params: Any, used: Any, schedules: Mapping[Any, Any]) -> None:
    """Refuse labels without a group, and groups without a parameter."""
    used = set(jax.tree.leaves(used))
    unknown, unused = sorted(used - set(schedules), key=str), sorted(set(schedules) - used - {REST}, key=str)
    if unknown:
        raise ValueError(
            f"`labels` must name groups of `schedules`, {list(schedules)}: got {unknown}. The key `...` has the rest."
        )
    if unused and used:  # `optax.tree.map_params` makes a state of no parameters
        paths = [path_name(path) for path, _ in jax.tree_util.tree_leaves_with_path(params)][:5]
        raise ValueError(f"`schedules` must name groups that have parameters: {unused} has none. There are {paths} …")


def _compiled(patterns: Iterable[Any]) -> dict[str, re.Pattern[str]]:
    try:
        return {pattern: re.compile(pattern) for pattern in patterns}
    except (TypeError, re.error) as error:
        raise ValueError(
            f"`schedules` must have regular expressions as keys, unless there are `labels`: got {list(patterns)!r}, "
            f"{error}. Escape what is meant literally."
        ) from error


def _matched(params: Any, patterns: Mapping[str, re.Pattern[str]], rest: bool, first: bool) -> Any:
    """The one pattern that is found in each parameter's path, or the first."""

    def group(path: Any, _: Any) -> Any:
        name = path_name(path)
        found = [key for key, pattern in patterns.items() if pattern.search(name)]
        if len(found) == 1 or (found and first):
            return found[0]
        if not found and rest:
            return REST
        problem = f"`schedules` must have one pattern for each parameter: {name!r} matches"
        remedy = "Add one, or the key `...` for the rest; its schedule may be None, which freezes."
        if found:
            remedy = "Anchor them by ^ and $, or pass `first=True` for the first that matches."
        raise ValueError(f"{problem} {' and '.join(map(repr, found)) or 'none'}. {remedy}")

    return jax.tree_util.tree_map_with_path(group, params)


def _check_kind(labels: Any) -> None:
    """What has no hash cannot be the key of a group."""
    once = lambda x: isinstance(x, Iterator)  # noqa: E731 (JAX warns of one)
    for path, label in jax.tree_util.tree_leaves_with_path(labels, is_leaf=once):
        if not isinstance(label, Hashable) or isinstance(label, jax.Array) or once(label):
            raise TypeError(
                f"`labels{jax.tree_util.keystr(path)}` must be a label, such as a string: got {shown(label)} of type "
                f"{type(label).__name__}. Pass a tree of the parameters' structure with a label for each, or a "
                f"function from the parameters to such a tree."
            )


def path_name(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="/")
