"""Running a range test: one scan over stacked batches, or one compiled step over batches that come one by one."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched.search import _rules
from jaxsched.search._bar import counted
from jaxsched.search._checks import check_step

Step = Callable[[Any, Any, Any], tuple[Any, Any]]


def scanned(step: Step, state: Any, batches: Any, rates: np.ndarray, seeds: int) -> np.ndarray:
    num = len(rates)
    orders = [np.arange(num)] + [np.random.default_rng(seed).permutation(num) for seed in range(1, seeds)]

    @jax.jit
    def run(state: Any, batches: Any, order: Any) -> Any:
        def one(state: Any, point: Any) -> Any:
            rate, at = point
            return step(state, jax.tree.map(lambda x: x[at], batches), rate)

        return jax.lax.scan(one, state, (_of_device(rates), order))[1]

    losses = run(state, batches, orders[0])[None] if seeds == 1 else _each_order(run, state, batches, orders)
    return np.asarray(losses, np.float64)


def _each_order(run: Any, state: Any, batches: Any, orders: list[np.ndarray]) -> Any:
    return jax.vmap(run, in_axes=(None, None, 0))(state, batches, np.stack(orders))


def one_by_one(
    step: Step,
    state: Any,
    batches: Iterator[Any],
    rates: np.ndarray,
    smoothing: float,
    stop: float | None,
    progress: bool,
) -> np.ndarray:
    run, losses = jax.jit(step), np.full(len(rates), np.nan)
    for i, rate in enumerate(counted("range test", _of_device(rates), progress)):
        try:
            batch = next(batches)
        except StopIteration:
            few = f"`batches` must hold at least `num` = {len(rates)} batches: got {i}."
            raise ValueError(f"{few} Repeat them, or take fewer points (`num`).") from None
        if i == 0:
            check_step(step, state, batch, rates)
        state, loss = run(state, batch, rate)
        losses[i] = float(loss)
        smooth = _rules.smoothed(losses[: i + 1], smoothing)
        if not np.isfinite(losses[i]) or _rules.diverged(smooth, stop)[-1]:
            break
    return losses[None]


def _of_device(rates: np.ndarray) -> jax.Array:
    return jnp.asarray(rates, jnp.float32)
