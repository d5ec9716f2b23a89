"""Every function of `optax.schedules`, with its name and arguments.

Switching is a change of import: `from jaxsched.compat import optax as schedules`. What differs from optax 0.2.8:

- A length of 0 means "not there". There a `transition_steps` of 0 holds `init_value` for ever, so that
  `warmup_constant_schedule(0., 1., 0)` trains nothing; here the schedule is at `end_value`.
- A `decay_rate` of 0 falls to 0 after step 0, or to `end_value`; there it decays nothing.
- `join_schedules` refuses boundaries that are missing, left over or unsorted; there they are dropped, or misread.
- A phase of a one-cycle that comes to no steps is not there; there it may replace its neighbour.
- Before step 0 the value is the first one; there `piecewise_interpolate_schedule` gives 0.
- The last steps of a cosine are right to the last digit; there they are off, by 21 % one step before the end of 10,000.
- Every number may be traced.
"""

from typing import Any

from jaxsched.compat.optax._composed import cosine_onecycle_schedule as cosine_onecycle_schedule
from jaxsched.compat.optax._composed import join_schedules as join_schedules
from jaxsched.compat.optax._composed import linear_onecycle_schedule as linear_onecycle_schedule
from jaxsched.compat.optax._composed import sgdr_schedule as sgdr_schedule
from jaxsched.compat.optax._composed import warmup_constant_schedule as warmup_constant_schedule
from jaxsched.compat.optax._composed import warmup_cosine_decay_schedule as warmup_cosine_decay_schedule
from jaxsched.compat.optax._composed import warmup_exponential_decay_schedule as warmup_exponential_decay_schedule
from jaxsched.compat.optax._inject import inject_hyperparams as inject_hyperparams
from jaxsched.compat.optax._inject import inject_stateful_hyperparams as inject_stateful_hyperparams
from jaxsched.compat.optax._inject import theirs as _theirs
from jaxsched.compat.optax._schedules import constant_schedule as constant_schedule
from jaxsched.compat.optax._schedules import cosine_decay_schedule as cosine_decay_schedule
from jaxsched.compat.optax._schedules import exponential_decay as exponential_decay
from jaxsched.compat.optax._schedules import linear_schedule as linear_schedule
from jaxsched.compat.optax._schedules import piecewise_constant_schedule as piecewise_constant_schedule
from jaxsched.compat.optax._schedules import piecewise_interpolate_schedule as piecewise_interpolate_schedule
from jaxsched.compat.optax._schedules import polynomial_schedule as polynomial_schedule

_TYPES = {"InjectHyperparamsState", "InjectStatefulHyperparamsState", "Schedule", "StatefulSchedule", "WrappedSchedule"}


def __getattr__(name: str) -> Any:
    """The types in `optax.schedules`, from there, so that one import replaces the other."""
    if name in _TYPES:
        return _theirs(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
