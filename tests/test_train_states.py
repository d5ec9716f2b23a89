"""Training loops of other libraries: flax nnx and linen, Equinox, gathered batches; unchanged but for the optimizer."""

import io

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import avals, counted, params, rates, relaxed, same_bits, used

import jaxsched as js

nnx = pytest.importorskip("flax.nnx")
linen = pytest.importorskip("flax.linen")
train_state = pytest.importorskip("flax.training.train_state")
eqx = pytest.importorskip("equinox")

assert relaxed  # the fixture of this module

X, Y = jnp.linspace(-1, 1, 15).reshape(5, 3), jnp.linspace(0, 1, 5).reshape(5, 1)
LR = js.warmup(js.Linear(0.1, 0.0, steps=10), 2, start=0.05)
METRICS = (1.0, 2.0, 0.5, 0.5)


def plateau():
    return js.reduce_on_plateau(LR, 0.5, patience=0)


def alone(metrics):
    """What the controller by itself does: an update, then an observation, and so on; the rates after each."""
    controller, seen = plateau(), []
    state = controller.init()
    for metric in metrics:
        state = controller.update(state)
        state = controller.observe(state, value=metric)
        seen.append(float(controller(state)))
    return seen


# --- flax nnx


class Net(nnx.Module):
    def __init__(self):
        rngs = nnx.Rngs(0)
        self.body, self.head = nnx.Linear(3, 4, rngs=rngs), nnx.Linear(4, 1, rngs=rngs)

    def __call__(self, x):
        return self.head(nnx.relu(self.body(x)))


def nnx_pair(optimizer):
    model = Net()
    return model, nnx.Optimizer(model, optimizer, wrt=nnx.Param)


@nnx.jit
def nnx_step(model, optimizer, **extra):
    value, gradient = nnx.value_and_grad(lambda model: jnp.mean((model(X) - Y) ** 2))(model)
    optimizer.update(model, gradient, **extra)
    return value


def in_place(optimizer, state):
    nnx.update(optimizer.opt_state, nnx.state(state))


def assigned(optimizer, state):
    optimizer.opt_state = state


changed_by = pytest.mark.parametrize("change", [in_place, assigned])


@changed_by
def test_nnx_observes_between_steps(change):
    model, optimizer = nnx_pair(js.inject(optax.adam)(plateau()))
    seen = []
    for metric in METRICS:
        nnx_step(model, optimizer)
        change(optimizer, js.observe(optimizer.opt_state, value=metric))
        seen += rates(optimizer.opt_state).values()
    assert seen == pytest.approx(alone(METRICS))
    assert int(optimizer.step[...]) == len(METRICS) == int(optimizer.opt_state.count[...])
    assert bool(js.events(optimizer)["learning_rate"].reduced)


@changed_by
def test_nnx_observes_inside_of_jit(change):
    model, optimizer = nnx_pair(js.inject(optax.adam)(plateau()))
    observe = nnx.jit(lambda optimizer, value: change(optimizer, js.observe(optimizer.opt_state, value=value)))
    seen = []
    for metric in METRICS:
        nnx_step(model, optimizer)
        observe(optimizer, metric)
        seen += rates(optimizer).values()
    assert seen == pytest.approx(alone(METRICS))


@changed_by
def test_nnx_overrides_replaces_and_restores(change):
    model, optimizer = nnx_pair(js.inject(optax.adam)(LR))
    nnx_step(model, optimizer)
    saved = js.snapshot(optimizer.opt_state)
    change(optimizer, js.override(optimizer.opt_state, learning_rate=0.25))
    nnx_step(model, optimizer)
    assert rates(optimizer) == {"learning_rate": 0.25}
    change(optimizer, js.override(optimizer.opt_state, learning_rate=None))
    new = js.warmup(js.Linear(0.5, 0.0, steps=10), 2, start=0.05)
    change(optimizer, js.replace_schedule(optimizer.opt_state, learning_rate=new))
    nnx_step(model, optimizer)
    assert rates(optimizer) == {"learning_rate": pytest.approx(float(new(3)))}
    state, changes = js.restore(optimizer.opt_state, saved)
    change(optimizer, state)
    nnx_step(model, optimizer)
    assert rates(optimizer) == {"learning_rate": pytest.approx(float(new(2)))} and len(changes) == 1


