"""What the controllers should do, slowly: one metric at a time in Python's float64, in the order that the rules give.

A mean is taken over all its metrics anew, a rule counts with the counters of its package. Decisions that are too close
for float32 are noted, so that a test can leave them out.
"""

import math
from collections.abc import Callable
from typing import Any

LASTING = {"at_floor", "stopped"}
ROUNDING = 1e-6


class Oracle:
    """The clock, the events and the improvement that all controllers share.

    Attributes:
        events: the names of the events of the last update.
        observations: metrics that were looked at so far.
        closest: how close a decision came, as a part of the numbers compared.
    """

    def __init__(self, base: Callable[[int], float], sign: float, rtol: float, atol: float, begin: int):
        self.base, self.sign, self.rtol, self.atol, self.begin = base, sign, rtol, atol, begin
        self.step, self.best, self.events, self.closest = 0, sign * math.inf, set(), math.inf
        self.observations = 0

    def update(self, metric: float, observed: bool = True) -> None:
        self.events = self.events & LASTING
        if observed and self.step >= self.begin:
            self.observations += 1
            self.events = self.observe(metric)
        self.step += 1

    def observe(self, metric: float) -> set[str]:
        raise NotImplementedError

    def exceeds(self, left: float, right: float, size: float) -> bool:
        if math.isfinite(left) and left != right:  # sums of few binary digits are equal in float32 too
            self.closest = min(self.closest, abs(left - right) / size)
        return left > right

    def improves(self, metric: float) -> bool:
        if math.isnan(metric):
            return False
        if math.isinf(self.best):
            return self.sign * (self.best - metric) > 0
        margin = self.atol + self.rtol * abs(self.best)
        return self.exceeds(self.sign * (self.best - metric), margin, abs(self.best) + abs(metric) + margin)


class Plateau(Oracle):
    def __init__(
        self, base: Callable[[int], float], factor: float = 0.1, patience: int = 10, *, rtol: float = 1e-4,
        atol: float = 0.0, mode: str = "min", cooldown: int = 0, min_value: float = 0.0, min_scale: float = 0.0,
        min_change: float = 0.0, every: int = 1, smoothing: float = 0.0, begin: int = 0, rule: str = "torch",
        criterion: str = "best", window: int | None = None, forget: float = 0.0,
    ):  # fmt: skip
        super().__init__(base, 1.0 if mode == "min" else -1.0, rtol, atol, begin)
        self.factor, self.patience, self.length, self.every, self.past = factor, patience, cooldown, every, smoothing
        self.min_value, self.min_scale, self.min_change = min_value, min_scale, min_change
        self.rule = getattr(self, rule)
        self.cuts = self.bad = self.cooldown = 0
        self.waiting, self.seen = [], []
        self.criterion, self.window, self.forget, self.last = criterion, window or 0, forget, []

    def value(self) -> float:
        return self.value_after(self.cuts, self.base(self.step))

    def scale(self, cuts: int) -> float:
        return max(self.factor**cuts, self.min_scale)

    def value_after(self, cuts: int, base: float) -> float:
        return max(base * self.scale(cuts), min(self.min_value, base))

    def observe(self, metric):
        self.waiting.append(metric)
        if len(self.waiting) < self.every:
            return self.events
        mean, self.waiting = sum(self.waiting) / self.every, []
        if self.past and math.isfinite(mean):
            self.seen.append(mean)
            mean = weighted(self.seen, self.past)[0]
        improved, due = self.rule(mean)
        cut = False
        if due:
            self.bad, self.cooldown, base = 0, self.length, self.base(self.step)
            now, then = self.value_after(self.cuts, base), self.value_after(self.cuts + 1, base)
            cut = now - then > self.min_change + ROUNDING * now
            self.cuts += cut
        base = self.base(self.step)
        floor, scale = min(self.min_value, base), self.scale(self.cuts)
        at_floor = base * scale <= floor * (1 + ROUNDING) or scale <= self.min_scale * (1 + ROUNDING)
        return changed(self.events, due, cut, improved=improved, reduced=cut, at_floor=at_floor)

    def follow(self, mean: float) -> bool:
        improved = self.slopes(mean) if self.criterion == "slope" else self.improves(mean)
        self.bad = 0 if improved else self.bad
        if math.isfinite(mean):
            self.last = [*self.last, mean][-self.window :]
        if self.criterion != "best":
            self.best = self.sign * min((self.sign * x for x in self.last), default=math.inf)
        elif improved:
            self.best = mean
        elif math.isfinite(mean) and math.isfinite(self.best):
            self.best += self.forget * (mean - self.best)
        return improved

    def slopes(self, mean: float) -> bool:
        """By the slopes of all pairs, whose mean with the squares of their distances is that of least squares."""
        last = [*self.last, mean][-self.window :]
        if not math.isfinite(mean) or len(last) < self.window:
            return math.isfinite(mean)
        pairs = [(j - i, last[j] - last[i]) for j in range(len(last)) for i in range(j)]
        fall = -self.sign * sum(d * rise for d, rise in pairs) / sum(d * d for d, _ in pairs)
        margin = self.atol + self.rtol * abs(sum(last) / len(last))
        return self.exceeds(fall, margin, max(map(abs, last)) + margin)

    # The orders of zoo entry 2.18: what was improved, and whether a cut is due.

    def torch(self, mean):
        improved = self.follow(mean)
        self.bad += not improved
        if self.cooldown > 0:
            self.cooldown -= 1
            self.bad = 0
        return improved, self.bad > self.patience

    def paddle(self, mean):
        if self.cooldown > 0:
            self.cooldown -= 1
            return False, False
        improved = self.follow(mean)
        self.bad += not improved
        return improved, self.bad > self.patience

    def keras(self, mean):
        if self.cooldown > 0:
            self.cooldown -= 1
            self.bad = 0
        improved = self.follow(mean)
        if improved or self.cooldown > 0:
            return improved, False
        self.bad += 1
        return improved, self.bad >= self.patience

    def optax(self, mean):
        improved = self.follow(mean)
        self.bad += not improved
        if self.cooldown > 0:
            self.cooldown -= 1
            self.bad = 0
            return improved, False
        return improved, self.bad >= max(self.patience, 1)


