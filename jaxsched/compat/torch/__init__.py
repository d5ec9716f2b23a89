"""The schedulers of `torch.optim.lr_scheduler` and `SWALR`, with their names and arguments.

The learning rate `lr` stands first, in the place of the optimizer, in every function: `CosineAnnealingLR(optimizer,
T_max=10)` is `CosineAnnealingLR(0.1, T_max=10)`. A list where torch has one for the parameter groups gives a list of
schedules. `last_epoch` and `verbose` may have their defaults only: a schedule has no position,
`jaxsched.advance(schedule, n)` begins at epoch n, and an optimizer's state counts. `from_scheduler` reads a live
scheduler, and `to_scheduler` makes one. What differs from torch 2.13:

- A length of 0 means "not there": `LinearLR`, `PolynomialLR` and `ConstantLR` with `total_iters=0` are at their end.
  In torch they stay at their start for ever. An end between two steps is an end, which torch may miss.
- `OneCycleLR` holds its last value. In torch it leaves it at step `total_steps`, and raises after that.
- `OneCycleLR` and `CyclicLR` do not change the `lr` of their partners in a `SequentialLR`, and each of two `SWALR`
  keeps its `swa_lr`. (`from_scheduler` gives what the live objects do.)
- We do not copy: torch makes one step too many of a `SequentialLR` or `ChainedScheduler` that comes first in a
  `SequentialLR`. Its first value is changed by that step, and its milestones come one epoch early. Here it has its own
  values until the milestone. A later one begins anew at its milestone; torch raises.
- `ReduceLROnPlateau` improves on a negative metric by a part of its absolute value; in torch any value near it does.
- A cut of `ReduceLROnPlateau` lasts: `ReduceLROnPlateau(StepLR(0.1, 30))` scales the schedule. In torch, beside
  another scheduler on one optimizer, the next step of `LambdaLR`, `OneCycleLR`, `CyclicLR` or
  `CosineAnnealingWarmRestarts`, or of `SequentialLR` at a milestone, undoes it, and `CosineAnnealingLR` keeps it but
  for `eta_min`: after a cut to the half the rates differ by up to 0.5 of the base rate. `on_one_optimizer` lists by
  how much for each scheduler, and does as torch does.
- torch's recipe by hand, `swa_scheduler.step() if epoch > swa_start else scheduler.step()`, is one step ahead of a
  `SequentialLR` that ends in `SWALR`. It is
  `jaxsched.cooldown(schedule, at=swa_start + 1, steps=anneal_epochs, end=swa_lr, shape="cosine")`.
- No rounding adds up: torch multiplies its last value at every step.
- What has no meaning is refused: a negative `gamma`, `power` or milestone, unsorted milestones of `SequentialLR`, and
  a `step_size` or milestone that is no whole number.

Reproduced, since users rely on it: `CosineAnnealingLR` climbs again after `T_max`, `OneCycleLR` ends at step
`total_steps - 1`, `MultiplicativeLR` in a `SequentialLR` begins with `lr_lambda(0)` times the rate so far, and a chain
does what it does in torch.

What a function returns is a schedule of the values by themselves, and holds as data what `SequentialLR` and
`ChainedScheduler` need to know. So a copy of it, stored and read again, stacked or returned by `jax.jit`, means the
same in them.
"""

from jaxsched.compat.torch._away import to_scheduler as to_scheduler
from jaxsched.compat.torch._composed import ChainedScheduler as ChainedScheduler
from jaxsched.compat.torch._composed import ReduceLROnPlateau as ReduceLROnPlateau
from jaxsched.compat.torch._composed import SequentialLR as SequentialLR
from jaxsched.compat.torch._composed import on_one_optimizer as on_one_optimizer
from jaxsched.compat.torch._cycles import CyclicLR as CyclicLR
from jaxsched.compat.torch._cycles import CyclicMomentum as CyclicMomentum
from jaxsched.compat.torch._cycles import OneCycleLR as OneCycleLR
from jaxsched.compat.torch._cycles import OneCycleMomentum as OneCycleMomentum
from jaxsched.compat.torch._decays import SWALR as SWALR
from jaxsched.compat.torch._decays import ConstantLR as ConstantLR
from jaxsched.compat.torch._decays import CosineAnnealingLR as CosineAnnealingLR
from jaxsched.compat.torch._decays import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from jaxsched.compat.torch._decays import ExponentialLR as ExponentialLR
from jaxsched.compat.torch._decays import LinearLR as LinearLR
from jaxsched.compat.torch._decays import MultiStepLR as MultiStepLR
from jaxsched.compat.torch._decays import PolynomialLR as PolynomialLR
from jaxsched.compat.torch._decays import StepLR as StepLR
from jaxsched.compat.torch._lambdas import LambdaLR as LambdaLR
from jaxsched.compat.torch._lambdas import MultiplicativeLR as MultiplicativeLR
from jaxsched.compat.torch._objects import from_scheduler as from_scheduler
from jaxsched.compat.torch._turns import TurnState as TurnState

TurnState.__module__ = __name__


def __getattr__(name: str) -> object:
    """The classes of what `to_scheduler` makes, which pickles name: they need torch."""
    if name in ("ScheduleLR", "ControllerLR"):
        from jaxsched.compat.torch import _schedulers

        return getattr(_schedulers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
