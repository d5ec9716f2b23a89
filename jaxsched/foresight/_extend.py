"""A run that must become longer: three ways on from where it is."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import jaxsched as js
from jaxsched.foresight._fit import Fit, Prediction, check_fit
from jaxsched.foresight._rates import checked_rates, schedule_of, total_of

SAME_RATE = 1e-6
"""Relative difference below which two rates are one."""

HALVINGS = 60


class Plan(NamedTuple):
    """One way on.

    Attributes:
        schedule: equal to the old one before `at`; `jaxsched.replace_schedule` takes it.
        factor: what the rate is multiplied by at `at`.
        cooldown: the part of the whole run that the cooldown is to take, from 0 to 1.
        bound: the bound of the run, where the old schedule is scaled so that its own was least.
        prediction: what the fit says of it; `None` without one.
        reached: whether the cooldown takes that part. That of `longer` may have had to begin before `at`: it then
            begins at once; and where none is long enough, `cooldown` is 1.
    """

    schedule: Any
    factor: float
    cooldown: float
    bound: float
    prediction: Prediction | None
    reached: bool


class Extension(NamedTuple):
    """What `extend` returns; `str` is a table.

    Attributes:
        same: the rate and the part of the run that the cooldown takes stay as they are.
        lower: the rate is lowered at once, so that the peak suits the longer run; the cooldown's part stays.
        longer: the rate stays, and the cooldown begins so early that the peak suits the longer run. By the bound it is
            the best wherever it exists.
    """

    same: Plan
    lower: Plan
    longer: Plan

    def __str__(self) -> str:
        columns: dict[str, list[Any]] = {
            "plan": list(self._fields),
            "factor": [round(each.factor, 4) for each in self],
            "cooldown": [round(each.cooldown, 4) for each in self],
            "bound": [each.bound for each in self],
        }
        if self.same.prediction is not None:
            columns["predicted loss"] = [str(each.prediction) for each in self]
        text = repr(js.show.Rows(columns))
        if not self.longer.reached:
            late = "had to begin before this step" if self.longer.cooldown < 1 else "that is long enough does not exist"
            text += f"\nlonger: a cooldown {late}: it begins at once."
        return text


def extend(schedule: Any, at: int, total: int, new_total: int, *, over: int = 0, fit: Fit | None = None) -> Extension:
    r"""Three ways to go on with a run that must become longer, before its cooldown has begun.

    The best peak of a longer run is lower. `lower` and `longer` make the $\gamma$ of `bound` that of the old run, by a
    factor or by a longer cooldown of the same shape. Real best peaks fall more slowly with the length than the bound
    has it, so that `lower` corrects too much.

    Args:
        schedule: the schedule of the run: a warmup, a phase at one rate, and a cooldown.
        at: the step that was reached: from here on rates may change. After the warmup, before the cooldown.
        total: the old length of the run in steps.
        new_total: the new one, greater than `total`.
        over: steps in which `lower` goes from the old rate to the new one, by a straight line; 0 for a jump.
        fit: what `jaxsched.foresight.fit` found, to predict the losses too.

    Returns:
        an `Extension` of three `Plan`.

    Raises:
        ValueError: `at` lies in the warmup or the cooldown; there is no cooldown; `new_total` is not greater than
            `total`; `over` does not fit before the cooldown; or what a fit refuses.
        TypeError: an argument of another kind.

    Examples:
        >>> lr = jaxsched.wsd(1e-3, warmup=0, stable=3_200, decay=800)
        >>> plans = jaxsched.foresight.extend(lr, at=3_200, total=4_000, new_total=8_000)
        >>> print(plans)
        plan    factor  cooldown    bound
        same         1       0.2  0.02563
        lower    0.533       0.2   0.0231
        longer       1    0.6327  0.02257
        longer: a cooldown had to begin before this step: it begins at once.
        >>> float(plans.longer.schedule(3_199)) == float(lr(3_199))
        True

    Reference:
        Schaipp et al. 2025, arXiv:2501.18965, section 5.
    """
    old = _Old(schedule_of("schedule", schedule), at, total_of("total", total), total_of("new_total", new_total), over)
    check_fit(fit)
    part = old.length / old.total
    factor = _reached(lambda x: old.factor_of(x, part) - old.factor, 1e-6, 1.0)
    longest = _reached(lambda x: old.factor - old.factor_of(1.0, x), part, 1.0)
    if old.factor_of(1.0, 1.0) < old.factor:
        longest = 1.0
    return Extension(*(old.plan(*each, fit) for each in ((1.0, part), (factor, part), (1.0, longest))))


class _Old:
    """The run as it was to be."""

    def __init__(self, schedule: Any, at: Any, total: int, new_total: int, over: Any) -> None:
        self.schedule, self.total, self.new_total = schedule, total, new_total
        self.rates = checked_rates("schedule", schedule, total)
        self.begin = _begin(self.rates, total)
        self.at = _at(at, self.rates, self.begin)
        if new_total <= total:
            raise ValueError(f"`new_total` must be greater than `total`, {total}: got {new_total}.")
        self.length = total - self.begin
        self.over = _over(over, self.begin_of(self.length / total) - self.at)
        self.factor = _factor(self.rates)

    def begin_of(self, part: float) -> int:
        """The step at which a cooldown of that part of the new run begins."""
        return self.new_total - round(self.new_total * part)

    def plan(self, factor: float, part: float, fit: Fit | None) -> Plan:
        begin = self.begin_of(part)
        made = self._schedule(factor, max(begin, self.at))
        travel, noise = _terms(checked_rates("schedule", made, self.new_total) * self.factor)
        prediction = None if fit is None else fit(made, self.new_total)
        return Plan(made, factor, part, travel + noise, prediction, begin >= self.at)

    def _schedule(self, factor: float, begin: int) -> Any:
        """The old one, a phase at one rate, and the old cooldown over the rest."""
        rate = float(self.schedule(self.begin))
        cooled = js.stretch(js.advance(self.schedule, self.begin), (self.new_total - begin) / self.length)
        pieces = [(0, self.schedule)]
        if factor != 1 and self.over:
            pieces.append((self.at, js.Linear(rate, rate * factor, steps=self.over)))
        if begin > pieces[-1][0]:
            pieces.append((self.at + self.over * (factor != 1), js.Constant(rate * factor)))
        pieces.append((begin, cooled if factor == 1 else cooled * factor))
        return js.join([each for _, each in pieces], [step for step, _ in pieces[1:]])

    def factor_of(self, factor: float, part: float) -> float:
        """The factor of the bound for such a run, also where it had to change before `at`."""
        begin = self.begin_of(part)
        steps = np.arange(min(self.at, begin), self.new_total)
        way = np.clip((steps - begin) / (self.new_total - begin), 0, 1)
        cooled = np.asarray(self.schedule((self.begin + way * self.length).astype(np.float32)), np.float64)
        lowered = 1 - (1 - factor) * np.clip((steps - self.at) / max(self.over, 1), 0, 1) if self.over else factor
        rates = lowered * np.where(steps < begin, self.rates[self.begin], cooled)
        return _factor(np.concatenate([self.rates[: steps[0]], rates]))


def _begin(rates: np.ndarray, total: int) -> int:
    """The last step at the peak."""
    begin = int(np.flatnonzero(rates >= rates.max() * (1 - SAME_RATE))[-1])
    if begin == total - 1:
        raise ValueError(f"`schedule` must have a cooldown: at step {begin}, the last one, it is still at its peak.")
    return begin


def _at(at: Any, rates: np.ndarray, begin: int) -> int:
    at = total_of("at", at)
    if at > begin:
        raise ValueError(
            f"`at` must lie before the cooldown, which begins at step {begin}: got {at}. Resume from an earlier "
            f"checkpoint, or pass the `schedule` that was meant."
        )
    if rates[at - 1] < rates.max() * (1 - SAME_RATE):
        raise ValueError(f"`at` must lie after the warmup: at step {at - 1} the rate is {rates[at - 1]:g}.")
    return at


def _over(x: Any, most: int) -> int:
    over = total_of("over", x, least=0)
    if over > most:
        raise ValueError(f"`over` must end before the cooldown, {most} steps after `at`: got {over}.")
    return over


def _terms(rates: np.ndarray) -> tuple[float, float]:
    """Of the bound: what falls with the rates, and what rises with them. As `bound_of` has it, in float64: a factor is
    looked for to more digits than float32 has."""
    trained = np.trim_zeros(rates, "b")
    after = np.append(np.cumsum(trained[::-1])[::-1][1:], 0.0)
    after[-1] = trained[-1]
    return 1 / (2 * trained.sum()), float(np.sum(trained**2 / np.where(after > 0, after, 1))) / 2


def _factor(rates: np.ndarray) -> float:
    travel, noise = _terms(rates)
    return float(np.sqrt(travel / noise))


def _reached(of: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function is 0."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if of(middle) > 0 else (low, middle)
    return (low + high) / 2
