"""What `describe` says of schedules that are made of others, or by other frameworks, and where there is much to say."""

import jax.numpy as jnp
import numpy as np
import pytest

import jaxsched as js
from jaxsched.compat import timm, torch
from jaxsched.show import describe, plot


def names(schedule, total=None):
    return [each.name for each in describe(schedule, total).phases]


def test_whole_numbers_have_the_phases_of_what_is_rounded_and_their_jumps_are_meant():
    made = describe(js.rounded(js.piecewise_constant([10, 20], [32.0, 64.0, 128.0])), 40)
    assert [each.begin for each in made.phases] == [0, 10, 20]
    assert [each.name for each in made.phases] == ["constant, rounded"] * 3
    assert not [each for each in made.findings if not each.note]


def test_a_scheduler_of_torch_has_the_phases_of_the_schedule_that_it_is():
    schedule = torch.OneCycleLR(0.1, max_lr=0.1, total_steps=100)
    assert [each.begin for each in describe(schedule).phases] == [0, 29]
    assert "sets" not in " ".join(names(schedule))
    assert names(torch.LinearLR(0.1, start_factor=0.1, total_iters=30), 60)[0].startswith("linear")


@pytest.mark.parametrize("count", [3, 12])
@pytest.mark.parametrize("growth", [0, 5])
@pytest.mark.parametrize("make", [js.Cosine, timm.CosineLRScheduler])
def test_one_ramp_again_and_again_is_a_restart(make, growth, count):
    if make is js.Cosine:
        schedule = js.join([make(0.5**i, 0.1, steps=10 + growth * i) for i in range(count)])
    else:
        schedule = make(1.0, 10, lr_min=0.1, cycle_mul=1 + growth, cycle_decay=0.9, cycle_limit=count)
    made = describe(schedule, 60)
    assert [each.name for each in made.phases[:2]] == ["cycle 1: cosine", "cycle 2: cosine"]
    assert [each for each in made.findings if each.kind == "jump"] == []


@pytest.mark.parametrize("after", [js.Cosine(1.0, 0.0, steps=10), js.Linear(1.0, 0.1, steps=10)])
def test_another_ramp_after_a_jump_is_no_restart(after):
    made = describe(js.join([js.Cosine(1.0, 0.1, steps=10), after]))
    assert [each.step for each in made.findings if each.kind == "jump"] == [10]
    assert not made.phases[0].name.startswith("cycle")


def test_many_findings_of_one_kind_are_shortened_in_the_text_alone():
    pieces = [js.Linear(0.1 * i + 0.1, 0.05 * i + 0.05, steps=10) for i in range(40)]
    made = describe(js.join(pieces, [10 * i for i in range(1, 40)]))
    jumps = [each for each in made.findings if each.kind == "jump"]
    text = str(made)
    assert len(jumps) > 30 and text.count("The value jumps") == 3
    assert f"And {len(jumps) - 3} more like it" in text


def test_noise_does_not_make_a_schedule_longer():
    made = describe(js.jitter(js.Cosine(0.1, 0.0, steps=100), 0.1, key=1))
    assert made.total == 100
    assert not [each for each in made.findings if not each.note]


def test_a_value_that_is_not_finite_now_and_then_is_no_end():
    once = describe(lambda t: jnp.where(t == 5, jnp.nan, jnp.float32(1)), 20)
    often = describe(lambda t: jnp.where(t % 5 == 4, jnp.nan, jnp.float32(1)), 20)
    on = describe(lambda t: jnp.where(t >= 5, jnp.nan, jnp.float32(1)), 20)
    assert "not finite at step 5 alone." in str(once)
    assert "not finite at step 4, and at others after it." in str(often)
    assert "not finite from step 5 on." in str(on)


def test_a_run_of_one_step():
    assert str(describe(0.1, 1)).startswith("Constant(value=0.1): 1 step, peak")
    ax = plot(0.1, 1)
    assert ax.lines[0].get_marker() == "o" and np.array_equal(ax.lines[0].get_ydata(), [np.float32(0.1)])
