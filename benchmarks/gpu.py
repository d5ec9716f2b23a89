"""Every benchmark that makes sense on a GPU, on the one of this machine; the table of README.md is written anew.

It needs jax with its GPU packages, optax, chex and matplotlib.

    python benchmarks/gpu.py                   # all, each in a process of its own; writes the table and the picture
    python benchmarks/gpu.py throughput sweep  # some of them, printed only
    python benchmarks/gpu.py --any             # on whatever device there is, small, printed only: does it still run?

Left out is what a GPU has no part in: calls on the host, imports, conversions and the sweep's folder. `precision` and
`transforms` need the tests' packages: `python benchmarks/run.py precision` runs on a GPU too.
"""

import argparse

from run import HERE, devices, load, run, table, tell, write

BEGIN, END = "<!-- gpu: begin -->", "<!-- gpu: end -->"
OWN = ("scan_steps", "throughput", "read_many")
"""Scripts that are for a GPU, and that can be small."""
SCRIPTS = (
    "adam_step",
    "controller_step",
    "groups_step",
    "scan_steps",
    "throughput",
    "read_many",
    "search",
    "search_programs",
    "search_memory",
    "sweep",
    "plateau_sweep",
)
PICTURE = HERE / "throughput.png"


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the benchmarks that make sense on a GPU.")
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(SCRIPTS)}")
    parser.add_argument("--any", action="store_true", help="on any device, small, and printed only")
    args = parser.parse_args()
    if unknown := {*args.names} - {*SCRIPTS}:
        parser.error(f"no such benchmark on a GPU: {', '.join(sorted(unknown))}")
    if args.any:
        tell({name: run(name, "--small") for name in OWN if not args.names or name in args.names})
        return
    _, kind, where = devices()
    if where not in ("gpu", "cuda", "rocm"):
        print(f"There is no GPU here that JAX finds, only {' '.join(kind)}: nothing was run and nothing written.")
        return
    load_before = load()
    pictures = () if args.names else ("--picture", str(PICTURE))
    results = {name: run(name, *(pictures if name == "throughput" else ())) for name in args.names or SCRIPTS}
    if not args.names:
        figures = table({name: lines for name, (lines, _) in results.items()}, load_before)
        write(BEGIN, END, f"{figures}\n\n![Candidates a second against candidates at once]({PICTURE.name})")
    tell(results)


if __name__ == "__main__":
    main()
