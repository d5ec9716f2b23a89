"""Our schedules in the loop of another framework, which asks for one number at a time."""

import contextlib
from typing import Any

import jax

import jaxsched as js
from jaxsched.kinds import ControllerLike, checker, is_stack, is_traced

_AS_SCHEDULE_OR_CONTROLLER: Any = checker(ControllerLike)


def one_of(name: str, x: Any) -> Any:
    """A single schedule or controller, whose numbers are known."""
    x = _AS_SCHEDULE_OR_CONTROLLER(name, x)
    leaves = jax.tree.leaves(x)
    if any(is_traced(leaf) for leaf in leaves):
        raise TypeError(f"`{name}` must have known numbers: got tracers. Call this outside of `jit` and `vmap`.")
    if is_stack(x):
        raise TypeError(f"`{name}` must be one schedule: got a stack. Pass one of `jaxsched.unstack({name})`.")
    return x


def on_host() -> contextlib.AbstractContextManager[Any]:
    """Inside, JAX computes on the CPU where it has one: the accelerator belongs to the other framework."""
    try:
        return jax.default_device(jax.local_devices(backend="cpu")[0])
    except RuntimeError:  # of a JAX that was told to do without
        return contextlib.nullcontext()


def value_at(schedule: js.Schedule, step: Any) -> float:
    """The value at a step as a number of Python, the same as `float(schedule(step))`."""
    with on_host():
        return float(schedule(step))


def as_data(x: Any) -> dict[str, Any] | None:
    """What `to_dict` makes of a schedule or a controller; `None` if a function in it cannot be stored."""
    try:
        return js.to_dict(x)
    except TypeError:
        return None
