"""Train 64 learning-rate schedules of four kinds on scikit-learn's handwritten digits, one program for each kind.

    pip install -e '.[examples]' && python examples/digits_sweep.py

It prints a table ranked by held-out accuracy and draws every schedule beside its loss curve. (One of the 450 held-out
images is 0.22 %, so the order of the first few is luck.) With `--out runs` every finished run is kept in the folder
`runs`: after Ctrl-C the same command goes on from there.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched

try:
    from matplotlib import colormaps, patheffects
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, LogNorm
    from matplotlib.figure import Figure
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: install what the examples need with pip install 'jaxsched[examples]'") from None

BATCH, HIDDEN = 64, 64
AT_ONCE = 8  # so many runs train at once; what is kept is equal to the bit only for the same number
SMOOTH = 20  # a loss in the table or the picture is the mean of so many mini-batches
PEAKS = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1]


def kinds(total):
    """Four kinds of schedule: a function of the peak and a length, the length's name, and its two values."""
    short, long = total // 20, total // 4

    def wsd(peak, decay):
        return jaxsched.wsd(peak, warmup=short, stable=total - short - decay, decay=decay, shape="1-sqrt")

    return {
        "warmup + cosine": (lambda peak, warmup: jaxsched.warmup_cosine(peak, warmup, total), "warmup", [short, long]),
        "WSD with 1-sqrt": (wsd, "decay", [short, long]),
        "warmup + inverse sqrt": (jaxsched.warmup_inverse_sqrt, "warmup", [short, long]),
        "one cycle": (lambda peak, warmup: jaxsched.one_cycle(peak, total, warmup=warmup), "warmup", [short, long]),
    }


def candidates(total):
    """Every schedule, and what it was made of."""
    schedules, labels = [], []
    for name, (make, length, lengths) in kinds(total).items():
        axes = {"peak": PEAKS, length: lengths}
        schedules += jaxsched.unstack(jaxsched.grid(make, **axes))
        labels += [{"kind": name, "peak": each["peak"], "length": each[length]} for each in jaxsched.labels(**axes)]
    return schedules, labels


