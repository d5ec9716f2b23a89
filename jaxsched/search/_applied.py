"""Check applied: the rates at which an optimizer really updates, beside those of a schedule."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.kinds import array_of, is_stack, is_traced, renamed, shown
from jaxsched.search._checks import MOST, whole

EXACT, CLOSE = 1e-5, 1e-3
"""Parts of the largest rate: what rounding makes of it, and what an optimizer's constants do, such as Adam's `eps`."""

FARTHEST, FASTEST = 3, 64
"""Steps by which a clock may be off, and times by which it may be fast or slow, that are recognised."""


class Applied(NamedTuple):
    """What `check_applied` found.

    Attributes:
        agrees: whether update k is made at the rate `schedule(k)`.
        verdict: what happens, a sentence.
        scheduled: the rate `schedule(k)` of each step.
        applied: the rate that each update was made at; relative to their scale where no `reference` is known.
        error: the largest difference of the two, as a part of the largest rate.
    """

    agrees: bool
    verdict: str
    scheduled: np.ndarray
    applied: np.ndarray
    error: float

    def __repr__(self) -> str:
        return f"{self.verdict} (largest difference: {self.error:.2g} of the largest rate)"


class Reading(NamedTuple):
    """A way in which a schedule may be read."""

    steps: np.ndarray  # the step of each update; -1 where none is made
    words: str


def check_applied(
    optimizer: Any, params: Any, schedule: js.ScheduleLike, steps: int, *, reference: Any = None
) -> Applied:
    r"""Whether an optimizer updates at the rates of a schedule, by trying: for those who doubt their framework.

    The optimizer makes its updates $u_k$ for gradients of ones, while the parameters are held where they are. With
    $d_k$ those of the `reference` at the rate 1, the rate that was applied is
    $a_k = \langle u_k, d_k \rangle / \langle d_k, d_k \rangle$, and it is compared with $v(k)$. Where it differs, it is
    compared with a schedule that is a few steps early or late, runs several times too fast or too slow (as where each
    of 8 processes steps it), is read at every n-th call only (as under `optax.MultiSteps`), or stands still. Nothing is
    trained, and `params` stay as they are.

    Args:
        optimizer: what is used to train: an optax optimizer, or anything with its `init` and `update`.
        params: parameters, or ones like them: floats, which are read in float32.
        schedule: the schedule that it should follow: a schedule, number or function of the step.
        steps: how many updates to make, from 1 to 1,000,000: enough to see the schedule move.
        reference: the same optimizer at the constant rate 1.0. `None` takes it from the state where that keeps one
            `learning_rate`, as `jaxsched.inject` does; of others the direction is taken to be the same at each update,
            as Adam's is for gradients that do not change, and the scale of the rates stays open.

    Returns:
        An `Applied`, whose `verdict` says what happens.

    Raises:
        TypeError: `optimizer` or `reference` has no `init` and `update`, `schedule` is a controller or a stack, or
            `params` hold anything but floats, or are traced.
        ValueError: `steps` is out of its range or no whole number, `params` are not finite, or `reference` does not
            move.

    Examples:
        >>> import optax
        >>> lr = jaxsched.warmup_cosine(1e-3, 10, 100)
        >>> jaxsched.search.check_applied(optax.sgd(lr), np.ones(3), lr, steps=100).verdict
        'update k is made at schedule(k)'
        >>> eight_processes = optax.sgd(lambda k: lr(8 * k))
        >>> jaxsched.search.check_applied(eight_processes, np.ones(3), lr, steps=100).verdict
        'update k is made at schedule(8 k): the schedule is 8 times too fast'
    """
    with renamed({"x": "schedule"}):
        schedule = js.as_schedule(schedule)
    if is_stack(schedule):
        raise TypeError(f"`schedule` must be one: got {shown(schedule)}, a stack. `jaxsched.unstack` gives them.")
    steps = whole("steps", steps)
    if steps > MOST:
        raise ValueError(f"`steps` must be at most {MOST}: got {steps}. A hundred show how a schedule is read.")
    params = _in_float32(params)
    updates = list(_updates("optimizer", optimizer, params, steps))
    directions = None if reference is None else list(_updates("reference", reference, params, steps))
    if directions is not None and not _moves(directions):
        raise ValueError(
            "`reference` must move the parameters: its updates are 0, or not finite. Make it with the rate 1.0."
        )
    directions = directions or _of_own_state(optimizer, params, steps)
    known = directions is not None
    finite = np.array([bool(np.all(np.isfinite(u))) for u in updates])
    updates = [u if there else np.zeros_like(u) for u, there in zip(updates, finite, strict=True)]
    applied = _rates(updates, directions or _fixed(updates))
    values = np.asarray(schedule(np.arange(steps * FASTEST + FARTHEST)), np.float64)
    if not np.all(finite):
        words = f"update {np.argmin(finite)} is not finite: it holds a NaN or an infinity"
        return Applied(False, words, values[:steps], np.where(finite, applied, np.nan), np.inf)
    return _judged(values, applied, steps, known)


def _judged(values: np.ndarray, applied: np.ndarray, steps: int, known: bool) -> Applied:
    scheduled = values[:steps]
    found = [(_difference(*_beside(values, reading, applied, known)), reading.words) for reading in _readings(steps)]
    # The first is as it should be; a slow schedule is not told from one that is a step ahead within an `eps`.
    (error, words), (least, others) = found[0], min(found[1:])
    agrees = error < EXACT or (error < CLOSE and error < 4 * least)
    if not agrees:
        words = _otherwise(scheduled, applied, known) or (others if least < CLOSE else UNKNOWN[known])
    _, shown_as = _beside(values, Reading(np.arange(steps), ""), applied, known)
    return Applied(agrees, words, scheduled, shown_as, error)


UNKNOWN = {
    True: "the updates are not made at the rates of the schedule",
    False: "the updates do not look like the schedule: if the direction of the optimizer changes by itself, as with "
    "momentum, pass `reference`, the same optimizer at the rate 1.0",
}


def _otherwise(scheduled: np.ndarray, applied: np.ndarray, known: bool) -> str:
    """What is no way to read a schedule."""
    if not np.any(applied):
        return "no update is made"
    first = applied[0]
    if first and np.max(np.abs(applied - first)) < EXACT * abs(first):
        rate = f", {first:.3g}" if known else ""
        return f"every update is made at the same rate{rate}: the schedule is not read"
    scale = _scale(scheduled, applied)
    if known and _difference(scheduled, applied / scale) < CLOSE:
        return f"update k is made at {scale:.3g} schedule(k)"
    return ""


def _beside(values: np.ndarray, reading: "Reading", applied: np.ndarray, known: bool) -> tuple[np.ndarray, np.ndarray]:
    """The rates that a reading gives, and those that were applied in their scale."""
    rates = np.where(reading.steps < 0, 0.0, values[reading.steps])
    return rates, applied if known else applied / _scale(rates, applied)


def _readings(steps: int) -> Iterator[Reading]:
    """The ways in which a schedule is read, first as it should be."""
    k = np.arange(steps)
    yield Reading(k, "update k is made at schedule(k)")
    for n in range(1, FARTHEST + 1):
        yield Reading(k + n, f"update k is made at schedule(k + {n}): the schedule is {n} ahead")
        yield Reading(np.maximum(k - n, 0), f"update k is made at schedule(k - {n}): the schedule is {n} behind")
    for n in range(2, FASTEST + 1):
        each = f"an update is made at every {_ordinal(n)} call"
        made = k % n == n - 1
        yield Reading(k * n, f"update k is made at schedule({n} k): the schedule is {n} times too fast")
        yield Reading(k // n, f"update k is made at schedule(k // {n}): the schedule is {n} times too slow")
        if np.any(made):
            yield Reading(np.where(made, k // n, -1), f"{each}, and update k at schedule(k)")
            yield Reading(np.where(made, k, -1), f"{each}, and the schedule counts the calls")


def _ordinal(n: int) -> str:
    return f"{n}{'th' if n % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def _scale(rates: np.ndarray, applied: np.ndarray) -> float:
    """What the rates are to be multiplied by to become those applied: least squares."""
    square = float(rates @ rates)
    scale = float(rates @ applied) / square if square else 1.0
    return scale if scale > 0 else 1.0


def _difference(rates: np.ndarray, applied: np.ndarray) -> float:
    largest = float(np.max(np.abs(rates)))
    apart = float(np.max(np.abs(rates - applied)))
    if not np.isfinite(apart):
        return np.inf
    return apart / largest if largest else (0.0 if apart == 0 else np.inf)


def _in_float32(params: Any) -> Any:
    if isinstance(params, Iterator):
        raise TypeError(f"`params` must hold arrays of floats: got {shown(params)}, which is read but once.")
    leaves, structure = jax.tree.flatten(params)
    if any(map(is_traced, leaves)):
        raise TypeError("`params` must be known: got traced arrays. Call this outside of `jax.jit`.")
    arrays = list(map(array_of, leaves))
    if not arrays or not all(jnp.issubdtype(x.dtype, jnp.floating) for x in arrays):
        raise TypeError(f"`params` must hold arrays of floats alone: got {shown(params)}. Pass what is trained.")
    with np.errstate(over="ignore"):
        wide = [np.asarray(x, np.float32) for x in arrays]
    if not all(np.all(np.isfinite(x)) for x in wide):
        raise ValueError("`params` must be finite: got a NaN or an infinity. Pass parameters as they are at the start.")
    return jax.tree.unflatten(structure, map(jnp.asarray, wide))


def _updates(name: str, optimizer: Any, params: Any, steps: int, state: Any = None) -> Iterator[np.ndarray]:
    """The updates for gradients of ones, each as one vector in float64."""
    usable = all(callable(getattr(optimizer, each, None)) for each in ("init", "update"))
    if not usable or isinstance(optimizer, js.Controller):
        raise TypeError(f"`{name}` must be an optimizer, with `init` and `update`: got {shown(optimizer)}.")
    gradients = jax.tree.map(jnp.ones_like, params)

    @jax.jit
    def update(state: Any) -> Any:
        return optimizer.update(gradients, state, params)

    state = optimizer.init(params) if state is None else state
    for _ in range(steps):
        try:
            updates, state = update(state)
        except TypeError as error:
            raise TypeError(f"`{name}` must update by gradients, a state and parameters alone: {error}.") from error
        yield np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(updates)])


def _of_own_state(optimizer: Any, params: Any, steps: int) -> list[np.ndarray] | None:
    """The updates at the rate 1, of an optimizer whose state keeps one learning rate that can be set."""
    try:
        state = js.override(optimizer.init(params), learning_rate=1.0)
    except ValueError:
        return None
    directions = list(_updates("optimizer", optimizer, params, steps, state))
    return directions if _moves(directions) else None


def _moves(directions: list[np.ndarray]) -> bool:
    return any(map(np.any, directions)) and all(np.all(np.isfinite(d)) for d in directions)


def _fixed(updates: list[np.ndarray]) -> list[np.ndarray]:
    """The direction of the largest update, as that of each."""
    largest = max(updates, key=lambda u: float(u @ u))
    return [largest] * len(updates)


def _rates(updates: list[np.ndarray], directions: list[np.ndarray]) -> np.ndarray:
    squares = np.array([d @ d for d in directions])
    along = np.array([u @ d for u, d in zip(updates, directions, strict=True)])
    return np.divide(along, squares, out=np.zeros_like(along), where=squares != 0)
