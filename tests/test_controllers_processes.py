"""Two processes under `jax.distributed`, each with its own local metric, hold one state.

This file is its own worker: `python test_controllers_processes.py <process> <port> <file>` writes what one process saw.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import traceback

import numpy as np
import pytest
from support.short import exhaustive

PROCESSES, LOCAL_DEVICES, LENGTH = 2, 2, 40
SECONDS = 120
"""After which a process that waits for the other is given up."""


def metrics():
    """One loss a device and step, of all processes: multiples of 1/64, whose mean is exact."""
    t, rng = np.arange(LENGTH), np.random.default_rng(0)
    noise = rng.integers(-32, 32, (PROCESSES * LOCAL_DEVICES, LENGTH)) / 64
    losses = np.round(64 * (1 + 3 * np.exp(-t / 4))) / 64 + noise
    losses[1, 9] = np.nan  # seen by one device of the first process
    losses[2, 30] = 1000.0  # seen by one device of the second
    return losses.astype(np.float32)


def controllers(axis):
    import jaxsched as js

    return {
        "plateau": js.reduce_on_plateau(0.1, 0.5, 2, cooldown=1, axis_name=axis),
        "means": js.reduce_on_plateau(js.Linear(0.1, 0.01, steps=30), 0.5, 1, every=2, smoothing=0.5, axis_name=axis),
        "greedy": js.greedy(0.1, 0.8, 1, window=3, axis_name=axis),
        "recover": js.recover(0.1, 0.1, warmup=4, burn_in=5, axis_name=axis),
        "target": js.hold_target(0.1, 0.01, low=0.0, high=0.3, every=2, axis_name=axis),
    }


def run(many, losses):
    """The values, and all states as lists, of each controller."""
    import jax

    def step(states, loss):
        states = {name: many[name].update(states[name], value=loss) for name in many}
        return states, ({name: many[name](states[name]) for name in many}, states)

    return jax.lax.scan(step, {name: many[name].init() for name in many}, losses)[1]


def plain(tree):
    """Bit for bit as text."""
    import jax

    return [np.asarray(x).tobytes().hex() for x in jax.tree.leaves(tree)]


def work(process, port, file):
    import jax
    from jax.sharding import Mesh, NamedSharding
    from jax.sharding import PartitionSpec as P

    if not hasattr(jax, "shard_map"):  # jax before 0.8
        from jax.experimental.shard_map import shard_map
    else:
        shard_map = jax.shard_map
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"localhost:{port}", PROCESSES, process, initialization_timeout=SECONDS // 2)
    assert (jax.process_count(), len(jax.local_devices())) == (PROCESSES, LOCAL_DEVICES)
    mesh = Mesh(np.asarray(jax.devices()), ("hosts",))
    mine = metrics()[process * LOCAL_DEVICES : (process + 1) * LOCAL_DEVICES]  # the other's are never here
    losses = jax.make_array_from_process_local_data(NamedSharding(mesh, P("hosts")), mine)
    local = lambda losses: run(controllers("hosts"), losses[0])  # noqa: E731
    values, states = jax.jit(shard_map(local, mesh=mesh, in_specs=P("hosts"), out_specs=P()))(losses)
    ours = jax.tree.map(lambda x: x.addressable_data(0), (values, states))
    cuts = {name: int(state.cuts[-1]) for name, state in ours[1].items()}
    file.write_text(json.dumps({"history": plain(ours), "cuts": cuts, "sum": float(np.nansum(mine))}))
    jax.distributed.shutdown()


def start(folder, process, port):
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={LOCAL_DEVICES}",
    }
    command = [sys.executable, __file__, str(process), str(port), str(folder / f"{process}.json")]
    with open(folder / f"{process}.log", "w") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def finish(folder, workers):
    """What each saw. If one fails or all hang, none is left running."""
    end = time.monotonic() + SECONDS
    try:
        while any(worker.poll() is None for worker in workers) and not any(worker.poll() for worker in workers):
            if time.monotonic() > end:
                pytest.fail(f"no end after {SECONDS} s:\n{told(folder)}")
            time.sleep(0.1)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert [worker.returncode for worker in workers] == [0] * PROCESSES, told(folder)
    return [json.loads((folder / f"{process}.json").read_text()) for process in range(PROCESSES)]


def told(folder):
    return "\n".join((folder / f"{process}.log").read_text()[-3000:] for process in range(PROCESSES))


def free_port():
    with socket.socket() as s:
        s.bind(("localhost", 0))
        return s.getsockname()[1]


@pytest.mark.long
@exhaustive
def test_two_processes_agree_bit_for_bit_and_with_one(tmp_path):
    import jax

    port = free_port()
    one, two = finish(tmp_path, [start(tmp_path, process, port) for process in range(PROCESSES)])
    assert one["sum"] != two["sum"]  # each saw other losses
    assert one["history"] == two["history"] and one["cuts"] == two["cuts"]
    assert all(cuts > 0 for cuts in one["cuts"].values())
    values, states = jax.jit(run)(controllers(None), metrics().mean(0, dtype=np.float64).astype(np.float32))
    assert {name: int(state.cuts[-1]) for name, state in states.items()} == one["cuts"]
    for x, text in zip(jax.tree.leaves((values, states)), one["history"], strict=True):
        np.testing.assert_allclose(np.frombuffer(bytes.fromhex(text), x.dtype), np.ravel(x), rtol=2e-6, atol=1e-30)


if __name__ == "__main__":
    try:
        work(int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3]))
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # an ordinary end would wait for the other process
