"""Adam steps in one long scan: the time of a step, and the launches of a step that the profiler saw on the device.

The network is small, so that on a GPU a launch is most of a step and an extra one is seen. adam_step.py,
controller_step.py and groups_step.py count the same kernels in the compiled program.

    python benchmarks/scan_steps.py [--small]
"""

import argparse
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import optax
from _adam import gradients_of
from _report import figure, finish, interleaved, ratios, seconds, spread

import jaxsched

LAYERS, REPEATS = 50, 11
SCHEDULE = jaxsched.warmup_cosine(3e-4, 1_000, 10_000, end=3e-5)
params = {f"block_{i}": {"w": jnp.full((64, 64), 0.01), "b": jnp.zeros(64)} for i in range(LAYERS)}
groups = [f"block_{i}/" for i in range(LAYERS)]


def adam(rate):
    return optax.chain(optax.scale_by_adam(), rate)


OPTIMIZERS = {
    "a constant rate": optax.adam(3e-4),
    "warmup_cosine": optax.adam(SCHEDULE),
    "optax's warmup and cosine": optax.adam(optax.warmup_cosine_decay_schedule(0.0, 3e-4, 1_000, 10_000, 3e-5)),
    "reduce_on_plateau": adam(jaxsched.scale_by_learning_rate(jaxsched.reduce_on_plateau(SCHEDULE, 0.5))),
    f"{LAYERS} groups with warmup_cosine": adam(jaxsched.by_group(jaxsched.layerwise(SCHEDULE, 0.9, groups))),
}


def scan(optimizer, steps: int):
    """A compiled function without arguments that makes so many steps."""
    optimizer = optax.with_extra_args_support(optimizer)

    def step(carry, metric):
        params, state = carry
        updates, state = optimizer.update(gradients_of(params), state, params, value=metric)
        return (optax.apply_updates(params, updates), state), None

    carry, metrics = (params, optimizer.init(params)), jnp.linspace(1.0, 0.5, steps)
    program = jax.jit(lambda carry, metrics: jax.lax.scan(step, carry, metrics)[0]).lower(carry, metrics).compile()
    return lambda: jax.block_until_ready(program(carry, metrics))


def launches(run) -> int | None:
    """How many kernels and copies the profiler saw on a device; nothing where it saw no device."""
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            run()
        found = [jax.profiler.ProfileData.from_file(str(path)) for path in Path(folder).rglob("*.xplane.pb")]
    planes = [plane for data in found for plane in data.planes if plane.name.startswith("/device:GPU")]
    streams = [line for plane in planes for line in plane.lines if line.name.startswith("Stream")]
    return sum(1 for line in streams for _ in line.events) if streams else None


def main() -> None:
    parser = argparse.ArgumentParser(description="The time and the launches of an Adam step in a long scan.")
    parser.add_argument("--small", action="store_true", help="20 steps instead of 1,000")
    steps = 20 if parser.parse_args().small else 1_000
    runs = {name: scan(optimizer, steps) for name, optimizer in OPTIMIZERS.items()}
    for run in runs.values():
        run()  # the first one prepares what later ones find
    times = dict(zip(runs, interleaved(REPEATS, *(lambda run=run: seconds(run) for run in runs.values())), strict=True))
    what = f"Adam step of {LAYERS} small layers in a scan of {steps:,}"
    for name, taken in times.items():
        figure(f"{what} with {name}: microseconds", spread([1e6 * t / steps for t in taken]))
        if name != "a constant rate":
            figure(
                f"{what} with {name}: time against a constant rate's", spread(ratios(taken, times["a constant rate"]))
            )
    for name, run in runs.items():
        seen = launches(run)
        told = "no profile of a GPU" if seen is None else f"{seen / steps:.1f}"
        figure(f"{what} with {name}: launches a step in the profile", told)
    finish()


if __name__ == "__main__":
    main()
