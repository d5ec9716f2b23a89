"""Steps, samples and tokens of a run whose batch has 1,000 sizes, one after another."""

import statistics
import time

import numpy as np
from _report import figure, finish, spread

import jaxsched as js

REPEATS = 15
PIECES = 1_000


def milliseconds(fn):
    begin = time.perf_counter()
    fn()
    return 1e3 * (time.perf_counter() - begin)


rng = np.random.default_rng(0)
boundaries = np.cumsum(rng.integers(1, 1_000, PIECES - 1)).tolist()
batch = js.piecewise_constant(boundaries, rng.integers(1, 4_096, PIECES).tolist())
sequence = 4_096
tokens = js.Run(batch_size=batch, sequence_length=sequence).tokens_seen(boundaries[-1] // 2)

built = [milliseconds(lambda: js.Run(batch_size=batch, sequence_length=sequence)) for _ in range(REPEATS)]
run = js.Run(batch_size=batch, sequence_length=sequence)
there = [milliseconds(lambda: run.tokens(tokens)) for _ in range(REPEATS)]
back = [milliseconds(lambda: run.tokens_seen(boundaries[-1] // 2)) for _ in range(REPEATS)]
both = [a + b + c for a, b, c in zip(built, there, back, strict=True)]

what = "run of 1,000 batch sizes"
figure(f"{what}: built, and tokens to steps and back", f"{spread(both)} ms", "under 1 ms", statistics.median(both) < 1)
figure(f"{what}: tokens to steps", f"{spread([1e3 * x for x in there])} microseconds")
figure(f"{what}: steps to tokens", f"{spread([1e3 * x for x in back])} microseconds")
finish()
