"""Seconds that `import jaxsched` adds to a process that has imported jax and optax; each time a fresh process."""

import statistics
import subprocess
import sys

from _report import figure, finish, spread

REPEATS = 11
CODE = "import time, {first}; begin = time.perf_counter(); import {then}; print(time.perf_counter() - begin)"


def milliseconds(first: str, then: str) -> float:
    code = CODE.format(first=first, then=then)
    return 1e3 * float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


milliseconds("jax, optax", "jaxsched")  # writes the byte code and warms the file cache
ours, theirs = [], []
for _ in range(REPEATS):
    ours.append(milliseconds("jax, optax", "jaxsched"))
    theirs.append(milliseconds("jax", "optax"))
figure("`import jaxsched` after jax and optax", spread(ours, " ms"), "≤ 50 ms", statistics.median(ours) <= 50)
figure("for comparison, `import optax` after jax", spread(theirs, " ms"))
finish()
