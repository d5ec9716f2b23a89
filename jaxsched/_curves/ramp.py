"""From `start` to `end` in `steps`, then flat: what a ramp is.

A ramp says how much of its start and of its end it shows, both computed from their own side: `x` of the way done and
`rest` of the way left.
"""

import abc
import dataclasses
import functools
from typing import TYPE_CHECKING, Any, TypeAlias

import jax.numpy as jnp

from jaxsched._core.choice import select
from jaxsched._core.ends import Ends, first_of, known
from jaxsched._core.kinds import Count, Kind, Level, Numeric
from jaxsched._core.node import Data
from jaxsched._core.schedule import Array, Exact, Schedule, evaluate
from jaxsched._core.time import blend, fractions
from jaxsched._core.words import shown


class Open(Data):
    """An end of a ramp that `Warmup` or `Cooldown` fills in: there the ramp joins the schedule."""


if TYPE_CHECKING:
    End: TypeAlias = Numeric | Open | None
else:

    class OfEnds(Kind):
        """To tools that check classes, such as OmegaConf, an open end is an end."""

        def __subclasscheck__(cls, subclass: type) -> bool:
            return subclass is Open or super().__subclasscheck__(subclass)

    class End(Level, metaclass=OfEnds):
        """A level; or `nodes.Open()`, where the ramp joins a schedule in `Warmup` or `Cooldown`."""

        check = staticmethod(lambda name, x: x if isinstance(x, Open) else Level.check(name, x))


class Ramp(Exact):
    r"""From `start` at step 0 to `end` from `steps` on, by weights of its own.

    $v = s\,w_s(x) + e\,w_e(x)$ with $x = \min(t / n, 1)$. A subclass has one method, `weights`, and may have fields of
    its own, which are passed by keyword. It is exactly `start` at step 0 and exactly `end` from `steps` on, whatever
    the weights are there, and `stretch`, `replace_schedule(rebase=True)` and `warmup(shape=...)` take it like ours.

    Args:
        start: the value s at step 0, any finite number; `None` in `a.then(ramp)`, where it is where `a` ends.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> class Rex(jaxsched.Ramp):
        ...     def weights(self, x, rest):
        ...         return 2 * rest / (1 + rest), x / (1 + rest)
        >>> round(float(Rex(1.0, 0.0, steps=4)(2)), 6)
        0.666667
    """

    start: End
    end: End
    steps: Count = dataclasses.field(kw_only=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**{"kw_only": True, **kwargs})
        made: Any = cls
        made.__init__ = _by_keyword(cls.__name__, made.__init__)

    @abc.abstractmethod
    def weights(self, x: Array, rest: Array) -> tuple[Any, Any]:
        """The weights of `start` and `end`, which sum to 1, at `x` of the way with `rest = 1 - x` left."""

    def at(self, step: Any) -> Any:
        start, end = self.ends
        x, rest = fractions(step, self.steps)
        first, last = x == 0, rest == 0
        ended = first | last
        # At an end the weights are not asked: they, or their slopes, may be infinite there.
        of_start, of_end = self.weights(select(ended, 0.5, x), select(ended, 0.5, rest))
        value = blend(start, end, jnp.asarray(of_start), jnp.asarray(of_end))
        return select(last, end, select(first, start, value))

    def _check_alone(self, name: str) -> None:
        if isinstance(self.start, Open) or isinstance(self.end, Open):
            raise ValueError(
                f"`{name}` must have both ends: got {shown(self)}. An open one is where another schedule is, in "
                f"`a.then(ramp)`, `Cooldown` or `Warmup`."
            )

    @property
    def ends(self) -> tuple[Any, Any]:
        """Both ends; one that is open is where the other is."""
        start = self.end if isinstance(self.start, Open) else self.start
        end = self.start if isinstance(self.end, Open) else self.end
        return (0.0, 0.0) if isinstance(start, Open) else (start, end)

    @property
    def duration(self) -> Any:
        return self.steps

    @property
    def _known_ends(self) -> Ends:
        start, end = map(known, self.ends)
        return first_of(self.steps, start, end), end


def _by_keyword(name: str, plain: Any) -> Any:
    """The constructor of a ramp, which says what to write where a third number was passed by position."""

    @functools.wraps(plain)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if args[:1] == (None,):
            args = (Open(), *args[1:])
        elif kwargs.get("start", ...) is None:
            kwargs["start"] = Open()
        if len(args) > 2:
            raise TypeError(
                f"`steps`, and what follows, must be passed by keyword: got {shown(args[2:])} after `start` and `end`. "
                f"Write `{name}({shown(args[0])}, {shown(args[1])}, steps=...)`."
            )
        if len(args) == 2 and "steps" not in kwargs:
            raise TypeError(
                f"`steps` must be passed by keyword, and is missing: {shown(args[1])} is where the ramp ends. "
                f"Write `{name}({shown(args[0])}, {shown(args[1])}, steps=...)`."
            )
        plain(self, *args, **kwargs)

    return __init__


class Shaped(Ramp):
    r"""A ramp of any shape: $v = e + (s - e)\,d(x)$ with $x = \min(t / n, 1)$; exact at both ends.

    Args:
        start: the value s at step 0, any finite number.
        end: the value e from step `steps` on.
        steps: the length n in steps, at least 0; 0 is `end` at once.
        remaining: the weight d of `start` as a schedule of the fraction x: 1 at 0 and 0 at 1.

    Raises:
        ValueError: a number is not finite, or `steps` is negative or an int of 2**31 or more.

    Examples:
        >>> float(jaxsched.Shaped(1.0, 0.0, steps=4, remaining=lambda x: (1 - x) ** 2)(2))
        0.25
    """

    remaining: Schedule = dataclasses.field(metadata={"clock": "fraction"})

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        of_start = evaluate(self.remaining, x)
        return of_start, 1 - of_start
