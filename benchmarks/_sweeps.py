"""What the benchmarks of `jaxsched.search` share: a training, candidates, and what JAX says of compiling."""

import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from _problems import network, training

import jaxsched

TOTAL = 100
POINTS = 1_347
batches = np.random.default_rng(0).integers(0, POINTS, (TOTAL, 64))
train = training(network((64, 64, 10), POINTS), TOTAL, batches)
"""100 Adam updates of an MLP 64-64-10 on batches of 64: the sizes of `examples/digits_sweep.py`, without its data."""


def one_kind(many: int, total: int = TOTAL) -> list:
    """So many schedules of one structure."""
    peaks, warmups = np.geomspace(1e-4, 3e-2, -(-many // 4)), (5, 10, 20, 40)
    pairs = [(float(peak), min(warmup, total // 2)) for peak in peaks for warmup in warmups][:many]
    return [jaxsched.warmup_cosine(peak, warmup, total, end=0.01 * peak) for peak, warmup in pairs]


def four_kinds(many: int, total: int = TOTAL) -> list:
    """So many schedules of four structures in turn."""
    short = total // 10
    kinds = (
        lambda peak: jaxsched.warmup_cosine(peak, short, total),
        lambda peak: jaxsched.wsd(peak, warmup=short, stable=total - 3 * short, decay=2 * short, shape="1-sqrt"),
        lambda peak: jaxsched.warmup_inverse_sqrt(peak, short),
        lambda peak: jaxsched.one_cycle(peak, total),
    )
    peaks = np.geomspace(1e-4, 3e-2, many)
    return [kinds[i % 4](float(peak)) for i, peak in enumerate(peaks)]


class Times(NamedTuple):
    """Seconds that pass, and seconds that this process works, on all cores together."""

    passed: float
    worked: float

    def __sub__(self, other):
        return Times(self.passed - other.passed, self.worked - other.worked)


def now() -> Times:
    return Times(time.perf_counter(), time.process_time())


def times(call: Callable[[], object]) -> Times:
    begin = now()
    call()
    return now() - begin


class Compiled(NamedTuple):
    """A compile: how long it took and when it was over."""

    seconds: float
    over: Times


compiles: list[Compiled] = []
"""Every compile of this process."""


def _note(event: str, seconds: float, **unused) -> None:
    if event == "/jax/core/compile/backend_compile_duration":
        compiles.append(Compiled(seconds, now()))


jax.monitoring.register_event_duration_secs_listener(_note)


def run_times(sweeping: Callable[[], object]) -> Times:
    """The times from the end of a sweep's compile, the longest one in it, until it returns.

    So all that it does for each of its chunks is in, the copies to the host, the writing and the checks too.
    """
    compiles.clear()
    sweeping()
    end = now()
    return end - max(compiles).over


def run_seconds(sweeping: Callable[[], object]) -> float:
    return run_times(sweeping).passed
