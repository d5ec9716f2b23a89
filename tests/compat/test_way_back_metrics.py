"""Our controllers in torch, and Hugging Face's Trainer with schedules and controllers of ours."""

import pickle

import numpy as np
import pytest
from support.compat.torch_loops import LR, sgd, stored, values

import jaxsched as js
from jaxsched.compat.torch import from_scheduler, to_scheduler


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


METRICS = [3.0, 2.0, 2.0, 2.5, 1.0, 1.0, 1.0, 1.0, 0.5, 0.6, 0.7, 0.8, 0.9]


def test_a_controller_is_a_plateau_with_the_values_of_torch(torch):
    live = torch.optim.lr_scheduler.ReduceLROnPlateau(sgd(torch, 0.5), factor=0.5, patience=1, cooldown=1)
    controller = js.reduce_on_plateau(0.5, factor=0.5, patience=1, cooldown=1)
    mine = to_scheduler(sgd(torch, 0.5, 0.5), controller)
    assert isinstance(mine, type(live)) and from_scheduler(mine) == [controller] * 2
    for metric in METRICS:
        live.step(metric)
        mine.step(torch.tensor(metric))
        assert mine.get_last_lr() == live.get_last_lr() * 2
    assert mine.get_last_lr() == [0.0625] * 2


def test_a_controller_of_a_schedule_counts_steps_and_observes_now_and_then(torch):
    controllers = [js.reduce_on_plateau(LR, factor=0.5, patience=0), js.greedy(0.1)]
    scheduler = to_scheduler(sgd(torch, 1.0, 0.1), controllers)
    states = [each.init() for each in controllers]
    halves = []
    for step in range(30):
        assert scheduler.get_last_lr() == [float(c(s)) for c, s in zip(controllers, states, strict=True)]
        halves.append(scheduler.get_last_lr()[0] / float(LR(step)) if step else 1.0)
        if step % 10 == 9:
            scheduler.observe(1.0)
            states = [c.observe(s, value=1.0) for c, s in zip(controllers, states, strict=True)]
        scheduler.step()
        states = [c.update(s) for c, s in zip(controllers, states, strict=True)]
        if step == 14:
            again = to_scheduler(sgd(torch, 1.0, 0.1), controllers)
            again.load_state_dict(stored(torch, scheduler.state_dict()))
            scheduler = again
    assert halves[19] == 1.0 and halves[20:] == [0.5] * 10


def test_a_controller_takes_over_a_stored_one_and_says_so(torch):
    scheduler = to_scheduler(sgd(torch), js.reduce_on_plateau(0.5, factor=0.5, patience=0))
    for _ in range(3):
        scheduler.step(1.0)
    again = to_scheduler(sgd(torch), js.reduce_on_plateau(0.25, factor=0.1))
    with pytest.warns(UserWarning, match="state.pop.'controllers'."):
        again.load_state_dict(scheduler.state_dict())
    again.step(1.0)
    assert again.get_last_lr() == [0.0625] and again.last_epoch == 4
    assert pickle.loads(pickle.dumps(again)).get_last_lr() == [0.0625]
    with pytest.raises(ValueError, match="`state_dict` must be that of a controller"):
        again.load_state_dict(to_scheduler(sgd(torch), LR).state_dict())
    with pytest.raises(ValueError, match="does not support `ReduceLROnPlateau`"):
        torch.optim.lr_scheduler.SequentialLR(again.optimizer, [again], [])


# Trainer

RUN = js.warmup_cosine(0.05, warmup=4, total=24)
ARGUMENTS = {"per_device_train_batch_size": 4, "logging_steps": 6, "save_steps": 10, "eval_steps": 2}
ARGUMENTS |= {"max_steps": 24, "use_cpu": True, "report_to": [], "disable_tqdm": True, "eval_strategy": "steps"}
ARGUMENTS |= {"metric_for_best_model": "eval_loss", "greater_is_better": False}


def trained(torch, folder, schedule, resume=None):
    """The trainer after a run, the rate of each of its updates, and its weights."""
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    torch.manual_seed(0)
    inputs = torch.randn(40, 3)
    data = [{"inputs": each, "labels": each.sum()} for each in inputs]

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(3, 1)

        def forward(self, inputs, labels):
            outputs = self.linear(inputs)[:, 0]
            return {"loss": ((outputs - labels) ** 2).mean(), "logits": outputs}

    rates = []

    class Record(transformers.TrainerCallback):
        def on_pre_optimizer_step(self, args, state, control, optimizer=None, **kwargs):
            rates.append([group["lr"] for group in optimizer.param_groups])

    model = Model()
    groups = [{"params": [each]} for each in model.parameters()]
    optimizer = torch.optim.AdamW(groups, lr=1.0)
    trainer = transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(output_dir=str(folder), **ARGUMENTS),
        train_dataset=data,
        eval_dataset=data[:8],
        optimizers=(optimizer, to_scheduler(optimizer, schedule)),
        callbacks=[Record()],
    )
    trainer.train(resume_from_checkpoint=resume)
    return trainer, rates, model.linear.weight.detach().numpy()


@pytest.mark.parametrize("schedules", [RUN, [RUN, 0.5 * RUN]])
def test_a_trainer_goes_on_from_its_checkpoint_bit_for_bit(torch, tmp_path, schedules):
    trainer, rates, weights = trained(torch, tmp_path, schedules)
    each = schedules if isinstance(schedules, list) else [RUN, RUN]
    assert rates == [list(pair) for pair in zip(*(values(x, 0, 24) for x in each), strict=True)]
    logged = [row["learning_rate"] for row in trainer.state.log_history if "learning_rate" in row]
    assert logged == [rates[step - 1][0] for step in (6, 12, 18, 24)]
    other = js.Constant(0.1) if schedules is RUN else [js.Constant(0.1)] * 2
    again, later, same = trained(torch, tmp_path, other, resume=str(tmp_path / "checkpoint-10"))
    assert later == rates[10:]
    np.testing.assert_array_equal(same, weights)
    assert from_scheduler(again.lr_scheduler) == each


def test_a_trainer_hands_its_metric_to_a_controller(torch, tmp_path):
    controller = js.reduce_on_plateau(0.1, factor=0.5, patience=1, rtol=0.9)
    trainer, rates, weights = trained(torch, tmp_path, controller)
    state, wanted = controller.init(), []
    for row in trainer.state.log_history:
        if "eval_loss" in row:
            wanted += [[float(controller(state))] * 2] * 2
            state = controller.update(state, value=row["eval_loss"])
    assert rates == wanted and rates[-1][0] < 0.1
    _, later, same = trained(torch, tmp_path, controller, resume=str(tmp_path / "checkpoint-10"))
    assert later == rates[10:]
    np.testing.assert_array_equal(same, weights)
