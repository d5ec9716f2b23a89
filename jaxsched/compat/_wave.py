"""Cosines that follow their wave for ever."""

from fractions import Fraction
from typing import Any

import jax.numpy as jnp

import jaxsched as js
from jaxsched.kinds import is_traced
from jaxsched.numerics import blend, half_sine_squared, to_real


class Wave(js.Schedule):
    r"""A cosine for ever whose half is no whole number of steps: $v = e + (s - e)\,\tfrac12 (1 + \cos 2 \pi f t)$.

    A float32 product f t is worth nothing after some turns. An integer one that wraps around stays exact.

    Args:
        start: the value s at step 0.
        end: the value e after half a turn.
        frequency: f, in turns a step.
        turns: f without its whole turns, in 2**32nds of a turn, rounded to an integer: the product with a step wraps
            around where a turn is full.
        rest: what the rounding left.
    """

    start: js.Level
    end: js.Level
    frequency: js.Numeric
    turns: js.Numeric
    rest: js.Numeric

    def at(self, step: Any) -> Any:
        step = jnp.asarray(step)
        whole = step if jnp.issubdtype(step.dtype, jnp.integer) else jnp.floor(step)
        angle = whole.astype(jnp.int32) * jnp.asarray(self.turns).astype(jnp.int32)
        part = 2 * to_real(step - whole) * self.frequency  # 0 but for fractional steps
        more = to_real(whole) * _halves(self.rest) + part
        of_end = half_sine_squared(_halves(angle) + more)
        of_start = half_sine_squared(_halves(angle + jnp.int32(-(2**31))) + more)
        return blend(self.start, self.end, of_start, of_end)


def _halves(turns):
    """In halves of a turn, which `half_sine_squared` counts in."""
    return to_real(turns) / 2.0**31


def there_and_back(start: js.Numeric, end: js.Numeric, steps: js.Numeric) -> js.Schedule:
    """A cosine from `start` to `end` in `steps`, back in as many, and on and on."""
    return js.cycle(js.Cosine(start, end, steps=steps).then(js.Cosine(end, start, steps=steps)), 2 * steps)


def wave(start: js.Numeric, end: js.Numeric, steps: Any, num_cycles: Any) -> js.Schedule:
    """`num_cycles` whole cosine waves from `start` to `end` and back in `steps`, and on and on."""
    if is_traced(steps) or is_traced(num_cycles):
        # Of a finite length where there is no wave.
        return there_and_back(start, end, to_real(steps) / (2 * jnp.maximum(jnp.abs(to_real(num_cycles)), 1e-30)))
    if num_cycles == 0:
        return js.Constant(start)
    frequency = abs(Fraction(num_cycles)) / Fraction(steps)
    half = 1 / (2 * frequency)
    if half.denominator == 1 and half < 2**30:
        return there_and_back(start, end, int(half))
    scaled = (frequency % 1) * 2**32
    turns = round(scaled)
    wrapped = turns - 2**32 if turns >= 2**31 else turns
    return Wave(start, end, float(frequency), wrapped, float(scaled - turns))
