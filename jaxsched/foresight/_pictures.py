"""The pictures of foresight: runs and what a law says of them, and schedules beside what they will reach."""

from typing import Any

import jax.numpy as jnp
import numpy as np

import jaxsched as js

MOST = 10
"""So many curves have a colour of their own."""

POINTS = 1_000


def fitted(found: Any, ax: Any) -> Any:
    """Each run's losses as points, the law through them, and its error as a band."""
    ax = js.show.axes(ax)
    for i, run in enumerate(found.runs.curves):
        style = {"color": f"C{i % MOST}"}
        law = np.asarray(_losses(found.law, run), np.float64)
        ax.plot(run.steps, run.losses, "o", markersize=3, alpha=0.5, **style)
        ax.plot(run.steps, law, linewidth=1.5, label=f"run {i}" if len(found.runs.curves) <= MOST else None, **style)
        if found.error is not None and len(law) > 1:
            ax.fill_between(run.steps, law - found.error, law + found.error, alpha=0.15, linewidth=0, **style)
    ax.set(xlabel="step", ylabel="loss", title=f"{type(found.law).__name__}: points are losses, lines the law")
    if len(found.runs.curves) <= MOST:
        ax.legend(fontsize="small")
    return ax


def compared(found: Any, ax: Any) -> Any:
    """The rates of each schedule, with what it will reach in the legend."""
    ax = js.show.axes(ax)
    steps = np.unique(np.linspace(0, found.total - 1, POINTS).astype(int))
    columns = found.rows.columns
    for i, name in enumerate(columns["schedule"]):
        rates = np.asarray(js.as_schedule(found.schedules[name])(jnp.asarray(steps)))
        told = f"loss {columns['loss'][i]:.4f}" if "loss" in columns else f"bound {columns['bound'][i]:.4g}"
        ax.plot(steps, rates, color=f"C{i % MOST}", label=f"{name}: {told}" if i < MOST else None)
    ax.set(xlabel="step", ylabel="learning rate")
    ax.legend(fontsize="small")
    return ax


def _losses(law: Any, run: Any) -> Any:
    """On the rates that are kept of the run, since its schedule is not."""
    rates = jnp.asarray(run.rates, jnp.result_type(float))
    return law.curve(js.Tabulated(rates), run.steps)
