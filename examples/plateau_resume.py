"""Train on scikit-learn's handwritten digits with warmup and reduce-on-plateau, kill it, and resume it to the bit.

    pip install -e '.[examples]' && python examples/plateau_resume.py

`train` is the training: it saves a checkpoint every epoch, without waiting for the disk, and goes on from the newest
one that is there. `main` lets one process train to the end, and others from their own folder that are killed in
mid-run; then it compares every rate, metric, event and weight of the two, and draws them.
"""

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched

try:
    import orbax.checkpoint as ocp
    from matplotlib.figure import Figure
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: install what the examples need with pip install 'jaxsched[examples]'") from None

BATCH, HIDDEN, EPOCHS, SEED = 64, 64, 150, 0
PEAK, WARMUP = 0.05, 63  # the warmup in optimizer updates: three epochs
KILLS, NEVER = 2, EPOCHS + 1

# Warmed up to PEAK, then cut to a third whenever the validation loss has not improved for more than three epochs. Once
# it is at the floor and a cut is due again, the event `stopped` says that the run is over.
controller = jaxsched.reduce_on_plateau(
    jaxsched.warmup(PEAK, WARMUP), factor=1 / 3, patience=3, rtol=1e-3, min_value=PEAK / 100, begin=WARMUP
)
optimizer = jaxsched.inject(optax.adamw)(controller, weight_decay=0.1)


def load():
    """Images and labels to train on, and a quarter of them to validate with."""
    x, y = load_digits(return_X_y=True)
    x = np.asarray(x, np.float32) / 8 - 1
    train_x, valid_x, train_y, valid_y = map(np.asarray, train_test_split(x, y, test_size=0.25, random_state=SEED))
    return (train_x, train_y), (valid_x, valid_y)


