"""Describe: phases where a formula changes, values of the curve itself, and lint that names what nobody meant."""

import math

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.short import parametrize
from support.zoo import ONE_OF_EACH_FAMILY, each, examples

import jaxsched as js
from jaxsched.show import Description, describe
from jaxsched.show._recipes import called

WSD = js.wsd(3e-4, warmup=1_000, stable=7_000, decay=2_000, shape="1-sqrt")

PHASES = {
    "wsd": (WSD, None, [(0, 1_000), (1_000, 8_000), (8_000, 10_000)]),
    "one cycle": (js.one_cycle(0.1, 100), None, [(0, 30), (30, 100)]),
    "three-phase one cycle": (js.one_cycle(0.1, 100, three_phase=True), None, [(0, 30), (30, 60), (60, 100)]),
    "join": (js.join([js.Linear(0.0, 1.0, steps=5), js.Constant(1.0), js.Rex(1.0, 0.0, steps=9)], [5, 8]), None,
             [(0, 5), (5, 8), (8, 17)]),
    "join of many": (js.join([js.Linear(1.0 * i, i + 1.0, steps=10) for i in range(9)]), None,
                     [(10 * i, 10 * i + 10) for i in range(9)]),
    "growing cycles": (js.sgdr(0.1, 10, growth=2), 100, [(0, 10), (10, 30), (30, 70), (70, 100)]),
    "listed cycles": (js.sgdr(0.1, [3, 9, 6]), None, [(0, 3), (3, 12), (12, 18)]),
    "equal cycles": (js.sgdr(0.1, 10), 1_000, [(0, 1_000)]),
    "few equal cycles": (js.cyclic(0.1, 1.0, 10, 20), 60, [(0, 10), (10, 30), (30, 40), (40, 60)]),
    "delay": (js.delay(js.Linear(1.0, 0.0, steps=4), 10), None, [(0, 10), (10, 14)]),
    "advance": (js.advance(WSD, 8_500), None, [(0, 1_500)]),
    "half of a warmup": (js.warmup(js.Constant(1.0), 10, offset=4), 20, [(0, 6), (6, 20)]),
    "slower": (js.nodes.Stretch(WSD, 2.0), None, [(0, 2_000), (2_000, 16_000), (16_000, 20_000)]),
    "epochs": (js.per_epoch(js.warmup_cosine(1.0, 5, 90), 10), None, [(0, 50), (50, 900)]),
    "times a number": (WSD * 0.5, None, [(0, 1_000), (1_000, 8_000), (8_000, 10_000)]),
    "of two": (js.Linear(1.0, 0.0, steps=10) + js.delay(js.Linear(1.0, 0.0, steps=5), 4), None,
               [(0, 4), (4, 9), (9, 10)]),
    "steps": (js.multistep_decay(1.0, 0.1, [30, 60]), 90, [(0, 30), (30, 60), (60, 90)]),
    "warmup of nothing": (js.warmup_cosine(1.0, 0, 10), None, [(0, 10)]),
    "cut before the end": (WSD, 4_000, [(0, 1_000), (1_000, 4_000)]),
    "held after the end": (js.Linear(1.0, 0.0, steps=10), 30, [(0, 10), (10, 30)]),
    "controller": (js.reduce_on_plateau(js.warmup(0.1, 10)), 20, [(0, 10), (10, 20)]),
}  # fmt: skip


@parametrize("name", PHASES, list(PHASES)[::2])
def test_phases_begin_where_a_formula_does(name):
    schedule, total, expected = PHASES[name]
    assert [(each.begin, each.end) for each in describe(schedule, total).phases] == expected


