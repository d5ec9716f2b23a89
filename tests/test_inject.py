"""Schedules and controllers in an optimizer's state: `inject`, `scale_by_learning_rate`, and what an update does."""

import contextlib
import itertools

import chex
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
    train,
    used,
    x64,
)
from support.short import exhaustive, parametrize

import jaxsched as js

assert relaxed  # the fixture of this module

STEPS = 9
LR = js.warmup(js.Cosine(0.1, 0.01, steps=6), 3, start=0.02)

MAKERS = {
    "inject": lambda rate: js.inject(optax.adamw)(rate),
    "scale_by_learning_rate": lambda rate: optax.chain(optax.scale_by_adam(), js.scale_by_learning_rate(rate)),
    "by_group": lambda rate: optax.chain(optax.scale_by_adam(), js.by_group({"body": rate, "head": 0.1})),
}
CONTROLLERS = {
    "plateau": lambda: js.reduce_on_plateau(LR, 0.5, 1),
    "plateau_of_means": lambda: js.reduce_on_plateau(LR, 0.5, 1, every=2, smoothing=0.5),
    "greedy": lambda: js.greedy(LR, 0.5, 1, window=3),
    "recover": lambda: js.recover(LR, warmup=2),
    "plateau_of_window": lambda: js.reduce_on_plateau(LR, 0.5, 1, criterion="slope", window=3),
    "target": lambda: js.hold_target(LR, 0.7, low=0.01, high=0.9, every=2),
}
RATES = {"schedule": lambda: LR, "number": lambda: 0.1, "function": lambda: lambda k: 0.1 / (k + 1), **CONTROLLERS}
DTYPES = [jnp.float32, jnp.bfloat16, jnp.float16]

SHORT = {("inject", rate) for rate in RATES if rate not in ("plateau", "recover")} | {
    (make, "plateau_of_means") for make in MAKERS
}
"""Each kind of rate, and each way into a state."""


def each_pair(rates_of=RATES):
    """Every way into a state with every rate."""
    pairs = list(itertools.product(MAKERS, rates_of))
    return parametrize(("make", "rate"), pairs, [pair for pair in pairs if pair in SHORT], ids="-".join)


makers = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)


def rate_of(values):
    return values["body/learning_rate"] if "body/learning_rate" in values else values["learning_rate"]


@makers
@dtypes
def test_update_k_uses_schedule_of_k_as_a_strong_float32(make, dtype):
    """A value in the parameters' dtype would be one of a few distinct ones: bfloat16 has 8 bits."""
    lr = js.Cosine(1e-3, 1e-4, steps=300)
    _, state, seen = train(make(lr), params(dtype), 300)
    shown = rate_of(seen)
    assert shown.dtype == jnp.float32 and all(not x.weak_type for x in js.current(state).values())
    np.testing.assert_allclose(shown, lr(np.arange(300)), rtol=2e-7)
    assert len(set(np.asarray(shown).tolist())) == 300


def test_updates_may_be_python_numbers():  # not yet: `scaled` wants arrays
    for make in (js.inject(optax.sgd), js.scale_by_learning_rate, by_one_group):
        p = {"a": 1.0, "b": np.ones(2)}
        updates, _ = make(0.5).update(p, make(0.5).init(p), p)
        chex.assert_trees_all_equal(updates, {"a": np.asarray(-0.5), "b": np.full(2, -0.5)})


by_one_group = lambda rate: js.by_group({"": rate})  # noqa: E731


@pytest.mark.parametrize("make", [js.inject(optax.sgd), js.scale_by_learning_rate, by_one_group])
@dtypes
def test_the_step_taken_is_rounded_once(make, dtype):
    rate, p = 1.2345e-3, params(dtype)
    updates, _ = make(rate).update(p, make(rate).init(p), p)
    wanted = jax.tree.map(lambda x: (-np.float32(rate) * np.asarray(x, np.float32)).astype(dtype), p)
    chex.assert_trees_all_equal(updates, wanted)


