"""Another schedule in the middle of a run: on the same clock, or from the present step and value on."""

import itertools
from fractions import Fraction

import jax
import numpy as np
import optax
import pytest
from support.bridge import advance, avals, counted, params, rates, relaxed, same_bits, shared_buffers, used
from support.short import parametrize

import jaxsched as js

assert relaxed  # the fixture of this module

SGD = js.inject(optax.sgd)
OLD = js.Linear(1.0, 0.0, steps=10)
RAMPS = {
    "linear": js.Linear(9.0, 0.1, steps=5),
    "cosine": js.Cosine(9.0, 0.0, steps=20),
    "polynomial": js.Polynomial(0.5, 2.0, steps=4, power=2.0),
    "geometric": js.Geometric(3.0, 0.01, steps=7),
    "inverse": js.Inverse(3.0, 0.01, steps=7),
    "logarithmic": js.Logarithmic(3.0, 0.01, steps=7),
}
OTHERS = {
    "number": 5.0,
    "exponential": js.nodes.Exponential(2.0, 0.1),
    "inverse_sqrt": js.InverseSqrt(2.0, 100),
    "warmup": js.warmup(js.Cosine(4.0, 0.0, steps=10), 3, start=1.0),
    "piecewise": js.nodes.Piecewise(values=[2.0, 1.0, 0.5], boundaries=[3, 6]),
    "function": lambda k: 2.0 / (k + 1),
}
CONTROLLERS = {
    "same": js.reduce_on_plateau(OLD, 0.5, patience=0),
    "other_schedule": js.reduce_on_plateau(js.Cosine(9.0, 0.0, steps=10), 0.5, patience=0),
    "other_numbers": js.reduce_on_plateau(js.Cosine(9.0, 0.0, steps=10), 0.1, patience=3, cooldown=2),
    "other_state": js.reduce_on_plateau(js.Cosine(9.0, 0.0, steps=10), 0.5, patience=0, every=2),
    "other_direction": js.reduce_on_plateau(js.Cosine(9.0, 0.0, steps=10), 0.5, patience=0, mode="max"),
    "greedy": js.greedy(js.Cosine(9.0, 0.0, steps=10), 0.5, 2),
    "recover": js.recover(js.Cosine(9.0, 0.0, steps=10)),
    "none": js.Cosine(9.0, 0.0, steps=10),
}


def ran(schedule, steps, *metrics):
    """The state of SGD after some steps, and then some observations."""
    optimizer = SGD(schedule)
    state = advance(optimizer, optimizer.init(params()), params(), steps)
    for metric in metrics:
        state = js.observe(state, value=metric)
    return state


def onwards(state, steps):
    """The rates that the next updates use."""
    seen = []
    for _ in range(steps):
        state = advance(SGD(1.0), state, params())
        seen.append(used(state)["learning_rate"])
    return seen


def next_rate(state):
    return onwards(state, 1)[0]


@pytest.mark.parametrize("new", [*RAMPS.values(), *OTHERS.values()], ids=[*RAMPS, *OTHERS])
@parametrize("steps", [0, 3], [3])
def test_by_default_another_schedule_is_read_on_the_same_clock(new, steps):
    state = js.replace_schedule(ran(OLD, steps), learning_rate=new)
    wanted = js.as_schedule(new)(np.arange(steps, steps + 4))
    assert rates(state)["learning_rate"] == pytest.approx(float(wanted[0]))
    assert onwards(state, 4) == pytest.approx(wanted.tolist())


steps_before = parametrize("steps", [0, 3, 7], [3])
"""How many updates there were before: without any, or after a part has ended, other numbers take the same way."""


@pytest.mark.parametrize("new", RAMPS.values(), ids=RAMPS)
@steps_before
def test_a_rebased_ramp_goes_from_the_present_value_to_its_own_end_in_its_own_steps(new, steps):
    state = js.replace_schedule(ran(OLD, steps), learning_rate=new, rebase=True)
    present = float(OLD(steps))
    assert rates(state)["learning_rate"] == pytest.approx(present, rel=1e-6)
    seen = onwards(state, int(new.steps) + 3)
    assert seen[0] == pytest.approx(present, rel=1e-6) and seen[-3:] == pytest.approx([float(new.end)] * 3)
    moves = np.diff(seen[: int(new.steps) + 1])
    assert np.all(moves < 0) if new.end < present else np.all(moves > 0)


@pytest.mark.parametrize("new", OTHERS.values(), ids=OTHERS)
@steps_before
def test_anything_else_is_scaled_to_the_present_value(new, steps):
    state = js.replace_schedule(ran(OLD, steps), learning_rate=new, rebase=True)
    shape = np.asarray(js.as_schedule(new)(np.arange(8)), np.float64)
    assert onwards(state, 8) == pytest.approx(list(float(OLD(steps)) * shape / shape[0]), rel=2e-6)