@each(ONE_OF_EACH_FAMILY)
def test_what_is_said_of_a_schedule_is_what_it_does(entry):
    schedule = entry.make()
    made = describe(schedule)
    values = np.asarray(jax.vmap(schedule)(np.arange(made.total + 1)), np.float64)
    assert isinstance(made, Description)
    assert made.phases[0].begin == 0 and made.phases[-1].end == made.total
    assert all(a.end == b.begin for a, b in zip(made.phases, made.phases[1:], strict=False))
    firsts, lasts = zip(*made.values, strict=True)
    begins = [math.ceil(phase.begin) for phase in made.phases]
    close = lambda a, b: np.testing.assert_allclose(a, b, rtol=3e-6, atol=1e-12)  # noqa: E731
    close(firsts, values[begins])
    close(lasts, values[[*(max(b - 1, a) for a, b in zip(begins, begins[1:], strict=False)), made.total - 1]])
    close([made.first, made.last, made.held, made.peak], [values[0], values[-2], values[-1], values[:-1].max()])
    close(values[made.peak_step], made.peak)
    close(made.area, math.fsum(values[:-1]))
    assert made.recipe is None or made.recipe.partition("(")[0] in str(made)


@pytest.mark.parametrize("entry", [e for e in examples(24) if hasattr(js, e.name.partition("-")[0])], ids=str)
def test_a_recipe_that_is_named_makes_the_schedule(entry):
    schedule = entry.make()
    named = called(schedule)
    assert named is None or eval(named, vars(js)) == schedule


RECIPES = (
    "warmup_cosine(peak=0.001, warmup=10, total=100)",
    "warmup_cosine(peak=0.001, warmup=10, total=100, end=0.0001)",
    "warmup_linear(peak=0.001, warmup=10, total=100)",
    "warmup_inverse_sqrt(peak=0.001, warmup=10)",
    "wsd(peak=0.001, warmup=10, stable=20, decay=30, shape='1-sqrt', warmup_shape='cosine')",
    "flat_cosine(peak=0.001, total=100)",
    "one_cycle(peak=0.001, total=100)",
    "one_cycle(peak=0.001, total=100, three_phase=True, shape='linear', div=10.0)",
    "cyclic(low=0.1, high=1.0, up=10, down=20, mode='exp_range', gamma=0.99)",
    "sgdr(peak=0.1, period=10, growth=2, decay=0.5, end=0.01)",
    "multistep_decay(start=0.1, factor=0.1, milestones=[30, 60, 80])",
    "step_decay(start=0.1, factor=0.5, every=30)",
    "exponential_decay(start=0.1, rate=0.5, steps=30)",
    "natural_exponential_decay(start=0.1, rate=0.5, steps=30)",
    "inverse_time_decay(start=0.1, rate=0.5, steps=30)",
    "linear_cosine_decay(start=0.1, steps=30, alpha=0.1)",
    "piecewise_constant(boundaries=[10, 20], values=[1.0, 0.5, 0.1])",
    "slanted_triangular(peak=0.1, total=100)",
)


@pytest.mark.parametrize("call", RECIPES)
def test_recipes_are_shown_as_they_were_called(call):
    schedule = eval(call, vars(js))
    made = describe(schedule)
    assert made.recipe == call
    assert str(made).splitlines()[0].startswith(call)
    assert repr(schedule)[:80] in str(made)


def findings(schedule, total=None, run=None):
    return [(each.kind, each.step) for each in describe(schedule, total, run).findings if not each.note]


