"""What becomes of compiled programs, in which most of the time goes: a plugin that `conftest.py` loads.

Tests of one structure share them, in whatever module they are. Thousands are gigabytes: now and then all are forgotten.
On the disk they wait for the next run of the tests, beside what pytest itself keeps there.
"""

import jax
import pytest

MANY, LARGE = 600, 0.03
"""How many programs are kept that took so many seconds to compile: about a gigabyte."""

compiled = 0


def _count(event: str, seconds: float, **about: object) -> None:
    global compiled
    compiled += event.endswith("backend_compile_duration") and seconds > LARGE


def pytest_configure(config):
    jax.monitoring.register_event_duration_secs_listener(_count)
    # Not with `-p no:cacheprovider`. jax 0.6.0 reads programs with a loop back that compute something else.
    if hasattr(config, "cache") and jax.__version_info__ >= (0, 8):
        jax.config.update("jax_compilation_cache_dir", str(config.cache.mkdir("jax")))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    global compiled
    result = yield
    if compiled > MANY:
        jax.clear_caches()
        compiled = 0
    return result
