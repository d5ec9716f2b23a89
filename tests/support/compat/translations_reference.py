"""Formulas of frameworks that are not on the package index, or drag too much in: in float64, under the names they have.

Each takes the framework's own arguments, in its words, so that the table's lines run here, and returns a function of
the step. Written from the formulas, not from ours: nothing here knows jaxsched. They are those of T5X at cc342d4,
big_vision at 0127fb6, MaxText at e591f30, Levanter at 9263f81, torchtitan at b5bcd76, nanoGPT at 3adf61e, Lightning at
7f0c343, and fastai's callback of 2.8.12.
"""

import bisect
import math
import types
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

Rate = Callable[[int], float]


def get_lr(it: int, learning_rate: float, warmup_iters: int, lr_decay_iters: int, min_lr: float) -> float:
    """nanoGPT's `train.py`."""
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    if it > lr_decay_iters:
        return min_lr
    part = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    return min_lr + 0.5 * (1 + math.cos(math.pi * part)) * (learning_rate - min_lr)


def lr_find(min_lr: float = 1e-8, max_lr: float = 1.0, num_training: int = 100, mode: str = "exponential") -> Rate:
    """What Lightning's `Tuner.lr_find` sweeps: its first step is at the start, and its second at 2 / num_training."""

    def rate(i):
        part = (i + 1) / num_training if i else 0.0
        return min_lr * (max_lr / min_lr) ** part if mode == "exponential" else min_lr + (max_lr - min_lr) * part

    return rate


class ReduceLROnPlateau:
    """fastai's callback on losses: the rate divided by `factor` after `patience` epochs without a new best."""

    def __init__(self, patience: int = 1, factor: float = 10.0, min_delta: float = 0.0, min_lr: float = 0.0):
        self.patience, self.factor, self.min_delta, self.min_lr = patience, factor, min_delta, min_lr
        self.best, self.wait, self.rate = math.inf, 0, 1.0

    def after_epoch(self, loss: float) -> float:
        if loss + self.min_delta < self.best:
            self.best, self.wait = loss, 0
            return self.rate
        self.wait += 1
        if self.wait >= self.patience:
            self.rate, self.wait = max(self.rate / self.factor, self.min_lr), 0
        return self.rate


