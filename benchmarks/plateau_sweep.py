"""256 settings of reduce-on-plateau (factor x patience), each training a small model: one program, against a loop.

With jaxsched the controller is an argument that `jax.vmap` maps over. optax's transformation wants its factor as a
Python number, so that a loop compiles a program for each setting; its patience may be traced.
"""

import itertools
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
from _problems import network
from _report import figure, finish

import jaxsched

TOTAL, RATE = 50, 3e-2
FACTORS = [float(f) for f in np.linspace(0.05, 0.95, 16)]
PATIENCES = list(range(16))
SAMPLE = 16  # programs of the loop that are really run

counts = {"traces": 0}
first_params, loss_of = network()


def train(optimizer):
    """The last loss of `TOTAL` updates that observe their own loss."""
    counts["traces"] += 1

    def update(carry, _):
        params, state = carry
        loss, gradients = jax.value_and_grad(loss_of)(params)
        updates, state = optimizer.update(gradients, state, params, value=loss)
        return (optax.apply_updates(params, updates), state), loss

    params = jax.tree.map(jnp.asarray, first_params)
    _, losses = jax.lax.scan(update, (params, optimizer.init(params)), length=TOTAL)
    return losses[-1]


def ours(controllers):
    return jax.vmap(lambda controller: train(jaxsched.inject(optax.adam)(controller)))(controllers)


def theirs(factor, patience):
    return train(optax.chain(optax.adam(RATE), optax.contrib.reduce_on_plateau(factor, patience)))


jnp.ones(3).sum().block_until_ready()  # the backend itself is started before the clock
begin = time.perf_counter()
settings = list(itertools.product(FACTORS, PATIENCES))
controllers = jaxsched.stack([jaxsched.reduce_on_plateau(RATE, f, p, rule="optax") for f, p in settings])
losses = np.asarray(jax.jit(ours)(controllers))
seconds, traces = time.perf_counter() - begin, counts["traces"]
figure(f"{len(settings)} settings of reduce_on_plateau, traces", str(traces), "1", traces == 1)
figure(f"{len(settings)} settings of reduce_on_plateau, one program: seconds in all", f"{seconds:.3g}")

# One program for each of some settings, spread over the grid.
picked = range(3, len(settings), len(settings) // SAMPLE)
times, differences = [], []
for i in picked:
    begin = time.perf_counter()
    float(jax.jit(lambda i=i: theirs(*settings[i]))())
    times.append(time.perf_counter() - begin)
    # The same setting alone. (optax cuts the very update that it judged, one earlier, so its loss is another.)
    alone = jax.jit(lambda i=i: train(jaxsched.inject(optax.adam)(jaxsched.unstack(controllers)[i])))()
    differences.append(abs(float(alone) - losses[i]) / losses[i])
each = float(np.mean(times))
times_faster = each * len(settings) / seconds
low, high = min(times), max(times)
figure(f"a loop over optax's, seconds for each of {len(picked)} settings", f"{each:.3g} ({low:.3g} to {high:.3g})")
figure(
    f"{len(settings)} settings: a loop's time (its mean times {len(settings)}) / one program's",
    f"{times_faster:.3g}x",
    "at least 25x",
    times_faster >= 25,
)
worst = max(differences)
figure("largest relative difference of the last losses to each alone", f"{worst:.1g}", "at most 0.02", worst <= 0.02)
finish()
