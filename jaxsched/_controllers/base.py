"""What a controller is: a schedule and numbers as data, and a state of scalars that an observed metric moves."""

import abc
import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, final

import jax
import jax.numpy as jnp

from jaxsched._combinators.values import scale
from jaxsched._controllers.kept import check_widths
from jaxsched._controllers.metrics import LASTING, bounded, counted, metric, truth
from jaxsched._controllers.program import compiled
from jaxsched._core.boxes import rebuilt
from jaxsched._core.choice import select
from jaxsched._core.elsewhere import OF_CONTROLLERS
from jaxsched._core.fields import is_number, is_traced
from jaxsched._core.kinds import Count, Kind
from jaxsched._core.node import Data, inside
from jaxsched._core.program import device_step, time_of
from jaxsched._core.schedule import Constant, Schedule, ScheduleLike, evaluate, to_schedule
from jaxsched._core.time import Time
from jaxsched._core.words import shown

Array = jax.Array

LAST_STEP = 2**31 - 1


class Controller(Data, abc.ABC):
    """A schedule whose value depends on an observed metric too, by way of an explicit state.

    It has the shape of optax's `StatefulSchedule`: `init() -> state`, `controller(state) -> value` and
    `update(state, value=metric) -> state`. The state is a NamedTuple of arrays of fixed dtypes; its `step` counts
    updates and its `events` say what the last one did, and how many metrics there were.
    """

    _elsewhere = OF_CONTROLLERS

    State: ClassVar[Any]

    _reads_step: ClassVar[bool] = False
    """Whether its value is a function of its schedule's, so that the schedule may be read on a clock from outside."""

    @abc.abstractmethod
    def _start(self) -> Any:
        """The state before the first step."""

    @abc.abstractmethod
    def _rate(self, state: Any) -> Array:
        """The value in a state."""

    @abc.abstractmethod
    def _unscaled(self, state: Any) -> Any:
        """The state with its scale back at 1, for another schedule that begins at the present value."""

    @final
    def init(self) -> Any:
        """The state before the first step."""
        return compiled(self, "_start")

    @final
    def __call__(self, state: Any, *, step: Any = None, **extra: Any) -> Array:
        """The value in `state`, a scalar of JAX's default float dtype, with the schedule at another `step` if given."""
        del extra  # optax hands over all that it was given
        self._check_state(state)
        return compiled(self, "_rate", state, at=time_of(step))

    @final
    def observe(self, state: Any, *, value: Any, observed: Any = True, step: Any = None) -> Any:
        """The state after the metric `value` was observed, at the same step.

        Args:
            state: the state before.
            value: the metric, one number; NaN is a bad observation, never a best.
            observed: whether to look at `value`, a boolean scalar that may be traced.
            step: where the schedule is read; `None` for the step that the state counts.
        """
        self._check_state(state)
        return compiled(self, "_observed", state, metric(value), truth(observed), at=time_of(step))

    @final
    def update(self, state: Any, *, value: Any = None, observed: Any = True, step: Any = None, **extra: Any) -> Any:
        """The state one step later, after the metric `value` was observed, if it is given.

        Args:
            state: the state before.
            value: the metric, one number; `None` means that nothing was observed at this step.
            observed: whether to look at `value`, a boolean scalar that may be traced.
            step: where the schedule is read, a number or a `counter`, on a clock of your own: of tokens, say. `None`
                for the step that the state counts, one an update, as `begin` and all else in it does.
            **extra: ignored; optax hands over all that it was given.
        """
        del extra
        self._check_state(state)
        at = time_of(step)
        if value is None:
            return compiled(self, "_stepped", state, at=at)
        return compiled(self, "_updated", state, metric(value), truth(observed), at=at)

    @final
    def __mul__(self, factor: Any) -> "Controller":
        return scale(self, factor) if _may_scale(factor) else NotImplemented

    __rmul__ = __mul__

    @final
    def __truediv__(self, divisor: Any) -> "Controller":
        if not (is_number(divisor) or is_traced(divisor)):
            return NotImplemented
        if not is_traced(divisor) and float(divisor) == 0:
            raise ValueError(f"`divisor` must not be 0: got {shown(divisor)}. No controller can be divided by it.")
        return scale(self, 1 / divisor)

    __array_ufunc__ = None  # `np.float64(2) * controller` is ours, not an array of objects

    def _check_state(self, state: Any) -> None:
        if not isinstance(state, self.State):
            kind = type(self).__name__
            raise TypeError(
                f"`state` must be the {self.State.__name__} that `init()` of {kind} returned: got {_what(state)}. "
                f"If optax passed a step, {kind} stands where a pure schedule belongs, as in `optax.sgd(controller)`: "
                f"use `jaxsched.inject(optax.sgd)(controller)` or `optax.inject_hyperparams(optax.sgd)(controller)`."
            )
        check_widths(state)

    # What follows runs inside of a compiled function.

    def _on_clock(self, time: Time) -> "Controller":
        """The controller with its schedule read at a time from outside."""
        raise TypeError(
            f"`step` must be left out: {type(self).__name__} goes on from its own rate, one step an update. "
            f"Convert the tokens of its schedule into updates, as `jaxsched.Run` does."
        )

    @abc.abstractmethod
    def _observed(self, state: Any, value: Array, observed: Any) -> Any:
        """The state after a float32 metric, if it was `observed`."""

    def _stepped(self, state: Any) -> Any:
        return _next(_quiet(state))

    def _updated(self, state: Any, value: Array, observed: Any) -> Any:
        return _next(self._observed(state, value, observed))


