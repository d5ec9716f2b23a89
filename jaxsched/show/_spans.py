"""A phase, and what is done with a list of them: later, slower, cut, under another name, over another list."""

import math
from collections.abc import Callable
from typing import NamedTuple


class Phase(NamedTuple):
    """A part of a schedule with one formula, in steps.

    Attributes:
        begin: its first step.
        end: the step after its last; `math.inf` if it has no end.
        name: what happens in it, in words.
        meant: whether a jump at its begin or inside it is what was asked for, as that of a restart.
        seam: whether it is the begin of a piece that was joined to another.
        cycle: in which cycle it is, from 1; 0 if in none.
    """

    begin: float
    end: float
    name: str
    meant: bool = False
    seam: bool = False
    cycle: int = 0


def then_held(found: list[Phase]) -> list[Phase]:
    """And after the last phase, if it ends, the last value."""
    end = found[-1].end if found else 0
    return found if end == math.inf else [*found, Phase(end, math.inf, "end held")]


def later(found: list[Phase], steps: float) -> list[Phase]:
    return [each._replace(begin=each.begin + steps, end=each.end + steps) for each in found]


def slower(found: list[Phase], factor: float) -> list[Phase]:
    return [each._replace(begin=each.begin * factor, end=each.end * factor) for each in found]


def cut(found: list[Phase], end: float) -> list[Phase]:
    return [each._replace(end=min(each.end, end)) for each in found if each.begin < end]


def in_words(found: list[Phase], change: Callable[[str], str], meant: bool = False) -> list[Phase]:
    return [each._replace(name=change(each.name), meant=meant or each.meant) for each in found]


def merged(first: list[Phase], *others: list[Phase]) -> list[Phase]:
    """The phases of a value made of several: each mark of one of them begins a phase."""
    if not others:
        return first
    second = merged(*others)
    found, marks = [], sorted({each.begin for each in [*first, *second]})
    for begin, end in zip(marks, [*marks[1:], math.inf], strict=True):
        over = [next(each for each in reversed(side) if each.begin <= begin) for side in (first, second)]
        names = [each.name for each in over if each.name not in ("constant", "end held")]
        name = " and ".join(dict.fromkeys(names)) or over[0].name
        begun = [each for each in over if each.begin == begin]
        found.append(Phase(begin, end, name, any(e.meant for e in over), any(e.seam for e in begun)))
    return found
