"""Checkpoints: a run that was killed goes on to the bit, and under other schedules it says what has changed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax
import pytest
from support.bridge import relaxed, same_bits
from support.paths import TESTS
from support.short import exhaustive, parametrize

import jaxsched as js

ocp = pytest.importorskip("orbax.checkpoint")

from support import resume_worker  # noqa: E402 (it imports Orbax)

assert relaxed  # the fixture of this module

PATIENCE = 300  # seconds for a process to get somewhere: a bound for a broken one, no measure of speed


class Trainer:
    """A process that trains, and what it wrote down."""

    def __init__(self, folder: Path, name: str, *options: str, cache: str = "cache") -> None:
        self.folder, self.log, self.errors = folder / "checkpoints", folder / name, folder / f"{name}.errors"
        command = [sys.executable, "-m", "support.resume_worker", str(self.folder), str(self.log), *options]
        path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": path, "JAX_COMPILATION_CACHE_DIR": str(folder / cache)}
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(command, stderr=errors, env=environment)

    def __enter__(self) -> "Trainer":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()

    def lines(self) -> list[dict]:
        *whole, _ = self.log.read_text(encoding="ascii").split("\n")  # the last may be torn by the kill
        return [json.loads(line) for line in whole]

    def train(self, steps: int) -> None:
        """Let it train so many steps."""
        began = time.monotonic()
        while not self.log.exists() or self.log.read_bytes().count(b"\n") < steps:
            assert self.process.poll() is None, self.errors.read_text()
            assert time.monotonic() - began < PATIENCE, self.errors.read_text()
            time.sleep(0.002)

    def finish(self) -> list[dict]:
        assert self.process.wait(PATIENCE) == 0, self.errors.read_text()
        return self.lines()

    def kill(self) -> list[dict]:
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(PATIENCE) == -signal.SIGKILL
        return self.lines()

    def kill_in_a_save(self) -> list[dict]:
        """Kill it while a checkpoint is half on the disk: stopped, it cannot finish it behind our back."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            assert self.process.poll() is None, self.errors.read_text()
            if self._unfinished():
                self.process.send_signal(signal.SIGSTOP)
                os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
                if self._unfinished():
                    lines = self.kill()
                    assert self._unfinished()
                    return lines
                self.process.send_signal(signal.SIGCONT)
            time.sleep(0.002)
        raise AssertionError("no save was seen in flight")

    def _unfinished(self) -> bool:
        return any("checkpoint-tmp" in path.name for path in self.folder.glob("*"))


@pytest.mark.long
@pytest.mark.xdist_group("killed run")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a system with SIGKILL and SIGSTOP")
@exhaustive
def test_a_killed_run_goes_on_to_the_bit(tmp_path):
    rng, total = random.Random(), resume_worker.TOTAL  # not seeded: whenever it is killed, the outcome is the same
    whole, some = ("--until", str(total)), ("--until", str(total - 3), "--save")
    with (
        Trainer(tmp_path, "uninterrupted", *whole, cache="another cache") as reference,
        Trainer(tmp_path, "first", *some) as trainer,
    ):
        trainer.train(rng.randint(4, 20))
        time.sleep(rng.uniform(0, 0.3))
        first = trainer.kill()
        expected = {line["step"]: line for line in reference.finish()}
    with Trainer(tmp_path, "second", *some, "--restore", "state") as trainer:
        trainer.train(rng.randint(1, 10))
        second = trainer.kill_in_a_save()
    with Trainer(tmp_path, "third", *whole, "--restore", "snapshot") as trainer:
        third = trainer.finish()

    assert sorted(expected) == list(range(total))
    assert third[0]["step"] <= second[-1]["step"], "a step whose save was not finished must be trained again"
    steps = [line["step"] for line in (*first, *second, *third)]
    assert set(steps) == set(range(total))
    for line in (*first, *second, *third):
        assert not _differences(line, expected[line["step"]]), f"step {line['step']}, {len(first)} steps in the first"
    _check_that_much_happened(list(expected.values()))


def _differences(line: dict, expected: dict) -> list[str]:
    if line == expected:
        return []
    kinds = [kind for kind in expected if line[kind] != expected[kind]]
    pairs = [(kind, key) for kind in kinds for key in expected[kind] if line[kind].get(key) != expected[kind][key]]
    return [f"{kind} {key}: {line[kind].get(key)} for {expected[kind][key]}" for kind, key in pairs] or kinds


