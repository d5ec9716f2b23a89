"""The same sweep on 1, 2, 4 and 8 virtual CPU devices: its time, and whether its bits are the same.

They share the cores of one machine, so the times say what dividing costs; nothing becomes faster than the cores are.
Each number of devices is a fresh process; its time runs from the end of the compile until the sweep returns.
"""

import hashlib
import os
import subprocess
import sys

import jax
from _report import figure, finish, spread
from _sweeps import one_kind, run_seconds, train

from jaxsched.search import sweep

DEVICES, BATCH, MANY, REPEATS = (1, 2, 4, 8), 8, 128, 3


def worker(devices: int) -> None:
    """Print the seconds of each repetition, and the digest of all values."""
    mesh, found = jax.make_mesh((devices,), ("devices",)), []
    times = [
        run_seconds(lambda: found.append(sweep(train, one_kind(MANY), batch=BATCH, mesh=mesh))) for _ in range(REPEATS)
    ]
    print(*times, hashlib.sha256(found[-1].values.tobytes()).hexdigest())


def measured(devices: int) -> tuple[list[float], str]:
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, __file__, str(devices)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    *times, digest = run.stdout.split()
    return [float(each) for each in times], digest


def main() -> None:
    digests = set()
    for devices in DEVICES:
        times, digest = measured(devices)
        digests.add(digest)
        figure(
            f"sweep of {MANY} schedules, {BATCH} at once on each of {devices} virtual devices: seconds", spread(times)
        )
    what = f"the same on {', '.join(map(str, DEVICES))} devices: digests of the results' bits"
    figure(what, str(len(digests)), "1", len(digests) == 1)
    finish()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        worker(int(sys.argv[1]))
    else:
        main()
