"""Running trainings to choose a schedule: the LR range test, what the losses of a short run say
about its rate, and whether an optimizer follows its schedule."""

from jaxsched.search._applied import Applied as Applied
from jaxsched.search._applied import check_applied as check_applied
from jaxsched.search._diagnose import Diagnosis as Diagnosis
from jaxsched.search._diagnose import diagnose as diagnose
from jaxsched.search._range_test import RangeTest as RangeTest
from jaxsched.search._range_test import range_test as range_test

for _each in (Applied, check_applied, Diagnosis, diagnose, RangeTest, range_test):
    _each.__module__ = __name__
