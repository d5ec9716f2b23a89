"""What a sweep keeps on disk: a kill loses and repeats nothing, what is there is reused, and other data are refused."""

import errno
import os
import subprocess
import sys
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.short import exhaustive
from support.sweep_worker import finished, killed, start
from support.sweeps import SEEDS, WIDTH, bits, candidates, data, training

import jaxsched as js
from jaxsched.search import _kept, _programs, sweep

TRAIN = training(data())
RUNS = len(candidates()) * len(SEEDS)


@pytest.fixture(scope="module")
def bare():
    return sweep(TRAIN, candidates(), seeds=SEEDS, batch=WIDTH)


def ids(folder):
    """The ids in each file; a file that is half-written is none."""
    return {path.name: np.load(path)["ids"].tolist() for path in folder.glob("*.npz")}


def assert_each_once(folder, runs=RUNS):
    every = [each for names in ids(folder).values() for each in names]
    assert len(every) == len(set(every)) == runs


def go_on(folder, **keywords):
    return sweep(TRAIN, candidates(), **{"seeds": SEEDS, "batch": WIDTH, "out": folder, **keywords})


def test_what_is_kept_is_read_back_to_the_bit_and_nothing_is_compiled(tmp_path, bare):
    made = go_on(tmp_path)
    assert bits(made) == bits(bare) and made.programs == 5
    assert_each_once(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = go_on(str(tmp_path))
    assert bits(again) == bits(bare) and again.programs == 0
    assert again.values["small"].dtype == jnp.bfloat16
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_after_a_kill_it_goes_on_on_other_devices(tmp_path, bare):
    folder = tmp_path / "out"
    killed(tmp_path, start(tmp_path, "killed", out=str(folder), kill=3, half=True))
    assert len(ids(folder)) == 2 and len(list(folder.iterdir())) == 3  # the third has not its name yet
    mesh = jax.make_mesh((8,), ("devices",))
    assert bits(go_on(folder, mesh=mesh)) == bits(bare)
    assert_each_once(folder)


@exhaustive
@pytest.mark.long
@pytest.mark.parametrize("half", [False, True])
def test_a_kill_after_each_chunk_in_turn_repeats_and_loses_nothing(tmp_path, bare, half):
    folder, kills = tmp_path / "out", 0
    chunks = sum(-(-n * len(SEEDS) // WIDTH) for n in (5, 3, 1, 1, 1))
    for kills in range(chunks + half):
        files = ids(folder)
        assert len(files) == kills
        if kills == chunks:
            break
        # A file at a time; half: the second one of each process is killed before it has its name.
        killed(
            tmp_path,
            start(
                tmp_path,
                "killed",
                out=str(folder),
                kill=1 + (half and kills < chunks - 1),
                half=half and kills < chunks - 1,
            ),
        )
        assert files.items() <= ids(folder).items()
    assert len(ids(folder)) == chunks
    assert_each_once(folder)
    made = go_on(folder)
    assert bits(made) == bits(bare) and made.programs == 0
    assert not list(folder.glob("*.tmp"))


def test_more_candidates_more_seeds_and_another_order_reuse_what_is_there(tmp_path, bare):
    go_on(tmp_path, seeds=SEEDS[1:])
    assert_each_once(tmp_path, len(candidates()))
    turned = sweep(TRAIN, candidates()[::-2], seeds=SEEDS[::-1], batch=WIDTH, out=tmp_path)
    assert_each_once(tmp_path, len(candidates()) + len(candidates()[::-2]))
    assert turned.values["loss"].tobytes() == np.ascontiguousarray(bare.values["loss"][::-2, ::-1]).tobytes()
    assert bits(go_on(tmp_path)) == bits(bare)
    assert_each_once(tmp_path)


def test_more_kinds_join_and_functions_of_the_same_words_are_not_mixed_up(tmp_path):
    def train(schedule):
        return schedule(3)

    first = sweep(train, [lambda step: 1.0 + step], batch=2, out=tmp_path)
    second = sweep(train, [lambda step: 2.0 + step, 0.5], batch=2, out=tmp_path)
    assert (first.values.tolist(), second.values.tolist()) == ([4.0], [5.0, 0.5])
    assert len(ids(tmp_path)) == 3


APART = """
import sys, jax, jax.numpy as jnp, numpy as np
from jaxsched.search import sweep

def at(x):
    return lambda schedule: jax.lax.map(lambda i: jnp.sum(x * schedule(0)) + i, jnp.arange(2.0))

x = jnp.asarray(np.random.default_rng(0).normal(size=(64, 8)), jnp.float32)
print("apart", "jax.const" in jax.jit(lambda y: jnp.sum(x * y)).lower(1.0).as_text())
for each in (x, x + 0, x.at[3, 3].add(1e-6)):
    try:
        print("programs", sweep(at(each), [0.5], batch=2, out=sys.argv[1]).programs)
    except ValueError as error:
        print(error)
"""


def test_data_that_jax_keeps_out_of_the_text_are_told_apart(tmp_path):
    environment = {**os.environ, "JAX_USE_SIMPLIFIED_JAXPR_CONSTANTS": "1"}  # it counts from the beginning alone
    command = [sys.executable, "-c", APART, str(tmp_path / "out")]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    if said[0] == "apart False":
        pytest.skip("this jax writes all data into the text")
    assert said[1:3] == ["programs 1", "programs 0"] and said[3].startswith("`out` holds another sweep: its `train`")


@pytest.mark.parametrize("change", ["data", "data in jax", "train", "names", "batch", "seeds", "jax"])
def test_another_sweep_is_refused_and_the_folder_stays_as_it_is(tmp_path, change, monkeypatch):
    numbers = [0.1, 0.2]
    x = data()

    def at(x, power=2, name="loss"):
        def train(schedule, key=None):
            return {name: jnp.sum(x * schedule(0)) ** power + (0 if key is None else jax.random.normal(key))}

        return train

    sweep(at(x), numbers, batch=2, out=tmp_path)
    before = ids(tmp_path)
    other = x.copy()
    other[-1, -1] += 1e-6
    changed = {"data": at(other), "data in jax": at(jnp.asarray(other)), "train": at(x, 3), "names": at(x, name="a")}
    keywords = {"batch": {"batch": 4}, "seeds": {"seeds": [0]}}.get(change, {})
    if change == "jax":
        monkeypatch.setattr(jax, "__version__", "0.0.1")
    words = {"batch": "its `batch` is 2, and here it is 4", "jax": "its jax version"}.get(
        change, "its `train`, the data"
    )
    with pytest.raises(ValueError, match=f"`out` holds another sweep: {words}"):
        sweep(changed.get(change, at(x)), numbers, **{"batch": 2, "out": tmp_path, **keywords})
    assert ids(tmp_path) == before
    monkeypatch.undo()
    assert sweep(at(jnp.asarray(x)), numbers, batch=2, out=tmp_path).programs == 0  # equal data, however they are held


def test_a_damaged_file_is_told_and_its_runs_are_made_again(tmp_path, bare):
    go_on(tmp_path)
    cut, empty, foreign = sorted(tmp_path.glob("*.npz"))[:3]
    cut.write_bytes(cut.read_bytes()[:200])
    empty.write_bytes(b"")
    np.savez(foreign, a=np.zeros(3))
    (tmp_path / "old.tmp").write_bytes(b"half")
    with pytest.warns(RuntimeWarning) as told:
        made = go_on(tmp_path)
    texts = [str(each.message) for each in told]
    assert len(texts) == 3 and all("`out` has a damaged file" in x and "all others are safe" in x for x in texts)
    assert bits(made) == bits(bare)
    assert not list(tmp_path.glob("*.tmp"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert go_on(tmp_path).programs == 0
    assert_each_once(tmp_path)


def full(monkeypatch, works):
    """A disk on which only some writes work."""
    calls, fsync = [], os.fsync

    def limited(file):
        calls.append(file)
        if len(calls) not in works:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(file)

    monkeypatch.setattr(_kept.os, "fsync", limited)


def test_a_full_disk_loses_nothing_in_memory_and_says_what_is_safe(tmp_path, bare, monkeypatch):
    full(monkeypatch, works={1, 2})
    with pytest.warns(RuntimeWarning) as told:
        made = go_on(tmp_path)
    assert bits(made) == bits(bare)
    first, last = (str(each.message) for each in told)
    assert "no space left on device: 8 runs are safe in" in first and "2 are in memory alone. The sweep goes" in first
    assert f"8 runs are safe in {tmp_path}, {RUNS - 8} are in memory alone. All results are returned" in last
    assert len(ids(tmp_path)) == 2 and not list(tmp_path.glob("*.tmp"))
    monkeypatch.undo()
    assert bits(go_on(tmp_path)) == bits(bare)
    assert_each_once(tmp_path)


def test_what_a_full_disk_refused_is_written_when_there_is_room_again(tmp_path, monkeypatch):
    full(monkeypatch, works={1, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    with pytest.warns(RuntimeWarning, match="The sweep goes on") as told:
        go_on(tmp_path)
    assert len(told) == 1
    assert_each_once(tmp_path)


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("mine")
    monkeypatch.setattr(_programs.Program, "run", lambda *arguments: pytest.fail("it ran"))
    with pytest.raises(ValueError, match="`out` must be the path of a folder: .* is a file"):
        go_on(file)
    with pytest.raises(ValueError, match="`out` must be a folder that can be written.*The 0 runs .* nothing was run"):
        go_on(file / "below")
    assert file.read_text() == "mine"


def test_a_finished_sweep_is_read_where_nothing_can_be_written(tmp_path, bare, monkeypatch):
    go_on(tmp_path)
    monkeypatch.setattr(_kept.Kept, "check_writable", lambda self: pytest.fail("it would write"))
    assert bits(go_on(tmp_path)) == bits(bare)


def test_after_an_error_it_says_what_is_safe(tmp_path, monkeypatch):
    run, calls = _programs.Program.run, []

    def interrupted(self, *arguments):
        calls.append(self)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run(self, *arguments)

    monkeypatch.setattr(_programs.Program, "run", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        go_on(tmp_path)
    assert caught.value.__notes__ == [f"8 runs of the sweep are safe in {tmp_path}: the same call goes on from there."]
    assert sum(map(len, ids(tmp_path).values())) == 8


def test_nothing_is_unpickled(tmp_path):
    def train(schedule):
        return schedule(0)

    sweep(train, [0.5], batch=1, out=tmp_path)
    (path,) = tmp_path.glob("*.npz")
    np.savez(path, **{**np.load(path), "leaf0": np.asarray([print], dtype=object)})
    with pytest.warns(RuntimeWarning, match="damaged file.*allow_pickle"):
        assert sweep(train, [0.5], batch=1, out=tmp_path).values.tolist() == [0.5]


@exhaustive
def test_a_process_of_its_own_has_the_same_bits(tmp_path, bare):
    (found,) = finished(tmp_path, {"one": start(tmp_path, "one", local=1)})
    values, failed, best = found
    assert [x.tobytes() for x in jax.tree.leaves(values)] + [failed.tobytes()] == bits(bare)
    assert best == [str(x) for x in bare.best("loss", n=3)]


def test_controllers_and_schedules_are_kept_apart(tmp_path):
    def train(schedule):
        return schedule(schedule.init()) if isinstance(schedule, js.Controller) else schedule(0)

    many = [js.reduce_on_plateau(0.5, 0.5), 0.25, js.greedy(0.125)]
    for _ in range(2):
        assert sweep(train, many, batch=1, out=tmp_path).values.tolist() == [0.5, 0.25, 0.125]
    assert len(ids(tmp_path)) == 3
