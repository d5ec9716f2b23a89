"""Random runs: updates, metrics, numbers by hand, other schedules, checkpoints; compared with a model step by step."""

import copy
import pickle
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support.bridge import rates, relaxed, used
from support.runs_model import LARGEST, Plan, Plateau, Rate, Run, Stretched
from support.short import exhaustive
from support.stores import STORES, by_flax, by_orbax, by_pickle, keys

import jaxsched as js

assert relaxed  # the fixture of this module

NAMES = ("step_size", "body/learning_rate", "head/learning_rate")
PARAMS = {"body": jnp.ones(2), "head": jnp.ones(())}

VALUES = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0])
STEPS = st.integers(0, 6)
RAMPS = st.builds(Plan, st.sampled_from(["linear", "cosine"]), VALUES, VALUES, STEPS)
OTHERS = st.builds(Plan, st.sampled_from(["constant", "exponential"]), VALUES)
PLATEAUS = st.builds(Plateau, st.sampled_from([0.25, 0.5]), st.integers(0, 2), st.sampled_from([1.0, -1.0]))
RATES = st.runner().flatmap(lambda runs: st.builds(Rate, runs.plans_drawn, st.one_of(st.none(), PLATEAUS)))
ALL_RATES = st.fixed_dictionaries(dict.fromkeys(NAMES, RATES))
METRICS = st.sampled_from([1.0, 2.0, 3.0, 3.0, -1.0, float("nan"), float("inf"), -float("inf")])
CLOSE = {"rel": 2e-5, "abs": 1e-7}


def state_itself(state):
    return state


def by_places(tree):
    """Lists for tuples, dicts for what has names, NumPy's arrays: what a library gives back that knows no classes."""
    entries, _ = jax.tree_util.tree_flatten_with_path(tree, is_leaf=lambda x: x is not tree)
    if tree is None or not entries[:1] or not entries[0][0]:
        return tree if isinstance(tree, (tuple, dict)) or tree is None else np.asarray(tree)
    if isinstance(tree, (tuple, list)) and not hasattr(tree, "_fields"):
        return [by_places(x) for _, x in entries]
    return {keys(path): by_places(x) for path, x in entries}


FORMS = (js.snapshot, state_itself, by_places)


def optimizer_of(plans):
    made = {name: rate.make() for name, rate in plans.items()}
    groups = {name.removesuffix("/learning_rate"): x for name, x in made.items() if name != "step_size"}
    return optax.chain(js.inject(optax.scale)(step_size=made["step_size"]), js.by_group(groups))


class Runs(RuleBasedStateMachine):
    saves, plans_drawn = Bundle("saves"), st.one_of(RAMPS, OTHERS)

    @initialize(plans=ALL_RATES)
    def begin(self, plans):
        self.go(plans, Run(plans))
        self.state = self.optimizer.init(PARAMS)

    def go(self, plans, run):
        self.plans, self.run, self.optimizer = plans, run, optimizer_of(plans)
        self.step = self.optimizer.update

    @rule(metrics=st.lists(st.one_of(st.none(), METRICS), min_size=1, max_size=4))
    def update(self, metrics):
        for metric in metrics:
            before = self.run.values()
            updates, self.state = self.step(PARAMS, self.state, PARAMS, value=metric)
            self.run.update(metric)
            for group in PARAMS:
                wanted = -before["step_size"] * before[f"{group}/learning_rate"]
                np.testing.assert_allclose(updates[group], wanted, rtol=5e-5, atol=1e-7)

    @rule(metric=METRICS, name=st.sampled_from([None, *NAMES]), observed=st.sampled_from([True, True, False]))
    def observe(self, metric, name, observed):
        controlled = self.run.controlled()
        if not controlled or name not in (None, *controlled):
            with pytest.raises(ValueError, match="`name` must name a controller" if name else "must hold a controller"):
                js.observe(self.state, value=metric, name=name)
            return
        self.state = js.observe(self.state, value=metric, name=name, observed=observed)
        self.run.observe(metric if observed else None, name)

    @rule(values=st.dictionaries(st.sampled_from(NAMES), st.one_of(st.none(), VALUES), min_size=1))
    def override(self, values):
        self.state = js.override(self.state, values)
        for name, number in values.items():
            self.run.rates[name].by_hand = number

    @rule(name=st.sampled_from(NAMES), new=RATES, clock=st.sampled_from(["run", "now"]), rebase=st.booleans())
    def replace_schedule(self, name, new, clock, rebase):
        if self.run.replace(name, new, clock, rebase):
            self.state = js.replace_schedule(self.state, {name: new.make()}, clock=clock, rebase=rebase)
        else:
            with pytest.raises(ValueError, match="must be scaled from its first value to the present one"):
                js.replace_schedule(self.state, {name: new.make()}, rebase=True)

    @precondition(lambda self: not any(isinstance(rate.plan, Stretched) for rate in self.run.rates.values()))
    @rule(more=st.integers(1, 8), name=st.sampled_from([None, *NAMES]))
    def stretch_rest(self, more, name):
        total = self.run.count + more
        if self.run.stretch_rest(total, name):
            self.state = js.stretch_rest(self.state, total, name=name)
        else:
            with pytest.raises(ValueError, match="`opt_state` must hold a schedule whose end is to come"):
                js.stretch_rest(self.state, total, name=name)

    @rule(target=saves)
    def save(self):
        return pickle.dumps(self.state), self.plans, copy.deepcopy(self.run)

    @rule(saved=saves, other=ALL_RATES, changed=st.sets(st.sampled_from(NAMES)), form=st.sampled_from(FORMS))
    def restore(self, saved, other, changed, form):
        """Where schedules have changed, in a form that says what they were."""
        stored, plans, run = saved
        plans = {name: other[name] if name in changed else plans[name] for name in NAMES}
        same = run.same_as(plans)
        self.go(plans, run.restored(plans))
        fresh = jax.eval_shape(self.optimizer.init, PARAMS) if same else self.optimizer.init(PARAMS)
        made = form if same else js.snapshot
        self.state, lines = js.restore(fresh, made(pickle.loads(stored)))
        assert (lines == []) == same

    @rule(store=st.sampled_from(STORES))
    def store(self, store):
        with tempfile.TemporaryDirectory() as folder:
            self.state = store(self.state, jax.tree.map(jnp.zeros_like, self.state), Path(folder))

    @invariant()
    def agrees(self):
        assert {int(x) for _, x in optax.tree.get_all_with_path(self.state, "count")} == {self.run.count}
        assert rates(self.state) == pytest.approx(self.run.values(), **CLOSE)
        assert used(self.state) == pytest.approx(self.run.used, **CLOSE)
        events = js.events(self.state)
        assert events.keys() == self.run.controlled().keys()
        for name, plateau in self.run.controlled().items():
            for what in "observations", "improved", "reduced":
                assert int(getattr(events[name], what)) == getattr(plateau, what), (name, what)
        assert all(np.all(np.isfinite(x)) for x in jax.tree.leaves(self.state))


