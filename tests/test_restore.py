"""Going on from a checkpoint in whatever form it comes back, and under other schedules, groups and hyperparameters."""

import functools
import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import advance, avals, params, rates, relaxed, same_bits, shared_buffers, train, used, x64
from support.short import exhaustive

import jaxsched as js

assert relaxed  # the fixture of this module

WARMED = js.warmup_cosine(1e-3, 10, 100)
PLATEAU = js.reduce_on_plateau(WARMED, 0.5, patience=1, every=2)
LABELS = {"body": "a", "head": "b"}
OPTIMIZERS = {
    "inject": js.inject(optax.adamw)(WARMED, weight_decay=js.Linear(0.1, 0.0, steps=50)),
    "controller": js.inject(optax.sgd)(PLATEAU, momentum=0.9),
    "chain": optax.chain(
        optax.clip(1.0), optax.scale_by_adam(), js.scale_by_learning_rate(js.greedy(WARMED, window=3))
    ),
    "groups": optax.MultiSteps(optax.chain(optax.scale_by_adam(), js.by_group({"body": PLATEAU, "head": 0.1})), 2),
    "partition": optax.partition({"a": js.inject(optax.adam)(WARMED), "b": optax.set_to_zero()}, LABELS),
    "hypergradient": optax.chain(js.inject(optax.clip)(WARMED), js.hypergradient(0.1, 1e-3)),
}
optimizers = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)


@functools.cache
def ran(optimizer: Any, steps: int = 5, **metric: float) -> Any:
    """The state after some updates."""
    return train(optimizer, params(), steps, **metric)[1]


def lists(tree):
    """What a library does that knows no NamedTuples."""
    if isinstance(tree, dict):
        return {name: lists(x) for name, x in tree.items()}
    if isinstance(tree, tuple):
        return [lists(x) for x in tree]
    return None if tree is None else np.asarray(tree) if hasattr(tree, "dtype") else dicts(tree)


def dicts(tree):
    """What a library does that stores names: of fields and, as text, of places."""
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return {name: dicts(x) for name, x in tree._asdict().items()}
    if isinstance(tree, (tuple, list)):
        return {str(i): dicts(x) for i, x in enumerate(tree)}
    if isinstance(tree, dict):
        return {name: dicts(x) for name, x in tree.items()}
    if isinstance(tree, (js.Schedule, js.Controller)):
        entries, _ = jax.tree_util.tree_flatten_with_path(tree, is_leaf=lambda x: x is not tree)
        return {path[0].name: dicts(x) for path, x in entries}
    return np.asarray(tree) if hasattr(tree, "dtype") else tree


FORMS = {
    "snapshot": js.snapshot,
    "state": lambda s: s,
    "pair": lambda s: tuple(js.snapshot(s)),
    "dict of both": lambda s: js.snapshot(s)._asdict(),
    "dicts of a snapshot": lambda s: dicts(js.snapshot(s)),
    "lists of a snapshot": lambda s: js.states.Snapshot(lists(js.snapshot(s).state), js.snapshot(s).schedules),
    "JSON schedules": lambda s: [js.snapshot(s).state, json.loads(json.dumps(js.snapshot(s).schedules))],
    "dicts of a state": dicts,
    "lists of a state": lists,
    "NumPy": lambda s: jax.tree.map(np.asarray, s),
}


@optimizers
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_it_takes_every_form_and_goes_on_to_the_bit(form, optimizer):
    state = ran(optimizer, value=1.0)
    again, changes = js.restore(optimizer.init(params()), form(state))
    assert changes == [] and avals(again) == avals(state) and same_bits(again, state)
    assert shared_buffers(again) == 0


@optimizers
def test_an_abstract_state_gets_the_numbers_that_were_saved(optimizer):
    state, shapes = ran(optimizer, value=1.0), jax.eval_shape(optimizer.init, params())
    for form in (js.snapshot, lambda s: s, dicts):
        again, changes = js.restore(shapes, form(state))
        assert changes == [] and jax.tree.structure(again) == jax.tree.structure(state)
        jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-6), again, state)


def test_an_abstract_state_of_other_schedules_is_refused_with_the_remedy():
    adam = js.inject(optax.adam)
    shapes = jax.eval_shape(adam(WARMED).init, params())
    more = jax.eval_shape(adam(js.Cosine(1.0, 0.0, steps=3), b1=0.9).init, params())
    for fresh, saved in ((shapes, ran(adam(0.1))), (more, ran(adam(js.Cosine(1.0, 0.0, steps=3))))):
        for form in (js.snapshot, lambda s: s, dicts):
            with pytest.raises(ValueError, match=r"`opt_state` must have numbers.*optimizer\.init\(params\)"):
                js.restore(fresh, form(saved))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_another_rate_takes_effect_and_is_told(form):
    """Though the checkpoint has the old one, and so has what a library restores by itself."""
    adamw, new = js.inject(optax.adamw), js.warmup_cosine(5e-4, 10, 100)
    state, changes = js.restore(adamw(new).init(params()), form(ran(adamw(WARMED), 30)))
    assert changes == ["learning_rate.schedule.start: 0.0010000000474974513 -> 0.0005000000237487257"]
    assert rates(state) == {"learning_rate": pytest.approx(float(new(30)), rel=1e-6)} and int(state.count) == 30
    assert used(advance(adamw(new), state, params())) == rates(state)


