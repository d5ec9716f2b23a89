"""Sweep: one training for each of many schedules, on any number of devices and hosts, kept as they finish."""

import pathlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxsched.kinds import checker
from jaxsched.search import _hosts
from jaxsched.search._checks import check_function, whole
from jaxsched.search._groups import (
    Train,
    candidates,
    chunks,
    grouped,
    seeds_of,
    tables,
    words_of,
)
from jaxsched.search._kept import Kept, folder_of
from jaxsched.search._programs import Program, check_alike
from jaxsched.search._results import Sweep, failed_in

FLAG = checker(bool)


class Run(NamedTuple):
    """One training: a member of a program's group with one of the seeds."""

    program: Program
    member: int
    seed: int


class Plan(NamedTuple):
    """What is to be run: each run by its id, and the ids in the order of the results, candidate by candidate."""

    schedules: list[Any]
    seeds: tuple[int, ...] | None
    programs: list[Program]
    runs: dict[str, Run]
    order: list[str]
    folder: pathlib.Path | None


def sweep(
    train: Train,
    schedules: Sequence[Any],
    *,
    seeds: Sequence[int] | None = None,
    batch: int | None = None,
    mesh: jax.sharding.Mesh | None = None,
    total: int | None = None,
    out: Any = None,
    progress: bool = True,
) -> Sweep:
    r"""Train once with each of many schedules: one compiled program for all that have the same structure.

    With `batch` given, the results are equal to the bit whatever the order, the number of devices and processes, and
    however often the sweep was killed and continued: each program has that width, since XLA rounds otherwise at
    another one. Without it all run at once, and results agree to about 1e-6 where training is tame.

    Args:
        train: a pure function `(schedule) -> results`, or `(schedule, key) -> results` with `seeds`, that JAX can
            trace; the results are a PyTree of arrays, such as `{"loss": loss}`. Data and the like it closes over.
        schedules: schedules, numbers, functions of the step and controllers, of any kinds and in any order.
        seeds: whole numbers from 0 to $2^{31} - 1$, all different: each schedule is trained with the key
            `jax.random.key(seed, impl="threefry2x32")` of each; keys of "rbg" would mix what is trained side by side.
        batch: how many runs a program makes at once on each device, at least 1; the last one is filled up.
        mesh: devices to share the runs, of this process or of all; by default JAX's default device. In several
            processes, call `sweep` with equal arguments in each: all return all results.
        total: the length of the run in steps: all schedules become tables of their values, and one program trains them.
            For a `train` that reads its schedule at whole steps up to `total` alone, and none of its numbers.
        out: a folder, made if it is not there, that keeps every finished run. The same call goes on where it was
            killed; more schedules or seeds reuse what is there; another `train` or other data are refused. It needs
            `batch`.
        progress: whether a bar is shown, where tqdm is installed and the terminal is one.

    Returns:
        a `Sweep`: the results, which runs `failed`, and the methods `best`, `table`, `to_pandas` and `plot`.

    Raises:
        ValueError: a number out of its range; equal seeds; controllers with `total`; a `train` that is not pure, or
            returns other things for other schedules; `out` holds another sweep, or cannot be written; `batch` runs do
            not fit the memory of a device; arguments that differ between processes.
        TypeError: an argument of another kind; `train` asks for the value of a number, or returns no arrays.

    Examples:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> def train(schedule):
        ...     step = lambda w, i: (w - schedule(i) * 2 * w, None)  # of the loss w ** 2
        ...     w, _ = jax.lax.scan(step, jnp.float32(1.0), jnp.arange(20))
        ...     return {"loss": w**2}
        >>> peaks = [1e-3, 1e-2, 1e-1, 1e30]
        >>> found = jaxsched.search.sweep(train, [jaxsched.Cosine(peak, 0.0, steps=20) for peak in peaks])
        >>> found
        Sweep of 4 schedules, 1 of which failed, by 1 program: loss
        >>> found.best("loss")[0].schedule
        Cosine(start=0.1, end=0.0, steps=20)
    """
    FLAG("progress", progress)
    _hosts.check_mesh(mesh)
    plan = _hosts.agreed(mesh, lambda: _planned(train, schedules, seeds, batch, mesh, total, out), _words)
    kept = None if plan.folder is None else Kept(plan.folder)
    done, leads = _Done(plan), _hosts.leads(mesh)
    _read(kept, plan, done, mesh)
    with _told_what_is_safe(kept), _bar(len(plan.runs), len(done), progress and leads) as advance:
        for program in plan.programs:
            for ids in chunks([each for each in plan.runs if done.lacks(each, program)], program.size):
                runs = [plan.runs[each] for each in ids]
                arrays = program.run([run.member for run in runs], [run.seed for run in runs])
                new = list(dict.fromkeys(ids))  # those that fill up stand at the end
                arrays = [x[: len(new)] for x in arrays]
                done.add(new, arrays)
                if kept is not None and leads:
                    kept.write(program, new, arrays)
                advance(len(new))
    if kept is not None and leads:
        kept.finish()
    return done.sweep()


