"""Groups of one kind are kept as one, with vectors for numbers; by name each is what it was by itself."""

import itertools
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import avals, counted, rates, relaxed, same_bits, shared_buffers
from support.kernels import kernels
from support.short import exhaustive, parametrize

import jaxsched as js

flax = pytest.importorskip("flax")
pytest.importorskip("flax.serialization")
assert relaxed  # the fixture of this module

COSINE = js.warmup_cosine(0.1, 2, 20, end=0.01)
PLATEAU = js.reduce_on_plateau(js.Linear(0.2, 0.1, steps=20), 0.5, patience=0)
OF_ONE_KIND = {
    "numbers": 0.1,
    "schedules": COSINE,
    "tables": js.Interpolated([0, 2, 5, 9], [0.1, 0.3, 0.2, 0.2]),
    "functions": lambda step: 0.1 / (1 + step),
    "plateaus": PLATEAU,
    "greedy": js.greedy(0.1, 0.5, patience=0, window=2),
    "windows": js.reduce_on_plateau(0.1, 0.5, patience=0, criterion="slope", window=2),
    "targets": js.hold_target(0.1, 0.7, low=0.01, high=0.3),
}
LAYERS = [f"b{i}" for i in (10, 2, 1, 0)]
P = {name: jnp.asarray([1.0, -2.0]) for name in (*LAYERS, "head")}


def groups(rate, head=0.25):
    """Four groups of one kind and one of another; the optimizer, and each rate by its name."""
    of = {f"^{name}$": x for name, x in {**js.layerwise(rate, 0.5, LAYERS), "head": head}.items()}
    return js.by_group(of), {f"{name}/learning_rate": x for name, x in of.items()}


class Alone:
    """Each rate in an optimizer of its own: what groups are compared with."""

    def __init__(self, by_name):
        self.optimizers = {name: js.scale_by_learning_rate(x) for name, x in by_name.items()}
        self.states = {name: optimizer.init(None) for name, optimizer in self.optimizers.items()}

    def update(self, **extra):
        updates = {}
        for name, optimizer in self.optimizers.items():
            leaf = name.partition("$")[0][1:]
            updates[leaf], self.states[name] = optimizer.update(P[leaf], self.states[name], **extra)
        return updates

    def change(self, name, do):
        self.states[name] = do(self.states[name])

    def check(self, state):
        wanted = {name: float(js.current(x)["learning_rate"]) for name, x in self.states.items()}
        assert rates(state) == pytest.approx(wanted, rel=1e-6)
        events = {name: js.events(x)["learning_rate"] for name, x in self.states.items() if js.events(x)}
        assert {name: [bool(e) for e in x] for name, x in js.events(state).items()} == {
            name: [bool(e) for e in x] for name, x in events.items()
        }


@parametrize(
    ("kind", "jit"),
    itertools.product(OF_ONE_KIND, (True, False)),
    [("schedules", True), ("plateaus", True), ("functions", False)],
)
def test_each_group_goes_its_own_way_through_everything(kind, jit):
    rate = OF_ONE_KIND[kind]
    (optimizer, by_name), compiled = groups(rate), jax.jit if jit else lambda f: f
    state, alone = optimizer.init(P), Alone(by_name)
    update = compiled(lambda state, value: optimizer.update(P, state, P, value=value))
    fed = [name for name in by_name if js.events(state)]

    def steps(*metrics):
        nonlocal state
        for metric in metrics:
            updates, state = update(state, metric)
            for name, wanted in alone.update(value=metric).items():
                np.testing.assert_allclose(updates[name], wanted, rtol=1e-6)
            alone.check(state)

    first, third = "^b10$/learning_rate", "^b1$/learning_rate"
    assert len(state.slots.parts) == 2 and set(state.slots) == set(by_name) == set(state.hyperparams)
    steps(1.0, 2.0, 0.5)
    if fed:
        for metric, name in ((3.0, None), (0.2, None), (5.0, first)):
            state = js.observe(state, value=metric, name=name)
            for each in js.events(state) if name is None else [name]:
                alone.change(each, lambda x, metric=metric: js.observe(x, value=metric))
            alone.check(state)
    state = js.override(state, {third: 0.75})
    alone.change(third, lambda x: js.override(x, learning_rate=0.75))
    alone.check(state)
    steps(0.1, 7.0)
    state = js.override(state, {third: None})
    alone.change(third, lambda x: js.override(x, learning_rate=None))
    for new in (js.scale(rate, 0.125), js.Cosine(0.5, 0.1, steps=7)):  # of the same structure, and of another
        state = js.replace_schedule(state, {first: new})
        alone.change(first, lambda x, new=new: js.replace_schedule(x, learning_rate=new))
        steps(4.0, 0.05)
    assert len(state.slots.parts) == 3 and shared_buffers(state) == 0
    saved = js.snapshot(state)
    state, lines = js.restore(optimizer.init(P), saved)
    assert avals(state) == avals(optimizer.init(P)) and lines and all(first in line for line in lines)
    assert int(state.count) == 9 and len(jax.tree.leaves(state)) < len(jax.tree.leaves(Alone(by_name).states))


