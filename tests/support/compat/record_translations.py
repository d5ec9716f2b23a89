"""Records the values of `theirs` in `traces/translations.json`: `python tests/support/compat/record_translations.py`.

It evaluates each line of the table with the real package, and where there is none with `translations_reference.py`; a
line whose values are in `traces/schedules.json` is compared with these. It needs jaxsched, whose table it reads, and
fvcore, mmengine, pytorch-ignite, mosaicml, fastai, megatron-core, deepspeed (or the path of its `lr_schedules.py` in
the variable `DEEPSPEED`), mlx and thinc; what these import besides, and no schedule needs, is replaced by nothing.
"""

import functools
import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import math
import os
import pathlib
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

from support.compat import (  # noqa: E402 (found in the folder of the tests)
    translations_reference,
    translations_reference_rl,
)
from support.compat.translations import Translation, table  # noqa: E402
from support.paths import COMPAT, SCHEDULES  # noqa: E402

FILE = COMPAT / "translations.json"
PACKAGES = {
    "fvcore": "fvcore",
    "MMEngine": "mmengine",
    "Ignite": "pytorch-ignite",
    "Composer": "mosaicml",
    "fastai": "fastai",
    "Megatron": "megatron-core",
    "DeepSpeed": "deepspeed",
    "MLX": "mlx",
    "thinc": "thinc",
}


