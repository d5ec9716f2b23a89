"""A study on Optuna: batches of trials, each trained by one program, in a storage that many workers share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import jax
import numpy as np

from jaxsched.kinds import checker, renamed, shown
from jaxsched.search import _hosts
from jaxsched.search._bar import bar
from jaxsched.search._checks import whole
from jaxsched.search._groups import Train, candidates, grouped, tables, words_of
from jaxsched.search._plan import trained
from jaxsched.search._programs import Programs, width_for
from jaxsched.search._results import By, Sweep, check_by, leaves_of, lost_in, measured
from jaxsched.search._space import check_make, corner, distributions_of
from jaxsched.search._storage import library, opened
from jaxsched.search._sweep import check_train
from jaxsched.search._trials import Trials
from jaxsched.search._workers import named

DIRECTION, FLAG = checker(Literal["minimize", "maximize"]), checker(bool)


def study(
    train: Train,
    make: Callable[..., Any],
    space: Mapping[str, Any],
    *,
    trials: int,
    batch: int,
    storage: Any = None,
    name: str = "jaxsched",
    sampler: Any = None,
    direction: Literal["minimize", "maximize"] = "minimize",
    value: By = None,
    worker: str | None = None,
    seeds: Sequence[int] | None = None,
    mesh: jax.sharding.Mesh | None = None,
    total: int | None = None,
    progress: bool = True,
) -> Any:
    r"""Search for a schedule's numbers with Optuna: ask for a batch of trials, train them side by side, tell it.

    Each structure of schedules has one program for the whole study, whose width never changes. Several processes may
    call it with one `storage`, on one machine or on many: together they finish `trials` trials. A trial whose worker
    was killed is run again, with the same numbers. Needs the extra `search`.

    Args:
        train: a pure function `(schedule) -> results`, or `(schedule, key) -> results` with `seeds`, as for `sweep`.
        make: a function of what `space` names, by keyword, that returns a schedule or controller.
        space: for each name a range `(low, high)`, of whole numbers if both are, `(low, high, "log")` for factors, a
            list of choices, or one of Optuna's distributions.
        trials: how many the study has in the end, those counted that it has already, at least 1.
        batch: how many are asked for and trained at once, at least 1; fewer are filled up.
        storage: `None` in memory, a file (SQLite if it ends in .db, .sqlite or .sqlite3, else Optuna's journal), the
            address of a database, `postgresql://user@host/database`, or one of Optuna's storages. SQLite and a
            journal are for one machine.
        name: the study's in that storage. One study is for one `train` and one `space`.
        sampler: one of Optuna's; by default TPE, which takes the worst for what is still running.
        direction: whether the least ("minimize") or the largest value ("maximize") is the best.
        value: what counts, as `by` for `Sweep.best`: the name of a result that is one number a run, a function of all
            results, or `None` where there is one such result alone. Of several seeds the median counts.
        worker: a name for this worker that no other has now. A worker that begins anew under the name runs again what
            it had not finished. By default a process of its own, whose trials are run again by any on its machine
            once it has ended.
        seeds: whole numbers from 0 to $2^{31} - 1$: each trial is trained once with the key of each.
        mesh: devices of this process to share a batch; by default JAX's default device.
        total: the length of the run in steps: all schedules become tables, and one program trains them, as in `sweep`.
        progress: whether a bar is shown, where tqdm is installed and the terminal is one.

    Returns:
        the `optuna.Study`: `best_params`, `best_value`, `trials_dataframe()`; `make(**study.best_params)` is the
        schedule. A trial that failed has the worst infinity, so that the sampler keeps away from it. Each trial has
        the other numbers of its results, medians too, and `failed` among its `user_attrs`.

    Raises:
        ImportError: Optuna or the driver of the database is not installed.
        ValueError: a number out of its range; the storage cannot be reached; the study has another direction or
            another space; all trials failed; and what `sweep` refuses.
        TypeError: an argument of another kind.

    Examples:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> import optuna
        >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
        >>> def train(schedule):
        ...     step = lambda w, i: (w - schedule(i) * 2 * w, None)  # of the loss w ** 2
        ...     w, _ = jax.lax.scan(step, jnp.float32(1.0), jnp.arange(20))
        ...     return w**2
        >>> found = jaxsched.search.study(
        ...     train,
        ...     lambda peak, warmup: jaxsched.warmup_cosine(peak, warmup, 20),
        ...     {"peak": (1e-4, 10.0, "log"), "warmup": (1, 10)},
        ...     trials=16,
        ...     batch=8,
        ...     sampler=optuna.samplers.TPESampler(seed=0),
        ... )
        >>> len(found.trials), found.best_value < 1e-3
        (16, True)

    Reference:
        Akiba et al. 2019, arXiv:1907.10902 (Optuna); Bergstra et al. 2011 (the default sampler).
    """
    optuna = library()
    DIRECTION("direction", direction)
    FLAG("progress", progress)
    most, batch = whole("trials", trials), whole("batch", batch)
    _check_names(name, worker, sampler, optuna)
    _check_local(mesh)
    wanted = distributions_of(space, optuna)
    check_make(make, wanted)
    known = check_train(train, seeds)
    words = words_of(known)
    programs = Programs(train, words, width_for(batch * len(words), mesh), mesh)
    _check_value(programs, _made(make, [corner(wanted)]), total, known, value)
    found = opened(storage, name, direction, sampler or _default_sampler(optuna))
    _check_space(found, wanted, optuna)
    with named(worker) as who:
        desk = Trials(found, wanted, most, who)
        desk.give_back_own()
        with bar("study", "trial", most, min(most, len(desk.finished)), progress) as advance:
            while asked := desk.ask(batch):
                with desk.given_back():
                    made = trained(programs, _made(make, [each.params for each in asked]), known, total)
                    with renamed({"by": "value"}):
                        numbers = measured(made, value)
                    values = np.where(lost_in(made, numbers), np.nan, np.median(numbers, axis=1))
                    desk.tell(asked, values, _notes(made, value))
                advance(len(asked))
        _check_some_did_not_fail(desk.finished)
    return found


def _made(make: Callable[..., Any], points: Sequence[Mapping[str, Any]]) -> list[Any]:
    with renamed({"schedules": "make"}):
        return candidates([make(**each) for each in points])


def _check_value(programs: Programs, one: list[Any], total: Any, seeds: Any, value: By) -> None:
    """Refuse what `train` does not return, before anything is asked."""
    (program,) = programs.of(grouped(one if total is None else tables(one, total)))
    lead = (1,) if seeds is None else (1, len(seeds))
    shapes = [jax.ShapeDtypeStruct((*lead, *x.shape), x.dtype) for _, x in program.results]
    with renamed({"by": "value"}):
        check_by(jax.tree.unflatten(program.structure, shapes), lead, value)


def _notes(made: Sweep, value: By) -> list[dict[str, Any]]:
    """The numbers of each trial beside its value: medians over the seeds."""
    columns: dict[str, Any] = {"failed": made.failed.reshape(len(made.schedules), -1).any(1).tolist()}
    for name, x in leaves_of(made.values).items():
        if name not in ("", value) and x.shape == made.failed.shape and x.dtype.kind != "c":
            columns[name] = np.median(x.astype(np.float64).reshape(len(x), -1), axis=1).tolist()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _check_names(name: Any, worker: Any, sampler: Any, optuna: Any) -> None:
    for given, x in {"name": name, "worker": name if worker is None else worker}.items():
        if not isinstance(x, str) or not x:
            raise (ValueError if x == "" else TypeError)(f"`{given}` must be a name: got {shown(x)}.")
    if sampler is not None and not isinstance(sampler, optuna.samplers.BaseSampler):
        raise TypeError(f"`sampler` must be one of Optuna's: got {shown(sampler)}. `optuna.samplers` has them.")


def _check_local(mesh: Any) -> None:
    if mesh is not None:
        _hosts.check_mesh(mesh)
    if _hosts.spans(mesh):
        raise ValueError(
            "`mesh` must have devices of this process alone: got those of several. The workers of a study share its "
            "`storage`, and need no `jax.distributed`."
        )


def _check_space(study: Any, space: Mapping[str, Any], optuna: Any) -> None:
    """Refuse a space that is not that of the trials which are there."""
    for trial in study.get_trials(deepcopy=False):
        for name, before in trial.distributions.items():
            if name not in space:
                raise ValueError(f"`space` must have the names of the study {study.study_name!r}: {name!r} lacks.")
            try:
                optuna.distributions.check_distribution_compatibility(before, space[name])
            except ValueError as error:
                why = f"`space[{name!r}]` does not fit the trials of the study {study.study_name!r}"
                raise ValueError(f"{why}: {error} Name another study.") from None


def _check_some_did_not_fail(finished: list[Any]) -> None:
    if finished and not any(np.isfinite(each.value) for each in finished):
        raise ValueError(
            f"`space` must hold a schedule whose training does not fail: all {len(finished)} trials were not finite. "
            f"Try smaller rates."
        )


def _default_sampler(optuna: Any) -> Any:
    return optuna.samplers.TPESampler(constant_liar=True)