@pytest.mark.parametrize("new", CONTROLLERS.values(), ids=CONTROLLERS)
@parametrize(("steps", "metrics"), [(0, ()), (3, (1.0,)), (3, (1.0, 1.0, 2.0, 0.5))], [(3, (1.0, 1.0, 2.0, 0.5))])
def test_rebasing_from_a_controller_does_not_jump(new, steps, metrics):
    before = ran(js.reduce_on_plateau(OLD, 0.5, patience=0), steps, *metrics)
    state = js.replace_schedule(before, learning_rate=new, rebase=True)
    assert int(state.count) == steps
    assert rates(state)["learning_rate"] == pytest.approx(next_rate(before), rel=1e-6)
    assert onwards(state, 3)[0] == pytest.approx(next_rate(before), rel=1e-6)


@pytest.mark.parametrize("old", [js.greedy, js.recover, js.reduce_on_plateau], ids=lambda old: old.__name__)
@pytest.mark.parametrize("new", [js.greedy, js.recover, js.reduce_on_plateau], ids=lambda new: new.__name__)
def test_rebasing_from_one_kind_of_controller_to_another_does_not_jump(old, new):
    metrics = (1.0, 0.9, 0.8, float("nan"), 2.0, float("nan"), *[3.0] * 24)
    before = ran(old(OLD, 0.5, **({} if old is js.recover else {"patience": 1})), 2, *metrics)
    assert next_rate(before) != pytest.approx(float(OLD(2)))
    state = js.replace_schedule(before, learning_rate=new(js.Cosine(9.0, 0.0, steps=10), 0.25), rebase=True)
    assert rates(state)["learning_rate"] == pytest.approx(next_rate(before), rel=1e-6)


def test_a_controller_takes_over_the_state_of_its_kind():
    """One bad observation of two was made before; the second cuts, by the new factor."""
    state = ran(js.reduce_on_plateau(1.0, 0.5, patience=1), 3, 1.0, 2.0)
    for rebase in (False, True):
        other = js.replace_schedule(state, learning_rate=js.reduce_on_plateau(1.0, 0.1, patience=1), rebase=rebase)
        assert same_bits(js.events(other), js.events(state))
        assert rates(js.observe(other, value=2.0))["learning_rate"] == pytest.approx(0.1)
        assert rates(js.observe(other, value=0.5))["learning_rate"] == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["other_state", "other_direction", "greedy", "recover"])
def test_another_kind_begins_anew_at_the_present_step(name):
    """A best loss of 0.5 is no best accuracy; none at all, infinity, would never be improved upon."""
    for metrics in ((), (0.5, 1.0, 1.0)):
        state = js.replace_schedule(ran(CONTROLLERS["same"], 3, *metrics), learning_rate=CONTROLLERS[name])
        assert rates(state)["learning_rate"] == pytest.approx(float(js.Cosine(9.0, 0.0, steps=10)(3)))
        if name in ("other_direction", "greedy"):
            assert bool(js.events(js.observe(state, value=0.4))["learning_rate"].improved)


def test_what_was_set_by_hand_stays_set():
    state = js.override(ran(OLD, 3), learning_rate=0.25)
    for rebase in (False, True):
        changed = js.replace_schedule(state, learning_rate=js.Cosine(2.0, 0.0, steps=10), rebase=rebase)
        assert onwards(changed, 2) == [0.25, 0.25]
        released = js.override(changed, learning_rate=None)
        assert next_rate(released) == pytest.approx(float(OLD(3) if rebase else js.Cosine(2.0, 0.0, steps=10)(3)))


def test_replacing_by_the_same_structure_compiles_nothing():
    optimizer = js.inject(optax.adamw)(OLD, weight_decay=js.reduce_on_plateau(0.1))
    update, traces = counted(optimizer.update)
    _, state = update(params(), optimizer.init(params()), params())
    for start, patience in itertools.product((2.0, np.float64(3.0)), (2, 7)):
        new = {
            "learning_rate": js.Linear(start, 0.5, steps=7),
            "weight_decay": js.reduce_on_plateau(0.2, 0.5, patience),
        }
        state = js.replace_schedule(state, new)
        _, after = update(params(), state, params())
        assert used(after) == pytest.approx(
            {"learning_rate": float(js.Linear(start, 0.5, steps=7)(1)), "weight_decay": 0.2}
        )
    assert len(traces) == 1


def test_rebasing_again_and_again_compiles_once():
    """The first time adds the step at which the new schedule begins."""
    update, traces = counted(SGD(OLD).update)
    state, rate = ran(OLD, 3), float(OLD(3))
    for end in (0.5, 0.25, 0.125):
        state = js.replace_schedule(state, learning_rate=js.Linear(1.0, end, steps=2), rebase=True)
        assert shared_buffers(state) == 0
        for wanted in (rate, (rate + end) / 2):
            _, state = update(params(), state, params())
            assert used(state)["learning_rate"] == pytest.approx(wanted)
        rate = end
    assert len(traces) == 1


