"""The runs that a law is fitted to, checked and on the host."""

import math
from typing import Any, NamedTuple

import numpy as np

import jaxsched as js
from jaxsched.foresight._forms import Curve
from jaxsched.foresight._laws import steps_of
from jaxsched.foresight._rates import checked_rates, schedule_of
from jaxsched.kinds import is_list, shown

MOST_POINTS = 400
"""Losses of a run beyond which neighbours are averaged."""

SAME = 1e-2
"""Relative difference below which two peaks are one."""

FLAT = 0.999
"""A rate is at the peak above this part of it."""

FLAT_PART = 0.1

REMEDY = "Add a run with a cooldown; a branch from a checkpoint is enough"


class Runs(NamedTuple):
    """What is known: a curve a run, the peaks that differ, and the one that numbers are relative to."""

    curves: list[Curve]
    peaks: tuple[float, ...]

    @property
    def middle(self) -> float:
        return float(np.exp(np.median(np.log(self.peaks))))

    @property
    def horizon(self) -> int:
        """The length of the longest."""
        return max(int(each.steps[-1]) + 1 for each in self.curves)

    @property
    def ends_alone(self) -> bool:
        """Whether each run has its last loss alone."""
        return all(len(each.losses) == 1 for each in self.curves)


def runs_of(runs: Any) -> Runs:
    """Each run as a curve.

    Raises:
        TypeError: it is no list of `(schedule, steps, losses)`.
        ValueError: losses that are not positive or not finite, steps beyond a schedule, two runs of one shape, rates
            that are all 0, two peaks, or runs that cannot tell a law's terms apart.
    """
    if not is_list(runs) or not len(runs):
        raise TypeError(f"`runs` must be a list of `(schedule, steps, losses)`: got {shown(runs)}.")
    curves = [_curve(f"runs[{i}]", each) for i, each in enumerate(runs)]
    _check_apart(curves)
    _check_falls(curves)
    peaks: list[float] = []
    for peak in sorted(each.peak for each in curves):
        if not peaks or peak > peaks[-1] * (1 + SAME):
            peaks.append(peak)
    if len(peaks) == 2:
        why = f"of two, {peaks[0]:g} and {peaks[1]:g}, nothing follows for others"
        raise ValueError(f"`runs` must have one peak, or three or more: {why}.")
    return Runs(curves, tuple(peaks))


def _curve(name: str, run: Any) -> Curve:
    if not isinstance(run, (tuple, list)) or len(run) != 3:
        raise TypeError(f"`{name}` must be `(schedule, steps, losses)`: got {shown(run)}.")
    schedule, steps = schedule_of(f"{name}.schedule", run[0]), steps_of(f"{name}.steps", run[1]).ravel()
    losses = np.asarray(run[2], np.float64).ravel()
    if len(losses) != len(steps):
        raise ValueError(f"`{name}` must have a loss for each of {len(steps)} steps: got {len(losses)}.")
    if (steps[1:] <= steps[:-1]).any():
        raise ValueError(f"`{name}.steps` must rise: got {shown(steps)}.")
    if not (np.isfinite(losses) & (losses > 0)).all():
        i = int(np.argmax(~(np.isfinite(losses) & (losses > 0))))
        raise ValueError(f"`{name}.losses` must be positive and finite: got {losses[i]} at step {steps[i]}.")
    rates = checked_rates(f"{name}.schedule", schedule, int(steps[-1]) + 1)
    _check_long_enough(name, schedule, rates, int(steps[-1]))
    first = int(np.argmax(rates > 0))
    if steps[0] < first:
        raise ValueError(f"`{name}.steps` must have seen training: at step {steps[0]} every rate was 0.")
    return Curve(rates, *_thinned(steps, losses))


def _check_long_enough(name: str, schedule: Any, rates: np.ndarray, last: int) -> None:
    """Refuse a loss beyond a schedule that ends in a ramp or a table: the run was hardly trained at what is held."""
    ends = getattr(schedule, "duration", None)
    held = isinstance(_last_part(schedule), (js.Constant, js.nodes.Piecewise))
    if ends is None or np.ndim(ends) or held or not 1 < float(ends) < last:
        return
    end = math.ceil(float(ends))
    if abs(rates[end - 2] - rates[end - 1]) > 1e-9 * rates.max():
        raise ValueError(
            f"`{name}.steps` must lie in the schedule, which ends at step {end}: got step {last}. If the run went on "
            f"at its last rate, write that: `schedule.then(jaxsched.Constant(rate))`."
        )


def _last_part(schedule: Any) -> Any:
    if isinstance(schedule, js.nodes.Join):
        return _last_part(schedule.pieces[-1])
    if isinstance(schedule, js.nodes.Warmup):
        return _last_part(schedule.schedule)
    return schedule


def _thinned(steps: np.ndarray, losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(steps) <= MOST_POINTS:
        return steps, losses
    parts = np.array_split(np.arange(len(steps)), MOST_POINTS)
    kept = [*(part[len(part) // 2] for part in parts[:-1]), len(steps) - 1]  # the end stays the end
    return steps[kept], np.asarray([losses[part].mean() for part in parts])


def _check_apart(curves: list[Curve]) -> None:
    for i, one in enumerate(curves):
        for j, other in enumerate(curves[:i]):
            if len(one.rates) == len(other.rates) and np.allclose(one.rates, other.rates, rtol=1e-6, atol=0):
                raise ValueError(
                    f"`runs` must differ in their rates: runs[{j}] and runs[{i}] have the same. Average their losses, "
                    f"and pass one."
                )


def _check_falls(curves: list[Curve]) -> None:
    """Refuse runs in which no rate falls; and a single one that does not first stay at its peak."""
    falls = [each.rates[-1] < FLAT * each.peak for each in curves]
    if not any(falls):
        raise ValueError(f"`runs` cannot tell annealing from training longer: no rate falls. {REMEDY}.")
    flat = [np.mean(each.rates >= FLAT * each.peak) >= FLAT_PART for each in curves]
    if len(curves) == 1 and not flat[0]:
        why = "a single run whose rate falls all along"
        raise ValueError(
            f"`runs` cannot tell annealing from training longer by {why}. Add one that is flat for a while."
        )
