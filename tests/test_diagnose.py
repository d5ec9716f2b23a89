"""What `diagnose` says of curves of each kind and of real runs, and how often it is wrong."""

import functools
from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.diagnose_runs import KINDS, RUNS, curves, network, regression
from support.short import exhaustive

import jaxsched as js
from jaxsched.search import Diagnosis, diagnose

T = np.arange(100)
HEALTHY, PLATEAU, LINE = np.exp(-T / 30), np.exp(-T / 5), 2 - T / 100


@pytest.fixture(autouse=True)
def overflow():
    """A run that diverges overflows."""
    with np.errstate(all="ignore"):
        yield


@functools.cache
def table(n, noise, memory=0.0, times=40):
    """How often each kind of curve is said to be which."""
    rng = np.random.default_rng(0)
    said = {kind: Counter() for kind in KINDS}
    for _ in range(times):
        for kind, losses in curves(rng, n, noise, memory):
            said[kind][diagnose(losses, 0.1).kind] += 1
    return {kind: {other: count / times_.total() for other, count in times_.items()} for kind, times_ in said.items()}


# The least share that is right, of each kind: in the order of KINDS.
MEASURED = {
    (20, 0.0, 0.0): (1, 0.7, 1, 1, 1),  # a sine of six periods in 20 steps is too much
    (50, 0.02, 0.0): (1, 0.97, 0.97, 0.97, 0.97),
    (100, 0.05, 0.0): (1, 0.97, 0.9, 0.95, 0.9),
    (300, 0.05, 0.0): (1, 0.97, 0.95, 0.93, 0.93),
    (300, 0.05, 0.8): (1, 0.97, 0.8, 0.85, 0.75),  # 15 independent losses in a third of the run
    (1000, 0.2, 0.0): (1, 0.97, 0.93, 0.95, 0.8),
}


@pytest.mark.parametrize("setting", MEASURED)
def test_most_curves_are_told_apart(setting):
    said = table(*setting)
    right = tuple(said[kind].get(kind, 0.0) for kind in KINDS)
    assert all(share >= least for share, least in zip(right, MEASURED[setting], strict=True)), said


@pytest.mark.parametrize("setting", MEASURED)
def test_no_mistake_has_the_opposite_remedy(setting):
    """Nothing that should be slower is said to crawl, but where six periods are too few to be seen."""
    said = table(*setting)
    assert said["diverged"].get("crawls", 0) == said["diverged"].get("healthy", 0) == 0
    if setting[0] > 20:
        assert said["oscillates"].get("crawls", 0) <= 0.02
    assert said["crawls"].get("diverged", 0) <= 0.02


@exhaustive
def test_long_runs():
    said = table(100_000, 0.5, times=3)
    assert all(said[kind].get(kind, 0) == 1 for kind in KINDS if kind != "oscillates"), said
    assert said["oscillates"]["oscillates"] >= 0.6  # swings of 0.3 in a noise of 0.5 are noise


@pytest.mark.parametrize("n", [20, 30, 60, 200, 1000])
@pytest.mark.parametrize(("memory", "share"), [(0.0, 0.96), (0.5, 0.92)])
def test_noise_alone_crawls(n, memory, share):
    rng, said = np.random.default_rng(1), Counter()
    for _ in range(100):
        losses = rng.normal(size=n)
        for i in range(1, n if memory else 0):
            losses[i] = memory * losses[i - 1] + np.sqrt(1 - memory**2) * losses[i]
        said[diagnose(losses, 0.1).kind] += 1
    assert said["crawls"] >= 100 * share, said


@pytest.mark.parametrize(("run", "worth"), [run[1:] for run in RUNS], ids=[run[0] for run in RUNS])
def test_real_runs(run, worth):
    said = Counter(diagnose(run(np.random.default_rng(seed)), 0.1).kind for seed in range(10))
    assert all(said[kind] >= least for kind, least in worth.items()), said


@pytest.mark.parametrize(("run", "rate", "good"), [(regression, 1e-6, 0.1), (regression, 50.0, 1), (network, 50.0, 1)])
def test_the_remedy_helps(run, rate, good):
    """A run at a bad rate, again and again at the rate that is suggested, ends up at a good one."""
    seen = []
    for _ in range(9):
        found = diagnose(run(np.random.default_rng(0), rate, 300), rate)
        seen.append(found.kind)
        if found.kind not in ("diverged", "oscillates", "crawls"):
            break
        rate = found.rate
    assert seen[-1] in ("healthy", "plateau") and len(seen) > 1, seen
    assert good / 50 < rate < good * 2


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_scaled_and_shifted_losses_are_the_same(noise):
    rng = np.random.default_rng(2)
    for n in (20, 75, 400):
        for _, losses in curves(rng, n, noise):
            expected = diagnose(losses, 0.1)
            for scale, shift in (
                (1e-3, 0.0),
                (1e6, 0.0),
                (1.0, -7.0),
                (1e-3, 5.0),
                (1e6, 1e6),
                (1e-30, 0.0),
                (1e30, 0),
            ):
                found = diagnose(losses * scale + shift, 0.1)
                assert (found.kind, found.rate) == (expected.kind, expected.rate), (scale, shift)
                np.testing.assert_allclose(found.pace, expected.pace, rtol=1e-3, atol=1e-3)
                if expected.kind != "diverged":
                    np.testing.assert_allclose(found.drop / scale, expected.drop, rtol=1e-3, atol=1e-6)