def test_what_is_left_is_stretched_for_all_and_begins_now_for_one():
    (optimizer, by_name), name = groups(COSINE, head=js.scale(COSINE, 3.0)), "^b2$/learning_rate"
    state, alone = optimizer.init(P), Alone(by_name)
    for do in (
        lambda x, each: js.stretch_rest(x, total=40),
        lambda x, each: js.replace_schedule(x, {each: COSINE}, clock="now") if each in js.current(x) else x,
    ):
        for _ in range(3):
            state = optimizer.update(P, state, P)[1]
            alone.update()
        state = do(state, name)
        for other in by_name:
            alone.change(other, lambda x, do=do, other=other: do(x, "learning_rate" if other == name else None))
        alone.check(state)
    assert [len(part.names) for part in state.slots.parts] == [4, 1]


def test_a_group_of_another_kind_joins_and_leaves():
    """What is kept together depends on the structures alone, and so does the compiled program."""
    optimizer, _ = groups(COSINE, head=js.scale(COSINE, 2.0))
    state = optimizer.init(P)
    assert [part.names for part in state.slots.parts] == [
        tuple(f"^{name}$/learning_rate" for name in ("b0", "b1", "b2", "b10", "head"))
    ]
    step, traces = counted(lambda state: optimizer.update(P, state, P)[1])
    step(state)
    gone = js.replace_schedule(state, {"^b1$/learning_rate": 0.5})
    assert [len(part.names) for part in step(gone).slots.parts] == [4, 1] and len(traces) == 2
    back = js.replace_schedule(gone, {"^b1$/learning_rate": js.scale(COSINE, 0.5)})
    assert same_bits(back, state) and avals(back) == avals(state)
    step(back)
    assert len(traces) == 2


def test_different_hyperparameters_of_one_kind_stay_apart():
    state = js.inject(optax.adamw)(0.1, weight_decay=0.1).init(P)
    assert len(state.slots.parts) == 2 and jax.tree.leaves(state.hyperparams)[0].shape == ()


@pytest.mark.parametrize(
    "store", [lambda x: x, jax.device_get, lambda x: pickle.loads(pickle.dumps(x))], ids=["arrays", "numpy", "pickle"]
)
def test_vectors_are_read_by_name_in_every_form(store):
    state = store(groups(PLATEAU)[0].init(P))
    assert rates(state) == pytest.approx(
        {f"^{name}$/learning_rate": x for name, x in dict(b0=0.2, b1=0.1, b2=0.05, b10=0.025, head=0.25).items()}
    )
    assert float(state.hyperparams["^b2$/learning_rate"]) == pytest.approx(0.05)
    assert isinstance(state.slots["^b2$/learning_rate"], js.states.Slot) and len(state.slots) == 5
    assert "^b2$/learning_rate" in repr(state.slots)
    with pytest.raises(TypeError, match="override"):
        state.hyperparams["^b2$/learning_rate"] = 0.5


