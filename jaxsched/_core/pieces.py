"""Schedules one after another, each on its own clock."""

from typing import Any

import jax.numpy as jnp

from jaxsched._core.choice import select
from jaxsched._core.durations import end_after
from jaxsched._core.kinds import CountTuple
from jaxsched._core.lists import check_boundaries
from jaxsched._core.schedule import Exact, Schedules, evaluate
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
