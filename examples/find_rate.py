"""From a range test to a trained model: its bracket, a sweep of eight peaks in it, and the best schedule as data.

    pip install -e '.[examples]' && python examples/find_rate.py

The range test raises the rate over a hundred batches and finds a bracket of peaks. The sweep trains eight peaks of it
from three starts each, by one program. The best schedule is printed, stored as JSON, read back and trained with, on
starts that the sweep has not seen.
"""

import argparse
import json
import pathlib
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched

try:
    from matplotlib.figure import Figure
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: install what the examples need with pip install 'jaxsched[examples]'") from None

STEPS, WARMUP, BATCH, HIDDEN, PEAKS = 300, 30, 64, 64, 8
SEEDS, FRESH = (0, 1, 2), (10, 11, 12, 13)


def load():
    """Images and labels to train on, some to choose a peak by, and some to judge the end by."""
    x, y = load_digits(return_X_y=True)
    x = ((x - x.mean()) / x.std()).astype(np.float32)
    train_x, x, train_y, y = train_test_split(x, y, test_size=0.4, stratify=y, random_state=0)
    chosen_x, last_x, chosen_y, last_y = train_test_split(x, y, test_size=0.5, stratify=y, random_state=0)
    return (train_x, train_y), (chosen_x, chosen_y), (last_x, last_y)


TRAINED, CHOSEN_BY, JUDGED_BY = load()
optimizer = jaxsched.inject(optax.adam)(1.0)


def start(key):
    first, second = jax.random.split(key)
    params = {"w1": jax.random.normal(first, (64, HIDDEN)) / 8, "w2": jax.random.normal(second, (HIDDEN, 10)) / 8}
    return params, optimizer.init(params)


def logits(params, x):
    return jax.nn.relu(x @ params["w1"]) @ params["w2"]


def loss(params, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(logits(params, x), y).mean()


def step(state, batch, rate):
    """One update at a given rate: what the range test and the training have in common."""
    params, opt_state = state
    opt_state = jaxsched.override(opt_state, learning_rate=rate)
    value, slope = jax.value_and_grad(loss)(params, *batch)
    updates, opt_state = optimizer.update(slope, opt_state, params)
    return (optax.apply_updates(params, updates), opt_state), value


def batches(count, key):
    x, y = map(jnp.asarray, TRAINED)
    order = jax.random.randint(key, (count, BATCH), 0, len(y))
    return x[order], y[order]


def train(schedule, key):
    """A training from its start: what the held-out images say of it."""
    first, second = jax.random.split(key)
    run = batches(STEPS, second), schedule(jnp.arange(STEPS))
    (params, _), losses = jax.lax.scan(lambda state, now: step(state, *now), start(first), run)
    right = [jnp.mean(jnp.argmax(logits(params, x), axis=-1) == y) for x, y in (CHOSEN_BY, JUDGED_BY)]
    return {"loss": loss(params, *CHOSEN_BY), "losses": losses, "chosen": right[0], "judged": right[1]}


def draw(tested, found, best, output):
    """The range test with its bracket, and the loss of each peak in it."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    tested.plot(left).set_title("1 · range test: one run, 100 batches")
    peaks = [each.schedule.start for each in found.schedules]
    losses = np.asarray(found.values["loss"])
    middle = np.median(losses, axis=1)
    right.fill_between(peaks, losses.min(1), losses.max(1), alpha=0.2, linewidth=0, label="least and largest")
    right.plot(peaks, middle, "o-", label=f"median of {len(SEEDS)} starts")
    right.plot(peaks[best.candidate], best.value, "o", markersize=14, fillstyle="none", color="black", label="the best")
    right.set(xscale="log", yscale="log", xlabel="peak of a warmup-cosine", ylabel=f"held-out loss after {STEPS} steps")
    right.set_title(f"2 · sweep: {PEAKS} peaks of the bracket")
    right.grid(alpha=0.3)
    right.legend(fontsize="small")
    figure.savefig(output, dpi=130)


def main():
    parser = argparse.ArgumentParser(description="Find a peak rate, store the schedule, train with it.")
    parser.add_argument("--output", default="find_rate.png", help="where to write the picture (%(default)s)")
    parser.add_argument("--store", default="best_schedule.json", help="where to write the schedule (%(default)s)")
    args = parser.parse_args()
    began = time.perf_counter()

    key = jax.random.key(0)
    tested = jaxsched.search.range_test(step, start(key), batches(100, key), start=1e-6)
    low, high = tested.bracket()
    print(f"1. {tested}\n")

    peaks = [float(f"{peak:.3g}") for peak in np.geomspace(low, high, PEAKS)]
    schedules = [jaxsched.warmup_cosine(peak, WARMUP, STEPS) for peak in peaks]
    found = jaxsched.search.sweep(train, schedules, seeds=SEEDS, batch=PEAKS)
    (best,) = found.best("loss")
    print(f"2. {found}\n{found.table('loss')}\n")

    path = pathlib.Path(args.store)
    path.write_text(json.dumps(jaxsched.to_dict(best.schedule), indent=2) + "\n")
    print(f"3. The best, in {path}:\n{jaxsched.show.describe(best.schedule, STEPS)}\n")

    schedule = jaxsched.from_dict(json.loads(path.read_text()))
    final = jaxsched.search.sweep(train, [schedule], seeds=FRESH, batch=len(FRESH)).values["judged"][0]
    print(
        f"4. Trained from {len(FRESH)} fresh starts: {np.mean(final):.1%} of images that nothing was chosen by "
        f"({min(final):.1%} to {max(final):.1%})."
    )
    draw(tested, found, best, args.output)
    print(f"The picture is in {args.output}; {time.perf_counter() - began:.1f} s.")


if __name__ == "__main__":
    main()
