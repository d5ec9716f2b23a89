"""A jitted Adam step with a schedule, against the same step with a constant rate: kernels and wall time.

Kernels are the instructions of the optimised program's entry computation that do something: not parameters, constants,
tuples and bitcasts. On a GPU each is a launch.
"""

import statistics

import optax
from _adam import kernels, millions, runner
from _report import figure, finish, interleaved, ratios, spread

import jaxsched

REPEATS, STEPS = 101, 3
TOTAL = 10_000

WARMUP_COSINE = jaxsched.warmup_cosine(3e-4, 1_000, TOTAL, end=3e-5)
SGDR = jaxsched.sgdr(3e-4, 100, growth=2)
USUAL = {
    "warmup_cosine": WARMUP_COSINE,
    "warmup_linear": jaxsched.warmup_linear(3e-4, 1_000, TOTAL),
    "wsd": jaxsched.wsd(3e-4, warmup=1_000, stable=7_000, decay=2_000),
}
THEIRS = optax.warmup_cosine_decay_schedule(0.0, 3e-4, 1_000, TOTAL, 3e-5)
OTHERS = {
    "optax's warmup and cosine": THEIRS,
    "optax's exponential decay": optax.exponential_decay(3e-4, 1_000, 0.5),
    "one_cycle": jaxsched.one_cycle(3e-4, TOTAL),
    "exponential_decay": jaxsched.exponential_decay(3e-4, 0.5, 1_000),
    "wsd, 1-sqrt": jaxsched.wsd(3e-4, warmup=1_000, stable=7_000, decay=2_000, shape="1-sqrt"),
    "sgdr, growing periods": SGDR,
    "a join of 1,000 pieces": jaxsched.join(
        [jaxsched.Linear(3e-4, 1e-4 * (1 + i % 2), steps=10) for i in range(1_000)]
    ),
}

constant, constant_copies = kernels(optax.adam(3e-4))


def extra(rate) -> tuple[int, int]:
    computing, copies = kernels(optax.adam(rate))
    return computing - constant, copies - constant_copies


figure("Adam step with a constant rate: kernels", str(constant))
for name, schedule in {**USUAL, **OTHERS}.items():
    more, copies = extra(schedule)
    claim, kept = ("at most 1", more <= 1) if name in USUAL else ("", True)
    figure(f"Adam step with {name}: extra kernels (and copies of a number)", f"{more} ({copies})", claim, kept)

a, b, c, d, again = interleaved(
    REPEATS, *(runner(optax.adam(rate), STEPS) for rate in (WARMUP_COSINE, 3e-4, THEIRS, SGDR, 3e-4))
)
what = f"Adam step of {millions:.1f} million parameters, time against a constant rate's"
slower = ratios(a, b)
figure(f"{what}: warmup_cosine", spread(slower, digits=4), "at most 1.02", statistics.median(slower) <= 1.02)
figure(f"{what}: sgdr, growing periods", spread(ratios(d, b), digits=4))
figure(f"{what}: optax's warmup and cosine", spread(ratios(c, b), digits=4))
figure(f"{what}: a constant rate again", spread(ratios(again, b), digits=4))
figure(f"Adam step of {millions:.1f} million parameters: milliseconds with warmup_cosine", spread([1e3 * t for t in a]))
finish()
