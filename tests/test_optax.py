"""Schedules in real optimizers: every door that optax has for a callable."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.short import exhaustive

import jaxsched as js

STEPS = 12
LR = js.warmup(js.Cosine(0.1, 0.01, steps=8), 3, start=0.02)


@pytest.fixture(autouse=True)
def relaxed():
    """optax's own code does not run in JAX's strict modes."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def params():
    return {"w": jnp.asarray([1.0, -2.0, 3.0]), "b": jnp.asarray(0.5)}


def loss(p):
    return jnp.sum((p["w"] - 0.3) ** 2) + (p["b"] + 0.1) ** 2


def train(optimizer, p, steps=STEPS):
    """The final parameters and the loss before each update, as one scan."""

    def update(carry, _):
        p, state = carry
        value, gradient = jax.value_and_grad(loss)(p)
        updates, state = optimizer.update(gradient, state, p)
        return (optax.apply_updates(p, updates), state), value

    (p, _), losses = jax.lax.scan(update, (p, optimizer.init(p)), None, length=steps)
    return p, losses


def by_hand(schedule, steps=STEPS):
    """Plain gradient descent in NumPy, with schedule(k) at update k."""
    p = {name: np.asarray(x, np.float64) for name, x in params().items()}
    for k in range(steps):
        rate = float(schedule(k))
        p = {"w": p["w"] - rate * 2 * (p["w"] - 0.3), "b": p["b"] - rate * 2 * (p["b"] + 0.1)}
    return p


def test_sgd_takes_schedule_of_k_at_update_k():
    chex.assert_trees_all_close(train(optax.sgd(LR), params())[0], by_hand(LR), rtol=1e-5)


@pytest.mark.parametrize("make", [optax.sgd, optax.adam, optax.adamw, optax.lion], ids=lambda make: make.__name__)
def test_an_optimizer_is_the_same_as_with_a_closure_of_the_same_values(make):
    table = LR(jnp.arange(STEPS))
    chex.assert_trees_all_close(train(make(LR), params()), train(make(lambda k: table[k]), params()), rtol=1e-5)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.float16])
def test_injected_is_schedule_of_k_as_a_strong_float32(dtype):
    """A weak value would be rounded to the parameters' dtype, here to a few distinct values."""
    lr = js.Cosine(1e-3, 1e-4, steps=300)
    optimizer = optax.inject_hyperparams(optax.adamw)(lr)
    p = jnp.ones(3, dtype)
    state, update = optimizer.init(p), jax.jit(optimizer.update)
    shown = []
    for k in range(300):
        _, state = update(p, state, p)
        shown.append(state.hyperparams["learning_rate"])
        assert shown[k].dtype == jnp.float32 and not shown[k].weak_type
    np.testing.assert_allclose(np.asarray(shown), lr(np.arange(300)), rtol=2e-6)
    assert len(set(np.asarray(shown).tolist())) > 290


@exhaustive
def test_several_hyperparameters_at_once():
    rate, momentum = js.one_cycle(0.1, STEPS), js.one_cycle_momentum(0.85, 0.95, STEPS)
    decay = js.Linear(1e-2, 1e-4, steps=STEPS)
    optimizer = optax.inject_hyperparams(optax.adamw)(learning_rate=rate, b1=momentum, weight_decay=decay)
    p, state = params(), optimizer.init(params())
    for k in range(STEPS):
        _, state = jax.jit(optimizer.update)(jax.grad(loss)(p), state, p)
        wanted = {"learning_rate": rate(k), "b1": momentum(k), "weight_decay": decay(k)}
        for name, value in wanted.items():
            np.testing.assert_allclose(state.hyperparams[name], value, rtol=2e-6)


def test_add_decayed_weights():
    decay = js.Linear(0.1, 0.0, steps=4)
    optimizer = optax.add_decayed_weights(decay)
    p, state = params(), optimizer.init(params())
    zero = jax.tree.map(jnp.zeros_like, p)
    for k in range(6):
        updates, state = optimizer.update(zero, state, p)
        chex.assert_trees_all_close(updates, jax.tree.map(lambda x, k=k: x * decay(k), p), rtol=2e-6)


def test_multi_steps_counts_updates_and_not_batches():
    """With the gradients of one point gathered, four batches are one update at the next schedule(k)."""
    p, state = params(), None
    optimizer = optax.MultiSteps(optax.sgd(LR), every_k_schedule=4)
    state, update = optimizer.init(p), jax.jit(optimizer.update)
    for _ in range(4 * STEPS):
        updates, state = update(jax.grad(loss)(p), state, p)
        p = optax.apply_updates(p, updates)
    chex.assert_trees_all_close(p, by_hand(LR), rtol=1e-5)


def test_a_sweep_in_one_program_is_each_training_by_itself():
    many = [js.warmup(js.Cosine(peak, 0.01, steps=8), warm) for peak in (0.02, 0.1, 0.3) for warm in (0, 3)]
    chex.clear_trace_counter()

    @jax.jit
    @chex.assert_max_traces(n=1)
    def sweep(schedules):
        return jax.vmap(lambda schedule: train(optax.adam(schedule), params()))(schedules)

    got = sweep(js.stack(many))
    sweep(js.stack(many[::-1]))
    alone = [train(optax.adam(schedule), params()) for schedule in many]
    chex.assert_trees_all_close(got, jax.tree.map(lambda *x: jnp.stack(x), *alone), rtol=1e-4)


def test_another_schedule_of_the_structure_does_not_retrace():
    chex.clear_trace_counter()

    @jax.jit
    @chex.assert_max_traces(n=1)
    def final(schedule):
        return train(optax.sgd(schedule), params())[0]

    for peak in (0.1, 0.2, 0.05):
        lr = js.warmup_cosine(peak, 2, 9, 0.01)
        chex.assert_trees_all_close(final(lr), by_hand(lr), rtol=1e-5)


@exhaustive
def test_the_final_loss_has_a_gradient_by_every_float_of_the_schedule():
    """Its lengths are floats between whole steps, where the loss is smooth; x64 for the sake of the difference."""
    lr = js.warmup(js.Polynomial(0.1, 0.01, steps=8.5, power=1.5), 3.25, start=0.02)
    leaves, structure = jax.tree.flatten(lr)

    @jax.jit
    def final(floats):
        return loss(train(optax.sgd(jax.tree.unflatten(structure, list(floats)), momentum=0.5), params())[0])

    gradient = jax.grad(final)(jnp.asarray(leaves))
    assert len(leaves) == 6 and np.isfinite(gradient).all() and np.all(gradient != 0)
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        floats = jnp.asarray(leaves)
        for i in range(len(leaves)):
            shift = jnp.zeros_like(floats).at[i].set(1e-6)
            difference = (final(floats + shift) - final(floats - shift)) / 2e-6
            np.testing.assert_allclose(gradient[i], difference, rtol=1e-3, err_msg=f"leaf {i} of {lr}")


def test_an_optax_closure_works_inside_strict_mode():
    """optax's cosine promotes an int32 step with floats, which strict JAX refuses outside of a schedule."""
    closure = optax.cosine_decay_schedule(0.1, 10, alpha=0.1)
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        with pytest.raises(Exception, match="promotion"):
            closure(jnp.int32(3))
        lr = js.warmup(closure, 5)
        np.testing.assert_allclose(lr(jnp.arange(5, 16)), js.Cosine(0.1, 0.01, steps=10)(np.arange(11)), rtol=1e-5)
        np.testing.assert_allclose(jax.jit(lr)(8), lr(8), rtol=2e-6)
