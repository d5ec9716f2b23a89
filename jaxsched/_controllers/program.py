"""What a controller computes: one program a structure and question, its numbers arguments."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxsched._controllers.metrics import BEGUN
from jaxsched._core.choice import select
from jaxsched._core.kinds import kinds_in
from jaxsched._core.node import hints_of, inside
from jaxsched._core.program import canonical, device_time, relaxed
from jaxsched._core.programs import program_for
from jaxsched._core.time import real_dtype


def compiled(controller: Any, method: str, *args: Any, at: Any = None) -> Any:
    """What a method of a controller makes of a state, its schedule read at a time from outside if one is given."""
    leaves, structure = jax.tree.flatten(controller)
    return program_for(_program, structure, method)(leaves, at, *args)


def _program(asked: Callable[[], Any], method: str) -> Callable[..., Any]:
    def run(leaves, at, *args):
        with relaxed():
            controller = _clamped(jax.tree.unflatten(asked(), [canonical(leaf) for leaf in leaves]))
            controller = controller if at is None else controller._on_clock(device_time(at))
            result = getattr(controller, method)(*_begun(controller, *args)) if args else begun(controller._start())
            return result.astype(real_dtype()) if method == "_rate" else result

    run.__name__ = method.removeprefix("_")
    return jax.jit(run, inline=True)


def begun(state: Any) -> Any:
    """A first state, marked as one."""
    return state._replace(flags=jnp.bitwise_or(state.flags, BEGUN))


def _begun(controller: Any, state: Any, *rest: Any) -> tuple[Any, ...]:
    """The state and what else is given; the first state at the same step, where all of it was set to zero."""
    anew = begun(controller._start())._replace(step=state.step)
    marked = jnp.bitwise_and(state.flags, BEGUN) != 0
    return jax.tree.map(lambda kept, new: select(marked, kept, new.astype(kept.dtype)), state, anew), *rest


def _clamped(controller: Any) -> Any:
    """What was traced when it was built is brought into its range here."""
    if hasattr(controller, "controller"):  # one that observes over devices
        return inside(controller, controller=_clamped(controller.controller))
    numbers = {name: getattr(controller, name) for name in _lowest(type(controller))}
    floors = {name: (x, _lowest(type(controller))[name]) for name, x in numbers.items() if x is not None}
    return inside(controller, **{name: jnp.maximum(x, lowest) for name, (x, lowest) in floors.items()})


@functools.cache
def _lowest(cls: type) -> dict[str, float]:
    """The lowest number that each field may hold, where its kind has one."""
    lowest = {name: next((getattr(k, "lowest", None) for k in kinds_in(x)), None) for name, x in hints_of(cls).items()}
    return {name: x for name, x in lowest.items() if x is not None}
