"""timm's schedulers, with their names and arguments: the value at t is that after `step(t)`, or `step_update(t)`.

`from jaxsched.compat import timm as scheduler`. Put the learning rate, `lr`, where timm takes the optimizer: a number,
or a list with one for each parameter group, which makes a list of schedules. `t_in_epochs` and `initialize` change no
value: t counts what the schedule is called with, so a schedule in epochs runs by updates as
`jaxsched.per_epoch(schedule, updates_per_epoch)`. As in timm, without `warmup_prefix` the clock runs on during the
warmup, and a milestone m acts at m - 1. What differs from timm 1.0.31:

- A restart is at its exact step. timm computes the cycle by a floating logarithm, which is wrong at some steps
  (`cycle_mul=3, t_initial=1`, step 121). Cycles that shrink (`cycle_mul` below 1) end in `lr_min`, not in an error.
- Noise has the same distribution, in the same range, and depends on the seed and t only, but its draws are others.
- A fractional `decay_t` is taken for what it is written as: with 1.1 the tenth cut is at step 11, in timm at step 12.
- In `PlateauLRScheduler` NaN is never the best metric, and a threshold means what it says for negative metrics. Noise
  ends where the rate comes to `lr_min`. Before epoch 1 the rate is the first one, which timm's `step(0)` without a
  warmup sets to 0.
- Raises, unlike timm: a negative `decay_rate`, `cycle_decay`, `cycle_limit`, milestone or `warmup_lr_init`, unsorted
  milestones, an unknown `noise_type`.
- A traced `cycle_limit` is refused; every other number may be traced.
"""

from jaxsched.compat.timm._cycles import CosineLRScheduler as CosineLRScheduler
from jaxsched.compat.timm._cycles import PolyLRScheduler as PolyLRScheduler
from jaxsched.compat.timm._cycles import TanhLRScheduler as TanhLRScheduler
from jaxsched.compat.timm._factory import create_scheduler as create_scheduler
from jaxsched.compat.timm._factory import create_scheduler_v2 as create_scheduler_v2
from jaxsched.compat.timm._factory import scheduler_kwargs as scheduler_kwargs
from jaxsched.compat.timm._steps import MultiStepLRScheduler as MultiStepLRScheduler
from jaxsched.compat.timm._steps import PlateauLRScheduler as PlateauLRScheduler
from jaxsched.compat.timm._steps import StepLRScheduler as StepLRScheduler
from jaxsched.compat.timm._steps import WSDLRScheduler as WSDLRScheduler
