"""The table of examples: every public schedule, combinator and recipe, with what it should return.

`ZOO` has short schedules, for laws that look at every step. `LONG` has the same with lengths at which float32 cannot
hold every step, for the laws about precision.
"""

import inspect
from collections.abc import Iterable

import jax

import jaxsched
from support import zoo_combined, zoo_cyclic, zoo_ramps, zoo_recipes, zoo_simple, zoo_warmup
from support.zoo_entry import LAST as LAST
from support.zoo_entry import Entry as Entry

FAMILIES = (
    zoo_ramps.ramps,
    zoo_simple.decays,
    zoo_simple.tables,
    zoo_simple.algebra,
    zoo_warmup.warmups,
    zoo_warmup.cooldowns,
    zoo_combined.joins,
    zoo_combined.cycles,
    zoo_combined.clocks,
    zoo_recipes.falling,
    zoo_recipes.warmed,
    zoo_cyclic.rising_and_falling,
)

LENGTHS = (10_000, 1_000_003, 1_500_000_000)


def examples(length: int) -> list[Entry]:
    """Every example at one length; compositions divide the length among their pieces."""
    return [entry for family in FAMILIES for entry in family(length)]


ZOO: list[Entry] = examples(24)

LONG: dict[int, list[Entry]] = {length: examples(length) for length in LENGTHS}


NO_REFERENCE = {
    "NoisyLinearCosine": "noise",
    "noisy_linear_cosine_decay": "noise",
    "jitter": "noise",
    "jitter-scheduled": "noise",
    "jitter-uniform": "noise",
}
"""Examples that no reference can tell the values of, and why; `test_noise.py` has laws for them."""


def public_schedules() -> set[str]:
    """The public names that stand for schedules: concrete classes, `Schedule` itself, and functions that make one."""
    return {name for name, x in vars(jaxsched).items() if not name.startswith("_") and _stands_for_schedules(x)}


def missing(entries: Iterable[Entry], names: Iterable[str]) -> set[str]:
    """The names that no entry is an example of."""
    return set(names) - {name for entry in entries for name in entry.covers}


def nodes(schedule: jaxsched.Schedule) -> list[jaxsched.Schedule]:
    """The schedule and every schedule inside it."""
    children = jax.tree.leaves(list(schedule.__getstate__().values()), is_leaf=_is_schedule)
    return [schedule, *(node for child in children if _is_schedule(child) for node in nodes(child))]


def _is_schedule(x) -> bool:
    return isinstance(x, jaxsched.Schedule)


def _stands_for_schedules(x) -> bool:
    if inspect.isclass(x):
        return issubclass(x, jaxsched.Schedule)
    made = inspect.signature(x).return_annotation if inspect.isfunction(x) else None
    return inspect.isclass(made) and issubclass(made, jaxsched.Schedule)
