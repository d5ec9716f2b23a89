"""T5X's schedules as strings of factors, `"constant * linear_warmup * rsqrt_decay"`, and Scenic's compound ones.

Read from T5X at cc342d4 (`t5x/utils.py`) and Scenic of 2024 (`scenic/train_lib/lr_schedules.py`). What differs:

- No warmup, `warmup_steps=0`, is 0 / 0 or 1 / 0 there: here `linear_warmup` is 1 and the root counts from step 1.
- `linear_decay` and `linear_cooldown` stay at their end instead of falling below it.
- A cycle of Scenic's `cosine_decay` with `t_mul` begins at its exact step, not at that of a rounded logarithm.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

import jaxsched as js
from jaxsched import Numeric, Schedule
from jaxsched.compat._arguments import check_positive, did_you_mean

LENGTHS = {
    "steps_per_decay": "Leave out the factor 'decay_every' for no decay.",
    "steps_per_cycle": "Leave out the factor 'cosine_decay' for no decay.",
    "decay_steps": "Leave out the factor for no decay.",
    "timescale": "The rate is 1 / sqrt(2) after so many steps.",
    "cooldown_steps": "Leave out the factor 'linear_cooldown' for none.",
}
"""What must be greater than 0, and what to do about it."""

Factor = Callable[..., Any]
"""What becomes of the product so far; its other arguments are looked up among the configuration."""


def factors(
    factors: str = "constant * linear_warmup * rsqrt_decay",
    base_learning_rate: Numeric = 0.5,
    warmup_steps: Numeric = 1000,
    decay_factor: Numeric = 0.5,
    steps_per_decay: Numeric = 20000,
    steps_per_cycle: Numeric = 100000,
    step_offset: Numeric = 0,
    min_learning_rate: Numeric = 1e-8,
    **configuration: Any,
) -> Schedule:
    r"""T5X's `create_learning_rate_scheduler`: the product of named factors, and at least `min_learning_rate`.

    With u steps since `step_offset` and w warmup steps:

    - `constant`: `base_learning_rate`
    - `linear_warmup`: $\min(1, u / w)$
    - `linear_decay`: `base_learning_rate` times $\min(u / w, 1 - f (u - w))$ for f = `decay_factor`, at least 0
    - `rsqrt_decay`: $1 / \sqrt{\max(u, w)}$, and `rsqrt_normalized_decay`: that times $\sqrt w$
    - `decay_every`: `decay_factor` to the power $\lfloor u / n \rfloor$ for n = `steps_per_decay`
    - `cosine_decay`: half a cosine from 1 towards 0, again every `steps_per_cycle` steps after the warmup

    Those of Scenic that T5X does not have are known too; `compound` says which, and what is in their `configuration`.

    Raises:
        ValueError: an unknown factor, a number out of its range, or a missing entry of the configuration.
        TypeError: `factors` is not text, or an entry that no factor has.

    Examples:
        >>> from jaxsched import compat
        >>> lr = compat.factors("constant * linear_warmup * rsqrt_decay", base_learning_rate=1.0, warmup_steps=4)
        >>> [round(float(lr(t)), 4) for t in (0, 2, 4, 16)]
        [0.0, 0.25, 0.5, 0.25]
    """
    settings = {
        "base_learning_rate": base_learning_rate,
        "warmup_steps": warmup_steps,
        "decay_factor": decay_factor,
        "steps_per_decay": steps_per_decay,
        "steps_per_cycle": steps_per_cycle,
    }
    product = _product(factors, T5X, settings | configuration, others=configuration)
    whole = js.clip(product, min_learning_rate)
    if _is_number(step_offset) and step_offset < 0:
        return js.advance(whole, -step_offset)
    return _delay(whole, step_offset)


def compound(factors: str, **configuration: Any) -> Schedule:
    r"""Scenic's `compound_lr_scheduler`, whose entries of `lr_configs` are arguments here: `compound(**lr_configs)`.

    With w = `warmup_steps`, 0 unless given, each line says which entries its factor takes:

    - `constant`: `base_learning_rate`
    - `linear_warmup`: from `warmup_alpha` (0) to 1 in w steps
    - `rsqrt_decay`: $\sqrt{n / (n + t - w)}$ after the warmup, n = `timescale` (10,000)
    - `decay_every`: `decay_factor` every `steps_per_decay` steps
    - `exponential_decay`: `decay_rate` in `decay_steps` steps, held in between if `staircase`
    - `polynomial`: from 1 to `end_factor` in `decay_steps` steps, by a `power` of what remains
    - `piecewise_constant`: `decay_factors` after the steps `decay_events`, 1 before; `piecewise_linear`: lines to them
    - `cosine_decay`: cycles of `steps_per_cycle` that begin at w + `start_decay_step` (0) and are shorter by their part
      of the warmup in `total_steps` (one cycle); `t_mul` (1), `m_mul` (1) and `alpha` (0) as in TensorFlow
    - `linear_decay`: what is before it falls to `end_learning_rate` (0) from step w to step `total_steps`
    - `linear_cooldown`: to 0 in the last `cooldown_steps` of `total_steps`

    Raises:
        ValueError: an unknown factor, a number out of its range, or a missing entry.
        TypeError: `factors` is not text, or an entry that no factor has.

    Examples:
        >>> from jaxsched import compat
        >>> lr = compat.compound("constant * linear_decay", base_learning_rate=1.0, total_steps=4)
        >>> [round(float(lr(t)), 4) for t in (0, 1, 4)]
        [1.0, 0.75, 0.0]
    """
    configuration.pop("learning_rate_schedule", None)
    return _product(factors, SCENIC, configuration, others=configuration)


def _product(
    text: str, known: Mapping[str, Factor], settings: Mapping[str, Any], others: Mapping[str, Any]
) -> Schedule:
    if not isinstance(text, str):
        raise TypeError(f"`factors` must be text, names with `*` between them: got {text!r}.")
    entries = {name for factor in known.values() for name in inspect.signature(factor).parameters}
    for name in others:
        if name not in entries - {"ratio"}:
            raise TypeError(f"No factor has an entry {name!r}.{_hint(name, entries - {'ratio'})}")
    ratio = None
    for name in (part.strip() for part in text.split("*")):
        if name not in known:
            raise ValueError(f"Unknown factor {name!r} in `factors`.{_hint(name, known)}")
        ratio = known[name](ratio, **_arguments(name, known[name], settings))
    return js.as_schedule(ratio)  # there is at least one name


def _arguments(factor: str, fn: Factor, settings: Mapping[str, Any]) -> dict[str, Any]:
    _, *parameters = inspect.signature(fn).parameters.values()
    for parameter in parameters:
        if parameter.default is parameter.empty and settings.get(parameter.name) is None:
            raise ValueError(f"`{parameter.name}` must be given for the factor {factor!r}.")
    given = {p.name: settings[p.name] for p in parameters if settings.get(p.name) is not None}
    for name in given.keys() & LENGTHS.keys():
        check_positive(name, given[name], LENGTHS[name])
    for name in given.keys() & {"warmup_steps", "start_decay_step"}:
        if _is_number(given[name]) and given[name] < 0:
            raise ValueError(f"`{name}` must not be negative: got {given[name]!r}.")
    return given


def _hint(name: str, known: Any) -> str:
    return " " + (did_you_mean(name, known) or f"Known are {', '.join(sorted(known))}.")


def _is_number(x: Any) -> bool:
    """Whether it is a number that Python may branch on."""
    return not isinstance(x, jax.Array)


def _times(ratio: Schedule | None, factor: Schedule) -> Schedule:
    return factor if ratio is None else ratio * factor


def _delay(schedule: Schedule, steps: Any) -> Schedule:
    return schedule if _is_number(steps) and steps == 0 else js.delay(schedule, steps)


def _constant(ratio, base_learning_rate):
    return _times(ratio, js.as_schedule(base_learning_rate))


def _linear_warmup(ratio, warmup_steps, warmup_alpha=0.0):
    return _times(ratio, js.Linear(warmup_alpha, 1.0, steps=warmup_steps))


def _from_one(warmup_steps: Any) -> Any:
    """At least one step where there are none: the root of nothing is no divisor."""
    if _is_number(warmup_steps):
        return warmup_steps if warmup_steps != 0 else 1
    return jnp.where(warmup_steps == 0, 1, warmup_steps)


def _rsqrt_decay(ratio, warmup_steps):
    steps = _from_one(warmup_steps)
    return _times(ratio, _delay(js.InverseSqrt(steps**-0.5, steps), steps))


def _rsqrt_normalized_decay(ratio, warmup_steps):
    steps = _from_one(warmup_steps)
    return _times(ratio, _delay(js.InverseSqrt(1.0, steps), steps))


def _linear_decay(ratio, base_learning_rate, warmup_steps, decay_factor):
    return _times(ratio, js.as_schedule(base_learning_rate) * js.warmup(_to_zero(decay_factor), warmup_steps))


def _to_zero(slope: Any) -> Schedule:
    """From 1 down by `slope` a step, to 0."""
    if not _is_number(slope):
        return js.Linear(1.0, 0.0, steps=1 / slope)
    if slope < 0:
        raise ValueError(f"`decay_factor` must not be negative for the factor 'linear_decay': got {slope!r}.")
    if not slope:
        return js.Constant(1.0)
    whole = math.floor(1 / slope)  # what remains after whole steps is small: not a difference of rounded numbers
    return js.Interpolated(values=[1.0, max(1 - slope * whole, 0.0), 0.0], boundaries=[0, whole, max(1 / slope, whole)])


def _decay_every(ratio, decay_factor, steps_per_decay):
    return _times(ratio, js.step_decay(1.0, decay_factor, steps_per_decay))


def _cosine_decay(ratio, warmup_steps, steps_per_cycle):
    return _times(ratio, _delay(js.sgdr(1.0, steps_per_cycle), warmup_steps))


def _polynomial(ratio, decay_steps, end_factor, power):
    return _times(ratio, js.Polynomial(1.0, end_factor, steps=decay_steps, power=power))


def _piecewise_constant(ratio, decay_events, decay_factors):
    # A factor holds after its step, not at it.
    return _times(ratio, js.piecewise_constant([event + 1 for event in decay_events], [1.0, *decay_factors]))


def _piecewise_linear(ratio, decay_events, decay_factors):
    return _times(ratio, js.Interpolated(values=[1.0, *decay_factors], boundaries=[0, *decay_events]))


def _exponential_decay(ratio, decay_steps, decay_rate, staircase=False):
    return _times(ratio, js.exponential_decay(1.0, decay_rate, decay_steps, staircase=staircase))


def _linear_cooldown(ratio, total_steps, cooldown_steps, warmup_steps=0):
    # As long as the warmup lasts the cooldown waits, even if it is due.
    numbers = (total_steps, cooldown_steps, warmup_steps)
    concrete = all(map(_is_number, numbers))
    least, most = (min, max) if concrete else (jnp.minimum, jnp.maximum)
    steps = least(most(total_steps - warmup_steps, 0), cooldown_steps)
    start = steps / most(cooldown_steps, 1)
    return _times(ratio, _delay(js.Linear(start, 0.0, steps=steps), total_steps - steps))


def _rsqrt_decay_by_timescale(ratio, warmup_steps=0, timescale=10_000):
    return _times(ratio, _delay(js.InverseSqrt(1.0, timescale), warmup_steps))


def _linear_decay_of_all(ratio, total_steps, warmup_steps=0, end_learning_rate=0.0):
    numbers = _is_number(total_steps) and _is_number(warmup_steps)
    if numbers and not total_steps > warmup_steps:
        raise ValueError(f"`total_steps` must be more than `warmup_steps`: got {total_steps!r} and {warmup_steps!r}.")
    fall = _delay(js.Linear(1.0, 0.0, steps=total_steps - warmup_steps), warmup_steps)
    ratio = js.Constant(1.0) if ratio is None else ratio
    if _is_number(end_learning_rate) and not end_learning_rate:
        return ratio * fall
    return (ratio - js.as_schedule(end_learning_rate)) * fall + js.as_schedule(end_learning_rate)


def _cosine_decay_of_cycles(
    ratio, steps_per_cycle, warmup_steps=0, start_decay_step=0, total_steps=None, t_mul=1, m_mul=1.0, alpha=0.0
):
    parts = (total_steps if total_steps is not None else steps_per_cycle) / steps_per_cycle
    part = warmup_steps / parts
    steps = steps_per_cycle - (int(part) if _is_number(part) else jnp.floor(part))
    if _is_number(steps) and steps <= 0:
        return ratio
    waves = js.sgdr(1 - alpha, steps, growth=t_mul, decay=m_mul)
    if not _is_number(alpha) or alpha:
        waves = waves + alpha
    return _times(ratio, _delay(waves, warmup_steps + start_decay_step))


T5X: dict[str, Factor] = {
    "constant": _constant,
    "linear_warmup": _linear_warmup,
    "linear_decay": _linear_decay,
    "rsqrt_decay": _rsqrt_decay,
    "rsqrt_normalized_decay": _rsqrt_normalized_decay,
    "decay_every": _decay_every,
    "cosine_decay": _cosine_decay,
    "polynomial": _polynomial,
    "piecewise_constant": _piecewise_constant,
    "piecewise_linear": _piecewise_linear,
    "exponential_decay": _exponential_decay,
    "linear_cooldown": _linear_cooldown,
}

SCENIC: dict[str, Factor] = {
    **{name: factor for name, factor in T5X.items() if name != "rsqrt_normalized_decay"},
    "rsqrt_decay": _rsqrt_decay_by_timescale,
    "linear_decay": _linear_decay_of_all,
    "cosine_decay": _cosine_decay_of_cycles,
}
