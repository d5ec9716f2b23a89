"""Event for event and value for value, a controller is the slow oracle of its text."""

import functools

import hypothesis.strategies as st
import jax
import numpy as np
import pytest
from hypothesis import assume, given, settings
from support import controllers_zoo
from support.controllers_oracle import Greedy, Oracle, Plateau, Recover, Target, run
from support.controllers_zoo import INF, JOINED, LENGTH, NAN, Example, history

import jaxsched as js

ORACLES = {js.reduce_on_plateau: Plateau, js.greedy: Greedy, js.recover: Recover, js.hold_target: Target}
CLEAR = 3e-5
"""Decisions of numbers that are closer may be rounding, where means are judged: hypothesis is to draw others."""

settings.register_profile("oracle", max_examples=60, derandomize=True, deadline=None)
drawn = settings(settings.get_profile("oracle"))


@functools.cache
def base_of(schedule):
    """The values of a schedule by step."""
    return np.asarray(js.as_schedule(schedule)(np.arange(LENGTH + 1)), np.float64).tolist()


def oracle_of(function, schedule, **arguments) -> Oracle:
    arguments.pop("axis_name", None)
    return ORACLES[function](base_of(schedule).__getitem__, **arguments)


def compare(made, metrics, observed, values, events):
    got = jax.tree.map(np.asarray, history(made, metrics, observed))
    happened = {name: np.asarray(x) for name, x in got.states.events._asdict().items()}
    count = happened.pop("observations").tolist()
    names = [{name for name, x in happened.items() if x[t]} for t in range(len(metrics))]
    assert list(zip(names, count, strict=True)) == events
    np.testing.assert_allclose(got.values[1:], values, rtol=1e-5)


@controllers_zoo.each()
def test_the_examples_are_what_the_text_says(example: Example):
    oracle, observed = oracle_of(example.function, example.schedule, **example.arguments), [True] * LENGTH
    values, events = run(oracle, example.metrics, observed)
    assert oracle.closest > 1e-6
    assert set(example.moves) <= set().union(*(names for names, _ in events))
    compare(example.make(), example.metrics, observed, values, events)


def metrics_with(*special):
    """Multiples of 1/8 around a line, whose differences are exact, some replaced by special ones."""
    noise = st.integers(-24, 24).map(lambda n: n / 8)
    values = st.lists(
        st.one_of(noise, noise, noise, st.sampled_from([0.0, *special])), min_size=LENGTH, max_size=LENGTH
    )
    slope = st.sampled_from([-0.5, -0.125, 0.0, 0.125])
    return st.builds(lambda values, slope: [x + slope * t for t, x in enumerate(values)], values, slope)


OBSERVED = st.one_of(st.just([True] * LENGTH), st.lists(st.booleans(), min_size=LENGTH, max_size=LENGTH))
MODES = st.sampled_from(["min", "max"])
FLOORS = st.sampled_from([0.0, 0.0, 0.013, 0.05, 0.3])
CHANGES = st.sampled_from([0.0, 0.0, 1e-8, 0.0031, 0.021])
FEW = st.integers(0, 4)
TOLERANCES = st.sampled_from([(0.0, 0.0), (0.0, 0.125), (1e-4, 0.0), (0.25, 0.0), (0.05, 0.0), (0.013, 0.031)])
# A flat metric's mean is equal to itself up to rounding, which must not decide.
LOOSE = st.sampled_from([(0.0, 0.0131), (1e-4, 0.0131), (0.05, 0.0131)])


def arguments_of(tolerances, **strategies):
    named = st.fixed_dictionaries({"mode": MODES, "min_value": FLOORS, "min_change": CHANGES, **strategies})
    return st.builds(lambda named, pair: {**named, "rtol": pair[0], "atol": pair[1]}, named, tolerances)


def plateaus(tolerances=TOLERANCES):
    return arguments_of(
        tolerances,
        rule=st.sampled_from(["torch", "keras", "optax", "paddle"]),
        factor=st.sampled_from([0.3, 0.5, 0.9]),
        patience=FEW,
        cooldown=FEW,
        begin=FEW,
        min_scale=st.sampled_from([0.0, 0.0, 0.13, 0.25, 1.0]),
    )


def check(function, schedule, arguments, metrics, observed):
    sign = -1.0 if arguments.get("mode") == "max" else 1.0
    metrics = [sign * m for m in metrics]  # so that they improve as often, and infinity is a bad one
    oracle = oracle_of(function, schedule, **arguments)
    values, events = run(oracle, metrics, observed)
    assume(oracle.closest > CLEAR)
    compare(function(schedule, **arguments), metrics, observed, values, events)


@pytest.mark.parametrize("schedule", [0.1, JOINED], ids=["number", "schedules"])
@drawn
@given(plateaus(), metrics_with(NAN, INF), OBSERVED)
def test_plateau(schedule, arguments, metrics, observed):
    check(js.reduce_on_plateau, schedule, arguments, metrics, observed)


@pytest.mark.parametrize(
    ("schedule", "every", "smoothing"), [(0.1, 3, 0.0), (0.1, 1, 0.6), (JOINED, 2, 0.9)], ids=["every", "ema", "both"]
)
@drawn
@given(plateaus(LOOSE), metrics_with(NAN, INF), OBSERVED)
def test_plateau_of_means(schedule, every, smoothing, arguments, metrics, observed):
    check(js.reduce_on_plateau, schedule, {**arguments, "every": every, "smoothing": smoothing}, metrics, observed)


