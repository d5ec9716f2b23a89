"""What is answered to what belongs elsewhere: words of other frameworks' loops, and schedules with a state."""

from collections.abc import Mapping
from typing import Any


def _table(lines: Mapping[str, str]) -> dict[str, str]:
    return {word: line for words, line in lines.items() for word in words.split()}


_MOVES = "step step_update"
_READS = "get_last_lr get_lr last_lr print_lr get_epoch_values get_update_values"
_POSITION = "last_epoch last_step"
_STORES = "state_dict load_state_dict set_state_dict"
_OWNER = "optimizer param_groups base_lrs"

OF_SCHEDULES = _table(
    {
        _MOVES: "a schedule has no position; call it with the step, `schedule(step)`, hand a metric to a controller by "
        "`jaxsched.observe(opt_state, value=metric)`, or wrap it by `jaxsched.compat.torch.to_scheduler`.",
        _READS: "a schedule has no position; call it with the step, `schedule(step)`, or read "
        "`jaxsched.current(opt_state)`.",
        _POSITION: "a schedule has no position; the optimizer's state counts, and `jaxsched.advance(schedule, n)` "
        "begins at step n.",
        _STORES: "a schedule has no state; its position is the count in the optimizer's, and "
        "`jaxsched.to_dict(schedule)` stores its numbers.",
        _OWNER: "a schedule knows no optimizer; pass it to one, as in `optax.sgd(schedule)`, or to PyTorch's by "
        "`jaxsched.compat.torch.to_scheduler(optimizer, schedule)`.",
    }
)

OF_CONTROLLERS = _table(
    {
        _MOVES: "its position is in its state; write `state = controller.update(state, value=metric)`, or "
        "`jaxsched.observe(opt_state, value=metric)` where an optimizer holds it.",
        _READS: "its value is that in a state; write `controller(state)`, or read `jaxsched.current(opt_state)`.",
        f"{_POSITION} best num_bad_epochs cooldown_counter in_cooldown": "what it has seen is in its state, which "
        "`controller.init()` returns and `controller.update(state, value=metric)` moves.",
        _STORES: "its state is what `controller.init()` and `controller.update` return; store that, and its numbers by "
        "`jaxsched.to_dict(controller)`.",
        _OWNER: "a controller knows no optimizer; pass it to one, as in `jaxsched.inject(optax.sgd)(controller)`.",
    }
)


def not_pure(name: str, x: Any, ours: bool) -> str:
    """What is answered to a schedule with a state, in the place of a pure one."""
    kind = "a controller" if ours else "stateful"
    remedy = (
        "Build the schedule first and hand it to the controller."
        if ours
        else "Pass the function of the step that is inside; for a metric use a controller, as `reduce_on_plateau`; "
        "`optax.inject_hyperparams` takes it as it is."
    )
    return f"`{name}` must be a pure schedule, but {type(x).__name__} is {kind}: its value depends on a state. {remedy}"
