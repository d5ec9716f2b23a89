"""What a schedule can do because it is data. Every claim is checked: run it, change it, run it again."""

import json

import jax
import jax.numpy as jnp
import optax

import jaxsched

# 1. A schedule prints, and takes a step or an array of steps.
lr = jaxsched.warmup_cosine(peak=0.1, warmup=10, total=100)
print("the schedule:", lr)
assert lr(0) == 0.0 and lr(10) == jnp.float32(0.1) and lr(100) == 0.0
assert lr(jnp.arange(101)).shape == (101,)


# 2. An optimizer takes it like any function of the step. The model is a line through points.
x = jax.random.normal(jax.random.key(0), (64, 3))
y = x @ jnp.array([1.0, -2.0, 0.5]) + 0.7
traces = 0


def loss(params):
    return jnp.mean((x @ params["w"] + params["b"] - y) ** 2)


def train(schedule):
    """The loss after 100 steps. The optimizer is made in here, so that the schedule is an argument of the program."""
    global traces
    traces += 1
    optimizer = optax.adamw(schedule)
    params = {"w": jnp.zeros(3), "b": jnp.zeros(())}

    def step(state, _):
        params, opt_state = state
        updates, opt_state = optimizer.update(jax.grad(loss)(params), opt_state, params)
        return (optax.apply_updates(params, updates), opt_state), None

    (params, _), _ = jax.lax.scan(step, (params, optimizer.init(params)), length=100)
    return loss(params)


compiled = jax.jit(train)
print(f"loss after training: {compiled(lr):.5f}")


# 3. Another schedule of the same kind is other data for the same program.
print(f"with a larger peak:  {compiled(jaxsched.warmup_cosine(peak=0.3, warmup=30, total=100)):.5f}")
assert traces == 1


# 4. So is a whole sweep: `grid` stacks the schedules, `vmap` runs the training once for each.
peaks = [0.003, 0.01, 0.03, 0.1, 0.3]
many = jaxsched.grid(lambda peak: jaxsched.warmup_cosine(peak, 10, 100), peak=peaks)
losses = jax.jit(jax.vmap(train))(many)
print("losses by peak:", {peak: round(float(value), 5) for peak, value in zip(peaks, losses, strict=True)})
assert traces == 2 and jnp.allclose(losses[3], compiled(lr), rtol=1e-3)


# 5. The final loss has a slope in each of the schedule's numbers, through the whole training. Ints are fixed, and
#    `allow_int` lets them pass; a length given as a float is tuned like any other number.
slopes = jax.grad(train, allow_int=True)(lr)
print(f"slope of the loss in the peak: {slopes.schedule.start:.3f}")

tuned = jaxsched.warmup_cosine(peak=0.03, warmup=30.0, total=100.0)
loss_and_slopes = jax.jit(jax.value_and_grad(train))
before, _ = loss_and_slopes(tuned)
for _ in range(10):
    _, slopes = loss_and_slopes(tuned)
    # Relative steps, since a peak and a length have other scales; each keeps its sign.
    tuned = jax.tree.map(lambda number, slope: number * jnp.exp(-0.1 * jnp.sign(number * slope)), tuned, slopes)
after, _ = loss_and_slopes(tuned)
print(f"tuned by gradient: from {before:.5f} to {after:.5f} with {tuned}")
assert after < before


# 6. A training can take another schedule of the same kind in the middle of the run, and does not compile again.
#    `inject_hyperparams` keeps the value just used in the state, where a log can find it.
compilations = 0


@jax.jit
def update(schedule, params, opt_state):
    global compilations
    compilations += 1
    optimizer = optax.inject_hyperparams(optax.adamw)(schedule)
    updates, opt_state = optimizer.update(jax.grad(loss)(params), opt_state, params)
    return optax.apply_updates(params, updates), opt_state


params = {"w": jnp.zeros(3), "b": jnp.zeros(())}
opt_state = optax.inject_hyperparams(optax.adamw)(lr).init(params)
schedule = lr
for step in range(100):
    if step == 50:
        schedule = jaxsched.warmup_cosine(peak=0.05, warmup=10, total=200)  # slower, and longer
    params, opt_state = update(schedule, params, opt_state)
    used = optax.tree_utils.tree_get(opt_state, "hyperparams")["learning_rate"]
    assert jnp.isclose(used, schedule(step))
print(f"learning rate of the last step: {schedule(99):.5f}, compiled {compilations} time")
assert compilations == 1


# 7. It can be stored: as JSON, which holds data only, and back.
text = json.dumps(jaxsched.to_dict(lr))
print(text)
again = jaxsched.from_dict(json.loads(text))
assert again == lr and jnp.array_equal(again(jnp.arange(101)), lr(jnp.arange(101)))
