"""Describe an optimizer's state: every rate in it by name, where it is on its schedule, and what was done to it."""

import dataclasses
from typing import Any, NamedTuple

import jax
import numpy as np

import jaxsched as js
from jaxsched.kinds import is_traced, renamed
from jaxsched.show._phases import begun, readable, scheduled
from jaxsched.show._recipes import called
from jaxsched.show._text import aligned, cut
from jaxsched.states import Hyperparameter


class Rate(NamedTuple):
    """What is said of one hyperparameter of an optimizer's state.

    Attributes:
        name: its name, as in `current`.
        step: updates so far, or where a clock from outside is; `None` where optax keeps no count for it.
        used: the value that the last update used.
        next: the value that the next update uses; `None` where it is not known.
        by_hand: whether a number is set by hand.
        phase: the phase of its schedule that the next update is in, in words; empty where its schedule is not known.
        observations: metrics that its controller has seen; `None` if it has none.
        cuts: how often its controller has cut it; `None` if it has none, or does not count them.
        updates: updates so far, where they were given a clock by `step=` and a controller counts them; else `None`.
        anew: whether the state was new when its clock was far already; `None` where no clock was given.
        back: how often an update was given a time before that of the one before; `None` where no clock was given.
    """

    name: str
    step: Any
    used: Any
    next: Any
    by_hand: bool
    phase: str
    observations: Any
    cuts: Any
    updates: Any
    anew: Any
    back: Any


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class StateDescription:
    """What `describe` says of an optimizer's state; `str` and `repr` are the text.

    Attributes:
        rows: what is said of each hyperparameter.
    """

    rows: tuple[Rate, ...]

    def __repr__(self) -> str:
        return "\n".join(aligned([_row(each) for each in self.rows]))


def of_state(opt_state: Any) -> StateDescription:
    if any(is_traced(leaf) for leaf in jax.tree.leaves(opt_state)):
        raise TypeError("`schedule` must have known numbers: got tracers. Call this outside of `jit` and `vmap`.")
    with renamed({"opt_state": "schedule"}):
        found = js.states.hyperparameters(opt_state)
    try:
        following: Any = js.current(opt_state)
    except ValueError:  # all are in closures
        following = {}
    return StateDescription(tuple(_rate(name, each, following.get(name)) for name, each in found.items()))


def _rate(name: str, x: Hyperparameter, following: Any) -> Rate:
    events, clock = getattr(x.state, "events", None), x.clock
    clock = clock if clock is not None and np.any(clock.given) else None
    return Rate(
        name=name,
        step=_plain(_time(x)),
        used=_plain(x.used),
        next=_plain(following),
        by_hand=bool(np.any(x.by_hand)) if x.by_hand is not None else False,
        phase=_phase(x),
        observations=_plain(events.observations) if events is not None else None,
        cuts=_plain(getattr(x.state, "cuts", None)),
        updates=_plain(x.updates) if clock is not None else None,
        anew=_plain(clock.anew) if clock is not None else None,
        back=_plain(clock.back) if clock is not None else None,
    )


def _phase(x: Hyperparameter) -> str:
    """Where the next update is on the schedule: not of a state that holds several runs."""
    if x.rate is None or x.step is None or np.ndim(x.step):
        return ""
    schedule = scheduled(x.rate) if isinstance(x.rate, js.Controller) else x.rate
    plain = jax.tree.map(_number, schedule)
    count = int(x.step)
    phase = [each for each in begun(plain, count + 1) if each.begin <= count][-1]
    span = f"{readable(float(phase.begin))} – {readable(float(phase.end))}"
    name = phase.name if phase.end == float("inf") and not phase.begin else f"{phase.name} ({span})"
    recipe = called(plain)
    return f"{name} of {cut(recipe, 60)}" if recipe else name


def _number(leaf: Any) -> Any:
    """A number as the user wrote it: the shortest that is the same in float32."""
    leaf = np.asarray(leaf)
    return leaf if leaf.ndim else (int(leaf) if leaf.dtype.kind in "iu" else float(str(leaf)))


def _plain(x: Any) -> Any:
    return None if x is None else np.asarray(x).tolist()


def _row(rate: Rate) -> list[str]:
    notes = [rate.phase] if rate.phase else []
    notes += ["set by hand"] if rate.by_hand else []
    notes += [f"observations {_text(rate.observations)}"] if rate.observations is not None else []
    notes += [f"cuts {_text(rate.cuts)}"] if rate.cuts is not None else []
    notes += _of_clock(rate) if rate.anew is not None else []
    following = f"next {_text(rate.next)}" if rate.next is not None else "next not known"
    return [rate.name, f"step {_text(rate.step)}", f"used {_text(rate.used)}", following, "; ".join(notes)]


def _of_clock(rate: Rate) -> list[str]:
    """What is said of a clock from outside."""
    notes = [] if rate.updates is None else [f"updates {_text(rate.updates)}"]
    if np.any(rate.anew):
        notes.append("made anew in the middle of a run: was its checkpoint not restored?")
    if np.any(rate.back):
        notes.append(f"the clock went back, times: {_text(rate.back)}")
    return notes


def _time(x: Hyperparameter) -> Any:
    """The step, with the part of one that a clock from outside may have."""
    return x.step if x.clock is None or not np.any(x.clock.part) else np.asarray(x.step) + np.asarray(x.clock.part)


def _text(x: Any) -> str:
    if x is None:
        return "not known"
    if np.ndim(x):  # a state of several runs
        return f"{readable(np.min(x).item())} … {readable(np.max(x).item())}"
    return readable(x)