def test_replacing_inside_of_jit_and_of_a_scan():
    replace, traces = counted(lambda state, new: js.replace_schedule(state, learning_rate=new))
    for end in (0.5, 0.25):
        new = js.Linear(2.0, end, steps=5)
        state = replace(ran(OLD, 3), new)
        assert avals(state) == avals(ran(OLD, 3)) and next_rate(state) == pytest.approx(float(new(3)))
    assert len(traces) == 1
    rebased = jax.jit(lambda state: js.replace_schedule(state, learning_rate=js.Linear(2.0, 0.0, steps=5), rebase=True))
    assert next_rate(rebased(ran(OLD, 3))) == pytest.approx(float(OLD(3)))

    def body(state, end):
        state = js.replace_schedule(state, learning_rate=js.Linear(2.0, end, steps=5))
        return advance(SGD(OLD), state, params()), js.current(state)["learning_rate"]

    _, seen = jax.lax.scan(body, ran(OLD, 3), np.asarray([0.5, 0.25], np.float32))
    np.testing.assert_allclose(seen, [js.Linear(2.0, 0.5, steps=5)(3), js.Linear(2.0, 0.25, steps=5)(4)], rtol=1e-6)


def test_one_of_several_in_groups_and_wrappers():
    inner = optax.chain(js.inject(optax.add_decayed_weights)(0.5), js.by_group({"head": OLD, "body": OLD}))
    optimizer = optax.MultiSteps(inner, 2)
    state = advance(optimizer, optimizer.init(params()), params(), 4)
    for rebase in (False, True):
        changed = js.replace_schedule(state, {"head/learning_rate": js.Linear(5.0, 0.0, steps=10)}, rebase=rebase)
        changed = advance(optimizer, changed, params(), 2)
        head = float(OLD(2)) if rebase else 4.0
        wanted = {"weight_decay": 0.5, "head/learning_rate": head, "body/learning_rate": float(OLD(2))}
        assert used(changed) == pytest.approx(wanted)


# --- from the present step on, with its own values


@pytest.mark.parametrize("new", [*RAMPS.values(), *OTHERS.values()], ids=[*RAMPS, *OTHERS])
@steps_before
def test_on_the_clock_of_now_a_schedule_begins_at_the_present_step_with_its_own_values(new, steps):
    state = js.replace_schedule(ran(OLD, steps), learning_rate=new, clock="now")
    assert int(state.count) == steps
    assert onwards(state, 4) == pytest.approx(js.as_schedule(new)(np.arange(4)).tolist())


def test_a_phase_with_a_warmup_of_its_own():
    """It begins at 0, from which nothing can be scaled to the present value."""
    again = js.warmup_cosine(3e-5, 3, 9)
    state = js.replace_schedule(ran(js.warmup_cosine(6e-4, 2, 10), 4), learning_rate=again, clock="now")
    assert onwards(state, 10) == pytest.approx(again(np.arange(10)).tolist())
    later = jax.jit(lambda s: js.replace_schedule(s, learning_rate=again, clock="now"))(ran(OLD, 3))
    assert onwards(later, 5) == pytest.approx(again(np.arange(5)).tolist())


@pytest.mark.parametrize("how", [{"clock": "now"}, {"rebase": True}], ids=["now", "rebase"])
def test_a_controller_on_the_clock_of_now_looks_from_its_own_begin_on_and_forgets_cuts(how):
    before = ran(js.reduce_on_plateau(OLD, 0.5, patience=0), 3, 1.0, 2.0)
    new = js.reduce_on_plateau(0.7, 0.5, patience=0, begin=2)
    state = js.replace_schedule(before, learning_rate=new, **how)
    first = 0.7 if "clock" in how else rates(before)["learning_rate"]
    for step in range(4):
        assert rates(state)["learning_rate"] == pytest.approx(first)
        looked = js.observe(state, value=9.0)
        assert bool(js.events(looked)["learning_rate"].reduced) == (step >= 2)
        state = advance(SGD(new), state, params())


# --- what is left, to another end

PLANS = {
    "ramp": js.Cosine(1.0, 0.1, steps=12),
    "warmup": js.warmup_cosine(1.0, 5, 12),
    "pieces": js.piecewise_constant([3, 7, 12], [1.0, 0.5, 0.25, 0.1]),
    "one cycle": js.one_cycle(1.0, 12),
    "controller": js.reduce_on_plateau(js.Linear(1.0, 0.0, steps=12), 0.5, patience=0),
}


