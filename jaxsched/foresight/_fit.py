"""Fitting laws to finished runs, and how sure their predictions are."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxsched.foresight._fitting import GAIN, POWER, WEIGHT, Family, Numbers, Problem, columns
from jaxsched.foresight._forms import FORMS
from jaxsched.foresight._laws import Law
from jaxsched.foresight._rates import known_rates, total_of
from jaxsched.foresight._runs import REMEDY, SAME, Runs, runs_of
from jaxsched.kinds import checker, shown

LAW = checker(Literal["best", "functional", "annealing", "annealing_fitted"])

LEAST_POWER = 0.03
WORST_CONDITION = 300.0
"""Of the four columns scaled to length 1: constant runs alone have 1,800 and more, one that is flat and then falls 30
to 260."""

FARTHEST = 4
"""Times the longest run, beyond which nothing is predicted."""

LONGER = 1.01
"""Times the longest run: the last loss of a run is often some steps before its end."""

FEWEST = 3
"""Runs from which an error can be known: each is left out once."""


class Prediction(NamedTuple):
    """What a fit says of a schedule; `str` is a line for a person.

    Attributes:
        loss: the loss that it will reach, in the units of the runs.
        error: about two thirds of unseen ends were within it, and nine in ten within twice it; `None` of fewer than
            three runs.
        beyond: whether it is longer than the longest run: the error is then a lower limit.
        runs: how many runs were left out in turn to know the error.
    """

    loss: float
    error: float | None
    beyond: bool
    runs: int

    def __str__(self) -> str:
        if self.error is None:
            return f"{self.loss:.3f}, with an error that {self.runs} run{'s' * (self.runs > 1)} cannot tell"
        least = "at least " if self.beyond else ""
        known = "; the error itself is known to a factor of 2 to 4" if self.runs <= 5 else ""
        return f"{self.loss:.3f} ± {least}{self.error:.3f} (left out each of {self.runs} runs{known})"


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """What `fit` returns: a law with its numbers, and how well it predicts runs that it has not seen.

    Attributes:
        law: the law, `FunctionalLaw` or `AnnealingLaw`.
        error: the root mean square of the errors at the ends of runs that were left out, in units of the loss; `None`
            of fewer than three runs.
        errors: the same for each law that could be fitted, by its name.
        horizon: the length of the longest run, in steps.
        peaks: the peaks of the runs: one, or three and more.
        runs: the runs as they were fitted.
    """

    law: Law
    error: float | None
    errors: dict[str, float | None]
    horizon: int
    peaks: tuple[float, ...]
    runs: Runs

    def __call__(self, schedule: Any, total: int) -> Prediction:
        """The loss that a schedule will reach.

        Args:
            schedule: a schedule, a number or a function of the step, of a peak that was fitted.
            total: the length of the run in steps, at most four times the longest that was fitted.

        Raises:
            ValueError: another peak, or a run that is too long.
        """
        total = total_of("total", total)
        self.check_length(total)
        rates = known_rates("schedule", schedule, total)
        self.check_peak(float(rates.max()))
        loss = float(self.law.after(jnp.asarray(rates, jnp.result_type(float))))
        return Prediction(loss, self.error, total > self.horizon * LONGER, len(self.runs.curves))

    def check_length(self, total: int) -> None:
        """Refuse a run that is too long for a prediction.

        Args:
            total: its length in steps.
        """
        if total > FARTHEST * self.horizon:
            raise ValueError(
                f"`total` must be at most {FARTHEST} times the longest run fitted, {self.horizon}: got {total}."
            )

    def check_peak(self, peak: float) -> None:
        """Refuse a peak that was not fitted.

        Args:
            peak: the largest rate of a schedule.
        """
        if not self.peaks[0] * (1 - SAME) <= peak <= self.peaks[-1] * (1 + SAME):
            raise ValueError(self._of_another_peak(peak))

    def _of_another_peak(self, peak: float) -> str:
        if len(self.peaks) == 1:
            known = f"the fit knows {self.peaks[0]:g} alone: a law of one peak says nothing about others"
            return f"`schedule` has peak {peak:g}, but {known}. Fit runs of three peaks or more, or use `transfer`."
        known = f"the fit knows {self.peaks[0]:g} to {self.peaks[-1]:g}"
        return f"`schedule` has peak {peak:g}, but {known}: outside of them it fails. Fit runs of such peaks too."

    def __repr__(self) -> str:
        count, peaks = len(self.runs.curves), " to ".join(f"{x:g}" for x in {self.peaks[0]: 0, self.peaks[-1]: 0})
        lines = [
            f"{self.law!r}",
            f"fitted to {count} run{'s' * (count > 1)} of up to {self.horizon:,} steps at peak {peaks}",
        ]
        if self.error is None:
            lines.append(f"its error is unknown: {FEWEST} runs or more tell it, each left out once")
        else:
            said = ", ".join(f"{name} {error:.4f}" for name, error in self.errors.items())
            lines.append(f"root mean square error at the end of a run left out: {said}")
        return "\n".join(lines)

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses of the runs, what the law says of them and its error; needs the extra `plot`.

        Args:
            ax: matplotlib's `Axes`; by default those of a new figure.

        Returns:
            the `Axes`.
        """
        from jaxsched.foresight._pictures import fitted

        return fitted(self, ax)


