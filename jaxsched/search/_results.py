"""What a sweep found: the values of each candidate, the best, a table and a picture."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import jax
import numpy as np

import jaxsched as js
from jaxsched.kinds import checker, is_list, is_mapping, shown
from jaxsched.search._checks import check_function, whole
from jaxsched.search._numbers import kind_of, varying
from jaxsched.search._pictures import drawn
from jaxsched.search._programs import dotted

MODE = checker(Literal["min", "max"])

By = str | Callable[[Any], Any] | None


class Best(NamedTuple):
    """One of the best candidates of a sweep.

    Attributes:
        candidate: its place among the candidates.
        schedule: the schedule or controller.
        value: what it was ranked by: the median over the seeds.
        least: the least value of a seed.
        largest: the largest value of a seed.
    """

    candidate: int
    schedule: Any
    value: float
    least: float
    largest: float


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """What `sweep` returns; `str` and `repr` say how much there is.

    Where a method takes `by`, that is the name of one of the results that are one number a run, such as "loss" or
    "test.loss"; or a function of `values` that makes one number a run of them, such as
    `lambda values: values["losses"][..., -10:].mean(-1)`; or `None` where there is one such result alone.

    Attributes:
        schedules: the candidates, in the order in which they were given.
        seeds: the seeds; `None` without them.
        values: what `train` returned, as NumPy arrays whose leading axis is the candidates, and the next one the seeds.
        failed: the runs in which any number was NaN or infinite; of shape (candidates,) or (candidates, seeds).
        programs: how many programs were compiled: one a structure, and none where all was kept.
    """

    schedules: tuple[Any, ...]
    seeds: tuple[int, ...] | None
    values: Any
    failed: np.ndarray
    programs: int

    def __repr__(self) -> str:
        seeds = f" with {len(self.seeds)} seeds each" if self.seeds else ""
        failed = int(np.any(self.failed.reshape(len(self.schedules), -1), axis=1).sum())
        lost = f", {failed} of which failed," if failed else ""
        programs = f" by {self.programs} program{'' if self.programs == 1 else 's'}"
        names = ", ".join(filter(None, leaves_of(self.values)))
        return f"Sweep of {len(self.schedules)} schedules{seeds}{lost}{programs}{': ' if names else ''}{names}"

    def best(self, by: By = None, mode: Literal["min", "max"] = "min", n: int = 1) -> list[Best]:
        """The best candidates, the best first. Where one of a candidate's runs failed, it is never among them.

        Args:
            by: the result to rank by: its name, or a function of `values`; of several seeds the median counts.
            mode: whether the least ("min") or the largest value ("max") is the best.
            n: how many, at least 1; fewer where fewer did not fail.

        Raises:
            ValueError: no such result, or one that is not one number a run; or all candidates failed.
        """
        MODE("mode", mode)
        n = whole("n", n)
        values = measured(self, by)
        lost = lost_in(self, values)
        order = [i for i in ranked(values, lost, mode) if not lost[i]]
        if not order:
            raise ValueError(
                f"`schedules` must hold one whose training does not fail: all {len(self.schedules)} have a run that is "
                f"not finite. Try smaller rates, and look at `values`."
            )
        return [
            Best(
                i,
                self.schedules[i],
                float(np.median(values[i])),
                float(np.min(values[i])),
                float(np.max(values[i])),
            )
            for i in order[:n]
        ]

    def table(
        self,
        by: By = None,
        mode: Literal["min", "max"] = "min",
        *,
        labels: Sequence[Mapping[str, Any]] | None = None,
    ) -> js.show.Rows:
        """A row for each candidate: its kind, the numbers that vary, its results, and whether it failed.

        Args:
            by: what to rank the rows by, the best first and those that failed last; by default the order is the given
                one.
            mode: whether the least ("min") or the largest value ("max") is the best.
            labels: what each candidate was made of, as `jaxsched.labels` says of a grid: these names and numbers then
                stand in the place of the schedules' own.

        Returns:
            a `jaxsched.show.Rows`, whose `repr` is the text. Of several seeds it has the median of each result, the
            least and the largest of the one that it is ranked by, and how many failed.
        """
        MODE("mode", mode)
        columns = {"candidate": list(range(len(self.schedules))), "kind": [kind_of(each) for each in self.schedules]}
        columns |= self._numbers(labels)
        for name, x in leaves_of(self.values).items():
            if x.shape == self.failed.shape:
                columns[name or "value"] = self._medians(x)
        order = columns["candidate"]
        if by is not None:
            values = measured(self, by)
            name = by if isinstance(by, str) else getattr(by, "__name__", "by")
            name = "by" if name == "<lambda>" else name
            columns[name] = self._medians(values)
            if self.seeds:
                columns |= {f"{name}.least": values.min(1).tolist(), f"{name}.largest": values.max(1).tolist()}
            order = ranked(values, lost_in(self, values), mode)
        columns["failed"] = self.failed.sum(1).tolist() if self.seeds else self.failed.tolist()
        return js.show.Rows({name: [column[i] for i in order] for name, column in columns.items()})

    def to_pandas(
        self,
        by: By = None,
        mode: Literal["min", "max"] = "min",
        *,
        labels: Sequence[Mapping[str, Any]] | None = None,
    ) -> Any:
        """The same table as a `pandas.DataFrame`; needs pandas.

        Args:
            by: what to rank the rows by.
            mode: "min" or "max".
            labels: what each candidate was made of.
        """
        return self.table(by, mode, labels=labels).to_pandas()

    def plot(self, by: By = None, *, labels: Sequence[Mapping[str, Any]] | None = None) -> list[Any]:
        """A result against each number that varies, those that failed at the upper edge; needs the extra `plot`.

        Args:
            by: the result to draw: its name, or a function of `values`; of several seeds the median, least and largest.
            labels: what each candidate was made of, in the place of the schedules' own numbers.

        Returns:
            matplotlib's `Axes`, one for each number, side by side in a new figure.
        """
        values = measured(self, by)
        numbers = self._numbers(labels) or {"candidate": list(range(len(self.schedules)))}
        kinds = [kind_of(each) for each in self.schedules]
        return drawn(numbers, values, lost_in(self, values), kinds, by if isinstance(by, str) else "value")

    def _numbers(self, labels: Any) -> dict[str, list[Any]]:
        if labels is None:
            return varying(self.schedules)
        if not is_list(labels) or len(labels) != len(self.schedules) or not all(map(is_mapping, labels)):
            what = f"one dict for each of the {len(self.schedules)} candidates, as `jaxsched.labels` makes them"
            raise ValueError(f"`labels` must be {what}: got {shown(labels)}.")
        names = dict.fromkeys(name for each in labels for name in each)
        return {str(name): [each.get(name) for each in labels] for name in names}

    def _medians(self, x: np.ndarray) -> list[Any]:
        if x.dtype.kind == "c":
            return x.tolist() if x.ndim == 1 else x[:, 0].tolist()
        return x.tolist() if x.ndim == 1 else np.median(x.astype(np.float64), axis=1).tolist()


def measured(found: Sweep, by: By) -> np.ndarray:
    """One number for each candidate and seed."""
    leaves = leaves_of(found.values)
    single = [name for name, x in leaves.items() if x.shape == found.failed.shape]
    if by is None and len(single) == 1:
        x = leaves[single[0]]
    elif isinstance(by, str) and by and by in leaves:
        x = leaves[by]
    elif callable(by):
        x = _made_by(by, found.values)
    else:
        some = f"one of {', '.join(map(repr, filter(None, leaves)))}, or a function" if any(leaves) else "a function"
        raise (TypeError if not isinstance(by, (str, type(None))) else ValueError)(
            f"`by` must be {some} of `values`: got {shown(by)}."
        )
    real = any(jax.numpy.issubdtype(x.dtype, kind) for kind in (np.floating, np.integer, np.bool_))
    if x.shape != found.failed.shape or not real:
        remedy = "Pass a function, such as `lambda values: values[...][..., -10:].mean(-1)`"
        raise ValueError(
            f"`by` must be one number a run, of shape {found.failed.shape}: got {shown(by)}, {x.dtype}{list(x.shape)}. "
            f"{remedy}."
        )
    return x.astype(np.float64).reshape(len(x), -1)


def check_by(shapes: Any, lead: tuple[int, ...], by: By) -> None:
    """Refuse what is not among the results that will be, before anything runs; `lead` is the axes of the runs."""
    values = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), shapes)
    measured(Sweep((), None, values, np.zeros(lead, bool), 0), by)


def _made_by(by: Callable[[Any], Any], values: Any) -> np.ndarray:
    check_function("by", by, "(values)")
    try:
        return np.asarray(by(values))
    except Exception as error:
        why = f"{type(error).__name__}: {str(error)[:200]}"
        raise ValueError(f"`by` must make one number a run of `values`: it raised {why}.") from error


def lost_in(found: Sweep, values: np.ndarray) -> np.ndarray:
    """The candidates of which a run failed, or has no finite value to rank it by."""
    return ~np.all(np.isfinite(values), axis=1) | np.any(found.failed.reshape(len(values), -1), axis=1)


def ranked(values: np.ndarray, lost: np.ndarray, mode: str) -> list[int]:
    """The candidates from the best by the median over the seeds; those that are lost at the end."""
    middle = np.median(values, axis=1) * (1 if mode == "min" else -1)
    return np.argsort(np.where(lost, np.inf, middle), kind="stable").tolist()


def leaves_of(values: Any) -> dict[str, np.ndarray]:
    return {dotted(path): x for path, x in jax.tree.leaves_with_path(values)}


def failed_in(arrays: list[np.ndarray], lead: tuple[int, ...]) -> np.ndarray:
    """The runs in which any number is NaN or infinite."""
    failed = np.zeros(lead, bool)
    for x in arrays:
        if jax.numpy.issubdtype(x.dtype, np.inexact):
            wide = x.astype(np.float32) if x.dtype.kind not in "fc" else x
            failed |= ~np.isfinite(wide).reshape(*lead, -1).all(axis=-1)
    return failed
