"""The contracts that every schedule keeps, each one test over the whole table."""

import dataclasses
import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from absl.testing import parameterized
from jax.sharding import Mesh, PartitionSpec
from support import zoo
from support.precision import WIDTH, x64
from support.zoo import COVERING, ONE_OF_EACH_FAMILY, ZOO
from support.zoo_entry import LAST

import jaxsched

optimised = pytest.mark.optimised

try:
    shard_map = jax.shard_map
except AttributeError:  # jax before 0.8
    from jax.experimental.shard_map import shard_map

each = zoo.each()
few = zoo.each(COVERING)  # a law with a program of its own
EDGES = ("NoisyLinearCosine-silent", "ExponentialRamp-straight", "ValuePowerCosine-root", "Polynomial-root")
where_numbers_break_it = zoo.each([entry for entry in ZOO if entry in COVERING or entry.name in EDGES])
fewest = zoo.each(ONE_OF_EACH_FAMILY)  # several programs, or one that is slow to compile

CLOSE = 2e-6
"""Where XLA compiles another program (constants folded, other vector lengths), roundings may differ."""


def steps_of(entry) -> np.ndarray:
    """Few steps, always as many: the first, those around every boundary, and some far away."""
    near = [b + d for b in (0, entry.span, *entry.boundaries) for d in (-1, 0, 1)]
    near = sorted({min(max(t, 0), entry.last) for t in near})[:20]
    return np.asarray([*near, *(WIDTH - len(near)) * [min(entry.last, 1_000_003)]], np.int32)


def perturbed(schedule):
    """The schedule once with each number a little different, and as it is: a list of schedules of one structure."""
    leaves, structure = jax.tree.flatten(schedule)
    numbers = [np.asarray(leaf) for leaf in leaves]
    changed = [n + np.ones_like(n) if n.dtype.kind in "iu" else n * np.asarray(1.25, n.dtype) for n in numbers]
    rows = [[*numbers[:i], changed[i], *numbers[i + 1 :]] for i in range(len(numbers)) if not is_index(schedule, i)]
    return [jax.tree.unflatten(structure, row) for row in [numbers, *rows]]


def is_index(schedule, i) -> bool:
    """Whether a leaf says which piece of a `Sequence` is where: any other number there is another schedule."""
    path = jax.tree_util.tree_flatten_with_path(schedule)[0][i][0]
    return any(getattr(key, "name", "") in ("which", "slot") for key in path)


def floats_of(schedule):
    """The positions of the float leaves."""
    return [i for i, leaf in enumerate(jax.tree.leaves(schedule)) if np.asarray(leaf).dtype.kind == "f"]


def in_every_variant(*parts):
    """A test with `chex.variants`: a part of the table is one program, its numbers arguments of the program."""

    class InEveryVariant(chex.TestCase):
        @chex.variants(with_jit=True, without_jit=True, with_device=True, without_device=True, with_pmap=True)
        @parameterized.parameters([(part,) for part in range(len(parts))])
        def test_jit_device_and_pmap_agree_with_eager(self, part):
            entries = parts[part]
            schedules, steps = [e.make() for e in entries], [jnp.asarray(steps_of(e)) for e in entries]
            got = self.variant(lambda many, at: [schedule(t) for schedule, t in zip(many, at, strict=True)])(
                schedules, steps
            )
            for entry, schedule, t, value in zip(entries, schedules, steps, got, strict=True):
                close = {"rtol": CLOSE, "atol": CLOSE * entry.scale}
                chex.assert_trees_all_close(value, schedule(t), **close, custom_message=entry.name)

    return InEveryVariant


OTHERS = [entry for entry in ZOO if entry not in ONE_OF_EACH_FAMILY]
OneOfEachFamilyInEveryVariant = in_every_variant(ONE_OF_EACH_FAMILY)
OthersInEveryVariant = pytest.mark.exhaustive(in_every_variant(OTHERS[0::2], OTHERS[1::2]))


# The programs below are compiled once for each structure, not once for each example: their numbers are arguments.


@jax.jit
def value_at(schedule, t):
    return schedule(t)


@jax.jit
def mapped_scanned_sharded(schedule, t):
    devices = np.asarray(jax.devices()[: 4 if len(jax.devices()) >= 4 else 1])
    mesh, split = Mesh(devices, ("devices",)), PartitionSpec("devices")
    _, scanned = jax.lax.scan(lambda carry, step: (carry, schedule(step)), None, t)
    return jax.vmap(schedule)(t), scanned, shard_map(schedule, mesh=mesh, in_specs=split, out_specs=split)(t)


@jax.jit
def mapped_over_numbers(many, t):
    traces.append(jax.tree.structure(many))
    return jax.vmap(lambda schedule: schedule(t))(many)


traces = []


def moved(structure, leaves, positions, floats):
    leaves = list(leaves)
    for i, x in zip(positions, floats, strict=True):
        leaves[i] = x
    return jax.tree.unflatten(structure, leaves)


