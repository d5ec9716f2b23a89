"""Successive halving: all candidates train for a while, the best go on from where they are."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.kinds import Positive, checker, is_list, is_traced, of_one, shown
from jaxsched.search._checks import check_function, whole
from jaxsched.search._groups import Group, candidates, chunks, grouped, key_of, seed_of, words_of
from jaxsched.search._numbers import kind_of, varying
from jaxsched.search._programs import checked_results, dotted, told_that_it_is_traced
from jaxsched.search._results import MODE, Best, By, Sweep, check_by, failed_in, lost_in, measured, ranked

POSITIVE = of_one(checker(Positive))

Start = Callable[[Any, Any], Any]
Part = Callable[[Any, Any, Any, int], tuple[Any, Any]]


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Halving:
    """What `successive_halving` returns; `str` and `repr` say how many trained how long.

    Attributes:
        schedules: the candidates, in the order in which they were given.
        steps: the step at which each rung ends.
        survivors: the candidates that trained in each rung, by their places: of the first all.
        rungs: the results of each rung, a `Sweep` of its candidates.
        states: the state after the last rung of each of its candidates, as `part` returned it.
        by: what they were ranked by.
        mode: whether the least ("min") or the largest value ("max") is the best.
    """

    schedules: tuple[Any, ...]
    steps: tuple[int, ...]
    survivors: tuple[tuple[int, ...], ...]
    rungs: tuple[Sweep, ...]
    states: tuple[Any, ...]
    by: By
    mode: Literal["min", "max"]

    def __repr__(self) -> str:
        rungs = [f"{len(who)} to step {step:,}" for who, step in zip(self.survivors, self.steps, strict=True)]
        return f"Halving of {len(self.schedules)} schedules: {', '.join(rungs)}"

    def best(self, n: int = 1) -> list[Best]:
        """The best of those that trained to the end, the best first; `candidate` is the place among all.

        Args:
            n: how many, at least 1; fewer where fewer came so far.

        Raises:
            ValueError: all of them failed.
        """
        found = self.rungs[-1].best(self.by, self.mode, n)
        return [each._replace(candidate=self.survivors[-1][each.candidate]) for each in found]

    def table(self) -> js.show.Rows:
        """A row for each candidate, those that came farthest first: the steps that it trained, and its value then."""
        rows: dict[int, tuple[int, float, bool]] = {}
        for who, step, rung in zip(self.survivors[::-1], self.steps[::-1], self.rungs[::-1], strict=True):
            values = measured(rung, self.by)
            for place in ranked(values, lost_in(rung, values), self.mode):
                rows.setdefault(who[place], (step, float(values[place, 0]), bool(rung.failed[place])))
        named = {"kind": [kind_of(x) for x in self.schedules], **varying(self.schedules)}
        columns = {"candidate": list(rows), **{name: [column[i] for i in rows] for name, column in named.items()}}
        ends = zip(("steps", "value", "failed"), map(list, zip(*rows.values(), strict=True)), strict=True)
        return js.show.Rows(columns | dict(ends))


def successive_halving(
    start: Start,
    part: Part,
    schedules: Sequence[Any],
    *,
    rungs: Sequence[int],
    batch: int,
    keep: float = 0.5,
    by: By = None,
    mode: Literal["min", "max"] = "min",
    seed: int = 0,
) -> Halving:
    """Train all candidates for some steps, then only the better ones for some more, and so on.

    A survivor goes on from its state, and every program has the width `batch`: what it comes to is equal to the bit to
    a run without halving. What failed, by a NaN or an infinity in its values, does not go on.

    Args:
        start: `(schedule, key) -> state`, a PyTree of arrays: the parameters and the optimizer's state, say.
        part: `(schedule, state, step, length) -> (state, value)`: trains from `step`, a traced int, for `length` steps,
            an int known while it is traced. The state is like the one that it was handed; the value is a number or a
            PyTree of arrays.
        schedules: schedules, numbers, functions of the step and controllers, of any kinds.
        rungs: how many steps each rung has, such as `[100, 100, 200]`: whole numbers, at least 1.
        batch: how many candidates a program trains at once, at least 1.
        keep: the part of a rung's candidates that goes on, above 0 and at most 1; rounded up.
        by: what they are ranked by, as for `Sweep.best`: the name of one of the values, or a function of all; `None`
            where there is a single number.
        mode: whether the least ("min") or the largest value ("max") is the best.
        seed: of the key that `start` is handed, the same for all, as in `sweep`: from 0 to 2**31 - 1.

    Returns:
        a `Halving`, with `rungs`, the `states` of those that trained to the end, and the methods `best` and `table`.

    Raises:
        ValueError: a number out of its range, or no such value as `by`.
        TypeError: `part` does not return a state like the one that it was handed, and a value; or another argument is
            of another kind.

    Examples:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> def part(schedule, w, step, length):
        ...     one = lambda w, i: (w - schedule(i) * 2 * w, None)  # of the loss w ** 2
        ...     w, _ = jax.lax.scan(one, w, step + jnp.arange(length))
        ...     return w, w**2
        >>> many = [jaxsched.Cosine(peak, 0.0, steps=40) for peak in (1e-3, 1e-2, 0.1, 1e30)]
        >>> found = jaxsched.search.successive_halving(
        ...     lambda schedule, key: jnp.float32(1.0), part, many, rungs=[10, 10, 20], batch=2
        ... )
        >>> found
        Halving of 4 schedules: 4 to step 10, 2 to step 20, 1 to step 40
        >>> found.best()[0].schedule
        Cosine(start=0.1, end=0.0, steps=40)

    Reference:
        Jamieson and Talwalkar 2016, arXiv:1502.07943, algorithm 1.
    """
    MODE("mode", mode)
    lengths = _lengths(rungs)
    batch, share, words = whole("batch", batch), _share(keep), words_of([seed_of("seed", seed)])[0]
    check_function("start", start, "(schedule, key)")
    check_function("part", part, "(schedule, state, step, length)")
    many = candidates(schedules)
    groups = grouped(many)
    programs = _Programs(start, part, words, batch)
    check_by(programs.check(groups, lengths), (batch,), by)
    states = programs.begin(groups)
    alive, step, found = list(range(len(many))), 0, []
    for length in lengths:
        states, values = programs.go_on(groups, states, alive, step, length)
        step += length
        arrays = jax.tree.leaves(values)
        rung = Sweep(tuple(many[i] for i in alive), None, values, failed_in(arrays, (len(alive),)), len(groups))
        found.append((step, tuple(alive), rung))
        ranks = measured(rung, by)
        lost = lost_in(rung, ranks)
        order = [i for i in ranked(ranks, lost, mode) if not lost[i]]
        if not order or len(found) == len(lengths):
            break
        alive = sorted(alive[i] for i in order[: max(1, math.ceil(round(share * len(alive), 9)))])
    steps, survivors, sweeps = zip(*found, strict=True)
    return Halving(tuple(many), steps, survivors, sweeps, tuple(states[i] for i in survivors[-1]), by, mode)


class _Programs:
    """The two functions mapped over candidates of one structure, at a width that never changes."""

    def __init__(self, start: Start, part: Part, words: np.ndarray, batch: int) -> None:
        self.start, self.part, self.words, self.batch = start, part, words, batch
        self._start = jax.jit(jax.vmap(self._begun))
        self._parts: dict[int, Any] = {}

    def check(self, groups: list[Group], lengths: Sequence[int]) -> Any:
        """Refuse functions that do not fit each other, before anything runs; what the values will be."""
        values: dict[tuple[int, int], Any] = {}
        for group in groups:
            schedule = group.shaped(self.batch)
            with told_that_it_is_traced("start"):
                state = jax.eval_shape(self._start, schedule, self._words())
            for length in lengths:
                with told_that_it_is_traced("part"):
                    new, value = jax.eval_shape(self._of(length), schedule, state, np.int32(0))
                _check_like(state, new)
                values[group.members[0], length] = value
        ((one, first), expected), *_ = values.items()
        for (other, length), value in values.items():
            if repr(value) != repr(expected):
                where = f"schedules[{one}] for {first} steps and schedules[{other}] for {length}"
                raise ValueError(f"`part` must return values of the same shapes for all: those of {where} differ.")
        return expected

    def begin(self, groups: list[Group]) -> list[Any]:
        """The first state of each candidate."""
        states: dict[int, Any] = {}
        for group in groups:
            for places in chunks(range(len(group.members)), self.batch):
                made = self._start(group.at(places), self._words())
                states |= {group.members[place]: _row(made, row) for row, place in enumerate(places)}
        return [states[i] for i in sorted(states)]

    def go_on(
        self, groups: list[Group], states: list[Any], alive: list[int], step: int, length: int
    ) -> tuple[list[Any], Any]:
        """The states after some more steps of those that are alive, and what they came to, in their order."""
        states, values, going = list(states), {}, {*alive}
        for group in groups:
            for places in chunks([place for place, i in enumerate(group.members) if i in going], self.batch):
                before = jax.tree.map(lambda *x: jnp.stack(x), *(states[group.members[place]] for place in places))
                after, came_to = self._of(length)(group.at(places), before, np.int32(step))
                for row, place in enumerate(places):
                    states[group.members[place]] = _row(after, row)
                    values[group.members[place]] = jax.tree.map(np.asarray, _row(came_to, row))
        return states, jax.tree.map(lambda *x: np.stack(x), *(values[i] for i in alive))

    def _begun(self, schedule: Any, words: Any) -> Any:
        return self.start(schedule, key_of(words))

    def _words(self) -> np.ndarray:
        return np.broadcast_to(self.words, (self.batch, *self.words.shape))

    def _of(self, length: int) -> Any:
        def one(schedule: Any, state: Any, step: Any) -> tuple[Any, Any]:
            made = self.part(schedule, state, step, length)
            if not isinstance(made, tuple) or len(made) != 2:
                raise TypeError(f"`part` must return `(state, value)`: got {shown(made)}.")
            return made[0], checked_results(made[1], "part")

        return self._parts.setdefault(length, jax.jit(jax.vmap(one, in_axes=(0, 0, None))))


def _row(tree: Any, row: int) -> Any:
    return jax.tree.map(lambda x: x[row], tree)


def _check_like(before: Any, after: Any) -> None:
    one, other = ({dotted(path): x for path, x in jax.tree.leaves_with_path(tree)} for tree in (before, after))
    for name in {**one, **other}:
        a, b = (f"{x.dtype}{list(x.shape[1:])}" if (x := each.get(name)) else "not there" for each in (one, other))
        if a != b:
            where = f" `{name}`" if name else ""
            raise TypeError(f"`part` must return a state like the one that it was handed:{where} was {a}, and is {b}.")


def _lengths(rungs: Any) -> list[int]:
    if not is_list(rungs):
        raise TypeError(
            f"`rungs` must be a list of numbers of steps: got {shown(rungs)}. Write `[100, 100, 200]`, say."
        )
    if not len(rungs):
        raise ValueError("`rungs` must hold at least one number of steps: got none.")
    return [whole(f"rungs[{i}]", x) for i, x in enumerate(rungs)]


def _share(keep: Any) -> float:
    if is_traced(keep):
        raise TypeError("`keep` must be known: got a traced number. Call this outside of `jax.jit`.")
    share = float(POSITIVE("keep", keep))
    if not 0 < share <= 1:
        raise ValueError(f"`keep` must be above 0 and at most 1: got {shown(keep)}. 0.5 keeps the better half.")
    return share
