"""The table of examples: every public schedule, combinator and recipe, with what it should return.

`ZOO` has short schedules, for laws that look at every step. `LONG` has the same with lengths at which float32 cannot
hold every step, for the laws about precision.
"""

import inspect
from collections.abc import Iterable
from typing import Any, get_args, get_type_hints

import jax

import jaxsched
from support import zoo_combined, zoo_cyclic, zoo_ramps, zoo_recipes, zoo_simple, zoo_warmup
from support.short import covering, first_of_each, parametrize
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

FAMILY: dict[str, str] = {entry.name: family.__name__ for family in FAMILIES for entry in family(24)}
"""The family of each example, by name."""


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


def classes_of_float_lengths(schedule: jaxsched.Schedule) -> set[tuple[type, str]]:
    """The classes in it, with the fields, whose number of steps is a float."""
    fields = [(node, *field) for node in nodes(schedule) for field in get_type_hints(type(node)).items()]
    lengths = [
        (node, name) for node, name, kind in fields if isinstance(kind, type) and issubclass(kind, jaxsched.Count)
    ]
    return {(type(node), name) for node, name in lengths if isinstance(getattr(node, name), float)}


def _is_schedule(x) -> bool:
    return isinstance(x, jaxsched.Schedule)


def _stands_for_schedules(x) -> bool:
    if inspect.isclass(x):
        return issubclass(x, jaxsched.Schedule)
    made = inspect.signature(x).return_annotation if inspect.isfunction(x) else None
    return any(inspect.isclass(each) and issubclass(each, jaxsched.Schedule) for each in (get_args(made) or (made,)))


_OF_STRUCTURE: dict[Any, list[Entry]] = {}
for _entry in ZOO:
    _OF_STRUCTURE.setdefault(jax.tree.structure(_entry.make()), []).append(_entry)
GROUP: dict[str, str] = {entry.name: same[0].name for same in _OF_STRUCTURE.values() for entry in same}
"""Of each example the first one that has its structure, and with it its compiled programs."""

ONE_OF_EACH: list[Entry] = [same[0] for same in _OF_STRUCTURE.values()]
"""An example of each structure."""

ONE_OF_EACH_NAME: list[Entry] = covering(
    ZOO, lambda entry: {*entry.covers, FAMILY[entry.name], *classes_of_float_lengths(entry.make())}
)
"""Examples of every public name, and of lengths that are floats, which take a path of their own: what the short run has
of a law that is cheap once the schedule is compiled."""

COVERING: list[Entry] = covering(ZOO, lambda entry: {FAMILY[entry.name], *map(type, nodes(entry.make()))})
"""Examples with every class of node, and of every family: what it has of a law that compiles a program of its own."""

COVERING_STRUCTURES: list[Entry] = [e for e in ZOO if GROUP[e.name] in {GROUP[chosen.name] for chosen in COVERING}]
"""And all examples with their structures, which share their programs: what it has of a law that numbers may break, such
as a base of 1, whose logarithm is 0."""

ONE_OF_EACH_FAMILY: list[Entry] = first_of_each(ZOO, lambda entry: FAMILY[entry.name])
"""What it has of the largest programs."""


def each(short: Iterable[Entry] = ONE_OF_EACH_NAME) -> Any:
    """A law over the whole table, of which the short run has some examples."""
    return parametrize("entry", ZOO, short, lambda entry: GROUP[entry.name])
