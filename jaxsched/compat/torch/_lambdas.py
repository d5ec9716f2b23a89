"""The schedulers of torch that take a function of the epoch."""

from collections.abc import Callable, Sequence
from typing import Any

from jaxsched.compat._functions import as_factor, product_of
from jaxsched.compat.torch._arguments import Number, Schedules, for_each_group, rate
from jaxsched.compat.torch._rules import Multiplies, Sets


def LambdaLR(lr: Number, lr_lambda: Callable[[Any], Any] | Sequence[Callable[[Any], Any]]) -> Schedules:
    r"""`torch.optim.lr_scheduler.LambdaLR`: $l\,f(t)$.

    Any function of a Python int will do. One that JAX can trace is compiled, in float64 where the backend has it. One
    that it cannot (`if epoch < 10`, `math.cos`) is called on the host by the compiled program: that works under `jit`
    and `vmap` as well, and costs a call at every step. `js.nodes.Piecewise` or `jnp.where` need no host. To find out which it
    is, the function is called a few times here.

    Raises:
        TypeError: `lr_lambda` is no function of the epoch.
        ValueError: lists of different lengths.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> float(schedulers.LambdaLR(0.5, lambda epoch: 0.5**epoch)(2))
        0.125
    """

    def one(lr, lr_lambda):
        return Sets(rate("lr", lr) * as_factor("lr_lambda", lr_lambda))

    return for_each_group(one, lr=lr, lr_lambda=lr_lambda)


def MultiplicativeLR(lr: Number, lr_lambda: Callable[[Any], Any] | Sequence[Callable[[Any], Any]]) -> Schedules:
    r"""`torch.optim.lr_scheduler.MultiplicativeLR`: $l \prod_{s=1}^{t} f(s)$.

    There is no end up to which the product could be tabulated, so it is formed anew at each call, 256 factors at a
    time. For a run of known length `js.multiplicative_decay(lr, lr_lambda, steps)` is a look-up. A function that JAX
    cannot trace is called on the host, once for each step.

    Raises:
        TypeError: `lr_lambda` is no function of the epoch.
        ValueError: lists of different lengths.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> float(schedulers.MultiplicativeLR(1.0, lambda epoch: 0.5)(3))
        0.125
    """

    def one(lr, lr_lambda):
        ratio = as_factor("lr_lambda", lr_lambda)
        return Multiplies(rate("lr", lr), product_of(ratio), ratio)

    return for_each_group(one, lr=lr, lr_lambda=lr_lambda)
