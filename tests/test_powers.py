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
        (lambda: js.Linear(1.0, 0.0, steps=5) ** -1, "`left` must not be 0 where .* in the end"),
        (lambda: 1e-4 * js.warmup_cosine(1e-3, 10, 100) ** -0.5, "`left` must not be 0 where .* at step 0"),
        (lambda: 0.0 ** js.Linear(-1.0, 1.0, steps=5), "`left` must not be 0 where .* at step 0"),
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
