"""What torch and Paddle refuse is refused with an error of the same class, which has their own words in it.

Without a counterpart are: `KeyError` of torch without `initial_lr` and Paddle's of a state, since a schedule has no
position to begin at; what is "not an Optimizer", and an optimizer without momentum; schedulers without an `optimizer`,
since any schedule may be in a sequence; a step after the end of `OneCycleLR`, which is held, and a negative epoch;
parameter groups that are added to a plateau. What torch only warns of is a wrong order of calls, and `step(epoch)`.
Paddle's assertions are errors of value or kind here, with its words.
"""

import re

import pytest

from jaxsched.compat import paddle, torch

OF_TORCH = [
    ("LambdaLR", {"lr": [0.1, 0.2], "lr_lambda": [abs]}, ValueError, "Expected 2 lr_lambdas, but got 1"),
    ("MultiplicativeLR", {"lr": [0.1, 0.2], "lr_lambda": [abs]}, ValueError, "Expected 2 lr_lambdas, but got 1"),
    ("MultiplicativeLR", {"lr_lambda": 0.5}, TypeError, "lr_lambda should be a function, but got float"),
    ("ConstantLR", {"factor": 1.5}, ValueError, "Constant multiplicative factor expected to be between 0 and 1."),
    ("ConstantLR", {"factor": -0.5}, ValueError, "Constant multiplicative factor expected to be between 0 and 1."),
    ("LinearLR", {"start_factor": 0.0}, ValueError, "factor expected to be greater than 0 and less or equal to 1."),
    ("LinearLR", {"start_factor": 1.1}, ValueError, "Starting multiplicative factor expected to be greater than 0"),
    ("LinearLR", {"end_factor": 1.1}, ValueError, "Ending multiplicative factor expected to be between 0 and 1."),
    ("CosineAnnealingWarmRestarts", {"T_0": 0}, ValueError, "Expected positive integer T_0, but got 0"),
    ("CosineAnnealingWarmRestarts", {"T_0": 5.0}, ValueError, "Expected positive integer T_0, but got 5.0"),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 0}, ValueError, "Expected integer T_mult >= 1, but got 0"),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 1.5}, ValueError, "Expected integer T_mult >= 1, but got 1.5"),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "eta_min": "0"}, ValueError, "float or int eta_min, but got 0 of type"),
    (
        "SWALR",
        {"swa_lr": 0.1, "anneal_epochs": -1},
        ValueError,
        "anneal_epochs must be equal or greater than 0, got -1",
    ),
    ("SWALR", {"swa_lr": 0.1, "anneal_epochs": 2.5}, ValueError, "anneal_epochs must be equal or greater than 0, got"),
    ("SWALR", {"swa_lr": 0.1, "anneal_strategy": "x"}, ValueError, "anneal_strategy must be one of 'cos' or 'linear'"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "mode": "x"}, ValueError, "mode is invalid and scale_fn is None"),
    (
        "CyclicLR",
        {"lr": [0.1, 0.2], "base_lr": 0.1, "max_lr": [1.0, 2.0, 3.0]},
        ValueError,
        "max_lr must have the same length as optimizer.param_groups. max_lr has 3 values, param_groups has 2.",
    ),
    (
        "CyclicLR",
        {"lr": [0.1, 0.2], "base_lr": [0.1], "max_lr": 1.0},
        ValueError,
        "base_lr has 1 values, param_groups has 2.",
    ),
    (
        "OneCycleLR",
        {"lr": [0.1, 0.2], "max_lr": [1.0], "total_steps": 9},
        ValueError,
        "max_lr must have the same length as optimizer.param_groups. max_lr has 1 values, param_groups has 2.",
    ),
    (
        "SWALR",
        {"lr": [0.1, 0.2], "swa_lr": [0.1, 0.2, 0.3]},
        ValueError,
        "swa_lr must have the same length as optimizer.param_groups. swa_lr has 3 values, param_groups has 2.",
    ),
    ("OneCycleLR", {"max_lr": 1.0}, ValueError, "You must define either total_steps OR (epochs AND steps_per_epoch)"),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 0}, ValueError, "Expected positive integer total_steps, but got 0"),
    (
        "OneCycleLR",
        {"max_lr": 1.0, "total_steps": 9.0},
        ValueError,
        "Expected positive integer total_steps, but got 9.0",
    ),
    (
        "OneCycleLR",
        {"max_lr": 1.0, "epochs": -1, "steps_per_epoch": 3},
        ValueError,
        "positive integer epochs, but got -1",
    ),
    (
        "OneCycleLR",
        {"max_lr": 1.0, "epochs": 2, "steps_per_epoch": 1.5},
        ValueError,
        "integer steps_per_epoch, but got",
    ),
    (
        "OneCycleLR",
        {"max_lr": 1.0, "total_steps": 9, "pct_start": 1.5},
        ValueError,
        "Expected float between 0 and 1 pct",
    ),
    (
        "OneCycleLR",
        {"max_lr": 1.0, "total_steps": 9, "pct_start": 1},
        ValueError,
        "between 0 and 1 pct_start, but got 1",
    ),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 9, "anneal_strategy": "x"}, ValueError, "instead got"),
    ("ReduceLROnPlateau", {"factor": 1.0}, ValueError, "Factor should be < 1.0."),
    ("ReduceLROnPlateau", {"mode": "least"}, ValueError, "mode least is unknown!"),
    ("ReduceLROnPlateau", {"threshold_mode": "both"}, ValueError, "threshold mode both is unknown!"),
    ("ReduceLROnPlateau", {"lr": [0.1, 0.2], "min_lr": [0.0]}, ValueError, "expected 2 min_lrs, got 1"),
    (
        "SequentialLR",
        {"schedulers": [], "milestones": []},
        ValueError,
        "expects at least one scheduler, but got no sch",
    ),
    ("SequentialLR", {"schedulers": ["plateau"], "milestones": []}, ValueError, "not support `ReduceLROnPlateau` sch"),
    (
        "SequentialLR",
        {"schedulers": ["other"], "milestones": []},
        ValueError,
        "all schedulers to belong to the same opt",
    ),
    (
        "SequentialLR",
        {"schedulers": ["step"], "milestones": [3]},
        ValueError,
        "to be one more than the number of milest",
    ),
    (
        "ChainedScheduler",
        {"schedulers": []},
        ValueError,
        "expects at least one scheduler to be chained, but got no sch",
    ),
    (
        "ChainedScheduler",
        {"schedulers": ["plateau"]},
        ValueError,
        "does not support `ReduceLROnPlateau` scheduler as it",
    ),
    ("ChainedScheduler", {"schedulers": ["step", "other"]}, ValueError, "expects all schedulers to belong to the same"),
]

