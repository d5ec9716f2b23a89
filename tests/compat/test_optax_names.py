"""What is particular to `jaxsched.compat.optax`: the signatures, what differs from optax, and what only it can do."""

import inspect
from types import MappingProxyType

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.short import parametrize

from jaxsched.compat import optax as ours

PUBLIC = [name for name, x in inspect.getmembers(optax.schedules) if callable(x) and not name.startswith("_")]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_with_its_signature(name):
    mine, theirs = getattr(ours, name), getattr(optax.schedules, name)
    if not inspect.isfunction(theirs):
        assert mine is theirs
        return
    mine, theirs = inspect.signature(mine).parameters, inspect.signature(theirs).parameters
    assert list(mine) == list(theirs)
    for one, other in zip(mine.values(), theirs.values(), strict=True):
        assert (one.default, one.kind) == (other.default, other.kind)


@pytest.mark.parametrize(
    ("make", "want"),
    [
        (lambda: ours.linear_schedule(1.0, 0.5, 0), 0.5),
        (lambda: ours.polynomial_schedule(1.0, 0.5, 2, 0), 0.5),
        (lambda: ours.warmup_constant_schedule(0.0, 1.0, 0), 1.0),
        (lambda: ours.exponential_decay(1.0, 5, 0.0), [1.0, 0.0, 0.0]),
        (lambda: ours.exponential_decay(1.0, 5, 0.0, end_value=0.25), [1.0, 0.25, 0.25]),
        # up to the peak and down in 10 steps; optax never comes near the peak
        (lambda: ours.cosine_onecycle_schedule(10, 1.0, pct_start=1.0), [0.04, 0.52, 4e-6]),
        (lambda: ours.linear_onecycle_schedule(10, 1.0, pct_start=0.5, pct_final=1.0), [0.04, 1.0, 4e-6]),
    ],
)
def test_defects_of_optax_are_not_there(make, want):
    np.testing.assert_allclose(make()(np.array([0, 5, 10])), np.broadcast_to(want, 3), rtol=2e-6)


def test_the_last_steps_of_a_cosine_are_exact():
    step, n = 9_999, 10_000
    want = np.sin(np.pi / 2 / n) ** 2
    assert abs(float(ours.cosine_decay_schedule(1.0, n)(step)) / want - 1) < 1e-6
    with jax.numpy_dtype_promotion("standard"):
        assert abs(float(optax.cosine_decay_schedule(1.0, n)(step)) / want - 1) > 0.05


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ours.cosine_decay_schedule(1.0, 0), "`decay_steps` must be greater than 0: got 0"),
        (lambda: ours.cosine_onecycle_schedule(0, 1.0), "`transition_steps` must be greater than 0: got 0"),
        (lambda: ours.linear_onecycle_schedule(-1, 1.0), "`transition_steps` must be greater than 0: got -1"),
        (lambda: ours.linear_onecycle_schedule(9, 1.0, 0.9, 0.5), "`pct_start` must not exceed `pct_final`"),
        (lambda: ours.warmup_cosine_decay_schedule(0.0, 1.0, 5, 5), "`decay_steps` must exceed `warmup_steps`"),
        (
            lambda: ours.piecewise_constant_schedule(1.0, {3: -1.0}),
            r"`boundaries_and_scales\[3\]` must not be neg.*-1",
        ),
        (
            lambda: ours.piecewise_interpolate_schedule("cubic", 1.0),
            "`interpolate_type` must be .*'cubic'",
        ),
        (lambda: ours.exponential_decay(1.0, 5, -0.5), "`decay_rate` must not be negative"),
        (lambda: ours.polynomial_schedule(1.0, 0.0, -1, 5), "`power` must not be negative: got -1"),
        (lambda: ours.join_schedules([1.0, 2.0], []), "`boundaries` must have one element fewer"),
        (lambda: ours.join_schedules([1.0, 2.0, 3.0], [5, 3]), "`boundaries` must be sorted"),
        (lambda: ours.sgdr_schedule([]), "`cosine_kwargs` must hold at least one schedule"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ours.constant_schedule("a"), "`value` must be a number: got 'a'"),
        (lambda: ours.constant_schedule(lambda t: t), "`value` must be a number: got <function"),
        (
            lambda: ours.piecewise_constant_schedule(1.0, [3, 0.5]),
            r"`boundaries_and_scales` must be a dict .*\[3, 0.5\]",
        ),
        (lambda: ours.sgdr_schedule([{}, 3]), r"`cosine_kwargs` must be dicts .*\[{}, 3\]"),
        (lambda: ours.exponential_decay(1.0, 5, 0.5, staircase="no"), "`staircase` must be True or False: got 'no'"),
        (lambda: ours.join_schedules([1.0, 2.0], 3), "`boundaries` must be a sequence of numbers: got 3"),
        (
            lambda: jax.jit(lambda held: ours.exponential_decay(1.0, 5, 0.5, 0, held)(3))(True),
            "`staircase` must be True",
        ),
    ],
)
def test_what_is_of_another_kind_is_refused(make, message):
    with pytest.raises(TypeError, match=message):
        make()


