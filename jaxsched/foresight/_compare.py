"""Comparing schedules of any kinds before any of them is run."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.foresight._bound import bound_of
from jaxsched.foresight._fit import Fit, check_fit
from jaxsched.foresight._rates import known_rates, schedule_of, total_of
from jaxsched.kinds import is_list, is_mapping, is_stack, shown


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What `compare` returns; `str` and `repr` are a table, the best first where losses were predicted.

    Attributes:
        schedules: the schedules by their names.
        total: the length of the run in steps.
        fit: what predicted the losses, or `None`.
        rows: a row a schedule. `peak`; `mean` rate over the peak; `bound` at the peak that is best by it; `best_peak`
            by the bound, relative to that of the first schedule; and with a fit `loss`, `error` and `best`: whether it
            lies within the error of the least loss.
    """

    schedules: dict[str, Any]
    total: int
    fit: Fit | None
    rows: js.show.Rows

    def __repr__(self) -> str:
        return repr(self.rows)

    def to_pandas(self) -> Any:
        """The table as a `pandas.DataFrame`; needs pandas."""
        return self.rows.to_pandas()

    def plot(self, ax: Any = None) -> Any:
        """Draw the schedules, each with its predicted loss or its bound; needs the extra `plot`.

        Args:
            ax: matplotlib's `Axes`; by default those of a new figure.

        Returns:
            the `Axes`.
        """
        from jaxsched.foresight._pictures import compared

        return compared(self, ax)


def compare(schedules: Mapping[str, Any] | Sequence[Any], total: int, *, fit: Fit | None = None) -> Comparison:
    """Put schedules of any kinds side by side: peaks, bounds, and with a fit the losses that they will reach.

    Args:
        schedules: schedules by their names, or a list of them, or several as one.
        total: the length of the run in steps, a Python int.
        fit: what `jaxsched.foresight.fit` found; `None` for bounds alone.

    Returns:
        a `Comparison`; all are judged by one compiled program.

    Raises:
        TypeError: an argument of another kind.
        ValueError: no schedule, or rates that are all 0; with a fit another peak than it knows, or a run that is too
            long for it.

    Examples:
        >>> many = {
        ...     "cosine": jaxsched.warmup_cosine(1.0, 10, 1_000),
        ...     "wsd": jaxsched.wsd(1.0, warmup=10, stable=790, decay=200),
        ... }
        >>> jaxsched.foresight.compare(many, 1_000)
        schedule  peak   mean    bound  best_peak
        cosine       1    0.5  0.06536          1
        wsd          1  0.895  0.06885       0.53
    """
    total = total_of("total", total)
    check_fit(fit)
    named = _named(schedules)
    rates = np.stack([known_rates(f"schedules[{name!r}]", x, total) for name, x in named.items()])
    peaks = rates.max(axis=1)
    bounds = _bounds(jnp.asarray(rates, jnp.result_type(float)))
    factors, values = (np.asarray(x, np.float64) for x in (bounds.factor, bounds.best))
    best_peaks = factors * peaks
    columns: dict[str, list[Any]] = {
        "schedule": [*named],
        "peak": peaks.astype(np.float32).tolist(),
        "mean": [round(x, 3) for x in (rates.mean(axis=1) / peaks).tolist()],
        "bound": values.tolist(),
        "best_peak": [round(x, 3) for x in (best_peaks / best_peaks[0]).tolist()],
    }
    if fit is not None:
        columns |= _predicted(fit, rates, total)
    order = np.argsort(columns.get("loss", np.zeros(len(named))), kind="stable")
    rows = js.show.Rows({name: [column[i] for i in order] for name, column in columns.items()})
    return Comparison(named, total, fit, rows)


@jax.jit
def _bounds(rates: jax.Array) -> Any:
    return jax.vmap(bound_of)(rates)


@jax.jit
def _losses(law: Any, rates: jax.Array) -> jax.Array:
    return jax.vmap(law.after)(rates)


def _predicted(fit: Fit, rates: np.ndarray, total: int) -> dict[str, list[Any]]:
    fit.check_length(total)
    for row in rates:
        fit.check_peak(float(row.max()))
    losses = np.asarray(_losses(fit.law, jnp.asarray(rates, jnp.result_type(float))), np.float64)
    found: dict[str, list[Any]] = {"loss": losses.round(4).tolist(), "error": [fit.error] * len(losses)}
    if fit.error is not None:
        found["error"] = [round(fit.error, 4)] * len(losses)
        found["best"] = [bool(x) for x in losses <= losses.min() + fit.error]
    return found


def _named(schedules: Any) -> dict[str, Any]:
    if is_stack(schedules):
        schedules = js.unstack(schedules)
    if is_mapping(schedules):
        named = {str(name): x for name, x in schedules.items()}
    elif is_list(schedules):
        made = [schedule_of(f"schedules[{i}]", x) for i, x in enumerate(schedules)]
        named = {f"{i} {type(x).__name__}": x for i, x in enumerate(made)}
    else:
        raise TypeError(f"`schedules` must be schedules by their names, or a list of them: got {shown(schedules)}.")
    if not named:
        raise ValueError("`schedules` must hold at least one schedule: got none.")
    return named
