"""Pictures: curves that miss no step, phases, and a view for notebooks that needs nothing else."""

import re
import xml.etree.ElementTree as xml

import jax
import numpy as np
import pytest
from support.zoo import ONE_OF_EACH_FAMILY, each

import jaxsched as js
from jaxsched.show import plot, view

WSD = js.wsd(3e-4, warmup=1_000, stable=7_000, decay=2_000)
SPIKE = js.Tabulated(np.where(np.arange(10_000) == 5_003, 1.0, 0.1))


@pytest.fixture
def ax():
    figure = pytest.importorskip("matplotlib.figure")
    return figure.Figure().add_subplot()


def drawn(ax):
    """Every point that is drawn, as an array of steps and values."""
    lines = [line.get_xydata() for line in ax.lines]
    areas = [path.vertices for area in ax.collections for path in area.get_paths()]
    return np.concatenate([*lines, *areas])


def test_one_curve_is_drawn_at_every_step(ax):
    schedule = js.one_cycle(0.1, 100)
    assert plot(schedule, ax=ax) is ax
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), np.arange(100))
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), np.asarray(schedule(np.arange(100)), np.float64))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "value")


def test_a_single_step_of_many_is_seen(ax):
    plot(SPIKE, 10_000, ax=ax)
    assert drawn(ax)[:, 1].max() == 1.0


def test_fast_cycles_fill_their_band_without_waves(ax):
    plot(js.sgdr(1.0, 7), 100_000, ax=ax, log=False)
    points = drawn(ax)
    assert len(points) < 10_000
    upper = points[points[:, 1] > 0.5]
    assert upper[:, 1].min() == pytest.approx(1.0)


def test_several_have_labels(ax):
    plot({"a": WSD, "b": js.Constant(1e-4)}, ax=ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert drawn(ax)[:, 0].max() >= 9_990


def test_labels_are_given(ax):
    plot(js.grid(lambda p: js.Linear(p, 0.0, steps=9), p=[1.0, 2.0]), ax=ax, labels=["one", "two"])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one", "two"]


def test_phases_are_shaded_and_named(ax):
    plot(WSD, ax=ax)
    assert {"warmup, linear", "constant", "cooldown, linear"} == {text.get_text() for text in ax.texts}
    plain = type(ax.figure)().add_subplot()
    plot(WSD, ax=plain, phases=False)
    assert not plain.texts and not plain.patches


def test_long_names_of_phases_leave_the_curve_its_room():
    figure = pytest.importorskip("matplotlib.figure").Figure(figsize=(5.8, 2.5), layout="constrained")
    ax = plot(js.cyclic(1e-4, 1e-3, 30, 40, "exp_range", 0.998), 280, ax=figure.add_subplot())
    figure.draw_without_rendering()
    assert max(len(each.get_text()) for each in ax.texts) > 30
    assert ax.get_position().height > 0.5


@pytest.mark.parametrize(
    ("schedule", "scale"),
    [
        (js.Geometric(1e-7, 10.0, steps=100), "log"),
        (js.Geometric(1e-3, 1e-2, steps=100), "linear"),
        (js.warmup_cosine(1e-3, 10, 100), "linear"),
        (js.Cosine(1.0, 0.0, steps=100), "linear"),
        (js.Constant(0.5), "linear"),
    ],
    ids=repr,
)
def test_the_axis_is_logarithmic_where_it_helps(ax, schedule, scale):
    assert plot(schedule, 100, ax=ax).get_yscale() == scale
    assert plot(schedule, 100, ax=ax, log=scale != "log").get_yscale() != scale


def test_a_controller_with_its_metric(ax):
    controller = js.reduce_on_plateau(0.1, 0.5, patience=2)
    metric = [1.0, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8]
    plot(controller, ax=ax, metric=metric)
    state, expected = controller.init(), []
    for value in metric:
        expected.append(float(controller(state)))
        state = controller.update(state, value=value)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), np.asarray(expected, np.float32))
    assert len(set(expected)) == 2 and len(ax.lines) == 3  # the rate, and a line at each of two reductions


def test_epochs_are_shown_above(ax):
    plot(WSD, ax=ax, run=js.Run(steps_per_epoch=500))
    assert ax.child_axes[0].get_xlabel() == "epoch"


def test_a_figure_of_its_own_is_made_without_showing_it():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    made = plot(WSD)
    assert made.figure.number in pyplot.get_fignums()
    pyplot.close(made.figure)


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "match"),
    [
        ((js.Constant(0.1),), {}, ValueError, "`total` must be given"),
        ((WSD, 0), {}, ValueError, "`total` must be from 1"),
        ((WSD,), {"labels": ["a", "b"]}, ValueError, "`labels` must be one name a curve"),
        ((WSD,), {"labels": "a"}, ValueError, "`labels`"),
        ((WSD,), {"metric": [1.0]}, TypeError, "`metric` is for a controller"),
        ((js.reduce_on_plateau(0.1),), {"metric": [[1.0]]}, ValueError, "`metric` must be one number a step"),
        (("cosine",), {}, TypeError, "schedules"),
    ],
)
def test_what_cannot_be_drawn_is_refused(ax, arguments, keywords, error, match):
    with pytest.raises(error, match=match):
        plot(*arguments, ax=ax, **keywords)


def test_tracers_are_refused(ax):
    with pytest.raises(TypeError, match="`schedules` must have known numbers"):
        jax.jit(lambda x: plot(js.Linear(x, 0.0, steps=5), ax=ax) and x)(1.0)


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"jaxsched\[plot\]"):
        plot(WSD)


# The view in notebooks.


def heights(html):
    """The values in pixels from the top, of every point of every curve."""
    paths = re.findall(r'<path d="([^"]*)" opacity="[^"]*"/>', html)
    return [[int(y) for y in re.findall(r"(?:[ML]\d+ |V)(-?\d+)", path)] for path in paths if "L" in path]


@each(ONE_OF_EACH_FAMILY)
def test_every_schedule_has_a_view_that_is_small_and_well_formed(entry):
    html = entry.make()._repr_html_()
    assert len(html) <= 8_000
    xml.fromstring(html.replace("<br>", "<br/>"))
    for part in ('stroke="currentColor"', "max-width:100%", 'role="img"', "<title>", "viewBox"):
        assert part in html
    assert "background" not in html and "http" not in html.replace("http://www.w3.org/2000/svg", "")


def test_the_view_misses_no_step():
    (path,) = heights(view(SPIKE))
    assert min(path) == 3 and sorted(path)[1] > 100


def test_text_is_escaped():
    def fn(step):
        return step * 1.0

    fn.__name__ = "<script>"
    assert "<script>" not in view(js.nodes.Wrap(fn))


def test_stacks_have_a_curve_each_up_to_eight():
    many = js.grid(lambda p: js.warmup_cosine(p, 10, 100), p=np.geomspace(1e-4, 1e-2, 20))
    html = view(many)
    assert len(heights(html)) == 8 and "the first 8 of 20" in html and len(html) <= 8_000


def test_controllers_are_seen_by_their_schedule():
    assert "warmup" in js.reduce_on_plateau(js.warmup(0.1, 10))._repr_html_()


def test_numbers_that_are_not_known_have_no_view():
    seen = []
    jax.jit(lambda x: (seen.append(js.Constant(x)._repr_html_()), x)[1])(1.0)
    assert seen == [None]
