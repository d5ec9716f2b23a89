"""What is done with the hyperparameters in an optimizer's state: read, fed with metrics, set by hand."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import (
    advance,
    avals,
    counted,
    loss,
    params,
    rates,
    relaxed,
    same_bits,
    shared_buffers,
    strict,
    used,
)

import jaxsched as js

assert relaxed  # the fixture of this module

LR = js.Linear(1.0, 0.0, steps=10)
SGD = js.inject(optax.sgd)


def plateau(schedule=LR, **numbers):
    return js.reduce_on_plateau(schedule, 0.5, patience=0, **numbers)


class Models(NamedTuple):
    generator: Any
    critic: Any


# Every wrapper of optax around rates of 1, 2 and 3, and what they are called.
OF_OPTAX = optax.inject_hyperparams(optax.adam)(optax.constant_schedule(2.0), b1=0.8)
ONE, TWO, THREE = SGD(1.0), js.scale_by_learning_rate(2.0), js.inject(optax.adam)(3.0)
LABELS = {"body": "a", "head": "b"}
WRAPPED = {
    "alone": (ONE, {"learning_rate": 1.0}),
    "chain": (optax.chain(optax.clip(1.0), TWO), {"learning_rate": 2.0}),
    "chain_of_two": (optax.chain(ONE, TWO), {"0/learning_rate": 1.0, "1/learning_rate": 2.0}),
    "named_chain": (optax.named_chain(("clip", optax.clip(1.0)), ("rate", TWO)), {"rate/learning_rate": 2.0}),
    "chains_in_a_chain": (
        optax.chain(ONE, optax.chain(optax.clip(1.0), optax.chain(TWO, THREE))),
        {"0/learning_rate": 1.0, "1/1/0/learning_rate": 2.0, "1/1/1/learning_rate": 3.0},
    ),
    "partition": (optax.partition({"a": ONE, "b": THREE}, LABELS), {"a/learning_rate": 1.0, "b/learning_rate": 3.0}),
    "chain_in_partition": (
        optax.partition({"a": optax.chain(ONE, TWO), "b": THREE}, LABELS),
        {"a/0/learning_rate": 1.0, "a/1/learning_rate": 2.0, "b/learning_rate": 3.0},
    ),
    "masked": (optax.masked(ONE, {"body": True, "head": False}), {"learning_rate": 1.0}),
    "two_masked": (
        optax.chain(optax.masked(ONE, {"body": True, "head": False}), optax.masked(TWO, {"body": False, "head": True})),
        {"0/learning_rate": 1.0, "1/learning_rate": 2.0},
    ),
    "multi_steps": (optax.MultiSteps(ONE, 2), {"learning_rate": 1.0}),
    "partition_in_multi_steps": (
        optax.MultiSteps(optax.partition({"a": ONE, "b": THREE}, LABELS), 2),
        {"a/learning_rate": 1.0, "b/learning_rate": 3.0},
    ),
    "apply_if_finite": (optax.apply_if_finite(ONE, 3), {"learning_rate": 1.0}),
    "flatten": (optax.flatten(ONE), {"learning_rate": 1.0}),
    "inject_in_inject": (
        js.inject(lambda outer: optax.chain(SGD(1.0), optax.scale(outer)))(3.0),
        {"outer": 3.0, "learning_rate": 1.0},
    ),
    "two_of_a_name_in_each_other": (
        js.inject(lambda learning_rate: optax.chain(SGD(1.0), optax.scale(learning_rate)))(3.0),
        {"learning_rate": 3.0, "0/learning_rate": 1.0},
    ),
    "optax_inject": (OF_OPTAX, {"learning_rate": 2.0}),
    "by_group": (js.by_group({"body": 1.0, "head": 2.0}), {"body/learning_rate": 1.0, "head/learning_rate": 2.0}),
    "two_by_group": (
        optax.chain(js.by_group({"body|head": 1.0}), js.by_group({"body": 2.0, "head": None})),
        {"body|head/learning_rate": 1.0, "body/learning_rate": 2.0},
    ),
    "hyperparameters": (
        optax.chain(js.inject(optax.clip_by_global_norm)(1.0), js.inject(optax.adamw)(3.0, b1=2.0)),
        {"max_norm": 1.0, "learning_rate": 3.0, "b1": 2.0},
    ),
}
wrapped = pytest.mark.parametrize("optimizer, wanted", WRAPPED.values(), ids=WRAPPED)


@wrapped
def test_current_and_last_used_find_each_by_its_name(optimizer, wanted):
    fresh = optimizer.init(params())
    for state in (fresh, advance(optimizer, fresh, params())):
        assert used(state) == wanted == {name: float(x) for name, x in jax.jit(js.last_used)(state).items()}
        if optimizer is not OF_OPTAX:
            assert rates(state) == wanted == {name: float(x) for name, x in jax.jit(js.current)(state).items()}


@wrapped
def test_each_can_be_set_by_its_name_and_nothing_else_moves(optimizer, wanted):
    before = advance(optimizer, optimizer.init(params()), params())
    for name in wanted:
        if optimizer is OF_OPTAX:
            with pytest.raises(ValueError, match=f"`{name}` would be ignored"):
                js.override(before, {name: 0.5})
            continue
        state = js.override(before, {name: 0.5})
        assert avals(state) == avals(before)
        assert rates(state) == {**wanted, name: 0.5} == used(advance(optimizer, state, params()))
        assert same_bits(js.override(state, {name: None}), before)


def test_two_states_in_one_tree_are_told_apart():
    """Of a generative adversarial network, say."""
    one, two = ONE.init(params()), TWO.init(params())
    assert rates({"generator": one, "critic": two}) == {"generator/learning_rate": 1.0, "critic/learning_rate": 2.0}
    assert rates((one, two)) == {"0/learning_rate": 1.0, "1/learning_rate": 2.0}
    models = Models(one, two)
    assert rates(models) == {"generator/learning_rate": 1.0, "critic/learning_rate": 2.0}
    changed = js.override(models, {"critic/learning_rate": 0.5})
    assert isinstance(changed, Models) and same_bits(changed.generator, one)
    assert rates(changed) == {"generator/learning_rate": 1.0, "critic/learning_rate": 0.5}


def test_current_is_what_the_next_update_uses_always_and_last_used_what_the_last_did():
    optimizer, p = SGD(LR), params()
    state = optimizer.init(p)
    assert rates(state) == {"learning_rate": 1.0}
    for k in range(3):
        updates, state = optimizer.update(jax.grad(loss)(p), state, p)
        np.testing.assert_allclose(updates["head"], -js.last_used(state)["learning_rate"] * jax.grad(loss)(p)["head"])
        assert used(state) == {"learning_rate": pytest.approx(float(LR(k)))}
        assert rates(state) == {"learning_rate": pytest.approx(float(LR(k + 1)))}
    changed = js.override(state, learning_rate=5.0)
    assert rates(changed) == {"learning_rate": 5.0} and used(changed) == used(state)
    released = js.override(changed, learning_rate=None)
    assert rates(released) == {"learning_rate": pytest.approx(float(LR(3)))} and used(released) == used(state)


def test_the_schedule_goes_on_behind_an_override():
    optimizer, p = SGD(LR), params()
    state = js.override(optimizer.init(p), learning_rate=0.25)
    for _ in range(3):
        updates, state = optimizer.update(p, state, p)
        np.testing.assert_allclose(updates["head"], -0.25 * p["head"])
    state = advance(optimizer, js.override(state, {"learning_rate": None}), p)
    assert used(state) == {"learning_rate": pytest.approx(float(LR(3)))}


def test_a_controller_observes_behind_an_override():
    optimizer, p = SGD(plateau()), params()
    state = js.override(optimizer.init(p), learning_rate=0.25)
    for _ in range(3):
        state = js.observe(state, value=1.0)
    assert rates(state) == {"learning_rate": 0.25} and bool(js.events(state)["learning_rate"].reduced)
    assert rates(js.override(state, learning_rate=None)) == {"learning_rate": 0.25 * float(LR(0))}


def test_overriding_compiles_nothing_and_works_inside_of_jit():
    p, optimizer = params(), js.inject(optax.adamw)(LR, weight_decay=js.Linear(0.1, 0.0, steps=5))
    update, traces = counted(optimizer.update)
    _, state = update(p, optimizer.init(p), p)
    for value in (0.5, 1, np.float64(0.25), np.int32(2), jnp.bfloat16(0.5), jnp.int32(1), None):
        changed = js.override(state, learning_rate=value)
        _, after = update(p, changed, p)
        wanted = float(LR(1)) if value is None else float(value)
        assert used(after)["learning_rate"] == pytest.approx(wanted)
    assert len(traces) == 1
    override, traces = counted(lambda state, x: js.override(state, learning_rate=x, weight_decay=x))
    for value in (0.5, 0.25):
        assert rates(override(state, value)) == {"learning_rate": value, "weight_decay": value}
    assert len(traces) == 1 and avals(override(state, 0.5)) == avals(state)


def test_overriding_a_number_of_optax_sets_it():
    optimizer, p = optax.inject_hyperparams(optax.adam)(LR, b1=0.5), params()
    state = advance(optimizer, js.override(optimizer.init(p), b1=0.25), p)
    assert float(state.hyperparams["b1"]) == 0.25 and state.hyperparams["b1"].dtype == jnp.float32


@pytest.mark.parametrize("jit", [False, True], ids=["eager", "jit"])
def test_observing_at_any_cadence_is_the_controller_by_itself(jit):
    """Here once after two updates, then three times after the third, and `value` at an update as well."""
    controller, p = plateau(), params()
    optimizer = SGD(controller)
    observe = jax.jit(lambda state, value: js.observe(state, value=value)) if jit else js.observe
    state, alone = optimizer.init(p), controller.init()
    for metric in (1.0, None, None, 2.0, 2.0, 1.5, None, 0.5, None, 0.75):
        if metric is None:
            state, alone = advance(optimizer, state, p), controller.update(alone)
        else:
            state = observe(state, metric) if jit else js.observe(state, value=metric)
            alone = controller.observe(alone, value=metric)
            assert float(js.current(state)["learning_rate"]) == pytest.approx(float(controller(alone)))
        assert same_bits(js.events(state)["learning_rate"], alone.events)
    assert int(alone.cuts) == 4 and int(state.count) == 4
    state = advance(optimizer, state, p, value=9.0)
    assert bool(js.events(state)["learning_rate"].reduced)


def test_a_metric_is_looked_at_from_the_present_step_on():
    state, p = SGD(plateau(begin=2)).init(params()), params()
    for looked in (False, False, True):
        fed = js.observe(state, value=float("nan"))
        assert bool(js.events(fed)["learning_rate"].reduced) == looked
        state = advance(SGD(plateau(begin=2)), state, p)


def test_observing_compiles_once_and_can_be_switched_by_a_traced_flag():
    state = SGD(plateau()).init(params())
    observe, traces = counted(lambda state, value, now: js.observe(state, value=value, observed=now))
    for metric, now in ((1.0, True), (2.0, False), (float("nan"), False), (0.5, True)):
        state = observe(state, metric, now)
        assert bool(js.events(state)["learning_rate"].improved) == now
        assert float(js.current(state)["learning_rate"]) == 1.0
    assert len(traces) == 1 and bool(js.events(observe(state, float("nan"), True))["learning_rate"].reduced)


def test_every_controller_is_fed_or_the_one_that_is_named():
    rates_of = {"body": plateau(1.0), "head": plateau(2.0)}
    state = optax.chain(js.by_group(rates_of), js.inject(optax.add_decayed_weights)(plateau(3.0))).init(params())
    state = js.observe(js.observe(state, value=1.0), value=1.0)
    assert rates(state) == {"body/learning_rate": 0.5, "head/learning_rate": 1.0, "weight_decay": 1.5}
    state = js.observe(state, value=1.0, name="head/learning_rate")
    assert rates(state) == {"body/learning_rate": 0.5, "head/learning_rate": 0.5, "weight_decay": 1.5}
    assert set(js.events(state)) == set(rates(state))


def test_all_of_it_runs_in_the_strictest_jax():
    optimizer = js.by_group({"body": plateau(), "head": LR})
    with strict():
        state = optimizer.init(params())
        for change in (
            lambda state: optimizer.update(params(jnp.bfloat16), state, params())[1],
            lambda state: js.observe(state, value=jnp.bfloat16(1.0)),
            lambda state: js.override(state, {"body/learning_rate": 2}),
            lambda state: js.replace_schedule(state, {"body/learning_rate": plateau(js.Linear(2.0, 0.0, steps=5))}),
            lambda state: js.restore(state, js.snapshot(state))[0],
        ):
            state = change(state)
            assert avals(state) == avals(optimizer.init(params())) and shared_buffers(state) == 0
            assert set(js.current(state)) == set(jax.jit(js.current)(state))
        js.replace_schedule(state, {"head/learning_rate": LR}, rebase=True)
        js.replace_schedule(state, {"body/learning_rate": plateau(begin=1)}, clock="now")
        js.stretch_rest(state, 15)


def test_changes_leave_a_state_that_can_be_donated():
    optimizer, p, number = js.inject(optax.adamw)(plateau(), weight_decay=LR), params(), jnp.float32(0.5)
    state = optimizer.init(p)
    for change in (
        lambda state: js.observe(state, value=number),
        lambda state: js.override(state, learning_rate=number, weight_decay=number),
        lambda state: js.replace_schedule(state, weight_decay=js.Cosine(1.0, 0.0, steps=9), rebase=True),
        lambda state: js.replace_schedule(state, learning_rate=plateau(js.Cosine(1.0, 0.0, steps=9)), rebase=True),
    ):
        state = change(state)
        assert shared_buffers(state) == 0
        _, state = jax.jit(optimizer.update, donate_argnums=1)(p, state, p)
    assert float(number) == 0.5


def test_feeding_optax_s_own_inject_hyperparams():
    """A controller in there works; what cannot be done with it is refused with the reason."""
    optimizer, alone, p = optax.inject_hyperparams(optax.sgd)(plateau()), plateau(), params()
    state, alone_state = optimizer.init(p), alone.init()
    for metric in (1.0, 2.0, 0.5, 3.0):
        wanted = float(alone(alone_state))
        state, alone_state = advance(optimizer, state, p, value=metric), alone.update(alone_state, value=metric)
        assert same_bits(js.events(state)["learning_rate"], alone_state.events)
        assert used(state) == {"learning_rate": pytest.approx(wanted)}
    for call in (js.observe, js.override, js.replace_schedule):
        with pytest.raises(ValueError, match=r"jaxsched\.inject"):
            call(state, **({"value": 1.0} if call is js.observe else {"learning_rate": 0.5}))


BOTH = (ONE.init(params()), TWO.init(params()))
PLAIN, FED = optax.adam(0.1).init(params()), js.inject(optax.adam)(plateau(), b1=0.9).init(params())
BAD = {
    "current": (lambda: js.current(PLAIN), ValueError, r"`opt_state` must hold .*jaxsched\.inject\(optax\.adamw\)"),
    "events": (lambda: js.events(PLAIN), ValueError, "`opt_state` must hold a controller: got none"),
    "observe": (lambda: js.observe(PLAIN, value=1.0), ValueError, "`opt_state` must hold a controller: got none"),
    "observe no controller": (lambda: js.observe(BOTH, value=1.0), ValueError, "`opt_state` must hold a controller"),
    "observe no value": (lambda: js.observe(FED), TypeError, "value"),
    "observe None": (lambda: js.observe(FED, value=None), TypeError, "`value` must be one real number"),
    "observe two": (lambda: js.observe(FED, value=jnp.ones(2)), ValueError, r"`value` .* shape \(2,\)"),
    "observe a complex": (lambda: js.observe(FED, value=1j), TypeError, "`value` must be one real number"),
    "observe flag": (lambda: js.observe(FED, value=1.0, observed=1.0), TypeError, "`observed` must be one boolean"),
    "observe unknown": (lambda: js.observe(FED, value=1.0, name="lr"), ValueError, "`name` must name .* got 'lr'"),
    "observe a number": (lambda: js.observe(FED, value=1.0, name="b1"), ValueError, "`name` must name a controller"),
    "override": (lambda: js.override(PLAIN, learning_rate=1.0), ValueError, "`opt_state` must hold a hyperparameter"),
    "override unknown": (lambda: js.override(FED, learning=1.0), ValueError, "`learning` must .* learning_rate"),
    "override one of two": (
        lambda: js.override(BOTH, learning_rate=1.0),
        ValueError,
        "0/learning_rate.*1/learning_rate",
    ),
    "override text": (lambda: js.override(FED, b1="1"), TypeError, "`b1` must be a number, or None"),
    "override bool": (lambda: js.override(FED, b1=True), TypeError, "`b1` must be a number, or None"),
    "override array": (lambda: js.override(FED, b1=jnp.ones(2)), TypeError, "`b1` must be a number, or None"),
    "override NaN": (lambda: js.override(FED, b1=float("nan")), ValueError, "`b1` must be finite"),
    "override nothing": (lambda: js.override(FED), ValueError, "`values` must name a hyperparameter"),
    "override optax's": (
        lambda: js.override(OF_OPTAX.init(params()), learning_rate=1.0),
        ValueError,
        "`learning_rate` would be ign",
    ),
    "release optax's": (lambda: js.override(OF_OPTAX.init(params()), b1=None), ValueError, "`b1` has no schedule"),
}


@pytest.mark.parametrize("call, error, message", BAD.values(), ids=BAD)
def test_what_would_be_ignored_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_state_of_numbers_alone_has_no_events_and_optax_s_numbers_are_not_scheduled():
    assert js.events(BOTH) == {} and js.current(optax.inject_hyperparams(optax.sgd)(0.1).init(params())) == {}


OF_CLOSURES = {
    "optax": OF_OPTAX,
    "hypergradient": js.hypergradient(0.1, 1e-3),
    "stationarity": js.reduce_on_stationarity(0.1),
}


@pytest.mark.parametrize("optimizer", OF_CLOSURES.values(), ids=OF_CLOSURES)
def test_a_value_that_only_the_next_update_knows_is_left_out_of_current(optimizer):
    """Alone, it is refused with the remedy; beside others it is not there."""
    state = optimizer.init(params())
    with pytest.raises(ValueError, match=r"learning_rate is not, .*jaxsched\.last_used\(opt_state\)"):
        js.current(state)
    assert set(js.last_used(state)) == {"learning_rate"}
    both = {"closed": state, "ours": SGD(LR).init(params())}
    assert set(js.current(both)) == {"ours/learning_rate"} < set(js.last_used(both))


def test_a_state_of_zeros_has_no_next_value():
    state = advance(SGD(LR), jax.tree.map(jnp.zeros_like, SGD(LR).init(params())), params(), 3)
    assert used(state) == {"learning_rate": pytest.approx(float(LR(2)))}
    with pytest.raises(ValueError, match="filled with zeros"):
        js.current(state)


def test_a_state_that_lost_its_classes_is_answered_by_its_cause():
    """That of `nnx.state(optimizer)`, or of a checkpoint that was read without a template."""
    lost = {"opt_state": {"count": jnp.int32(0), "hyperparams": {"learning_rate": jnp.float32(0.1)}}}
    for call in (js.current, js.snapshot, lambda s: js.observe(s, value=1.0)):
        with pytest.raises(ValueError, match=r"classes are lost.*optimizer\.opt_state.*jaxsched\.restore"):
            call(lost)
