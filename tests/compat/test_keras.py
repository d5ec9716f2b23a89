"""What is particular to `compat.keras`: configurations, errors, the plateau, traced numbers."""

import collections
import inspect
import json
import math
import typing

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.short import parametrize

import jaxsched as js
from jaxsched.compat import keras as schedules

STEPS = np.arange(0, 60, 3)

NUMBERS = [
    ("ExponentialDecay", {"initial_learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.5}),
    ("PolynomialDecay", {"initial_learning_rate": 0.5, "decay_steps": 20, "end_learning_rate": 0.1, "power": 2.0}),
    (
        "CosineDecay",
        {"initial_learning_rate": 0.5, "decay_steps": 20, "alpha": 0.1, "warmup_target": 0.9, "warmup_steps": 6},
    ),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.5, "first_decay_steps": 10, "t_mul": 2, "m_mul": 0.9, "alpha": 0.1},
    ),
]


@pytest.mark.parametrize(("name", "numbers"), NUMBERS)
def test_numbers_may_be_traced(name, numbers):
    make = getattr(schedules, name)
    values = lambda *given: make(**dict(zip(numbers, given, strict=True)))(STEPS)  # noqa: E731
    got = jax.jit(jax.vmap(values))(*(jnp.asarray([x, 2 * x]) for x in numbers.values()))
    for i, times in enumerate((1, 2)):
        want = make(**{key: x * times for key, x in numbers.items()})(STEPS)
        np.testing.assert_allclose(got[i], want, rtol=3e-5)


@parametrize(("name", "numbers"), NUMBERS, NUMBERS[:1], ids=lambda row: f"{row[0]}-{'-'.join(row[1])}")
def test_slopes_are_finite(name, numbers):
    make = getattr(schedules, name)
    total = lambda *given: make(**dict(zip(numbers, given, strict=True)))(STEPS).sum()  # noqa: E731
    real = tuple(i for i, x in enumerate(numbers.values()) if isinstance(x, float))
    slopes = jax.jit(jax.vmap(jax.grad(total, argnums=real)))(*(jnp.asarray([x, 2 * x]) for x in numbers.values()))
    assert np.all(np.isfinite(slopes)) and np.all(slopes[0] != 0)


def test_a_traced_flag_is_refused_by_name():
    with pytest.raises(TypeError, match="`cycle` must be True or False: got "):
        jax.jit(lambda c: schedules.PolynomialDecay(1.0, 10, cycle=c)(3))(True)


def test_boundaries_may_be_traced():
    def values(boundaries, rates):
        return schedules.PiecewiseConstantDecay([boundaries[0], boundaries[1]], [rates[0], rates[1], rates[2]])(STEPS)

    given = jnp.array([6, 30]), jnp.array([1.0, 0.5, 0.1])
    want = schedules.PiecewiseConstantDecay([6, 30], [1.0, 0.5, 0.1])(STEPS)
    np.testing.assert_array_equal(jax.jit(values)(*given), want)
    np.testing.assert_array_equal(jax.jit(values)(jnp.array([6.5, 30.5]), given[1]), want)


CONFIGS = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 100, "decay_rate": 0.9, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [10, 20], "values": [1.0, 0.5, 0.1]}),
    ("PolynomialDecay", {"initial_learning_rate": 1.0, "decay_steps": 9, "end_learning_rate": 0.0, "power": 2.0}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 100, "decay_rate": 0.9, "staircase": False}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 9, "alpha": 0.1, "warmup_target": None}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 9, "t_mul": 1.0, "m_mul": 0.5}),
]


@pytest.mark.parametrize(("name", "config"), CONFIGS)
def test_from_config(name, config):
    config = {**config, "name": inspect.signature(getattr(schedules, name)).parameters["name"].default}
    want = getattr(schedules, name)(**config)
    serialized = {"module": "keras.optimizers.schedules", "class_name": name, "config": config, "registered_name": None}
    assert js.to_dict(schedules.from_config(serialized)) == js.to_dict(want)
    assert js.to_dict(schedules.from_config(config)) == js.to_dict(want)


def test_from_config_says_what_it_knows():
    with pytest.raises(ValueError, match="`class_name` must be one of ExponentialDecay, .*: got 'MySchedule'"):
        schedules.from_config({"class_name": "MySchedule", "config": {}})
    with pytest.raises(ValueError, match="may be ExponentialDecay or InverseTimeDecay. Pass"):
        schedules.from_config({"initial_learning_rate": 0.1, "decay_steps": 9, "decay_rate": 0.5, "name": "mine"})
    with pytest.raises(ValueError, match=r"\['speed'\] may be none of ExponentialDecay"):
        schedules.from_config({"speed": 0.1})
    with pytest.raises(TypeError, match="`config` must be a dictionary: got 0.1"):
        schedules.from_config(0.1)
    with pytest.raises(TypeError, match="speed"):
        schedules.from_config({"class_name": "CosineDecay", "config": {"speed": 0.1}})


@pytest.mark.parametrize("lists", [tuple, np.asarray, collections.UserList])
def test_lists_and_dicts_may_be_any(lists):
    class Config:  # as `ml_collections.ConfigDict`: no `Mapping`
        def __init__(self, **entries):
            self.entries = entries

        def keys(self):
            return self.entries.keys()

        def __getitem__(self, name):
            return self.entries[name]

    want = schedules.PiecewiseConstantDecay([2, 4.5], [1.0, 0.5, 0.1])
    config = Config(boundaries=lists([2, 4.5]), values=lists([1.0, 0.5, 0.1]))
    assert schedules.from_config(config) == want
    assert schedules.from_config(Config(class_name="PiecewiseConstantDecay", config=config)) == want


