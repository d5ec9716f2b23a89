"""Does the short run find faults? Seed each of `support/faults.txt` into a copy of the package and run its tests there.

    python tests/mutations.py                 # all of them: a quarter of an hour
    python tests/mutations.py nan-is-a-best   # those with one of these words in their names
    python tests/mutations.py --list

The checkout is not touched. It fails if a fault is not found, if its place is not in the file exactly once, or if the
tests fail without it. A fault that no test of the short run finds either does no harm, and belongs out of the list, or
shows a hole in the tests.
"""

import argparse
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEFT_BEHIND = shutil.ignore_patterns(".*", "build", "dist", "site", "*.egg-info")
PASSED, FAILED, UNREADABLE = 0, 1, 2
"""What pytest returns; the last where a module of tests raises an error when it is imported."""


class Fault(NamedTuple):
    name: str
    file: str  # in the package
    old: str  # what stands there once
    new: str
    tests: list[str]  # `file` or `file -k words`, in `tests/`


def read(table: str) -> Iterator[Fault]:
    file = ""
    for block in re.split(r"\n{2,}", table.rstrip()):
        first, *rest = block.split("\n")
        if first.startswith("# "):
            file = first.removeprefix("# ")
        elif rest and rest[0].startswith("-"):
            name, _, tests = first.partition(": ")
            old, new = ("\n".join(line[2:] for line in rest if line.startswith(sign)) for sign in "-+")
            yield Fault(name, file, old, new, tests.split(" | "))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="faults, or words in their names; all without any")
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    parser.add_argument("--every", type=int, default=1, help="take every N-th fault only")
    given = parser.parse_args()
    faults = list(read((ROOT / "tests/support/faults.txt").read_text()))
    check(faults)
    chosen = [fault for fault in faults if not given.names or any(word in fault.name for word in given.names)]
    chosen = chosen[:: given.every]
    if not chosen:
        parser.error(f"no fault is called {' or '.join(given.names)}")
    if given.list:
        for fault in chosen:
            print(f"{fault.name:<44} {fault.file:<32} {' | '.join(fault.tests)}")
        print(f"{len(chosen)} faults")
        return 0
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        whole = pathlib.Path(folder, "whole")
        shutil.copytree(ROOT, whole, ignore=LEFT_BEHIND)
        run_without_faults(chosen, whole)
        missed = [fault.name for fault in chosen if not found(fault, whole)]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} faults found in {time.monotonic() - begin:.0f} s")
    if missed:
        print(f"NOT FOUND: {' '.join(missed)}")
    return bool(missed)


def check(faults: list[Fault]) -> None:
    """Every fault has a name and a place of its own, and tests that exist."""
    names = collections.Counter(fault.name for fault in faults)
    wrong = []
    for fault in faults:
        times = (ROOT / "jaxsched" / fault.file).read_text().count(fault.old)
        if names[fault.name] > 1:
            wrong.append(f"{fault.name}: there are two of that name")
        if times != 1 or fault.old == fault.new:
            wrong.append(f"{fault.name}: what it replaces is in {fault.file} {times} times, not once: {fault.old!r}")
        for file, _ in map(selection, fault.tests):
            if not (ROOT / "tests" / file).is_file():
                wrong.append(f"{fault.name}: there is no tests/{file}")
    if wrong:
        sys.exit("\n".join(wrong))


def selection(test: str) -> tuple[str, str]:
    """The file and the words of `file -k words`."""
    file, _, words = test.partition(" -k ")
    return file, words


def run_without_faults(faults: list[Fault], whole: pathlib.Path) -> None:
    """All of their tests must pass. Their programs are compiled here, and kept for what comes."""
    words = collections.defaultdict(set)
    for file, some in (selection(test) for fault in faults for test in fault.tests):
        words[file].add(some)
    for file, chosen in words.items():
        begin, some = time.monotonic(), "" if "" in chosen else " or ".join(f"({each})" for each in sorted(chosen))
        result = run(whole, whole.parent, file, some)
        if result.returncode != PASSED:
            sys.exit(f"{result.stdout}\ntests/{file} must pass without a fault")
        print(f"passes    {time.monotonic() - begin:4.0f} s  {file}", flush=True)


def found(fault: Fault, whole: pathlib.Path) -> bool:
    """Whether one of its tests fails in a copy with the fault."""
    begin, by = time.monotonic(), ""
    with tempfile.TemporaryDirectory(dir=whole.parent) as folder:
        copy = pathlib.Path(folder, "copy")
        shutil.copytree(whole, copy)
        file = copy / "jaxsched" / fault.file
        file.write_text(file.read_text().replace(fault.old, fault.new))
        for test in fault.tests:
            result = run(copy, whole.parent, *selection(test))
            if result.returncode in (FAILED, UNREADABLE):
                by = (
                    " ".join(re.findall(r"^(?:FAILED|ERROR) (?:tests/)?(.+?)(?: - .*)?$", result.stdout, re.MULTILINE))
                    or test
                )
                break
            if result.returncode != PASSED:
                sys.exit(f"{result.stdout}\n{fault.name}: {test} runs no test")
    what = "found    " if by else "NOT FOUND"
    print(f"{what} {time.monotonic() - begin:4.0f} s  {fault.name}{by and ': '}{by}", flush=True)
    return bool(by)


def run(copy: pathlib.Path, folder: pathlib.Path, file: str, words: str) -> subprocess.CompletedProcess[str]:
    """The short run of a file, or of a part of it. Compiled programs are found by what they compute: all share them."""
    command = [sys.executable, "-m", "pytest", "-n0", "-x", "-q", "-rfE", "--tb=no", "-o", f"cache_dir={folder}/cache"]
    command += [f"tests/{file}", *(("-k", words) if words else ())]
    environment = {**os.environ, "PYTHONPATH": str(copy), "JAX_PLATFORMS": "cpu"}
    return subprocess.run(
        command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


if __name__ == "__main__":
    sys.exit(main())
