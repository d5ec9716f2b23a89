"""Foresight against closed forms, sums written out in float64, published numbers and curves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.curves import FITTED, final_losses, language_models
from support.short import exhaustive

import jaxsched as js
from jaxsched import foresight
from jaxsched.foresight import (
    AnnealingLaw,
    FunctionalLaw,
    MultiPowerLaw,
    bound,
    compare,
    extend,
    fit,
    optimize,
    transfer,
)

T = 60
SIXTY = {
    "constant": (js.Constant(1.0), 0.054249193, 0.307224233),
    "cosine": (js.Cosine(1.0, 0.0, steps=T), 0.120230718, 0.272699737),
    "linear": (js.Linear(1.0, 0.0, steps=T), 0.123813411, 0.264808837),
    "inverse sqrt": (js.InverseSqrt(1.0, 1), 0.251848358, 0.281685042),
    "wsd": (js.wsd(1.0, warmup=0, stable=48, decay=12), 0.063047187, 0.291030014),
}
"""Schaipp et al. 2025, at T = 60: the factor and the bound of five schedules."""

PUBLISHED = {
    "25M": MultiPowerLaw(3.04045406, 0.52468604, 0.50786857, 363.78751622, 2.06560812, 0.58279013, 0.64142257),
    "100M": MultiPowerLaw(2.6514477, 0.60115152, 0.45295811, 437.9464276, 2.13245612, 0.59785199, 0.65523644),
}
"""Luo et al. 2025: the numbers of the multi-power law for two models."""

LAW = FunctionalLaw(2.621371, 0.6172478, 0.4518230, 26.63217)
WARMED = js.join([js.Linear(0.0, 3e-4, steps=99), js.Constant(3e-4), js.Linear(3e-4, 0.0, steps=500)], [100, 1500])


def double_sum(rates, distance=1.0, norms=1.0):
    """The bound as it was published: theorem 1 of Schaipp et al. 2025, with its double sum."""
    v, g = np.asarray(rates, np.float64), np.broadcast_to(norms, len(rates))
    total = distance**2 / (2 * v.sum()) + np.sum(v**2 * g**2) / (2 * v.sum())
    for k in range(len(v) - 1):
        inner = np.sum(v[k:] ** 2 * g[k:] ** 2)
        total += v[k] / (2 * v[k + 1 :].sum()) / v[k:].sum() * inner
    return total


# The bound


@pytest.mark.parametrize("name", SIXTY)
def test_the_bound_is_that_of_the_paper(name):
    schedule, factor, best = SIXTY[name]
    found = bound(schedule, T)
    np.testing.assert_allclose([found.factor, found.best], [factor, best], rtol=3e-7)
    np.testing.assert_allclose(bound(schedule * factor, T).value, best, rtol=3e-7)


def test_the_bound_is_the_double_sum():
    draw = np.random.default_rng(0)
    for length in (1, 2, 7, 200):
        rates, norms = draw.uniform(0.1, 1, length), draw.uniform(0.5, 2, length)
        found = bound(js.Tabulated(rates), length, distance=3.0, gradient_norm=norms)
        np.testing.assert_allclose(found.value, double_sum(rates, 3.0, norms), rtol=2e-6)


def test_the_bound_is_exact_in_float32_at_a_million_steps():
    total = 10**6
    harmonic = np.sum(1 / np.arange(1, total, dtype=np.float64))
    found = bound(js.Linear(1.0, 0.0, steps=total), total)
    best = 2 * np.sqrt((total - 0.5 + harmonic) / (total * (total + 1)))
    factor = np.sqrt(total / ((total + 1) * (total - 0.5 + harmonic)))
    np.testing.assert_allclose([found.best, found.factor], [best, factor], rtol=1e-6)
    constant = bound(js.Constant(1.0), total)
    np.testing.assert_allclose(constant.best, np.sqrt((1 + harmonic) / total), rtol=1e-6)


def test_zero_rates_add_nothing_and_have_finite_gradients():
    rates = jnp.asarray([0.0, 0.0, 1.0, 0.5, 0.0, 0.0], jnp.float32)

    def value(rates, total):
        return bound(js.Tabulated(rates), total).value

    assert value(rates, 6) == value(rates[2:4], 2) == bound(js.Tabulated(rates[:4]), 4).value
    assert np.isfinite(jax.grad(value)(rates, 6)).all()
    nothing = bound(js.Constant(0.0), 6)
    assert np.isposinf([nothing.value, nothing.factor, nothing.best]).all()
    assert (jax.grad(lambda rates: bound(js.Tabulated(rates), 6).value)(jnp.zeros(6)) == 0).all()


def test_the_bound_is_mapped_and_compiled():
    many = js.grid(lambda end: js.Linear(1.0, end, steps=T), end=[0.0, 0.1, 0.5])
    mapped = jax.jit(jax.vmap(lambda s: bound(s, T).best))(many)
    np.testing.assert_allclose(mapped, [bound(s, T).best for s in js.unstack(many)], rtol=1e-6)


def test_the_peak_of_another_shape():
    base = js.wsd(1.0, warmup=0, stable=4000, decay=1000)
    np.testing.assert_allclose(bound(base, 5000).factor, 0.00726385, rtol=1e-5)
    for part, expected in ((0.05, 0.825218), (0.1, 0.895989), (0.4, 1.181467), (0.8, 1.619046), (1.0, 1.945054)):
        decay = round(5000 * part)
        other = js.wsd(1.0, warmup=0, stable=5000 - decay, decay=decay)
        np.testing.assert_allclose(transfer(base, other, 5000), expected, rtol=3e-6)
    np.testing.assert_allclose(transfer(base, js.Cosine(1.0, 0.0, steps=5000), 5000), 1.889137, rtol=3e-6)
    np.testing.assert_allclose(transfer(base * 3, base, 5000), 3.0, rtol=1e-6)


# Laws


def written_out(law, rates):
    """Each law by a loop in float64, as its paper has it."""
    v, x = np.asarray(rates, np.float64), {name: float(y) for name, y in vars(law).items() if name[0] != "_"}
    loss = x["floor"] + x["gain"] * v.sum() ** -x["power"]
    if isinstance(law, FunctionalLaw):
        for t in range(len(v)):
            loss += x["noise"] * v[t] ** 2 / (v[t + 1 :].sum() + x["lag"] * v.max()) ** x["forgetting"]
    elif isinstance(law, AnnealingLaw):
        moment = 0.0
        for t in range(1, len(v)):
            moment = x["momentum"] * moment + v[t - 1] - v[t]
            loss -= x["drop"] * moment
    else:
        for k in range(1, len(v)):
            rate = max(v[k], 1e-10)
            part = 1 - (1 + x["speed"] * rate ** -x["gamma"] * v[k:].sum()) ** -x["beta"]
            loss -= x["drop"] * (v[k - 1] - v[k]) * part
    return loss


@pytest.mark.parametrize("law", [LAW, AnnealingLaw(2.7, 0.55, 0.52, 0.47, 0.99), PUBLISHED["100M"]])
def test_a_law_is_what_its_paper_says(law):
    steps = np.asarray([100, 700, 1600, 1999])
    rates = np.asarray(WARMED(np.arange(2000)), np.float64)
    expected = [written_out(law, rates[: step + 1]) for step in steps]
    np.testing.assert_allclose(law.curve(WARMED, steps), expected, rtol=1e-6)
    np.testing.assert_allclose(law(WARMED, 2000), expected[-1], rtol=1e-6)
    assert law.curve(WARMED, steps.reshape(2, 2)).shape == (2, 2)
    assert js.from_dict(js.to_dict(law)) == law and eval(repr(law), vars(foresight)) == law


def test_a_law_compiles_once_for_any_numbers():
    traces = []

    @jax.jit
    def loss(law, schedule):
        traces.append(law)
        return law(schedule, 200)

    for scale in (1.0, 2.0):
        loss(FunctionalLaw(2.0, scale, 0.5, 20.0), js.Cosine(3e-4 * scale, 0.0, steps=200))
    assert len(traces) == 1
    slope = jax.grad(lambda end: LAW(js.Linear(3e-4, end, steps=200), 200))(jnp.float32(0.0))
    assert np.isfinite(slope)


@exhaustive
@pytest.mark.parametrize(
    "size, r2, mae, rmse, worst",
    [("25M", 0.998802, 0.003760, 0.004652, 0.004095), ("100M", 0.998301, 0.004348, 0.005919, 0.005829)],
)
def test_the_published_law_has_its_published_errors(size, r2, mae, rmse, worst):
    found = []
    for name, (schedule, steps, losses) in language_models(size).items():
        if name not in FITTED:
            apart = np.asarray(PUBLISHED[size].curve(schedule, steps), np.float64) - losses
            of_all = np.sum((losses - losses.mean()) ** 2)
            relative = np.abs(apart) / losses
            found.append(
                [1 - np.sum(apart**2) / of_all, np.abs(apart).mean(), np.sqrt(np.mean(apart**2)), relative.max()]
            )
    np.testing.assert_allclose(np.mean(found, axis=0), [r2, mae, rmse, worst], atol=2e-6)


# Fits


def synthetic(law, decays=(500, 1000, 2000), peak=1e-3, total=4000):
    many = [js.wsd(peak, warmup=100, stable=total - 100 - n, decay=n) for n in decays]
    steps = np.arange(199, total, 50)
    return [(schedule, steps, np.asarray(law.curve(schedule, steps), np.float64)) for schedule in many]


@pytest.mark.parametrize(
    "law, name",
    [
        (FunctionalLaw(2.5, 0.6, 0.45, 25.0), "functional"),
        (AnnealingLaw(2.5, 0.5, 0.5, 0.4), "annealing"),
        pytest.param(AnnealingLaw(2.5, 0.5, 0.5, 0.4, 0.99), "annealing_fitted", marks=exhaustive),
    ],
)
def test_a_fit_finds_the_law_that_made_the_losses(law, name):
    found = fit(synthetic(law))
    assert type(found.law) is type(law) and found.errors[name] < 2e-4 and found.error == min(found.errors.values())
    for field, x in vars(fit(synthetic(law), law=name).law).items():
        if field[0] != "_":
            np.testing.assert_allclose(x, getattr(law, field), rtol=0.01)
    other = js.warmup_linear(1e-3, 100, 4000)
    predicted = found(other, 4000)
    np.testing.assert_allclose(predicted.loss, law(other, 4000), atol=1e-3)
    assert not predicted.beyond and found(other, 8000).beyond and "at least" in str(found(other, 8000))


def test_the_cosine_and_the_constant_of_annealing():
    """Tissue et al. 2024: forty published points, and the numbers and the fit that they have."""
    cosine = [
        3.6696358,
        3.3254106,
        3.1908393,
        3.1158533,
        3.0604768,
        3.020384,
        2.9880967,
        2.9612265,
        2.9395165,
        2.9195616,
    ]
    cosine += [
        2.9030452,
        2.8881907,
        2.8767889,
        2.8654318,
        2.8565135,
        2.8489892,
        2.843639,
        2.8398669,
        2.8380618,
        2.8376071,
    ]
    constant = [3.6714418, 3.325626, 3.1884103, 3.111947, 3.058354, 3.0211415, 2.9874816, 2.96082, 2.9406552, 2.9241402]
    constant += [
        2.9054413,
        2.8942103,
        2.8807929,
        2.8702695,
        2.862175,
        2.8530996,
        2.8448784,
        2.8383856,
        2.8326995,
        2.8294308,
    ]
    steps = np.arange(1000, 20001, 1000)
    falling = js.join([js.Constant(2e-4), js.Cosine(2e-4, 0.0, steps=19500)], [500])
    found = fit([(falling, steps, cosine), (js.Constant(2e-4), steps, constant)], law="annealing")
    law = found.law
    np.testing.assert_allclose(
        [law.floor, law.gain, law.power, law.drop], [2.627797, 0.4296651, 0.5498456, 0.4107725], rtol=2e-3
    )
    assert found.error is None and "unknown" in str(found)


FITS = {
    ("25M", "functional"): (3.016008, 0.5377898, 0.5028942, 22.04606, 0.0107),
    ("25M", "annealing"): (3.067953, 0.4912504, 0.5714508, 0.3976824, 0.0062),
    ("100M", "functional"): (2.621371, 0.6172478, 0.4518230, 26.63217, 0.0131),
    ("100M", "annealing"): (2.693361, 0.5533350, 0.5245211, 0.4754226, 0.0014),
}


@exhaustive
@pytest.mark.parametrize("size, name", FITS)
def test_the_fit_of_three_public_runs(size, name):
    runs = language_models(size)
    found = fit([runs[each] for each in FITTED], law=name)
    weight = found.law.noise if name == "functional" else found.law.drop
    numbers = [found.law.floor, found.law.gain, found.law.power, weight, found.error]
    np.testing.assert_allclose(numbers[:4], FITS[size, name][:4], rtol=1e-4)
    np.testing.assert_allclose(numbers[4], FITS[size, name][4], atol=1e-4)


@exhaustive
@pytest.mark.parametrize("size, error", [("25M", 0.0077), ("100M", 0.0129)])
def test_one_run_that_is_flat_and_cools_down_is_enough(size, error):
    runs = language_models(size)
    found = fit([runs.pop("wsd_20000_24000")])
    apart = [np.mean(found.law.curve(s, steps[-5:]) - losses[-5:]) for s, steps, losses in runs.values()]
    np.testing.assert_allclose(np.sqrt(np.mean(np.square(apart))), error, atol=1e-4)
    assert found.error is None


@exhaustive
def test_final_losses_of_one_peak_and_of_three():
    one = fit(final_losses(lambda row: float(row["peak"]) == 1e-3), law="functional")
    assert len(one.runs.curves) == 20
    numbers = [one.law.floor, one.law.gain, one.law.power, one.law.noise]
    np.testing.assert_allclose(numbers, [2.708380, 0.8112021, 0.4045, 27.15989], rtol=3e-4)
    np.testing.assert_allclose(one.error, 0.0034, atol=1e-4)
    three = fit(final_losses(lambda row: float(row["peak"]) >= 5e-4), law="functional")
    assert len(three.runs.curves) == 59
    law = three.law
    numbers = [law.floor, law.gain, law.power, law.noise, law.gain_by_peak, law.noise_by_peak]
    np.testing.assert_allclose(numbers, [2.7154, 0.8258, 0.4142, 26.87, 0.265, 0.346], rtol=2e-3)
    with pytest.raises(ValueError, match="has peak 0.0001, but the fit knows 0.0005 to 0.002"):
        three(js.warmup_cosine(1e-4, 300, 25_000), 25_000)


LINES = synthetic(LAW)


@pytest.mark.parametrize(
    "runs, error, words",
    [
        ([], TypeError, "`runs` must be a list"),
        ([(js.Constant(1.0), [1])], TypeError, r"`runs\[0\]` must be `\(schedule, steps, losses\)`"),
        ([(js.Constant(1e-3), np.arange(100, 900, 50), np.full(16, 2.0))], ValueError, "no rate falls"),
        ([(js.Cosine(1e-3, 0.0, steps=900), np.arange(100, 900, 50), np.full(16, 2.0))], ValueError, "falls all along"),
        ([LINES[0], (LINES[1][0], LINES[1][1], -LINES[1][2])], ValueError, r"`runs\[1\].losses` must be positive"),
        (
            [LINES[0], (LINES[1][0], LINES[1][1], np.nan * LINES[1][2])],
            ValueError,
            "must be positive and finite: got nan",
        ),
        ([LINES[0], (LINES[1][0], LINES[1][1][::-1], LINES[1][2])], ValueError, r"`runs\[1\].steps` must rise"),
        ([LINES[0], (LINES[1][0], LINES[1][1], LINES[1][2][1:])], ValueError, "must have a loss for each of 77 steps"),
        ([LINES[0], LINES[0]], ValueError, r"`runs` must differ in their rates: runs\[0\] and runs\[1\]"),
        ([(js.Constant(0.0), [9], [2.0])], ValueError, "must train: its rate is 0 at all 10 steps"),
        (
            [(js.Cosine(1e-3, 0.0, steps=100), [150], [2.0])],
            ValueError,
            "must lie in the schedule, which ends at step 100",
        ),
        ([(js.stack([js.Constant(1.0)] * 2), [9], [2.0])], ValueError, r"`runs\[0\].schedule` must be one schedule"),
        ([LINES[0], synthetic(LAW, peak=2e-3)[0]], ValueError, "must have one peak, or three or more"),
        ([(x, [3999], [2.0 + i]) for i, (x, _, _) in enumerate(LINES)], ValueError, "at least 4 losses"),
    ],
)
def test_runs_that_say_nothing_are_refused(runs, error, words):
    with pytest.raises(error, match=words):
        fit(runs)


def test_nothing_is_extrapolated_silently():
    found = fit(LINES)
    with pytest.raises(ValueError, match="`total` must be at most 4 times the longest run fitted, 4000: got 16001"):
        found(js.warmup_linear(1e-3, 100, 16_001), 16_001)
    with pytest.raises(ValueError, match="has peak 0.002, but the fit knows 0.001 alone"):
        found(js.warmup_linear(2e-3, 100, 4000), 4000)
    with pytest.raises(ValueError, match="has peak 0.002"):
        compare([js.warmup_linear(2e-3, 100, 4000)], 4000, fit=found)
    with pytest.raises(TypeError, match="`total` must be a Python int"):
        jax.jit(lambda total: bound(js.Constant(1.0), total).value)(10)
    with pytest.raises(ValueError, match="`schedule` must be one schedule"):
        bound(js.stack([js.Constant(1.0)] * 2), 10)
    with pytest.raises(TypeError, match="`schedule` must be a schedule: got a ReduceOnPlateau"):
        bound(js.reduce_on_plateau(0.1), 10)
    with pytest.raises(ValueError, match="`gradient_norm` must be a number, or one for each of 10 steps"):
        bound(js.Constant(1.0), 10, gradient_norm=np.ones(3))


# Comparisons and extensions


def test_kinds_side_by_side():
    many = {name: schedule for name, (schedule, _, _) in SIXTY.items()}
    found = compare(many, T)
    np.testing.assert_allclose(found.rows.columns["bound"], [best for *_, best in SIXTY.values()], rtol=1e-6)
    expected = [factor / SIXTY["constant"][1] for _, factor, _ in SIXTY.values()]
    np.testing.assert_allclose(found.rows.columns["best_peak"], expected, atol=6e-4)
    judged = compare([x for x, _, _ in LINES], 4000, fit=fit(LINES))
    assert judged.rows.columns["loss"] == sorted(judged.rows.columns["loss"]) and judged.rows.columns["best"][0]
    stacked = compare(js.grid(lambda end: js.Linear(1.0, end, steps=T), end=np.linspace(0, 1, 64)), T)
    assert len(stacked.rows) == 64


@pytest.mark.parametrize(
    "times, factor, part",
    [
        (1.5, 0.636739, 0.445917),
        pytest.param(2, 0.532994, 0.632688, marks=exhaustive),
        pytest.param(2.5, 0.472722, 0.770950, marks=exhaustive),
        pytest.param(3, 0.431195, 0.876375, marks=exhaustive),
        pytest.param(3.5, 0.400031, 0.959322, marks=exhaustive),
        pytest.param(4, 0.375389, 1.0, marks=exhaustive),
    ],
)
def test_a_run_that_becomes_longer(times, factor, part):
    lr = js.wsd(1.0, warmup=0, stable=3200, decay=800)
    total = int(4000 * times)
    found = extend(lr, 3200, 4000, total)
    np.testing.assert_allclose([found.lower.factor, found.longer.cooldown], [factor, part], atol=2e-6)
    assert found.longer.reached == (total * (1 - part) >= 3200)
    for plan in found:
        rates, before = plan.schedule(np.arange(total)), lr(np.arange(3200))
        assert (rates[:3200] == before).all() and rates[-1] < 0.01
        np.testing.assert_allclose(rates[3201], plan.factor, rtol=1e-3)
    assert found.same.bound > found.lower.bound > found.longer.bound
    if found.longer.reached:  # what it is for: the peak is the best one by the bound
        np.testing.assert_allclose(bound(found.longer.schedule, total).factor, bound(lr, 4000).factor, rtol=3e-4)
    np.testing.assert_allclose(bound(found.lower.schedule, total).factor, bound(lr, 4000).factor, rtol=1e-4)


@exhaustive
def test_the_real_run_of_the_paper():
    lr = js.wsd(1.0, warmup=300, stable=39_700, decay=10_000)
    found = extend(lr, 40_000, 50_000, 100_000, over=1000)
    np.testing.assert_allclose([found.lower.factor, found.longer.cooldown], [0.52736, 0.63504], atol=1e-5)
    assert extend(lr, 40_000, 50_000, 200_000, over=1000).lower.factor == pytest.approx(0.37188, abs=1e-5)
    lowered = found.lower.schedule(np.asarray([39_999, 40_000, 40_500, 41_000, 60_000]))
    np.testing.assert_allclose(lowered, [1, 1, (1 + 0.52736) / 2, 0.52736, 0.52736], atol=1e-4)


@pytest.mark.parametrize(
    "changed, error, words",
    [
        ({"at": 3300}, ValueError, "`at` must lie before the cooldown, which begins at step 3200: got 3300"),
        ({"at": 50}, ValueError, "`at` must lie after the warmup"),
        ({"new_total": 4000}, ValueError, "`new_total` must be greater than `total`, 4000"),
        ({"schedule": js.Constant(1.0)}, ValueError, "`schedule` must have a cooldown"),
        ({"over": 5000}, ValueError, "`over` must end before the cooldown"),
        ({"fit": 3}, TypeError, "`fit` must be what"),
        ({"total": 4e3}, TypeError, "`total` must be a Python int"),
    ],
)
def test_extensions_that_cannot_be(changed, error, words):
    lr = js.wsd(1.0, warmup=100, stable=3100, decay=800)
    with pytest.raises(error, match=words):
        extend(**{"schedule": lr, "at": 3200, "total": 4000, "new_total": 8000} | changed)


# Optima


def noisy_quadratic(h, noise, begin, steps=50):
    def loss(schedule):
        def step(s, t):
            rate = schedule(t)
            return (1 - rate * h) ** 2 * s + rate**2 * noise**2, None

        return jax.lax.scan(step, jnp.float32(begin), jnp.arange(steps))[0]

    return loss


@exhaustive
@pytest.mark.parametrize("h, noise, begin, least", [(1.0, 1.0, 1.0, 0.0196078431), (2.0, 0.5, 3.0, 0.00124947938)])
def test_the_best_rates_of_a_noisy_quadratic(h, noise, begin, least):
    loss, c = noisy_quadratic(h, noise, begin), noise**2 / (h**2 * begin)
    best = js.nodes.InverseTime((1 / h) / (1 + c), 1 / (1 + c))
    np.testing.assert_allclose(loss(best), least, rtol=1e-6)
    slope = jax.grad(lambda numbers: loss(js.nodes.InverseTime(*numbers)))(jnp.asarray([best.start, best.rate]))
    assert np.abs(slope).max() < 1e-6
    found = optimize(lambda start, rate: js.nodes.InverseTime(start, rate), loss, start=(0.01, 2.0), rate=(0.01, 2.0))
    np.testing.assert_allclose(found.value, least, rtol=1e-6)
    np.testing.assert_allclose(list(found.values.values()), [best.start, best.rate], rtol=3e-3)


def test_one_number_and_what_is_within_the_error():
    found = optimize(js.Constant, lambda s: (s(0) - 2.0) ** 2 + 1, error=0.25, value=(-1.0, 4.0))
    assert found.values["value"] == pytest.approx(2.0, abs=1e-3) and found.value == pytest.approx(1.0, abs=1e-5)
    assert found.within["value"] == pytest.approx((1.5, 2.5), abs=0.03)


def test_two_numbers_under_a_law():
    def made(decay, power):
        flat = [js.Linear(0.0, 3e-4, steps=99), js.Constant(3e-4)]
        return js.join([*flat, js.Polynomial(3e-4, 0.0, power=power, steps=decay)], [100, 2000 - decay])

    found = optimize(made, lambda s: LAW(s, 2000), error=1e-3, decay=(50.0, 1800.0), power=(0.5, 3.0))
    grid = [LAW(made(decay, power), 2000) for decay in (200.0, 500.0, 900.0) for power in (0.7, 1.0, 1.5)]
    assert found.value < min(grid)
    low, high = found.within["decay"]
    assert low < found.values["decay"] < high


def test_free_points_and_training_runs():
    make = foresight.falling(3e-4, 100, 2000, 12)
    straight = js.warmup_linear(3e-4, 100, 2000)
    found = optimize(make, lambda s: LAW(s, 2000), steps=150)
    rates = np.asarray(found.schedule(np.arange(2000)))
    assert found.value < LAW(straight, 2000) and (np.diff(rates[100:]) <= 1e-10).all()
    np.testing.assert_allclose(rates[[50, 100]], [1.5e-4, 3e-4], rtol=1e-5)

    def trained(schedule, key):
        noise = 0.01 * jax.random.normal(key, (20,))
        return jax.lax.scan(lambda w, x: (w - schedule(x[0]) * (w + x[1]), None), 1.0, (jnp.arange(20), noise))[0] ** 2

    found = optimize(lambda rate: js.Constant(rate), trained, steps=100, rate=(1e-3, 1.0))
    assert found.values["rate"] > 0.15 and found.within is None


@pytest.mark.parametrize(
    "changed, error, words",
    [
        ({"objective": lambda s: AnnealingLaw(2.0, 1.0, 0.5, 1.0)}, TypeError, "`objective` must return one number"),
        ({"objective": 3}, TypeError, "`objective` must be a function"),
        ({"rate": (1.0, 1.0)}, ValueError, "`rate` must have a range"),
        ({"rate": 1.0}, TypeError, "`rate` must have a range"),
        ({"error": -1.0}, ValueError, "`error` must not be negative"),
        ({"make": lambda rate: js.Constant(rate * jnp.nan)}, ValueError, "`objective` must be finite somewhere"),
    ],
)
def test_optima_that_cannot_be(changed, error, words):
    with pytest.raises(error, match=words):
        optimize(**{"make": lambda rate: js.Constant(rate), "objective": lambda s: s(0), "rate": (0.1, 1.0)} | changed)


def test_an_optimum_of_annealing_is_refused():
    annealing = AnnealingLaw(2.0, 1.0, 0.5, 1.0)
    with pytest.raises(ValueError, match="`objective` must not be an AnnealingLaw"):
        optimize(lambda rate: js.Constant(rate), lambda s: annealing(s, 10), rate=(0.1, 1.0))


# Averages


def test_an_average_of_checkpoints_is_a_decay():
    root = 1 - np.sqrt(np.arange(40) / 40)  # 1-sqrt over forty checkpoints
    weights = foresight.merge_weights(root)
    np.testing.assert_allclose(weights[[1, 2, 3, 40]], [0.158114, 0.065493, 0.050255, 0.012579], atol=1e-6)
    for each in (root, np.linspace(0.9, 0.1, 9)):
        weights = foresight.merge_weights(each)
        np.testing.assert_allclose(weights.sum(), 1, atol=1e-12)
        np.testing.assert_allclose(foresight.implied_decay(weights), each, atol=1e-12)
    np.testing.assert_allclose(foresight.implied_decay(np.full(5, 0.2)), [0.8, 0.6, 0.4, 0.2], atol=1e-12)
    updates = np.random.default_rng(0).normal(size=(9, 3))
    checkpoints = np.concatenate([np.zeros((1, 3)), np.cumsum(updates, axis=0)])
    decay = np.linspace(0.9, 0.1, 9)
    np.testing.assert_allclose(foresight.merge_weights(decay) @ checkpoints, decay @ updates, atol=1e-12)


def test_what_the_end_remembers_of_each_update():
    lr = js.warmup_cosine(1e-3, 50, 500)
    left, weights = foresight.update_weights(lr, 500, 0.1)
    assert left == pytest.approx(0.975309, abs=1e-6) and weights.shape == (500,)
    np.testing.assert_allclose(0.1 * weights.sum() + left, 1, atol=1e-12)
    rates, w = np.asarray(lr(np.arange(500)), np.float64), 2.0
    updates = np.random.default_rng(1).normal(size=500)
    for rate, update in zip(rates, updates, strict=True):
        w = w - rate * (update + 0.1 * w)
    np.testing.assert_allclose(left * 2.0 - weights @ updates, w, atol=1e-12)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: foresight.merge_weights([0.5, 0.6]), "`decay` must fall"),
        (lambda: foresight.merge_weights([1.5, 0.6]), "`decay` must fall"),
        (lambda: foresight.merge_weights([]), "`decay` must be at least one number"),
        (lambda: foresight.implied_decay([0.5, 0.6]), "`weights` must sum to 1"),
        (lambda: foresight.implied_decay([1.0]), "`weights` must be at least two"),
        (lambda: foresight.update_weights(js.Constant(1e-3), 10, -0.1), "`weight_decay` must be a number"),
    ],
)
def test_averages_that_cannot_be(call, words):
    with pytest.raises(ValueError, match=words):
        call()