def shuffled(data, epoch):
    """Mini-batches. Their order comes from the number of the epoch alone, so a resumed run sees the same ones."""
    images, labels = data
    order = np.random.default_rng([SEED, epoch]).permutation(len(images))[: len(images) // BATCH * BATCH]
    order = order.reshape(-1, BATCH)
    return images[order], labels[order]


def logits(params, images):  # a perceptron with one hidden layer
    return jax.nn.relu(images @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]


def loss(params, images, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits(params, images), labels).mean()


def start():
    """All that a checkpoint holds: the weights, the best ones so far, and the optimizer with its controller."""
    first, second = jax.random.split(jax.random.key(SEED))
    w1, w2 = jax.random.normal(first, (64, HIDDEN)) / 8, jax.random.normal(second, (HIDDEN, 10)) / HIDDEN**0.5
    params = {"w1": w1, "b1": jnp.zeros(HIDDEN), "w2": w2, "b2": jnp.zeros(10)}
    return {"params": params, "best": params, "optimizer": optimizer.init(params)}


@jax.jit
def train_epoch(state, batches, validation):
    """One epoch, then one look at the validation loss, which may cut the rate of the next epoch."""

    def step(carry, batch):
        params, opt_state = carry
        updates, opt_state = optimizer.update(jax.grad(loss)(params, *batch), opt_state, params)
        rate = jaxsched.last_used(opt_state)["learning_rate"]
        return (optax.apply_updates(params, updates), opt_state), rate

    (params, opt_state), rates = jax.lax.scan(step, (state["params"], state["optimizer"]), batches)
    metric = loss(params, *validation)
    opt_state = jaxsched.observe(opt_state, value=metric)
    improved = jaxsched.events(opt_state)["learning_rate"].improved
    best = jax.tree.map(lambda new, old: jnp.where(improved, new, old), params, state["best"])
    return {"params": params, "best": best, "optimizer": opt_state}, rates, metric


def train(folder):
    """Train until the controller has stopped, from the newest checkpoint on. Each epoch prints what it did."""
    data, validation = load()
    state, first = start(), 0
    options = ocp.CheckpointManagerOptions(max_to_keep=2, cleanup_tmp_directories=True)
    with ocp.CheckpointManager(folder.absolute(), options=options) as checkpoints:
        newest = checkpoints.latest_step()
        if newest is not None:
            # As it was saved, put into a state of this script: what is edited above takes effect, and is told.
            saved, first = checkpoints.restore(newest, args=ocp.args.StandardRestore()), newest + 1
            state, changes = jaxsched.restore(state, saved)
            print(*changes, sep="\n", end="\n" * bool(changes), file=sys.stderr)
        for epoch in range(first, EPOCHS):
            events = jaxsched.events(state["optimizer"])["learning_rate"]
            if events.stopped:
                break
            state, rates, metric = train_epoch(state, shuffled(data, epoch), validation)
            print(json.dumps(record(epoch, state, rates, metric)), flush=True)
            checkpoints.save(epoch, args=ocp.args.StandardSave(state))


def record(epoch, state, rates, metric):
    """An epoch in JSON, which holds a float to the bit; the weights by their checksum."""
    events = jaxsched.events(state["optimizer"])["learning_rate"]._asdict()
    weights = b"".join(np.asarray(leaf).tobytes() for leaf in jax.tree.leaves((state["params"], state["best"])))
    happened = [name for name, happened in events.items() if happened]
    digest = hashlib.sha256(weights).hexdigest()
    return {"epoch": epoch, "rates": rates.tolist(), "metric": float(metric), "events": happened, "weights": digest}


def run(folder, kill_after=NEVER):
    """The records of a process that trains, and that is killed once it has printed so many."""
    command, records = [sys.executable, __file__, "--train", str(folder)], []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if line.endswith("\n"):  # the last may be cut off
                records.append(json.loads(line))
            if len(records) == kill_after:
                process.kill()  # SIGKILL: no handler, no cleanup, and perhaps a checkpoint half written
    if process.returncode != 0 and len(records) < kill_after:
        raise SystemExit(f"the training failed with exit status {process.returncode}")
    return records


def draw(whole, lives, output):
    """Rate, metric and events: the uninterrupted run in grey, the processes of the other one over it."""
    figure = Figure(figsize=(10, 9.5), layout="constrained")
    figure.suptitle("A run that was killed and resumed (coloured) over the same run uninterrupted (grey)", fontsize=13)
    rate, metric, events, process = axes = figure.subplots(4, 1, sharex=True, height_ratios=[4, 4, 2, 1.5])
    names = ["improved", "reduced", "at_floor", "stopped"]
    labels = ["uninterrupted", *(f"process {number}" for number in range(1, len(lives) + 1))]
    for row, records in enumerate([whole, *lives]):
        colour, width, dot, lane = ("0.8", 7, 90, 9) if row == 0 else (f"C{row - 1}", 1.5, 14, 5)
        ends = [record["epoch"] + 1 for record in records]  # the metric is observed at the end of its epoch
        rates = np.concatenate([record["rates"] for record in records])
        steps = np.linspace(ends[0] - 1, ends[-1], len(rates), endpoint=False)
        rate.plot(steps, rates, color=colour, linewidth=width)
        metric.plot(ends, [record["metric"] for record in records], color=colour, linewidth=width)
        happened = [(end, name) for end, r in zip(ends, records, strict=True) for name in names if name in r["events"]]
        x, y = [end for end, _ in happened], [names.index(name) for _, name in happened]
        events.scatter(x, y, s=dot, color=colour, zorder=2 + row)
        process.plot([ends[0] - 1, ends[-1]], [row, row], color=colour, linewidth=lane, solid_capstyle="butt")
        if 0 < row < len(lives):
            for ax in axes:
                ax.axvline(ends[-1], color=colour, linestyle=":", linewidth=1.2, zorder=1)
            process.annotate(" SIGKILL", (ends[-1], row), va="center", fontsize=9, color=colour)
    rate.set(yscale="log", ylabel="learning rate")
    metric.set(yscale="log", ylabel="validation loss")
    events.set(ylim=(len(names) - 0.4, -0.6), yticks=range(len(names)), yticklabels=names)
    process.set(ylim=(len(labels) - 0.4, -0.6), yticks=range(len(labels)), yticklabels=labels, xlabel="epoch")
    for ax in axes:
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(output, dpi=130)


def main():
    parser = argparse.ArgumentParser(description="Kill and resume a training whose rate depends on a metric.")
    parser.add_argument("--output", default="plateau_resume.png", help="where to write the picture (%(default)s)")
    parser.add_argument("--train", metavar="FOLDER", type=Path, help="only train, with checkpoints in this folder")
    args = parser.parse_args()
    if args.train:
        return train(args.train)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        whole = run(Path(folder, "uninterrupted"))
        third = len(whole) // 3
        kills = [random.randint(third // 2, third) for _ in range(KILLS)]  # others each time
        lives = [run(Path(folder, "interrupted"), kill_after) for kill_after in (*kills, NEVER)]
    for number, records in enumerate(lives, 1):
        end = "killed" if number <= KILLS else "to the end"
        print(f"process {number}: epochs {records[0]['epoch'] + 1} to {records[-1]['epoch'] + 1}, {end}")
    expected = {record["epoch"]: record for record in whole}
    resumed = [record for records in lives for record in records]
    same = {r["epoch"] for r in resumed} == set(expected) and all(r == expected[r["epoch"]] for r in resumed)
    cuts = [str(record["epoch"] + 1) for record in whole if "reduced" in record["events"]]
    best = [record for record in whole if "improved" in record["events"]][-1]
    print(f"uninterrupted: {len(whole)} epochs, rate cut after {', '.join(cuts)}")
    print(f"best validation loss: {best['metric']:.4f} after epoch {best['epoch'] + 1}")
    print(f"rates, metrics, events and weights of both identical to the bit: {same}")
    draw(whole, lives, args.output)
    print(f"The picture is in {args.output}; {time.perf_counter() - began:.1f} s in all.")
    return None if same else 1


if __name__ == "__main__":
    sys.exit(main())
