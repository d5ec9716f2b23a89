"""Fitting a law's numbers: a grid of powers with three numbers by least squares each, then all of them by Newton's way.

On the host in float64, without start values, so that equal runs give equal numbers. The objective is the sum of Huber's
loss of the logarithms' differences; where each run has its last loss alone, their squares.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxsched.foresight._forms import Curve, Form

FLOOR, GAIN, POWER, WEIGHT, GAIN_BY_PEAK, WEIGHT_BY_PEAK = range(6)

HUBER = 1e-3
"""Beyond this relative difference a loss weighs less: as the laws' authors have it."""

POWERS = np.geomspace(0.02, 2.0, 30)
OWN = 16
"""Values of a law's own number that are tried."""

CLOSER = 6
"""Halvings of the step between two of them, near the best."""

ENDS = 5
"""Losses of which the mean is a run's end."""

MANY = 5
"""Runs above which one of them hardly moves a law's own number."""

ROUGH, FINE = 10, 200
"""Steps of Newton's way: where values are compared, and at the end."""


class Points(NamedTuple):
    """All losses of some runs in one array, and what the law's numbers multiply there."""

    travelled: np.ndarray
    column: np.ndarray
    losses: np.ndarray
    peaks: np.ndarray  # relative to the middle one
    run: np.ndarray  # which run each is of

    def without(self, run: int) -> "Points":
        return Points(*(x[self.run != run] for x in self))

    def of(self, run: int) -> "Points":
        return Points(*(x[self.run == run] for x in self))


class Numbers(NamedTuple):
    """Fitted numbers: those of `FLOOR` and so on, the law's own, and the objective."""

    values: np.ndarray
    own: float
    cost: float


def predicted(x: np.ndarray, points: Points) -> np.ndarray:
    gain = x[GAIN] * points.peaks ** x[GAIN_BY_PEAK] * points.travelled ** -x[POWER]
    return x[FLOOR] + gain + x[WEIGHT] * points.peaks ** -x[WEIGHT_BY_PEAK] * points.column


def columns(x: np.ndarray, points: Points) -> np.ndarray:
    """The derivatives of the law by each number, relative to what it predicts."""
    by_gain = points.peaks ** x[GAIN_BY_PEAK] * points.travelled ** -x[POWER]
    by_weight = points.peaks ** -x[WEIGHT_BY_PEAK] * points.column
    by_power = -x[GAIN] * by_gain * np.log(points.travelled)
    log = np.log(points.peaks)
    found = [np.ones_like(by_gain), by_gain, by_power, by_weight, x[GAIN] * by_gain * log, -x[WEIGHT] * by_weight * log]
    return np.stack(found, axis=1)


class Problem(NamedTuple):
    """What is fitted to: whether by Huber's loss, and whether the numbers hang on the peak."""

    huber: bool
    by_peak: bool

    @property
    def numbers(self) -> int:
        return 6 if self.by_peak else 4

    def weights(self, apart: np.ndarray) -> np.ndarray:
        if not self.huber:
            return np.ones_like(apart)
        return np.minimum(1, HUBER / np.maximum(np.abs(apart), 1e-300))

    def cost(self, x: np.ndarray, points: Points) -> float:
        losses = predicted(x, points)
        if not (losses > 0).all():
            return np.inf
        if not self.huber:
            return float(np.sum((points.losses - losses) ** 2))
        apart = np.abs(np.log(points.losses / losses))
        return float(np.sum(np.where(apart <= HUBER, apart**2 / 2, HUBER * (apart - HUBER / 2))))

    def begun(self, points: Points) -> np.ndarray:
        """The best of a grid of powers: for each of them the other three numbers by least squares."""
        tried = [self._three(power, points) for power in POWERS]
        return min(tried, key=lambda x: self.cost(x, points))

    def _three(self, power: float, points: Points) -> np.ndarray:
        x = np.asarray([0.0, 1.0, power, 0.0, 0.0, 0.0])
        found, free = columns(x, points)[:, :4], [FLOOR, GAIN, WEIGHT]
        weights = np.ones_like(points.losses)
        for _ in range(8):
            x[free] = _least(found[:, free] / points.losses[:, None], np.ones_like(points.losses), weights)
            if x[FLOOR] < 0:
                x[FLOOR], free = 0.0, [GAIN, WEIGHT]
                continue
            weights = self.weights(1 - predicted(x, points) / points.losses)
        return x

    def improved(self, x: np.ndarray, points: Points, most: int) -> tuple[np.ndarray, float]:
        """The numbers near these at which the objective is least, and that objective."""
        cost, free = self.cost(x, points), list(range(self.numbers))
        for _ in range(most):
            losses = predicted(x, points)
            apart = np.log(points.losses / losses) if self.huber else points.losses - losses
            scale = losses if self.huber else np.ones_like(losses)
            step = _least(columns(x, points)[:, free] / scale[:, None], apart, self.weights(apart))
            before = cost
            x, cost = self._stepped(x, cost, free, step, points)
            if x[FLOOR] == 0 and FLOOR in free:
                free = free[1:]
            elif before - cost <= 1e-10 * before:
                break
        return x, cost

    def _stepped(
        self, x: np.ndarray, cost: float, free: list[int], step: np.ndarray, points: Points
    ) -> tuple[np.ndarray, float]:
        for part in 0.5 ** np.arange(12):
            new = x.copy()
            new[free] += part * step
            new[FLOOR] = max(new[FLOOR], 0.0)
            if (lower := self.cost(new, points)) <= cost:
                return new, lower
        return x, cost


