"""(schedule, leaf) pairs that map, compile and differentiate; all examples of the tests' table, and optax's arguments.

A pair counts when, with that number alone made an argument: `jax.vmap` over two values of it returns what two single
calls return, `jax.jit` likewise, and, if it is a float, the gradient of the values' sum is finite.
"""

import functools
import sys
from collections.abc import Callable
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import optax
from _report import figure, finish

import jax

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import zoo  # noqa: E402

STEPS = np.arange(0, 40, 3, dtype=np.int32)


def nearby(leaf) -> list[np.ndarray]:
    """Two values beside the given one: floats a little larger, counts one and two steps later."""
    x = np.asarray(leaf)
    if x.dtype.kind == "f":
        x = x.astype(np.float32)
        return [np.where(x == 0, np.float32(by / 10), x * np.float32(1 + by)) for by in (0.01, 0.02)]
    return [(x.astype(x.dtype if x.dtype.kind == "u" else np.int32) + by).astype(x.dtype) for by in (1, 2)]


def failures(curve: Callable, leaf, single: Callable) -> list[str]:
    """What `curve`, a function of one number to the values at `STEPS`, cannot do; `single` is its plain call."""
    values, failed = nearby(leaf), []
    try:
        expected = np.stack([np.asarray(single(x)) for x in values])
    except Exception as error:
        return [f"call: {type(error).__name__}"]
    checks = {
        "vmap": lambda: _same(jax.vmap(curve)(jnp.stack([jnp.asarray(x) for x in values])), expected),
        "jit": lambda: _same(jax.jit(curve)(values[0]), expected[0]),
    }
    if np.asarray(leaf).dtype.kind == "f":
        total = jax.grad(lambda x: jnp.sum(curve(x)))
        checks["grad"] = lambda: bool(np.all(np.isfinite(total(jnp.asarray(leaf, jnp.float32)))))
    for name, passes in checks.items():
        try:
            if not passes():
                failed.append(name)
        except Exception as error:  # a count of failures needs every kind of them
            failed.append(f"{name}: {type(error).__name__}")
    return failed


def _same(values, expected: np.ndarray) -> bool:
    scale = np.max(np.abs(expected), initial=1e-30)
    return bool(np.all(np.abs(np.asarray(values) - expected) <= 1e-6 * np.maximum(np.abs(expected), 1e-3 * scale)))


@functools.cache
def compiled(structure) -> Callable:
    return jax.jit(lambda leaves: jax.tree.unflatten(structure, leaves)(STEPS))


def our_pairs():
    """Each (example, leaf), with what it fails."""
    for entry in zoo.ZOO:
        leaves, structure = jax.tree.flatten(entry.make())
        names = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(entry.make())]
        run = compiled(structure)
        for i, (name, leaf) in enumerate(zip(names, leaves, strict=True)):
            put = lambda x, i=i, leaves=leaves: [*leaves[:i], x, *leaves[i + 1 :]]  # noqa: E731
            curve = lambda x, put=put, run=run: run(put(x))  # noqa: E731
            eager = lambda x, put=put, s=structure: jax.tree.unflatten(s, put(x))(STEPS)  # noqa: E731
            yield f"{entry.name}{name}", failures(curve, leaf, eager)


def piecewise(of: Callable) -> Callable:
    return lambda init_value, scales, boundaries: of(
        init_value, {boundaries[i]: scales[i] for i in range(len(scales))}
    )


TABLES = {"init_value": 1.0, "scales": np.asarray([0.5, 0.2]), "boundaries": np.asarray([10, 20])}
THEIRS = [
    (optax.constant_schedule, {"value": 1.0}),
    (optax.linear_schedule, {"init_value": 1.0, "end_value": 0.1, "transition_steps": 20, "transition_begin": 2}),
    (
        optax.polynomial_schedule,
        {"init_value": 1.0, "end_value": 0.1, "power": 2.0, "transition_steps": 20, "transition_begin": 2},
    ),
    (
        optax.exponential_decay,
        {"init_value": 1.0, "transition_steps": 5, "decay_rate": 0.5, "transition_begin": 2, "end_value": 0.01},
    ),
    (optax.cosine_decay_schedule, {"init_value": 1.0, "decay_steps": 20, "alpha": 0.1, "exponent": 1.5}),
    (optax.warmup_constant_schedule, {"init_value": 0.1, "peak_value": 1.0, "warmup_steps": 5}),
    (
        optax.warmup_cosine_decay_schedule,
        {"init_value": 0.1, "peak_value": 1.0, "warmup_steps": 5, "decay_steps": 30, "end_value": 0.05},
    ),
    (
        optax.warmup_exponential_decay_schedule,
        {"init_value": 0.1, "peak_value": 1.0, "warmup_steps": 5, "transition_steps": 8, "decay_rate": 0.5},
    ),
    (piecewise(optax.piecewise_constant_schedule), TABLES),
    (
        piecewise(lambda init, scales: optax.piecewise_interpolate_schedule("linear", init, scales)),
        TABLES,
    ),
    (
        optax.cosine_onecycle_schedule,
        {"transition_steps": 30, "peak_value": 1.0, "pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 1e2},
    ),
    (
        optax.linear_onecycle_schedule,
        {"transition_steps": 30, "peak_value": 1.0, "pct_start": 0.3, "pct_final": 0.8, "div_factor": 25.0},
    ),
    (
        lambda peak_value, decay_steps: optax.sgdr_schedule(
            [{"init_value": 0.0, "peak_value": peak_value, "decay_steps": decay_steps, "warmup_steps": 2}] * 2
        ),
        {"peak_value": 1.0, "decay_steps": 20},
    ),
    (
        lambda boundary: optax.join_schedules([optax.constant_schedule(1.0), optax.constant_schedule(0.5)], [boundary]),
        {"boundary": 10},
    ),
]
"""optax's constructors, each with numbers for its arguments."""


def their_pairs():
    """Each (constructor, argument), with what it fails."""
    for make, arguments in THEIRS:
        for name, value in arguments.items():

            def curve(x, make=make, arguments=arguments, name=name):
                schedule = make(**{**arguments, name: x})
                return jax.vmap(lambda step: jnp.asarray(schedule(step), jnp.float32))(STEPS)

            def plain(x, curve=curve):
                return curve(x if np.ndim(x) else x.item())

            yield f"{make.__name__} {name}", failures(curve, value, plain)


def tally(pairs) -> tuple[int, list[str]]:
    found = dict(pairs)
    return len(found), [f"{name}: {', '.join(failed)}" for name, failed in found.items() if failed]


if __name__ == "__main__":
    n, failed = tally(our_pairs())
    figure("(schedule, leaf) pairs that vmap, jit and differentiate, ours", f"{n - len(failed)} of {n}", "all", not failed)
    for line in failed:
        print(line, file=sys.stderr)
    m, missing = tally(their_pairs())
    figure("(constructor, argument) pairs that vmap, jit and differentiate, optax's", f"{m - len(missing)} of {m}")
    if "-v" in sys.argv:
        print(*missing, sep="\n", file=sys.stderr)
    finish()
