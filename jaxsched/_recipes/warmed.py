"""Published schedules by name, each a composition of a few pieces: up, perhaps flat, and down."""

from typing import Any

from jaxsched._combinators.join import join
from jaxsched._combinators.warmup import Shape, cooldown
from jaxsched._combinators.warmup import warmup as warmed_up
from jaxsched._core.choice import select
from jaxsched._core.fields import is_traced
from jaxsched._core.kinds import Count, Level, Part, Positive, Real, Total, checked
from jaxsched._core.schedule import Constant, Schedule
from jaxsched._core.time import as_real, largest
from jaxsched._core.words import renamed
from jaxsched._curves.cosines import Cosine
from jaxsched._curves.decays import InverseSqrt
from jaxsched._curves.powers import Linear
from jaxsched._recipes.shares import share, within


@checked
def noam(dim: Positive, warmup: Count, scale: Real = 1.0) -> Schedule:
    r"""The transformer's schedule: $v(t) = c\,d^{-1/2} \min(t^{-1/2}, t\,w^{-3/2})$.

    Args:
        dim: the model's width d, greater than 0.
        warmup: w in steps; 0 leaves the warmup away: $c\,(d\,(1 + t))^{-1/2}$.
        scale: c.

    Raises:
        ValueError: `dim` is not positive, `warmup` is negative, or a number is not finite.

    Examples:
        >>> round(float(jaxsched.noam(512, 4000)(4000)), 9)
        0.000698771

    Reference:
        Vaswani et al. 2017, arXiv:1706.03762, eq. 3; `NoamDecay` in Paddle.
    """
    timescale = largest(warmup, 1)
    peak = scale * (dim * as_real(timescale)) ** -0.5
    return warmed_up(InverseSqrt(peak, timescale), warmup)


@checked
def warmup_linear(
    peak: Level, warmup: Count, total: Total, end: Level = 0.0, *, start: Level = 0.0, offset: Count = 0
) -> Schedule:
    r"""Up in a line to `peak` at step `warmup`, down in a line to `end` at step `total`, then flat.

    Args:
        peak: the largest value.
        warmup: the length of the way up in steps, at most `total`.
        total: the length of the whole in steps, at least 1.
        end: the value from step `total` on.
        start: the value that the warmup starts from.
        offset: steps that count as already done: with 1 the first update is one step up and not at `start`, the peak
            is at step `warmup - 1`, and the last update, that of step `total - 1`, has `end`.

    Raises:
        ValueError: `warmup` exceeds `total`, `total` is 0, a count is negative or a fraction, or a number not finite.

    Examples:
        >>> jaxsched.warmup_linear(1.0, 2, 6)(np.arange(7)).tolist()
        [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]
        >>> jaxsched.warmup_linear(1.0, 2, 6, offset=1)(np.arange(6)).tolist()
        [0.5, 1.0, 0.75, 0.5, 0.25, 0.0]

    Reference:
        `get_linear_schedule_with_warmup` in Hugging Face.
    """
    warmup = within(warmup, total)
    return warmed_up(Linear(peak, end, steps=total - warmup), warmup, start, offset=offset)


@checked
def warmup_cosine(
    peak: Level, warmup: Count, total: Total, end: Level = 0.0, *, start: Level = 0.0, offset: Count = 0
) -> Schedule:
    r"""Up in a line to `peak` at step `warmup`, down in half a cosine to `end` at step `total`, then flat.

    Args:
        peak: the largest value.
        warmup: the length of the way up in steps, at most `total`.
        total: the length of the whole in steps, at least 1.
        end: the value from step `total` on.
        start: the value that the warmup starts from.
        offset: steps that count as already done: with 1 the first update is one step up and not at `start`, the peak
            is at step `warmup - 1`, and the last update, that of step `total - 1`, has `end`.

    Raises:
        ValueError: `warmup` exceeds `total`, `total` is 0, a count is negative or a fraction, or a number not finite.

    Examples:
        >>> [round(float(jaxsched.warmup_cosine(1.0, 2, 6, end=0.1)(t)), 4) for t in range(7)]
        [0.0, 0.5, 1.0, 0.8682, 0.55, 0.2318, 0.1]

    Reference:
        `warmup_cosine_decay_schedule` in optax (its `decay_steps` is `total`).
    """
    warmup = within(warmup, total)
    return warmed_up(Cosine(peak, end, steps=total - warmup), warmup, start, offset=offset)


@checked
def warmup_inverse_sqrt(peak: Level, warmup: Count, timescale: Count | None = None) -> Schedule:
    r"""Up in a line to `peak` at step `warmup`, then $v(t) = p / \sqrt{1 + (t - w)/n}$ for ever.

    Args:
        peak: the largest value p.
        warmup: w in steps, at least 0.
        timescale: n in steps; by default `warmup`, which makes it $p \sqrt{w/t}$, or 10,000 where `warmup` is 0.

    Raises:
        ValueError: a count is negative, or a number is not finite.

    Examples:
        >>> float(jaxsched.warmup_inverse_sqrt(1.0, 100)(400))
        0.5

    Reference:
        Vaswani et al. 2017, arXiv:1706.03762, eq. 3; `get_inverse_sqrt_schedule` in Hugging Face.
    """
    if timescale is None:
        timescale = select(warmup > 0, warmup, 10_000) if is_traced(warmup) else (warmup or 10_000)
    return warmed_up(InverseSqrt(peak, timescale), warmup)


