"""A training on 8 devices is killed and goes on on 4: parameters sharded by Orbax, the rate as if nothing had happened.

    pip install -e '.[examples]' && python examples/resume_on_other_devices.py

The devices are virtual ones of the CPU. `train` is the training: parameters and batches are sharded over all devices
that there are, and it goes on from the newest checkpoint. `main` lets one process train to the end on 8 devices, and
kills another with SIGKILL; its checkpoints go on twice, on 4 devices and on 8 again. Then it compares and draws them.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import jaxsched

try:
    import orbax.checkpoint as ocp
    from matplotlib.figure import Figure
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: install what the examples need with pip install 'jaxsched[examples]'") from None

INPUTS, HIDDEN, BATCH, STEPS, EVERY, KILL_AT = 16, 64, 128, 300, 20, 173

# Warmed up, a cosine, and cut by a third where the mean loss of 20 steps has not improved for more than one such look:
# what it has seen is in the optimizer's state, as scalars beside parameters that are sharded.
controller = jaxsched.reduce_on_plateau(
    jaxsched.warmup_cosine(0.02, warmup=30, total=STEPS), factor=2 / 3, patience=1, rtol=0.02, every=20, begin=60
)
optimizer = jaxsched.inject(optax.adamw)(controller, weight_decay=0.01)


def network(key):
    first, second = jax.random.split(key)
    w = jax.random.normal(first, (INPUTS, HIDDEN)) / INPUTS**0.5
    return {
        "w": w,
        "b": jnp.zeros(HIDDEN),
        "out": jax.random.normal(second, (HIDDEN,)) / HIDDEN**0.5,
        "bias": 0.0 * w[0, 0],
    }


SPLIT = {
    "w": PartitionSpec(None, "all"),
    "b": PartitionSpec("all"),
    "out": PartitionSpec("all"),
    "bias": PartitionSpec(),
}
TEACHER = network(jax.random.key(100))


def answer(params, x):
    return jnp.tanh(x @ params["w"] + params["b"]) @ params["out"] + params["bias"]


def start(mesh):
    """All that a checkpoint holds. The moments lie where the parameters do, and the numbers wherever JAX puts them."""
    params = network(jax.random.key(0))
    params = {name: jax.device_put(x, NamedSharding(mesh, SPLIT[name])) for name, x in params.items()}
    return {"params": params, "optimizer": optimizer.init(params)}


def step_on(mesh):
    over_batch = NamedSharding(mesh, PartitionSpec("all"))

    @jax.jit
    def step(state, number):
        x_key, noise_key = jax.random.split(jax.random.fold_in(jax.random.key(1), number))  # the same when resumed
        x = jax.lax.with_sharding_constraint(jax.random.normal(x_key, (BATCH, INPUTS)), over_batch)
        y = answer(TEACHER, x) + 0.3 * jax.random.normal(noise_key, (BATCH,))
        loss, gradient = jax.value_and_grad(lambda p: jnp.mean((answer(p, x) - y) ** 2))(state["params"])
        updates, opt_state = optimizer.update(gradient, state["optimizer"], state["params"], value=loss)
        params = optax.apply_updates(state["params"], updates)
        placed = {name: NamedSharding(mesh, spec) for name, spec in SPLIT.items()}
        state = {"params": jax.lax.with_sharding_constraint(params, placed), "optimizer": opt_state}
        return state, loss, jaxsched.last_used(opt_state)["learning_rate"]

    return step


def train(folder):
    """Train to the end on the devices that there are, from the newest checkpoint on. Each step prints what it did."""
    mesh = Mesh(jax.devices(), ("all",))
    state, step, first = start(mesh), step_on(mesh), 0
    options = ocp.CheckpointManagerOptions(save_interval_steps=EVERY, max_to_keep=2, cleanup_tmp_directories=True)
    with ocp.CheckpointManager(folder.absolute(), options=options) as checkpoints:
        newest = checkpoints.latest_step()
        if newest is not None:
            # The fresh state says where things go: sharded over these devices, whatever they were saved from. Orbax
            # fixes the scalars to one device, and `restore` puts them onto the mesh beside the parameters.
            saved = checkpoints.restore(newest, args=ocp.args.StandardRestore(state))
            state, changes = jaxsched.restore(state, saved)
            print(*changes, sep="\n", end="\n" * bool(changes), file=sys.stderr)
            first = newest + 1
        for number in range(first, STEPS):
            state, loss, rate = step(state, number)
            devices = len(state["params"]["w"].sharding.device_set)
            print(
                json.dumps({"step": number, "loss": float(loss), "rate": float(rate), "devices": devices}), flush=True
            )
            checkpoints.save(number, args=ocp.args.StandardSave(state))


def run(folder, devices, kill_after=None):
    """The records of a process that trains on so many devices, and that is killed once it has printed so many."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    command, records = [sys.executable, __file__, "--train", str(folder)], []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout or ():
            if line.endswith("\n"):  # the last may be cut off
                records.append(json.loads(line))
            if len(records) == kill_after:
                process.kill()  # SIGKILL: no handler, no cleanup, and perhaps a checkpoint half written
    if process.returncode != 0 and kill_after is None:
        raise SystemExit(f"the training failed with exit status {process.returncode}")
    return records