def load(steps, seed):
    """Images and labels to train on, the order of their mini-batches, and a quarter that training never sees."""
    x, y = load_digits(return_X_y=True)
    split = train_test_split(x, y, test_size=0.25, stratify=y, random_state=seed)
    train_x, test_x, train_y, test_y = map(np.asarray, split)
    mean, deviation = train_x.mean(), train_x.std()  # of the training images only
    train_x, test_x = (((x - mean) / deviation).astype(np.float32) for x in (train_x, test_x))
    rng, used = np.random.default_rng(seed), len(train_x) // BATCH * BATCH
    epochs = [rng.permutation(len(train_x))[:used] for _ in range(steps * BATCH // used + 1)]
    order = np.concatenate(epochs)[: steps * BATCH].reshape(steps, BATCH)
    return (jnp.asarray(train_x), jnp.asarray(train_y)), order, (test_x, test_y)


def logits(params, images):  # a perceptron with one hidden layer
    return jax.nn.relu(images @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]


def loss(params, images, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits(params, images), labels).mean()


def accuracy(params, images, labels):
    return jnp.mean(jnp.argmax(logits(params, images), axis=-1) == labels)


def start(key):
    first, second = jax.random.split(key)
    w1, w2 = jax.random.normal(first, (64, HIDDEN)) / 8, jax.random.normal(second, (HIDDEN, 10)) / HIDDEN**0.5
    return {"w1": w1, "b1": jnp.zeros(HIDDEN), "w2": w2, "b2": jnp.zeros(10)}


def training(steps, seed):
    """Plain training with one schedule. Nothing in it knows that there are many schedules."""
    (images, labels), order, held_out = load(steps, seed)

    def train(schedule):
        optimizer = optax.adam(schedule)

        def step(state, batch):
            params, opt_state = state
            value, grads = jax.value_and_grad(loss)(params, images[batch], labels[batch])
            updates, opt_state = optimizer.update(grads, opt_state)
            return (optax.apply_updates(params, updates), opt_state), value

        params = start(jax.random.key(seed))  # every run from the same parameters
        (params, _), losses = jax.lax.scan(step, (params, optimizer.init(params)), order)
        return {"accuracy": accuracy(params, *held_out), "loss": losses[-SMOOTH:].mean(), "losses": losses}

    return train


def draw(found, labels, steps, output):
    """The schedules of each kind on the left, their losses on the right, the best of each kind outlined."""
    figure = Figure(figsize=(11, 11), layout="constrained")
    figure.suptitle(f"{len(labels)} schedules on handwritten digits", fontsize=15)
    axes = figure.subplots(len(kinds(steps)), 2, sharex=True, sharey="col")
    colours = ScalarMappable(LogNorm(PEAKS[0], PEAKS[-1]), ListedColormap(colormaps["viridis"](np.linspace(0, 0.9))))
    ranked = found.best("accuracy", "max", n=len(labels))
    for (left, right), (kind, (_, length, (short, long))) in zip(axes, kinds(steps).items(), strict=True):
        place, best = next((i, x) for i, x in enumerate(ranked, 1) if labels[x.candidate]["kind"] == kind)
        for i in [i for i, label in enumerate(labels) if label["kind"] == kind]:
            colour, rate, curve = colours.to_rgba(labels[i]["peak"]), found.schedules[i], found.values["losses"][i]
            style = {"color": colour, "linewidth": 1, "linestyle": "--" if labels[i]["length"] == long else "-"}
            if i == best.candidate:
                outline = [patheffects.Stroke(linewidth=5, foreground="black"), patheffects.Normal()]
                style |= {"linewidth": 2.5, "linestyle": "-", "path_effects": outline, "zorder": 3}
            left.plot(rate(np.arange(steps)), **style)
            right.plot(range(SMOOTH - 1, steps), np.convolve(curve, np.ones(SMOOTH) / SMOOTH, "valid"), **style)
        won = labels[best.candidate]
        left.set(yscale="log", ylim=(PEAKS[0] / 30, PEAKS[-1] * 2), ylabel="learning rate")
        left.set_title(f"{kind} ({length} {short} solid, {long} dashed)", fontsize=10)
        right.set(yscale="log", ylabel="training loss")
        right.set_title(
            f"best: peak {won['peak']:g}, {length} {won['length']}: {best.value:.2%} held out, rank {place}",
            fontsize=10,
        )
    for ax in axes.flat:
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    axes[-1, 0].set_xlabel("step")
    axes[-1, 1].set_xlabel("step")
    bar = figure.colorbar(colours, ax=axes, label="peak", ticks=PEAKS, format="%g", shrink=0.5, aspect=40)
    bar.minorticks_off()
    figure.savefig(output, dpi=130)


def main():
    parser = argparse.ArgumentParser(description="Train 64 learning-rate schedules on handwritten digits.")
    parser.add_argument("--output", default="digits_sweep.png", help="where to write the picture (%(default)s)")
    parser.add_argument("--steps", type=int, default=400, help="optimizer updates of each run (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the split, the batches and the model (%(default)s)")
    parser.add_argument("--out", help="a folder that keeps every finished run, to go on from")
    args = parser.parse_args()
    if args.steps < SMOOTH:
        parser.error(f"--steps must be at least {SMOOTH}: got {args.steps}")
    began = time.perf_counter()
    schedules, labels = candidates(args.steps)
    found = jaxsched.search.sweep(training(args.steps, args.seed), schedules, batch=AT_ONCE, out=args.out)
    trained = time.perf_counter() - began
    draw(found, labels, args.steps, args.output)
    print(found.table("accuracy", "max", labels=labels))
    print(f"{len(labels)} runs of {args.steps} steps in {trained:.1f} s, by {found.programs} compiled programs.")
    print(f"The picture is in {args.output}; {time.perf_counter() - began:.1f} s with it.")


if __name__ == "__main__":
    main()
