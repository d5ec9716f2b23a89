"""Over devices that each see their own metric, every device has the state of one controller that sees the mean."""

import math

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from support.controllers_zoo import AXIS, BY_NAME, INF, LENGTH, NAN, course, history
from support.short import exhaustive, parametrize

import jaxsched as js

try:
    shard_map = jax.shard_map
except AttributeError:  # jax before 0.8
    from jax.experimental.shard_map import shard_map

DEVICES = 8
pytestmark = pytest.mark.skipif(len(jax.devices()) < DEVICES, reason="needs 8 devices, as `conftest.py` makes of a CPU")

NAMES = ("plateau-torch", "plateau-all", "greedy-window", "recover-schedules", "target-all")
"""Every controller and every part of its state; all of them go into one program."""


def metrics_of(example):
    """The example's metrics, rounded, with noise of each device: multiples of 1/64, whose mean over 8 is exact."""
    noise = np.random.default_rng(0).integers(-64, 64, (DEVICES, LENGTH))
    seen = np.nan_to_num(example.metrics, nan=7.0, posinf=9.0)
    return ((np.round(seen * 64) + noise) / 64).astype(np.float32)


EXAMPLES = {name: BY_NAME[name] for name in NAMES}
METRICS = {name: metrics_of(example) for name, example in EXAMPLES.items()}
for seen in METRICS.values():  # one device alone sees a loss that is none
    seen[3, 11], seen[0, 12], seen[7, 30] = NAN, INF, NAN


def controllers(axis):
    return {name: example.make(axis_name=axis) for name, example in EXAMPLES.items()}


def on_one(controller, seen, observed=True):
    """The run of a controller that is told the mean."""
    return jax.tree.map(np.asarray, history(getattr(controller, "controller", controller), seen, observed))


def runs(many, metrics, observed=None):
    """On one device: the run of each controller over this device's metrics."""
    observed = jnp.ones(LENGTH, bool) if observed is None else observed

    def run(controller, seen):
        assert isinstance(controller, js.nodes.OverDevices)
        state = controller.init()

        def step(state, at):
            state = controller.update(state, value=at[0], observed=at[1])
            return state, (controller(state), state)

        _, (values, states) = jax.lax.scan(step, state, (seen, observed))
        return jnp.concatenate([controller(state)[None], values]), states

    return {name: run(many[name], metrics[name]) for name in many}


def check(got, want):
    """`want` is the run of one: same decisions, the floats up to what another program rounds."""
    values, states = got
    chex.assert_trees_all_close((values, states), tuple(want), rtol=2e-6, atol=1e-30)
    chex.assert_trees_all_equal(states.events, want.states.events)
    assert np.any(states.events.reduced)


@pytest.fixture(scope="module")
def expected():
    many = controllers(None)
    return {name: on_one(many[name], METRICS[name].mean(0, dtype=np.float64)) for name in many}


@exhaustive
def test_every_device_of_a_pmap_agrees(expected):
    got = jax.pmap(runs, axis_name=AXIS, in_axes=(None, 0))(controllers(AXIS), METRICS)
    for name in NAMES:
        for i in range(DEVICES):
            check(jax.tree.map(lambda x, i=i: np.asarray(x[i]), got[name]), expected[name])
        chex.assert_trees_all_equal(*[jax.tree.map(lambda x, i=i: x[i], got[name]) for i in range(DEVICES)])


