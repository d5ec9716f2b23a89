"""PPO on a small environment, the learning rate held where an update changes the policy by a KL of about 0.01.

    python examples/hold_target.py  # and a picture, hold_target.png, where matplotlib is installed

A mass on a line is pushed to the origin. Rates from far too low to far too high are trained, each twice: fixed, and as
the start of `jaxsched.hold_target`. All of a kind are one compiled scan under `vmap`.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched

STARTS = (1e-5, 1e-3, 1e-1)
TARGET, LOW, HIGH = 0.01, 1e-5, 1e-1
UPDATES, EPOCHS, MASSES, HORIZON, HIDDEN = 100, 4, 128, 30, 16


def first_policy(key):
    one, two = jax.random.split(key)
    return {
        "w": jax.random.normal(one, (2, HIDDEN)),
        "b": jnp.zeros(HIDDEN),
        "out": 0.1 * jax.random.normal(two, (HIDDEN,)),
        "log_std": jnp.zeros(()),
    }


def mean_push(policy, seen):
    return jnp.tanh(seen @ policy["w"] + policy["b"]) @ policy["out"]


def log_density(policy, seen, push):
    deviations = (push - mean_push(policy, seen)) / jnp.exp(policy["log_std"])
    return -0.5 * deviations**2 - policy["log_std"]


def divergence(old, new, seen):
    """The mean KL of two policies, which are normal distributions."""
    square = jnp.exp(2 * old["log_std"]) + (mean_push(old, seen) - mean_push(new, seen)) ** 2
    each = new["log_std"] - old["log_std"] + square / (2 * jnp.exp(2 * new["log_std"])) - 0.5
    return jnp.maximum(jnp.mean(each), 0.0)  # below 0 is rounding


def rollout(policy, key):
    """What every mass saw, how it was pushed, and how much better than the others it did from then on."""
    start, noise = jax.random.split(key)

    def step(seen, key):
        noise = jax.random.normal(key, (MASSES,))
        push = mean_push(policy, seen) + jnp.exp(policy["log_std"]) * noise
        speed = seen[:, 1] + 0.2 * jnp.clip(push, -1.0, 1.0)
        after = jnp.stack([jnp.clip(seen[:, 0] + 0.2 * speed, -3.0, 3.0), speed], axis=1)
        return after, (seen, push, -(after[:, 0] ** 2) - 0.1 * push**2)

    first = jax.random.uniform(start, (MASSES, 2), minval=-1.0)
    _, (seen, push, reward) = jax.lax.scan(step, first, jax.random.split(noise, HORIZON))
    to_go = jnp.cumsum(reward[::-1], axis=0)[::-1]
    better = to_go - to_go.mean(1, keepdims=True)
    return seen, push, better / (better.std() + 1e-6), reward.sum(0).mean()


def clipped(policy, old, seen, push, better):
    ratio = jnp.exp(log_density(policy, seen, push) - log_density(old, seen, push))
    return -jnp.mean(jnp.minimum(ratio * better, jnp.clip(ratio, 0.8, 1.2) * better))


def train(rate):
    """The return of every policy, and the KL and the rate after its epochs."""
    optimizer = jaxsched.inject(optax.adam)(rate)

    def update(carry, key):
        old, opt_state = carry
        seen, push, better, reward = rollout(old, key)

        def epoch(carry, _):
            policy, opt_state = carry
            gradient = jax.grad(clipped)(policy, old, seen, push, better)
            # As in rsl_rl: the KL so far. It is 0 in the first epoch, which moves nothing.
            kl = divergence(old, policy, seen)
            updates, opt_state = optimizer.update(gradient, opt_state, policy, value=kl)
            return (optax.apply_updates(policy, updates), opt_state), None

        (policy, opt_state), _ = jax.lax.scan(epoch, (old, opt_state), None, EPOCHS)
        kl = divergence(old, policy, seen)
        return (policy, opt_state), (reward, kl, jaxsched.current(opt_state)["learning_rate"])

    policy = first_policy(jax.random.key(0))
    keys = jax.random.split(jax.random.key(1), UPDATES)
    return jax.lax.scan(update, (policy, optimizer.init(policy)), keys)[1]


def held(start):
    return jaxsched.hold_target(start, TARGET, factor=1.5, band=2.0, low=LOW, high=HIGH)


def draw(runs, path="hold_target.png"):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    for column, (name, (rewards, kls, rates)) in zip(
        figure.subplots(3, 2, sharex=True, sharey="row").T, runs.items(), strict=True
    ):
        for ax, curves, label in zip(column, (rewards, kls, rates), ("return", "KL", "rate"), strict=True):
            ax.plot(curves.T, label=[f"from {start:g}" for start in STARTS])
            ax.set(ylabel=label, yscale="linear" if label == "return" else "log")
        column[1].axhspan(TARGET / 2, TARGET * 2, alpha=0.15)
        column[0].set_title(name)
        column[0].legend()
        column[-1].set_xlabel("update of the policy")
    figure.savefig(path, dpi=130)
    print(f"drawn to {path}")


def main():
    kinds = {"fixed": jaxsched.Constant, "held": held}
    runs = {name: jax.jit(jax.vmap(train))(jaxsched.stack(list(map(of, STARTS)))) for name, of in kinds.items()}
    runs = {name: [np.asarray(x) for x in run] for name, run in runs.items()}
    print("         start   last return   median KL   last rate")
    for name, (rewards, kls, rates) in runs.items():
        for i, start in enumerate(STARTS):
            last, kl = rewards[i, -10:].mean(), np.median(kls[i, UPDATES // 2 :])
            print(f"{name:6} {start:7g} {last:13.2f} {kl:11.4f} {rates[i, -1]:11.2g}")
    medians = np.median(runs["held"][1][:, UPDATES // 2 :], axis=1)
    assert np.all((medians > TARGET / 3) & (medians < TARGET * 3)), medians
    assert np.ptp(runs["held"][0][:, -10:].mean(1)) < np.ptp(runs["fixed"][0][:, -10:].mean(1))
    try:
        draw(runs)
    except ModuleNotFoundError:
        print("no matplotlib, no picture")


if __name__ == "__main__":
    main()
