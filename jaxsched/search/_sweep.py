"""Sweep: one training for each of many schedules, on any number of devices and hosts, kept as they finish."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from jaxsched.kinds import checker
from jaxsched.search import _hosts
from jaxsched.search._bar import bar
from jaxsched.search._checks import check_function, whole
from jaxsched.search._groups import Train, candidates, seeds_of, words_of
from jaxsched.search._kept import Kept, folder_of
from jaxsched.search._plan import Done, Plan, planned, run_each
from jaxsched.search._programs import Programs
from jaxsched.search._results import Sweep

FLAG = checker(bool)


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
    done, leads = Done(plan), _hosts.leads(mesh)
    _read(kept, plan, done, mesh)
    with _told_what_is_safe(kept), bar("sweep", "run", len(plan.runs), len(done), progress and leads) as advance:
        for program, ids, arrays in run_each(plan, done):
            if kept is not None and leads:
                kept.write(program, ids, arrays)
            advance(len(ids))
    if kept is not None and leads:
        kept.finish()
    return done.sweep()


def check_train(train: Any, seeds: Any) -> tuple[int, ...] | None:
    """Refuse what cannot train with these seeds, which are returned."""
    known = seeds_of(seeds)
    if known is None:
        check_function("train", train, "(schedule)", " To hand it a key, pass `seeds`.")
    else:
        check_function("train", train, "(schedule, key)")
    return known


def _planned(train: Any, schedules: Any, seeds: Any, batch: Any, mesh: Any, total: Any, out: Any) -> Plan:
    folder = folder_of(out, batch)
    batch = None if batch is None else whole("batch", batch)
    known = check_train(train, seeds)
    programs = Programs(train, words_of(known), batch, mesh)
    return planned(programs, candidates(schedules), known, total)._replace(folder=folder)


def _words(plan: Plan) -> str:
    """What must be equal in all processes."""
    return repr((plan.order, [(each.digest, each.width) for each, _ in plan.parts], plan.folder is None))


def _read(kept: Kept | None, plan: Plan, done: Done, mesh: Any) -> None:
    """Take what is finished from the disk. Process 0 does, and tells the others, so that all run the same."""
    if kept is None:
        return
    ids, refused, found = list(plan.runs), "", {}
    if _hosts.leads(mesh):
        try:
            found = kept.read([each for each, _ in plan.parts], {*ids})
            if len(found) < len(ids):
                kept.check_writable()
        except ValueError as error:
            refused = str(error)
    if refused := _hosts.told(mesh, refused):
        raise ValueError(refused)
    (mask,) = _hosts.shared(mesh, [np.asarray([each in found for each in ids])])
    there = [each for each, is_there in zip(ids, mask, strict=True) if is_there]
    if there:
        results = [x for _, x in plan.parts[0][0].results]
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
