"""Runs whose batch changes: samples and tokens against a loop over the steps, in integers."""

import dataclasses
import pickle
from fractions import Fraction
from typing import Any

import jax
import numpy as np
import pytest

import jaxsched as js

PIECES = js.piecewise_constant([3, 5, 5, 9], [4, 1, 100, 7, 2])
BATCHES = {
    "pieces": PIECES,
    "constant": js.Constant(8),
    "from 0": js.piecewise_constant([0, 4], [3, 5, 2]),
    "float boundaries": js.piecewise_constant([2.5, 6.0], [3, 5, 2]),
    "rounded": js.rounded(js.Linear(1, 12, steps=20)),
    "join": js.join([3, js.rounded(js.Linear(1, 12, steps=7)), 5], [4, 11]),
    "stretched": js.stretch(PIECES, 2),
}


def sizes(batch, steps=40):
    return list(map(int, batch(np.arange(steps)).tolist()))


@pytest.mark.parametrize("name", BATCHES)
def test_what_is_seen_is_the_sum_of_the_batches(name):
    run, seen = js.Run(batch_size=BATCHES[name], sequence_length=3), 0
    for step, size in enumerate(sizes(BATCHES[name])):
        assert (run.samples_seen(step), run.tokens_seen(step)) == (seen, 3 * seen)
        assert run.samples(seen) == run.tokens(3 * seen) == step
        seen += size


@pytest.mark.parametrize("name", BATCHES)
def test_samples_go_to_the_nearest_step_halves_up_and_never_to_none(name):
    run = js.Run(batch_size=BATCHES[name], sequence_length=2)
    seen, steps = 0, []
    for step, size in enumerate(sizes(BATCHES[name])):
        steps += [max(int(step + Fraction(done, size) + Fraction(1, 2)), 1) for done in range(size)]
        seen += size
    assert [run.samples(count) for count in range(1, seen)] == steps[1:]
    assert [run.tokens(2 * count) for count in range(1, seen)] == steps[1:]
    assert run.samples(0) == 0


def test_a_fixed_batch_is_the_schedule_of_it():
    number, schedule = (js.Run(batch_size=x, sequence_length=1024) for x in (8, js.Constant(8)))
    for count in (0, 1, 3, 4, 11, 12, 8 * 10**15 + 4, 0.5, 2e9):
        assert number.samples(count) == schedule.samples(count)
        assert number.tokens(count) == schedule.tokens(count)
        assert number.samples_seen(count) == schedule.samples_seen(count)
        assert number.tokens_seen(count) == schedule.tokens_seen(count)


def test_sums_are_exact_beyond_what_floats_hold():
    run = js.Run(batch_size=js.piecewise_constant([2**30], [2**30, 2**30 + 1]), sequence_length=4096)
    seen = 2**60 + (2**30 + 1) * (2**31 + 1)
    assert run.samples_seen(2**30 + 2**31 + 1) == seen and run.tokens_seen(2**30 + 2**31 + 1) == 4096 * seen
    assert run.tokens(4096 * seen) == 2**30 + 2**31 + 1


def test_a_run_whose_batch_changes_is_data_like_any():
    run = js.Run(batch_size=PIECES, total=100)
    assert pickle.loads(pickle.dumps(run)) == run and hash(run) == hash(js.Run(batch_size=PIECES, total=100))
    assert eval(repr(run), {"Run": js.Run, **vars(js.nodes)}) == run
    assert dataclasses.replace(run, batch_size=16).samples(32) == 2
    assert run.fraction(0.5) == 50
    assert jax.jit(lambda x: x * js.Run(batch_size=BATCHES["rounded"]).samples(5))(1) == run.__class__(
        batch_size=BATCHES["rounded"]
    ).samples(5)