def compared(records, expected):
    """Whether all rates are the same to the bit, and by how much a loss differs at most, relatively."""
    pairs = [(record, expected[record["step"]]) for record in records]
    apart = [abs(one["loss"] - other["loss"]) / other["loss"] for one, other in pairs]
    return all(one["rate"] == other["rate"] for one, other in pairs), np.array(apart)


def draw(whole, killed, lives, output):
    figure = Figure(figsize=(9, 8), layout="constrained")
    figure.suptitle(f"Killed on 8 devices after step {killed[-1]['step']}, and resumed (coloured); never killed (grey)")
    rates, losses, apart = axes = figure.subplots(3, 1, sharex=True)
    expected = {record["step"]: record for record in whole}
    shown = {"8 devices, never killed": whole, "8 devices, killed": killed} | lives
    for (name, records), colour in zip(shown.items(), ("0.8", "C0", "C1", "C2"), strict=False):
        steps, width = [record["step"] for record in records], {"0.8": 9, "C1": 4}.get(colour, 1.5)
        rates.plot(steps, [record["rate"] for record in records], color=colour, linewidth=width, label=name)
        losses.plot(steps, [record["loss"] for record in records], color=colour, linewidth=width)
        if records is not whole:
            apart.plot(steps, compared(records, expected)[1], color=colour, label=name)
    rates.set(ylabel="learning rate")
    losses.set(yscale="log", ylabel="loss")
    apart.set_yscale("symlog", linthresh=1e-8)
    apart.set(ylabel="relative difference of the loss", xlabel="step", ylim=(-1e-9, None))
    rates.legend()
    for ax in axes:
        ax.axvline(killed[-1]["step"], color="C0", linestyle=":")
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(output, dpi=130)


def main():
    parser = argparse.ArgumentParser(description="Kill a training on 8 devices and go on on 4.")
    parser.add_argument("--output", default="resume_on_other_devices.png", help="the picture (%(default)s)")
    parser.add_argument("--train", metavar="FOLDER", type=Path, help="only train, with checkpoints in this folder")
    parser.add_argument("--short", action="store_true", help="do not go on on 8 devices again")
    args = parser.parse_args()
    if args.train:
        return train(args.train)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        whole = run(Path(folder, "whole"), 8)
        killed = run(Path(folder, "killed"), 8, KILL_AT)
        shutil.copytree(Path(folder, "killed"), Path(folder, "again"))
        lives = {"4 devices": run(Path(folder, "killed"), 4)}
        if not args.short:
            lives["8 devices again"] = run(Path(folder, "again"), 8)
    expected = {record["step"]: record for record in whole}
    print(f"never killed: {len(whole)} steps, loss {np.mean([r['loss'] for r in whole[-20:]]):.4f} at the end")
    print(f"killed with SIGKILL after step {killed[-1]['step']}")
    for name, records in lives.items():
        same, apart = compared(records, expected)
        first, last = records[0]["step"], records[-1]["step"]
        print(
            f"resumed on {name}, steps {first} to {last}: rates equal to the bit: {same}, losses to {apart.max():.1e}"
        )
        assert {record["devices"] for record in records} == {int(name[0])}
        assert same and records[-1]["step"] == STEPS - 1
        # Partial sums over 4 devices are added in another order than over 8; on 8 again nothing differs.
        assert apart.max() < 1e-3
    draw(whole, killed, lives, args.output)
    print(f"The picture is in {args.output}; {time.perf_counter() - began:.1f} s in all.")
    return None


if __name__ == "__main__":
    sys.exit(main())
