"""What is wrong for a controller is refused by argument, value and remedy; what is traced and wrong is clamped."""

import inspect
import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.controllers_zoo import BY_NAME, LENGTH, LOSS, STRUCTURE, course

import jaxsched as js

NAN, INF = float("nan"), float("inf")
V, T = ValueError, TypeError

plateau, greedy, recover = js.reduce_on_plateau, js.greedy, js.recover


def target(schedule=0.1, target=0.7, **given):
    return js.hold_target(schedule, target, **{"low": 0.02, "high": 0.3, **given})


MADE = plateau(0.1)
STATE = MADE.init()
LINE = js.Linear(1.0, 0.0, steps=4)
BETWEEN, COUNTED, NEVER_NEGATIVE = (
    "between 0 and 1, exclusive",
    "Pass 0 or a positive int",
    "Pass 0 or a positive number",
)
PURE = "Build the schedule first and hand it to the controller"

# What is done, the error, and words of its message in order: the argument, the value, the remedy.
WRONG = {
    "factor-0": (lambda: plateau(1.0, 0.0), V, "`factor` must lie", BETWEEN, "got 0.0", "multiplied by it"),
    "factor-1": (lambda: plateau(1.0, 1), V, "`factor` must lie", BETWEEN, "got 1.0"),
    "factor-10": (lambda: greedy(1.0, 10.0), V, "`factor` must lie", BETWEEN, "got 10.0"),
    "factor-negative": (lambda: recover(1.0, -0.1), V, "`factor` must lie", BETWEEN, "got -0.1"),
    "factor-nan": (lambda: plateau(1.0, NAN), V, "`factor` must be finite: got nan"),
    "factor-one-of-many": (lambda: plateau(1.0, np.asarray([0.1, 1.5])), T, "`factor` must be a number", "[0.1, 1.5]"),
    "factor-text": (lambda: plateau(1.0, "0.1"), T, "`factor` must be a number: got '0.1'"),
    "factor-bool": (lambda: plateau(1.0, True), T, "`factor` must be a number: got True"),
    "factor-none": (lambda: greedy(1.0, None), T, "`factor` must be a number: got None"),
    "patience": (lambda: plateau(1.0, 0.1, -1), V, "`patience` must not be negative: got -1", COUNTED),
    "patience-keras": (lambda: plateau(1.0, 0.1, -2, rule="keras"), V, "`patience` must not be negative: got -2"),
    "patience-greedy": (lambda: greedy(1.0, 0.5, -1), V, "`patience` must not be negative: got -1"),
    "patience-half": (lambda: plateau(1.0, 0.1, 2.5), V, "`patience` must be a whole number: got 2.5", "Pass an int"),
    "patience-half-greedy": (lambda: greedy(1.0, 0.1, 2.5), V, "`patience` must be a whole number: got 2.5"),
    "patience-nan": (lambda: plateau(1.0, 0.1, NAN), V, "`patience` must be finite: got nan"),
    "patience-2**31": (lambda: plateau(1.0, 0.1, 2**31), V, "`patience` must be below 2**31", "got 2147483648"),
    "patience-text": (lambda: plateau(1.0, 0.1, "ten"), T, "`patience` must be a number: got 'ten'"),
    "cooldown": (lambda: plateau(1.0, cooldown=-1), V, "`cooldown` must not be negative: got -1"),
    "cooldown-keras": (lambda: plateau(1.0, cooldown=-1, rule="keras"), V, "`cooldown` must not be negative: got -1"),
    "cooldown-half": (lambda: plateau(1.0, cooldown=0.5), V, "`cooldown` must be a whole number: got 0.5"),
    "cooldown-greedy": (lambda: greedy(1.0, cooldown=-1), V, "`cooldown` must not be negative: got -1"),
    "warmup-greedy": (lambda: greedy(1.0, warmup=-1), V, "`warmup` must not be negative: got -1"),
    "warmup-recover": (lambda: recover(1.0, warmup=-1), V, "`warmup` must not be negative: got -1"),
    "begin": (lambda: plateau(1.0, begin=-1), V, "`begin` must not be negative: got -1"),
    "burn_in": (lambda: recover(1.0, burn_in=-1), V, "`burn_in` must not be negative: got -1"),
    "reset_after": (lambda: greedy(1.0, reset_after=-1), V, "`reset_after` must not be negative: got -1"),
    "every-0": (lambda: plateau(1.0, every=0), V, "`every` must be at least 1: got 0", "Pass 1 or"),
    "every-negative": (lambda: plateau(1.0, every=-3), V, "`every` must be at least 1: got -3"),
    "rtol": (lambda: plateau(1.0, rtol=-0.1), V, "`rtol` must not be negative: got -0.1", NEVER_NEGATIVE),
    "atol": (lambda: greedy(1.0, atol=-0.1), V, "`atol` must not be negative: got -0.1", NEVER_NEGATIVE),
    "atol-infinite": (lambda: plateau(1.0, atol=INF), V, "`atol` must be finite: got inf"),
    "min_value": (lambda: plateau(1.0, min_value=-1), V, "`min_value` must not be negative: got -1.0"),
    "min_change": (lambda: plateau(1.0, min_change=-1), V, "`min_change` must not be negative: got -1.0"),
    "min_scale": (lambda: plateau(1.0, min_scale=2), V, "`min_scale` must lie between 0 and 1: got 2.0"),
    "min_scale-recover": (lambda: recover(1.0, min_scale=-1), V, "`min_scale` must not be negative: got -1.0"),
    "smoothing-1": (lambda: plateau(1.0, smoothing=1.0), V, "`smoothing` must lie between 0 and below 1: got 1.0"),
    "smoothing-recover": (lambda: recover(1.0, smoothing=1.0), V, "`smoothing` must lie between 0 and below 1"),
    "smoothing-negative": (lambda: plateau(1.0, smoothing=-0.1), V, "`smoothing` must not be negative: got -0.1"),
    "spike-0": (lambda: recover(1.0, spike=0), V, "`spike` must be greater than 0: got 0.0"),
    "bounds": (lambda: greedy(1.0, min_value=2.0), V, "`min_value` must not exceed `max_value`: got 2.0 and 1.0"),
    "target-0": (lambda: target(target=0), V, "`target` must be greater than 0: got 0.0", "Pass a positive number"),
    "target-negative": (lambda: target(target=-0.01), V, "`target` must be greater than 0: got -0.01"),
    "target-bounds": (lambda: target(low=2.0), V, "`low` must not exceed `high`: got 2.0 and 0.3", "Swap them"),
    "target-low": (lambda: target(low=-1), V, "`low` must not be negative: got -1.0"),
    "target-high-missing": (lambda: js.hold_target(0.1, 0.7, low=0.1), T, "argument: 'high'"),
    "target-factor": (lambda: target(factor=1), V, "`factor` must be greater than 1: got 1.0", "divided by"),
    "target-factor-inner": (lambda: target(factor=0.5), V, "`factor` must be greater than 1: got 0.5"),
    "target-factor-nan": (lambda: target(factor=NAN), V, "`factor` must be finite: got nan"),
    "target-band": (lambda: target(band=0.9), V, "`band` must be at least 1: got 0.9", "Pass 1 or"),
    "target-every": (lambda: target(every=0), V, "`every` must be at least 1: got 0"),
    "target-mode": (lambda: target(mode="min"), V, "`mode` must be 'rate' or 'coefficient': got 'min'", "larger"),
    "in-target": (lambda: target(MADE), T, "`schedule` must be a pure schedule: got a ReduceOnPlateau", "only"),
    "window-0": (lambda: greedy(1.0, window=0), V, "`window` must be an int of at least 1: got 0", "1 judges each"),
    "window-float": (lambda: greedy(1.0, window=2.0), V, "`window` must be an int of at least 1: got 2.0"),
    "window-bool": (lambda: greedy(1.0, window=True), V, "`window` must be an int of at least 1: got True"),
    "mode": (lambda: plateau(1.0, mode="minimum"), V, "`mode` must be 'min' or 'max': got 'minimum'", "for a loss"),
    "mode-greedy": (lambda: greedy(1.0, mode="MAX"), V, "`mode` must be 'min' or 'max': got 'MAX'", "an accuracy"),
    "mode-none": (lambda: greedy(1.0, mode=None), V, "`mode` must be 'min' or 'max': got None"),
    "rule": (lambda: plateau(1.0, rule="pytorch"), V, "`rule` must be one of 'torch', 'keras'", "got 'pytorch'"),
    "rule-list": (lambda: plateau(1.0, rule=["torch"]), V, "`rule` must be one of 'torch'", "got ['torch']"),
    "axis_name": (lambda: plateau(1.0, axis_name=0), T, "`axis_name` must be the name of a mapped axis", "got 0"),
    "axis_names": (lambda: greedy(1.0, axis_name=("a", 1)), T, "`axis_name` must be the name of", "('a', 1)"),
    "axis_name-empty": (lambda: recover(1.0, axis_name=()), T, "`axis_name` must be the name of", "got ()"),
    "schedule-text": (lambda: plateau("cosine"), T, "`schedule` must be a schedule, a number or", "'cosine'"),
    "schedule-nan": (lambda: plateau(NAN), V, "must be finite: got nan"),
    "unknown": (lambda: plateau(1.0, threshold=0.1), T, "unexpected keyword argument 'threshold'"),
    # A metric.
    "value-vector": (lambda: MADE.update(STATE, value=jnp.ones(3)), V, "`value` must be one number: got shape (3,)"),
    "value-of-one": (lambda: MADE.observe(STATE, value=[1.0]), V, "`value` must be one number: got shape (1,)", "mean"),
    "value-traced": (
        lambda: jax.jit(lambda x: MADE.update(STATE, value=x))(np.ones((2, 2))), V, "`value` must be one number",
        "got shape (2, 2)",
    ),
    "value-text": (lambda: MADE.update(STATE, value="0.1"), T, "`value` must be one real number", "'0.1'"),
    "value-bool": (lambda: MADE.update(STATE, value=True), T, "`value` must be one real number", "True"),
    "value-complex": (lambda: MADE.update(STATE, value=1j), T, "`value` must be one real number", "1j"),
    "value-dict": (lambda: MADE.update(STATE, value={"loss": 1.0}), T, "`value` must be one real number", "'loss'"),
    "value-none": (lambda: MADE.observe(STATE, value=None), T, "`value` must be one real number", "None"),
    "value-missing": (lambda: MADE.observe(STATE), T, "missing 1 required keyword-only argument: 'value'"),
    "value-positional": (lambda: MADE.update(STATE, 1.0), T, "positional"),
    "observed-vector": (
        lambda: MADE.update(STATE, value=1.0, observed=jnp.ones(2, bool)), T, "`observed` must be one boolean", "True",
    ),
    "observed-number": (lambda: MADE.update(STATE, value=1.0, observed=2), T, "`observed` must be one", "got 2"),
    "observed-none": (lambda: MADE.observe(STATE, value=1.0, observed=None), T, "`observed` must be one", "got None"),
    # A state.
    "state-step": (lambda: MADE(0), T, "`state` must be the PlateauState that `init()`", "got 0", "jaxsched.inject"),
    "state-array": (lambda: MADE(jnp.int32(0)), T, "got an array of dtype int32", "inject_hyperparams"),
    "state-none": (lambda: MADE.update(None, value=1.0), T, "`state` must be the PlateauState", "got None"),
    "state-of-another": (lambda: greedy(1.0)(STATE), T, "`state` must be the GreedyState", "got PlateauState"),
    "state-of-devices": (lambda: plateau(1.0, axis_name="x")(3), T, "`state` must be the PlateauState", "got 3"),
    # A controller where a pure schedule belongs, and the other way round.
    "in-plateau": (lambda: plateau(MADE), T, "`schedule` must be a pure schedule: got a ReduceOnPlateau", "only"),
    "in-greedy": (lambda: greedy(recover(0.1)), T, "`schedule` must be a pure schedule: got a Recover", "only"),
    "in-join": (lambda: js.join([LINE, MADE]), T, "`schedules[1]` must be a pure schedule", "ReduceOnPlateau", PURE),
    "in-warmup": (lambda: js.warmup(MADE, 4), T, "`schedule` must be a pure schedule", "ReduceOnPlateau", PURE),
    "in-devices": (lambda: js.delay(plateau(1.0, axis_name="x"), 4), T, "`schedule` must be a pure", PURE),
    "as_schedule": (lambda: js.as_schedule(greedy(0.1)), T, "`x` must be a pure schedule", "Greedy", PURE),
    "sum": (lambda: LINE + MADE, T, "`right` must be a pure schedule", "ReduceOnPlateau", PURE),
    "product": (lambda: MADE * LINE, T, "`factor` must be a number beside a controller", "Linear"),
    "product-of-schedule": (lambda: LINE * MADE, T, "`right` must be a pure schedule", "ReduceOnPlateau", PURE),
    "wrapped": (lambda: js.nodes.Wrap(recover(0.1)), T, "`fn` must be a pure schedule", "Recover", PURE),
    "class": (lambda: js.nodes.ReduceOnPlateau(MADE, factor=0.5), T, "`schedule` must be a pure schedule", PURE),
    "devices-of-schedule": (
        lambda: js.nodes.OverDevices(LINE, "x"), T, "`controller` must be a Controller: got Linear",
    ),
    "stack": (lambda: js.stack([MADE, LINE]), V, "must have one structure", "ReduceOnPlateau and Linear"),
    "stack-every": (lambda: js.stack([MADE, plateau(0.1, every=2)]), V, "must have one structure", "every: None and 2"),
    "window-missing": (lambda: plateau(1.0, criterion="slope"), V, "`window` must fit `criterion='slope'`", "Pass a"),
    "window-best": (lambda: plateau(1.0, window=3), V, "`window` must fit `criterion='best'`: got 3", "Leave it out"),
    "window-0-plateau": (
        lambda: plateau(1.0, criterion="window", window=0), V, "`window` must be an int of at least 1: got 0",
    ),
    "window-1-slope": (lambda: plateau(1.0, criterion="slope", window=1), V, "`window` must be an int of at least 2"),
    "criterion": (lambda: plateau(1.0, criterion="mean"), V, "`criterion` must be one of 'best', 'window', 'slope'"),
    "forget": (lambda: plateau(1.0, forget=1.0), V, "`forget` must lie between 0 and below 1: got 1.0"),
    "forget-window": (
        lambda: plateau(1.0, criterion="window", window=3, forget=0.1), V, "`forget` must be left out", "0.1 and 3",
    ),
    "stack-window": (lambda: js.stack([greedy(0.1), greedy(0.1, window=2)]), V, "must have one structure", "window"),
    # Stored data.
    "stored-traced": (lambda: jax.jit(lambda x: js.to_dict(plateau(x)))(0.1), T, "`schedule.schedule.value` must"),
    "stored-patience": (
        lambda: js.from_dict({**js.to_dict(MADE), "patience": -1}), V, "`data` must fit ReduceOnPlateau", "`patience`",
    ),
    "stored-field": (lambda: js.from_dict({**js.to_dict(MADE), "limit": 1}), V, "`data` must have the fields", "limit"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused(name):
    do, error, *words = WRONG[name]
    with pytest.raises(error, match="(?s)" + ".*".join(map(re.escape, words))):
        do()


@pytest.mark.parametrize("optimizer", [optax.sgd, optax.adamw, optax.scale_by_learning_rate], ids=lambda o: o.__name__)
@pytest.mark.parametrize(
    "name", ["plateau-torch", "plateau-devices", "greedy-number", "recover-number", "target-number"]
)
def test_optax_is_refused_with_the_remedy(optimizer, name):
    controller, weights = BY_NAME[name].make(), {"w": jnp.ones(2)}
    kind = type(controller).__name__
    with pytest.raises(TypeError, match=rf"(?s)`state` must be .* {kind} stands where a pure .* `jaxsched\.inject\("):
        with jax.numpy_dtype_promotion("standard"):
            transformation = optimizer(controller)
            transformation.update(weights, transformation.init(weights), weights)


def test_the_remedy_works():
    for wrap in (js.inject, optax.inject_hyperparams):
        with jax.numpy_dtype_promotion("standard"):
            transformation, weights = wrap(optax.sgd)(MADE), {"w": jnp.ones(2)}
            updates, _ = transformation.update(weights, transformation.init(weights), weights, value=1.0)
            np.testing.assert_allclose(updates["w"], -0.1, rtol=1e-6)


LARGE, MOST = 1e30, 2**31 - 1

# For each argument: numbers that are wrong when they are traced, and the number that each is taken for, if it is one.
TRACED = {
    plateau: {
        "factor": {-1.0: None, 0.0: None, 1.0: None, 2.0: 1.0, LARGE: 1.0, NAN: None},
        "patience": {-3: 0, MOST: None},
        "rtol": {-3.0: 0.0, LARGE: None, INF: None, NAN: None},
        "atol": {-3.0: 0.0, LARGE: None, NAN: None},
        "cooldown": {-3: 0, MOST: None},
        "min_value": {-3.0: 0.0, LARGE: 0.1},
        "min_scale": {-3.0: 0.0, 7.0: 1.0},
        "min_change": {-3.0: 0.0, INF: None, NAN: None},
        "every": {-3: 1, 0: 1, MOST: None},
        "smoothing": {-3.0: 0.0, 1.0: None, 7.0: 1.0},
        "begin": {-3: 0, MOST: None},
        "forget": {-3.0: 0.0, 1.0: None, 7.0: 1.0},
    },
    greedy: {
        "factor": {-1.0: None, 0.0: None, 1.0: None, 2.0: 1.0},
        "patience": {-3: 0, MOST: None},
        "rtol": {-3.0: 0.0},
        "atol": {-3.0: 0.0},
        "cooldown": {-3: 0, MOST: None},
        "warmup": {-3: 0, MOST: None},
        "min_value": {-3.0: 0.0, 7.0: None},
        "max_value": {-3.0: 0.0},
        "min_change": {-3.0: 0.0},
        "reset_after": {-3: 0, 0: 1},
        "begin": {-3: 0},
    },
    recover: {
        "factor": {-1.0: None, 0.0: None, 1.0: None, 2.0: 1.0},
        "spike": {-3.0: 0.0, LARGE: None},
        "warmup": {-3: 0, MOST: None},
        "rtol": {-3.0: 0.0, LARGE: None},
        "smoothing": {-3.0: 0.0, 1.0: None, 7.0: 1.0},
        "burn_in": {-3: 0, 0: 1, MOST: None},
        "min_value": {-3.0: 0.0, LARGE: 0.1},
        "min_scale": {-3.0: 0.0, 7.0: 1.0},
        "begin": {-3: 0},
    },
    js.hold_target: {
        "target": {-1.0: None, 0.0: None, LARGE: None},
        "factor": {-1.0: 1.0, 0.5: 1.0, LARGE: None, INF: None},
        "band": {-3.0: 1.0, 0.5: 1.0, LARGE: None},
        "low": {-3.0: 0.0, 7.0: None},
        "high": {-3.0: 0.0},
        "every": {-3: 1, 0: 1, MOST: None},
        "begin": {-3: 0, MOST: None},
    },
}
ORDINARY = {
    plateau: {"factor": 0.5, "patience": 2, "every": 1, "smoothing": 0.0},
    greedy: {"factor": 0.8, "patience": 1, "min_value": 0.01},
    recover: {"factor": 0.1, "warmup": 4, "burn_in": 5},
    js.hold_target: {"target": 0.7, "factor": 1.5, "band": 1.2, "low": 0.02, "high": 0.3, "every": 1, "begin": 0},
}


@pytest.mark.parametrize("function", TRACED, ids=lambda function: function.__name__)
def test_what_is_traced_and_wrong_is_clamped(function):
    """Every value is finite, and that of the number which the wrong one is taken for: one program a function."""
    rest = {k: x for k, x in inspect.unwrap(function).__kwdefaults__.items() if k not in STRUCTURE}
    ordinary = {**rest, "spike": 6.0, **ORDINARY[function]}
    ordinary = {name: ordinary[name] for name in ordinary if name != "spike" or function is recover}
    assert set(TRACED[function]) <= set(ordinary)
    rows = [ordinary]
    for name, numbers in TRACED[function].items():
        for wrong, right in numbers.items():
            rows += [{**ordinary, name: wrong}, {**ordinary, name: wrong if right is None else right}]
    stacked = {k: np.asarray([row[k] for row in rows], type(x)) for k, x in ordinary.items()}
    metrics = np.where(np.arange(LENGTH) == 30, 50.0, LOSS).astype(np.float32)
    run = jax.vmap(lambda numbers: course(function(0.1, **numbers), metrics, np.ones(LENGTH, bool)).values)
    got = np.asarray(jax.jit(run)(stacked))
    assert np.isfinite(got).all() and (got >= 0).all() and (got <= 1.0).all()
    assert len(np.unique(got[0])) > 1
    for row, wrong, right in zip(rows[1::2], got[1::2], got[2::2], strict=True):
        np.testing.assert_array_equal(wrong, right, err_msg=str(row))
