"""Rules of range tests: which rate a curve of losses by growing rates suggests."""

from collections.abc import Callable
from typing import Literal

import numpy as np

Rule = Literal["steepest", "valley", "slide", "minimum"]


def smoothed(losses: np.ndarray, smoothing: float) -> np.ndarray:
    """The exponential moving average of losses, corrected for its start from 0."""
    mean, found = 0.0, []
    for i, loss in enumerate(losses, start=1):
        mean = smoothing * mean + (1 - smoothing) * loss
        found.append(mean / (1 - smoothing**i))
    return np.asarray(found)


def diverged(smooth: np.ndarray, stop: float | None) -> np.ndarray:
    """At which points the loss is so far above the least before it that it diverged."""
    best = np.minimum.accumulate(smooth)
    return smooth > best + (np.inf if stop is None else (stop - 1) * np.abs(best))


def stops(smooth: np.ndarray, stop: float | None) -> int:
    """How many points there are until the loss diverged, that point included."""
    over = diverged(smooth, stop)
    return int(np.argmax(over)) + 1 if over.any() else len(smooth)


def steepest(losses: np.ndarray) -> int:
    """Where the loss falls fastest, up to its minimum: `FastaiLRFinder.lr_suggestion` of Ignite."""
    return int(np.argmin(np.gradient(losses)[: np.argmin(losses) + 1]))


def minimum(losses: np.ndarray) -> int:
    return int(np.argmin(losses))


def valley(losses: np.ndarray) -> int:
    """Half-way down the longest run of falling losses, which may have others between them: `valley` of fastai."""
    lengths = np.ones(len(losses), int)
    for i in range(1, len(losses)):
        lengths[i] += np.max(lengths[:i], initial=0, where=losses[:i] > losses[i])
    end = int(np.argmax(lengths))
    start = end - int(lengths[end])  # one before it, and -1 if it is the first: as fastai has it
    third = (end - start) / 3
    return start + int(third) + int(third / 2)


def slide(losses: np.ndarray, apart: int = 15, least: float = 0.005) -> int:
    """From the end back to where the slope changes little over `apart` points: `slide` of fastai."""
    slope, n = np.gradient(losses), len(losses)
    right, left = n - 1, n - 1 - apart
    found = max(left, 0)
    while left >= 0 and abs(slope[right] - slope[left]) > least:
        found, right, left = left, right - 1, left - 1
    return found


FACTORS = {"minimum": 0.1}
"""What the rate at the point of a rule is multiplied by."""

RULES: dict[str, Callable[[np.ndarray], int]] = {
    "steepest": steepest,
    "valley": valley,
    "slide": slide,
    "minimum": minimum,
}