def test_more_epochs_take_effect():
    """Restored as it was saved, the run would go on at a rate of 0."""
    adamw, new = js.inject(optax.adamw), js.warmup_cosine(1e-3, 10, 140)
    old = ran(adamw(WARMED), 100)
    state, changes = js.restore(adamw(new).init(params()), old)
    assert changes == ["learning_rate.schedule.steps: 90 -> 130"]
    assert rates(old)["learning_rate"] == 0 and rates(state)["learning_rate"] == pytest.approx(float(new(100)))


def grouped(**rates_of):
    return optax.chain(optax.scale_by_adam(), js.by_group(rates_of))


ADAM = js.inject(optax.adam)
SOME, ALL = grouped(head=WARMED, body=None), grouped(head=WARMED, body=js.scale(WARMED, 0.1))
PARTS = [optax.partition({"a": ADAM(WARMED), "b": x}, LABELS) for x in (optax.set_to_zero(), ADAM(PLATEAU))]
NEW_AND_GONE = {
    "a frozen group": (SOME, ALL, ["body/learning_rate: none -> Product"]),
    "a group to freeze": (ALL, SOME, ["body/learning_rate: Product -> none"]),
    "a hyperparameter": (ADAM(WARMED), ADAM(WARMED, b1=0.8), ["b1: none -> Constant"]),
    "one less": (ADAM(WARMED, b1=0.8), ADAM(WARMED), ["b1: Constant -> none"]),
    "a controller": (ADAM(WARMED), ADAM(WARMED, b1=PLATEAU), ["b1: none -> ReduceOnPlateau"]),
    "a part": (*PARTS, ["b/learning_rate: none -> ReduceOnPlateau"]),
    "a part to freeze": (*reversed(PARTS), ["b: left out"]),
}


@pytest.mark.parametrize("form", [js.snapshot, lambda s: s], ids=["snapshot", "state"])
@pytest.mark.parametrize("old, new, lines", NEW_AND_GONE.values(), ids=NEW_AND_GONE)
def test_what_is_new_begins_at_the_run_s_count_and_what_is_gone_is_told(old, new, lines, form):
    state, changes = js.restore(new.init(params()), form(ran(old, 20)))
    assert changes == lines and avals(state) == avals(new.init(params()))
    assert {int(x) for x in optax.tree.get_all_with_path(state, "count") for x in x[1:] if jnp.ndim(x) == 0} >= {20}
    assert rates(state) == {name: pytest.approx(x) for name, x in rates(ran(new, 20)).items()}
    advance(new, state, params())


WRAPS = {
    "alone": lambda x: x,
    "in a chain": lambda x: optax.chain(optax.clip(1.0), x),
    "in MultiSteps": lambda x: optax.MultiSteps(x, 2),
}
FORMER = {
    "schedule": optax.adamw(WARMED),
    "number": optax.adamw(1e-3),
    "inject_hyperparams": optax.inject_hyperparams(optax.adamw)(WARMED),
    "numbers of inject_hyperparams": optax.inject_hyperparams(optax.adamw)(1e-3),
}


@pytest.mark.parametrize(
    "form",
    [pytest.param(lambda s: s, marks=exhaustive), dicts, pytest.param(lists, marks=exhaustive)],
    ids=["state", "dicts", "lists"],
)
@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
@pytest.mark.parametrize("old", FORMER.values(), ids=FORMER)
def test_the_state_of_an_optimizer_of_optax_goes_on(old, wrap, form):
    rate = 1e-3 if "number" in [k for k, v in FORMER.items() if v is old][0] else WARMED
    new, old = wrap(js.inject(optax.adamw)(rate)), wrap(old)
    before = ran(old, 20)
    state, changes = js.restore(new.init(params()), form(before))
    count = 10 if isinstance(old, optax.MultiSteps) else 20
    kind = "Constant" if rate is not WARMED else "Warmup"
    assert changes == [f"learning_rate: optax at step {count} -> {kind}"]
    for _ in range(2):
        updates, state = new.update(params(), state, params())
        wanted, before = old.update(params(), before, params())
        jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-9), updates, wanted)


def test_the_last_link_of_a_chain_may_have_been_optax_s():
    old = optax.chain(optax.scale_by_adam(), optax.scale_by_learning_rate(WARMED))
    new = optax.chain(optax.scale_by_adam(), js.scale_by_learning_rate(WARMED))
    state, changes = js.restore(new.init(params()), ran(old, 20))
    assert changes == ["learning_rate: optax at step 20 -> Warmup"] and int(state[1].count) == 20


