"""A small chaotic training to sweep over, whose bits show every change of the program."""

import jax
import jax.numpy as jnp
import numpy as np

import jaxsched as js

STEPS, WIDTH = 12, 4
SEEDS = (3, 0)


def data(scale=1.0):
    return (scale * np.random.default_rng(0).normal(size=(16, 8))).astype(np.float32)


def training(x, tag=0):
    """`train(schedule, key)` of a small network on `x`."""

    def train(schedule, key):
        first, second = jax.random.split(key)
        w = {"a": jax.random.normal(first, (8, 8)), "b": jax.random.normal(second, (8,))}

        def loss(w):
            return jnp.mean((jnp.tanh(x @ w["a"]) @ w["b"] - x[:, 0]) ** 2) + 0.0 * tag

        def step(w, i):
            value, slope = jax.value_and_grad(loss)(w)
            rate = schedule(schedule.init()) if isinstance(schedule, js.Controller) else schedule(i)
            return jax.tree.map(lambda w, s: w - rate * s, w, slope), value

        w, losses = jax.lax.scan(step, w, jnp.arange(STEPS))
        return {"loss": loss(w), "losses": losses, "small": w["b"].astype(jnp.bfloat16), "right": jnp.sum(w["b"] > 0)}

    return train


def inverse(step):
    return 0.5 / (1.0 + step)


def candidates():
    """Four kinds, one of them a controller, in no order; the first peak diverges."""
    peaks = [1e20, 0.03, 0.3, 0.1, 3.0]
    falling = [js.Cosine(peak, 0.0, steps=STEPS) for peak in peaks]
    warmed = [js.warmup(js.Linear(peak, 0.0, steps=STEPS - 3), steps=3) for peak in peaks[1:4]]
    others = [js.reduce_on_plateau(0.2, 0.5), inverse, 0.05]
    return [falling[0], *others[:1], warmed[0], *falling[1:], *warmed[1:], *others[1:]]


def bits(found):
    """The results of a sweep, byte for byte."""
    return [np.asarray(x).tobytes() for x in jax.tree.leaves(found.values)] + [found.failed.tobytes()]
