"""Schedules of `keras.optimizers.schedules` by their names, and the plateau that Keras has as a callback."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal

import jax.numpy as jnp

import jaxsched as js
from jaxsched import kinds
from jaxsched.compat import _foreign, _plateau
from jaxsched.compat._foreign import SortedSteps, Span
from jaxsched.kinds import AtLeastOne, Bound, Count, Factor, InnerFactor, Level, Levels, NotNegative, Real, Whole, shown

NAMES = {"start": "initial_learning_rate", "steps": "decay_steps"}


@_foreign.foreign(names=NAMES)
def ExponentialDecay(
    initial_learning_rate: Level,
    decay_steps: Span,
    decay_rate: Factor,
    staircase: bool = False,
    name: str = "ExponentialDecay",
) -> js.Schedule:
    r"""`ExponentialDecay`: $i\,r^{t / n}$, or $i\,r^{\lfloor t / n \rfloor}$ as a staircase.

    Examples:
        >>> float(schedules.ExponentialDecay(1.0, 10, 0.5)(20))
        0.25
    """
    return js.exponential_decay(initial_learning_rate, decay_rate, decay_steps, staircase)


@_foreign.foreign
def PiecewiseConstantDecay(boundaries: SortedSteps, values: Levels, name: str = "PiecewiseConstant") -> js.Schedule:
    """`PiecewiseConstantDecay`: `values[i]` until a boundary and *at* it, the next value from one step later.

    Raises:
        ValueError: `values` is not one longer than `boundaries`.

    Examples:
        >>> schedules.PiecewiseConstantDecay([2], [1.0, 0.5])(np.array([1, 2, 3])).tolist()
        [1.0, 1.0, 0.5]
    """
    after = [each // 1 + 1 for each in boundaries]
    return js.piecewise_constant([jnp.maximum(x, 0) if kinds.is_traced(x) else max(int(x), 0) for x in after], values)


@_foreign.foreign(names={**NAMES, "end": "end_learning_rate"})
def PolynomialDecay(
    initial_learning_rate: Level,
    decay_steps: Span,
    end_learning_rate: Level = 0.0001,
    power: NotNegative = 1.0,
    cycle: bool = False,
    name: str = "PolynomialDecay",
) -> js.Schedule:
    r"""`PolynomialDecay`: $(i - e)(1 - t / D)^p + e$, $D = n$; with `cycle` $D = n\,\max(1, \lceil t / n \rceil)$.

    The end is 0.0001 by default, not 0.

    Examples:
        >>> float(schedules.PolynomialDecay(1.0, 10, 0.0, power=2.0)(5))
        0.25
    """
    if _foreign.equal(power, 0):  # 0**0 is 1, at the end too
        return js.Constant(initial_learning_rate)
    kind = js.StretchingPolynomial if cycle else js.Polynomial
    return kind(initial_learning_rate, end_learning_rate, steps=decay_steps, power=power)


@_foreign.foreign(names=NAMES)
def InverseTimeDecay(
    initial_learning_rate: Level,
    decay_steps: Span,
    decay_rate: NotNegative,
    staircase: bool = False,
    name: str = "InverseTimeDecay",
) -> js.Schedule:
    r"""`InverseTimeDecay`: $i / (1 + r\,t / n)$, or with $\lfloor t / n \rfloor$ as a staircase.

    Examples:
        >>> float(schedules.InverseTimeDecay(1.0, 10, 0.5)(20))
        0.5
    """
    return js.inverse_time_decay(initial_learning_rate, decay_rate, decay_steps, staircase)


@_foreign.foreign(names=NAMES)
def CosineDecay(
    initial_learning_rate: Level,
    decay_steps: Span,
    alpha: Real = 0.0,
    name: str = "CosineDecay",
    warmup_target: Level | None = None,
    warmup_steps: Count = 0,
) -> js.Schedule:
    r"""`CosineDecay`: $p\,((1 - \alpha)\,\tfrac12 (1 + \cos \pi t / n) + \alpha)$, p being the initial learning rate.

    With a `warmup_target`, a line leads to it in `warmup_steps` first, p is the target, and the decay takes its
    `decay_steps` after the warmup. Without one, `warmup_steps` means nothing.

    Examples:
        >>> schedule = schedules.CosineDecay(0.0, 4, warmup_target=1.0, warmup_steps=2)
        >>> [float(schedule(t)) for t in (0, 1, 2, 4, 6)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    peak = initial_learning_rate if warmup_target is None else warmup_target
    decay = js.Cosine(peak, alpha * peak, steps=decay_steps)
    return decay if warmup_target is None else js.warmup(decay, warmup_steps, start=initial_learning_rate)


@_foreign.foreign(names={**NAMES, "steps": "first_decay_steps", "period": "first_decay_steps", "growth": "t_mul"})
def CosineDecayRestarts(
    initial_learning_rate: Level,
    first_decay_steps: Span,
    t_mul: AtLeastOne = 2.0,
    m_mul: Factor = 1.0,
    alpha: Real = 0.0,
    name: str = "SGDRDecay",
) -> js.Schedule:
    r"""`CosineDecayRestarts`: $b\,((1 - \alpha)\,m^i\,\tfrac12 (1 + \cos \pi x) + \alpha)$ at x of cycle i.

    Cycle i takes $n\,k^i$ steps, with k for `t_mul`. The floor $\alpha\,b$ does not decay with the peaks.

    Raises:
        TypeError: a traced `t_mul` that is no integer.

    Examples:
        >>> schedule = schedules.CosineDecayRestarts(1.0, 2, m_mul=0.5)
        >>> [float(schedule(t)) for t in (0, 1, 2, 4, 6)]
        [1.0, 0.5, 0.5, 0.25, 0.25]
    """
    first = js.Cosine((1 - alpha) * initial_learning_rate, 0.0, steps=first_decay_steps)
    cycles = js.cycle(first, first_decay_steps, t_mul, m_mul)
    return cycles if _foreign.equal(alpha, 0) else cycles + alpha * initial_learning_rate


RISING = """
acc accuracy auc binary_accuracy binary_io_u categorical_accuracy concordance_correlation cosine_similarity f1_score
fbeta_score io_u mean_io_u one_hot_io_u one_hot_mean_io_u pearson_correlation precision precision_at_recall r2_score
recall recall_at_precision sensitivity_at_specificity sparse_categorical_accuracy sparse_top_k_categorical_accuracy
specificity_at_sensitivity top_k_categorical_accuracy
""".split()
FALLING = """
binary_crossentropy categorical_crossentropy categorical_hinge hinge kl_divergence logcosh loss mae mean_absolute_error
mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error mse poisson root_mean_squared_error
sparse_categorical_crossentropy squared_hinge
""".split()
"""The names that Keras gives to metrics to maximise, and to metrics to minimise."""


@_foreign.foreign(names={"schedule": "lr", "atol": "min_delta", "min_value": "min_lr"})
def ReduceLROnPlateau(
    lr: kinds.PureSchedule,
    monitor: str = "val_loss",
    factor: InnerFactor = 0.1,
    patience: Whole = 10,
    verbose: int = 0,
    mode: Literal["auto", "min", "max"] = "auto",
    min_delta: Real = 1e-4,
    cooldown: Whole = 0,
    min_lr: Bound = 0.0,
) -> js.Controller:
    """`keras.callbacks.ReduceLROnPlateau`: a cut once `patience` observations have not improved by `min_delta`.

    `monitor` is looked at for its direction only, where `mode` is "auto": `update(state, value=…)` takes the metric.
    Keras updates once an epoch; here there is an update whenever a metric is handed over.

    Raises:
        ValueError: the direction of `monitor` is not known.

    Examples:
        >>> plateau = schedules.ReduceLROnPlateau(0.5, factor=0.5, patience=2)
        >>> state = plateau.init()
        >>> for loss in (1.0, 0.9, 0.9, 0.9):
        ...     state = plateau.update(state, value=loss)
        >>> float(plateau(state))
        0.25
    """
    better = _direction(monitor) if mode == "auto" else mode
    more = {"mode": better, "cooldown": cooldown, "rule": "keras"}
    return _plateau.reduce_lr(lr, abs(min_delta), "abs", min_lr, 0.0, factor, patience, **more)


def _direction(monitor: str) -> Literal["min", "max"]:
    if not isinstance(monitor, str):
        raise TypeError(f"`monitor` must be the name of a metric: got {shown(monitor)}.")
    metric = monitor.removeprefix("val_")
    if metric not in RISING and metric not in FALLING:
        raise ValueError(
            f"`monitor` is {shown(monitor)}, and it is not known whether that is to be maximized or minimized. "
            f"Pass `mode='max'` to reach the highest value, or `mode='min'` to reach the lowest."
        )
    return "max" if metric in RISING else "min"


_ALL = (ExponentialDecay, PiecewiseConstantDecay, PolynomialDecay, InverseTimeDecay, CosineDecay, CosineDecayRestarts)
SCHEDULES: dict[str, Callable[..., js.Schedule]] = {each.__name__: each for each in _ALL}


def from_config(config: Mapping[str, Any]) -> js.Schedule:
    """The schedule of what `keras.optimizers.schedules.serialize`, or a schedule's own `get_config`, gave.

    A bare `get_config()` does not say its class: it is found by the arguments and by the name that is its default. Of
    what `to_schedule` made it is the schedule that it was made of.

    Raises:
        TypeError: `config` is not a dictionary.
        ValueError: a class that is not one of Keras's schedules, or a bare configuration that fits none or several.

    Examples:
        >>> from jaxsched.compat import keras as schedules
        >>> arguments = {"initial_learning_rate": 1.0, "decay_steps": 9}
        >>> schedules.from_config({"class_name": "CosineDecay", "config": arguments})
        Cosine(start=1.0, end=0.0, steps=9)
    """
    if not kinds.is_mapping(config):
        raise TypeError(f"`config` must be a dictionary: got {shown(config)}. Pass `schedules.serialize(schedule)`.")
    config = dict(config)
    arguments = config.get("config", {}) if "class_name" in config else config
    if kinds.is_mapping(arguments) and set(arguments.keys()) == {"schedule"}:
        return js.from_dict(arguments["schedule"])
    if "class_name" not in config:
        return _class_of(config)(**config)
    name, known = config["class_name"], ", ".join(SCHEDULES)
    if name not in SCHEDULES:
        raise ValueError(
            f"`class_name` must be one of {known}: got {shown(name)}. Build your own from jaxsched's pieces."
        )
    return SCHEDULES[name](**arguments)


def _class_of(config: Mapping[str, Any]) -> Callable[..., js.Schedule]:
    fitting = [schedule for schedule in SCHEDULES.values() if _takes(schedule, config)]
    named_so = [s for s in fitting if inspect.signature(s).parameters["name"].default == config.get("name")]
    candidates = fitting if len(fitting) == 1 else named_so
    if len(candidates) == 1:
        return candidates[0]
    found = " or ".join(each.__name__ for each in fitting) or f"none of {', '.join(SCHEDULES)}"
    raise ValueError(
        f"`config` must say its class: {sorted(config)} may be {found}. "
        f"Pass `schedules.serialize(schedule)`, which has a `class_name`."
    )


def _takes(schedule: Callable[..., js.Schedule], config: Mapping[str, Any]) -> bool:
    takes = inspect.signature(schedule).parameters.values()
    return {p.name for p in takes if p.default is p.empty} <= set(config) <= {p.name for p in takes}
