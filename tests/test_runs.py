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
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from support.bridge import rates, relaxed, used
from support.runs_model import Plan, Plateau, Rate, Run
from support.short import exhaustive
from support.stores import STORES

import jaxsched as js

assert relaxed  # the fixture of this module

NAMES = ("step_size", "body/learning_rate", "head/learning_rate")
PARAMS = {"body": jnp.ones(2), "head": jnp.ones(())}

VALUES = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0])
PLANS = st.one_of(
    st.builds(Plan, st.sampled_from(["linear", "cosine"]), VALUES, VALUES, st.integers(0, 6)),
    st.builds(Plan, st.sampled_from(["constant", "exponential"]), VALUES),
)
PLATEAUS = st.builds(Plateau, st.sampled_from([0.25, 0.5]), st.integers(0, 2), st.sampled_from([1.0, -1.0]))
RATES = st.builds(Rate, PLANS, st.one_of(st.none(), PLATEAUS))
ALL_RATES = st.fixed_dictionaries(dict.fromkeys(NAMES, RATES))
METRICS = st.sampled_from([1.0, 2.0, 3.0, 3.0, -1.0, float("nan"), float("inf"), -float("inf")])
CLOSE = {"rel": 2e-5, "abs": 1e-7}


def optimizer_of(plans):
    made = {name: rate.make() for name, rate in plans.items()}
    groups = {name.removesuffix("/learning_rate"): x for name, x in made.items() if name != "step_size"}
    return optax.chain(js.inject(optax.scale)(step_size=made["step_size"]), js.by_group(groups))


class Runs(RuleBasedStateMachine):
    saves = Bundle("saves")

    @initialize(plans=ALL_RATES)
    def begin(self, plans):
        self.go(plans, Run(plans))
        self.state = self.optimizer.init(PARAMS)

    def go(self, plans, run):
        self.plans, self.run, self.optimizer = plans, run, optimizer_of(plans)
        self.step = self.optimizer.update

    @rule(metric=st.one_of(st.none(), METRICS))
    def update(self, metric):
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

    @rule(name=st.sampled_from(NAMES), new=RATES, rebase=st.booleans())
    def replace_schedule(self, name, new, rebase):
        if self.run.replace(name, new, rebase):
            self.state = js.replace_schedule(self.state, {name: new.make()}, rebase=rebase)
        else:
            with pytest.raises(ValueError, match="must be scaled from its first value to the present one"):
                js.replace_schedule(self.state, {name: new.make()}, rebase=True)

    @rule(target=saves)
    def snapshot(self):
        return pickle.dumps(js.snapshot(self.state)), self.plans, copy.deepcopy(self.run)

    @rule(saved=saves, other=ALL_RATES, changed=st.sets(st.sampled_from(NAMES)))
    def restore(self, saved, other, changed):
        stored, plans, run = saved
        plans = {name: other[name] if name in changed else plans[name] for name in NAMES}
        self.go(plans, run.restored(plans))
        self.state, lines = js.restore(self.optimizer.init(PARAMS), pickle.loads(stored))
        assert (lines == []) == run.same_as(plans)

    @rule(store=st.sampled_from(STORES))
    def store(self, store):
        with tempfile.TemporaryDirectory() as folder:
            self.state = store(self.state, jax.tree.map(jnp.zeros_like, self.state), Path(folder))

    @invariant()
    def agrees(self):
        assert {int(x) for _, x in optax.tree.get_all_with_path(self.state, "count")} == {self.run.count}
        assert rates(self.state) == pytest.approx(self.run.values(), **CLOSE)
        if self.run.used is not None:
            assert used(self.state) == pytest.approx(self.run.used, **CLOSE)
        events = js.events(self.state)
        assert events.keys() == self.run.controlled().keys()
        for name, plateau in self.run.controlled().items():
            for what in "observations", "improved", "reduced":
                assert int(getattr(events[name], what)) == getattr(plateau, what), (name, what)
        assert all(bool(jnp.all(jnp.isfinite(x))) for x in jax.tree.leaves(self.state))


class CompiledRuns(Runs):
    def go(self, plans, run):
        super().go(plans, run)
        self.step = jax.jit(self.optimizer.update, donate_argnums=1)


def check(machine, examples, steps, phases=tuple(Phase)):
    chosen = settings(max_examples=examples, stateful_step_count=steps, phases=phases, derandomize=True, deadline=None)
    run_state_machine_as_test(machine, settings=settings(chosen, database=None, suppress_health_check=[*HealthCheck]))


def test_a_few_runs_agree_with_the_model():
    check(Runs, 3, 24, [Phase.generate])  # to shrink a failing run takes minutes


@exhaustive
@pytest.mark.parametrize("machine, examples", [(Runs, 200), (CompiledRuns, 30)], ids=["eager", "jit"])
def test_many_runs_agree_with_the_model(machine, examples):
    check(machine, examples, 40)