def test_nnx_takes_another_kind_of_schedule_by_assignment():
    model, optimizer = nnx_pair(js.inject(optax.adam)(LR))
    nnx_step(model, optimizer)
    optimizer.opt_state = js.replace_schedule(
        optimizer.opt_state, learning_rate=js.Cosine(0.5, 0.0, steps=10), rebase=True
    )
    nnx_step(model, optimizer)
    nnx_step(model, optimizer)
    np.testing.assert_allclose(used(optimizer)["learning_rate"], js.Cosine(float(LR(1)), 0.0, steps=10)(1), rtol=1e-6)


def test_nnx_passes_the_metric_at_updates_and_groups_by_path():
    plateaus = js.by_group({"^head": plateau(), "^body": None})
    model, optimizer = nnx_pair(optax.chain(optax.scale_by_adam(), plateaus))
    body, head = np.asarray(model.body.kernel[...]), np.asarray(model.head.kernel[...])
    for _ in range(3):
        nnx_step(model, optimizer, value=1.0)
    assert used(optimizer) == {"^head/learning_rate": pytest.approx(float(LR(2)) * 0.5)}
    assert same_bits(model.body.kernel[...], body) and not same_bits(model.head.kernel[...], head)


# --- flax linen


class LinenNet(linen.Module):
    @linen.compact
    def __call__(self, x):
        return linen.Dense(1, name="head")(linen.relu(linen.Dense(4, name="body")(x)))


def linen_state(optimizer):
    net = LinenNet()
    p = net.init(jax.random.key(0), X)["params"]
    return train_state.TrainState.create(apply_fn=net.apply, params=p, tx=optimizer)


def linen_step(state):
    gradient = jax.grad(lambda p: jnp.mean((state.apply_fn({"params": p}, X) - Y) ** 2))(state.params)
    return state.apply_gradients(grads=gradient)


@pytest.mark.parametrize("whole", [True, False], ids=["train_state", "opt_state"])
def test_a_linen_train_state_is_changed_whole_or_in_its_optimizer_state(whole):
    """`observe` and its kin find the optimizer's state in any tree that holds it, and give that tree back."""

    def change(state, do):
        return do(state) if whole else state.replace(opt_state=do(state.opt_state))

    state, seen = linen_state(js.inject(optax.adam)(plateau())), []
    step, traces = counted(linen_step)
    for metric in METRICS:
        state = change(step(state), lambda s, metric=metric: js.observe(s, value=metric))
        seen += rates(state if whole else state.opt_state).values()
    assert isinstance(state, train_state.TrainState) and seen == pytest.approx(alone(METRICS))
    state = step(change(state, lambda s: js.override(s, learning_rate=0.25)))
    assert rates(state) == {"learning_rate": 0.25} and len(traces) == 1 and int(state.step) == 5
    state = change(state, lambda s: js.restore(s, js.snapshot(s))[0])
    assert avals(step(state)) == avals(state) and len(traces) == 1


def test_linen_groups_by_path():
    first = linen_state(optax.chain(optax.scale_by_adam(), js.by_group({"head/": LR, "body/": None})))
    state = jax.jit(linen_step)(first)
    assert used(state) == {"head/learning_rate": pytest.approx(float(LR(0)))}
    assert same_bits(state.params["body"], first.params["body"])
    assert not same_bits(state.params["head"], first.params["head"])


