"""Plot: schedules on a matplotlib axis."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.kinds import array_of, checker, is_list, shown
from jaxsched.show import _curve
from jaxsched.show._phases import phases as phases_of
from jaxsched.show._tables import labelled

FLAG, OPTION = checker(bool), checker(bool | None)

COLUMNS = 2_000
"""Of more steps than this a curve is drawn from the least to the largest value in each of so many columns."""

LEGEND = 12
"""Up to so many curves are named in a legend; more get a colour from the first to the last."""


def plot(
    schedules: Any,
    total: int | None = None,
    *,
    ax: Any = None,
    log: bool | None = None,
    labels: Sequence[str] | None = None,
    phases: bool = True,
    metric: Any = None,
    run: js.Run | None = None,
) -> Any:
    """Schedules as curves on a matplotlib axis; needs the extra `plot`.

    Every step is looked at, so that neither a value at a single step nor a fast cycle is missed.

    Args:
        schedules: a schedule, number, function of the step or controller; a dict of labels and schedules; a list of
            them; or a stack.
        total: the length of the run in steps, at least 1; by default that of `run`, else the longest of the schedules'.
        ax: the `Axes` to draw on; by default those of a new figure.
        log: whether the values are on a logarithmic axis; by default if all, that at `total` too, are above 0 and the
            largest is 100 times the least.
        labels: names for the legend, one a curve.
        phases: whether the phases of a single schedule are shaded and named.
        metric: for a controller, one metric a step: the rate that it makes of them is drawn, with its reductions.
        run: what is known of the run: with `steps_per_epoch`, epochs are shown above.

    Returns:
        the `Axes`.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError: one of `schedules` is none, or has traced numbers.
        ValueError: `total` is not given and no schedule has an end; `labels` are too few or too many.

    Examples:
        >>> ax = jaxsched.show.plot({"cosine": jaxsched.Cosine(1.0, 0.0, steps=100), "0.5": 0.5})
        >>> ax.get_xlabel()
        'step'
    """
    log, phases = OPTION("log", log), FLAG("phases", phases)
    if metric is not None:
        return _controlled(schedules, metric, axes(ax), log, run)
    curves = _labelled(schedules, labels)
    length = _length(curves, total, run)
    ax = axes(ax)
    drawn = {label: _curve.curve(each, length) for label, each in curves.items()}
    colors = _colors(len(drawn))
    for (label, each), color in zip(drawn.items(), colors, strict=True):
        _line(ax, each, label, color)
    if len(drawn) == 1 and phases:
        _shade(ax, next(iter(curves.values())), length)
    if 1 < len(drawn) <= LEGEND or (labels is not None and len(drawn) == 1):
        ax.legend()
    values = [np.append(drawn[label].values, np.asarray(each(length))) for label, each in curves.items()]
    return _finished(ax, values, log, run)


def _labelled(schedules: Any, labels: Sequence[str] | None) -> dict[str, js.Schedule]:
    curves = labelled("schedules", schedules)
    if labels is None:
        return curves
    if not is_list(labels) or len(labels) != len(curves):
        raise ValueError(f"`labels` must be one name a curve, {len(curves)} of them: got {shown(labels)}.")
    return dict(zip(map(str, labels), curves.values(), strict=True))


def _length(curves: dict[str, js.Schedule], total: int | None, run: js.Run | None) -> int:
    asked = _curve.asked(total, run)
    if asked is not None:
        return asked
    ends = [end for each in curves.values() if (end := _curve.ending(each)) is not None]
    if not ends:
        raise ValueError("`total` must be given where no schedule has an end of its own: pass a number of steps.")
    return max(ends)


def axes(ax: Any = None) -> Any:
    """Where a picture is drawn: `ax`, or new axes of a figure of their own.

    Args:
        ax: an `Axes` of matplotlib, or None.

    Raises:
        TypeError: `ax` is no `Axes`.
        ImportError: matplotlib is not installed; the message names the extra.

    Examples:
        >>> jaxsched.show.axes(5)
        Traceback (most recent call last):
        TypeError: `ax` must be an `Axes` of matplotlib: got 5. Pass `plt.gca()`, or leave it out.
    """
    if ax is not None and not hasattr(ax, "fill_between"):
        raise TypeError(f"`ax` must be an `Axes` of matplotlib: got {shown(ax)}. Pass `plt.gca()`, or leave it out.")
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot
    except ImportError as error:
        raise ImportError("`plot` needs matplotlib: pip install 'jaxsched[plot]'.") from error
    return matplotlib.pyplot.subplots(layout="constrained")[1]


def _colors(count: int) -> list[Any]:
    if count <= 10:
        return [f"C{i}" for i in range(count)]
    import matplotlib

    return list(matplotlib.colormaps["viridis"](np.linspace(0, 0.9, count)))


def _line(ax: Any, curve: _curve.Curve, label: str, color: Any) -> None:
    steps, values = curve.steps, curve.values
    if len(steps) <= COLUMNS:
        ax.plot(steps, values, label=label, color=color, marker="o" if len(steps) == 1 else None)
        return
    begins, least, most = _curve.columns(values, COLUMNS)
    ax.fill_between(steps[begins], least, most, label=label, color=color, linewidth=1.5)


def _shade(ax: Any, schedule: js.Schedule, length: int) -> None:
    found = phases_of(schedule, length)
    if not 1 < len(found) <= 24:
        return
    for i, each in enumerate(found):
        begin, end = each.begin, min(each.end, length)
        if i % 2 == 0:
            ax.axvspan(begin, end, color="0.5", alpha=0.1, linewidth=0)
        if end - begin > 0.04 * length:
            # Written along the phase where it is wide enough for its name, else from bottom to top.
            wide = end - begin > 0.015 * length * len(each.name)
            ax.text((begin + end) / 2, 0.02, each.name, transform=ax.get_xaxis_transform(), ha="center", va="bottom",
                    fontsize="x-small", color="0.5", rotation=0 if wide else 90, in_layout=False)  # fmt: skip


def _controlled(controller: Any, metric: Any, ax: Any, log: bool | None, run: js.Run | None) -> Any:
    if not isinstance(controller, js.Controller):
        raise TypeError(f"`metric` is for a controller: got {type(controller).__name__} as `schedules`.")
    losses = _losses(metric)

    def one(state: Any, loss: Any) -> Any:
        new = controller.update(state, value=loss)
        return new, (controller(state), new.events.reduced)

    rates, reduced = jax.lax.scan(one, controller.init(), jnp.asarray(losses))[1]
    ax.plot(np.arange(len(losses)), rates, color="C0", label="rate")
    beside = ax.twinx()
    beside.plot(np.arange(len(losses)), losses, color="C1", alpha=0.6, label="metric")
    beside.set_ylabel("metric", color="C1")
    for step in np.flatnonzero(np.asarray(reduced)):
        ax.axvline(step + 1, color="0.5", linewidth=0.8, linestyle=":")
    return _finished(ax, [np.asarray(rates, np.float64)], log, run)


def _losses(metric: Any) -> np.ndarray:
    losses = array_of(metric)
    if not (jnp.issubdtype(losses.dtype, jnp.integer) or jnp.issubdtype(losses.dtype, jnp.floating)):
        raise TypeError(f"`metric` must be one number a step: got {shown(metric)}.")
    if losses.ndim != 1 or not len(losses):
        raise ValueError(f"`metric` must be one number a step: got an array of shape {losses.shape}.")
    with np.errstate(over="ignore"):
        return losses.astype(np.float32)


def _finished(ax: Any, values: list[np.ndarray], log: bool | None, run: js.Run | None) -> Any:
    every = np.concatenate(values)
    wide = bool((every > 0).all() and every.max() >= 100 * every.min())
    if wide or log is not None:
        ax.set_yscale("log" if (wide if log is None else log) else "linear")
    ax.set(xlabel="step", ylabel="value")
    ax.margins(x=0)
    if run is not None and run.steps_per_epoch is not None:
        each = float(run.steps_per_epoch)
        above = ax.secondary_xaxis("top", functions=(lambda x: np.asarray(x) / each, lambda x: np.asarray(x) * each))
        above.set_xlabel("epoch")
    return ax