@parametrize("wide", ["float32", "float64"], ["float64"])
@makers
def test_under_x64_values_are_float64_and_the_optimizer_computes_in_its_own_dtype(make, wide):
    with x64():
        p, optimizer = params(wide), make(LR)
        state = optimizer.init(p)
        updates, after = optimizer.update(p, state, p)
        assert avals(state) == avals(after) == avals(js.override(after, dict.fromkeys(js.current(after), 0.1)))
        assert jax.tree.map(lambda x: x.dtype, updates) == jax.tree.map(lambda x: x.dtype, p)
        assert all(x.dtype == jnp.float64 and not x.weak_type for x in js.current(after).values())
        np.testing.assert_allclose(rate_of(train(optimizer, p, STEPS)[2]), LR(np.arange(STEPS)), rtol=1e-13)
        program = str(jax.make_jaxpr(optimizer.update)(p, state, p))
        assert ("f64[3]" in program) == (wide == "float64") and f"f{jnp.finfo(wide).bits}[3]" in program


def test_numbers_of_the_factory_are_not_rounded_with_narrow_parameters():
    """`b2=0.999` is 1 in bfloat16, and the second moment would then stay 0: be it given, left out or closed over."""
    p, g = params(jnp.bfloat16), jnp.float32(0.5)
    for optimizer in (
        js.inject(optax.adam)(LR),
        js.inject(optax.adam)(LR, b2=0.999),
        js.inject(lambda learning_rate: optax.adam(learning_rate, b2=0.999))(LR),
    ):
        gradient = jax.tree.map(lambda x: jnp.full_like(x, g), p)
        _, state = optimizer.update(gradient, optimizer.init(p), p)
        assert state.inner_state[0].nu["head"].dtype == jnp.bfloat16
        np.testing.assert_allclose(np.asarray(state.inner_state[0].nu["head"], float), 0.001 * 0.25, rtol=2**-8)
    got, wanted = (train(js.inject(optax.adam)(LR), params(dtype), STEPS)[0] for dtype in (jnp.bfloat16, jnp.float32))
    chex.assert_trees_all_close(jax.tree.map(lambda x: x.astype(jnp.float32), got), wanted, atol=0.02)


NAMES = """adabelief adadelta adafactor adagrad adam adamax adamaxw adamw adan amsgrad fromage lamb lars lion nadam
nadamw novograd optimistic_gradient_descent rmsprop sgd sign_sgd yogi""".split()
FEW = "adafactor adamw lamb novograd sgd".split()  # those whose arguments, or what they do with them, differ


@parametrize("name", NAMES, FEW)
def test_equals_the_plain_optimizer_of_the_same_schedule(name):
    """At float64, where no accident of rounding hides a difference."""
    factory = getattr(optax, name)
    with x64():
        got, state, _ = train(js.inject(factory)(LR), params(jnp.float64), STEPS)
        wanted, plain, _ = train(factory(LR), params(jnp.float64), STEPS)
        chex.assert_trees_all_close(got, wanted, rtol=1e-11)
    got, _, seen = train(js.inject(factory)(LR), params(), STEPS)
    chex.assert_trees_all_close(got, train(factory(LR), params(), STEPS)[0], rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(seen["learning_rate"], LR(np.arange(STEPS)), rtol=2e-7)


@parametrize("name", NAMES, FEW)
@pytest.mark.parametrize(
    "dtype", [jnp.bfloat16, pytest.param(jnp.float16, marks=exhaustive)], ids=["bfloat16", "float16"]
)
def test_every_optimizer_runs_with_narrow_parameters(name, dtype):
    p, state, _ = train(js.inject(getattr(optax, name))(1e-2), params(dtype), 3)
    assert {x.dtype for x in jax.tree.leaves(p)} == {jnp.dtype(dtype)}
    assert all(np.isfinite(np.asarray(x, np.float32)).all() for x in jax.tree.leaves(p))


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "lion"])
def test_wide_parameters_with_narrow_gradients_are_updated_at_full_width(name):
    """With gradients whose squares bfloat16 holds exactly, the updates are those of float32 gradients."""
    p, optimizer = params(), js.inject(getattr(optax, name))(0.0123)
    wide = jax.tree.map(lambda x: jnp.where(x > 0, 0.5, -0.25), p)
    narrow = jax.tree.map(lambda x: x.astype(jnp.bfloat16), wide)
    updates, state = optimizer.update(narrow, optimizer.init(p), p)
    assert {x.dtype for x in jax.tree.leaves(updates)} == {jnp.dtype(jnp.float32)}
    assert avals(state) == avals(optimizer.init(p))
    chex.assert_trees_all_close(updates, optimizer.update(wide, optimizer.init(p), p)[0], rtol=2e-5)


