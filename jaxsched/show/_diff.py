"""Diff: what changed between two schedules, in their data and in their values."""

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

import jaxsched as js
from jaxsched.kinds import shown_of
from jaxsched.show import _curve
from jaxsched.show._phases import readable
from jaxsched.show._tables import frame
from jaxsched.show._text import aligned, cut, shortened


class Change(NamedTuple):
    """One number or kind that two schedules do not share.

    Attributes:
        name: its dotted name.
        before: what the first has there, as text; empty if nothing.
        after: what the second has there.
    """

    name: str
    before: str
    after: str


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Diff:
    """What `diff` says of two schedules; `str` and `repr` are the text.

    Attributes:
        changes: what differs in their data.
        total: up to which step the values were compared.
        step: the first step with different values; `None` if there is none.
        values: the values of both there; `None` if there is none.
        largest: the largest difference of the values, relative to the larger of both.
        largest_step: the first step that has it.
    """

    changes: tuple[Change, ...]
    total: int
    step: int | None
    values: tuple[float, float] | None
    largest: float
    largest_step: int | None

    def __repr__(self) -> str:
        rows = [[each.name, each.before or "nothing", "→", each.after or "nothing"] for each in self.changes]
        lines = aligned(shortened(rows, 24, 16, 6)) if rows else ["The data are equal."]
        if self.step is None or self.values is None:
            return "\n".join([*lines, f"The values are equal at all {readable(self.total)} steps."])
        first, second = map(readable, self.values)
        return "\n".join(
            [*lines, f"The values part at step {readable(self.step)}, {first} and {second}; they differ most, by "
             f"{self.largest:.3g} of the larger, at step {readable(self.largest_step or 0)} of {readable(self.total)}."]
        )  # fmt: skip

    def __bool__(self) -> bool:
        return bool(self.changes) or self.step is not None

    def to_pandas(self) -> Any:
        """The changes as a `pandas.DataFrame`; needs pandas."""
        return frame({name: [getattr(each, name) for each in self.changes] for name in Change._fields})


def diff(a: Any, b: Any, total: int | None = None) -> Diff:
    """What changed from one schedule to another: numbers and kinds by their names, and where the values part.

    Args:
        a: a schedule, number, function of the step, or controller.
        b: another.
        total: up to which step the values are compared, at least 1; by default the longer of both.

    Returns:
        a `Diff`: its `str` is the text, its attributes are the data; false if there is no difference.

    Raises:
        TypeError: one of them is no schedule, is a stack, or has traced numbers; `total` is no int.
        ValueError: `total` is not from 1 to 2**31.

    Examples:
        >>> jaxsched.show.diff(jaxsched.Linear(1.0, 0.0, steps=4), jaxsched.Linear(1.0, 0.5, steps=4))
        end  0.0  →  0.5
        The values part at step 1, 0.75 and 0.875; they differ most, by 0.6 of the larger, at step 3 of 4.
    """
    first, second = _curve.one_schedule("a", a), _curve.one_schedule("b", b)
    ends = [_curve.ending(each) or _curve.horizon(each) for each in (first, second)]
    length = max(ends) if total is None else _curve.length("total", total)
    ours, theirs = (dict(_facts(x if isinstance(x, js.Controller) else each)) for x, each in ((a, first), (b, second)))
    changes = [Change(name, ours.get(name, ""), theirs.get(name, "")) for name in {**ours, **theirs}]
    one, two = _curve.curve(first, length), _curve.curve(second, length)
    if not one.whole:  # each has the marks of its own phases
        steps = np.union1d(one.steps, two.steps)
        one, two = (_curve.Curve(steps, np.asarray(s(steps), np.float64), length, False) for s in (first, second))
    apart = ~((one.values == two.values) | (np.isnan(one.values) & np.isnan(two.values)))
    size = np.maximum(np.abs(one.values), np.abs(two.values))
    relative = np.where(
        apart, np.nan_to_num(np.abs(one.values - two.values) / np.where(size > 0, size, 1), nan=np.inf), 0
    )
    at = int(np.argmax(apart)) if apart.any() else None
    return Diff(
        changes=tuple(each for each in changes if each.before != each.after),
        total=length,
        step=None if at is None else int(one.steps[at]),
        values=None if at is None else (float(one.values[at]), float(two.values[at])),
        largest=float(relative.max()),
        largest_step=None if at is None else int(one.steps[np.argmax(relative)]),
    )


def _facts(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """What a schedule holds, by its dotted names: the kind of each part, and each number as it was written."""
    if isinstance(node, js.nodes.Data):
        yield path or "kind", type(node).__name__
        for name, x in shown_of(node):
            yield from _facts(x, f"{path}.{name}" if path else name)
    elif isinstance(node, tuple) and any(isinstance(each, js.nodes.Data) for each in node):
        for i, each in enumerate(node):
            yield from _facts(each, f"{path}[{i}]")
    else:
        known = np.asarray(node).tolist() if isinstance(node, (np.ndarray, np.generic, jax.Array)) else node
        yield path, cut(repr(known), 60)
