"""What a controller is: a schedule and numbers as data, and a state of scalars that an observed metric moves."""

import abc
import dataclasses
import functools
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, final

import jax
import jax.numpy as jnp

from jaxsched._call import canonical, device_step, relaxed
from jaxsched._data import Data
from jaxsched._progress import real_dtype
from jaxsched._schedule import Schedule, evaluate, to_schedule

Array = jax.Array

LAST_STEP = 2**31 - 1

ROUNDING = 1e-6
"""A part of the rate below which a change is rounding: a rate at its floor is the floor to float32."""


class Events(NamedTuple):
    """What the last step or observation did, as boolean scalars.

    `improved`: the metric was a new best. `reduced` and `increased`: the rate was cut or raised. `reset`: the
    controller began anew. `at_floor`: the value is at its floor. `stopped`: a cut was due that would have changed
    nothing, so that the controller has nothing left to do; it stays true.
    """

    improved: Array  # shape=(), dtype=bool
    reduced: Array  # shape=(), dtype=bool
    increased: Array  # shape=(), dtype=bool
    reset: Array  # shape=(), dtype=bool
    at_floor: Array  # shape=(), dtype=bool
    stopped: Array  # shape=(), dtype=bool


LASTING = 1 << Events._fields.index("at_floor") | 1 << Events._fields.index("stopped")


def flags(**events: Array) -> Array:
    """Events as the bits of one int32: a state of few numbers is a program of few kernels."""
    bits = [jnp.left_shift(x.astype(jnp.int32), Events._fields.index(name)) for name, x in events.items()]
    return functools.reduce(jnp.bitwise_or, bits)


@property
def events(state: Any) -> Events:
    """What the last step or observation did, as boolean scalars."""
    return Events(*(jnp.bitwise_and(state.flags, 1 << i) != 0 for i in range(len(Events._fields))))


def stopped(state: Any) -> Array:
    return jnp.bitwise_and(state.flags, 1 << Events._fields.index("stopped")) != 0


class Controller(Data, abc.ABC):
    """A schedule whose value depends on an observed metric too, by way of an explicit state.

    It has the shape of optax's `StatefulSchedule`: `init() -> state`, `controller(state) -> value` and
    `update(state, value=metric) -> state`. The state is a NamedTuple of arrays of fixed dtypes; its `step` counts
    updates and its `events` say what the last one did.
    """

    State: ClassVar[Any]

    @abc.abstractmethod
    def _start(self) -> Any:
        """The state before the first step."""

    @abc.abstractmethod
    def _rate(self, state: Any) -> Array:
        """The value in a state."""

    @abc.abstractmethod
    def _judge(self, state: Any, value: Array) -> Any:
        """The state after a float32 metric; the flags of `state` are those that last."""

    @final
    def init(self) -> Any:
        """The state before the first step."""
        return _compiled(self, "_start")

    @final
    def __call__(self, state: Any, **extra: Any) -> Array:
        """The value in `state`: a scalar of JAX's default float dtype."""
        del extra  # optax hands over all that it was given
        self._check_state(state)
        return _compiled(self, "_rate", state)

    @final
    def observe(self, state: Any, *, value: Any, observed: Any = True) -> Any:
        """The state after the metric `value` was observed, at the same step.

        Args:
            state: the state before.
            value: the metric, one number; NaN is a bad observation, never a best.
            observed: whether to look at `value`, a boolean scalar that may be traced.
        """
        self._check_state(state)
        return _compiled(self, "_observed", state, metric(value), observed)

    @final
    def update(self, state: Any, *, value: Any = None, observed: Any = True, **extra: Any) -> Any:
        """The state one step later, after the metric `value` was observed, if it is given.

        Args:
            state: the state before.
            value: the metric, one number; `None` means that nothing was observed at this step.
            observed: whether to look at `value`, a boolean scalar that may be traced.
            **extra: ignored; optax hands over all that it was given.
        """
        del extra
        self._check_state(state)
        if value is None:
            return _compiled(self, "_stepped", state)
        return _compiled(self, "_updated", state, metric(value), observed)

    def _check_state(self, state: Any) -> None:
        if not isinstance(state, self.State):
            kind = type(self).__name__
            raise TypeError(
                f"`state` must be the {self.State.__name__} that `init()` of {kind} returned: got {_what(state)}. "
                f"If optax passed a step, {kind} stands where a pure schedule belongs, as in `optax.sgd(controller)`: "
                f"use `jaxsched.inject(optax.sgd)(controller)` or `optax.inject_hyperparams(optax.sgd)(controller)`."
            )

    # What follows runs inside of a compiled function.

    def _observed(self, state: Any, value: Array, observed: Any) -> Any:
        node: Any = self  # whose `begin` is the first step with an eye on the metric
        looked = observed & (device_step(state.step) >= node.begin)
        state = _quiet(state)
        judged = self._judge(state, value)
        return jax.tree.map(lambda new, old: jnp.where(looked, jnp.asarray(new).astype(old.dtype), old), judged, state)

    def _stepped(self, state: Any) -> Any:
        return _next(_quiet(state))

    def _updated(self, state: Any, value: Array, observed: Any) -> Any:
        return _next(self._observed(state, value, observed))


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

    def _start(self):
        return self.controller._start()

    def _rate(self, state):
        return self.controller._rate(state)

    def _judge(self, state, value):
        return self.controller._judge(state, value)

    def _observed(self, state, value, observed):
        try:
            value = jax.lax.pmean(value, self.axis_name)
        except NameError as error:
            raise ValueError(
                f"`axis_name` must be bound where a metric is observed: got {self.axis_name!r} outside of its "
                f"`pmap` or `shard_map`. Observe inside of it, or leave `axis_name` out."
            ) from error
        return self.controller._observed(state, value, observed)


