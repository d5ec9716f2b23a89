"""The range test: the losses of a short run whose rate grows at every step, and the rates that they suggest."""

import dataclasses
from typing import Any, Literal

import jax
import numpy as np

import jaxsched as js
from jaxsched.kinds import shown
from jaxsched.search import _rules
from jaxsched.search._checks import (
    FLAG,
    check_function,
    check_numbers,
    check_step,
    each_of,
    enough,
    is_stacked,
    rates_of,
)
from jaxsched.search._rules import Rule
from jaxsched.search._running import Step, one_by_one, scanned

LEAST_FALL = 0.1
"""A curve that never falls by this part of its first loss says nothing of the rate."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class RangeTest:
    """What `range_test` returns; `str` and `repr` say what it found.

    Attributes:
        rates: the rate of each point, float64, growing.
        losses: the loss of each seed at each point, float64, shape `(seeds, num)`; NaN after it diverged.
        smoothed: the smoothed median of the seeds at each point, float64; NaN after it diverged.
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray

    @property
    def points(self) -> int:
        """How many points there are until the curve diverged."""
        return int(np.isfinite(self.smoothed).sum())

    def suggest(self, rule: Rule = "steepest") -> float:
        """A rate, by a rule, on the curve without its first tenth and its last five points.

        Args:
            rule: "steepest": where the loss falls fastest, up to its minimum. "valley": half-way down the longest fall.
                "slide": the last place whose slope differs from that of later points. "minimum": a tenth of the rate
                with the least loss.

        Raises:
            ValueError: an unknown rule; or a curve with too few points or without a fall, with what to change.
        """
        if not isinstance(rule, str) or rule not in _rules.RULES:
            raise ValueError(f"`rule` must be one of {', '.join(map(repr, _rules.RULES))}: got {shown(rule)}.")
        begin, curve = self._curve()
        return float(self.rates[begin + _rules.RULES[rule](curve)] * _rules.FACTORS.get(rule, 1.0))

    def bracket(self) -> tuple[float, float]:
        """Two rates between which the best peak probably lies: that of the valley and that of the least loss."""
        begin, curve = self._curve()
        low, high = sorted((self.suggest("valley"), float(self.rates[begin + _rules.minimum(curve)])))
        return low, high

    def bounds(self) -> tuple[float, float]:
        """The `low` and `high` of `cyclic`: the rates of the valley and of the steepest point."""
        low, high = sorted((self.suggest("valley"), self.suggest("steepest")))
        return low, high

    def table(self) -> list[tuple[float, float, float]]:
        """Each point's rate, median loss and smoothed loss."""
        middle = [float(np.median(each)) for each in self.losses.T]
        return list(zip(self.rates.tolist(), middle, self.smoothed.tolist(), strict=True))

    def plot(self, ax: Any = None) -> Any:
        """The losses by rate on a matplotlib axis, the suggestions marked; needs the extra `plot`.

        Args:
            ax: the `Axes` to draw on; by default those of a new figure.
        """
        ax = js.show.axes(ax)
        if len(self.losses) > 1:
            low, high = np.min(self.losses, axis=0), np.max(self.losses, axis=0)
            ax.fill_between(self.rates, low, high, color="C0", alpha=0.2, linewidth=0, label="seeds")
        else:
            ax.plot(self.rates, self.losses[0], color="C0", alpha=0.4, linewidth=0.8, label="loss")
        ax.plot(self.rates, self.smoothed, color="C0", label="smoothed")
        for i, (name, rate) in enumerate(self._marks().items(), start=1):
            ax.axvline(rate, color=f"C{i}", linestyle="--", linewidth=1, label=f"{name}: {rate:.3g}")
        ax.set(xlabel="rate", ylabel="loss", xscale="log" if self.rates[0] > 0 else "linear")
        finite = self.smoothed[np.isfinite(self.smoothed)]
        if len(finite) and finite[0] > finite.min():  # what diverged would hide the rest
            ax.set_ylim(
                finite.min() - 0.1 * np.ptp(finite), min(finite.max(), finite.min() + 3 * (finite[0] - finite.min()))
            )
        ax.legend()
        return ax

    def __repr__(self) -> str:
        lines = [f"Range test of {len(self.rates)} rates from {self.rates[0]:.3g} to {self.rates[-1]:.3g}"]
        try:
            low, high = self.bracket()
        except ValueError as error:
            return f"{lines[0]}: {error}"
        lines += [f"  {name:10} {rate:.3g}" for name, rate in self._marks().items()]
        lines.append(f"  The best peak probably lies from {low:.3g} to {high:.3g}: train with some rates between them.")
        if not low <= self.suggest() <= high:
            lines.append("  The steepest point lies outside: the losses are noisy. Try `seeds=4`, or a larger `start`.")
        begin, curve = self._curve()
        if self.points == len(self.rates) and _rules.minimum(curve) == len(curve) - 1:
            lines.append("  The loss still fell at the end: with a larger `end` the curve says more.")
        return "\n".join(lines)

    def _marks(self) -> dict[str, float]:
        try:
            return {"steepest": self.suggest(), "valley": self.suggest("valley"), "least loss": self.bracket()[1]}
        except ValueError:
            return {}

    def _curve(self) -> tuple[int, np.ndarray]:
        num, points = len(self.rates), self.points
        begin, end = num // 10, points - 5
        if not points:
            raise ValueError(
                "`step` must return a finite loss: that of the first batch is not, before any rate was used. "
                "Look at `state` and `batches`."
            )
        if end - begin < 3:
            where = (
                f"the loss diverged at the rate {self.rates[max(points - 1, 0)]:.3g}, after {points} of {num} points"
            )
            remedy = "Begin with a smaller `start`, or take more points (`num`)."
            raise ValueError(f"`start` must leave some points before the loss diverges: {where}. {remedy}")
        curve = self.smoothed[begin:end]
        first = self.smoothed[: begin + 1].max()  # one loss alone is noisy
        if not first - curve.min() >= LEAST_FALL * abs(first):
            raise ValueError(
                f"`end` must be a rate that lowers the loss: from {first:.4g} it fell to {curve.min():.4g} at best, "
                f"so no rate lowered the loss. Raise `end`, or begin from a state that is not trained yet."
            )
        return begin, curve


