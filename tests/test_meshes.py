"""A state beside parameters on a mesh of eight devices: restored and changed, the next step runs, and compiles once."""

import contextlib

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import NamedSharding, PartitionSpec
from support.bridge import rates, relaxed, same_bits
from support.short import parametrize

import jaxsched as js

assert relaxed  # the fixture of this module

MESH = jax.make_mesh((8,), ("data",))
SHARDED, EVERYWHERE = NamedSharding(MESH, PartitionSpec("data")), NamedSharding(MESH, PartitionSpec())
PLATEAU = js.reduce_on_plateau(js.warmup_cosine(0.1, 2, 20), 0.5, patience=0)
OPTIMIZERS = {
    "inject": js.inject(optax.adamw)(PLATEAU, weight_decay=0.1),
    "link": optax.chain(optax.scale_by_adam(), js.scale_by_learning_rate(PLATEAU)),
    "groups": optax.chain(optax.scale_by_adam(), js.by_group({"w": PLATEAU, "v": js.scale(PLATEAU, 0.5)})),
    "noise": optax.chain(
        optax.scale_by_adam(), optax.add_noise(0.1, 0.5, jax.random.key(0)), js.scale_by_learning_rate(PLATEAU)
    ),
    "sgd": js.inject(optax.sgd)(PLATEAU),
}


def params():
    return jax.device_put({"w": jnp.arange(16.0), "v": jnp.ones(8)}, SHARDED)


def run(name):
    """A compiled step of parameters and state, and both after some of them: as they are in the middle of a run."""
    optimizer = OPTIMIZERS[name]

    @jax.jit
    def step(p, state):
        updates, state = optax.with_extra_args_support(optimizer).update(p, state, p, value=jnp.sum(p["w"]))
        return optax.apply_updates(p, updates), state

    p, state = params(), optimizer.init(params())
    for _ in range(4):  # by then what goes in lies as what comes out
        p, state = step(p, state)
    return optimizer, step, p, state


def as_a_library_restores(state, template):
    """Sharded arrays to where the template has them, and the others committed to the first device, as Orbax does."""

    def put(x, like):
        there = like.sharding if like.committed else jax.devices()[0]
        return jax.device_put(jax.device_get(x), there)

    return jax.tree.map(put, state, template)


FORMS = [(name, form) for name in OPTIMIZERS for form in ("state", "snapshot", "numpy")]


@parametrize(
    ("name", "form"), FORMS, [("inject", "state"), ("groups", "snapshot"), ("noise", "numpy"), ("sgd", "state")]
)
def test_the_step_after_restoring_runs_and_is_compiled_already(name, form):
    optimizer, step, p, state = run(name)
    saved = as_a_library_restores(state, optimizer.init(params()))
    with pytest.raises(ValueError, match="incompatible devices"):
        step(p, saved)
    saved = {"state": lambda x: x, "snapshot": js.snapshot, "numpy": jax.device_get}[form](saved)
    before = step._cache_size()
    restored, changes = js.restore(optimizer.init(params()), saved)
    assert changes == [] and rates(restored) == rates(state)
    chex.assert_trees_all_equal(step(p, restored), step(p, state))
    if name != "sgd":  # nothing in its state lies on the mesh: its numbers are left to JAX, as those of `init` are
        assert step._cache_size() == before
        assert all(x.committed and len(x.sharding.device_set) == 8 for x in jax.tree.leaves(restored))


@pytest.mark.parametrize("template", [True, False], ids=["template", "bare"])
def test_orbax_itself(template, tmp_path):
    """With the template of the page on resuming: parameters on the mesh, numbers wherever `init` makes them."""
    ocp = pytest.importorskip("orbax.checkpoint")
    optimizer, step, p, state = run("inject")
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "state", {"params": p, "optimizer": state})
        checkpointer.wait_until_finished()
        fresh = {"params": params(), "optimizer": optimizer.init(params())}
        saved = checkpointer.restore(tmp_path / "state", *([fresh] if template else []))
    restored, changes = js.restore(fresh, saved)
    before = step._cache_size()
    got = step(restored["params"], restored["optimizer"])
    assert changes == [] and step._cache_size() == before
    chex.assert_trees_all_equal(got, step(p, state))


def test_what_lies_beside_no_mesh_is_left_to_jax():
    optimizer, step, p, state = run("sgd")
    saved = jax.device_put(jax.device_get(state), jax.devices()[3])
    restored, _ = js.restore(optimizer.init(params()), saved)
    assert not any(x.committed for x in jax.tree.leaves(restored)) and same_bits(restored, state)
    before = step._cache_size()
    step(p, restored)
    assert step._cache_size() == before


