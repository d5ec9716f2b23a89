"""Our schedules in torch: the same values at every step, also after a stop; torch's rules for groups and sequences."""

import copy
import pickle
import warnings

import jax
import numpy as np
import pytest
from support import zoo
from support.compat.torch_loops import LR, STEPS, course, sgd, stored, values
from support.precision import x64

import jaxsched as js
from jaxsched.compat import torch as ours
from jaxsched.compat.torch import from_scheduler, to_scheduler


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


# Every schedule


@pytest.mark.parametrize("entry", zoo.ZOO, ids=str)
def test_the_rate_is_the_value_and_a_stored_run_goes_on(torch, entry):
    schedule = entry.make()
    scheduler = to_scheduler(sgd(torch), schedule)
    assert scheduler.get_last_lr() == values(schedule, steps=1) and type(scheduler.get_last_lr()[0]) is float
    assert course(scheduler, 30) == [values(schedule, steps=30)]
    assert from_scheduler(scheduler) == schedule
    state = stored(torch, scheduler.state_dict())
    is_data = state["schedules"] != [None]
    again = to_scheduler(sgd(torch), js.Constant(7.0) if is_data else schedule)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        again.load_state_dict(state)
    assert ["state.pop('schedules')" in str(each.message) for each in said] == [True] * is_data
    assert from_scheduler(again) == schedule and again.get_last_lr() == scheduler.get_last_lr()
    again.step()
    assert course(again, 10) == [values(schedule, 31, 10)]


def test_the_values_are_those_of_float64_where_jax_has_it(torch):
    with x64():
        assert course(to_scheduler(sgd(torch), LR)) == [values(LR)]
        assert values(LR)[3] == 0.3


# What a scheduler of torch can do


def test_it_is_a_scheduler_of_torch(torch):
    scheduler = to_scheduler(sgd(torch), LR)
    assert isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler) and type(scheduler) is ours.ScheduleLR
    assert ours.ScheduleLR.__module__ == ours.ControllerLR.__module__ == "jaxsched.compat.torch"  # in pickles
    assert repr(scheduler) == f"ScheduleLR(schedules=[{LR!r}], last_epoch=0)"
    for copied in (copy.deepcopy(scheduler), pickle.loads(pickle.dumps(scheduler))):
        course(copied, 7)
        assert (copied.last_epoch, copied.get_last_lr()) == (7, [float(LR(7))])
    assert scheduler.last_epoch == 0 and scheduler.optimizer.param_groups[0]["lr"] == float(LR(0))


@pytest.mark.parametrize("make", [lambda: 0.25, lambda: lambda step: 0.5 / (1 + step), lambda: ours.StepLR(0.5, 3)])
def test_numbers_functions_and_schedules_of_compat(torch, make):
    assert course(to_scheduler(sgd(torch), make())) == [values(js.as_schedule(make()))]


def test_parameter_groups(torch):
    scheduler = to_scheduler(sgd(torch, 1.0, 0.1), [LR, 0.1 * LR])
    assert course(scheduler) == [values(LR), values(0.1 * LR)]
    assert from_scheduler(scheduler) == [LR, 0.1 * LR]
    both = to_scheduler(sgd(torch, 0.3, 0.3), LR)
    assert course(both, 9) == [values(LR, steps=9)] * 2
    both.optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 9.0})
    both.step()
    assert both.get_last_lr() == values(LR, 10, 1) * 3
    scheduler.optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))]})
    with pytest.raises(ValueError, match="`optimizer` must have the 2 parameter groups that it had: got 3"):
        scheduler.step()


def test_rates_that_are_tensors_are_filled(torch):
    scheduler = to_scheduler(sgd(torch, torch.tensor(1.0)), LR)
    tensor = scheduler.optimizer.param_groups[0]["lr"]
    assert course(scheduler) == [values(LR)] and scheduler.optimizer.param_groups[0]["lr"] is tensor
    controlled = to_scheduler(sgd(torch, torch.tensor(1.0)), js.reduce_on_plateau(LR))
    tensor = controlled.optimizer.param_groups[0]["lr"]
    assert course(controlled) == [values(LR)] and controlled.optimizer.param_groups[0]["lr"] is tensor
    assert controlled.get_last_lr()[0] is not tensor


def test_a_position_without_a_state(torch):
    scheduler = to_scheduler(sgd(torch), LR, last_epoch=9)
    assert scheduler.last_epoch == 10 and course(scheduler) == [values(LR, 10)]


def test_step_takes_an_epoch_as_torch_did(torch):
    scheduler = to_scheduler(sgd(torch), LR)
    with pytest.warns(UserWarning, match="epoch parameter"):
        scheduler.step(12.5)
    assert scheduler.get_last_lr() == [float(LR(12.5))]


def test_momentum_is_left_alone(torch):
    one_cycle = js.one_cycle(0.5, 40)
    scheduler = to_scheduler(sgd(torch), one_cycle)
    assert course(scheduler) == [values(one_cycle)] and scheduler.optimizer.param_groups[0]["momentum"] == 0.9
    optimizer = sgd(torch)
    torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, 40)
    before = optimizer.param_groups[0]["momentum"]
    course(to_scheduler(optimizer, LR), 9)
    assert optimizer.param_groups[0]["momentum"] == before != 0.9


