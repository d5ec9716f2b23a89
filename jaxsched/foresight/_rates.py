"""The rates of a run as arrays, and what is refused of a schedule before its rates are read."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.kinds import is_stack, is_traced, renamed, shown

LONGEST = 10**8
"""Steps of a run that anybody means: their rates take 400 MB."""


def schedule_of(name: str, x: Any) -> Any:
    """A pure schedule, one alone; its numbers may be traced."""
    if isinstance(x, js.Controller):
        why = "its rates hang on a metric. Pass its schedule: `controller.schedule`"
        raise TypeError(f"`{name}` must be a schedule: got a {type(x).__name__}, and {why}.")
    if is_stack(x):
        raise ValueError(f"`{name}` must be one schedule: got several as one. Map over them with `jax.vmap`.")
    with renamed({"x": name}):
        return js.as_schedule(x)


def total_of(name: str, x: Any, least: int = 1) -> int:
    """The length of a run in steps, or another count."""
    if is_traced(x) or isinstance(x, (bool, np.bool_)) or not isinstance(x, (int, np.integer)):
        raise TypeError(f"`{name}` must be a Python int, since it is a length: got {shown(x)}.")
    if not least <= int(x) <= LONGEST:
        raise ValueError(f"`{name}` must be from {least} to {LONGEST:,}: got {shown(x)}.")
    return int(x)


def check_known(name: str, *numbers: Any) -> None:
    if any(map(is_traced, numbers)):
        raise TypeError(f"`{name}` must be known: got traced numbers. Call this outside of `jax.jit`.")


def rates_of(schedule: Any, total: int) -> jax.Array:
    """The rate of each update of a run, in float32 or wider."""
    rates = jnp.asarray(schedule(jnp.arange(total)))
    return rates.astype(jnp.promote_types(rates.dtype, jnp.float32))


def known_rates(name: str, schedule: Any, total: int) -> np.ndarray:
    """The same on the host in float64, where they must be known and good for something."""
    return checked_rates(name, schedule_of(name, schedule), total)


def checked_rates(name: str, schedule: Any, total: int) -> np.ndarray:
    """Those of what `schedule_of` has returned, since to ask whether it is several as one takes a trace."""
    check_known(name, *jax.tree.leaves(schedule))
    rates = np.asarray(rates_of(schedule, total), np.float64)
    if not np.isfinite(rates).all() or (rates < 0).any():
        step = int(np.argmax(~np.isfinite(rates) | (rates < 0)))
        raise ValueError(
            f"`{name}` must have rates that are finite and not negative: at step {step} it is {rates[step]}."
        )
    if not rates.any():
        raise ValueError(f"`{name}` must train: its rate is 0 at all {total} steps.")
    return rates


def remaining(rates: jax.Array) -> jax.Array:
    """At each step the sum of the rates after it: summed from the end, since a difference of sums would lose them."""
    sums = jnp.cumsum(rates[::-1])[::-1]
    return jnp.concatenate([sums[1:], jnp.zeros_like(sums[:1])])
