"""What draws each picture of the documentation.

Schedules and controllers come from the table of the tests, trainings from the numbers that `trainings.py` has stored.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/pictures"
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests")]

import catalogue  # noqa: E402
import drawing  # noqa: E402
import overview  # noqa: E402
import results  # noqa: E402
from support import controllers_zoo, zoo  # noqa: E402

import jaxsched  # noqa: E402
from jaxsched import show  # noqa: E402


@functools.cache
def table() -> dict[str, Any]:
    """The examples of schedules, by name."""
    return {entry.name: entry for entry in zoo.examples(catalogue.LENGTH)}


def pictures() -> dict[str, Callable[[Any], None]]:
    """What draws each picture on an empty figure, by the name of its file."""
    drawn = [
        ("schedules", _several_schedules),
        ("start", _first_schedule),
        *((f"classic-{name}", functools.partial(_figure, each)) for name, each in overview.OVERVIEW.items()),
        *((name, functools.partial(_figure, each)) for name, each in overview.SHAPES.items()),
        *((name, functools.partial(_example, each)) for name, each in examples()),
        *((name, functools.partial(_controller, each)) for name, each in controllers()),
        *((f"torch-{name.lower()}", functools.partial(_torch, name, x)) for name, x in overview.TORCH.items()),
        *results.pictures().items(),
    ]
    found = dict(drawn)
    if len(found) < len(drawn):
        raise ValueError("two pictures have one name")
    return found


def examples() -> Iterator[tuple[str, catalogue.Example]]:
    """The examples of the gallery that are schedules, by the names of their files."""
    for section in catalogue.SECTIONS:
        yield from files(section.rows)


def controllers() -> Iterator[tuple[str, catalogue.Example]]:
    """Those that are controllers."""
    yield from files(catalogue.CONTROLLERS)


def files(rows: dict[str, list[catalogue.Example]]) -> Iterator[tuple[str, catalogue.Example]]:
    """The examples of some rows by the names of their files: a name's second picture is `name-2`."""
    for name, shown in rows.items():
        stem = name.split(".")[-1].lower()
        yield from ((stem if i == 1 else f"{stem}-{i}", example) for i, example in enumerate(shown, 1))


def total_of(example: catalogue.Example) -> int:
    """How many steps are drawn: a tenth more than the last step at which something happens."""
    return example.total or max((*table()[example.entry].boundaries, catalogue.LENGTH)) + catalogue.LENGTH // 10


def line_of(example: catalogue.Example) -> str:
    """The code that makes it: as it is given, or as the schedule prints."""
    made = table()[example.entry].make()
    return example.line or f"jaxsched.{show.describe(made, total=1).recipe or made}".replace("'", '"')


def _example(example: catalogue.Example, figure: Any) -> None:
    log, phased = example.entry in catalogue.LOGARITHMIC, example.entry in catalogue.PHASED
    ax = figure.add_subplot()
    show.plot(table()[example.entry].make(), total_of(example), ax=ax, log=log, phases=phased)
    for text in list(ax.texts):  # only those that no curve runs through
        if text.get_rotation() or text.get_text().startswith("end held"):
            text.remove()
    drawing.from_zero(ax, room=0.12 if ax.texts else 0.0)


def _controller(example: catalogue.Example, figure: Any) -> None:
    entry = controllers_zoo.BY_NAME[example.entry]
    _beside(show.plot(entry.make(), metric=entry.metrics, ax=figure.add_subplot()))


def _figure(each: overview.Figure, figure: Any) -> None:
    names = {"jaxsched": jaxsched}
    made = {label: eval(line, names) for label, line in each.lines.items()}
    ax = show.plot(made, each.total, ax=figure.add_subplot(), log=False, phases=False)
    drawing.from_zero(ax)
    drawing.legend_above(ax)


def _torch(name: str, line: str, figure: Any) -> None:
    made, ax = eval(line, vars(jaxsched.compat.torch)), figure.add_subplot()
    if name == "ReduceLROnPlateau":
        _beside(show.plot(made, metric=controllers_zoo.LOSS, ax=ax))
    else:
        drawing.from_zero(show.plot(made, 100, ax=ax, log=False, phases=False))


def _beside(ax: Any) -> None:
    """The value in its colour, the metric beside it in its own."""
    ax.set_ylabel("value", color=drawing.COLORS[0])
    for beside in ax.figure.axes[1:]:
        beside.grid(False)
        beside.lines[0].set(alpha=1, linewidth=1.2)


def _several_schedules(figure: Any) -> None:
    """README's picture: six schedules as people use them."""
    figure.set_size_inches(8.4, 3.6)
    shown = {
        "warmup_cosine": jaxsched.warmup_cosine(3e-4, 200, 2_000, 3e-5),
        "wsd": jaxsched.wsd(3e-4, warmup=200, stable=1_400, decay=400, shape="1-sqrt"),
        "one_cycle": jaxsched.one_cycle(3e-4, 2_000),
        "sgdr": jaxsched.sgdr(3e-4, 286, growth=2),
        "step_decay": jaxsched.step_decay(3e-4, 0.5, every=500),
        "warmup_inverse_sqrt": jaxsched.warmup_inverse_sqrt(3e-4, 200),
    }
    for i, (name, schedule) in enumerate(shown.items()):
        ax = figure.add_subplot(2, 3, i + 1)
        show.plot({name: schedule}, 2_000, ax=ax, log=False, phases=False)
        ax.lines[0].set(color=drawing.COLORS[i])
        ax.set(title=name, xlabel="", ylabel="", xticks=[0, 1_000, 2_000])
        ax.set_yticks([0, 1e-4, 2e-4, 3e-4], ["0", "1e-4", "2e-4", "3e-4"])


def _first_schedule(figure: Any) -> None:
    """That of "Start"."""
    show.plot(jaxsched.warmup_cosine(0.03, warmup=30, total=300), ax=figure.add_subplot(), phases=False)


def changed(names: list[str]) -> Iterator[str]:
    """Why each picture is not up to date that is not; nothing if all are."""
    for name in names:
        path = FOLDER / f"{name}.svg"
        if not path.exists():
            yield f"{name}: no such file"
        elif different := drawing.differs(drawing.data_of(drawing.figure(pictures()[name])), drawing.saved(path)):
            yield f"{name}: {different}"
    yield from (f"{path.name}: nothing draws it" for path in FOLDER.iterdir() if path.stem not in pictures())
