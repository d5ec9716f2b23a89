"""The schedulers that `to_scheduler` makes. This module alone imports torch."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from torch.optim import Optimizer, lr_scheduler  # pyright: ignore[reportMissingImports]

import jaxsched as js
from jaxsched.compat._away import as_data, on_host, value_at

ANOTHER = (
    "The state holds {stored!r}, which is used from now on, and this scheduler was made with {made!r}. "
    "To go on with the latter, call `state.pop({name!r})` before `load_state_dict(state)`."
)


def is_optimizer(x: Any) -> bool:
    return isinstance(x, Optimizer)


class ScheduleLR(lr_scheduler.LRScheduler):
    """Sets every group's rate to the value of a schedule at `last_epoch`: what `to_scheduler` makes of schedules.

    Attributes:
        schedules: one schedule for all groups, or one for each.
    """

    __module__ = "jaxsched.compat.torch"

    def __init__(self, optimizer: Any, schedules: Sequence[js.Schedule], last_epoch: int = -1) -> None:
        self.schedules = list(schedules)
        for group in optimizer.param_groups:  # torch asks for it when a run goes on; nothing is computed from it
            group.setdefault("initial_lr", group["lr"])
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return _for_all(self.optimizer, [value_at(each, self.last_epoch) for each in self.schedules])

    def state_dict(self) -> dict[str, Any]:
        """The position, and the schedules as data; `None` in the place of one that is not data."""
        return {**super().state_dict(), "schedules": [as_data(each) for each in self.schedules]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a position, of any scheduler of torch, and the schedules that are stored with it."""
        mine = vars(self).keys() - {"schedules"}
        super().load_state_dict({name: x for name, x in state_dict.items() if name in mine})
        self.schedules = _restored("schedules", state_dict, self.schedules)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(schedules={self.schedules!r}, last_epoch={self.last_epoch!r})"


class ControllerLR(lr_scheduler.ReduceLROnPlateau):
    """Sets every group's rate to the value of a controller: what `to_scheduler` makes of controllers.

    It is a `ReduceLROnPlateau` to whoever asks, so that it is stepped with a metric; all it does is the controller's.

    Attributes:
        controllers: one controller for all groups, or one for each.
        states: their states.
    """

    __module__ = "jaxsched.compat.torch"

    def __init__(self, optimizer: Any, controllers: Sequence[js.Controller]) -> None:
        # Not torch's constructor: it sets what torch's own rule needs.
        self.optimizer, self.controllers, self.last_epoch = optimizer, list(controllers), 0
        with on_host():
            self.states = [each.init() for each in self.controllers]
        self._set_rates()

    def step(self, metrics: Any = None, epoch: int | None = None) -> None:
        """One step, and an observation if there is a metric."""
        value = None if metrics is None else float(metrics)
        with on_host():
            self.states = [c.update(s, value=value) for c, s in zip(self.controllers, self.states, strict=True)]
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._set_rates()

    def observe(self, metrics: Any) -> None:
        """An observation without a step; the rate may change at once."""
        value = float(metrics)
        with on_host():
            self.states = [c.observe(s, value=value) for c, s in zip(self.controllers, self.states, strict=True)]
        self._set_rates()

    def _set_rates(self) -> None:
        with on_host():
            rates = [float(c(state)) for c, state in zip(self.controllers, self.states, strict=True)]
        for group, rate in zip(self.optimizer.param_groups, _for_all(self.optimizer, rates), strict=True):
            if hasattr(group["lr"], "fill_"):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
        self._last_lr = [_copied(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The position, the controllers as data, and the numbers of their states."""
        return {
            "last_epoch": self.last_epoch,
            "_last_lr": self._last_lr,
            "controllers": [as_data(each) for each in self.controllers],
            "states": [[x.item() for x in jax.tree.leaves(state)] for state in self.states],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        missing = {"last_epoch", "states"} - set(state_dict)
        if missing:
            raise ValueError(f"`state_dict` must be that of a controller: it has no {sorted(missing)}.")
        self.controllers = _restored("controllers", state_dict, self.controllers)
        with on_host():
            fresh = [each.init() for each in self.controllers]
            self.states = [_filled(*pair) for pair in zip(fresh, state_dict["states"], strict=True)]
        self.last_epoch, self._last_lr = state_dict["last_epoch"], state_dict["_last_lr"]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(controllers={self.controllers!r}, last_epoch={self.last_epoch!r})"


def _for_all(optimizer: Any, rates: list[float]) -> list[float]:
    """A rate for each group, also for one that was added to the optimizer since."""
    groups = len(optimizer.param_groups)
    if len(rates) not in (1, groups):
        raise ValueError(
            f"`optimizer` must have the {len(rates)} parameter groups that it had: got {groups}. Give the new ones a "
            f"schedule too, by another `to_scheduler(optimizer, schedules, last_epoch=...)`."
        )
    return rates * groups if len(rates) == 1 else rates


def _restored(name: str, state: Mapping[str, Any], made: list[Any]) -> list[Any]:
    """The schedules of a state; those of the script where the state has none."""
    stored = state.get(name) or [None] * len(made)
    if None in stored and len(stored) != len(made):
        raise ValueError(f"`state_dict` must have functions for {len(made)} parameter groups: got {len(stored)}.")
    found = [made[i] if data is None else js.from_dict(data) for i, data in enumerate(stored)]
    if found != made:
        warnings.warn(ANOTHER.format(stored=found, made=made, name=name), UserWarning, stacklevel=3)
    return found


def _filled(state: Any, numbers: Sequence[Any]) -> Any:
    leaves, structure = jax.tree.flatten(state)
    return jax.tree.unflatten(structure, [jnp.asarray(x, y.dtype) for x, y in zip(numbers, leaves, strict=True)])


def _copied(x: Any) -> Any:
    return x.clone() if hasattr(x, "clone") else x
