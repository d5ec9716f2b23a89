"""The documentation's pictures: every public schedule, controller and shape has one, and each is up to date."""

import inspect
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from support import controllers_zoo, zoo
from support.short import exhaustive, parametrize

import jaxsched

pytest.importorskip("matplotlib")
sys.path.insert(0, str(Path(__file__).parents[1] / "docs/making"))

import catalogue  # noqa: E402
import drawing  # noqa: E402
import overview  # noqa: E402
import page  # noqa: E402
import pictures  # noqa: E402

DRAWN = pictures.pictures()
EXAMPLES = dict(pictures.examples())
LIGHT, DARK = "#ffffff", "#1e2129"
"""What is behind the pictures on our pages."""


# None is missing


def drawn_names() -> set[str]:
    """The public names that the gallery's pictures are examples of."""
    entries = [pictures.table()[each.entry] for each in EXAMPLES.values()]
    inside = {type(node).__name__ for entry in entries for node in zoo.nodes(entry.make())}
    shown = [controllers_zoo.BY_NAME[each.entry] for _, each in pictures.controllers()]
    public = controllers_zoo.public_controllers()
    return inside.union(*(e.covers for e in entries)) | (public - controllers_zoo.missing(shown, public))


def test_every_schedule_and_controller_has_a_picture():
    public = zoo.public_schedules() | controllers_zoo.public_controllers()
    assert public - drawn_names() == set(catalogue.ABSTRACT)


def test_every_name_of_the_door_has_a_heading_of_its_own():
    door = set(jaxsched.__all__) & (zoo.public_schedules() | controllers_zoo.public_controllers())
    headings = {name for section in catalogue.SECTIONS for name in section.rows} | set(catalogue.CONTROLLERS)
    assert door - headings == {"Schedule", "Ramp"}


def test_every_shape_and_every_scheduler_of_torch_has_a_picture():
    from jaxsched._combinators.warmup import COOLDOWN_SHAPES, WARMUP_SHAPES

    assert list(overview.WARMUP_SHAPES) == list(WARMUP_SHAPES)
    assert list(overview.COOLDOWN_SHAPES) == list(COOLDOWN_SHAPES)
    assert set(overview.TORCH) == {
        name for name, x in vars(jaxsched.compat.torch).items() if name[0].isupper() and inspect.isfunction(x)
    }


def test_every_file_is_drawn_and_every_picture_of_a_page_is_there():
    assert {path.stem for path in pictures.FOLDER.glob("*")} == set(DRAWN)
    pages = [*page.DOCS.glob("*.md"), page.DOCS.parent / "README.md"]
    shown = {name for path in pages for name in re.findall(r"pictures/([\w-]+)\.svg", path.read_text("utf-8"))}
    assert shown == set(DRAWN)


# Each is up to date


@parametrize("name", DRAWN, list(DRAWN)[::30])
def test_a_picture_is_up_to_date(name):
    assert list(pictures.changed([name])) == []


@exhaustive
def test_the_page_of_the_gallery_is_up_to_date():
    assert page.written() == page.text()


def test_a_picture_that_is_not_up_to_date_is_noticed():
    kept = drawing.saved(pictures.FOLDER / "cosine.svg")
    one = drawing.data_of(drawing.figure(DRAWN["cosine"]))
    assert drawing.differs(one, kept) == ""
    assert drawing.differs(one, drawing.saved(pictures.FOLDER / "mirrorcosine.svg"))
    assert drawing.differs(one, []) == "1 axes, 0 in the file"
    ((name, (x, y)),) = one[0]["curves"].items()
    moved = [{**one[0], "curves": {name: [x, [1.01 * v for v in y]]}}]
    assert drawing.differs(moved, kept) == f"the curve {name} is another one"
    assert drawing.differs([{**one[0], "title": "other"}], kept).startswith("title")
    gap = [{**one[0], "curves": {name: [x, [None, *y[1:]]]}}]  # as where a metric is NaN
    assert drawing.differs(gap, kept) and drawing.differs(kept, gap) and drawing.differs(gap, gap) == ""


@parametrize("name", EXAMPLES, list(EXAMPLES)[::12])
def test_the_line_of_code_makes_the_example(name):
    example = EXAMPLES[name]
    made, entry = eval(pictures.line_of(example), {"jaxsched": jaxsched, "math": math}), pictures.table()[example.entry]
    steps = np.arange(0, pictures.total_of(example) + 1, 7)
    np.testing.assert_allclose(made(steps), entry.make()(steps), rtol=1e-5)


def test_the_line_of_code_makes_the_controller():
    for _, example in pictures.controllers():
        assert eval(example.line, {"jaxsched": jaxsched}) == controllers_zoo.BY_NAME[example.entry].make()


# And can be read


def contrast(color: str, ground: str) -> float:
    """By the definition of WCAG 2: 1 is none, 21 black on white."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted(luminance(each) + 0.05 for each in (color, ground))
    return high / low


@parametrize("name", DRAWN)
def test_a_picture_can_be_read_on_light_and_dark_pages_and_asks_for_nothing(name):
    text = (pictures.FOLDER / f"{name}.svg").read_text("utf-8")
    colors = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", text))
    assert colors
    for color in colors:
        assert min(contrast(color, LIGHT), contrast(color, DARK)) > 3, color
    assert not re.search(r"<image|<script|@import|url\((?!#)|xlink:href=\"(?!#)", text)


def test_a_colour_that_cannot_be_read_is_noticed():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#000000", DARK) < 3 and contrast("#ffff00", LIGHT) < 3


def test_all_pictures_together_are_small():
    assert sum(path.stat().st_size for path in pictures.FOLDER.glob("*")) < 1_500_000
