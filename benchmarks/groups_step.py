"""A jitted Adam step of fifty layers with a rate for each, against the same step with one rate for all.

Kernels, leaves of the state, wall time, and the time to compile, which rises with the number of kernels that differ.
"""

import statistics
import time

import jax
import numpy as np
import optax
from _adam import compiled_step, kernels, runner
from _report import figure, finish, interleaved, ratios, spread

import jaxsched

REPEATS, STEPS, LAYERS = 61, 3, 50
LAYER = {"w": np.full((256, 256), 0.01, np.float32), "b": np.zeros(256, np.float32)}
PARAMS = {f"block_{i}": jax.tree.map(jax.numpy.asarray, LAYER) for i in range(LAYERS)}
STACKED = {"blocks": jax.tree.map(lambda x: jax.numpy.stack([x] * LAYERS), LAYER)}
GROUPS = [f"block_{i}/" for i in range(LAYERS)]
RATES = {
    "a number": 3e-4,
    "warmup_cosine": jaxsched.warmup_cosine(3e-4, 1_000, 10_000, end=3e-5),
    "wsd": jaxsched.wsd(3e-4, warmup=1_000, stable=7_000, decay=2_000),
}
CONTROLLERS = {
    "reduce_on_plateau": jaxsched.reduce_on_plateau(RATES["warmup_cosine"], 0.5),
    "greedy": jaxsched.greedy(3e-4, 0.5),
}


def adam(rate):
    return optax.chain(optax.scale_by_adam(), rate)


def by_layer(rate):
    return adam(jaxsched.by_group(jaxsched.layerwise(rate, 0.9, GROUPS)))


def stacked(rate):
    return adam(jaxsched.by_group({"blocks": jaxsched.layerwise(rate, 0.9, LAYERS)}))


def size(optimizer, metric=None, params=PARAMS):
    """Kernels, copies of a number and leaves of the state."""
    return np.asarray((*kernels(optimizer, metric, params), len(jax.tree.leaves(optimizer.init(params)))))


def compare(what, one, many, claims=True):
    more, copies, leaves = many - one
    of_kernels, of_leaves = ("at most 6", "at most 12") if claims else ("", "")
    figure(f"{what}: extra kernels (and copies of a number)", f"{more} ({copies})", of_kernels, not claims or more <= 6)
    figure(f"{what}: extra leaves of the state", f"{leaves}", of_leaves, not claims or leaves <= 12)


constant = size(optax.adam(3e-4))
figure("Adam step of 50 layers with a constant rate: kernels", str(constant[0]))
for name, rate in RATES.items():
    compare(f"50 groups with {name}, against a constant rate", constant, size(by_layer(rate)))
for name, rate in CONTROLLERS.items():
    one = size(adam(jaxsched.scale_by_learning_rate(rate)), metric=1.0)
    compare(f"50 groups with {name}, against one", one, size(by_layer(rate), metric=1.0), claims=name != "greedy")
compare(
    "50 layers in one array with warmup_cosine, against a constant rate",
    size(optax.adam(3e-4), params=STACKED),
    size(stacked(RATES["warmup_cosine"]), params=STACKED),
)

FACTORS = {name: {"w": 0.9**i, "b": 1.0} for i, name in enumerate(PARAMS)}
for name, rate in {**RATES, "reduce_on_plateau": CONTROLLERS["reduce_on_plateau"]}.items():
    metric = 1.0 if name in CONTROLLERS else None
    one = size(adam(jaxsched.scale_by_learning_rate(rate)), metric)
    more, copies, _ = size(adam(jaxsched.by_group(rate, factors=FACTORS)), metric) - one
    what = f"a factor for each of 100 parameters with {name}, against one rate in the state"
    figure(f"{what}: extra kernels (and copies of a number)", f"{more} ({copies})", "at most 3", more <= 3)

one_rate = adam(jaxsched.scale_by_learning_rate(RATES["warmup_cosine"]))
sides = (by_layer(RATES["warmup_cosine"]), one_rate, optax.adam(3e-4), one_rate)
many, one, fixed, again = interleaved(REPEATS, *(runner(optimizer, STEPS, params=PARAMS) for optimizer in sides))
what = f"Adam step of {LAYERS * 65_792 / 1e6:.1f} million parameters, time"
slower = ratios(many, one)
figure(
    f"{what} of 50 groups against one rate's", spread(slower, digits=4), "at most 1.1", statistics.median(slower) <= 1.1
)
figure(f"{what} of one rate again against one rate's", spread(ratios(again, one), digits=4))
figure(f"{what} of 50 groups against a constant rate's", spread(ratios(many, fixed), digits=4))
figure(f"{what} of 50 groups in milliseconds", spread([1e3 * t for t in many]))


def compiling(optimizer):
    jax.clear_caches()
    begin = time.perf_counter()
    compiled_step(optimizer, params=PARAMS)
    return time.perf_counter() - begin


figure("the same, making, tracing and compiling: seconds with 50 groups", f"{compiling(sides[0]):.2g}")
figure("the same, making, tracing and compiling: seconds with one rate", f"{compiling(one_rate):.2g}")
finish()
