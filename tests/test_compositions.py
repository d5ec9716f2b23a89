"""Random compositions are what 80-digit arithmetic says, at every step, in either precision."""

import jax
import numpy as np
from support.compositions import composition, steps
from support.precision import computed
from support.short import parametrize

IN_ALL, AT_A_TIME = 2_000, 4

ALLOWED = {"float32": 1e-5, "x64-by-operation": 1e-11}
"""In units of the largest value: roundings of what is nested add up."""


def wrong(seed: int, way: str) -> list[str]:
    """What is wrong with one composition. Nothing is compiled for it alone: it is computed by operation."""
    made = composition(seed)
    at = steps(seed, made.last)
    expected = np.asarray([made.reference(t) for t in at])
    with computed(way), jax.disable_jit():
        error = np.abs(np.asarray(made.schedule(np.asarray(at)), np.float64) - expected) / made.bound
    if np.max(error) <= ALLOWED[way]:
        return []
    i = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
    return [f"{seed}, {way}: {error[i]:.3g} off at {at[i]}, not {expected[i]}: {made.schedule!r}"]


EACH = [(first, way) for way in ALLOWED for first in range(0, IN_ALL, AT_A_TIME)]


@parametrize(("first", "way"), EACH, [(0, "x64-by-operation")])
def test_random_compositions_are_right(first, way):
    found = [text for seed in range(first, first + AT_A_TIME) for text in wrong(seed, way)]
    assert not found, "\n".join(found)
