"""What stands in the state of an optimizer: finite numbers, equal to themselves, of the dtypes they were made in."""

import dataclasses

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.precision import x64
from support.short import parametrize

import jaxsched as js

try:
    import equinox
except ImportError:  # the short run does without
    equinox = None

PARAMS = {"head": jnp.ones(2), "body": jnp.ones(2)}
SCHEDULE = js.warmup_cosine(1e-3, 3, 9)
CONTROLLERS = {
    "plateau": js.reduce_on_plateau(SCHEDULE, 0.5, patience=0, cooldown=1),
    "greedy": js.greedy(SCHEDULE, patience=1),
    "plateau of a window": js.reduce_on_plateau(SCHEDULE, patience=1, criterion="slope", window=3),
    "target": js.hold_target(SCHEDULE, 0.7, low=0.01, high=0.9),
    "smoothed greedy": js.greedy(SCHEDULE, patience=1, window=3),
}
OPTIMIZERS = {
    "inject": lambda x: js.inject(optax.adamw)(x, weight_decay=0.1),
    "scale_by_learning_rate": lambda x: optax.chain(optax.scale_by_adam(), js.scale_by_learning_rate(x)),
    "by_group": lambda x: optax.chain(optax.scale_by_adam(), js.by_group({"head": x, "body": 0.1})),
}


@pytest.fixture
def watched():
    with jax.debug_nans(True), jax.debug_infs(True), jax.numpy_dtype_promotion("standard"):  # optax promotes
        yield


def check(state):
    chex.assert_tree_all_finite(state)
    assert equinox is None or bool(equinox.tree_equal(state, state))
    assert jax.tree.all(jax.tree.map(jnp.array_equal, state, state))


def stepped(optimizer, state, **extra):
    return jax.jit(lambda s: optimizer.update(PARAMS, s, PARAMS, **extra)[1])(state)


@pytest.mark.parametrize("rate", [SCHEDULE, *CONTROLLERS.values()], ids=["schedule", *CONTROLLERS])
@parametrize("name", OPTIMIZERS, ["inject"])
def test_states_hold_finite_numbers_after_everything(name, rate, watched):
    optimizer = OPTIMIZERS[name](rate)
    state = optimizer.init(PARAMS)
    name = next(name for name in js.current(state) if "weight" not in name and "body" not in name)
    check(state)
    for do in (
        lambda s: stepped(optimizer, s),
        lambda s: js.override(s, {name: 0.5}),
        lambda s: js.override(s, {name: None}),
        lambda s: js.replace_schedule(s, {name: rate}),
        lambda s: stepped(optimizer, s),
    ):
        state = do(state)
        check(state)
    if rate is SCHEDULE:
        return
    with jax.debug_nans(False), jax.debug_infs(False):  # the metric itself
        for metric in (1.0, np.nan, np.inf, -np.inf):
            state = js.observe(state, value=metric)
            check(state)


@pytest.mark.parametrize("rate", [SCHEDULE, *CONTROLLERS.values()], ids=["schedule", *CONTROLLERS])
def test_a_state_of_zeros_goes_on_as_a_fresh_one(rate):
    optimizer = js.inject(optax.sgd)(rate)
    fresh = optimizer.init(PARAMS)
    zeros = jax.tree.map(jnp.zeros_like, fresh)
    for metric in (1.0, 1.0, 2.0, 2.0, 2.0, 0.5):
        updates, fresh = optimizer.update(PARAMS, fresh, PARAMS, value=jnp.float32(metric))
        again, zeros = optimizer.update(PARAMS, zeros, PARAMS, value=jnp.float32(metric))
        assert jax.tree.all(jax.tree.map(jnp.array_equal, updates, again))


@pytest.mark.parametrize("rate", [SCHEDULE, CONTROLLERS["plateau"]], ids=["schedule", "controller"])
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_a_state_cast_to_half_is_refused_at_the_next_update(rate, dtype):
    optimizer = js.inject(optax.adam)(rate)
    half = lambda x: x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x  # noqa: E731
    with pytest.raises(TypeError, match="map_params"):
        jax.eval_shape(lambda s: optimizer.update(PARAMS, s, PARAMS), jax.tree.map(half, optimizer.init(PARAMS)))
    cast = optax.tree.map_params(optimizer, half, optimizer.init(PARAMS))  # the remedy
    assert cast.inner_state[0].mu["head"].dtype == dtype
    with jax.numpy_dtype_promotion("standard"):  # for optax
        optimizer.update(PARAMS, cast, PARAMS)


def test_a_state_of_before_x64_goes_on_in_its_dtypes():
    optimizer = js.inject(optax.sgd)(CONTROLLERS["plateau"])
    state = optimizer.init(PARAMS)
    with x64():
        after = optimizer.update(PARAMS, state, PARAMS, value=1.0)[1]
    assert jax.tree.map(lambda x: x.dtype, after) == jax.tree.map(lambda x: x.dtype, state)


MANY = {
    "array of factors": lambda: dataclasses.replace(js.reduce_on_plateau(0.1), log_factor=np.log([0.5, 0.1])),
    "array of patiences": lambda: dataclasses.replace(js.reduce_on_plateau(0.1), patience=np.array([1, 2])),
    "stack of controllers": lambda: js.stack([js.reduce_on_plateau(0.1), js.reduce_on_plateau(0.2)]),
    "stack of schedules": lambda: js.stack([js.Constant(0.1), js.Constant(0.2)]),
}


@pytest.mark.parametrize("make", MANY.values(), ids=MANY)
def test_what_is_not_one_number_is_refused_when_the_optimizer_is_made(make):
    several = make()
    for use in (
        lambda: js.inject(optax.sgd)(several),
        lambda: js.scale_by_learning_rate(several),
        lambda: js.by_group({"head": [several, 0.1], "body": 0.1}),
        lambda: js.replace_schedule(js.inject(optax.sgd)(0.1).init(PARAMS), learning_rate=several),
    ):
        with pytest.raises(TypeError, match="one number at each step(.|\n)*jax.vmap"):
            use()


def test_a_stack_is_mapped_over():
    several = MANY["stack of controllers"]()
    states = jax.vmap(lambda rate: js.inject(optax.sgd)(rate).init(PARAMS))(several)
    np.testing.assert_allclose(js.current(states)["learning_rate"], [0.1, 0.2], rtol=1e-6)


def test_the_state_of_other_groups_is_refused_with_the_remedy():
    one, two = js.by_group({"head": 0.1, "body": None}), js.by_group({"head": 0.1, "body": 0.2})
    with pytest.raises(TypeError, match="body/learning_rate.*jaxsched.restore"):
        two.update(PARAMS, one.init(PARAMS), PARAMS)


def test_names_of_groups_have_no_double_slash():
    params = {"embed": jnp.ones(2), "block_1": {"w": jnp.ones(2)}, "block_10": {"w": jnp.ones(2)}}
    optimizer = js.by_group(js.layerwise(1e-3, 0.8, ["embed", "block_1/", "block_10/"]))
    names = {"block_1/learning_rate", "block_10/learning_rate", "embed/learning_rate"}
    assert set(js.current(optimizer.init(params))) == names
