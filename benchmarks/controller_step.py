"""A jitted Adam step with a controller in the optimizer's state, against the same step with a constant rate.

The controller observes a metric at every step, the most that it can cost. Kernels are counted as in adam_step.py.
"""

import statistics

import jax.numpy as jnp
import optax
from _adam import kernels, millions, runner
from _report import figure, finish, interleaved, ratios, spread

import jaxsched

REPEATS, STEPS = 101, 3
SCHEDULE = jaxsched.warmup_cosine(3e-4, 1_000, 10_000)
METRIC = jnp.float32(1.0)


def with_rate(rate):
    return optax.chain(optax.scale_by_adam(), jaxsched.scale_by_learning_rate(rate))


CONSTANT = optax.adam(3e-4)
PLATEAU = with_rate(jaxsched.reduce_on_plateau(3e-4, 0.5, patience=100))
THEIRS = optax.chain(optax.adam(3e-4), optax.contrib.reduce_on_plateau(0.5, patience=100))
OTHERS = {
    "a schedule in the state": with_rate(SCHEDULE),
    "reduce_on_plateau of a number": PLATEAU,
    "reduce_on_plateau of a schedule": with_rate(jaxsched.reduce_on_plateau(SCHEDULE, 0.5, patience=100)),
    "greedy": with_rate(jaxsched.greedy(3e-4)),
    "recover": with_rate(jaxsched.recover(3e-4)),
    "hold_target of a number": with_rate(jaxsched.hold_target(3e-4, 0.01, low=1e-5, high=1e-2)),
    "hold_target of a schedule": with_rate(jaxsched.hold_target(SCHEDULE, 0.01, low=1e-5, high=1e-2)),
    "optax's reduce_on_plateau": THEIRS,
}

constant, constant_copies = kernels(CONSTANT)
figure("Adam step with a constant rate: kernels", str(constant))
for name, optimizer in OTHERS.items():
    computing, copies = kernels(optimizer, METRIC)
    figure(
        f"Adam step with {name}: extra kernels (and copies of a number)",
        f"{computing - constant} ({copies - constant_copies})",
    )
more = kernels(OTHERS["hold_target of a number"], METRIC)[0] - kernels(OTHERS["a schedule in the state"], METRIC)[0]
figure("Adam step with hold_target, kernels more than with a schedule in the state", str(more), "at most 3", more <= 3)

state_alone = kernels(OTHERS["a schedule in the state"])
tokens = {
    "an int32": jnp.int32(4096),
    "a float32": jnp.float32(0.5),
    "a counter": jaxsched.counter(jnp.int32(4096), unit=1_000),
}
for kind, step in tokens.items():
    computing, copies = kernels(OTHERS["a schedule in the state"], step=step)
    more = computing - state_alone[0]
    figure(
        f"Adam step with a clock from outside, {kind}: kernels (and copies of a number) more than with a "
        f"schedule in the state",
        f"{more} ({copies - state_alone[1]})",
        "at most 3",
        more <= 3,
    )

a, b, c, again = interleaved(
    REPEATS,
    runner(PLATEAU, STEPS, METRIC),
    runner(CONSTANT, STEPS),
    runner(THEIRS, STEPS, METRIC),
    runner(CONSTANT, STEPS),
)
what = f"Adam step of {millions:.1f} million parameters, time against a constant rate's"
slower = ratios(a, b)
figure(f"{what}: reduce_on_plateau", spread(slower, digits=4), "at most 1.03", statistics.median(slower) <= 1.03)
figure(f"{what}: optax's reduce_on_plateau", spread(ratios(c, b), digits=4))
figure(f"{what}: a constant rate again", spread(ratios(again, b), digits=4))
finish()