def test_rates_and_remedies():
    up_and_down = (-1.0) ** T
    for losses, kind, rate in (
        (np.exp(T / 10), "diverged", 0.05),
        (up_and_down, "oscillates", 0.5 / 3),
        (LINE, "crawls", 2.5),
        (np.ones(100), "crawls", 5.0),
        (PLATEAU, "plateau", 0.05),
        (HEALTHY, "healthy", None),
    ):
        found = diagnose(losses, 0.5)
        assert (found.kind, found.rate) == (kind, rate)
        assert isinstance(found, Diagnosis) and found.remedy.endswith(".")
        assert all(type(x) is float for x in found[3:])
    words = [diagnose(losses, 0.5).remedy for losses in (np.exp(T / 10), up_and_down, LINE, PLATEAU, HEALTHY)]
    for said, word in zip(words, ("by ten", "about three", "five to ten", "decay the rate now", "go on"), strict=True):
        assert word in said


def test_the_numbers_are_what_they_say():
    found = diagnose(3 * LINE + 1, 0.1)
    np.testing.assert_allclose((found.drop, found.pace), (3 * 0.82, 0.5), atol=0.02)
    rng = np.random.default_rng(0)
    np.testing.assert_allclose(diagnose(LINE + 0.3 * rng.normal(size=100), 0.1).noise, 0.3, rtol=0.25)
    assert diagnose((-1.0) ** T, 0.1).swing > 0.9
    assert diagnose(np.array([np.nan] * 30), 0.1)[-1] == 0.0


@pytest.mark.parametrize("at", [0, 50, 99])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_loss_that_is_not_finite_is_divergence(at, value):
    losses = HEALTHY.copy()
    losses[at] = value
    assert diagnose(losses, 0.1).kind == "diverged"


def test_time_is_the_sum_of_the_rates():
    """The same descent, with a warmup over half of the steps."""
    rates = np.minimum(np.arange(1, 401) / 200, 1.0)
    losses = np.exp(-np.cumsum(rates) / np.sum(rates) * 2)
    assert diagnose(losses, 1.0).kind == "crawls"
    assert diagnose(losses, rates).kind == "healthy"
    assert diagnose(losses, js.warmup(js.Constant(1.0), 200, start=0.005)).kind == "healthy"
    assert diagnose(losses, lambda step: jnp.minimum((step + 1) / 200, 1.0)).kind == "healthy"


def test_suggestions_start_from_the_rates_that_matter():
    cosine = js.Cosine(0.5, 0.1, steps=99)
    assert diagnose(np.exp(T / 10), cosine).rate == pytest.approx(0.05)  # the largest
    assert diagnose(PLATEAU, cosine).rate == pytest.approx(0.01)  # the last


@pytest.mark.parametrize(
    "kind",
    [
        list,
        tuple,
        jnp.asarray,
        np.float32,
        np.float16,
        lambda x: jnp.asarray(x, jnp.bfloat16),
        lambda x: [*jnp.asarray(x)],
    ],
    ids=["list", "tuple", "jax", "float32", "float16", "bfloat16", "list of arrays"],
)
def test_any_kind_of_array_will_do(kind):
    for losses in (HEALTHY, PLATEAU, LINE):
        assert diagnose(kind(losses), 0.1).kind == diagnose(losses, 0.1).kind
    assert diagnose(np.arange(60)[::-1], 0.1).kind == "crawls"


@pytest.mark.parametrize(
    ("error", "match", "losses", "rate"),
    [
        (ValueError, "`losses` must be at least 20: got 19", np.ones(19), 0.1),
        (ValueError, "`losses` must be one-dimensional: got shape", np.ones((30, 2)), 0.1),
        (ValueError, "`losses` must be one-dimensional: got shape", 1.0, 0.1),
        (TypeError, "`losses` must be real numbers", ["a"] * 30, 0.1),
        (TypeError, "`losses` must be real numbers", [1j] * 30, 0.1),
        (TypeError, "`losses` must be real numbers", None, 0.1),
        (TypeError, "`losses` must be real numbers", [[1.0], [1.0, 2.0]], 0.1),
        (ValueError, "`rate` must be positive, or 0 at some steps: got 0", T, 0.0),
        (ValueError, "`rate` must be positive", T, -0.1),
        (ValueError, "`rate` must be finite", T, np.nan),
        (ValueError, r"one for each of the 100 losses: got shape \(99,\)", T, np.ones(99)),
        (TypeError, "`rate` must be a schedule, a number or a function", T, "0.1"),
        (TypeError, "`rate` must be a schedule, a number or a function", T, None),
        (TypeError, "`rate` must be a pure schedule, but Recover is a controller", T, js.recover(0.1)),
    ],
)
def test_what_is_wrong_is_refused_by_name(error, match, losses, rate):
    with pytest.raises(error, match=match):
        diagnose(losses, rate)


def test_traced_arguments_are_refused_by_name():
    with pytest.raises(TypeError, match="`losses` must be known numbers.*outside of `jax.jit`"):
        jax.jit(lambda x: diagnose(x, 0.1).drop)(jnp.ones(30))
    with pytest.raises(TypeError, match="`rate` must be known.*outside of `jax.jit`"):
        jax.jit(lambda x: diagnose(np.ones(30), x).drop)(0.1)
