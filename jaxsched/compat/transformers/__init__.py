"""Hugging Face's schedules, `transformers.get_scheduler` and each `get_…_schedule` of `transformers.optimization`.

A change of import: `from jaxsched.compat import transformers as optimization`, and put the learning rate where
transformers takes the optimizer. `TrainingArguments(lr_scheduler_type="cosine", warmup_steps=…,
lr_scheduler_kwargs={…})` of a `Trainer` is `get_scheduler("cosine", lr, warmup_steps, max_steps, {…})`. A list of
learning rates, as of parameter groups, gives a list of schedules. What differs from transformers 5.23:

- `get_polynomial_decay_schedule_with_warmup` with no steps after its warmup is at `lr_end`; transformers divides by
  zero.
- A relative end belongs to each group's own learning rate; transformers divides `lr_end` and `min_lr` by the default
  one.
- "reduce_lr_on_plateau" and "greedy" with a relative threshold ask for an improvement by a part of the best's size. In
  transformers a flat negative metric improves on itself, so that the rate is never cut.
- "greedy" leaves NaN out of its average; in transformers one NaN makes every later average NaN.
- `last_epoch` may be -1 only: a schedule is a function of the step, and `jaxsched.advance(schedule, n)` begins at n.
- `AdafactorSchedule`, which shows what the optimizer computes from its parameters' sizes, is left out.
  Without `scale_parameter` it is `js.clip(js.InverseSqrt(1.0, 1), hi=0.01)`.
- Every number may be traced.
"""

import inspect as _inspect
from collections.abc import Callable, Mapping
from typing import Any

import jaxsched as js
from jaxsched.compat._foreign import did_you_mean as _did_you_mean
from jaxsched.compat._foreign import foreign as _foreign
from jaxsched.compat.transformers._metrics import GreedyLR as GreedyLR
from jaxsched.compat.transformers._metrics import get_greedy_schedule as get_greedy_schedule
from jaxsched.compat.transformers._metrics import get_reduce_on_plateau_schedule as get_reduce_on_plateau_schedule
from jaxsched.compat.transformers._steps import Number as _Number
from jaxsched.compat.transformers._steps import get_constant_schedule as get_constant_schedule
from jaxsched.compat.transformers._steps import get_constant_schedule_with_warmup as get_constant_schedule_with_warmup
from jaxsched.compat.transformers._steps import get_cosine_schedule_with_warmup as get_cosine_schedule_with_warmup
from jaxsched.compat.transformers._steps import (
    get_cosine_with_hard_restarts_schedule_with_warmup as get_cosine_with_hard_restarts_schedule_with_warmup,
)
from jaxsched.compat.transformers._steps import (
    get_cosine_with_min_lr_schedule_with_warmup as get_cosine_with_min_lr_schedule_with_warmup,
)
from jaxsched.compat.transformers._steps import (
    get_cosine_with_min_lr_schedule_with_warmup_lr_rate as get_cosine_with_min_lr_schedule_with_warmup_lr_rate,
)
from jaxsched.compat.transformers._steps import get_inverse_sqrt_schedule as get_inverse_sqrt_schedule
from jaxsched.compat.transformers._steps import get_linear_schedule_with_warmup as get_linear_schedule_with_warmup
from jaxsched.compat.transformers._steps import (
    get_polynomial_decay_schedule_with_warmup as get_polynomial_decay_schedule_with_warmup,
)
from jaxsched.compat.transformers._steps import get_wsd_schedule as get_wsd_schedule
from jaxsched.kinds import is_mapping as _is_mapping
from jaxsched.kinds import shown as _shown

TYPE_TO_SCHEDULER_FUNCTION: dict[str, Callable[..., Any]] = {
    "linear": get_linear_schedule_with_warmup,
    "cosine": get_cosine_schedule_with_warmup,
    "cosine_with_restarts": get_cosine_with_hard_restarts_schedule_with_warmup,
    "polynomial": get_polynomial_decay_schedule_with_warmup,
    "constant": get_constant_schedule,
    "constant_with_warmup": get_constant_schedule_with_warmup,
    "inverse_sqrt": get_inverse_sqrt_schedule,
    "reduce_lr_on_plateau": get_reduce_on_plateau_schedule,
    "cosine_with_min_lr": get_cosine_with_min_lr_schedule_with_warmup,
    "cosine_warmup_with_min_lr": get_cosine_with_min_lr_schedule_with_warmup_lr_rate,
    "warmup_stable_decay": get_wsd_schedule,
    "greedy": get_greedy_schedule,
}


@_foreign
def get_scheduler(
    name: Any,
    lr: Any,
    num_warmup_steps: _Number | None = None,
    num_training_steps: _Number | None = None,
    scheduler_specific_kwargs: Mapping[str, Any] | None = None,
) -> js.Schedule | js.Controller:
    """`get_scheduler`: the schedule of that name, a string or a `SchedulerType`.

    What a schedule has no use for is ignored, as in transformers: "constant" takes nothing, "constant_with_warmup" only
    `num_warmup_steps`. "reduce_lr_on_plateau" and "greedy" give a controller. The steps of `warmup_ratio=0.1` are
    `jaxsched.Run(total=num_training_steps).fraction(0.1, rounding="up")`.

    Args:
        name: the name, as a key of `TYPE_TO_SCHEDULER_FUNCTION`.
        lr: a learning rate, or a list with one for each parameter group.
        scheduler_specific_kwargs: more arguments of the schedule, by their names.

    Raises:
        ValueError: an unknown name, or a number of steps that the schedule requires is missing.
        TypeError: `scheduler_specific_kwargs` has what the schedule does not take.

    Examples:
        >>> optimization.get_scheduler("linear", 0.5, 100, 1000)
        Warmup(ramp=Linear(start=0.0, end=Open(), steps=100), schedule=Linear(start=0.5, end=0.0, steps=900))
    """
    name = getattr(name, "value", name)
    if not isinstance(name, str) or name not in TYPE_TO_SCHEDULER_FUNCTION:
        close = _did_you_mean(name, TYPE_TO_SCHEDULER_FUNCTION, cutoff=0.6) if isinstance(name, str) else ""
        known = f"All are: {', '.join(TYPE_TO_SCHEDULER_FUNCTION)}."
        raise ValueError(f"`name` {_shown(name)} is not a valid SchedulerType. {close and close + ' '}{known}")
    if scheduler_specific_kwargs is not None and not _is_mapping(scheduler_specific_kwargs):
        raise TypeError(f"`scheduler_specific_kwargs` must be a dictionary: got {_shown(scheduler_specific_kwargs)}.")
    make, given = TYPE_TO_SCHEDULER_FUNCTION[name], dict(scheduler_specific_kwargs or {})
    if name in ("reduce_lr_on_plateau", "greedy"):
        return make(lr, **given)
    wanted = _inspect.signature(make).parameters
    if name in ("constant", "constant_with_warmup"):
        given = {}
    steps = {"num_warmup_steps": num_warmup_steps, "num_training_steps": num_training_steps}
    for word, x in steps.items():
        if x is None and word in wanted and wanted[word].default is wanted[word].empty:
            raise ValueError(f"{_shown(name)} requires `{word}`, please provide that argument.")
    for unknown in given.keys() - wanted.keys():
        raise TypeError(
            f"`scheduler_specific_kwargs` must be arguments of {make.__name__}(), which has no argument `{unknown}`."
        )
    return make(lr, **{word: x for word, x in steps.items() if word in wanted}, **given)
