"""A batch that doubles twice where the rate would fall: the loss of a fixed batch, sample for sample, in fewer updates.

    pip install -e '.[examples]' && python examples/growing_batch.py

`Run.seesaw` makes of a cosine for a fixed batch a schedule of rates and one of batches, after Seesaw
(arXiv:2510.14717). A small network learns from noisy answers by Adam, so that a gradient is mostly noise; each batch
size is compiled once. It prints the updates, samples and losses of both runs, and draws the losses against samples.
(Fewer updates are less time on a device that is not yet full at the small batch, which a CPU always is.)
"""

import argparse
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched

try:
    from matplotlib.figure import Figure
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: install what the examples need with pip install 'jaxsched[examples]'") from None

BATCH, LARGEST, INPUTS, HIDDEN, NOISE, SEEDS = 32, 128, 8, 32, 1.0, 8
PEAK = 1e-2
LOOKS = 64  # so often the loss is looked at


def network(key):
    first, second = jax.random.split(key)
    w = jax.random.normal(first, (INPUTS, HIDDEN)) / INPUTS**0.5
    return {"w": w, "b": jnp.zeros(HIDDEN), "out": jax.random.normal(second, (HIDDEN,)) / HIDDEN**0.5}


def answer(params, x):
    return jnp.tanh(x @ params["w"] + params["b"]) @ params["out"]


TEACHER = network(jax.random.key(100))
HELD_OUT = jax.random.normal(jax.random.key(101), (4_096, INPUTS))


def draw_samples(key, first, size):
    """Samples by their number: whatever the batch, the n-th is the same."""

    def one(number):
        x_key, noise_key = jax.random.split(jax.random.fold_in(key, number))
        x = jax.random.normal(x_key, (INPUTS,))
        return x, answer(TEACHER, x) + NOISE * jax.random.normal(noise_key)

    return jax.vmap(one)(first + jnp.arange(size))


def loss(params, x, y):
    return jnp.mean((answer(params, x) - y) ** 2)


@jax.jit
def held_out(params):
    """How far each network is from the teacher itself, without the noise."""
    return jax.vmap(lambda params: loss(params, HELD_OUT, answer(TEACHER, HELD_OUT)))(params)


def train(rate, run):
    """The losses, after so many samples, of networks from several seeds; and how many steps were compiled."""
    optimizer, compiled = jaxsched.inject(optax.adam)(rate), []

    def step(state, batch):
        compiled.append(batch[1].shape)  # Python comes here only to compile a step for a size
        params, opt_state = state
        updates, opt_state = optimizer.update(jax.grad(loss)(params, *batch), opt_state, params)
        return optax.apply_updates(params, updates), opt_state

    step_of_all = jax.jit(jax.vmap(step))
    samples_of_all = jax.jit(jax.vmap(draw_samples, in_axes=(0, None, None)), static_argnums=2)
    params = jax.vmap(network)(jax.random.split(jax.random.key(0), SEEDS))
    state, keys = (params, jax.vmap(optimizer.init)(params)), jax.random.split(jax.random.key(1), SEEDS)
    sizes = np.broadcast_to(jaxsched.as_schedule(run.batch_size)(np.arange(run.total)), run.total).astype(int).tolist()
    seen, looks, every = 0, [(0, held_out(params))], run.samples_seen(run.total) // LOOKS
    for size in sizes:  # a shape is not traced: the size comes from the schedule on the host
        state = step_of_all(state, samples_of_all(keys, seen, size))
        seen += size
        if seen // every > looks[-1][0] // every:
            looks.append((seen, held_out(state[0])))
    samples, losses = zip(*looks, strict=True)
    assert seen == run.samples_seen(run.total)
    return np.array(samples), np.stack(losses), len(compiled)


def draw(plans, results, output):
    figure = Figure(figsize=(8, 8), layout="constrained")
    figure.suptitle("A cosine at a fixed batch, and the same samples with a batch that grows (Seesaw)")
    rates, batches, losses = figure.subplots(3, 1, sharex=True, height_ratios=[2, 1, 3])
    for (name, (rate, run)), (samples, curves, _), colour in zip(plans.items(), results, ("C0", "C1"), strict=True):
        updates = np.arange(run.total)
        seen = [run.samples_seen(update) for update in updates.tolist()]
        rates.plot(seen, rate(updates), color=colour, label=name)
        batches.plot(seen, jaxsched.as_schedule(run.batch_size)(updates), color=colour)
        median = np.median(curves, axis=1)
        losses.plot(samples, median, color=colour, label=f"{name}: {run.total:,} updates")
        losses.fill_between(samples, curves.min(axis=1), curves.max(axis=1), color=colour, alpha=0.15, linewidth=0)
    rates.set(ylabel="rate")
    batches.set(ylabel="batch", yticks=[BATCH, LARGEST // 2, LARGEST])
    losses.set(yscale="log", ylabel=f"held-out loss, {SEEDS} seeds", xlabel="samples")
    losses.legend()
    for ax in (rates, batches, losses):
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(output, dpi=130)


def main():
    parser = argparse.ArgumentParser(description="Train with a fixed batch and with one that grows, on equal samples.")
    parser.add_argument("--output", default="growing_batch.png", help="where to write the picture (%(default)s)")
    parser.add_argument("--updates", type=int, default=3_000, help="of the run with the fixed batch (%(default)s)")
    args = parser.parse_args()
    if args.updates < 100:
        parser.error(f"--updates must be at least 100: got {args.updates}")
    fixed: Any = jaxsched.Run(batch_size=BATCH, total=args.updates)
    cosine = jaxsched.warmup_cosine(PEAK, warmup=args.updates // 20, total=args.updates, end=PEAK / 10)
    plans: dict[str, Any] = {"fixed": (cosine, fixed), "growing": fixed.seesaw(cosine, largest=LARGEST)}
    results = []
    print("         updates  samples  compiled   held-out loss     seconds")
    for name, (rate, run) in plans.items():
        began = time.perf_counter()
        results.append(train(rate, run))
        seconds, last = time.perf_counter() - began, results[-1][1][-1]
        spread = f"{np.median(last):.4f} ({last.min():.4f} to {last.max():.4f})"
        print(f"{name:8} {run.total:7} {run.samples_seen(run.total):8} {results[-1][2]:9}   {spread} {seconds:5.1f}")
    growing: Any = plans["growing"][1]
    assert growing.samples_seen(growing.total) == fixed.samples_seen(fixed.total)
    assert results[0][2] == 1 and results[1][2] == len(growing.batch_size.values)
    draw(plans, results, args.output)
    print(f"The picture is in {args.output}.")


if __name__ == "__main__":
    main()
