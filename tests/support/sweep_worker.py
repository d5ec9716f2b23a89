"""A sweep in a process of its own: one that is killed, or one of two under `jax.distributed`.

`python sweep_worker.py '{"out": …, "kill": 2, …}'`; `finished` and `start` are for the tests.
"""

import json
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import time
import traceback

SECONDS = 180
"""After which a process that waits for another is given up."""


def killed_after(files: int, half: bool) -> None:
    """End this process by SIGKILL when so many files are written: or before the last of them has its name."""
    from jaxsched.search import _kept

    replace, written = os.replace, []

    def counted(source, target):
        written.append(target)
        if half and len(written) == files:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)
        if len(written) == files:
            os.kill(os.getpid(), signal.SIGKILL)

    _kept.os.replace = counted


def work(
    process=0,
    port=None,
    out=None,
    result=None,
    kill=None,
    half=False,
    scale=1.0,
    devices=None,
    drop=0,
    wrong=None,
    bare=None,
):
    import jax
    import numpy as np

    from jaxsched.search import sweep
    from support.sweeps import SEEDS, WIDTH, candidates, data, training

    if port is not None:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(f"localhost:{port}", 2, process, initialization_timeout=SECONDS // 2)
        assert (jax.process_count(), len(jax.local_devices()), jax.device_count()) == (2, 4, 8)
    if kill is not None:
        killed_after(kill, half)
    mesh = None if devices is None or bare == process else jax.make_mesh((devices,), ("devices",))
    many = candidates()[drop if process else 0 :]
    try:
        made = sweep(
            training(data(scale if process else 1.0)),
            [] if wrong == process else many,
            seeds=SEEDS,
            batch=WIDTH,
            mesh=mesh,
            out=out,
        )
        found = jax.tree.map(np.asarray, made.values), made.failed, [str(x) for x in made.best("loss", n=3)]
    except (TypeError, ValueError) as error:
        found = str(error)
    if result is not None:
        pathlib.Path(result).write_bytes(pickle.dumps(found))
    if port is not None:
        jax.distributed.shutdown()


def start(folder, name, local=8, script=__file__, **arguments):
    """A worker that is running, with so many virtual devices; what it says goes to `name.log`."""
    flags = [x for x in os.environ.get("XLA_FLAGS", "").split() if "device_count" not in x]
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": " ".join([*flags, f"--xla_force_host_platform_device_count={local}"]),
    }
    environment.pop("PYTEST_XDIST_WORKER", None)
    arguments = {**arguments, "result": str(folder / f"{name}.pickle")}
    command = [sys.executable, script, json.dumps(arguments)]
    with open(folder / f"{name}.log", "w") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def finished(folder, workers):
    """What each worker, by its name, returned or refused with. If one fails or all hang, none is left running."""
    end = time.monotonic() + SECONDS
    try:
        while any(w.poll() is None for w in workers.values()) and not any(w.poll() for w in workers.values()):
            assert time.monotonic() < end, f"no end after {SECONDS} s:\n{told(folder, workers)}"
            time.sleep(0.1)
    finally:
        for worker in workers.values():
            worker.kill()
            worker.wait()
    assert not any(worker.returncode for worker in workers.values()), told(folder, workers)
    return [pickle.loads((folder / f"{name}.pickle").read_bytes()) for name in workers]


def killed(folder, worker):
    """Wait for a worker that ends itself by SIGKILL."""
    try:
        assert worker.wait(SECONDS) == -signal.SIGKILL, told(folder, {"killed": worker})
    finally:
        worker.kill()


def told(folder, workers):
    return "\n".join((folder / f"{name}.log").read_text()[-3000:] for name in workers)


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
    try:
        work(**json.loads(sys.argv[1]))
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # an ordinary end would wait for the other process