def set_at(tree, path, value):
    """A copy of nested dicts with another value at a path."""
    name, *rest = path
    return {**tree, name: set_at(tree[name], rest, value) if rest else value}


with jax.numpy_dtype_promotion("standard"):
    STATE = ran(ADAM(PLATEAU))
NONSENSE = {
    "NaN": float("nan"),
    "infinite": float("inf"),
    "text": "5",
    "negative": -1,
    "a part": 2.5,
    "two": np.zeros(2, np.int32),
    "too large": 2**31,
    "nothing": None,
    "a dict": {"a": 1},
}


@pytest.mark.parametrize("count", NONSENSE.values(), ids=NONSENSE)
@pytest.mark.parametrize("path", [("count",), ("inner_state", "0", "count")], ids=["ours", "optax"])
def test_a_count_that_is_none_is_refused(count, path):
    saved = set_at(dicts(STATE), path, count)
    for form in (saved, (saved, js.snapshot(STATE).schedules)):
        with pytest.raises(ValueError, match=f"`saved` must .*{'/'.join(path)}"):
            js.restore(ADAM(PLATEAU).init(params()), form)
    if not isinstance(count, (str, dict)):
        with pytest.raises(ValueError, match="`saved` must .*count"):
            js.restore(ADAM(PLATEAU).init(params()), STATE._replace(count=count))


OTHER_PARAMS = {"body": {"w": jnp.ones(3), "b": jnp.ones(1)}, "head": jnp.ones((1, 2))}
OTHERS = {
    "a parameter more": (ADAM(0.1), OTHER_PARAMS, "inner_state/0/mu/body/b it has nothing, `opt_state` float32"),
    "a parameter less": (
        ADAM(0.1),
        {"head": jnp.ones((1, 2))},
        "mu/body it has entries w, `opt_state` nothing",
    ),
    "another shape": (
        ADAM(0.1),
        {"body": {"w": jnp.ones(4)}, "head": jnp.ones((1, 2))},
        r"inner_state/0/mu/body/w it has float32\(3,\), `opt_state` float32\(4,\)",
    ),
    "another optimizer": (js.inject(optax.sgd)(0.1, momentum=0.9), params(), "inner_state/0/"),
    "another chain": (optax.chain(optax.clip(1.0), ADAM(0.1)), params(), "it has"),
    "one link more": (optax.chain(ADAM(0.1), optax.scale_by_adam()), params(), "it has"),
}


@pytest.mark.parametrize("form", [js.snapshot, lambda s: s, dicts], ids=["snapshot", "state", "dicts"])
@pytest.mark.parametrize("optimizer, p, message", OTHERS.values(), ids=OTHERS)
def test_another_optimizer_or_model_is_refused_by_the_first_place(optimizer, p, message, form):
    with pytest.raises(ValueError, match=f"`saved` must be of this optimizer: at .*{message}"):
        js.restore(optimizer.init(p), form(ran(ADAM(0.1))))


def test_the_state_of_several_devices_is_refused_with_the_remedy_and_mapped_over():
    several = jax.tree.map(lambda x: jnp.stack([x] * 4), STATE)
    fresh = ADAM(PLATEAU).init(params())
    with pytest.raises(ValueError, match=r"at count .*jax\.tree\.map.*jax\.vmap"):
        js.restore(fresh, several)
    assert same_bits(js.restore(fresh, jax.tree.map(lambda x: x[0], several))[0], STATE)
    mapped = jax.vmap(lambda saved: js.restore(fresh, saved)[0])(several)
    assert same_bits(mapped, several)


def test_moments_of_another_width_are_cast_and_told():
    state, changes = js.restore(ADAM(0.1).init(params(jnp.bfloat16)), ran(ADAM(0.1)))
    assert changes == ["4 arrays: float32 -> bfloat16"]
    assert avals(advance(ADAM(0.1), state, params(jnp.bfloat16))) == avals(state)


def test_a_state_of_zeros_takes_over_the_schedule():
    state, _ = js.restore(ADAM(WARMED).init(params()), jax.tree.map(jnp.zeros_like, ran(ADAM(WARMED))))
    assert rates(state) == rates(ADAM(WARMED).init(params()))


NOTHING = (None, 5, "text", {}, [], (), {"a": 1}, object(), js.Cosine(1.0, 0.0, steps=3))


@pytest.mark.parametrize("optimizer", [js.inject(optax.sgd)(0.1), ADAM(0.1)], ids=["sgd", "adam"])
@pytest.mark.parametrize("saved", NOTHING, ids=[type(x).__name__ for x in NOTHING])
def test_what_is_no_state_is_refused(saved, optimizer):
    with pytest.raises(ValueError, match="`saved` must be of this optimizer: at .* it has") as error:
        js.restore(optimizer.init(params()), saved)
    assert error.type is ValueError


def test_numbers_of_before_x64_are_the_same():
    with x64():
        state, changes = js.restore(ADAM(0.1).init(params(jnp.float64)), ran(ADAM(0.1)))
    assert changes == ["4 arrays: float32 -> float64"]
