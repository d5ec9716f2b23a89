"""Lint: what a schedule does that its user hardly meant, found before a run and not after it."""

import math
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

import jaxsched as js
from jaxsched.show._curve import Curve, counts
from jaxsched.show._phases import number, readable
from jaxsched.show._spans import Phase

Kind = Literal[
    "not finite", "negative", "zero", "zero tail", "starts at zero", "jump", "cut", "ends early", "warmup too long",
    "falling warmup", "fraction", "epochs",
]  # fmt: skip


class Finding(NamedTuple):
    """One thing that a schedule does and its user hardly meant.

    Attributes:
        kind: what it is, in a word or two.
        step: the step where it is seen; `None` if at none.
        value: the value there; `None` if it is about a length.
        message: a sentence, with what is usually done about it.
        note: whether it is worth knowing rather than wrong.
    """

    kind: Kind
    step: int | None
    value: float | None
    message: str
    note: bool = False


class Look(NamedTuple):
    """What the rules look at: a schedule, its curve in a run, its phases, and what is known of the run."""

    schedule: js.Schedule
    curve: Curve
    phases: list[Phase]
    end: int | None  # where the schedule ends, if it does
    asked: bool  # whether the length of the run was given
    run: js.Run | None


Rule = Callable[[Look], Iterator[Finding]]


def lint(look: Look) -> list[Finding]:
    """Every finding, the worst first."""
    found = [finding for rule in RULES for finding in rule(look)]
    if any(finding.kind == "fraction" for finding in found):  # from which the others follow
        found = [finding for finding in found if finding.kind not in ("jump", "epochs", "ends early")]
    return sorted(found, key=lambda finding: finding.note)


def _not_finite(look: Look) -> Iterator[Finding]:
    wrong = ~np.isfinite(look.curve.values)
    at = _first(wrong)
    if at is None:
        return
    where = "from step {step} on"
    if not wrong[at:].all():
        where = "at step {step}" + (", and at others after it" if wrong.sum() > 1 else " alone")
    yield _at(look, "not finite", at, f"The value is not finite {where}. Look for a division by 0.")


def _negative(look: Look) -> Iterator[Finding]:
    at = _first(look.curve.values < 0)
    if at is not None:
        yield _at(look, "negative", at, "The value at step {step} is negative: {value}. A rate is at least 0.")


def _zero(look: Look) -> Iterator[Finding]:
    values, steps = look.curve.values, look.curve.steps
    nonzero = np.flatnonzero(values != 0)
    if not len(nonzero):
        yield Finding("zero", 0, 0.0, "The value is 0 at every step: nothing is trained. Is the run's length 0?")
        return
    tail = look.curve.total - 1 - steps[nonzero[-1]]
    if tail > max(1, 0.01 * look.curve.total):
        yield _at(
            look, "zero tail", nonzero[-1] + 1, f"The value is 0 for the last {readable(int(tail))} of "
            f"{readable(look.curve.total)} steps: nothing is trained there. Give an `end`, or stop at step {{step}}.",
        )  # fmt: skip
    if values[0] == 0:
        message = "The value at step 0 is 0, so that the first update does nothing. `warmup(…, offset=1)` avoids it."
        yield Finding("starts at zero", 0, 0.0, message, note=True)


def _jumps(look: Look) -> Iterator[Finding]:
    values, steps = look.curve.values, look.curve.steps
    largest = np.max(np.abs(values[np.isfinite(values)]), initial=0)
    if len(values) < 2 or not largest:
        return
    with np.errstate(invalid="ignore"):  # from one infinity to the next
        change = np.diff(values)
    around = np.maximum(np.append(0, np.abs(change[:-1])), np.append(np.abs(change[1:]), 0))
    big = (np.abs(change) > 0.01 * largest) & (np.abs(change) > 3 * around) & (np.diff(steps) == 1)
    for at in np.flatnonzero(big) + 1:
        phase = max((each for each in look.phases if each.begin <= steps[at]), key=lambda each: each.begin)
        seam = phase.seam and steps[at] == math.ceil(phase.begin)
        if phase.meant or not (seam or change[at - 1] > 0):
            continue
        message = f"The value jumps from {readable(values[at - 1])} to {{value}} at step {{step}}."
        yield _at(look, "jump", at, message + (" Let the next piece begin where the last ends." if seam else ""))


def _end(look: Look) -> Iterator[Finding]:
    total, end = look.curve.total, look.end
    if end is None or not look.asked or isinstance(look.schedule, js.Constant):
        return
    values = look.curve.values
    if end > total:
        where = f"The run stops at step {readable(total)} of {readable(end)}, at {readable(values[-1])}"
        message = f"{where}: the end is not reached. `stretch` by {total / end:.4g} fits it."
        yield Finding("cut", total - 1, float(values[-1]), message)
        return
    epochs = _epochs(look)
    if epochs is not None and end <= epochs:
        message = f"The schedule ends at step {readable(end)} of {readable(total)}: are these epochs? Use `per_epoch`."
        yield _at(look, "epochs", _index(look, end), message)
    elif end < total:
        message = f"The schedule ends at step {readable(end)} of {readable(total)}; {{value}} is held from there on."
        yield _at(look, "ends early", _index(look, end), message, note=True)


def _epochs(look: Look) -> float | None:
    """A length in steps up to which a schedule seems to count epochs."""
    run, total = look.run, look.curve.total
    if run is not None and run.steps_per_epoch is not None:
        return total / float(run.steps_per_epoch) if run.steps_per_epoch > 1 else None
    return total / 100


def _warmup(look: Look) -> Iterator[Finding]:
    for phase in look.phases:
        if not phase.name.startswith("warmup"):
            continue
        if look.asked and phase.end > look.curve.total:
            steps = readable(int(phase.end - phase.begin))
            message = f"The warmup of {steps} steps is longer than what is left of the run: the peak is never reached."
            yield Finding("warmup too long", int(phase.begin), None, message)
        begin = _index(look, phase.begin)
        last = min(_index(look, phase.end), len(look.curve.values) - 1)
        if look.curve.values[last] < look.curve.values[begin]:
            message = (
                f"The warmup falls, from {readable(look.curve.values[begin])} to {readable(look.curve.values[last])}."
            )
            yield Finding("falling warmup", int(phase.begin), None, message + " Is `start` above the peak?")


def _fraction(look: Look) -> Iterator[Finding]:
    for name, x in counts(look.schedule):
        if 0 < x < 1:
            message = f"`{name}` is {x:g} of a step: is it a part of the run? Use `Run(total=…).fraction({x:g})`."
            yield Finding("fraction", None, None, message)


def _first(mask: np.ndarray) -> int | None:
    return int(np.argmax(mask)) if mask.any() else None


def _index(look: Look, step: float) -> int:
    return min(int(np.searchsorted(look.curve.steps, step)), len(look.curve.steps) - 1)


def _at(look: Look, kind: Kind, at: Any, message: str, note: bool = False) -> Finding:
    step, value = int(look.curve.steps[at]), number(look.curve.values[at])
    return Finding(kind, step, value, message.format(step=readable(step), value=readable(value)), note)


RULES: tuple[Rule, ...] = (_not_finite, _negative, _zero, _fraction, _warmup, _jumps, _end)