class Greedy(Oracle):
    def __init__(
        self, base: Callable[[int], float], factor: float = 0.95, patience: int = 10, *, rtol: float = 0.0,
        atol: float = 1e-6, mode: str = "min", cooldown: int = 0, warmup: int = 0, min_value: float = 0.0,
        max_value: float = 1.0, min_change: float = 0.0, window: int = 1, reset_after: int = 500, begin: int = 0,
    ):  # fmt: skip
        super().__init__(base, 1.0 if mode == "min" else -1.0, rtol, atol, begin)
        self.factor, self.patience, self.after_cut, self.after_raise = factor, patience, cooldown, warmup
        self.min_value, self.max_value, self.min_change = min_value, max_value, min_change
        self.window, self.reset_after = window, reset_after
        self.anew()

    def anew(self):
        self.scale, self.best, self.left, self.recent = 1.0, self.sign * math.inf, self.reset_after, []
        self.good = self.bad = self.cooldown = self.warmup = 0

    def value(self) -> float:
        base = self.base(self.step)
        return min(max(base * self.scale, min(self.min_value, base)), max(self.max_value, base))

    def observe(self, metric):
        if math.isfinite(metric):
            self.recent = [*self.recent, metric][-self.window :]
            metric = sum(self.recent) / len(self.recent)
        happened = set()
        if self.cooldown > 0 or self.warmup > 0:
            self.warmup -= self.cooldown == 0
            self.cooldown = max(self.cooldown - 1, 0)
            self.good = self.bad = 0
        elif self.improves(metric):
            self.best, self.good, self.bad = metric, self.good + 1, 0
            happened = {"improved"}
        else:
            self.good, self.bad = 0, self.bad + 1
        if self.good > self.patience:
            happened |= self.move(min(self.value() / self.factor, self.max_value), "increased")
            self.good, self.warmup, self.left = 0, self.after_raise, self.reset_after
        elif self.bad > self.patience:
            happened |= self.move(max(self.value() * self.factor, self.min_value), "reduced")
            self.bad, self.cooldown = 0, self.after_cut
            if self.at_floor():
                self.left -= 1
                if self.left <= 0:
                    self.anew()
                    self.cooldown = self.after_cut
                    return happened - {"reduced"} | {"reset"}
        return happened | ({"at_floor"} if self.at_floor() else set())

    def move(self, new: float, name: str) -> set[str]:
        old = self.value()
        if (new - old if name == "increased" else old - new) <= self.min_change + ROUNDING * old:
            return set()
        self.scale = new / self.base(self.step)
        return {name}

    def at_floor(self) -> bool:
        return self.value() <= self.min_value * (1 + ROUNDING)


