"""The picture of a sweep: a result against each number that varies."""

from typing import Any

import numpy as np

import jaxsched as js

MOST = 6
"""So many numbers have axes of their own."""


def drawn(numbers: dict[str, list[Any]], values: np.ndarray, failed: np.ndarray, kinds: list[str], name: str) -> list:
    first = js.show.axes()
    figure = first.figure
    first.remove()
    numbers = dict(list(numbers.items())[:MOST])
    figure.set_size_inches(max(5.0, 3.2 * len(numbers)), 4.0)
    figure.set_layout_engine("constrained")
    row = figure.subplots(1, len(numbers), sharey=True, squeeze=False)[0]
    colors = {kind: f"C{i % 10}" for i, kind in enumerate(dict.fromkeys(kinds))}
    for ax, (number, column) in zip(row, numbers.items(), strict=True):
        _points(ax, column, values, failed, [colors[kind] for kind in kinds])
        ax.set_xlabel(number)
    row[0].set_ylabel(name)
    if _wide(values[~failed].ravel()):
        row[0].set_yscale("log")
    if len(colors) > 1:
        for kind, color in colors.items():
            row[-1].plot([], [], "o", color=color, label=kind)
        row[-1].legend(fontsize="small")
    return list(row)


def _points(ax: Any, column: list[Any], values: np.ndarray, failed: np.ndarray, colors: list[str]) -> None:
    numeric = all(isinstance(x, (int, float)) for x in column if x is not None)
    at = column if numeric else [None if x is None else str(x) for x in column]
    names = list(dict.fromkeys(x for x in at if x is not None))
    for i, x in enumerate(at):
        if x is None:
            continue
        place = x if numeric else names.index(x)
        if failed[i]:  # at the edge, wherever that comes to be
            ax.plot(place, 0.97, "x", color=colors[i], transform=ax.get_xaxis_transform())
            continue
        middle, least, largest = np.median(values[i]), values[i].min(), values[i].max()
        if largest > least:
            ax.plot([place, place], [least, largest], color=colors[i], alpha=0.5, linewidth=1)
        ax.plot(place, middle, "o", color=colors[i], markersize=5)
    if not numeric:
        ax.set_xticks(range(len(names)), names)
    elif _wide(np.asarray([x for x in at if x is not None], np.float64)):
        ax.set_xscale("log")


def _wide(x: np.ndarray) -> bool:
    """Whether numbers are better seen on a logarithmic axis."""
    return bool(len(x) and (x > 0).all() and x.max() >= 20 * x.min())