def over_devices(controller: Controller, axis_name: Any) -> Controller:
    return controller if axis_name is None else OverDevices(controller, axis_name)


def scheduled(name: str, x: Any) -> Schedule:
    """The schedule that a controller wraps."""
    if isinstance(x, Controller):
        raise TypeError(
            f"`{name}` must be a pure schedule: got a {type(x).__name__}. A controller wraps schedules only."
        )
    return to_schedule(name, x)


def value_of(schedule: Schedule, state: Any) -> Array:
    return evaluate(schedule, device_step(state.step))


def metric(value: Any) -> Array:
    if isinstance(value, (str, bytes)) or value is None:
        raise TypeError(f"`value` must be one number, the metric: got {value!r}.")
    array = jnp.asarray(value)
    if array.shape != ():
        raise ValueError(
            f"`value` must be one number: got shape {array.shape}. Reduce it first, for instance by its mean."
        )
    if not (jnp.issubdtype(array.dtype, jnp.floating) or jnp.issubdtype(array.dtype, jnp.integer)):
        raise TypeError(f"`value` must be a real number: got dtype {array.dtype}.")
    return array.astype(jnp.float32)


def direction(mode: Any) -> float:
    """The sign that turns `mode` into minimising."""
    if mode not in ("min", "max"):
        raise ValueError(f'`mode` must be "min" or "max": got {mode!r}. "min" is for a loss, "max" for an accuracy.')
    return 1.0 if mode == "min" else -1.0


def betters(value: Array, best: Array, sign: Any, rtol: Any, atol: Any) -> Array:
    """Whether `value` is better than `best` by more than the tolerance, also where metrics are negative."""
    # The difference of two close numbers is exact; `best * (1 - rtol)` would be rounded, and wrong below 0.
    margin = jnp.where(jnp.isfinite(best), atol + rtol * jnp.abs(best), 0.0)
    return sign * (best - value) > margin


def _next(state: Any) -> Any:
    return state._replace(step=state.step + (state.step < LAST_STEP).astype(jnp.int32))


def _quiet(state: Any) -> Any:
    """The state with the events of the step before taken back, but for those that last."""
    return state._replace(flags=jnp.bitwise_and(state.flags, LASTING))


def _compiled(controller: Controller, method: str, *args: Any) -> Any:
    leaves, structure = jax.tree.flatten(controller)
    return _program(structure, method)(leaves, *args)


@functools.lru_cache(maxsize=4096)
def _program(structure: Any, method: str) -> Callable[..., Any]:
    def run(leaves, *args):
        controller = jax.tree.unflatten(structure, [canonical(leaf) for leaf in leaves])
        with relaxed():
            result = getattr(controller, method)(*args)
            return result.astype(real_dtype()) if method == "_rate" else result

    run.__name__ = method.removeprefix("_")
    return jax.jit(run, inline=True)


def _what(x: Any) -> str:
    return f"an array of dtype {x.dtype}" if isinstance(x, jax.Array) else repr(x)
