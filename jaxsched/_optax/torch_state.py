"""The `state_dict()` of PyTorch's schedulers: their position, and what a plateau has seen."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._controllers.base import inner
from jaxsched._controllers.metrics import bounded
from jaxsched._controllers.plateau import PlateauState
from jaxsched._optax.changes import together
from jaxsched._optax.clock import Now
from jaxsched._optax.find import find, is_ours
from jaxsched._optax.hyperparameters import Slot, Values, placed, scheduled_at, value_at
from jaxsched._optax.shared import with_states
from jaxsched._optax.stored import like, parts, whole

_PLATEAU = ("best", "num_bad_epochs", "cooldown_counter")


def is_of_torch(saved: Any) -> bool:
    inside = parts(saved) or {}
    return "last_epoch" in inside or "_schedulers" in inside


def with_torch_state(fresh: Any, saved: Any) -> tuple[Any, list[str]]:
    """A fresh state at a scheduler's position, and what there is to say of it."""
    names = {place.names[-1]: name for name, place in find(fresh, "hyperparameter").places.items()}
    if any(isinstance(x, jax.ShapeDtypeStruct) for x in jax.tree.leaves(fresh)):
        raise ValueError("`opt_state` must have numbers: got shapes alone. Pass `optimizer.init(params)`.")
    last, rate = _position(saved), _rate(saved)
    lines = [f"count: 0 -> {last}, PyTorch's `last_epoch`: its steps must be updates here"]

    def moved(path: Any, node: Any) -> Any:
        if not is_ours(node):
            return node
        count = whole(last, node.count, (jax.tree_util.DictKey("last_epoch"),))
        slots = {key: placed(_slot(slot, count, saved, rate), count) for key, slot in node.slots.items()}
        values = Values({key: value_at(slot, Now(count, count, False)) for key, slot in with_states(slots).items()})
        for key, value in values.items():
            name = names["/".join((*(jax.tree_util.keystr((e,), simple=True) for e in path), key))]
            if key.endswith("learning_rate") and rate is not None and not math.isclose(value, rate, rel_tol=1e-5):
                lines.append(f"{name}: {rate} -> {float(value)}")
        clock = placed(node.clock, count)
        return together(node._replace(count=count, slots=slots, hyperparams=values, clock=clock))

    return jax.tree_util.tree_map_with_path(moved, fresh, is_leaf=is_ours), lines


def _position(saved: Any) -> Any:
    inside = parts(saved) or {}
    if "last_epoch" in inside:
        return inside["last_epoch"]
    nested = list((parts(inside["_schedulers"]) or {}).values())  # of `ChainedScheduler`
    return _position(nested[0]) if nested else None


def _rate(saved: Any) -> float | None:
    rates = parts((parts(saved) or {}).get("_last_lr")) or {}
    return float(np.asarray(rates["0"])) if "0" in rates else None


def _slot(slot: Slot, count: Any, saved: Any, rate: float | None) -> Slot:
    seen = {name: _number(name, x) for name, x in (parts(saved) or {}).items() if name in _PLATEAU}
    if not isinstance(slot.state, PlateauState) or not seen:
        return slot
    controller = inner(slot.schedule)
    resting = int(seen.get("cooldown_counter", 0))
    state = slot.state._replace(
        best=like(bounded(jnp.float32(seen.get("best", math.inf)), controller.sign), slot.state.best),
        bad=like(-resting if resting > 0 else int(seen.get("num_bad_epochs", 0)), slot.state.bad),
    )
    base = float(scheduled_at(slot, Now(count, count, False)))
    if rate is not None and 0 < rate < base:
        state = state._replace(cuts=like(round(math.log(rate / base) / float(controller.log_factor)), state.cuts))
    return slot._replace(state=state)


def _number(name: str, x: Any) -> float:
    try:
        number = float(x)
    except (TypeError, ValueError):
        number = math.nan
    if math.isnan(number) or (name != "best" and not number.is_integer()):
        raise ValueError(f"`saved` must have a number for {name!r}, as PyTorch's plateau has it: got {x!r:.80}.")
    return number
