"""muP's factors: from shapes alone, and by what they are for, a best rate that does not move with the width."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from support.bridge import rates, relaxed
from support.short import exhaustive

import jaxsched as js

assert relaxed  # the fixture of this module


def shapes(n, heads=2):
    kernels = {
        "embed": (1000, n),
        "query": (n, heads, 16),
        "out": (heads, 16, n),
        "hidden": (n, 4 * n),
        "logits": (n, 10),
    }
    vectors = {"bias": (4 * n,), "scale": (n,), "temperature": ()}
    stacked = {"layers": (6, n, n), "conv": (3, 3, n, n), "image": (3, 3, 1, n)}
    return {name: jax.ShapeDtypeStruct(x, jnp.float32) for name, x in {**kernels, **vectors, **stacked}.items()}


def test_matrices_between_widths_and_to_the_output_have_the_ratio():
    factors = js.mup_factors(shapes(32), shapes(128, heads=8))
    ones = dict.fromkeys(["embed", "bias", "scale", "temperature", "image"], 1.0)
    assert factors == {**dict.fromkeys(["query", "out", "hidden", "logits", "layers", "conv"], 0.25), **ones}
    assert set(js.mup_factors(shapes(32), shapes(32)).values()) == {1.0}
    assert js.mup_factors(np.ones((4, 8)), np.ones((16, 64))) == 0.25  # of what comes in


def test_weights_of_equinox_have_what_comes_in_last():
    turned = lambda n: {"up": np.ones((n, 3)), "hidden": np.ones((n, n)), "out": np.ones((1, n)), "bias": np.ones(n)}  # noqa: E731
    factors = js.mup_factors(turned(4), turned(16), fan_in=-1)
    assert factors == {"up": 1.0, "hidden": 0.25, "out": 0.25, "bias": 1.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({"a": np.ones(2)}, {"b": np.ones(2)}), "`base` must have the structure of `target`"),
        (({"a": np.ones(2)}, {"a": np.ones((2, 2))}), r"as many axes as `base`: got \(2, 2\) and \(2,\) at 'a'"),
        (({"a": np.ones((4, 4))}, {"a": np.ones((0, 4))}), r"`target` must have widths of at least 1: got \(0, 4\) at"),
        (({"a": np.ones((0, 4))}, {"a": np.ones((4, 4))}), r"`base` must have widths of at least 1: got \(0, 4\) at"),
        (({"a": np.ones(2)}, {"a": np.ones(2)}, 0), "`fan_in` must be an axis counted from the last"),
    ],
)
def test_what_is_no_wider_model_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        js.mup_factors(*arguments[:2], **({"fan_in": arguments[2]} if arguments[2:] else {}))


X = jax.random.normal(jax.random.key(0), (256, 8))
Y = jnp.sin(2 * X[:, 0]) * X[:, 1] + 0.5 * jnp.cos(2 * X[:, 2]) + jax.random.normal(jax.random.key(9), (256,))
RATES = 1e-3 * 2.0 ** (np.arange(3, 12) / 2)


def begin(n, key=None):
    """Hidden matrices of a variance of 1/width, and an output of 0."""
    k = jax.random.split(jax.random.key(0) if key is None else key, 3)
    scaled = lambda k, m: jax.random.normal(k, (m, n)) / m**0.5  # noqa: E731
    return {"up": scaled(k[0], 8), "a": scaled(k[1], n), "b": scaled(k[2], n), "out": jnp.zeros((n, 1))}


def loss(p):
    x = jax.nn.relu(X @ p["up"])
    for name in "ab":
        x = jax.nn.relu(x @ p[name])
    return jnp.mean(((x @ p["out"])[:, 0] - Y) ** 2)


def best_rate(n, factors):
    """The rate of the least loss after 20 steps of Adam, on a mean over three beginnings."""

    def final(rate, key):
        optimizer, p = optax.chain(optax.scale_by_adam(), js.by_group(rate, factors=factors)), begin(n, key)

        def step(carry, _):
            p, state = carry
            value, gradient = jax.value_and_grad(loss)(p)
            updates, state = optimizer.update(gradient, state, p)
            return (optax.apply_updates(p, updates), state), value

        return jnp.log(jax.lax.scan(step, (p, optimizer.init(p)), None, length=20)[1][-4:]).mean()

    keys = jax.random.split(jax.random.key(1), 3)
    losses = jax.jit(jax.vmap(lambda rate: jax.lax.map(lambda key: final(rate, key), keys).mean()))(jnp.float32(RATES))
    return RATES[np.argmin(losses)]


@exhaustive
def test_the_best_rate_stays_while_the_width_grows():
    """Within one place of a grid by the root of 2; without factors it falls by more than 3 from 64 to 256."""
    abstract = lambda n: jax.eval_shape(lambda: begin(n))  # noqa: E731
    best = [best_rate(n, js.mup_factors(abstract(64), abstract(n))) for n in (64, 128, 256)]
    assert max(best) / min(best) < 1.5
    assert best[0] / best_rate(256, 1.0) > 3


def test_factors_go_into_groups():
    p = begin(16)
    state = js.by_group(0.5, factors=js.mup_factors(begin(4), p)).init(p)
    assert rates(state) == {f"{name}/learning_rate": x for name, x in dict(a=0.125, b=0.125, out=0.125, up=0.5).items()}
