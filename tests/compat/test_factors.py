"""`compat.factors` against T5X's recorded values, and both it and `compound` against formulas on random arguments."""

import json
import math
import random

import jax
import numpy as np
import pytest
from support.compat.translations import table
from support.compat.translations_reference import create_learning_rate_scheduler
from support.compat.translations_values import expected
from support.precision import computed, in_every_way, x64

import jaxsched as js
from jaxsched.compat import compound, factors

T5X = {row.name: row for row in table() if row.framework == "T5X"}
STEPS = np.array([0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 10_000, 123_456])


@pytest.mark.parametrize("name", T5X)
def test_takes_the_lines_of_t5x_as_they_are(name):
    want = expected(T5X[name])
    lr = eval(T5X[name].theirs, {"create_learning_rate_scheduler": factors})
    np.testing.assert_allclose(lr(np.arange(len(want))), want, rtol=2e-6)


def t5x_arguments(draw):
    some = ["linear_warmup", "rsqrt_decay", "rsqrt_normalized_decay", "decay_every", "cosine_decay"]
    names = draw.choice(
        [["linear_decay"], ["constant", *draw.sample(some, draw.randint(0, 4))], ["linear_decay", "decay_every"]]
    )
    return {
        "factors": draw.choice(["*", " * "]).join(names),
        "base_learning_rate": draw.uniform(0.01, 2.0),
        "warmup_steps": draw.choice([1, 3, 10, 100, 1000]),
        "decay_factor": draw.choice([0.0, 0.01, 0.003, 0.1, 0.5, 0.9]),
        "steps_per_decay": draw.choice([1, 7, 100, 20_000]),
        "steps_per_cycle": draw.choice([1, 5, 64, 1000, 100_000]),
        "step_offset": draw.choice([0, 0, 5, 100, -3]),
        "min_learning_rate": draw.choice([1e-8, 1e-3]),
    }


def compare(schedule, reference, wide, largest):
    got = np.asarray(schedule(STEPS), np.float64)
    want = np.array([reference(t) for t in STEPS.tolist()])
    # Where a cosine is small the reference subtracts nearly equal numbers.
    np.testing.assert_allclose(got, want, rtol=1e-12 if wide else 2e-6, atol=8 * np.finfo(np.float64).eps * largest)


@in_every_way(range(12), [0], operated=[1, 7])
def test_equals_the_formula_of_t5x(name, way):
    arguments = t5x_arguments(random.Random(name))
    with computed(way):
        compare(factors(**arguments), create_learning_rate_scheduler(**arguments), way != "float32", 2.0)


def scenic(names, c):
    """Scenic's compound schedule, by its formulas."""

    def rate(t):
        product = 1.0
        warm = c.get("warmup_steps", 0)
        for name in names:
            if name == "linear_decay":
                end, part = c["end_learning_rate"], max(0.0, (t - warm) / (c["total_steps"] - warm))
                product = (product - end) * max(1 - part, 0.0) + end
            else:
                product *= FACTORS[name](t, c, warm)
        return product

    return rate


def cosine(t, c, warm):
    length = c["steps_per_cycle"] - int(warm / (c["total_steps"] / c["steps_per_cycle"]))
    t, i = max(0, t - warm - c["start_decay_step"]), 0
    while t >= length * c["t_mul"] ** i:
        t -= length * c["t_mul"] ** i
        i += 1
    wave = 0.5 * (1 + math.cos(math.pi * t / (length * c["t_mul"] ** i)))
    return (1 - c["alpha"]) * c["m_mul"] ** i * wave + c["alpha"]


def lookup(t, c, warm):
    return [1.0, *c["decay_factors"]][sum(event < t for event in c["decay_events"])]


