"""Every test runs in the strictest JAX, and on several virtual devices where there is only a CPU.

The short run and the rest of it leave out what XLA does to make programs fast; `pytest --all` has them as users have.
"""

import os
import sys
from importlib.metadata import version

FLAGS = ["--xla_force_host_platform_device_count=8"]
# With older ones, equal formulas were rounded apart so; newer ones were not tried, and XLA stops at a flag that it does
# not know.
TRIED = (0, 8) <= tuple(map(int, version("jaxlib").split(".")[:2])) <= (0, 10)
AS_USERS_HAVE_THEM = "--all" in sys.argv and "--rest" not in sys.argv
if TRIED and not AS_USERS_HAVE_THEM:
    # Most of the time goes into compiling: half of it without these.
    FLAGS += ["--xla_backend_optimization_level=0", "--xla_cpu_use_fusion_emitters=false"]
if "PYTEST_XDIST_WORKER" not in os.environ:  # such a process has the environment of the first, and other arguments
    os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *FLAGS])

import jax  # noqa: E402 (the flags must be set before)

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

pytest_plugins = ["support.processes", "support.programs", "support.selection"]
