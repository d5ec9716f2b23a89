"""A worker of a study in a process of its own, which may be killed while it trains a batch.

`python study_worker.py '{"storage": …, "trials": 16, …}'`; `start` and the rest of `sweep_worker` are for the tests.
"""

import json
import os
import pathlib
import pickle
import signal
import sys
import time
import traceback

SPACE = {"peak": (1e-3, 1.0, "log"), "warmup": (1, 6)}


def make(peak, warmup):
    import jaxsched as js

    return js.warmup_cosine(peak, warmup, 12)


def train(schedule):
    """The loss of a quadratic after 12 steps of gradient descent."""
    import jax
    import jax.numpy as jnp

    def step(w, i):
        return w - schedule(i) * 2 * w, None

    w, _ = jax.lax.scan(step, jnp.float32(1.0), jnp.arange(12))
    return {"loss": w**2, "left": jnp.abs(w)}


def killed_in(batch, waits):
    """Let this process be killed, or wait for a file, while it trains a batch."""
    from jaxsched.search import _study

    trained, calls = _study.trained, []

    def counted(*arguments):
        calls.append(arguments)
        if len(calls) == batch:
            if waits is None:
                os.kill(os.getpid(), signal.SIGKILL)
            pathlib.Path(f"{waits}.ready").touch()
            until(pathlib.Path(waits))
        return trained(*arguments)

    _study.trained = counted


def until(path, seconds=120):
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} is not there after {seconds} s"
        time.sleep(0.005)


def together(folder, process, round):
    """Wait until the other process is here too."""
    (folder / f"round{round}-{process}").touch()
    until(folder / f"round{round}-{1 - process}")


def work(storages, trials, batch, process=0, meet=None, kill=None, waits=None, worker=None, result=None):
    import optuna

    from jaxsched.search import study

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if kill is not None:
        killed_in(kill, waits)
    found = []
    for round, storage in enumerate(storages):
        if meet is not None:
            together(pathlib.Path(meet), process, round)
        sampler = optuna.samplers.TPESampler(seed=process, constant_liar=True)
        made = study(
            train,
            make,
            SPACE,
            trials=trials,
            batch=batch,
            storage=storage,
            value="loss",
            worker=worker,
            sampler=sampler,
        )
        found.append(len(made.trials))
    if result is not None:
        pathlib.Path(result).write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
    try:
        work(**json.loads(sys.argv[1]))
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