@pytest.mark.parametrize("wide", [False, pytest.param(True, marks=exhaustive)], ids=["x32", "x64"])
@each_pair()
def test_a_scan_can_carry_the_state(make, rate, wide):
    with x64() if wide else contextlib.nullcontext():
        p, optimizer = params(jnp.bfloat16), MAKERS[make](RATES[rate]())
        state = optimizer.init(p)
        update = lambda p, state, value: optimizer.update(p, state, p, value=value)[1]  # noqa: E731
        assert avals(jax.eval_shape(update, p, state, 1.0)) == avals(state)
        assert avals(jax.eval_shape(update, p, state, jnp.bfloat16(1))) == avals(state)
        if rate in CONTROLLERS:
            assert avals(jax.eval_shape(lambda state: js.observe(state, value=1), state)) == avals(state)
        assert avals(jax.eval_shape(optimizer.init, p)) == avals(jax.jit(optimizer.init)(p)) == avals(state)


def test_all_hyperparameters_are_scheduled_on_one_count():
    """Against an optimizer that is built anew from each step's numbers."""
    schedules = {
        "learning_rate": LR,
        "b1": js.one_cycle_momentum(0.85, 0.95, STEPS),
        "b2": js.Linear(0.9, 0.99, steps=STEPS),
        "weight_decay": js.Linear(1e-1, 1e-3, steps=STEPS),
    }
    optimizer, p = js.inject(optax.adamw)(**schedules), params()
    state, plain_p, plain_state = optimizer.init(p), p, optax.adamw(0.1).init(p)
    update = jax.jit(optimizer.update)
    for k in range(STEPS):
        updates, state = update(jax.grad(loss)(p), state, p)
        p = optax.apply_updates(p, updates)
        plain = optax.adamw(**{name: schedule(k) for name, schedule in schedules.items()})
        updates, plain_state = plain.update(jax.grad(loss)(plain_p), plain_state, plain_p)
        plain_p = optax.apply_updates(plain_p, updates)
        assert used(state) == pytest.approx({name: float(schedule(k)) for name, schedule in schedules.items()})
    chex.assert_trees_all_close(p, plain_p, rtol=1e-5)
    assert int(state.count) == STEPS
    moved = advance(optimizer, optax.tree.set(state, count=2), p)
    assert used(moved) == pytest.approx({name: float(schedule(2)) for name, schedule in schedules.items()})


def test_momentum_and_clip_norm():
    norm, momentum = js.Linear(1.0, 0.1, steps=5), js.Linear(0.0, 0.9, steps=5)
    optimizer = optax.chain(
        js.inject(optax.clip_by_global_norm)(max_norm=norm), js.inject(optax.sgd)(1.0, momentum=momentum)
    )
    p, trace = params(), jax.tree.map(jnp.zeros_like, params())
    state = optimizer.init(p)
    for k in range(7):
        gradient = jax.grad(loss)(p)
        updates, state = optimizer.update(gradient, state, p)
        clip = float(norm(k)) / max(float(optax.global_norm(gradient)), float(norm(k)))
        trace = jax.tree.map(lambda g, t, k=k, clip=clip: g * clip + momentum(k) * t, gradient, trace)
        chex.assert_trees_all_close(updates, jax.tree.map(jnp.negative, trace), rtol=1e-5)
        assert used(state) == pytest.approx(
            {"max_norm": float(norm(k)), "learning_rate": 1.0, "momentum": float(momentum(k))}
        )


@each_pair(rates_of=CONTROLLERS)
def test_a_metric_changes_the_rate_from_the_next_update_on(make, rate):
    """As the controller by itself does; no `value` is no observation."""
    p, optimizer, alone = params(), MAKERS[make](RATES[rate]()), RATES[rate]()
    state, alone_state = optimizer.init(p), alone.init()
    for metric in (1.0, 2.0, float("nan"), None, 3.0, 4.0, float("nan"), 5.0, None, 1.0):
        expected = float(alone(alone_state))
        alone_state = alone.update(alone_state, value=metric)
        state = advance(optimizer, state, p, **({} if metric is None else {"value": metric}))
        assert float(rate_of(js.last_used(state))) == expected
        assert same_bits(next(iter(js.events(state).values())), alone_state.events)
    assert len(js.events(state)) == 1 and int(alone_state.cuts) > 0


