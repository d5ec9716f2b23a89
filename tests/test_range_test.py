"""The LR range test: one scan and one step at a time give the same; the rules are those of the finders they name."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxsched as js
from jaxsched.search import RangeTest, diagnose, range_test
from jaxsched.search._rules import RULES, smoothed, stops

NUM = 60


def data(num=NUM):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(num, 16, 4)).astype(np.float32)
    return x, x @ np.asarray([1.0, -2.0, 0.5, 0.0], np.float32) + 0.1 * rng.normal(size=(num, 16)).astype(np.float32)


def step(w, batch, rate):
    x, y = batch
    loss, slope = jax.value_and_grad(lambda w: jnp.mean((x @ w - y) ** 2))(w)
    return w - rate * slope, loss


START = jnp.zeros(4)


def found(**keywords):
    return range_test(step, START, data(), **{"start": 1e-4, "num": NUM, **keywords})


def same(a, b):
    """Equal to the bit, NaN where the other is."""
    return np.array_equal(a, b, equal_nan=True)


def reference(stop=4.0, num=NUM):
    """Point by point in NumPy's float64."""
    w, losses, best, mean = np.zeros(4), [], np.inf, 0.0
    rates = [1e-4 * (10.0 / 1e-4) ** (i / (num - 1)) for i in range(num)]
    for i, (rate, x, y) in enumerate(zip(rates, *data(num), strict=True), start=1):
        rest = x @ w - y
        losses.append(np.mean(rest**2))
        mean = 0.9 * mean + 0.1 * losses[-1]
        smooth = mean / (1 - 0.9**i)
        best = min(best, smooth)
        if smooth > best + (stop - 1) * abs(best):
            break
        w = w - rate * 2 * x.T @ rest / 16
    return np.asarray(rates), np.asarray(losses)


def test_the_losses_are_those_of_a_run_whose_rate_grows():
    rates, losses = reference()
    made = found()
    np.testing.assert_allclose(made.rates, rates, rtol=1e-12)
    assert 20 < made.points == len(losses) < NUM
    np.testing.assert_allclose(made.losses[0, : len(losses)], losses, rtol=1e-4)
    assert np.isnan(made.losses[0, len(losses) :]).all() and np.isnan(made.smoothed[len(losses) :]).all()


def test_batches_one_by_one_give_the_same_to_the_bit():
    x, y = data()
    loaders = (list(zip(x, y, strict=True)), iter(list(zip(x, y, strict=True))), zip(x, y, strict=True))
    for each in loaders:
        made = range_test(step, START, each, start=1e-4, num=NUM)
        assert same(made.losses, found().losses) and same(made.smoothed, found().smoothed)


def test_a_loader_is_left_when_the_loss_diverges():
    taken = []
    batches = ((taken.append(1), each)[1] for each in zip(*data(), strict=True))
    made = range_test(step, START, batches, start=1e-4, num=NUM)
    assert len(taken) == made.points < NUM


def test_a_linear_test_has_equal_steps():
    np.testing.assert_allclose(found(mode="linear", start=0.0, end=0.3).rates, np.linspace(0, 0.3, NUM))


def test_seeds_are_orders_of_the_batches_and_their_median_is_judged():
    made = found(seeds=4)
    assert made.losses.shape == (4, NUM) and same(made.losses[0], found().losses[0])
    assert len({each.tobytes() for each in made.losses}) == 4
    points = made.points
    np.testing.assert_allclose(made.smoothed[:points], smoothed(np.nanmedian(made.losses[:, :points], axis=0), 0.9))
    assert (np.isfinite(made.losses[:, :points]).sum(axis=0) > 2).all()
    assert points == NUM or np.isfinite(made.losses[:, points]).sum() <= 2


def test_nothing_that_was_handed_in_is_changed_also_by_a_step_that_donates():
    state = {"w": jnp.zeros(4), "n": jnp.int32(0)}

    def counted(state, batch, rate):
        w, loss = step(state["w"], batch, rate)
        return {"w": w, "n": state["n"] + 1}, loss

    donating = jax.jit(counted, donate_argnums=0)
    x, y = data()
    for batches in ((x, y), list(zip(x, y, strict=True))):
        made = range_test(donating, state, batches, start=1e-4, num=NUM)
        assert same(made.losses, found().losses)
        assert not state["w"].is_deleted() and (state["w"] == 0).all() and state["n"] == 0


def test_what_is_not_finite_ends_the_curve_and_is_no_suggestion():
    def breaking(w, batch, rate):
        w, loss = step(w, batch, rate)
        return w, jnp.where(rate > 0.2, jnp.nan, loss)

    made = range_test(breaking, START, data(), start=1e-4, num=NUM, stop=None)
    assert made.points == np.sum(made.rates <= 0.2) and made.suggest() <= 0.2