def _planned(train: Any, schedules: Any, seeds: Any, batch: Any, mesh: Any, total: Any, out: Any) -> Plan:
    folder = folder_of(out, batch)
    batch = None if batch is None else whole("batch", batch)
    known = seeds_of(seeds)
    if known is None:
        check_function("train", train, "(schedule)", " To hand it a key, pass `seeds`.")
    else:
        check_function("train", train, "(schedule, key)")
    many = candidates(schedules)
    groups = grouped(many if total is None else tables(many, total))
    words = words_of(known)
    devices = 1 if mesh is None else mesh.size
    programs = [
        Program(train, group, words, batch or -(-len(group.members) * len(words) // devices), mesh) for group in groups
    ]
    check_alike(programs)
    places = {i: Run(each, member, 0) for each in programs for member, i in enumerate(each.group.members)}
    runs: dict[str, Run] = {}
    order = []
    for i in range(len(many)):
        for seed in range(len(words)):
            run = places[i]._replace(seed=seed)
            order.append(run.program.id_of(run.member, seed))
            runs.setdefault(order[-1], run)
    return Plan(many, known, programs, runs, order, folder)


def _words(plan: Plan) -> str:
    """What must be equal in all processes."""
    return repr((plan.order, [(each.digest, each.width) for each in plan.programs], plan.folder is None))


class _Done:
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
        values = jax.tree.unflatten(plan.programs[0].structure, arrays)
        programs = sum(each.was_compiled for each in plan.programs)
        return Sweep(tuple(plan.schedules), plan.seeds, values, failed_in(arrays, lead), programs)


def _read(kept: Kept | None, plan: Plan, done: _Done, mesh: Any) -> None:
    """Take what is finished from the disk. Process 0 does, and tells the others, so that all run the same."""
    if kept is None:
        return
    ids, refused, found = list(plan.runs), "", {}
    if _hosts.leads(mesh):
        try:
            found = kept.read(plan.programs, {*ids})
            if len(found) < len(ids):
                kept.check_writable()
        except ValueError as error:
            refused = str(error)
    if refused := _hosts.told(mesh, refused):
        raise ValueError(refused)
    (mask,) = _hosts.shared(mesh, [np.asarray([each in found for each in ids])])
    there = [each for each, is_there in zip(ids, mask, strict=True) if is_there]
    if there:
        results = [x for _, x in plan.programs[0].results]
        rows = [
            np.stack([found[each][i] for each in there]) if found else np.zeros((len(there), *x.shape), x.dtype)
            for i, x in enumerate(results)
        ]
        done.add(there, _hosts.shared(mesh, rows))


@contextmanager
def _told_what_is_safe(kept: Kept | None) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        if kept is not None:
            error.add_note(
                f"{kept.safe} runs of the sweep are safe in {kept.folder}: the same call goes on from there."
            )
        raise


@contextmanager
def _bar(total: int, done: int, progress: bool) -> Iterator[Any]:
    tqdm = _tqdm() if progress and sys.stderr.isatty() else None
    if tqdm is None:
        yield lambda n: None
        return
    with tqdm.tqdm(total=total, initial=done, desc="sweep", unit="run", leave=False) as bar:
        yield bar.update


def _tqdm() -> Any:
    try:
        import tqdm  # pyright: ignore[reportMissingModuleSource]
    except ImportError:
        return None
    return tqdm
