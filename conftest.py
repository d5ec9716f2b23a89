"""How many processes `pytest` starts by itself."""

import gc
import os

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """One a core, but each compiles programs of its own, and none where a single test or one core is asked for."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # pytest-xdist reads it
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    named = any("::" in argument for argument in config.args)
    return 0 if named or cores == 1 else min(cores, 4)


def pytest_sessionfinish(session):
    if hasattr(session.config, "workerinput"):
        gc.freeze()  # pytest's last search takes so long in all that JAX has made that pytest-xdist breaks it off
