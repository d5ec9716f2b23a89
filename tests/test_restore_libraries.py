"""What the real checkpoint libraries give back: without a template too, they know neither classes nor schedules."""

import io
import pickle

import jax
import optax
import pytest
from support.bridge import params, rates, relaxed, same_bits, train

import jaxsched as js

ocp = pytest.importorskip("orbax.checkpoint")
serialization = pytest.importorskip("flax.serialization")
nnx = pytest.importorskip("flax.nnx")
eqx = pytest.importorskip("equinox")

assert relaxed  # the fixture of this module

RATE = js.reduce_on_plateau(js.warmup_cosine(1e-3, 3, 20), 0.5, patience=0, every=2)
WEIGHTS = {"weight_decay": js.nodes.Piecewise([3, 6], [0.1, 0.2, 0.3])}
LONGER = js.reduce_on_plateau(js.warmup_cosine(1e-3, 3, 40), 0.5, patience=0, every=2)
CHANGE = "learning_rate.schedule.schedule.steps: 17 -> 37"


def optimizer_of(rate):
    return optax.chain(optax.clip(1.0), js.inject(optax.adamw)(rate, **WEIGHTS))


@pytest.fixture(scope="module")
def state():
    with jax.numpy_dtype_promotion("standard"):
        return train(optimizer_of(RATE), params(), 5, value=1.0)[1]


def orbax(tree, folder):
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder / "state", tree)
        checkpointer.wait_until_finished()
        return checkpointer.restore(folder / "state")


def equinox(tree, folder):
    stored = io.BytesIO()
    eqx.tree_serialise_leaves(stored, tree)
    stored.seek(0)
    return eqx.tree_deserialise_leaves(stored, optimizer_of(RATE).init(params()))


LIBRARIES = {
    "Orbax": orbax,
    "msgpack": lambda tree, folder: serialization.msgpack_restore(serialization.to_bytes(tree)),
    "to_state_dict": lambda tree, folder: serialization.to_state_dict(tree),
    "pickle": lambda tree, folder: pickle.loads(pickle.dumps(tree)),
    "Equinox": equinox,
}


@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
def test_a_state_goes_on_to_the_bit_and_another_length_is_told(library, state, tmp_path):
    saved = library(state, tmp_path)
    again, changes = js.restore(optimizer_of(RATE).init(params()), saved)
    assert changes == [] and same_bits(again, state)
    longer, changes = js.restore(optimizer_of(LONGER).init(params()), saved)
    assert changes == [CHANGE] and rates(longer) != rates(state)
    abstract, changes = js.restore(jax.eval_shape(optimizer_of(LONGER).init, params()), saved)
    assert changes == [] and rates(abstract) == rates(state)


def test_a_whole_snapshot_in_msgpack(state):
    saved = serialization.msgpack_restore(serialization.to_bytes(js.snapshot(state)))
    again, changes = js.restore(optimizer_of(LONGER).init(params()), saved)
    assert changes == [CHANGE] and same_bits(again[1].inner_state, state[1].inner_state)


def test_nnx_s_state_of_an_optimizer(tmp_path):
    class Model(nnx.Module):
        def __init__(self):
            self.layer = nnx.Linear(2, 2, rngs=nnx.Rngs(0))

    model, longer = (Model() for _ in range(2))
    optimizer = nnx.Optimizer(model, optimizer_of(RATE), wrt=nnx.Param)
    optimizer.update(model, nnx.state(model, nnx.Param))
    saved = nnx.to_pure_dict(nnx.state(optimizer))["opt_state"]
    fresh = nnx.Optimizer(longer, optimizer_of(LONGER), wrt=nnx.Param)
    stored = orbax(nnx.state(optimizer)["opt_state"], tmp_path)
    for form in (saved, stored, nnx.state(optimizer)["opt_state"], optimizer.opt_state):
        fresh.opt_state, changes = js.restore(fresh.opt_state, form)
        assert changes == [CHANGE] and int(fresh.opt_state[1].count[...]) == 1
    fresh.update(longer, nnx.state(longer, nnx.Param))
    with pytest.raises(ValueError, match=r"optimizer\.opt_state"):
        js.snapshot(nnx.state(optimizer))
