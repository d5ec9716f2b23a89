"""Other schedules in the middle of a run."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._combinators.clocks import Advance, Delay, Stretch, delay
from jaxsched._combinators.values import scale
from jaxsched._controllers.base import Controller, OverDevices, inner, taken_over
from jaxsched._core import fields
from jaxsched._core.choice import select
from jaxsched._core.durations import longest
from jaxsched._core.fields import is_traced
from jaxsched._core.kinds import checker
from jaxsched._core.schedule import Schedule
from jaxsched._core.time import minus
from jaxsched._curves.ramp import Ramp
from jaxsched._optax.clock import Position
from jaxsched._optax.find import change, find, is_ours
from jaxsched._optax.find import slot as slot_in
from jaxsched._optax.hyperparameters import KEPT, Slot, beside, one_number, scheduled_at, slot_of
from jaxsched._optax.state import in_slot

Array = jax.Array

T = TypeVar("T")

CLOCK, FLAG = checker(Literal["run", "now"]), checker(bool)


def replace_schedule(
    opt_state: T,
    schedules: Mapping[str, Any] | None = None,
    /,
    *,
    clock: Literal["run", "now"] = "run",
    rebase: bool = False,
    **named: Any,
) -> T:
    """The optimizer's state with other schedules or controllers, in the middle of a run.

    A schedule of the same structure compiles nothing anew. By default the new schedule is read on the run's clock, as
    if it had been there from step 0. On the clock `"now"` it begins at the present step, with its own values: a warmup
    and a decay, say, for another phase. With `rebase` it begins at the present step and at the present value: a ramp
    starts from that value and reaches its own `end` after its own `steps`; anything else is scaled to it. A controller
    in place of one of its kind takes over what that one has observed and, on the run's clock, its cuts; its `begin` is
    on the same clock as its schedule. One of another kind, structure or `mode` begins anew.

    Args:
        opt_state: the state of an optimizer, of `inject`, `scale_by_learning_rate` or `by_group`.
        schedules: a schedule, controller, number or function for each name of `current`.
        clock: `"run"`, or `"now"` to begin at the present step.
        rebase: whether to begin at the present step and value.
        **named: the same by keyword.

    Raises:
        ValueError: an unknown name or clock, a hyperparameter in optax's closure, or, where known, a first or present
            value of 0, which cannot be scaled to the other.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.inject(optax.sgd)(jaxsched.Constant(0.5))
        >>> state = optimizer.init(np.ones(3))
        >>> state = jaxsched.replace_schedule(state, learning_rate=jaxsched.Linear(1.0, 0.0, steps=10), rebase=True)
        >>> float(jaxsched.current(state)["learning_rate"])
        0.5
        >>> again = jaxsched.warmup_cosine(0.25, 2, 10)
        >>> state = jaxsched.replace_schedule(state, learning_rate=again, clock="now")
        >>> float(jaxsched.current(state)["learning_rate"])
        0.0
    """
    clock, rebase = CLOCK("clock", clock), FLAG("rebase", rebase)
    found, changes = find(opt_state, "hyperparameter"), {}
    for name, x in found.given("schedules", schedules, named).items():
        place = found.place(name)
        if not is_ours(found.node(name)):
            raise ValueError(f"`{name}` cannot be replaced: its schedule is in a closure. Use `jaxsched.inject`.")
        new = one_number(name, x)
        changes[place] = in_slot(functools.partial(_replaced, name, new, clock, rebase), other=True)
    return change(opt_state, changes)


def stretch_rest(opt_state: T, total: Any, *, name: str | None = None) -> T:
    r"""The optimizer's state with what is left of its schedules stretched, or shortened, to another end of the run.

    At step c of a run that was to end at step n, a schedule s goes on as $v(t) = s(c + (t - c)(n - c) / (N - c))$ for
    the new end N: from the present value, through the values that were to come, to its own end. n is the end of the
    longest of the schedules, so that their ends keep their order; those that are over or never end stay as they are.
    Controllers keep their cuts.

    Args:
        opt_state: the state of an optimizer, of `inject`, `scale_by_learning_rate` or `by_group`.
        total: N, the length of the whole run in updates, later than the present step.
        name: the one hyperparameter whose schedule to stretch, by its name in `current`; `None` for all.

    Raises:
        ValueError: an unknown name, a schedule that has no end or is over, or, where known, a `total` that is past.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.inject(optax.sgd)(jaxsched.Linear(1.0, 0.0, steps=4))
        >>> state = optimizer.init(np.ones(3))
        >>> for _ in range(2):
        ...     _, state = optimizer.update(np.ones(3), state)
        >>> state, rates = jaxsched.stretch_rest(state, total=6), []
        >>> for _ in range(5):
        ...     rates.append(float(jaxsched.current(state)["learning_rate"]))
        ...     _, state = optimizer.update(np.ones(3), state)
        >>> rates
        [0.5, 0.375, 0.25, 0.125, 0.0]
    """
    found = find(opt_state, "hyperparameter")
    if name is not None:
        found.place(name, "name")
    chosen = {n: p for n, p in found.places.items() if is_ours(found.node(n)) and name in (None, n)}
    if name is not None and not chosen:
        raise ValueError(f"`{name}` cannot be stretched: its schedule is in a closure. Use `jaxsched.inject`.")
    ends = {n: _schedule_in(slot_in(found.node(n), p.key).schedule).duration for n, p in chosen.items()}
    ends = {n: end for n, end in ends.items() if end is not None and _is_ahead(end, found.node(n).count)}
    if not ends:
        raise ValueError(
            f"`opt_state` must hold a schedule whose end is to come: {', '.join(chosen) or 'none'} has none. "
            f"Use `jaxsched.replace_schedule`."
        )
    last, changes = longest(*ends.values()), {}
    total = fields.total("total", total)
    for n in ends:
        count = found.node(n).count
        if not _is_ahead(total, count):
            raise ValueError(f"`total` must be later than the present step, {count}: got {total!r}.")
        changes[found.places[n]] = in_slot(lambda slot, at, last: _stretched(slot, at, last, total), last)
    return change(opt_state, changes)


def _is_ahead(end: Any, count: Any) -> bool:
    """Whether an end is to come, as far as that is known."""
    return is_traced(end) or is_traced(count) or bool(np.any(np.asarray(end) > np.asarray(count)))


def _stretched(slot: Slot, position: Position, last: Any, total: Any) -> Slot:
    count = position.count
    left, more = (jnp.maximum(minus(jnp.asarray(end), jnp.asarray(count)), 1) for end in (last, total))
    rest = Stretch(Advance(_schedule_in(slot.schedule), count), more / left)
    new = _with_schedule(slot.schedule, Delay(rest, count))
    return slot._replace(schedule=slot_of(new).schedule)


def rebased(name: str, schedule: Schedule, at: Any, value: Any) -> Schedule:
    """The schedule on a clock that begins at step `at`, where it has that value."""
    if isinstance(schedule, Ramp):
        return delay(dataclasses.replace(schedule, start=value), at)
    start = schedule(0)
    for number, what in ((start, "the new schedule begins at 0"), (value, "the present value is 0")):
        if not is_traced(number) and float(number) == 0:
            raise ValueError(
                f"`{name}` must be scaled from its first value to the present one, but {what}. "
                f'Pass a ramp, which starts from any value, or `clock="now"` in place of `rebase`, to begin at the '
                f"present step with its own values."
            )
    return delay(scale(schedule, value / select(start == 0, 1.0, start)), at)


def _replaced(name: str, new: Any, clock: str, rebase: bool, slot: Slot, position: Position) -> Slot:
    count = position.count
    new = beside(new, count)
    if rebase:
        value = position.read(lambda now: scheduled_at(slot, now))
        new = _with_schedule(new, rebased(name, _schedule_in(new), count, value), position.updates)
    elif clock == "now":
        new = _with_schedule(new, delay(_schedule_in(new), count), position.updates)
    made = slot_of(new)
    if isinstance(slot.schedule, Controller) and isinstance(made.schedule, Controller):
        anew = rebase or clock == "now"
        state, _ = taken_over(slot.schedule, slot.state, made.schedule, made.state, anew)
        made = made._replace(state=state)
    return made._replace(mode=slot.mode | KEPT, number=slot.number)


def _schedule_in(x: Any) -> Schedule:
    return inner(x).schedule if isinstance(x, Controller) else x


def _with_schedule(x: Any, schedule: Schedule, later: Any = 0) -> Any:
    """The schedule where another one was, in a controller that looks at its metric so many steps later."""
    if isinstance(x, OverDevices):
        return dataclasses.replace(x, controller=_with_schedule(x.controller, schedule, later))
    if not isinstance(x, Controller):
        return schedule
    begin = getattr(x, "begin", None)  # not every controller watches from a step on
    changed: dict[str, Any] = (
        {"schedule": schedule} if begin is None else {"schedule": schedule, "begin": begin + later}
    )
    return dataclasses.replace(x, **changed)
