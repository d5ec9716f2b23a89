"""Numbers at the edge of what is legal: values and gradients are finite, up to the last step."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import zoo
from support.short import first_of_each, parametrize
from support.zoo_entry import LAST

import jaxsched as js
from jaxsched import kinds

EDGES = {
    kinds.MinusLog: [0.0, 1e28, 88.0],
    kinds.Count: [0, LAST, np.asarray(1e-3), 1e30],
    kinds.Level: [0.0, 1e-30, -1e-30, 1e30],
    kinds.Positive: [1e-30, 1e-3, 50.0, 1e30],
    kinds.NotNegative: [0.0, 1e30],
    kinds.Key: [0, LAST],
}
"""By the kind of a number, the first that fits."""

STEPS = jnp.asarray([0, 1, 2, 5, 24, 1_000_003, LAST - 1, LAST])

ALONE = [
    entry
    for entry in first_of_each(zoo.ZOO, lambda entry: type(entry.make()))
    if hasattr(js.nodes, type(entry.make()).__name__) and len(zoo.nodes(entry.make())) == 1
]
"""One of each of our classes that has no schedule inside."""


def at_edges(schedule):
    """Copies with one number at an edge each; what the constructor refuses is not legal."""
    for field in dataclasses.fields(schedule):
        annotation = type(schedule).__annotations__.get(field.name, js.Ramp.__annotations__.get(field.name))
        members = [each for each in zoo.get_args(annotation) or (annotation,) if isinstance(each, type)]
        kind = next((kind for kind in EDGES if any(issubclass(each, kind) for each in members)), None)
        if kind is None or np.ndim(getattr(schedule, field.name)):
            continue
        for number in EDGES[kind]:
            try:
                yield dataclasses.replace(schedule, **{field.name: number})
            except ValueError:
                continue


@jax.jit
def values_and_gradients(schedule):
    leaves, structure = jax.tree.flatten(schedule)
    floats = [i for i, leaf in enumerate(leaves) if jnp.issubdtype(leaf.dtype, jnp.floating)]

    def total(numbers, t):
        moved = dict(zip(floats, numbers, strict=True))
        return jnp.sum(jax.tree.unflatten(structure, [moved.get(i, leaf) for i, leaf in enumerate(leaves)])(t))

    numbers = [leaves[i] for i in floats]
    of_steps = jax.grad(total, argnums=1)(numbers, STEPS.astype(jnp.result_type(float)))
    return schedule(STEPS), jax.grad(total)(numbers, STEPS), of_steps


@parametrize("entry", ALONE, [entry for entry in ALONE if entry.name in ("Geometric", "Inverse")])
def test_values_and_gradients_at_edges_are_finite(entry):
    copies = list(at_edges(entry.make()))
    assert copies or not jax.tree.leaves(entry.make()) or np.ndim(jax.tree.leaves(entry.make())[0])
    for schedule in copies:
        for part in jax.tree.leaves(values_and_gradients(schedule)):
            assert np.isfinite(part).all(), schedule


@pytest.mark.parametrize("kind", [js.Geometric, js.Inverse])
def test_a_slope_between_values_far_apart_is_that_of_the_formula(kind):
    def value(start, end):
        return kind(start, end, steps=4)(1)

    for start, end in ((1.0, 1e-30), (1e-6, 1e-20), (1e-20, 1e-6), (0.5, 0.25)):
        got = jax.grad(value, argnums=(0, 1))(start, end)
        if kind is js.Geometric:
            want = 0.75 * (end / start) ** 0.25, 0.25 * (end / start) ** -0.75
        else:
            whole = 0.75 / start + 0.25 / end
            want = 0.75 / start**2 / whole**2, 0.25 / end**2 / whole**2
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-6 * max(want))


def test_weights_of_an_exponential_have_slopes_at_their_ends():
    for log in (-2.0, 0.0, 3.0):
        slopes = jax.grad(lambda x, log: js.numerics.exponential_weights(x, 1 - x, log)[0], argnums=(0, 1))(1.0, log)
        assert np.isfinite(slopes).all()
        np.testing.assert_allclose(slopes[0], -1.0 if log == 0 else log / np.expm1(-log), rtol=1e-5)
