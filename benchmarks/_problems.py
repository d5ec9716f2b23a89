"""Two small training problems: a first guess of the parameters, and a loss of them; and a training of either."""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def _matrix(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    return (rng.normal(size=(rows, columns)) / np.sqrt(rows)).astype(np.float32)


def _affine(rng: np.random.Generator, rows: int, columns: int) -> dict[str, np.ndarray]:
    return {"weights": _matrix(rng, rows, columns), "bias": np.zeros(columns, np.float32)}


def transformer(width: int = 16, heads: int = 2, length: int = 8, words: int = 16, batch: int = 4):
    """A GPT-2 of one block that predicts the next word of sequences that count upwards by 1, 2 or 3."""
    rng = np.random.default_rng(0)
    begin, by = rng.integers(0, words, (batch, 1)), rng.integers(1, 4, (batch, 1))
    text = (begin + by * np.arange(length + 1)) % words
    params = {
        "word": _matrix(rng, words, width),
        "place": _matrix(rng, length, width),
        "norms": [{"scale": np.ones(width, np.float32), "bias": np.zeros(width, np.float32)} for _ in range(3)],
        "attention": _affine(rng, width, 3 * width),
        "mix": _affine(rng, width, width),
        "up": _affine(rng, width, 4 * width),
        "down": _affine(rng, 4 * width, width),
    }

    def norm(h, p):
        h = h - h.mean(-1, keepdims=True)
        return h * jax.lax.rsqrt(jnp.mean(h * h, -1, keepdims=True) + 1e-5) * p["scale"] + p["bias"]

    def affine(h, p):
        return h @ p["weights"] + p["bias"]

    def loss(p):
        h = p["word"][text[:, :-1]] + p["place"]
        qkv = affine(norm(h, p["norms"][0]), p["attention"]).reshape(batch, length, heads, -1)
        query, key, value = jnp.split(qkv, 3, axis=-1)
        scores = jnp.einsum("bthd,bshd->bhts", query, key) / np.sqrt(width / heads).astype(np.float32)
        weights = jax.nn.softmax(jnp.where(np.tri(length, dtype=bool), scores, -1e9))
        h = h + affine(jnp.einsum("bhts,bshd->bthd", weights, value).reshape(batch, length, width), p["mix"])
        h = h + affine(jax.nn.gelu(affine(norm(h, p["norms"][1]), p["up"])), p["down"])
        logs = jax.nn.log_softmax(norm(h, p["norms"][2]) @ p["word"].T)
        return -jnp.mean(jnp.take_along_axis(logs, text[:, 1:, None], axis=-1))

    return params, loss


def network(sizes: tuple[int, ...] = (8, 32, 32, 1), points: int = 64):
    """A fully connected network that fits a wave, at all points or at those of a batch."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(points, sizes[0])).astype(np.float32)
    y = np.sin(x @ _matrix(rng, sizes[0], sizes[-1]))
    params = [(_matrix(rng, m, n), np.zeros(n, np.float32)) for m, n in zip(sizes, sizes[1:], strict=False)]

    def loss(p, batch=None):
        *hidden, (w, b) = p
        h, target = (x, y) if batch is None else (jnp.asarray(x)[batch], jnp.asarray(y)[batch])
        for weights, bias in hidden:
            h = jnp.tanh(h @ weights + bias)
        return jnp.mean((h @ w + b - target) ** 2)

    return params, loss


def training(problem, total: int, batches=None):
    """A function of a rate or schedule, jaxsched's or optax's: the last loss of `total` Adam updates.

    Each update sees all data, or those of its row of `batches`.
    """
    first_params, loss_of = problem

    def train(schedule):
        optimizer = optax.adam(schedule)

        def update(carry, batch):
            params, state = carry
            data = () if batch is None else (batch,)
            loss, gradients = jax.value_and_grad(loss_of)(params, *data)
            updates, state = optimizer.update(gradients, state)
            return (optax.apply_updates(params, updates), state), loss

        params = jax.tree.map(jnp.asarray, first_params)
        _, losses = jax.lax.scan(update, (params, optimizer.init(params)), batches, length=total)
        return losses[-1]

    return train
