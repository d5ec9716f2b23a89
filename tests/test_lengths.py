"""A length is a number of steps. A known one below a step is a part of the run in the wrong place, and refused."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxsched as js

LINE = js.Linear(1.0, 0.0, steps=8)

FRACTIONS = {
    "Linear": (lambda x: js.Linear(1.0, 0.0, steps=x), "steps"),
    "Cosine": (lambda x: js.Cosine(1.0, 0.0, steps=x), "steps"),
    "InverseSqrt": (lambda x: js.InverseSqrt(1.0, x), "timescale"),
    "Interpolated": (lambda x: js.Interpolated([0, x], [1.0, 0.0]), "boundaries[-1]"),
    "warmup": (lambda x: js.warmup(LINE, x), "steps"),
    "cooldown": (lambda x: js.cooldown(LINE, 4, x), "steps"),
    "cooldown-at": (lambda x: js.cooldown(LINE, x, 4), "at"),
    "cycle": (lambda x: js.cycle(LINE, x), "period"),
    "cycle-list": (lambda x: js.cycle(LINE, [4, x]), "period[1]"),
    "staircase": (lambda x: js.staircase(LINE, x), "every"),
    "delay": (lambda x: js.delay(LINE, x), "steps"),
    "advance": (lambda x: js.advance(LINE, x), "steps"),
    "per_epoch": (lambda x: js.per_epoch(LINE, x), "steps_per_epoch"),
    "join": (lambda x: js.join([1.0, 0.5], [x]), "boundaries[-1]"),
    "piecewise_constant": (lambda x: js.piecewise_constant([x / 2, x], [1.0, 0.5, 0.1]), "boundaries[-1]"),
    "multistep_decay": (lambda x: js.multistep_decay(1.0, 0.1, [x / 2, x]), "milestones[-1]"),
    "step_decay": (lambda x: js.step_decay(1.0, 0.1, x), "every"),
    "exponential_decay": (lambda x: js.exponential_decay(1.0, 0.1, x), "steps"),
    "warmup_cosine": (lambda x: js.warmup_cosine(1e-3, x, 1000), "warmup"),
    "warmup_cosine-total": (lambda x: js.warmup_cosine(1e-3, 0, x), "total"),
    "warmup_linear": (lambda x: js.warmup_linear(1e-3, x, 1000), "warmup"),
    "warmup_inverse_sqrt": (lambda x: js.warmup_inverse_sqrt(1e-3, x), "warmup"),
    "noam": (lambda x: js.noam(512, x), "warmup"),
    "wsd": (lambda x: js.wsd(1e-3, warmup=x, stable=0.7, decay=0.2), "warmup"),
    "wsd-decay": (lambda x: js.wsd(1e-3, warmup=10, stable=70, decay=x), "decay"),
    "flat_cosine": (lambda x: js.flat_cosine(1.0, x), "total"),
    "one_cycle": (lambda x: js.one_cycle(1.0, 100, warmup=x), "warmup"),
    "cyclic": (lambda x: js.cyclic(0.1, 1.0, x), "up"),
    "sgdr": (lambda x: js.sgdr(1.0, x), "period"),
    "node": (lambda x: js.nodes.Delay(LINE, x), "steps"),
}


@pytest.mark.parametrize("name", FRACTIONS)
@pytest.mark.parametrize("x", [0.1, np.float32(0.5)])
def test_a_fraction_is_refused_with_the_remedy(name, x):
    make, argument = FRACTIONS[name]
    words = f"`{argument}` must be a number of steps: got {float(x)!r}, less than one. For a part of the run write "
    with pytest.raises(ValueError, match=re.escape(f"{words}`Run(total=...).fraction({float(x)!r})`")):
        make(x)


def test_the_remedy_works():
    run = js.Run(total=1000)
    assert js.warmup_cosine(1e-3, run.fraction(0.1), run.total) == js.warmup_cosine(1e-3, 100, 1000)
    half = js.warmup(js.Linear(1.0, 0.0, steps=9.5), np.array(0.5))  # on a clock of epochs
    np.testing.assert_allclose(half(np.array([0, 0.25, 0.5, 5.25, 10])), [0, 0.5, 1, 0.5, 0], rtol=1e-6)


@pytest.mark.parametrize("x", [0, 0.0, 1, 1.0, 1.5, 2.25, 1e9])
def test_none_and_a_step_or_more_are_taken(x):
    assert js.Linear(1.0, 0.0, steps=x).steps == x
    assert js.warmup(LINE, x)(2 * 10**9) == 0.0


def test_a_clock_in_epochs_is_taken():
    lr = js.per_epoch(js.warmup_cosine(1.0, 1.5, 9.0), 390)
    assert lr(390) == pytest.approx(1 / 1.5) and lr(390 * 9) == 0.0
    assert js.per_epoch(LINE, 390.625).duration == 8 * 390.625
    assert js.Interpolated([0, 0.5, 3], [0.0, 1.0, 0.0])(0.25) == 0.5  # a time, but not the length, is below a step
    assert js.join([1.0, 2.0, 3.0], [0.5, 2.0])(0.5) == 2.0


@pytest.mark.parametrize("factor", [1 / 390, np.float64(1 / 390), 0.01])
def test_stretching_may_make_lengths_that_are_below_a_step(factor):
    for lr in (
        js.warmup_cosine(1.0, 100.0, 1000.0),
        js.wsd(1.0, warmup=100.0, stable=200.0, decay=200.0),
        js.join([js.Linear(1.0, 0.5, steps=9.0), js.Linear(0.5, 0.0, steps=9.0)]),
        js.cycle(js.Linear(1.0, 0.0, steps=30.0), 30.0),
        js.delay(js.Linear(1.0, 0.0, steps=30.0), 7.5),
        js.piecewise_constant([100.0, 200.0], [1.0, 0.5, 0.1]),
    ):
        short = js.stretch(lr, factor)
        steps = np.arange(0, 600, 8.0)
        np.testing.assert_allclose(short(steps * factor), lr(steps), rtol=1e-3, atol=1e-3)
        assert js.from_dict(js.to_dict(short)) == short
        np.testing.assert_array_equal(js.stretch(short, 2.0)(steps * factor * 2), short(steps * factor))


def test_lengths_that_are_left_over_may_be_below_a_step():
    assert js.warmup_linear(1.0, 9.5, 10.0)(9.75) == pytest.approx(0.5)
    assert js.one_cycle(1.0, 1.5, warmup=1.0)(1.25) > 0
    assert js.wsd(1.0, warmup=1.0, stable=1.0, decay=1.0)(2.5) == 0.5
    assert js.flat_cosine(1.0, 1.5, 0.5)(0.75) == 1.0


@pytest.mark.parametrize("x", [np.array(0.5), jnp.float32(0.5), np.array([0.5, 4.0])])
def test_tuned_lengths_are_taken(x):
    assert js.Linear(1.0, 0.0, steps=x).steps.shape == np.shape(x)
    steps = jax.vmap(lambda n: js.Linear(1.0, 0.0, steps=n)(0.25))(np.atleast_1d(x))
    np.testing.assert_allclose(steps, 1 - 0.25 / np.atleast_1d(x))


def test_traced_lengths_are_taken():
    value, slope = jax.value_and_grad(lambda n: js.warmup_cosine(1.0, n, 10.0)(0.25))(0.5)
    assert value == 0.5 and slope == -1.0
    assert jax.jit(lambda n: js.cycle(LINE, n)(3))(0.5) == 1.0
    assert jax.jit(lambda n: js.warmup_cosine(1.0, 0, n)(3))(0) == 0.0


EMPTY = {
    "warmup_cosine": lambda n: js.warmup_cosine(1e-3, 0, n),
    "warmup_linear": lambda n: js.warmup_linear(1e-3, 0, n),
    "flat_cosine": lambda n: js.flat_cosine(1e-3, n),
    "slanted_triangular": lambda n: js.slanted_triangular(1e-3, n),
    "one_cycle": lambda n: js.one_cycle(1e-3, n),
    "one_cycle_momentum": lambda n: js.one_cycle_momentum(0.85, 0.95, n),
}


@pytest.mark.parametrize("name", EMPTY)
def test_a_run_of_no_steps_is_refused(name):
    for zero in (0, 0.0, np.int32(0)):
        with pytest.raises(ValueError, match="`total` must be at least 1: got 0.*Is the data set empty"):
            EMPTY[name](zero)
    assert np.isfinite(EMPTY[name](1)(0)) and np.isfinite(jax.jit(lambda n: EMPTY[name](n)(0))(0))


def test_half_an_epoch_is_an_array():
    """The three ways of a clock that counts epochs."""
    epochs = js.warmup_cosine(1.0, np.array(0.5), 9.0)
    assert js.stretch(epochs, 390)(195) == 1.0 and js.stretch(epochs, 390)(390 * 9) == 0.0
    assert epochs(195 / 390) == 1.0
    assert js.per_epoch(epochs, 390)(389) == 0.0 and js.per_epoch(epochs, 390)(390) < 1.0