class Watching(Controller):
    """A controller of its own schedule, which looks at the metric from some step on."""

    schedule: Schedule
    begin: Count = dataclasses.field(default=0, kw_only=True)

    _reads_step: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**{"kw_only": True, **kwargs})

    def _on_clock(self, time: Time) -> Controller:
        return inside(self, schedule=Constant(evaluate(self.schedule, time)))

    @abc.abstractmethod
    def _judge(self, state: Any, value: Array) -> Any:
        """The state after a float32 metric, `bounded`; the flags of `state` are those that last."""

    def _observed(self, state: Any, value: Any, observed: Any) -> Any:
        looked = observed & (device_step(state.step) >= self.begin)
        state = _quiet(state)
        judged = self._judge(state, bounded(value, getattr(self, "sign", 1.0)))
        keep = lambda new, old: select(looked, jnp.asarray(new).astype(old.dtype), old)  # noqa: E731
        after = jax.tree.map(keep, judged, state)
        return after._replace(flags=counted(after.flags, state.flags, looked))


class OverDevices(Controller):
    """A controller that observes the mean of the metric over a mapped axis of devices.

    Args:
        controller: the controller.
        axis_name: the axis of `jax.pmap`, `jax.shard_map` or `jax.vmap`, bound where a metric is observed.
    """

    controller: Controller
    axis_name: Any = dataclasses.field(metadata={"static": True})

    @property
    def State(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.controller.State

    def _on_clock(self, time: Time) -> Controller:
        return inside(self, controller=self.controller._on_clock(time))

    def _start(self) -> Any:
        return self.controller._start()

    def _rate(self, state: Any) -> Any:
        return self.controller._rate(state)

    def _unscaled(self, state: Any) -> Any:
        return self.controller._unscaled(state)

    def _observed(self, state: Any, value: Any, observed: Any) -> Any:
        total = lambda x: jax.lax.psum(x, self.axis_name)  # noqa: E731
        try:
            observers = total(observed.astype(jnp.float32))
            mean = total(select(observed, value, 0.0)) / jnp.maximum(observers, 1.0)
        except NameError as error:
            raise ValueError(
                f"`axis_name` must be bound where a metric is observed: got {shown(self.axis_name)} outside of its "
                f"`pmap` or `shard_map`. Observe inside of it, or leave `axis_name` out."
            ) from error
        return self.controller._observed(state, mean, observers > 0)

    def _check(self) -> None:
        names = self.axis_name if isinstance(self.axis_name, (tuple, list)) else (self.axis_name,)
        if not names or not all(isinstance(name, str) for name in names):
            raise TypeError(f"`axis_name` must be the name of a mapped axis, or several: got {shown(self.axis_name)}.")
        object.__setattr__(self, "axis_name", names[0] if len(names) == 1 else tuple(names))


def over_devices(controller: Controller, axis_name: Any) -> Controller:
    return controller if axis_name is None else OverDevices(controller, axis_name)


def scheduled(name: str, x: Any) -> Schedule:
    """The schedule that a controller wraps."""
    if isinstance(x, Controller):
        raise TypeError(
            f"`{name}` must be a pure schedule: got a {type(x).__name__}. A controller wraps schedules only."
        )
    return to_schedule(name, x)


def hyperparameter(name: str, x: Any) -> "Schedule | Controller":
    """What may stand for a number of an optimizer."""
    x = rebuilt(x, Controller)
    return x if isinstance(x, Controller) else to_schedule(name, x)


if TYPE_CHECKING:
    PureSchedule: TypeAlias = ScheduleLike
    ControllerLike: TypeAlias = Controller | ScheduleLike
else:

    class PureSchedule(metaclass=Kind):
        """A schedule, a number or a function of the step, but no controller."""

        check = staticmethod(scheduled)

    class ControllerLike(metaclass=Kind):
        """A controller, a schedule, a number or a function of the step."""

        check = staticmethod(hyperparameter)


def inner(x: Any) -> Any:
    """The controller that observes over devices, or what is not wrapped so."""
    return inner(x.controller) if isinstance(x, OverDevices) else x


def taken_over(old: Any, state: Any, new: Any, fresh: Any, rebase: bool = False) -> tuple[Any, bool]:
    """The state for a controller in place of another, and whether it is the other's: of one kind, in one direction."""
    if type(inner(old)) is not type(inner(new)) or shape_of(state) != shape_of(fresh):
        return fresh, False
    state = new._unscaled(state) if rebase else state
    same = getattr(inner(old), "sign", 1.0) == getattr(inner(new), "sign", 1.0)
    known = same if isinstance(same, bool) else (is_traced(same) or bool(same))
    return jax.tree.map(lambda old, new: select(same, old, new), state, fresh), known


def shape_of(state: Any) -> Any:
    """What a state must share with another to be taken over."""
    return jax.tree.structure(state), [jnp.shape(x) for x in jax.tree.leaves(state)]


def value_of(schedule: Schedule, state: Any) -> Array:
    return evaluate(schedule, device_step(state.step))


def _next(state: Any) -> Any:
    return state._replace(step=state.step + (state.step < LAST_STEP).astype(jnp.int32))


def _quiet(state: Any) -> Any:
    """The state with the events of the step before taken back, but for those that last."""
    return state._replace(flags=jnp.bitwise_and(state.flags, LASTING))


def _may_scale(x: Any) -> bool:
    return is_number(x) or is_traced(x) or callable(x)  # what is no number is refused by its name


def _what(x: Any) -> str:
    return f"an array of dtype {x.dtype}" if isinstance(x, jax.Array) else shown(x)
