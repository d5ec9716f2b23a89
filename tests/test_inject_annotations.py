"""What `inject` takes for a hyperparameter follows its docstring for every way to annotate a factory's argument."""

import functools
import numbers  # noqa: F401 (annotations below are text)
import typing  # noqa: F401
from collections.abc import Callable  # noqa: F401
from typing import Annotated, Any, Literal, NewType, Optional, TypeVar, Union  # noqa: F401

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import params, relaxed

import jaxsched as js

assert relaxed  # the fixture of this module

Rate, Floats = NewType("Rate", float), TypeVar("Floats", float, jax.Array)

NUMBERS = """
float | jax.Array | jnp.ndarray | np.ndarray | np.floating | np.float32 | jnp.float32 | numbers.Real
jax.typing.ArrayLike | chex.Numeric | chex.Scalar | optax.ScalarOrSchedule | typing.Optional[float]
Optional[jax.Array] | Union[float, int] | Union[None, float] | Annotated[float, "unit"]
Annotated[Optional[float], "unit"] | Rate | Floats | Union[str, float] | Union[Rate, None] | js.Schedule
"""
EITHER = ["float | jax.Array", "float | None", "int | float", "jax.Array | Callable[[int], float]"]
REALS = [each.strip() for line in NUMBERS.strip().splitlines() for each in line.split("|")] + EITHER
UNKNOWN = ["_checker.Rate", "Optional[_checker.Array]", "_checker.ScalarOrSchedule", "_checker.Array | None"]
"""Names that only a type checker imports."""
OTHERS = """bool; int; str; Optional[int]; Literal["a", "b"]; Callable[[float], float]; tuple[float, float]; type;
list[float]; np.integer; type(None); optax.GradientTransformation""".replace("\n", " ").split("; ")


def of(annotation, default=...):
    """A factory whose argument is annotated so, and what it was called with."""
    seen = []

    def factory(x, learning_rate=0.1):
        seen.append(x)
        return optax.sgd(learning_rate)

    factory.__annotations__ = {} if annotation is None else {"x": annotation}
    factory.__defaults__ = (0.1,) if default is ... else (default, 0.1)
    return factory, seen


def hyperparameters(factory, x):
    state = js.inject(factory)(x, learning_rate=0.5).init(params())
    return set(js.current(state)) - {"learning_rate"}


each_form = pytest.mark.parametrize("as_text", [False, True], ids=["evaluated", "text"])


@each_form
@pytest.mark.parametrize("annotation", REALS)
def test_a_number_and_a_function_of_the_step_are_hyperparameters_where_a_real_number_is_asked_for(annotation, as_text):
    factory, seen = of(annotation if as_text else eval(annotation))
    for given in (0.25, 1, np.float64(0.25), jnp.float32(0.25), js.Constant(0.25), lambda step: 0.25 + step):
        assert hyperparameters(factory, given) == {"x"}
        assert isinstance(seen[-1], jax.Array) and seen[-1].dtype == jnp.float32
    assert hyperparameters(factory, True) == set() and seen[-1] is True


@each_form
@pytest.mark.parametrize("annotation", OTHERS)
def test_a_number_is_passed_on_where_none_or_a_whole_one_is_asked_for(annotation, as_text):
    factory, seen = of(annotation if as_text else eval(annotation))
    for given in (2, 0.25, len):
        assert hyperparameters(factory, given) == set() and seen[-1] is given
    assert hyperparameters(factory, js.Constant(0.25)) == {"x"}  # a schedule is one anywhere


@pytest.mark.parametrize("annotation", [None, "Any", "object", *UNKNOWN])
def test_where_nothing_is_known_of_an_argument_a_number_is_a_hyperparameter(annotation):
    assert hyperparameters(of(annotation, None)[0], 0.25) == {"x"} == hyperparameters(of(annotation, None)[0], 2)


def test_a_name_that_only_a_type_checker_imports_tells_what_it_can():
    assert hyperparameters(of("_checker.ScalarOrSchedule", None)[0], lambda step: 0.5) == {"x"}
    factory, seen = of("_checker.Mask", None)
    for given in ("name", len):
        assert hyperparameters(factory, given) == set() and seen[-1] is given


WHOLE = [(None, 3), (chex.Numeric, 3), (Any, 3), ("_checker.Numeric", 3), (jax.Array | int | None, None), (int, 3)]


@pytest.mark.parametrize("annotation, default", WHOLE)
def test_an_int_is_passed_on_where_the_factory_has_one(annotation, default):
    """By default, or by an annotation that has no float: a seed, say, that may be a key."""
    factory, seen = of(annotation, default)
    assert hyperparameters(factory, 7) == set() and seen[-1] == 7 and type(seen[-1]) is int
    assert hyperparameters(factory, 0.5) == ({"x"} if annotation is not int else set())


def test_a_rate_with_an_int_by_default_is_a_rate():
    assert hyperparameters(of(float, 1)[0], 2) == {"x"}


def test_a_factory_of_any_kind_says_what_it_takes():
    class Factory:
        def __init__(self, rate: "float", steps: "int" = 3):
            self.init, self.update = optax.sgd(rate)

        @classmethod
        def made(cls, rate: "jax.Array", steps: "int" = 3):
            return optax.sgd(rate)

    class Made:
        def __call__(self, rate: "jax.Array", steps: "int" = 3):
            return optax.sgd(rate)

    @functools.wraps(of)
    def wrapped(*args, **kwargs):
        return of(*args, **kwargs)

    for factory in (
        Factory,
        Factory.made,
        Made(),
        functools.partial(Factory.made, steps=5),
        jax.named_call(Factory.made),
    ):
        assert set(js.current(js.inject(factory)(rate=0.5, steps=4).init(params()))) == {"rate"}


TEXTS = [each for each in REALS if "str" not in each] + ["int", "Optional[int]"]


@each_form
@pytest.mark.parametrize("annotation", TEXTS)
def test_text_is_refused_where_a_number_is_asked_for(annotation, as_text):
    factory, _ = of(annotation if as_text else eval(annotation))
    with pytest.raises(
        TypeError, match=r"`x` must be a number: got '1e-4' of type str. Pass 0.0001, not its text; YAML"
    ):
        js.inject(factory)("1e-4")
    with pytest.raises(TypeError, match="`x` must be a number: got 'fast' of type str. Pass a number, a schedule"):
        js.inject(factory)("fast")
    assert set(js.current(js.inject(factory, static_args="x")("1e-4", 0.5).init(params()))) == {"learning_rate"}


@pytest.mark.parametrize("default", [0.1, 3])
def test_text_is_refused_where_the_default_is_a_number(default):
    with pytest.raises(TypeError, match="`x` must be a number: got '1e-4' of type str"):
        js.inject(of(None, default)[0])("1e-4")


@pytest.mark.parametrize("name", ["learning_rate", "b1", "b2", "eps", "weight_decay"])
def test_text_is_refused_for_every_number_of_an_optimizer(name):
    with pytest.raises(TypeError, match=f"`{name}` must be a number: got '1e-4' of type str"):
        js.inject(optax.adamw)(**{"learning_rate": 0.1, name: "1e-4"})


WORDS = [(str, ...), (str | float, ""), (Literal["a", 1], ""), (Any, None), (None, None), (None, "b"), (float, "auto")]


@pytest.mark.parametrize("annotation, default", WORDS)
def test_text_is_passed_on_where_it_may_be(annotation, default):
    factory, seen = of(annotation, default)
    assert hyperparameters(factory, "a") == set() and seen[-1] == "a"
