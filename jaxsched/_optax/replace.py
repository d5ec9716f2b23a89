"""Other schedules in the middle of a run."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from jaxsched._combinators.clocks import delay
from jaxsched._combinators.values import scale
from jaxsched._controllers.base import Controller, OverDevices, inner, taken_over
from jaxsched._core.fields import is_traced
from jaxsched._core.schedule import Schedule
from jaxsched._curves.ramp import Ramp
from jaxsched._optax.find import change, find, is_ours
from jaxsched._optax.hyperparameters import KEPT, Slot, one_number, scheduled_at, slot_of
from jaxsched._optax.state import in_slot

Array = jax.Array

T = TypeVar("T")


def replace_schedule(
    opt_state: T, schedules: Mapping[str, Any] | None = None, /, *, rebase: bool = False, **named: Any
) -> T:
    """The optimizer's state with other schedules or controllers, in the middle of a run.

    A schedule of the same structure compiles nothing anew. By default the new schedule is read on the same clock, as
    if it had been there from step 0. With `rebase` it begins at the present step and at the present value: a ramp
    starts from that value and reaches its own `end` after its own `steps`; anything else is scaled to it. A controller
    in place of one of its kind takes over what that one has observed and, without `rebase`, its cuts. One of another
    kind, structure or `mode` begins anew.

    Args:
        opt_state: the state of an optimizer, of `inject`, `scale_by_learning_rate` or `by_group`.
        schedules: a schedule, controller, number or function for each name of `current`.
        rebase: whether to begin at the present step and value.
        **named: the same by keyword.

    Raises:
        ValueError: an unknown name, a hyperparameter in optax's closure, or, where known, a first or present value
            of 0, which cannot be scaled to the other.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.inject(optax.sgd)(jaxsched.Constant(0.5))
        >>> state = optimizer.init(np.ones(3))
        >>> state = jaxsched.replace_schedule(state, learning_rate=jaxsched.Linear(1.0, 0.0, steps=10), rebase=True)
        >>> float(jaxsched.current(state)["learning_rate"])
        0.5
    """
    found, changes = find(opt_state, "hyperparameter"), {}
    for name, x in {**(schedules or {}), **named}.items():
        place = found.place(name)
        if not is_ours(found.node(name)):
            raise ValueError(f"`{name}` cannot be replaced: its schedule is in a closure. Use `jaxsched.inject`.")
        new = one_number(name, x)
        changes[place] = in_slot(lambda slot, count, name=name, new=new: _replaced(name, slot, count, new, rebase))
    if not changes:
        raise ValueError(f"`schedules` must name a hyperparameter: got none. There are {', '.join(found.places)}.")
    return change(opt_state, changes)


def rebased(name: str, schedule: Schedule, at: Any, value: Any) -> Schedule:
    """The schedule on a clock that begins at step `at`, where it has that value."""
    if isinstance(schedule, Ramp):
        return delay(dataclasses.replace(schedule, start=value), at)
    start = schedule(0)
    for number, what in ((start, "the new schedule begins at 0"), (value, "the present value is 0")):
        if not is_traced(number) and float(number) == 0:
            raise ValueError(
                f"`{name}` must be scaled from its first value to the present one, but {what}. "
                f"Pass a ramp, which starts from any value, or leave `rebase` out."
            )
    return delay(scale(schedule, value / jnp.where(start == 0, 1.0, start)), at)


def _replaced(name: str, slot: Slot, count: Array, new: Any, rebase: bool) -> Slot:
    if rebase:
        new = _with_schedule(new, rebased(name, _schedule_in(new), count, scheduled_at(slot, count)))
    made = slot_of(new)
    if isinstance(slot.schedule, Controller) and isinstance(made.schedule, Controller):
        state, _ = taken_over(slot.schedule, slot.state, made.schedule, made.state, rebase)
        made = made._replace(state=state)
    return made._replace(mode=slot.mode | KEPT, number=slot.number)


def _schedule_in(x: Any) -> Schedule:
    return inner(x).schedule if isinstance(x, Controller) else x


def _with_schedule(x: Any, schedule: Schedule) -> Any:
    if isinstance(x, OverDevices):
        return dataclasses.replace(x, controller=_with_schedule(x.controller, schedule))
    return dataclasses.replace(x, schedule=schedule) if isinstance(x, Controller) else schedule
