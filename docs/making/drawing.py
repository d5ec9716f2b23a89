"""Drawing for the documentation: one style, SVG that is the same on every machine, and what a file was drawn from.

A picture is read on a light and on a dark page alike: it has no background, and its colours are in between. Its file
holds the data that were drawn, so that whether it is up to date does not depend on the version of matplotlib.
"""

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

GREY = "#808080"
COLORS = ("#2f80ed", "#d9730d", "#16a05d", "#e5484d", "#9b5de5", "#0f9aa8", "#a8743a", "#db4a94", "#7d8c1f", GREY)
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (7, 2)), (0, (1, 1)), (0, (4, 3)), (0, (2, 2)))
WIDTH, HEIGHT = 5.8, 2.5
"""In inches of 72 points; pages show 96 pixels for each."""

STYLE: dict[str, Any] = {
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), GREY),
    "axes.formatter.limits": (-3, 5),
    "axes.formatter.useoffset": False,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.figsize": (WIDTH, HEIGHT),
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "grid.alpha": 0.25,
    "grid.color": GREY,
    "legend.frameon": False,
    "legend.fontsize": "small",
    "lines.linewidth": 1.8,
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "jaxsched",
}
POINTS = 25
"""So many points of each curve are kept in the file."""

CLOSE = 5e-3
"""How far a curve may be from what is in its file, as a part of the curve's height: a tenth of a pixel."""


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Our style, whatever a user's own file of matplotlib says."""
    import matplotlib
    from cycler import cycler

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        matplotlib.rcParams["axes.prop_cycle"] = cycler(color=COLORS, linestyle=LINES)
        yield


def figure(draw: Callable[[Any], None]) -> Any:
    """A figure in our style; `draw` is given it empty."""
    from matplotlib.figure import Figure

    with style():
        made = Figure()
        draw(made)
        made.draw_without_rendering()  # labels of ticks are made in this style
    return made


def from_zero(ax: Any, room: float = 0.0) -> None:
    """Let an axis of values begin at 0, unless they are logarithmic, negative or all far from it.

    `room` is a part of the height that is left below, for words.
    """
    least, most = (f(f(line.get_ydata()) for line in ax.lines) for f in (min, max))
    if ax.get_yscale() == "linear" and 0 <= least and (least < 0.7 * most or least == most):
        ax.set_ylim(-(room or 0.04) * most, 1.06 * most)


def legend_above(ax: Any) -> None:
    """Put the legend where no curve is, and make the picture that much higher."""
    if ax.get_legend() is None:
        return
    labels = [line.get_label() for line in ax.lines]
    columns = 3 if max(map(len, labels)) < 16 else 2
    rows = -(-len(labels) // columns)
    ax.figure.set_size_inches(WIDTH, HEIGHT + 0.1 + 0.2 * rows)
    ax.legend(ncols=columns, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def data_of(figure: Any) -> list[dict[str, Any]]:
    """What is drawn: of each axis its words, its scale, and each curve by some of its points."""
    return [_panel(ax) for ax in figure.axes]


def save(figure: Any, path: Path) -> None:
    """Write the SVG; nothing in it depends on the day, the machine or chance."""
    text, about = io.StringIO(), {"Date": None, "Creator": None, "Description": json.dumps(data_of(figure))}
    with style():
        figure.savefig(text, format="svg", metadata=about)
    path.write_text(_plain(text.getvalue()), encoding="utf-8")


def saved(path: Path) -> list[dict[str, Any]]:
    """The data that a file was drawn from."""
    found = ElementTree.parse(path).find(".//{http://purl.org/dc/elements/1.1/}description")
    return json.loads(found.text or "null") if found is not None else []


def differs(drawn: list[dict[str, Any]], kept: list[dict[str, Any]]) -> str:
    """In what a figure is another than its file; nothing is an empty string."""
    if len(drawn) != len(kept):
        return f"{len(drawn)} axes, {len(kept)} in the file"
    for one, other in zip(drawn, kept, strict=True):
        for key in one:
            if key != "curves" and one[key] != other.get(key):
                return f"{key}: {one[key]!r}, in the file {other.get(key)!r}"
        if list(one["curves"]) != list(other["curves"]):
            return f"curves {list(one['curves'])}, in the file {list(other['curves'])}"
        for name, curve in one["curves"].items():
            here, there = np.array(curve, float), np.array(other["curves"][name], float)
            height = np.nanmax(there, axis=1, keepdims=True) - np.nanmin(there, axis=1, keepdims=True)
            if here.shape != there.shape or not ((np.abs(here - there) <= CLOSE * height) | _gaps(here, there)).all():
                return f"the curve {name} is another one"
    return ""


def _gaps(here: Any, there: Any) -> Any:
    """Where neither has a value."""
    return np.isnan(here) & np.isnan(there)


def _panel(ax: Any) -> dict[str, Any]:
    if not ax.lines:
        raise ValueError(
            "nothing is drawn as a line: of more than 2,000 steps `plot` fills an area, which is not compared"
        )
    legend = ax.get_legend()
    return {
        "title": ax.get_title(),
        "x": f"{ax.get_xlabel()} {ax.get_xscale()}",
        "y": f"{ax.get_ylabel()} {ax.get_yscale()}",
        "words": [each.get_text() for each in (*ax.texts, *(legend.get_texts() if legend else ()))],
        "curves": {f"{i} {line.get_label()}": _points(line) for i, line in enumerate(ax.lines)},
    }


def _points(line: Any) -> list[list[float | None]]:
    x, y = (np.asarray(each, float) for each in line.get_data(orig=False))
    chosen = np.unique(np.linspace(0, len(x) - 1, POINTS).round().astype(int))
    return [[float(f"{v:.5g}") if np.isfinite(v) else None for v in each[chosen]] for each in (x, y)]


def _plain(svg: str) -> str:
    """Small: tenths of a point are enough, and the reader's own font is the one that is always there."""
    about, end, drawn = svg[svg.index("<svg") :].partition("</metadata>")
    drawn = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\d\.\d)\d+", r"\1", " " + " ".join(path[0].split())), drawn)
    drawn = re.sub(r" transform=\"rotate\(-?0 [^)]*\)\"|<!--.*?-->", "", drawn)
    drawn = re.sub(r"'DejaVu Sans'[^;\"]*", "system-ui, sans-serif", drawn)
    drawn = re.sub(r">\s+<", ">\n<", drawn)
    return re.sub(r'width="([\d.]+)pt" height="([\d.]+)pt"', _pixels, about, count=1) + end + drawn


def _pixels(found: re.Match[str]) -> str:
    width, height = (round(float(x) * 96 / 72) for x in found.groups())
    return f'width="{width}" height="{height}"'
