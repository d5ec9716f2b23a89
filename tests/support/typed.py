"""What pyright says of a user's program: every line passes, or is an error where it says `error`.

`pyright` fails on an error that is not expected, and on an expected one that does not come. It is never run.
"""

# ruff: noqa: B018
# pyright: reportUnnecessaryTypeIgnoreComment=true, reportUnusedExpression=false

from typing import Any, assert_type

import jax
import jax.numpy as jnp
import optax

import jaxsched as js
from jaxsched.compat import torch

lr = js.warmup(js.Cosine(3e-4, 3e-5, steps=9_000), 1_000, shape="cosine")
assert_type(lr, js.Schedule)
assert_type(lr(3), jax.Array)
assert_type(2 * lr + 0.1, js.Schedule)
assert_type(js.stack([js.Constant(0.1), js.Constant(0.2)]), js.Constant)
assert_type(js.scale(lr, 0.5), js.Schedule)
assert_type(js.grid(js.warmup_cosine, peak=[1e-3], warmup=[10], total=[100]), js.Schedule)
assert_type(js.labels(peak=[1e-3]), list[dict[str, Any]])
assert_type(js.tabulate(lr, 100), js.Tabulated)
assert_type(torch.CosineAnnealingLR(0.1, 10)(jnp.arange(3)), jax.Array)

plateau = js.reduce_on_plateau(lr, mode="min")
assert_type(plateau, js.Controller)
optimizer = js.inject(optax.adam)(plateau)
assert_type(optimizer, optax.GradientTransformationExtraArgs)
state = optimizer.init({"w": jnp.ones(3)})
assert_type(js.observe(state, value=1.0), optax.OptState)
assert_type(js.restore(state, js.snapshot(state))[0], optax.OptState)

lr.stepz  # pyright: ignore[reportAttributeAccessIssue]
js.Linear(1.0, 0.0, steps=4).stepz  # pyright: ignore[reportAttributeAccessIssue]
js.Linaer  # pyright: ignore[reportAttributeAccessIssue]
js.Linear(1.0, 0.0, 10)  # pyright: ignore[reportCallIssue]
js.Linear("a", 0.0, steps=10)  # pyright: ignore[reportArgumentType]
js.warmup(lr, 10, shape="cosin")  # pyright: ignore[reportArgumentType]
js.reduce_on_plateau(lr, mode="minimum")  # pyright: ignore[reportArgumentType]
js.delay("a", 3)  # pyright: ignore[reportArgumentType]


class Rex(js.Ramp):
    def weights(self, x: jax.Array, rest: jax.Array) -> tuple[jax.Array, jax.Array]:
        return 2 * rest / (1 + rest), x / (1 + rest)


class Mine(js.Schedule):
    start: js.Level
    rate: js.Numeric

    def at(self, step: jax.Array) -> jax.Array:
        return jnp.asarray(self.start / (1 + self.rate * step))


Rex(1.0, 0.0, steps=10)(3)
Mine(1.0, rate=0.5)(3)
Mine(1.0)  # pyright: ignore[reportCallIssue]