class Nothing(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for packages that are imported and not used."""

    names = "torchvision torchmetrics coolname cpuinfo importlib_metadata mcli psutil cloudpickle fastdownload fasthtml"
    names = (*names.split(), "sklearn")

    def find_spec(self, fullname, path=None, target=None):
        known = fullname.split(".")[0] in self.names
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True) if known else None

    def create_module(self, spec):
        module = mock.MagicMock(name=spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module):
        pass


def optimizer() -> Any:
    import torch

    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9, weight_decay=0.05)


def fvcore(row: Translation) -> Iterator[float]:
    schedule = eval(row.theirs, vars(importlib.import_module("fvcore.common.param_scheduler")).copy())
    for i in range(row.steps):
        yield schedule(i / row.steps)


def mmengine(row: Translation) -> Iterator[float]:
    names, sgd = vars(importlib.import_module("mmengine.optim.scheduler")).copy(), optimizer()
    made = eval(row.theirs, names | {"optimizer": sgd})
    schedulers = made if isinstance(made, list) else [made]
    field = schedulers[0].param_name
    yield sgd.param_groups[0][field]
    for metric in range(1, row.steps) if row.metrics is None else row.metrics:
        for scheduler in schedulers:
            scheduler.step() if row.metrics is None else scheduler.step({"loss": metric})
        yield sgd.param_groups[0][field]


def ignite(row: Translation) -> Iterator[float]:
    from ignite.engine import Engine
    from torch.optim.lr_scheduler import ExponentialLR
    from torch.utils.data import DataLoader

    sgd, engine = optimizer(), Engine(lambda *_: None)
    loader = DataLoader(list(range(8)), batch_size=2)
    names = {"optimizer": sgd, "dataloader": loader, "ExponentialLR": ExponentialLR}
    for part in ("param_scheduler", "state_param_scheduler", "lr_finder"):
        names |= vars(importlib.import_module(f"ignite.handlers.{part}"))
    names["ExponentialLR"] = ExponentialLR
    scheduler = eval(row.theirs, names)
    if row.metrics is not None:
        yield sgd.param_groups[0]["lr"]
    for i in range(row.steps) if row.metrics is None else row.metrics:
        if not callable(scheduler):  # a scheduler of torch's kind
            yield sgd.param_groups[0]["lr"]
            sgd.step()
            scheduler.step()
            continue
        engine.state.metrics = {"loss": i}
        scheduler(engine)
        batches = loader.batch_sampler.batch_size
        field = getattr(scheduler, "param_name", "lr")
        values = {"rate": getattr(engine.state, "rate", None), "batch_size": batches} | sgd.param_groups[0]
        yield values[field]


def composer(row: Translation) -> Iterator[float]:
    from composer.core import Time, Timestamp

    schedule = eval(row.theirs, vars(importlib.import_module("composer.optim.scheduler")).copy())
    for i in range(row.steps):
        epoch, in_epoch = divmod(i, 5)
        counts = {"sample": 8 * i, "token": 128 * i, "sample_in_epoch": 8 * in_epoch, "token_in_epoch": 128 * in_epoch}
        now = Timestamp(epoch=epoch, batch=i, batch_in_epoch=in_epoch, **counts)
        duration = Time.from_timestring(f"{row.steps}ba")
        yield schedule(types.SimpleNamespace(timestamp=now, max_duration=duration, dataloader_len=Time(5, "ba")))


def fastai(row: Translation) -> Iterator[float]:
    if row.metrics is not None:
        callback = eval(row.theirs, vars(translations_reference))
        yield callback.rate
        yield from map(callback.after_epoch, row.metrics)
        return
    schedule = eval(row.theirs, vars(importlib.import_module("fastai.callback.schedule")).copy())
    for i in range(row.steps):
        yield schedule(i / row.steps)


def megatron(row: Translation) -> Iterator[Any]:
    if row.concept == "batch-size schedule":
        made = eval(row.theirs, vars(importlib.import_module("megatron.core.num_microbatches_calculator")).copy())
        seen = 0
        for _ in range(row.steps):
            made.update(seen, consistency_check=True)
            yield made.get_current_global_batch_size()
            seen += made.get_current_global_batch_size()
        return
    sgd = optimizer()
    cls = importlib.import_module("megatron.core.optimizer_param_scheduler").OptimizerParamScheduler
    constant = dict(start_wd=0.0, end_wd=0.0, wd_incr_steps=1, wd_incr_style="constant")
    # Its defaults are those of its command line.
    scheduler = eval(row.theirs, {"OptimizerParamScheduler": functools.partial(cls, sgd, 0.0, **constant)})
    for _ in range(row.steps):
        yield sgd.param_groups[0]["weight_decay" if row.column == "second" else "lr"]
        scheduler.step(1)


def deepspeed(row: Translation) -> Iterator[Any]:
    import torch

    adam = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = eval(row.theirs, vars(_deepspeed()) | {"optimizer": adam})
    for _ in range(row.steps):
        yield adam.param_groups[0]["betas"][0] if row.column == "second" else adam.param_groups[0]["lr"]
        scheduler.step()


@functools.cache
def _deepspeed() -> types.ModuleType:
    """The file of schedules by itself: it logs, and needs nothing else of the package."""
    path = os.environ.get("DEEPSPEED")
    if not path:
        return importlib.import_module("deepspeed.runtime.lr_schedules")
    sys.modules["deepspeed"] = sys.modules["deepspeed.utils"] = mock.MagicMock()
    spec = importlib.util.spec_from_file_location("lr_schedules", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mlx(row: Translation) -> Iterator[float]:
    core = importlib.import_module("mlx.core")
    schedule = eval(row.theirs, vars(importlib.import_module("mlx.optimizers.schedulers")).copy())
    for i in range(row.steps):
        yield float(schedule(core.array(i)))


def thinc(row: Translation) -> Iterator[float]:
    schedule = eval(row.theirs, vars(importlib.import_module("thinc.schedules")).copy())
    if row.metrics is None:
        yield from map(schedule, range(row.steps))
        return
    yield schedule(0)
    for i, metric in enumerate(row.metrics):
        yield schedule(i, last_score=(i, metric))


def formula(row: Translation) -> Iterator[float]:
    nothing = dict.fromkeys(["optimizers", "params", "actor_critic", "optimizer_state", "kl_mean"])
    made = eval(row.theirs, vars(translations_reference) | vars(translations_reference_rl) | nothing)
    if row.metrics is not None:
        yield made.rate
        yield from map(made.update, row.metrics)
        return
    for i in range(row.steps):
        yield made(i)


READERS: dict[str, Callable[[Translation], Iterator[Any]]] = {
    "fvcore": fvcore,
    "MMEngine": mmengine,
    "Ignite": ignite,
    "Composer": composer,
    "fastai": fastai,
    "Megatron": megatron,
    "DeepSpeed": deepspeed,
    "MLX": mlx,
    "thinc": thinc,
}


def read(row: Translation) -> list[float]:
    """The values that the other framework gives, up to the first error."""
    values = []
    try:
        for value in READERS.get(row.framework, formula)(row):
            values.append(float(value))
    except (ArithmeticError, ValueError, IndexError) as error:
        print(f"{row.name}: {type(error).__name__} after {len(values)} steps: {error}")
    return values


def reference(row: Translation) -> str:
    return "formula" if row.framework not in PACKAGES or (row.framework, row.concept) == PLATEAU else "package"


PLATEAU = ("fastai", "reduce on plateau")
"""A callback of a whole `Learner`: by its formula."""


def is_float32(row: Translation) -> bool:
    """MLX is; fastai keeps the parts of a fit in float32."""
    return row.framework == "MLX" or row.theirs.startswith(("combine_scheds", "combined_cos"))


def main() -> None:
    sys.meta_path.append(Nothing())
    warnings.simplefilter("ignore")
    older = json.loads(SCHEDULES.read_text())
    cases = {}
    for row in table():
        values = read(row)
        if row.trace:
            differ(row, values, older[row.trace][row.column])
            continue
        about = {"reference": reference(row)} | ({"float32": True} if is_float32(row) else {})
        cases[row.name] = (
            about | ({"metrics": list(row.metrics)} if row.metrics is not None else {}) | {"values": values}
        )
    versions = {name: _version(package) for name, package in PACKAGES.items()}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items())
    FILE.write_text(f'{{\n "versions": {json.dumps(versions)},\n "cases": {{\n{lines}\n }}\n}}\n')


def differ(row: Translation, values: list[float], older: list[Any]) -> None:
    """Says where a line does not give the values that were recorded before."""
    before = [x[0] if isinstance(x, list) else x for x in older]
    for i, (new, old) in enumerate(zip(values, before, strict=False)):
        if not isinstance(old, (int, float)) or math.isnan(old):
            continue
        if not math.isclose(new, old, rel_tol=1e-5, abs_tol=3e-7):
            print(f"{row.name}: {new} at step {i}, and {old} in {row.trace}")
            return


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return pathlib.Path(os.environ["DEEPSPEED"]).parents[2].name.removeprefix("deepspeed-")


if __name__ == "__main__":
    main()