OF_PADDLE = [
    ("MultiStepDecay", ("test", [1, 2, 3]), TypeError, "The type of learning rate must be float, but received"),
    ("MultiStepDecay", (0.5, "test"), TypeError, "The type of 'milestones' in 'MultiStepDecay' must be 'tuple, list'"),
    ("MultiStepDecay", (0.5, [3, 2, 1]), ValueError, "The elements of milestones must be incremented"),
    ("MultiStepDecay", (0.5, [1, 1]), ValueError, "The elements of milestones must be incremented"),
    ("MultiStepDecay", (0.5, [1, 2, 3], 2), ValueError, "gamma should be < 1.0."),
    ("StepDecay", (0.5, 3, 1.0), ValueError, "gamma should be < 1.0."),
    ("StepDecay", (0.5, 3.0), TypeError, "The type of 'step_size' must be 'int', but received <class 'float'>"),
    ("ExponentialDecay", (-0.5, 0.5), ValueError, "Invalid learning rate: -0.5"),
    ("ExponentialDecay", (0.5, 1.0), ValueError, "'gamma' must be in interval (0.0, 1.0) so that the learning rate w"),
    ("ExponentialDecay", (0.5, 0.0), ValueError, "'gamma' must be in interval (0.0, 1.0) so that the learning rate w"),
    ("NaturalExpDecay", (0.5, 0.0), ValueError, "'gamma' must be a positive number so that the learning rate will"),
    ("PolynomialDecay", (0.5, 0), ValueError, "'decay_steps' must be a positive integer."),
    ("PolynomialDecay", (0.5, 2.0), TypeError, "'decay_steps' must be a positive integer."),
    (
        "PolynomialDecay",
        (0.5, 2, 0.1, 0.0),
        ValueError,
        "'power' must be greater than 0.0 so that the learning rate wi",
    ),
    ("LinearWarmup", (0.5, 0, 0.0, 1.0), ValueError, "'warmup_steps' must be a positive integer."),
    ("LinearWarmup", (0.5, 2.5, 0.0, 1.0), TypeError, "'warmup_steps' must be a positive integer."),
    ("LinearWarmup", (0.5, 5, 1.0, 0.5), ValueError, "end_lr 0.5 must be greater than start_lr 1.0"),
    (
        "InverseTimeDecay",
        ("0.5", 0.5),
        TypeError,
        "The type of learning rate must be float, but received <class 'str'>",
    ),
    ("NoamDecay", (0, 10), ValueError, "d_model should be"),
    ("PiecewiseDecay", ([], [1.0]), ValueError, "The boundaries cannot be empty."),
    ("PiecewiseDecay", ([100, 200], []), ValueError, "The values have one more element than boundaries"),
    ("PiecewiseDecay", ([100, 200], [0.5, 0.1]), ValueError, "The values have one more element than boundaries"),
    ("LinearWarmup", ("x", 5, 0.0, 1.0), TypeError, "the type of learning_rate should be [int, float or LRScheduler]"),
    ("LinearWarmup", (1.0, 5, -1.0, 1.0), ValueError, "Invalid learning rate: -1.0"),
    ("LambdaDecay", (0.5, 0.5), TypeError, "The type of 'lr_lambda' in 'LambdaDecay' must be 'function', but received"),
    ("MultiplicativeDecay", (0.5, 0.5), TypeError, "'lr_lambda' in 'MultiplicativeDecay' must be 'function', but rec"),
    ("ReduceOnPlateau", (1.0, "min", 2.0), ValueError, "gamma should be < 1.0."),
    ("ReduceOnPlateau", (1.0, "test"), ValueError, "mode: test is unknown!"),
    ("ReduceOnPlateau", (1.0, "min", 0.1, 10, 1e-4, "test"), ValueError, "threshold mode: test is unknown!"),
    ("ReduceOnPlateau", ("test",), TypeError, "The type of 'learning_rate' in 'ReduceOnPlateau' must be 'float'"),
    ("CosineAnnealingDecay", (0.5, 5.0), TypeError, "The type of 'T_max' in 'CosineAnnealingDecay' must be 'int'"),
    (
        "CosineAnnealingDecay",
        (0.5, 5, "0"),
        TypeError,
        "The type of 'eta_min' in 'CosineAnnealingDecay' must be 'float",
    ),
    ("OneCycleLR", ("test", 20), TypeError, "'max_learning_rate' must be 'float' or 'int', but received"),
    ("OneCycleLR", (-1.5, 20), ValueError, "'max_learning_rate' must be a positive integer"),
    ("OneCycleLR", (0.1, 20, 25.0, "test"), TypeError, "'end_learning_rate' must be 'float' or 'int', but received"),
    ("OneCycleLR", (0.1, 20, 25.0, -1), ValueError, "'end_learning_rate' must be a positive integer"),
    ("OneCycleLR", (0.1, "test"), TypeError, "'total_step' must be 'int', but received"),
    ("OneCycleLR", (0.1, -10), ValueError, "'total_step' must be a positive integer"),
    ("OneCycleLR", (0.1, 20, "test"), TypeError, "'divide_factor' must be 'float' or 'int', but received"),
    ("OneCycleLR", (0.1, 20, 25.0, 1e-4, 1), TypeError, "'phase_pct' must be 'float', but received"),
    ("OneCycleLR", (0.1, 20, 25.0, 1e-4, 1.5), ValueError, "'phase_pct' must be between 0 and 1, but received 1.5"),
    (
        "OneCycleLR",
        (0.1, 20, 25.0, 1e-4, 0.3, "test"),
        ValueError,
        "'anneal_strategy' must by one of 'cos' or 'linear'",
    ),
    ("OneCycleLR", (0.1, 20, 25.0, 1e-4, 0.6, "cos", True), ValueError, "When three_phase is True"),
    ("CyclicLR", (0.5, "test", 10), TypeError, "'max_learning_rate' must be 'float' or 'int', but received"),
    ("CyclicLR", (0.5, -1, 10), ValueError, "'max_learning_rate' must be a positive integer"),
    ("CyclicLR", (0.5, 1.0, "test"), TypeError, "The type of 'step_size_up' must be int, but received"),
    ("CyclicLR", (0.5, 1.0, -1), ValueError, "'step_size_up' must be a positive integer"),
    ("CyclicLR", (0.5, 1.0, 500, "test"), TypeError, "The type of 'step_size_down' must be int, but received"),
    ("CyclicLR", (0.5, 1.0, 500, -1), ValueError, "'step_size_down' must be a positive integer"),
    ("CyclicLR", (0.5, 1.0, 5, 5, "test"), ValueError, "'mode' is invalid and 'scale_fn' is not specified"),
    ("CyclicLR", (0.5, 1.0, 5, 5, "triangular", 1), TypeError, "The type of 'exp_gamma' must be float, but received"),
    ("CyclicLR", (0.5, 1.0, 5, 5, "triangular", 1.0, None, "test"), ValueError, "'scale_mode' must be one of 'cycle'"),
    ("LinearLR", (0.5, 5, 0), ValueError, "`start_factor` must be greater than 0 and less or equal to 1, but got 0"),
    ("LinearLR", (0.5, 5, 0.5, 2), ValueError, "`end_factor` must be greater than 0 and less than 1, but got 2"),
    ("LinearLR", (0.5, 0), ValueError, "`total_steps` must be greater than 0, but got 0"),
    ("CosineAnnealingWarmRestarts", (0.5, -1), ValueError, "Expected positive integer T_0, but got -1"),
    ("CosineAnnealingWarmRestarts", (0.5, 1.0), ValueError, "Expected positive integer T_0, but got 1.0"),
    ("CosineAnnealingWarmRestarts", (0.5, 1, -1), ValueError, "Expected integer T_mult >= 1, but got -1"),
    ("CosineAnnealingWarmRestarts", (0.5, 1, 1.0), ValueError, "Expected integer T_mult >= 1, but got 1.0"),
]


