"""One sweep on two hosts: two processes of four devices each under `jax.distributed`, and the bits of one device.

    pip install -e . && python examples/two_hosts.py

Each process makes the same call with the same arguments, and all results come back in both. On real hosts, `work` is
the whole script: `jax.distributed.initialize()` finds the others by itself on SLURM and on TPU pods. Here the script
starts itself twice, with virtual devices of the CPU, and once more on one device to compare with.
"""

import argparse
import os
import pathlib
import pickle
import socket
import subprocess
import sys
import tempfile
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched

HOSTS, DEVICES, AT_ONCE, STEPS, SECONDS = 2, 4, 4, 200, 180
PEAKS = np.geomspace(1e-3, 1.0, 12).tolist()


def train(schedule, key):
    """A regression by a small network. Nothing in it knows of devices or hosts."""
    first, second, third = jax.random.split(key, 3)
    x = jax.random.normal(first, (256, 8))
    y = jnp.sin(x[:, 0]) * x[:, 1]
    optimizer = optax.adam(schedule)

    def loss(params):
        return jnp.mean((jnp.tanh(x @ params["w"]) @ params["out"] - y) ** 2)

    def step(state, _):
        params, opt_state = state
        updates, opt_state = optimizer.update(jax.grad(loss)(params), opt_state)
        return (optax.apply_updates(params, updates), opt_state), None

    params = {"w": jax.random.normal(second, (8, 32)), "out": jax.random.normal(third, (32,)) / 6}
    (params, _), _ = jax.lax.scan(step, (params, optimizer.init(params)), length=STEPS)
    return {"loss": loss(params)}


def work(folder, process, port):
    """What each host runs."""
    if port:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")  # for CPUs alone
        jax.distributed.initialize(f"localhost:{port}", HOSTS, process)  # on a cluster without arguments
    schedules = [jaxsched.warmup_cosine(peak, 20, STEPS) for peak in PEAKS]
    mesh = jax.make_mesh((jax.device_count(),), ("devices",))
    found = jaxsched.search.sweep(train, schedules, seeds=range(3), batch=AT_ONCE, mesh=mesh, out=folder / f"{port}")
    result = (
        f"{len(jax.local_devices())} of {jax.device_count()} devices",
        found.values["loss"],
        f"{found.table('loss')}",
    )
    (folder / f"{port}-{process}.pickle").write_bytes(pickle.dumps(result))
    if port:
        jax.distributed.shutdown()


def free_port():
    with socket.socket() as listening:
        listening.bind(("localhost", 0))
        return listening.getsockname()[1]


def run(folder, hosts, devices):
    """The results of so many processes; if one fails, or they take too long, none is left running."""
    port, flags = free_port() if hosts > 1 else 0, f"--xla_force_host_platform_device_count={devices}"
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags, "TF_CPP_MIN_LOG_LEVEL": "1"}
    command = [sys.executable, __file__, "--folder", str(folder), "--port", str(port), "--process"]
    workers = [subprocess.Popen([*command, str(i)], env=environment) for i in range(hosts)]
    end = time.monotonic() + SECONDS
    try:
        while any(worker.poll() is None for worker in workers):
            if time.monotonic() > end or any(worker.poll() for worker in workers):
                raise SystemExit("A process failed, or took too long: what it said is above.")
            time.sleep(0.1)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    if any(worker.returncode for worker in workers):
        raise SystemExit("A process failed: what it said is above.")
    return [pickle.loads((folder / f"{port}-{i}.pickle").read_bytes()) for i in range(hosts)]


def main():
    parser = argparse.ArgumentParser(description="One sweep on two hosts, and on one device.")
    parser.add_argument("--process", type=int, help="which host this process is; it starts them by itself")
    parser.add_argument("--port", type=int, default=0, help="of the first host; 0 for a process of its own")
    parser.add_argument("--folder", type=pathlib.Path, help="where results go")
    args = parser.parse_args()
    if args.process is not None:
        work(args.folder, args.process, args.port)
        return
    with tempfile.TemporaryDirectory() as folder:
        hosts = run(pathlib.Path(folder), HOSTS, DEVICES)
        ((where, alone, table),) = run(pathlib.Path(folder), 1, 1)
    print(table)
    for i, (devices, losses, _) in enumerate(hosts):
        same = losses.tobytes() == alone.tobytes()
        print(f"host {i}, {devices}: all {losses.size} results, equal to the bit to those of one device: {same}")
        assert same, where


if __name__ == "__main__":
    main()
