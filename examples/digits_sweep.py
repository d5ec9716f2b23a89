"""Train 64 learning-rate schedules on scikit-learn's handwritten digits, one compiled program for each kind.

    pip install -e '.[examples]' && python examples/digits_sweep.py

Schedules of one kind differ only in their numbers, and the numbers are data: `jax.vmap` trains them all at once.
It prints a table ranked by held-out accuracy and draws every schedule beside its loss curve.
"""

import argparse
import itertools
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched

try:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from tqdm import tqdm
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}; install what the examples need: pip install 'jaxsched[examples]'") from None

BATCH, HIDDEN = 64, 64
CHUNKS = 20  # a run is so many calls of its compiled program; the progress bar moves between them
PEAKS = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1]


def kinds(total):
    """Four kinds of schedule, each a function and the values of its arguments: 8 peaks times 2 lengths."""
    short, long = total // 20, total // 4

    def warmup_cosine(peak, warmup):
        return jaxsched.warmup_cosine(peak, warmup, total)

    def wsd(peak, decay):
        return jaxsched.wsd(peak, warmup=short, stable=total - short - decay, decay=decay, shape="1-sqrt")

    def one_cycle(peak, warmup):
        return jaxsched.one_cycle(peak, total, warmup=warmup)

    return {
        "warmup + cosine": (warmup_cosine, {"peak": PEAKS, "warmup": [short, long]}),
        "WSD with 1-sqrt": (wsd, {"peak": PEAKS, "decay": [short, long]}),
        "warmup + inverse sqrt": (jaxsched.warmup_inverse_sqrt, {"peak": PEAKS, "warmup": [short, long]}),
        "one cycle": (one_cycle, {"peak": PEAKS, "warmup": [short, long]}),
    }


def load(steps, seed):
    """Chunks of shuffled mini-batches to train on, and a quarter of the images that training never sees."""
    x, y = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(x, y, test_size=0.25, stratify=y, random_state=seed)
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
    """For each kind: the arguments of its runs, their learning rates and losses at each step, their accuracies."""
    batches, held_out = load(steps, seed)
    results = {}
    with tqdm(total=4 * steps, unit="step") as bar:
        for kind, (make, axes) in kinds(steps).items():
            bar.set_description(kind)
            schedules = jaxsched.grid(make, **axes)  # 16 schedules as one, whose numbers have a leading axis
            points = [dict(zip(axes, point, strict=True)) for point in itertools.product(*axes.values())]
            state, losses = start_all(schedules, jax.random.key(seed)), []
            for chunk in batches:
                state, values = train_all(schedules, state, chunk)
                losses.append(np.asarray(values))
                bar.update(steps // CHUNKS)
            rates = jax.vmap(lambda schedule: schedule(jnp.arange(steps)))(schedules)
            accuracies = np.asarray(accuracy_of_all(state[0], *held_out))  # once, after the last step
            results[kind] = points, rates, np.concatenate(losses, axis=1), accuracies
    return results


def rank(results):
    """All runs, best first: by accuracy, and by final loss where that is equal."""
    runs = []
    for kind, (points, _, losses, accuracies) in results.items():
        final = np.nan_to_num(losses[:, -20:].mean(axis=1), nan=np.inf)  # one mini-batch alone is noisy
        runs += zip(-accuracies, final, [kind] * len(points), points, strict=True)
    return sorted(runs, key=lambda run: run[:2])


def draw(results, runs, output):
    """The schedules of a kind on the left, their losses on the right; the best of each kind on a black line."""
    figure = Figure(figsize=(11, 12), layout="constrained")
    axes = figure.subplots(len(results), 2, sharex=True, sharey="col")
    colours = ScalarMappable(LogNorm(PEAKS[0], PEAKS[-1]), "viridis")
    for (left, right), (kind, (points, rates, losses, _)) in zip(axes, results.items(), strict=True):
        place, (minus_accuracy, _, _, best) = next((i, run) for i, run in enumerate(runs, 1) if run[2] == kind)
        for point, rate, loss in zip(points, rates, losses, strict=True):
            peak, length = point.values()
            smooth = np.convolve(loss, np.ones(20) / 20, "valid")
            style = {"color": colours.to_rgba(peak), "linestyle": "-" if length == points[0] else "--"}
            for ax, x, y in ((left, np.arange(len(rate)), rate), (right, np.arange(19, len(loss)), smooth)):
                if point == best:
                    ax.plot(x, y, "k", linewidth=4, zorder=3)
                ax.plot(x, y, linewidth=2 if point == best else 1, zorder=3 if point == best else 2, **style)
        left.set(title=kind, ylabel="learning rate", yscale="log", ylim=(PEAKS[0] / 30, PEAKS[-1] * 2))
        right.set(title=str(best), ylabel="training loss", yscale="log")
    figure.colorbar(colours, ax=axes, label="peak", shrink=0.5)
    figure.savefig(output, dpi=120)


def main():
    parser = argparse.ArgumentParser(description="Train 64 learning-rate schedules on handwritten digits.")
    parser.add_argument("--output", default="digits_sweep.png", help="where to write the picture (%(default)s)")
    parser.add_argument("--steps", type=int, default=400, help="optimizer updates of each run (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the split, the batches and the model (%(default)s)")
    args = parser.parse_args()
    if args.steps < CHUNKS or args.steps % CHUNKS:
        parser.error(f"--steps must be a multiple of {CHUNKS}: got {args.steps}")
    began = time.perf_counter()
    results = sweep(args.steps, args.seed)
    took = time.perf_counter() - began
    runs = rank(results)
    draw(results, runs, args.output)
    print("rank  accuracy  final loss  kind                   numbers")
    for place, (minus_accuracy, final, kind, point) in enumerate(runs, 1):
        numbers = ", ".join(f"{name} {value:g}" for name, value in point.items())
        print(f"{place:4}  {-minus_accuracy:8.2%}  {final:10.4f}  {kind:21}  {numbers}")
    print(f"{len(runs)} runs of {args.steps} steps in {took:.1f} s; the training was compiled {compilations} times.")


if __name__ == "__main__":
    main()
