"""Describe: a schedule in words, one line of text for its curve, and what its user hardly meant."""

import dataclasses
import itertools
import math
from typing import Any

import numpy as np

import jaxsched as js
from jaxsched.kinds import is_stack
from jaxsched.show import _curve
from jaxsched.show._line import line
from jaxsched.show._lint import Finding, Look, lint
from jaxsched.show._phases import begun, readable
from jaxsched.show._recipes import called
from jaxsched.show._spans import Phase
from jaxsched.show._state import StateDescription, of_state
from jaxsched.show._text import aligned, cut, shortened

MOST_ROWS = 12
MOST_ALIKE = 3
"""So many findings of one kind are told each; `findings` has them all."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Description:
    """What `describe` says of one schedule; `str` and `repr` are the text.

    Attributes:
        schedule: the schedule.
        recipe: the call of the recipe that makes it; `None` if there is none.
        total: the length of the run looked at, in steps.
        phases: its phases in order, each with its first step, the step after its last, and a name.
        values: for each phase the value at its first and at its last step of the run.
        first: the value at step 0.
        last: the value at the last step of the run.
        held: the value that is held after the run.
        peak: the largest value.
        peak_step: the first step that has it.
        area: the sum of the values of all steps, in units of the value times steps.
        findings: what its user hardly meant, the worst first.
    """

    schedule: js.Schedule
    recipe: str | None
    total: int
    phases: tuple[Phase, ...]
    values: tuple[tuple[float, float], ...]
    first: float
    last: float
    held: float
    peak: float
    peak_step: int
    area: float
    findings: tuple[Finding, ...]
    text: str

    def __repr__(self) -> str:
        return self.text


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Descriptions:
    """What `describe` says of several schedules, a row each; `str` and `repr` are the text.

    Attributes:
        rows: the description of each schedule.
    """

    rows: tuple[Description, ...]

    def __repr__(self) -> str:
        lines = [
            [f"[{i}]", line(_curve.curve(each.schedule, each.total).values, 24), f"{readable(each.total)} steps",
             f"peak {readable(each.peak)} at {readable(each.peak_step)}", f"last {readable(each.last)}",
             "; ".join(finding.kind for finding in each.findings if not finding.note)]
            for i, each in enumerate(self.rows)
        ]  # fmt: skip
        return "\n".join(aligned(lines))


def describe(
    schedule: Any, total: int | None = None, run: js.Run | None = None
) -> Description | Descriptions | StateDescription:
    """What a schedule does, in words: its phases with their steps and values, its peak, its curve, and lint.

    Phases are read off the schedule's tree, values at every step of a run of up to ten million steps. Lint names
    what users hardly mean: a value that is 0, negative or not finite, a jump where one piece follows another, an end
    that is not reached, a warmup that falls or is longer than the run, zeros at the end of the run, a length that
    looks like a part of the run, and a schedule that seems to count epochs.

    Args:
        schedule: a schedule, number, function of the step, or controller (whose schedule is described: what its metric
            will do is not known); a stack of schedules; or the state of an optimizer: every rate in it by name, with
            its clock, its phase, what its controller has seen, and whether it was set by hand.
        total: the length of the run in steps, at least 1; by default that of `run`, else the schedule's own, and for
            one without end a length that shows its last phase.
        run: what is known of the run: its epochs and tokens are shown beside the steps.

    Returns:
        a `Description`, for a stack `Descriptions`, for a state a `StateDescription`: their `str` is the text, their
        attributes are the data.

    Raises:
        TypeError: `schedule` is none of these, or has traced numbers; `total` is no int.
        ValueError: `total` is not from 1 to 2**31.

    Examples:
        >>> jaxsched.show.describe(jaxsched.wsd(3e-4, warmup=1_000, stable=7_000, decay=2_000, end=3e-5)).peak_step
        1000
    """
    if isinstance(schedule, (tuple, dict)):
        return of_state(schedule)
    if is_stack(schedule):
        return Descriptions(tuple(one(each, total, run) for each in js.unstack(schedule)))
    return one(schedule, total, run)


def one(x: Any, total: int | None = None, run: js.Run | None = None) -> Description:
    """The description of a single schedule or controller."""
    schedule = _curve.one_schedule("schedule", x)
    end = _curve.ending(schedule)
    asked = _curve.asked(total, run)
    length = asked or end or _curve.horizon(schedule)
    curve = _curve.curve(schedule, length)
    found = begun(schedule, length)
    marked = [each for each in found if each.begin <= length - 1]
    marked[-1] = marked[-1]._replace(end=length)  # what begins after the last step is not in the run
    finite = np.where(np.isfinite(curve.values), curve.values, -math.inf)
    peak = int(np.argmax(finite))
    held = float(schedule(length))
    find = Look(schedule, curve, found, end, asked is not None, run)
    weights = 1 if curve.whole else np.gradient(curve.steps.astype(float))
    made = Description(
        schedule=schedule,
        recipe=called(schedule),
        total=length,
        phases=tuple(marked),
        values=tuple(_ends(schedule, curve, each) for each in marked),
        first=float(curve.values[0]),
        last=float(curve.values[-1]),
        held=held,
        peak=float(curve.values[peak]),
        peak_step=int(curve.steps[peak]),
        area=float(np.sum(curve.values * weights)),
        findings=tuple(lint(find)),
        text="",
    )
    return dataclasses.replace(made, text=_text(x, made, curve, end, run))


def _ends(schedule: js.Schedule, curve: _curve.Curve, phase: Phase) -> tuple[float, float]:
    first = min(math.ceil(phase.begin), curve.total - 1)
    last = max(first, min(math.ceil(phase.end) - 1, curve.total - 1))
    if curve.whole:
        return float(curve.values[first]), float(curve.values[last])
    return float(schedule(first)), float(schedule(last))


def _text(x: Any, made: Description, curve: _curve.Curve, end: int | None, run: js.Run | None) -> str:
    name = made.recipe or cut(repr(made.schedule))
    steps = "1 step" if made.total == 1 else f"{readable(made.total)} steps"
    lines = [f"{name}: {steps}, peak {readable(made.peak)} at step {readable(made.peak_step)}"]
    lines[0] += f", mean {readable(made.area / made.total)}, area {readable(made.area)}"
    if made.recipe:
        lines.append(f"  = {cut(repr(made.schedule))}")
    if isinstance(x, js.Controller):
        lines.append(f"  The schedule of {cut(repr(x))}: what the metric makes of it is not shown.")
    if end is None and not isinstance(made.schedule, js.Constant):
        lines.append("  It has no end of its own.")
    if not curve.whole:
        lines.append(f"  {readable(len(curve.steps))} of its steps were looked at.")
    lines.append("  " + line(curve.values))
    lines += ["  " + each for each in aligned(_rows(made, run))]
    lines += [f"  {'note' if each.note else 'look'}: {each.message}" for each in _told(made.findings)]
    return "\n".join(lines)


def _told(findings: tuple[Finding, ...]) -> list[Finding]:
    """The findings, and of many of one kind a few and how many there are."""
    told: list[Finding] = []
    for kind, some in itertools.groupby(findings, key=lambda each: each.kind):
        alike = list(some)
        told += alike if len(alike) <= MOST_ALIKE + 1 else alike[:MOST_ALIKE]
        if (rest := len(alike) - MOST_ALIKE) > 1:
            told.append(alike[-1]._replace(message=f"And {rest:,} more like it: `findings` has every {kind}."))
    return told


def _rows(made: Description, run: js.Run | None) -> list[list[str]]:
    rows = []
    for i, (phase, (first, last)) in enumerate(zip(made.phases, made.values, strict=True)):
        values = readable(first) if first == last else f"{readable(first)} → {readable(last)}"
        if i == len(made.phases) - 1 and made.held != last:
            values += f", then {readable(made.held)}"
        rows.append([f">{readable(_whole(phase.begin))}", "–", f">{readable(_whole(phase.end))}", *_units(phase, run),
                     phase.name, values])  # fmt: skip
    return shortened(rows, MOST_ROWS, first=5, last=3)


def _units(phase: Phase, run: js.Run | None) -> list[str]:
    """The same begin and end in epochs and in tokens, where the run knows them."""
    found = []
    if run is not None and run.steps_per_epoch is not None:
        begin, end = phase.begin / run.steps_per_epoch, phase.end / run.steps_per_epoch
        found.append(f"epochs {begin:.4g} – {end:.4g}")
    if run is not None and run.batch_size is not None and run.sequence_length is not None:
        begin, end = (run.tokens_seen(x) if math.isfinite(x) else x for x in (phase.begin, phase.end))
        found.append(f"tokens {begin:.4g} – {end:.4g}")
    return found


def _whole(step: float) -> float:
    return int(step) if step == int(step) else step
