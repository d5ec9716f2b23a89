"""The schedulers of torch that take a function of the epoch."""

from collections.abc import Callable
from typing import Any

import jaxsched as js
from jaxsched.compat._foreign import LastEpoch, Verbose, foreign
from jaxsched.compat._functions import as_factor, product_of
from jaxsched.compat.torch._kinds import Rate
from jaxsched.compat.torch._rules import Multiplies, Sets
from jaxsched.compat.torch._transformers import schedule_of
from jaxsched.compat.torch._words import in_its_words


@in_its_words
@foreign(groups=("lr", "lr_lambda"), names={"fn": "lr_lambda"})
def LambdaLR(
    lr: Rate, lr_lambda: Callable[[Any], Any], last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`torch.optim.lr_scheduler.LambdaLR`: $l\,f(t)$.

    Any function of a Python int will do. One that JAX can trace is compiled, in float64 where the backend has it. One
    that it cannot (`if epoch < 10`, `math.cos`) is called on the host by the compiled program: that works under `jit`
    and `vmap` as well, and costs a call at every step. `js.piecewise_constant` or `jnp.where` need no host. To find out
    which it is, the function is called a few times here. The functions that `transformers` hands to torch become what
    `compat.transformers` makes, which needs no host. A list of functions is for the parameter groups.

    Raises:
        TypeError: `lr_lambda` is no function of the epoch.

    Examples:
        >>> float(schedulers.LambdaLR(0.5, lambda epoch: 0.5**epoch)(2))
        0.125
    """
    known = schedule_of(lr, lr_lambda)
    return Sets(lr * as_factor("lr_lambda", lr_lambda) if known is None else known)


@in_its_words
@foreign(groups=("lr", "lr_lambda"), names={"fn": "lr_lambda"})
def MultiplicativeLR(
    lr: Rate, lr_lambda: Callable[[Any], Any], last_epoch: LastEpoch = -1, verbose: Verbose = False
) -> js.Schedule:
    r"""`torch.optim.lr_scheduler.MultiplicativeLR`: $l \prod_{s=1}^{t} f(s)$.

    There is no end up to which the product could be tabulated, so it is formed anew at each call, 256 factors at a
    time. For a run of known length `js.multiplicative_decay(lr, lr_lambda, steps)` is a look-up. A function that JAX
    cannot trace is called on the host, once for each step.

    Raises:
        TypeError: `lr_lambda` is no function of the epoch.

    Examples:
        >>> float(schedulers.MultiplicativeLR(1.0, lambda epoch: 0.5)(3))
        0.125
    """
    ratio = as_factor("lr_lambda", lr_lambda)
    return Multiplies(lr, product_of(ratio), ratio)
