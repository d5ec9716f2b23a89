"""T5X's schedules as strings of factors, `"constant * linear_warmup * rsqrt_decay"`, and Scenic's compound ones.

Read from T5X at cc342d4 (`t5x/utils.py`) and Scenic of 2024 (`scenic/train_lib/lr_schedules.py`). What differs:

- Without warmup, `warmup_steps=0`, `linear_warmup` is 1 and the root counts from step 1; T5X divides by 0.
- `linear_decay` and `linear_cooldown` stay at their end; T5X and Scenic fall below it.
- A cycle of Scenic's `cosine_decay` with `t_mul` begins at its exact step, not at that of a rounded logarithm.
"""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import jax.numpy as jnp

import jaxsched as js
from jaxsched.compat._foreign import did_you_mean, equal, foreign, ranged
from jaxsched.kinds import AtLeastOne, Count, Counts, Factor, Level, Levels, Positive, is_traced, shown
from jaxsched.numerics import largest

if TYPE_CHECKING:
    Length: TypeAlias = js.Numeric
else:
    Length = ranged("Length", "Leave out the factor for none, or pass the number of steps.", above=0)


@foreign
def factors(
    factors: str = "constant * linear_warmup * rsqrt_decay",
    base_learning_rate: js.Numeric = 0.5,
    warmup_steps: js.Numeric = 1000,
    decay_factor: js.Numeric = 0.5,
    steps_per_decay: js.Numeric = 20000,
    steps_per_cycle: js.Numeric = 100000,
    step_offset: js.Numeric = 0,
    min_learning_rate: Level = 1e-8,
    **configuration: Any,
) -> js.Schedule:
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
    settings = {"base_learning_rate": base_learning_rate, "warmup_steps": warmup_steps, "decay_factor": decay_factor}
    settings |= {"steps_per_decay": steps_per_decay, "steps_per_cycle": steps_per_cycle}
    product = js.clip(_product(factors, T5X, configuration, settings | configuration), min_learning_rate)
    if not is_traced(step_offset) and step_offset < 0:
        return js.advance(product, -step_offset)
    return _from(step_offset, product)


