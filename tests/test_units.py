"""Epochs, samples, tokens and fractions of a run, in steps."""

import math
from fractions import Fraction

import numpy as np
import pytest

import jaxsched as js


@pytest.mark.parametrize(
    ("count", "steps"),
    [(0, 0), (1, 7), (3, 21), (0.5, 4), (0.01, 1), (1e-30, 1), (10**12, 7 * 10**12)],
)
def test_epochs(count, steps):
    assert js.Run(steps_per_epoch=7).epochs(count) == steps


@pytest.mark.parametrize(
    ("count", "steps"), [(0, 0), (1, 1), (4, 1), (11, 1), (12, 2), (19, 2), (20, 3), (8 * 10**15 + 4, 10**15 + 1)]
)
def test_samples_go_to_the_nearest_step_halves_up_and_never_to_none(count, steps):
    assert js.Run(batch_size=8).samples(count) == steps


def test_halves_go_up_and_not_to_even():
    run = js.Run(total=10)
    assert [run.fraction(part) for part in (0.05, 0.15, 0.25, 0.35, 0.45)] == [1, 2, 3, 4, 5]


def test_decimals_are_what_was_written():
    """0.1 · 30 in floats is 3.0000000000000004, and 0.145 · 100 is 14.499999999999998."""
    assert js.Run(total=30).fraction(0.1) == 3
    assert js.Run(total=100).fraction(0.145) == 15
    assert js.Run(steps_per_epoch=0.1).epochs(25) == 3
    for total in (30, 1_000, 12_345):
        for percent in range(101):
            exact = Fraction(percent * total, 100)
            wanted = max((exact + Fraction(1, 2)).__floor__(), 1) if percent else 0
            assert js.Run(total=total).fraction(percent / 100) == wanted


@pytest.mark.parametrize(
    ("part", "total", "nearest", "down", "up"),
    [
        (0.03, 861, 26, 25, 26),  # 25.83
        (0.29, 100, 29, 28, 29),  # 28.999999999999996 in floats
        (0.07, 100, 7, 7, 8),  # 7.000000000000001 in floats
        (0.0001, 861, 1, 0, 1),  # 0.0861
        (0, 861, 0, 0, 0),
        (1, 861, 861, 861, 861),
        (0.5, np.int64(7), 4, 3, 4),
    ],
)
def test_a_fraction_can_be_rounded_as_other_frameworks_do(part, total, nearest, down, up):
    """Levanter, Composer and MaxText: `int(part * total)`. Transformers: `math.ceil(part * total)`."""
    run = js.Run(total=total)
    assert run.fraction(part) == run.fraction(part, rounding="nearest") == nearest
    assert run.fraction(part, rounding="down") == int(part * total) == down
    assert run.fraction(part, "up") == math.ceil(part * total) == up
    assert {type(run.fraction(part, rounding=each)) for each in ("nearest", "down", "up")} == {int}


@pytest.mark.parametrize("rounding", ["floor", "Down", None, 1, ["down"], math.floor])
def test_an_unknown_rounding_is_refused(rounding):
    with pytest.raises(ValueError, match="^`rounding` must be 'nearest', 'down' or 'up': got "):
        js.Run(total=9).fraction(0.5, rounding=rounding)


def test_a_fraction_has_both_ends():
    run = js.Run(total=2**40 + 1)
    assert run.fraction(0) == run.fraction(0.0) == 0
    assert run.fraction(1) == run.fraction(1.0) == 2**40 + 1


def test_many_tokens_are_counted_exactly():
    """15 T tokens in batches of 4 M, and a count that float64 cannot hold."""
    run = js.Run(batch_size=1024, sequence_length=4096)
    assert run.tokens(15e12) == 3_576_279
    assert run.tokens(2**22 * (2**53 + 1)) == 2**53 + 1
    assert js.Run(batch_size=1, sequence_length=1).tokens(2**53 + 1) == 2**53 + 1


def test_the_result_is_an_int_that_a_schedule_takes():
    run = js.Run(steps_per_epoch=np.int64(500), batch_size=np.float64(128.0), sequence_length=1024, total=10_000)
    steps = [run.epochs(2), run.samples(np.int32(1280)), run.tokens(2e9), run.fraction(np.float32(0.5))]
    assert steps == [1000, 10, 15259, 5000]
    assert all(type(each) is int for each in steps)
    lr = js.warmup_cosine(1.0, run.fraction(0.1), run.epochs(20))
    assert float(lr(1000)) == 1.0 and float(lr(10_000)) == 0.0


def test_samples_and_epochs_agree():
    run = js.Run(steps_per_epoch=390.625, batch_size=128)  # 50,000 samples, the last batch being a part
    assert run.samples(50_000 * 8) == run.epochs(8) == 3125


def test_per_epoch_holds_a_value_through_each_epoch():
    lr = js.per_epoch(js.Tabulated([0.4, 0.3, 0.2]), js.Run(steps_per_epoch=5).epochs(1))
    np.testing.assert_array_equal(lr(np.arange(20)), np.float32([0.4] * 5 + [0.3] * 5 + [0.2] * 10))
    assert lr.duration == 10


def test_per_epoch_of_a_schedule_in_epochs_is_that_schedule_at_each_epoch():
    curve = js.warmup_cosine(1.0, 2, 9, 0.1)
    steps = np.arange(4 * 12)
    np.testing.assert_allclose(js.per_epoch(curve, 4)(steps), curve(steps // 4), rtol=2e-6)


@pytest.mark.parametrize(
    ("samples", "batch", "kept", "dropped"),
    [(50_000, 128, 391, 390), (64_000, 128, 500, 500), (1, 1, 1, 1), (100, 99, 2, 1), (2**62 + 1, 2, 2**61 + 1, 2**61)],
)
def test_an_epoch_of_a_data_set_has_a_step_for_each_batch(samples, batch, kept, dropped):
    run = js.Run(samples_per_epoch=samples, batch_size=batch)
    assert run.epochs(1) == run.steps_per_epoch == kept
    assert js.Run(samples_per_epoch=samples, batch_size=batch, drop_last=True).epochs(3) == 3 * dropped
    assert eval(repr(run), {"Run": js.Run}) == run


def test_a_data_set_smaller_than_a_batch_is_one_step_or_refused():
    assert js.Run(samples_per_epoch=10, batch_size=128).epochs(2) == 2
    with pytest.raises(ValueError, match="`samples_per_epoch` must be at least `batch_size`.*got 10 and 128"):
        js.Run(samples_per_epoch=10, batch_size=128, drop_last=True)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"samples_per_epoch": 10}, "`batch_size` must be known for `samples_per_epoch`: got None"),
        (
            {"samples_per_epoch": 0, "batch_size": 4},
            "`samples_per_epoch` must be greater than 0: got 0. Is the",
        ),
        ({"samples_per_epoch": 10.5, "batch_size": 4}, "`samples_per_epoch` must be a whole number: got 10.5"),
        ({"samples_per_epoch": 10, "batch_size": 4, "steps_per_epoch": 2}, "`steps_per_epoch` must be left out, or be"),
        ({"steps_per_epoch": 10, "drop_last": True}, "`samples_per_epoch` must be known for `drop_last`"),
    ],
)
def test_facts_of_a_data_set_that_do_not_fit_are_refused(facts, words):
    with pytest.raises(ValueError, match=words):
        js.Run(**facts)
