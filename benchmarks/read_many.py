"""A schedule read at 10^8 steps in one compiled call: time, and bytes a second beside a sum of the same size.

Each step is read as an int32 and its value written as a float32, 8 bytes. The sum, `step + 1`, does nearly nothing but
move the same bytes.

    python benchmarks/read_many.py [--small]
"""

import argparse

import jax
import jax.numpy as jnp
import optax
from _report import figure, finish, interleaved, seconds, spread

import jaxsched

REPEATS = 7


def main() -> None:
    parser = argparse.ArgumentParser(description="A schedule read at very many steps.")
    parser.add_argument("--small", action="store_true", help="10^6 steps instead of 10^8")
    many = 10**6 if parser.parse_args().small else 10**8
    schedules = {
        "a sum": lambda step: (step + 1).astype(jnp.float32),
        "warmup_cosine": jaxsched.warmup_cosine(3e-4, many // 100, many),
        "optax's warmup and cosine": optax.warmup_cosine_decay_schedule(0.0, 3e-4, many // 100, many),
        "wsd, 1-sqrt": jaxsched.wsd(3e-4, warmup=many // 100, stable=many // 2, decay=many // 4, shape="1-sqrt"),
        "a join of 1,000 pieces": jaxsched.join([jaxsched.Cosine(3e-4, 3e-5, steps=many // 1_000)] * 1_000),
    }
    steps = jnp.arange(many)
    runs = [jax.jit(schedule).lower(steps).compile() for schedule in schedules.values()]
    for run in runs:
        jax.block_until_ready(run(steps))
    measures = [lambda run=run: seconds(lambda: jax.block_until_ready(run(steps))) for run in runs]
    for name, times in zip(schedules, interleaved(REPEATS, *measures), strict=True):
        what = f"{name} at {many:,} steps"
        figure(f"{what}: milliseconds", spread([1e3 * t for t in times]))
        figure(f"{what}: GB/s, the most", f"{8e-9 * many / min(times):.3g}")
    finish()


if __name__ == "__main__":
    main()