class Recover(Oracle):
    def __init__(
        self, base: Callable[[int], float], factor: float = 0.1, spike: float = 6.0, warmup: int = 100, *,
        rtol: float = 0.1, smoothing: float = 0.98, burn_in: int = 20, min_value: float = 0.0, min_scale: float = 0.0,
        begin: int = 0,
    ):  # fmt: skip
        super().__init__(base, 1.0, rtol, 0.0, begin)
        self.factor, self.spike, self.warmup, self.past, self.burn_in = factor, spike, warmup, smoothing, burn_in
        self.min_value, self.min_scale = min_value, min_scale
        self.cuts, self.exploded_at, self.losses = 0, None, []

    def warming(self) -> bool:
        return self.exploded_at is not None and self.step - self.exploded_at < self.warmup

    def warm(self, cuts: int) -> float:
        base = self.base(self.step)
        return max(base * max(self.factor**cuts, self.min_scale), min(self.min_value, base))

    def value(self) -> float:
        return self.warm(self.cuts) * ((self.step - self.exploded_at) / self.warmup if self.warming() else 1.0)

    def observe(self, metric):
        due = cut = False
        if not self.warming():
            due = not math.isfinite(metric) or self.is_spike(metric)
            self.losses.append(metric)
        if due:
            cut = self.warm(self.cuts + 1) < self.warm(self.cuts) * (1 - ROUNDING)
            self.cuts += cut
            self.exploded_at, self.losses = self.step, []
        base, scale = self.base(self.step), max(self.factor**self.cuts, self.min_scale)
        floor = min(self.min_value, base) * (1 + ROUNDING)
        return changed(
            self.events,
            due,
            cut,
            reduced=cut,
            at_floor=base * scale <= floor or scale <= self.min_scale * (1 + ROUNDING),
        )

    def is_spike(self, loss: float) -> bool:
        if len(self.losses) < max(self.burn_in, 1):
            return False
        mean, deviation = weighted(self.losses, self.past)
        margin = self.spike * deviation + self.rtol * abs(mean)
        return self.exceeds(loss - mean, margin, abs(loss) + abs(mean) + margin)


class Target(Oracle):
    def __init__(
        self, base: Callable[[int], float], target: float, *, low: float, high: float, factor: float = 1.5,
        band: float = 2.0, mode: str = "rate", every: int = 1, begin: int = 0,
    ):  # fmt: skip
        super().__init__(base, 1.0, 0.0, 0.0, begin)
        self.most, self.least = target * band, target / band
        self.factor, self.low, self.high, self.every = factor, low, high, every
        self.turns = {"above": -1, "below": 1} if mode == "rate" else {"above": 1, "below": -1}
        self.scale, self.waiting = 1.0, []

    def value(self) -> float:
        base = self.base(self.step)
        return min(max(base * self.scale, min(self.low, base)), max(self.high, base))

    def side(self, metrics: list[float]) -> str | None:
        if any(math.isnan(x) or x == math.inf for x in metrics):
            return "above"
        mean = sum(metrics) / len(metrics)
        if self.exceeds(mean, self.most, abs(mean) + self.most):
            return "above"
        return "below" if mean > 0 and self.exceeds(self.least, mean, mean + self.least) else None

    def observe(self, metric):
        self.waiting.append(metric)
        if len(self.waiting) < self.every:
            return self.events
        side, self.waiting = self.side(self.waiting), []
        old, turn, happened = self.value(), self.turns.get(side or "", 0), set()
        new = max(old / self.factor, self.low) if turn < 0 else min(old * self.factor, self.high)
        if turn and turn * (new - old) > ROUNDING * old:
            self.scale, happened = new / self.base(self.step), {"reduced" if turn < 0 else "increased"}
        return happened | ({"at_floor"} if self.value() <= self.low * (1 + ROUNDING) else set())


def changed(before: set[str], due: bool, cut: bool, **happened: bool) -> set[str]:
    """The events, `stopped` among them from a cut that was due and not made until one is made."""
    stopped = (due or "stopped" in before) and not cut
    return {name for name, it in happened.items() if it} | ({"stopped"} if stopped else set())


def weighted(seen: list[float], past: float) -> tuple[float, float]:
    """The mean and deviation under weights that shrink by `past` with age."""
    weights = [past ** (len(seen) - 1 - i) for i in range(len(seen))]
    mean = sum(w * x for w, x in zip(weights, seen, strict=True)) / sum(weights)
    return mean, math.sqrt(sum(w * (x - mean) ** 2 for w, x in zip(weights, seen, strict=True)) / sum(weights))


def run(oracle: Any, metrics: Any, observed: Any) -> tuple[list[float], list[tuple[set[str], int]]]:
    """The value after each update, and the events of each with the number of observations."""
    values, events = [], []
    for metric, looked in zip(metrics, observed, strict=True):
        oracle.update(float(metric), bool(looked))
        values.append(oracle.value())
        events.append((oracle.events, oracle.observations))
    return values, events
