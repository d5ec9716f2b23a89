"""A plateau and a schedule that are stepped on one optimizer, as torch does it: each changes the rate that is there."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

import jaxsched as js
from jaxsched.compat._functions import wide
from jaxsched.compat.torch._rules import Rule

Array = jax.Array

LAST = 2**31 - 1


class TurnState(NamedTuple):
    """The state of `on_one_optimizer`: what a plateau has seen, and the rate that is there."""

    step: Array  # shape=(), dtype=int32
    cuts: Array  # shape=(), dtype=int32; all that were made, also those that are undone
    best: Array  # shape=(), dtype=float32
    bad: Array  # shape=(), dtype=int32
    flags: Array  # shape=(), dtype=int32
    pending: Array | None  # these six as in `PlateauState`
    mean: Array | None
    average: Array | None
    weight: Array | None
    recent: Array | None
    seen: Array | None
    rate: Array  # shape=(), dtype=float32
    rest: Array  # shape=(), dtype=float32; of the rate, which no formula gives back: without it rounding would add up

    events = js.states.PlateauState.events


class Turns(js.Controller):
    """A schedule and a plateau that take turns at changing one rate."""

    schedule: Rule
    plateau: js.nodes.ReduceOnPlateau

    State = TurnState

    def _start(self) -> Any:
        seen = self.plateau.init()
        rate = _kept(lambda self: self.schedule.start(self.plateau.schedule(0)), self)
        return TurnState._make((*seen, *rate))

    def _rate(self, state: Any) -> Array:
        return _whole(state.rate, state.rest)

    def _unscaled(self, state: Any) -> Any:
        return state._replace(cuts=jnp.zeros((), jnp.int32))

    def _observed(self, state: Any, value: Array, observed: Any) -> Any:
        *seen, rate, rest = state._replace(cuts=jnp.zeros((), jnp.int32))
        plateau = js.nodes.ReduceOnPlateau(**{**self.plateau.__getstate__(), "schedule": _whole(rate, rest)})
        after = plateau.observe(js.states.PlateauState(*seen), value=value, observed=observed)

        def cut(self, rate, rest, cuts):
            lr = _whole(rate, rest)
            lower = jnp.maximum(lr * jnp.exp(self.plateau.log_factor), jnp.minimum(self.plateau.min_value, lr))
            return jnp.where(cuts > 0, lower, lr)

        rate = _kept(cut, self, rate, rest, after.cuts)
        return TurnState._make((*after._replace(cuts=state.cuts + after.cuts), *rate))

    def _moved(self, state: Any, epoch: Array) -> Any:
        """The state after the schedule's step to an epoch."""
        step = lambda self, rate, rest, epoch: self.schedule.next(_whole(rate, rest), epoch)  # noqa: E731
        rate, rest = _kept(step, self, state.rate, state.rest, epoch)
        return state._replace(rate=rate, rest=rest)

    def _stepped(self, state: Any) -> Any:
        after = super()._stepped(state)
        return self._moved(after, after.step)


class PlateauLast(Turns):
    """The plateau looks at the metric after the schedule's step, and cuts the rate of the next epoch."""

    def _updated(self, state: Any, value: Array, observed: Any) -> Any:
        moved = self._moved(state, jnp.minimum(state.step, LAST - 1) + 1)
        return super()._updated(moved, value, observed)


class PlateauFirst(Turns):
    """The plateau cuts the rate that was used, and the schedule's step follows."""

    def _updated(self, state: Any, value: Array, observed: Any) -> Any:
        after = super()._updated(state, value, observed)
        return self._moved(after, after.step)


def _kept(formula: Callable[..., Any], node: js.Controller, *numbers: Array) -> tuple[Array, Array]:
    """A rate in two float32, so that a long recursion is as exact as torch's in float64."""
    leaves, structure = jax.tree.flatten(node)

    def both(*given):
        node, numbers = jax.tree.unflatten(structure, given[: len(leaves)]), given[len(leaves) :]
        lr = jnp.asarray(formula(node, *numbers))
        lr = lr.astype(jnp.result_type(float))
        rate = jax.lax.reduce_precision(lr, exponent_bits=8, mantissa_bits=23)
        return jnp.stack([rate, lr - rate])

    rate, rest = wide(both, *leaves, *numbers).astype(jnp.float32)
    return rate, rest


def _whole(rate: Array, rest: Array) -> Array:
    real = jnp.result_type(float)
    return rate.astype(real) + rest.astype(real)
