"""What is in no other group, the first of patterns that overlap, and a factor for each parameter."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import counted, loss, params, rates, relaxed, same_bits, train
from support.kernels import kernels

import jaxsched as js

assert relaxed  # the fixture of this module

P = {"embed": jnp.ones(3), "block": {"kernel": jnp.ones((2, 2)), "lora_a": jnp.ones(2), "bias": jnp.ones(2)}}
FACTORS = {"embed": 1.0, "block": {"kernel": 0.125, "lora_a": 16, "bias": jnp.float32(0.5)}}
COSINE = js.warmup_cosine(0.1, 2, 20, end=0.01)


def step_of(optimizer, p=P):
    ones = jax.tree.map(jnp.ones_like, p)
    return jax.tree.map(lambda x: -float(jnp.ravel(x)[0]), optimizer.update(ones, optimizer.init(p), p)[0])


@pytest.mark.parametrize(
    ("schedules", "labels"),
    [
        ({"lora_a": 2.0, ...: None}, None),
        ({...: None, "lora_a": 2.0}, None),
        ({"a": 2.0, ...: None}, {"embed": "e", "block": {"kernel": "k", "lora_a": "a", "bias": "k"}}),
    ],
    ids=["last", "first", "labels"],
)
def test_the_key_of_three_dots_has_what_is_in_no_other_group(schedules, labels):
    optimizer = js.by_group(schedules, labels)
    assert step_of(optimizer) == {"embed": 0.0, "block": {"kernel": 0.0, "lora_a": 2.0, "bias": 0.0}}


def test_the_rest_has_a_name_and_may_be_nothing():
    optimizer = js.by_group({"block": 0.5, ...: COSINE})
    assert list(rates(optimizer.init(P))) == ["block/learning_rate", "rest/learning_rate"]
    assert step_of(js.by_group({"embed": 1.0, "block": 2.0, ...: None}))["block"]["bias"] == 2.0
    state = js.override(optimizer.init(P), {"rest/learning_rate": 0.25})
    assert rates(state)["rest/learning_rate"] == 0.25
    restored, changes = js.restore(optimizer.init(P), js.snapshot(state))
    assert changes == [] and same_bits(restored, state)


def test_the_first_pattern_wins_when_asked_for():
    optimizer = js.by_group({"lora": 3.0, "block": 2.0, "": 1.0}, first=True)
    assert step_of(optimizer) == {"embed": 1.0, "block": {"kernel": 2.0, "lora_a": 3.0, "bias": 2.0}}


def test_the_rate_of_each_parameter_is_the_schedule_times_its_factor():
    optimizer = optax.chain(optax.scale_by_adam(), js.by_group(COSINE, factors=FACTORS))
    gradient, state = jax.tree.map(jnp.ones_like, P), None
    state, adam = optimizer.init(P), optax.scale_by_adam()
    direction_state = adam.init(P)
    for k in range(5):
        updates, state = optimizer.update(gradient, state, P)
        direction, direction_state = adam.update(gradient, direction_state, P)
        wanted = jax.tree.map(lambda d, f, k=k: -float(COSINE(k)) * f * d, direction, FACTORS)
        jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-6), updates, wanted)
    seen = rates(state)
    assert seen == pytest.approx(
        {f"{name}/learning_rate": float(COSINE(5)) * f for name, f in
         {"block/bias": 0.5, "block/kernel": 0.125, "block/lora_a": 16, "embed": 1.0}.items()}
    )  # fmt: skip


def test_a_part_of_the_tree_may_have_one_factor():
    factors = {"embed": 0.0, "block": 0.5}
    assert step_of(js.by_group(1.0, factors=factors)) == {"embed": 0, "block": dict.fromkeys(P["block"], 0.5)}
    state = js.by_group(1.0, factors=0.5).init(P)
    assert rates(state) == {"learning_rate": 0.5}


def test_factors_are_one_schedule_in_the_state_and_each_is_changed_by_name():
    optimizer = js.by_group(js.reduce_on_plateau(COSINE, 0.5, patience=0), factors=FACTORS)
    state = optimizer.init(P)
    assert len(state.slots.parts) == 1 and len(state.slots) == 4
    before = rates(js.replace_schedule(state, {"embed/learning_rate": 0.25}))
    assert before["embed/learning_rate"] == 0.25
    for _ in range(3):
        _, state = optimizer.update(P, state, P)
    after = js.observe(js.observe(state, value=1.0), value=1.0)
    assert rates(after) == pytest.approx({name: x / 2 for name, x in rates(state).items()})


def test_factors_may_be_swept():
    def final(factor):
        return loss(train(js.by_group(0.1, factors={"body": factor, "head": 1.0}), params(), 5)[0])

    factors = jnp.asarray([0.1, 0.5])
    np.testing.assert_allclose(jax.vmap(final)(factors), [final(float(f)) for f in factors], rtol=1e-5)
    assert np.isfinite(jax.grad(final)(0.5))


def test_factors_cost_few_kernels_and_compile_once():
    many = {f"b{i}": jnp.ones((8, 8)) for i in range(30)}
    factors = {name: 1 / (1 + i) for i, name in enumerate(many)}

    def size(last):
        optimizer = optax.chain(optax.scale_by_adam(), last)
        step, traces = counted(lambda g, state: optimizer.update(g, state, many))
        _, state = step(many, optimizer.init(many))
        step(many, state)
        assert len(traces) == 1
        return kernels(str(jax.jit(step).lower(many, state).compile().as_text()))

    assert size(js.by_group(COSINE, factors=factors)) <= size(js.scale_by_learning_rate(COSINE)) + 3


REFUSED = {
    "unmatched": (dict(schedules={"lora": 1.0}), "'block/bias' matches none. Add one, or the key `...` for the rest"),
    "overlapping": (dict(schedules={"block": 1.0, "": 2.0}), "'block' and ''. Anchor them .* or pass `first=True`"),
    "unlabelled": (dict(schedules={"a": 1.0}, labels={"embed": "a", "block": "b"}), r"\['b'\]. The key `...` has"),
    "two_rests": (dict(schedules={"rest": 1.0, ...: 1.0}), "groups of different names"),
    "structure": (dict(schedules=1.0, factors={"embed": 1.0}), "`factors` must be a tree of the parameters' structure"),
    "none": (dict(schedules=1.0, factors={"embed": None, "block": 1.0}), "(?s)a factor for each .* not None"),
    "empty": (dict(schedules=1.0, factors={}), "`factors` must have a number for each parameter"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_groups_that_do_not_fit_are_refused_with_a_remedy(name):
    arguments, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        js.by_group(**arguments).init(P)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (dict(schedules=1.0, factors={"a": -1.0}), ValueError, r"`factors\['a'\]` must not be negative: got -1.0"),
        (dict(schedules=1.0, factors={"a": "b"}), TypeError, r"`factors\['a'\]` must be a number: got 'b'"),
        (dict(schedules=1.0, factors={"a": jnp.ones(2)}), TypeError, r"`factors\['a'\]` must be a number.*Give each"),
        (dict(schedules={"a": 1.0}, factors={"a": 1.0}), TypeError, "`schedules` must be one schedule beside"),
        (dict(schedules=1.0, labels={"a": "b"}, factors={"a": 1.0}), ValueError, "`labels` must be None beside"),
        (dict(schedules={"a": 1.0}, labels={"a": "a"}, first=True), ValueError, "`first` must be False beside"),
        (dict(schedules=1.0, factors={"a/b": 1.0, "a": {"b": 1.0}}), ValueError, "by different paths"),
        (dict(schedules={"a": 1.0}, first=1), TypeError, "`first` must be"),
        (dict(schedules=1.0), ValueError, "One schedule for all goes with `factors`"),
    ],
)
def test_what_does_not_go_together_is_refused_when_it_is_made(arguments, error, message):
    with pytest.raises(error, match=message):
        js.by_group(**arguments)