def fit(
    runs: Sequence[tuple[Any, Any, Any]],
    *,
    law: Literal["best", "functional", "annealing", "annealing_fitted"] = "best",
) -> Fit:
    r"""Fit a law of the loss to finished runs, and say how well it predicts a run that it has not seen.

    The numbers make the sum of Huber's loss of $\log y - \log L$ least; where each run has its last loss alone, the sum
    of squares of $y - L$. The error is found by leaving out each run in turn. The laws are empirical: of one model, one
    optimizer, one batch size and data that are not seen twice. Runs of three peaks or more give two numbers more, how
    `gain` and `noise` hang on the peak.

    Args:
        runs: for each run `(schedule, steps, losses)`: its schedule, the steps from 0 after whose updates the losses
            were taken, and these. They are held-out losses or averages over neighbours, not of single batches; a single
            one is the last. Three runs of different shapes, or one that is flat and then cools down.
        law: "functional" or "annealing", the latter with a momentum of 0.999 or with a fitted one
            ("annealing_fitted"); "best" is that whose error is least, and "functional" where it is unknown.

    Returns:
        a `Fit`: called with a schedule and a length it predicts; `str` says what was found, `plot` draws it.

    Raises:
        ValueError: the runs cannot tell the law's terms apart, a loss is not positive, two runs have the same rates, a
            step lies beyond its schedule, or rates are all 0.
        TypeError: an argument of another kind.

    Examples:
        >>> import numpy as np
        >>> law = jaxsched.foresight.FunctionalLaw(2.5, 0.6, 0.45, 25.0)
        >>> decays = (1_000, 500, 2_000)
        >>> many = [jaxsched.wsd(1e-3, warmup=100, stable=3_900 - n, decay=n) for n in decays]
        >>> steps = np.arange(199, 4_000, 50)
        >>> found = jaxsched.foresight.fit([(x, steps, law.curve(x, steps)) for x in many])
        >>> print(f"{found.law.noise:.1f}", found(jaxsched.warmup_linear(1e-3, 100, 4_000), 4_000).beyond)
        25.0 False

    Reference:
        Tissue et al. 2024, arXiv:2408.11029; Li et al. 2025, arXiv:2509.19189; Luo et al. 2025, arXiv:2503.12811, for
        the objective.
    """
    LAW("law", law)
    known = runs_of(runs)
    problem = Problem(huber=not known.ends_alone, by_peak=len(known.peaks) > 1)
    found, refused = {}, []
    for name in FORMS if law == "best" else [law]:
        family = Family(known.curves, FORMS[name], known.middle, problem)
        try:
            found[name] = family, _told_apart(family, family.fitted())
        except ValueError as error:
            refused.append(error)
    if not found:
        raise refused[0]
    errors = {name: _error(*each) for name, each in found.items()}
    known_errors = {name: error for name, error in errors.items() if error is not None}
    best = min(known_errors, key=known_errors.__getitem__, default=next(iter(found)))
    family, numbers = found[best]
    made = family.form.law(numbers.values, numbers.own, known.middle if problem.by_peak else None)
    return Fit(made, errors[best], errors, known.horizon, known.peaks, known)


def check_fit(fit: Any) -> None:
    if fit is not None and not isinstance(fit, Fit):
        raise TypeError(f"`fit` must be what `jaxsched.foresight.fit` returns: got {shown(fit)}.")


def _error(family: Family, numbers: Numbers) -> float | None:
    if len(family.runs) < FEWEST:
        return None
    return float(np.sqrt(np.mean(np.square(family.left_out(numbers)))))


def _told_apart(family: Family, found: Numbers) -> Numbers:
    """Refuse numbers that the runs do not determine."""
    points, x = family.points(found.own), found.values
    count = len(points.losses)
    if count < family.problem.numbers:
        raise ValueError(f"`runs` must have at least {family.problem.numbers} losses, as many as numbers: got {count}.")
    design = columns(x, points)[:, :4] / points.losses[:, None]
    condition = float(np.linalg.cond(design / np.sqrt(np.sum(design**2, axis=0))))
    gain, power, weight = x[[GAIN, POWER, WEIGHT]].tolist()
    why = None
    if gain <= 0:
        why = "the loss does not fall as they train longer"
    elif weight <= 0:
        why = "the loss does not fall more where the rate does"
    elif power < LEAST_POWER:
        why = "the loss falls as the logarithm of the distance, without an end"
    elif not condition <= WORST_CONDITION:
        why = f"their columns are nearly the same (condition number {condition:,.0f})"
    if why is not None:
        raise ValueError(f"`runs` cannot tell annealing from training longer: {why}. {REMEDY}.")
    return found
