"""Every class of `paddle.optimizer.lr`, with its name and arguments: at step t the value after t calls of `step()`.

`from jaxsched.compat import paddle as lr`. `last_epoch` and `verbose` may have their defaults only: to begin at step n,
write `jaxsched.advance(schedule, n)`. `LRScheduler` is `jaxsched.Schedule`. What differs from Paddle 3.3.1:

- A restart is at its exact step. Inside `LinearWarmup`, Paddle's `CosineAnnealingWarmRestarts` takes it from a floating
  logarithm, and shows `eta_min` instead of the peak at some (`T_0=1, T_mult=3`, step 121).
- `OneCycleLR` holds its end. In Paddle one step more overshoots it, even below 0, and the next raises; a phase of no
  length divides by 0.
- `NoamDecay` without warmup steps begins at its peak; Paddle divides by 0.
- In `ReduceOnPlateau` NaN is a bad metric and never the best one, and a relative threshold means what it says for
  negative metrics; in Paddle a first NaN stays the best for ever, and of negative metrics slightly worse ones improve.
- Unlike Paddle, these raise: unsorted boundaries, a negative `gamma` or `exp_gamma`, thresholds and waits below 0.
"""

from jaxsched.compat.paddle._cycles import CosineAnnealingDecay as CosineAnnealingDecay
from jaxsched.compat.paddle._cycles import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from jaxsched.compat.paddle._cycles import CyclicLR as CyclicLR
from jaxsched.compat.paddle._cycles import LinearWarmup as LinearWarmup
from jaxsched.compat.paddle._cycles import OneCycleLR as OneCycleLR
from jaxsched.compat.paddle._cycles import ReduceOnPlateau as ReduceOnPlateau
from jaxsched.compat.paddle._decays import ExponentialDecay as ExponentialDecay
from jaxsched.compat.paddle._decays import InverseTimeDecay as InverseTimeDecay
from jaxsched.compat.paddle._decays import LambdaDecay as LambdaDecay
from jaxsched.compat.paddle._decays import LinearLR as LinearLR
from jaxsched.compat.paddle._decays import MultiplicativeDecay as MultiplicativeDecay
from jaxsched.compat.paddle._decays import MultiStepDecay as MultiStepDecay
from jaxsched.compat.paddle._decays import NaturalExpDecay as NaturalExpDecay
from jaxsched.compat.paddle._decays import NoamDecay as NoamDecay
from jaxsched.compat.paddle._decays import PiecewiseDecay as PiecewiseDecay
from jaxsched.compat.paddle._decays import PolynomialDecay as PolynomialDecay
from jaxsched.compat.paddle._decays import StepDecay as StepDecay
