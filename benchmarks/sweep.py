"""32 two-parameter schedules (peak x warmup), each training a small model with Adam from the start.

With jaxsched the schedule is an argument: one compiled program trains all of them under `jax.vmap`. An optax schedule
is a closure that the program is compiled with, and its peak cannot be mapped over: one program each. Both times run
from the list of hyperparameters to the last losses, with tracing and compiling.
"""

import statistics
import time

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
from _problems import network, training, transformer
from _report import figure, finish, ratios, spread

import jaxsched

REPEATS, TOTAL = 3, 100
PEAKS = [float(p) for p in np.geomspace(1e-4, 3e-2, 8)]
WARMUPS = [5, 10, 20, 40]

counts = {"traces": 0, "compiles": 0}


def count_compile(event: str, *unused_args, **unused) -> None:
    counts["compiles"] += event == "/jax/core/compile/backend_compile_duration"


jax.monitoring.register_event_duration_secs_listener(count_compile)


def trainer(problem):
    """The training that both sides run; it counts how often it is traced."""
    train = training(problem, TOTAL)

    def counting(schedule):
        counts["traces"] += 1
        return train(schedule)

    return counting


def ours(train) -> np.ndarray:
    schedules = jaxsched.grid(
        lambda peak, warmup: jaxsched.warmup_cosine(peak, warmup, TOTAL, end=0.01 * peak), peak=PEAKS, warmup=WARMUPS
    )
    return np.asarray(jax.jit(jax.vmap(chex.assert_max_traces(train, n=1)))(schedules))


def theirs(train, peaks) -> list[float]:
    schedules = [
        optax.warmup_cosine_decay_schedule(0.0, peak, warmup, TOTAL, end_value=0.01 * peak)
        for peak in peaks
        for warmup in WARMUPS
    ]
    return [float(jax.jit(lambda schedule=schedule: train(schedule))()) for schedule in schedules]


def timed(sweep, *args):
    """Seconds, the losses, and how often the training was traced and compiled."""
    jax.clear_caches()
    chex.clear_trace_counter()
    before = dict(counts)
    begin = time.perf_counter()
    losses = sweep(*args)
    return time.perf_counter() - begin, losses, *(counts[name] - before[name] for name in counts)


def compare(name: str, problem, claimed: bool) -> None:
    train, a, b = trainer(problem), [], []
    for _ in range(REPEATS):
        # Ours is short beside a machine's moods: it takes turns with quarters of theirs, and its median counts.
        turns = [(timed(ours, train), timed(theirs, train, PEAKS[i : i + 2])) for i in range(0, len(PEAKS), 2)]
        our_times, our_losses, our_traces, our_compiles = zip(*(mine for mine, _ in turns), strict=True)
        their_times, their_losses, their_traces, their_compiles = zip(*(other for _, other in turns), strict=True)
        a.append(statistics.median(our_times))
        b.append(sum(their_times))
    expected = np.concatenate(their_losses)
    difference = float(np.max(np.abs(our_losses[0] - expected) / expected))
    assert difference < 0.02, f"the two sweeps trained different things: losses differ by {difference}"

    faster, most = ratios(b, a), (max(our_traces), max(our_compiles))
    claim, kept = ("at least 25x", statistics.median(faster) >= 25) if claimed else ("", True)
    what = f"sweep of {len(expected)} schedules, {name}"
    figure(f"{what}: optax's time / ours", spread(faster, "x"), claim, kept)
    figure(f"{what}: traces and compiles, ours", f"{most[0]} and {most[1]}", "1 and 1", most == (1, 1))
    figure(f"{what}: traces and compiles, optax", f"{sum(their_traces)} and {sum(their_compiles)}")
    figure(f"{what}: time, ours", spread(a, " s"))
    figure(f"{what}: time, optax", spread(b, " s"))
    figure(f"{what}: largest relative difference of the last losses", f"{difference:.1g}")


jnp.ones(3).sum().block_until_ready()  # the backend itself is started before the clock
compare("a transformer block", transformer(), claimed=True)
compare("a small MLP", network(), claimed=False)
finish()
