"""A clock from outside: `optimizer.update(..., step=tokens)`, and counts beyond 2**31."""

from fractions import Fraction

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import relaxed, same_bits, x64
from support.zoo import each

import jaxsched as js

assert relaxed  # the fixture of this module

LR = js.warmup(js.Cosine(0.1, 0.01, steps=60), 30, start=0.02)
PARAMS = {"w": jnp.arange(3.0), "b": jnp.ones(())}
MAKERS = {
    "inject": lambda rate: js.inject(optax.adamw)(rate),
    "scale_by_learning_rate": lambda rate: optax.chain(optax.scale_by_adam(), js.scale_by_learning_rate(rate)),
    "by_group": lambda rate: optax.chain(optax.scale_by_adam(), js.by_group({"w": rate, "b": rate * 0.5})),
    "multi_steps": lambda rate: optax.MultiSteps(js.inject(optax.sgd)(rate), 1),
    "nested": lambda rate: js.inject(lambda b: optax.chain(optax.scale(b), js.scale_by_learning_rate(rate)))(1.0),
}
makers = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
PLATEAU = js.reduce_on_plateau(LR, 0.5, patience=1, begin=2)


def rate_of(values):
    return next(x for name, x in values.items() if name.endswith("learning_rate") and "b/" not in name)


def at(make_or_optimizer, steps, value=None, state=None, jit=True):
    """The state after updates at these times, and the rate that each used."""
    optimizer, used = make_or_optimizer, []
    state = optimizer.init(PARAMS) if state is None else state
    extra = {} if value is None else {"value": value}

    def update(state, step):
        return optimizer.update(PARAMS, state, PARAMS, step=step, **extra)[1]

    update = jax.jit(update) if jit else update
    for step in steps:
        state = update(state, step)
        used.append(float(rate_of(js.last_used(state))))
    return state, used


@makers
def test_hyperparameters_are_read_at_the_step_that_is_given(make):
    times = [0, 5, 29, 30, 31, 90, 1_000_000]
    _, used = at(make(LR), times)
    np.testing.assert_array_equal(np.float32(used), LR(np.array(times)))


@makers
def test_the_own_count_from_outside_changes_nothing(make):
    """`update(step=k)` at update k is `update()`: values, states and what follows, but for the notes on the clock."""
    optimizer = make(LR)
    one = two = optimizer.init(PARAMS)
    for k in range(4):
        updates, one = optimizer.update(PARAMS, one, PARAMS)
        others, two = optimizer.update(PARAMS, two, PARAMS, step=k)
        same_bits(updates, others)
        same_bits(js.current(one), js.current(two))
        same_bits(js.last_used(one), js.last_used(two))


@pytest.mark.parametrize(
    "kind",
    [int, float, np.int64, np.uint8, np.float64, jnp.int32, jnp.float32, jnp.bfloat16, jnp.asarray, js.counter],
    ids=lambda kind: kind.__name__,
)
def test_a_step_of_any_kind(kind):
    _, used = at(MAKERS["inject"](LR), [kind(40)], jit=False)
    np.testing.assert_allclose(used, LR(40), rtol=1e-6)


def test_the_state_follows_and_an_update_without_a_step_goes_on_from_there():
    optimizer = js.inject(optax.sgd)(LR)
    state, _ = at(optimizer, [40])
    assert int(state.count) == 41 and float(js.current(state)["learning_rate"]) == float(LR(41))
    _, state = optimizer.update(PARAMS, state, PARAMS)
    assert float(js.last_used(state)["learning_rate"]) == float(LR(41))


@pytest.mark.parametrize("jit", [False, True], ids=["eager", "jit"])
def test_between_two_steps_the_state_keeps_the_very_time(jit):
    state, used = at(js.inject(optax.sgd)(LR), [7.3], jit=jit)
    read = jax.jit(js.current) if jit else js.current
    np.testing.assert_allclose(read(state)["learning_rate"], LR(7.3), rtol=1e-6)
    np.testing.assert_allclose(used, LR(7.3), rtol=1e-6)
    assert js.show.describe(state).rows[0].step == pytest.approx(7.3)


