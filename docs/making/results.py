"""The pictures of trainings, drawn from the numbers that `trainings.py` has stored."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import drawing
import numpy as np

STORED = json.loads(Path(__file__).with_name("trainings.json").read_text(encoding="utf-8"))


def pictures() -> dict[str, Callable[[Any], None]]:
    """What draws each on an empty figure, by the name of its file."""
    draw = {
        **{name: _losses for name in ("rates", "endings", "warmups")},
        "batches": functools.partial(_by_peak, top=3.0),
        "tuning": functools.partial(_by_peak, top=10.0),
        "plateau": _plateau,
    }
    return {f"training-{name}": functools.partial(each, STORED[name]) for name, each in draw.items()}


def _losses(found: dict[str, Any], figure: Any) -> None:
    """The training losses by the step; in the legend the held-out loss at the end."""
    ax = figure.add_subplot()
    for label, run in found["runs"].items():
        each = found["steps"] / len(run["loss"])
        ax.plot(
            (np.arange(len(run["loss"])) + 0.5) * each, _numbers(run["loss"]), label=f"{label}: {run['held_out']:.2g}"
        )
    ax.set(xlabel="step", ylabel="training loss", yscale="log", ylim=(None, 10))
    ax.margins(x=0)
    ax.legend()
    drawing.legend_above(ax)


def _by_peak(found: dict[str, Any], figure: Any, top: float) -> None:
    """The held-out loss at the end, by the peak of the schedule."""
    ax = figure.add_subplot()
    for label, losses in found["runs"].items():
        ax.plot(found["peaks"], _numbers(losses), marker="o", markersize=3.5, label=label)
    ax.set(xlabel="peak rate", ylabel="held-out loss", xscale="log", yscale="log", ylim=(None, top))
    ax.legend()
    drawing.legend_above(ax)


def _plateau(found: dict[str, Any], figure: Any) -> None:
    """The rate and the held-out loss, one above the other."""
    figure.set_size_inches(drawing.WIDTH, drawing.HEIGHT * 1.4)
    above, below = figure.subplots(2, sharex=True)
    steps = np.arange(1, len(found["rate"]) + 1) * found["every"]
    above.step(steps, found["rate"], where="pre")
    above.set(ylabel="rate", yscale="log", ylim=(0.004, 0.07))
    above.set_yticks([0.005, 0.05], ["0.005", "0.05"])
    above.minorticks_off()
    below.plot(steps, found["held_out"], color=drawing.COLORS[1])
    below.set(xlabel="step", ylabel="held-out loss", yscale="log")
    below.margins(x=0)


def _numbers(values: list[float | None]) -> list[float]:
    return [np.nan if x is None else x for x in values]
