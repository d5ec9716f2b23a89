"""What belongs to another framework's training loop is answered with the line to write."""

import copy
import inspect
import pickle

import jax
import pytest

import jaxsched as js
from jaxsched.compat import paddle, timm, torch, transformers
from jaxsched.compat.torch import CosineAnnealingLR, OneCycleLR, ReduceLROnPlateau, StepLR

SCHEDULES = [
    CosineAnnealingLR(0.1, T_max=10),
    transformers.get_scheduler("cosine", 0.1, 1, 10),
    js.Linear(1.0, 0.0, steps=4),
]
CONTROLLERS = [ReduceLROnPlateau(0.1), transformers.get_greedy_schedule(0.1), js.recover(0.1)]
WORDS = {
    "step": ("call it with the step", "controller.update"),
    "step_update": ("call it with the step", "jaxsched.observe"),
    "get_last_lr": (r"schedule\(step\)", r"controller\(state\)"),
    "get_lr": (r"jaxsched.current\(opt_state\)", r"jaxsched.current\(opt_state\)"),
    "last_epoch": (r"jaxsched.advance\(schedule, n\)", r"controller.init\(\)"),
    "state_dict": ("the count in the optimizer's", "store that"),
    "load_state_dict": (r"jaxsched.to_dict\(schedule\)", r"jaxsched.to_dict\(controller\)"),
    "optimizer": (r"optax.sgd\(schedule\)", r"jaxsched.inject\(optax.sgd\)\(controller\)"),
}


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_their_loop_is_answered_with_a_line_of_ours(word):
    for objects, line in zip((SCHEDULES, CONTROLLERS), WORDS[word], strict=True):
        for x in objects:
            assert not hasattr(x, word)
            with pytest.raises(AttributeError, match=f"no attribute '{word}': .*{line}") as raised:
                getattr(x, word)
            assert len(str(raised.value)) < 250 and str(raised.value).count(". ") == 0  # one sentence


def test_other_attributes_are_missing_in_python_s_own_words():
    for x in (*SCHEDULES, *CONTROLLERS):
        with pytest.raises(AttributeError, match=f"^'{type(x).__name__}' object has no attribute 'stepp'$"):
            x.stepp  # noqa: B018
        assert pickle.loads(pickle.dumps(x)) == copy.deepcopy(x) == copy.copy(x) == x
        assert jax.tree.structure(x) == jax.tree.structure(copy.copy(x))


def test_a_property_s_own_error_is_seen():
    class Mine(js.Schedule):
        def at(self, step):
            return 1.0 * step

        @property
        def peak(self):
            return self.missing.peak

    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        Mine().peak  # noqa: B018


PLACED = {
    "torch": lambda **kwargs: StepLR(0.1, 30, **kwargs),
    "torch, cycles": lambda **kwargs: OneCycleLR(0.1, total_steps=10, **kwargs),
    "torch, composed": lambda **kwargs: torch.SequentialLR(0.1, [StepLR(0.1, 3)], [], **kwargs),
    "transformers": lambda **kwargs: transformers.get_cosine_schedule_with_warmup(0.1, 1, 10, **kwargs),
    "paddle": lambda **kwargs: paddle.StepDecay(0.1, 30, **kwargs),
}


@pytest.mark.parametrize("name", PLACED)
def test_a_position_to_begin_at_is_left_out_or_the_default(name):
    make = PLACED[name]
    assert make(last_epoch=-1) == make()
    with pytest.raises(ValueError, match=r"`last_epoch` must be .* got 99. .*jaxsched.advance\(schedule, 100\)"):
        make(last_epoch=99)


@pytest.mark.parametrize("name", ["torch", "torch, cycles", "torch, composed", "paddle"])
def test_printing_at_every_step_is_left_out_or_the_default(name):
    make = PLACED[name]
    assert make(verbose=False) == make(verbose="deprecated") == make()
    with pytest.raises(ValueError, match="`verbose` must be left out, or False: got True"):
        make(verbose=True)


def test_a_framework_s_defaults_by_their_place():
    assert StepLR(0.1, 30, 0.1, -1) == StepLR(0.1, 30)
    assert paddle.StepDecay(0.1, 30, 0.1, -1, False) == paddle.StepDecay(0.1, 30)
    make = transformers.get_cosine_with_min_lr_schedule_with_warmup
    assert make(0.1, 1, 10, 0.5, -1, 0.01) == make(0.1, 1, 10, min_lr=0.01)
    decay = StepLR(0.1, 30)
    assert torch.ChainedScheduler([decay], optimizer=None) == torch.ChainedScheduler([decay])


