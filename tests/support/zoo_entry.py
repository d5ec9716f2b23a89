"""What the table of examples holds: `Entry`, and two short ways to make one."""

import dataclasses
from collections.abc import Callable
from typing import Any

from jaxsched import Schedule

LAST = 2**31 - 1
"""The last step that JAX's default integer can count."""

PEAK, END = 3e-4, 3e-5
"""Learning rates as people use them."""


@dataclasses.dataclass(frozen=True, eq=False)
class Entry:
    """An example of a schedule, with what is known of it without running it.

    Attributes:
        name: the test id.
        make: makes the schedule anew.
        covers: the public names that it is an example of.
        reference: step -> value in 80-digit arithmetic, rounded to float64; `None` for noise.
        start: the number against which the error bound counts: the first value, or the largest where that is 0.
        scale: the largest absolute value.
        span: steps worth looking at, one by one, for short laws.
        boundaries: steps at which something happens.
        exact: steps whose value must be the given number to the last bit.
        flat: the step from which on the value is the given number to the last bit.
        ramp: whether it is a ramp class from `exact[0]` to `flat`.
        monotone: whether it never turns.
        crosses: whether the value may cross 0 or cancel, so that errors are read against `scale`.
        last: the last step at which it is finite or defined.
    """

    name: str
    make: Callable[[], Schedule]
    covers: tuple[str, ...]
    reference: Callable[[int], float] | None
    start: float
    scale: float
    span: int
    boundaries: tuple[int, ...] = ()
    exact: tuple[tuple[int, float], ...] = ()
    flat: tuple[int, float] | None = None
    ramp: bool = False
    monotone: bool = False
    crosses: bool = False
    last: int = LAST

    def __str__(self) -> str:
        return self.name


def entry(name: str, make: Callable[[], Schedule], covers: str, reference: Any, span: int, **known: Any) -> Entry:
    """An entry whose `start` and `scale` are the first value, unless a larger `scale` is given."""
    first = reference(0) if reference else known["scale"]
    scale = known.pop("scale", abs(first))
    return Entry(name, make, tuple(covers.split()), reference, first or scale, scale, min(span, 64), **known)


def _extra(kind: Any) -> list[str]:
    """The fields of a ramp of its own."""
    return [f.name for f in dataclasses.fields(kind) if f.name not in ("start", "end", "steps")]


def ramp(kind: Any, variant: str, curve: Any, start: float, end: float, steps: int, **known: Any) -> Entry:
    """A ramp class and its reference, which take the same numbers: `start`, `end`, `steps` and what `known` adds."""
    more = known.pop("more", ())
    return Entry(
        f"{kind.__name__}{variant}",
        lambda: kind(start, end, steps=steps, **dict(zip(_extra(kind), more, strict=False))),
        (kind.__name__,),
        curve(start, end, steps, *more),
        start or end,
        max(abs(start), abs(end)),
        min(steps + 8, 64),
        boundaries=(int(steps),),
        exact=((0, start),),
        flat=(int(steps), end),
        ramp=True,
        monotone=True,
        **known,
    )
