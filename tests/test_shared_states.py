"""A multiple of a controller, beside the controller itself in one optimizer, shares its state."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import relaxed, same_bits

import jaxsched as js

assert relaxed  # the fixture of this module

LR = js.reduce_on_plateau(js.warmup_cosine(1e-2, 3, 100), 0.5, patience=0, min_value=1e-5)
PARAMS = {"w": jnp.ones(3), "v": jnp.ones(2)}
MULTIPLES = {
    "times": lambda c: c * 10.0,
    "number_first": lambda c: 10.0 * c,
    "numpy": lambda c: np.float64(10.0) * c,
    "jax": lambda c: jnp.float32(10.0) * c,
    "divided": lambda c: c / 0.1,
    "scale": lambda c: js.scale(c, 10.0),
    "twice": lambda c: c * 2.0 * 5.0,
}
CONTROLLERS = {
    "plateau": LR,
    "greedy": js.greedy(0.1, 0.5, 0),
    "recover": js.recover(0.1, warmup=2),
    "target": js.hold_target(0.1, 1.0, low=0.01, high=1.0),
    "devices": js.reduce_on_plateau(0.1, 0.5, patience=0, axis_name="i"),
}


def ratio(state):
    values = js.current(state)
    return float(values["weight_decay"] / values["learning_rate"])


def fed(optimizer, state, metrics):
    update = jax.jit(lambda state, metric: optimizer.update(PARAMS, state, PARAMS, value=metric)[1])
    for metric in metrics:
        state = update(state, metric)
    return state


@pytest.mark.parametrize("multiply", MULTIPLES.values(), ids=MULTIPLES)
def test_it_follows_whatever_the_other_observes(multiply):
    optimizer = js.inject(optax.adamw)(LR, weight_decay=multiply(LR))
    state = optimizer.init(PARAMS)
    assert state.slots["weight_decay"].state == js.states.Shared("learning_rate")
    state = fed(optimizer, state, [1.0, 1.0, 0.5])
    for name in ("learning_rate", "weight_decay", None):  # both are one controller
        before = js.current(state)["learning_rate"]
        state = js.observe(state, value=9.0, name=name)
        np.testing.assert_allclose(js.current(state)["learning_rate"], before / 2, rtol=1e-6)
        assert ratio(state) == pytest.approx(10.0, rel=1e-6)
    assert int(js.events(state)["weight_decay"].observations) == 6
    assert ratio(fed(optimizer, state, [9.0, 9.0])) == pytest.approx(10.0, rel=1e-6)


@pytest.mark.parametrize("controller", CONTROLLERS.values(), ids=CONTROLLERS)
def test_every_controller_gives_the_values_of_two_with_states_of_their_own(controller):
    """The oracle: the same optimizer with a multiple that nobody recognises, a copy."""
    multiple = controller * 10.0
    copy = pickle.loads(pickle.dumps(multiple))
    shared, own = (js.inject(optax.adamw)(controller, weight_decay=x) for x in (multiple, copy))

    def run(optimizer):
        def step(state, metric):
            state = optimizer.update(PARAMS, state, PARAMS, value=metric)[1]
            return state, dict(js.last_used(state))

        state = optimizer.init(PARAMS)
        return jax.lax.scan(step, state, jnp.asarray([3.0, 3.0, 50.0, 0.2, 0.1, 0.1, 0.1, 7.0]))[1]

    mapped = lambda optimizer: jax.vmap(lambda _: run(optimizer), axis_name="i")(jnp.zeros(1))  # noqa: E731
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-6), mapped(shared), mapped(own))
    assert not isinstance(own.init(PARAMS).slots["weight_decay"].state, js.states.Shared)


def test_groups_share_too_and_those_of_one_kind_are_one():
    rates = {"w": LR, **{f"g{i}": LR * float(i + 1) for i in range(5)}}
    params = {name: jnp.ones(2) for name in rates}
    optimizer = js.by_group(rates, labels={name: name for name in rates})
    state = optimizer.init(params)
    assert len(state.slots.parts) == 2
    _, state = optimizer.update(params, state, params, value=1.0)  # where the rate is 0, and a cut would be none
    state = js.observe(state, value=9.0, name="g3/learning_rate")
    state = js.observe(state, value=9.0)
    rate = float(js.current(state)["w/learning_rate"])
    assert rate == pytest.approx(float(LR.schedule(1)) / 4, rel=1e-6)
    for i in range(5):
        assert float(js.current(state)[f"g{i}/learning_rate"]) == pytest.approx(rate * (i + 1), rel=1e-6)


def test_by_hand_and_replaced():
    optimizer = js.inject(optax.adamw)(LR, weight_decay=LR * 10.0)
    state = fed(optimizer, optimizer.init(PARAMS), [1.0, 9.0])
    by_hand = js.override(state, weight_decay=0.5)
    assert float(js.current(by_hand)["weight_decay"]) == 0.5
    same_bits(js.override(by_hand, weight_decay=None), state)
    # The follower goes on from what was seen so far when the other is replaced, and from then on by itself.
    other = js.replace_schedule(state, learning_rate=0.3)
    same_bits(js.current(other)["weight_decay"], js.current(state)["weight_decay"])
    later = js.observe(other, value=9.0)
    np.testing.assert_allclose(js.current(later)["weight_decay"], js.current(state)["weight_decay"] / 2, rtol=1e-6)
    replaced = js.replace_schedule(state, weight_decay=0.3)
    same_bits(js.current(replaced)["learning_rate"], js.current(state)["learning_rate"])
    stretched = js.stretch_rest(state, 200)
    assert ratio(stretched) == pytest.approx(10.0) and ratio(js.observe(stretched, value=9.0)) == pytest.approx(10.0)


def flax():
    return pytest.importorskip("flax.serialization")


FORMS = {
    "state": lambda state, optimizer: state,
    "snapshot": lambda state, optimizer: js.snapshot(state),
    "pickle": lambda state, optimizer: pickle.loads(pickle.dumps(state)),
    "numpy": lambda state, optimizer: jax.device_get(state),
    "flax": lambda state, optimizer: flax().from_bytes(optimizer.init(PARAMS), flax().to_bytes(state)),
    "state_dict": lambda state, optimizer: flax().to_state_dict(state),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_it_is_stored_and_restored(form):
    optimizer = js.inject(optax.adamw)(LR, weight_decay=LR * 10.0)
    state = fed(optimizer, optimizer.init(PARAMS), [1.0, 9.0])
    restored, changes = js.restore(optimizer.init(PARAMS), form(state, optimizer))
    assert changes == []
    same_bits(restored, state)


def test_from_a_state_of_its_own_and_back():
    """A plan that shares takes over the rate's state; one that shares no more begins the follower anew, and says so."""
    shares = js.inject(optax.adamw)(LR, weight_decay=LR * 10.0)
    own = js.inject(optax.adamw)(LR, weight_decay=pickle.loads(pickle.dumps(LR * 10.0)))
    state = fed(own, own.init(PARAMS), [1.0, 9.0])
    restored, changes = js.restore(shares.init(PARAMS), state)
    assert changes == [] and ratio(restored) == pytest.approx(10.0)
    back, changes = js.restore(own.init(PARAMS), restored)
    assert ratio(back) == pytest.approx(10.0) and changes == []