def range_test(
    step: Step,
    state: Any,
    batches: Any,
    *,
    start: float = 1e-7,
    end: float = 10.0,
    num: int = 100,
    mode: Literal["exponential", "linear"] = "exponential",
    seeds: int = 1,
    smoothing: float = 0.9,
    stop: float | None = 4.0,
    progress: bool = True,
) -> RangeTest:
    r"""The losses of `num` training steps whose rate grows from `start` to `end`, and the rates that they suggest.

    Point i has the rate $r_i = s\,(e / s)^{i / (n - 1)}$, or $s + (e - s)\,i / (n - 1)$ if `mode` is "linear". Neither
    `state` nor `batches` is changed. With 12 points or more a decade the suggestions hardly depend on `num`.

    No rule is a choice: train with some rates of `bracket()` and keep the best. On twelve small tasks the best peak of
    a warmup-cosine lay within twice the bracket in all, and the default rule was the only one whose worst case was near
    2 times the loss of the best peak.

    Args:
        step: a function `(state, batch, rate) -> (state, loss)` that JAX can trace, with the loss one number. It trains
            at `rate`, a strong float32 scalar, for instance by `jaxsched.override(opt_state, learning_rate=rate)`.
        state: what it is handed first, a PyTree of arrays: parameters and the optimizer's state.
        batches: a PyTree of arrays whose leading axis is `num` batches or more, for one scan on the device; or a list,
            iterator or loader of batches, taken one by one until the loss diverges. Both give the same losses.
        start: s, the first rate, above 0 if `mode` is "exponential".
        end: e, the last rate, above `start`.
        num: n, how many points there are, at least 6.
        mode: "exponential" or "linear".
        seeds: how many orders of the batches are tried at once, the given one and shuffled ones; at least 1. More than
            one needs `batches` as arrays.
        smoothing: the factor of the moving average, at least 0 and below 1.
        stop: the curve ends where the smoothed loss l exceeds $b + (\text{stop} - 1)\,|b|$ for the least b so far, and
            where a loss is not finite; `None` for the latter alone.
        progress: whether a loader's progress is shown, where tqdm is installed and the terminal is one.

    Returns:
        a `RangeTest`, with the methods `suggest`, `bracket`, `bounds`, `plot` and `table`.

    Raises:
        ValueError: a number out of its range; too few batches; a rate that `step` ignores.
        TypeError: `step` does not return a state like the one it was handed, and one number; or an argument is of
            another kind.

    Examples:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> def step(w, batch, rate):
        ...     loss, slope = jax.value_and_grad(lambda w: jnp.mean((w * batch - 1.0) ** 2))(w)
        ...     return w - rate * slope, loss
        >>> found = jaxsched.search.range_test(step, jnp.float32(0.0), jnp.ones((100, 4)), start=1e-4)
        >>> low, high = found.bracket()
        >>> low < found.suggest() < high
        True

    Reference:
        Smith 2015, arXiv:1506.01186, section 3.3; the rules are those of fastai and Ignite.
    """
    check_function("step", step, "(state, batch, rate)", " It returns `(state, loss)`.")
    rates = rates_of(start, end, num, mode)
    check_numbers(seeds, smoothing, stop)
    FLAG("progress", progress)
    if is_stacked(batches):
        first = jax.tree.map(lambda x: x[0], enough(batches, num))
        check_step(step, state, first, rates)
        losses = scanned(step, state, batches, rates, seeds)
    elif seeds != 1:
        raise ValueError(f"`seeds` must be 1 where batches come one by one: got {seeds}. Stack `batches` in arrays.")
    else:
        losses = one_by_one(step, state, each_of(batches), rates, smoothing, stop, progress)
    return _found(rates, losses, smoothing, stop)


def _found(rates: np.ndarray, losses: np.ndarray, smoothing: float, stop: float | None) -> RangeTest:
    losses = np.stack([_until_it_diverges(each, smoothing, stop) for each in losses])
    alive = np.isfinite(losses).sum(axis=0) * 2 > len(losses)  # a median needs more than half of the seeds
    points = int(np.argmin(alive)) if not alive.all() else len(alive)
    smooth = np.full(len(rates), np.nan)
    smooth[:points] = _rules.smoothed(np.nanmedian(losses[:, :points], axis=0), smoothing) if points else []
    return RangeTest(rates, losses, smooth)


def _until_it_diverges(losses: np.ndarray, smoothing: float, stop: float | None) -> np.ndarray:
    finite = int(np.argmin(np.isfinite(losses))) if not np.isfinite(losses).all() else len(losses)
    points = _rules.stops(_rules.smoothed(losses[:finite], smoothing), stop)
    return np.where(np.arange(len(losses)) < points, losses, np.nan)
