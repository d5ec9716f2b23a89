"""Schedules named in a configuration: `from_config`, in every container, and what OmegaConf makes of a schedule."""

import collections
import inspect
import json
import types

import numpy as np
import optax
import pytest
from support import zoo
from support.short import parametrize
from support.zoo_simple import Mine

import jaxsched as js

NAMED = {
    "a recipe": ({"warmup_cosine": {"peak": 3e-4, "warmup": 10, "total": 100}}, js.warmup_cosine(3e-4, 10, 100)),
    "by its whole name": ({"jaxsched.Linear": {"start": 1, "end": 0, "steps": 4}}, js.Linear(1.0, 0.0, steps=4)),
    "a node": ({"nodes.Delay": {"schedule": 0.5, "steps": 3}}, js.delay(0.5, 3)),
    "a node as it is stored": ({"Delay": {"schedule": 0.5, "steps": 3}}, js.delay(0.5, 3)),
    "an alias": ({"GeometricDecay": {"start": 1.0, "factor": 0.5, "steps": 9}}, js.exponential_decay(1.0, 0.5, 9)),
    "a list": (
        {"join": {"schedules": [{"Linear": {"start": 0.0, "end": 1.0, "steps": 5}}, 1.0], "boundaries": [5]}},
        js.join([js.Linear(0.0, 1.0, steps=5), 1.0], [5]),
    ),
    "a table": (
        {"piecewise_constant": {"boundaries": [3, 5], "values": [1.0, 0.5, 0.1]}},
        js.piecewise_constant([3, 5], [1.0, 0.5, 0.1]),
    ),
    "deeper": (
        {"clip": {"schedule": {"warmup": {"schedule": {"noam": {"dim": 512, "warmup": 9}}, "steps": 4}}, "hi": 0.1}},
        js.clip(js.warmup(js.noam(512, 9), 4), hi=0.1),
    ),
    "a word": (
        {"wsd": {"peak": 1.0, "warmup": 2, "stable": 3, "decay": 4, "shape": "1-sqrt"}},
        js.wsd(1.0, warmup=2, stable=3, decay=4, shape="1-sqrt"),
    ),
    "a controller": (
        {"reduce_on_plateau": {"schedule": {"Constant": {"value": 0.1}}, "mode": "max"}},
        js.reduce_on_plateau(js.Constant(0.1), mode="max"),
    ),
    "compat": ({"compat.torch.StepLR": {"lr": 0.1, "step_size": 3}}, js.compat.torch.StepLR(0.1, step_size=3)),
    "a class of one's own": ({"support.zoo_simple.Mine": {"start": 1.0, "rate": 0.5}}, Mine(1.0, 0.5)),
    "a number": (0.1, js.Constant(0.1)),
    "an object": ({"delay": {"schedule": js.Rex(1.0, 0.0, steps=5), "steps": 3}}, js.delay(js.Rex(1, 0, steps=5), 3)),
}


def omegaconf(data):
    return pytest.importorskip("omegaconf").OmegaConf.create(data, flags={"allow_objects": True})


def ml_collections(data):
    config = pytest.importorskip("ml_collections").ConfigDict
    if isinstance(data, dict) and "." in str(list(data)):
        pytest.skip("a ConfigDict has no dots in its keys")
    return config(data) if isinstance(data, dict) else data


class Keyed:
    """A mapping that is registered nowhere."""

    def __init__(self, data):
        self.data = data

    def keys(self):
        return self.data.keys()

    def __getitem__(self, key):
        return wrapped(Keyed, tuple)(self.data[key])


def wrapped(of_dict, of_list):
    def wrap(x):
        if isinstance(x, dict):
            return of_dict({key: wrap(value) for key, value in x.items()})
        return of_list(map(wrap, x)) if isinstance(x, list) else x

    return wrap


