"""What every public function is called with beside the one argument that is wrong."""

import functools
import types
from collections.abc import Callable
from typing import Any
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched as js
from jaxsched import compat, foresight, search


class Later:
    """An argument that is made when it is first asked for, since that takes time."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = functools.cache(make)


def made(x: Any) -> Any:
    return x.make() if isinstance(x, Later) else x


class StepLR:
    """What is read of torch's live scheduler of this name."""

    optimizer = types.SimpleNamespace(param_groups=[{"lr": 0.5, "initial_lr": 0.5}])
    base_lrs, step_size, gamma, last_epoch = [0.5], 2, 0.5, 0


def _like(x: Any, rate: Any) -> Any:
    """The rate in the dtype of a leaf, if that is one of numbers."""
    dtype = jnp.result_type(x)
    return rate.astype(dtype) if jnp.issubdtype(dtype, jnp.number) else x


LINE, STEP = js.Linear(1.0, 0.0, steps=8), js.Constant(0.5)
PLATEAU = js.reduce_on_plateau(LINE, 0.5)
OPT_STATE = Later(lambda: js.inject(optax.sgd)(PLATEAU).init(np.ones(3)))
PLATEAU_STATE = Later(PLATEAU.init)
RUN = js.Run(total=100, steps_per_epoch=10, batch_size=8, sequence_length=4)
RANGE_TEST = search.RangeTest(np.geomspace(1e-4, 1.0, 20), np.linspace(2.0, 1.0, 20)[None], np.linspace(2.0, 1.0, 20))
SWEEP = search.Sweep((STEP, LINE), None, {"loss": np.asarray([2.0, 1.0])}, np.asarray([False, False]), 1)
LAW = foresight.FunctionalLaw(2.0, 0.5, 0.5, 1.0)
COOLED = js.wsd(1.0, warmup=0, stable=6, decay=4)
RUNS = [
    (x, np.arange(3, 12), LAW.curve(x, np.arange(3, 12)))
    for x in (js.wsd(1.0, warmup=0, stable=12 - n, decay=n) for n in (3, 5, 7))
]
HALVING = search.Halving((STEP, LINE), (4,), ((0, 1),), (SWEEP,), (0.0, 0.0), "loss", "min")
GOOD: dict[str, Any] = {
    "T_0": 4, "T_max": 8, "at": 4, "axis_name": "i", "begin": 4, "begins": [0, 4], "bound": STEP, "boundaries": [2, 4],
    "base": 256, "batch": 512,
    "controller": js.reduce_on_plateau(1.0), "d_model": 16, "decay": 0.5, "decay_rate": 0.5, "decay_steps": 8,
    "decay_t": 4, "deviation": STEP, "dim": 16, "end": 0.25, "end_lr": 1.0, "end_value": 0.1, "every": 2,
    "factor": 0.5, "factors": "constant", "first_decay_steps": 4, "fn": lambda t: 0.5 + 0.0 * t, "gamma": 0.5,
    "high": 1.0, "interpolate_type": "linear", "layers": ["a", "b"], "leads": [0, 0], "low": 0.1,
    "lr_lambda": lambda t: 0.5 + 0.0 * t, "milestones": [2, 4], "name": "cosine", "num_decay_steps": 4,
    "num_training_steps": 16, "num_warmup_steps": 4, "period": 4, "pieces": (LINE, STEP, LINE), "power": 2.0,
    "ramp": js.Linear(0.0, js.nodes.Open(), steps=4), "remaining": LINE, "right": LINE, "left": STEP, "schedule": LINE,
    "schedules": [LINE, STEP, LINE], "stable": 4, "step_size": 2, "step_size_up": 4, "steps": 8, "steps_per_epoch": 4,
    "t_initial": 8, "timescale": 8, "total": 16, "total_steps": 16, "transition_steps": 16, "up": 4, "value": 0.5,
    "values": [1.0, 0.5, 0.25], "warmup": 4, "warmup_steps": 4, "weight": STEP, "x": 0.5, "scale_mode": "cycle",
    "base_learning_rate": 0.1, "data": js.to_dict(LINE), "factory": optax.sgd, "cosine_kwargs": [
        {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 2, "decay_steps": 8}
    ],
    "opt_state": OPT_STATE, "learning_rate": 0.5, "losses": np.linspace(2.0, 1.0, 30), "schedulers": LINE,
}  # fmt: skip
"""An argument that will do, by its name; any other is a rate."""
OF: dict[str, dict[str, Any]] = {
    "multiplicative_decay": {"steps": 8},
    "stack": {"schedules": [LINE, LINE]},
    "join": {"boundaries": [2, 4]},
    "Interpolated": {"boundaries": [0, 2, 4]},
    "CosineInterpolated": {"boundaries": [0, 2, 4]},
    "Cooldown": {"ramp": js.Linear(js.nodes.Open(), 0.0, steps=4)},
    "NormalJitter": {"deviation": 0.5, "bound": 0.5, "key": 0},
    "UniformJitter": {"bound": 0.5, "key": 0},
    "by_group": {"schedules": {"a": 0.1, "b": LINE}},
    "optax.join_schedules": {"schedules": [LINE, LINE], "boundaries": [3]},
    "torch.on_one_optimizer": {"schedulers": [compat.torch.StepLR(0.5, 2), compat.torch.ReduceLROnPlateau(0.5)]},
    "torch.SequentialLR": {"schedulers": [compat.torch.StepLR(0.5, 2), compat.torch.StepLR(0.5, 3)], "milestones": [3]},
    "torch.ChainedScheduler": {"lr": 0.5, "schedulers": [compat.torch.StepLR(0.5, 2)]},
    "torch.CyclicLR": {"base_lr": 0.1, "max_lr": 1.0},
    "torch.CyclicMomentum": {"base_lr": 0.1, "max_lr": 1.0},
    "torch.OneCycleLR": {"total_steps": 10, "lr": 0.5},
    "torch.OneCycleMomentum": {"total_steps": 10, "lr": 0.5},
    "get_cosine_with_min_lr_schedule_with_warmup": {"min_lr": 0.1},
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": {"min_lr": 0.1},
    "ProductOfMany": {"factors": (LINE, STEP)},
    "SumOfMany": {"terms": (LINE, STEP)},
    "Quotient": {"left": LINE, "right": 0.5},
    "Maximum": {"terms": (LINE, STEP)},
    "Minimum": {"terms": (LINE, STEP)},
    "get_wsd_schedule": {"num_training_steps": 16},
    "get_scheduler": {"num_warmup_steps": 4, "num_training_steps": 16},
    "keras.PiecewiseConstantDecay": {"boundaries": [2, 4]},
    "keras.from_config": {
        "config": {"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.5, "decay_steps": 8}}
    },
    "timm.MultiStepLRScheduler": {"decay_t": [2, 4]},
    "timm.StepLRScheduler": {"decay_t": 2},
    "timm.create_scheduler": {"args": types.SimpleNamespace(sched="cosine", epochs=8)},
    "timm.scheduler_kwargs": {"cfg": types.SimpleNamespace(sched="cosine", epochs=8)},
    "optax.piecewise_interpolate_schedule": {"boundaries_and_scales": {2: 0.5}},
    "tensorflow.piecewise_constant": {"boundaries": [2, 4]},
    "paddle.LinearWarmup": {"learning_rate": 0.5},
    "paddle.OneCycleLR": {"max_learning_rate": 0.5},
    "paddle.CyclicLR": {"max_learning_rate": 0.5},
    "compat.factors": {"factors": "constant * linear_warmup"},
    "compat.compound": {"base_learning_rate": 0.5, "factors": "constant"},
    "Cycle": {"growth": 1, "decay": 1.0},
    "Exponential": {"decay": 0.9},
    "Join": {"boundaries": (2, 4)},
    "ListedCycles": {"period": 4},
    "ElapsedPower": {"power": 0.5},
    "wsd": {"warmup": 4, "stable": 4, "decay": 4},
    "noam": {"warmup": 4},
    "StackedJoin": {"kinds": (js.stack([LINE, LINE]),), "boundaries": [3], "which": [0, 0], "slot": [0, 1]},
    # What stands in an optimizer's state.
    "mup_factors": {"base": {"w": np.ones((2, 2))}, "target": {"w": np.ones((4, 4))}},
    "resume_at": {"tokens": 64, "old_run": RUN, "new_run": RUN},
    "Run.seesaw": {"schedule": js.Linear(1.0, 0.0, steps=100)},
    "observe": {"value": 1.0},
    "override": {"values": {"learning_rate": 0.25}},
    "replace_schedule": {"schedules": {"learning_rate": LINE}},
    "restore": {"saved": OPT_STATE},
    "stretch_rest": {"total": 16},
    "grid": {"fn": js.Constant, "value": [0.5, 0.25]},
    "labels": {"value": [0.5, 0.25]},
    "Controller.__call__": {"state": PLATEAU_STATE},
    "Controller.observe": {"state": PLATEAU_STATE, "value": 1.0},
    "Controller.update": {"state": PLATEAU_STATE, "value": 1.0},
    "from_scheduler": {"scheduler": StepLR()},
    "unstack": {"schedule": js.stack([LINE, LINE])},
    # What is looked at, and what is run.
    "show.diff": {"a": LINE, "b": STEP},
    "show.plot": {"schedules": LINE, "total": 16, "ax": mock.MagicMock()},
    "show.table": {"steps": 4},
    "check_applied": {"optimizer": optax.sgd(0.5), "params": np.ones(3, np.float32), "steps": 4, "schedule": 0.5},
    "successive_halving": {
        "start": lambda schedule, key: schedule(0),
        "part": lambda schedule, state, step, length: (schedule(step) + state, state),
        "schedules": [STEP, LINE],
        "rungs": [1],
        "batch": 2,
    },
    "sweep": {"train": lambda schedule, key: schedule(0), "schedules": [STEP, LINE], "seeds": [0]},
    "bound": {"schedule": LINE, "total": 8},
    "transfer": {"tuned": LINE, "other": STEP, "total": 8},
    "Law.__call__": {"schedule": LINE, "total": 8},
    "Law.curve": {"schedule": LINE, "steps": [3, 7]},
    "fit": {"runs": RUNS, "law": "functional"},
    "compare": {"schedules": [LINE, STEP], "total": 8, "fit": None},
    "extend": {"schedule": COOLED, "at": 6, "total": 10, "new_total": 20, "fit": None},
    "optimize": {"make": js.Constant, "objective": lambda s: (s(0) - 0.5) ** 2, "value": (0.25, 1.0)},
    "falling": {"peak": 1.0, "begin": 2, "total": 10, "points": 2},
    "merge_weights": {"decay": [0.5, 0.25]},
    "implied_decay": {"weights": [0.5, 0.5]},
    "update_weights": {"schedule": LINE, "total": 8, "weight_decay": 0.5},
    "Sweep.best": {"by": "loss"},
    "Sweep.table": {"by": "loss"},
    "Sweep.plot": {"by": "loss"},
    "range_test": {
        "step": lambda state, batch, rate: (jax.tree.map(lambda x: _like(x, rate), state), (rate - 1.0) ** 2),
        "state": jnp.float32(0.0),
        "batches": jnp.ones(6),
        "num": 6,
    },
}
"""What else a function needs."""

VARIOUS = {
    "override": "learning_rate",
    "replace_schedule": "learning_rate",
    "grid": "value",
    "labels": "value",
    "optimize": "value",
}
"""An argument of those that take any keyword."""

OBJECTS: dict[str, Any] = {
    "Schedule": LINE,
    "Controller": PLATEAU,
    "Run": RUN,
    "RangeTest": RANGE_TEST,
    "Sweep": SWEEP,
    "Halving": HALVING,
    "Law": LAW,
}
"""Whose methods are called."""
