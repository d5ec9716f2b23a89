"""The rules by which PPO libraries move their rate with the KL, in float64, under the names they have.

Written from the rules, not from ours: of rsl_rl at 51d06cf, brax at 0fe12f0, rl_games at 8a8909e and skrl at 17a102a.
"""

from typing import Any


class Adaptive:
    """A rate that is divided by a factor above a band around the target, and multiplied below it."""

    def __init__(
        self, target: float, low: float, high: float, band: float = 2.0, factor: float = 1.5, above: float | None = 0.0
    ) -> None:
        self.target, self.low, self.high, self.band, self.factor = target, low, high, band, factor
        self.above = above  # a KL that is no larger moves nothing
        self.rate = 1e-3

    def update(self, kl: float) -> float:
        if kl > self.target * self.band:
            self.rate = max(self.rate / self.factor, self.low)
        elif kl < self.target / self.band and (self.above is None or kl > self.above):
            self.rate = min(self.rate * self.factor, self.high)
        return self.rate


def PPO(actor_critic: Any, learning_rate: float, schedule: str, desired_kl: float) -> Adaptive:
    """rsl_rl's."""
    rule = Adaptive(desired_kl, 1e-5, 1e-2)
    rule.rate = learning_rate
    return rule


def adaptive_kl_learning_rate(optimizer_state: Any, kl_mean: Any, desired_kl: float) -> Adaptive:
    """brax's."""
    return Adaptive(desired_kl, 1e-5, 1e-2)


def AdaptiveScheduler(kl_threshold: float) -> Adaptive:
    """That of rl_games."""
    return Adaptive(kl_threshold, 1e-6, 1e-2, above=None)


def KLAdaptiveLR(kl_threshold: float, min_lr: float, max_lr: float, kl_factor: float, lr_factor: float) -> Adaptive:
    """skrl's."""
    return Adaptive(kl_threshold, min_lr, max_lr, kl_factor, lr_factor, above=None)
