"""One schedule after another: `join`, and what it makes of many."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._core.choice import select
from jaxsched._core.durations import end_after
from jaxsched._core.fields import is_traced
from jaxsched._core.joins import Join, boundaries_of
from jaxsched._core.kinds import Counts, CountTuple, Indices, checked
from jaxsched._core.lists import check_boundaries
from jaxsched._core.node import stack_key, stack_trees
from jaxsched._core.schedule import (
    Exact,
    Schedule,
    Schedules,
    evaluate,
)
from jaxsched._core.time import count_reached, only_when, real_dtype, since
from jaxsched._core.words import renamed, shown

FEW = 8
"""Up to so many pieces are compiled one by one; more are stacked by kind, searched and gathered."""


class StackedJoin(Exact):
    """Many pieces one after another, stacked by kind: what `join` makes of more than a few schedules.

    Args:
        kinds: one schedule for each kind of piece, its numbers stacked along a leading axis.
        boundaries: the step at which each piece but the first begins; one fewer than the pieces.
        which: for each piece, which of `kinds` it is.
        slot: for each piece, its place in that kind's stack.
    """

    kinds: Schedules
    boundaries: Counts
    which: Indices
    slot: Indices

    def _check(self) -> None:
        if not self.kinds:
            raise ValueError("`kinds` must hold at least one schedule: got none. Use `join`, which makes this.")
        if any(map(is_traced, (self.boundaries, self.which, self.slot))):
            return
        which, slot = np.atleast_1d(self.which), np.asarray(self.slot)
        axis = which.ndim - 1  # above 0 where such joins are stacked themselves
        check_boundaries(which.shape[-1], np.asarray(self.boundaries)[(0,) * axis], name="which")
        if slot.shape != which.shape:
            raise ValueError(f"`slot` must be as long as `which`: got {shown(slot)} and {shown(which)}.")
        _check_indices("which", which, len(self.kinds))
        for k, stacked in enumerate(self.kinds):
            sizes = {np.shape(leaf)[axis] if np.ndim(leaf) > axis else 0 for leaf in jax.tree.leaves(stacked)}
            if not sizes:
                continue  # functions, which have no numbers
            if len(sizes) != 1 or 0 in sizes:
                raise ValueError(f"`kinds[{k}]` must be stacked schedules: its numbers have lengths {sorted(sizes)}.")
            _check_indices("slot", slot[which == k], sizes.pop())

    def at(self, step: Any) -> Any:
        shape = jnp.shape(jax.tree.leaves(step)[0])
        steps = jax.tree.map(jnp.ravel, step)
        return jax.vmap(self._one)(steps).reshape(shape) if shape else self._one(step)

    def _one(self, step):
        index = count_reached(step, self.boundaries)
        begin = select(index > 0, self.boundaries[jnp.maximum(index - 1, 0)], 0)
        local, kind, value = since(step, begin), self.which[index], jnp.zeros((), real_dtype())
        for i, stacked in enumerate(self.kinds):
            here = kind == i
            slot = select(here, self.slot[index], 0)
            piece = jax.tree.map(lambda leaf, slot=slot: leaf[slot], stacked)
            value = select(here, evaluate(piece, only_when(here, local)), value)
        return value

    @property
    def duration(self) -> Any:
        if is_traced(self.which) or is_traced(self.slot):
            return None
        piece = jax.tree.map(lambda leaf: leaf[int(self.slot[-1])], self.kinds[int(self.which[-1])])
        return end_after(self.boundaries[-1], piece.duration)


def _check_indices(name: str, indices: Any, below: int) -> None:
    if not is_traced(indices) and np.any((np.asarray(indices) < 0) | (np.asarray(indices) >= below)):
        raise ValueError(f"`{name}` must hold indices from 0 to {below - 1}: got {shown(indices)}.")


@checked
def join(schedules: Schedules, boundaries: CountTuple | None = None) -> Schedule:
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
    pieces: tuple[Schedule, ...] = schedules
    if not pieces:
        raise ValueError("`schedules` must hold at least one schedule: got none.")
    if boundaries is None:
        boundaries = boundaries_of(pieces)
    with renamed({"pieces": "schedules"}):
        check_boundaries(len(pieces), boundaries, "schedules")
    if len(pieces) <= FEW:
        return Join(pieces, tuple(boundaries))
    groups: dict[Any, list[int]] = {}
    for i, piece in enumerate(pieces):
        groups.setdefault(stack_key(piece), []).append(i)
    kind, slot = np.zeros(len(pieces), np.int64), np.zeros(len(pieces), np.int64)
    for k, members in enumerate(groups.values()):
        kind[members], slot[members] = k, np.arange(len(members))
    stacked = tuple(stack_trees([pieces[i] for i in members]) for members in groups.values())
    return StackedJoin(stacked, list(boundaries), kind, slot)
