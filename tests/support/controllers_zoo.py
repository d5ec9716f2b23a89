"""The table of examples: every controller, with metrics that make it move.

All metrics are of one length, so that controllers of one structure share a compiled program.
"""

import dataclasses
import functools
import inspect
import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import jax
import numpy as np

import jaxsched as js
from support.short import first_of_each, parametrize

LENGTH = 48
AXIS = "devices"
STRUCTURE = ("mode", "rule", "criterion", "window", "axis_name")
"""Arguments that cannot be traced."""

NAN, INF = math.nan, math.inf


@dataclasses.dataclass(frozen=True, eq=False)
class Example:
    """A controller and a run of it.

    Attributes:
        name: the test id.
        function: what makes the controller.
        schedule: what it wraps: a number or a schedule.
        arguments: its other arguments, by name.
        metrics: one for each step, as float32.
        moves: the events that occur in the run.
    """

    name: str
    function: Callable[..., js.Controller]
    schedule: Any
    arguments: dict[str, Any]
    metrics: np.ndarray
    moves: tuple[str, ...]

    def make(self, **changed: Any) -> js.Controller:
        return self.function(self.schedule, **{**self.arguments, **changed})

    def alone(self) -> js.Controller:
        """The controller without its devices."""
        made = self.make()
        return made.controller if isinstance(made, js.nodes.OverDevices) else made

    def numbers(self) -> dict[str, Any]:
        """The arguments that may be traced."""
        return {k: x for k, x in self.arguments.items() if k not in STRUCTURE}

    def __str__(self) -> str:
        return self.name


def metrics(start: float, end: float, length: float, noise: float, **at: float) -> np.ndarray:
    """An exponential from `start` towards `end` with noise, some metrics replaced by others (`_7=...`)."""
    t = np.arange(LENGTH)
    values = end + (start - end) * np.exp(-t / length) + noise * np.random.default_rng(0).uniform(-1, 1, LENGTH)
    values[[int(name[1:]) for name in at]] = list(at.values())
    return values.astype(np.float32)


LOSS = metrics(2.0, 0.5, 5, 0.01)
QUIET = metrics(1.0, 0.9, 8, 0.002)
ACCURACY = metrics(0.1, 0.9, 4, 0.02)
BELOW_ZERO = metrics(3.0, -4.0, 8, 0.2)
BROKEN = metrics(2.0, 0.5, 5, 0.01, _0=NAN, _3=INF, _9=NAN, _10=NAN, _11=NAN, _30=INF)
EXPLODING = metrics(2.0, 0.5, 5, 0.01, _13=40.0, _14=NAN, _27=INF, _40=9.0)

WARMED = js.warmup_cosine(0.1, warmup=6, total=LENGTH)
JOINED = js.join([js.Linear(0.01, 0.4, steps=5), js.exponential_decay(0.4, 0.95), js.Constant(0.25)], [5, 20])

CUT, MOVED = ("improved", "reduced"), ("improved", "reduced", "increased")


def plateau(name: str, schedule: Any, seen: np.ndarray, moves: tuple[str, ...] = CUT, **arguments: Any) -> Example:
    arguments = {"factor": 0.5, "patience": 2, **arguments}
    return Example(f"plateau-{name}", js.reduce_on_plateau, schedule, arguments, seen, moves)


def greedy(name: str, schedule: Any, seen: np.ndarray, moves: tuple[str, ...] = MOVED, **arguments: Any) -> Example:
    return Example(f"greedy-{name}", js.greedy, schedule, {"factor": 0.8, "patience": 1, **arguments}, seen, moves)


def recover(name: str, schedule: Any, seen: np.ndarray, **arguments: Any) -> Example:
    arguments = {"factor": 0.1, "warmup": 4, "burn_in": 5, **arguments}
    return Example(f"recover-{name}", js.recover, schedule, arguments, seen, ("reduced",))


def target(name: str, schedule: Any, seen: np.ndarray, *moves: str, **arguments: Any) -> Example:
    arguments = {"target": 0.7, "factor": 1.5, "band": 1.2, "low": 0.02, "high": 0.3, **arguments}
    return Example(f"target-{name}", js.hold_target, schedule, arguments, seen, ("reduced", "increased", *moves))