def test_stop_none_goes_on():
    assert found(stop=None).points > found().points


def test_negative_losses_are_no_divergence():
    rising = -np.linspace(1.0, 3.0, 30)
    assert stops(smoothed(rising, 0.0), 4.0) == 30
    assert stops(np.asarray([1.0, -1.0, 1.9, 2.1, 5.0]), 4.0) == 4  # -1 + 3 is 2


def test_the_rate_may_multiply_all_rates_of_an_optimizer():
    x, y = data()
    optimizer = js.by_group({"a": js.warmup(js.Cosine(0.5, 0.0, steps=90), 10, start=0.1), "b": 0.25})
    params = {"a": jnp.zeros(2), "b": jnp.zeros(2)}
    base = js.current(optimizer.init(params))

    def scaled(state, batch, rate):
        params, opt = state
        opt = js.override(opt, {name: x * rate for name, x in base.items()})
        loss, slope = jax.value_and_grad(lambda p: jnp.mean((batch[0] @ jnp.append(p["a"], p["b"]) - batch[1]) ** 2))(
            params
        )
        updates, opt = optimizer.update(slope, opt, params)
        return (optax.apply_updates(params, updates), opt), loss

    made = range_test(scaled, (params, optimizer.init(params)), (x, y), start=1e-4, num=NUM)
    factors = jnp.asarray([base["a/learning_rate"]] * 2 + [base["b/learning_rate"]] * 2)
    by_hand = range_test(lambda w, b, r: step(w, b, r * factors), START, (x, y), start=1e-4, num=NUM)
    np.testing.assert_allclose(made.losses, by_hand.losses, rtol=1e-4)


# The rules.

VALLEY = np.asarray([2.0, 2.1, 1.9, 1.95, 1.7, 1.5, 1.55, 1.2, 0.9, 0.95, 0.8, 1.1, 1.6, 2.5])


def longest_fall(losses):
    """By trying every subsequence: the place of the end and the length of the longest fall."""
    for length in range(len(losses), 0, -1):
        for chosen in sorted(itertools.combinations(range(len(losses)), length), key=lambda each: each[-1]):
            if all(losses[a] > losses[b] for a, b in itertools.pairwise(chosen)):
                return chosen[-1], length
    raise AssertionError


def test_rules_on_a_curve_that_can_be_followed_by_hand():
    end, length = longest_fall(VALLEY)
    assert (end, length) == (10, 7)
    # fastai's own functions, run on this curve: sections of (10 - 3) / 3.
    assert RULES["valley"](VALLEY) == 3 + 2 + 1
    assert RULES["minimum"](VALLEY) == 10
    assert RULES["steepest"](VALLEY) == 7  # (0.9 - 1.55) / 2


LATE = np.concatenate([np.linspace(1.0, 0.9, 20), VALLEY])


def test_slide_is_that_of_fastai():
    assert RULES["slide"](LATE) == 4  # fastai's own function, run on this curve


def test_a_fall_without_end_starts_before_the_first_point_as_in_fastai():
    assert RULES["valley"](np.linspace(1.0, 0.0, 30)) == -1 + 10 + 5


def made(smooth):
    smooth = np.asarray(smooth, float)
    return RangeTest(np.geomspace(1e-6, 1.0, len(smooth)), smooth[None], smooth)


def test_a_suggestion_leaves_out_the_first_tenth_and_the_last_five():
    curve = np.concatenate([[9.0, 5.0, 4.9, 4.8], np.linspace(4.7, 1.0, 30), [0.1, 0.1, 0.1, 0.1, 0.1, 0.0]])
    assert made(curve).suggest("minimum") == pytest.approx(made(curve).rates[34] / 10)
    assert made(curve).suggest() > made(curve).rates[4]


def test_bracket_and_bounds_are_in_order():
    result = found()
    assert result.bracket() == (result.suggest("valley"), pytest.approx(10 * result.suggest("minimum")))
    low, high = result.bounds()
    assert {low, high} == {result.suggest("valley"), result.suggest("steepest")} and low <= high


# What is told.


def test_the_text_and_the_table_say_what_was_found():
    result = found()
    assert f"{result.suggest():.3g}" in str(result) and f"{result.bracket()[1]:.3g}" in str(result)
    assert result.table()[3][0] == result.rates[3] and len(result.table()) == NUM


def test_a_run_that_diverges_at_once_is_told_to_begin_lower():
    result = found(start=1.0, end=1e5)
    with pytest.raises(ValueError, match="`start` must leave some points before the loss diverges"):
        result.suggest()
    assert "smaller `start`" in str(result)


