"""PPO libraries, whose rate follows the KL divergence of an update."""

import functools

from support.compat.translations import Translation

_EDGES = [0.0039, 0.0041, 0.0049, 0.0051, 0.0159, 0.0161, 0.0199, 0.0201]
"""Of the bands around 0.008 and 0.01."""
_UP = [0.1, 0.1, *_EDGES, *[0.001] * 10, 0.01, 0.0]
_DOWN = [0.001, *_EDGES, *[0.1] * 25, 0.01, 0.0]
"""To the highest and to the lowest rate; then inside of the band, and 0."""

_row = functools.partial(Translation, concept="hold a KL (adaptive rate of PPO)")
_moved_by_0 = functools.partial(
    _row, metrics=_DOWN, differs=(len(_DOWN),), instead=1e-6, why="a KL of 0 raises the rate"
)

RL = [
    _row(
        "rsl_rl",
        theirs='PPO(actor_critic, learning_rate=1e-3, schedule="adaptive", desired_kl=0.01)',
        ours="js.hold_target(1e-3, 0.01, low=1e-5, high=1e-2)",
        metrics=_UP,
        notes="Fed by `observe(opt_state, value=kl)`, or by `value=kl` at the update. The bounds are those of rsl_rl.",
    ),
    _row(
        "brax",
        theirs="adaptive_kl_learning_rate(optimizer_state, kl_mean, desired_kl=0.01)",
        ours="js.hold_target(1e-3, 0.01, low=1e-5, high=1e-2)",
        metrics=_DOWN,
        notes="Here and in the next two the first rate is 1e-3.",
    ),
    _moved_by_0(
        "rl_games",
        theirs="AdaptiveScheduler(kl_threshold=0.008)",
        ours="js.hold_target(1e-3, 0.008, low=1e-6, high=1e-2)",
    ),
    _moved_by_0(
        "skrl",
        theirs="KLAdaptiveLR(kl_threshold=0.008, min_lr=1e-6, max_lr=1e-2, kl_factor=2, lr_factor=1.5)",
        ours="js.hold_target(1e-3, 0.008, factor=1.5, band=2, low=1e-6, high=1e-2)",
    ),
]
