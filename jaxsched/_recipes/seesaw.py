"""The arithmetic of `Run.seesaw`: where a rate is cut, and how many updates each batch has, in exact integers."""

import math
from fractions import Fraction
from typing import NamedTuple

import jax
import numpy as np

from jaxsched._core.fields import is_traced
from jaxsched._core.schedule import Schedule
from jaxsched._core.words import shown
from jaxsched._recipes.batches import MOST_STEPS, check_one

ROUNDING = 2e-6
"""A value of a schedule is so far from the exact one at most, times the logarithm of what it has fallen by plus 1."""


class Phase(NamedTuple):
    """What holds between two cuts."""

    begin: int  # the old run's update at which the rate is cut
    cuts: int
    batch: int


class Plan(NamedTuple):
    """The new run: its phases begin at `boundaries`, in its own updates; the first is the old run until its peak."""

    peak_at: int
    boundaries: list[int]
    rates: list[float]
    batches: list[int]
    total: int


def plan(schedule: Schedule, batch: int, total: int, factor: float, power: float, largest: int | None) -> Plan:
    """Where the batch and the rate change, so that the new run sees the samples of the old one."""
    values = _values(schedule, total)
    peak_at = int(np.argmax(values))
    phases = _phases(values, peak_at, batch, factor, largest)
    updates = _updates(phases, peak_at, batch, total)
    peak = float(str(values[peak_at]))  # the shortest number that is this one in its own precision
    boundaries, rates, batches, begin = [0], [], [], 0
    for phase, number in zip(phases, updates, strict=True):
        if number:
            begin += number
            boundaries.append(begin)
            rates.append(peak * factor**-phase.cuts * (phase.batch / batch) ** power)
            batches.append(phase.batch)
    if batches[-1] == batch:
        raise ValueError(
            f"`schedule` must fall by `factor` early enough for a larger batch: got {shown(schedule)}, from "
            f"{values[peak_at]:.6g} to {values[-1]:.6g} in {total} updates. Pass a smaller `factor`, or keep the "
            f"batch."
        )
    return Plan(peak_at, boundaries[:-1], rates, batches, boundaries[-1])


def _values(schedule: Schedule, total: int) -> np.ndarray:
    """The rate at every update of the old run: it rises to its peak and never again, and stays above 0 from there."""
    if total > MOST_STEPS:
        raise ValueError(f"`total` must be at most {MOST_STEPS:,} for `seesaw`: got {shown(total)}.")
    if any(map(is_traced, jax.tree.leaves(schedule))):
        raise TypeError(f"`schedule` must be known: got {shown(schedule)}, traced. Call `seesaw` outside of jit.")
    with jax.ensure_compile_time_eval():
        check_one("schedule", schedule)
        values = np.asarray(schedule(np.arange(total)))
    peak_at = int(np.argmax(values))
    lowest = np.minimum.accumulate(values[peak_at:])
    for wrong, must, remedy in (
        (values[peak_at:] <= 0, "be greater than 0 from its peak until `total`", "Let `total` end before it."),
        (
            values[peak_at:] > lowest * (1 + 2 * ROUNDING),
            "not rise after its peak",
            "A batch grows and never shrinks: convert one cycle at a time.",
        ),
    ):
        if np.any(wrong):
            at = peak_at + int(np.argmax(wrong))
            raise ValueError(f"`schedule` must {must}: got {values[at]:.6g} at step {at}. {remedy}")
    return values


def _phases(values: np.ndarray, peak_at: int, batch: int, factor: float, largest: int | None) -> list[Phase]:
    """A phase for each number of cuts, from 0 on, by which the rate has fallen somewhere."""
    fallen = np.log(values[peak_at]) - np.log(values[peak_at:].astype(np.float64))
    cuts = np.maximum.accumulate(np.floor((fallen + ROUNDING * (1 + fallen)) / math.log(factor))).astype(int)
    begins = np.append(0, np.flatnonzero(np.diff(cuts)) + 1)
    phases = [Phase(0, 0, batch)]
    for begin, k in zip((peak_at + begins[1:]).tolist(), cuts[begins[1:]].tolist(), strict=True):
        size = round(batch * factor**k)
        phases.append(Phase(begin, k, size if largest is None else min(size, largest)))
    return phases


def _updates(phases: list[Phase], peak_at: int, batch: int, total: int) -> list[int]:
    r"""The updates $n_k$ of each phase: $\sum n_k B_k$ is exactly the samples of the old run.

    It goes from the end to the beginning, and each phase begins as near to its cut as it can. What is then left for
    the phases before must be a multiple of the greatest divisor that their batches have in common.
    """
    shared = [batch]
    for phase in phases[1:]:
        shared.append(math.gcd(shared[-1], phase.batch))
    end, updates = total * batch, []
    for k in range(len(phases) - 1, 0, -1):
        size, divisor = phases[k].batch, shared[k]
        every = shared[k - 1] // divisor
        least = end // divisor * pow(size // divisor, -1, every) % every
        wanted = Fraction(end - phases[k].begin * batch, size)
        most = (end - peak_at * batch) // size
        if least > most:
            raise ValueError(
                f"`total` must be long enough for batches of {batch} to {size} samples to see the same number of them: "
                f"got {total}. Pass a `factor` that is a whole number, or a batch of more small divisors."
            )
        nearest = least + every * math.floor((wanted - least) / every + Fraction(1, 2))
        number = min(max(nearest, least), least + (most - least) // every * every)
        updates.append(number)
        end -= number * size
    return [end // batch, *updates[::-1]]


def whole(name: str, number: Fraction) -> int:
    """A number of samples or updates, at least 1, which has no fraction."""
    if number.denominator != 1 or number < 1:
        raise ValueError(f"`{name}` must be a whole number for `seesaw`: got {float(number):.6g}.")
    return int(number)
