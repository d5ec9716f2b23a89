"""Judging a whole schedule before it is run: how good its shape is, which loss it will reach and how sure that is."""

from jaxsched.foresight._averages import implied_decay as implied_decay
from jaxsched.foresight._averages import merge_weights as merge_weights
from jaxsched.foresight._averages import update_weights as update_weights
from jaxsched.foresight._bound import Bound as Bound
from jaxsched.foresight._bound import bound as bound
from jaxsched.foresight._bound import transfer as transfer
from jaxsched.foresight._compare import Comparison as Comparison
from jaxsched.foresight._compare import compare as compare
from jaxsched.foresight._extend import Extension as Extension
from jaxsched.foresight._extend import Plan as Plan
from jaxsched.foresight._extend import extend as extend
from jaxsched.foresight._falling import Falling as Falling
from jaxsched.foresight._falling import falling as falling
from jaxsched.foresight._fit import Fit as Fit
from jaxsched.foresight._fit import Prediction as Prediction
from jaxsched.foresight._fit import fit as fit
from jaxsched.foresight._laws import AnnealingLaw as AnnealingLaw
from jaxsched.foresight._laws import FunctionalLaw as FunctionalLaw
from jaxsched.foresight._laws import Law as Law
from jaxsched.foresight._laws import MultiPowerLaw as MultiPowerLaw
from jaxsched.foresight._optimize import Optimum as Optimum
from jaxsched.foresight._optimize import optimize as optimize

for _each in (
    Falling,
    falling,
    Optimum,
    optimize,
    Bound,
    bound,
    transfer,
    Comparison,
    compare,
    Extension,
    Plan,
    extend,
    Fit,
    Prediction,
    fit,
    AnnealingLaw,
    FunctionalLaw,
    Law,
    MultiPowerLaw,
    implied_decay,
    merge_weights,
    update_weights,
):
    _each.__module__ = __name__