def test_a_loss_that_is_never_finite_is_told_without_blaming_the_rate():
    made = range_test(lambda w, batch, rate: (w * rate, jnp.nan * w.sum() * rate), START, data(), num=NUM)
    with pytest.raises(ValueError, match="that of the first batch is not, before any rate was used"):
        made.suggest()
    assert "before any rate was used" in str(made)


def test_a_steepest_point_outside_of_the_bracket_is_told():
    rates = np.geomspace(1e-4, 10.0, 100)
    curve = np.interp(np.arange(100), [0, 15, 16, 50, 80, 99], [9.0, 9.0, 7.5, 7.4, 1.0, 2.0])
    made = RangeTest(rates, curve[None], curve)
    assert not made.bracket()[0] <= made.suggest() <= made.bracket()[1]
    assert "The steepest point lies outside" in str(made)
    assert "outside" not in str(found())


def test_a_run_that_never_falls_is_told_so():
    with pytest.raises(ValueError, match="no rate lowered the loss"):
        found(start=1e-9, end=1e-7).bracket()


def test_a_run_that_still_falls_at_the_end_is_told_to_go_further():
    assert "still fell at the end" in str(made(np.linspace(2.0, 1.0, 60)))
    assert "still fell" not in str(found()) and "still fell" not in str(made(VALLEY.repeat(4)[:50]))


@pytest.mark.parametrize("rule", ["lightning", None, 1])
def test_unknown_rules_are_refused(rule):
    with pytest.raises(ValueError, match="`rule` must be one of 'steepest'"):
        found().suggest(rule)


def test_diagnose_says_when_it_is_handed_a_range_test():
    with pytest.raises(TypeError, match="suggest"):
        diagnose(found(), 0.1)


@pytest.mark.parametrize(
    ("keywords", "match"),
    [
        ({"num": 5}, "`num` must be from 6 to 1000000: got 5"),
        ({"num": NUM + 1}, r"`batches\[0\]` must have a leading axis of at least `num` = 61"),
        ({"start": 0.0}, "`start` must be greater than 0"),
        ({"start": -1.0, "mode": "linear"}, "`start` must be greater than 0"),
        ({"start": 2.0, "end": 1.0}, "`end` must be greater than `start`"),
        ({"end": np.inf}, "`end` must be finite"),
        ({"end": "10"}, "`end` must be a number: got '10' of type str. Pass 10"),
        ({"mode": "cosine"}, "`mode` must be"),
        ({"seeds": 0}, "`seeds` must be"),
        ({"smoothing": 1.0}, "`smoothing` must be"),
        ({"stop": 1.0}, "`stop` must be"),
    ],
)
def test_numbers_out_of_range_are_refused(keywords, match):
    with pytest.raises((TypeError, ValueError), match=match):
        found(**keywords)


def test_too_few_batches_one_by_one_are_told():
    with pytest.raises(
        ValueError, match="`batches` must hold at least `num` = 60 batches: got 10. Repeat them, or take fewer"
    ):
        range_test(step, START, list(zip(*data(10), strict=True)), start=1e-4, num=NUM)


def test_several_seeds_need_arrays():
    with pytest.raises(ValueError, match="`seeds` must be 1 where batches come one by one"):
        range_test(step, START, list(zip(*data(), strict=True)), num=NUM, seeds=2)


LOSS = jnp.float32(1.0)


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        (lambda w, b, r: (LOSS, w - r), TypeError, "Are they swapped"),
        (lambda w, b, r: w - r, TypeError, r"must return `\(state, loss\)`: got"),
        (lambda w, b, r: (w - r, w), TypeError, "the loss one number"),
        (lambda w, b, r: (w - r, jnp.int32(1)), TypeError, "the loss one number"),
        (lambda w, b, r: ((w - r).astype(jnp.bfloat16), LOSS), TypeError, r"`state` was float32\[.*is bfloat16\["),
        (lambda w, b, r: ({"w": w - r}, LOSS), TypeError, r"`state` was float32.*is not there"),
        (lambda w, b, r: (w - 0.1, jnp.sum(w)), ValueError, "must train at the `rate`"),
    ],
)
def test_a_step_that_is_none_is_refused_before_it_runs(wrong, error, match):
    for batches in (data(), list(zip(*data(), strict=True))):
        with pytest.raises(error, match=match):
            range_test(wrong, START, batches, num=NUM)


def test_the_picture_has_its_marks():
    figure = pytest.importorskip("matplotlib.figure")
    for seeds in (1, 3):
        ax = found(seeds=seeds).plot(figure.Figure().add_subplot())
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert ax.get_xscale() == "log" and sum("steepest" in label or "valley" in label for label in labels) == 2
