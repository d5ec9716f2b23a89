"""Train on scikit-learn's handwritten digits what "Choosing a schedule" shows, and store the numbers.

    python docs/making/trainings.py             # all, in a minute; then python docs/making
    python docs/making/trainings.py plateau     # some

The numbers are medians over seeds, in `trainings.json`, so that the pictures need no training.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import load_digits

import jaxsched

STORED = Path(__file__).with_name("trainings.json")
SEEDS, POINTS, SPLIT = 5, 60, 1_300
"""Trainings of each schedule, points kept of each curve, and images to train on; the other 497 are held out."""


def digits() -> tuple[jax.Array, jax.Array]:
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    return jnp.asarray(x[order] / 8 - 1, jnp.float32), jnp.asarray(y[order])


X, Y = digits()


def start(key: Any, depth: int = 1, gain: float = 1.0) -> list[dict[str, jax.Array]]:
    """A perceptron with hidden layers, at random; a `gain` above 1 makes its weights that much too large."""
    sizes = [64] * (depth + 1) + [10]
    keys = jax.random.split(key, len(sizes) - 1)
    ends = zip(sizes, sizes[1:], keys, strict=False)
    return [{"w": jax.random.normal(k, (a, b)) * gain * (2 / a) ** 0.5, "b": jnp.zeros(b)} for a, b, k in ends]


def loss_of(params: Any, x: Any, y: Any) -> jax.Array:
    for layer in params[:-1]:
        x = jax.nn.relu(x @ layer["w"] + layer["b"])
    logits = x @ params[-1]["w"] + params[-1]["b"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


def sgd(rate: Any) -> Any:
    return optax.sgd(rate, momentum=0.9)


def train(schedule: Any, key: Any, params: Any, make: Callable[..., Any], steps: int, batch: int, data: Any) -> Any:
    """The parameters after a run, and the loss of each batch."""
    optimizer, (x, y) = make(schedule), data

    def step(state: Any, key: Any) -> Any:
        params, opt = state
        chosen = jax.random.randint(key, (batch,), 0, len(y))
        loss, slope = jax.value_and_grad(loss_of)(params, x[chosen], y[chosen])
        updates, opt = optimizer.update(slope, opt, params)
        return (optax.apply_updates(params, updates), opt), loss

    (params, _), losses = jax.lax.scan(step, (params, optimizer.init(params)), jax.random.split(key, steps))
    return params, losses


def runs(
    schedules: list[Any], steps: int, *, make: Callable[..., Any] = sgd, batch: int = 32, **model: Any
) -> tuple[np.ndarray, np.ndarray]:
    """For each schedule the training losses, thinned, and the held-out loss at the end: medians over the seeds."""

    def one(schedule: Any, seed: Any) -> Any:
        begin, order = jax.random.split(jax.random.key(seed))
        params, losses = train(schedule, order, start(begin, **model), make, steps, batch, (X[:SPLIT], Y[:SPLIT]))
        return losses, loss_of(params, X[SPLIT:], Y[SPLIT:])

    table = jaxsched.stack([jaxsched.tabulate(each, steps) for each in schedules])
    over_seeds = jax.vmap(one, in_axes=(None, 0))
    losses, held_out = jax.jit(jax.vmap(over_seeds, in_axes=(0, None)))(table, jnp.arange(SEEDS))
    losses = np.where(np.isfinite(losses), losses, np.inf).reshape(len(schedules), SEEDS, POINTS, -1).mean(-1)
    held_out = np.where(np.isfinite(held_out), held_out, np.inf)
    return np.median(losses, axis=1), np.median(held_out, axis=1)


def curves(schedules: dict[str, Any], steps: int, **options: Any) -> dict[str, Any]:
    """What is stored of some trainings that are compared."""
    losses, held_out = runs(list(schedules.values()), steps, **options)
    found = {label: {"loss": _short(losses[i]), "held_out": _short(held_out[i])} for i, label in enumerate(schedules)}
    return {"steps": steps, "runs": found}


def rates() -> dict[str, Any]:
    """Constant rates from far too low to far too high."""
    return curves({"0.0003": 3e-4, "0.03": 3e-2, "0.5": 0.5, "5": 5.0}, 600)


def endings() -> dict[str, Any]:
    """The same peak with different ends, on small batches."""
    steps, peak = 1_200, 0.1
    shown = {
        "constant": peak,
        "cosine": jaxsched.Cosine(peak, 0.0, steps=steps),
        "stable, then 1-sqrt": jaxsched.wsd(peak, warmup=0, stable=960, decay=240, shape="1-sqrt"),
        "step decay": jaxsched.multistep_decay(peak, 0.1, [600, 900]),
    }
    return curves(shown, steps, batch=8)


def warmups() -> dict[str, Any]:
    """A start that is fragile, since its weights are drawn too large, with warmups of several lengths."""
    steps, peak = 300, 0.03
    shown = {f"warmup {n}" if n else "no warmup": jaxsched.warmup_cosine(peak, n, steps) for n in (0, 30, 100)}
    return curves(shown, steps, depth=3, gain=2.5)


def batches() -> dict[str, Any]:
    """The held-out loss by the peak, for batches of three sizes, each in the same number of updates."""
    peaks, steps = np.geomspace(1e-3, 3.0, 15), 300
    schedules = [jaxsched.Cosine(float(peak), 0.0, steps=steps) for peak in peaks]
    found = {f"batch {n}": _short(runs(schedules, steps, make=optax.sgd, batch=n)[1]) for n in (4, 32, 256)}
    return {"peaks": _short(peaks), "runs": found}


def tuning() -> dict[str, Any]:
    """A trained model goes on with 100 images that are turned by a quarter: what it learns, and what it forgets."""
    turned = jnp.rot90(X.reshape(-1, 8, 8), axes=(1, 2)).reshape(-1, 64)
    peaks = np.geomspace(1e-4, 1.0, 13)

    def one(rate: Any, seed: Any) -> Any:
        begin, first, then = jax.random.split(jax.random.key(seed), 3)
        schedule = jaxsched.warmup_cosine(0.1, 50, 600)
        params, _ = train(schedule, first, start(begin), sgd, 600, 32, (X[:SPLIT], Y[:SPLIT]))
        params, _ = train(rate, then, params, sgd, 100, 16, (turned[:100], Y[:100]))
        return loss_of(params, turned[SPLIT:], Y[SPLIT:]), loss_of(params, X[SPLIT:], Y[SPLIT:])

    rates = jaxsched.stack([jaxsched.Cosine(float(peak), 0.0, steps=100) for peak in peaks])
    found = jax.jit(jax.vmap(jax.vmap(one, (None, 0)), (0, None)))(rates, jnp.arange(SEEDS))
    new, old = (np.median(np.where(np.isfinite(x), x, np.inf), axis=1) for x in found)
    return {"peaks": _short(peaks), "runs": {"the new images": _short(new), "the old images": _short(old)}}


def plateau() -> dict[str, Any]:
    """Ten times down each time the held-out loss stops falling: one training, a metric every twenty updates."""
    rounds, each = 60, 20
    controller = jaxsched.reduce_on_plateau(0.05, 0.1, patience=6, min_value=1e-4)
    optimizer = jaxsched.inject(optax.sgd)(controller, momentum=0.9)

    @jax.jit
    def part(state: Any, key: Any) -> Any:
        def step(state: Any, key: Any) -> Any:
            params, opt = state
            chosen = jax.random.randint(key, (8,), 0, SPLIT)
            loss, slope = jax.value_and_grad(loss_of)(params, X[chosen], Y[chosen])
            updates, opt = optimizer.update(slope, opt, params)
            return (optax.apply_updates(params, updates), opt), loss

        (params, opt), _ = jax.lax.scan(step, state, jax.random.split(key, each))
        held_out, rate = loss_of(params, X[SPLIT:], Y[SPLIT:]), jaxsched.current(opt)["learning_rate"]
        return (params, jaxsched.observe(opt, value=held_out)), (rate, held_out)

    params = start(jax.random.key(0))
    _, (rate, held_out) = jax.lax.scan(
        part, (params, optimizer.init(params)), jax.random.split(jax.random.key(1), rounds)
    )
    return {"every": each, "rate": _short(rate), "held_out": _short(held_out)}


def _short(x: Any) -> Any:
    """Four digits; what is not finite is null."""
    x = np.asarray(x, np.float64)
    return [_short(each) for each in x] if x.ndim else (float(f"{x:.4g}") if np.isfinite(x) else None)


def main() -> None:
    made = {each.__name__: each for each in (rates, endings, warmups, batches, tuning, plateau)}
    asked = sys.argv[1:] or list(made)
    kept = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    found = {name: made[name]() if name in asked else kept[name] for name in made}
    STORED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
