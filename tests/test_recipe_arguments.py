"""What recipes take besides lengths: where a warmup begins, steps that count as done, the whole in place of a part."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxsched as js

COSINE = lambda x: 0.5 * (1 + np.cos(np.pi * x))  # noqa: E731
FALLS = {"warmup_linear": lambda x: 1 - x, "warmup_cosine": COSINE}


@pytest.mark.parametrize("name", FALLS)
@pytest.mark.parametrize("offset", [0, 1, 3, 2.5])
def test_a_warmup_begins_where_it_is_told_and_so_many_steps_ahead(name, offset):
    peak, warmup, total, end, start = 0.8, 10, 50, 0.1, 0.2
    lr = getattr(js, name)(peak, warmup, total, end, start=start, offset=offset)
    t = np.arange(60) + float(offset)
    fall = end + (peak - end) * FALLS[name](np.clip((t - warmup) / (total - warmup), 0, 1))
    want = np.where(t < warmup, start + (peak - start) * t / warmup, fall)
    np.testing.assert_allclose(lr(np.arange(60)), want, rtol=2e-6)
    assert lr.duration == total - offset


@pytest.mark.parametrize("name", FALLS)
def test_no_update_is_wasted_with_an_offset_of_1(name):
    lr = getattr(js, name)(1.0, 10, 100, offset=1)
    assert float(lr(0)) == pytest.approx(0.1) and lr(9) == 1.0 and lr(98) > 0 and lr(99) == 0.0
    plain = getattr(js, name)(1.0, 10, 100)
    assert plain == getattr(js, name)(1.0, 10, 100, start=0.0, offset=0)
    assert lr == js.advance(plain, 1)


PHASES = {"warmup": 10, "stable": 60, "decay": 30}


@pytest.mark.parametrize("left_out", PHASES)
def test_the_total_of_wsd_stands_for_any_phase(left_out):
    some = {name: x for name, x in PHASES.items() if name != left_out}
    wanted = js.wsd(1.0, **PHASES, end=0.1, shape="1-sqrt")
    assert js.wsd(1.0, **some, total=100, end=0.1, shape="1-sqrt") == wanted
    shorter = js.wsd(1.0, **some, total=sum(some.values()))
    assert shorter == js.wsd(1.0, **some, **{left_out: 0}), "what is left out may have no steps"


def test_the_total_of_wsd_may_be_traced():
    values = jax.jit(lambda n: js.wsd(1.0, warmup=10, decay=30, total=n)(jnp.arange(120)))(100)
    np.testing.assert_allclose(values, js.wsd(1.0, **PHASES)(np.arange(120)), rtol=2e-6, atol=1e-7)
    at_least = jax.jit(lambda n: js.wsd(1.0, warmup=10, decay=30, total=n)(jnp.arange(120)))(20)
    assert np.isfinite(at_least).all(), "a total that is too short is clamped"


@pytest.mark.parametrize(
    ("lengths", "error", "words"),
    [
        (
            {"warmup": 10, "decay": 30},
            TypeError,
            "must be given but for one, which follows from the others",
        ),
        ({"total": 100}, TypeError, "got total"),
        ({}, TypeError, "got none"),
        ({**PHASES, "total": 100}, TypeError, "got warmup and stable and decay and total"),
        ({"warmup": 80, "decay": 30, "total": 100}, ValueError, "`warmup` + `decay` must not exceed `total`"),
        ({"warmup": 80, "stable": 30, "total": 100}, ValueError, "`warmup` + `stable` must not exceed `total`"),
        ({"warmup": 0, "decay": 0, "total": 0}, ValueError, "`total` must be at least 1: got 0"),
        ({"warmup": 0.1, "decay": 0.2, "total": 100}, ValueError, "`warmup` must be a number of steps: got 0.1"),
    ],
)
def test_lengths_of_wsd_that_do_not_fit_are_refused(lengths, error, words):
    with pytest.raises(error, match=re.escape(words)):
        js.wsd(1.0, **lengths)
