"""The states of optax's own transformations inside of ours and beside it, and optax's way to read ours."""

import inspect
import pickle

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
import pytest
from support.bridge import loss, params, rates, relaxed, same_bits
from support.short import parametrize

import jaxsched as js

assert relaxed  # the fixture of this module

LINEAR = js.Linear(1.0, 0.0, steps=10)
GIVEN = {
    "l2_norm_clip": 1.0, "noise_multiplier": 1.0, "seed": 0, "key": jax.random.key(0), "base_optimizer": optax.sgd(1.0),
}  # fmt: skip
"""What a factory wants beside a learning rate."""


def factories():
    """Every function of optax with a `learning_rate`, by name."""
    for prefix, module in ("", optax), ("contrib.", optax.contrib):
        for name, factory in inspect.getmembers(module, inspect.isfunction):
            if "learning_rate" in inspect.signature(factory).parameters and not name.startswith("_"):
                yield prefix + name, factory


FACTORIES = dict(factories())
DEPRECATED = "ignore::DeprecationWarning"


def made(name, rate):
    parameters = inspect.signature(FACTORIES[name]).parameters
    static = [x for x in ("seed", "key") if x in parameters]
    given = {x: GIVEN[x] for x in parameters if x in GIVEN and not (x == "seed" and "key" in parameters)}
    return js.inject(FACTORIES[name], static_args=static)(learning_rate=rate, **given)


def extra(name, p):
    """What an update wants beside gradients; gradients of each example for what clips them one by one."""
    gradient = jax.tree.map(lambda x: jnp.stack([x, x]), p) if "dpsgd" in name else jax.grad(loss)(p)
    of_loss = any(word in name for word in ("linesearch", "polyak", "lbfgs", "momo"))
    given = {"value": loss(p), "grad": gradient, "value_fn": loss} if of_loss else {}
    return gradient, given | ({"obj_fn": loss} if "sophia" in name else {})


@pytest.mark.filterwarnings(DEPRECATED, "ignore::UserWarning")
@parametrize("name", list(FACTORIES), ["adamw", "noisy_sgd", "contrib.prodigy", "contrib.dpsgd"])
def test_every_factory_with_a_learning_rate_goes_on_in_a_state_of_one_kind(name):
    p = params()
    optimizer, (gradient, given) = made(name, LINEAR), extra(name, p)
    state = optimizer.init(p)
    updates, after = optimizer.update(gradient, state, p, **given)
    chex.assert_trees_all_equal_shapes_and_dtypes(updates, p)
    assert all(np.isfinite(x).all() for x in jax.tree.leaves(updates))
    chex.assert_trees_all_equal_shapes_and_dtypes(state, after)
    assert float(js.current(after)["learning_rate"]) == pytest.approx(0.9)
    if name != "lbfgs":  # its line search has a `learning_rate` too
        assert float(optax.tree.get(after, "learning_rate")) == 1.0


def test_there_are_fifty_of_them_or_more():
    assert len(FACTORIES) >= 50


def noisy(learning_rate):
    return optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(3)), optax.sgd(learning_rate))


WITH_KEYS = {
    "factory": js.inject(noisy)(LINEAR),
    "link": optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(3)), js.scale_by_learning_rate(LINEAR)),
    "groups": optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(3)), js.by_group({"": LINEAR})),
    "noisy_sgd": js.inject(optax.noisy_sgd)(LINEAR, 0.1, 0.5, key=jax.random.key(3)),
    "plateau": js.inject(noisy)(js.reduce_on_plateau(LINEAR)),
}


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16], ids=lambda x: x.__name__)
@pytest.mark.parametrize("name", WITH_KEYS)
def test_a_typed_key_of_random_numbers_may_be_in_a_state(name, dtype):
    optimizer, wanted = WITH_KEYS[name], noisy(LINEAR)
    p = params(dtype)
    gradient = jax.tree.map(jnp.ones_like, p)
    state, plain = optimizer.init(p), wanted.init(params())
    for _ in range(2):
        updates, state = jax.jit(optimizer.update)(gradient, state, p)
        of_optax, plain = wanted.update(jax.tree.map(jnp.ones_like, params()), plain, params())
        if dtype == jnp.float32:
            chex.assert_trees_all_close(updates, of_optax, rtol=1e-5)
    keys = [x for x in jax.tree.leaves(state) if jnp.issubdtype(x.dtype, jax.dtypes.prng_key)]
    assert len(keys) == 1 and not same_bits(jax.random.key_data(keys[0]), jax.random.key_data(jax.random.key(3)))
    restored, changes = js.restore(optimizer.init(p), js.snapshot(state))
    assert changes == [] and rates(restored) == rates(state)
    again = [x for x in jax.tree.leaves(restored) if jnp.issubdtype(x.dtype, jax.dtypes.prng_key)]
    assert same_bits(jax.random.key_data(again[0]), jax.random.key_data(keys[0]))
    assert rates(js.override(state, learning_rate=0.25))["learning_rate"] == 0.25