def as_dicts(x):
    """As a library gives it back that read it without a template: dicts by the keys of the tree, and NumPy's arrays."""
    if isinstance(x, (jax.Array, np.ndarray)):
        return np.asarray(x)
    children, _ = jax.tree_util.tree_flatten_with_path(x, is_leaf=lambda child: child is not x)
    return {jax.tree_util.keystr(path, simple=True): as_dicts(child) for path, child in children}


@pytest.mark.parametrize("form", [lambda x: x, js.snapshot, flax.serialization.to_state_dict, as_dicts])
def test_a_run_goes_on_from_every_form_under_other_groups(form):
    optimizer, by_name = groups(PLATEAU)
    state = optimizer.init(P)
    for metric in (1.0, 2.0, 3.0):
        state = js.observe(optimizer.update(P, state, P)[1], value=metric)
    again, lines = js.restore(optimizer.init(P), form(state))
    assert avals(again) == avals(state) and same_bits(again, state) and lines == []
    other, _ = groups(js.scale(PLATEAU, 2.0), head=js.scale(PLATEAU, 3.0))
    again, lines = js.restore(other.init(P), form(state))
    assert avals(again) == avals(other.init(P)) and len(lines) >= 5
    got, had = rates(again), rates(state)
    assert [got[name] / had[name] for name in by_name if "head" not in name] == pytest.approx([2.0] * 4)
    assert got["^head$/learning_rate"] == pytest.approx(float(js.Linear(0.6, 0.3, steps=20)(3)))


def test_what_is_read_of_a_state_without_numbers_is_its_shapes():
    optimizer, by_name = groups(PLATEAU)
    shapes = jax.eval_shape(optimizer.init, P)
    assert set(shapes.slots) == set(by_name) and shapes.hyperparams["^b2$/learning_rate"].shape == ()
    assert avals(jax.jit(optimizer.init)(P)) == avals(optimizer.init(P))


def test_a_state_of_zeros_goes_on_as_a_fresh_one():
    optimizer, _ = groups(PLATEAU)
    fresh = optimizer.init(P)
    zeros = jax.tree.map(jnp.zeros_like, fresh)
    for metric in (1.0, 2.0, 2.0):
        (updates, fresh), (again, zeros) = (optimizer.update(P, x, P, value=metric) for x in (fresh, zeros))
        assert same_bits(updates, again)


def test_another_table_in_place_of_one_of_another_length():
    optimizer, _ = groups(OF_ONE_KIND["tables"])
    shorter = js.Interpolated([0, 4], [0.5, 0.1])
    state = js.replace_schedule(optimizer.init(P), {"^b1$/learning_rate": js.scale(shorter, 1.0)})
    assert js.last_used(jax.jit(optimizer.update)(P, state, P)[1])["^b1$/learning_rate"] == 0.5


def test_a_sweep_has_its_axis_before_that_of_the_groups():
    optimizer_of = lambda peak: groups(js.Cosine(peak, 0.0, steps=8))[0]  # noqa: E731
    peaks = jnp.asarray([0.1, 0.2, 0.4])
    state = jax.vmap(lambda peak: optimizer_of(peak).init(P))(peaks)
    state = jax.vmap(lambda peak, state: optimizer_of(peak).update(P, state, P)[1])(peaks, state)
    assert state.slots.parts[0].content.mode.shape == (3, 4)
    np.testing.assert_allclose(js.last_used(state)["^b1$/learning_rate"], peaks / 2, rtol=1e-6)
    np.testing.assert_allclose(
        js.current(state)["^b1$/learning_rate"], [js.Cosine(peak / 2, 0.0, steps=8)(1) for peak in peaks], rtol=1e-6
    )
    state = js.override(state, {"^b1$/learning_rate": 0.5})
    assert js.current(state)["^b1$/learning_rate"].tolist() == [0.5] * 3
    np.testing.assert_allclose(js.current(state)["^b2$/learning_rate"], peaks / 4, rtol=0.05)