CONTROLLERS: list[Example] = [
    plateau("torch", 0.1, LOSS, cooldown=3),
    plateau("keras", 0.1, LOSS, cooldown=3, rule="keras"),
    plateau("optax", 0.1, QUIET, cooldown=3, rule="optax"),
    plateau("paddle", 0.1, LOSS, cooldown=3, rule="paddle"),
    plateau("impatient", 0.1, BROKEN, patience=0, rtol=0.0, rule="keras"),
    plateau("max", 0.1, ACCURACY, mode="max", rtol=0.02),
    plateau("below-zero", 3e-4, BELOW_ZERO, rtol=0.05, atol=0.1),
    plateau("min_value", 0.1, LOSS, (*CUT, "at_floor", "stopped"), min_value=0.02),
    plateau("min_scale", 0.1, LOSS, (*CUT, "at_floor", "stopped"), min_scale=0.3),
    plateau("min_change", 0.1, LOSS, (*CUT, "stopped"), min_change=0.01),
    plateau("broken", 0.1, BROKEN),
    plateau("begin", WARMED, LOSS, begin=6),
    plateau("schedules", JOINED, BELOW_ZERO, min_value=0.02, rtol=0.1),
    plateau("every", 0.1, LOSS, every=3, patience=1, begin=2),
    plateau("smoothing", 0.1, BROKEN, smoothing=0.8, rtol=0.02),
    plateau(
        "all", WARMED, QUIET, rtol=1e-3, atol=0.01, cooldown=1, min_value=0.001, min_scale=0.01, min_change=1e-4,
        every=2, smoothing=0.5, begin=3, rule="optax", forget=0.1,
    ),
    plateau("window", 0.1, QUIET, criterion="window", window=4, atol=0.001),
    plateau("slope", JOINED, BROKEN, criterion="slope", window=5, rtol=0.003),
    plateau("forget", 0.1, QUIET, forget=0.2, rule="paddle", cooldown=2),
    plateau("devices", WARMED, LOSS, axis_name=AXIS),
    greedy("number", 0.1, LOSS),
    greedy("max", 0.1, ACCURACY, ("improved", "increased", "reduced", "at_floor"), mode="max", min_value=0.06),
    greedy("reset", 0.5, LOSS, (*MOVED, "reset", "at_floor"), factor=0.5, min_value=0.3, reset_after=2, cooldown=1),
    greedy("window", 0.1, BROKEN, window=4, patience=3),
    greedy("schedules", JOINED, BELOW_ZERO, patience=2, max_value=0.45),
    greedy(
        "all", JOINED, LOSS, ("improved", "increased", "reduced"), rtol=1e-3, atol=0.0, cooldown=2, warmup=3,
        min_value=1e-3, max_value=0.3, min_change=1e-5, reset_after=3, begin=2,
    ),
    greedy("devices", 0.1, LOSS, axis_name=AXIS),
    recover("number", 0.1, EXPLODING),
    recover("schedules", JOINED, EXPLODING, warmup=0),
    recover(
        "all", JOINED, EXPLODING, spike=4.0, rtol=0.2, smoothing=0.9, min_value=1e-6, min_scale=1e-3, begin=4,
    ),
    recover("devices", 0.1, EXPLODING, axis_name=AXIS),
    target("number", 0.1, LOSS, "at_floor"),
    target("coefficient", 0.1, LOSS, mode="coefficient", factor=2.0),
    target("schedules", JOINED, EXPLODING, low=0.01, high=0.42),
    target("all", JOINED, BROKEN, band=1.1, low=1e-3, high=0.5, mode="coefficient", every=2, begin=3),
    target("devices", 0.1, LOSS, axis_name=AXIS),
]  # fmt: skip

BY_NAME = {example.name: example for example in CONTROLLERS}

FEW = [
    BY_NAME[name]
    for name in ("plateau-all", "plateau-devices", "greedy-window", "recover-schedules", "target-all", "plateau-slope")
]
"""For laws with programs of their own: every controller, and every part of its state."""


ONE_OF_EACH = first_of_each(CONTROLLERS, lambda example: jax.tree.structure(example.alone()))
"""An example of each structure: what the short run has of laws that compile much."""

_GROUP = {example.name: str(jax.tree.structure(example.alone())) for example in CONTROLLERS}
_NAMES = {structure: name for name, structure in reversed(_GROUP.items())}


def each(short: Iterable[Example] = CONTROLLERS) -> Any:
    """A law over the whole table, of which the short run has some examples."""
    return parametrize("example", CONTROLLERS, short, lambda example: _NAMES[_GROUP[example.name]])


class History(NamedTuple):
    """A run: the value before the first metric and after each, and the state after each."""

    values: jax.Array
    states: Any


def history(controller: js.Controller, seen: Any, observed: Any = True) -> History:
    """The run over some metrics as one program, compiled once a structure."""
    return _history(controller, np.asarray(seen, np.float32), np.broadcast_to(observed, np.shape(seen)))


@jax.jit
def _history(controller, seen, observed):
    return course(controller, seen, observed)


def course(controller: js.Controller, seen: Any, observed: Any) -> History:
    def step(state, at):
        state = controller.update(state, value=at[0], observed=at[1])
        return state, (controller(state), state)

    def run(seen):
        state = controller.init()
        _, (values, states) = jax.lax.scan(step, state, (seen, observed))
        return History(jax.numpy.concatenate([controller(state)[None], values]), states)

    if isinstance(controller, js.nodes.OverDevices):  # on one device
        return jax.tree.map(lambda x: x[0], jax.vmap(run, axis_name=controller.axis_name)(seen[None]))
    return run(seen)


@functools.cache
def history_of(example: Example) -> History:
    return jax.tree.map(np.asarray, history(example.make(), example.metrics))


def public_controllers() -> set[str]:
    """The public names that stand for controllers: concrete classes, and functions that make one."""
    return {
        name
        for name, x in {**vars(js.nodes), **vars(js)}.items()
        if not name.startswith("_") and _stands_for_controllers(x)
    }


def missing(examples: Iterable[Example], names: Iterable[str]) -> set[str]:
    """The names that no example is one of."""
    made = [(example.function, example.make()) for example in examples]
    kinds = {type(part).__name__ for _, c in made for part in (c, getattr(c, "controller", None))}
    return set(names) - kinds - {function.__name__ for function, _ in made}


def _stands_for_controllers(x: Any) -> bool:
    if inspect.isclass(x):
        return issubclass(x, js.Controller) and not inspect.isabstract(x)
    return inspect.isfunction(x) and inspect.signature(x).return_annotation is js.Controller
