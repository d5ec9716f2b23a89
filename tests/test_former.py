"""What was stored before a renaming is read after it."""

import json
import pathlib
import pickle

import numpy as np
import pytest
from support.short import parametrize

import jaxsched as js
from jaxsched._core import node

STORED = json.loads((pathlib.Path(__file__).parent / "data" / "stored_before_0.1.0.json").read_text())


@parametrize("example", STORED["schedules"], STORED["schedules"][::6], ids=lambda example: example["name"])
def test_schedules_stored_before_the_first_release_have_the_same_values(example):
    if "itter" in json.dumps(example["stored"]) or "Noisy" in json.dumps(example["stored"]):
        pytest.skip("its noise is drawn in another way, so that it is the same with x64 and without")
    got = js.from_dict(example["stored"])(np.asarray(example["steps"], np.int32))
    np.testing.assert_allclose(got, example["values"], rtol=2e-6, atol=2e-9)


def test_schedules_stored_before_the_first_release_are_read():
    for example in STORED["schedules"]:
        again = js.from_dict(example["stored"])
        assert js.from_dict(json.loads(json.dumps(js.to_dict(again)))) == again, example["name"]


@pytest.mark.parametrize("example", STORED["controllers"], ids=lambda example: example["name"])
def test_controllers_stored_before_the_first_release_are_read(example):
    again = js.from_dict(example["stored"])
    assert js.from_dict(json.loads(json.dumps(js.to_dict(again)))) == again
    stored = example["stored"].get("controller", example["stored"])
    inner = getattr(again, "controller", again)
    assert inner.log_factor == stored["log_factor"]


@pytest.mark.parametrize(("former", "now"), [("Slope", "Linear"), ("Ramped", "Warmup")])
def test_a_renamed_class_is_found_by_its_former_name(monkeypatch, former, now):
    """As if `now` had been called `former` when it was stored and pickled."""
    lr = js.warmup(js.Linear(1.0, 0.0, steps=8), 4)
    stored = json.dumps(js.to_dict(lr)).replace(f'"kind": "{now}"', f'"kind": "{former}"')
    pickled = pickle.dumps(lr, protocol=0).replace(f"{now}\n".encode(), f"{former}\n".encode())
    assert former in stored and former.encode() in pickled
    with pytest.raises(ValueError, match=f"known schedule: got '{former}'"):
        js.from_dict(json.loads(stored))
    monkeypatch.setitem(node.FORMER, former, now)
    assert js.from_dict(json.loads(stored)) == lr == pickle.loads(pickled)


def test_every_former_name_is_that_of_a_class():
    for former, now in node.FORMER.items():
        assert getattr(js.nodes, former) is getattr(js.nodes, now)


def test_a_class_that_is_defined_twice_is_stored_and_read():
    def define():
        class Mine(js.Schedule):
            value: js.Level

            def at(self, step):
                return self.value

        Mine.__qualname__ = "Mine"  # as in a cell of a notebook
        return Mine

    first = type("Cell", (js.Schedule,), {"__annotations__": {"value": js.Level}, "at": lambda self, step: self.value})
    old = first(0.5)
    again = type("Cell", (js.Schedule,), {"__annotations__": {"value": js.Level}, "at": lambda self, step: self.value})
    assert js.to_dict(old) == js.to_dict(again(0.5))
    assert type(js.from_dict(js.to_dict(old))) is again
    assert define()(1.0) != define()(1.0), "two classes"
