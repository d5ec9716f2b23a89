"""Phases: where a schedule goes from one formula to the next, read off its tree and not off samples."""

import dataclasses
import functools
import inspect
import math
import re
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

import jaxsched as js
from jaxsched import nodes
from jaxsched.kinds import shown_of
from jaxsched.show._spans import Phase, cut, in_words, later, merged, slower, then_held

NUMBER = (int, float, np.generic, np.ndarray, jax.Array)

MANY_CYCLES = 12
"""Equal cycles up to so many are phases of their own; more are one phase."""


def phases(schedule: Any, until: float = math.inf) -> list[Phase]:
    """The phases of a schedule that begin before the step `until`, in order, without gaps, from step 0."""
    return cut(begun(schedule, until), until)


def begun(schedule: Any, until: float = math.inf) -> list[Phase]:
    """The same phases, of which the last is not cut at `until`."""
    return [each for each in _phases(schedule, until) if each.begin < min(each.end, until)]


@functools.singledispatch
def _phases(node: Any, until: float) -> list[Phase]:
    """The phases of a node on its own clock. A kind of node that is not listed below is one formula with a length."""
    plain = getattr(node, "alone", None)  # what a scheduler of `compat.torch` is by itself
    if isinstance(plain, js.Schedule):
        return _phases(plain, until)
    end = number(node.duration) if node.duration is not None else math.inf
    return then_held([Phase(0, end, words(node))]) if end else [Phase(0, math.inf, "constant")]


def _of(*kinds: type) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        for kind in kinds:
            _phases.register(kind)(function)
        return function

    return register


@_of(js.StretchingPolynomial)
def _stretching(node: Any, until: float) -> list[Phase]:
    return [Phase(0, math.inf, words(node), meant=True)]


# One after another.


@_of(nodes.Warmup)
def _warmup(node: Any, until: float) -> list[Phase]:
    steps = number(node.ramp.steps)
    first = [Phase(0, steps, f"warmup, {words(node.ramp)}")]
    return [*first, *later(_phases(node.schedule, until - steps), steps)]


@_of(nodes.Cooldown)
def _cooldown(node: Any, until: float) -> list[Phase]:
    begin = number(node.begin)
    end = begin + number(node.ramp.steps)
    ramp = Phase(begin, end, f"cooldown, {words(node.ramp)}")
    return [*cut(_phases(node.schedule, min(begin, until)), begin), *then_held([ramp])]


@_of(nodes.Join)
def _join(node: Any, until: float) -> list[Phase]:
    return _joined(node.pieces, [number(each) for each in node.boundaries], until)


@_of(nodes.StackedJoin)
def _stacked_join(node: Any, until: float) -> list[Phase]:
    pieces = [
        jax.tree.map(lambda leaf, slot=slot: np.asarray(leaf)[slot], node.kinds[which])
        for which, slot in zip(np.asarray(node.which), np.asarray(node.slot), strict=True)
    ]
    return _joined(pieces, [number(each) for each in np.asarray(node.boundaries)], until)


def _joined(pieces: Any, boundaries: list[float], until: float) -> list[Phase]:
    found: list[Phase] = []
    begins, ends = [0, *boundaries], [*boundaries, math.inf]
    restarts = [False, *map(_again, pieces[1:], pieces), False]
    cycle = 0
    for i, (piece, begin, end) in enumerate(zip(pieces, begins, ends, strict=True)):
        cycle = cycle + 1 if restarts[i] else int(restarts[i + 1])
        if begin >= until or end <= begin:
            continue
        inner = cut(later(_phases(piece, min(end, until) - begin), begin), end)
        if cycle:
            inner = [each._replace(name=f"cycle {cycle}: {each.name}", cycle=cycle) for each in inner]
        if found and inner:
            stairs = isinstance(piece, js.Constant) and isinstance(pieces[i - 1], js.Constant)
            inner[0] = inner[0]._replace(seam=True, meant=stairs or restarts[i])
        found += inner
    return found


def _again(piece: Any, before: Any) -> bool:
    """Whether a piece is the one before it anew, from a height and of a length of its own: a restart."""
    if type(piece) is not type(before) or isinstance(piece, js.Constant):
        return False
    own = {each.name for each in dataclasses.fields(piece)} & {"start", "steps"}
    return dataclasses.replace(before, **{name: getattr(piece, name) for name in own}) == dataclasses.replace(piece)


@_of(nodes.Piecewise)
def _piecewise(node: Any, until: float) -> list[Phase]:
    marks = [0, *(number(each) for each in np.asarray(node.boundaries)), math.inf]
    spans = zip(marks, marks[1:], strict=False)
    return [Phase(begin, end, "constant", meant=True) for begin, end in spans if begin < min(end, until)]


@_of(js.Interpolated, js.CosineInterpolated)
def _interpolated(node: Any, until: float) -> list[Phase]:
    way = "linear" if isinstance(node, js.Interpolated) else "cosine"
    marks = [number(each) for each in np.asarray(node.boundaries)]
    values = np.asarray(node.values)
    found = [Phase(0, marks[0], "constant")]
    for i, (begin, end) in enumerate(zip(marks, marks[1:], strict=False)):
        name = "constant" if values[i] == values[i + 1] else way
        found.append(Phase(begin, end, name, meant=i > 0 and marks[i - 1] == begin))
    return then_held([each for each in found if each.begin < min(each.end, until)])


# Again and again.


