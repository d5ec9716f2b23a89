"""Kinds of numbers: what an annotation says of a field or an argument, for classes and functions of your own."""

from jaxsched._combinators.warmup import Shape as Shape
from jaxsched._controllers.base import ControllerLike as ControllerLike
from jaxsched._controllers.base import PureSchedule as PureSchedule
from jaxsched._core.fields import by_formula as by_formula
from jaxsched._core.fields import is_list as is_list
from jaxsched._core.fields import is_mapping as is_mapping
from jaxsched._core.fields import is_sequence as is_sequence
from jaxsched._core.fields import is_traced as is_traced
from jaxsched._core.kinds import AtLeastOne as AtLeastOne
from jaxsched._core.kinds import Bound as Bound
from jaxsched._core.kinds import Count as Count
from jaxsched._core.kinds import Counts as Counts
from jaxsched._core.kinds import CountTuple as CountTuple
from jaxsched._core.kinds import Factor as Factor
from jaxsched._core.kinds import Indices as Indices
from jaxsched._core.kinds import InnerFactor as InnerFactor
from jaxsched._core.kinds import Key as Key
from jaxsched._core.kinds import Kind as Kind
from jaxsched._core.kinds import Lengths as Lengths
from jaxsched._core.kinds import Level as Level
from jaxsched._core.kinds import Levels as Levels
from jaxsched._core.kinds import Log as Log
from jaxsched._core.kinds import MinusLog as MinusLog
from jaxsched._core.kinds import NotNegative as NotNegative
from jaxsched._core.kinds import Numeric as Numeric
from jaxsched._core.kinds import Part as Part
from jaxsched._core.kinds import PartBelowOne as PartBelowOne
from jaxsched._core.kinds import Positive as Positive
from jaxsched._core.kinds import Real as Real
from jaxsched._core.kinds import Reals as Reals
from jaxsched._core.kinds import Sign as Sign
from jaxsched._core.kinds import Times as Times
from jaxsched._core.kinds import Total as Total
from jaxsched._core.kinds import Whole as Whole
from jaxsched._core.kinds import WholeAtLeastOne as WholeAtLeastOne
from jaxsched._core.kinds import checked as checked
from jaxsched._core.kinds import checker as checker
from jaxsched._core.kinds import checks_of as checks_of
from jaxsched._core.kinds import public_module as public_module
from jaxsched._core.node import written as written
from jaxsched._core.schedule import Schedules as Schedules
from jaxsched._core.words import shown as shown
from jaxsched._curves.ramp import End as End
from jaxsched._names import publish as _publish

_publish(globals())
