"""The view of a schedule in a notebook: a picture and its phases, in plain HTML that needs nothing else."""

import html
from typing import Any

import jax
import numpy as np

import jaxsched as js
from jaxsched.kinds import is_stack, is_traced
from jaxsched.show import _curve
from jaxsched.show._describe import Description, one
from jaxsched.show._phases import readable
from jaxsched.show._text import cut, shortened

WIDTH, HEIGHT, COLUMNS, MOST_CURVES = 480, 120, 240, 8


def view(schedule: Any) -> str | None:
    """A schedule or controller as HTML, at most 8 kB; `None` where its numbers are not known.

    The picture takes the colour of the text around it, so that it is read in the dark as well.
    """
    if isinstance(schedule, js.nodes.Data) and any(is_traced(leaf) for leaf in jax.tree.leaves(schedule)):
        return None
    if is_stack(schedule):
        many = js.unstack(schedule)
        drawn = tuple(one(each) for each in many[:MOST_CURVES])
        left = f" (the first {MOST_CURVES} of {len(many)})" if len(many) > MOST_CURVES else ""
        rows = [[f"[{i}]", f"peak {readable(each.peak)} at {readable(each.peak_step)}", f"last {readable(each.last)}"]
                for i, each in enumerate(drawn)]  # fmt: skip
        return _page(f"{len(many)} schedules: {type(schedule).__name__}{left}", drawn, rows)
    made = one(schedule)
    rows = [
        [
            f"{readable(float(phase.begin))} – {readable(float(phase.end))}",
            phase.name,
            f"{readable(first)} → {readable(last)}",
        ]
        for phase, (first, last) in zip(made.phases, made.values, strict=True)
    ]
    return _page(made.recipe or repr(schedule), (made,), shortened(rows, 12, 5, 3))


def _page(title: str, drawn: tuple[Description, ...], rows: list[list[str]]) -> str:
    lines = ["".join(f"<td>{_text(cell.lstrip('>'))}</td>" for cell in row) for row in rows]
    cells = "".join(f"<tr>{each}</tr>" for each in lines)
    return f"<div><code>{_text(title)}</code><br>{svg(title, drawn)}<table>{cells}</table></div>"


def svg(title: str, drawn: tuple[Description, ...]) -> str:
    """The curves in one picture, each column of it from the least to the largest value in its steps."""
    total = max(each.total for each in drawn)
    curves = [_curve.curve(each.schedule, total).values for each in drawn]
    finite = np.concatenate([each[np.isfinite(each)] for each in curves])
    low, high = min(finite.min(initial=0), 0), finite.max(initial=0)
    paths = "".join(
        f'<path d="{_path(each, low, high, COLUMNS // len(drawn))}" opacity="{1 - i / (len(drawn) + 2):.2g}"/>'
        for i, each in enumerate(curves)
    )
    label = f"{readable(high)} at the top, {readable(low)} at the bottom, {readable(total)} steps"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" style="max-width:100%" role="img" fill="none" '
        f'stroke="currentColor" xmlns="http://www.w3.org/2000/svg"><title>{_text(title)}: {label}</title>'
        f'<path d="M0 {HEIGHT - 1}H{WIDTH}" opacity=".3"/><g stroke-width="1.5">{paths}</g>'
        f'<g stroke="none" fill="currentColor" font-size="10" opacity=".7"><text x="2" y="10">{readable(high)}</text>'
        f'<text x="{WIDTH - 2}" y="{HEIGHT - 4}" text-anchor="end">{readable(total)} steps</text></g></svg>'
    )


def _path(values: np.ndarray, low: float, high: float, columns: int) -> str:
    _, least, most = _curve.columns(np.where(np.isfinite(values), values, low), columns)
    place = lambda x: np.round((HEIGHT - 3) - (HEIGHT - 6) * (x - low) / ((high - low) or 1)).astype(int)  # noqa: E731
    across = np.round(np.linspace(1, WIDTH - 1, len(least))).astype(int)
    found, at = [], None
    for x, bottom, top in zip(across.tolist(), place(least).tolist(), place(most).tolist(), strict=True):
        near, far = (top, bottom) if at is None or abs(at - top) <= abs(at - bottom) else (bottom, top)
        found.append(f"{'M' if at is None else 'L'}{x} {near}" + (f"V{far}" if far != near else ""))
        at = far
    return "".join(found)


def _text(text: str) -> str:
    return html.escape(cut(text, 200))
