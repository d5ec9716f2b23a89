"""What torch's schedulers do to the rate that is there: their recursions, for when several act on one rate.

A scheduler by itself is a function of the step. In `SequentialLR` and `ChainedScheduler` each turns the current rate
into the next one, whoever left it there; a `Rule` is that step. As a schedule it takes the steps one by one, in a
loop: what is left to a composition that has no closed form.
"""

import abc
import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp

import jaxsched as js
from jaxsched.compat._functions import wide
from jaxsched.compat.torch._arguments import is_known, plain


class Rule(js.Schedule):
    """One scheduler of torch as a recursion. Its value as a schedule is found by taking all steps up to that one."""

    lr: js.Numeric

    @abc.abstractmethod
    def start(self, lr: Any) -> Any:
        """The rate at epoch 0, if it was `lr` before."""

    @abc.abstractmethod
    def next(self, lr: Any, epoch: Any) -> Any:
        """The rate at an epoch after 0, if it was `lr` at the one before."""

    @abc.abstractmethod
    def restart(self, lr: Any) -> Any:
        """The rate at a milestone of `SequentialLR`, if it was `lr` before."""

    def nested(self) -> "Rule":
        """The rule of a scheduler that `SequentialLR` starts through another one: its epoch 0 is a step like others."""
        return self

    def __repr__(self):
        alone = getattr(self, "schedule", None)  # which says it all
        return super().__repr__() if alone is None else f"{type(self).__name__}({alone!r})"

    def at(self, step):
        leaves, structure = jax.tree.flatten(self)
        value = functools.partial(_all_steps, structure, leaves)
        return jax.vmap(value)(step.ravel()).reshape(step.shape) if step.ndim else value(step)


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _all_steps(structure, leaves, step):
    def formula(step, *leaves):
        rule = jax.tree.unflatten(structure, leaves)
        last = jnp.floor(step).astype(jnp.result_type(int))
        lr = jnp.asarray(rule.start(rule.lr)).astype(jnp.result_type(float))
        body = lambda epoch, lr: jnp.asarray(rule.next(lr, epoch)).astype(lr.dtype)  # noqa: E731
        if forgets(rule):
            return jnp.where(last > 0, body(last, lr), lr)
        return jax.lax.fori_loop(1, last + 1, body, lr)

    return wide(formula, step, *leaves)


@_all_steps.defjvp
def _(structure, primals, tangents):
    # A loop of unknown length has forward gradients only; a few numbers need no others, and these can be transposed.
    (leaves, step), (slopes, _) = primals, tangents
    real = [i for i, leaf in enumerate(leaves) if jnp.issubdtype(jnp.result_type(leaf), jnp.floating)]

    def value(*given):
        filled = list(leaves)
        for i, leaf in zip(real, given, strict=True):
            filled[i] = leaf
        return _all_steps.__wrapped__(structure, filled, step)

    given = [leaves[i] for i in real]
    gradients = jax.jacfwd(value, argnums=tuple(range(len(given))))(*given)
    parts = [jnp.sum(gradient * slopes[i]) for i, gradient in zip(real, gradients, strict=True)]
    return value(*given), sum(parts, jnp.zeros((), jnp.result_type(float)))


class Scales(Rule):
    """The rate by the ratio of two neighbours of `factor`: `LinearLR` and its like."""

    schedule: js.Schedule
    factor: js.Schedule
    first: js.Numeric = 1.0
    extra: js.Numeric = 1.0

    def start(self, lr):
        return lr * self.factor(jnp.zeros((), int)) * self.extra

    def next(self, lr, epoch):
        now, before = self.factor(epoch), self.factor(epoch - 1)
        return lr * jnp.where(before == 0, 1, now / jnp.where(before == 0, 1, before))

    def restart(self, lr):
        return self.schedule(jnp.zeros((), int))

    def nested(self):
        return dataclasses.replace(self, extra=self.first)


class Powers(Rule):
    """The rate times a constant, kept as minus its logarithm: `ExponentialLR`."""

    schedule: js.Schedule
    factor: js.Schedule
    damping: js.Numeric
    extra: js.Numeric = 1.0

    def start(self, lr):
        return lr * self.extra

    def next(self, lr, epoch):
        return lr * jnp.exp(-self.damping)

    def restart(self, lr):
        return self.lr

    def nested(self):
        return dataclasses.replace(self, extra=plain(jnp.exp(-self.damping)))


class Multiplies(Rule):
    """The rate times a function of the epoch: `MultiplicativeLR`. At a milestone it goes on from the rate there."""

    schedule: js.Schedule
    factor: js.Schedule
    ratio: js.Schedule
    extra: js.Numeric = 1.0

    def start(self, lr):
        return lr * self.extra

    def next(self, lr, epoch):
        return lr * self.ratio(epoch)

    def restart(self, lr):
        return lr * self.ratio(jnp.zeros((), int))

    def nested(self):
        return dataclasses.replace(self, extra=self.ratio(0))


