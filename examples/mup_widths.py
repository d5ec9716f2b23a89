"""The best learning rate of one network at five widths: with muP's factors it stays, without them it falls.

    pip install -e '.[examples]' && python examples/mup_widths.py

Adam trains a small MLP at each width, under muP (arXiv:2203.03466) and in the standard parametrisation, with many rates
at once: rates are data, so all of a width are one compiled program under `jax.vmap`. It prints the best rate of each
width, and draws the loss against the rate with the best ones marked. `--short` leaves out the two largest widths.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched

try:
    from matplotlib import colormaps
    from matplotlib.figure import Figure
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: install what the examples need with pip install 'jaxsched[examples]'") from None

WIDTHS, BASE = (64, 128, 256, 512, 1024), 64
INPUTS, SAMPLES, SEEDS, STEPS = 8, 64, 2, 24
RATES = np.geomspace(2**-13, 2**-4, 19).astype(np.float32)


def samples():
    x_key, noise_key = jax.random.split(jax.random.key(1))
    x = jax.random.normal(x_key, (SAMPLES, INPUTS))
    y = jnp.sin(2 * x[:, 0]) * x[:, 1] + 0.5 * jnp.cos(2 * x[:, 2])
    return x, y + 0.5 * jax.random.normal(noise_key, (SAMPLES,))


def begin(width, key, mup):
    """Kernels with a variance of 1/inputs; under muP the output begins at 0."""
    up, a, b, out = jax.random.split(key, 4)
    drawn = lambda key, m, n: jax.random.normal(key, (m, n)) / m**0.5  # noqa: E731
    last = jnp.zeros((width, 1)) if mup else drawn(out, width, 1)
    return {"up": drawn(up, INPUTS, width), "a": drawn(a, width, width), "b": drawn(b, width, width), "out": last}


def loss(params, x, y):
    for name in ("up", "a", "b"):
        x = jax.nn.relu(x @ params[name])
    return jnp.mean(((x @ params["out"])[:, 0] - y) ** 2)


def factors_of(width, mup):
    """A factor of the rate for each parameter, from the shapes of the narrow and of the wide network."""
    narrow, wide = (jax.eval_shape(lambda n=n: begin(n, jax.random.key(0), mup)) for n in (BASE, width))
    return jaxsched.mup_factors(narrow, wide) if mup else jax.tree.map(lambda _: 1.0, wide)


def train(width, mup):
    """The loss after training with each of the rates, as the geometric mean over some beginnings."""
    factors, data = factors_of(width, mup), samples()

    def one(rate, key):
        schedule = jaxsched.warmup_linear(rate, warmup=STEPS // 10, total=STEPS, offset=1)
        optimizer = optax.chain(optax.scale_by_adam(), jaxsched.by_group(schedule, factors=factors))
        params = begin(width, key, mup)

        def step(state, _):
            params, opt_state = state
            updates, opt_state = optimizer.update(jax.grad(loss)(params, *data), opt_state, params)
            return (optax.apply_updates(params, updates), opt_state), None

        (params, _), _ = jax.lax.scan(step, (params, optimizer.init(params)), None, STEPS)
        return jnp.log(loss(params, *data))

    keys = jax.random.split(jax.random.key(2), SEEDS)
    of_seeds = lambda rate: jax.lax.map(lambda key: one(rate, key), keys).mean()  # noqa: E731 (in turn: less memory)
    return np.exp(jax.jit(jax.vmap(of_seeds))(RATES))


def best(losses):
    """The rate and the loss at the lowest point of a parabola through the least loss and its neighbours."""
    i = int(np.clip(np.argmin(losses), 1, len(RATES) - 2))
    a, b, c = np.polyfit([-1.0, 0.0, 1.0], np.log(losses[i - 1 : i + 2]), 2)
    x = np.clip(-b / (2 * a), -1.0, 1.0)
    return float(RATES[i] * (RATES[i + 1] / RATES[i]) ** x), float(np.exp(a * x**2 + b * x + c))


def draw(results, output):
    figure = Figure(figsize=(10, 4.8), layout="constrained")
    figure.suptitle("The loss of a small MLP after training, by the learning rate: the best of each width is marked")
    for ax, (name, of_width) in zip(figure.subplots(1, 2, sharex=True, sharey=True), results.items(), strict=True):
        colours = colormaps["viridis"](np.linspace(0, 0.9, len(of_width)))
        for (width, losses), colour in zip(of_width.items(), colours, strict=True):
            ax.plot(RATES, losses, color=colour, label=f"width {width}", linewidth=1.5)
            ax.plot(*best(losses), "o", color=colour, markersize=9, markeredgecolor="black", zorder=3)
        ax.set(yscale="log", xlabel="peak of the learning rate", title=name)
        ax.set_xscale("log", base=2)
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set(ylabel="loss", ylim=(None, 2.0))  # of both, once all is drawn
    figure.axes[0].legend(loc="lower left")
    figure.savefig(output, dpi=130)


def main():
    parser = argparse.ArgumentParser(description="Sweep the rate of an MLP at several widths, with muP and without.")
    parser.add_argument("--output", default="mup_widths.png", help="where to write the picture (%(default)s)")
    parser.add_argument("--short", action="store_true", help="only the three smallest widths: some seconds")
    args = parser.parse_args()
    began, results = time.perf_counter(), {}
    print("                 width   best rate   its loss")
    for name, mup in (("muP", True), ("standard", False)):
        results[name] = {width: train(width, mup) for width in (WIDTHS[:3] if args.short else WIDTHS)}
        for width, losses in results[name].items():
            rate, least = best(losses)
            print(f"{name:15} {width:6} {rate:11.5f} {least:10.4f}")
    spread = {}
    for name, of_width in results.items():
        rates = [best(losses)[0] for losses in of_width.values()]
        spread[name] = max(rates) / min(rates)
        print(f"{name}: the best rates of all widths are within a factor of {spread[name]:.2f}")
    assert spread["muP"] < 1.5 < spread["standard"]
    draw(results, args.output)
    print(f"The picture is in {args.output}; {time.perf_counter() - began:.1f} s in all.")


if __name__ == "__main__":
    main()