@parametrize("total", [8, 12, 20, 31], [20])
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_rest_of_a_schedule_reaches_another_end_through_what_was_to_come(plan, total):
    at, end = 4, 12
    state = ran(plan, at, *([1.0, 2.0] if isinstance(plan, js.Controller) else []))
    scale = 0.5 if isinstance(plan, js.Controller) else 1.0
    pure = plan.schedule if isinstance(plan, js.Controller) else plan
    steps = np.arange(at, total + 3)
    # Exact times in Python's fractions: a boundary that falls on a step is reached at it.
    times = [at + Fraction(int(step - at) * (end - at), total - at) for step in steps]
    wanted = [scale * float(pure(int(t) if t.denominator == 1 else float(t))) for t in times]
    stretched = js.stretch_rest(state, total)
    assert rates(stretched) == rates(state)
    assert onwards(stretched, len(steps)) == pytest.approx(wanted, rel=1e-5, abs=1e-7)
    assert rates(js.stretch_rest(state, end)) == rates(state)


def test_all_schedules_are_stretched_alike_or_the_one_that_is_named():
    optimizer = js.inject(optax.adamw)(OLD, weight_decay=js.Linear(1.0, 0.0, steps=6), b1=js.InverseSqrt(0.9, 10))
    state = advance(optimizer, optimizer.init(params()), params(), 2)
    both, one = js.stretch_rest(state, 18), js.stretch_rest(state, 18, name="weight_decay")
    at = lambda s, n: used(advance(optimizer, s, params(), n - 1))  # noqa: E731 (of step n)
    assert at(both, 10)["weight_decay"] == 0 < at(both, 9)["weight_decay"]
    assert at(both, 18)["learning_rate"] == 0 < at(both, 17)["learning_rate"]
    assert at(one, 18)["weight_decay"] == 0 < at(one, 17)["weight_decay"] and at(one, 10)["learning_rate"] == 0
    assert at(both, 10)["b1"] == at(state, 10)["b1"]


def test_stretching_again_and_inside_of_jit():
    state = js.stretch_rest(ran(OLD, 5), 15)
    for _ in range(5):
        state = advance(SGD(OLD), state, params())
    assert rates(state)["learning_rate"] == pytest.approx(0.25)
    again, traced = js.stretch_rest(state, 20), jax.jit(js.stretch_rest)(state, 20)
    assert onwards(again, 11) == pytest.approx(onwards(traced, 11))
    assert onwards(again, 11)[5::5] == pytest.approx([0.125, 0.0])


BAD = {
    "unknown": (lambda: js.replace_schedule(ran(OLD, 1), rate=1.0), "`rate` must name a hyperparameter"),
    "nothing": (lambda: js.replace_schedule(ran(OLD, 1)), "`schedules` must name a hyperparameter"),
    "of optax": (
        lambda: js.replace_schedule(optax.inject_hyperparams(optax.sgd)(OLD).init(params()), learning_rate=1.0),
        r"`learning_rate` cannot be replaced.*jaxsched\.inject",
    ),
    "no state": (
        lambda: js.replace_schedule(optax.sgd(0.1).init(params()), learning_rate=1.0),
        "`opt_state` must hold a hyperparameter",
    ),
    "text": (lambda: js.replace_schedule(ran(OLD, 1), learning_rate="0.1"), "`learning_rate` must be a schedule"),
    "from 0": (
        lambda: js.replace_schedule(ran(OLD, 1), learning_rate=js.warmup(OLD, 3), rebase=True),
        '`learning_rate` must be scaled .* new schedule begins at 0.*clock="now"',
    ),
    "at 0": (
        lambda: js.replace_schedule(ran(OLD, 10), learning_rate=js.nodes.Exponential(1.0, 0.1), rebase=True),
        "`learning_rate` must be scaled .* present value is 0",
    ),
    "clock": (lambda: js.replace_schedule(ran(OLD, 1), learning_rate=0.1, clock="step"), "`clock` must be"),
    "past": (lambda: js.stretch_rest(ran(OLD, 5), 5), "`total` must be later than the present step, 5: got 5"),
    "over": (lambda: js.stretch_rest(ran(OLD, 10), 50), "whose end is to come"),
    "endless": (lambda: js.stretch_rest(ran(0.1, 1), 50), "whose end is to come"),
    "stretched in part": (lambda: js.stretch_rest(ran(OLD, 1), 0.5), "`total`"),
    "stretched by an unknown name": (
        lambda: js.stretch_rest(ran(OLD, 1), 50, name="rate"),
        "`name` must name .*rate",
    ),
    "stretched in a closure": (
        lambda: js.stretch_rest(optax.inject_hyperparams(optax.sgd)(OLD).init(params()), 9, name="learning_rate"),
        r"`learning_rate` cannot be stretched.*jaxsched\.inject",
    ),
}


@pytest.mark.parametrize("call, message", BAD.values(), ids=BAD)
def test_what_cannot_be_replaced_is_refused_by_name(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
