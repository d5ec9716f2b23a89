"""Which process runs which tests under pytest-xdist: a plugin that `conftest.py` loads.

Most of the time goes into compiling, so tests that share compiled programs, a group, belong in one process. The mark
`xdist_group` says which those are; without it, they are the module. pytest-xdist's own `--dist loadgroup` hands the
groups on in the names of the tests, which pytest 9 no longer lets it change: it then deals out single tests.
"""

import gc
import json
import os
import pathlib
import shutil
import tempfile

import pytest

FOLDER = pytest.StashKey[str]()
"""Where the processes that collect tests say which group each is of."""


def group_of(item: pytest.Item) -> str:
    mark = item.get_closest_marker("xdist_group")
    return str(mark.args[0]) if mark else item.path.stem


def together(items: list[pytest.Item]) -> list[pytest.Item]:
    """The tests group by group, those first that are marked as long."""
    long = {group_of(item) for item in items if item.get_closest_marker("long")}
    groups: dict[str, list[pytest.Item]] = {}
    for item in sorted(items, key=lambda item: group_of(item) not in long):
        groups.setdefault(group_of(item), []).append(item)
    return [item for group in groups.values() for item in group]


def pytest_configure(config):
    config.addinivalue_line("markers", "xdist_group: what shares compiled programs: one process runs it all")
    config.addinivalue_line("markers", "long: its group is begun first, so that no process ends alone with it")
    config.stash[FOLDER] = ""


def pytest_unconfigure(config):
    if config.stash[FOLDER]:
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    config = node.config
    config.stash[FOLDER] = config.stash[FOLDER] or tempfile.mkdtemp()
    node.workerinput["groups"] = str(pathlib.Path(config.stash[FOLDER], "groups.json"))


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist says that all is collected
def pytest_collection_finish(session):
    gc.freeze()  # modules and tables stay: there is no need to search them for garbage again and again
    file = getattr(session.config, "workerinput", {}).get("groups")
    if file:  # every process writes the same
        own = pathlib.Path(f"{file}.{os.getpid()}")
        own.write_text(json.dumps({item.nodeid: group_of(item) for item in session.items}))
        own.replace(file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.getoption("dist") != "loadscope":
        return None

    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        groups: dict[str, str] | None = None

        def _split_scope(self, nodeid: str) -> str:
            if self.groups is None:
                self.groups = json.loads(pathlib.Path(config.stash[FOLDER], "groups.json").read_text())
            return self.groups[nodeid]

    config.option.loadscopereorder = False  # the order is that of `together`
    return ByGroup(config, log)


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
