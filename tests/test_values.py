"""Every value is right: against 80-digit arithmetic, over all steps that a 32-bit integer counts, to the last step."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support import zoo_combined, zoo_cyclic, zoo_simple
from support.precision import assert_exact, assert_right, errors, steps_of, values_of
from support.short import exhaustive, parametrize
from support.zoo import COVERING, GROUP, LONG, NO_REFERENCE, ONE_OF_EACH_NAME, ZOO
from support.zoo_entry import END, PEAK

import jaxsched

pytestmark = pytest.mark.optimised

TABLES = [ZOO, *LONG.values()]
EVERY_LENGTH = {entries[0].name: entries for entries in zip(*TABLES, strict=True)}
NAMED = {entry.name for entry in ONE_OF_EACH_NAME}
WIDE = {entry.name for entry in COVERING} | {name for name in NAMED if "float" in name}
EXAMPLES = parametrize(
    ("name", "wide"),
    [(name, wide) for name in EVERY_LENGTH for wide in (False, True)],
    [(x, wide) for x in EVERY_LENGTH for wide in (False, True) if x in WIDE or not wide],
    group=lambda row: GROUP[row[0]],
    ids=lambda row: f"{row[0]}-{'x64' if row[1] else 'float32'}",
)
"""In the short run all in float32, and few under x64."""

WITH_BOUNDARIES = (
    zoo_simple.tables,
    zoo_combined.joins,
    zoo_combined.cycles,
    zoo_combined.clocks,
    zoo_cyclic.rising_and_falling,
)


def test_all_but_the_exempt_have_a_reference():
    assert {name for name, entries in EVERY_LENGTH.items() if entries[0].reference is None} == set(NO_REFERENCE)


@EXAMPLES
def test_values_are_right(name, wide):
    for entry in EVERY_LENGTH[name]:
        if entry.reference:
            assert_right(entry, values_of(entry, wide))


@EXAMPLES
def test_promised_values_are_exact(name, wide):
    for entry in EVERY_LENGTH[name]:
        assert_exact(entry, values_of(entry, wide))


@EXAMPLES
def test_a_ramp_stays_between_its_ends(name, wide):
    for entry in EVERY_LENGTH[name]:
        if entry.ramp:
            values = values_of(entry, wide)
            low, high = sorted([values.dtype.type(entry.exact[0][1]), values.dtype.type(entry.flat[1])])
            assert low <= values.min() and values.max() <= high, entry.name


def group_of(entry):
    return GROUP[entry.name]


# Fractional steps, such as epochs that are not whole, take paths of their own through what has boundaries.
@parametrize("entry", [e for family in WITH_BOUNDARIES for e in family(24) if e.reference], group=group_of)
def test_values_are_right_at_fractional_steps(entry):
    around = [mark + d for mark in (0, *entry.boundaries) for d in (-0.5, -0.25, 0.0, 0.25, 0.5)]
    assert len(around) <= 128
    random = np.random.default_rng(0).integers(0, 8 * (64 + max(entry.boundaries, default=0)), 256 - len(around)) / 8
    steps = np.float32(np.maximum(np.concatenate([around, random]), 0))
    error = errors(entry, np.asarray(entry.make()(steps)), np.array([entry.reference(t) for t in steps.tolist()]))
    assert error.max() <= 1, f"{error.max():.4g} bounds off at {steps[error.argmax()]}"


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=exhaustive)], ids=["one of each name", "all"])
def test_values_are_right_and_exact_where_the_numbers_are_constants_of_the_program(whole):
    entries = [entry for entry in LONG[1_000_003] if entry.reference and (whole or entry.name in NAMED)]
    schedules = [entry.make() for entry in entries]
    program = jax.jit(lambda steps: [schedule(t) for schedule, t in zip(schedules, steps, strict=True)])
    for entry, values in zip(entries, map(np.asarray, program([steps_of(e) for e in entries])), strict=True):
        assert_right(entry, values)
        assert_exact(entry, values)


@pytest.mark.parametrize("kind", [jaxsched.Linear, jaxsched.Cosine])
def test_ends_are_exact_where_a_constant_length_has_no_reciprocal(kind):
    # XLA turns a division by a constant into a product with its rounded reciprocal, and n * (1 / n) is not always 1.
    lengths = [n for n in range(1, 200) if np.float32(n) * (np.float32(1) / np.float32(n)) != 1]
    assert len(lengths) > 20
    schedules = [kind(PEAK, END, steps=n) for n in lengths]
    steps = jnp.array([[0, n, n + 1] for n in lengths])
    values = jax.jit(lambda steps: jnp.stack([s(t) for s, t in zip(schedules, steps, strict=True)]))(steps)
    np.testing.assert_array_equal(values, np.tile(np.float32([PEAK, END, END]), (len(lengths), 1)))


def test_the_bound_is_one_that_can_be_missed():
    cosine = EVERY_LENGTH["Cosine-to-zero"][1]
    naive = dataclasses.replace(
        cosine, make=lambda: jaxsched.nodes.Wrap(optax.cosine_decay_schedule(cosine.start, cosine.flat[0]))
    )
    with pytest.raises(AssertionError, match="bounds off"):
        assert_right(naive, values_of(naive, False))
    values = values_of(cosine, False)
    one_bit_off = np.nextafter(values, np.float32(1))
    assert_right(cosine, one_bit_off)
    with pytest.raises(AssertionError, match="at 0:"):
        assert_exact(cosine, one_bit_off)
    with pytest.raises(AssertionError, match="not flat"):
        assert_exact(dataclasses.replace(cosine, exact=()), one_bit_off)
    for wrong in (values * np.float32(1.00001), np.full_like(values, np.nan)):
        with pytest.raises(AssertionError, match="bounds off"):
            assert_right(cosine, wrong)