def test_rates_in_vectors_are_differentiated():
    def final(peak, decay):
        optimizer = js.by_group(js.layerwise(js.Cosine(peak, 0.0, steps=8), decay, list(P)), {x: x for x in P})
        updates, _ = jax.jit(optimizer.update)(P, optimizer.init(P), P)
        return sum(jnp.sum(x**2) for x in jax.tree.leaves(optax.apply_updates(P, updates)))

    def by_hand(peak, decay):
        return sum(jnp.sum((x * (1 - peak * decay ** (4 - i))) ** 2) for i, x in enumerate(P.values()))

    for of in (jax.grad, jax.jacfwd):
        got = of(final, (0, 1))(0.3, 0.5)
        np.testing.assert_allclose(got, of(by_hand, (0, 1))(0.3, 0.5), rtol=1e-5)


def test_a_change_by_name_stays_on_the_devices_of_the_state():
    optimizer, _ = groups(PLATEAU)
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), "d")
    here = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    state = jax.device_put(optimizer.init(P), here)
    step, traces = counted(lambda state: optimizer.update(P, state, P)[1])
    state = step(state)
    for change in (
        lambda x: js.override(x, {"^b1$/learning_rate": 0.5}),
        lambda x: js.observe(x, value=1.0),
        lambda x: js.replace_schedule(x, {"^b2$/learning_rate": PLATEAU}),
    ):
        state = step(change(state))
    assert {x.sharding for x in jax.tree.leaves(state)} == {here}


FIFTY = [f"block_{i}/" for i in range(50)]
MEASURED = {
    "a schedule": js.warmup_cosine(3e-4, 1_000, 10_000, end=3e-5),
    "a number": pytest.param(1e-3, marks=exhaustive),
    "a schedule of four pieces": pytest.param(js.wsd(3e-4, warmup=10, stable=70, decay=20), marks=exhaustive),
}


def measured(rate):
    """The kernels of an Adam step of fifty parameters, and the leaves of its state."""
    optimizer, p = optax.chain(optax.scale_by_adam(), rate), {f"block_{i}": {"w": jnp.ones(2)} for i in range(50)}
    state = optimizer.init(p)

    def step(p, state):
        updates, state = optimizer.update(p, state, p)
        return optax.apply_updates(p, updates), state

    program = jax.jit(step, donate_argnums=(0, 1)).lower(p, state).compile().as_text()
    return kernels(program), len(jax.tree.leaves(state))


@pytest.mark.parametrize("rate", MEASURED.values(), ids=MEASURED)
def test_fifty_groups_cost_an_adam_step_no_more_than_one(rate):
    """At most 6 more kernels and 12 more leaves than with a constant rate for all."""
    one, fifty = measured(optax.scale(-1e-3)), measured(js.by_group(js.layerwise(rate, 0.9, FIFTY)))
    assert fifty[0] <= one[0] + 6 and fifty[1] <= one[1] + 12


def test_fifty_controllers_cost_no_more_than_one():
    one, fifty = (
        measured(x) for x in (js.scale_by_learning_rate(PLATEAU), js.by_group(js.layerwise(PLATEAU, 0.9, FIFTY)))
    )
    assert fifty[0] <= one[0] + 6 and fifty[1] <= one[1] + 12


@pytest.mark.parametrize("read", [js.current, js.last_used], ids=["current", "last_used"])
def test_reading_fifty_rates_in_a_step_is_a_few_kernels(read):
    state = js.by_group(js.layerwise(COSINE, 0.9, FIFTY), lambda p: p).init({layer: layer for layer in FIFTY})
    assert kernels(jax.jit(read).lower(state).compile().as_text()) <= 6
    assert {k: float(x) for k, x in jax.jit(read)(state).items()} == {k: float(x) for k, x in read(state).items()}


def test_observing_all_is_one_program_whatever_their_number():
    def equations(layers):
        state = js.by_group(js.layerwise(PLATEAU, 0.9, layers), lambda p: p).init({layer: layer for layer in layers})
        return len(jax.make_jaxpr(lambda x: js.observe(x, value=1.0))(state).eqns)

    assert equations(FIFTY) == equations(FIFTY[:2])
