"""Every public function, called with each of its arguments replaced by what a user may pass by mistake.

A call is either accepted, and then the schedule has finite values, or refused by a ValueError or TypeError that names
the argument in a short message.
"""

import fractions
import inspect
import itertools
import re
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched as js
from jaxsched import compat
from support.compat import comparison

LONGEST = 700
"""So many characters a message may have."""

NAN, INF = float("nan"), float("inf")
WRONG: dict[str, Any] = {
    "None": None,
    "true": True,
    "false": False,
    "numpy bool": np.bool_(True),
    "text": "abc",
    "empty text": "",
    "number as text": "1e-4",
    "huge text": "x" * 1_000_000,
    "bytes": b"1",
    "nan": NAN,
    "infinity": INF,
    "minus infinity": -INF,
    "numpy nan": np.float32(NAN),
    "1e308": 1e308,
    "-1e308": -1e308,
    "1e39": 1e39,
    "1e-320": 1e-320,
    "1e-46": 1e-46,
    "minus one": -1,
    "-0.5": -0.5,
    "minus zero": -0.0,
    "zero": 0,
    "zero as float": 0.0,
    "0.1": 0.1,
    "2.5": 2.5,
    "2**31": 2**31,
    "2**63": 2**63,
    "10**400": 10**400,
    "-10**400": -(10**400),
    "complex": 1 + 2j,
    "numpy complex": np.complex64(1),
    "jax complex": lambda: jnp.complex64(1),
    "fraction": fractions.Fraction(1, 3),
    "empty list": [],
    "list": [1, 2, 3],
    "list of one": [0.5],
    "tuple": (3, 2, 1),
    "negative list": [-1, -2],
    "list of nan": [1.0, NAN],
    "list of text": ["a", "b"],
    "list of bools": [True, False],
    "list of None": [None, None],
    "ragged": [[1, 2], [3]],
    "nested": [[1.0, 2.0], [3.0, 4.0]],
    "complex in a list": [1 + 2j, 0.5],
    "complex beside jax": lambda: [jnp.float32(1), 1j],
    "long list": [1] * 200,
    "1e308 in a list": [1e308, 1.0],
    "set": {1, 2},
    "frozen set": frozenset([1.0]),
    "dict": {1: 0.5, 2: 0.25},
    "empty dict": {},
    "dict of text": {"a": "b"},
    "generator": lambda: (i for i in range(3)),
    "range": range(3),
    "object": object(),
    "class": dict,
    "module": types,
    "function": lambda: lambda: 1.0,
    "function of the step": lambda: lambda step: 1.0 * step,
    "function that raises": lambda: _raises,
    "numpy text": np.array(["a"]),
    "numpy objects": np.array([None, {}], dtype=object),
    "numpy bools": np.array([True, False]),
    "numpy empty": np.zeros((0,)),
    "numpy matrix": np.ones((2, 2)),
    "numpy vector": np.array([1.0, 2.0]),
    "numpy dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "jax vector": lambda: jnp.array([1.0, 2.0]),
    "jax key": lambda: jax.random.key(0),
    "schedule": lambda: js.Linear(1.0, 0.0, steps=4),
    "controller": lambda: js.reduce_on_plateau(1.0),
    "optimizer": lambda: optax.sgd(0.1),
}
"""What is passed; a function without arguments makes it."""


def _raises(step):
    raise RuntimeError("no")


class Call(NamedTuple):
    """One argument of one function."""

    where: str
    name: str
    function: Callable[..., Any]
    arguments: dict[str, Any]
    argument: str

    def __str__(self) -> str:
        return f"{self.where}.{self.name}({self.argument}=…)"


LINE, STEP = js.Linear(1.0, 0.0, steps=8), js.Constant(0.5)
GOOD: dict[str, Any] = {
    "T_0": 4, "T_max": 8, "at": 4, "axis_name": "i", "begin": 4, "begins": [0, 4], "bound": STEP, "boundaries": [2, 4],
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
    "StackedJoin": {"schedules": (LINE,), "kinds": [0, 0], "slot": [0, 0], "boundaries": [3], "which": [0, 0]},
}
"""What else a function needs."""

NOT_THESE = {
    "Schedule", "Ramp", "Controller", "Numeric", "Count", "Level", "ScheduleLike", "grid",
    "current", "events", "observe", "override", "replace_schedule", "snapshot", "stretch_rest", "restore",
    "from_scheduler", "to_scheduler", "to_schedule", "register",
    "StackedJoin", "ListedCycles", "unstack", "to_dict", "Data", "Wrap", "last", "last_used",
}  # fmt: skip
"""Abstract ones, those that take what a library made, and nodes that only functions make."""


def functions() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Where each public function is, its name, and itself."""
    for name in js.__all__:
        if callable(getattr(js, name)) and name not in NOT_THESE:
            yield "jaxsched", name, getattr(js, name)
    for name in dir(js.nodes):
        if not name.startswith("_") and name not in NOT_THESE and not hasattr(js, name):
            yield "nodes", name, getattr(js.nodes, name)
    for framework in comparison.FRAMEWORKS:
        for name in sorted(comparison.functions(framework) - NOT_THESE):
            yield framework, name, getattr(getattr(compat, framework), name)
    yield "compat", "factors", compat.factors
    yield "compat", "compound", compat.compound


def calls() -> Iterator[Call]:
    """Every argument of every function, beside arguments that will do."""
    for where, name, function in functions():
        more = OF.get(f"{where}.{name}", OF.get(name, {}))
        parameters = inspect.signature(function).parameters.values()
        named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        arguments = {p.name: GOOD.get(p.name, 0.5) for p in named if p.default is p.empty} | more
        for p in named:
            yield Call(where, name, function, arguments, p.name)


def wrong(name: str) -> Any:
    """The value of that name."""
    made = WRONG[name]
    return made() if isinstance(made, types.FunctionType) else made


def every() -> list[tuple[Call, str]]:
    return list(itertools.product(calls(), WRONG))


def problem(call: Call, name: str, evaluate: bool = True) -> str | None:
    """What is wrong with the answer to a wrong call, if anything."""
    try:
        result = call.function(**call.arguments | {call.argument: wrong(name)})
    except (TypeError, ValueError) as error:
        return _problem_of(error, call.argument)
    except Exception as error:
        return f"internal {type(error).__name__}: {str(error)[:200]}"
    return _not_finite(result) if evaluate else None


def _problem_of(error: Exception, argument: str) -> str | None:
    message = str(error)
    if type(error) not in (TypeError, ValueError):
        return f"internal {type(error).__name__}: {message[:200]}"
    if len(message) > LONGEST:
        return f"too long ({len(message)} characters): {message[:200]}"
    named = re.search(rf"`{argument}[`.=\[]", message) or message.startswith((f"{argument} ", "expected "))
    return None if named else f"unnamed {type(error).__name__}: {message[:200]}"


def _not_finite(result: Any) -> str | None:
    schedules = result if isinstance(result, (list, tuple)) else [result]
    for schedule in schedules:
        if isinstance(schedule, js.Schedule):
            with jax.numpy_rank_promotion("allow"):
                try:
                    values = [np.asarray(schedule(step)) for step in (0, 3, 1000)]
                except TypeError as error:
                    if "is this a stacked schedule?" in str(error):  # a class takes arrays, and is a stack then
                        continue
                    return f"no value, {error}"
                except Exception as error:
                    return f"no value, {type(error).__name__}: {str(error)[:200]}"
            if not np.all(np.isfinite(values)):
                return f"not finite: {values}"
    return None