def create_learning_rate_scheduler(
    factors: str,
    base_learning_rate: float = 0.5,
    warmup_steps: int = 1000,
    decay_factor: float = 0.5,
    steps_per_decay: int = 20000,
    steps_per_cycle: int = 100000,
    step_offset: int = 0,
    min_learning_rate: float = 1e-8,
) -> Rate:
    """T5X's product of factors."""

    def factor(name: str, t: int) -> float:
        since = max(0.0, (t - warmup_steps) / steps_per_cycle)
        slope = 1 + decay_factor * (warmup_steps - t)
        values: dict[str, Callable[[], float]] = {
            "constant": lambda: base_learning_rate,
            "linear_warmup": lambda: min(1.0, t / warmup_steps),
            "linear_decay": lambda: base_learning_rate * min(t / warmup_steps, slope),
            "rsqrt_decay": lambda: max(t, warmup_steps) ** -0.5,
            "rsqrt_normalized_decay": lambda: (warmup_steps / max(t, warmup_steps)) ** 0.5,
            "decay_every": lambda: decay_factor ** (t // steps_per_decay),
            "cosine_decay": lambda: 0.5 * (1 + math.cos(math.pi * (since % 1))),
        }
        return values[name]()

    def rate(step):
        t = max(0, step - step_offset)
        return max(math.prod(factor(name.strip(), t) for name in factors.split("*")), min_learning_rate)

    return rate


def create_learning_rate_schedule(*args: Any, **arguments: Any) -> Rate:
    """big_vision's and MaxText's functions have one name."""
    if isinstance(args[0], types.SimpleNamespace):
        return _maxtext(args[0])
    return _big_vision(*args, **arguments)


def Config(**arguments: Any) -> types.SimpleNamespace:
    """MaxText's configuration."""
    return types.SimpleNamespace(**arguments)


def _big_vision(
    total_steps: int,
    batch_size: int | None = None,
    data_size: int | None = None,
    base: float = 1.0,
    decay_type: str = "stair",
    scale_with_batchsize: bool = False,
    **kw: Any,
) -> Rate:
    def steps(prefix):
        per_unit = {"steps": 1.0, "percent": total_steps}
        if batch_size:
            per_unit |= {"examples": 1 / batch_size, "epochs": (data_size or 0) / batch_size}
        for unit, each in per_unit.items():
            if f"{prefix}_{unit}" in kw:
                count = kw[f"{prefix}_{unit}"] * each
                return max(round(count), 1) if count else 0
        return 0

    warm, cool = steps("warmup"), steps("cooldown")

    def rate(t):
        lr = base * batch_size / 256 if scale_with_batchsize and batch_size else base
        x = min(max((t - warm) / (total_steps - warm), 0.0), 1.0)
        if decay_type in ("linear", "polynomial"):
            end = kw.get("end", kw.get("linear_end", 0.0))
            lr = end + (lr - end) * (1 - x) ** kw.get("power", 1)
        elif decay_type == "cosine":
            lr *= 0.5 * (1 + math.cos(math.pi * x))
        elif decay_type == "rsqrt":
            timescale, shift = kw.get("timescale", 10_000), kw.get("shift", 0)
            lr /= math.sqrt(1 + (max(t - warm, 0) + shift) / timescale)
        elif decay_type == "stair":
            lr *= [1.0, *kw["mults"]][bisect.bisect_right(kw["steps"], t)]
        lr *= min(1.0, t / warm) if warm else 1.0
        return lr * min(1.0, (total_steps - t) / cool) if cool else lr

    return rate


def _maxtext(config: types.SimpleNamespace) -> Rate:
    peak, scheduled = config.learning_rate, config.learning_rate_schedule_steps
    end = peak * getattr(config, "learning_rate_final_fraction", 0.1)
    warm = int(scheduled * config.warmup_steps_fraction)
    wsd = config.lr_schedule_type == "wsd"
    decay = int(scheduled * config.wsd_decay_steps_fraction) if wsd else scheduled - warm
    line = wsd and config.wsd_decay_style == "linear"

    def rate(t):
        if t < warm:
            return peak * t / warm
        if t >= scheduled and config.steps > scheduled:
            return 0.0
        since = t - (scheduled - decay)
        if since < 0:
            return peak
        x = since / (decay - 1)
        return peak + (end - peak) * min(x, 1.0) if line else end + (peak - end) * 0.5 * (1 + math.cos(math.pi * x))

    return rate


def Adafactor(params: Any, relative_step: bool, scale_parameter: bool, warmup_init: bool = False) -> Rate:
    """The relative step of Hugging Face's Adafactor, not scaled by the parameters."""
    del params
    assert relative_step and not scale_parameter
    return lambda t: min(1e-6 * (t + 1) if warmup_init else 1e-2, 1 / math.sqrt(t + 1))


class LRSchedulersContainer:
    """torchtitan's warmup, stable, decay, of a base rate of 1."""

    class Config:
        def __init__(
            self,
            warmup_steps: int = 200,
            total_steps: int = 0,
            decay_ratio: float | None = None,
            decay_type: str = "linear",
            min_lr_factor: float = 0.0,
        ):
            self.warm, self.low = warmup_steps, min_lr_factor
            self.decay = total_steps - warmup_steps if decay_ratio is None else round(total_steps * decay_ratio)
            self.stable = total_steps + 1 - warmup_steps - self.decay
            self.shape = {
                "linear": lambda x: 1 - x,
                "sqrt": lambda x: 1 - math.sqrt(x),
                "cosine": lambda x: 0.5 * (1 + math.cos(math.pi * x)),
            }[decay_type]

        def build(self, optimizers: Any) -> Rate:
            del optimizers

            def rate(t):
                if t < self.warm:
                    return (t + 1) / self.warm
                if t < self.warm + self.stable:
                    return 1.0
                x = (t + 1 - self.warm - self.stable) / self.decay
                return self.low + (1 - self.low) * self.shape(x)

            return rate


def InvSqrtLrSchedule(timescale: float = 10_000) -> Callable[..., Rate]:
    """Levanter's inverse square root: it counts the warmup, and is flat until the timescale is over."""

    def build(peak, low, warm, decay):
        return lambda t: max(peak * min(1.0, 1 / math.sqrt(max(t + warm, 1) / timescale)), low)

    return build


def PowerLrSchedule(batch_size: int, seq_length: int, a: float = 4.6, b: float = -0.51) -> Callable[..., Rate]:
    """Levanter's power law in tokens."""

    def build(peak, low, warm, decay):
        return lambda t: min(peak, batch_size * a * (t * batch_size * seq_length) ** b) if t else peak

    return build


def CosineLrSchedule(exponent: float = 1.0) -> Callable[..., Rate]:
    """Levanter's cosine."""

    def build(peak, low, warm, decay):
        return lambda t: low + (peak - low) * (0.5 * (1 + math.cos(math.pi * min(t / decay, 1)))) ** exponent

    return build


def _linear(peak, low, warm, decay):
    return lambda t: peak + (low - peak) * min(t / decay, 1) if decay else peak


def _inverse(peak, low, warm, decay):
    return lambda t: max(peak / ((peak / low - 1) * max(t, 1) / decay + 1), low)


_LEVANTER: dict[str, Callable[..., Rate]] = {
    "constant": lambda peak, low, warm, decay: lambda t: peak,
    "cosine": CosineLrSchedule(),
    "linear": _linear,
    "inv": _inverse,
}


class AdamConfig:
    """Levanter's optimizer configuration, as far as the rate goes."""

    def __init__(
        self,
        learning_rate: float = 6e-4,
        min_lr_ratio: float = 0.1,
        warmup: float = 0.01,
        decay: float | None = None,
        rewarmup: float = 0.0,
        cooldown: float = 0.0,
        cycles: int | Sequence[int] = 1,
        lr_schedule: Any = "cosine",
    ):
        self.peak, self.low = learning_rate, learning_rate * min_lr_ratio
        self.warmup, self.decay, self.rewarmup, self.cooldown, self.cycles = warmup, decay, rewarmup, cooldown, cycles
        self.shape = _LEVANTER[lr_schedule] if isinstance(lr_schedule, str) else lr_schedule

    def lr_scheduler(self, num_train_steps: int) -> Rate:
        cool = _steps(self.cooldown, num_train_steps)
        total = num_train_steps - cool
        cycles = self.cycles
        ends = [total * (i + 1) // cycles for i in range(cycles)] if isinstance(cycles, int) else list(cycles)
        ends = ends if ends[-1] == total else [*ends, total]
        pieces: list[tuple[int, Rate]] = []  # each with the step at which it begins
        last = 0.0
        for begin, end in zip([0, *ends[:-1]], ends, strict=True):
            warm = _steps(self.warmup if begin == 0 else self.rewarmup, end - begin)
            decay = end - begin - warm if self.decay is None else _steps(self.decay, end - begin)
            falling = self.shape(self.peak, self.low, warm, decay)
            if warm:
                pieces.append((begin, partial(_line, last, self.peak, warm)))
            pieces.append((begin + warm, lambda t: self.peak))
            pieces.append((end - decay, falling))
            last = falling(decay)
        if cool:
            pieces.append((total, partial(_line, last, self.low, cool)))

        def rate(t):
            begin, piece = [(begin, piece) for begin, piece in pieces if begin <= t][-1]
            return piece(t - begin)

        return rate


def _line(start: float, end: float, steps: int, t: int) -> float:
    return start + (end - start) * min(t / steps, 1.0)


def _steps(part_or_steps: float, total: int) -> int:
    return int(part_or_steps * total) if part_or_steps <= 1 else int(part_or_steps)
