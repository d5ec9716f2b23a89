"""Does the short run find faults? Seed each of `support/faults.py` into a copy of the package and run its tests on it.

    python tests/mutations.py                 # all of them: some twenty minutes
    python tests/mutations.py nan-is-a-best   # those, or all whose names have these words in them
    python tests/mutations.py --list

The checkout is not touched. It fails if a fault is not found, if its place is not in the file exactly once, or if the
tests fail without it. A fault that no test of the short run finds is one that does no harm, which belongs out of the
list, or a hole in the tests.
"""

import argparse
import collections
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

from support.faults import FAULTS, Fault

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEFT_BEHIND = shutil.ignore_patterns(".*", "build", "dist", "site", "*.egg-info")
FAILED, BROKEN = 1, 2
"""What pytest returns where a test failed, and where a module of tests could not even be read."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="faults, or words in their names; all without any")
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    parser.add_argument("--no-baseline", action="store_true", help="do not run the tests without a fault first")
    given = parser.parse_args()
    chosen = [fault for fault in FAULTS if not given.names or any(word in fault.name for word in given.names)]
    if not chosen:
        parser.error(f"no fault is called {' or '.join(given.names)}")
    check(chosen)
    if given.list:
        for fault in chosen:
            print(f"{fault.name:<48} {fault.file:<32} {', '.join(fault.tests)}")
        return 0
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        whole, begin = pathlib.Path(folder, "whole"), time.monotonic()
        shutil.copytree(ROOT, whole, ignore=LEFT_BEHIND)
        if not given.no_baseline:
            run_without_faults(chosen, whole)
        missed = [fault.name for fault in chosen if not found(fault, whole)]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} faults found in {time.monotonic() - begin:.0f} s")
    if missed:
        print(f"NOT FOUND: {' '.join(missed)}")
    return bool(missed)


def check(faults: list[Fault]) -> None:
    """Every fault has its place, exactly once, and tests that exist."""
    twice = [name for name, times in collections.Counter(fault.name for fault in FAULTS).items() if times > 1]
    if twice:
        sys.exit(f"two faults have one name: {', '.join(twice)}")
    for fault in faults:
        times = (ROOT / "jaxsched" / fault.file).read_text().count(fault.old)
        if times != 1 or fault.old == fault.new:
            sys.exit(f"{fault.name}: what it replaces must be in {fault.file} once, and is {times} times: {fault.old}")
        for file, _ in map(selection, fault.tests):
            if not (ROOT / "tests" / file).is_file():
                sys.exit(f"{fault.name}: there is no tests/{file}")


def selection(test: str) -> tuple[str, str]:
    """The file and the words of `file -k words`."""
    file, *words = shlex.split(test)
    return file, " ".join(word for word in words if word != "-k")


def run_without_faults(faults: list[Fault], whole: pathlib.Path) -> None:
    """All of their tests must pass; their programs are compiled here, and kept for what comes."""
    words: dict[str, set[str]] = collections.defaultdict(set)
    for file, word in (selection(test) for fault in faults for test in fault.tests):
        words[file].add(word)
    for file, chosen in words.items():
        begin = time.monotonic()
        some = "" if "" in chosen else " or ".join(f"({word})" for word in sorted(chosen))
        result = pytest(whole, whole.parent / "cache", file, some)
        if result.returncode:
            sys.exit(f"{result.stdout}\ntests/{file} must pass without a fault")
        print(f"passes    {time.monotonic() - begin:4.0f} s  {file}{some and ' -k '}{some}", flush=True)


def found(fault: Fault, whole: pathlib.Path) -> bool:
    """Whether one of its tests fails in a copy with the fault."""
    begin, by = time.monotonic(), None
    with tempfile.TemporaryDirectory(dir=whole.parent) as folder:
        copy = pathlib.Path(folder, "copy")
        shutil.copytree(whole, copy)
        file = copy / "jaxsched" / fault.file
        file.write_text(file.read_text().replace(fault.old, fault.new))
        for test in fault.tests:
            result = pytest(copy, whole.parent / "cache", *selection(test))
            if result.returncode in (FAILED, BROKEN):
                by = re.findall(r"^(?:FAILED|ERROR) (?:tests/)?(\S+)", result.stdout, re.MULTILINE)
                break
            if result.returncode:
                sys.exit(f"{result.stdout}\n{fault.name}: no test was run by {test}")
    seconds = f"{time.monotonic() - begin:4.0f} s"
    print(
        f"{'NOT FOUND' if by is None else 'found    '} {seconds}  {fault.name}  {' '.join(by or ())[:120]}", flush=True
    )
    return by is not None


def pytest(copy: pathlib.Path, cache: pathlib.Path, file: str, words: str) -> subprocess.CompletedProcess[str]:
    """The short run of a file, or of a part of it. Compiled programs are found by what they compute: all share them."""
    command = [sys.executable, "-m", "pytest", "-n0", "-x", "-q", "-rfE", "--tb=no", f"tests/{file}"]
    command += ["-k", words] if words else []
    command += ["-o", f"cache_dir={cache}"]
    environment = {**os.environ, "PYTHONPATH": str(copy), "JAX_PLATFORMS": "cpu"}
    return subprocess.run(
        command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


if __name__ == "__main__":
    sys.exit(main())
