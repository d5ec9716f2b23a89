"""A schedule for each group of parameters, on one count."""

import contextlib
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, overload

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._combinators.values import scale
from jaxsched._controllers.base import ControllerLike
from jaxsched._core.fields import is_mapping
from jaxsched._core.kinds import Positive, checked, checker
from jaxsched._core.lists import in_order
from jaxsched._core.node import Data
from jaxsched._core.words import shown
from jaxsched._optax.hyperparameters import InjectState, Scheduled, one_number
from jaxsched._optax.inject import scaled
from jaxsched._optax.lost import check_metric
from jaxsched._optax.slots import rates_of
from jaxsched._optax.transformation import GradientTransformationExtraArgs
from jaxsched._store.stack import unstack

FLAG = checker(bool)


def by_group(
    schedules: Mapping[str, ControllerLike | None], labels: Any = None, *, flip_sign: bool = True
) -> GradientTransformationExtraArgs:
    r"""Updates times minus the learning rate of their group: the last link of a chain, on one count for all groups.

    Without `labels` a key is a regular expression, searched for in the parameter's path, such as
    `encoder/layers/0/kernel`; each parameter must match exactly one. With `labels` a key is a label. The rates are
    `current(opt_state)["head/learning_rate"]` and so on; controllers are fed by `observe`, or by `value=` at updates.

    Args:
        schedules: a schedule, controller, number or function for each group; `None` freezes the group. A list of them,
            an array or a `stack` has one for each layer along the leading axis of the group's parameters, as `nn.scan`
            and `jax.vmap` stack layers; the rates are then named `blocks/0/learning_rate` and so on.
        labels: a tree of the parameters' structure, or a prefix of it, that holds labels; or a function from the
            parameters to such a tree; or `None`.
        flip_sign: whether to multiply by minus the rate; `False` after an optimizer that descends by itself, such as
            `optax.adamw(1.0)`.

    Raises:
        TypeError: a label that cannot be a key, as an array or a set.
        ValueError: when made, no group, two groups of one name, or a key that is no regular expression; when the state
            is made, a label without a group, a group without a parameter, a parameter that matches no pattern, or one
            that matches several, or one whose leading axis is not as long as its group has layers.

    Examples:
        >>> import optax
        >>> rates = {"head": jaxsched.Cosine(0.5, 0.0, steps=100), "body": 0.25, "embed": None}
        >>> optimizer = optax.chain(optax.scale_by_adam(), jaxsched.by_group(rates))
        >>> params = {"embed": np.ones(2), "body": {"w": np.ones(2)}, "head": np.ones(2)}
        >>> {name: float(rate) for name, rate in jaxsched.current(optimizer.init(params)).items()}
        {'body/learning_rate': 0.25, 'head/learning_rate': 0.5}
    """
    import optax

    FLAG("flip_sign", flip_sign)
    if not is_mapping(schedules) or not schedules:
        raise ValueError(f"`schedules` must hold a schedule for at least one group: got {shown(schedules)}.")
    named = _named(schedules)
    layered = {group for group in schedules if _layers(group, schedules[group]) is not None}
    scheduled = Scheduled({name: x for of_group in named.values() for name, x in of_group.items()})
    patterns = _compiled(schedules) if labels is None else {}
    if not callable(labels):
        _check_kind(labels)

    def rates_of_leaf(path: Any, group: Any, leaf: Any) -> tuple[str, ...]:
        """The names of a parameter's rates: one, or one for each layer along its leading axis."""
        names = tuple(named[group])
        if group in layered and leaf is not None and jnp.shape(leaf)[:1] != (len(names),):
            raise ValueError(
                f"`schedules[{group!r}]` must have a schedule for each layer along the leading axis of its parameters: "
                f"got {len(names)}, and {path_name(path)!r} has the shape {jnp.shape(leaf)}. Give what is not stacked "
                f"a group of its own."
            )
        return names

    def init(params: Any) -> InjectState:
        groups = group_of(params)
        _check_labels(params, groups, schedules)
        jax.tree_util.tree_map_with_path(rates_of_leaf, groups, params)
        return scheduled.init(lambda values: optax.EmptyState())

    def update(updates: Any, state: Any, params: Any = None, **extra: Any) -> tuple[Any, InjectState]:
        values, after = scheduled.update(state, extra)
        check_metric(state, extra)
        rate_of = rates_of(values)

        def one(path: Any, group: Any, update: Any) -> Any:
            if update is None:
                return None
            if schedules[group] is None:
                return jnp.zeros_like(update)
            value = rate_of(rates_of_leaf(path, group, update))
            value = jnp.reshape(value, (-1, *(1,) * (jnp.ndim(update) - 1))) if group in layered else value
            return scaled(-value if flip_sign else value, update)

        groups = group_of(updates if params is None else params)
        return jax.tree_util.tree_map_with_path(one, groups, updates), after

    def group_of(params: Any) -> Any:
        if labels is None:
            return _matched(params, patterns)
        tree = labels(params) if callable(labels) else labels
        _check_kind(tree)
        try:
            return jax.tree.map(lambda label, part: jax.tree.map(lambda _: label, part), tree, params)
        except ValueError as error:
            raise ValueError(
                f"`labels` must be a tree of the parameters' structure, or a prefix of it, with a label for each "
                f"parameter: {error} To freeze a group give it the schedule None, not the label None."
            ) from error

    return optax.GradientTransformationExtraArgs(init, update)


