"""Frameworks without a module of their own: their line, and the jaxsched expression that equals it.

This is the one table: `test_translations.py` runs it against recorded values, `write_docs.py` makes the documentation's
page from it. `record_translations.py` evaluates `theirs` with the real package, or with a reference of its formula.
"""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp

import jaxsched as js


class Translation(NamedTuple):
    """One configuration of another framework, in its words and in ours."""

    framework: str
    concept: str
    """The row of the master table, see `master_table.py`."""
    theirs: str
    ours: str
    """Python with `js`, `jnp` and `functools`; gives a schedule, or a controller where there are `metrics`."""
    steps: int = 24
    """How many steps are recorded, from 0 on. For what counts fractions of a run, its length."""
    trace: str = ""
    """The name in `traces/schedules.json`, if the values are there and not in `compat/traces/translations.json`."""
    column: str = "values"
    metrics: Sequence[float] | None = None
    """For what reacts to a metric: values are those before the first metric and after each."""
    notes: str = ""
    differs: Sequence[int] = ()
    """Steps at which our value is another one on purpose: `instead`, because of `why`."""
    instead: float | Sequence[float] = 0.0
    why: str = ""

    @property
    def name(self) -> str:
        return f"{self.framework}: {self.theirs}" + (f" [{self.column}]" if self.column != "values" else "")


class Refusal(NamedTuple):
    """A configuration that another framework takes and we refuse."""

    framework: str
    theirs: str
    ours: str
    trace: str
    message: str
    why: str


class Beside(NamedTuple):
    """What is no schedule: a line of another framework and the optimizer that equals it."""

    framework: str
    theirs: str
    ours: str
    """Python with `js` and `optax`, and `base` and `params`, a narrow network's parameters and a wide one's."""
    notes: str
    rates: dict[str, float]
    """What `js.current` says of the state of `params`, which a test compares."""


BESIDE = [
    Beside(
        "mup",
        "set_base_shapes(model, base); MuAdam(model.parameters(), lr=1e-3)",
        "optax.chain(optax.scale_by_adam(), js.by_group(1e-3, factors=js.mup_factors(base, params)))",
        "Hidden matrices have the same rates. The output's rate falls here by the ratio of the widths: leave out "
        "`MuReadout`, which divides the output by that ratio and keeps its rate.",
        {"embed/learning_rate": 1e-3, "o_proj/learning_rate": 2.5e-4, "q_proj/learning_rate": 2.5e-4}
        | {"head/learning_rate": 2.5e-4},
    ),
    Beside(
        "axolotl",
        "{learning_rate: 2e-5, lr_groups: [{name: o, modules: [o_proj], lr: 1e-6}]}",
        'optax.chain(optax.scale_by_adam(), js.by_group({"o_proj": 1e-6, ...: 2e-5}))',
        "The key `...` has the rest. Schedules for numbers: there, one scheduler multiplies the rates of all groups.",
        {"o_proj/learning_rate": 1e-6, "rest/learning_rate": 2e-5},
    ),
]


def evaluated(ours: str) -> Any:
    """The schedule that an expression of the table stands for."""
    return eval(ours, {"js": js, "jnp": jnp, "functools": functools})


RISES = "the rate climbs again after the end, where we hold it"
NEGATIVE = "the rate falls below its end, even below 0, after the end, where we hold it"
STOPS = "the last cycle stops one step before its end"


def table() -> list[Translation]:
    """All translations, framework by framework."""
    # They import `Translation` from here.
    from support.compat import (
        translations_fastai_thinc,
        translations_fvcore_mmengine,
        translations_ignite_composer,
        translations_jax,
        translations_large,
        translations_rl,
    )

    return [
        *translations_fvcore_mmengine.FVCORE,
        *translations_fvcore_mmengine.MMENGINE,
        *translations_ignite_composer.IGNITE,
        *translations_ignite_composer.COMPOSER,
        *translations_fastai_thinc.FASTAI,
        *translations_fastai_thinc.LIGHTNING,
        *translations_large.MEGATRON,
        *translations_large.DEEPSPEED,
        *translations_jax.LEVANTER,
        *translations_jax.T5X,
        *translations_jax.BIG_VISION,
        *translations_jax.MAXTEXT,
        *translations_large.TORCHTITAN,
        *translations_jax.MLX,
        *translations_fastai_thinc.THINC,
        *translations_large.TRANSFORMERS,
        *translations_large.NANOGPT,
        *translations_rl.RL,
    ]


REFUSED = [
    Refusal(
        "Levanter",
        'AdamConfig(learning_rate=1.0, warmup=5, decay=8, lr_schedule="linear").lr_scheduler(10)',
        "js.wsd(1.0, warmup=5, stable=10 - 5 - 8, decay=8, end=0.1)",
        "levanter/w+d>T",
        "`stable` must not be negative",
        "warmup and decay overlap: the rate jumps",
    )
]
