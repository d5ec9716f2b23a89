"""The largest relative error over [0, 2**31): all examples of the tests' table, and optax where it has the same.

The errors are those of the tests: against 80-digit arithmetic, at the first steps, around every boundary, at random
steps of the whole range and up to the last boundary; each divided by max(1, |ln(value / start)|), or by the largest
value where a schedule crosses 0.
"""

import dataclasses
import math
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from _report import figure, finish

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support import precision as laws  # noqa: E402
from support import zoo

TWINS = {
    "Linear": lambda s: optax.linear_schedule(s.start, s.end, s.steps),
    "Cosine": lambda s: optax.cosine_decay_schedule(s.start, s.steps, s.end / s.start),
    "Cosine-to-zero": lambda s: optax.cosine_decay_schedule(s.start, s.steps),
    "Polynomial": lambda s: optax.polynomial_schedule(s.start, s.end, s.power, s.steps),
    "warmup_cosine": lambda s: optax.warmup_cosine_decay_schedule(
        s.ramp.start, s.schedule.start, s.ramp.steps, s.ramp.steps + s.schedule.steps, s.schedule.end
    ),
    "exponential_decay-near-1": lambda s: optax.exponential_decay(s.start, 1, math.exp(-s.decay)),
}
"""For an example of the table, the same schedule made by optax."""


@dataclasses.dataclass(frozen=True, order=True)
class Worst:
    error: float
    where: str = ""
    step: int = 0

    def __str__(self) -> str:
        return f"{self.error:.2g} ({self.where}, step {self.step:,})"


def worst_of(entry, values: np.ndarray, unit: float, length: str, zeros: bool = True) -> Worst:
    errors = unit * laws.errors(entry, values)
    if not zeros:
        errors[laws.expected_of(entry) == 0] = 0
    i = int(np.argmax(errors))
    return Worst(float(errors[i]), f"{entry.name}, {length}", int(laws.steps_of(entry)[i]))


tables = {"24 steps": zoo.ZOO, **{f"{n:,} steps": entries for n, entries in zoo.LONG.items()}}
ours, wide, theirs, ours_beside = Worst(0), Worst(0), Worst(0), Worst(0)
seen = skipped = 0
for length, entries in tables.items():
    for entry in entries:
        if entry.reference is None:  # noise has no formula
            skipped += 1
            continue
        seen += 1
        mine = worst_of(entry, laws.values_of(entry, wide=False), 1e-6, length)
        ours = max(ours, mine)
        wide = max(wide, worst_of(entry, laws.values_of(entry, wide=True), 1e-13, length))
        if entry.name in TWINS:
            twin = jax.jit(jax.vmap(TWINS[entry.name](entry.make())))
            values = np.asarray(twin(jnp.asarray(laws.steps_of(entry), jnp.int32)), np.float32)
            # An error relative to 0 is infinite, which says nothing of its size.
            theirs = max(theirs, worst_of(entry, values, 1e-6, length, zeros=False))
            ours_beside = max(ours_beside, mine)

figure("largest relative error, float32", str(ours), "at most 1e-6", ours.error <= 1e-6)
figure("largest relative error, x64", str(wide), "at most 1e-13", wide.error <= 1e-13)
figure("examples measured (of each, 256 steps); noise left out", f"{seen}; {skipped}")
figure(f"the {len(TWINS)} examples that optax has too, float32, ours", str(ours_beside))
figure(f"the {len(TWINS)} examples that optax has too, float32, optax's (where not 0)", str(theirs))
finish()
