"""What `inject` takes for a hyperparameter and what it passes on; what is refused, and what is said of it."""

import jax
import jax.numpy as jnp
import optax
import pytest
from support.bridge import advance, params, relaxed

import jaxsched as js

assert relaxed  # the fixture of this module

LR = js.Linear(0.1, 0.01, steps=10)


def test_numbers_that_are_no_hyperparameters_are_passed_on():
    seen = {}

    def factory(learning_rate, momentum=None, steps=3, mask=None, name="x", nesterov=False, eps=1e-8, dtype=None):
        seen.update(locals())
        return optax.sgd(learning_rate, momentum)

    mask = lambda p: jax.tree.map(lambda _: True, p)  # noqa: E731
    passed = {"steps": 7, "name": "y", "nesterov": True, "dtype": jnp.float32}
    optimizer = js.inject(factory, static_args=["eps", "mask"])(0.1, 0.5, mask=mask, eps=1e-6, **passed)
    assert set(js.current(optimizer.init(params()))) == {"learning_rate", "momentum"}
    assert {name: seen[name] for name in passed} == passed
    assert seen["mask"] is mask and seen["eps"] == 1e-6 and type(seen["eps"]) is float


def test_static_args_reach_defaults():
    """For a factory whose Python branches on a number."""
    seen = {}

    def factory(learning_rate, eps=1e-8):
        seen.update(eps=eps)
        return optax.sgd(learning_rate)

    for static in ("eps", ["eps"]):
        js.inject(factory, static_args=static)(0.1).init(params(jnp.bfloat16))
        assert type(seen["eps"]) is float


def test_assigning_to_hyperparams_as_in_optax_is_not_silently_ignored():
    state = js.inject(optax.sgd)(0.1).init(params())
    with pytest.raises(TypeError, match=r"jaxsched.override\(opt_state, learning_rate="):
        state.hyperparams["learning_rate"] = 0.5


PLATEAU = js.reduce_on_plateau(0.1)
BAD = {
    "an optimizer": (lambda: js.inject(optax.sgd(0.1)), TypeError, "`factory` must be a function"),
    "a number for a factory": (lambda: js.inject(0.1), TypeError, "`factory` must be a function"),
    "static": (lambda: js.inject(optax.sgd, static_args="b2"), ValueError, r"`static_args`.*got \['b2'\]"),
    "text": (lambda: js.inject(optax.sgd)("0.1"), TypeError, "`learning_rate` must be a number: got '0.1' of type str"),
    "nothing": (lambda: js.inject(optax.sgd)(None), TypeError, "At least one argument must be a number"),
    "a class": (lambda: js.inject(optax.sgd)(js.Linear), TypeError, "At least one argument must be a number"),
    "not its argument": (lambda: js.inject(optax.sgd)(0.1, b1=0.9), TypeError, "b1"),
    "infinity": (lambda: js.inject(optax.sgd)(float("inf")), ValueError, "`learning_rate` must be finite"),
    "a rate of text": (lambda: js.scale_by_learning_rate("0.1"), TypeError, "`rate` must be a schedule"),
    "a stack": (lambda: js.inject(optax.sgd)(js.stack([LR, LR])).init(params()), TypeError, "stacked schedule"),
    "in a join": (lambda: js.join([PLATEAU, LR], [5]), TypeError, "ReduceOnPlateau"),
    "in a warmup": (lambda: js.warmup(PLATEAU, 5), TypeError, "ReduceOnPlateau"),
    "in a controller": (lambda: js.greedy(PLATEAU), TypeError, "`schedule` must be a pure schedule"),
    "a foreign state": (lambda: update_of(js.inject(optax.sgd)(0.1), optax.adam(0.1)), TypeError, "ScaleByAdam|tuple"),
    "a foreign state of a rate": (
        lambda: update_of(js.scale_by_learning_rate(0.1), optax.adam(0.1)),
        TypeError,
        "`state`",
    ),
    # Not yet: the slot is overwritten too, and the update dies of it obscurely.
    "set as in optax": (lambda: set_as_in_optax(), TypeError, r"jaxsched\.override\(opt_state, learning_rate="),
    "a metric of two": (
        lambda: advance_by(value=jnp.ones(2)),
        ValueError,
        r"`value` must be one number: got shape \(2",
    ),
    "a metric of text": (lambda: advance_by(value="1.0"), TypeError, "`value` must be one real number"),
}


def set_as_in_optax():
    optimizer = js.inject(optax.sgd)(0.1)
    state = optax.tree.set(optimizer.init(params()), learning_rate=0.5)
    return optimizer.update(params(), state, params())


def update_of(optimizer, other):
    return optimizer.update(params(), other.init(params()), params())


def advance_by(**extra):
    optimizer = js.inject(optax.sgd)(PLATEAU)
    return advance(optimizer, optimizer.init(params()), params(), **extra)


@pytest.mark.parametrize("call, error, message", BAD.values(), ids=BAD)
def test_what_is_wrong_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("make", [optax.sgd, optax.adamw, optax.scale_by_learning_rate, optax.scale_by_schedule])
@pytest.mark.parametrize("wrap", [js.reduce_on_plateau, js.greedy, js.recover], ids=lambda wrap: wrap.__name__)
def test_a_controller_where_optax_calls_a_pure_schedule_says_what_to_write(make, wrap):
    optimizer = make(wrap(LR))
    with pytest.raises(TypeError, match=r"jaxsched\.inject\(optax\.sgd\)\(controller\)"):
        optimizer.update(params(), optimizer.init(params()), params())
