"""Rows: a small table of anything, by the names of its columns."""

import dataclasses
from typing import Any

import numpy as np

from jaxsched.show._phases import readable
from jaxsched.show._tables import frame
from jaxsched.show._text import aligned, cut, shortened


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Rows:
    """A table with a column for each name; `str` and `repr` are the text.

    Attributes:
        columns: what each column holds, from the first row to the last; `None` where a row has nothing there.
    """

    columns: dict[str, list[Any]]

    def __len__(self) -> int:
        return max(map(len, self.columns.values()), default=0)

    def __repr__(self) -> str:
        right = [all(x is None or _is_number(x) for x in column) for column in self.columns.values()]
        head = [f">{name}" if numeric else name for name, numeric in zip(self.columns, right, strict=True)]
        rows = [
            [f">{_said(x)}" if numeric else _said(x) for x, numeric in zip(row, right, strict=True)]
            for row in zip(*self.columns.values(), strict=True)
        ]
        return "\n".join(aligned([head, *shortened(rows, 100, 60, 20)]))

    def to_pandas(self) -> Any:
        """The table as a `pandas.DataFrame`; needs pandas."""
        return frame(self.columns)


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, np.number)) and not isinstance(x, bool)


def _said(x: Any) -> str:
    if x is None:
        return ""
    if isinstance(x, bool):
        return "yes" if x else ""
    return readable(x) if isinstance(x, (int, float)) else cut(str(x), 60)
