"""Find a peak rate by the LR range test, then train inside its bracket and ten times off on both sides.

    pip install -e '.[examples]' && python examples/range_test.py

Two models: handwritten digits, and the next character of text that ships with Python. For each, one range test of 100
batches; then warmup-cosine runs of 300 steps at seven peaks, each from three starts, all in one compiled program. The
table and the picture say how far the test is to be trusted: it finds a bracket, not the best rate.
"""

import argparse
import tempfile
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched

try:
    from matplotlib.figure import Figure
    from sklearn.datasets import load_digits
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: install what the examples need with pip install 'jaxsched[examples]'") from None

STEPS, BATCH, HIDDEN, CONTEXT, SEEDS = 300, 64, 64, 12, 3


class Task(NamedTuple):
    """Inputs and classes to train on, and others to judge by."""

    name: str
    train: tuple[np.ndarray, np.ndarray]
    held_out: tuple[np.ndarray, np.ndarray]
    classes: int


def digits() -> Task:
    x, y = load_digits(return_X_y=True)
    x, order = np.asarray(x, np.float32) / 8 - 1, np.random.default_rng(0).permutation(len(y))
    x, y = x[order], np.asarray(y)[order]
    return Task("digits", (x[:1300], y[:1300]), (x[1300:], y[1300:]), 10)


def characters() -> Task:
    """Windows of a few characters, and the one that comes next."""
    from pydoc_data.topics import topics

    text = "".join(topics[name] for name in sorted(topics))[:40_000]
    letters = sorted(set(text))
    codes = np.asarray([letters.index(each) for each in text])
    windows = np.lib.stride_tricks.sliding_window_view(codes, CONTEXT + 1)
    x = np.eye(len(letters), dtype=np.float32)[windows[:, :-1]].reshape(len(windows), -1)
    return Task("characters", (x[:32_000], windows[:32_000, -1]), (x[-2_000:], windows[-2_000:, -1]), len(letters))


def start(task: Task, key):
    sizes = [task.train[0].shape[1], HIDDEN, task.classes]
    keys = jax.random.split(key, 2)
    return [
        (jax.random.normal(k, (m, n)) / np.sqrt(m), jnp.zeros(n))
        for k, m, n in zip(keys, sizes, sizes[1:], strict=False)
    ]


def loss(params, x, y):
    (w1, b1), (w2, b2) = params
    return optax.softmax_cross_entropy_with_integer_labels(jax.nn.relu(x @ w1 + b1) @ w2 + b2, y).mean()


def batches(task: Task, count: int, seed: int):
    """`count` mini-batches, stacked."""
    x, y = task.train
    chosen = np.random.default_rng(seed).integers(len(y), size=(count, BATCH))
    return x[chosen], y[chosen]


optimizer = jaxsched.inject(optax.adam)(1.0)


def step_at(state, batch, rate):
    """One training step at a given rate."""
    params, opt = state
    opt = jaxsched.override(opt, learning_rate=rate)
    value, slope = jax.value_and_grad(loss)(params, *batch)
    updates, opt = optimizer.update(slope, opt, params)
    return (optax.apply_updates(params, updates), opt), value


def find(task: Task):
    """The range test, over three orders of 100 batches."""
    params = start(task, jax.random.key(0))
    state = params, optimizer.init(params)
    return jaxsched.search.range_test(step_at, state, batches(task, 100, seed=0), start=1e-6, seeds=3)


def losses(task: Task, peaks):
    """The held-out loss of a warmup-cosine run at each peak, from each start: one compiled program."""
    schedules = jaxsched.grid(lambda peak: jaxsched.warmup_cosine(peak, 30, STEPS), peak=peaks)
    data = batches(task, STEPS, seed=1)

    def train(schedule, key):
        params = start(task, key)

        def one(state, point):
            return step_at(state, *point)

        rates = schedule(jnp.arange(STEPS))
        (params, _), _ = jax.lax.scan(one, (params, optimizer.init(params)), (data, rates))
        return loss(params, *task.held_out)

    each_start = jax.vmap(train, in_axes=(None, 0))
    return np.asarray(
        jax.jit(jax.vmap(each_start, in_axes=(0, None)))(schedules, jax.random.split(jax.random.key(1), SEEDS))
    )


def main(out: Path) -> None:
    figure = Figure(figsize=(11, 7), layout="constrained")
    for row, task in enumerate((digits(), characters())):
        found = find(task)
        (low, high), suggested = found.bracket(), found.suggest()
        inside = np.geomspace(low, high, 5)
        peaks = np.concatenate([[low / 10], inside, [high * 10]])
        each = np.median(losses(task, peaks), axis=1)
        best = int(np.argmin(each))
        print(f"{task.name}\n{found}")
        for peak, value in zip(peaks, each, strict=True):
            where = "inside" if low <= peak <= high * 1.000001 else "ten times off"
            print(
                f"  peak {peak:9.3g}  held-out loss {value:8.4f}  {where}{'  <- best' if peak == peaks[best] else ''}"
            )
        assert 0 < best < len(peaks) - 1, "the best peak is inside the bracket"
        left, right = figure.add_subplot(2, 2, 2 * row + 1), figure.add_subplot(2, 2, 2 * row + 2)
        found.plot(left).set_title(f"{task.name}: range test")
        right.loglog(peaks, each, "o-")
        right.axvspan(low, high, color="0.5", alpha=0.15, linewidth=0, label="bracket")
        right.axvline(suggested, color="C1", linestyle="--", label="steepest")
        right.set(
            xlabel="peak of warmup-cosine", ylabel="held-out loss", title=f"{task.name}: {STEPS} steps at each peak"
        )
        right.legend()
    path = out / "range_test.png"
    figure.savefig(path)
    print(f"The picture is in {path}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Find a peak rate by the LR range test, and check it.")
    parser.add_argument("--out", type=Path, default=None, help="a folder for the picture; by default a new one")
    chosen = parser.parse_args().out
    main(chosen or Path(tempfile.mkdtemp()))