def sequence(torch, optimizer):
    lr = torch.optim.lr_scheduler
    parts = [lr.LinearLR(optimizer, 0.1, total_iters=4), to_scheduler(optimizer, LR)]
    parts += [lr.ExponentialLR(optimizer, 0.5), to_scheduler(optimizer, 0.5 * LR)]
    return lr.SequentialLR(optimizer, parts, [4, 10, 13])


def test_in_a_sequence_each_has_its_own_clock(torch):
    scheduler = sequence(torch, sgd(torch))
    (rates,) = course(scheduler)
    np.testing.assert_allclose(rates[:4], [0.1, 0.325, 0.55, 0.775], rtol=1e-12)
    assert rates[4:10] == values(LR, 0, 6) and rates[13:] == values(0.5 * LR, 0, 37)
    assert rates[10:13] == [1.0, 0.5, 0.25]
    np.testing.assert_allclose(from_scheduler(scheduler)(np.arange(STEPS)), rates, rtol=1e-6)


@pytest.mark.parametrize("stop", [2, 4, 7, 11, 20])
def test_a_stored_sequence_goes_on(torch, stop):
    scheduler = sequence(torch, sgd(torch))
    (wanted,) = course(sequence(torch, sgd(torch)))
    course(scheduler, stop)
    optimizer = sgd(torch)
    again = sequence(torch, optimizer)
    again.load_state_dict(copy.deepcopy(scheduler.state_dict()))
    optimizer.load_state_dict(scheduler.optimizer.state_dict())
    assert course(again, STEPS - stop) == [wanted[stop:]]


def test_first_in_a_sequence(torch):
    optimizer = sgd(torch)
    after = torch.optim.lr_scheduler.ConstantLR(optimizer, 0.25, total_iters=100)
    scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [to_scheduler(optimizer, LR), after], [9])
    assert course(scheduler) == [values(LR, 0, 9) + [0.25] * 41]


def test_in_a_chain_it_sets_the_rate(torch):
    optimizer = sgd(torch)
    lr = torch.optim.lr_scheduler
    parts = [lr.ExponentialLR(optimizer, 0.5), to_scheduler(optimizer, LR)]
    assert course(lr.ChainedScheduler(parts, optimizer)) == [values(LR)]


def test_a_new_schedule_can_be_kept_and_the_position_of_another_scheduler_taken(torch):
    scheduler = to_scheduler(sgd(torch), LR)
    course(scheduler, 9)
    state = scheduler.state_dict()
    state.pop("schedules")
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(sgd(torch), 20)
    course(cosine, 9)
    for each in (state, cosine.state_dict()):
        again = to_scheduler(sgd(torch), 0.5 * LR)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            again.load_state_dict(each)
        assert again.last_epoch == 9 and not hasattr(again, "T_max")
        again.optimizer.step()
        again.step()
        assert course(again, 9) == [values(0.5 * LR, 10, 9)]


def test_the_state_goes_to_an_optimizer_of_optax(torch):
    import optax

    scheduler = to_scheduler(sgd(torch), LR)
    course(scheduler, 9)
    optimizer = js.inject(optax.sgd)(LR)
    restored, changes = js.restore(optimizer.init(np.zeros(1, np.float32)), scheduler.state_dict())
    assert float(js.current(restored)["learning_rate"]) == float(LR(9)), changes


# What is refused


@pytest.mark.parametrize(
    ("rates", "arguments", "error", "match"),
    [
        ((1.0, 0.1), (LR,), ValueError, r"since their rates differ: \[0.1, 1.0\]. Pass `\[factors"),
        ((1.0,), ([LR, LR],), ValueError, "one schedule for each of the 1 parameter groups: got 2"),
        ((1.0,), ("cosine",), TypeError, "`schedule` must be a schedule"),
        ((1.0,), (["cosine"],), TypeError, r"`schedule\[0\]` must be a schedule"),
        ((1.0,), (js.stack([LR, LR]),), TypeError, "must be one schedule: got a stack"),
        ((1.0, 1.0), ([LR, js.greedy(0.1)],), TypeError, "schedules or controllers, not both"),
        ((1.0,), (js.greedy(0.1), 3), ValueError, "`last_epoch` must be -1 with a controller"),
        ((1.0,), (LR, -2), ValueError, "`last_epoch` must be at least -1"),
        ((1.0,), (LR, 1.5), TypeError, "`last_epoch` must be an int"),
    ],
)
def test_what_is_no_scheduler_is_refused(torch, rates, arguments, error, match):
    with pytest.raises(error, match=match):
        to_scheduler(sgd(torch, *rates), *arguments)


def test_what_is_no_optimizer_or_is_traced_is_refused(torch):
    with pytest.raises(TypeError, match="`optimizer` must be an optimizer of torch: got Warmup"):
        to_scheduler(LR, sgd(torch))
    with pytest.raises(TypeError, match="`schedule` must have known numbers"):
        jax.jit(lambda lr: to_scheduler(sgd(torch), lr))(LR)
