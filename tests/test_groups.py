"""A schedule for each group of parameters: `by_group` and `layerwise`."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import advance, avals, loss, params, rates, relaxed, same_bits, train

import jaxsched as js

assert relaxed  # the fixture of this module

HEAD, BODY = js.Cosine(0.1, 0.0, steps=8), js.warmup(js.Linear(0.05, 0.01, steps=5), 3)
LABELS = {"body": "b", "head": "h"}


def deep():
    """Parameters of a network with a list in it and names within names."""
    layer = lambda: {"kernel": jnp.ones((2, 2)), "bias": jnp.ones(2)}  # noqa: E731
    return {"embed": jnp.ones(3), "layers": [layer() for _ in range(11)], "head": layer()}


def step_of(optimizer, p):
    """One update by gradients of one: minus the rate of each parameter."""
    ones = jax.tree.map(jnp.ones_like, p)
    return jax.tree.map(lambda x: -float(jnp.ravel(x)[0]), optimizer.update(ones, optimizer.init(p), p)[0])


@pytest.mark.parametrize(
    "optimizer",
    [
        js.by_group({"body": BODY, "head": HEAD}),
        js.by_group({r"^body/w$": BODY, r"^head": HEAD}),
        js.by_group({"b": BODY, "h": HEAD}, LABELS),
        js.by_group({"b": BODY, "h": HEAD}, {"body": {"w": "b"}, "head": "h"}),
        js.by_group({"b": BODY, "h": HEAD}, lambda p: {name: LABELS[name] for name in p}),
    ],
    ids=["patterns", "anchored", "labels", "labels_of_all", "function"],
)
@pytest.mark.parametrize("direction", [optax.identity, optax.scale_by_adam], ids=["sgd", "adam"])
def test_each_group_is_trained_as_by_its_own_optimizer(optimizer, direction):
    got, state, seen = train(optax.chain(direction(), optimizer), params(), 10)
    for name, schedule in (("body", BODY), ("head", HEAD)):
        wanted, _, _ = train(optax.chain(direction(), js.scale_by_learning_rate(schedule)), params(), 10)
        chex.assert_trees_all_close(got[name], wanted[name], rtol=1e-5)
        key = next(key for key in seen if key.strip("^").startswith(name[0]))
        np.testing.assert_allclose(seen[key], schedule(np.arange(10)), rtol=2e-6)
    assert len(seen) == 2 and int(state[-1].count) == 10


def test_there_is_one_count_for_all_groups():
    optimizer = js.by_group({"body": BODY, "head": js.reduce_on_plateau(HEAD)})
    counts = [
        path
        for path, x in jax.tree_util.tree_leaves_with_path(optimizer.init(params()))
        if "count" in jax.tree_util.keystr(path) or "step" in jax.tree_util.keystr(path[-1:])
    ]
    assert len([path for path in counts if "schedule" not in jax.tree_util.keystr(path)]) == 1


@pytest.mark.parametrize("labels", [None, LABELS], ids=["patterns", "labels"])
def test_none_freezes_to_the_bit(labels):
    """Also what a decoupled weight decay before it, or a gradient that is not finite, would have moved."""
    rates_of = {"body": None, "head": HEAD} if labels is None else {"b": None, "h": HEAD}
    optimizer = optax.chain(optax.scale_by_adam(), optax.add_decayed_weights(0.5), js.by_group(rates_of, labels))
    p, state, seen = train(optimizer, params(), 5)
    assert same_bits(p["body"], params()["body"]) and not same_bits(p["head"], params()["head"])
    assert len(seen) == 1 and len(js.current(state)) == 1
    gradient = {"body": {"w": jnp.asarray([np.nan, np.inf, 1.0])}, "head": jnp.ones((1, 2))}
    updates, _ = optimizer.update(gradient, optimizer.init(p), p)
    assert same_bits(optax.apply_updates(p, updates)["body"], p["body"])


def test_all_may_be_frozen():
    p, _, seen = train(js.by_group({"": None}), params(), 2)
    assert same_bits(p, params()) and seen == {}


def test_after_an_optimizer_that_descends_by_itself():
    """A group's rate times AdamW's step of rate 1 is AdamW at that rate, weight decay and all."""
    optimizer = optax.chain(optax.adamw(1.0), js.by_group({"body": 0.05, "head": HEAD}, flip_sign=False))
    got, _, _ = train(optimizer, params(), 6)
    for name, schedule in (("body", 0.05), ("head", HEAD)):
        chex.assert_trees_all_close(got[name], train(optax.adamw(schedule), params(), 6)[0][name], rtol=1e-5)


def test_patterns_are_searched_for_in_paths_of_all_kinds():
    rates_of = {r"layers/0/": 1.0, r"layers/([1-9]|10)/.*bias": 2.0, r"layers/([1-9]|10)/kernel": 3.0, "^head": 4.0}
    step = step_of(js.by_group({**rates_of, "embed": None}), deep())
    assert step["embed"] == 0 and set(step["head"].values()) == {4.0} and set(step["layers"][0].values()) == {1.0}
    assert all(layer == {"bias": 2.0, "kernel": 3.0} for layer in step["layers"][1:])

    tree = (params(), [jnp.ones(1)])
    assert jax.tree.leaves(step_of(js.by_group({"^0/body/w$": 1.0, "^0/head$": 2.0, "^1/0$": 3.0}), tree)) == [1, 2, 3]


def test_two_groups_have_two_names_and_are_set_fed_and_replaced_alone():
    plateau = js.reduce_on_plateau(0.5, 0.5, patience=0)
    optimizer = optax.chain(optax.scale_by_adam(), js.by_group({"body": plateau, "head": plateau}))
    state = optimizer.init(params())
    assert rates(state) == {"body/learning_rate": 0.5, "head/learning_rate": 0.5}
    state = js.override(state, {"head/learning_rate": 3.0})
    for _ in range(2):
        state = js.observe(state, value=1.0, name="body/learning_rate")
    state = advance(optimizer, state, params())
    assert rates(state) == {"body/learning_rate": 0.25, "head/learning_rate": 3.0}
    assert [bool(js.events(js.observe(state, value=0.5))[name].improved) for name in rates(state)] == [True, True]
    with pytest.raises(ValueError, match="`learning_rate` must name .*body/learning_rate.*head/learning_rate"):
        js.override(state, learning_rate=1.0)
    state = advance(optimizer, js.replace_schedule(state, {"body/learning_rate": 7.0}), params())
    assert rates(state) == {"body/learning_rate": 7.0, "head/learning_rate": 3.0}


@pytest.mark.parametrize(
    "group, name",
    {"block_1/": "block_1/", "/w$": "w$/", "a//b/": "a/b/", "^head": "^head/", "": "", "/": "", 3: "3/"}.items(),
)
def test_names_of_groups_have_no_empty_part(group, name):
    """So that `group/name` in a partition has none either; the pattern that finds everything has no name to add."""
    state = js.by_group({group: 0.5}, lambda p: group).init(params())
    assert list(rates(state)) == [f"{name}learning_rate"]
    assert list(rates({"part": state})) == [f"part/{name}learning_rate"]


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16, jnp.float32])
def test_updates_and_state_keep_their_dtypes(dtype):
    optimizer, p = js.by_group({"body": None, "head": HEAD}), params(dtype)
    state = optimizer.init(p)
    updates, after = optimizer.update(p, state, p)
    assert avals(after) == avals(state) and {x.dtype for x in jax.tree.leaves(updates)} == {jnp.dtype(dtype)}


def test_updates_that_are_none_stay_none():
    """What is no parameter has no gradient in Equinox; AdamW in optax wants the same of the parameters."""
    p, gradient = {"w": jnp.ones(2), "count": jnp.arange(3)}, {"w": jnp.ones(2), "count": None}
    optimizer = js.by_group({"w": 0.5, "count": None})
    updates, _ = optimizer.update(gradient, optimizer.init(p), p)
    assert updates["count"] is None and updates["w"].tolist() == [-0.5, -0.5]


def test_without_parameters_at_an_update_the_paths_of_the_updates_are_read():
    optimizer = js.by_group({"body": 0.5, "head": None})
    updates, _ = optimizer.update(params(), optimizer.init(params()))
    chex.assert_trees_all_equal(updates["body"]["w"], -0.5 * params()["body"]["w"])


def test_masked_partitioned_and_mapped_by_optax():
    masked = optax.masked(js.by_group({"body": 0.5}), {"body": True, "head": False})
    updates, state = masked.update(params(), masked.init(params()), params())
    assert same_bits(updates["head"], params()["head"]) and rates(state) == {"body/learning_rate": 0.5}
    parts = optax.partition({"b": js.by_group({"body": 0.5}), "h": optax.set_to_zero()}, LABELS)
    updates, state = parts.update(params(), parts.init(params()), params())
    assert rates(state) == {"b/body/learning_rate": 0.5} and not np.any(updates["head"])
    optimizer = optax.chain(optax.scale_by_adam(), js.by_group({"body": 0.5, "head": 1.0}))
    state = optimizer.init(params())
    assert avals(optax.tree.map_params(optimizer, jnp.zeros_like, state)) == avals(state)


def test_a_sweep_over_the_rates_of_groups_is_one_program():
    def final(body, head):
        return loss(train(js.by_group({"body": js.Linear(body, 0.0, steps=5), "head": head}), params(), 5)[0])

    body, head = jnp.asarray([0.01, 0.02, 0.05]), jnp.asarray([0.03, 0.0, 0.01])
    got = jax.jit(jax.vmap(final))(body, head)
    np.testing.assert_allclose(got, [final(float(b), float(h)) for b, h in zip(body, head, strict=True)], rtol=1e-5)


LAYERS = ["embed", *(f"layers/{i}/" for i in range(11)), "head"]


def test_layerwise_falls_by_its_factor_from_the_head_to_the_input():
    rates_of = js.layerwise(HEAD, 0.5, LAYERS)
    assert list(rates_of) == LAYERS
    step = step_of(js.by_group(rates_of), deep())
    assert step["embed"] == pytest.approx(0.1 * 0.5**12)
    for i, layer in enumerate([*step["layers"], step["head"]]):
        assert list(layer.values()) == pytest.approx([0.1 * 0.5 ** (11 - i)] * 2)
    for i, rate in enumerate(reversed(rates_of.values())):
        np.testing.assert_allclose(rate(np.arange(8)), HEAD(np.arange(8)) * np.float32(0.5**i), rtol=1e-6)


@pytest.mark.parametrize("wrap", [js.reduce_on_plateau, js.greedy, js.recover], ids=lambda wrap: wrap.__name__)
def test_a_controller_of_each_layer_observes_the_same_metric(wrap):
    """For greedy, whose ceiling is absolute, the rates are well below it."""
    options = {} if wrap is js.recover else {"patience": 0}
    optimizer = js.by_group(js.layerwise(wrap(HEAD, 0.5, **options), 0.1, ["body", "head"]))
    state, alone = optimizer.init(params()), wrap(HEAD, 0.5, **options)
    at = alone.init()
    for metric in (1.0, 2.0, float("nan"), 0.5, float("inf")):
        state, at = js.observe(state, value=metric), alone.observe(at, value=metric)
        head = float(alone(at))
        assert rates(state) == pytest.approx({"body/learning_rate": 0.1 * head, "head/learning_rate": head})
    assert int(at.cuts) > 0


def test_layerwise_takes_numbers_functions_and_traced_factors():
    assert [float(rate(0)) for rate in js.layerwise(1, 2, ["a", "b", "c"]).values()] == [4.0, 2.0, 1.0]
    assert float(js.layerwise(lambda k: k + 1.0, 0.5, ["a", "b"])["a"](3)) == 2.0
    factor = jax.jit(lambda decay: js.layerwise(HEAD, decay, ["a", "b", "c"])["a"](0))
    np.testing.assert_allclose([factor(0.5), factor(0.25)], [0.1 * 0.25, 0.1 * 0.0625], rtol=1e-6)


BAD = {
    "nothing": (lambda: js.by_group({}), ValueError, r"`schedules` must hold .* got \{\}"),
    "a list": (lambda: js.by_group([0.1]), ValueError, r"`schedules` must hold .* got \[0.1\]"),
    "one name": (
        lambda: js.by_group({"head": 0.1, "head/": 0.2}, LABELS),
        ValueError,
        r"`schedules` .* different names: \['head', 'head/'\] are all 'head/learning_rate'",
    ),
    "one name in print": (lambda: js.by_group({1: 0.1, "1": 0.2}, LABELS), ValueError, r"different names: \[1, '1'\]"),
    "text": (lambda: js.by_group({"body": "0.1"}), TypeError, r"`schedules\['body'\]` must be a schedule"),
    "a broken pattern": (lambda: js.by_group({"(": 0.1}).init(params()), ValueError, r"`schedules`.*'\('"),
    "unmatched": (lambda: js.by_group({"body": 0.1}).init(params()), ValueError, "`schedules` .* 'head' matches none"),
    "an overlap": (
        lambda: js.by_group({"body": 0.1, "head|w": 0.2}).init(params()),
        ValueError,
        r"`schedules` .* 'body/w' matches 'body' and 'head\|w'",
    ),
    "unused": (
        lambda: js.by_group({"body": 0.1, "head": 0.2, "tail": 0.3}).init(params()),
        ValueError,
        r"`schedules` must name groups that have parameters: \['tail'\] has none.*body/w.*head",
    ),
    "unknown label": (lambda: js.by_group({"b": 0.1}, LABELS).init(params()), ValueError, r"`labels` .* got \['h'\]"),
    "unused label": (
        lambda: js.by_group({"b": 0.1, "h": 0.2, "t": None}, LABELS).init(params()),
        ValueError,
        r"`schedules` must name groups .* \['t'\] has none",
    ),
    "labels of another tree": (
        lambda: js.by_group({"b": 0.1}, {"body": "b"}).init(params()),
        ValueError,
        "`labels`",
    ),
    "labels in a set": (lambda: js.by_group({"b": 0.1}, {"b"}), TypeError, r"`labels` must be a label.*: got \{'b'\}"),
    "labels in an array": (
        lambda: js.by_group({"b": 0.1}, {"head": "b", "body": np.array(["b", "b"])}),
        TypeError,
        r"`labels\['body'\]` must be a label, such as a string: got .* of type ndarray. Pass a tree",
    ),
    "an array of labels": (
        lambda: js.by_group({"b": 0.1}, jnp.ones(2)),
        TypeError,
        "`labels` must be a label, such as",
    ),
    "labels that a function puts in a set": (
        lambda: js.by_group({"b": 0.1}, lambda _: {"head": "b", "body": {"b"}}).init(params()),
        TypeError,
        r"`labels\['body'\]` must be a label",
    ),
    "layers of text": (lambda: js.layerwise(0.1, 0.5, "head"), ValueError, "`layers` must be a sequence .* 'head'"),
    "no layers": (lambda: js.layerwise(0.1, 0.5, []), ValueError, "`layers` must be a sequence"),
    "a layer of no name": (lambda: js.layerwise(0.1, 0.8, [None]), ValueError, "`layers` must be a sequence"),
    "a layer twice": (lambda: js.layerwise(0.1, 0.5, ["a", "b", "a"]), ValueError, "`layers` .* each once"),
    "no decay": (lambda: js.layerwise(0.1, 0, ["a"]), ValueError, "`decay` must be greater than 0"),
    "decay of text": (lambda: js.layerwise(0.1, "half", ["a"]), TypeError, "`decay` must be a number"),
    "no schedule": (lambda: js.layerwise("0.1", 0.5, ["a"]), TypeError, "`schedule` must be a schedule"),
}


@pytest.mark.parametrize("call, error, message", BAD.values(), ids=BAD)
def test_what_is_wrong_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()