def _check_that_much_happened(lines: list[dict]) -> None:
    """Else the equality would say little."""
    for name in lines[0]["events"]:
        happened = {event for line in lines for event in line["events"][name]}
        assert "reduced" in happened, f"{name}: {happened}"
    assert all(len({line["rates"][name] for line in lines}) > 1 for name in lines[0]["rates"])


# Restored under other schedules, from a real checkpoint too.

WARMED = js.warmup_cosine(0.1, warmup=2, total=20)
PLATEAU = js.reduce_on_plateau(WARMED, 0.5, patience=0)
PARAMS = {"w": jnp.ones(3), "b": jnp.ones(())}
LOSSES = (1.0, 0.5, 0.7, 0.6, 0.4)  # two cuts


def optimizer(rate: Any) -> Any:
    return optax.chain(optax.clip_by_global_norm(1.0), js.inject(optax.adamw)(rate, weight_decay=WARMED))


def through_orbax(folder: Path, state: Any, fresh: Any) -> js.states.Snapshot:
    """A snapshot on the disk and back, read by who knows nothing but another optimizer's state."""
    kept = js.snapshot(state)
    with ocp.CheckpointManager(folder) as checkpoints:
        arrays, schedules = ocp.args.StandardSave(kept.state), ocp.args.JsonSave(kept.schedules)
        checkpoints.save(0, args=ocp.args.Composite(arrays=arrays, schedules=schedules))
    with ocp.CheckpointManager(folder) as checkpoints:
        schedules = checkpoints.restore(0, args=ocp.args.Composite(schedules=ocp.args.JsonRestore())).schedules
        saved_shape = js.replace_schedule(fresh, {name: js.from_dict(x) for name, x in schedules.items()})
        arrays = ocp.args.StandardRestore(js.snapshot(saved_shape).state)
        return js.states.Snapshot(checkpoints.restore(0, args=ocp.args.Composite(arrays=arrays)).arrays, schedules)


TO_ZERO = js.Linear(1.0, 0.0, steps=10)
OTHERS = {
    # what was saved, what goes on, what is new in it, and its value after the five steps
    "the same": (PLATEAU, PLATEAU, [], None),
    "other numbers": (
        PLATEAU,
        js.reduce_on_plateau(js.warmup_cosine(0.1, 2, 40), 0.5, patience=3),
        ["learning_rate.schedule.schedule.steps: 18 -> 38", "learning_rate.patience: 0 -> 3"],
        js.warmup_cosine(0.1, 2, 40)(5) * 0.25,
    ),
    "another schedule in it": (
        PLATEAU,
        js.reduce_on_plateau(0.2, 0.5, patience=0),
        ["learning_rate.schedule: Warmup -> Constant"],
        0.05,
    ),
    "no controller": (PLATEAU, TO_ZERO, ["learning_rate: ReduceOnPlateau -> Linear"], 0.5),
    "another controller": (
        PLATEAU,
        js.recover(TO_ZERO),
        ["learning_rate: ReduceOnPlateau -> Recover", "learning_rate: the controller begins anew"],
        0.5,
    ),
    "another shape of its state": (
        js.greedy(0.1, 0.5, patience=0, window=2),
        js.greedy(TO_ZERO, 0.5, patience=0, window=3),
        [
            "learning_rate.schedule: Constant -> Linear",
            "learning_rate.window: 2 -> 3",
            "learning_rate: the controller begins anew",
        ],
        0.5,
    ),
}


@parametrize("name", OTHERS, [x for x in OTHERS if x not in ("the same", "another schedule in it")])
def test_a_checkpoint_under_other_schedules(name, tmp_path):
    old, new, expected, value = OTHERS[name]
    state = optimizer(old).init(PARAMS)
    for loss in LOSSES:
        _, state = optimizer(old).update(PARAMS, state, PARAMS, value=loss)
    fresh = optimizer(new).init(PARAMS)
    restored, changes = js.restore(fresh, through_orbax(tmp_path, state, fresh))
    assert changes == expected
    assert jax.tree.structure(restored) == jax.tree.structure(fresh)
    if value is None:
        assert same_bits(restored, state)
    else:
        assert float(js.current(restored)["learning_rate"]) == pytest.approx(float(value), rel=1e-6)
    assert restored[1].count == 5 and same_bits(restored[1].inner_state, state[1].inner_state)
    _, after = optimizer(new).update(PARAMS, restored, PARAMS, value=1.0)
    assert after[1].count == 6