@pytest.mark.parametrize(
    "given",
    [{"criterion": "window", "window": 1}, {"criterion": "window", "window": 4}, {"criterion": "slope", "window": 2},
     {"criterion": "slope", "window": 5}, {"forget": 0.25}, {"forget": 0.9}],
    ids=lambda given: "-".join(map(str, given.values())),
)  # fmt: skip
@drawn
@given(plateaus(LOOSE), metrics_with(NAN, INF), OBSERVED)
def test_plateau_by_other_criteria(given, arguments, metrics, observed):
    check(js.reduce_on_plateau, JOINED, {**arguments, **given}, metrics, observed)


@pytest.mark.parametrize(
    ("given", "cuts"),
    [({}, 10), ({"smoothing": 0.9}, 10), ({"criterion": "window", "window": 3}, 0),
     ({"criterion": "slope", "window": 4}, 0), ({"forget": 0.8}, 0)],
    ids=["best", "smoothing", "window", "slope", "forget"],
)  # fmt: skip
def test_a_spike_and_then_a_steady_fall_is_no_plateau(given, cuts):
    metrics = [1.0] + [5.0 - 0.05 * t for t in range(41)]
    made = js.reduce_on_plateau(0.1, 0.5, 3, **given)
    assert int(history(made, metrics).states.cuts[-1]) == cuts


@pytest.mark.parametrize(("schedule", "window"), [(0.1, 1), (JOINED, 3)], ids=["number", "window"])
@drawn
@given(
    arguments_of(
        LOOSE,
        factor=st.sampled_from([0.5, 0.8, 0.95]),
        patience=FEW,
        cooldown=FEW,
        warmup=FEW,
        begin=FEW,
        max_value=st.sampled_from([0.3, 0.45, 1.0]),
        reset_after=st.sampled_from([0, 1, 3, 500]),
    ),
    metrics_with(NAN, INF),
    OBSERVED,
)
def test_greedy(schedule, window, arguments, metrics, observed):
    check(js.greedy, schedule, {**arguments, "window": window}, metrics, observed)


@pytest.mark.parametrize("schedule", [0.1, JOINED], ids=["number", "schedules"])
@drawn
@given(
    st.fixed_dictionaries(
        {
            "factor": st.sampled_from([0.3, 0.5, 0.9]),
            "spike": st.sampled_from([1.1, 2.3, 6.0]),
            "warmup": FEW,
            "rtol": st.sampled_from([0.011, 0.1, 0.31]),
            "smoothing": st.sampled_from([0.0, 0.5, 0.98]),
            "burn_in": FEW,
            "min_value": FLOORS,
            "min_scale": st.sampled_from([0.0, 0.0, 0.13]),
            "begin": FEW,
        }
    ),
    metrics_with(NAN, INF, -INF, 40.0, 1000.0),
    OBSERVED,
)
def test_recover(schedule, arguments, metrics, observed):
    check(js.recover, schedule, arguments, metrics, observed)


@pytest.mark.parametrize(("schedule", "every"), [(0.1, 1), (JOINED, 1), (0.1, 3)], ids=["number", "schedules", "every"])
@drawn
@given(
    st.fixed_dictionaries(
        {
            "target": st.sampled_from([0.3, 0.9, 2.1]),
            "factor": st.sampled_from([1.1, 1.5, 3.7]),
            "band": st.sampled_from([1, 1.3, 2.0]),
            "low": st.sampled_from([0.0, 0.013, 0.1, 0.2]),
            "high": st.sampled_from([0.2, 0.45, 10.0]),
            "mode": st.sampled_from(["rate", "coefficient"]),
            "begin": FEW,
        }
    ),
    metrics_with(NAN, INF, -INF),
    OBSERVED,
)
def test_hold_target(schedule, every, arguments, metrics, observed):
    metrics = [abs(m) / 2 if m > -3 else m for m in metrics]  # mostly around the targets
    oracle = oracle_of(js.hold_target, schedule, every=every, **arguments)
    values, events = run(oracle, metrics, observed)
    assume(oracle.closest > CLEAR)
    compare(js.hold_target(schedule, every=every, **arguments), metrics, observed, values, events)


def adaptive_rate(rate, kl, desired):
    """As rsl_rl and brax write it, with their bounds; in rl_games and skrl a KL of 0 raises the rate too."""
    if kl > desired * 2.0:
        return max(1e-5, rate / 1.5)
    if desired / 2.0 > kl > 0.0:
        return min(1e-2, rate * 1.5)
    return rate


def adaptive_coefficient(beta, kl, desired):
    """As the paper of PPO writes it, here between bounds."""
    if kl < desired / 1.5:
        return max(0.03, beta / 2)
    return min(40.0, beta * 2) if kl > desired * 1.5 else beta


@pytest.mark.parametrize("seed", range(20))
def test_hold_target_is_the_rule_of_the_libraries(seed):
    """Value for value along random walks that reach both bounds, and stay there."""
    rng = np.random.default_rng(seed)
    kls = 0.01 * np.exp(rng.normal(0, 1.5, 1000) + 3 * np.sin(np.arange(1000) / rng.uniform(3, 40)))
    kls = np.where(rng.random(1000) < 0.05, 0.0, kls).astype(np.float32).astype(float)
    rates = js.hold_target(1e-3, 0.01, low=1e-5, high=1e-2)
    betas = js.hold_target(1.0, 0.01, factor=2.0, band=1.5, low=0.03, high=40.0, mode="coefficient")
    for made, rule, metrics, first, bounds in (
        (rates, adaptive_rate, kls, 1e-3, (1e-5, 1e-2)),
        (betas, adaptive_coefficient, kls + 1e-12, 1.0, (0.03, 40.0)),
    ):
        wanted = [first]
        for kl in metrics:
            wanted.append(rule(wanted[-1], kl, 0.01))
        got = np.asarray(history(made, metrics).values)
        np.testing.assert_allclose(got, wanted, rtol=3e-6)
        assert set(np.float32(bounds)) <= set(got)
