"""A training run that `test_resume.py` kills.

    python -m support.resume_worker FOLDER LOG --until N [--restore HOW] [--save]

It goes on from the newest Orbax checkpoint in FOLDER, saves every third step without waiting for the disk, and writes
every bit that it holds to LOG, one line a step. In it are controllers of the table, each with its own metrics, and all
kinds of optimizer state that keep schedules, fed with the loss. After N steps of 60 it waits to be killed.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp

import jaxsched as js
from support.controllers_zoo import AXIS, CONTROLLERS, LENGTH

TOTAL = 60


def groups() -> dict[str, Any]:
    """A transformation for each group of parameters: where in an optimizer's state a schedule can be."""
    warmed = js.warmup_cosine(0.1, warmup=5, total=TOTAL)
    plateau = js.reduce_on_plateau(warmed, 0.5, patience=1, every=2, smoothing=0.5, begin=5)
    return {
        "pure": js.inject(optax.sgd)(warmed),
        "several": js.inject(optax.adamw)(
            plateau, b1=js.Linear(0.95, 0.85, steps=30), weight_decay=js.greedy(0.1, 0.9, 1)
        ),
        "bfloat16": js.inject(optax.adam)(js.reduce_on_plateau(0.1, 0.7, patience=0)),
        "chain": optax.chain(optax.scale_by_adam(), js.scale_by_learning_rate(js.recover(warmed, 0.5, warmup=4))),
        "minibatches": optax.MultiSteps(js.inject(optax.sgd)(js.greedy(0.1, 0.9, 0)), 2).gradient_transformation(),
        "hypergradient": js.hypergradient(0.02, 0.01, inner=optax.scale_by_adam()),
        "stationarity": js.reduce_on_stationarity(2.0, 0.5, inner=optax.trace(0.5), window=1, tolerance=10.0),
        "closure": optax.inject_hyperparams(optax.sgd)(js.reduce_on_plateau(warmed, 0.5, patience=1)),
    }


UNFED = "minibatches/learning_rate"  # `gradient_transformation` hands no `value=` on
GROUPS = groups()
FED = optax.partition(GROUPS, {name: name for name in GROUPS})
# One example of each shape of state; to save another of the same shape would only take time.
SHAPES = {str(jax.eval_shape(e.make().init)): e for e in CONTROLLERS}
EXAMPLES = {example.name: example for example in SHAPES.values()}
TABLE = js.by_group({name: example.make() for name, example in EXAMPLES.items()}, {name: name for name in EXAMPLES})


def start() -> dict[str, Any]:
    dtypes = {name: jnp.bfloat16 if name == "bfloat16" else jnp.float32 for name in GROUPS}
    fed = {name: jnp.linspace(-1, 2, 5).astype(dtype) for name, dtype in dtypes.items()}
    table = {name: jnp.ones(()) for name in EXAMPLES}
    return {"fed": fed, "fed_state": FED.init(fed), "table": table, "table_state": TABLE.init(table)}


def loss(params, step):
    """A noisy quadratic that explodes now and then: the metric depends on all that was restored."""
    noise = jax.random.normal(jax.random.fold_in(jax.random.key(0), step), (5,))
    each = [jnp.mean((x.astype(jnp.float32) - 1 - 0.3 * noise) ** 2) for x in jax.tree.leaves(params)]
    return sum(each) * jnp.where(step % 25 == 24, jnp.nan, 1.0)


def train(state, step, metrics):
    value, grads = jax.value_and_grad(loss)(state["fed"], step)
    grads = jax.tree.map(jnp.nan_to_num, grads)
    updates, fed_state = FED.update(grads, state["fed_state"], state["fed"], value=value)
    fed_state = js.observe(fed_state, value=value, name=UNFED)
    fed = optax.apply_updates(state["fed"], updates)
    updates, table_state = TABLE.update(state["table"], state["table_state"], state["table"])
    for name, seen in metrics.items():
        table_state = js.observe(table_state, value=seen, name=f"{name}/learning_rate")
    table = optax.apply_updates(state["table"], updates)
    return {"fed": fed, "fed_state": fed_state, "table": table, "table_state": table_state}


# Some controllers average over devices: an axis of one.
train = jax.jit(jax.vmap(train, in_axes=None, out_axes=None, axis_size=1, axis_name=AXIS))


def metrics_at(step: int) -> dict[str, Any]:
    return {name: example.metrics[step % LENGTH] for name, example in EXAMPLES.items()}


def bits(tree: Any) -> dict[str, str]:
    """Every array by its path, in hexadecimal."""
    leaves = jax.tree_util.tree_leaves_with_path(jax.device_get(tree))
    return {jax.tree_util.keystr(path): f"{x.dtype}{x.shape} {np.asarray(x).tobytes().hex()}" for path, x in leaves}


def line(step: int, state: Any) -> dict[str, Any]:
    """What a step leaves behind: rates, events, and every counter and parameter."""
    kept = js.snapshot(state)  # the schedules' own numbers do not change
    events = jax.device_get(js.events(state))
    happened = {name: [field for field, x in each._asdict().items() if x] for name, each in events.items()}
    return {"step": step, "rates": bits(js.last_used(state)), "events": happened, "state": bits(kept.state)}


def manager(folder: Path) -> ocp.CheckpointManager:
    options = ocp.CheckpointManagerOptions(max_to_keep=3, save_interval_steps=3, cleanup_tmp_directories=True)
    return ocp.CheckpointManager(folder.absolute(), options=options)


def save(checkpoints: ocp.CheckpointManager, step: int, state: Any) -> None:
    """Both ways: the state as it is, and a snapshot, whose schedules are apart."""
    if not checkpoints.should_save(step):
        return
    kept = js.snapshot(state)
    items = ocp.args.Composite(
        state=ocp.args.StandardSave(state),
        arrays=ocp.args.StandardSave(kept.state),
        schedules=ocp.args.JsonSave(kept.schedules),
    )
    checkpoints.save(step, args=items)


def restore_state(checkpoints: ocp.CheckpointManager, step: int) -> Any:
    """All at once, schedules too."""
    return checkpoints.restore(step, args=ocp.args.Composite(state=ocp.args.StandardRestore(start()))).state


def restore_snapshot(checkpoints: ocp.CheckpointManager, step: int, fresh: Any) -> tuple[Any, list[str]]:
    """The arrays under the schedules of `fresh`, and what has changed in these."""
    arrays = ocp.args.StandardRestore(js.snapshot(start()).state)
    saved = checkpoints.restore(step, args=ocp.args.Composite(arrays=arrays, schedules=ocp.args.JsonRestore()))
    return js.restore(fresh, js.states.Snapshot(saved.arrays, saved.schedules))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("--until", type=int, required=True)
    parser.add_argument("--restore", choices=["state", "snapshot"])
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    state, first = start(), 0
    with manager(args.folder) as checkpoints, args.log.open("w", encoding="ascii") as log:
        newest = checkpoints.latest_step()
        if args.restore and newest is not None:
            state = restore_state(checkpoints, newest)
            again, changes = restore_snapshot(checkpoints, newest, start())
            assert bits(state) == bits(again) and not changes, changes
            assert jax.tree.structure(state) == jax.tree.structure(again)
            state, first = again if args.restore == "snapshot" else state, newest + 1
        for step in range(first, args.until):
            state = train(state, step, metrics_at(step))
            print(json.dumps(line(step, state)), file=log, flush=True)
            if args.save:
                save(checkpoints, step, state)
        if args.until < TOTAL:
            time.sleep(300)  # not for ever, should there be no killer


if __name__ == "__main__":
    main()