def test_a_controller_counts_updates_and_reads_its_schedule_from_outside():
    """The oracle is a controller of its own, stepped once an update, over the values of the schedule there."""
    times, metrics = [3, 40, 50, 70, 80, 85], [1.0, 1.0, 1.0, 1.0, 1.0, 0.5]
    optimizer, oracle = js.inject(optax.sgd)(PLATEAU), js.reduce_on_plateau(1.0, 0.5, patience=1, begin=2)
    state, of_oracle = optimizer.init(PARAMS), oracle.init()
    update = jax.jit(lambda state, step, value: optimizer.update(PARAMS, state, PARAMS, step=step, value=value)[1])
    for time, metric in zip(times, metrics, strict=True):
        expected = float(oracle(of_oracle)) * float(LR(time))
        state, of_oracle = update(state, time, metric), oracle.update(of_oracle, value=metric)
        np.testing.assert_allclose(js.last_used(state)["learning_rate"], expected, rtol=1e-6)
    assert int(state.slots["learning_rate"].state.cuts) == int(of_oracle.cuts) == 1


@pytest.mark.parametrize(
    "controller", [PLATEAU, js.hold_target(LR, 0.5, low=1e-3, high=1.0)], ids=["plateau", "target"]
)
def test_a_controller_alone_and_in_optax_reads_it_too(controller):
    state = controller.init()
    assert float(controller(state, step=50)) == float(LR(50))
    after = controller.update(state, value=0.5, step=50)
    assert int(after.step) == 1
    optimizer = optax.inject_hyperparams(optax.sgd)(controller)
    updates, _ = optimizer.update(jnp.ones(2), optimizer.init(jnp.ones(2)), step=50, value=0.5)
    np.testing.assert_allclose(updates, -LR(50), rtol=1e-6)


def test_observing_between_updates_reads_the_schedule_where_the_clock_is():
    """The floor of a plateau is one of the value, which the schedule has at 60 and not at update 1."""
    floor = float(LR(60)) * 0.4
    optimizer = js.inject(optax.sgd)(js.reduce_on_plateau(LR, 0.5, patience=0, min_value=floor))
    state, _ = at(optimizer, [59])
    for _ in range(4):
        state = js.observe(state, value=1.0)
    np.testing.assert_allclose(js.current(state)["learning_rate"], floor, rtol=1e-6)


def test_replacing_and_restoring_keep_the_clock():
    optimizer = js.inject(optax.sgd)(js.reduce_on_plateau(LR, 0.5, patience=0, begin=1))
    state, _ = at(optimizer, [40, 50], value=1.0)
    for kept in (js.restore(optimizer.init(PARAMS), x)[0] for x in (state, js.snapshot(state), list(state))):
        same_bits(kept, state)
    later = js.replace_schedule(state, learning_rate=js.Linear(1.0, 0.0, steps=10), clock="now")
    _, used = at(optimizer, [51, 56], state=later)
    np.testing.assert_allclose(used, [1.0, 0.5], rtol=1e-6)


def test_many_steps_back_are_fifteen():
    state, _ = at(js.inject(optax.sgd)(LR), [30 - k for k in range(20)])
    assert int(state.clock.back) == 15 and int(state.count) == 12 and float(state.clock.part) == 0.0


@pytest.mark.parametrize("time", [0.25, 0.5, 0.75, 7.3, 7.5, 7.7, 1e6 + 0.25])
def test_a_part_of_a_step_is_kept_beside_the_notes(time):
    state, _ = at(js.inject(optax.sgd)(LR), [9.5, 3.0, time])
    assert int(state.count) + float(state.clock.part) == pytest.approx(time, abs=2e-7)
    assert int(state.clock.back) in (1, 2) and bool(state.clock.given)


def test_a_controller_in_the_place_of_a_schedule_counts_on():
    optimizer = js.inject(optax.sgd)(LR)
    state, _ = at(optimizer, [40, 50])
    assert len(jax.tree.leaves(state.clock)) == 1
    state = js.replace_schedule(state, learning_rate=js.reduce_on_plateau(LR, 0.5, patience=0, begin=60))
    state, used = at(optimizer, [70], value=1.0, state=state)
    np.testing.assert_allclose(used, LR(70), rtol=1e-6)
    assert len(jax.tree.leaves(state.clock)) == 2 and int(state.count - state.clock.ahead) == 52


