"""What the benchmarks share: timing side by side, one line a figure, an exit code."""

import statistics
import sys
import time
from collections.abc import Callable, Sequence

_missed: list[str] = []


def figure(what: str, measured: str, claim: str = "", kept: bool = True) -> None:
    """One line: what is measured, the figure, the claim (if it is one) and whether it is kept."""
    verdict = ("yes" if kept else "NO") if claim else ""
    if not kept:
        _missed.append(what)
    print(f"{what} | {measured} | {claim} | {verdict}", flush=True)


def finish() -> None:
    """Exit with 1 if a claim was missed."""
    for what in _missed:
        print(f"missed: {what}", file=sys.stderr)
    sys.exit(bool(_missed))


def seconds(fn: Callable[[], object], times: int = 1) -> float:
    """Seconds that one of `times` calls in a row takes."""
    begin = time.perf_counter()
    for _ in range(times):
        fn()
    return (time.perf_counter() - begin) / times


def interleaved(repeats: int, *measures: Callable[[], float]) -> list[list[float]]:
    """Each measurement `repeats` times, taking turns, so that a busy moment of the machine meets all of them."""
    rows = []
    for i in range(repeats):
        order = range(len(measures)) if i % 2 == 0 else reversed(range(len(measures)))  # nobody always goes first
        row = {k: measures[k]() for k in order}
        rows.append([row[k] for k in range(len(measures))])
    return [list(column) for column in zip(*rows, strict=True)]


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """The ratio of the two in each repetition."""
    return [a / b for a, b in zip(above, below, strict=True)]


def spread(values: Sequence[float], unit: str = "", digits: int = 3) -> str:
    """The median, with the smallest and the largest."""
    middle, low, high = (_short(v, digits) for v in (statistics.median(values), min(values), max(values)))
    return f"{middle}{unit} ({low} to {high})"


def _short(x: float, digits: int) -> str:
    return f"{x:.0f}" if abs(x) >= 10 ** (digits - 1) else f"{x:.{digits}g}"
