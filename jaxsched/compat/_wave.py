"""A cosine that follows its wave for ever, for waves whose half is no whole number of steps."""

from fractions import Fraction
from typing import Any

import jax.numpy as jnp

import jaxsched as js
from jaxsched.compat import _arguments as given

TURN = 2.0**32
"""The parts that a turn is counted in: the product with a step wraps around where a turn is full."""


class Wave(js.Schedule):
    r"""A cosine for ever: $v = e + (s - e)\,\tfrac12 (1 + \cos 2 \pi f t)$.

    A float32 product f t is worth nothing after some turns. An integer one that wraps around stays exact.

    Args:
        start: the value s at step 0.
        end: the value e after half a turn.
        frequency: f, in turns a step.
        turns: f without its whole turns, in 2**32nds of a turn, rounded to an integer.
        rest: what the rounding left.
    """

    start: Any
    end: Any
    frequency: Any
    turns: Any
    rest: Any

    def at(self, step):
        step = jnp.asarray(step)
        whole = step if jnp.issubdtype(step.dtype, jnp.integer) else jnp.floor(step)
        angle = whole.astype(jnp.int32) * jnp.asarray(self.turns).astype(jnp.int32)
        part = (step - whole) * self.frequency  # 0 but for fractional steps
        more = whole * self._of_turn(self.rest) + part
        from_top = self._of_turn(angle) + more
        from_bottom = self._of_turn(angle + jnp.int32(-(2**31))) + more
        of_start, of_end = jnp.square(jnp.sin(jnp.pi * from_bottom)), jnp.square(jnp.sin(jnp.pi * from_top))
        span = self.end - self.start
        return jnp.where(of_end <= of_start, self.start + span * of_end, self.end - span * of_start)

    def _of_turn(self, x):
        return jnp.asarray(x).astype(jnp.result_type(float)) / TURN


def wave(start: Any, end: Any, steps: Any, num_cycles: Any) -> js.Schedule:
    """`num_cycles` whole cosine waves from `start` to `end` and back in `steps`, and on and on."""
    if given.is_traced(steps) or given.is_traced(num_cycles):
        steps, cycles = (jnp.asarray(x).astype(jnp.result_type(float)) for x in (steps, num_cycles))
        half = steps / (2 * jnp.maximum(jnp.abs(cycles), 1e-30))  # of a finite length where there is no wave
        return js.cycle(js.Cosine(start, end, steps=half).then(js.Cosine(end, start, steps=half)), 2 * half)
    if num_cycles == 0:
        return js.Constant(start)
    frequency = abs(Fraction(num_cycles)) / Fraction(steps)
    half = 1 / (2 * frequency)
    if half.denominator == 1 and half < 2**30:
        down, up = js.Cosine(start, end, steps=int(half)), js.Cosine(end, start, steps=int(half))
        return js.cycle(down.then(up), 2 * int(half))
    scaled = (frequency % 1) * 2**32
    turns = round(scaled)
    wrapped = turns - 2**32 if turns >= 2**31 else turns
    return Wave(start, end, float(frequency), wrapped, float(scaled - turns))
