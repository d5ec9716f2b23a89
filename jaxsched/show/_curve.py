"""The curve: what is looked at, and its values at every step of a run."""

import math
import operator
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

import jaxsched as js
from jaxsched.kinds import checker, is_stack, is_traced, of_kind, shown, shown_of
from jaxsched.show._phases import number, phases, scheduled

AS_SCHEDULE: Any = checker(js.ScheduleLike)

AT_ONCE = 10_000_000
"""Up to so many steps each is looked at; of longer runs, as many spread evenly, and the begin of each phase."""

ENDLESS = 4
"""What has no end is shown up to so many times the begin of its last phase."""

FEW_CYCLES = 5
"""And what has no end of cycles, of its cycle of this number."""


class Curve(NamedTuple):
    """A schedule's values.

    Attributes:
        steps: the steps looked at, int64.
        values: the value at each, float64.
        total: the length of the run in steps.
        whole: whether every step was looked at.
    """

    steps: np.ndarray
    values: np.ndarray
    total: int
    whole: bool


def one_schedule(name: str, x: Any) -> js.Schedule:
    """A single schedule whose numbers are known; of a controller the one on which it works."""
    x = scheduled(x) if isinstance(x, js.Controller) else AS_SCHEDULE(name, x)
    if any(is_traced(leaf) for leaf in jax.tree.leaves(x)):
        raise TypeError(f"`{name}` must have known numbers: got tracers. Call this outside of `jit` and `vmap`.")
    if is_stack(x):
        raise TypeError(f"`{name}` must be one schedule: got a stack. Pass `jaxsched.unstack({name})`, or one of it.")
    return x


def length(name: str, x: Any) -> int:
    """A number of steps to look at."""
    steps = whole(x)
    if steps is None:
        raise TypeError(f"`{name}` must be a whole number of steps: got {shown(x)}.")
    if not 0 < steps <= 2**31:
        raise ValueError(f"`{name}` must be from 1 to 2**31 steps: got {shown(x)}.")
    return steps


def whole(x: Any) -> int | None:
    """An int, of Python's or in any array of one; `None` for anything else."""
    try:
        return None if isinstance(x, (bool, np.bool_)) else operator.index(x)
    except TypeError:
        return None


def asked(total: int | None, run: js.Run | None) -> int | None:
    """The length of the run that the user gave, by itself or with what is known of the run."""
    if run is not None and not isinstance(run, js.Run):
        raise TypeError(f"`run` must be a `jaxsched.Run`: got {shown(run)}. For the length alone pass `total`.")
    known = total if total is not None or run is None or run.total is None else round(run.total)
    return None if known is None else length("total", known)


def ending(schedule: js.Schedule) -> int | None:
    """The length of a schedule in steps, if it has one."""
    duration = schedule.duration
    if duration is None or not number(duration) > 0:
        return None
    return min(math.ceil(number(duration)), 2**31)


def horizon(schedule: js.Schedule) -> int:
    """A length at which to look at a schedule that has none: its last phase is well begun."""
    if isinstance(schedule, (js.nodes.NormalJitter, js.nodes.UniformJitter)):  # whose noise alone has no end
        return ending(schedule.schedule) or horizon(schedule.schedule)
    found = phases(schedule, 2**24)
    marks = [each.begin for each in found if each.cycle <= FEW_CYCLES]
    if not any(each.cycle for each in found):
        marks += [x for _, x in counts(schedule)]
    return min(ENDLESS * math.ceil(max(marks)) or 1_000, 2**31)


def counts(node: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Every length and boundary of a schedule in steps, by its dotted name; not those on slower clocks."""
    if isinstance(node, (js.nodes.Stretch, js.nodes.PerEpoch)):
        return
    for name, x in of_kind(node, js.Count).items():
        yield from ((f"{path}{name}", float(each)) for each in np.ravel(np.asarray(jax.tree.leaves(x))))
    for name, x in shown_of(node):
        for each in x if isinstance(x, tuple) else (x,):
            if isinstance(each, js.Schedule):
                yield from counts(each, f"{path}{name}.")


def curve(schedule: js.Schedule, total: int) -> Curve:
    """The values of a run of `total` steps: those of the steps 0 to `total - 1`."""
    if total <= AT_ONCE:
        steps = np.arange(total)
    else:
        marks = [int(each.begin) for each in phases(schedule, total)[:10_000]]
        even = np.linspace(0, total - 1, 1_000_000).astype(np.int64)
        near = [mark + by for mark in marks for by in (-1, 0, 1) if 0 <= mark + by < total]
        steps = np.unique(np.concatenate([even, np.asarray(near, np.int64)]))
    return Curve(steps, np.asarray(schedule(steps), np.float64), total, total <= AT_ONCE)


def columns(values: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each of at most `width` columns begins, and the least and the largest value in it: no step is missed."""
    begins = np.unique(np.linspace(0, len(values), min(width, len(values)), endpoint=False).astype(int))
    return begins, np.minimum.reduceat(values, begins), np.maximum.reduceat(values, begins)