class RunsOfLines(Runs):
    """Of one kind of schedule, since each is a program to compile."""

    plans_drawn = st.builds(Plan, st.just("linear"), VALUES, VALUES, STEPS)


class CompiledRuns(Runs):
    def go(self, plans, run):
        super().go(plans, run)
        self.step = jax.jit(self.optimizer.update, donate_argnums=1)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("mode, best", [("min", 0.25), ("max", -LARGEST)])
def test_the_best_of_the_other_direction_is_not_taken_over_from_any_form(mode, best, form):
    """Also where the schedule is another, so that what it was is not known."""
    old = js.inject(optax.scale)(js.reduce_on_plateau(js.Cosine(0.5, 0.0, steps=8)))
    new = js.inject(optax.scale)(js.reduce_on_plateau(js.warmup_cosine(0.5, 2, 8), mode=mode))
    saved = form(js.observe(old.init(PARAMS), value=0.25))
    state, lines = js.restore(new.init(PARAMS), saved)
    assert float(optax.tree.get(state, "best")) == best
    assert ("step_size: the controller begins anew" in lines) == (mode == "max")


def check(machine, examples, steps, phases=tuple(Phase)):
    chosen = settings(max_examples=examples, stateful_step_count=steps, phases=phases, derandomize=True, deadline=None)
    run_state_machine_as_test(machine, settings=settings(chosen, database=None, suppress_health_check=[*HealthCheck]))


def line(start, end, steps, **plateau):
    return Rate(Plan("linear", start, end, steps), Plateau(**plateau) if plateau else None)


def test_a_run_through_everything_agrees_with_the_model():
    """What few random runs may not meet."""
    runs, head, body = RunsOfLines(), "head/learning_rate", "body/learning_rate"
    lowest, highest = {"factor": 0.5, "patience": 0, "sign": 1.0}, {"factor": 0.25, "patience": 1, "sign": -1.0}
    falling, plans = line(2.0, 0.0, 6, **lowest), {head: line(1.0, 0.25, 4, **lowest), body: line(0.5, 1.0, 6)}
    runs.begin({"step_size": line(1.0, 1.0, 1, **highest), **plans})

    def do(rule, *args, **kwargs):
        made = rule(*args, **kwargs)
        runs.agrees()
        return made

    do(runs.update, [1.0, None, 1.0, 2.0])
    saved = do(runs.save)
    do(runs.override, {head: 0.5, body: 2.0})
    do(runs.replace_schedule, head, falling, "run", False)
    do(runs.store, by_flax)
    do(runs.observe, 3.0, None, True)
    do(runs.store, by_orbax)
    do(runs.override, {head: None})
    do(runs.replace_schedule, head, line(1.0, 0.25, 4, **lowest), "run", True)
    do(runs.update, [3.0, 1.0, 1.0])
    do(runs.replace_schedule, head, line(2.0, 0.5, 3, **highest), "now", False)
    do(runs.update, [float("nan"), 0.5])
    do(runs.stretch_rest, 8, None)
    do(runs.update, [1.0])
    also = do(runs.save)
    do(runs.restore, saved, {**runs.plans, body: falling}, {body}, js.snapshot)
    do(runs.update, [1.0])
    do(runs.restore, also, runs.plans, set(), state_itself)
    do(runs.replace_schedule, body, line(1.0, 0.0, runs.run.count + 1, **lowest), "run", False)
    do(runs.observe, 1.0, body, True)
    do(runs.observe, 1.0, body, True)  # the next value is 0, which cannot be cut
    do(runs.store, by_pickle)


def test_a_few_runs_agree_with_the_model():
    check(RunsOfLines, 6, 10, [Phase.generate])  # to shrink a failing run takes minutes


@exhaustive
@pytest.mark.parametrize("machine, examples", [(Runs, 120), (CompiledRuns, 20)], ids=["eager", "jit"])
def test_many_runs_agree_with_the_model(machine, examples):
    check(machine, examples, 40)
