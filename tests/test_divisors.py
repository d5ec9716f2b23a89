"""Divisors of 0: refused where they are known, nothing where the other side is 0 too."""

from typing import Any

import jax
import numpy as np
import pytest
from support.zoo import ONE_OF_EACH_FAMILY, each

import jaxsched as js

LAST_STEP = 2**31 - 1
RISING, FALLING = js.warmup(js.Constant(0.1), 10), js.Linear(0.1, 0.0, steps=10)


def test_a_quotient_of_nothing_has_finite_slopes():
    def value(peak, step):
        return (js.Linear(0.0, peak, steps=4) / js.Linear(0.0, 2.0, steps=4))(step)

    assert value(1.0, 0) == 0.0 and value(1.0, 1) == 0.5
    assert [float(jax.grad(value)(1.0, step)) for step in (0, 1, 4)] == [0.0, 0.5, 0.5]


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


@each(ONE_OF_EACH_FAMILY)
def test_what_is_known_of_the_ends_is_shown_there(entry):
    schedule = entry.make()
    with np.errstate(all="ignore"):
        ends = schedule._known_ends
    for known, shown in zip(ends, schedule(np.array([0, LAST_STEP])), strict=True):
        assert np.isnan(known) or known == pytest.approx(float(shown), rel=1e-6, abs=0)
