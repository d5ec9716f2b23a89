"""Running trainings to choose a schedule: the LR range test, a sweep over many schedules, a study on Optuna, what the
losses of a short run say about its rate, and whether an optimizer follows its schedule."""

from jaxsched.search._applied import Applied as Applied
from jaxsched.search._applied import check_applied as check_applied
from jaxsched.search._diagnose import Diagnosis as Diagnosis
from jaxsched.search._diagnose import diagnose as diagnose
from jaxsched.search._halving import Halving as Halving
from jaxsched.search._halving import successive_halving as successive_halving
from jaxsched.search._range_test import RangeTest as RangeTest
from jaxsched.search._range_test import range_test as range_test
from jaxsched.search._results import Best as Best
from jaxsched.search._results import Sweep as Sweep
from jaxsched.search._study import study as study
from jaxsched.search._sweep import sweep as sweep

for _each in (
    Applied,
    check_applied,
    Best,
    Diagnosis,
    diagnose,
    Halving,
    RangeTest,
    range_test,
    study,
    successive_halving,
    Sweep,
    sweep,
):
    _each.__module__ = __name__