def test_flax_stores_a_snapshot_as_bytes():
    serialization = pytest.importorskip("flax.serialization")
    state = jax.jit(linen_step)(linen_state(js.inject(optax.adam)(plateau())))
    state = js.observe(js.observe(state, value=1.0), value=1.0)
    fresh = linen_state(js.inject(optax.adam)(plateau()))
    stored = serialization.to_bytes(js.snapshot(state).state)
    arrays = serialization.from_bytes(js.snapshot(fresh).state, stored)
    restored, changes = js.restore(fresh, js.states.Snapshot(arrays, js.snapshot(state).schedules))
    assert changes == [] and same_bits(restored, state)
    assert same_bits(jax.jit(linen_step)(restored), jax.jit(linen_step)(state))


# --- Equinox


def test_an_equinox_loop_with_filter_jit():
    """Its models hold functions and `None`s beside the parameters."""
    model = eqx.nn.MLP(3, 1, 4, 1, key=jax.random.key(0))
    optimizer = optax.chain(optax.scale_by_adam(), js.by_group({"layers/0/": plateau(), "layers/1/": 0.01}))
    traces, seen = [], []

    @eqx.filter_jit(donate="all")
    def step(model, state):
        traces.append(1)
        gradient = eqx.filter_grad(lambda model: jnp.mean((jax.vmap(model)(X) - Y) ** 2))(model)
        updates, state = optimizer.update(gradient, state, eqx.filter(model, eqx.is_inexact_array))
        return eqx.apply_updates(model, updates), state

    state = optimizer.init(eqx.filter(model, eqx.is_inexact_array))
    observe = eqx.filter_jit(js.observe)
    for metric in METRICS:
        model, state = step(model, state)
        state = observe(state, value=metric)
        seen.append(rates(state)["layers/0/learning_rate"])
    assert seen == pytest.approx(alone(METRICS)) and len(traces) == 1
    assert rates(state)["layers/1/learning_rate"] == pytest.approx(0.01)
    stored = io.BytesIO()
    eqx.tree_serialise_leaves(stored, state)
    stored.seek(0)
    state = eqx.tree_deserialise_leaves(stored, state)
    model, state = step(model, js.override(state, {"layers/1/learning_rate": 0.5}))
    assert rates(state)["layers/1/learning_rate"] == 0.5 and len(traces) == 1


# --- a step is an optimizer update


@pytest.mark.parametrize("observing", ["between", "at_updates"])
def test_multi_steps_counts_updates_and_not_batches(observing):
    """At updates, only the metric of the batch that completes a step arrives."""
    optimizer, p = optax.MultiSteps(js.inject(optax.sgd)(plateau()), every_k_schedule=3), params()
    state, seen = optimizer.init(p), []
    update = jax.jit(lambda state, value: optimizer.update(p, state, p, value=value)[1])
    silent = jax.jit(lambda state: optimizer.update(p, state, p)[1])
    for metric in METRICS:
        for batch in range(3):
            if observing == "between":
                state = silent(state)
            else:
                state = update(state, metric if batch == 2 else float("nan"))
        state = js.observe(state, value=metric) if observing == "between" else state
        controller_state = optax.tree.get(state, "slots")["learning_rate"].state
        seen.append(float(plateau()(controller_state._replace(step=state.inner_opt_state.count))))
    assert seen == pytest.approx(alone(METRICS))
    assert int(state.inner_opt_state.count) == len(METRICS) == int(state.gradient_step)


def test_multi_steps_inside_of_a_scan_uses_schedule_of_k_at_step_k():
    optimizer, p = optax.MultiSteps(js.inject(optax.adam)(LR), every_k_schedule=2), params(jnp.bfloat16)

    def step(state, _):
        updates, state = optimizer.update(p, state, p)
        return state, (js.last_used(state)["learning_rate"], optax.tree.norm(updates) > 0)

    _, (seen, moved) = jax.lax.scan(step, optimizer.init(p), None, length=12)
    assert moved.tolist() == [False, True] * 6
    np.testing.assert_allclose(seen[1::2], LR(np.arange(6)), rtol=1e-6)
