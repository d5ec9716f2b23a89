"""Ramps that lead into a schedule or out of one: `warmup`, `cooldown` and their shapes."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import jax.numpy as jnp

from jaxsched._combinators.clocks import Stretch, advance
from jaxsched._core.choice import select
from jaxsched._core.durations import end_after
from jaxsched._core.ends import Ends, first_of, known
from jaxsched._core.fields import is_traced
from jaxsched._core.joins import Join, one_after
from jaxsched._core.kinds import Count, Kind, Level, checked
from jaxsched._core.node import inside
from jaxsched._core.schedule import (
    Exact,
    Schedule,
    ScheduleLike,
    Wrap,
    as_schedule,
    evaluate,
    to_schedule,
)
from jaxsched._core.time import reached, since, until
from jaxsched._core.words import renamed, shown
from jaxsched._curves.cosines import Cosine, MirrorCosine
from jaxsched._curves.exponentials import ExponentialRamp, Geometric, Inverse
from jaxsched._curves.powers import ElapsedPower, Linear, Logarithmic, Polynomial, Rex
from jaxsched._curves.ramp import Open, Ramp, Shaped

WARMUP_SHAPES: dict[str, Callable[..., Schedule]] = {
    "linear": Linear,
    "cosine": Cosine,
    "1-sqrt": functools.partial(Polynomial, power=0.5),
    "exponential": functools.partial(ExponentialRamp, base=2.0),
    "log": Logarithmic,
}
"""The shapes of `warmup` by name: each the cooldown of the same name run backwards in time."""

COOLDOWN_SHAPES: dict[str, Callable[..., Schedule]] = {
    "linear": Linear,
    "cosine": Cosine,
    "1-sqrt": functools.partial(ElapsedPower, power=0.5),
    "square": functools.partial(ElapsedPower, power=2.0),
    "mirror-cosine": MirrorCosine,
    "exponential": ExponentialRamp,
    "rex": Rex,
    "geometric": Geometric,
    "inverse": Inverse,
}
"""The shapes of `cooldown` and `wsd` by name."""

if TYPE_CHECKING:
    Shape: TypeAlias = (
        Literal["linear", "cosine", "1-sqrt", "square", "mirror-cosine", "exponential", "rex", "geometric", "inverse"]
        | Literal["log"]
        | Callable[..., Any]
    )
else:

    class Shape(metaclass=Kind):
        """A named shape, a ramp class, or a function: `(start, end, steps) -> schedule` or `fraction -> weight`."""

        check = staticmethod(lambda name, x: _shape(name, x))


class Warmup(Exact):
    """A ramp up to a schedule's first value, then the schedule: what `warmup` makes.

    Args:
        ramp: a ramp with `end=Open()`: it ends where the schedule begins.
        schedule: the schedule that begins when the ramp ends, on a clock of its own.
    """

    ramp: Ramp
    schedule: Schedule

    def _check(self) -> None:
        _check_open(self.ramp, "end")

    def at(self, step: Any) -> Any:
        steps, schedule = self.ramp.steps, self.schedule
        over = reached(step, steps)
        # Evaluated once, lest what is nested doubles: until the ramp is over the schedule is at its first value.
        value = evaluate(schedule, since(step, steps))
        # A ramp of no length shows its end at step 0; what leads into it leads to its start all the same.
        peak = schedule.ends[0] if isinstance(schedule, Ramp) else select(over, self.ramp.ends[0], value)
        return select(over, value, evaluate(inside(self.ramp, end=peak), step))

    @property
    def duration(self) -> Any:
        return end_after(self.ramp.steps, self.schedule.duration)

    @property
    def _known_ends(self) -> Ends:
        first, last = self.schedule._known_ends
        return first_of(self.ramp.steps, known(self.ramp.start), first), last


class Cooldown(Exact):
    """A schedule until `begin`, then a ramp down from its value there: what `cooldown` makes.

    Args:
        schedule: the schedule to leave.
        begin: the step at which the ramp begins.
        ramp: a ramp with `start=Open()`: it starts where the schedule is at `begin`.
    """

    schedule: Schedule
    begin: Count
    ramp: Ramp

    def _check(self) -> None:
        _check_open(self.ramp, "start")

    def at(self, step: Any) -> Any:
        begun = reached(step, self.begin)
        # Evaluated once, lest what is nested doubles: once the ramp has begun the schedule stays where it was.
        value = evaluate(self.schedule, until(step, self.begin))
        start = select(begun, value, self.ramp.ends[1])
        return select(begun, evaluate(inside(self.ramp, start=start), since(step, self.begin)), value)

    @property
    def duration(self) -> Any:
        return end_after(self.begin, self.ramp.steps)

    @property
    def _known_ends(self) -> Ends:
        first, end = self.schedule._known_ends[0], known(self.ramp.end)
        return first_of(self.begin, first, first_of(self.ramp.steps, first, end)), end


def _after(before: Schedule, ramp: Any) -> Schedule:
    """A schedule and a ramp after it, which begins at its end if it is open there."""
    return one_after(before, ramp, _left if isinstance(ramp.start, Open) else Join)


def _left(pieces: tuple[Any, Any], boundaries: tuple[Any]) -> Schedule:
    return Cooldown(pieces[0], *boundaries, pieces[1])


Ramp._after = staticmethod(_after)


@checked
def warmup(
    schedule: ScheduleLike, steps: Count, start: Level = 0.0, *, shape: Shape = "linear", offset: Count = 0
) -> Schedule:
    r"""A ramp from `start` to the schedule's first value, then the schedule on its own clock.

    With $u = t + o$: $v(t) = s + (p - s)\,w(u / n)$ while $u < n$ for the schedule's first value p, then
    $\text{schedule}(u - n)$. The frameworks' five conventions for W warmup steps and first value 0 are:

    - A, `t / W` (Hugging Face, optax, Keras, Megatron, timm): `warmup(schedule, W)`
    - B, `(t + 1) / W` (torchtitan): `warmup(schedule, W, offset=1)`
    - C, `(t + 1) / (W + 1)` (nanoGPT): `warmup(schedule, W + 1, offset=1)`
    - D, `t / (W - 1)` (Ignite, MMEngine): `warmup(schedule, W - 1)`
    - E, `log(t + 1) / log(W)` (DeepSpeed): `warmup(schedule, W - 1, shape="log")`

    Args:
        schedule: a schedule, number or function of the step.
        steps: the length n of the ramp in steps, at least 0; 0 means no warmup.
        start: the value s that the ramp starts from.
        shape: "linear", "cosine", "1-sqrt", "exponential", "log"; a ramp class; or a function, either
            `(start, end, steps) -> schedule` or `fraction done -> weight of the end`, that JAX can trace.
        offset: steps o of the ramp that count as already done, so that the first update need not be at `start`.

    Raises:
        ValueError: a negative count, or an unknown shape.
        TypeError: `schedule` is not a schedule.

    Examples:
        >>> lr = jaxsched.warmup(jaxsched.Cosine(1.0, 0.0, steps=8), 4)
        >>> [round(float(lr(t)), 4) for t in (0, 2, 4, 8, 12)]
        [0.0, 0.5, 1.0, 0.5, 0.0]

    Reference:
        Goyal et al. 2017, arXiv:1706.02677, section 2.2 (linear).
    """
    whole = Warmup(_ramp(_named(shape, WARMUP_SHAPES), start, Open(), steps), as_schedule(schedule))
    return whole if not is_traced(offset) and isinstance(offset, int) and offset == 0 else advance(whole, offset)


@checked
def cooldown(schedule: ScheduleLike, at: Count, steps: Count, end: Level = 0.0, shape: Shape = "linear") -> Schedule:
    r"""A schedule until the step `at`, then a ramp from its value there to `end`.

    Args:
        schedule: a schedule, number or function of the step.
        at: the step a at which the ramp begins, at least 0.
        steps: the length of the ramp in steps, at least 0.
        end: the value from step `at + steps` on.
        shape: "linear", "cosine", "1-sqrt", "square", "mirror-cosine", "exponential", "rex", "geometric",
            "inverse"; a ramp class; or a function, either `(start, end, steps) -> schedule` or
            `fraction done -> weight of the start`, that JAX can trace.

    Raises:
        ValueError: a negative count, an unknown shape, or an `end` that the shape cannot reach.
        TypeError: `schedule` is not a schedule.

    Examples:
        >>> lr = jaxsched.cooldown(jaxsched.InverseSqrt(1.0, 100), at=300, steps=100)
        >>> [round(float(lr(t)), 4) for t in (0, 300, 350, 400)]
        [1.0, 0.5, 0.25, 0.0]

    Reference:
        Hägele et al. 2024, arXiv:2405.18392, section 3.
    """
    return Cooldown(as_schedule(schedule), at, _ramp(_named(shape, COOLDOWN_SHAPES), Open(), end, steps))


def _shape(name: str, x: Any) -> Any:
    if not isinstance(x, str) and not callable(x):
        raise TypeError(f"`{name}` must be a name, a ramp class or a function: got {shown(x)}.")
    return x


def _named(shape: Any, known: dict[str, Callable[..., Schedule]]) -> Callable[..., Any]:
    if isinstance(shape, str) and shape not in known:
        raise ValueError(f"`shape` must be one of {', '.join(map(repr, known))}, or a function: got {shown(shape)}.")
    return known[shape] if isinstance(shape, str) else shape


def _ramp(shape: Callable[..., Any], start: Any, end: Any, steps: Any) -> Ramp:
    """A ramp of any shape, with an end that is open."""
    signature = _signature(shape)
    parameters = signature.parameters
    upward = isinstance(end, Open)
    if _takes_one_argument(parameters):
        with renamed({"fn": "shape"}):
            weight = Wrap(shape)
        return Shaped(start, end, steps=steps, remaining=1.0 - weight if upward else weight)
    make = functools.partial(_made, shape, signature, by_keyword="steps" in parameters)
    if _is_ramp(shape):
        return make(start, end, steps)
    # What the function makes of numbers shows what it is: a ramp, whose end is then opened, or a composition.
    ramp = make(start if upward else _other_side(end), 1.0 if upward else end, steps)
    if isinstance(ramp, Ramp):
        return dataclasses.replace(ramp, **{"end" if upward else "start": Open()})
    # A composition has no end to open: play it from 1 to 0 as the weight of the start.
    weight = Stretch(to_schedule("shape", make(1.0, 0.0, steps)), _inverse(steps))
    return Shaped(start, end, steps=steps, remaining=weight)


def _made(
    shape: Callable[..., Any], signature: inspect.Signature, start: Any, end: Any, steps: Any, by_keyword: bool
) -> Any:
    args, kwargs = ((start, end), {"steps": steps}) if by_keyword else ((start, end, steps), {})
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        raise TypeError(
            f"`shape` must be a function `(start, end, steps) -> schedule` or `fraction -> weight`: got {shown(shape)}."
        ) from None
    return shape(*args, **kwargs)


def _is_ramp(shape: Any) -> bool:
    shape = shape.func if isinstance(shape, functools.partial) else shape
    return isinstance(shape, type) and issubclass(shape, Ramp)


def _other_side(end: Any) -> float:
    """A number of the sign of `end`, for shapes that cannot reach the other."""
    return -1.0 if isinstance(end, (int, float)) and end < 0 else 1.0


def _inverse(steps: Any) -> Any:
    if isinstance(steps, (int, float)):
        return 1.0 / steps if steps else 1.0  # any number: a ramp of no length never asks
    return 1.0 / select(jnp.asarray(steps) > 0, steps, 1)


def _signature(fn: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(fn)
    except ValueError:  # a builtin without a signature takes a fraction
        return inspect.Signature([inspect.Parameter("x", inspect.Parameter.POSITIONAL_ONLY)])


def _takes_one_argument(parameters: Mapping[str, inspect.Parameter]) -> bool:
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters.values() if p.default is p.empty and p.kind in positional]
    return len(needed) == 1


def _check_open(ramp: Ramp, name: str) -> None:
    other = "start" if name == "end" else "end"
    if not isinstance(getattr(ramp, name), Open) or isinstance(getattr(ramp, other), Open):
        raise ValueError(f"`ramp` must have its `{name}` open, and no other: got {ramp!r}. Pass `{name}=nodes.Open()`.")