class Config:
    """As in ml_collections: no `Mapping`, though it has what `**` needs."""

    def __init__(self, **entries):
        self.entries, self.keys = entries, entries.keys

    def __getitem__(self, key):
        return self.entries[key]


def test_dicts_of_configuration_libraries_are_dicts():
    cycle = {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 1, "decay_steps": 3}
    assert ours.sgdr_schedule((Config(**cycle),)) == ours.sgdr_schedule([cycle])
    scales = MappingProxyType({4: 0.5, 2: 0.1})
    assert ours.piecewise_constant_schedule(1.0, scales) == ours.piecewise_constant_schedule(1.0, {2: 0.1, 4: 0.5})


NUMBERS = {
    "constant_schedule": (0.1,),
    "linear_schedule": (1.0, 0.1, 10.0, 2.0),
    "polynomial_schedule": (1.0, 0.1, 1.5, 10.0, 2.0),
    "exponential_decay": (1.0, 10.0, 0.5),
    "cosine_decay_schedule": (1.0, 10.0, 0.1, 1.5),
    "warmup_constant_schedule": (0.1, 1.0, 5.0),
    "warmup_cosine_decay_schedule": (0.1, 1.0, 5.0, 15.0, 0.01, 1.5),
    "warmup_exponential_decay_schedule": (0.1, 1.0, 5.0, 10.0, 0.5, 1.0),
    "linear_onecycle_schedule": (10.0, 1.0, 0.3, 0.8, 25.0, 100.0),
    "cosine_onecycle_schedule": (10.0, 1.0, 0.3, 25.0, 100.0),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_may_be_traced(name):
    make, steps = getattr(ours, name), np.arange(16)
    rows = np.outer([1.0, 0.9, 1.1], NUMBERS[name]).astype(np.float32)
    got = jax.jit(jax.vmap(lambda row: make(*row)(steps)))(rows)
    want = [make(*map(float, row))(steps) for row in rows]
    np.testing.assert_allclose(got, np.stack(want), rtol=1e-5, atol=1e-7)


@parametrize("name", NUMBERS, ["exponential_decay"])
def test_slopes_are_finite(name):
    make, steps = getattr(ours, name), np.arange(16)
    slopes = jax.jit(jax.grad(lambda row: make(*row)(steps).sum()))(jnp.asarray(NUMBERS[name], jnp.float32))
    assert np.all(np.isfinite(slopes)) and np.any(slopes != 0)


@pytest.mark.parametrize(("rate", "end"), [(0.5, 0.3), (1.5, 3.0)])
def test_a_traced_rate_is_bounded_on_the_side_it_moves_to(rate, end):
    got = jax.jit(lambda r: ours.exponential_decay(1.0, 2, r, end_value=end)(np.array([1, 50])))(rate)
    np.testing.assert_allclose(got, [rate**0.5, end], rtol=1e-6)


def test_a_traced_peak_of_zero_ends_at_zero():
    made = lambda peak: ours.warmup_cosine_decay_schedule(0.5, peak, 2, 6, 0.1)(9)  # noqa: E731
    np.testing.assert_array_equal(jax.vmap(made)(jnp.array([0.0, 1.0])), np.array([0.0, 0.1], np.float32))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("inject", [ours.inject_hyperparams, ours.inject_stateful_hyperparams])
def test_injected_hyperparameters_are_read_and_written_as_in_optax(inject):
    optimizer = inject(optax.sgd)(ours.linear_schedule(1.0, 0.0, 4), momentum=0.5)
    state = optimizer.init(jnp.ones(2))
    state.hyperparams["momentum"] = jnp.float32(0.0)
    for rate in (1.0, 0.75, 0.5):
        updates, state = optimizer.update(jnp.ones(2), state)
        np.testing.assert_array_equal(updates, np.full(2, -rate, np.float32))
        assert isinstance(state, ours.InjectStatefulHyperparamsState)
