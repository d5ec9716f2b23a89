"""A metric under a keyword that nothing takes, while a controller waits for one."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from jaxsched._controllers.base import Controller
from jaxsched._core.fields import is_number, is_traced

OF_CONTROLLERS = frozenset(("value", "observed", "step"))


def check_metric(
    state: Any, extra: Mapping[str, Any], inner: Callable[..., Any] | None = None, width: Any = None
) -> None:
    """Refuse keywords of an update that look like a metric, where a controller gets none and nothing else takes them.

    Args:
        state: the state of the hyperparameters.
        extra: the keywords of the update.
        inner: what the transformation inside makes of the keywords; `None` if there is none.
        width: the dtype in which numbers reach it.
    """
    if "value" in extra or not _has_controller(state):
        return
    names = [name for name, x in extra.items() if name not in OF_CONTROLLERS and _is_real(x)]
    lost = [name for name in names if inner is None or not _takes(inner, name, extra, width)]
    if lost:
        name = lost[0]
        raise TypeError(
            f"`{name}` must be named `value` to reach the controllers of this optimizer, which get no metric: write "
            f"`optimizer.update(..., value={name})`. If another part of the chain takes `{name}`, and the controllers "
            f"are fed by `jaxsched.observe`, pass `value=None` too."
        )


def _has_controller(state: Any) -> bool:
    is_one = lambda x: isinstance(x, Controller)  # noqa: E731
    return any(map(is_one, jax.tree.leaves(state.slots, is_leaf=is_one)))


def _is_real(x: Any) -> bool:
    """A metric is a number with a fraction; a whole one may be a step, and a function or a tree is none."""
    number = (is_number(x) or is_traced(x)) and jnp.ndim(x) == 0
    return number and jnp.issubdtype(jnp.result_type(x), jnp.floating)


def _takes(inner: Callable[..., Any], name: str, extra: Mapping[str, Any], width: Any) -> bool:
    """Whether what is computed depends on a keyword: `**extra` in a signature hides who takes it."""
    program = jax.make_jaxpr(lambda x: inner({**extra, name: x}))(jnp.zeros((), width)).jaxpr
    used = [x for equation in program.eqns for x in equation.invars] + list(program.outvars)
    return any(x is program.invars[0] for x in used)
