"""The best numbers of a family of schedules under a law, the bound or a training run."""

import inspect
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched as js
from jaxsched.foresight._falling import Falling
from jaxsched.foresight._fit import Fit
from jaxsched.foresight._laws import AnnealingLaw
from jaxsched.foresight._rates import schedule_of, total_of
from jaxsched.kinds import NotNegative, checker, of_one, renamed, shown

ERROR = of_one(checker(NotNegative))

FIRST = {1: 129, 2: 25}
"""Points a number of the first grid, which `within` is read from, by how many numbers there are."""

NEAR, LEVELS = 7, 12
"""Points a number of the grids around the best so far, and how many of these there are, each a third as wide."""

AT_ONCE = 16
"""Points that one program works on at once."""

CLIP = 1.0
"""The largest norm of a gradient."""


class Optimum(NamedTuple):
    """What `optimize` returns; `str` is a line a number.

    Attributes:
        schedule: the best one.
        values: its numbers, by their names.
        value: the objective there; of training runs the mean of the last tenth.
        within: for one or two numbers, the interval of each whose objective is within `error` of the best, whatever the
            other one is; `None` where no error was given.
    """

    schedule: Any
    values: dict[str, Any]
    value: float
    within: dict[str, tuple[float, float]] | None

    def __str__(self) -> str:
        lines = [f"objective {self.value:.6g}"]
        for name, x in self.values.items():
            said = f"{x:.5g}" if np.ndim(x) == 0 else f"{np.size(x)} numbers"
            span = (
                f", within the error from {self.within[name][0]:.4g} to {self.within[name][1]:.4g}"
                if self.within
                else ""
            )
            lines.append(f"{name} = {said}{span}")
        return "\n".join(lines)


def optimize(
    make: Callable[..., Any],
    objective: Callable[..., Any],
    *,
    error: float | None = None,
    steps: int = 300,
    seed: int = 0,
    **ranges: tuple[float, float],
) -> Optimum:
    r"""Find the numbers of a family of schedules at which an objective is least.

    One or two numbers under a pure objective are found by grids that become finer; more of them, free points
    (`falling`), and training runs by gradients through the schedule. What two laws call best may differ more than
    either's error: look at `within`, not at the optimum alone.

    Args:
        make: a function of the numbers, by keyword, that returns a schedule; or what `falling` returns.
        objective: `objective(schedule)`, a scalar to make small, such as `lambda s: law(s, 24_000)`; or
            `objective(schedule, key)`, a training run whose loss is random: it has another key at each step.
        error: of the objective, as `Fit.error` tells: for `within`.
        steps: how many steps of Adam are made where gradients are followed, at least 1.
        seed: of the keys, at least 0.
        **ranges: for each number `(low, high)`; where both are positive their factors count, else their differences.

    Returns:
        an `Optimum`.

    Raises:
        ValueError: a range is empty; the objective is never finite; or it is an `AnnealingLaw`, whose best shape is a
            jump to 0.
        TypeError: an argument of another kind; the objective returns no scalar.

    Examples:
        >>> found = jaxsched.foresight.optimize(
        ...     lambda decay: jaxsched.wsd(1.0, warmup=0, stable=1_000 - decay, decay=decay),
        ...     lambda schedule: jaxsched.foresight.bound(schedule, 1_000).best,
        ...     decay=(10.0, 1_000.0),
        ... )
        >>> print(f"{found.values['decay']:.0f}")
        1000

    Reference:
        Luo et al. 2025, arXiv:2503.12811, section 5, for schedules under a law; Maclaurin et al. 2015,
        arXiv:1502.03492, for those learned by training.
    """
    problem = _Problem(make, objective, ranges, seed)
    steps = total_of("steps", steps)
    if error is not None:
        error = float(ERROR("error", error))
    if problem.few:
        return problem.by_grids(error)
    return problem.by_gradients(steps)


