"""What torch's schedulers do to the rate that is there, as data: what the functions of this module return.

A scheduler by itself is a function of the step. In `SequentialLR` and `ChainedScheduler` each turns the current rate
into the next one, whoever left it so. A `Rule` is both: a schedule, and that step.
"""

import abc
import dataclasses
from typing import Any

import jax.numpy as jnp

import jaxsched as js
from jaxsched.kinds import shown


class Rule(js.Schedule):
    """A scheduler of torch: its values by itself, and how it changes a rate."""

    @classmethod
    def check_field(cls, name: str, x: Any) -> Any:
        if not isinstance(x, cls):
            raise TypeError(
                f"`{name}` must come from a function of `jaxsched.compat.torch`, of which it is known how it changes a "
                f"rate: got {shown(x)}. Make it anew, with another `lr` or other lengths."
            )
        return x

    @abc.abstractmethod
    def start(self, lr: Any) -> Any:
        """The rate at epoch 0, if it was `lr` before."""

    @abc.abstractmethod
    def next(self, lr: Any, epoch: Any) -> Any:
        """The rate at an epoch after 0, if it was `lr` at the one before."""


class Closed(Rule):
    """A rule whose values by itself are those of a plain schedule."""

    @property
    @abc.abstractmethod
    def alone(self) -> js.Schedule: ...

    def at(self, step: Any) -> Any:
        return self.alone(step)

    @property
    def duration(self) -> Any:
        return self.alone.duration


class Resumes(Closed):
    """A rule that goes on from the rate that is there at a milestone of `SequentialLR`. All others begin anew."""

    @abc.abstractmethod
    def resumed(self, lr: Any) -> js.Schedule:
        """Its values from the milestone on, if the rate was `lr` before."""


class Sets(Closed):
    """A rate of its own, whatever was there: `LambdaLR`, `CyclicLR`, `OneCycleLR`, `CosineAnnealingWarmRestarts`."""

    schedule: js.Schedule

    @property
    def alone(self) -> js.Schedule:
        return self.schedule

    def start(self, lr: Any) -> Any:
        return self.schedule(0)

    def next(self, lr: Any, epoch: Any) -> Any:
        return self.schedule(epoch)


class Times(Closed):
    """A rule that multiplies the rate: `lr` times `factor`."""

    lr: js.Level
    factor: js.Schedule

    @property
    def alone(self) -> js.Schedule:
        return js.scale(self.factor, self.lr)


class Scales(Times):
    """The rate by the ratio of two neighbours of `factor`: `LinearLR` and its like."""

    def start(self, lr: Any) -> Any:
        return lr * self.factor(0)

    def next(self, lr: Any, epoch: Any) -> Any:
        return _towards(0.0, lr, self.factor, epoch, lr)


class Powers(Times):
    """The rate times `factor(1)`: `ExponentialLR`, whose own factor may be 0 long before the rate is."""

    def start(self, lr: Any) -> Any:
        return lr

    def next(self, lr: Any, epoch: Any) -> Any:
        return lr * self.factor(1)


class Multiplies(Times, Resumes):
    """The rate times a function of the epoch: `MultiplicativeLR`. `factor` is the product of `ratio`."""

    ratio: js.Schedule

    def start(self, lr: Any) -> Any:
        return lr

    def next(self, lr: Any, epoch: Any) -> Any:
        return lr * self.ratio(epoch)

    def resumed(self, lr: Any) -> Any:
        return js.scale(self.factor, lr * self.ratio(0))


class Anneals(Closed):
    """What is above `eta_min` by the ratio of two neighbours of a cosine, and anew from `lr` after each low."""

    lr: js.Level
    eta_min: js.Level
    factor: js.Schedule

    @property
    def alone(self) -> js.Schedule:
        return js.nodes.Blend(self.eta_min, self.lr, self.factor)

    def start(self, lr: Any) -> Any:
        return lr

    def next(self, lr: Any, epoch: Any) -> Any:
        return _towards(self.eta_min, lr, self.factor, epoch, lr + (self.lr - self.eta_min) * self.factor(epoch))


class Mixes(Resumes):
    """From the rate that is there to the end of a ramp by its growing weight: `SWALR`."""

    ramp: js.Ramp

    @property
    def alone(self) -> js.Schedule:
        return self.ramp

    @property
    def lr(self) -> Any:
        return self.ramp.start

    def start(self, lr: Any) -> Any:
        return self.resumed(lr)(0)

    def next(self, lr: Any, epoch: Any) -> Any:
        falling = dataclasses.replace(self.ramp, start=1.0, end=0.0)
        return _towards(self.ramp.end, lr, falling, epoch, self.ramp.end)

    def resumed(self, lr: Any) -> Any:
        return dataclasses.replace(self.ramp, start=lr)


def _towards(end: Any, lr: Any, factor: js.Schedule, epoch: Any, after_zero: Any) -> Any:
    """What is above `end`, by the ratio of two neighbours of `factor`."""
    before = factor(epoch - 1)
    return jnp.where(before == 0, after_zero, end + (lr - end) * factor(epoch) / jnp.where(before == 0, 1, before))
