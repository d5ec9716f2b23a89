"""What `import jaxsched` adds to a process that has imported jax and optax; each time a fresh process."""

import os
import statistics
import subprocess
import sys
import tempfile

from _report import figure, finish, interleaved, spread

REPEATS = 11
CODE = """
import gc, time, {first}
{before}
begin = time.perf_counter()
import {then}
print(time.perf_counter() - begin)
"""


def milliseconds(first: str, then: str, before: str = "") -> float:
    code = CODE.format(first=first, then=then, before=before)
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    return 1e3 * float(run.stdout)


with tempfile.TemporaryDirectory() as cache:
    # Byte code is kept between the processes, as it is after any first import, whatever this shell's settings are.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    milliseconds("jax, optax", "jaxsched")
    # Importing jax leaves a collection of all its objects due, which may fall into whatever is imported next.
    ours, raw, theirs = interleaved(
        REPEATS,
        lambda: milliseconds("jax, optax", "jaxsched", before="gc.collect()"),
        lambda: milliseconds("jax, optax", "jaxsched"),
        lambda: milliseconds("jax", "optax", before="gc.collect()"),
    )
figure("`import jaxsched` after jax and optax", spread(ours, " ms"), "at most 50 ms", statistics.median(ours) <= 50)
figure("the same with the garbage collection that importing jax leaves due", spread(raw, " ms"))
figure("`import optax` after jax", spread(theirs, " ms"))
finish()
