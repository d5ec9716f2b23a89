"""A run that must become longer: three ways on from its checkpoint, and what each of them came to.

    pip install -e '.[examples]' && python examples/extend_run.py

The schedule was for 800 steps. At step 600, before its cooldown, it turns out that 1,600 are to be had. `extend` makes
three plans, and `replace_schedule` puts each into the optimizer's state as it is at step 600.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched

try:
    from matplotlib.figure import Figure
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: install what the examples need with pip install 'jaxsched[examples]'") from None

AT, TOTAL, NEW_TOTAL, SEEDS, BATCH = 600, 800, 1600, 16, 64
LR = jaxsched.wsd(0.02, warmup=40, stable=600, decay=160)
optimizer = jaxsched.inject(optax.adam)(LR)


def network(params, x):
    return jnp.tanh(x @ params["w"] + params["b"]) @ params["out"]


def data(key):
    """Points of a function, with some noise."""
    first, second = jax.random.split(key)
    x = jax.random.normal(first, (BATCH, 2))
    return x, jnp.sin(2 * x[:, 0]) * x[:, 1] + 0.5 * jax.random.normal(second, (BATCH,))


def start(key):
    keys, normal = jax.random.split(key, 3), jax.random.normal
    params = {
        "w": 2 * normal(keys[0], (2, 128)),
        "b": 2 * normal(keys[1], (128,)),
        "out": normal(keys[2], (128,)) / 128**0.5,
    }
    return params, optimizer.init(params)


def train(state, key, steps):
    """So many steps from a state; the losses on other points, without noise."""
    held_out = jax.random.normal(jax.random.key(99), (1024, 2))
    target = jnp.sin(2 * held_out[:, 0]) * held_out[:, 1]

    def step(state, key):
        params, opt_state = state
        x, y = data(key)
        slope = jax.grad(lambda params: jnp.mean((network(params, x) - y) ** 2))(params)
        updates, opt_state = optimizer.update(slope, opt_state, params)
        params = optax.apply_updates(params, updates)
        return (params, opt_state), jnp.mean((network(params, held_out) - target) ** 2)

    return jax.lax.scan(step, state, jax.random.split(key, steps))


def main():
    parser = argparse.ArgumentParser(description="Extend a run in its middle.")
    parser.add_argument("--output", default="extend_run.png", help="where to write the picture (%(default)s)")
    args = parser.parse_args()
    began = time.perf_counter()
    plans = jaxsched.foresight.extend(LR, at=AT, total=TOTAL, new_total=NEW_TOTAL)
    print(f"{plans}\n")

    keys = jax.random.split(jax.random.key(0), (2, SEEDS))
    run = jax.jit(jax.vmap(train, in_axes=(0, 0, None)), static_argnums=2)
    checkpoint, before = run(jax.vmap(start)(keys[0]), keys[0], AT)
    params, opt_state = checkpoint
    ways = {"as it was planned": (LR, TOTAL)} | {
        name: (plan.schedule, NEW_TOTAL) for name, plan in plans._asdict().items()
    }
    curves, ends = {}, []
    for name, (schedule, total) in ways.items():
        replaced = jax.vmap(lambda state, new=schedule: jaxsched.replace_schedule(state, learning_rate=new))(opt_state)
        _, after = run((params, replaced), keys[1], total - AT)
        curves[name] = np.concatenate([before, after], axis=1)
        ends.append(curves[name][:, -1])
    rows = {"plan": [*ways], "steps": [total for _, total in ways.values()]}
    rows |= {"loss": [float(np.median(x)) for x in ends], "least": [float(np.min(x)) for x in ends]}
    print(jaxsched.show.Rows(rows | {"largest": [float(np.max(x)) for x in ends]}))

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for i, (name, (schedule, total)) in enumerate(ways.items()):
        style = {"color": ["0.6", "C0", "C1", "C2"][i], "linewidth": 1.5}
        left.plot(schedule(np.arange(total)), label=name, **style)
        smooth = np.median(curves[name], axis=0).reshape(-1, 20).mean(axis=1)
        right.plot(np.arange(len(smooth)) * 20 + 10, smooth, **style)
    for ax, label in ((left, "learning rate"), (right, f"held-out loss, median of {SEEDS} starts")):
        ax.axvline(AT, color="black", linewidth=0.8, linestyle=":")
        ax.set(xlabel="step", ylabel=label)
        ax.grid(alpha=0.3)
    left.legend(fontsize="small")
    right.set_yscale("log")
    figure.savefig(args.output, dpi=130)
    print(f"The picture is in {args.output}; {time.perf_counter() - began:.1f} s.")


if __name__ == "__main__":
    main()
