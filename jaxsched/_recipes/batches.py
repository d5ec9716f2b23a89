"""The samples of a run whose batch changes, in exact integers."""

import bisect
import itertools
import math
from fractions import Fraction

import jax
import numpy as np

from jaxsched._core.fields import is_traced
from jaxsched._core.schedule import Schedule
from jaxsched._core.words import shown
from jaxsched._curves.tables import Piecewise

MOST_STEPS = 2**22
"""So many steps are looked at one by one, for a batch that is not piecewise constant."""


class Batches:
    """How many samples are seen at each step, and the other way round.

    Args:
        schedule: the batch size at each step, a whole number of at least 1.
    """

    def __init__(self, schedule: Schedule) -> None:
        if any(map(is_traced, jax.tree.leaves(schedule))):
            raise TypeError(f"`batch_size` must be known: got {shown(schedule)}, traced. Build the run outside of jit.")
        begins, sizes = _pieces(schedule)
        _check(begins, sizes)
        self.begins = begins
        self.sizes = list(map(int, sizes.tolist()))
        lengths = (after - begin for begin, after in itertools.pairwise(self.begins))
        seen = (length * size for length, size in zip(lengths, self.sizes, strict=False))
        self.seen: list[int] = list(itertools.accumulate(seen, initial=0))

    def samples(self, steps: Fraction) -> Fraction:
        """The samples that so many steps see."""
        i = bisect.bisect_right(self.begins, steps) - 1
        return self.seen[i] + (steps - self.begins[i]) * self.sizes[i]

    def steps(self, samples: Fraction) -> Fraction:
        """The steps that see so many samples."""
        i = bisect.bisect_right(self.seen, samples) - 1
        return self.begins[i] + (samples - self.seen[i]) / self.sizes[i]


def check_one(name: str, schedule: Schedule) -> None:
    """Refuse a stack of schedules."""
    try:
        schedule(0)
    except TypeError:
        raise TypeError(
            f"`{name}` must be one: got {shown(schedule)}, a stack. `jaxsched.unstack` gives them."
        ) from None


def _pieces(schedule: Schedule) -> tuple[list[int], np.ndarray]:
    """The steps at which the batch changes, the first of them 0, and the batch from each on."""
    with jax.ensure_compile_time_eval():
        check_one("batch_size", schedule)
    if isinstance(schedule, Piecewise) and np.ndim(schedule.boundaries) == 1:
        return [0, *map(math.ceil, np.asarray(schedule.boundaries).tolist())], np.asarray(schedule.values)
    with jax.ensure_compile_time_eval():
        end = schedule.duration
        if end is None or not np.ndim(end) == 0 or not end <= MOST_STEPS:
            raise ValueError(
                f"`batch_size` must be flat after at most {MOST_STEPS:,} steps, or piecewise constant: got "
                f"{shown(schedule)}. Use `piecewise_constant`."
            )
        values = np.asarray(schedule(np.arange(math.ceil(end) + 1)))
    begins = np.append(0, np.flatnonzero(np.diff(values)) + 1)
    return begins.tolist(), values[begins]


def _check(begins: list[int], sizes: np.ndarray) -> None:
    """Refuse batches that hold no sample, or a part of one."""
    for wrong, must in ((sizes < 1, "be at least 1"), (sizes != np.floor(sizes), "be a whole number")):
        if np.any(wrong):
            i = int(np.argmax(wrong))
            raise ValueError(
                f"`batch_size` must {must} at every step: got {sizes[i]:.6g} at step {begins[i]}. A step needs whole "
                f"samples: `rounded` makes them."
            )
