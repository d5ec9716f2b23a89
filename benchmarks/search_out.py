"""What `out` costs a `jaxsched.search.sweep` of 100 chunks: each is written, fsync and all, before the next one runs.

A chunk takes 50 to 100 ms on two cores; of a longer one the same write is a smaller part. Both times run from the end
of the compile, which `jax.monitoring` tells, until the sweep returns.
"""

import tempfile
from pathlib import Path

from _report import figure, finish, interleaved, spread
from _sweeps import one_kind, run_seconds, train

from jaxsched.search import sweep

CHUNKS, BATCH, REPEATS = 100, 16, 5
many = one_kind(CHUNKS * BATCH)


def kept() -> float:
    with tempfile.TemporaryDirectory(dir=".") as folder:  # beside the user's files: `/tmp` may be in memory
        return run_seconds(lambda: sweep(train, many, batch=BATCH, out=Path(folder) / "runs"))


with_out, without = interleaved(REPEATS, kept, lambda: run_seconds(lambda: sweep(train, many, batch=BATCH)))
ratio, what = min(with_out) / min(without), f"sweep of {CHUNKS} chunks"
figure(f"{what}, time with `out` against without", f"{ratio:.3g}", "at most 1.05", ratio <= 1.05)
figure(f"{what}: seconds with `out`", spread(with_out))
figure(f"{what}: seconds without", spread(without))
figure(f"{what}: milliseconds a chunk", f"{1e3 * min(without) / CHUNKS:.3g}")
finish()
