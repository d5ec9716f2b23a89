"""Powers of schedules where they are delicate, and rates for another batch size."""

from typing import Any

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxsched as js

LINE = js.Linear(-2.0, 2.0, steps=4)


def test_powers_are_those_of_python():
    for exponent in (0, 1, 2, 3, -1, -2):
        got, want = (
            (LINE**exponent)(np.arange(5)),
            [v**exponent if v or exponent >= 0 else np.inf for v in range(-2, 3)],
        )
        np.testing.assert_allclose(got, want, rtol=1e-6)
    np.testing.assert_allclose((2**LINE)(np.arange(5)), [0.25, 0.5, 1, 2, 4], rtol=1e-6)


def test_a_negative_base_has_no_root():
    assert (LINE**0.5)([0, 1, 2]).tolist() == [0, 0, 0]
    assert jax.jit(lambda x: (js.as_schedule(x) ** 0.5)(0))(-1.0) == 0.0


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0])
def test_slopes_are_finite_where_the_base_is_0_or_negative(exponent):
    def value(start, exponent, step):
        return (js.Linear(start, 2.0, steps=4) ** exponent)(step)

    for step in range(5):
        slopes = jax.grad(value, (0, 1))(-2.0, exponent, step)
        assert np.all(np.isfinite(slopes)), step
    assert jax.grad(value)(-2.0, 1.0, 2) == 0.5
    np.testing.assert_allclose(jax.grad(value)(-2.0, 2.0, 0), -4.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: js.Constant(0.0) ** -1, "`left` must not be 0 where `right` is negative"),
        (lambda: js.Constant(-1.0) ** 0.5, "`left` must not be negative"),
        (lambda: (-2.0) ** js.Constant(0.5), "`left` must not be negative"),
    ],
)
def test_what_has_no_power_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(("rule", "factor"), [("linear", 4.0), ("sqrt", 2.0), (0.25, 2**0.5), (0, 1.0), (-1, 0.25)])
def test_rates_follow_the_batch(rule, factor):
    line = js.Linear(1.0, 0.5, steps=4)
    for batch in (1024, js.Constant(1024), js.piecewise_constant([2], [256, 1024])):
        got = js.rescale(line, batch=batch, base=256, rule=rule)
        np.testing.assert_allclose(got([2, 3]), factor * line(np.array([2, 3])), rtol=1e-6)
    traced = jax.jit(lambda batch, base: js.rescale(line, batch=batch, base=base, rule=rule)(3))
    np.testing.assert_allclose(traced(1024.0, 256.0), factor * line(3), rtol=1e-6)


def test_a_batch_of_numbers_is_a_factor():
    assert js.rescale(0.1, batch=512, base=256) == js.as_schedule(0.1) * 2.0


@pytest.mark.parametrize(
    ("batch", "found"),
    [
        (0, "got 0 at step 0"),
        (js.Linear(64, 0, steps=10), "got 0 at step 10"),
        (js.rounded(js.Linear(64, 0.2, steps=1000)), "got 0 at step"),
        (lambda step: 3.0 - step, "got 0 at step 3|got -"),
    ],
)
def test_a_batch_that_is_known_to_reach_0_is_refused(batch, found):
    with pytest.raises(ValueError, match=f"`batch` must be greater than 0: ({found}).*at least one sample"):
        js.rescale(0.1, batch=batch, base=256)


def test_other_rules_are_refused():
    wrong: Any = ("root", None, [0.5], True)
    for rule in wrong:
        with pytest.raises((TypeError, ValueError), match="`rule` must be"):
            js.rescale(0.1, batch=512, base=256, rule=rule)
    with pytest.raises(ValueError, match="`base` must be greater than 0"):
        js.rescale(0.1, batch=512, base=0)


def test_a_sweep_of_bases_is_one_program():
    many = jax.vmap(lambda base: js.rescale(0.1, batch=LINE + 4, base=base, rule="sqrt"))(jnp.array([1.0, 4.0]))
    chex.assert_trees_all_close(jax.vmap(lambda s: s(2))(many), jnp.array([0.2, 0.1]), rtol=1e-6)


