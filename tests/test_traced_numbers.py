"""Recipes under jit with an integer and a float that are both traced: a strict JAX refuses to mix those by itself."""

import jax
import jax.numpy as jnp
import numpy as np
from support.short import parametrize

import jaxsched as js

MAKE = {
    "noam": lambda a, n: js.noam(a * 8, n),
    "warmup_linear": lambda a, n: js.warmup_linear(a, n, n * 3),
    "warmup_cosine": lambda a, n: js.warmup_cosine(a, n, n * 3),
    "warmup_inverse_sqrt": lambda a, n: js.warmup_inverse_sqrt(a, n),
    "wsd": lambda a, n: js.wsd(a, warmup=n, stable=n, decay=n),
    "flat_cosine": lambda a, n: js.flat_cosine(a, n * 3, a),
    "slanted_triangular": lambda a, n: js.slanted_triangular(a, n * 3, a),
    "one_cycle": lambda a, n: js.one_cycle(a, n * 3, warmup=n),
    "cyclic": lambda a, n: js.cyclic(a, a * 2, n, n, "exp_range", a),
    "sgdr": lambda a, n: js.sgdr(a, n, growth=2, decay=a, end=a / 2),
    "exponential_decay": lambda a, n: js.exponential_decay(a, a, n),
    "natural_exponential_decay": lambda a, n: js.natural_exponential_decay(a, a, n),
    "inverse_time_decay": lambda a, n: js.inverse_time_decay(a, a, n),
    "StretchingPolynomial": lambda a, n: js.StretchingPolynomial(a, a / 2, steps=n, power=a),
    "step_decay": lambda a, n: js.step_decay(a, a, n),
    "multistep_decay": lambda a, n: js.multistep_decay(a, a, [n, n * 2]),
    "piecewise_constant": lambda a, n: js.piecewise_constant([n], [a, a / 2]),
    "linear_cosine_decay": lambda a, n: js.linear_cosine_decay(a, n, a),
    "noisy_linear_cosine_decay": lambda a, n: js.noisy_linear_cosine_decay(a, n),
}


@parametrize("name", MAKE)
def test_traced_numbers_of_both_kinds_give_what_known_ones_give(name):
    steps = np.array([0, 1, 3, 4, 5, 7, 11, 15, 40])
    got = jax.jit(lambda a, n: MAKE[name](a, n)(steps))(jnp.float32(0.5), jnp.int32(5))
    np.testing.assert_allclose(got, MAKE[name](0.5, 5)(steps), rtol=2e-6, atol=1e-7)