def _least(design: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted least squares, of columns that are scaled to length 1."""
    lengths = np.sqrt(np.sum(design**2, axis=0))
    lengths[lengths == 0] = 1
    scaled = design / lengths
    square = scaled.T @ (weights[:, None] * scaled)
    return np.linalg.lstsq(square, scaled.T @ (weights * wanted), rcond=1e-14)[0] / lengths


class Family:
    """A law and the runs that it is fitted to, once for all of them and once without each."""

    def __init__(self, runs: Sequence[Curve], form: Form, middle: float, problem: Problem) -> None:
        self.runs, self.form, self.problem = runs, form, problem
        low, high = form.own or (0.0, 0.0)
        self._own = np.geomspace(low, high, OWN) if high > low else np.asarray([low])
        counts = [len(each.losses) for each in runs]
        self._every = Points(
            travelled=np.concatenate([each.travelled for each in runs]),
            column=np.empty(0),  # hangs on the law's own number
            losses=np.concatenate([each.losses for each in runs]),
            peaks=np.repeat([each.peak / middle for each in runs], counts),
            run=np.repeat(np.arange(len(runs)), counts),
        )
        self._points: dict[float, Points] = {}

    def points(self, own: float) -> Points:
        if own not in self._points:
            column = np.concatenate([self.form.column(each, own) for each in self.runs])
            self._points[own] = self._every._replace(column=column)
        return self._points[own]

    @np.errstate(all="ignore")  # what overflows is no candidate
    def fitted(self) -> Numbers:
        """The numbers of all runs; the law's own from a grid, and then closer and closer beside the best of it."""
        found = self._best(self._own, None, None)
        factor = self._own[1] / self._own[0] if len(self._own) > 1 else 1.0
        for _ in range(CLOSER if factor > 1 else 0):
            factor **= 0.5
            near = self._best(found.own * np.asarray([1 / factor, factor]), None, found.values)
            found = min(found, near, key=lambda each: each.cost)
        return self._improved(found.values, found.own, self.points(found.own), FINE)

    @np.errstate(all="ignore")
    def left_out(self, found: Numbers) -> list[float]:
        """For each run the predicted minus the real loss at its end, fitted to the others."""
        apart, many = [], len(self.runs) > MANY
        for run in range(len(self.runs)):
            owns = [found.own] if many else np.unique([*self._own, found.own])
            near = self._best(np.asarray(owns), run, found.values)
            near = self._improved(near.values, near.own, self.points(near.own).without(run), FINE)
            points = self.points(near.own).of(run)
            apart.append(float(np.mean((predicted(near.values, points) - points.losses)[-ENDS:])))
        return apart

    def _improved(self, x: np.ndarray, own: float, points: Points, most: int) -> Numbers:
        values, cost = self.problem.improved(x, points, most)
        return Numbers(values, own, cost)

    def _best(self, owns: np.ndarray, without: int | None, start: np.ndarray | None) -> Numbers:
        found, x = [], start
        for own in owns.tolist():
            points = self.points(own) if without is None else self.points(own).without(without)
            x = self.problem.begun(points) if x is None else x
            found.append(self._improved(x, own, points, ROUGH))
        return min(found, key=lambda each: each.cost)
