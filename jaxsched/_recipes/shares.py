"""Parts of a whole run, for recipes that take a `total`."""

import math
from fractions import Fraction

import jax.numpy as jnp
import numpy as np

from jaxsched._core.fields import Numeric, count, is_traced, number
from jaxsched._core.time import is_integer, to_real


def largest(a: Numeric, b: Numeric) -> Numeric:
    return jnp.maximum(a, b) if is_traced(a) or is_traced(b) else max(a, b)


def as_real(x: Numeric) -> Numeric:
    """A float where `x` is traced: JAX may be strict about the product of an integer and a float."""
    return to_real(x) if is_traced(x) else x


def within(part: Numeric, total: Numeric, name: str = "`warmup`") -> Numeric:
    """A part of the whole run: refused where it is known to be longer, cut where it is traced."""
    part, total = count(name.strip("`"), part), count("total", total)
    if is_traced(part) or is_traced(total):
        return jnp.minimum(part, total)
    if np.any(np.asarray(part) > np.asarray(total)):
        raise ValueError(f"{name} must not exceed `total`, which includes it: got {part!r} and {total!r}.")
    return part


def share(name: str, fraction: Numeric, total: Numeric, down: bool = False) -> Numeric:
    """A fraction of the whole run: a whole number of steps where `total` is one (halves up), else as it is."""
    part, whole = number(name, fraction), count("total", total)
    if not is_traced(part) and not 0 <= float(part) <= 1:
        raise ValueError(f"`{name}` must be between 0 and 1, a fraction of `total`: got {fraction!r}.")
    if isinstance(whole, int) and not is_traced(part):
        return math.floor(whole * Fraction(repr(float(part))) + (0 if down else Fraction(1, 2)))
    product = as_real(part) * as_real(whole)
    if not is_integer(whole):
        return product
    return jnp.floor(product + (0 if down else 0.5)).astype(jnp.result_type(int))
