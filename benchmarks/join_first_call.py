"""First call (trace and compile) of a join of many pieces, against `optax.join_schedules` of the same pieces.

Each first call happens with empty caches; both sides are functions that were already built.
"""

import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
from _report import figure, finish, interleaved, ratios, spread

import jaxsched

REPEATS, LENGTH = 5, 3


def piece_values(i: int) -> tuple[float, float]:
    return 1.0 + i % 7, 0.5 + i % 5


def our_pieces(n: int, alternating: bool) -> list[jaxsched.Schedule]:
    kinds = (jaxsched.Linear, jaxsched.Cosine if alternating else jaxsched.Linear)
    return [kinds[i % 2](*piece_values(i), steps=LENGTH) for i in range(n)]


def our_join(n: int, alternating: bool) -> jaxsched.Schedule:
    return jaxsched.join(our_pieces(n, alternating))


def their_join(n: int, alternating: bool):
    pieces = []
    for i in range(n):
        start, end = piece_values(i)
        cosine = alternating and i % 2
        piece = optax.cosine_decay_schedule(start, LENGTH, end / start) if cosine else None
        pieces.append(piece or optax.linear_schedule(start, end, LENGTH))
    return optax.join_schedules(pieces, [LENGTH * (i + 1) for i in range(n - 1)])


def expected(steps: np.ndarray, n: int, alternating: bool) -> np.ndarray:
    piece = np.minimum(steps // LENGTH, n - 1)
    x = np.minimum((steps - piece * LENGTH) / LENGTH, 1.0)
    start, end = 1.0 + piece % 7, 0.5 + piece % 5
    weight = np.where(alternating & (piece % 2 == 1), 0.5 * (1 + np.cos(np.pi * x)), 1 - x)
    return end + (start - end) * weight


def first_call(schedule, step) -> float:
    jax.clear_caches()
    fresh = jax.jit(lambda t: schedule(t))
    begin = time.perf_counter()
    fresh(step).block_until_ready()
    return time.perf_counter() - begin


def eager_first_call(make, step) -> float:
    jax.clear_caches()
    schedule = make()  # a new object: nothing of it is prepared
    begin = time.perf_counter()
    schedule(step).block_until_ready()
    return time.perf_counter() - begin


def off(values, steps: np.ndarray, n: int, alternating: bool) -> float:
    correct = expected(steps, n, alternating)
    return float(np.max(np.abs(np.asarray(values, np.float64) - correct) / correct))


def against_optax(n: int, alternating: bool) -> None:
    ours, theirs, step = our_join(n, alternating), their_join(n, alternating), jnp.int32(n)
    steps = np.arange(LENGTH * n + 9)
    error, their_error = (off(jax.jit(jax.vmap(f))(steps), steps, n, alternating) for f in (ours, theirs))
    a, b, c = interleaved(
        REPEATS,
        lambda: first_call(ours, step),
        lambda: first_call(theirs, step),
        lambda: eager_first_call(lambda: our_join(n, alternating), step),
    )
    faster = ratios(b, a)
    what = f"join of {n:,} pieces, {'two kinds alternating' if alternating else 'one kind'}"
    figure(f"{what}: optax's first call / ours", spread(faster, "x"), "at least 20x", statistics.median(faster) >= 20)
    figure(f"{what}: first call under jit, ours", spread(a, " s"))
    figure(f"{what}: first eager call, ours", spread(c, " s"))
    figure(f"{what}: first call under jit, optax", spread(b, " s"))
    figure(f"{what}: largest relative error, ours", f"{error:.1g}", "at most 1e-6", error <= 1e-6)
    figure(f"{what}: largest relative error, optax", f"{their_error:.1g}")


def large(n: int, alternating: bool) -> None:
    what = f"join of {n:,} pieces, {'two kinds alternating' if alternating else 'one kind'}"
    begin = time.perf_counter()
    pieces = our_pieces(n, alternating)
    made = time.perf_counter()
    schedule = jaxsched.join(pieces)
    joined = time.perf_counter()
    jax.clear_caches()
    called = time.perf_counter()
    schedule(n).block_until_ready()
    figure(f"{what}: first eager call", f"{time.perf_counter() - called:.2g} s")
    figure(f"{what}: making the pieces, then joining them", f"{made - begin:.2g} s, {joined - made:.2g} s")
    rng = np.random.default_rng(0)
    ends = np.arange(LENGTH * n - 3, LENGTH * n + 3)
    steps = np.concatenate([np.arange(100), rng.integers(0, LENGTH * n, 10_000), ends])
    error = off(schedule(steps), steps, n, alternating)
    figure(f"{what}: largest relative error at {len(steps):,} steps", f"{error:.1g}", "at most 1e-6", error <= 1e-6)


for alternating in (False, True):
    against_optax(1_000, alternating)
for alternating in (False, True):
    large(100_000, alternating)
finish()