class _Problem:
    """An objective of a vector: each number of a range from 0 to 1, and free points as they are."""

    def __init__(self, make: Any, objective: Any, ranges: dict[str, Any], seed: Any) -> None:
        self.make, self.objective, self.key = make, objective, jax.random.key(total_of("seed", seed, least=0))
        _check_objective(objective)
        self.random = _takes_a_key(objective)
        self.free = make.points + 1 if isinstance(make, Falling) else 0
        self.ranges = {} if self.free else {name: _range(name, x) for name, x in ranges.items()}
        if not callable(make) or not (self.free or ranges):
            raise TypeError(
                f"`make` must be a function of numbers that have ranges, or `falling(...)`: got {shown(make)}."
            )
        _check_make(make, self.numbers(jnp.zeros(self.size)))
        try:
            found = jax.eval_shape(self.value, jnp.zeros(self.size), self.key)
        except (TypeError, ValueError) as error:
            if "`" in str(error):  # ours, or one that names what is wrong
                raise
            raise TypeError(f"`objective` must return one number: it raised {error}") from error
        except Exception as error:
            why = f"{type(error).__name__}: {str(error)[:200]}"
            raise ValueError(f"`objective` must return one number: it raised {why}") from error
        if not isinstance(found, jax.ShapeDtypeStruct) or found.shape or not jnp.issubdtype(found.dtype, jnp.floating):
            raise TypeError(f"`objective` must return one number: got {shown(found)}.")

    @property
    def size(self) -> int:
        return self.free or len(self.ranges)

    @property
    def few(self) -> bool:
        return not self.free and not self.random and len(self.ranges) in FIRST

    def numbers(self, x: Any) -> dict[str, Any]:
        if self.free:
            return {"drops": x}
        made = {}
        for i, (name, (low, high)) in enumerate(self.ranges.items()):
            way = jnp.clip(x[i], 0, 1)
            made[name] = low * (high / low) ** way if low > 0 else low + (high - low) * way
        return made

    def value(self, x: Any, key: Any) -> Any:
        schedule = self._made(self.numbers(x))
        return self.objective(schedule, key) if self.random else self.objective(schedule)

    def _made(self, numbers: dict[str, Any]) -> Any:
        with renamed({"schedule": "make"}):
            return schedule_of("schedule", self.make(**numbers))

    def by_grids(self, error: float | None) -> Optimum:
        mapped = jax.jit(lambda points: jax.lax.map(lambda x: self.value(x, self.key), points, batch_size=AT_ONCE))

        def of_many(points: np.ndarray) -> np.ndarray:
            found = np.asarray(mapped(points), np.float64)
            return np.where(np.isfinite(found), found, np.inf)

        axis = np.linspace(0, 1, FIRST[self.size])
        first = np.stack(np.meshgrid(*[axis] * self.size, indexing="ij"), axis=-1)
        values = of_many(first.reshape(-1, self.size)).reshape(first.shape[:-1])
        if np.isinf(values.min()):
            raise ValueError("`objective` must be finite somewhere in the ranges: it never was.")
        best, least = first.reshape(-1, self.size)[values.argmin()], float(values.min())
        width = axis[1]
        for _ in range(LEVELS):
            near = np.stack(np.meshgrid(*[np.linspace(-width, width, NEAR)] * self.size, indexing="ij"), axis=-1)
            points = np.clip(best + near.reshape(-1, self.size), 0, 1)
            found = of_many(points)
            if found.min() < least:
                best, least = points[found.argmin()], float(found.min())
            width /= 3
        within = None if error is None else self._within(axis, values, best, least, error)
        return self._optimum(best, least, within)

    def _within(
        self, axis: np.ndarray, values: np.ndarray, best: np.ndarray, least: float, error: float
    ) -> dict[str, tuple[float, float]]:
        """Where the least over the other number is within the error, by straight lines between the grid's points."""
        found = {}
        for i, name in enumerate(self.ranges):
            profile = values.min(axis=tuple(j for j in range(self.size) if j != i)) - least - error
            ends = [_crossing(axis, profile, float(best[i]), side) for side in (-1, 1)]
            low, high = (float(self.numbers(np.where(np.arange(self.size) == i, end, best))[name]) for end in ends)
            found[name] = low, high
        return found

    def by_gradients(self, steps: int) -> Optimum:
        rate = js.warmup_cosine(0.1 if self.free else 0.03, max(1, steps // 20), steps, offset=1)
        optimizer = optax.chain(optax.clip_by_global_norm(CLIP), optax.adam(rate))

        def step(carry: Any, key: Any) -> Any:
            x: Any
            x, state = carry
            value, slope = jax.value_and_grad(self.value)(x, key)
            slope = jnp.where(jnp.isfinite(slope), slope, 0)
            updates, state = optimizer.update(slope, state, x)
            new: Any = optax.apply_updates(x, updates)
            return (new if self.free else jnp.clip(new, 0, 1), state), (value, x)

        x = jnp.zeros(self.size) if self.free else jnp.full(self.size, 0.5)
        keys = jax.random.split(self.key, steps)
        run = jax.jit(lambda x, keys: jax.lax.scan(step, (x, optimizer.init(x)), keys))
        with jax.numpy_dtype_promotion("standard"):  # optax's Adam has powers of its count
            (last, _), (values, points) = run(x, keys)
        values = np.asarray(values, np.float64)
        if not np.isfinite(values).any():
            raise ValueError("`objective` must be finite somewhere in the ranges: it never was.")
        if self.random:
            return self._optimum(last, float(np.nanmean(values[-max(1, steps // 10) :])), None)
        at = int(np.nanargmin(np.where(np.isfinite(values), values, np.nan)))
        return self._optimum(points[at], float(values[at]), None)

    def _optimum(self, x: Any, value: float, within: Any) -> Optimum:
        numbers = {
            name: float(each) if np.ndim(each) == 0 else np.asarray(each) for name, each in self.numbers(x).items()
        }
        return Optimum(self._made(numbers), numbers, value, within)


def _crossing(axis: np.ndarray, profile: np.ndarray, best: float, side: int) -> float:
    """From the best on one side, where the profile becomes positive; the end of the range if it does not."""
    places = [i for i in range(len(axis)) if side * (axis[i] - best) >= 0][::side]
    before, above = best, -1e-300
    for i in places:
        if profile[i] > 0:
            if not np.isfinite(profile[i]):
                return before
            inside = min(above, 0.0)
            return before + (axis[i] - before) * inside / (inside - profile[i])
        before, above = float(axis[i]), float(profile[i])
    return 0.0 if side < 0 else 1.0


def _range(name: str, x: Any) -> tuple[float, float]:
    if not isinstance(x, (tuple, list)) or len(x) != 2 or not all(isinstance(each, (int, float)) for each in x):
        raise TypeError(f"`{name}` must have a range `(low, high)`: got {shown(x)}.")
    low, high = float(x[0]), float(x[1])
    if not (low < high and math.isfinite(high - low)):
        raise ValueError(f"`{name}` must have a range from a number up to another: got {shown(x)}.")
    return low, high


def _takes_a_key(objective: Any) -> bool:
    for arguments in ((None,), (None, None)):
        try:
            inspect.signature(objective).bind(*arguments)
        except TypeError:
            continue
        except ValueError:  # of Python's own making
            return False
        return len(arguments) == 2
    raise TypeError(f"`objective` must be a function of `(schedule)` or `(schedule, key)`: got {shown(objective)}.")


def _check_make(make: Any, numbers: dict[str, Any]) -> None:
    try:
        inspect.signature(make).bind(**numbers)
    except TypeError as error:
        raise TypeError(f"`make` must be a function of `{', '.join(numbers)}`, as the ranges: {error}.") from None
    except ValueError:  # of Python's own making
        return


def _check_objective(objective: Any) -> None:
    if not callable(objective) or isinstance(objective, (type, js.nodes.Data)):
        raise TypeError(f"`objective` must be a function of a schedule: got {shown(objective)}.")
    used: list[Any] = [objective]
    if inspect.isfunction(objective):
        found = inspect.getclosurevars(objective)
        used += [*found.nonlocals.values(), *found.globals.values()]
    for each in used:
        law = each.law if isinstance(each, Fit) else each
        if isinstance(law, AnnealingLaw):
            raise ValueError(
                "`objective` must not be an AnnealingLaw: its best shape is a jump to 0. Use a FunctionalLaw."
            )
