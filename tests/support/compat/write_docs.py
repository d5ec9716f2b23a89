"""Writes `docs/translations.md` and `docs/parity.md`: `python tests/support/compat/write_docs.py`.

The first is the table of translations; the second what was tried of each framework, and how far we are from it: errors
are measured anew each time. Both are committed; tests say when they are no longer those of the tables and the traces.
"""

import collections
import pathlib
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

import jax  # noqa: E402
import numpy as np  # noqa: E402

from support.compat import (
    comparison,  # noqa: E402 (found in the folder of the tests)
    translations_values,  # noqa: E402
)
from support.compat.master_table import MASTER, names_of  # noqa: E402
from support.compat.translations import BESIDE, REFUSED, Translation, table  # noqa: E402
from support.paths import COMPAT, DOCS  # noqa: E402

TRANSLATIONS = """# Translations

Frameworks that have no module in `jaxsched.compat`: on the left a line of theirs, on the right the expression that
equals it, with `import jaxsched as js`. Each is compared with the real package at every step, or where the note says
"by formula" with an independent one of theirs. `optimizer` has a rate of 1. Where a framework counts parts of a run,
epochs or samples, `js.Run` turns them into steps.

PyTorch, Hugging Face, Keras, TensorFlow, Paddle, timm and optax have modules: see [parity](parity.md).

```python
import jaxsched as js

lr = js.warmup(js.Cosine(1.0, 0.1, steps=9), 4, offset=1)  # nanoGPT's get_lr: the last table
print(lr)
```
"""

GROUPS = """
## Rates of groups and widths

Here `base` and `params` are the parameters of a narrow network and of the wide one, or their shapes.

| framework | theirs | jaxsched | notes |
|---|---|---|---|
"""

PARITY = """---
hide: [toc]
---

# Parity

What was tried of each framework, and the largest relative error of any value at any step, in float32 and with x64; 0
stands for no more than four roundings of the largest value. The configurations are drawn by a seeded generator over
each function's legal arguments, degenerate ones included; those with a listed difference are counted in the notes and
not in the error.

This page is written by `python tests/support/compat/write_docs.py` from the values that the real packages gave. The
tests compare all of them again, and allow 2e-6 and 1e-12: more only for Paddle's cosine under x64, whose own recursion
loses digits beside its low when `eta_min` is far above the rate.

"""

SCHEDULES = """## By schedule

| framework | schedule | configurations | float32 | x64 | notes |
|---|---|---:|---:|---:|---|
"""

CONCEPTS = """
## By concept

| concept | in jaxsched | by the name of another framework | translated from |
|---|---|---|---|
"""


class Parity(NamedTuple):
    """A row of the first table of the page."""

    framework: str
    schedule: str
    configurations: int
    float32: float | None
    x64: float | None
    notes: list[str]


def translations_page() -> str:
    """The page of translations, framework by framework."""
    by_framework = collections.defaultdict(list)
    for row in table():
        by_framework[row.framework].append(row)
    versions = translations_values.newer()["versions"]
    parts = [TRANSLATIONS]
    for framework, rows in by_framework.items():
        version = f"\nCompared with {versions[framework]}.\n" if framework in versions else ""
        parts.append(f"\n## {framework}\n{version}\n| concept | {framework} | jaxsched | notes |\n|---|---|---|---|\n")
        parts += [_line(row.concept, _code(row.theirs), _code(row.ours), _notes(row)) for row in rows]
        for refusal in REFUSED:
            if refusal.framework == framework:
                parts.append(_line("", _code(refusal.theirs), f"{_code(refusal.ours)} raises", refusal.why + " there."))
    parts.append(GROUPS)
    parts += [_line(row.framework, _code(row.theirs), _code(row.ours), row.notes) for row in BESIDE]
    return "".join(parts)


def parity_page() -> str:
    """The page of parity, with errors as they are measured now."""
    parts = [PARITY, SCHEDULES]
    for row in [*module_rows(), *translation_rows()]:
        errors = (_number(row.float32), _number(row.x64))
        notes = "; ".join(row.notes)
        parts.append(_line(row.framework, _code(row.schedule), str(row.configurations), *errors, notes))
    parts.append(CONCEPTS)
    parts += [concept_line(concept) for concept in MASTER]
    return "".join(parts)


def module_rows(measured: bool = True) -> Iterator[Parity]:
    """One row for each function of each module that has traces."""
    for framework in comparison.FRAMEWORKS:
        if not (COMPAT / f"{framework}.json").exists():
            continue
        version, cases = comparison.recorded(framework)
        by_function = collections.defaultdict(list)
        for case, want in cases:
            by_function[case.function].append((case, want))
        for function, rows in by_function.items():
            same = [row for row in rows if not row[0].differs]
            errors = [_largest(framework, same, wide) if measured else None for wide in (False, True)]
            yield Parity(version, function, len(rows), *errors, _differences(case.differs for case, _ in rows))
        jax.clear_caches()


def translation_rows(measured: bool = True) -> Iterator[Parity]:
    """One row for each concept that is translated from each framework."""
    versions = translations_values.newer()["versions"]
    by_concept = collections.defaultdict(list)
    for row in table():
        by_concept[row.framework, row.concept].append(row)
    for (framework, concept), rows in by_concept.items():
        wide = [row for row in rows if not translations_values.is_float32(row)]
        notes = ["by formula"] if any(map(translations_values.is_formula, rows)) else []
        notes += [] if wide else ["recorded in float32"]
        notes += [row.why for row in rows if row.why]
        yield Parity(
            f"{framework} {versions.get(framework, '')}".strip(),
            concept,
            len(rows),
            max(map(translations_values.error, rows)) if measured else None,
            max((translations_values.error(row, wide=True) for row in wide), default=None) if measured else None,
            notes,
        )


def _largest(framework: str, rows: list[tuple[comparison.Case, np.ndarray]], wide: bool) -> float | None:
    pairs = [(comparison.values(framework, case, wide), want) for case, want in rows]
    return max((float(np.max(comparison.errors(got, want))) for got, want in pairs), default=None)


def _differences(reasons: Iterable[str]) -> list[str]:
    counts = collections.Counter(reason for reason in reasons if reason)
    return [f"{count} of them: {reason}" for reason, count in counts.items()]


def concept_line(concept: str) -> str:
    """The row of a concept in the second table of the page of parity."""
    names = names_of(concept)
    core = [_code(f"jaxsched.{name}") for name in names if not name.startswith("compat.") or name.count(".") == 1]
    modules = [_code(name.removeprefix("compat.")) for name in names if name.count(".") > 1]
    links = [f"[{framework}](translations.md#{framework.lower()})" for framework in translated(concept)]
    return _line(concept, ", ".join(core), ", ".join(modules), ", ".join(links))


def translated(concept: str) -> list[str]:
    """The frameworks that have a translation of the concept."""
    return list(dict.fromkeys(row.framework for row in table() if row.concept == concept))


def _notes(row: Translation) -> str:
    reason = f"Differs: {row.why}." if row.why else ""
    source = "By formula." if translations_values.is_formula(row) else ""
    return " ".join(note for note in (row.notes, reason, source) if note)


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _number(x: float | None) -> str:
    return "" if x is None else f"{x:.1e}" if x else "0"


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"


if __name__ == "__main__":
    (DOCS / "translations.md").write_text(translations_page())
    (DOCS / "parity.md").write_text(parity_page())
