"""The table of examples: every public schedule, combinator and recipe, with what it should return.

`ZOO` has short schedules, for laws that look at every step. `LONG` has the same with lengths at which float32 cannot
hold every step, for the laws about precision.
"""

import inspect
from collections.abc import Iterable
from typing import Any, get_args

import jax
import zoo_combined
import zoo_cyclic
import zoo_ramps
import zoo_recipes
import zoo_simple
import zoo_warmup
from zoo_entry import LAST as LAST
from zoo_entry import Entry as Entry

import jaxsched

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


def public_schedules() -> set[str]:
    """The public names that stand for schedules: concrete classes, `Schedule` itself, and functions that make one."""
    return {name for name, x in public().items() if not name.startswith("_") and _stands_for_schedules(x)}


def public() -> dict[str, Any]:
    """What is at the door, and the nodes."""
    return {**vars(jaxsched.nodes), **vars(jaxsched)}


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
    return any(inspect.isclass(each) and issubclass(each, jaxsched.Schedule) for each in (get_args(made) or (made,)))