@functools.partial(jax.jit, static_argnums=(0, 1))
def gradients(structure, positions, leaves, floats, t):
    def total(floats, t):
        return jnp.sum(moved(structure, leaves, positions, floats)(t))

    # At whole steps given as integers, and at the same steps given as floats.
    return jax.grad(total)(floats, t), jax.grad(total, argnums=1)(floats, t.astype(jnp.result_type(float)))


@functools.partial(jax.jit, static_argnums=(0, 1))
def slope_and_difference(structure, positions, leaves, direction, t):
    def value(shift):
        floats = [jnp.asarray(leaves[i]) + shift * d for i, d in zip(positions, direction, strict=True)]
        return moved(structure, leaves, positions, floats)(t)

    return jax.jvp(value, (0.0,), (1.0,))[1], (value(1e-6) - value(-1e-6)) / 2e-6


@optimised
@few
def test_eager_is_jit_bit_for_bit(entry):
    schedule, t = entry.make(), jnp.asarray(steps_of(entry))
    chex.assert_trees_all_equal(value_at(schedule, t), schedule(t))


@optimised
@fewest
def test_steps_map_scan_and_shard(entry):
    schedule, t = entry.make(), jnp.asarray(steps_of(entry))
    for value in mapped_scanned_sharded(schedule, t):
        chex.assert_trees_all_close(value, schedule(t), rtol=CLOSE, atol=CLOSE * entry.scale)


@optimised
@few
def test_every_number_maps_in_one_trace(entry):
    """All perturbed copies stacked are one vmapped program, traced once, and equal to each by itself."""
    many, t = perturbed(entry.make()), jnp.asarray(steps_of(entry))
    if not jax.tree.leaves(many[0]):
        pytest.skip("a wrapped function has no numbers")
    got = mapped_over_numbers(jaxsched.stack(many), t)
    before = len(traces)
    mapped_over_numbers(jaxsched.stack(many[::-1]), t)  # other numbers, the same program
    assert len(traces) == before
    alone = jnp.stack([schedule(t) for schedule in many])
    chex.assert_trees_all_close(got, alone, rtol=CLOSE, atol=CLOSE * entry.scale)


@where_numbers_break_it
def test_gradients_are_finite_everywhere(entry):
    """With respect to every float number and to a fractional step, at boundaries, at 0 and past the end."""
    schedule, t = entry.make(), jnp.asarray(steps_of(entry))
    leaves, structure = jax.tree.flatten(schedule)
    positions = tuple(floats_of(schedule))
    floats = [jnp.asarray(leaves[i], float) for i in positions]
    chex.assert_tree_all_finite(gradients(structure, positions, leaves, floats, t))


@where_numbers_break_it
def test_gradients_are_slopes(entry):
    """Under x64 the gradient along a random direction is the central difference."""
    schedule = entry.make()
    leaves, structure = jax.tree.flatten(schedule)
    positions = tuple(i for i in floats_of(schedule) if not is_time(schedule, i))
    if not positions:
        pytest.skip("no number to tune")
    with x64():
        inside = [t for t in range(1, min(entry.span, 9)) if t not in entry.boundaries]
        t = jnp.asarray([*inside, *(8 - len(inside)) * inside[-1:]], float)
        leaves = [np.asarray(x, np.float64) if i in positions else x for i, x in enumerate(leaves)]  # of a table
        random = np.random.default_rng(0)
        direction = [random.uniform(0.5, 1, np.shape(leaves[i])) * np.abs(leaves[i]) for i in positions]
        slope, difference = slope_and_difference(structure, positions, leaves, direction, t)
        chex.assert_trees_all_close(slope, difference, rtol=1e-4, atol=1e-6 * entry.scale)


class Root(jaxsched.Ramp):
    """A user's ramp whose slope is infinite at its end."""

    def weights(self, x, rest):
        return jnp.sqrt(rest), 1 - jnp.sqrt(rest)


def test_a_slope_that_is_infinite_at_an_end_is_not_asked_for_there():
    def total(schedule, t):
        return jnp.sum(schedule(t))

    slopes = jax.grad(total, argnums=(0, 1))(Root(1.0, 0.5, steps=4.0), jnp.arange(8.0))
    chex.assert_tree_all_finite(slopes)


def is_time(schedule, i) -> bool:
    """Whether a float leaf is a length or a boundary: the value may jump there."""
    path = jax.tree_util.tree_flatten_with_path(schedule)[0][i][0]
    times = {"steps", "period", "boundaries", "begin", "every", "leads", "factor", "steps_per_epoch", "lo", "hi"}
    return any(getattr(key, "name", "") in times for key in path)


STEPS = [
    3,
    3.0,
    np.int8(3),
    np.uint8(3),
    np.int16(3),
    np.int64(3),
    np.uint64(3),
    np.float16(3),
    np.float64(3),
    np.asarray([[3, 3]]),
    [3, 3, 3],
    jnp.int32(3),
    jnp.uint32(3),
    jnp.bfloat16(3),
    jnp.zeros((2, 0), jnp.int32),
]


