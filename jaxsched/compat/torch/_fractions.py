"""Lengths that are no whole number of epochs: 7.3 is no float32, and what it is off by grows with every cycle."""

import math
from fractions import Fraction
from typing import Any

import jax.numpy as jnp

import jaxsched as js

LARGEST = 2**31 - 1


class Faster(js.Schedule):
    """A schedule that is played `factor` times as fast: at whole steps, exactly.

    `period` is its period in steps; 0 if it has none.
    """

    schedule: js.Schedule
    factor: js.Numeric
    period: js.Count = 0

    def at(self, step: Any) -> Any:
        local = jnp.where(self.period > 0, step % jnp.maximum(self.period, 1), step)
        return self.schedule(jnp.minimum(local, LARGEST // self.factor) * self.factor)


def in_parts(*lengths: Any) -> tuple[tuple[Any, ...], int]:
    """Lengths as whole numbers of parts, and the parts of a step: 7.3 is 73 of 10. As they are if that is not exact."""
    if not all(isinstance(x, (int, float)) for x in lengths):
        return lengths, 1
    near = [Fraction(x).limit_denominator(1000) for x in lengths]
    parts = math.lcm(*(each.denominator for each in near))
    exact = all(each.numerator / each.denominator == x for each, x in zip(near, lengths, strict=True))
    if not exact or any(2 * x * parts * parts > LARGEST for x in lengths):
        return lengths, 1
    return tuple(round(x * parts) for x in lengths), parts
