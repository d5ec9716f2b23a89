"""Many schedules as one: a leading axis on every number, for `jax.vmap`."""

import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import jax
import numpy as np

from jaxsched._controllers.base import Controller
from jaxsched._core.boxes import rebuilt
from jaxsched._core.fields import is_number, is_traced
from jaxsched._core.kinds import WholeAtLeastOne, checked
from jaxsched._core.lists import in_order
from jaxsched._core.node import Data, fields_of, is_count, is_static, stack_key, stack_trees
from jaxsched._core.schedule import Schedule, ScheduleLike, as_schedule, to_schedule
from jaxsched._core.schedule import schedules as all_schedules
from jaxsched._core.words import shown
from jaxsched._curves.tables import Tabulated

S = TypeVar("S")

LONGEST = 2**24
"""The longest table that `tabulate` makes, of 64 MiB in float32."""


def stack(schedules: Sequence[S]) -> S:
    """Schedules, or controllers, of one structure as one, its numbers stacked along a leading axis.

    Map over it with `jax.vmap`: one compiled program for all of them.

    Args:
        schedules: at least one schedule or controller; all of the same kinds, nested in the same way.

    Raises:
        ValueError: no schedule, or two whose structures differ; the message names the first difference.

    Examples:
        >>> many = jaxsched.stack([jaxsched.Constant(0.1), jaxsched.Constant(0.2)])
        >>> jax.vmap(lambda schedule: schedule(0))(many).tolist()
        [0.10000000149011612, 0.20000000298023224]
    """
    many = all_schedules("schedules", schedules, Data)
    if not many:
        raise ValueError("`schedules` must hold at least one schedule: got none.")
    for i, other in enumerate(many[1:], 1):
        if not _are_alike(many[0], other):
            raise ValueError(
                f"`schedules` must have one structure: schedules[0] and schedules[{i}] differ, "
                f"{_first_difference(many[0], other)}. {_remedy(many)}"
            )
    if not jax.tree.leaves(many[0]):
        raise ValueError(f"`schedules` must hold numbers to stack: got {many[0]!r}, which is code alone.")
    return stack_trees(many)


def is_stack(x: Any) -> bool:
    """Whether `x` is several schedules or controllers of one structure as one, as `stack` and `grid` make them.

    Args:
        x: a schedule, a controller, or anything else, which is none.

    Examples:
        >>> jaxsched.kinds.is_stack(jaxsched.grid(jaxsched.Constant, value=[0.1, 0.2]))
        True
    """
    if not isinstance(x, (Schedule, Controller)):
        return False
    try:
        return jax.eval_shape(lambda: x(x.init()) if isinstance(x, Controller) else x(0)).shape != ()
    except (TypeError, ValueError):  # its numbers do not fit one value
        return True


def _are_alike(a: Any, b: Any) -> bool:
    return jax.tree.structure(a) == jax.tree.structure(b) and stack_key(a) == stack_key(b)


def _remedy(many: Sequence[Any]) -> str:
    pure = all(isinstance(each, Schedule) for each in many)
    return f"Stack each kind by itself{', or as tables: `tabulate(schedule, total)`' if pure else ''}."


def unstack(schedule: S) -> list[S]:
    """The schedules that were stacked, in order.

    Args:
        schedule: a schedule whose every number has a leading axis of one length.

    Raises:
        ValueError: the numbers have no leading axis, or axes of different lengths.
        TypeError: `schedule` is none.

    Examples:
        >>> jaxsched.unstack(jaxsched.stack([jaxsched.Constant(0.1), jaxsched.Constant(0.2)]))
        [Constant(value=0.1), Constant(value=0.2)]
    """
    if not isinstance(schedule, Data):
        raise TypeError(f"`schedule` must be what `stack` or `grid` made: got {shown(schedule)}. Stack them first.")
    leaves, structure = jax.tree.flatten(schedule)
    lengths = {np.shape(leaf)[:1] for leaf in leaves}
    if len(lengths) != 1 or () in lengths:
        raise ValueError(f"`schedule` must be stacked: its numbers have leading axes {sorted(lengths)}. Use `stack`.")
    (length,) = lengths.pop()
    columns = [[_scalar(leaf[i]) for i in range(length)] for leaf in leaves]
    return [jax.tree.unflatten(structure, column) for column in zip(*columns, strict=True)]


def grid(fn: Callable[..., S], **axes: Iterable[Any]) -> S:
    """Every combination of some arguments, stacked: `fn` of each point of a grid, the last axis fastest.

    Args:
        fn: a function that makes a schedule from the axes' names as keyword arguments.
        **axes: the values of each argument.

    Raises:
        ValueError: no axis, an axis without values, or schedules of different structures.
        TypeError: `fn` is no function of the axes, or makes no schedule.

    Examples:
        >>> many = jaxsched.grid(lambda a, b: jaxsched.Constant(a * b), a=[1.0, 2.0], b=[3.0, 5.0])
        >>> [schedule.value for schedule in jaxsched.unstack(many)]
        [3.0, 5.0, 6.0, 10.0]
    """
    points = labels(**axes)
    _check_function(fn, points[0])
    many = [_made(fn, point) for point in points]
    for point, other in zip(points, many, strict=True):
        if not _are_alike(many[0], other):
            changed = [f"`{name}`={shown(x)}" for name, x in point.items() if x is not points[0][name]]
            raise ValueError(
                f"`fn` must make schedules of one structure: that of {' and '.join(changed)} differs from the first, "
                f"{_first_difference(many[0], other)}. {_remedy(many)}"
            )
    return stack(many)


