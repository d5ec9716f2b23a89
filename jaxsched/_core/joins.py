"""One schedule after another: what `then` makes, and `join` of a few."""

from typing import Any

import jax.numpy as jnp

from jaxsched._core.choice import select
from jaxsched._core.durations import end_after
from jaxsched._core.ends import Ends, first_of
from jaxsched._core.fields import by_formula
from jaxsched._core.kinds import CountTuple
from jaxsched._core.lists import check_boundaries
from jaxsched._core.schedule import Constant, Exact, Schedule, Schedules, evaluate
from jaxsched._core.time import only_when, reached, since


class Join(Exact):
    """Pieces one after another, each on its own clock: what `join` makes of a few schedules.

    Args:
        pieces: the schedules in order.
        boundaries: the step at which each piece but the first begins; one fewer than `pieces`.
    """

    pieces: Schedules
    boundaries: CountTuple

    def _check(self) -> None:
        check_boundaries(len(self.pieces), self.boundaries)

    def at(self, step: Any) -> Any:
        first, *others = self.pieces
        begun = [reached(step, boundary) for boundary in self.boundaries]
        # A piece that is not shown is evaluated at its own step 0, where it is finite and so are its gradients.
        ended = [*begun[1:], jnp.zeros_like(begun[0])] if begun else []
        value = evaluate(first, only_when(~begun[0], step) if begun else step)
        for piece, boundary, on, off in zip(others, self.boundaries, begun, ended, strict=True):
            value = select(on, evaluate(piece, only_when(on & ~off, since(step, boundary))), value)
        return value

    @property
    def duration(self) -> Any:
        return end_after(self.boundaries[-1] if self.boundaries else 0, self.pieces[-1].duration)

    @property
    def _known_ends(self) -> Ends:
        first, last = self.pieces[-1]._known_ends
        for piece, boundary in zip(reversed(self.pieces[:-1]), reversed(self.boundaries), strict=True):
            first = first_of(boundary, piece._known_ends[0], first)
        return first, last


def boundaries_of(pieces: tuple[Schedule, ...]) -> list[Any]:
    ends, end = [], 0
    for i, piece in enumerate(pieces[:-1]):
        if piece.duration is None or isinstance(piece, Constant):
            raise ValueError(
                f"`boundaries` must be given: piece {i}, a {type(piece).__name__}, has no length of its own. "
                f"Pass the step at which each piece but the first begins."
            )
        end = end + piece.duration
        ends.append(end)
    return ends


def one_after(before: Schedule, other: Schedule, made: Any = Join) -> Schedule:
    """The one for its duration, then the other."""
    pieces = before, other
    with by_formula():
        return made(pieces, tuple(boundaries_of(pieces)))


Schedule._after = staticmethod(one_after)
