"""Every function of `optax.schedules`, with its name and arguments.

Switching is a change of import: `from jaxsched.compat import optax as schedules`. What differs from optax 0.2.8:

- A length of 0 means "not there": the schedule is at `end_value`. In optax a `transition_steps` of 0 holds `init_value`
  for ever, so that `warmup_constant_schedule(0., 1., 0)` trains nothing.
- A `decay_rate` of 0 falls to 0 after step 0, or to `end_value`; in optax it decays nothing.
- `join_schedules` refuses boundaries that are missing, left over or unsorted; optax drops or misreads them.
- A phase of a one-cycle that comes to no steps is not there; in optax it may replace its neighbour.
- Before step 0 the value is the first one; `piecewise_interpolate_schedule` of optax gives 0.
- The last steps of a cosine are right to the last digit; optax's are off, by 21 % one step before the end of 10,000.
- Every number may be traced.

`inject_hyperparams`, `inject_stateful_hyperparams` (its older name) and the types are optax's own, so that code that
reads and writes their state goes on working. `jaxsched.inject` keeps the schedules in the optimizer's state too, where
they can be swept and replaced.

    >>> import optax
    >>> from jaxsched.compat import optax as schedules
    >>> optimizer = schedules.inject_hyperparams(optax.sgd)(schedules.linear_schedule(0.5, 0.0, 10))
    >>> float(optimizer.init(np.ones(2)).hyperparams["learning_rate"])
    0.5
"""

import importlib as _importlib
from typing import TYPE_CHECKING as _TYPE_CHECKING

from jaxsched.compat.optax._composed import cosine_onecycle_schedule as cosine_onecycle_schedule
from jaxsched.compat.optax._composed import join_schedules as join_schedules
from jaxsched.compat.optax._composed import linear_onecycle_schedule as linear_onecycle_schedule
from jaxsched.compat.optax._composed import sgdr_schedule as sgdr_schedule
from jaxsched.compat.optax._composed import warmup_constant_schedule as warmup_constant_schedule
from jaxsched.compat.optax._composed import warmup_cosine_decay_schedule as warmup_cosine_decay_schedule
from jaxsched.compat.optax._composed import warmup_exponential_decay_schedule as warmup_exponential_decay_schedule
from jaxsched.compat.optax._schedules import constant_schedule as constant_schedule
from jaxsched.compat.optax._schedules import cosine_decay_schedule as cosine_decay_schedule
from jaxsched.compat.optax._schedules import exponential_decay as exponential_decay
from jaxsched.compat.optax._schedules import linear_schedule as linear_schedule
from jaxsched.compat.optax._schedules import piecewise_constant_schedule as piecewise_constant_schedule
from jaxsched.compat.optax._schedules import piecewise_interpolate_schedule as piecewise_interpolate_schedule
from jaxsched.compat.optax._schedules import polynomial_schedule as polynomial_schedule

if _TYPE_CHECKING:
    from optax.schedules import InjectHyperparamsState as InjectHyperparamsState
    from optax.schedules import InjectStatefulHyperparamsState as InjectStatefulHyperparamsState
    from optax.schedules import Schedule as Schedule
    from optax.schedules import StatefulSchedule as StatefulSchedule
    from optax.schedules import WrappedSchedule as WrappedSchedule
    from optax.schedules import inject_hyperparams as inject_hyperparams
    from optax.schedules import inject_stateful_hyperparams as inject_stateful_hyperparams
else:
    _THEIRS = {"InjectHyperparamsState", "InjectStatefulHyperparamsState", "Schedule", "StatefulSchedule"}
    _THEIRS |= {"WrappedSchedule", "inject_hyperparams", "inject_stateful_hyperparams"}

    def __dir__() -> list[str]:
        return [*(name for name in globals() if not name.startswith("_")), *_THEIRS]

    def __getattr__(name: str) -> object:
        """What is optax's own, when it is first asked for: it takes time to import optax."""
        if name in _THEIRS:
            return getattr(_importlib.import_module("optax.schedules"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