def test_without_the_controller_itself_each_has_its_own():
    optimizer = js.inject(optax.adamw)(LR * 1.0, weight_decay=LR * 10.0)
    state = fed(optimizer, optimizer.init(PARAMS), [1.0, 9.0])
    assert not any(isinstance(slot.state, js.states.Shared) for slot in state.slots.values())
    assert ratio(state) == pytest.approx(10.0)


def test_it_counts_on_a_clock_from_outside():
    optimizer = js.inject(optax.adamw)(LR, weight_decay=LR * 10.0)
    state = optimizer.init(PARAMS)
    for tokens in (10, 50, 70):
        _, state = optimizer.update(PARAMS, state, PARAMS, value=1.0, step=tokens)
    used = js.last_used(state)
    assert float(used["weight_decay"] / used["learning_rate"]) == pytest.approx(10.0)
    assert float(used["learning_rate"]) == pytest.approx(float(LR.schedule(70)) / 2, rel=1e-6)


def test_a_controller_times_what_is_no_number_is_refused():
    for multiply in (lambda: LR * js.Linear(1.0, 0.0, steps=4), lambda: LR * (lambda step: step)):
        with pytest.raises(TypeError, match="`factor` must be a number beside a controller"):
            multiply()
    with pytest.raises(ValueError, match="`divisor` must not be 0: got 0"):
        LR / 0
    with pytest.raises(TypeError):
        LR * "2"
    with pytest.raises(TypeError):
        LR / LR
