"""The gallery's page: its words are those of the docstrings, its code and pictures those of the catalogue."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import catalogue
import overview
import pictures

import jaxsched

DOCS = Path(__file__).parents[1]
PATH = DOCS / "gallery.md"
BEGIN = """\
<!-- `python docs/making` writes this page. -->
# Gallery

Every schedule, controller and shape, drawn: the formula, a line of code that makes the picture, and the sources. The
words are those of the [reference](reference/schedules.md), where the arguments are. In the formulas t is the step, s
and e are the start and the end, n is a length, and x is the part of it that has passed.

The lines run after `import jaxsched`. To draw one yourself: `jaxsched.show.plot(schedule, total)`, or a dict of some:
see [Seeing a schedule](show.md).

```python
import math

import jaxsched
```

## The classical overview

The plateau with its metric is among the [controllers](#controllers), PyTorch's family at the [end](#pytorchs-family).

"""
SHAPES = """\
## Shapes

Names for the way up of a warmup and the way down of a cooldown. A ramp class or a function will do too:
[Extending](extending.md#a-shape-for-a-warmup-or-a-cooldown).

"""
CONTROLLERS = """\
## Controllers

What reacts to a metric: the value as a line, the metric beside it, dotted where the value was cut. The metrics are made
up: an exponential with noise, for `recover` with explosions. [Reacting to a metric](controllers.md) has the words.

"""
TORCH = """\
## PyTorch's family

Every scheduler of `torch.optim.lr_scheduler` and `swa_utils` under its own name, with PyTorch's values at every step
([parity](parity.md)). The learning rate stands in the place of the optimizer.

```python
from jaxsched.compat.torch import *
```

"""


def text() -> str:
    parts = [BEGIN, *(_figure(f"classic-{name}", each) for name, each in overview.OVERVIEW.items())]
    for section in catalogue.SECTIONS:
        parts.append(f"## {section.title}\n\n" + (f"{section.about}\n\n" if section.about else ""))
        parts += [_row(name, section.rows, pictures.line_of) for name in section.rows]
    parts += [SHAPES, *(_figure(name, each) for name, each in overview.SHAPES.items()), CONTROLLERS]
    parts += [_row(name, catalogue.CONTROLLERS, lambda example: example.line) for name in catalogue.CONTROLLERS]
    parts += [TORCH, *(_torch(name, line) for name, line in overview.TORCH.items())]
    return "".join(parts).rstrip() + "\n"


def written() -> str:
    """The page as it is."""
    return PATH.read_text(encoding="utf-8")


def _figure(name: str, each: overview.Figure) -> str:
    if len(each.lines) == 1:
        code = next(iter(each.lines.values()))
    else:
        code = "\n".join(["{", *(f'    "{label}": {line},' for label, line in each.lines.items()), "}"])
    return f"### {each.title}\n\n{each.about}\n\n{_shown(name, each.title, code)}"


def _row(name: str, rows: dict[str, list[catalogue.Example]], line_of: Any) -> str:
    about, sources = words(_named(jaxsched, name))
    shown = [_shown(file, name, line_of(example)) for file, example in pictures.files({name: rows[name]})]
    return f"### {name}\n\n{about}\n\n{''.join(shown)}{_sources(sources, f'jaxsched.{name}')}"


def _torch(name: str, line: str) -> str:
    about, _ = words(getattr(jaxsched.compat.torch, name))
    return f"### {name}\n\n{about}\n\n{_shown(f'torch-{name.lower()}', name, line)}" + _sources(
        "", f"jaxsched.compat.torch.{name}"
    )


def _shown(file: str, alt: str, code: str) -> str:
    return f"![{alt}](pictures/{file}.svg)\n\n```python\n{code}\n```\n\n"


def _sources(sources: str, name: str) -> str:
    found = next(page for page in sorted(DOCS.glob("reference/**/*.md")) if f"::: {name}\n" in page.read_text("utf-8"))
    link = f"[Reference]({found.relative_to(DOCS)}#{name})"
    return f"Source: {sources} {link}.\n\n" if sources else f"{link}.\n\n"


def _named(room: Any, name: str) -> Any:
    for each in name.split("."):
        room = getattr(room, each)
    return room


def words(x: Any) -> tuple[str, str]:
    """Of a docstring the first paragraph and those with a formula, and its sources as one line."""
    about, *sections = re.split(
        r"^(?=(?:Args|Returns|Raises|Examples|Reference):$)", inspect.getdoc(x) or "", flags=re.M
    )
    sources = [section.removeprefix("Reference:") for section in sections if section.startswith("Reference:")]
    return "\n\n".join(_with_formulas(about.strip().split("\n\n"))), " ".join("".join(sources).split())


def _with_formulas(paragraphs: list[str]) -> Iterator[str]:
    before = ""
    for i, each in enumerate(paragraphs):
        if i == 0 or "$" in each or before.endswith(":"):  # a list or a table that a sentence announces
            before = each
            yield each
