"""Run every benchmark in a process of its own, and write the table of README.md.

python benchmarks/run.py             # all of them
python benchmarks/run.py eager_call  # some of them, printed only
"""

import datetime
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
README = HERE / "README.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
SCRIPTS = (
    "sweep",
    "eager_call",
    "compile_step",
    "join_first_call",
    "adam_step",
    "controller_step",
    "groups_step",
    "plateau_sweep",
    "search",
    "search_programs",
    "search_memory",
    "search_out",
    "search_devices",
    "foresight",
    "precision",
    "transforms",
    "run_conversion",
    "import_time",
)
DEVICES = "import jax; d = jax.devices(); print(len(d), d[0].device_kind, d[0].platform)"


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def devices() -> tuple[str, list[str], str]:
    """How many there are, the words of their name, and the platform; asked in a process that lets go of them."""
    found = subprocess.run([sys.executable, "-c", DEVICES], check=True, capture_output=True, text=True)
    count, *kind, where = found.stdout.split()
    return count, kind, where


def machine() -> str:
    count, kind, where = devices()
    accelerator = "" if where == "cpu" else f"{count} x {' '.join(kind)}, "
    packages = ", ".join(f"{name} {version(name)}" for name in ("jax", "jaxlib", "optax", "jaxsched"))
    return (
        f"{accelerator}{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}; "
        f"Python {platform.python_version()}, {packages}; {datetime.date.today():%Y-%m-%d}."
    )


def load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def run(name: str, *args: str) -> tuple[list[str], bool]:
    """The figures that a script prints, and whether it kept its claims."""
    lines = []
    with subprocess.Popen([sys.executable, HERE / f"{name}.py", *args], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if line.count(" | ") == 3:
                lines.append(line.rstrip("\n"))
    return lines, process.returncode == 0 and bool(lines)


def table(figures: dict[str, list[str]], load_before: str) -> str:
    rows = ["| | measured | claim | kept |", "|---|---|---|---|"]
    for name, lines in figures.items():
        rows.append(f"| **[{name}.py]({name}.py)** | | | |")
        rows += [f"| {line.rstrip()} |" for line in lines]
    return f"Measured on {machine()} Load before the run: {load_before}.\n\n" + "\n".join(rows)


def write(begin: str, end: str, text: str) -> None:
    """Put the text between two markers of README.md."""
    head, _, rest = README.read_text(encoding="utf-8").partition(begin)
    _, found, tail = rest.partition(end)
    if not found:
        sys.exit(f"{README} lacks the marker {begin} or {end}.")
    README.write_text(f"{head}{begin}\n{text}\n{end}{tail}", encoding="utf-8")


def tell(results: dict[str, tuple[list[str], bool]]) -> None:
    """Exit with the names of those that missed a claim, if any did."""
    failed = [name for name, (_, kept) in results.items() if not kept]
    if failed:
        sys.exit(f"claims missed, or a script failed: {', '.join(failed)}")


def main(names: list[str]) -> None:
    unknown = set(names) - set(SCRIPTS)
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))}. There are {', '.join(SCRIPTS)}.")
    load_before = load()
    results = {name: run(name) for name in names or SCRIPTS}
    if not names:
        write(BEGIN, END, table({name: lines for name, (lines, _) in results.items()}, load_before))
    tell(results)


if __name__ == "__main__":
    main(sys.argv[1:])
