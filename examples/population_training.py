"""Population-based training in one program: members that do badly go on from one that does well, at another rate.

    pip install -e '.[examples]' && python examples/population_training.py

Sixteen members train side by side under `jax.vmap`. After every twenty steps the worst quarter takes over the weights,
the optimizer's state and the schedule in it from the best quarter, by index, and multiplies the schedule's numbers by
0.8 or 1.25. All rounds are one `jax.lax.scan`. The same members without this, and with the same data, stand beside
them: Jaderberg et al. 2017, arXiv:1711.09846.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched

try:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}: install what the examples need with pip install 'jaxsched[examples]'") from None

MEMBERS, ROUNDS, STEPS, BATCH, HIDDEN = 16, 25, 20, 64, 64
QUARTER = MEMBERS // 4
FACTORS = jnp.array([0.8, 1.25])
RATES = np.geomspace(1e-4, 0.3, MEMBERS)

optimizer = jaxsched.inject(optax.adam)(jaxsched.Constant(1.0))  # each member's state has a schedule of its own


def load():
    """Images and labels to train on, some by which members are ranked, and some that nothing is chosen by."""
    x, y = load_digits(return_X_y=True)
    x = ((x - x.mean()) / x.std()).astype(np.float32)
    train_x, x, train_y, y = train_test_split(x, y, test_size=0.4, stratify=y, random_state=0)
    ranked_x, last_x, ranked_y, last_y = train_test_split(x, y, test_size=0.5, stratify=y, random_state=0)
    return [(jnp.asarray(x), jnp.asarray(y)) for x, y in ((train_x, train_y), (ranked_x, ranked_y), (last_x, last_y))]


TRAINED, RANKED_BY, JUDGED_BY = load()


def start(key, rate):
    first, second = jax.random.split(key)
    params = {"w1": jax.random.normal(first, (64, HIDDEN)) / 8, "w2": jax.random.normal(second, (HIDDEN, 10)) / 8}
    state = jaxsched.replace_schedule(optimizer.init(params), learning_rate=jaxsched.Constant(rate))
    return params, state


def loss(params, x, y):
    logits = jax.nn.relu(x @ params["w1"]) @ params["w2"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


def train(member, key):
    """One member for a round: its state, and the loss that it is ranked by."""

    def step(member, key):
        params, state = member
        chosen = jax.random.randint(key, (BATCH,), 0, len(TRAINED[1]))
        slope = jax.grad(loss)(params, TRAINED[0][chosen], TRAINED[1][chosen])
        updates, state = optimizer.update(slope, state, params)
        return (optax.apply_updates(params, updates), state), None

    member, _ = jax.lax.scan(step, member, jax.random.split(key, STEPS))
    return member, loss(member[0], *RANKED_BY)


def exploit(members, losses, key):
    """Members of the worst quarter become members of the best one, with other numbers in their schedules."""
    order = jnp.argsort(jnp.where(jnp.isfinite(losses), losses, jnp.inf))
    source = jnp.arange(MEMBERS).at[order[-QUARTER:]].set(order[:QUARTER])
    copied = source != jnp.arange(MEMBERS)
    params, states = jax.tree.map(lambda x: x[source], members)
    factors = jnp.where(copied, jax.random.choice(key, FACTORS, (MEMBERS,)), 1.0)

    def mutated(state, factor):
        schedule = jax.tree.map(lambda x: x * factor, state.slots["learning_rate"].schedule)
        return jaxsched.replace_schedule(state, learning_rate=schedule)

    return (params, jax.vmap(mutated)(states, factors)), source


def population(key, copies):
    """All rounds in one program; `copies` says whether members take over others."""
    first, second = jax.random.split(key)

    def one_round(members, key):
        data, chance = jax.random.split(key)
        rates = jax.vmap(lambda state: jaxsched.current(state)["learning_rate"])(members[1])
        members, losses = jax.vmap(train, in_axes=(0, None))(members, data)
        source = jnp.arange(MEMBERS)
        if copies:
            members, source = exploit(members, losses, chance)
        return members, {"rates": rates, "losses": losses, "source": source}

    members = jax.vmap(start, in_axes=(None, 0))(first, jnp.asarray(RATES, jnp.float32))
    members, history = jax.lax.scan(one_round, members, jax.random.split(second, ROUNDS))
    return history, jax.vmap(loss, in_axes=(0, None, None))(members[0], *JUDGED_BY)


def lineage(history):
    """For the best at the end, the member that it was in each round."""
    member, path = int(np.argmin(np.nan_to_num(history["losses"][-1], nan=np.inf))), []
    for i in range(ROUNDS - 1, -1, -1):
        path.append(member)
        member = int(history["source"][i - 1][member]) if i else member
    return path[::-1]


def draw(histories, output):
    """Each member's rate over the rounds, coloured by its loss, and the forebears of the best."""
    figure = Figure(figsize=(12, 4.6), layout="constrained")
    axes, steps = figure.subplots(1, 2, sharey=True), np.arange(ROUNDS) * STEPS
    shown = {"norm": LogNorm(*np.nanquantile(histories[0]["losses"], [0, 0.9])), "cmap": colormaps["viridis_r"]}
    for ax, history, title in zip(axes, histories, ("members copy and mutate", "the same members alone"), strict=True):
        for member in range(MEMBERS):
            points = np.stack([steps, history["rates"][:, member]], axis=1)
            lines = LineCollection([*np.stack([points[:-1], points[1:]], axis=1)], linewidths=1.5, **shown)
            lines.set_array(history["losses"][:-1, member])
            ax.add_collection(lines)
        best = history["rates"][np.arange(ROUNDS), lineage(history)]
        ax.plot(steps, best, color="black", linestyle="--", label="of the best, and its forebears")
        ax.set(yscale="log", xlabel="step", title=title, ylim=(RATES[0] / 5, RATES[-1] * 2))
        ax.grid(alpha=0.3)
        ax.legend(loc="lower left")
    axes[0].set_ylabel("learning rate")
    figure.colorbar(ScalarMappable(**shown), ax=axes, label="loss that members are ranked by")
    figure.savefig(output, dpi=130)


def main():
    parser = argparse.ArgumentParser(description="Population-based training in one compiled program.")
    parser.add_argument("--output", default="population_training.png", help="where to write the picture (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the models, the batches and the mutations (%(default)s)"
    )
    args = parser.parse_args()
    began = time.perf_counter()
    run = jax.jit(population, static_argnums=1)
    histories, ends = zip(*(run(jax.random.key(args.seed), copies) for copies in (True, False)), strict=True)
    histories = [{name: np.asarray(x) for name, x in each.items()} for each in histories]
    for name, history, judged in zip(("population", "alone"), histories, ends, strict=True):
        member = lineage(history)[-1]
        copies = int(np.sum(history["source"] != np.arange(MEMBERS)))
        print(
            f"{name:>10}: the best of {MEMBERS} has loss {history['losses'][-1][member]:.4f} on the images it was "
            f"chosen by, {judged[member]:.4f} on others; copies: {copies}, its last rate "
            f"{history['rates'][-1][member]:.4g}"
        )
    draw(histories, args.output)
    print(f"The picture is in {args.output}; {time.perf_counter() - began:.1f} s.")


if __name__ == "__main__":
    main()
