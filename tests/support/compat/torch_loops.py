"""Loops of torch with a scheduler of ours."""

import io

import jaxsched as js

LR = js.warmup_cosine(0.5, warmup=5, total=40, end=0.125)
STEPS = 50


def sgd(torch, *rates):
    """An optimizer with a parameter group for each rate."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates or (1.0,)]
    return torch.optim.SGD(groups, lr=1.0, momentum=0.9)


def course(scheduler, steps=STEPS):
    """For each parameter group the rates of some updates."""
    optimizer, rows = scheduler.optimizer, []
    for _ in range(steps):
        rows.append([float(group["lr"]) for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return [list(column) for column in zip(*rows, strict=True)]


def values(schedule, begin=0, steps=STEPS):
    return [float(schedule(step)) for step in range(begin, begin + steps)]


def stored(torch, state):
    """A state after storage as plain data."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)