@checked
def wsd(
    peak: Level,
    *,
    warmup: Count | None = None,
    stable: Count | None = None,
    decay: Count | None = None,
    total: Total | None = None,
    end: Level = 0.0,
    shape: Shape = "linear",
    start: Level = 0.0,
    warmup_shape: Shape = "linear",
) -> Schedule:
    r"""Warmup, stable, decay: up to `peak`, flat, and down to `end`; each length excludes the others.

    Three of the four lengths are given: the fourth follows from them.

    Args:
        peak: the value of the stable phase.
        warmup: the length of the way up in steps, at least 0.
        stable: the length of the stable phase in steps, at least 0.
        decay: the length of the way down in steps, at least 0.
        total: the length of the whole in steps, at least 1: what the three take together.
        end: the value from step `warmup + stable + decay` on.
        shape: of the decay: a name, a ramp class or a function, as for `cooldown`.
        start: the value that the warmup starts from.
        warmup_shape: of the warmup: a name, a ramp class or a function, as for `warmup`.

    Raises:
        ValueError: lengths longer than `total`, a negative count, an unknown shape, or a number that is not finite.
        TypeError: not three of the four lengths.

    Examples:
        >>> jaxsched.wsd(1.0, warmup=2, stable=2, decay=2)(np.arange(7)).tolist()
        [0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0]
        >>> jaxsched.wsd(1.0, warmup=2, decay=2, total=6) == jaxsched.wsd(1.0, warmup=2, stable=2, decay=2)
        True

    Reference:
        Hu et al. 2024, arXiv:2404.06395, section 4; Hägele et al. 2024, arXiv:2405.18392, section 3.
    """
    up, flat, down = _phases(warmup, stable, decay, total)
    with renamed({"shape": "warmup_shape"}):
        held = warmed_up(Constant(peak), up, start, shape=warmup_shape)
    return cooldown(held, up + flat, down, end, shape=shape)


def _phases(*lengths: Any) -> tuple[Any, Any, Any]:
    """The lengths of the three phases, the one that is left out being what the others leave of the whole."""
    *phases, total = lengths
    given = {name: x for name, x in zip(("warmup", "stable", "decay"), phases, strict=True) if x is not None}
    if len(given) != 3 - (total is not None):
        names = [*given, *(() if total is None else ("total",))]
        raise TypeError(
            f"`warmup`, `stable`, `decay` and `total` must be given but for one, which follows from the others: "
            f"got {' and '.join(names) or 'none'}."
        )
    if total is None:
        return phases[0], phases[1], phases[2]
    (first, a), (second, b) = given.items()
    others = within(a + b, total, f"`{first}` + `{second}`")
    return tuple(total - others if x is None else x for x in phases)  # pyright: ignore[reportReturnType]


@checked
def flat_cosine(peak: Level, total: Total, flat: Part = 0.75, end: Level = 0.0) -> Schedule:
    r"""Flat at `peak` for a part of the run, then half a cosine to `end` at step `total`.

    Args:
        peak: the value of the flat part.
        total: the length of the whole in steps, at least 1.
        flat: the fraction of `total` that is flat, from 0 to 1; rounded to a whole step.
        end: the value from step `total` on.

    Raises:
        ValueError: `flat` is not between 0 and 1, or a number is not finite.

    Examples:
        >>> [round(float(jaxsched.flat_cosine(1.0, 8)(t)), 3) for t in (0, 6, 7, 8)]
        [1.0, 1.0, 0.5, 0.0]

    Reference:
        `fit_flat_cos` in fastai (whose `end` is `peak / 1e5`).
    """
    begin = share(flat, total)
    return cooldown(Constant(peak), begin, total - begin, end, shape="cosine")


@checked
def slanted_triangular(peak: Level, total: Total, cut: Part = 0.1, ratio: Positive = 32.0) -> Schedule:
    r"""Up in a short line, down in a long one: from `peak / ratio` to `peak` at step ⌊cut · total⌋ and back.

    Args:
        peak: the largest value.
        total: the length of the whole in steps, at least 1.
        cut: the fraction of `total` that the way up takes, from 0 to 1; rounded down to a whole step.
        ratio: how much smaller than the peak both ends are, greater than 0.

    Raises:
        ValueError: `cut` is not between 0 and 1, or `ratio` is not positive.

    Examples:
        >>> [round(float(jaxsched.slanted_triangular(1.0, 10)(t)), 5) for t in (0, 1, 10)]
        [0.03125, 1.0, 0.03125]

    Reference:
        Howard and Ruder 2018, arXiv:1801.06146, eq. 3; `slanted_triangular` in thinc is one step ahead.
    """
    low, up = 1.0 / ratio, share(cut, total, down=True)
    return peak * join([Linear(low, 1.0, steps=up), Linear(1.0, low, steps=total - up)], [up])