def test_a_quotient_of_nothing_has_finite_slopes():
    def value(peak, step):
        return (js.Linear(0.0, peak, steps=4) / js.Linear(0.0, 2.0, steps=4))(step)

    assert value(1.0, 0) == 0.0 and value(1.0, 1) == 0.5
    assert [float(jax.grad(value)(1.0, step)) for step in (0, 1, 4)] == [0.0, 0.5, 0.5]


RISING, FALLING = js.warmup(js.Constant(0.1), 10), js.Linear(0.1, 0.0, steps=10)


@pytest.mark.parametrize(
    ("divisor", "where"),
    [
        (RISING, "at step 0"),
        (js.warmup_cosine(0.1, 10, 100, end=0.01), "at step 0"),
        (js.warmup(FALLING, 0), "in the end"),
        (js.wsd(0.1, warmup=0, stable=5, decay=5), "in the end"),
        (js.join([js.Constant(0.0), 0.1], [3]), "at step 0"),
        (js.join([RISING + 1, RISING], [0]), "at step 0"),
        (js.piecewise_constant([4], [0.0, 0.1]), "at step 0"),
        (js.piecewise_constant([0, 4], [1.0, 0.0, 0.1]), "at step 0"),
        (js.Interpolated([0, 4], [0.0, 0.1]), "at step 0"),
        (js.CosineInterpolated([3, 4], [0.1, 0.0]), "in the end"),
        (js.Tabulated([0.1, 0.0]), "in the end"),
        (3 * (1.0 - js.Linear(0.5, 1.0, steps=4)) ** 2, "in the end"),
        (js.clip(RISING, 0.0, 1.0), "at step 0"),
        (js.maximum(RISING, FALLING * 0.0), "at step 0"),
        (js.minimum(1.0, RISING, FALLING), "at step 0"),
        (js.stack([js.Linear(0.1, 0.2, steps=4), js.Linear(0.0, 0.2, steps=4)]), "at step 0"),
    ],
)
def test_a_divisor_that_is_known_to_be_0_where_the_other_is_not_is_refused(divisor, where):
    for numerator in (1e-4, js.as_schedule(1.0) + divisor):
        with pytest.raises(ValueError, match=f"`right` must not be 0 where `left` is not: .* 0 {where}. .*maximum"):
            numerator / divisor


@pytest.mark.parametrize("divisor", [RISING, FALLING, js.wsd(0.1, warmup=5, stable=5, decay=5)])
def test_where_both_are_0_a_quotient_is_allowed(divisor):
    for numerator in (divisor, 3 * divisor, divisor**2):
        assert np.all(np.isfinite((numerator / divisor)(np.arange(20))))
    assert np.all(np.isfinite((1e-4 / js.maximum(divisor, 1e-8))(np.arange(20))))
    assert np.all(np.isfinite((1e-4 / js.clip(divisor, 1e-8))(np.arange(20))))


def test_what_is_not_known_divides():
    unknown: Any = (
        lambda t: 1.0 * t,
        js.advance(RISING, 1),
        js.cycle(FALLING, 10),
        js.join([RISING + 1e-8, RISING], [5]),
    )
    for divisor in unknown:
        assert (1e-4 / js.as_schedule(divisor))(1) > 0
    assert (js.as_schedule(lambda t: t + 1.0) / RISING)(5) > 0
    for function in (
        lambda x: 1.0 / js.Linear(x, 0.1, steps=4),
        lambda x: 1.0 / js.as_schedule(x),
        lambda x: x / RISING,
        lambda x: 1.0 / js.piecewise_constant([2], [x, 1.0]),
    ):
        assert jax.jit(lambda x, made=function: made(x)(4))(0.0) >= 0
    for steps in (lambda n: js.Linear(0.0, 1.0, steps=n), lambda n: js.warmup(1.0, n)):
        assert jax.jit(lambda n, made=steps: (1.0 / made(n))(4))(0) == 1.0


def test_a_quotient_is_built_without_a_program():
    ramp = js.warmup(js.Linear(1.0, 0.5, steps=3), 7, start=0.25) * 2 + 1
    with jax.transfer_guard("disallow"):  # which a program of numbers on the host would need
        1e-4 / js.maximum(js.clip(ramp, 0.1) ** 2, 1e-8) / ramp
