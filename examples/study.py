"""A study that two processes share: Optuna searches for the peak, the warmup and the shape of a schedule.

    pip install -e '.[examples]' && python examples/study.py

Two workers begin at once on one SQLite file. Each asks for eight trials, trains them by one program and tells what they
came to, until the study has 64. Kill it and begin again: what was told is there, and what was asked for is run again.
"""

import argparse
import collections
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched

try:
    import optuna
    from matplotlib.figure import Figure
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: install what the examples need with pip install 'jaxsched[examples]'") from None

STEPS, BATCH, HIDDEN, AT_ONCE, WORKERS = 200, 64, 64, 8, 2
SPACE = {"peak": (1e-4, 1.0, "log"), "warmup": (1, STEPS // 2), "shape": ["cosine", "linear", "inverse sqrt"]}


def make(peak, warmup, shape):
    if shape == "inverse sqrt":
        return jaxsched.warmup_inverse_sqrt(peak, warmup)
    return {"cosine": jaxsched.warmup_cosine, "linear": jaxsched.warmup_linear}[shape](peak, warmup, STEPS)


def training():
    """Train a perceptron with one hidden layer on scikit-learn's digits: the held-out loss and accuracy."""
    x, y = load_digits(return_X_y=True)
    x = ((x - x.mean()) / x.std()).astype(np.float32)
    train_x, test_x, train_y, test_y = map(np.asarray, train_test_split(x, y, stratify=y, random_state=0))
    images, labels = jnp.asarray(train_x), jnp.asarray(train_y)
    order = np.random.default_rng(0).integers(len(images), size=(STEPS, BATCH))

    def logits(params, x):
        return jax.nn.relu(x @ params["w1"]) @ params["w2"]

    def loss(params, x, y):
        return optax.softmax_cross_entropy_with_integer_labels(logits(params, x), y).mean()

    def train(schedule):
        optimizer = optax.adam(schedule)

        def step(state, batch):
            params, opt_state = state
            updates, opt_state = optimizer.update(jax.grad(loss)(params, images[batch], labels[batch]), opt_state)
            return (optax.apply_updates(params, updates), opt_state), None

        first, second = jax.random.split(jax.random.key(0))
        params = {"w1": jax.random.normal(first, (64, HIDDEN)) / 8, "w2": jax.random.normal(second, (HIDDEN, 10)) / 8}
        (params, _), _ = jax.lax.scan(step, (params, optimizer.init(params)), order)
        right = jnp.mean(jnp.argmax(logits(params, test_x), axis=-1) == test_y)
        return {"loss": loss(params, test_x, test_y), "accuracy": right}

    return train


def work(storage, trials):
    """One worker: the same call in each, on this machine or on another."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return jaxsched.search.study(
        training(), make, SPACE, trials=trials, batch=AT_ONCE, storage=storage, name="digits", value="loss"
    )


def start(storage, trials):
    """Several workers at once, each a process of its own; none is left running."""
    command = [sys.executable, __file__, "--worker", "--storage", storage, "--trials", str(trials)]
    workers = [subprocess.Popen(command) for _ in range(WORKERS)]
    try:
        if any([worker.wait() for worker in workers]):
            raise SystemExit("A worker failed: it says why above. The study goes on with the same command.")
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def draw(study, output):
    """Each trial's held-out loss against its peak: a colour a shape, a marker a worker."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    ax = figure.subplots()
    done = [each for each in study.trials if each.state.name == "COMPLETE" and np.isfinite(each.value)]
    shapes, workers = SPACE["shape"], sorted({each.user_attrs["worker"] for each in done})
    for i, shape in enumerate(shapes):
        for j, worker in enumerate(workers):
            some = [x for x in done if (x.params["shape"], x.user_attrs["worker"]) == (shape, worker)]
            style = {"color": f"C{i}", "marker": "o^sv"[j % 4], "alpha": 0.8}
            ax.scatter([x.params["peak"] for x in some], [x.value for x in some], **style)
        ax.scatter([], [], color=f"C{i}", label=shape)
    best = study.best_trial
    ax.scatter(best.params["peak"], best.value, s=200, facecolors="none", edgecolors="black", label="the best")
    ax.set(xscale="log", yscale="log", xlabel="peak", ylabel="held-out loss")
    ax.set_title(f"{len(done)} trials of {len(workers)} workers, a marker each")
    ax.grid(alpha=0.3)
    ax.legend()
    figure.savefig(output, dpi=130)


def main():
    parser = argparse.ArgumentParser(description="Two processes search for a schedule in one study.")
    parser.add_argument("--storage", default="study.db", help="a file of SQLite, or postgresql://… (%(default)s)")
    parser.add_argument("--trials", type=int, default=64, help="of the whole study (%(default)s)")
    parser.add_argument("--output", default="study.png", help="where to write the picture (%(default)s)")
    parser.add_argument("--short", action="store_true", help="16 trials in all")
    parser.add_argument("--worker", action="store_true", help="be one worker: on another machine, say")
    args = parser.parse_args()
    if args.short:
        args.trials = 16
    if args.worker:
        work(args.storage, args.trials)
        return
    began = time.perf_counter()
    start(args.storage, args.trials)
    study = work(args.storage, args.trials)  # nothing is left to do: it reads what is there
    draw(study, args.output)
    done = [each for each in study.trials if each.state.name == "COMPLETE"]
    ranked = sorted(done, key=lambda each: each.value)[:5]
    rows = {"trial": [each.number for each in ranked]}
    rows |= {name: [each.params[name] for each in ranked] for name in SPACE}
    rows |= {"loss": [each.value for each in ranked], "accuracy": [each.user_attrs["accuracy"] for each in ranked]}
    print(jaxsched.show.Rows(rows))
    ran = collections.Counter(each.user_attrs["worker"] for each in done)
    print(f"{len(done)} trials: {' and '.join(map(str, ran.values()))} by {len(ran)} workers.")
    print(f"The best: {make(**study.best_params)!r}")
    print(f"The picture is in {args.output}; {time.perf_counter() - began:.1f} s.")


if __name__ == "__main__":
    main()
