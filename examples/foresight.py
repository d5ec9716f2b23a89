"""Nine schedules of one model: a law of the loss is fitted to three of them and predicts the six others.

    pip install -e '.[examples]' && python examples/foresight.py

A small model of the next character trains with all of them side by side, from four starts each. Then two numbers of a
cooldown are optimised under the law, and the result is trained on fresh starts beside the best of the nine. What is
printed is what came out: about two minutes on two cores.
"""

import argparse
import pathlib
import sysconfig
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched
from jaxsched import foresight

try:
    import tqdm
    from matplotlib.figure import Figure
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: install what the examples need with pip install 'jaxsched[examples]'") from None

CONTEXT, EMBEDDING, HIDDEN, BATCH, HELD_OUT, LENGTH = 12, 16, 128, 64, 8_192, 4_000_000
PEAK, WARMUP, FIRST, EVERY = 0.006, 50, 100, 25  # losses are taken from step FIRST on, every EVERY steps
FITTED = ("constant", "cosine to 0.1", "drop to 0.3")


def schedules(total):
    rest = total - WARMUP

    def warmed(schedule):
        return jaxsched.warmup(schedule, WARMUP)

    def wsd(part, shape: Any = "linear"):
        decay = round(part * total)
        return jaxsched.wsd(PEAK, warmup=WARMUP, stable=rest - decay, decay=decay, shape=shape)

    def drop(factor):
        after = jaxsched.Constant(PEAK * factor)
        return jaxsched.join([warmed(jaxsched.Constant(PEAK)), after], [total // 2])

    return {
        "constant": warmed(jaxsched.Constant(PEAK)),
        "cosine to 0.1": warmed(jaxsched.Cosine(PEAK, PEAK / 10, steps=rest)),
        "drop to 0.3": drop(0.3),
        "cosine to 0": warmed(jaxsched.Cosine(PEAK, 0.0, steps=rest)),
        "linear to 0": warmed(jaxsched.Linear(PEAK, 0.0, steps=rest)),
        "WSD 0.2": wsd(0.2),
        "WSD 0.4": wsd(0.4),
        "WSD 0.4, 1-sqrt": wsd(0.4, "1-sqrt"),
        "drop to 0.1": drop(0.1),
    }


def text():
    """Codes of the characters of Python's own library, and how many different ones there are."""
    files = sorted(pathlib.Path(sysconfig.get_path("stdlib")).glob("*.py"))
    whole = "".join(file.read_text(encoding="ascii", errors="ignore") for file in files)[:LENGTH]
    letters = sorted(set(whole))
    codes = {letter: i for i, letter in enumerate(letters)}
    return np.asarray([codes[letter] for letter in whole], np.int32), len(letters)


CODES, LETTERS = text()


def windows(draw, shape, held_out):
    """Characters and the next one each: of every tenth thousand where they are held out, of the others else."""
    thousands = np.arange(len(CODES) // 1000)
    chosen = draw.choice(thousands[(thousands % 10 == 0) == held_out], shape)
    places = 1000 * chosen + draw.integers(1000 - CONTEXT - 1, size=shape)
    return CODES[places[..., None] + np.arange(CONTEXT)], CODES[places + CONTEXT]


def start(key):
    keys, normal = jax.random.split(key, 3), jax.random.normal
    return {
        "embedding": normal(keys[0], (LETTERS, EMBEDDING)) / 10,
        "w1": normal(keys[1], (CONTEXT * EMBEDDING, HIDDEN)) / (CONTEXT * EMBEDDING) ** 0.5,
        "b1": jnp.zeros(HIDDEN),
        "w2": normal(keys[2], (HIDDEN, LETTERS)) / HIDDEN**0.5,
    }


def loss(params, x, y):
    inside = params["embedding"][x].reshape(*x.shape[:-1], -1)
    logits = jax.nn.relu(inside @ params["w1"] + params["b1"]) @ params["w2"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


def trained(many, total, seeds, name):
    """The held-out losses of each schedule, averaged over the starts, at steps FIRST - 1 and so on."""
    tables = jaxsched.stack([jaxsched.tabulate(each, total) for each in many])  # any kinds, one program
    held_out = windows(np.random.default_rng(0), HELD_OUT, held_out=True)

    def part(table, state, batches):
        optimizer = optax.adam(table, b2=0.99)

        def step(state, batch):
            params, opt_state = state
            updates, opt_state = optimizer.update(jax.grad(loss)(params, *batch), opt_state)
            return (optax.apply_updates(params, updates), opt_state), None

        state, _ = jax.lax.scan(step, state, batches)
        return state, loss(state[0], *held_out)

    def begin(table, key):
        params = start(key)
        return params, optax.adam(table, b2=0.99).init(params)

    over_seeds = jax.vmap(part, in_axes=(None, 0, 0))
    run = jax.jit(jax.vmap(over_seeds, in_axes=(0, 0, None)))
    keys = jnp.stack([jax.random.key(seed) for seed in seeds])
    states = jax.vmap(jax.vmap(begin, in_axes=(None, 0)), in_axes=(0, None))(tables, keys)
    data = [windows(np.random.default_rng(seed + 1), (total, BATCH), held_out=False) for seed in seeds]
    batches = [np.stack(each) for each in zip(*data, strict=True)]
    losses = []
    for first in tqdm.trange(0, total, EVERY, desc=name, unit="part", leave=False):
        states, found = run(tables, states, [x[:, first : first + EVERY] for x in batches])
        losses.append(np.asarray(found, np.float64).mean(axis=1))
    return np.arange(FIRST - 1, total, EVERY), np.stack(losses[FIRST // EVERY - 1 :], axis=1)


def draw(found, names, steps, losses, runs, output):
    """What was fitted and what was predicted: points are losses, lines the law, bands its error."""
    figure = Figure(figsize=(12, 4.8), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for i, (name, schedule) in enumerate(runs.items()):
        ax, law = axes[int(name not in FITTED)], np.asarray(found.law.curve(schedule, steps))
        style = {"color": f"C{i}"}
        ax.plot(steps, losses[names.index(name)], "o", markersize=3, alpha=0.6, **style)
        ax.plot(steps, law, label=name, **style)
        ax.fill_between(steps, law - found.error, law + found.error, alpha=0.15, linewidth=0, **style)
    for ax, title in zip(axes, ("fitted to these three", "predicted, not seen by the fit"), strict=True):
        ax.set(title=title, xlabel="step")
        ax.grid(alpha=0.3)
        ax.legend(fontsize="small")
    axes[0].set_ylabel("held-out loss, nats a character")
    figure.savefig(output, dpi=130)


def main():
    parser = argparse.ArgumentParser(description="Fit a law of the loss to three runs, predict six others.")
    parser.add_argument("--output", default="foresight.png", help="where to write the picture (%(default)s)")
    parser.add_argument("--steps", type=int, default=500, help="length of each run (%(default)s)")
    parser.add_argument("--short", action="store_true", help="two starts of 500 steps")
    args = parser.parse_args()
    total, seeds = (500, [0, 1]) if args.short else (args.steps, [0, 1, 2, 3])
    began, runs = time.perf_counter(), schedules(total)
    names = list(runs)
    steps, losses = trained(runs.values(), total, seeds, "nine schedules")

    fitted = [(runs[name], steps, losses[names.index(name)]) for name in FITTED]
    found = foresight.fit(fitted)
    print(f"{found}\n")
    unseen = [name for name in names if name not in FITTED]
    predicted = [found(runs[name], total).loss for name in unseen]
    real = [float(losses[names.index(name)][-1]) for name in unseen]
    apart = np.asarray(predicted) - real
    print(jaxsched.show.Rows({"not fitted": unseen, "predicted": predicted, "real": real, "apart": apart.tolist()}))
    print(f"At the ends: root mean square error {np.sqrt(np.mean(apart**2)):.4f}, known before as {found.error:.4f}.\n")

    def cooldown(decay, power):
        begin, peak = total - decay, jaxsched.Constant(PEAK)
        falling = jaxsched.Polynomial(PEAK, 0.0, power=power, steps=decay)
        return jaxsched.join([jaxsched.warmup(peak, WARMUP), falling], [begin])

    ranges: dict[str, Any] = {"decay": (20.0, total - WARMUP - 1.0), "power": (0.5, 3.0)}
    law = foresight.fit(fitted, law="functional").law  # annealing's best shape would be a jump to 0
    best = foresight.optimize(cooldown, lambda schedule: law(schedule, total), error=found.error, **ranges)
    print(f"{best}\n")
    hand = names[int(np.argmin(losses[:, -1]))]
    _, ends = trained([best.schedule, runs[hand]], total, [each + 100 for each in seeds], "fresh starts")
    print(f"From fresh starts: optimised {ends[0, -1]:.4f}, promised {best.value:.4f}; {hand!r} {ends[1, -1]:.4f}.")
    draw(found, names, steps, losses, runs, args.output)
    print(f"The picture is in {args.output}; {time.perf_counter() - began:.0f} s.")


if __name__ == "__main__":
    main()
