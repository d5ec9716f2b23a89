"""How many programs `jaxsched.search.sweep` compiles: one for each structure, or one for all with `total`.

It is counted twice: by `Sweep.programs`, and by the compiles that JAX tells of. Each sweep is called twice and the
second call counts, since the first one compiles JAX's own small programs too, which stay.
"""

import tempfile
from pathlib import Path

import jax
from _problems import network, training
from _report import figure, finish
from _sweeps import compiles, four_kinds

from jaxsched.search import sweep

TOTAL, MANY, STRUCTURES = 10, 12, 4
plain = training(network(), TOTAL)
mixed = four_kinds(MANY, TOTAL)


def seeded(schedule, key):
    return plain(schedule), jax.random.normal(key)


def continued(folder: Path, total: int | None = None):
    """A sweep that goes on where 4 of the 12, one of each kind, are there already."""
    sweep(plain, mixed[:STRUCTURES], batch=2, out=folder, total=total)
    compiles.clear()
    return sweep(plain, mixed, batch=2, out=folder, total=total)


def again(folder: Path):
    """A sweep of which all is there already."""
    sweep(plain, mixed, batch=2, out=folder)
    compiles.clear()
    return sweep(plain, mixed, batch=2, out=folder)


CASES = {
    "all at once": (lambda _: sweep(plain, mixed), STRUCTURES),
    "3 seeds": (lambda _: sweep(seeded, mixed, seeds=range(3)), STRUCTURES),
    "3 seeds, in chunks of 2": (lambda _: sweep(seeded, mixed, seeds=range(3), batch=2), STRUCTURES),
    "in chunks of 2, kept": (lambda folder: sweep(plain, mixed, batch=2, out=folder), STRUCTURES),
    "gone on from `out`": (continued, STRUCTURES),
    "all in `out`": (again, 0),
    "`total`": (lambda _: sweep(plain, mixed, total=TOTAL), 1),
    "`total`, 3 seeds, in chunks of 2": (lambda _: sweep(seeded, mixed, seeds=range(3), batch=2, total=TOTAL), 1),
    "`total`, gone on from `out`": (lambda folder: continued(folder, TOTAL), 1),
}

for name, (call, expected) in CASES.items():
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            compiles.clear()
            found = call(Path(folder) / "runs")
    counts = found.programs, len(compiles)
    what = f"sweep of {MANY} schedules of {STRUCTURES} structures, {name}: programs by `Sweep`, by JAX"
    figure(what, "{} and {}".format(*counts), f"{expected} and {expected}", counts == (expected, expected))
finish()