LINT = {
    "nothing": (WSD, None, []),
    "a recipe of each kind": (js.one_cycle(0.1, 100), None, []),
    "restarts are meant": (js.sgdr(0.1, 10, growth=2), 1_000, []),
    "stairs are meant": (js.step_decay(0.1, 0.5, 30), 90, []),
    "and those upwards": (js.piecewise_constant([10, 20], [0.1, 0.5, 1.0]), 30, []),
    "an empty loader": (js.warmup_cosine(3e-4, 10, 10) * 0.0, 10, [("zero", 0)]),
    "a jump of a join": (
        js.join([js.Linear(0.0, 1e-3, steps=100), js.Cosine(1e-2, 0.0, steps=900)]), None, [("jump", 100)],
    ),
    "a jump of a join downwards": (
        js.join([js.Linear(0.0, 1.0, steps=100), js.Cosine(0.5, 0.0, steps=900)]), None, [("jump", 100)],
    ),
    "a jump of a function": (lambda t: np.float32(1) + (t >= 7), 20, [("jump", 7)]),
    "cut": (WSD, 4_000, [("cut", 3_999)]),
    "warmup beyond the run": (js.warmup_cosine(0.1, 100, 1_000), 50, [("warmup too long", 0), ("cut", 49)]),
    "a warmup that falls": (js.warmup(js.Constant(0.1), 10, start=0.5), 50, [("falling warmup", 0)]),
    "zeros": (js.Linear(1.0, 0.0, steps=50), 80, [("zero tail", 50)]),
    "negative": (js.Linear(1.0, -1.0, steps=50), None, [("negative", 26)]),
    "not finite at one step": (lambda t: jnp.where(t == 5, jnp.nan, jnp.float32(1)), 9, [("not finite", 5)]),
    "infinite": (1.0 / js.as_schedule(lambda t: jnp.maximum(5.0 - t, 0.0)), 9, [("not finite", 5)]),
    "epochs": (js.multistep_decay(0.1, 0.1, [30, 60, 80]), 35_100, [("epochs", 80)]),
}  # fmt: skip


@pytest.mark.parametrize("name", LINT)
def test_lint(name):
    schedule, total, expected = LINT[name]
    assert findings(schedule, total) == expected


def test_a_length_that_is_a_part_of_a_step_is_found():
    whole = js.warmup(js.Constant(0.1), 10.0)
    part = jax.tree.unflatten(jax.tree.structure(whole), [0.1 if x == 10 else x for x in jax.tree.leaves(whole)])
    assert findings(part, 100) == [("fraction", None)]
    assert "ramp.steps" in str(describe(part, 100)) and "fraction(0.1)" in str(describe(part, 100))


def test_slow_clocks_have_lengths_below_1():
    assert findings(js.per_epoch(js.Linear(1.0, 0.1, steps=np.array(0.5)), 390), 390) == []


def test_epochs_are_known_from_the_run():
    run = js.Run(steps_per_epoch=390, total=35_100)
    assert findings(js.Cosine(0.1, 0.01, steps=90), run=run) == [("epochs", 90)]
    assert findings(js.Cosine(0.1, 0.01, steps=500), run=run) == []


def test_notes_are_no_faults():
    made = describe(js.warmup_cosine(0.1, 10, 100, 0.01), 150)
    assert [(each.kind, each.note) for each in made.findings] == [("starts at zero", True), ("ends early", True)]


def test_the_text_says_it_all():
    text = str(describe(WSD))
    for part in ("10,000 steps", "peak 0.0003 at step 1,000", "warmup, linear", "cooldown, 1-sqrt", "then 0", "▁", "█"):
        assert part in text
    assert max(map(len, text.splitlines())) <= 180


def test_epochs_and_tokens_stand_beside_the_steps():
    run = js.Run(steps_per_epoch=500, batch_size=4, sequence_length=1024, total=10_000)
    text = str(describe(WSD, run=run))
    assert "epochs 2 – 16" in text and "tokens 4.096e+06 – 3.277e+07" in text


def test_many_phases_are_shortened():
    text = str(describe(js.join([js.Linear(1.0 * i, i + 1.0, steps=10) for i in range(100)])))
    assert "92 more" in text and len(text.splitlines()) < 16


def test_a_stack_has_a_row_each():
    made = describe(js.grid(lambda p: js.warmup_cosine(p, 10, 100), p=[0.1, 0.3]))
    assert [each.peak for each in made.rows] == pytest.approx([0.1, 0.3])
    assert len(str(made).splitlines()) == 2 and "peak 0.3 at 10" in str(made)


def test_a_controller_says_what_is_not_known():
    assert "metric" in str(describe(js.reduce_on_plateau(0.1)))


