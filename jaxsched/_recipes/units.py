"""Units: epochs, samples, tokens and fractions of a run, in steps."""

import dataclasses
import functools
import math
import numbers
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import jax.numpy as jnp
import numpy as np

from jaxsched._combinators.join import join
from jaxsched._combinators.rescale import power_of
from jaxsched._core.boxes import unwrapped
from jaxsched._core.fields import is_traced
from jaxsched._core.schedule import Schedule, ScheduleLike, as_schedule
from jaxsched._core.words import renamed, shown
from jaxsched._curves.tables import Piecewise
from jaxsched._recipes import seesaw
from jaxsched._recipes.batches import Batches

if TYPE_CHECKING:
    BatchSize: TypeAlias = float | Schedule | None
else:
    BatchSize = Any  # OmegaConf knows no union with a class

ROUNDED = {"nearest": None, "down": math.floor, "up": math.ceil}
"""How a part of a run becomes whole: `nearest` in exact arithmetic, the others in floats."""


@dataclasses.dataclass(frozen=True)
class Run:
    """What is known of a training run, to turn epochs, samples, tokens and fractions into steps.

    A step is one optimizer update: with gradient accumulation, `batch_size` counts the samples of one update.
    Every result is an int, rounded to the nearest step, halves up, and at least 1 for anything more than nothing.

    Args:
        steps_per_epoch: steps in one epoch, at least 1; it follows from `samples_per_epoch` and `batch_size`.
        batch_size: samples in one step, at least 1; or a schedule of whole numbers, where the batch changes.
        sequence_length: tokens in one sample, at least 1.
        total: the length of the run in steps, at least 1.
        samples_per_epoch: samples in the data set, a whole number; an epoch has a step for each batch of them.
        drop_last: whether the last batch of an epoch is left out where it is not full.

    Raises:
        ValueError: a fact is not positive, or contradicts others; a batch that changes is no whole number, or never
            ends to change; on use, a fact that is needed is missing.
        TypeError: a fact is not a number.

    Examples:
        >>> run = jaxsched.Run(steps_per_epoch=500, batch_size=128, sequence_length=1024, total=10_000)
        >>> run.epochs(5), run.samples(64_000), run.tokens(2e9), run.fraction(0.1)
        (2500, 500, 15259, 1000)
        >>> jaxsched.Run(samples_per_epoch=50_000, batch_size=128).epochs(90)  # with drop_last=True 35100
        35190
        >>> run = jaxsched.Run(batch_size=jaxsched.piecewise_constant([1_000], [256, 512]))
        >>> run.samples(512_000), run.samples_seen(1_500)
        (1500, 512000)
    """

    steps_per_epoch: float | None = None
    batch_size: BatchSize = None
    sequence_length: float | None = None
    total: float | None = None
    samples_per_epoch: int | None = None
    drop_last: bool = False

    def __post_init__(self) -> None:
        reasons = {
            "steps_per_epoch": "Is the data set empty, or smaller than a batch that is dropped?",
            "batch_size": "A step needs at least one sample.",
            "sequence_length": "A sample needs at least one token.",
            "total": "A run of no steps has no fractions: is the data set empty, or the epoch count 0?",
            "samples_per_epoch": "Is the data set empty?",
        }
        for name, reason in reasons.items():
            x = getattr(self, name)
            if name == "batch_size" and self._changing:
                self._check_batches()
            elif x is not None and not _number(name, x) > 0:
                raise ValueError(f"`{name}` must be greater than 0: got {shown(x)}. {reason}")
        if not isinstance(self.drop_last, (bool, np.bool_)):
            raise TypeError(f"`drop_last` must be True or False: got {shown(self.drop_last)}.")
        if self.samples_per_epoch is not None:
            object.__setattr__(self, "steps_per_epoch", self._batches())
        elif self.drop_last:
            raise ValueError("`samples_per_epoch` must be known for `drop_last`: got None. Pass the data set's length.")

    @functools.cached_property
    def _changing(self) -> Batches | None:
        """The batches, where they are a schedule."""
        return Batches(self.batch_size) if isinstance(self.batch_size, Schedule) else None

    def _check_batches(self) -> None:
        """Refuse a batch that changes where it is no batch, or with facts that need one size."""
        if self.samples_per_epoch is not None:
            raise ValueError(
                f"`samples_per_epoch` must be None where the batch changes: got {shown(self.samples_per_epoch)}. "
                f"For epochs write `run.samples(epochs * {shown(self.samples_per_epoch)})`."
            )

    def _batches(self) -> int:
        """The batches of an epoch."""
        samples, batch = _exact(self.samples_per_epoch or 0), self._known("batch_size", "samples_per_epoch")
        if samples.denominator != 1:
            raise ValueError(f"`samples_per_epoch` must be a whole number: got {shown(self.samples_per_epoch)}.")
        steps = math.floor(samples / batch) if self.drop_last else math.ceil(samples / batch)
        if steps == 0:
            raise ValueError(
                f"`samples_per_epoch` must be at least `batch_size` where the last batch is dropped: got "
                f"{shown(self.samples_per_epoch)} and {shown(self.batch_size)}."
            )
        if self.steps_per_epoch not in (None, steps):
            raise ValueError(
                f"`steps_per_epoch` must be left out, or be the {steps} batches of `samples_per_epoch`: got "
                f"{shown(self.steps_per_epoch)}. In a copy with another batch size pass None."
            )
        return steps

    def epochs(self, count: float) -> int:
        """Steps in so many epochs; needs `steps_per_epoch`."""
        each = self._known("steps_per_epoch", "epochs")
        return _steps("count", count, lambda epochs: epochs * each)

    def samples(self, count: float) -> int:
        """Steps that see so many samples; needs `batch_size`."""
        return _steps("count", count, self._steps_that_see("samples"))

    def tokens(self, count: float) -> int:
        """Steps that see so many tokens; needs `batch_size` and `sequence_length`."""
        steps, each = self._steps_that_see("tokens"), self._known("sequence_length", "tokens")
        return _steps("count", count, lambda tokens: steps(tokens / each))

    def samples_seen(self, step: float) -> int:
        """Samples that the first `step` steps see, to the nearest; needs `batch_size`.

        Examples:
            >>> jaxsched.Run(batch_size=jaxsched.piecewise_constant([10], [4, 8])).samples_seen(11)
            48
        """
        return _nearest("step", step, self._seen_by("samples_seen"))

    def tokens_seen(self, step: float) -> int:
        """Tokens that the first `step` steps see, to the nearest; needs `batch_size` and `sequence_length`.

        Examples:
            >>> jaxsched.Run(batch_size=8, sequence_length=1024).tokens_seen(1_000)
            8192000
        """
        samples, each = self._seen_by("tokens_seen"), self._known("sequence_length", "tokens_seen")
        return _nearest("step", step, lambda steps: samples(steps) * each)

    def _steps_that_see(self, method: str) -> Callable[[Fraction], Fraction]:
        """Of a number of samples, the steps that see them."""
        if self._changing:
            return self._changing.steps
        batch = self._known("batch_size", method)
        return lambda samples: samples / batch

    def _seen_by(self, method: str) -> Callable[[Fraction], Fraction]:
        """Of a number of steps, the samples that they see."""
        if self._changing:
            return self._changing.samples
        batch = self._known("batch_size", method)
        return lambda steps: steps * batch

    def fraction(self, part: float, rounding: Literal["nearest", "down", "up"] = "nearest") -> int:
        """Steps in a part of the run, from 0 to 1; needs `total`.

        With `rounding="down"` it is `int(part * total)`, as in Levanter, Composer and MaxText, and with
        `rounding="up"` `ceil(part * total)`, as `warmup_ratio` in Transformers: in their float arithmetic, and it may
        be 0.

        Examples:
            >>> run = jaxsched.Run(total=861)
            >>> run.fraction(0.03), run.fraction(0.03, rounding="down")
            (26, 25)
        """
        if not 0 <= _number("part", part) <= 1:
            raise ValueError(f"`part` must be between 0 and 1: got {shown(part)}. Pass a number of steps as it is.")
        total = self._known("total", "fraction")
        if not isinstance(rounding, str) or rounding not in ROUNDED:
            raise ValueError(f"`rounding` must be 'nearest', 'down' or 'up': got {shown(rounding)}.")
        rounded = ROUNDED[rounding]
        return rounded(float(part) * float(total)) if rounded else _steps("part", part, lambda part: part * total)

    def seesaw(
        self,
        schedule: ScheduleLike,
        *,
        factor: float = 2.0,
        largest: int | None = None,
        rule: Literal["sqrt", "linear"] | float = "sqrt",
    ) -> tuple[Schedule, "Run"]:
        r"""A schedule of rates for this run, and this run, with batches that grow where the rate falls.

        Where the rate has fallen to its peak over $f^k$, the batch becomes $B_k = b f^k$ and the rate
        $f^{-k} (B_k / b)^p$ times the peak: with a factor f of 2 and the rule's p of 1/2, a half is $1 / \sqrt 2$ and
        twice the batch. Between these cuts both are constant, and a cosine becomes such steps; until its peak the rate
        is as it was. The new run sees exactly as many samples in fewer updates, hence in less time where a larger batch
        takes no longer. For that a cut moves by half an update at most, and by more only where `factor` is no whole
        number or `largest` no multiple of the batch.

        Args:
            schedule: the rates of this run, in updates with its `batch_size`, up to its `total`. They rise to a peak
                first, if at all, and then fall.
            factor: f, greater than 1.
            largest: samples in the largest batch; from there on the rate is cut by f, and the batch stays. Beyond the
                critical batch size a larger batch gains nothing. Without it the batch grows as long as one fits in.
            rule: the power p, from 0 to 1: "sqrt" (1/2) for Adam, which a larger one lets diverge, or "linear" (1) for
                SGD, whose rate then stays at its peak.

        Returns:
            The rates, and the run with its `total` and its `batch_size`, in updates of its own. At the steps in
            `batch_size.boundaries` the batch becomes the next of `batch_size.values`.

        Raises:
            ValueError: `schedule` rises after its peak, reaches 0, or does not fall by `factor`; an argument is out of
                its range; or `total` or one `batch_size` is not known.
            TypeError: `schedule` is no schedule, or traced, or an argument is no number.

        Examples:
            >>> run = jaxsched.Run(batch_size=256, total=900)
            >>> rate, faster = run.seesaw(jaxsched.step_decay(0.1, 0.5, 300))
            >>> faster.batch_size, faster.total
            (Piecewise(boundaries=[300, 450], values=[256.0, 512.0, 1024.0]), 525)
            >>> [round(float(rate(step)), 4) for step in (299, 300, 450)]
            [0.1, 0.0707, 0.05]
            >>> faster.samples_seen(525) == run.samples_seen(900)
            True

        Reference:
            Meterez et al. 2025, arXiv:2510.14717 (Seesaw). Smith et al. 2017, arXiv:1711.00489 (linear, for SGD).
        """
        if self._changing:
            raise ValueError(f"`batch_size` must be one number for `seesaw`: got {shown(self.batch_size)}.")
        batch, total = (seesaw.whole(name, self._known(name, "seesaw")) for name in ("batch_size", "total"))
        power = float(_number("rule", power_of(rule)))
        if not 0 <= power <= 1:
            raise ValueError(f"`rule` must be a power from 0 to 1: got {shown(rule)}. Pass 'sqrt' or 'linear'.")
        if not _number("factor", factor) > 1:
            raise ValueError(f"`factor` must be greater than 1: got {shown(factor)}. The rate is divided by it.")
        if largest is not None and not _number("largest", largest) > batch:
            raise ValueError(f"`largest` must be greater than `batch_size`: got {shown(largest)} and {batch}.")
        most = None if largest is None else seesaw.whole("largest", _exact(largest))
        with renamed({"x": "schedule"}):
            schedule = as_schedule(schedule)
        plan = seesaw.plan(schedule, batch, total, float(factor), power, most)
        rate = Piecewise([begin - plan.peak_at for begin in plan.boundaries[1:]], plan.rates)
        changes = [i for i, size in enumerate(plan.batches) if i and size != plan.batches[i - 1]]
        sizes = Piecewise([plan.boundaries[i] for i in changes], [plan.batches[i] for i in [0, *changes]])
        run = Run(batch_size=sizes, sequence_length=self.sequence_length, total=plan.total)
        return join([schedule, rate], [plan.peak_at]) if plan.peak_at else rate, run

    def _known(self, name: str, method: str) -> Fraction:
        x = getattr(self, name)
        if x is None:
            raise ValueError(f"`{name}` must be known for `{method}`: got None. Build it as Run({name}=...).")
        return _exact(x)


