"""Which recipe made a schedule: guessed from its tree, and believed only where the recipe makes the same again."""

from collections.abc import Callable, Iterator
from typing import Any

import jaxsched as js
from jaxsched.show._phases import number

RISES = ("linear", "cosine", "1-sqrt", "exponential", "log")
FALLS = ("linear", "cosine", "1-sqrt", "square", "mirror-cosine", "exponential", "rex", "geometric", "inverse")

Arguments = dict[str, Any]
Guess = Callable[[Any], Iterator[Arguments]]


OTHER = (AttributeError, LookupError, TypeError, ValueError, ArithmeticError)
"""What reading a schedule of another structure may raise, or calling a recipe with what was read."""


def called(schedule: Any) -> str | None:
    """The call of the recipe that makes this schedule, if there is one."""
    for name, guess in GUESSES:
        for arguments in _read(guess, schedule):
            if _makes(name, arguments, schedule):
                return f"{name}({', '.join(f'{key}={_plain(x)!r}' for key, x in arguments.items())})"
    return None


def _read(guess: Guess, schedule: Any) -> list[Arguments]:
    try:
        return list(guess(schedule))
    except OTHER:
        return []


def _makes(name: str, arguments: Arguments, schedule: Any) -> bool:
    try:
        return getattr(js, name)(**arguments) == schedule
    except OTHER:
        return False


def _plain(x: Any) -> Any:
    return x.tolist() if hasattr(x, "tolist") else x


def _with(arguments: Arguments, **defaults: tuple[Any, Any]) -> Arguments:
    """With those of some more arguments, `name=(value, default)`, that are not at their default."""
    return {**arguments, **{name: x for name, (x, default) in defaults.items() if x != default}}


def _warmed(s: Any) -> Iterator[Arguments]:
    total = s.ramp.steps + s.schedule.steps
    yield _with({"peak": s.schedule.start, "warmup": s.ramp.steps, "total": total}, end=(s.schedule.end, 0.0))


def _inverse_sqrt(s: Any) -> Iterator[Arguments]:
    first = {"peak": s.schedule.start, "warmup": s.ramp.steps}
    yield first
    yield {**first, "timescale": s.schedule.timescale}


def _wsd(s: Any) -> Iterator[Arguments]:
    up, down = s.schedule.ramp, s.ramp
    lengths = {"warmup": up.steps, "stable": s.begin - up.steps, "decay": down.steps}
    first = _with({"peak": s.schedule.schedule.value, **lengths}, end=(down.end, 0.0), start=(up.start, 0.0))
    for rise in RISES:
        for fall in FALLS:
            yield _with(first, shape=(fall, "linear"), warmup_shape=(rise, "linear"))


def _flat_cosine(s: Any) -> Iterator[Arguments]:
    total = s.begin + s.ramp.steps
    for flat in (0.75, 0.5, 0.72, s.begin / total):
        yield _with({"peak": s.schedule.value, "total": total}, flat=(flat, 0.75), end=(s.ramp.end, 0.0))


def _one_cycle(s: Any) -> Iterator[Arguments]:
    shape = "linear" if isinstance(s.right, js.Interpolated) else "cosine"
    marks, values = [int(each) for each in s.right.boundaries], [number(each) for each in s.right.values]
    first = {"peak": s.left.value, "total": marks[-1]}
    div, final = round(1 / values[0], 9), round(values[0] / values[-1], 9)
    for lengths in ({}, {"warmup": marks[1]}, {"warmup": marks[1], "down": marks[-2] - marks[1]}):
        phases = {"three_phase": True} if len(marks) == 4 else {}
        yield _with({**first, **lengths, **phases}, shape=(shape, "cosine"), div=(div, 25.0), final_div=(final, 1e4))


def _cyclic(s: Any) -> Iterator[Arguments]:
    cycles = s.weight.left if hasattr(s.weight, "left") else s.weight
    rise, fall = cycles.schedule.pieces
    first = _with({"low": s.start, "high": s.end, "up": rise.steps}, down=(fall.steps, rise.steps))
    if cycles is s.weight:
        yield first
        yield {**first, "mode": "triangular2"}
    else:
        yield {**first, "mode": "exp_range", "gamma": _written(s.weight.right, "factor")}


def _sgdr(s: Any) -> Iterator[Arguments]:
    first = {"peak": s.schedule.start, "period": s.period}
    yield _with(first, growth=(s.growth, 1), decay=(_written(s, "decay"), 1.0), end=(s.floor.end, 0.0))


def _multistep(s: Any) -> Iterator[Arguments]:
    factor, marks = number(s.right.values[1]), [int(each) for each in s.right.boundaries]
    yield {"start": s.left.value, "factor": factor, "milestones": marks}


def _step(s: Any) -> Iterator[Arguments]:
    yield {"start": s.schedule.start, "factor": _written(s.schedule, "factor"), "every": s.every}


def _decaying(field: str) -> Guess:
    def guess(s: Any) -> Iterator[Arguments]:
        stairs = hasattr(s, "every")
        s = s.schedule if stairs else s
        yield _with({"start": s.start, "rate": _written(s, field)}, steps=(s.steps, 1), staircase=(stairs, False))

    return guess


def _piecewise(s: Any) -> Iterator[Arguments]:
    yield {"boundaries": [number(each) for each in s.boundaries], "values": [number(each) for each in s.values]}


def _linear_cosine(s: Any) -> Iterator[Arguments]:
    rest = {name: (getattr(s, name), x) for name, x in (("num_periods", 0.5), ("alpha", 0.0), ("beta", 0.001))}
    yield _with({"start": s.start, "steps": s.steps}, **rest)


def _slanted(s: Any) -> Iterator[Arguments]:
    rise, fall = s.right.pieces
    total, ratio = rise.steps + fall.steps, 1 / rise.start
    for cut in (0.1, rise.steps / total):
        yield _with({"peak": s.left.value, "total": total}, cut=(cut, 0.1), ratio=(ratio, 32.0))


def _written(node: Any, name: str) -> Any:
    """A number as the user wrote it."""
    return dict(js.kinds.shown_of(node))[name]


GUESSES: tuple[tuple[str, Guess], ...] = (
    ("warmup_cosine", _warmed),
    ("warmup_linear", _warmed),
    ("warmup_inverse_sqrt", _inverse_sqrt),
    ("wsd", _wsd),
    ("flat_cosine", _flat_cosine),
    ("one_cycle", _one_cycle),
    ("cyclic", _cyclic),
    ("sgdr", _sgdr),
    ("multistep_decay", _multistep),
    ("step_decay", _step),
    ("exponential_decay", _decaying("factor")),
    ("natural_exponential_decay", _decaying("decay")),
    ("inverse_time_decay", _decaying("rate")),
    ("linear_cosine_decay", _linear_cosine),
    ("piecewise_constant", _piecewise),
    ("slanted_triangular", _slanted),
)