IN_ITS_PLACE = [
    getattr(module, name)
    for module in (torch, timm, transformers)
    for name in dir(module)
    if inspect.isfunction(getattr(module, name)) and not name.startswith("_")
    if "lr" in inspect.signature(getattr(module, name)).parameters and name != "ChainedScheduler"
]


class Optimizer:
    """An optimizer of torch, as far as we look at it."""

    param_groups = ({"lr": 0.1},)


@pytest.mark.parametrize("make", IN_ITS_PLACE, ids=lambda make: make.__name__)
def test_the_rate_stands_in_the_place_of_the_optimizer(make):
    place = list(inspect.signature(make).parameters).index("lr")
    assert place == (1 if make.__name__ in ("get_scheduler", "create_scheduler") else 0)
    with pytest.raises(TypeError, match=r"`optimizer`.* as `lr`|needs `lr`"):
        make(optimizer=0.1)
    before = ["linear"] * place
    needed = [
        p for p in inspect.signature(make).parameters.values() if p.default is p.empty and p.kind != p.VAR_KEYWORD
    ]
    rest = [1] * (len(needed) - place - 1)
    with pytest.raises(TypeError, match="in the place of the optimizer: got an optimizer"):
        make(*before, Optimizer(), *rest)
    with pytest.raises(TypeError, match="`lr` must be a learning rate, and 30 by its place looks like a count"):
        make(*before, 30, *rest)


def test_a_cycle_stands_beside_the_rate_as_in_torch():
    want = torch.CyclicLR(base_lr=0.1, max_lr=1.0, step_size_up=3)
    for same in (
        torch.CyclicLR(0.5, 0.1, 1.0, 3),
        torch.CyclicLR(0.1, 1.0, step_size_up=3),
        torch.CyclicLR(0.1, max_lr=1.0, step_size_up=3),
    ):
        assert same == want
    peak = OneCycleLR(max_lr=1.0, total_steps=10)
    assert (
        OneCycleLR(0.1, 1.0, 10)
        == OneCycleLR(1.0, total_steps=10)
        == OneCycleLR(0.1, max_lr=1.0, total_steps=10)
        == peak
    )
    assert torch.OneCycleMomentum(0.1, 1.0, 10) == torch.OneCycleMomentum(1.0, total_steps=10)
    assert torch.CyclicMomentum(0.5, 0.1, 1.0, 3) == torch.CyclicMomentum(0.1, 1.0, step_size_up=3)
    assert len(torch.CyclicLR([0.1, 0.2], max_lr=1.0)) == 2


SHIFTED = {
    "no rate": (lambda: CosineAnnealingLR(10), r"needs `T_max` too. `lr` stands first, in the place of the optimizer"),
    "no rate, with a default": (lambda: torch.PolynomialLR(10), "`lr` must be .* 10 by its place looks like a count"),
    "a count for a rate": (lambda: torch.SWALR(0.05, 10), "`swa_lr` must be .* 10 by its place"),
    "one-cycle without a rate": (lambda: OneCycleLR(0.1, 100), "`max_lr` must be .* 100 by its place"),
    "cycles without a rate": (lambda: torch.CyclicLR(0.1, 1.0, 2000), "`max_lr` must be .* 2000 by its place"),
    "cycles without a top": (lambda: torch.CyclicLR(0.1), "`max_lr` must be given"),
    "cycles without a foot": (lambda: torch.CyclicMomentum(max_lr=0.1), "`base_lr` must be given"),
    "one-cycle without a peak": (lambda: OneCycleLR(total_steps=9), "`max_lr` must be given"),
    "another name": (lambda: StepLR(0.1, stepsize=3), "no argument `stepsize`. Did you mean 'step_size'?"),
    "too many": (lambda: StepLR(0.1, 3, 0.1, -1, False, 3), "takes 5 arguments: got 6"),
    "twice": (lambda: StepLR(0.1, 3, lr=0.1), "got `lr` twice, by its place and by its name"),
    "an optimizer of a chain": (lambda: torch.ChainedScheduler([0.1], optimizer=0.1), "`optimizer` must be left out"),
    "words as a name": (lambda: transformers.get_scheduler("cosine", 100, 1000), "`lr` must be .* 100 by its place"),
}


@pytest.mark.parametrize("name", SHIFTED)
def test_a_call_that_shifts_its_arguments_is_refused(name):
    make, message = SHIFTED[name]
    with pytest.raises(TypeError, match=message):
        make()
    assert StepLR(lr=30, step_size=3)(0) == 30  # a large rate has a name
