"""Records what the real packages make of metrics, into `traces/controllers.json`; run by hand.

    python tests/support/controllers_record.py torch          # writes that package's part: it must be installed
    python tests/support/controllers_record.py --check torch  # its values today are those of the file

for torch, paddle, keras, huggingface and optax. Of a run the file holds the arguments by the package's own names and
each change of the rate: the index of the metric that made it, and the new rate, in float64.
"""

import importlib.metadata
import json
import math
import os
import pathlib
import random
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from support.controllers_metrics import FIRST  # noqa: E402 (found in the folder of the tests)
from support.controllers_runs import BY_HAND, DEFECTS, DRAW, METRICS, Arguments, legal  # noqa: E402
from support.paths import CONTROLLERS  # noqa: E402

COUNT = 60
"""How many runs are recorded of a package, besides its defects."""

Rates = list[float]


def run_torch(arguments: Arguments, start: float, values: list[float]) -> Rates:
    from torch.optim.lr_scheduler import ReduceLROnPlateau

    return stepped(ReduceLROnPlateau, arguments, start, values)


def run_huggingface(arguments: Arguments, start: float, values: list[float]) -> Rates:
    from transformers.optimization import GreedyLR

    return stepped(GreedyLR, arguments, start, values)


def stepped(scheduler: Callable[..., Any], arguments: Arguments, start: float, values: list[float]) -> Rates:
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(()))], lr=start)
    made = scheduler(optimizer, **arguments)
    rates = []
    for value in values:
        made.step(value)
        rates.append(float(optimizer.param_groups[0]["lr"]))
    return rates


def run_paddle(arguments: Arguments, start: float, values: list[float]) -> Rates:
    import paddle

    scheduler = paddle.optimizer.lr.ReduceOnPlateau(start, **arguments)
    rates = []
    for value in values:
        scheduler.step(value)
        rates.append(float(scheduler()))
    return rates


def run_keras(arguments: Arguments, start: float, values: list[float]) -> Rates:
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras

    callback = keras.callbacks.ReduceLROnPlateau("loss", **arguments)
    # The callback asks nothing else of a model; a Python float keeps the rate in float64.
    optimizer = types.SimpleNamespace(learning_rate=start)
    callback.set_model(types.SimpleNamespace(optimizer=optimizer))
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"loss": value})
        rates.append(float(optimizer.learning_rate))
    return rates


def run_optax(arguments: Arguments, start: float, values: list[float]) -> Rates:
    import jax
    import jax.numpy as jnp
    import optax

    jax.config.update("jax_enable_x64", True)
    dtype = arguments.get("dtype", "float64")  # of the parameters
    transform = optax.contrib.reduce_on_plateau(**{key: x for key, x in arguments.items() if key != "dtype"})

    def step(state, value):
        state = transform.update(parameter, state, value=value)[1]
        return state, state.scale

    parameter = jnp.zeros((), dtype)
    scales = jax.lax.scan(step, transform.init(parameter), jnp.asarray(values))[1]
    return [start * float(scale) for scale in scales]


RUN: dict[str, tuple[str, Callable[..., Rates]]] = {
    "torch": ("torch", run_torch),
    "paddle": ("paddlepaddle", run_paddle),
    "keras": ("keras", run_keras),
    "huggingface": ("transformers", run_huggingface),
    "optax": ("optax", run_optax),
}
"""By framework: its distribution, and how to run it."""


def recorded(framework: str, start: float, name: str, arguments: Arguments) -> dict[str, Any]:
    values = [float(np.float32(value)) for value in METRICS[name]]
    rates = RUN[framework][1](arguments, start, values)
    before = [start, *rates[:-1]]
    changes = [[i, new] for i, (old, new) in enumerate(zip(before, rates, strict=True)) if old != new]
    return {"start": start, "metrics": name, "arguments": arguments, "changes": changes}


def drawn(framework: str) -> list[dict[str, Any]]:
    """Runs of random arguments over all the metrics, most of them with a change of the rate."""
    rng = random.Random(framework)
    names = [name for name in METRICS if name not in FIRST]
    runs = []
    while len(runs) < COUNT - len(BY_HAND[framework]):
        name = names[len(runs)] if len(runs) < len(names) else rng.choice(names)
        arguments, start = DRAW[framework](rng)
        if legal(arguments, start, name):
            run = recorded(framework, start, name, arguments)
            runs += [run] if run["changes"] or rng.random() < 0.05 else []
    return runs


def record(framework: str) -> dict[str, Any]:
    by_hand = [recorded(framework, *run) for run in BY_HAND[framework]]
    defects = [recorded(framework, *run) for run in DEFECTS[framework]]
    return versions(framework) | {"cases": by_hand + drawn(framework), "defects": defects}


def versions(framework: str) -> dict[str, str]:
    jax = {"jax": importlib.metadata.version("jax")} if framework in ("keras", "optax") else {}
    return {"version": importlib.metadata.version(RUN[framework][0])} | jax


def differing(framework: str, part: dict[str, Any]) -> list[dict[str, Any]]:
    """The recorded runs that the installed package no longer makes."""
    runs = part["cases"] + part["defects"]
    return [run for run in runs if recorded(framework, run["start"], run["metrics"], run["arguments"]) != run]


def packed(value: Any) -> Any:
    """`value` with what JSON has no number for as text; `float` reads it back."""
    if isinstance(value, dict):
        return {key: packed(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [packed(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def written(traces: dict[str, Any]) -> str:
    """JSON with a run in a line."""
    parts = []
    for name, part in traces.items():
        lines = []
        for key, value in part.items():
            text = json.dumps(value, allow_nan=False)
            if key in ("cases", "defects"):
                text = "[\n" + ",\n".join(f"   {json.dumps(run, allow_nan=False)}" for run in value) + "\n  ]"
            lines.append(f"  {json.dumps(key)}: {text}")
        parts.append(f" {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main(check: bool, frameworks: list[str]) -> int:
    traces = json.loads(CONTROLLERS.read_text()) if CONTROLLERS.exists() else {}
    if not check:
        CONTROLLERS.write_text(
            written(traces | {"metrics": packed(METRICS)} | {name: record(name) for name in frameworks})
        )
        return 0
    differ = ["the metrics"] if traces["metrics"] != packed(METRICS) else []
    for name in frameworks:
        differ += [f"{name} {versions(name)}: {run}" for run in differing(name, traces[name])]
    print("\n".join(differ) or f"{', '.join(frameworks)}: as recorded")
    return len(differ) > 0


if __name__ == "__main__":
    wrong = set(sys.argv[1:]) - {"--check", *RUN}
    if wrong or not set(sys.argv[1:]) - {"--check"}:
        sys.exit(__doc__)
    sys.exit(main("--check" in sys.argv, [name for name in RUN if name in sys.argv[1:]]))
