"""Published schedules that rise as well as fall: one-cycle, triangular, restarts."""

import dataclasses
from typing import Any, Literal

from jaxsched._combinators.cycle import cycle
from jaxsched._combinators.join import join
from jaxsched._combinators.values import Blend
from jaxsched._core.kinds import AtLeastOne, Count, Factor, Lengths, Level, Numeric, Positive, Total, checked
from jaxsched._core.schedule import Schedule
from jaxsched._curves.cosines import Cosine
from jaxsched._curves.exponentials import GeometricDecay
from jaxsched._curves.powers import Linear
from jaxsched._curves.tables import CosineInterpolated, Interpolated
from jaxsched._recipes.shares import share, within

POINTS = {"cosine": CosineInterpolated, "linear": Interpolated}


@checked
def one_cycle(
    peak: Level,
    total: Total,
    *,
    warmup: Count | None = None,
    down: Count | None = None,
    three_phase: bool = False,
    shape: Literal["cosine", "linear"] = "cosine",
    div: Positive = 25.0,
    final_div: Positive = 1e4,
) -> Schedule:
    r"""One cycle: up from `peak / div` to `peak` and down to `peak / div / final_div`, in two phases or three.

    With three phases the way down passes through `peak / div`.

    Args:
        peak: the largest value.
        total: the length of the whole in steps, at least 1; the end is reached at step `total`.
        warmup: the length of the way up in steps; by default 30 % of `total`, rounded to a whole step.
        down: the length of the second of three phases in steps; by default `warmup`.
        three_phase: whether there are three phases.
        shape: "cosine" or "linear".
        div: how much smaller than the peak the start is, greater than 0.
        final_div: how much smaller than the start the end is, greater than 0.

    Raises:
        ValueError: `total` is 0 or shorter than the phases, an unknown shape, or a divisor that is not positive.

    Examples:
        >>> [round(float(jaxsched.one_cycle(1.0, 10)(t)), 3) for t in (0, 1, 3, 10)]
        [0.04, 0.28, 1.0, 0.0]

    Reference:
        Smith and Topin 2017, arXiv:1708.07120, section 3. PyTorch's `OneCycleLR(peak, N, pct)` is
        `one_cycle(peak, N - 1, warmup=pct * N - 1.0)`; optax's `cosine_onecycle_schedule(N, peak, pct)` is
        `one_cycle(peak, N, warmup=int(pct * N))`.
    """
    points, warmup, low = POINTS[shape], _warmup_of(warmup, total), 1.0 / div
    end = low / final_div
    if not three_phase:
        return peak * points([0, warmup, total], [low, 1.0, end])
    turn = within(warmup + (warmup if down is None else down), total, "`warmup` + `down`")
    return peak * points([0, warmup, turn, total], [low, 1.0, low, end])


@checked
def one_cycle_momentum(
    low: Level,
    high: Level,
    total: Total,
    *,
    warmup: Count | None = None,
    down: Count | None = None,
    three_phase: bool = False,
    shape: Literal["cosine", "linear"] = "cosine",
) -> Schedule:
    r"""The momentum beside `one_cycle`: down from `high` to `low` while the rate rises, and up again.

    Args:
        low: the momentum at the rate's peak.
        high: the momentum at both ends.
        total: the length of the whole in steps, at least 1.
        warmup: the length of the way down in steps; by default 30 % of `total`, rounded to a whole step.
        down: the length of the way up where there are three phases; by default `warmup`.
        three_phase: whether there are three phases; `high` is held in the third.
        shape: "cosine" or "linear".

    Raises:
        ValueError: `total` is 0 or shorter than the phases, or an unknown shape.

    Examples:
        >>> [round(float(jaxsched.one_cycle_momentum(0.85, 0.95, 10)(t)), 3) for t in (0, 3, 10)]
        [0.95, 0.85, 0.95]

    Reference:
        Smith and Topin 2017, arXiv:1708.07120; `cycle_momentum` of `OneCycleLR` in PyTorch.
    """
    points, warmup = POINTS[shape], _warmup_of(warmup, total)
    turn = within(warmup + (warmup if down is None else down), total, "`warmup` + `down`") if three_phase else total
    return points([0, warmup, turn], [high, low, high])


