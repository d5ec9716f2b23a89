"""`from_scheduler`: live schedulers of torch where it is installed, and objects that only look like them."""

import random
import types

import jax.numpy as jnp
import numpy as np
import pytest
from support.compat import comparison, torch_cases
from support.precision import x64

import jaxsched as js
from jaxsched.compat import torch as schedulers
from jaxsched.compat.torch import from_scheduler


class Tensor:
    """A tensor of one number, as far as we look at it."""

    def __init__(self, x):
        self.x = x

    def item(self):
        return self.x


class StepLR:
    def __init__(self, *rates):
        self.base_lrs, self.step_size, self.gamma, self.last_epoch = list(rates), 2, 0.5, 7
        self.optimizer = types.SimpleNamespace(param_groups=[{"lr": rate, "initial_lr": rate} for rate in rates])

    def get_lr(self):
        raise AssertionError


class Mine(StepLR):
    """Changes nothing."""


class Other(StepLR):
    def get_lr(self):
        return [1.0]


def test_reads_attributes():
    np.testing.assert_allclose(from_scheduler(StepLR(0.1))(np.arange(5)), [0.1, 0.1, 0.05, 0.05, 0.025], rtol=1e-6)
    want = repr(schedulers.StepLR(0.1, 2, 0.5))
    assert repr(from_scheduler(Mine(0.1))) == repr(from_scheduler(StepLR(Tensor(0.1)))) == want


def test_phases_of_one_cycle_are_read():
    class OneCycleLR:
        total_steps, _anneal_func_type = 20, "cos"
        _schedule_phases = ({"end_step": 0.25 * 20 - 1}, {"end_step": 20 - 1})
        group = {"lr": 0.04, "initial_lr": 0.04, "max_lr": 1.0, "min_lr": 4e-6}
        optimizer = types.SimpleNamespace(param_groups=[group])

    want = schedulers.OneCycleLR(1.0, total_steps=20, pct_start=0.25)
    np.testing.assert_allclose(from_scheduler(OneCycleLR())(np.arange(20)), want(np.arange(20)), rtol=1e-6)


def test_parameter_groups_make_a_list():
    first, second = from_scheduler(StepLR(0.1, 0.2))
    np.testing.assert_allclose(second(2), 2 * first(2))


def test_refuses_what_it_does_not_know():
    with pytest.raises(TypeError, match="a scheduler of torch: got a builtins.dict. Known are LambdaLR, Mult.*Plateau"):
        from_scheduler({})
    with pytest.raises(TypeError, match="a Other, which overrides `get_lr` of StepLR"):
        from_scheduler(Other(0.1))


class ReduceLROnPlateau:
    mode, factor, patience, threshold, threshold_mode, cooldown, eps = "min", 0.5, 0, 1e-4, "rel", 0, 1e-8

    def __init__(self, optimizer):
        self.optimizer, self.min_lrs = optimizer, [0.0 for _ in optimizer.param_groups]


def several(rates=(0.1,)):
    """Three schedulers of one optimizer, in the middle of a run; the last is a plateau, which has made a cut."""
    first, second = StepLR(*rates), StepLR(*rates)
    second.optimizer, second.step_size = first.optimizer, 3
    for group in first.optimizer.param_groups:
        group["lr"] /= 8
    return first, second, ReduceLROnPlateau(first.optimizer)


@pytest.mark.parametrize("kind", [list, tuple])
def test_several_of_one_optimizer_are_a_chain_or_with_a_plateau_take_turns(kind):
    first, second, plateau = several()
    parts = [schedulers.StepLR(0.1, 2, 0.5), schedulers.StepLR(0.1, 3, 0.5)]
    assert from_scheduler(kind([first, second])) == schedulers.ChainedScheduler(0.1, parts)
    cuts = schedulers.ReduceLROnPlateau(0.1, factor=0.5, patience=0)
    last, before = kind([first, second, plateau]), kind([plateau, first, second])
    assert from_scheduler(last) == schedulers.on_one_optimizer([*parts, cuts])
    assert from_scheduler(before) == schedulers.on_one_optimizer([cuts, *parts])
    assert from_scheduler(kind([first])) == from_scheduler(first)
    assert from_scheduler(kind([plateau])) == from_scheduler(plateau)


