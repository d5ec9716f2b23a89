"""The rates that optimizers without a learning rate, as Prodigy, arrive at."""

from collections.abc import Iterator
from typing import Any

import jax

from jaxsched._core.schedule import Array
from jaxsched._optax.find import find, unboxed
from jaxsched._optax.slots import own_name
from jaxsched._optax.state import current

ESTIMATE = "estim_lr"
"""What optax calls the rate that Prodigy and D-adaptation estimate."""


def effective_rate(opt_state: Any) -> dict[str, Array]:
    """Each learning rate of `current`, times the rate that the optimizer estimates itself, by the same names.

    `optax.contrib.prodigy` and `optax.contrib.dadapt_adamw` multiply the schedule, which is about 1, by an estimate
    that grows from 1e-6. `current` has the schedule's value, as `override` sets it; this is the product, which the next
    update will use, but for Adam's correction of its first moments. The estimate is that of the optimizer inside of
    `inject`, or of the chain that a rate is a link of. A rate beside no estimate is that of `current`.

    Args:
        opt_state: the state of an optimizer, or any tree that holds some.

    Raises:
        ValueError: nothing in it keeps a learning rate, or one of them stands beside several estimates.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.inject(optax.contrib.prodigy)(jaxsched.Linear(1.0, 0.0, steps=10))
        >>> state = optimizer.init({"w": np.ones(3)})
        >>> {name: round(float(rate), 9) for name, rate in jaxsched.effective_rate(state).items()}
        {'learning_rate': 1e-06}
    """
    found, plain = find(opt_state, "learning rate"), unboxed(opt_state)
    rates = {name: x for name, x in current(opt_state).items() if own_name(name) == "learning_rate"}
    if not rates:
        raise ValueError(f"`opt_state` must hold a `learning_rate`: got {', '.join(found.places)}.")
    estimates = [(path, x) for path, x in jax.tree_util.tree_leaves_with_path(plain) if _key(path) == ESTIMATE]
    return {name: x * _beside(name, found.paths[found.places[name].node], estimates) for name, x in rates.items()}


def _beside(name: str, path: tuple[Any, ...], estimates: list[Any]) -> Any:
    """The estimate inside of what stands at a path, or else in the chain around it; 1 without any."""
    for scope in _scopes(path):
        inside = [x for at, x in estimates if at[: len(scope)] == scope]
        if len(inside) > 1:
            raise ValueError(
                f"`opt_state` must have one estimate beside {name}: got {len(inside)}. Pass the state of one of the "
                f"optimizers that estimate a rate."
            )
        if inside:
            return inside[0]
    return 1


def _scopes(path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield path
    while path and isinstance(path[-1], jax.tree_util.SequenceKey):
        path = path[:-1]
        yield path


def _key(path: tuple[Any, ...]) -> str:
    return jax.tree_util.keystr(path[-1:], simple=True)
