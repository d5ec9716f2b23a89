"""A schedule for each group of parameters, on one count."""

import contextlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._controllers.base import ControllerLike
from jaxsched._core.fields import is_mapping
from jaxsched._core.kinds import checker
from jaxsched._core.node import Data
from jaxsched._core.words import shown
from jaxsched._optax.hyperparameters import InjectState, Scheduled, one_number
from jaxsched._optax.inject import scaled
from jaxsched._optax.lost import check_metric
from jaxsched._optax.matching import REST, Grouping, by_labels, by_patterns, check_groups, path_name
from jaxsched._optax.parameter_factors import by_factor
from jaxsched._optax.slots import rates_of
from jaxsched._optax.transformation import GradientTransformationExtraArgs
from jaxsched._store.stack import unstack

FLAG = checker(bool)


def by_group(
    schedules: Mapping[Any, ControllerLike | None] | ControllerLike,
    labels: Any = None,
    *,
    factors: Any = None,
    first: bool = False,
    flip_sign: bool = True,
) -> GradientTransformationExtraArgs:
    r"""Updates times minus the learning rate of their group: the last link of a chain, on one count for all groups.

    Without `labels` a key is a regular expression, searched for in the parameter's path, such as
    `encoder/layers/0/kernel`; each parameter must match exactly one. With `labels` a key is a label. The key `...`, of
    the rates `rest/learning_rate`, has what is in no other group. The rates are
    `current(opt_state)["head/learning_rate"]` and so on; controllers are fed by `observe`, or by `value=` at updates.

    Args:
        schedules: a schedule, controller, number or function for each group; `None` freezes the group. A list of them,
            an array or a `stack` has one for each layer along the leading axis of the group's parameters, as `nn.scan`
            and `jax.vmap` stack layers; the rates are then named `blocks/0/learning_rate` and so on. With `factors`,
            one for all.
        labels: a tree of the parameters' structure, or a prefix of it, that holds labels; or a function from the
            parameters to such a tree; or `None`.
        factors: a tree of the parameters' structure, or a prefix of it, of numbers of at least 0: the rate of each
            parameter is the schedule times its factor, named by its path, `body/kernel/learning_rate`.
        first: whether the first pattern that matches has the parameter, in place of the only one.
        flip_sign: whether to multiply by minus the rate; `False` after an optimizer that descends by itself, such as
            `optax.adamw(1.0)`.

    Raises:
        TypeError: a label that cannot be a key, as an array or a set; or a factor that is not one number.
        ValueError: when made, no group, two groups of one name, a key that is no regular expression, a factor that is
            negative, or `factors` or `first` beside what they do not go with; when the state is made, labels or factors
            of another structure, a label without a group, a group without a parameter, a parameter that matches no
            pattern, or one that matches several, or one whose leading axis is not as long as its group has layers.

    Examples:
        >>> import optax
        >>> rates = {"head": jaxsched.Cosine(0.5, 0.0, steps=100), "body": 0.25, "embed": None}
        >>> optimizer = optax.chain(optax.scale_by_adam(), jaxsched.by_group(rates))
        >>> params = {"embed": np.ones(2), "body": {"w": np.ones(2)}, "head": np.ones(2)}
        >>> {name: float(rate) for name, rate in jaxsched.current(optimizer.init(params)).items()}
        {'body/learning_rate': 0.25, 'head/learning_rate': 0.5}
        >>> factors = {"embed": 1.0, "body": 0.125, "head": 0.125}
        >>> state = jaxsched.by_group(jaxsched.Constant(0.5), factors=factors).init(params)
        >>> {name: float(rate) for name, rate in jaxsched.current(state).items()}
        {'body/learning_rate': 0.0625, 'embed/learning_rate': 0.5, 'head/learning_rate': 0.0625}
    """
    import optax

    FLAG("flip_sign", flip_sign)
    schedules, group_of = _groups(schedules, labels, factors, FLAG("first", first))
    named = _named(schedules)
    layered = {group for group in schedules if _layers(group, schedules[group]) is not None}
    scheduled = Scheduled({name: x for of_group in named.values() for name, x in of_group.items()})

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
        if factors is None:
            check_groups(params, groups, schedules)
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

    return optax.GradientTransformationExtraArgs(init, update)


def _groups(schedules: Any, labels: Any, factors: Any, first: bool) -> tuple[dict[Any, Any], Grouping]:
    """The schedule of each group, and what tells the groups of parameters."""
    multiply = "Multiply the schedules of groups by their factors."
    if first and (labels is not None or factors is not None):
        raise ValueError("`first` must be False beside `labels` or `factors`: got True. Only patterns can overlap.")
    if factors is None:
        if not is_mapping(schedules) or not schedules:
            raise ValueError(
                f"`schedules` must hold a schedule for at least one group: got {shown(schedules)}. One schedule for "
                f"all goes with `factors`, or into `jaxsched.scale_by_learning_rate`."
            )
        groups = {group: schedules[group] for group in schedules.keys()}  # noqa: SIM118 (not every mapping iterates)
        freeze = "To freeze a group give it the schedule None, not the label None."
        return groups, by_patterns(groups, first) if labels is None else by_labels("labels", groups, labels, freeze)
    if labels is not None:
        raise ValueError(f"`labels` must be None beside `factors`: got {shown(labels)}. {multiply}")
    if is_mapping(schedules):
        raise TypeError(f"`schedules` must be one schedule beside `factors`: got {shown(schedules)}. {multiply}")
    groups, names = by_factor(schedules, factors)
    return groups, by_labels("factors", groups, names, "Give what is to stay as it is the factor 0, not None.")


def _named(schedules: Mapping[Any, Any]) -> dict[Any, dict[str, Any]]:
    """The rates of each group by name: the pattern "block_1/" has `block_1/learning_rate`, and frozen ones none."""
    named: dict[Any, dict[str, Any]] = {}
    for group, x in schedules.items():
        layers = _layers(group, x)
        each = {} if x is None else {"": x} if layers is None else {f"/{i}": layer for i, layer in enumerate(layers)}
        text = "rest" if group is REST else group
        named[group] = {_rate_name(f"{text}{i}"): one_number(_shown(group, i), x) for i, x in each.items()}
    for name, times in Counter(name for of_group in named.values() for name in of_group).items():
        if times > 1:
            twice = [group for group in named if name in named[group]]
            raise ValueError(f"`schedules` must have groups of different names: {twice} are all {name!r}. Rename one.")
    return named


def _rate_name(group: str) -> str:
    return "/".join((*filter(None, group.split("/")), "learning_rate"))


def _shown(group: Any, layer: str) -> str:
    return f"schedules[{'...' if group is REST else repr(group)}]" + (f"[{layer[1:]}]" if layer else "")


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