def _steps(name: str, count: float, of: Callable[[Fraction], Fraction]) -> int:
    steps = _nearest(name, count, of)
    return max(steps, 1) if _exact(count) else 0


def _nearest(name: str, count: float, of: Callable[[Fraction], Fraction]) -> int:
    if _number(name, count) < 0:
        raise ValueError(f"`{name}` must not be negative: got {shown(count)}.")
    return math.floor(of(_exact(count)) + Fraction(1, 2))  # exact: 0.1 * 30 in floats is a little more than 3


def _exact(x: float) -> Fraction:
    x = unwrapped(x)
    return Fraction(int(x)) if isinstance(x, numbers.Integral) else Fraction(repr(float(x)))


def _number(name: str, x: float) -> float:
    x = unwrapped(x)
    if is_traced(x):
        raise TypeError(f"`{name}` must be known: got {shown(x)}, traced. Call this outside of jit.")
    single = hasattr(x, "__float__") and np.ndim(x) == 0 and not isinstance(x, (bool, np.bool_))
    if not single or (hasattr(x, "dtype") and not jnp.issubdtype(jnp.result_type(x), jnp.number)) or np.iscomplexobj(x):
        raise TypeError(f"`{name}` must be a number: got {shown(x)}.")
    try:
        finite = math.isfinite(x)
    except OverflowError:
        finite = False
    if not finite:
        raise ValueError(f"`{name}` must be finite: got {shown(x)}.")
    return x
