"""The laws that can be fitted, on the host in float64: the two columns that their numbers multiply, at the points of a
run. Differences of sums are exact enough there, and one matrix serves all points."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jaxsched.foresight._laws import AnnealingLaw, FunctionalLaw, Law

FORGETTING, LAG = 4 / 3, 10.0
MOMENTUM = 0.999

BLOCK = 256
"""Steps that the momentum's recurrence takes at once."""

CELLS = 400_000
"""Numbers of a matrix of points and steps that are in memory at once."""


class Curve(NamedTuple):
    """One run: its rates, and the losses at some of its steps."""

    rates: np.ndarray
    steps: np.ndarray
    losses: np.ndarray

    @property
    def peak(self) -> float:
        return float(self.rates.max())

    @property
    def travelled(self) -> np.ndarray:
        return np.cumsum(self.rates)[self.steps]


class Form(NamedTuple):
    """A law whose numbers can be fitted: `floor + gain * travelled**-power + weight * column`."""

    column: Callable[[Curve, float], np.ndarray]  # of a run and the law's own number
    own: tuple[float, float] | None  # between which that is looked for, as 1 - momentum; None for one that has none
    law: Callable[[np.ndarray, float, float | None], Law]  # of the numbers, its own, and the middle peak


def noise(run: Curve, _: float = 0.0) -> np.ndarray:
    """The sum of `FunctionalLaw` at each point."""
    sums = np.cumsum(run.rates)
    found, rows = np.empty(len(run.steps)), max(1, CELLS // len(sums))
    for begin in range(0, len(run.steps), rows):
        steps = run.steps[begin : begin + rows]
        most = int(steps.max()) + 1
        peaks = np.maximum.accumulate(run.rates)[steps]
        left = np.maximum(sums[steps][:, None] - sums[None, :most], 0) + LAG * peaks[:, None]
        weight = np.arange(most) <= steps[:, None]
        forgotten = left * np.cbrt(left)  # to the power of FORGETTING, written so that it is fast
        found[begin : begin + rows] = np.where(weight, run.rates[:most] ** 2 / forgotten, 0).sum(1)
    return found


def falls(run: Curve, momentum: float) -> np.ndarray:
    """Minus the sum of `AnnealingLaw` at each point: its weight is that of a fall."""
    drops = np.concatenate([[0.0], run.rates[:-1] - run.rates[1:]])
    padded = np.pad(drops, (0, -len(drops) % BLOCK)).reshape(-1, BLOCK)
    powers = momentum ** np.arange(BLOCK + 1)
    apart = np.arange(BLOCK)[:, None] - np.arange(BLOCK)
    within = padded @ np.where(apart >= 0, powers[np.maximum(apart, 0)], 0).T  # of the block's own drops
    carried, last = np.empty(len(within)), 0.0
    for i, row in enumerate(within):
        carried[i] = last
        last = row[-1] + last * powers[BLOCK]
    moments = within + carried[:, None] * powers[1:]
    return -np.cumsum(moments.ravel())[run.steps]


def functional(numbers: np.ndarray, _: float, peak: float | None) -> Law:
    floor, gain, power, weight, *by_peak = numbers.tolist()
    return FunctionalLaw(
        floor, gain, power, weight, FORGETTING, LAG, peak or 1.0, gain_by_peak=by_peak[0], noise_by_peak=by_peak[1]
    )


def annealing(numbers: np.ndarray, own: float, peak: float | None) -> Law:
    floor, gain, power, weight, *by_peak = numbers.tolist()
    return AnnealingLaw(
        floor, gain, power, weight, 1 - own, peak=peak or 1.0, gain_by_peak=by_peak[0], drop_by_peak=by_peak[1]
    )


FORMS = {
    "functional": Form(noise, None, functional),
    "annealing": Form(lambda run, own: falls(run, 1 - own), (1 - MOMENTUM, 1 - MOMENTUM), annealing),
    "annealing_fitted": Form(lambda run, own: falls(run, 1 - own), (1e-4, 0.5), annealing),
}
"""The laws by the names that `fit` gives them."""