@checked
def cyclic(
    low: Level,
    high: Level,
    up: Count,
    down: Count | None = None,
    mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
    gamma: Factor = 1.0,
) -> Schedule:
    r"""Triangles between `low` and `high`: $v(t) = l + (h - l)\,z(t)\,A$.

    z rises from 0 to 1 in `up` steps and falls back in `down`; A is 1 ("triangular"), $2^{-i}$ in cycle i
    ("triangular2") or $\gamma^t$ ("exp_range").

    Args:
        low: l, the value at the foot.
        high: h, the value at the peak of the first cycle.
        up: the length of the way up in steps.
        down: the length of the way down in steps; by default `up`.
        mode: "triangular", "triangular2" or "exp_range".
        gamma: the factor per step of "exp_range", at least 0.

    Raises:
        ValueError: an unknown mode, a negative `gamma`, or a negative count.

    Examples:
        >>> [round(float(jaxsched.cyclic(0.1, 1.0, 2, 3)(t)), 3) for t in range(6)]
        [0.1, 0.55, 1.0, 0.7, 0.4, 0.1]

    Reference:
        Smith 2015, arXiv:1506.01186, section 3; `CyclicLR` in PyTorch and Paddle.
    """
    fall = up if down is None else down
    triangle = join([Linear(0.0, 1.0, steps=up), Linear(1.0, 0.0, steps=fall)], [up])
    weight = cycle(triangle, up + fall, decay=0.5 if mode == "triangular2" else 1.0)
    return Blend(low, high, weight * GeometricDecay(1.0, gamma) if mode == "exp_range" else weight)


@checked
def cyclic_momentum(
    low: Level,
    high: Level,
    up: Count,
    down: Count | None = None,
    mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
    gamma: Factor = 1.0,
) -> Schedule:
    r"""The momentum beside `cyclic`, highest where the rate is lowest: $v(t) = h - (h - l)\,z(t)\,A$.

    Args:
        low: l, the momentum at the rate's first peak.
        high: h, the momentum at the rate's foot.
        up: the length of the rate's way up in steps.
        down: the length of the rate's way down in steps; by default `up`.
        mode: "triangular", "triangular2" or "exp_range".
        gamma: the factor per step of "exp_range", at least 0.

    Raises:
        ValueError: an unknown mode, a negative `gamma`, or a negative count.

    Examples:
        >>> [round(float(jaxsched.cyclic_momentum(0.8, 0.9, 2)(t)), 3) for t in range(5)]
        [0.9, 0.85, 0.8, 0.85, 0.9]

    Reference:
        `cycle_momentum` of `CyclicLR` in PyTorch.
    """
    return cyclic(high, low, up, down, mode, gamma)


@checked
def sgdr(
    peak: Level,
    period: Lengths,
    growth: AtLeastOne = 1,
    decay: Factor = 1.0,
    end: Level = 0.0,
) -> Schedule:
    r"""Cosine with warm restarts: $v = e + (p\,d^i - e)\,\tfrac12 (1 + \cos \pi x)$ in cycle i of length $n\,g^i$.

    Args:
        peak: the value p at the first restart.
        period: the length n of the first cycle in steps; or a list with the length of each cycle.
        growth: how much longer each cycle is than the last, at least 1.
        decay: the factor d between the peaks of a cycle and the last, at least 0.
        end: the value e that every cycle falls to.

    Raises:
        ValueError: a negative length, a growth below 1, or a negative decay.

    Examples:
        >>> [round(float(jaxsched.sgdr(1.0, 2, growth=2, end=0.1)(t)), 3) for t in range(7)]
        [1.0, 0.55, 1.0, 0.868, 0.55, 0.232, 1.0]

    Reference:
        Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5; `CosineAnnealingWarmRestarts` in PyTorch.
    """
    first = 1 if isinstance(period, tuple) else period  # a listed cycle scales its clock to any length
    falling, floor = Cosine(peak, 0.0, steps=first), Cosine(0.0, end, steps=first)
    cycles: Any = cycle(falling, period, growth, decay)
    return dataclasses.replace(cycles, floor=floor)  # which does not decay with the peaks


def _warmup_of(warmup: Numeric | None, total: Numeric) -> Numeric:
    return share(0.3, total) if warmup is None else within(warmup, total)