def named(rows):
    return [pytest.param(*row, id=f"{row[0]}-{i}") for i, row in enumerate(rows)]


@pytest.mark.parametrize(("name", "arguments", "kind", "words"), named(OF_TORCH))
def test_torch_s_words(name, arguments, kind, words):
    made = {"step": torch.StepLR(0.1, 3), "other": torch.StepLR(0.2, 3), "plateau": torch.ReduceLROnPlateau(0.1)}
    ours = {"lr": 0.1, **arguments}
    if "schedulers" in ours:
        ours["schedulers"] = [made[each] for each in ours["schedulers"]]
    with pytest.raises(kind, match=re.escape(words)) as raised:
        getattr(torch, name)(**ours)
    assert type(raised.value) is kind
    assert re.search(r"`\w+", str(raised.value)) or words.startswith(("lr_lambda", "instead", "anneal"))


@pytest.mark.parametrize(("name", "arguments", "kind", "words"), named(OF_TORCH))
def test_they_are_those_of_the_installed_torch(name, arguments, kind, words):
    pytest.importorskip("torch")
    from support.compat import torch_live

    given = {key: x for key, x in arguments.items() if key != "lr"}
    optimizer = torch_live.optimizer_for(arguments.get("lr", 0.1))
    if "schedulers" in given:
        made = {
            "step": lambda: torch_live.lr_scheduler.StepLR(optimizer, 3),
            "other": lambda: torch_live.lr_scheduler.StepLR(torch_live.optimizer_for(0.2), 3),
            "plateau": lambda: torch_live.lr_scheduler.ReduceLROnPlateau(optimizer),
        }
        given["schedulers"] = [made[each]() for each in given["schedulers"]]
    with pytest.raises(kind, match=re.escape(words)) as raised:
        torch_live.call(optimizer, name, given)
    assert type(raised.value) is kind


@pytest.mark.parametrize(("name", "arguments", "kind", "words"), named(OF_PADDLE))
def test_paddle_s_words(name, arguments, kind, words):
    with pytest.raises(kind, match=re.escape(words)) as raised:
        getattr(paddle, name)(*arguments)
    assert type(raised.value) is kind and re.search(r"`\w+|lr_lambda", str(raised.value))


def test_a_metric_of_another_kind():
    controller = paddle.ReduceOnPlateau(0.5)
    with pytest.raises(TypeError, match="`value` must be one real number"):
        controller.update(controller.init(), value="test")
