"""Train 64 learning-rate schedules on scikit-learn's handwritten digits, one compiled program for each kind.

    pip install -e '.[examples]' && python examples/digits_sweep.py

The schedules of one kind differ only in their numbers, and numbers are data: `jax.vmap` trains all of them at once.
Prints a table ranked by held-out accuracy and draws each schedule beside its loss curve.
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
    raise SystemExit(f"This example needs {error.name}, too: pip install 'jaxsched[examples]'") from None

BATCH, HIDDEN = 64, 64
CHUNKS = 20  # the run is cut into so many calls of one compiled program, so that a progress bar can move in between
PEAKS = [float(f"{peak:.2g}") for peak in np.geomspace(1e-4, 0.3, 8)]


def schedules(total):
    """Four kinds of schedule, each with 8 peaks x 2 lengths: what makes one, and the values of its arguments."""
    warmups, decays = [total // 20, total // 4], [total // 10, total // 2]
    ramp = total // 20

    def wsd(peak, decay):
        return jaxsched.wsd(peak, warmup=ramp, stable=total - ramp - decay, decay=decay, shape="1-sqrt")

    return {
        "warmup_cosine": (lambda peak, warmup: jaxsched.warmup_cosine(peak, warmup, total), "warmup", warmups),
        "wsd, 1-sqrt": (wsd, "decay", decays),
        "warmup_inverse_sqrt": (jaxsched.warmup_inverse_sqrt, "warmup", warmups),
        "one_cycle": (lambda peak, warmup: jaxsched.one_cycle(peak, total, warmup=warmup), "warmup", warmups),
    }


def load(steps, seed):
    """Standardised images and labels: `steps` shuffled mini-batches to train on, and a held-out quarter."""
    digits = load_digits()
    train_x, test_x, train_y, test_y = train_test_split(
        digits.data, digits.target, test_size=0.25, stratify=digits.target, random_state=seed
    )
    mean, deviation = train_x.mean(), train_x.std()  # of the training images alone
    rng, whole = np.random.default_rng(seed), len(train_x) // BATCH * BATCH
    epochs = [rng.permutation(len(train_x))[:whole] for _ in range(-(-steps * BATCH // whole))]
    order = np.concatenate(epochs)[: steps * BATCH].reshape(CHUNKS, steps // CHUNKS, BATCH)
    images, test_images = ((x - mean) / deviation for x in (train_x, test_x))
    return (images[order].astype(np.float32), train_y[order]), (test_images.astype(np.float32), test_y)


def init(seed):
    keys = jax.random.split(jax.random.key(seed))
    return {
        "w1": jax.random.normal(keys[0], (64, HIDDEN)) * (2 / 64) ** 0.5,
        "b1": jnp.zeros(HIDDEN),
        "w2": jax.random.normal(keys[1], (HIDDEN, 10)) * (1 / HIDDEN) ** 0.5,
        "b2": jnp.zeros(10),
    }


def logits(params, images):
    return jax.nn.relu(images @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]


def loss(params, images, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits(params, images), labels).mean()


compilations = 0


def train(schedule, state, batches):
    """Some steps of plain training with one schedule. Nothing here knows that there are many."""
    global compilations
    compilations += 1  # Python runs this when JAX traces the function to compile it, and not when it is called again
    optimizer = optax.adam(schedule)

    def step(state, batch):
        params, opt_state = state
        value, grads = jax.value_and_grad(loss)(params, *batch)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return (optax.apply_updates(params, updates), opt_state), value

    return jax.lax.scan(step, state, batches)


train_all = jax.jit(jax.vmap(train, in_axes=(0, 0, None)))  # over schedules and their states; the batches are shared


@jax.jit
def accuracies(params, images, labels):
    return jax.vmap(lambda p: jnp.mean(jnp.argmax(logits(p, images), axis=-1) == labels))(params)


def main():
    parser = argparse.ArgumentParser(description="Train 64 learning-rate schedules on handwritten digits.")
    parser.add_argument("--output", default="digits_sweep.png", help="where to write the picture (%(default)s)")
    parser.add_argument("--steps", type=int, default=400, help="optimizer updates of each run (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the split, the batches and the model (%(default)s)")
    args = parser.parse_args()
    if args.steps < CHUNKS or args.steps % CHUNKS:
        parser.error(f"--steps must be a positive multiple of {CHUNKS}: got {args.steps}.")
    began = time.perf_counter()

    batches, held_out = load(args.steps, args.seed)
    params = init(args.seed)
    start = (params, optax.adam(jaxsched.Constant(0.0)).init(params))  # every run starts here
    rows, curves = [], {}
    with tqdm(total=4 * args.steps, unit="step") as bar:
        for kind, (make, argument, values) in schedules(args.steps).items():
            bar.set_description(kind)
            axes = {"peak": PEAKS, argument: values}
            many = jaxsched.grid(make, **axes)  # 16 schedules as one, a leading axis on each number
            points = list(itertools.product(*axes.values()))
            state = jax.tree.map(lambda x, n=len(points): jnp.stack([x] * n), start)
            losses = []
            for chunk in zip(*batches, strict=True):
                state, values_of_chunk = train_all(many, state, chunk)
                losses.append(np.asarray(values_of_chunk))
                bar.update(args.steps // CHUNKS)
            losses = np.concatenate(losses, axis=1)
            rates = jax.vmap(lambda schedule: schedule(jnp.arange(args.steps)))(many)
            curves[kind] = (np.asarray(rates), losses)
            final = losses[:, -(args.steps // CHUNKS):].mean(axis=1)
            for i, accuracy in enumerate(accuracies(state[0], *held_out).tolist()):
                rows.append((accuracy, float(final[i]), kind, i, points[i][0], f"{argument}={points[i][1]}"))
    print(len(rows), compilations, time.perf_counter()-began)
    rows.sort(key=lambda r:(-r[0],r[1]))
    for r in rows: print(r)

if __name__ == "__main__":
    main()