def test_a_sweep_is_one_program_whose_schedules_are_in_the_state():
    """The optimizer is made once; what differs between its runs is in their states alone."""
    settings = itertools.product((0.02, 0.3), (0.1, 0.5), (0, 2))
    many = [
        js.reduce_on_plateau(js.Cosine(peak, 0.0, steps=8), factor, patience) for peak, factor, patience in settings
    ]
    optimizer = js.inject(optax.adam)(many[0])

    def run(state):
        def step(carry, _):
            p, state = carry
            updates, state = optimizer.update(jax.grad(loss)(p), state, p, value=1.0)
            return (optax.apply_updates(p, updates), state), js.current(state)["learning_rate"]

        (p, _), seen = jax.lax.scan(step, (params(), state), None, length=STEPS)
        return p, seen

    states = jax.vmap(lambda controller: js.inject(optax.adam)(controller).init(params()))(js.stack(many))
    sweep, traces = counted(jax.vmap(run))
    got = sweep(states)
    sweep(jax.tree.map(lambda x: x[::-1], states))
    assert len(traces) == 1
    alone = [run(js.inject(optax.adam)(controller).init(params())) for controller in many]
    chex.assert_trees_all_close(got, jax.tree.map(lambda *x: jnp.stack(x), *alone), rtol=1e-5)
    assert len({tuple(np.asarray(seen).tolist()) for _, seen in alone}) == len(many)


def test_the_final_loss_has_a_gradient_by_the_schedule_in_the_state():
    optimizer = js.inject(optax.adam)(js.Linear(0.1, 0.01, steps=8.5))
    state = optimizer.init(params())

    def final(schedule):
        slot = state.slots["learning_rate"]._replace(schedule=schedule)
        return loss(train(optimizer, params(), STEPS, state._replace(slots={"learning_rate": slot}))[0])

    gradient = jax.grad(final)(js.Linear(0.1, 0.01, steps=8.5))
    assert all(np.isfinite(x) and x != 0 for x in (gradient.start, gradient.end, gradient.steps))


@each_pair()
def test_a_donated_state_and_its_schedules_survive(make, rate):
    p, optimizer = params(), MAKERS[make](RATES[rate]())
    state = optimizer.init(p)
    assert shared_buffers(state) == 0
    update = jax.jit(lambda g, state, p: optimizer.update(g, state, p, value=1.0), donate_argnums=1)
    for _ in range(3):
        _, state = update(p, state, p)
    assert all(np.isfinite(value) for value in rates(state).values())
    assert rates(optimizer.init(p)).keys() == rates(state).keys()


@makers
def test_the_arrays_of_a_caller_are_not_donated(make):
    start, number = jnp.float32(0.5), jnp.float32(0.25)
    lr = js.Linear(start, 0.0, steps=jnp.int32(10))
    optimizer = optax.chain(make(lr), make(number), js.inject(optax.adam)(lr, b1=number, b2=number))
    state = optimizer.init(params())
    state = js.override(state, dict.fromkeys(list(js.current(state))[:3], number))
    assert shared_buffers(state) == 0
    for _ in range(2):
        _, state = jax.jit(optimizer.update, donate_argnums=1)(params(), state, params())
    assert float(lr(0)) == 0.5 and float(number) == 0.25 and float(start) == 0.5


@each_pair()
def test_no_tracer_outlives_its_trace(make, rate):
    p, optimizer = params(), MAKERS[make](RATES[rate]())
    with jax.checking_leaks():
        state = jax.jit(optimizer.init)(p)
        jax.jit(lambda p, state, x: optimizer.update(p, state, p, value=x))(p, state, 1.0)


def test_optax_finds_its_way_in_the_state():
    optimizer, p = js.inject(optax.adam)(LR), params()
    state = advance(optimizer, optimizer.init(p), p, 3)
    assert optax.tree.get(state, "mu").keys() == p.keys()
    assert int(state.count) == 3 and float(state.hyperparams["learning_rate"]) == float(LR(2))
    assert optax.tree.get(state, "hyperparams") == state.hyperparams
    zeros = optax.tree.map_params(optimizer, jnp.zeros_like, state)
    assert float(jnp.sum(jnp.abs(optax.tree.get(zeros, "mu")["head"]))) == 0 and int(zeros.count) == 3
    assert rates(zeros) == rates(state) and used(zeros) == used(state)


def test_the_count_stays_at_its_last_step():
    optimizer, p = js.inject(optax.sgd)(js.reduce_on_plateau(LR)), params()
    state = optimizer.init(p)._replace(count=jnp.int32(2**31 - 1))
    assert int(advance(optimizer, state, p, 2, value=1.0).count) == 2**31 - 1