MOST_LAYERS = 10_000


@overload
def layerwise(schedule: ControllerLike, decay: Positive, layers: int) -> list[Any]: ...
@overload
def layerwise(schedule: ControllerLike, decay: Positive, layers: Sequence[str]) -> dict[str, Any]: ...
@checked
def layerwise(schedule: ControllerLike, decay: Positive, layers: Sequence[str] | int) -> dict[str, Any] | list[Any]:
    r"""Schedules for `by_group` that fall from layer to layer: discriminative fine-tuning.

    Of L layers the l-th from 1 gets $v(t)\,d^{L - l}$: the last one, the head, the values of the schedule itself.

    Args:
        schedule: a schedule, controller, number or function of the step. Each layer gets a controller of its own, with
            its bounds scaled too, and they all observe the same metric.
        decay: the factor d from a layer to the one before it, greater than 0 and usually at most 1.
        layers: a pattern (or label) for each layer, from the input to the output. Or the number of layers that are
            stacked in one array; what is returned is then a list, for one group.

    Raises:
        ValueError: `decay` is not positive, or there is no layer, or a layer is named twice.
        TypeError: `schedule` is no schedule.

    Examples:
        >>> rates = jaxsched.layerwise(0.8, 0.5, ["embed", "block_0/", "block_1/", "head"])
        >>> {name: round(float(rate(0)), 6) for name, rate in rates.items()}
        {'embed': 0.1, 'block_0/': 0.2, 'block_1/': 0.4, 'head': 0.8}
        >>> rates = {"blocks": jaxsched.layerwise(0.8, 0.5, 2), "head": 0.8}
        >>> state = jaxsched.by_group(rates).init({"blocks": np.ones((2, 3)), "head": np.ones(3)})
        >>> {name: round(float(rate), 6) for name, rate in jaxsched.current(state).items()}
        {'blocks/0/learning_rate': 0.4, 'blocks/1/learning_rate': 0.8, 'head/learning_rate': 0.8}

    Reference:
        Howard and Ruder 2018, arXiv:1801.06146, section 3.2 (d = 1 / 2.6); Clark et al. 2020, arXiv:2003.10555.
    """
    stacked = isinstance(layers, (int, np.integer)) and not isinstance(layers, bool)
    if stacked and layers > MOST_LAYERS:  # pyright: ignore[reportOperatorIssue]
        raise ValueError(
            f"`layers` must be at most {MOST_LAYERS}: got {shown(layers)}. Each gets a schedule of its own."
        )
    names: Any = range(layers) if stacked else layers  # pyright: ignore[reportArgumentType]
    listed = not isinstance(names, str) and all(map(_may_name, in_order("layers", names, "patterns")))
    if not listed or not 0 < len(list(names)) == len(set(names)):
        raise ValueError(
            f"`layers` must be a sequence of patterns, each once, or the number of layers in one array: "
            f"got {shown(layers)}."
        )
    names = list(names)
    each = [scale(schedule, decay ** (len(names) - 1 - i)) for i in range(len(names))]
    return each if stacked else dict(zip(names, each, strict=True))


