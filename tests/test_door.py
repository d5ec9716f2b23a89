"""The door: the names, what signatures and `dir` say, what is answered for a name that is not there."""

import gc
import inspect
import pickle
import re
import subprocess
import sys
import typing

import jax
import pytest

import jaxsched as js

ROOMS = (js, js.nodes, js.states, js.kinds, js.numerics)
PUBLIC = [(f"{room.__name__}.{name}", getattr(room, name)) for room in ROOMS for name in dir(room) if name[0] != "_"]
CALLABLE = [(name, x) for name, x in PUBLIC if callable(x)]


def test_about_ninety_names_in_reading_order():
    assert 80 <= len([name for name in js.__all__ if not inspect.ismodule(getattr(js, name))]) <= 98
    assert sorted({*js.__all__, "__version__"}) == sorted(dir(js))
    order = [js.__all__.index(name) for name in ("Schedule", "Linear", "warmup", "wsd", "reduce_on_plateau")]
    assert order == sorted(order)


def test_what_help_shows_first_is_every_name():
    listed = re.findall(r"^[A-Z][\w, ]+: ([\w,\s]+)\.$", js.__doc__, re.MULTILINE)
    assert re.findall(r"\w+", " ".join(listed)) == js.__all__


def test_a_thing_has_one_name():
    things = [getattr(js, name) for name in js.__all__]
    assert len({id(x) for x in things}) == len(things)
    lowered = [name.lower().replace("_", "") for name in js.__all__]
    assert len(set(lowered)) == len(lowered), "two names that differ by their case alone"


@pytest.mark.parametrize(("name", "x"), CALLABLE, ids=[name for name, _ in CALLABLE])
def test_signatures_are_for_people(name, x):
    try:
        shown = str(inspect.signature(x))
    except ValueError:  # a class of Python's own making
        return
    assert not any(word in shown for word in ("Annotated", "Optional", "<function", "<class", "jaxsched._")), shown
    typing.get_type_hints(inspect.unwrap(x))


@pytest.mark.parametrize(("name", "x"), CALLABLE, ids=[name for name, _ in CALLABLE])
def test_public_names_carry_their_public_module(name, x):
    module = getattr(x, "__module__", None)
    assert module is None or "._" not in module, module
    if isinstance(x, (type, type(lambda: 0))):
        assert pickle.loads(pickle.dumps(x)) is x


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("cosine_decay", "jaxsched.Cosine"),
        ("CosineAnnealingLR", "jaxsched.compat.torch.CosineAnnealingLR"),
        ("lr_finder", "jaxsched.search"),
        ("Warmup", "jaxsched.nodes.Warmup"),
        ("PlateauState", "jaxsched.states.PlateauState"),
        ("warmup_cosin", "jaxsched.warmup_cosine"),
        ("onecycle", "jaxsched.one_cycle"),
        ("polynomial_decay", "jaxsched.Polynomial"),
        ("get_cosine_schedule_with_warmup", "jaxsched.compat.transformers.get_cosine_schedule_with_warmup"),
    ],
)
def test_what_was_meant(name, meant):
    with pytest.raises(AttributeError, match=f"no attribute '{name}'.*Did you mean .*`{meant}`"):
        getattr(js, name)


def test_a_name_like_no_other_gets_no_hint():
    with pytest.raises(AttributeError, match=r"no attribute 'xyzzy_plugh'\.$"):
        js.xyzzy_plugh  # noqa: B018
    assert not hasattr(js, "__wrapped__")  # asked for by tools


def test_what_tools_ask_for_imports_no_framework():
    code = "import sys, jaxsched; hasattr(jaxsched, '__wrapped__'); print('jaxsched.compat' in sys.modules)"
    assert in_a_fresh_process(code) == "False"


def test_every_name_that_is_meant_exists():
    from jaxsched import _names

    for name, found in _names.FOREIGN.items():
        assert not hasattr(js, name), name
        for path in found:
            x = js
            for part in path.split("."):
                x = getattr(x, part)


def in_a_fresh_process(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_importing_leaves_the_process_as_it_was():
    got = in_a_fresh_process(
        "import gc, sys; import jax; gc.disable(); before = set(sys.modules); import jaxsched; print(gc.isenabled());"
        "gc.enable(); print(sorted(m for m in set(sys.modules) - before if m.partition('.')[0] in ('optax', 'chex')))"
    )
    assert got.split("\n") == ["False", "[]"]
    assert gc.isenabled()


def test_a_checkout_that_is_not_installed_has_its_version():
    got = in_a_fresh_process(
        "import importlib.metadata as m\n"
        "def none(*_): raise m.PackageNotFoundError\n"
        "m.version = m.distribution = none\n"
        "import jaxsched; print(jaxsched.__version__)"
    )
    assert got == js.__version__


def test_attributes_are_not_invented():
    with pytest.raises(AttributeError):
        js.Linear(1.0, 0.0, steps=4).stepz  # noqa: B018
    with pytest.raises(AttributeError):
        jax.jit(lambda s: s.stepz)(js.Linear(1.0, 0.0, steps=4))