CONTAINERS = {
    "dicts": lambda data: data,
    "proxies and tuples": wrapped(types.MappingProxyType, tuple),
    "user's": wrapped(collections.UserDict, collections.UserList),
    "unregistered": lambda data: Keyed(data) if isinstance(data, dict) else data,
    "OmegaConf": lambda data: omegaconf(data) if isinstance(data, dict) else data,
    "ml_collections": ml_collections,
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", NAMED)
def test_what_a_configuration_names(name, container):
    data, want = NAMED[name]
    assert js.from_config(CONTAINERS[container](data)) == want


DATA = [entry for entry in zoo.ONE_OF_EACH if not any(isinstance(n, js.nodes.Wrap) for n in zoo.nodes(entry.make()))]


@pytest.mark.parametrize("entry", DATA, ids=str)
def test_stored_data_is_a_configuration_too(entry):
    schedule = entry.make()
    assert js.from_config(js.to_dict(schedule)) == schedule
    assert js.from_dict(Keyed(js.to_dict(schedule))) == schedule
    data = {"delay": {"schedule": json.loads(json.dumps(js.to_dict(schedule))), "steps": 3}}
    del data["delay"]["schedule"]["jaxsched"]
    assert js.from_config(data) == js.delay(schedule, 3)


def test_everything_that_makes_a_schedule_can_be_named():
    for name in zoo.public_schedules():
        x = zoo.public()[name]
        if inspect.isabstract(x):
            continue
        # no arguments: refused for the missing ones, not for the name
        try:
            js.from_config({name: {}})
        except ValueError as error:
            assert str(error).startswith(f"`data['{name}']` must fit {name}: "), error


WRONG = {
    "a name": (
        {"warmup_cosin": {}},
        ValueError,
        "`data` must name a schedule",
        "'warmup_cosin'. Did you mean `jaxsched.warmup_cosine`",
    ),
    "a name like no other": ({"xyzzy": {}}, ValueError, "got 'xyzzy'. If it is a class of your own: is the module"),
    "another framework's": (
        {"cosine_decay_schedule": {}},
        ValueError,
        "Did you mean `jaxsched.Cosine` or `jaxsched.compat.optax",
    ),
    "in compat": ({"compat.torch.StepLRR": {}}, ValueError, "Did you mean `jaxsched.compat.torch.StepLR`"),
    "in a list": (
        {"join": {"schedules": [1.0, {"Cosin": {}}]}},
        ValueError,
        "`data['join']['schedules'][1]` must name",
        "jaxsched.Cosine",
    ),
    "an argument": (
        {"noam": {"dim": 2, "warmpu": 3}},
        ValueError,
        "`data['noam']` must have arguments of noam: got 'warmpu'. Did you mean 'warmup'",
    ),
    "an argument like no other": ({"noam": {"xyzzy": 3}}, ValueError, "got 'xyzzy'. It has dim, warmup, scale"),
    "an argument is missing": (
        {"noam": {"dim": 2}},
        ValueError,
        "`data['noam']` must fit noam: missing a required argument: 'warmup'",
    ),
    "a value": (
        {"delay": {"schedule": {"Linear": {"start": 0, "end": 1, "steps": -3}}, "steps": 3}},
        ValueError,
        "`data['delay']['schedule']['Linear']` must fit Linear: `steps` must not be negative: got -3",
    ),
    "text of a number": (
        {"Constant": {"value": "1e-4"}},
        ValueError,
        "`value` must be a number: got '1e-4'",
        "Pass 0.0001, not its text; YAML reads 1.0e-4",
    ),
    "text of an int": ({"Cosine": {"start": 1, "end": 0, "steps": "100"}}, ValueError, "Pass 100, not its text."),
    "text of no number": ({"Constant": {"value": "inf"}}, ValueError, "got 'inf' of type str. Pass an int or a float."),
    "text for a schedule": (
        {"warmup": {"schedule": "1e-3", "steps": 3}},
        ValueError,
        "`data['warmup']`",
        "`schedule` must be",
        "Pass 0.001, not",
    ),
    "text in a list": (
        {"Tabulated": {"values": [1.0, "1e-3"]}},
        ValueError,
        "`data['Tabulated']`",
        "`values[1]`",
        "Pass 0.001, not",
    ),
    "nothing but text": ("1e-4", TypeError, "`data` must map one name", "got '1e-4'", "Pass 0.0001, not"),
    "a name alone": ("noam", TypeError, "`data` must map one name to its arguments", "got 'noam'"),
    "a place for arguments": (
        {"noam": [512, 9]},
        TypeError,
        "`data['noam']` must map the names of arguments",
        "got [512, 9]",
    ),
    "two names": ({"peak": 1.0, "warmup": 3}, TypeError, "`data` must map one name", "got {'peak': 1.0, 'warmup': 3}"),
    "no name": ({}, TypeError, "`data` must map one name", "got {}"),
    "none": (None, TypeError, "`data` must map one name", "got None"),
    "a list": ([0.1], TypeError, "`data` must map one name", "got [0.1]"),
    "a flag": (True, TypeError, "`data` must map one name", "got True"),
    "no maker": (
        {"inject": {}},
        ValueError,
        "`data` must name a schedule, or a function that makes one: got 'inject'. `inject` makes none.",
    ),
    "abstract": ({"Ramp": {}}, ValueError, "`Ramp` makes none"),
    "a class that is not imported": (
        {"mine.Own": {}},
        ValueError,
        "got 'mine.Own'",
        "is the module that defines it imported?",
    ),
    "another version": ({"jaxsched": 7, "kind": "Rex"}, ValueError, "`data` must be of version 1", "7"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_refused(name):
    data, error, *words = WRONG[name]
    with pytest.raises(error) as caught:
        js.from_config(data)
    assert all(word in str(caught.value) for word in words), caught.value


def test_nothing_is_run_that_is_not_public():
    for name in (
        "os.system",
        "builtins.eval",
        "numpy.zeros",
        "_core.node.Data",
        "numerics.jax.jit",
        "Linear.at",
        "__import__",
        "",
        ".",
    ):
        with pytest.raises(ValueError, match="`data` must name a schedule"):
            js.from_config({name: {}})


def test_data_that_holds_itself():
    data = {"delay": {"steps": 3}}
    data["delay"]["schedule"] = data
    with pytest.raises(ValueError, match="`data` must be nested less deeply"):
        js.from_config(data)


# OmegaConf takes every dataclass in a list or dict apart, and Hydra puts what it has made into such.


@parametrize("entry", zoo.ZOO, zoo.ONE_OF_EACH)
def test_schedules_in_containers_of_omegaconf_are_whole_again(entry):
    schedule = entry.make()
    joined = js.join(omegaconf([1.0, schedule]), [3])
    assert joined.pieces[1] == schedule
    assert js.clip(omegaconf({"lr": schedule})["lr"]).schedule == schedule


def test_controllers_and_groups_in_containers_of_omegaconf():
    plateau, line = js.reduce_on_plateau(js.warmup_cosine(1.0, 2, 9)), js.Linear(1.0, 0.0, steps=4)
    assert js.unstack(js.stack(omegaconf([plateau, plateau])))[1] == plateau
    params = {"a": np.ones(2), "b": np.ones(2)}
    state = js.by_group(omegaconf({"a": line, "b": plateau})).init(params)
    assert js.current(state)["a/learning_rate"] == 1.0
    optimizer = js.inject(optax.sgd)(omegaconf({"lr": plateau})["lr"])
    assert js.current(optimizer.init(params)) == {"learning_rate": 0.0}


def test_other_dataclasses_in_omegaconf_are_refused():
    with pytest.raises(TypeError, match=r"`schedules\[0\]` must be a schedule"):
        js.join(omegaconf([js.Run(total=3)]))


HYDRA = {
    "a list": (
        {
            "_target_": "jaxsched.join",
            "schedules": [
                {"_target_": "jaxsched.warmup_linear", "peak": 0.1, "warmup": 2, "total": 5},
                {"_target_": "jaxsched.Cosine", "start": 1.0, "end": 0.0, "steps": 5},
            ],
        },
        js.join([js.warmup_linear(0.1, 2, 5), js.Cosine(1.0, 0.0, steps=5)]),
    ),
    "an argument": (
        {
            "_target_": "jaxsched.warmup",
            "schedule": {"_target_": "jaxsched.Rex", "start": 1, "end": 0, "steps": 5},
            "steps": 4,
        },
        js.warmup(js.Rex(1.0, 0.0, steps=5), 4),
    ),
    "numbers": (
        {"_target_": "jaxsched.piecewise_constant", "boundaries": [3, 5], "values": [1.0, 0.5, 0.1]},
        js.piecewise_constant([3, 5], [1.0, 0.5, 0.1]),
    ),
    "named": (
        {"_target_": "jaxsched.from_config", "data": {"noam": {"dim": 512, "warmup": 9}}},
        js.noam(512, 9),
    ),
}


@pytest.mark.parametrize("convert", ["none", "partial", "object", "all"])
@pytest.mark.parametrize("name", HYDRA)
def test_hydra_needs_no_convert(name, convert):
    instantiate = pytest.importorskip("hydra.utils").instantiate
    config, want = HYDRA[name]
    assert instantiate({**config, "_convert_": convert}) == want
    assert instantiate(config) == want
