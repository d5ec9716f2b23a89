"""Running trainings to choose a schedule: `diagnose`, what the losses of a short run say about its rate."""

from jaxsched.search.diagnose import Diagnosis as Diagnosis
from jaxsched.search.diagnose import diagnose as diagnose

for _each in (Diagnosis, diagnose):
    _each.__module__ = __name__