def test_a_state_of_a_version_without_a_clock_goes_on():
    optimizer = js.inject(optax.sgd)(LR)
    old = optimizer.init(PARAMS)._replace(clock=())
    _, without = optimizer.update(PARAMS, old, PARAMS)
    assert jax.tree.structure(without) == jax.tree.structure(old)
    assert float(js.current(without)["learning_rate"]) == float(LR(1))
    fresh, changes = js.restore(optimizer.init(PARAMS), tuple(without)[:-1])
    assert int(fresh.count) == 1 and changes == []


def test_what_describe_says_of_a_clock():
    optimizer = js.inject(optax.sgd)(LR)

    def said(*times):
        return repr(js.show.describe(at(optimizer, times)[0]))

    assert "updates" not in repr(js.show.describe(optimizer.init(PARAMS)))
    plain = said(4096, 8192, 12288)
    assert "anew" not in plain and "back" not in plain
    state, _ = at(js.inject(optax.sgd)(PLATEAU), [4096, 8192, 12288])
    assert "updates 3" in repr(js.show.describe(state)) and "step 12,289" in repr(js.show.describe(state))
    assert "went back, times: 2" in said(10, 20, 15, 30, 3)
    assert "went back" not in said(10, 10, 10)
    assert "made anew" in said(500, 510, 520) and "made anew" in said(500, 500, 510) and "made anew" in said(9.5, 9.6)
    for times in ((0, 500, 501, 502), (500,), (2048, 2048, 4096), (0.1, 0.2, 0.3), (500, 1000, 1010)):
        assert "made anew" not in said(*times), times
    _, own = optimizer.update(PARAMS, optimizer.init(PARAMS), PARAMS)
    assert "made anew" not in repr(js.show.describe(at(optimizer, (500, 510), state=own)[0]))
    state, _ = at(optimizer, [500, 510])
    again, changes = js.restore(optimizer.init(PARAMS), js.snapshot(state))
    assert changes == [] and repr(js.show.describe(again)) == repr(js.show.describe(state))


def test_one_program_for_all_times_and_a_scan():
    optimizer = js.inject(optax.sgd)(LR)

    @jax.jit
    @chex.assert_max_traces(1)
    def run(state, times):
        def one(state, time):
            state = optimizer.update(PARAMS, state, PARAMS, step=time)[1]
            return state, js.last_used(state)["learning_rate"]

        return jax.lax.scan(one, state, times)

    for times in (jnp.arange(0, 80, 8), jnp.arange(10)):
        state, used = run(optimizer.init(PARAMS), times)
        np.testing.assert_allclose(used, LR(times), rtol=1e-6)
    assert int(state.count) == 10


def test_members_of_a_vmap_have_clocks_of_their_own():
    optimizer = js.inject(optax.sgd)(LR)
    times = jnp.asarray([3, 40, 80])
    states = jax.vmap(lambda _: optimizer.init(PARAMS))(times)
    after = jax.vmap(lambda state, time: optimizer.update(PARAMS, state, PARAMS, step=time)[1])(states, times)
    np.testing.assert_allclose(js.last_used(after)["learning_rate"], LR(times), rtol=1e-6)
    np.testing.assert_allclose(js.current(after)["learning_rate"], LR(times + 1), rtol=1e-6)
    assert "step 4 … 81" in repr(js.show.describe(after))


BAD = [[1, 2], "5", True, np.ones(2), object(), float("nan"), float("inf"), 1j, jax.random.key(0)]