def check_step(entry, step):
    value, expected = entry.make()(step), entry.make()(3)
    assert value.dtype == jnp.result_type(float) and not value.weak_type
    assert value.shape == np.shape(step)
    chex.assert_trees_all_close(value, jnp.broadcast_to(expected, value.shape), rtol=CLOSE, atol=CLOSE * entry.scale)


@few
def test_a_step_gives_a_strong_float_of_its_shape(entry):
    schedule = entry.make()
    for shape, dtype in (((), jnp.int8), ((2, 3), jnp.int32), ((0,), jnp.uint32), ((), jnp.bfloat16), ((3,), float)):
        value = jax.eval_shape(schedule, jax.ShapeDtypeStruct(shape, jnp.result_type(dtype)))
        assert (value.shape, value.dtype, value.weak_type) == (shape, jnp.result_type(float), False)


@pytest.mark.parametrize("made", [lambda t: 3, lambda t: t, lambda t: 3.0, lambda t: t.astype(jnp.bfloat16)])
def test_a_formula_may_give_a_number_of_any_kind(made):
    class Own(jaxsched.Schedule):
        def at(self, step):
            return made(step)

    for schedule in (Own(), jaxsched.as_schedule(made)):
        value = schedule(3)
        assert (value.shape, value.dtype, value.weak_type, value) == ((), jnp.result_type(float), False, 3.0)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{type(step).__name__}-{np.asarray(step).dtype}")
@pytest.mark.parametrize("entry", [e for e in ZOO if e.name in ("Constant", "Piecewise", "warmup_cosine")], ids=str)
def test_a_step_may_be_of_any_kind(entry, step):
    check_step(entry, step)


@optimised
@few  # steps past 32 bits are floats: a program of their own
def test_negative_steps_are_0_and_no_step_is_too_large(entry):
    schedule, t = entry.make(), np.zeros(WIDTH, np.int64)
    chex.assert_trees_all_equal(schedule(t - 2**40), schedule(t))
    chex.assert_trees_all_equal(schedule(t - 2**32 + 5), schedule(t))  # in 32 bits it is 5
    chex.assert_trees_all_equal(schedule(jnp.asarray(t, jnp.int32) - 1), schedule(t))
    chex.assert_trees_all_close(schedule(t - 2.5), schedule(t), rtol=CLOSE, atol=CLOSE * entry.scale)
    far = schedule(t + 2**40)
    assert not np.isnan(far).any()
    if entry.flat:
        chex.assert_trees_all_close(far, schedule(t + LAST), rtol=CLOSE, atol=0)


def test_a_step_that_only_an_unsigned_integer_holds_is_late_and_not_negative():
    line = jaxsched.Linear(1.0, 0.0, steps=LAST)
    for step in (np.uint32(2**32 - 1), np.uint64(2**64 - 1), jnp.uint32(2**32 - 1), jnp.uint32([2**31, 2**32 - 1])):
        assert np.all(line(step) == 0.0)


@optimised
@each
def test_it_is_flat_from_its_duration_on(entry):
    schedule = entry.make()
    if schedule.duration is None:
        return
    end = int(np.ceil(schedule.duration))
    values = schedule(np.minimum(end + np.arange(WIDTH) ** 6, LAST))
    chex.assert_trees_all_close(values, jnp.broadcast_to(values[0], values.shape), rtol=CLOSE, atol=0)


def test_a_schedule_is_no_longer_than_it_has_to_be():
    line, wave = jaxsched.Linear(1.0, 0.0, steps=10), jaxsched.Cosine(0.5, 0.0, steps=6)
    assert jaxsched.advance(line, 4).duration == 6 and jaxsched.advance(line, 40).duration == 0
    assert jaxsched.delay(line, 4).duration == 14 and jaxsched.warmup(line, 4).duration == 14
    assert line.then(wave).duration == 16 and jaxsched.join([line, wave], [4]).duration == 10
    assert (line + wave).duration == 10 and jaxsched.cooldown(0.1, 30, 7).duration == 37
    assert jaxsched.Tabulated([3.0, 2.0, 1.0]).duration == 2 and jaxsched.step_decay(1.0, 0.5, 3).duration is None


@optimised
@fewest  # steps are floats: a program of its own
def test_fractional_steps_are_steps(entry):
    """A whole step given as a float is that step, and the steps between are finite."""
    schedule, t = entry.make(), steps_of(entry)
    t = np.minimum(t, 2**24 - 1)
    chex.assert_trees_all_close(schedule(t.astype(np.float32)), schedule(t), rtol=2e-5, atol=CLOSE * entry.scale)
    assert np.isfinite(schedule(t + np.float32(0.5))).all()


@each
def test_it_is_frozen_and_compared_by_value(entry):
    schedule = entry.make()
    name = dataclasses.fields(schedule)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(schedule, name, 1.0)
    again = jax.tree.map(lambda leaf: leaf, schedule)
    assert schedule == again and hash(schedule) == hash(again)
    assert all(changed != schedule for changed in perturbed(schedule)[1:])
    assert not (hasattr(schedule, "init") and hasattr(schedule, "update"))