STATES = {
    "number": js.inject(optax.adamw)(0.5),
    "schedule": js.inject(optax.adamw)(js.Constant(0.5), weight_decay=js.Linear(0.1, 0.0, steps=5)),
    "controller": js.inject(optax.adamw)(js.reduce_on_plateau(0.5)),
    "link": optax.chain(optax.scale_by_adam(), js.scale_by_learning_rate(0.5)),
    "accumulated": optax.MultiSteps(js.inject(optax.sgd)(0.5), 2).gradient_transformation(),
    "hypergradient": js.hypergradient(0.5, 0.1),
}


@pytest.mark.parametrize("name", STATES)
def test_optax_finds_one_learning_rate_in_a_state(name):
    state = STATES[name].init(params())
    assert float(optax.tree.get(state, "learning_rate")) == 0.5
    if name != "hypergradient":
        for changed in (js.override(state, learning_rate=0.25), js.replace_schedule(state, learning_rate=LINEAR)):
            assert np.shape(optax.tree.get(changed, "learning_rate")) == ()


def test_a_state_of_before_that_has_its_slots_in_a_dict_goes_on():
    """As it was pickled by an earlier development version, and stored by any library."""
    optimizer = js.inject(optax.adamw)(js.reduce_on_plateau(LINEAR, patience=0), weight_decay=0.1)
    state = optimizer.init(params())
    former = pickle.loads(pickle.dumps(state._replace(slots=dict(state.slots))))
    assert type(former.slots) is dict and rates(former) == rates(state)
    restored, changes = js.restore(optimizer.init(params()), former)
    assert changes == [] and same_bits(restored, state)
    assert jax.tree.structure(restored) == jax.tree.structure(state)
    assert [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(former)] == [
        jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(state)
    ]
    for each in (state, former):
        each = js.observe(js.observe(each, value=1.0), value=1.0)
        _, each = optimizer.update(params(), each, params())
        assert rates(each)["learning_rate"] == pytest.approx(0.09)


ESTIMATING = {
    "prodigy": js.inject(optax.contrib.prodigy)(LINEAR),
    "dadapt": js.inject(optax.contrib.dadapt_adamw)(LINEAR),
    "chain": optax.chain(optax.contrib.prodigy(1.0), js.scale_by_learning_rate(LINEAR, flip_sign=False)),
}


@pytest.mark.parametrize("name", ESTIMATING)
def test_the_effective_rate_is_the_schedule_times_the_estimate(name):
    optimizer, p = ESTIMATING[name], params()
    state = optimizer.init(p)
    step = jax.jit(lambda p, state: optimizer.update(jax.grad(loss)(p), state, p))
    for _ in range(5):
        updates, state = step(p, state)
        p = optax.apply_updates(p, updates)
    estimate = float(optax.tree.get(state, "estim_lr"))
    assert estimate > 1.2e-6 and rates(state)["learning_rate"] == pytest.approx(0.5)
    assert float(js.effective_rate(state)["learning_rate"]) == pytest.approx(0.5 * estimate)


def test_each_group_has_its_own_estimate_or_none():
    groups = {"head": ESTIMATING["prodigy"], "body": js.inject(optax.sgd)(LINEAR)}
    state = optax.partition(groups, {"body": "body", "head": "head"}).init(params())
    effective = {name: float(x) for name, x in js.effective_rate(state).items()}
    assert effective == pytest.approx({"head/learning_rate": 1e-6, "body/learning_rate": 1.0})


def test_an_effective_rate_that_is_not_one_is_refused():
    two = lambda learning_rate: optax.chain(*[optax.contrib.prodigy(learning_rate)] * 2)  # noqa: E731
    with pytest.raises(ValueError, match="one estimate beside learning_rate: got 2. Pass the state of one"):
        js.effective_rate(js.inject(two)(LINEAR).init(params()))
    with pytest.raises(ValueError, match="hold a `learning_rate`: got max_norm"):
        js.effective_rate(js.inject(optax.clip_by_global_norm)(1.0).init(params()))


@pytest.mark.parametrize("accumulated", [False, True])
def test_schedule_free_is_evaluated_at_the_parameters_that_optax_gives(accumulated):
    optimizer, plain = js.inject(optax.contrib.schedule_free_sgd)(0.1), optax.contrib.schedule_free_sgd(0.1)
    if accumulated:
        optimizer = optax.MultiSteps(optimizer, 1).gradient_transformation()
    p, state = params(), optimizer.init(params())
    q, of_optax = params(), plain.init(params())
    for _ in range(3):
        updates, state = optimizer.update(jax.grad(loss)(p), state, p)
        p = optax.apply_updates(p, updates)
        updates, of_optax = plain.update(jax.grad(loss)(q), of_optax, q)
        q = optax.apply_updates(q, updates)
    got = optax.contrib.schedule_free_eval_params(optax.tree.get(state, "ScheduleFreeState"), p)
    chex.assert_trees_all_close(got, optax.contrib.schedule_free_eval_params(of_optax, q), rtol=1e-5)
    assert not np.allclose(got["head"], p["head"])