def test_several_have_a_schedule_for_each_parameter_group():
    first, second, plateau = several((0.1, 0.2))
    for together in ([first, second], [first, second, plateau]):
        made = from_scheduler(together)
        for found, rate in zip(made, (0.1, 0.2), strict=True):
            alone = several((rate,))
            assert found == from_scheduler(list(alone[: len(together)]))


def test_several_that_cannot_be_read_together():
    first, second, plateau = several()
    greedy = type("GreedyLR", (), {"optimizer": first.optimizer})()
    for given, error, message in (
        ([], ValueError, "`scheduler` must be a scheduler of torch, or a list of those of one optimizer: got none"),
        ([first, StepLR(0.1)], ValueError, "schedulers of one optimizer: got .'StepLR', 'StepLR'. of several. Read"),
        ([first, plateau, second], ValueError, "one `ReduceLROnPlateau`, before or after the others: .* the order of"),
        ([plateau, first, plateau], ValueError, "one `ReduceLROnPlateau`, before or after the others: got"),
        ([first, greedy], TypeError, "must not have a GreedyLR beside others: got .* hand the schedule to"),
        ([first, None], TypeError, r"`scheduler\[1\]` must be a scheduler of torch: got a builtins.NoneType"),
        ([first, Other(0.1)], TypeError, r"`scheduler\[1\]` is a Other, which overrides"),
    ):
        with pytest.raises(error, match=message):
            from_scheduler(given)


@pytest.fixture
def live():
    pytest.importorskip("torch")
    from support.compat import torch_live

    return torch_live


DRAWS = [draw for draw in torch_cases.DRAWS if "momentum" not in draw.__name__ and draw is not torch_cases.plateau]


@pytest.mark.parametrize("done", [0, 3])
def test_equals_the_live_scheduler_from_epoch_0(live, done):
    rng = random.Random(100 + done)
    for draw in DRAWS:
        case = draw(rng)
        if case.differs:
            continue
        scheduler = live.made(case.function, case.arguments)
        live.course(scheduler, done)
        with x64():
            got = np.asarray(from_scheduler(scheduler)(np.array(case.steps)))
        assert np.max(comparison.errors(got, np.array(live.values(case)))) <= case.tolerance, case


def test_live_parameter_groups(live):
    call = {"call": "LinearLR", "arguments": {"lr": 0.0, "total_iters": 3}}
    last = {"call": "SWALR", "arguments": {"lr": 0.0, "swa_lr": [0.01, 0.02], "anneal_epochs": 4}}
    arguments = {"schedulers": [call, last], "milestones": [5]}
    scheduler = live.made("SequentialLR", arguments, lr=[0.1, 0.2])
    found = from_scheduler(scheduler)
    np.testing.assert_allclose([each(np.arange(13)) for each in found], live.course(scheduler, 12), rtol=2e-6)


def test_live_tensors(live):
    scheduler = live.made("CosineAnnealingLR", {"T_max": 5}, lr=live.torch.tensor(0.1, dtype=live.torch.float64))
    np.testing.assert_allclose(from_scheduler(scheduler)(np.arange(9)), live.course(scheduler, 8)[0], rtol=2e-6)


def test_one_cycle_in_a_live_sequence_has_changed_the_rate_of_the_first(live):
    first = {"call": "LinearLR", "arguments": {"lr": 0.5}}
    second = {"call": "OneCycleLR", "arguments": {"max_lr": 1.0, "total_steps": 20}}
    scheduler = live.made("SequentialLR", {"lr": 0.5, "schedulers": [first, second], "milestones": [4]})
    found = from_scheduler(scheduler)
    np.testing.assert_allclose(found(np.arange(11)), live.course(scheduler, 10)[0], rtol=2e-6)


def test_live_plateau(live):
    metrics = [1.0, 0.9, 0.9, 0.9, 0.9, 0.2, 0.2, 0.2, 0.2]
    scheduler = live.made("ReduceLROnPlateau", {"lr": 0.1, "patience": 1, "cooldown": 1, "min_lr": 0.02})
    controller = from_scheduler(scheduler)
    state, rates = controller.init(), []
    for metric in metrics:
        rates.append(float(controller(state)))
        state = controller.update(state, value=jnp.float32(metric))
    np.testing.assert_allclose([*rates, controller(state)], live.course(scheduler, metrics=metrics)[0], rtol=2e-6)


