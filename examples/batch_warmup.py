"""A batch size that grows with the run: by more gradients for each update, or by larger batches from the data.

Small batches at first save samples, and large ones later save noise. What is counted is a schedule of whole numbers,
`jaxsched.rounded`: called, it gives an int32, which is what `optax.MultiSteps` wants.
"""

import jax
import jax.numpy as jnp
import optax

import jaxsched

TRUTH = jnp.array([1.0, -2.0, 3.0])
MICRO = 8  # samples in one small batch: what fits into the memory


def batch_of(key, size):
    x_key, noise_key = jax.random.split(key)
    x = jax.random.normal(x_key, (size, 3))
    return x, x @ TRUTH + 0.5 * jax.random.normal(noise_key, (size,))


def loss(params, batch):
    x, y = batch
    return jnp.mean((x @ params - y) ** 2)


# 1. More gradients for each update. `MultiSteps` asks the schedule at each update, so all schedules count updates.
accumulate = jaxsched.rounded(jaxsched.piecewise_constant([20, 40], [1, 2, 4]))  # 8, 16, then 32 samples an update
lr = jaxsched.warmup_cosine(0.1, warmup=10, total=60)
optimizer = optax.MultiSteps(jaxsched.inject(optax.sgd)(lr), every_k_schedule=accumulate)


@jax.jit
def micro_step(params, opt_state, key):
    gradient = jax.grad(loss)(params, batch_of(key, MICRO))
    updates, opt_state = optimizer.update(gradient, opt_state, params)
    return optax.apply_updates(params, updates), opt_state


params = jnp.zeros(3)
opt_state = optimizer.init(params)
micro_steps = 20 * 1 + 20 * 2 + 20 * 4
for k, key in enumerate(jax.random.split(jax.random.key(0), micro_steps)):
    params, opt_state = micro_step(params, opt_state, key)
    if optimizer.has_updated(opt_state) and opt_state.gradient_step % 20 == 0:
        update = int(opt_state.gradient_step)
        rate = float(jaxsched.last_used(opt_state)["learning_rate"])
        print(f"update {update}: {k + 1} small batches, {int(accumulate(update - 1)) * MICRO} samples, rate {rate:.4f}")
assert opt_state.gradient_step == 60 and opt_state.mini_step == 0
assert jnp.linalg.norm(params - TRUTH) < 0.2


# 2. Larger batches from the data. A shape is not traced: call the schedule on the host, and let it have a few values
#    only, since each compiles a program of its own.
size = jaxsched.rounded(jaxsched.staircase(jaxsched.Linear(8, 32, steps=60), every=20))  # 8, 16 and 24
optimizer = jaxsched.inject(optax.sgd)(lr * size * (1 / 8))  # inside of other schedules it is a float: the linear rule


@jax.jit
def step(params, opt_state, batch):
    updates, opt_state = optimizer.update(jax.grad(loss)(params, batch), opt_state, params)
    return optax.apply_updates(params, updates), opt_state


params = jnp.zeros(3)
opt_state = optimizer.init(params)
seen = 0
for k, key in enumerate(jax.random.split(jax.random.key(1), 60)):
    samples = int(size(k))
    params, opt_state = step(params, opt_state, batch_of(key, samples))
    seen += samples
print(f"{seen} samples in 60 updates; off by {jnp.linalg.norm(params - TRUTH):.3f}")
assert seen == 20 * (8 + 16 + 24) and jnp.linalg.norm(params - TRUTH) < 0.2
