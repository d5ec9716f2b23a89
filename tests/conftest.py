"""Every test runs in the strictest JAX, and on several virtual devices where there is only a CPU."""

import collections
import os

os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"

import jax  # noqa: E402 (the flag must be set before)
import pytest  # noqa: E402

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_addoption(parser):
    parser.addoption("--every", type=int, default=1, help="run every N-th example of each test only")


def pytest_collection_modifyitems(config, items):
    """A sample for other versions of the dependencies: each test, on some of its examples."""
    kept, seen = [], collections.Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        if seen[test] % config.getoption("--every") == 0:
            kept.append(item)
        seen[test] += 1
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


@pytest.fixture(scope="module", autouse=True)
def forget_programs():
    """Thousands of compiled programs are gigabytes; no module needs another's."""
    yield
    jax.clear_caches()