def compound(factors: str, **configuration: Any) -> js.Schedule:
    r"""Scenic's `compound_lr_scheduler`, whose entries of `lr_configs` are the arguments: `compound(**lr_configs)`.

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
    return _product(factors, SCENIC, configuration, configuration)


Factors: TypeAlias = Mapping[str, Callable[..., js.Schedule]]


def _product(text: str, known: Factors, configuration: Mapping[str, Any], settings: Mapping[str, Any]) -> js.Schedule:
    if not isinstance(text, str):
        raise TypeError(f"`factors` must be text, names with `*` between them: got {shown(text)}.")
    entries = {name for factor in known.values() for name in inspect.signature(factor).parameters} - {"product"}
    for name in configuration.keys() - entries:
        raise TypeError(f"No factor has an entry {shown(name)}. {_hint(name, entries)}")
    product = None
    for name in map(str.strip, text.split("*")):
        if name not in known:
            raise ValueError(f"Unknown factor {shown(name)} in `factors`. {_hint(name, known)}")
        wanted, arguments = inspect.signature(known[name]).parameters, _arguments(name, known[name], settings)
        if "product" in wanted:
            product = known[name](js.Constant(1.0) if product is None else product, **arguments)
        else:
            product = known[name](**arguments) if product is None else product * known[name](**arguments)
    return js.as_schedule(product)  # there is at least one name


def _arguments(name: str, factor: Callable[..., js.Schedule], settings: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {entry: each for entry, each in inspect.signature(factor).parameters.items() if entry != "product"}
    given = {entry: settings[entry] for entry in wanted if settings.get(entry) is not None}
    for entry, parameter in wanted.items():
        if parameter.default is parameter.empty and entry not in given:
            raise ValueError(f"`{entry}` must be given for the factor {shown(name)}.")
    return given


def _hint(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, known) or f"Known are {', '.join(sorted(known))}."


def _from(steps: Any, schedule: js.Schedule) -> js.Schedule:
    return schedule if equal(steps, 0) else js.delay(schedule, steps)


# The factors: their arguments are entries of the configuration, but for `product`, which is what stands before them.


def constant(base_learning_rate: Level) -> js.Schedule:
    return js.Constant(base_learning_rate)


def linear_warmup(warmup_steps: Count, warmup_alpha: Level = 0.0) -> js.Schedule:
    return js.Linear(warmup_alpha, 1.0, steps=warmup_steps)


def rsqrt_decay(warmup_steps: Count) -> js.Schedule:
    steps = _at_least_one(warmup_steps)
    return _from(steps, js.InverseSqrt(steps**-0.5, steps))


def rsqrt_normalized_decay(warmup_steps: Count) -> js.Schedule:
    steps = _at_least_one(warmup_steps)
    return rsqrt_decay_of_scenic(steps, steps)


def _at_least_one(steps: Any) -> Any:
    """One step where there are none: the root of nothing is no divisor."""
    return jnp.where(steps == 0, 1, steps) if is_traced(steps) else steps or 1


def linear_decay(base_learning_rate: Level, warmup_steps: Count, decay_factor: Factor) -> js.Schedule:
    if is_traced(decay_factor):
        fall = js.Linear(1.0, 0.0, steps=1 / decay_factor)
    elif not decay_factor:
        fall = js.Constant(1.0)
    else:  # what remains after whole steps is small: not a difference of rounded numbers
        end = 1 / decay_factor
        whole = math.floor(end)
        fall = js.Interpolated([0, whole, max(end, whole)], [1.0, max(1 - decay_factor * whole, 0.0), 0.0])
    return js.Constant(base_learning_rate) * js.warmup(fall, warmup_steps)


def decay_every(decay_factor: Factor, steps_per_decay: Length) -> js.Schedule:
    return js.step_decay(1.0, decay_factor, steps_per_decay)


def cosine_decay(warmup_steps: Count, steps_per_cycle: Length) -> js.Schedule:
    return _from(warmup_steps, js.sgdr(1.0, steps_per_cycle))


def polynomial(decay_steps: Length, end_factor: Level, power: Positive) -> js.Schedule:
    return js.Polynomial(1.0, end_factor, steps=decay_steps, power=power)


def piecewise_constant(decay_events: Counts, decay_factors: Levels) -> js.Schedule:
    _check_lengths(decay_events, decay_factors)
    return js.piecewise_constant(decay_events + 1, [1.0, *decay_factors])  # a factor holds after its step, not at it


def piecewise_linear(decay_events: Counts, decay_factors: Levels) -> js.Schedule:
    _check_lengths(decay_events, decay_factors)
    return js.Interpolated([0, *decay_events], [1.0, *decay_factors])


def _check_lengths(events: Any, factors: Any) -> None:
    if len(events) != len(factors):
        raise ValueError(f"`decay_factors` must be as many as `decay_events`: got {len(factors)} and {len(events)}.")


def exponential_decay(decay_steps: Length, decay_rate: Factor, staircase: bool = False) -> js.Schedule:
    return js.exponential_decay(1.0, decay_rate, decay_steps, staircase)


def linear_cooldown(total_steps: Count, cooldown_steps: Length, warmup_steps: Count = 0) -> js.Schedule:
    begin = largest(total_steps - cooldown_steps, warmup_steps)  # while the warmup lasts it waits, even if it is due
    late = begin - (total_steps - cooldown_steps)
    fall = js.Linear(1.0, 0.0, steps=cooldown_steps)
    return _from(begin, fall if equal(late, 0) else js.advance(fall, late))


def rsqrt_decay_of_scenic(warmup_steps: Count = 0, timescale: Length = 10_000) -> js.Schedule:
    return _from(warmup_steps, js.InverseSqrt(1.0, timescale))


def linear_decay_of_scenic(
    product: js.Schedule, total_steps: Count, warmup_steps: Count = 0, end_learning_rate: Level = 0.0
) -> js.Schedule:
    if not (is_traced(total_steps) or is_traced(warmup_steps)) and total_steps <= warmup_steps:
        given = f"{total_steps!r} and {warmup_steps!r}"
        raise ValueError(f"`total_steps` must be more than `warmup_steps`: got {given}.")
    fall = _from(warmup_steps, js.Linear(1.0, 0.0, steps=total_steps - warmup_steps))
    if equal(end_learning_rate, 0):
        return product * fall
    return (product - end_learning_rate) * fall + end_learning_rate


def cosine_decay_of_scenic(
    steps_per_cycle: Length,
    warmup_steps: Count = 0,
    start_decay_step: Count = 0,
    total_steps: Length | None = None,
    t_mul: AtLeastOne = 1,
    m_mul: Factor = 1.0,
    alpha: Level = 0.0,
) -> js.Schedule:
    cycles = 1.0 if total_steps is None else total_steps / steps_per_cycle
    part = warmup_steps / cycles
    steps = steps_per_cycle - (jnp.floor(part) if is_traced(part) else int(part))
    if not is_traced(steps) and steps <= 0:
        return js.Constant(1.0)
    waves = js.sgdr(1 - alpha, steps, growth=t_mul, decay=m_mul)
    return _from(warmup_steps + start_decay_step, waves if equal(alpha, 0) else waves + alpha)


SHARED = [constant, linear_warmup, decay_every, polynomial, piecewise_constant, piecewise_linear, exponential_decay]
OF_T5X = [linear_decay, rsqrt_decay, rsqrt_normalized_decay, cosine_decay]

T5X: Factors = {each.__name__: foreign(each) for each in [*SHARED, linear_cooldown, *OF_T5X]}
SCENIC: Factors = {each.__name__: foreign(each) for each in [*SHARED, linear_cooldown]} | {
    "rsqrt_decay": foreign(rsqrt_decay_of_scenic),
    "linear_decay": foreign(linear_decay_of_scenic),
    "cosine_decay": foreign(cosine_decay_of_scenic),
}