class Sets(Rule):
    """A rate of its own, whatever was there: `LambdaLR`, `CyclicLR`, `OneCycleLR`, `CosineAnnealingWarmRestarts`."""

    schedule: js.Schedule

    def start(self, lr):
        return self.schedule(jnp.zeros((), int))

    def next(self, lr, epoch):
        return self.schedule(epoch)

    def restart(self, lr):
        return self.schedule(jnp.zeros((), int))


class Anneals(Rule):
    """What is above `eta_min` by the ratio of two neighbours of a cosine, and anew from `lr` after each low."""

    schedule: js.Schedule
    T_max: js.Numeric
    eta_min: js.Numeric
    parts: js.Numeric = 1
    extra: js.Numeric = 1.0

    def start(self, lr):
        return self.eta_min + (lr - self.eta_min) * self.extra

    def next(self, lr, epoch):
        T_max = self.T_max / self.parts
        now, before = 1 + jnp.cos(jnp.pi * epoch / T_max), 1 + jnp.cos(jnp.pi * (epoch - 1) / T_max)
        from_low = lr + (self.lr - self.eta_min) * (1 - jnp.cos(jnp.pi / T_max)) / 2
        low = (epoch - 1 - T_max) % (2 * T_max) == 0
        falling = self.eta_min + (lr - self.eta_min) * now / jnp.where(before == 0, 1, before)
        return jnp.where(low, from_low, falling)

    def restart(self, lr):
        return self.lr

    def nested(self):
        # At epoch 0 there is a step from epoch -1, whose cosine is below 1; for a `T_max` of 1 it is a low.
        before = 1 + jnp.cos(jnp.pi * self.parts / self.T_max)
        return dataclasses.replace(self, extra=plain(jnp.where(before == 0, 2, 2 / jnp.where(before == 0, 1, before))))


class Mixes(Rule):
    """From the rate that is there to `swa_lr` by a growing weight: `SWALR`."""

    schedule: js.Schedule
    swa_lr: js.Numeric
    weight: js.Schedule
    ahead: js.Numeric = 0

    def start(self, lr):
        return self.next(lr, jnp.zeros((), int))

    def next(self, lr, epoch):
        now, before = self.weight(epoch + self.ahead), self.weight(epoch + self.ahead - 1)
        full = before == 1
        origin = jnp.where(full, self.swa_lr, (lr - before * self.swa_lr) / jnp.where(full, 1, 1 - before))
        return self.swa_lr * now + origin * (1 - now)

    def restart(self, lr):
        return self.next(lr, jnp.zeros((), int))

    def nested(self):
        return dataclasses.replace(self, ahead=1)


class Chains(Rule):
    """One after another at every epoch: `ChainedScheduler`."""

    rules: tuple

    def start(self, lr):
        return functools.reduce(lambda lr, rule: rule.start(lr), self.rules, lr)

    def next(self, lr, epoch):
        return functools.reduce(lambda lr, rule: rule.next(lr, epoch), self.rules, lr)

    def restart(self, lr):
        return self.start(self.lr)  # torch has no such thing

    def nested(self):
        return dataclasses.replace(self, rules=tuple(rule.nested() for rule in self.rules))


class Switches(Rule):
    """One after another, each from its milestone on: `SequentialLR`."""

    rules: tuple
    milestones: tuple

    def start(self, lr):
        return self.rules[0].start(self.lr)

    def next(self, lr, epoch):
        value = self.rules[0].next(lr, epoch)
        for rule, milestone in zip(self.rules[1:], self.milestones, strict=True):
            later = jnp.where(epoch == milestone, rule.restart(lr), rule.next(lr, jnp.maximum(epoch - milestone, 1)))
            value = jnp.where(epoch >= milestone, later, value)
        return value

    def restart(self, lr):
        return self.start(self.lr)  # torch has no such thing

    def nested(self):
        return switches(self.lr, (self.rules[0].nested(), *self.rules[1:]), [m - 1 for m in self.milestones])


def switches(lr: Any, rules: Any, milestones: Any) -> Switches:
    """The rule of `SequentialLR`, without the schedulers that are over before epoch 0."""
    known = [m for m in milestones if is_known(m)]
    begun = sum(m <= 0 for m in known)
    first, *others = rules[begun:]
    if isinstance(first, (Chains, Switches)):
        first = first.nested()
    return Switches(lr, (first, *others), tuple(milestones[begun:]))


def forgets(rule: Rule) -> bool:
    """Whether the rate of the epoch before does not matter."""
    return isinstance(rule, Sets) or (isinstance(rule, Chains) and any(map(forgets, rule.rules)))
