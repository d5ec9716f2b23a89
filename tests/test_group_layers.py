"""Layers that are stacked in one array: a rate for each along the leading axis, by name."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import avals, rates, relaxed, same_bits

import jaxsched as js

assert relaxed  # the fixture of this module

PLATEAU = js.reduce_on_plateau(0.4, 0.5, patience=0)
PARAMS = {"embed": jnp.ones(2), "blocks": {"w": jnp.ones((12, 3)), "b": jnp.ones(12)}, "head": jnp.ones(2)}
NAMES = [f"blocks/{i}/learning_rate" for i in range(12)]


def updated(optimizer, state=None, params=PARAMS):
    return jax.jit(optimizer.update)(params, optimizer.init(params) if state is None else state, params)


@pytest.mark.parametrize(
    "layers",
    [
        js.layerwise(1e-3, 0.5, 12),
        tuple(1e-3 * 0.5 ** (11 - i) for i in range(12)),
        js.stack([js.Constant(1e-3 * 0.5 ** (11 - i)) for i in range(12)]),
        js.Constant(1e-3 * 0.5 ** np.arange(11.0, -1, -1)),
        1e-3 * 0.5 ** jnp.arange(11.0, -1, -1),
    ],
    ids=["layerwise", "numbers", "stack", "constant", "array"],
)
def test_each_layer_has_a_rate_of_its_own(layers):
    optimizer = js.by_group({"embed": 1e-4, "blocks/": layers, "head": 1e-3})
    updates, state = updated(optimizer)
    wanted = 1e-3 * 0.5 ** np.arange(11.0, -1, -1)
    np.testing.assert_allclose(updates["blocks"]["w"], -wanted[:, None] * np.ones(3), rtol=1e-6)
    np.testing.assert_allclose(updates["blocks"]["b"], -wanted, rtol=1e-6)
    np.testing.assert_allclose([updates["embed"][0], updates["head"][0]], [-1e-4, -1e-3], rtol=1e-6)
    named = dict(zip(NAMES, wanted, strict=True), **{"embed/learning_rate": 1e-4, "head/learning_rate": 1e-3})
    assert state.slots.parts[0].names[:12] == tuple(NAMES)  # neighbours in the vector: a slice of it, no kernel
    assert rates(state) == pytest.approx(named) and avals(state) == avals(optimizer.init(PARAMS))


@pytest.mark.parametrize("rate", [js.Cosine(0.1, 0.0, steps=4), PLATEAU], ids=["schedule", "controller"])
def test_stacked_layers_are_trained_as_layers_by_themselves(rate):
    """Also while one is set by hand, or has another kind of schedule, and its rates are no longer one vector."""
    stacked = js.by_group({"": js.layerwise(rate, 0.5, 3)})
    alone = js.by_group(js.layerwise(rate, 0.5, ["0", "1", "2"]))
    p = jnp.asarray([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    each = {str(i): x for i, x in enumerate(p)}
    states = [stacked.init(p), alone.init(each)]
    for change in (
        lambda x: x,
        lambda x: js.override(x, {"1/learning_rate": 0.3}),
        lambda x: js.override(x, {"1/learning_rate": None}),
        lambda x: js.replace_schedule(x, {"2/learning_rate": js.Linear(1.0, 0.5, steps=9)}),
    ):
        states = [change(x) for x in states]
        (got, first), (wanted, second) = (
            optimizer.update(x, state, x, value=1.0)
            for optimizer, state, x in zip((stacked, alone), states, (p, each), strict=True)
        )
        states = [first, second]
        np.testing.assert_allclose(got, [wanted[name] for name in "012"], rtol=1e-6)
        assert same_bits(first, second)


def test_layers_are_fed_and_restored_by_name():
    optimizer = js.by_group({"blocks": js.layerwise(PLATEAU, 0.5, 12), "embed": None, "head": 0.1})
    state = optimizer.init(PARAMS)
    for _ in range(2):
        state = js.observe(state, value=1.0, name="blocks/3/learning_rate")
    assert [name for name, events in js.events(state).items() if events.reduced] == ["blocks/3/learning_rate"]
    again, lines = js.restore(optimizer.init(PARAMS), js.snapshot(state))
    assert same_bits(again, state) and lines == []
    fewer = js.by_group({"blocks": js.layerwise(PLATEAU, 0.5, 4), "embed": None, "head": 0.1})
    p = {**PARAMS, "blocks": jnp.ones(4)}
    again, lines = js.restore(fewer.init(p), js.snapshot(state))
    assert rates(again)["blocks/3/learning_rate"] == pytest.approx(0.2) and any("blocks/11/" in x for x in lines)


def test_the_dtypes_of_stacked_parameters_are_kept():
    p = {"blocks": jnp.ones((3, 2), jnp.bfloat16)}
    updates, _ = updated(js.by_group({"blocks": js.layerwise(0.5, 0.5, 3)}), params=p)
    assert updates["blocks"].dtype == jnp.bfloat16 and updates["blocks"][:, 0].tolist() == [-0.125, -0.25, -0.5]


def test_what_is_no_parameter_among_layers_has_no_update():
    optimizer = js.by_group({"blocks": [0.5, 0.25]})
    p = {"blocks": {"w": jnp.ones((2, 3)), "code": None}}
    updates, state = optimizer.update(p, optimizer.init(p), p)
    assert updates["blocks"]["code"] is None and updates["blocks"]["w"][:, 0].tolist() == [-0.5, -0.25]
    assert avals(optax.tree.map_params(optimizer, jnp.zeros_like, state)) == avals(state)


def test_a_linen_scan():
    linen = pytest.importorskip("flax.linen")

    class Block(linen.Module):
        @linen.compact
        def __call__(self, x, _):
            return linen.Dense(2)(x), None

    model = linen.scan(Block, variable_axes={"params": 0}, split_rngs={"params": True}, length=3)()
    try:
        p = model.init(jax.random.key(0), jnp.ones(2), None)
    except AttributeError as error:  # of the oldest of both
        pytest.skip(f"this flax does not scan with this jax: {error}")
    check_layers_of(p, "params")


def test_nnx_layers_made_by_vmap():
    nnx = pytest.importorskip("flax.nnx")
    layers = nnx.vmap(lambda key: nnx.Linear(2, 2, rngs=nnx.Rngs(key)))(jax.random.split(jax.random.key(0), 3))
    check_layers_of({"layers": nnx.state(layers, nnx.Param)}, "layers")
    if not hasattr(nnx, "Dict"):
        pytest.skip("this flax has no nnx.Dict")
    model = nnx.Dict(layers=layers)
    optimizer = nnx.Optimizer(model, js.by_group({"layers": js.layerwise(0.4, 0.5, 3)}), wrt=nnx.Param)
    before = jnp.array(model["layers"].kernel[...])
    optimizer.update(model, jax.tree.map(jnp.ones_like, nnx.state(model, nnx.Param)))
    np.testing.assert_allclose((before - model["layers"].kernel[...])[:, 0, 0], [0.1, 0.2, 0.4], rtol=1e-4)
    optimizer.opt_state = js.override(optimizer.opt_state, {"layers/1/learning_rate": 0.5})
    assert rates(optimizer)["layers/1/learning_rate"] == 0.5


def test_equinox_layers_made_by_vmap():
    eqx = pytest.importorskip("equinox")
    layers = eqx.filter_vmap(lambda key: eqx.nn.Linear(2, 2, key=key))(jax.random.split(jax.random.key(0), 3))
    check_layers_of({"layers": eqx.filter(layers, eqx.is_inexact_array)}, "layers")


def check_layers_of(p, group):
    optimizer = optax.chain(optax.identity(), js.by_group({group: js.layerwise(0.4, 0.5, 3)}))
    updates, _ = optimizer.update(jax.tree.map(jnp.ones_like, p), optimizer.init(p), p)
    for x in jax.tree.leaves(updates):
        np.testing.assert_allclose(x, np.broadcast_to(-np.reshape([0.1, 0.2, 0.4], (3, *(1,) * (x.ndim - 1))), x.shape))


BAD = {
    "another length": (
        lambda: js.by_group({"blocks": [0.1] * 4, "head|embed": 0.1}).init(PARAMS),
        ValueError,
        r"`schedules\['blocks'\]` .* got 4, and 'blocks/b' has the shape \(12,\)",
    ),
    "no axis": (
        lambda: js.by_group({"": [0.1, 0.2]}).init(jnp.ones(())),
        ValueError,
        r"got 2, and '' has the shape \(\)",
    ),
    "another length at an update": (
        lambda: js.by_group({"": [0.1, 0.2]}).update(jnp.ones(3), js.by_group({"": [0.1, 0.2]}).init(jnp.ones(2))),
        ValueError,
        r"got 2, and '' has the shape \(3,\)",
    ),
    "no layer": (lambda: js.by_group({"blocks": []}), ValueError, r"`schedules\['blocks'\]` .* got none"),
    "a frozen layer": (lambda: js.by_group({"a": [0.1, None]}), TypeError, r"`schedules\['a'\]\[1\]` .* got None"),
    "a column": (
        lambda: js.by_group({"a": js.Constant(np.ones((4, 1)))}),
        TypeError,
        r"`schedules\['a'\]\[0\]` must be one number at each step",
    ),
    "one name": (
        lambda: js.by_group({"a": [0.1, 0.2], "a/1": 0.3}),
        ValueError,
        r"\['a', 'a/1'\] are all 'a/1/learning_rate'",
    ),
    "no number of layers": (lambda: js.layerwise(0.1, 0.5, 0), ValueError, "`layers` must be .* got 0"),
    "a truth": (lambda: js.layerwise(0.1, 0.5, True), TypeError, "`layers` must be .* got True"),
    "a fraction": (lambda: js.layerwise(0.1, 0.5, 2.5), TypeError, "`layers` must be .* got 2.5"),
}


@pytest.mark.parametrize("call, error, message", BAD.values(), ids=BAD)
def test_what_is_wrong_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_table_is_no_stack():
    optimizer = js.by_group({"": js.Tabulated([0.5, 0.25])})
    assert rates(optimizer.init(jnp.ones(2))) == {"learning_rate": 0.5}
