"""What is particular to `compat.timm`: noise, the factory, what it refuses, and what differs from timm."""

import collections
import inspect
import math
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.compat import timm_live
from support.short import parametrize

from jaxsched.compat import timm as ours

SCHEDULERS = ("Cosine", "Tanh", "Poly", "Step", "MultiStep", "WSD", "Plateau")


@pytest.fixture
def real():
    try:
        return timm_live.scheduler_module()
    except ImportError as error:
        pytest.skip(f"needs timm and torch: {error}")


@pytest.mark.parametrize("name", [*(f"{each}LRScheduler" for each in SCHEDULERS), "create_scheduler_v2"])
def test_the_signature_is_that_of_timm(real, name):
    mine, theirs = (inspect.signature(getattr(module, name)).parameters for module in (ours, real))
    assert [(p.name, p.default) for p in mine.values()][1:] == [(p.name, p.default) for p in theirs.values()][1:]
    assert next(iter(mine)) == "lr"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ours.CosineLRScheduler(1.0, 0), "`t_initial` must be greater than 0: got 0"),
        (lambda: ours.CosineLRScheduler(1.0, 5, lr_min=-0.1), "`lr_min` must be at least 0: got -0.1"),
        (lambda: ours.CosineLRScheduler(-1.0, 5), "`lr` must be at least 0: got -1.0"),
        (lambda: ours.CosineLRScheduler(math.inf, 5), "`lr` must be finite: got inf"),
        (lambda: ours.CosineLRScheduler(1.0, 5, cycle_mul=0, cycle_limit=2), "`cycle_mul` must be greater than 0"),
        (
            lambda: ours.CosineLRScheduler(1.0, 5, cycle_decay=-1, cycle_limit=2),
            "`cycle_decay` must not be negative: got -1",
        ),
        (lambda: ours.CosineLRScheduler(1.0, 5, warmup_t=-1), "`warmup_t` must be at least 0: got -1"),
        (lambda: ours.CosineLRScheduler(1.0, 5, k_decay=0), "`k_decay` must be greater than 0: got 0"),
        (lambda: ours.CosineLRScheduler(1.0, 5, noise_range_t=[3]), "`noise_range_t` must be a number or a pair"),
        (lambda: ours.CosineLRScheduler(1.0, 5, noise_range_t=3, noise_pct=0), "`noise_pct` must be greater than 0"),
        (
            lambda: ours.CosineLRScheduler(1.0, 5, noise_range_t=3, noise_std=-1),
            "`noise_std` must not be negative: got -1",
        ),
        (lambda: ours.TanhLRScheduler(1.0, 5, lb=3.0, ub=3.0), "`lb` must be less than `ub`: got 3.0 and 3.0"),
        (lambda: ours.TanhLRScheduler(1.0, 5, cycle_limit=-1), "`cycle_limit` must not be negative: got -1"),
        (lambda: ours.TanhLRScheduler(1.0, 5, warmup_lr_init=-1), "`warmup_lr_init` must be at least 0: got -1"),
        (lambda: ours.PolyLRScheduler(1.0, 5, power=0), "`power` must be greater than 0: got 0"),
        (lambda: ours.StepLRScheduler(1.0, 0), "`decay_t` must be greater than 0: got 0"),
        (lambda: ours.StepLRScheduler(1.0, 5, -0.1), "`decay_rate` must not be negative: got -0.1"),
        (lambda: ours.MultiStepLRScheduler(1.0, [5, 3]), r"`decay_t` must be sorted: got \[5, 3\]"),
        (lambda: ours.WSDLRScheduler(1.0, 0, 1), "`t_initial` must be greater than 0: got 0"),
        (lambda: ours.WSDLRScheduler(1.0, 5, 0), "`decay_t` must be greater than 0: got 0"),
        (lambda: ours.WSDLRScheduler(1.0, 5, 6), "`decay_t` must be at most `t_initial`: got 6 and 5"),
        (
            lambda: ours.WSDLRScheduler(1.0, 5, 1, stable_fn="rsqr"),
            "`stable_fn` must be one of .*'rsqrt'.*: got 'rsqr'",
        ),
        (lambda: ours.WSDLRScheduler(1.0, 5, 1, decay_fn="cos"), "`decay_fn` must be one of .* mean 'cosine'"),
        (lambda: ours.WSDLRScheduler(1.0, 5, 1, stable_fn="rsqrt"), "`stable_timescale` must be greater than 0: got 0"),
        (
            lambda: ours.WSDLRScheduler(1.0, 5, 1, decay_ratio=1),
            "`decay_ratio` must lie between 0 and 1, exclusive: got 1",
        ),
        (lambda: ours.WSDLRScheduler(1.0, 5, 1, decay_power=0), "`decay_power` must be greater than 0: got 0"),
        (lambda: ours.WSDLRScheduler(1.0, 5, 1, stable_power=0), "`stable_power` must be greater than 0: got 0"),
        (lambda: ours.PlateauLRScheduler(1.0, warmup_t=2.5), "`warmup_t` must be a whole number: got 2.5"),
        (lambda: ours.PlateauLRScheduler(1.0, 1.0), "`decay_rate` must be at least 0 and less than 1: got 1.0"),
        (lambda: ours.PlateauLRScheduler(1.0, mode="maximum"), "`mode` must be 'min' or 'max': got 'maximum'"),
        (
            lambda: ours.PlateauLRScheduler(1.0, noise_range_t=1, noise_type="even"),
            "`noise_type` must be 'normal' or 'uniform': got 'even'",
        ),
        (
            lambda: ours.create_scheduler_v2(1.0, "cosin"),
            "`sched` must be one of .*: got 'cosin'. Did you mean 'cosine'",
        ),
        (
            lambda: ours.create_scheduler_v2(1.0, "plateau", step_on_epochs=False, updates_per_epoch=2),
            "`step_on_epochs`",
        ),
        (lambda: ours.create_scheduler_v2(1.0, step_on_epochs=False), "`updates_per_epoch` must be greater than 0"),
        (lambda: ours.create_scheduler_v2(1.0, min_lr=-1), "`min_lr` must be at least 0: got -1"),
        (lambda: ours.create_scheduler_v2(1.0, "poly", decay_rate=0), "`decay_rate` must be greater than 0: got 0"),
        (
            lambda: ours.create_scheduler_v2(1.0, "wsd", num_epochs=10, warmup_epochs=5, decay_epochs=6),
            "`decay_epochs` must come to 1 to 5 steps for 'wsd': got 6, which is 6. .*`num_epochs` - `warmup_epochs`",
        ),
    ],
)
def test_values_that_timm_refuses_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ours.CosineLRScheduler("0.1", 5), "`lr` must be a number: got '0.1' of type str"),
        (lambda: ours.MultiStepLRScheduler(1.0, 5), "`decay_t` must be a sequence of numbers: got 5"),
        (lambda: ours.WSDLRScheduler(1.0, 5, 1, decay_fn=3), "`decay_fn` must be one of .*: got 3"),
        (lambda: jax.jit(lambda n: ours.CosineLRScheduler(1.0, 5, cycle_limit=n)(3))(2), "`cycle_limit` must be known"),
        (
            lambda: jax.jit(lambda m: ours.CosineLRScheduler(1.0, 5, cycle_mul=m, cycle_limit=99)(3))(1.5),
            "`cycle_mul` must be an int",
        ),
        (lambda: jax.jit(lambda x: ours.StepLRScheduler(1.0, 5, warmup_prefix=x)(3))(True), "`warmup_prefix` must be"),
        (lambda: ours.create_scheduler_v2(1.0, noise="0.5"), "`noise` must be a number: got '0.5'"),
        (lambda: ours.create_scheduler_v2("fast", "none"), "`lr` must be a schedule, a number"),
    ],
)
def test_kinds_that_make_no_sense_are_refused(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize("mul", [2, 3, 7, 10])
def test_restarts_are_at_their_exact_steps(mul):
    schedule = ours.CosineLRScheduler(1.0, 1, cycle_mul=mul, cycle_limit=7)
    begins = np.array([(mul**i - 1) // (mul - 1) for i in range(7)])
    np.testing.assert_array_equal(schedule(begins), np.ones(7, np.float32))
    assert float(schedule((mul**7 - 1) // (mul - 1))) == 0


def test_cycles_that_shrink_end_in_the_floor():
    schedule = ours.CosineLRScheduler(1.0, 8, lr_min=0.1, cycle_mul=0.5, cycle_limit=100)
    got = schedule(np.array([0, 8, 12, 14, 16, 17, 1000]))
    np.testing.assert_allclose(got, [1, 1, 1, 1, 0.1, 0.1, 0.1], rtol=1e-6)


def test_many_cycles_are_one_cycle_played_again():
    few, many = (ours.PolyLRScheduler(1.0, 5, lr_min=0.1, cycle_decay=0.5, cycle_limit=n) for n in (8, 9))
    steps = np.arange(40)
    np.testing.assert_allclose(few(steps), many(steps), rtol=1e-6)
    assert len(jax.tree.leaves(many)) < len(jax.tree.leaves(few)) and float(many(45)) == float(few(45))


def test_a_list_of_rates_makes_a_list_of_schedules():
    for make, second in ((ours.StepLRScheduler, 5), (ours.CosineLRScheduler, 5), (ours.MultiStepLRScheduler, [3])):
        schedules = make([1.0, 0.5], second)
        assert [float(schedule(0)) for schedule in schedules] == [1.0, 0.5]
    assert len(ours.PlateauLRScheduler((1.0, 0.5))) == 2
    assert [float(schedule(0)) for schedule in ours.create_scheduler_v2([1.0, 0.5], "none")[0]] == [1.0, 0.5]


@pytest.mark.parametrize("kind", [tuple, np.array, collections.UserList])
def test_lists_may_be_of_any_kind(kind):
    first, second = ours.MultiStepLRScheduler(kind([1.0, 0.5]), kind([3, 7]), 0.5, noise_range_t=kind([4, 6]))
    assert float(first(2)) == 0.5 and float(second(6)) == 0.125 and float(second(5)) != 0.25


# Noise


def noise_of(schedule, first, last):
    return np.asarray(schedule(np.arange(first, last)), np.float64) / np.asarray(QUIET(np.arange(first, last))) - 1


QUIET = ours.StepLRScheduler(0.1, 10**6)
MANY = 4000
KOLMOGOROV = 1.95 / math.sqrt(MANY)
"""What the largest difference of distributions exceeds once in 1000 times."""


def normal_cdf(x):
    return 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


@pytest.mark.parametrize(("std", "pct"), [(1.0, 0.67), (0.1, 0.67), (0.3, 0.2)])
def test_noise_is_normal_and_cut(std, pct):
    noisy = ours.StepLRScheduler(0.1, 10**6, noise_range_t=0, noise_std=std, noise_pct=pct)
    got = np.sort(noise_of(noisy, 0, MANY))
    assert np.abs(got).max() <= pct * (1 + 1e-5)
    low = normal_cdf(-pct / std)
    want = (normal_cdf(got / std) - low) / (1 - 2 * low)
    assert np.abs(want - np.arange(1, MANY + 1) / MANY).max() < KOLMOGOROV


def test_noise_is_distributed_as_in_timm(real):
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    given = {"noise_range_t": 0, "noise_std": 0.4, "noise_pct": 0.5}
    theirs = real.StepLRScheduler(optimizer, 10**6, **given)
    draws = np.sort([theirs._add_noise([1.0], t)[0] - 1 for t in range(MANY)])
    got = np.sort(noise_of(ours.StepLRScheduler(0.1, 10**6, **given), 0, MANY))
    places = np.searchsorted(draws, got, side="right") / MANY
    assert np.abs(places - np.arange(1, MANY + 1) / MANY).max() < KOLMOGOROV * math.sqrt(2)


@pytest.mark.parametrize("given", [5, [5, 9], (5, 9), 4.5, [4.5, 8.5], [-3, 9]])
def test_noise_is_in_its_range_only(given):
    noise = noise_of(ours.StepLRScheduler(0.1, 10**6, noise_range_t=given), 0, 20)
    begin, end = (given, math.inf) if isinstance(given, (int, float)) else given
    np.testing.assert_array_equal(noise != 0, [begin <= t < end for t in range(20)])


@pytest.mark.parametrize("given", [{"noise_range_t": [9, 5]}, {"noise_range_t": 0, "noise_std": 0}])
def test_no_noise_is_exactly_none(given):
    np.testing.assert_array_equal(noise_of(ours.StepLRScheduler(0.1, 10**6, **given), 0, 20), 0)


def test_noise_depends_on_the_seed_alone():
    one, same, other = (
        noise_of(ours.StepLRScheduler(0.1, 9**9, noise_range_t=0, noise_seed=s), 0, 50) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.all(one != other) and len(set(one)) == 50


def test_noise_of_the_plateau_is_uniform_if_asked_and_begins_after_the_warmup():
    given = {"warmup_t": 5, "noise_range_t": 0, "noise_type": "uniform", "noise_pct": 0.3}
    controller = ours.PlateauLRScheduler(0.1, patience_t=10**6, **given)

    def step(state, metric):
        state = controller.update(state, value=metric)
        return state, controller(state)

    rates = np.asarray(jax.lax.scan(step, controller.init(), jnp.ones(5 + MANY))[1], np.float64)
    np.testing.assert_allclose(rates[:5], 0.02 * np.arange(1, 6), rtol=1e-6)
    noise = np.sort(rates[5:] / 0.1 - 1)
    assert np.abs((noise / 0.3 + 1) / 2 - np.arange(1, MANY + 1) / MANY).max() < KOLMOGOROV


# The factory


@pytest.mark.parametrize(
    ("sched", "make", "epochs"),
    [
        ("cosine", lambda **warm: ours.CosineLRScheduler(1.0, 20, 0.01, cycle_decay=0.1, **warm), 25),
        ("tanh", lambda **warm: ours.TanhLRScheduler(1.0, 20, lr_min=0.01, **warm), 25),
        ("poly", lambda **warm: ours.PolyLRScheduler(1.0, 20, 0.1, 0.01, **warm), 25),
        ("step", lambda **warm: ours.StepLRScheduler(1.0, 90, 0.1, warmup_prefix=False, **warm), 20),
        ("constant", lambda **warm: ours.StepLRScheduler(1.0, 1, 1.0, warmup_prefix=False, **warm), 20),
        ("multistep", lambda **warm: ours.MultiStepLRScheduler(1.0, [90], 0.1, warmup_prefix=False, **warm), 20),
        ("wsd", lambda **warm: ours.WSDLRScheduler(1.0, 17, 3, 0.01, **warm), 25),
        ("rsqrt", lambda **warm: ours.WSDLRScheduler(1.0, 17, 3, 0.01, "rsqrt", decay_fn="linear", **warm), 25),
    ],
)
def test_the_factory_knows_every_name(sched, make, epochs):
    given = {"num_epochs": 20, "warmup_epochs": 3, "min_lr": 0.01, "cooldown_epochs": 5}
    schedule, total = ours.create_scheduler_v2(1.0, sched, **given)
    want = make(warmup_t=3, warmup_lr_init=1e-5)
    np.testing.assert_array_equal(schedule(np.arange(40)), want(np.arange(40)))
    assert total == epochs


@pytest.mark.parametrize("prefix", [False, True])
def test_the_factory_counts_updates(prefix):
    given = {"num_epochs": 20, "warmup_epochs": 4, "cycle_limit": 2, "warmup_prefix": prefix, "cooldown_epochs": 1}
    by_update, total = ours.create_scheduler_v2(1.0, step_on_epochs=False, updates_per_epoch=50, **given)
    by_epoch, same = ours.create_scheduler_v2(1.0, **given)
    np.testing.assert_allclose(by_update(np.arange(45) * 50), by_epoch(np.arange(45)), rtol=1e-6)
    assert total == same == 41 + 4 * prefix


def test_the_factory_makes_a_plateau():
    controller, total = ours.create_scheduler_v2(1.0, "plateau", num_epochs=9, patience_epochs=0, plateau_mode="min")
    state = controller.init()
    for _ in range(2):
        state = controller.update(state, value=1.0)
    np.testing.assert_allclose(controller(state), 0.1, rtol=1e-6)
    assert total == 9


@pytest.mark.parametrize(("noise", "begin", "end"), [(0.5, 10, 99), ([0.5], 10, 99), ([0.25, 0.5], 5, 10)])
def test_the_factory_takes_noise_as_a_part_of_the_run(noise, begin, end):
    quiet, noisy = (ours.create_scheduler_v2(1.0, "constant", num_epochs=20, noise=x)[0] for x in (None, noise))
    steps = np.arange(20)
    np.testing.assert_array_equal(quiet(steps) != noisy(steps), (steps >= begin) & (steps < end))


def test_the_command_line_is_read_as_in_timm(real):
    for line in ({"sched": "tanh"}, {"sched": "poly", "epochs": 7, "lr_noise": 0.5, "eval_metric": "loss"}):
        line = SimpleNamespace(**line)
        assert ours.scheduler_kwargs(line) == real.scheduler_factory.scheduler_kwargs(line)
        assert ours.scheduler_kwargs(line, True) == real.scheduler_factory.scheduler_kwargs(line, True)


# Traced numbers

NUMBERS = {
    "CosineLRScheduler": {"lr": 1.0, "t_initial": 5, "lr_min": 0.1, "cycle_mul": 2.0, "cycle_decay": 0.5, "warmup_t": 2}
    | {"warmup_lr_init": 0.2, "k_decay": 1.5},
    "TanhLRScheduler": {"lr": 1.0, "t_initial": 5, "lb": -5.0, "ub": 2.0, "lr_min": 0.1, "warmup_t": 2},
    "PolyLRScheduler": {"lr": 1.0, "t_initial": 5, "power": 1.5, "lr_min": 0.1, "k_decay": 1.5, "cycle_decay": 0.5},
    "StepLRScheduler": {"lr": 1.0, "decay_t": 3, "decay_rate": 0.5, "warmup_t": 2, "warmup_lr_init": 0.2},
    "WSDLRScheduler": {"lr": 1.0, "t_initial": 9, "decay_t": 4, "lr_min": 0.1, "warmup_t": 2, "stable_timescale": 5.0}
    | {"decay_power": 0.7, "stable_power": 0.7},
}
CHOICES = {"CosineLRScheduler": {"cycle_limit": 3}, "PolyLRScheduler": {"cycle_limit": 2}}
CHOICES |= {"WSDLRScheduler": {"stable_fn": "power", "decay_fn": "power"}}


def maker(name):
    return lambda given: getattr(ours, name)(**given, **CHOICES.get(name, {}))(np.arange(20))


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_may_be_traced(name):
    numbers, make = NUMBERS[name], maker(name)
    other = {key: x * 0.9 if isinstance(x, float) else x for key, x in numbers.items()}
    stacked = jax.tree.map(lambda *xs: jnp.asarray(xs), numbers, other)
    want = np.stack([make(numbers), make(other)])
    np.testing.assert_allclose(jax.jit(jax.vmap(make))(stacked), want, rtol=2e-5, atol=1e-7)


@parametrize("name", NUMBERS, ["StepLRScheduler"])
def test_slopes_are_finite(name):
    numbers, make = NUMBERS[name], maker(name)
    slope = jax.jit(jax.grad(lambda given: make({**numbers, **given}).sum()))
    slopes = slope({k: float(x) for k, x in numbers.items()})
    assert all(np.isfinite(x) for x in slopes.values()) and slopes["lr"] > 0


def test_a_traced_length_of_a_decay_by_a_function():
    make = lambda n: ours.WSDLRScheduler(1.0, 9, n, decay_fn=lambda x: (1 - x) ** 2)(np.arange(12))  # noqa: E731
    np.testing.assert_allclose(jax.jit(make)(4), make(4), rtol=1e-5, atol=1e-7)


def test_traced_noise_is_the_same_noise():
    make = lambda lr, std, begin: ours.StepLRScheduler(lr, 5, noise_range_t=begin, noise_std=std)(np.arange(9))  # noqa: E731
    np.testing.assert_allclose(jax.jit(make)(0.1, 0.3, 4), make(0.1, 0.3, 4), rtol=1e-6)