FACTORS = {
    "constant": lambda t, c, warm: c["base_learning_rate"],
    "linear_warmup": lambda t, c, warm: min(1.0, c["warmup_alpha"] + t * (1 - c["warmup_alpha"]) / warm),
    "rsqrt_decay": lambda t, c, warm: (c["timescale"] / (t + c["timescale"] - warm)) ** 0.5 if warm < t else 1.0,
    "decay_every": lambda t, c, warm: c["decay_factor"] ** (t // c["steps_per_decay"]),
    "exponential_decay": lambda t, c, warm: (
        c["decay_rate"] ** (t // c["decay_steps"] if c["staircase"] else t / c["decay_steps"])
    ),
    "polynomial": lambda t, c, warm: (
        (1 - c["end_factor"]) * max(1 - t / c["decay_steps"], 0) ** c["power"] + c["end_factor"]
    ),
    "piecewise_constant": lookup,
    "piecewise_linear": lambda t, c, warm: np.interp(t, [0, *c["decay_events"]], [1.0, *c["decay_factors"]]),
    "cosine_decay": cosine,
    "linear_cooldown": lambda t, c, warm: max(0, min(1, (c["total_steps"] - max(t, warm)) / c["cooldown_steps"])),
}


def scenic_arguments(draw):
    warm = draw.choice([1, 4, 50])
    return {
        "base_learning_rate": draw.uniform(0.01, 2.0),
        "warmup_steps": warm,
        "warmup_alpha": draw.choice([0.0, 0.25]),
        "timescale": draw.choice([10, 10_000]),
        "decay_factor": 0.7,
        "steps_per_decay": draw.choice([50, 1000]),
        "decay_steps": draw.choice([30, 1000]),
        "decay_rate": draw.choice([0.97, 0.5]),
        "staircase": draw.random() < 0.5,
        "end_factor": draw.choice([0.1, 0.5]),
        "power": draw.choice([1.0, 2.0]),
        "decay_events": [13, 100, 600],
        "decay_factors": [0.5, 0.25, 0.1],
        "steps_per_cycle": draw.choice([60, 200]),
        "total_steps": draw.choice([60, 1000]),
        "start_decay_step": draw.choice([5, 7]),
        "t_mul": draw.choice([1, 2]),
        "m_mul": draw.choice([1.0, 0.8]),
        "alpha": draw.choice([0.0, 0.1]),
        "end_learning_rate": draw.choice([0.0, 0.02]),
        "cooldown_steps": draw.choice([20, 300]),
    }


@in_every_way(range(22), [0], operated=[1, 7, 15])
def test_equals_the_formula_of_scenic(name, way):
    draw, seed = random.Random(name), name
    arguments = scenic_arguments(draw)
    others = [name for name in [*FACTORS, "linear_decay"] if name != "constant"]
    names = ["constant", others[seed % len(others)], *draw.sample(others, draw.randint(0, 1))][seed % 2 :]
    with computed(way):
        got = compound(" * ".join(names), learning_rate_schedule="compound", **arguments)
        compare(got, scenic(names, arguments), way != "float32", 4.0)


def test_defaults_are_those_of_the_frameworks():
    want = create_learning_rate_scheduler("constant * linear_warmup * rsqrt_decay")
    compare(factors(), want, False, 1.0)
    # Without `warmup_steps` there is no warmup in Scenic.
    compare(compound("rsqrt_decay"), lambda t: (1 + t / 10_000) ** -0.5, False, 1.0)


def test_a_cooldown_longer_than_the_run_begins_after_the_warmup():
    entries = {"total_steps": 10, "cooldown_steps": 20, "warmup_steps": 2}
    compare(compound("linear_cooldown", **entries), scenic(["linear_cooldown"], entries), False, 1.0)


def test_factors_of_scenic_are_known_beside_those_of_t5x():
    lr = factors("constant * polynomial", 1.0, decay_steps=10, end_factor=0.1, power=2.0)
    np.testing.assert_allclose(lr(5), 0.9 * 0.25 + 0.1, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: factors("constant * rsqrt"), ValueError, "'rsqrt' in `factors`. Did you mean 'rsqrt_decay'"),
        (
            lambda: factors("constant * "),
            ValueError,
            "Unknown factor '' in `factors`. Known are constant, cosine_decay",
        ),
        (lambda: factors(3), TypeError, "`factors` must be text"),
        (lambda: factors("constant", base_lr=1.0), TypeError, "entry 'base_lr'. Did you mean 'base_learning_rate'"),
        (
            lambda: factors("polynomial", power=1.0),
            ValueError,
            "`decay_steps` must be given for the factor 'polynomial'",
        ),
        (lambda: factors("linear_decay", decay_factor=-0.1), ValueError, "`decay_factor` must not be negative"),
        (lambda: factors("linear_warmup", warmup_steps=-1), ValueError, "`warmup_steps` must not be negative: got -1"),
        (lambda: factors("cosine_decay", steps_per_cycle=0), ValueError, "`steps_per_cycle` must be greater than 0"),
        (
            lambda: compound("polynomial", decay_steps=9, end_factor=0.1, power=-1),
            ValueError,
            "`power` must be greater",
        ),
        (lambda: compound("decay_every", decay_factor="a", steps_per_decay=9), TypeError, "`decay_factor` must be a"),
        (
            lambda: compound("piecewise_linear", decay_events=[1, 2], decay_factors=[0.5]),
            ValueError,
            "`decay_factors` must be as many as `decay_events`: got 1 and 2",
        ),
        (
            lambda: compound("piecewise_constant", decay_events=[2, 1], decay_factors=[0.5, 0.1]),
            ValueError,
            "`decay_events` must be sorted",
        ),
        (lambda: compound("constant"), ValueError, "`base_learning_rate` must be given for the factor 'constant'"),
        (lambda: compound("rsqrt_normalized_decay"), ValueError, "Did you mean 'rsqrt_decay'"),
        (
            lambda: compound("linear_decay", total_steps=4, warmup_steps=4),
            ValueError,
            "`total_steps` must be more than",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(make, error, message):
    with pytest.raises(error, match=message.replace("*", r"\*")):
        make()


def test_numbers_may_be_traced():
    def value(base, warmup, decay, every, cycle, offset, least):
        text = "constant * linear_warmup * rsqrt_decay * rsqrt_normalized_decay * decay_every * cosine_decay"
        return factors(text, base, warmup, decay, every, cycle, offset, least)(17)

    numbers = (0.5, 4.0, 0.9, 5, 30, 2, 1e-8)
    want = value(*numbers)
    np.testing.assert_allclose(jax.jit(value)(*numbers), want, rtol=2e-6)
    stacked = jax.tree.map(lambda x: np.array([x, x]), numbers)
    np.testing.assert_allclose(jax.vmap(value)(*stacked), [want, want], rtol=2e-6)
    gradients = jax.grad(value, argnums=(0, 1, 2, 6))(*numbers)
    assert all(np.isfinite(gradients)) and gradients[0] > 0
    linear = lambda base, warmup, decay: factors("linear_decay", base, warmup, decay)(6)  # noqa: E731
    np.testing.assert_allclose(jax.jit(linear)(1.0, 4.0, 0.1), 0.8, rtol=2e-6)


def test_the_number_of_warmup_steps_may_be_a_traced_zero():
    lr = jax.jit(lambda warmup: factors("constant * linear_warmup * rsqrt_decay", 1.0, warmup)(np.arange(3)))
    np.testing.assert_allclose(lr(0), [1.0, 1.0, 2**-0.5], rtol=2e-6)


def test_numbers_of_scenic_may_be_traced():
    def value(warmup, total, cycle, cooldown, end):
        text = "cosine_decay * linear_cooldown * linear_decay * rsqrt_decay"
        entries = {"total_steps": total, "steps_per_cycle": cycle, "cooldown_steps": cooldown}
        return compound(text, warmup_steps=warmup, end_learning_rate=end, **entries)(61)

    numbers = (4, 100, 50, 40, 0.1)
    np.testing.assert_allclose(jax.jit(value)(*numbers), value(*numbers), rtol=2e-6)


def test_numbers_may_be_of_numpy():
    with x64():
        lr = factors("constant * rsqrt_decay * linear_decay", np.float32(0.5), np.int64(7), np.float32(0.125))
        want = create_learning_rate_scheduler("constant * rsqrt_decay * linear_decay", 0.5, 7, 0.125)
        compare(lr, want, True, 1.0)


def test_it_is_a_schedule_as_data():
    lr = factors("constant * linear_warmup", 1.0, 4)
    assert repr(lr) == (
        "Clip(schedule=Product(left=Constant(value=1.0), right=Linear(start=0.0, end=1.0, steps=4)), lo=1e-08)"
    )
    for seed in range(22):
        names, entries = " * ".join(["constant", "linear_decay", *FACTORS]), scenic_arguments(random.Random(seed))
        for made in (lr, factors(**t5x_arguments(random.Random(seed))), compound(names, **entries)):
            assert js.from_dict(json.loads(json.dumps(js.to_dict(made)))) == made
