"""Parts of a whole run, for recipes that take a `total`."""

import math
from fractions import Fraction

import jax.numpy as jnp
import numpy as np

from jaxsched._core.fields import is_traced
from jaxsched._core.kinds import Count, Numeric, Part
from jaxsched._core.time import as_real, is_integer
from jaxsched._core.words import shown


def within(part: Numeric, total: Numeric, name: str = "`warmup`") -> Numeric:
    """A part of the whole run: refused where it is known to be longer, cut where it is traced."""
    if is_traced(part) or is_traced(total):
        return jnp.minimum(part, total)
    if np.any(np.asarray(part) > np.asarray(total)):
        raise ValueError(f"{name} must not exceed `total`, which includes it: got {shown(part)} and {shown(total)}.")
    return part


def share(fraction: Part, total: Count, down: bool = False) -> Numeric:
    """A fraction of the whole run: a whole number of steps where `total` is one (halves up), else as it is."""
    if isinstance(total, int) and not is_traced(fraction):
        return math.floor(total * Fraction(repr(float(fraction))) + (0 if down else Fraction(1, 2)))
    product = as_real(fraction) * as_real(total)
    if not is_integer(total):
        return product
    return jnp.floor(product + (0 if down else 0.5)).astype(jnp.result_type(int))