def _made(fn: Callable[..., Any], point: Mapping[str, Any]) -> Any:
    made = rebuilt(fn(**point), Data)
    if isinstance(made, Data) or is_number(made) or is_traced(made) or callable(made):
        return made if isinstance(made, Data) else to_schedule("fn", made)
    raise TypeError(f"`fn` must make a schedule: got {shown(made)}.")


def _check_function(fn: Any, point: Mapping[str, Any]) -> None:
    names = ", ".join(f"{name}=..." for name in point)
    if not callable(fn) or isinstance(fn, Data):
        raise TypeError(f"`fn` must be a function that makes a schedule: got {shown(fn)}. It is called as fn({names}).")
    try:
        signature = inspect.signature(fn)
    except ValueError:  # of Python's own making
        return
    try:
        signature.bind(**point)
    except TypeError as error:
        raise TypeError(f"`fn` must take the axes by their names, as fn({names}): {error}.") from None


def labels(**axes: Iterable[Any]) -> list[dict[str, Any]]:
    """The arguments that each schedule of a `grid` was made of, in the order of the grid.

    Args:
        **axes: the values of each argument, as for `grid`.

    Raises:
        ValueError: no axis, or an axis without values.
        TypeError: the values of an axis are no sequence.

    Examples:
        >>> jaxsched.labels(peak=[0.1, 0.2], warmup=[5])
        [{'peak': 0.1, 'warmup': 5}, {'peak': 0.2, 'warmup': 5}]
    """
    values = {name: in_order(name, axis, "values") for name, axis in axes.items()}
    if not values:
        raise ValueError("`axes` must be given by their names: got none. Write `peak=[1e-3, 3e-3]`, say.")
    for name, axis in values.items():
        if not axis:
            raise ValueError(f"`{name}` must hold at least one value: got {shown(axes[name])}.")
    return [dict(zip(values, point, strict=True)) for point in itertools.product(*values.values())]


@checked
def tabulate(schedule: ScheduleLike, total: WholeAtLeastOne) -> Tabulated:
    """The schedule's own values at steps 0, 1, …, `total` as a table: schedules of different kinds become one kind.

    Equal to the schedule, bit for bit, at every whole step up to `total`; after that it holds the last value.

    Args:
        schedule: a schedule, number or function of the step; its numbers may be traced.
        total: the length of the run in steps, a known number from 1 to 2**24.

    Raises:
        ValueError: `total` is below 1, no whole number, or too large for a table.
        TypeError: `total` is traced.

    Examples:
        >>> kinds = [jaxsched.Constant(1.0), jaxsched.Linear(1.0, 0.0, steps=2)]
        >>> jaxsched.stack([jaxsched.tabulate(kind, total=2) for kind in kinds])
        Tabulated(values=[[1.0, 1.0, 1.0], [1.0, 0.5, 0.0]])
    """
    if is_traced(total):
        raise TypeError("`total` must be known, since the table is so long: got a traced number. Pass an int.")
    if total > LONGEST:
        raise ValueError(f"`total` must be at most {LONGEST}: got {int(total)}. Stack each kind of schedule by itself.")
    values = as_schedule(schedule)(np.arange(int(total) + 1))
    return Tabulated(values if is_traced(values) else np.asarray(values, np.float64))  # as `repr` gives them back


def _scalar(x: Any) -> Any:
    return x.item() if isinstance(x, np.generic) else x


def _first_difference(a: Any, b: Any, path: str = "") -> str:
    where = path.removeprefix(".") or "at the top"
    if type(a) is not type(b) and (isinstance(a, Data) or isinstance(b, Data)):
        return f"{where}: {type(a).__name__} and {type(b).__name__}"
    if isinstance(a, Data):
        for field in fields_of(a):
            x, y, here = getattr(a, field.name), getattr(b, field.name), f"{path}.{field.name}"
            if is_static(field) and not callable(x) and x != y:
                return f"{here.removeprefix('.')}: {x!r} and {y!r}"
            found = _first_difference(x, y, here)
            if found:
                return found
        return ""
    if isinstance(a, tuple) and isinstance(b, tuple):
        if len(a) != len(b):
            return f"{where}: {len(a)} and {len(b)} elements"
        found = (_first_difference(x, y, f"{path}[{i}]") for i, (x, y) in enumerate(zip(a, b, strict=True)))
        return next((each for each in found if each), "")
    if a is None or b is None or callable(a) or isinstance(a, str):
        return f"{where}: {a!r} and {b!r}" if a is not b else ""
    if np.shape(a) != np.shape(b):
        return f"{where}: shapes {np.shape(a)} and {np.shape(b)}"
    if is_count(a) != is_count(b):
        return f"{where}: {a!r} and {b!r}, one an int and one a float"
    return ""