@pytest.mark.parametrize(("name", "config"), CONFIGS)
def test_what_is_made_is_stored_and_read(name, config):
    made = getattr(schedules, name)(**config)
    assert js.from_dict(json.loads(json.dumps(js.to_dict(made)))) == made
    hints = typing.get_type_hints(getattr(schedules, name))
    assert hints["return"] is js.Schedule and set(hints) > set(config)


def refused(name, *args, match, error=ValueError, **kwargs):
    with pytest.raises(error, match=match):
        getattr(schedules, name)(*args, **kwargs)


def test_errors_speak_of_their_arguments():
    for name, rest in (("ExponentialDecay", (0.5,)), ("InverseTimeDecay", (0.5,)), ("PolynomialDecay", ())):
        refused(name, 1.0, 0, *rest, match="`decay_steps` must be greater than 0: got 0")
        refused(name, math.nan, 3, *rest, match="`initial_learning_rate` must be finite")
    refused("ExponentialDecay", 1.0, 3, -0.5, match="`decay_rate` must not be negative: got -0.5")
    refused("InverseTimeDecay", 1.0, 3, -0.5, match="`decay_rate` must not be negative: got -0.5")
    refused("PolynomialDecay", 1.0, 3, power=-1.0, match="`power` must not be negative: got -1.0")
    refused("PolynomialDecay", 1.0, 3, "low", match="`end_learning_rate` must be a number", error=TypeError)
    refused(
        "PiecewiseConstantDecay", [3], [1.0], match="`values` must have one element more than `boundaries`: got 1 and 1"
    )
    refused("PiecewiseConstantDecay", [4, 2], [1.0, 0.5, 0.1], match=r"`boundaries` must be sorted: got \[4, 2\]")
    refused("CosineDecay", 1.0, -1, match="`decay_steps` must be greater than 0: got -1")
    refused("CosineDecay", 1.0, 3, warmup_target=1.0, warmup_steps=-1, match="`warmup_steps` must not be negative")
    refused("CosineDecay", 1.0, 3, warmup_target=math.inf, warmup_steps=1, match="`warmup_target` must be finite")
    refused("CosineDecayRestarts", 1.0, 0, match="`first_decay_steps` must be greater than 0: got 0")
    refused("CosineDecayRestarts", 1.0, 5, t_mul=0.5, match="`t_mul` must be at least 1: got 0.5")
    refused("CosineDecayRestarts", 1.0, 5, m_mul=-1.0, match="`m_mul` must not be negative: got -1.0")
    refused("CosineDecay", 1.0, [3, 4], match="`decay_steps` must be a number", error=TypeError)
    refused("CosineDecay", 1.0, 3, [0.1], match="`alpha` must be a number", error=TypeError)
    refused("ReduceLROnPlateau", 1.0, factor=1.0, match="`factor` must lie between 0 and 1")
    refused("ReduceLROnPlateau", 1.0, "val_speed", match="`monitor` is 'val_speed', .* Pass `mode='max'`")
    refused("ReduceLROnPlateau", 1.0, mode="up", match="`mode` must be .*: got 'up'")
    refused("ReduceLROnPlateau", 1.0, min_lr=-1.0, match="`min_lr` must not be negative")


@pytest.mark.parametrize("monitor", ["accuracy", "val_auc"])
def test_the_direction_of_a_metric_is_known_by_its_name(monitor):
    plateau = schedules.ReduceLROnPlateau(1.0, monitor, patience=1, factor=0.5)
    state = plateau.init()
    for metric in (0.5, 0.6, 0.7):
        state = plateau.update(state, value=metric)
    assert float(plateau(state)) == 1.0


def test_a_first_nan_is_no_best():
    plateau = schedules.ReduceLROnPlateau(1.0, patience=2, factor=0.5)
    state = plateau.init()
    for metric in (np.nan, 3.0, 2.0, 1.0):
        state = plateau.update(state, value=metric)
    assert float(plateau(state)) == 1.0


def test_restarts_are_exact():
    lr = schedules.CosineDecayRestarts(1.0, 1, t_mul=7.0)
    assert np.asarray(lr(np.array([57, 400, 2801]))).tolist() == [1.0, 1.0, 1.0]


def test_all_of_the_package_is_here():
    theirs = pytest.importorskip("support.compat.keras_live").keras.optimizers.schedules
    classes = {name for name, x in vars(theirs).items() if inspect.isclass(x)} - {"LearningRateSchedule"}
    assert classes == {name for name, _ in CONFIGS}
    for name, config in CONFIGS:
        ours = [(p.name, p.default) for p in inspect.signature(getattr(schedules, name)).parameters.values()]
        want = inspect.signature(getattr(theirs, name)).parameters.values()
        assert ours == [(p.name, p.default) for p in want if p.name != "self"]
        made = getattr(theirs, name)(**config)
        direct = js.to_dict(getattr(schedules, name)(**config))
        assert js.to_dict(schedules.from_config(theirs.serialize(made))) == direct
        assert js.to_dict(schedules.from_config(made.get_config())) == direct
