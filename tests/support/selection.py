"""What `pytest` runs by itself, and what only `pytest --all`: a plugin that `conftest.py` loads.

Tests and examples that are marked `exhaustive`, see `short.py`, are left out unless they are asked for. `.ci/run` runs
everything in three parts: the short run, then `--all --rest`, and `--all -m optimised` for what hangs on how XLA makes
programs fast, which the first two leave out.
"""

import collections
import re

import pytest

from support.processes import together

PEERS = {"keras", "paddle", "tensorflow", "timm", "torch", "transformers"}
"""Packages that only the tests beside them need: `.ci/run` gives those an environment of their own."""

LEFT_OUT = pytest.StashKey[int]()
OF_THE_LAST_RUN = "jaxsched/passed"
"""Where pytest keeps what passed, beside what failed."""


def pytest_addoption(parser):
    parser.addoption(
        "--all", action="store_true", help="run every example, and want every package of the extra test-all"
    )
    parser.addoption("--rest", action="store_true", help="leave out what passed in the last run, and is optimised")
    parser.addoption("--every", type=int, default=1, help="run every N-th example of each module only")


def pytest_configure(config):
    config.addinivalue_line("markers", "exhaustive: not in the short run; `pytest --all` runs it")
    config.addinivalue_line("markers", "optimised: hangs on how XLA makes programs fast, which the short run lacks")
    config.stash[LEFT_OUT] = 0


def pytest_collection_modifyitems(config, items):
    """Leave out what is exhaustive, unless it is asked for, by `--all` or by its name."""
    wanted = items
    if not config.getoption("--all") and not any("::" in str(arg) for arg in config.args):
        wanted = [item for item in items if not item.get_closest_marker("exhaustive")]
        config.stash[LEFT_OUT] = len(items) - len(wanted)
    if config.getoption("--rest"):
        passed = set(config.cache.get(OF_THE_LAST_RUN, []))
        wanted = [item for item in wanted if item.nodeid not in passed and not item.get_closest_marker("optimised")]
    kept, seen = [], collections.Counter()
    for item in wanted:  # a sample for other versions of the dependencies
        module = item.nodeid.partition("::")[0]
        if seen[module] % config.getoption("--every") == 0:
            kept.append(item)
        seen[module] += 1
    chosen = set(kept)
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = together(kept)


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # a process of pytest-xdist: the one that reports collects nothing
        session.config.workeroutput["left_out"] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    node.config.stash[LEFT_OUT] = max(node.config.stash[LEFT_OUT], getattr(node, "workeroutput", {}).get("left_out", 0))


def pytest_terminal_summary(terminalreporter, config):
    passed = [report.nodeid for report in terminalreporter.stats.get("passed", []) if report.when == "call"]
    if hasattr(config, "cache"):
        config.cache.set(OF_THE_LAST_RUN, passed)
    if left_out := config.stash[LEFT_OUT]:
        terminalreporter.write_line(f"{left_out} examples were left out. To run everything, as CI does:")
        terminalreporter.write_line("    pip install -e '.[test-all]' && pytest --all")


# Where a package is not installed, the short run skips what needs it. To `--all` that is a failure: else nobody would
# notice that CI no longer tests a part of the library.


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _demanded(collector, (yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    return _demanded(item, (yield))


def _demanded(node, report):
    if report.outcome == "skipped" and node.config.getoption("--all"):
        reason = str(report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr)
        package = re.search(r"No module named '(\w+)", reason) or re.search(r"could not import '(\w+)", reason)
        if package and package[1] not in PEERS:
            report.outcome, report.longrepr = "failed", f"`--all` needs the extra test-all: {reason}"
    return report
