"""Noise is a pure function of key and step, and has the distribution that it claims."""

import math

import jax
import numpy as np
import pytest
from support.precision import x64
from support.short import parametrize
from support.zoo import GROUP, NO_REFERENCE, ZOO

import jaxsched

MANY = 20_000
NOISY = parametrize(
    "entry", [entry for entry in ZOO if entry.name in NO_REFERENCE], group=lambda entry: GROUP[entry.name]
)
SIGMA, BOUND = 0.1, 0.25
PEAK = 3e-4


def bits(values) -> list[int]:
    return np.asarray(values).view(np.uint32).tolist()


@NOISY
def test_a_step_shows_the_same_value_at_every_reading(entry):
    steps, schedule = np.arange(entry.span), entry.make()
    values = schedule(steps)
    assert bits(entry.make()(steps)) == bits(values)
    assert bits(schedule(steps[::-1])) == bits(values)[::-1]
    assert bits(schedule(np.full(3, 5))) == bits(values[5:6]) * 3


@NOISY
def test_another_program_draws_the_same_noise(entry):
    # Not the last bit: XLA fuses and folds each program in its own way.
    steps, schedule = np.arange(entry.span), entry.make()
    values, close = schedule(steps), {"rtol": 1e-6, "atol": 1e-6 * entry.scale}
    np.testing.assert_allclose([schedule(int(t)) for t in steps[:8]], values[:8], **close)
    np.testing.assert_allclose(jax.jit(schedule)(steps), values, **close)


@NOISY
def test_the_noise_is_the_same_under_every_configuration(entry):
    """A run that is resumed under another precision or generator setting goes on with the same rates."""
    steps, before = np.arange(entry.span), jax.config.jax_threefry_partitionable
    values, close = np.asarray(entry.make()(steps)), {"rtol": 3e-6, "atol": 3e-6 * entry.scale}
    with x64():
        np.testing.assert_allclose(entry.make()(steps), values, **close)
    try:
        jax.config.update("jax_threefry_partitionable", not before)
        np.testing.assert_allclose(entry.make()(steps), values, **close)
    finally:
        jax.config.update("jax_threefry_partitionable", before)


@NOISY
def test_there_is_noise(entry):
    values = np.asarray(entry.make()(np.arange(entry.span)))
    assert len(np.unique(values)) > entry.span // 3 and (np.diff(values) > 0).any() and (np.diff(values) < 0).any()


MAKERS = {
    "jitter": lambda key: jaxsched.jitter(PEAK, SIGMA, bound=BOUND, key=key),
    "jitter-uniform": lambda key: jaxsched.jitter(PEAK, bound=BOUND, key=key, distribution="uniform"),
    "noisy_linear_cosine_decay": lambda key: jaxsched.noisy_linear_cosine_decay(PEAK, 100 * MANY, key=key),
}


def draws(name: str, key: int) -> np.ndarray:
    """The noise itself, taken out of the values of the first steps."""
    t = np.arange(MANY)
    values = np.asarray(MAKERS[name](key)(t), np.float64) / PEAK
    if name.startswith("jitter"):
        return values - 1
    x = t / (100 * MANY)
    return ((values - 0.001) / np.cos(np.pi * x / 2) ** 2 - (1 - x)) * (1 + t) ** (0.55 / 2)


def truncated_deviation() -> float:
    cut = BOUND / SIGMA
    density = math.exp(-(cut**2) / 2) / math.sqrt(2 * math.pi)
    return SIGMA * math.sqrt(1 - 2 * cut * density / math.erf(cut / math.sqrt(2)))


DEVIATIONS = {
    "jitter": truncated_deviation(),
    "jitter-uniform": BOUND / math.sqrt(3),
    "noisy_linear_cosine_decay": 1.0,
}


@pytest.mark.parametrize("name", MAKERS)
def test_mean_deviation_and_correlation_are_as_claimed(name):
    noise, deviation = draws(name, key=11), DEVIATIONS[name]
    four = 4 / math.sqrt(MANY)
    assert abs(noise.mean()) < four * deviation
    assert abs(noise.std() / deviation - 1) < four
    centred = (noise - noise.mean()) / noise.std()
    assert abs((centred[1:] * centred[:-1]).mean()) < four


@pytest.mark.parametrize("name", MAKERS)
def test_keys_draw_independently(name):
    one, other = draws(name, key=11), draws(name, key=12)
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / math.sqrt(MANY)


@pytest.mark.parametrize("name", ["jitter", "jitter-uniform"])
def test_jitter_keeps_its_bound_and_comes_near_it(name):
    largest = np.abs(draws(name, key=11)).max()
    assert 0.95 * BOUND < largest <= BOUND * (1 + 1e-6)


def test_the_normal_is_cut_and_not_clipped():
    # A clipped normal piles up at its bound.
    assert (np.abs(draws("jitter", key=11)) > BOUND * (1 - 1e-5)).mean() < 1e-3


def test_normal_noise_is_normal():
    noise = np.sort(draws("noisy_linear_cosine_decay", key=11))
    expected = np.array([0.5 * (1 + math.erf(z / math.sqrt(2))) for z in noise])
    assert np.abs(expected - (np.arange(MANY) + 0.5) / MANY).max() < 1.95 / math.sqrt(MANY)  # Kolmogorov, 0.1 %


def test_the_noise_of_a_linear_cosine_shrinks_no_more_after_its_end():
    # As in TensorFlow: with a whole wave the line is not damped to nothing there.
    noisy = jaxsched.nodes.NoisyLinearCosine(
        PEAK, 15, initial_variance=4.0, variance_decay=1.0, num_periods=1.0, beta=0.0
    )
    late = np.asarray(noisy(10**6 + np.arange(MANY)), np.float64) / PEAK
    assert abs(late.std() / 0.5 - 1) < 4 / math.sqrt(MANY)


def test_scheduled_jitter_begins_where_it_is_told_to():
    entry = next(entry for entry in ZOO if entry.name == "jitter-scheduled")
    noisy, plain = entry.make(), jaxsched.Cosine(PEAK, 3e-5, steps=24)
    steps = np.arange(24)
    same = np.isclose(noisy(steps), plain(steps), rtol=1e-6, atol=0)  # two programs round apart
    assert same[:12].all() and not same[12:].any()


def test_a_key_may_be_a_seed_or_a_key_and_far_steps_differ():
    seed, key = (jaxsched.jitter(PEAK, SIGMA, key=k) for k in (5, jax.random.key(5)))
    steps = np.array([0, 1, 2**24, 2**24 + 1, 2**31 - 2, 2**31 - 1])
    assert bits(seed(steps)) == bits(key(steps)) and len(set(bits(seed(steps)))) == len(steps)