def _may_name(x: Any) -> bool:
    """Whether it is a pattern, or may be a label."""
    numbers = (bool, float, complex, np.bool_, np.inexact, np.datetime64)
    return isinstance(x, Hashable) and x is not None and not isinstance(x, numbers) and not callable(x)


def _named(schedules: Mapping[Any, Any]) -> dict[Any, dict[str, Any]]:
    """The rates of each group by name: the pattern "block_1/" has `block_1/learning_rate`, and frozen ones none."""
    named: dict[Any, dict[str, Any]] = {}
    for group, x in schedules.items():
        layers = _layers(group, x)
        each = {} if x is None else {"": x} if layers is None else {f"/{i}": layer for i, layer in enumerate(layers)}
        named[group] = {_rate_name(f"{group}{i}"): one_number(_shown(group, i), x) for i, x in each.items()}
    for name, times in Counter(name for of_group in named.values() for name in of_group).items():
        if times > 1:
            twice = [group for group in named if name in named[group]]
            raise ValueError(f"`schedules` must have groups of different names: {twice} are all {name!r}. Rename one.")
    return named


def _rate_name(group: str) -> str:
    return "/".join((*filter(None, group.split("/")), "learning_rate"))


def _shown(group: Any, layer: str) -> str:
    return f"schedules[{group!r}]" + (f"[{layer[1:]}]" if layer else "")


def _layers(group: Any, x: Any) -> list[Any] | None:
    """The schedules of a group's layers: of a list, an array, or a stack; `None` if it has one for all."""
    if isinstance(x, (list, tuple)) or (isinstance(x, (np.ndarray, jax.Array)) and x.ndim):
        if len(x) == 0:
            raise ValueError(f"`schedules[{group!r}]` must hold a schedule for each layer: got none.")
        return list(x)
    if not isinstance(x, Data) or not all(map(np.ndim, jax.tree.leaves(x))):
        return None
    try:
        one_number("x", x)  # a table alone has arrays too
    except TypeError:
        with contextlib.suppress(ValueError):
            return unstack(x)
    return None


def _compiled(patterns: Iterable[Any]) -> dict[str, re.Pattern[str]]:
    try:
        return {pattern: re.compile(pattern) for pattern in patterns}
    except (TypeError, re.error) as error:
        raise ValueError(
            f"`schedules` must have regular expressions as keys, unless there are `labels`: got {list(patterns)!r}, "
            f"{error}. Escape what is meant literally."
        ) from error


def _matched(params: Any, patterns: Mapping[str, re.Pattern[str]]) -> Any:
    """The one pattern that is found in each parameter's path."""

    def group(path: Any, _: Any) -> str:
        name = path_name(path)
        found = [key for key, pattern in patterns.items() if pattern.search(name)]
        if len(found) != 1:
            problem = f"`schedules` must have one pattern for each parameter: {name!r} matches"
            remedy = "Anchor them by ^ and $." if found else "Add one; its schedule may be None, which freezes."
            raise ValueError(f"{problem} {' and '.join(map(repr, found)) or 'none'}. {remedy}")
        return found[0]

    return jax.tree_util.tree_map_with_path(group, params)


def _check_kind(labels: Any) -> None:
    """What has no hash cannot be the key of a group."""
    for path, label in jax.tree_util.tree_leaves_with_path(labels):
        if not isinstance(label, Hashable) or isinstance(label, jax.Array):
            raise TypeError(
                f"`labels{jax.tree_util.keystr(path)}` must be a label, such as a string: got {shown(label)} of type "
                f"{type(label).__name__}. Pass a tree of the parameters' structure with a label for each, or a "
                f"function from the parameters to such a tree."
            )


def _check_labels(params: Any, groups: Any, schedules: Mapping[str, Any]) -> None:
    used = set(jax.tree.leaves(groups))
    unknown, unused = sorted(used - set(schedules), key=str), sorted(set(schedules) - used, key=str)
    if unknown:
        raise ValueError(f"`labels` must name groups of `schedules`, {list(schedules)}: got {unknown}.")
    if unused and used:  # `optax.tree.map_params` makes a state of no parameters
        paths = [path_name(path) for path, _ in jax.tree_util.tree_leaves_with_path(params)][:5]
        raise ValueError(f"`schedules` must name groups that have parameters: {unused} has none. There are {paths} …")


def path_name(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="/")