def test_a_description_counts_the_tokens_of_a_batch_that_changes():
    run = js.Run(batch_size=js.piecewise_constant([10], [4, 8]), sequence_length=100)
    text = str(js.show.describe(js.warmup_linear(1.0, 10, 20), run=run))
    assert "tokens 0 – 4000" in text and "tokens 4000 – 1.2e+04" in text


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (js.piecewise_constant([3], [4, 0]), "must be at least 1 at every step: got 0 at step 3"),
        (js.piecewise_constant([3], [4, 2.5]), "must be a whole number at every step: got 2.5 at step 3"),
        (js.Linear(8, 4, steps=8), "must be a whole number at every step: got 7.5 at step 1.*`rounded` makes"),
        (js.rounded(js.Linear(4, 0, steps=8)), "must be at least 1 at every step: got 0 at step 8"),
        (js.rounded(js.InverseSqrt(64, 4)), "must be flat after at most 4,194,304 steps, or piecewise constant"),
        (js.rounded(js.Linear(4, 8, steps=10**7)), "must be flat after at most"),
    ],
)
def test_batches_that_are_none_are_refused(batch, words):
    with pytest.raises(ValueError, match=f"`batch_size` {words}"):
        js.Run(batch_size=batch)


@pytest.mark.parametrize(
    "batch", [js.Constant(4), js.piecewise_constant([3], [4, 8]), js.rounded(js.Linear(4, 8, steps=8))]
)
def test_a_stack_of_batches_is_refused(batch):
    with pytest.raises(TypeError, match="`batch_size` must be one: got .*, a stack. `jaxsched.unstack`"):
        js.Run(batch_size=js.stack([batch, batch]))


def test_traced_numbers_of_a_run_are_refused():
    run = js.Run(batch_size=PIECES, sequence_length=4, total=100)
    for name, method in (("step", run.samples_seen), ("step", run.tokens_seen), ("count", run.samples)):
        with pytest.raises(TypeError, match=f"`{name}` must be known: got .*, traced. Call this outside of jit"):
            jax.jit(method)(5)
    with pytest.raises(TypeError, match="`part` must be known"):
        jax.jit(run.fraction)(0.5)
    with pytest.raises(TypeError, match="`total` must be known"):
        jax.jit(lambda total: js.Run(total=total).fraction(0.5))(5)
    with pytest.raises(TypeError, match="`tokens` must be known"):
        jax.jit(lambda tokens: js.resume_at(1.0, tokens, run, run)(0))(5)


def test_facts_that_need_one_size_are_refused():
    with pytest.raises(ValueError, match=r"`samples_per_epoch` must be None where .*run.samples\(epochs \* 50\)"):
        js.Run(batch_size=PIECES, samples_per_epoch=50)
    with pytest.raises(ValueError, match="`sequence_length` must be known for `tokens`"):
        js.Run(batch_size=PIECES).tokens(5)
    with pytest.raises(ValueError, match="`batch_size` must be known for `samples_seen`"):
        js.Run().samples_seen(5)
    with pytest.raises(ValueError, match="`step` must not be negative: got -1"):
        js.Run(batch_size=PIECES).samples_seen(-1)
    with pytest.raises(TypeError, match="`batch_size` must be known"):
        jax.jit(lambda size: js.Run(batch_size=js.Constant(size)).samples(5))(4.0)


@pytest.mark.parametrize(("before", "after"), [(256, 512), (512, 256), (256, 256), (256, PIECES)])
def test_a_run_that_goes_on_with_another_batch_is_at_the_same_tokens(before, after):
    old, new = (js.Run(batch_size=size, sequence_length=8) for size in (before, after))
    seen = old.tokens_seen(1_000)
    made = js.warmup_cosine(1.0, 100, new.tokens(2 * seen))
    lr = js.resume_at(made, seen, old, new)
    assert lr(1_000) == made(new.tokens(seen))
    left = new.tokens(2 * seen) - new.tokens(seen)
    assert lr(1_000 + left) == 0.0 and lr(1_000 + left - 1) > 0.0
    np.testing.assert_array_equal(lr(1_000 + np.arange(99)), made(new.tokens(seen) + np.arange(99)))


def test_what_cannot_be_resumed_is_refused():
    run = js.Run(batch_size=8, sequence_length=4)
    wrong: Any = 8
    with pytest.raises(TypeError, match="`old_run` must be a Run: got 8"):
        js.resume_at(1.0, 100, wrong, run)
    with pytest.raises(ValueError, match="`tokens` must not be negative: got -1"):
        js.resume_at(1.0, -1, run, run)
    with pytest.raises(ValueError, match="`sequence_length` must be known"):
        js.resume_at(1.0, 100, run, js.Run(batch_size=8))
