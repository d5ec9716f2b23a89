"""What is particular to `compat.tensorflow`: errors, the noise, traced numbers."""

import inspect
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.short import parametrize

import jaxsched as js
from jaxsched.compat import tensorflow as train

STEPS = np.arange(0, 60, 3)

NUMBERS = [
    ("exponential_decay", {"learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.5}),
    ("natural_exp_decay", {"learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.5}),
    ("inverse_time_decay", {"learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.5}),
    ("polynomial_decay", {"learning_rate": 0.5, "decay_steps": 20, "end_learning_rate": 0.1, "power": 2.0}),
    ("cosine_decay", {"learning_rate": 0.5, "decay_steps": 20, "alpha": 0.1}),
    ("cosine_decay_restarts", {"learning_rate": 0.5, "first_decay_steps": 10, "t_mul": 2, "m_mul": 0.9, "alpha": 0.1}),
    ("linear_cosine_decay", {"learning_rate": 0.5, "decay_steps": 20, "num_periods": 1.5, "alpha": 0.1, "beta": 0.1}),
    ("noisy_linear_cosine_decay", {"learning_rate": 0.5, "decay_steps": 20, "initial_variance": 0.1, "beta": 0.1}),
]


@pytest.mark.parametrize(("name", "numbers"), NUMBERS)
def test_numbers_may_be_traced(name, numbers):
    make = getattr(train, name)
    values = lambda *given: make(**dict(zip(numbers, given, strict=True)))(STEPS)  # noqa: E731
    got = jax.jit(jax.vmap(values))(*(jnp.asarray([x, 2 * x]) for x in numbers.values()))
    for i, times in enumerate((1, 2)):
        want = make(**{key: x * times for key, x in numbers.items()})(STEPS)
        np.testing.assert_allclose(got[i], want, rtol=3e-5)


@parametrize(("name", "numbers"), NUMBERS, NUMBERS[:1], ids=lambda row: f"{row[0]}-{'-'.join(row[1])}")
def test_slopes_are_finite(name, numbers):
    make = getattr(train, name)
    total = lambda *given: make(**dict(zip(numbers, given, strict=True)))(STEPS).sum()  # noqa: E731
    real = tuple(i for i, x in enumerate(numbers.values()) if isinstance(x, float))
    slopes = jax.jit(jax.vmap(jax.grad(total, argnums=real)))(*(jnp.asarray([x, 2 * x]) for x in numbers.values()))
    assert np.all(np.isfinite(slopes)) and np.all(slopes[0] != 0)


def refused(name, *args, match, error=ValueError, **kwargs):
    with pytest.raises(error, match=match):
        getattr(train, name)(*args, **kwargs)


def test_errors_speak_of_their_arguments():
    needed = {name: [0.5] if "decay_rate" in numbers else [] for name, numbers in NUMBERS}
    for name, rest in needed.items():
        steps = "first_decay_steps" if name == "cosine_decay_restarts" else "decay_steps"
        refused(name, 1.0, 0, *rest, match=f"`{steps}` must be greater than 0: got 0. Pass the number of steps")
        refused(name, math.nan, 3, *rest, match="`learning_rate` must be finite")
    refused("exponential_decay", 1.0, 3, -0.5, match="`decay_rate` must not be negative: got -0.5")
    refused("natural_exp_decay", 1.0, 3, math.inf, match="`decay_rate` must be finite")
    refused("inverse_time_decay", 1.0, 3, -0.5, match="`decay_rate` must not be negative: got -0.5")
    refused("polynomial_decay", 1.0, 3, power=-1.0, match="`power` must not be negative: got -1.0")
    refused(
        "piecewise_constant", [3], [1.0], match="`values` must have one element more than `boundaries`: got 1 and 1"
    )
    refused("piecewise_constant_decay", [4, 2], [1.0, 0.5, 0.1], match=r"`boundaries` must be sorted: got \[4, 2\]")
    refused("cosine_decay_restarts", 1.0, 5, t_mul=0.5, match="`t_mul` must be at least 1: got 0.5")
    refused("noisy_linear_cosine_decay", 1.0, 5, -1.0, match="`initial_variance` must not be negative: got -1.0")
    refused("noisy_linear_cosine_decay", 1.0, 5, seed=0.5, match="`seed` must be an int seed", error=TypeError)


def test_a_name_means_nothing():
    assert float(train.cosine_decay(1.0, 10, name="lr")(5)) == 0.5


@pytest.mark.parametrize("step", [0, 3, 9, 50])
def test_the_noise_is_distributed_as_there(step):
    arguments = {"decay_steps": 10, "num_periods": 1.0, "alpha": 0.5, "beta": 0.01}
    variance, decay = 0.04, 0.7
    noise = {"initial_variance": variance, "variance_decay": decay}

    def draw(seed):
        return train.noisy_linear_cosine_decay(2.0, **arguments, **noise, seed=seed)(step)

    values = np.asarray(jax.vmap(draw)(jnp.arange(4000)), np.float64)
    done = min(step, 10)
    wave = (1 + math.cos(2 * math.pi * done / 10)) / 2
    deviation = 2.0 * wave * math.sqrt(variance / (1 + done) ** decay)
    mean = float(train.linear_cosine_decay(2.0, **arguments)(step))
    assert abs(values.mean() - mean) < 4 * deviation / math.sqrt(4000)
    assert abs(values.std() / deviation - 1) < 0.06
    third = np.mean(((values - mean) / deviation) ** 3)
    assert abs(third) < 0.2  # as of a normal distribution


def test_the_noise_is_that_of_its_seed():
    first, again, other = (train.noisy_linear_cosine_decay(1.0, 20, seed=seed)(STEPS) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.any(first[1:6] == other[1:6])


def test_waves_end_where_they_are():
    lr = train.linear_cosine_decay(1.0, 8, num_periods=0.75, alpha=1.0, beta=0.0)
    assert float(lr(8)) == float(lr(1000)) == pytest.approx(0.5)
    assert float(train.linear_cosine_decay(1.0, 8, num_periods=1, alpha=1.0, beta=0.0)(4)) == 0.0
    assert isinstance(lr, js.Schedule)


def test_all_of_the_package_is_here():
    theirs = pytest.importorskip("tensorflow").compat.v1.train
    public = {name for name in dir(theirs) if "_decay" in name or name == "piecewise_constant"}
    assert public == {name for name, x in inspect.getmembers(train, inspect.isfunction)}
    for name in public:
        ours = [(p.name, p.default) for p in inspect.signature(getattr(train, name)).parameters.values()]
        want = inspect.signature(getattr(theirs, name)).parameters.values()
        assert ours[: len(want) - 1] == [(p.name, p.default) for p in want if p.name not in ("global_step", "x")]
