"""`Run.seesaw`: its cuts against formulas in float64, its samples in integers."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.short import parametrize

import jaxsched as js

PEAK = 3e-4
CASES = {
    # name: the schedule, its formula from the peak on, the update of the peak, all updates
    "cosine": (js.Cosine(PEAK, 0.0, steps=4_000), lambda t: (1 + math.cos(math.pi * t / 4_000)) / 2, 0, 4_000),
    "warmed": (
        js.warmup_cosine(PEAK, 300, 4_000, PEAK / 10),
        lambda t: 0.1 + 0.9 * (1 + math.cos(math.pi * (t - 300) / 3_700)) / 2,
        300,
        4_000,
    ),
    "wsd": (
        js.wsd(PEAK, warmup=100, stable=2_000, decay=900),
        lambda t: 1.0 if t < 2_100 else 1 - (t - 2_100) / 900,
        100,
        3_000,
    ),
    "steps": (js.step_decay(PEAK, 0.5, 500), lambda t: 0.5 ** (t // 500), 0, 2_000),
    "tenths": (js.multistep_decay(PEAK, 0.1, [700, 1_300]), lambda t: 0.1 ** ((t >= 700) + (t >= 1_300)), 0, 1_500),
    "root": (js.InverseSqrt(PEAK, 100), lambda t: (1 + t / 100) ** -0.5, 0, 5_000),
}


def cuts_of(formula, peak_at, total, factor):
    """How often the rate is cut, at every update of the old run from the peak on."""
    return {t: math.floor(-math.log(formula(t), factor) + 1e-5) for t in range(peak_at, total)}


OPTIONS = [{}, {"factor": 4}, {"largest": 960}, {"rule": "linear"}, {"factor": 10.0}]
ALL = {f"{name} {options}": (name, options) for name in CASES for options in OPTIONS}


@parametrize("case", ALL, [case for case, (name, options) in ALL.items() if name == "warmed" or not options])
def test_every_cut_is_one_of_the_batch_and_of_the_rate(case):
    name, options = ALL[case]
    schedule, formula, peak_at, total = CASES[name]
    factor, largest = options.get("factor", 2), options.get("largest", math.inf)
    power = 1.0 if options.get("rule") == "linear" else 0.5
    cuts = cuts_of(formula, peak_at, total, factor)
    if max(cuts.values()) == 0 or (name, factor) == ("warmed", 10.0):  # it ends where it would be cut
        with pytest.raises(ValueError, match="`schedule` must fall by `factor`"):
            js.Run(batch_size=96, total=total).seesaw(schedule, **options)
        return
    rate, run = js.Run(batch_size=96, total=total).seesaw(schedule, **options)
    updates = np.arange(run.total)
    rates, sizes = np.asarray(rate(updates), np.float64), list(map(int, run.batch_size(updates)))
    assert sum(sizes) == 96 * total == run.samples_seen(run.total)
    np.testing.assert_array_equal(rates[:peak_at], schedule(np.arange(peak_at)))
    seen = 96 * peak_at
    larger = {size: min((each for each in sizes if each > size), default=size) for size in set(sizes)}
    for update in range(peak_at, run.total):
        size = sizes[update]
        near = (math.floor((seen + moved * larger[size] / 2) / 96) for moved in (-1, 0, 1))
        allowed = [cuts[min(max(t, peak_at), total - 1)] for t in near]  # a cut moves by half an update after it
        k = min(range(min(allowed), max(allowed) + 1), key=lambda k: abs(min(96 * factor**k, largest) - size))
        if size == largest:
            k = min(allowed, key=lambda k: abs(rates[update] - PEAK * factor**-k * (size / 96) ** power))
        assert size == min(96 * factor**k, largest)
        assert math.isclose(rates[update], PEAK * factor**-k * (size / 96) ** power, rel_tol=1e-6)
        seen += size


def test_a_half_is_the_root_of_a_half_and_twice_the_batch():
    rate, run = js.Run(batch_size=64, total=320, sequence_length=128).seesaw(js.step_decay(1.0, 0.5, 80))
    sizes = js.piecewise_constant([80, 120, 140], [64, 128, 256, 512])
    assert run == js.Run(batch_size=sizes, sequence_length=128, total=150)
    assert run.tokens_seen(150) == 320 * 64 * 128 and run.tokens(320 * 64 * 128) == 150
    np.testing.assert_allclose(rate(np.array([0, 79, 80, 120, 140])), [1, 1, 2**-0.5, 0.5, 2**-1.5], rtol=1e-6)
    assert js.from_dict(js.to_dict(rate)) == rate and rate.values[0] == 1.0


def test_a_cut_moves_to_the_nearest_update_halves_to_an_earlier_one():
    """By hand, in old updates: the cuts at 243, 162 and 81 move to 244, 160 and 80."""
    run = js.Run(batch_size=64, total=324).seesaw(js.step_decay(1.0, 0.5, 81))[1]
    assert run == js.Run(batch_size=js.piecewise_constant([80, 120, 141], [64, 128, 256, 512]), total=151)


def test_from_the_largest_batch_on_the_rate_is_cut_in_full():
    rate, run = js.Run(batch_size=64, total=320).seesaw(js.step_decay(1.0, 0.5, 80), largest=128)
    assert run == js.Run(batch_size=js.piecewise_constant([80], [64, 128]), total=200)
    np.testing.assert_allclose(rate(np.array([79, 80, 120, 160])), [1, 2**-0.5, 2**-1.5, 2**-2.5], rtol=1e-6)


@pytest.mark.parametrize(
    ("decay", "left"),
    [
        (js.as_schedule(lambda t: jnp.cos(jnp.pi / 2 * t / 50_000)), 2 / math.pi),  # the paper's: 36 % fewer
        (js.Linear(1.0, 0.0, steps=50_000), 1 / 2),
        (js.Cosine(1.0, 0.0, steps=50_000), 1 / 2),
    ],
    ids=["quarter of a cosine", "line", "half a cosine"],
)
def test_with_fine_cuts_the_mean_of_the_decay_is_what_is_left_of_the_updates(decay, left):
    total, factor = 50_000, 1.02
    _, run = js.Run(batch_size=1_024, total=total).seesaw(decay, factor=factor)
    assert left * 0.999 < run.total / total < left * factor


def test_samples_are_conserved_whatever_the_sizes():
    draws, converted = np.random.default_rng(0), 0
    for _ in range(100):
        batch, total, warm = (
            int(draws.integers(1, 700)),
            int(draws.choice([60, 501, 3_000])),
            int(draws.integers(0, 40)),
        )
        largest = None if draws.uniform() < 0.7 else int(draws.integers(batch + 1, 9 * batch + 2))
        factor, power = float(draws.choice([draws.uniform(1.05, 4.0), draws.integers(2, 5)])), draws.uniform(0, 1)
        old = js.Run(batch_size=batch, total=total)
        try:
            rate, run = old.seesaw(js.warmup_cosine(1.0, warm, total), factor=factor, rule=power, largest=largest)
        except ValueError as error:
            assert ("must be long enough" in str(error) or "early enough" in str(error)) and (factor % 1 or largest)
            continue
        converted += 1
        sizes = np.asarray(run.batch_size(np.arange(3_000))[: run.total], np.int64)  # of one shape: compiled once
        assert sizes.sum() == batch * total and np.all(np.diff(sizes) >= 0) and sizes[warm] == batch
        rises = np.diff(rate(np.arange(3_000))[warm:])
        assert np.all(rises <= (1e-6 if factor % 1 == 0 else 1 / batch)) and rate(warm) == 1.0  # sizes are rounded
        assert largest is None or sizes[-1] <= largest
    assert converted > 70


def test_facts_of_another_batch_are_left_out():
    run = js.Run(samples_per_epoch=640, batch_size=64, total=320, drop_last=True).seesaw(js.step_decay(1.0, 0.5, 80))[1]
    assert run.steps_per_epoch is None and run.samples_per_epoch is None


RUN, FALLS = js.Run(batch_size=8, total=100), js.Linear(1.0, 0.0, steps=100)


@pytest.mark.parametrize(
    ("run", "schedule", "options", "words"),
    [
        (RUN, js.Constant(1.0), {}, "`schedule` must fall by `factor`"),
        (RUN, js.Linear(0.0, 1.0, steps=100), {}, "`schedule` must fall by `factor`"),
        (RUN, js.Linear(1.0, 0.0, steps=99), {}, "greater than 0 from its peak until `total`: got 0 at step 99. Let"),
        (RUN, js.sgdr(1.0, 50), {}, "`schedule` must not rise after its peak: got 1 at step 50.*one cycle"),
        (RUN, FALLS, {"factor": 1}, "`factor` must be greater than 1: got 1"),
        (RUN, FALLS, {"factor": math.nan}, "`factor` must be finite: got nan"),
        (RUN, FALLS, {"largest": 8}, "`largest` must be greater than `batch_size`: got 8 and 8"),
        (RUN, FALLS, {"largest": 20.5}, "`largest` must be a whole number for `seesaw`: got 20.5"),
        (RUN, FALLS, {"rule": 1.5}, "`rule` must be a power from 0 to 1: got 1.5"),
        (RUN, FALLS, {"rule": "cubic"}, "`rule` must be 'linear', 'sqrt' or a number"),
        (js.Run(batch_size=8), FALLS, {}, r"`total` must be known for `seesaw`: got None. Build it as Run\(total"),
        (js.Run(total=100), FALLS, {}, "`batch_size` must be known for `seesaw`"),
        (js.Run(batch_size=8.5, total=100), FALLS, {}, "`batch_size` must be a whole number for `seesaw`: got 8.5"),
        (js.Run(batch_size=js.Constant(8), total=100), FALLS, {}, "`batch_size` must be one number for `seesaw`"),
        (js.Run(batch_size=8, total=2**23), FALLS, {}, "`total` must be at most 4,194,304 for `seesaw`: got 8388608"),
        (js.Run(batch_size=251, total=100), FALLS, {"factor": 1.3}, "`total` must be long enough for batches of 251"),
    ],
)
def test_what_cannot_be_converted_is_refused(run, schedule, options, words):
    with pytest.raises(ValueError, match=words):
        run.seesaw(schedule, **options)


def test_a_traced_schedule_is_refused():
    wrong: Any = lambda peak: RUN.seesaw(js.Linear(peak, 0.0, steps=100))[0](3)  # noqa: E731
    with pytest.raises(TypeError, match="`schedule` must be known.*outside of jit"):
        jax.jit(wrong)(1.0)
    assert jax.jit(lambda t: RUN.seesaw(FALLS)[0](t))(3) == 1.0


def test_a_stack_of_schedules_is_refused():
    with pytest.raises(TypeError, match="`schedule` must be one: got.*unstack"):
        RUN.seesaw(js.stack([FALLS, FALLS]))


def test_the_name_of_the_paper_is_answered():
    with pytest.raises(AttributeError, match="Did you mean `jaxsched.Run.seesaw`"):
        js.seesaw  # noqa: B018
