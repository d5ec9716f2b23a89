"""(schedule, leaf) pairs that map, compile and differentiate; all examples of the tests' table, and optax's arguments.

A pair counts when `jax.vmap` over two values of that number alone returns what two plain calls return, `jax.jit` with
the number as an argument likewise, and, if it is a float, the gradient of the sum of the values is finite.
"""

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from _optax_constructors import CONSTRUCTORS
from _report import figure, finish

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support import zoo  # noqa: E402

STEPS = np.arange(0, 40, 3, dtype=np.int32)
Pair = tuple[str, list[str]]
"""A name, and what it cannot do."""


def nearby(leaf) -> list[np.ndarray]:
    """Two values beside the given one: floats a little larger, counts one and two steps later."""
    x = np.asarray(leaf)
    if x.dtype.kind == "f":
        x = x.astype(np.float32)
        return [np.where(x == 0, np.float32(by / 10), x * np.float32(1 + by)) for by in (0.01, 0.02)]
    x = x if x.dtype.kind == "u" else x.astype(np.int32)
    return [x + x.dtype.type(by) for by in (1, 2)]


def same(values, expected: np.ndarray, crosses: bool = False) -> bool:
    values, known = np.asarray(values), np.isfinite(expected)  # a quotient by 0 is infinite either way
    if not np.array_equal(values[~known], expected[~known]):
        return False
    # A vectorised program may round another way; either may be off by as much as `precision.py` allows.
    size = np.maximum(np.abs(expected[known]), np.finfo(np.float32).tiny)
    size = np.max(size) if crosses else size * np.maximum(1, np.log(np.max(size) / size))
    return bool(np.all(np.abs(values[known] - expected[known]) <= 2e-6 * size))


def failures(checks: dict[str, Callable[[], bool]]) -> list[str]:
    failed = []
    for name, passes in checks.items():
        try:
            if not passes():
                failed.append(name)
        except Exception as error:  # whatever is raised, the pair does not count
            failed.append(f"{name} ({type(error).__name__})")
    return failed


@functools.cache
def programs(structure) -> tuple[Callable, Callable]:
    """From a list of leaves to the values, and to the gradients of their sum."""
    values = jax.jit(lambda leaves: jax.tree.unflatten(structure, leaves)(STEPS))
    return values, jax.jit(jax.grad(lambda leaves: jnp.sum(values(leaves)), allow_int=True))


def our_pairs() -> Iterator[Pair]:
    for entry in zoo.ZOO:
        paths, structure = jax.tree_util.tree_flatten_with_path(entry.make())
        leaves = [leaf for _, leaf in paths]
        run, gradient = programs(structure)
        gradients = functools.cache(lambda gradient=gradient, leaves=leaves: gradient(leaves))
        for i, (path, leaf) in enumerate(paths):

            def put(x, i=i, leaves=leaves):
                return [*leaves[:i], x, *leaves[i + 1 :]]

            x = nearby(leaf)
            plain = np.stack([np.asarray(jax.tree.unflatten(structure, put(each))(STEPS)) for each in x])
            mapped = jax.vmap(lambda each, put=put, run=run: run(put(each)))
            checks = {
                "vmap": lambda: same(mapped(np.stack(x)), plain, entry.crosses),  # noqa: B023 (called at once)
                "jit": lambda: same(run(put(x[0])), plain[0], entry.crosses),  # noqa: B023
            }
            if np.asarray(leaf).dtype.kind == "f":
                checks["grad"] = lambda: bool(jnp.all(jnp.isfinite(gradients()[i])))  # noqa: B023
            yield entry.name + jax.tree_util.keystr(path), failures(checks)


def their_pairs() -> Iterator[Pair]:
    for constructor, make, arguments in CONSTRUCTORS:
        for name, value in arguments.items():

            def curve(x, make=make, arguments=arguments, name=name):
                schedule = make(**{**arguments, name: x})
                return jax.vmap(lambda step: jnp.asarray(schedule(step), jnp.float32))(STEPS)

            x = nearby(value)
            plain = np.stack([np.asarray(curve(each if each.ndim else each.item())) for each in x])
            checks = {
                "vmap": lambda: same(jax.vmap(curve)(np.stack(x)), plain),  # noqa: B023
                "jit": lambda: same(jax.jit(curve)(x[0]), plain[0]),  # noqa: B023
            }
            if np.asarray(value).dtype.kind == "f":
                total = lambda each: jnp.sum(curve(each))  # noqa: E731, B023
                checks["grad"] = lambda: bool(jnp.all(jnp.isfinite(jax.grad(total)(value))))  # noqa: B023
            yield f"{constructor}.{name}", failures(checks)


def tally(pairs: Iterable[Pair]) -> tuple[int, list[str]]:
    """How many pairs there are, and a line for each that fails."""
    found = dict(pairs)
    return len(found), [f"{name}: {', '.join(failed)}" for name, failed in found.items() if failed]


n, failed = tally(our_pairs())
figure("(schedule, leaf) pairs that vmap, jit and differentiate, ours", f"{n - len(failed)} of {n}", "all", not failed)
m, their_failed = tally(their_pairs())
what = "(constructor, argument) pairs that vmap, jit and differentiate, optax's"
figure(what, f"{m - len(their_failed)} of {m}")
if failed or "-v" in sys.argv:
    print("ours that fail:", *failed, "optax's that fail:", *their_failed, sep="\n", file=sys.stderr)
finish()