def test_arrays_go_where_the_fresh_state_has_them():
    """Saved on one device or on another mesh; numbers of a tree that was put on one device stay there."""
    optimizer, step, p, state = run("inject")
    here = jax.devices()[2]
    fresh = jax.device_put(jax.device_get(optimizer.init(params())), here)
    restored, _ = js.restore(fresh, state)
    assert {x.sharding.device_set.copy().pop() for x in jax.tree.leaves(restored)} == {here}
    back, _ = js.restore(optimizer.init(params()), restored)
    assert back.inner_state[0].mu["w"].sharding.is_equivalent_to(SHARDED, 1)
    half = NamedSharding(jax.make_mesh((4,), ("data",), devices=jax.devices()[:4]), PartitionSpec("data"))
    on_half = optimizer.init(jax.device_put(jax.device_get(params()), half))
    fewer, _ = js.restore(on_half, as_a_library_restores(state, optimizer.init(params())))
    assert {len(x.sharding.device_set) for x in jax.tree.leaves(fewer)} == {4} and same_bits(
        jax.device_get(fewer), jax.device_get(state)
    )


def test_a_state_of_another_mesh_comes_onto_that_of_the_fresh_one():
    optimizer, _, _, state = run("inject")
    few = NamedSharding(jax.make_mesh((4,), ("data",), devices=jax.devices()[:4]), PartitionSpec("data"))
    p = jax.device_put(params(), few)
    for saved in (state, js.snapshot(state)):
        new, changes = js.restore(optimizer.init(p), saved)
        assert not changes and {x.sharding.device_set == few.device_set for x in jax.tree.leaves(new)} == {True}
        assert same_bits(jax.device_get(new), jax.device_get(state))
        jax.jit(optimizer.update)(p, new, p, value=1.0)


@pytest.mark.skipif(not hasattr(jax, "set_mesh"), reason="an older JAX")
@pytest.mark.parametrize("within", [True, False])
def test_shapes_alone_of_parameters_on_an_explicit_mesh(within):
    mesh = jax.make_mesh((8,), ("data",), axis_types=(jax.sharding.AxisType.Explicit,))
    p = jax.device_put({"w": np.arange(16.0), "v": np.ones(8)}, NamedSharding(mesh, PartitionSpec("data")))
    optimizer = OPTIMIZERS["inject"]
    _, state = jax.jit(optimizer.update)(p, optimizer.init(p), p, value=1.0)
    with jax.set_mesh(mesh) if within else contextlib.nullcontext():
        new, changes = js.restore(jax.eval_shape(optimizer.init, p), jax.device_get(state))
        assert not changes and same_bits(jax.device_get(new), jax.device_get(state))
        jax.jit(optimizer.update)(p, new, p, value=1.0)
    if within:
        assert new.inner_state[0].mu["w"].sharding.spec == PartitionSpec("data")


def on_one_device(x):
    return jax.device_put(jnp.asarray(x), jax.devices()[5])


CHANGES = {
    "observe": lambda state, put: js.observe(state, value=put(1e9)),
    "override": lambda state, put: js.override(state, dict.fromkeys(js.current(state), put(0.5))),
    "replace_schedule": lambda state, put: js.replace_schedule(
        state,
        {
            name: js.reduce_on_plateau(js.warmup_cosine(put(0.2), 2, 20), 0.5, patience=0)
            for name in js.current(state)
            if "rate" in name
        },
    ),
    "rebase": lambda state, put: js.replace_schedule(
        state, {name: js.Linear(0.1, put(0.01), steps=5) * 2 for name in js.current(state)}, rebase=True
    ),
}


PUT = {"number": float, "on_one_device": on_one_device}
EACH = [(name, change, put) for name in ("inject", "link", "sgd") for change in CHANGES for put in PUT]


@parametrize(("name", "change", "put"), EACH, [x for x in EACH if x[0] == "inject" and x[2] == "on_one_device"])
def test_the_step_after_a_change_is_compiled_already(name, change, put):
    _, step, p, state = run(name)
    before = step._cache_size()
    changed = CHANGES[change](state, PUT[put])
    step(p, changed)
    if change == "rebase":  # to the present value, by another structure
        assert rates(changed) == pytest.approx(rates(state), rel=1e-6)
    else:
        assert rates(changed) != rates(state) and step._cache_size() == before
    assert np.all([x.sharding.is_equivalent_to(EVERYWHERE, x.ndim) for x in jax.tree.leaves(changed) if not x.ndim])