@pytest.mark.parametrize("step", BAD, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("where", ["inject", "by_group", "plateau", "controller"])
def test_a_clock_that_is_not_one_number_is_refused(where, step):
    with pytest.raises((TypeError, ValueError), match="`step` must be"):
        if where == "controller":
            PLATEAU.update(PLATEAU.init(), step=step)
        else:
            optimizer = MAKERS["inject"](PLATEAU) if where == "plateau" else MAKERS[where](LR)
            optimizer.update(PARAMS, optimizer.init(PARAMS), PARAMS, step=step)


@pytest.mark.parametrize("step", [1e308, -1e308, 1e39, 10**400, np.float64(1e300)])
def test_no_time_is_too_large(step):
    """Warnings are errors here."""
    line = js.Linear(1.0, 0.5, steps=10)
    expected = 0.5 if step > 0 else 1.0
    assert float(line(step)) == expected
    _, used = at(js.inject(optax.sgd)(line), [step], jit=False)
    assert used == [expected]


def test_what_is_traced_and_no_time_is_the_count_or_the_start():
    optimizer = js.inject(optax.sgd)(LR)
    _, used = at(optimizer, [5, jnp.float32("nan"), -7, -3.5])
    np.testing.assert_array_equal(np.float32(used), LR(np.array([5, 6, 0, 0])))


def test_a_plateau_of_torch_between_two_schedulers_refuses_it():
    t = js.compat.torch
    chain = t.on_one_optimizer([t.ReduceLROnPlateau(0.1), t.ExponentialLR(0.1, 0.9)])
    optimizer = js.inject(optax.sgd)(chain)
    with pytest.raises(TypeError, match="`step` must be left out"):
        optimizer.update(PARAMS, optimizer.init(PARAMS), PARAMS, step=5)


def test_stationarity_reads_its_schedule_there():
    optimizer = js.reduce_on_stationarity(LR)
    _, state = optimizer.update(PARAMS, optimizer.init(PARAMS), PARAMS, step=50)
    assert float(state.learning_rate) == float(LR(50)) and int(state.step) == 1


# Counts beyond 2**31.

UNIT = 1_000_000
TOTAL = 15_000_000 * UNIT
LONG = js.warmup(js.Linear(1.0, 0.0, steps=14_999_000), 1_000)


def exactly(tokens):
    """The value of LONG at a number of tokens."""
    x = Fraction(tokens, UNIT)
    return x / 1000 if x < 1000 else max(1 - (x - 1000) / 14_999_000, Fraction(0))


@pytest.mark.parametrize(
    "tokens", [0, 1, 3, 999_999_999, 10**9, 10**9 + 1, 7 * 10**12 + 12345, TOTAL - 1, TOTAL, 2 * TOTAL]
)
def test_a_counter_is_exact_to_a_float32_of_its_distance_to_each_boundary(tokens):
    value, true = float(LONG(js.counter(tokens, unit=UNIT))), float(exactly(tokens))
    assert value == pytest.approx(true, rel=3e-7, abs=0)
    _, used = at(js.inject(optax.sgd)(LONG), [js.counter(tokens, unit=UNIT)])
    assert used[0] == pytest.approx(true, rel=3e-7, abs=0)


@each()
def test_every_schedule_read_by_a_counter_is_read_between_its_steps(entry):
    for tokens in (0, 5, 8, 1_000):
        value, expected = entry.make()(js.counter(tokens, unit=4)), entry.make()(tokens / 4)
        np.testing.assert_allclose(value, expected, rtol=2e-5, atol=1e-9)


@pytest.mark.parametrize("unit", [1, 7, 1000, UNIT, 2**30])
def test_a_counter_counts_exactly_in_a_scan(unit):
    more, n = np.array([0, 1, 5, 2**31 - 1, 4_194_304, 999_999], np.int32), 40
    if unit < 1000:
        more = more // 1000
    begin = 10**6 + 7
    counts, _ = jax.jit(lambda c, xs: jax.lax.scan(lambda c, x: (c.add(x), None), c, xs))(
        js.counter(begin, unit=unit), jnp.tile(more, n)
    )
    assert int(counts) == begin + n * int(more.astype(np.int64).sum())
    on_host = js.counter(begin, unit=unit)
    for x in more:
        on_host = on_host.add(x)
    assert int(on_host) == begin + int(more.astype(np.int64).sum())


@pytest.mark.parametrize("jit", [False, True], ids=["eager", "jit"])
def test_an_unsigned_count_goes_on_beyond_the_signed_ones(jit):
    """2**32 - 1 tokens fit a uint32."""
    lr = js.warmup(js.Linear(1.0, 0.0, steps=4e9), steps=1e9)
    read = jax.jit(lr) if jit else lr
    counts = jnp.asarray([5, 2**31 - 1, 2**31, 3 * 10**9, 4294967295], jnp.uint32)
    expected = [5e-9, *(1 - (np.array([2.0**31 - 1, 2.0**31, 3e9, 4294967295]) - 1e9) / 4e9)]
    np.testing.assert_allclose(read(counts), expected, rtol=1e-6)
    _, used = at(js.inject(optax.sgd)(lr), list(counts), jit=jit)
    np.testing.assert_allclose(used, expected, rtol=1e-6)


def test_a_counter_holds_still_at_its_end_and_never_goes_back():
    last = js.counter((2**31 - 1) * 10 + 3, unit=10)
    add = jax.jit(lambda c, x: c.add(x))
    assert int(add(last, jnp.int32(100)).units) == 2**31 - 1
    assert int(add(js.counter(5, unit=10), jnp.int32(-7))) == 5
    assert float(js.Linear(1.0, 0.0, steps=100)(last)) == 0.0


def test_a_counter_under_x64_and_of_wide_integers():
    with x64():
        assert float(LONG(js.counter(TOTAL - 3, unit=UNIT))) == pytest.approx(float(exactly(TOTAL - 3)), rel=1e-13)
        assert int(js.counter(3, unit=10).add(jnp.int64(10**10))) == 10**10 + 3
    assert int(js.counter(np.int64(2**40), unit=np.int32(2**20)).add(np.uint64(2**41))) == 2**40 + 2**41


def test_a_float_beyond_the_integers_is_read_and_the_count_stays_at_its_last():
    lr = js.Linear(1.0, 0.0, steps=1e10)
    state, used = at(js.inject(optax.sgd)(lr), [jnp.float32(4e9), jnp.float32(3e9), jnp.float32(5e9)])
    np.testing.assert_allclose(used, [0.6, 0.7, 0.5], rtol=1e-6)
    assert int(state.count) == 2**31 - 1 and float(state.clock.part) == 0.0


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        ((-1,), ValueError, "`count` must not be negative: got -1"),
        ((1.5,), TypeError, "`count` must be one whole number: got 1.5"),
        (("3",), TypeError, "`count` must be a number: got '3'"),
        ((jnp.ones(2, jnp.int32),), TypeError, "`count` must be one whole number"),
        ((2**31,), ValueError, "`count` must be below 2\\*\\*31 units: got 2147483648 in units of 1. Pass a larger"),
        ((5, 0), ValueError, "`unit` must lie between 1 and 2\\*\\*30: got 0"),
        ((5, 2**31), ValueError, "`unit` must lie between 1"),
        ((5, 0.5), TypeError, "`unit` must be one whole number: got 0.5"),
    ],
)
def test_a_counter_of_nonsense_is_refused(args, error, words):
    with pytest.raises(error, match=words):
        js.counter(*args)