def optimizer_and_state(steps):
    rates = {"head": js.warmup_cosine(1e-3, 10, 100), "body": js.reduce_on_plateau(1e-4, patience=0)}
    optimizer = optax.chain(optax.identity(), js.by_group(rates))
    params = {"head": jnp.ones(2), "body": jnp.ones(2)}
    state = optimizer.init(params)
    for _ in range(steps):
        _, state = optimizer.update(params, state, params, value=1.0)
    return optimizer, state


def test_a_state_has_a_row_for_every_rate():
    _, state = optimizer_and_state(20)
    rows = {row.name: row for row in describe(state).rows}
    assert {name: row.next for name, row in rows.items()} == {n: float(x) for n, x in js.current(state).items()}
    assert {name: row.used for name, row in rows.items()} == {n: float(x) for n, x in js.last_used(state).items()}
    head, body = rows["head/learning_rate"], rows["body/learning_rate"]
    assert (head.step, head.by_hand, head.observations, head.cuts) == (20, False, None, None)
    assert head.phase == "cosine (10 – 100) of warmup_cosine(peak=0.001, warmup=10, total=100)"
    assert (body.step, body.observations, body.cuts) == (20, 20, 19)
    text = str(describe(js.override(state, {"head/learning_rate": 0.5})))
    assert "set by hand" in text.splitlines()[1] and "next 0.5" in text and "cuts 19" in text


def test_what_optax_keeps_in_closures_is_not_known():
    state = optax.inject_hyperparams(optax.sgd)(js.warmup_cosine(1e-3, 10, 100), momentum=0.9).init(jnp.ones(3))
    rows = {row.name: row for row in describe(state).rows}
    assert rows["learning_rate"].next is None and rows["momentum"].used == pytest.approx(0.9)
    assert "next not known" in str(describe(state))


def test_a_state_of_several_runs_has_its_range():
    states = jax.vmap(lambda rate: js.inject(optax.sgd)(rate).init(jnp.ones(3)))(jnp.asarray([0.1, 0.2]))
    assert "next 0.1 … 0.2" in str(describe(states))


def test_a_state_without_rates_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match="inject"):
        describe(optax.adam(1e-3).init(jnp.ones(3)))


def test_a_long_run_is_sampled_at_every_phase_and_says_so():
    made = describe(js.wsd(1.0, warmup=1_000_000_000, stable=3, decay=500_000_000))
    assert made.peak == 1.0 and 999_999_900 <= made.peak_step <= 1_000_000_000  # in float32 1 comes early
    assert made.area == pytest.approx(0.75e9 + 3, rel=1e-4)
    assert "were looked at" in str(made)


def test_what_has_no_end_says_so():
    assert "no end of its own" in str(describe(js.noam(512, 4_000)))
    assert describe(js.noam(512, 4_000)).total == 16_000
    assert "no end" not in str(describe(js.Constant(1.0)))


def test_terminals_without_blocks_get_plain_text(monkeypatch):
    class Plain:
        encoding = "ascii"

    monkeypatch.setattr("sys.stdout", Plain())
    assert "█" not in str(describe(WSD).text) and "#" in describe(WSD).text


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ((WSD, 0), ValueError, "`total` must be from 1"),
        ((WSD, 2.5), TypeError, "`total` must be a whole number"),
        ((WSD, True), TypeError, "`total` must be a whole number"),
        (("cosine",), TypeError, "`x`|`schedule`"),
    ],
)
def test_what_cannot_be_described_is_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        describe(*arguments)


def test_tracers_are_refused():
    with pytest.raises(TypeError, match="`schedule` must have known numbers"):
        jax.jit(lambda x: describe(js.Constant(x)).peak)(1.0)


def test_nothing_is_changed_and_nothing_compiled_twice():
    schedule = js.warmup_cosine(0.1, 10, 100)
    describe(schedule)
    with jax.check_tracer_leaks():
        assert describe(schedule).peak == pytest.approx(0.1)
    chex.assert_trees_all_equal(schedule, js.warmup_cosine(0.1, 10, 100))
