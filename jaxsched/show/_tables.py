"""Tables: values by step, of one schedule or of several side by side."""

import csv
import dataclasses
import io
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

import jaxsched as js
from jaxsched.kinds import array_of, is_list, is_mapping, is_stack, shown
from jaxsched.show import _curve
from jaxsched.show._phases import readable
from jaxsched.show._text import aligned, shortened


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Values by step; `str` and `repr` are the text.

    Attributes:
        steps: the steps, int64, or float64 where some lie between two steps.
        columns: the values of each schedule, float64, by its label.
    """

    steps: np.ndarray
    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        rows = [
            [f">{readable(each.item())}", *(f">{readable(float(x))}" for x in row)]
            for each, *row in zip(self.steps, *self.columns.values(), strict=True)
        ]
        return "\n".join(aligned([[">step", *(f">{label}" for label in self.columns)], *shortened(rows, 40, 20, 10)]))

    def to_csv(self, path: Any = None) -> str:
        """The table as CSV; also written to `path` if one is given.

        Every digit is kept: `float` reads the very value back, and so does a float32.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["step", *self.columns])
        writer.writerows(zip(self.steps.tolist(), *(each.tolist() for each in self.columns.values()), strict=True))
        return _written(out.getvalue(), path)

    def to_json(self, path: Any = None) -> str:
        """The table as a JSON object of lists, `{"step": [...], label: [...]}`; also written to `path` if one is given.

        A value that is no number or infinite is `null`.
        """
        finite = {label: [x if np.isfinite(x) else None for x in each.tolist()] for label, each in self.columns.items()}
        return _written(json.dumps({"step": self.steps.tolist(), **finite}), path)

    def to_pandas(self) -> Any:
        """The table as a `pandas.DataFrame` with the steps as its index; needs pandas."""
        return frame(self.columns, index=("step", self.steps))


def table(schedule: Any, steps: Any) -> Table:
    """The values of a schedule, or of several, at some steps.

    Args:
        schedule: a schedule, number, function of the step or controller (its schedule); a dict of labels and
            schedules; a list of them; or a stack.
        steps: the steps, at least 0: a sequence such as `range(0, 1000, 50)`, or an int for all steps below it.

    Returns:
        a `Table` with the attributes `steps` and `columns`, and the methods `to_csv`, `to_json` and `to_pandas`.

    Raises:
        TypeError: `schedule` is none, or has traced numbers; `steps` are no numbers.
        ValueError: there is no step, or one below 0; two labels are the same text, or one is "step".

    Examples:
        >>> jaxsched.show.table(jaxsched.Linear(1.0, 0.0, steps=4), range(0, 5, 2))
        step  value
           0      1
           2    0.5
           4      0
    """
    at = _steps(steps)
    columns = {label: np.asarray(each(at), np.float64) for label, each in labelled("schedule", schedule).items()}
    if "step" in columns:
        raise ValueError("`schedule` must have other labels than 'step', which is the column of the steps.")
    return Table(at, columns)


def labelled(name: str, x: Any) -> dict[str, js.Schedule]:
    """One or several schedules, each with its label."""
    if is_mapping(x):
        many: Mapping[Any, Any] = x
    elif is_list(x):
        many = dict(enumerate(x))
    elif is_stack(x):
        many = dict(enumerate(js.unstack(x)))
    else:
        return {"value": _curve.one_schedule(name, x)}
    if not many:
        raise ValueError(f"`{name}` must hold at least one schedule: got {shown(x)}.")
    found = {str(label): _curve.one_schedule(f"{name}[{label!r}]", each) for label, each in many.items()}
    if len(found) < len(many):
        raise ValueError(f"`{name}` must have labels that differ as text: got {list(many)}.")
    return found


def _steps(steps: Any) -> np.ndarray:
    if _curve.whole(steps) is not None:
        number = _curve.length("steps", steps)
        if number > _curve.AT_ONCE:
            raise ValueError(f"`steps` must be at most {_curve.AT_ONCE}: got {number}. Pass a `range` of fewer.")
        return np.arange(number)
    at = array_of(steps)
    if at.ndim != 1 or not (np.issubdtype(at.dtype, np.integer) or np.issubdtype(at.dtype, np.floating)):
        raise TypeError(f"`steps` must be whole numbers of steps in a row, or their number: got {shown(steps)}.")
    if not len(at) or not (at >= 0).all():
        raise ValueError(f"`steps` must hold at least one step, none of them below 0: got {shown(steps)}.")
    return at.astype(np.int64 if np.issubdtype(at.dtype, np.integer) else np.float64)


def _written(text: str, path: Any) -> str:
    if path is not None:
        pathlib.Path(path).write_text(text, "utf-8", newline="\n")
    return text


def frame(columns: Mapping[str, Any], index: tuple[str, Any] | None = None) -> Any:
    """A pandas frame, or an error that says how to get pandas."""
    try:
        import pandas  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ImportError("`to_pandas` needs pandas: pip install pandas.") from error
    made = pandas.DataFrame(dict(columns))
    return made if index is None else made.set_index(pandas.Index(index[1], name=index[0]))