@parametrize("axes", [{AXIS: 8}, {"data": 4, "fsdp": 2}, {"data": 4, "model": 2}], [{AXIS: 8}], ids=" ".join)
def test_a_shard_map_returns_one_state(axes, expected):
    """That the state is the same everywhere is what `out_specs=P()` claims, and JAX checks."""
    over = tuple(name for name in axes if name != "model")
    mesh = Mesh(np.asarray(jax.devices()[:DEVICES]).reshape(tuple(axes.values())), tuple(axes))
    names = NAMES if len(axes) == 1 else NAMES[:1]
    shards = {name: METRICS[name][:: DEVICES // math.prod(axes[name] for name in over)] for name in names}
    many = {name: EXAMPLES[name].make(axis_name=over if len(over) > 1 else over[0]) for name in names}
    local = lambda many, seen: runs(many, jax.tree.map(lambda x: x[0], seen))  # noqa: E731
    got = jax.jit(shard_map(local, mesh=mesh, in_specs=(P(), P(over)), out_specs=P()))(many, shards)
    for name, seen in shards.items():
        whole = len(seen) == DEVICES
        check(got[name], expected[name] if whole else on_one(many[name], seen.mean(0, dtype=np.float64)))
        for leaf in jax.tree.leaves(got[name]):
            assert leaf.is_fully_replicated and len(leaf.addressable_shards) == DEVICES


@exhaustive  # as a `pmap`, in a program that is as large
def test_a_named_vmap_is_devices_too(expected):
    got = jax.jit(jax.vmap(runs, axis_name=AXIS, in_axes=(None, 0)))(controllers(AXIS), METRICS)
    for name in NAMES:
        check(jax.tree.map(lambda x: np.asarray(x[5]), got[name]), expected[name])


def test_those_that_observe_are_averaged():
    """Devices may observe at different steps: the mean is over those that do, and all go on alike."""
    observed = np.random.default_rng(1).random((DEVICES, LENGTH)) < 0.5
    observed[:, [5, 21]] = False  # no one at all
    example = EXAMPLES["plateau-torch"]
    seen = np.where(observed, METRICS["plateau-torch"], NAN)
    seen[4, 13], observed[4, 13] = NAN, True
    made = {"plateau": example.make(axis_name=AXIS)}
    got = jax.pmap(runs, axis_name=AXIS, in_axes=(None, 0, 0))(made, {"plateau": seen}, observed)["plateau"]
    sums, observers = np.where(observed, seen, 0.0).sum(0), observed.sum(0)
    want = on_one(example.make(), sums / np.maximum(observers, 1), observers > 0)
    for i in range(DEVICES):
        check(jax.tree.map(lambda x, i=i: np.asarray(x[i]), got), want)


def test_a_state_on_devices_stays_there():
    """Under `jit` alone nothing is mapped: a replicated state and a replicated metric need no `axis_name`."""
    mesh = Mesh(np.asarray(jax.devices()[:DEVICES]), (AXIS,))
    controller = EXAMPLES["greedy-window"].make()
    state = jax.device_put(controller.init(), NamedSharding(mesh, P()))
    losses = jax.device_put(jnp.arange(8.0), NamedSharding(mesh, P(AXIS)))
    after = jax.jit(lambda state, losses: controller.update(state, value=losses.mean()))(state, losses)
    chex.assert_trees_all_equal(after, controller.update(controller.init(), value=3.5))
    assert all(leaf.sharding.device_set == set(jax.devices()[:DEVICES]) for leaf in jax.tree.leaves(after))


def test_a_sweep_is_sharded_over_devices():
    """Each device runs its part of the sweep, two settings, as one alone would."""
    mesh = Mesh(np.asarray(jax.devices()[:DEVICES]), (AXIS,))
    example = EXAMPLES["plateau-torch"]
    one = lambda factor, patience: example.make(factor=factor, patience=patience)  # noqa: E731
    many = js.grid(one, factor=[0.1, 0.3, 0.5, 0.9], patience=[0, 1, 2, 5])
    run = jax.vmap(lambda controller: course(controller, example.metrics, np.ones(LENGTH, bool)).values)
    got = jax.jit(run)(jax.device_put(many, NamedSharding(mesh, P(AXIS))))
    assert [shard.data.shape for shard in got.addressable_shards] == DEVICES * [(2, LENGTH + 1)]
    want = jnp.stack([history(c, example.metrics).values for c in js.unstack(many)])
    chex.assert_trees_all_close(np.asarray(got), want, rtol=2e-6)


def test_an_axis_that_is_not_mapped_is_refused():
    controller = EXAMPLES["plateau-torch"].make(axis_name=AXIS)
    state = controller.init()
    assert np.isfinite(controller(controller.update(state)))  # without a metric there is nothing to average
    for observe in (controller.update, controller.observe, jax.jit(controller.update)):
        with pytest.raises(ValueError, match=r"`axis_name` must be bound .* got 'devices' .* leave `axis_name` out"):
            observe(state, value=1.0)
