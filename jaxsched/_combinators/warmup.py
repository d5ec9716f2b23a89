"""Ramps that lead into a schedule or out of one: `warmup`, `cooldown` and their shapes."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from jaxsched._combinators.clocks import Stretch, advance
from jaxsched._core.node import fill
from jaxsched._core.fields import Count, Numeric, count, is_traced
from jaxsched._combinators.join import end_after
from jaxsched._core.time import only_when, reached, since
from jaxsched._curves.ramp import Cosine, Geometric, Inverse, Linear, Logarithmic, Polynomial, Ramp
from jaxsched._core.schedule import Exact, Schedule, Wrap, evaluate, to_schedule
from jaxsched._curves.shapes import ElapsedPower, ExponentialRamp, MirrorCosine, Rex, Shaped

Shape = str | Callable[..., Any]
"""A named shape, a ramp class, or any function `(start, end, steps) -> schedule` or `fraction -> weight`."""

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


class Warmup(Exact):
    """A ramp up to a schedule's first value, then the schedule: what `warmup` makes.

    Args:
        ramp: a ramp with `end=None`: it ends where the schedule begins.
        schedule: the schedule that begins when the ramp ends, on a clock of its own.
    """

    ramp: Schedule
    schedule: Schedule

    def at(self, step):
        steps = steps_of(self.ramp)
        # A ramp of no length shows its end at step 0; what leads into it leads to its start all the same.
        schedule: Any = self.schedule
        peak = schedule.start if isinstance(schedule, Ramp) else evaluate(schedule, jnp.zeros((), jnp.result_type(int)))
        up = evaluate(fill(self.ramp, end=peak), step)
        return jnp.where(reached(step, steps), evaluate(self.schedule, since(step, steps)), up)

    @property
    def duration(self):
        return end_after(steps_of(self.ramp), self.schedule.duration)


class Cooldown(Exact):
    """A schedule until `begin`, then a ramp down from its value there: what `cooldown` makes.

    Args:
        schedule: the schedule to leave.
        begin: the step at which the ramp begins.
        ramp: a ramp with `start=None`: it starts where the schedule is at `begin`.
    """

    schedule: Schedule
    begin: Count
    ramp: Schedule

    def at(self, step):
        begun = reached(step, self.begin)
        start = evaluate(self.schedule, self.begin)
        down = evaluate(fill(self.ramp, start=start), since(step, self.begin))
        return jnp.where(begun, down, evaluate(self.schedule, only_when(~begun, step)))

    @property
    def duration(self):
        return end_after(self.begin, steps_of(self.ramp))


def warmup(
    schedule: Any, steps: Numeric, start: Numeric = 0.0, *, shape: Shape = "linear", offset: Numeric = 0
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
        >>> lr = jaxsched.warmup(jaxsched.Cosine(1.0, 0.0, 8), 4)
        >>> [round(float(lr(t)), 4) for t in (0, 2, 4, 8, 12)]
        [0.0, 0.5, 1.0, 0.5, 0.0]

    Reference:
        Goyal et al. 2017, arXiv:1706.02677, section 2.2 (linear).
    """
    schedule = to_schedule("schedule", schedule)
    ramp = _open(_ramp(shape, WARMUP_SHAPES, start, 1.0, steps, upward=True), "end")
    whole = Warmup(ramp, schedule)
    return whole if not is_traced(offset) and isinstance(offset, int) and offset == 0 else advance(whole, offset)


def cooldown(schedule: Any, at: Numeric, steps: Numeric, end: Numeric = 0.0, shape: Shape = "linear") -> Schedule:
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
    schedule = to_schedule("schedule", schedule)
    start = 1.0 if is_traced(end) or not isinstance(end, (int, float)) or end >= 0 else -1.0
    return Cooldown(
        schedule, count("at", at), _open(_ramp(shape, COOLDOWN_SHAPES, start, end, steps, upward=False), "start")
    )


def _ramp(shape: Shape, known: dict[str, Callable[..., Schedule]], start, end, steps, *, upward: bool) -> Schedule:
    if isinstance(shape, str):
        if shape not in known:
            raise ValueError(f"`shape` must be one of {', '.join(map(repr, known))}, or a function: got {shape!r}.")
        shape = known[shape]
    if not callable(shape):
        raise TypeError(f"`shape` must be a name, a ramp class or a function: got {shape!r}.")
    if _takes_one_argument(shape):
        weight = Wrap(shape)
        return Shaped(start, end, steps, 1.0 - weight if upward else weight)
    ramp = shape(start, end, steps)
    if isinstance(ramp, Schedule) and all(hasattr(ramp, name) for name in ("start", "end", "steps")):
        return ramp
    # A composition has no open end to fill in: play it from 1 to 0 as the weight of the start.
    return Shaped(start, end, steps, Stretch(to_schedule("shape", shape(1.0, 0.0, steps)), _inverse(steps)))


def _inverse(steps: Any) -> Any:
    if isinstance(steps, (int, float)):
        return 1.0 / steps if steps else 1.0  # any number: a ramp of no length never asks
    return 1.0 / jnp.where(jnp.asarray(steps) > 0, steps, 1)


def steps_of(ramp: Any) -> Any:
    """The length of a ramp, which may be a user's own class with the fields `start`, `end` and `steps`."""
    return ramp.steps


def _takes_one_argument(fn: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(fn).parameters.values()
    except ValueError:  # a builtin without a signature
        return True
    needed = [p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(needed) == 1


def _open(ramp: Schedule, name: str) -> Schedule:
    return fill(ramp, **{name: None})
