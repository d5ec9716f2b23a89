"""What an optimizer's hyperparameters should do, in plain Python and float64: a count, values, what is set by hand, and
plateaus. A random run of the library is compared with it.
"""

import copy
import dataclasses
import math
from typing import Any

import jaxsched as js

LARGEST = 3.4028234663852886e38
ROUNDING = 1e-6


@dataclasses.dataclass(frozen=True)
class Plan:
    """A schedule: its kind, and numbers that float32 holds."""

    kind: str
    start: float
    end: float = 0.0
    steps: int = 1

    @property
    def last(self) -> float:
        """The step from which on it holds its last value."""
        return {"constant": 0.0, "exponential": math.inf}.get(self.kind, self.steps)

    def value(self, step: float) -> float:
        done = 1.0 if self.steps <= step else step / self.steps
        if self.kind == "linear":
            return self.start * (1 - done) + self.end * done
        if self.kind == "cosine":
            return self.end + (self.start - self.end) * (1 + math.cos(math.pi * done)) / 2
        return self.start * (0.75**step if self.kind == "exponential" else 1)

    def rebased(self, step: int, value: float) -> "Plan | Moved | None":
        """On a clock that begins at `step` with that value; `None` where that is not possible."""
        if self.kind in ("linear", "cosine"):
            return Moved(dataclasses.replace(self, start=value), step)
        return None if self.start == 0 or value == 0 else Moved(self, step, value / self.start)

    def make(self) -> Any:
        if self.kind == "exponential":
            return js.exponential_decay(self.start, 0.75)
        if self.kind == "constant":
            return js.Constant(self.start)
        return {"linear": js.Linear, "cosine": js.Cosine}[self.kind](self.start, self.end, steps=self.steps)


@dataclasses.dataclass(frozen=True)
class Moved:
    """A plan times a factor on a clock that begins at a later step."""

    plan: Plan
    begin: int
    factor: float = 1.0

    @property
    def last(self) -> float:
        return self.begin + self.plan.last

    def value(self, step: float) -> float:
        return self.factor * self.plan.value(max(step - self.begin, 0))


@dataclasses.dataclass(frozen=True)
class Stretched:
    """A plan whose clock runs slower, or faster, from a step on."""

    plan: "Plan | Moved | Stretched"
    begin: int
    pace: float

    @property
    def last(self) -> float:
        return self.begin + (self.plan.last - self.begin) / self.pace

    def value(self, step: float) -> float:
        return self.plan.value(self.begin + (step - self.begin) * self.pace)


@dataclasses.dataclass
class Plateau:
    """A controller: its numbers, and what it has seen."""

    factor: float
    patience: int
    sign: float
    best: float = 0.0
    bad: int = 0
    cuts: int = 0
    observations: int = 0
    improved: bool = False
    reduced: bool = False

    def __post_init__(self) -> None:
        self.best = self.best or self.sign * LARGEST

    def begun(self) -> "Plateau":
        return Plateau(self.factor, self.patience, self.sign)

    def observe(self, metric: float, base: float) -> None:
        metric = self.sign * LARGEST if math.isnan(metric) else max(-LARGEST, min(LARGEST, metric))
        margin = 1e-4 * abs(self.best) if abs(self.best) < LARGEST else 0.0
        self.observations += 1
        self.improved = self.sign * (self.best - metric) > margin
        self.best, self.bad = (metric, 0) if self.improved else (self.best, self.bad + 1)
        due = self.bad > self.patience
        now = base * self.factor**self.cuts
        self.reduced = due and now * (1 - self.factor) > ROUNDING * now
        self.bad, self.cuts = (0 if due else self.bad), self.cuts + self.reduced

    def make(self, schedule: Any) -> Any:
        mode = "min" if self.sign > 0 else "max"
        return js.reduce_on_plateau(schedule, self.factor, self.patience, mode=mode)


@dataclasses.dataclass
class Rate:
    """A hyperparameter."""

    plan: Plan | Moved | Stretched
    plateau: Plateau | None = None
    by_hand: float | None = None

    def scheduled(self, step: int) -> float:
        return self.plan.value(step) * (self.plateau.factor**self.plateau.cuts if self.plateau else 1)

    def value(self, step: int) -> float:
        return self.scheduled(step) if self.by_hand is None else self.by_hand

    def make(self) -> Any:
        schedule = self.plan.make()
        return self.plateau.make(schedule) if self.plateau else schedule

    def numbers(self) -> Any:
        """What a checkpoint tells the difference of."""
        return self.plan, self.plateau and self.plateau.begun()

    def under(self, new: "Rate", unscaled: bool = False) -> "Rate":
        """Another hyperparameter in place of this one, which takes over what was seen and what was set by hand."""
        plateau = new.plateau and new.plateau.begun()
        if plateau and self.plateau and plateau.sign == self.plateau.sign:
            cuts = 0 if unscaled else self.plateau.cuts
            plateau = dataclasses.replace(self.plateau, factor=plateau.factor, patience=plateau.patience, cuts=cuts)
        return Rate(new.plan, plateau, self.by_hand)


class Run:
    """Hyperparameters by name, on one count."""

    def __init__(self, rates: dict[str, Rate]) -> None:
        self.rates, self.count = copy.deepcopy(rates), 0
        self.used = self.values()

    def values(self) -> dict[str, float]:
        return {name: rate.value(self.count) for name, rate in self.rates.items()}

    def controlled(self) -> dict[str, Plateau]:
        return {name: rate.plateau for name, rate in self.rates.items() if rate.plateau}

    def update(self, metric: float | None) -> None:
        self.used = self.values()
        self.observe(metric)
        self.count += 1

    def observe(self, metric: float | None, name: str | None = None) -> None:
        """A metric, or that there was none."""
        for each, plateau in self.controlled().items():
            if name in (None, each):
                plateau.improved = plateau.reduced = False
                if metric is not None:
                    plateau.observe(metric, self.rates[each].plan.value(self.count))

    def replace(self, name: str, new: Rate, clock: str, rebase: bool) -> bool:
        """Whether it was possible."""
        old, now = self.rates[name], rebase or clock == "now"
        plan = Moved(new.plan, self.count) if now else new.plan
        if rebase:
            plan = new.plan.rebased(self.count, old.scheduled(self.count))
        if plan is not None:
            self.rates[name] = old.under(Rate(plan, new.plateau), unscaled=now)
        return plan is not None

    def stretch_rest(self, total: int, name: str | None) -> bool:
        """Whether there was a schedule to stretch."""
        ends = {each: rate.plan.last for each, rate in self.rates.items() if name in (None, each)}
        ends = {each: end for each, end in ends.items() if self.count < end < math.inf}
        for each in ends:
            pace = (max(ends.values()) - self.count) / (total - self.count)
            self.rates[each].plan = Stretched(self.rates[each].plan, self.count, pace)
        return bool(ends)

    def restored(self, fresh: dict[str, Rate]) -> "Run":
        """This run, saved, under other plans."""
        again = copy.deepcopy(self)
        again.rates = {name: rate.under(fresh[name]) for name, rate in again.rates.items()}
        return again

    def same_as(self, fresh: dict[str, Rate]) -> bool:
        return all(rate.numbers() == fresh[name].numbers() for name, rate in self.rates.items())