def test_adding_nonsense_is_refused():
    for more, error in ((-1, ValueError), (0.5, TypeError), ("x", TypeError), (2**62, ValueError)):
        with pytest.raises(error):
            js.counter(5, unit=3).add(more)


def test_a_sum_of_a_counter_and_a_number_is_a_counter():
    made = js.counter(10, unit=3)
    for total in (made + 5, 5 + made, np.int64(5) + made, jnp.int32(5) + made, jax.jit(lambda c, x: c + x)(made, 5)):
        assert total == js.counter(15, unit=3) and type(total) is type(made)
    with pytest.raises(TypeError, match=r"`more` must be one whole number: got counter\(10, unit=3\)"):
        made + made
    for product in (lambda: made * 2, lambda: np.int64(2) * made):
        with pytest.raises(TypeError, match="`factor` must not multiply a counter: got .*2"):
            product()


def test_several_counters_are_one_step_each():
    many = jax.tree.map(lambda *xs: jnp.stack(xs), js.counter(3, unit=2), js.counter(9, unit=2))
    optimizer, plateau = js.scale_by_learning_rate(LONG), js.reduce_on_plateau(LONG)
    state = optimizer.init(1.0)
    for called in (lambda: optimizer.update(1.0, state, step=many), lambda: plateau(plateau.init(), step=many)):
        with pytest.raises(ValueError, match=r"`step` must be one number: got a counter of the shape \(2,\)"):
            called()
    each = jax.vmap(lambda step: optimizer.update(1.0, state, step=step)[0])(many)
    np.testing.assert_array_equal(each, -LONG(many))


def test_the_printed_counter_is_the_call_that_makes_it():
    made = js.counter(10**13 + 1, unit=10**6)
    assert repr(made) == "counter(10000000000001, unit=1000000)"
