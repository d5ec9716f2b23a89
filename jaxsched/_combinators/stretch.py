"""`stretch`: a schedule made longer or shorter by its lengths, so that its boundaries stay exact."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._combinators.clocks import Stretch
from jaxsched._combinators.join import StackedJoin
from jaxsched._combinators.warmup import Warmup
from jaxsched._core.fields import is_traced
from jaxsched._core.kinds import Count, Counts, Key, Levels, Positive, Reals, Times, checked
from jaxsched._core.node import inside, of_kind
from jaxsched._core.program import relaxed
from jaxsched._core.schedule import Exact, Schedule, ScheduleLike, as_schedule
from jaxsched._core.time import integer_max, is_integer, real_dtype, to_real
from jaxsched._curves.ramp import Open, Ramp


@checked
def stretch(schedule: ScheduleLike, factor: Positive, keep_warmup: bool = False) -> Schedule:
    r"""The schedule `factor` times as long: $v(t) = s(t / f)$.

    Lengths and boundaries are multiplied where that gives whole steps again. Where it does not, as for 3 steps and 1.5,
    the schedule gets a slower clock, and so does what has no lengths: a function, a table, the logarithm of a step.

    Args:
        schedule: a schedule, number or function of the step.
        factor: f, greater than 0.
        keep_warmup: whether warmups keep their length.

    Raises:
        ValueError: `factor` is not positive.

    Examples:
        >>> jaxsched.stretch(jaxsched.warmup(jaxsched.Cosine(1.0, 0.0, steps=90), 10), 2)
        Warmup(ramp=Linear(start=0.0, end=Open(), steps=20), schedule=Cosine(start=1.0, end=0.0, steps=180))
        >>> jaxsched.stretch(jaxsched.Linear(1.0, 0.0, steps=3), 1.5)
        Stretch(schedule=Linear(start=1.0, end=0.0, steps=3), factor=1.5)

    Reference:
        The scale schedule ratio of Composer, which keeps warmups unless told otherwise.
    """
    schedule = as_schedule(schedule)
    longer = _longer(schedule, factor, keep_warmup)
    return Stretch(schedule, factor) if longer is None else longer


def _longer(x: Any, factor: Any, keep_warmup: bool, must: bool = False) -> Any:
    """A schedule with its lengths multiplied, or a tuple of such; `None` where one inside cannot be written so."""
    if isinstance(x, tuple):
        many = tuple(_longer(each, factor, keep_warmup) for each in x)
        return None if None in many else many
    factor = _for_each(factor, _stack_shape(x))
    lengths = of_kind(x, Count)
    changed: dict[str, Any] = {name: _times(length, factor) for name, length in lengths.items()}
    # A slower clock would stretch the warmup inside, too: then a length may be a fraction.
    must = must or (keep_warmup and _holds_warmup(x))
    held = must or (all(map(_held, lengths.values(), changed.values())) and _is_free_of_scale(x))
    if not x._scales or not held:
        return _slower(x, factor)
    for field in dataclasses.fields(x):
        inner = getattr(x, field.name)
        if field.metadata.get("clock") or (keep_warmup and isinstance(x, Warmup) and inner is x.ramp):
            continue
        if _is_inside(inner) and field.name not in changed:
            changed[field.name] = _longer(inner, factor, keep_warmup, must and _is_open(inner))
            if changed[field.name] is None:
                return _slower(x, factor)
    return dataclasses.replace(x, **changed)


def _slower(x: Schedule, factor: Any) -> Schedule | None:
    return None if _is_open(x) else Stretch(x, factor)


def _is_inside(x: Any) -> bool:
    return isinstance(x, Schedule) or (isinstance(x, tuple) and all(isinstance(each, Schedule) for each in x))


def _is_open(x: Any) -> bool:
    return isinstance(x, Ramp) and (isinstance(x.start, Open) or isinstance(x.end, Open))


def _holds_warmup(x: Schedule) -> bool:
    is_warmup = lambda each: isinstance(each, Warmup)  # noqa: E731
    return any(map(is_warmup, jax.tree.leaves(x, is_leaf=is_warmup)))


def _is_free_of_scale(x: Schedule) -> bool:
    """Whether a ramp is no more than its weights of a fraction: some, such as a logarithm, ask for their length."""
    if isinstance(x, StackedJoin):
        return all(map(_stack_shape, x.kinds))  # stacked functions do not tell how many factors they need
    if not isinstance(x, Ramp):
        return True
    unknown = dict.fromkeys(of_kind(x, Count), object())  # no formula can do anything with it
    fraction = jax.ShapeDtypeStruct((), real_dtype())
    try:
        with relaxed():
            probe = inside(jax.tree.map(jnp.asarray, x), **unknown)
            jax.eval_shape(lambda done: probe.weights(done, 1 - done), fraction)
    except Exception:  # whatever a user's formula says to it
        return False
    return type(x).at is Ramp.at


def _stack_shape(x: Any) -> tuple[int, ...]:
    """How many schedules this one is: () for one, (5,) for a stack. A user's array may be anything."""
    if isinstance(x, StackedJoin):
        return np.shape(x.boundaries)[:-1]
    if not isinstance(x, Exact):
        return ()
    tables, keys = {name for kind in (Counts, Levels, Reals, Times) for name in of_kind(x, kind)}, of_kind(x, Key)
    for name, value in x.__getstate__().items():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Schedule):
                shape = _stack_shape(each)
            else:
                shape = () if name in keys else np.shape(each)[: -1 if name in tables else None]
            if shape:
                return shape
    return ()


def _for_each(factor: Any, shape: tuple[int, ...]) -> Any:
    """A factor for each of a stack."""
    missing = len(shape) - np.ndim(factor)
    if missing <= 0:
        return factor
    wide = jnp.broadcast_to if is_traced(factor) else np.broadcast_to
    return wide(np.reshape(factor, np.shape(factor) + (1,) * missing), shape)


def _times(x: Any, factor: Any) -> Any:
    """A length times the factor: whole if it was and is, within rounding, and there are so many steps."""
    if isinstance(x, tuple):
        return tuple(_times(each, factor) for each in x)
    if 0 < np.ndim(factor) < np.ndim(x):
        factor = factor[(..., *[None] * (np.ndim(x) - np.ndim(factor)))]
    if is_traced(x) or is_traced(factor):
        return to_real(x) * to_real(factor)
    product = x * factor
    if not is_integer(x):
        return product
    whole = np.round(product)
    if np.any(np.abs(product - whole) > 1e-12 * np.maximum(whole, 1)) or np.any(whole > integer_max()):
        return product
    return int(whole) if np.ndim(whole) == 0 else np.asarray(whole).astype(np.int64)


def _held(length: Any, product: Any) -> bool:
    """Whether a number says the product as it said the length: exactly, also as a program's float."""
    if isinstance(length, tuple):
        return all(map(_held, length, product))
    if is_integer(length) or is_traced(product):
        return is_integer(length) == is_integer(product)
    with np.errstate(over="ignore"):
        rounded = np.asarray(product, real_dtype())
    return bool(np.all(np.abs(rounded - np.asarray(product)) <= 1e-12 * rounded) and np.all(np.isfinite(rounded)))