@pytest.mark.parametrize("first", [False, True])
def test_live_plateau_beside_others(live, first):
    """As torch steps them from epoch 0 on, also when they are read after some steps."""

    def made():
        optimizer = live.optimizer_for(0.5)
        kinds = live.lr_scheduler
        others = [kinds.CosineAnnealingLR(optimizer, 9, 0.1), kinds.ExponentialLR(optimizer, 0.9)]
        plateau = kinds.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
        return [plateau, *others] if first else [*others, plateau]

    metrics = [1.0, 0.9, 0.9, 0.9, 0.9, 0.2, 0.2, 0.2, 0.2]
    used = made()
    live.course(live.InTurn(used), metrics=metrics)
    controller = from_scheduler(used)
    state, rates = controller.init(), []
    for metric in metrics:
        rates.append(float(controller(state)))
        state = controller.update(state, value=jnp.float32(metric))
    want = live.course(live.InTurn(made()), metrics=metrics)[0]
    np.testing.assert_allclose([*rates, controller(state)], want, rtol=2e-6)


def test_live_subclass_that_changes_values_is_refused(live):
    class Warm(live.lr_scheduler.CosineAnnealingLR):
        def get_lr(self):
            return [1.0]

    with pytest.raises(TypeError, match="a Warm, which overrides `get_lr` of CosineAnnealingLR"):
        from_scheduler(Warm(live.optimizer_for(0.1), 5))


def test_a_run_in_its_middle_goes_on_from_the_epoch_of_its_scheduler():
    torch = pytest.importorskip("torch")
    sgd = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    live = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, 20, eta_min=0.1)
    rates = []
    for _ in range(20):
        sgd.step()
        live.step()
        rates.append(sgd.param_groups[0]["lr"])
        if live.last_epoch == 7:
            onward = js.advance(from_scheduler(live), live.last_epoch)
    np.testing.assert_allclose(onward(np.arange(14)), rates[6:], rtol=2e-6)


@pytest.mark.parametrize(
    ("make", "kept"),
    [
        (lambda lr, sgd: lr.StepLR(sgd, 100), True),
        (lambda lr, sgd: lr.LambdaLR(sgd, lambda t: 1.0), False),
        (lambda lr, sgd: lr.CosineAnnealingWarmRestarts(sgd, 100), False),
        (lambda lr, sgd: lr.CyclicLR(sgd, 0.1, 1.0, 100, cycle_momentum=False), False),
    ],
)
def test_which_schedulers_of_torch_undo_a_cut_on_a_plateau(make, kept):
    """What the module's docstring says of torch; here a cut lasts."""
    torch = pytest.importorskip("torch")
    sgd = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    beside = make(torch.optim.lr_scheduler, sgd)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(sgd, factor=0.5, patience=0)
    rates = []
    for loss in (2.0, 2.0, 1.0):
        before = sgd.param_groups[0]["lr"]
        sgd.step()
        beside.step()
        set_by_it = sgd.param_groups[0]["lr"]
        plateau.step(loss)
        rates.append((before, set_by_it, sgd.param_groups[0]["lr"]))
    assert rates[1][2] == 0.5 * rates[1][1]  # cut
    assert (rates[2][1] == pytest.approx(rates[1][2])) == kept


@pytest.mark.parametrize("begin", [5, 8])
def test_averaging_by_hand_is_a_cooldown(begin):
    torch = pytest.importorskip("torch")
    sgd = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, 20)
    averaging = torch.optim.swa_utils.SWALR(sgd, swa_lr=0.05, anneal_epochs=4)
    rates = []
    for epoch in range(18):
        rates.append(sgd.param_groups[0]["lr"])
        sgd.step()
        (averaging if epoch > begin else falling).step()
    ours = js.cooldown(schedulers.CosineAnnealingLR(1.0, 20), at=begin + 1, steps=4, end=0.05, shape="cosine")
    np.testing.assert_allclose(ours(np.arange(18)), rates, rtol=1e-5)
