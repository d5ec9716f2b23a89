"""A message names the argument as the caller knows it."""

import re

import pytest

import jaxsched as js

NAN = float("nan")

# A recipe speaks of its own argument, not of the field that it becomes.
NUMBERS = {
    "peak one_cycle": lambda x: js.one_cycle(x, 10),
    "peak warmup_cosine": lambda x: js.warmup_cosine(x, 2, 9),
    "peak sgdr": lambda x: js.sgdr(x, 4),
    "peak slanted_triangular": lambda x: js.slanted_triangular(x, 10),
    "low cyclic": lambda x: js.cyclic(x, 1.0, 3),
    "scale noam": lambda x: js.noam(4, 4, x),
    "start multistep_decay": lambda x: js.multistep_decay(x, 0.1, [3]),
    "start lambda_decay": lambda x: js.lambda_decay(x, lambda t: 1.0 * t),
    "start multiplicative_decay": lambda x: js.multiplicative_decay(x, lambda t: 0.5, 3),
}
COUNTS = {
    "total one_cycle": lambda n: js.one_cycle(1.0, n),
    "total flat_cosine": lambda n: js.flat_cosine(1.0, n),
    "at cooldown": lambda n: js.cooldown(1.0, n, 4),
    "warmup wsd": lambda n: js.wsd(1.0, warmup=n, stable=1, decay=1),
    "stable wsd": lambda n: js.wsd(1.0, warmup=1, stable=n, decay=1),
    "decay wsd": lambda n: js.wsd(1.0, warmup=1, stable=1, decay=n),
    "period sgdr": lambda n: js.sgdr(1.0, n),
    r"period[1] sgdr": lambda n: js.sgdr(1.0, [3, n]),
    "up cyclic": lambda n: js.cyclic(0.0, 1.0, n),
    "every step_decay": lambda n: js.step_decay(1.0, 0.5, n),
    "warmup noam": lambda n: js.noam(4, n),
}
SEQUENCES = {
    "schedules join": js.join,
    "schedules stack": js.stack,
    "boundaries join": lambda x: js.join([1, 2], x),
    "values Piecewise": lambda x: js.nodes.Piecewise(values=x, boundaries=[2]),
    "boundaries Piecewise": lambda x: js.nodes.Piecewise(values=[1, 2], boundaries=x),
    "milestones multistep_decay": lambda x: js.multistep_decay(1.0, 0.1, x),
}


@pytest.mark.parametrize("name", [*NUMBERS, *COUNTS, *SEQUENCES])
def test_a_message_names_the_argument_that_was_passed(name):
    argument = f"^`{re.escape(name.split()[0])}` must "
    do = {**NUMBERS, **COUNTS, **SEQUENCES}[name]
    if name in SEQUENCES:
        with pytest.raises(TypeError, match=argument + "be a sequence of .* got 3"):
            do(3)
        return
    for x, error, problem in ((NAN, ValueError, "be finite: got nan"), ("x", TypeError, "be a number: got 'x'")):
        with pytest.raises(error, match=argument + problem):
            do(x)
    if name in COUNTS:
        with pytest.raises(ValueError, match=argument + "not be negative: got -1"):
            do(-1)
