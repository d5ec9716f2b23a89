"""What is to be run and what of it is done: each run by its id, program by program, chunk by chunk."""

import pathlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxsched.search._groups import Group, chunks, grouped, tables
from jaxsched.search._programs import Program, Programs
from jaxsched.search._results import Sweep, failed_in


class Run(NamedTuple):
    """One training: a member of a group, by its program, with one of the seeds."""

    program: Program
    group: Group
    member: int
    seed: int


class Plan(NamedTuple):
    """What is to be run: each run by its id, and the ids in the order of the results, candidate by candidate."""

    schedules: list[Any]
    seeds: tuple[int, ...] | None
    parts: list[tuple[Program, Group]]
    runs: dict[str, Run]
    order: list[str]
    folder: pathlib.Path | None


def planned(programs: Programs, many: list[Any], seeds: tuple[int, ...] | None, total: Any) -> Plan:
    groups = grouped(many if total is None else tables(many, total))
    parts = [*zip(programs.of(groups), groups, strict=True)]
    places = {i: (program, group, member) for program, group in parts for member, i in enumerate(group.members)}
    runs: dict[str, Run] = {}
    order = []
    for i in range(len(many)):
        for seed in range(1 if seeds is None else len(seeds)):
            run = Run(*places[i], seed)
            order.append(run.program.id_of(run.group, run.member, seed))
            runs.setdefault(order[-1], run)
    return Plan(many, seeds, parts, runs, order, None)


class Done:
    """The arrays of finished runs, by their ids."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._arrays: dict[str, list[np.ndarray]] = {}

    def __len__(self) -> int:
        return len(self._arrays)

    def add(self, ids: list[str], arrays: list[np.ndarray]) -> None:
        for i, each in enumerate(ids):
            self._arrays[each] = [x[i] for x in arrays]

    def lacks(self, each: str, program: Program) -> bool:
        return each not in self._arrays and self._plan.runs[each].program is program

    def sweep(self) -> Sweep:
        plan = self._plan
        lead = (len(plan.schedules),) if plan.seeds is None else (len(plan.schedules), len(plan.seeds))
        columns = zip(*(self._arrays[each] for each in plan.order), strict=True)
        arrays = [np.stack(column).reshape(*lead, *column[0].shape) for column in columns]
        values = jax.tree.unflatten(plan.parts[0][0].structure, arrays)
        programs = sum(each.was_compiled for each, _ in plan.parts)
        return Sweep(tuple(plan.schedules), plan.seeds, values, failed_in(arrays, lead), programs)


def trained(programs: Programs, many: list[Any], seeds: tuple[int, ...] | None, total: Any) -> Sweep:
    """A sweep of some more schedules by the programs of a search."""
    plan = planned(programs, many, seeds, total)
    done = Done(plan)
    for _ in run_each(plan, done):
        pass
    return done.sweep()


def run_each(plan: Plan, done: Done) -> Iterator[tuple[Program, list[str], list[np.ndarray]]]:
    """Run what is not done yet, chunk by chunk; of each the ids and the arrays."""
    for program, group in plan.parts:
        for ids in chunks([each for each in plan.runs if done.lacks(each, program)], program.size):
            runs = [plan.runs[each] for each in ids]
            arrays = program.run(group, [run.member for run in runs], [run.seed for run in runs])
            new = list(dict.fromkeys(ids))  # those that fill up stand at the end
            arrays = [x[: len(new)] for x in arrays]
            done.add(new, arrays)
            yield program, new, arrays
