"""Public loss curves, where they are: a folder named by JAXSCHED_CURVES, or one beside the checkout. None is copied."""

import csv
import os
import pathlib

import numpy as np
import pytest

import jaxsched as js

PLACES = [os.environ.get("JAXSCHED_CURVES"), pathlib.Path(__file__).parents[2] / "../shared/data"]
FOLDER = next((pathlib.Path(place) for place in PLACES if place and pathlib.Path(place).is_dir()), None)
PEAK, WARMUP = 3e-4, 2160
FITTED = ("cosine_24000", "constant_24000", "wsdcon_9")
"""The runs that the multi-power law's authors fit; the others are held out."""


def folder(name):
    if FOLDER is None:
        pytest.skip("the public curves are not here: JAXSCHED_CURVES names their folder")
    return FOLDER / name


def after_warmup(*pieces, boundaries=()):
    return js.join([js.Linear(0.0, PEAK, steps=WARMUP - 1), *pieces], [WARMUP, *boundaries])


def schedules():
    made = {
        "wsd_20000_24000": after_warmup(
            js.Constant(PEAK), js.Geometric(PEAK, PEAK / 10, steps=4000), boundaries=[20000]
        ),
        "wsdld_20000_24000": after_warmup(
            js.Constant(PEAK), js.Linear(PEAK, PEAK / 10, steps=4000), boundaries=[20000]
        ),
    }
    for total in (24000, 72000):
        made[f"constant_{total}"] = after_warmup(js.Constant(PEAK))
        made[f"cosine_{total}"] = after_warmup(js.Cosine(PEAK, PEAK / 10, steps=total - WARMUP))
    for k in (3, 9, 18):
        made[f"wsdcon_{k}"] = after_warmup(js.Constant(PEAK), js.Constant(k * 1e-5), boundaries=[8000])
    return made


def language_models(size):
    """Nine runs of a model of 25 or 100 million parameters: schedule, steps, losses, by their names."""
    found = {}
    for name, schedule in schedules().items():
        table = np.genfromtxt(folder("mpl") / size / f"{name}.csv", delimiter=",", names=True)
        steps = table["step"].astype(int)
        np.testing.assert_allclose(schedule(steps), table["lr"], rtol=1e-5)
        found[name] = schedule, steps, table["loss"]
    return found


def final_losses(keep):
    """Models of 124M parameters: schedule, last step, last loss of each row that is kept."""
    with open(folder("grid") / "slimpajama124m_train.csv") as file:
        rows = [row for row in csv.DictReader(file) if keep(row)]
    found = []
    for row in rows:
        total, peak = int(row["total"]), float(row["peak"])
        decay = round(float(row["cooldown"]) * total)
        if row["shape"] == "cosine":
            made = js.warmup_cosine(peak, 300, total, end=float(row["end"]))
        else:
            made = js.wsd(peak, warmup=300, stable=total - 300 - decay, decay=decay, shape=row["shape"])
        found.append((made, [total - 1], [float(row["loss"])]))
    return found
