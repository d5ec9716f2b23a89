"""The functions of the epoch that Hugging Face's `transformers` hands to torch's `LambdaLR`, known by their names.

`transformers.get_scheduler` makes a `LambdaLR` over `functools.partial(_get_…_lr_lambda, num_warmup_steps=…, …)`, which
JAX cannot trace. Their keywords say all that `compat.transformers` needs to make the schedule as data.
"""

import functools
from typing import Any

import jax
import numpy as np

import jaxsched as js
from jaxsched.compat import transformers
from jaxsched.compat._functions import PROBES

PLAIN = {
    "_get_constant_lambda": "get_constant_schedule",
    "_get_constant_schedule_with_warmup_lr_lambda": "get_constant_schedule_with_warmup",
    "_get_linear_schedule_with_warmup_lr_lambda": "get_linear_schedule_with_warmup",
    "_get_cosine_schedule_with_warmup_lr_lambda": "get_cosine_schedule_with_warmup",
    "_get_cosine_with_hard_restarts_schedule_with_warmup_lr_lambda": (
        "get_cosine_with_hard_restarts_schedule_with_warmup"
    ),
    "_get_inverse_sqrt_schedule_lr_lambda": "get_inverse_sqrt_schedule",
    "_get_cosine_with_min_lr_schedule_with_warmup_lr_rate_lambda": (
        "get_cosine_with_min_lr_schedule_with_warmup_lr_rate"
    ),
    "_get_polynomial_decay_schedule_with_warmup_lr_lambda": "get_polynomial_decay_schedule_with_warmup",
    "_get_wsd_scheduler_lambda": "get_wsd_schedule",
}
"""Our function for each of theirs."""


def schedule_of(lr: Any, lr_lambda: Any) -> js.Schedule | None:
    """What `compat.transformers` makes of a function of that package, for a rate; `None` for any other function."""
    fn, given = lr_lambda, {}
    if isinstance(lr_lambda, functools.partial) and not lr_lambda.args:
        fn, given = lr_lambda.func, lr_lambda.keywords
    name = getattr(fn, "__name__", "")
    if name not in PLAIN or not _agree(name, given, lr_lambda):
        return None
    return _made(name, lr, given)


def _made(name: str, lr: Any, given: dict[str, Any]) -> js.Schedule:
    function, given = PLAIN[name], dict(given)
    if function == "get_polynomial_decay_schedule_with_warmup":  # its end is a part of the optimizer's default rate
        given["lr_end"] = given["lr_end"] / given.pop("lr_init") * lr
    elif function == "get_wsd_schedule" and given["num_stable_steps"] < 0:  # what is left of a total
        parts = ("num_warmup_steps", "num_stable_steps", "num_decay_steps")
        given["num_training_steps"] = sum(given[part] for part in parts)
        del given["num_stable_steps"]
    elif function == "get_cosine_schedule_with_warmup" and "min_lr_rate" in given:
        function = "get_cosine_with_min_lr_schedule_with_warmup"
    return getattr(transformers, function)(lr, **given)


def _agree(name: str, given: dict[str, Any], lr_lambda: Any) -> bool:
    """Whether a function is the one that its name says: another version of it, or a user's own, may not be."""
    counts = [x for key, x in given.items() if key.startswith("num_") and key.endswith("_steps")]
    try:
        steps = sorted({*PROBES, *(max(int(count) + i, 0) for count in [*counts, sum(counts)] for i in (-1, 0, 1))})
        want = np.array([float(lr_lambda(step)) for step in steps])
        with jax.ensure_compile_time_eval():
            got = np.asarray(_made(name, 1.0, given)(np.array(steps)))
    except Exception:  # keywords that are not ours
        return False
    return np.allclose(got, want, rtol=1e-4, atol=1e-6)
