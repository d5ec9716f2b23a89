"""One schedule after another: `join`, and its two forms."""

from collections.abc import Sequence as SequenceOf
from typing import Annotated, Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._core.fields import Counts, Numeric, count, counts, is_traced
from jaxsched._core.time import count_reached, only_when, reached, real_dtype, since
from jaxsched._core.schedule import Constant, Exact, Schedule, evaluate, schedules
from jaxsched._store.stack import kind_of, stack_trees

FEW = 8
"""Up to so many pieces are compiled one by one; more are stacked by kind, searched and gathered."""

Schedules: TypeAlias = Annotated[tuple[Schedule, ...], schedules]
TupleOfCounts: TypeAlias = Annotated[tuple[Any, ...], lambda name, x: tuple(count(name, each) for each in x)]


class Join(Exact):
    """Pieces one after another, each on its own clock: what `join` makes of a few schedules.

    Args:
        pieces: the schedules in order.
        boundaries: the step at which each piece but the first begins; one fewer than `pieces`.
    """

    pieces: Schedules
    boundaries: TupleOfCounts

    def _check(self):
        _check_boundaries(len(self.pieces), self.boundaries)

    def at(self, step):
        first, *others = self.pieces
        begun = [reached(step, boundary) for boundary in self.boundaries]
        # A piece that is not shown is evaluated at its own step 0, where it is finite and so are its gradients.
        ended = [*begun[1:], jnp.zeros_like(begun[0])] if begun else []
        value = evaluate(first, only_when(~begun[0], step) if begun else step)
        for piece, boundary, on, off in zip(others, self.boundaries, begun, ended, strict=True):
            value = jnp.where(on, evaluate(piece, only_when(on & ~off, since(step, boundary))), value)
        return value

    @property
    def duration(self):
        return end_after(self.boundaries[-1] if self.boundaries else 0, self.pieces[-1].duration)


class Sequence(Exact):
    """Many pieces one after another, stacked by kind: what `join` makes of more than a few schedules.

    Args:
        kinds: one schedule for each kind of piece, its numbers stacked along a leading axis.
        boundaries: the step at which each piece but the first begins; one fewer than the pieces.
        which: for each piece, which of `kinds` it is.
        slot: for each piece, its place in that kind's stack.
    """

    kinds: Schedules
    boundaries: Counts
    which: Annotated[Any, lambda name, x: np.asarray(x) if isinstance(x, list) else x]
    slot: Annotated[Any, lambda name, x: np.asarray(x) if isinstance(x, list) else x]

    def at(self, step):
        shape = jnp.shape(jax.tree.leaves(step)[0])
        steps = jax.tree.map(jnp.ravel, step)
        return jax.vmap(self._one)(steps).reshape(shape) if shape else self._one(step)

    def _one(self, step):
        index = count_reached(step, self.boundaries)
        begin = jnp.where(index > 0, self.boundaries[jnp.maximum(index - 1, 0)], 0)
        local, kind, value = since(step, begin), self.which[index], jnp.zeros((), real_dtype())
        for i, stacked in enumerate(self.kinds):
            here = kind == i
            slot = jnp.where(here, self.slot[index], 0)
            piece = jax.tree.map(lambda leaf, slot=slot: leaf[slot], stacked)
            value = jnp.where(here, evaluate(piece, only_when(here, local)), value)
        return value

    @property
    def duration(self):
        if is_traced(self.which) or is_traced(self.slot):
            return None
        piece = jax.tree.map(lambda leaf: leaf[int(self.slot[-1])], self.kinds[int(self.which[-1])])
        return end_after(self.boundaries[-1], piece.duration)


def join(schedules: SequenceOf[Any], boundaries: SequenceOf[Numeric] | None = None) -> Schedule:
    r"""Schedules one after another, each on its own clock.

    $v(t) = s_i(t - b_i)$ for $b_i \le t < b_{i+1}$ with $b_0 = 0$: at a boundary the next piece's first value holds.
    Many pieces of a kind cost a search and a gather, and one compilation of the kind.

    Args:
        schedules: schedules, numbers or functions of the step, at least one.
        boundaries: the step at which each piece but the first begins, sorted, one fewer than `schedules`; by default
            each piece ends with its `duration`.

    Raises:
        ValueError: no schedule, a wrong number of boundaries, unsorted ones, or none where a piece has no end.
        TypeError: a piece is not a schedule.

    Examples:
        >>> both = jaxsched.join([jaxsched.Constant(1.0), jaxsched.Constant(0.5)], [10])
        >>> float(both(9)), float(both(10))
        (1.0, 0.5)

    Reference:
        `join_schedules` in optax, `SequentialLR` in PyTorch.
    """
    pieces = _pieces(schedules)
    if boundaries is None:
        boundaries = _boundaries_of(pieces)
    elif not isinstance(boundaries, (list, tuple)) and np.ndim(boundaries) == 0:  # pyright: ignore[reportArgumentType]
        raise TypeError(f"`boundaries` must be a sequence of steps: got {boundaries!r}. Pass a list.")
    if len(pieces) <= FEW:
        return Join(pieces, tuple(boundaries))
    _check_boundaries(len(pieces), boundaries)
    groups: dict[Any, list[int]] = {}
    for i, piece in enumerate(pieces):
        groups.setdefault(kind_of(piece), []).append(i)
    kind, slot = np.zeros(len(pieces), np.int64), np.zeros(len(pieces), np.int64)
    for k, members in enumerate(groups.values()):
        kind[members], slot[members] = k, np.arange(len(members))
    stacked = tuple(stack_trees([pieces[i] for i in members]) for members in groups.values())
    return Sequence(stacked, counts("boundaries", list(boundaries)), kind, slot)


def _pieces(x: SequenceOf[Any]) -> tuple[Schedule, ...]:
    pieces = schedules("schedules", x)
    if not pieces:
        raise ValueError("`schedules` must hold at least one schedule: got none.")
    return pieces


def _boundaries_of(pieces: tuple[Schedule, ...]) -> list[Any]:
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


def _check_boundaries(pieces: int, boundaries: Any) -> None:
    if len(boundaries) != pieces - 1:
        raise ValueError(
            f"`boundaries` must have one element fewer than `schedules`: got {len(boundaries)} and {pieces}."
        )
    concrete = [b for b in boundaries if not is_traced(b)]
    if any(np.any(np.asarray(a) > np.asarray(b)) for a, b in zip(concrete, concrete[1:], strict=False)):
        raise ValueError(f"`boundaries` must be sorted: got {list(boundaries)!r}. A piece begins where the last ends.")


def end_after(begin, duration):
    return None if duration is None else begin + duration
