"""Records the values of a real package in `compat/traces/`: `python tests/support/compat/record.py torch [--check]`.

It needs that package and not jaxsched. Paddle and TensorFlow each want an environment of their own.
With `--check` nothing is written, and what is no longer as recorded is printed.
"""

import importlib
import json
import math
import pathlib
import sys
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

from support.compat.case import Case  # noqa: E402 (found in the folder of the tests)
from support.paths import COMPAT  # noqa: E402


def recorded(framework: str) -> dict[str, Any]:
    """All cases of a framework with the values of the package that is installed here."""
    cases: list[Case] = importlib.import_module(f"support.compat.{framework}_cases").cases()
    live = importlib.import_module(f"support.compat.{framework}_live")
    return {"version": live.version(), "cases": [as_row(case, live.values(case)) for case in cases]}


def as_row(case: Case, values: list[float]) -> dict[str, Any]:
    wanted = len(case.steps) if case.metrics is None else len(case.metrics) + 1
    if len(values) != wanted or not all(map(math.isfinite, values)):
        raise ValueError(f"wanted {wanted} finite values, got {values}: {case}")
    given = {key: x for key, x in case._asdict().items() if x != Case._field_defaults.get(key, ...)}
    return {**given, "values": list(map(float, values))}


def written(traces: dict[str, Any]) -> str:
    """JSON with one case in a line."""
    lines = ",\n".join("  " + json.dumps(row) for row in traces["cases"])
    return f'{{\n "version": {json.dumps(traces["version"])},\n "cases": [\n{lines}\n ]\n}}\n'


def main(framework: str, check: bool) -> int:
    file = COMPAT / f"{framework}.json"
    text = written(recorded(framework))
    if not check:
        file.write_text(text)
        return 0
    old, new = file.read_text().splitlines(), text.splitlines()
    differ = [f"now {b}\nwas {a}" for a, b in zip(old, new, strict=False) if a != b]
    if len(old) != len(new):
        differ.append(f"{len(old) - 5} cases are recorded, and there are {len(new) - 5}")
    print("\n".join(differ) or f"{framework}: as recorded")
    return len(differ) > 0


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--check"]
    if len(names) != 1:
        sys.exit(__doc__)
    sys.exit(main(names[0], "--check" in sys.argv))
