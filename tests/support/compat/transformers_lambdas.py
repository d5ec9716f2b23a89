"""Functions of the epoch with the names and keywords of those that `transformers` hands to torch, written in short."""

import math

FORMULAS = {
    "_get_constant_schedule_with_warmup_lr_lambda": lambda x, s: 1.0,
    "_get_linear_schedule_with_warmup_lr_lambda": lambda x, s: max(0.0, 1 - x),
    "_get_cosine_schedule_with_warmup_lr_lambda": lambda x, s, num_cycles, min_lr_rate=0.0: (
        0.5 * (1 + math.cos(2 * math.pi * num_cycles * x)) * (1 - min_lr_rate) + min_lr_rate
    ),
    "_get_cosine_with_hard_restarts_schedule_with_warmup_lr_lambda": lambda x, s, num_cycles: (
        0.5 * (1 + math.cos(math.pi * (num_cycles * x % 1.0))) if x < 1 else 0.0
    ),
    "_get_polynomial_decay_schedule_with_warmup_lr_lambda": lambda x, s, lr_end, power, lr_init: (
        ((lr_init - lr_end) * max(1 - x, 0.0) ** power + lr_end) / lr_init
    ),
    "_get_inverse_sqrt_schedule_lr_lambda": lambda x, s, timescale: (1 + s / timescale) ** -0.5,
}
"""What each is of the part `x` of the steps after the warmup, and of their number `s`."""


def function(name):
    formula = FORMULAS[name]

    def fn(current_step, *, num_warmup_steps, num_training_steps=None, **given):
        if current_step < num_warmup_steps:
            return current_step / max(1, num_warmup_steps)
        done, length = current_step - num_warmup_steps, (num_training_steps or 1) - num_warmup_steps
        return formula(done / max(1, length), done, **given)

    fn.__name__ = name
    return fn


def _get_constant_lambda(_=None):
    return 1


def _get_wsd_scheduler_lambda(
    current_step,
    *,
    num_warmup_steps,
    num_stable_steps,
    num_decay_steps,
    warmup_type,
    decay_type,
    min_lr_ratio,
    num_cycles,
):
    assert (warmup_type, decay_type, num_cycles) == ("linear", "cosine", 0.5)
    decayed = current_step - num_warmup_steps - num_stable_steps
    factor = min(current_step / max(1, num_warmup_steps), 1.0) if current_step < num_warmup_steps else 1.0
    if decayed >= 0:
        factor = 0.5 * (1 + math.cos(math.pi * min(decayed / num_decay_steps, 1.0)))
    return factor * (1 - min_lr_ratio) + min_lr_ratio


def _get_cosine_with_min_lr_schedule_with_warmup_lr_rate_lambda(
    current_step, *, num_warmup_steps, num_training_steps, num_cycles, min_lr_rate=0.0, warmup_lr_rate=None
):
    if current_step < num_warmup_steps:
        return (current_step + 1) / num_warmup_steps
    x = (current_step - num_warmup_steps + 1) / (num_training_steps - num_warmup_steps)
    return max(0, 0.5 * (1 + math.cos(2 * math.pi * num_cycles * x)) * (1 - min_lr_rate) + min_lr_rate)