@_of(nodes.Cycle)
def _cycle(node: Any, until: float) -> list[Phase]:
    period, growth = number(node.period), number(node.growth)
    if not period:
        return [Phase(0, math.inf, "constant")]
    inner = _of_one_cycle(node, period)
    if growth == 1 and not until <= MANY_CYCLES * period:
        what = " / ".join(each.name for each in inner)
        return [Phase(0, math.inf, f"cycles of {readable(period)} steps: {what}", meant=True)]
    found, begin, length, index = [], 0.0, period, 1
    while begin < min(until, 2.0**53):
        found += _as_cycle(inner, begin, length / period, index)
        begin, length, index = begin + length, length * growth, index + 1
    return found


@_of(nodes.ListedCycles)
def _listed(node: Any, until: float) -> list[Phase]:
    period = number(node.period)
    begins = np.asarray(node.begins, float) - np.asarray(node.leads, float)
    inner = _of_one_cycle(node, period)
    found = []
    for index, (begin, end) in enumerate(zip(begins, begins[1:], strict=False), start=1):
        if begin < until:
            found += _as_cycle(inner, begin, (end - begin) / period, index)
    return then_held(found)


def _of_one_cycle(node: Any, period: float) -> list[Phase]:
    inner = _phases(node.schedule, period)
    return cut(inner if node.floor is None else merged(inner, _phases(node.floor, period)), period)


def _as_cycle(inner: list[Phase], begin: float, factor: float, index: int) -> list[Phase]:
    return [
        each._replace(name=f"cycle {index}: {each.name}", meant=True, cycle=index)
        for each in later(slower(inner, factor), begin)
    ]


# Other clocks.


@_of(nodes.Delay)
def _delay(node: Any, until: float) -> list[Phase]:
    steps = number(node.steps)
    return [Phase(0, steps, "first value held"), *later(_phases(node.schedule, until - steps), steps)]


@_of(nodes.Advance)
def _advance(node: Any, until: float) -> list[Phase]:
    moved = later(_phases(node.schedule, until + number(node.steps)), -number(node.steps))
    return [each._replace(begin=max(each.begin, 0)) for each in moved if each.end > 0]


@_of(nodes.Stretch)
def _stretch(node: Any, until: float) -> list[Phase]:
    factor = number(node.factor)
    return slower(_phases(node.schedule, until / factor), factor)


@_of(nodes.Staircase)
def _staircase(node: Any, until: float) -> list[Phase]:
    every = number(node.every)
    inner = _phases(node.schedule, until)
    return inner if not every else in_words(inner, lambda name: f"{name}, in stairs of {readable(every)}", meant=True)


@_of(nodes.PerEpoch)
def _per_epoch(node: Any, until: float) -> list[Phase]:
    each = number(node.steps_per_epoch) or 1
    inner = slower(_phases(node.schedule, until / each), each)
    return in_words(inner, lambda name: f"{name}, by epochs of {readable(each)}", meant=True)


# Other values.


@_of(nodes.Sum, nodes.Difference, nodes.Product, nodes.Quotient, nodes.Power)
def _pair(node: Any, until: float) -> list[Phase]:
    sides = [side for side in (node.left, node.right) if not isinstance(side, js.Constant)]
    return merged(*(_phases(side, until) for side in sides)) if sides else [Phase(0, math.inf, "constant")]


@_of(nodes.Maximum, nodes.Minimum)
def _extreme(node: Any, until: float) -> list[Phase]:
    moving = [each for each in node.terms if not isinstance(each, js.Constant)]
    return merged(*(_phases(each, until) for each in moving)) if moving else [Phase(0, math.inf, "constant")]


@_of(nodes.Clip)
def _clip(node: Any, until: float) -> list[Phase]:
    return in_words(_phases(node.schedule, until), lambda name: f"{name}, clipped")


@_of(nodes.Rounded)
def _rounded(node: Any, until: float) -> list[Phase]:
    return in_words(_phases(node.schedule, until), lambda name: f"{name}, rounded", meant=True)


@_of(nodes.Blend)
def _blend(node: Any, until: float) -> list[Phase]:
    return _phases(node.weight, until)


@_of(nodes.NormalJitter, nodes.UniformJitter)
def _jitter(node: Any, until: float) -> list[Phase]:
    return in_words(_phases(node.schedule, until), lambda name: f"{name}, with noise", meant=True)


@_of(js.Controller)
def _controller(node: Any, until: float) -> list[Phase]:
    return _phases(scheduled(node), until)


def scheduled(controller: Any) -> Any:
    """The schedule on which a controller works."""
    inner = getattr(controller, "controller", None)
    return controller.schedule if inner is None else scheduled(inner)


# What the kinds share.


def number(x: Any) -> float:
    """A known number of a schedule."""
    x = np.asarray(x)
    return int(x) if np.issubdtype(x.dtype, np.integer) else float(x)


def words(node: Any) -> str:
    """A formula in words: its class, and what it was given beside start, end and length."""
    if isinstance(node, js.ElapsedPower) and number(node.power) in (0.5, 2):
        return "1-sqrt" if number(node.power) == 0.5 else "square"
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).lower()
    if isinstance(node, js.nodes.Wrap):
        return f"function {getattr(node.fn, '__name__', type(node.fn).__name__)}"
    usual = {key: each.default for key, each in inspect.signature(type(node)).parameters.items()}
    scalars = [
        f"{key} {readable(number(x))}"
        for key, x in shown_of(node)
        if key not in ("start", "end", "steps", "key") and np.ndim(x) == 0 and isinstance(x, NUMBER)
        if not x == usual.get(key)
    ]
    return ", ".join([name, *scalars])


def readable(x: float) -> str:
    """A number as people write it: counts with their thousands, other numbers with four digits."""
    if math.isfinite(x) and x == int(x) and abs(x) < 1e15 and (isinstance(x, int) or abs(x) >= 10):
        return f"{int(x):,}"
    return f"{x:.4g}"
