"""Where things are, so that no other file counts folders."""

import pathlib

TESTS = pathlib.Path(__file__).parents[1]
ROOT = TESTS.parent
DOCS = ROOT / "docs"

SCHEDULES = TESTS / "traces" / "schedules.json"
"""Golden values of the schedules of many frameworks, at every step."""
CONTROLLERS = TESTS / "traces" / "controllers.json"
"""Runs of other frameworks' controllers, as `controllers_record.py` wrote them."""
COMPAT = TESTS / "compat" / "traces"
"""A file for each module of `jaxsched.compat`, as `compat/record.py` wrote it, and one of translations."""
