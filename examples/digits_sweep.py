"""Train 64 learning-rate schedules on scikit-learn's handwritten digits, one compiled program for each kind.

    pip install -e '.[examples]' && python examples/digits_sweep.py

Schedules of one kind differ only in their numbers, and the numbers are data: `jax.vmap` trains them all at once.
It prints a table ranked by held-out accuracy and draws every schedule beside its loss curve. (One of the 450 held-out
images is 0.22 %, so the order of the first few is luck.)
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
    from tqdm import tqdm
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: install what the examples need with pip install 'jaxsched[examples]'") from None

BATCH, HIDDEN = 64, 64
CHUNKS = 20  # a run is so many calls of its compiled program; the progress bar moves between them
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


def load(steps, seed):
    """Chunks of shuffled mini-batches to train on, and a quarter of the images that training never sees."""
    x, y = load_digits(return_X_y=True)
    split = train_test_split(x, y, test_size=0.25, stratify=y, random_state=seed)
    train_x, test_x, train_y, test_y = map(np.asarray, split)
    mean, deviation = train_x.mean(), train_x.std()  # of the training images only
    train_x, test_x = (((x - mean) / deviation).astype(np.float32) for x in (train_x, test_x))
    rng, used = np.random.default_rng(seed), len(train_x) // BATCH * BATCH
    epochs = [rng.permutation(len(train_x))[:used] for _ in range(steps * BATCH // used + 1)]
    order = np.concatenate(epochs)[: steps * BATCH].reshape(CHUNKS, -1, BATCH)
    return list(zip(train_x[order], train_y[order], strict=True)), (test_x, test_y)


def logits(params, images):  # a perceptron with one hidden layer
    return jax.nn.relu(images @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]


def loss(params, images, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits(params, images), labels).mean()


def accuracy(params, images, labels):
    return jnp.mean(jnp.argmax(logits(params, images), axis=-1) == labels)


def start(schedule, key):
    first, second = jax.random.split(key)
    w1, w2 = jax.random.normal(first, (64, HIDDEN)) / 8, jax.random.normal(second, (HIDDEN, 10)) / HIDDEN**0.5
    params = {"w1": w1, "b1": jnp.zeros(HIDDEN), "w2": w2, "b2": jnp.zeros(10)}
    return params, optax.adam(schedule).init(params)


compilations = 0


def train(schedule, state, batches):
    """Plain training with one schedule on some mini-batches. Nothing here knows that there are many schedules."""
    global compilations
    compilations += 1  # Python runs this line only while JAX traces the function in order to compile it
    optimizer = optax.adam(schedule)

    def step(state, batch):
        params, opt_state = state
        value, grads = jax.value_and_grad(loss)(params, *batch)
        updates, opt_state = optimizer.update(grads, opt_state)
        return (optax.apply_updates(params, updates), opt_state), value

    return jax.lax.scan(step, state, batches)


start_all = jax.vmap(start, in_axes=(0, None))  # every run starts from the same parameters
train_all = jax.jit(jax.vmap(train, in_axes=(0, 0, None)))  # and sees the same mini-batches
accuracy_of_all = jax.vmap(accuracy, in_axes=(0, None, None))


def sweep(steps, seed):
    """All runs, best first; and for each kind its runs' peaks and lengths, learning rates and losses."""
    batches, held_out = load(steps, seed)
    runs, curves = [], {}
    with tqdm(total=4 * steps, unit="step") as bar:
        for kind, (make, length, lengths) in kinds(steps).items():
            bar.set_description(kind)
            axes = {"peak": PEAKS, length: lengths}
            schedules = jaxsched.grid(make, **axes)  # 16 as one, with a leading axis
            points = [tuple(label.values()) for label in jaxsched.labels(**axes)]  # in the same order
            state, losses = start_all(schedules, jax.random.key(seed)), []
            for chunk in batches:
                state, values = train_all(schedules, state, chunk)
                losses.append(np.asarray(values))
                bar.update(steps // CHUNKS)
            losses = np.concatenate(losses, axis=1)
            curves[kind] = points, jax.vmap(lambda schedule: schedule(jnp.arange(steps)))(schedules), losses
            accuracies = accuracy_of_all(state[0], *held_out).tolist()  # once, after the last step
            finals = np.nan_to_num(losses[:, -SMOOTH:].mean(axis=1), nan=np.inf)
            runs += [(*run, kind, length) for run in zip(accuracies, finals, points, strict=True)]
    return sorted(runs, key=lambda run: (-run[0], run[1])), curves


def draw(runs, curves, output):
    """The schedules of each kind on the left, their losses on the right, the best of each kind outlined."""
    figure = Figure(figsize=(11, 11), layout="constrained")
    figure.suptitle(f"{len(runs)} schedules on handwritten digits", fontsize=15)
    axes = figure.subplots(len(curves), 2, sharex=True, sharey="col")
    colours = ScalarMappable(LogNorm(PEAKS[0], PEAKS[-1]), ListedColormap(colormaps["viridis"](np.linspace(0, 0.9))))
    for (left, right), (kind, (points, rates, losses)) in zip(axes, curves.items(), strict=True):
        place, (score, _, best, _, length) = next((i, run) for i, run in enumerate(runs, 1) if run[3] == kind)
        short, long = points[0][1], points[1][1]
        for point, rate, loss in zip(points, rates, losses, strict=True):
            style = {"color": colours.to_rgba(point[0]), "linewidth": 1, "linestyle": "--" if point[1] == long else "-"}
            if point == best:
                outline = [patheffects.Stroke(linewidth=5, foreground="black"), patheffects.Normal()]
                style |= {"linewidth": 2.5, "linestyle": "-", "path_effects": outline, "zorder": 3}
            left.plot(rate, **style)
            right.plot(range(SMOOTH - 1, len(loss)), np.convolve(loss, np.ones(SMOOTH) / SMOOTH, "valid"), **style)
        left.set(yscale="log", ylim=(PEAKS[0] / 30, PEAKS[-1] * 2), ylabel="learning rate")
        left.set_title(f"{kind} ({length} {short} solid, {long} dashed)", fontsize=10)
        right.set(yscale="log", ylabel="training loss")
        right.set_title(f"best: peak {best[0]:g}, {length} {best[1]}: {score:.2%} held out, rank {place}", fontsize=10)
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
    args = parser.parse_args()
    if args.steps < CHUNKS or args.steps % CHUNKS:
        parser.error(f"--steps must be a multiple of {CHUNKS}: got {args.steps}")
    began = time.perf_counter()
    runs, curves = sweep(args.steps, args.seed)
    trained = time.perf_counter() - began
    draw(runs, curves, args.output)
    print("rank  accuracy  final loss  kind                      peak  length")
    for place, (score, final, (peak, steps), kind, length) in enumerate(runs, 1):
        print(f"{place:4}  {score:8.2%}  {final:10.4f}  {kind:21}  {peak:7g}  {length} {steps}")
    print(f"{len(runs)} runs of {args.steps} steps in {trained:.1f} s: {compilations} compilations of the training,")
    print(f"one for each kind. The picture is in {args.output}; {time.perf_counter() - began:.1f} s with it.")


if __name__ == "__main__":
    main()
