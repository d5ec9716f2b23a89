"""A sweep in two processes of four devices each: the bits of one device, one folder, and no one waits for ever."""

import pickle

import jax
import numpy as np
import pytest
from support.short import exhaustive
from support.study_worker import until
from support.sweep_worker import finished, killed, start
from support.sweeps import SEEDS, WIDTH, bits, candidates, data, training
from test_controllers_processes import free_port

from jaxsched.search import sweep

TRAIN = training(data())


def bits_of(found):
    values, failed, _ = found
    return [x.tobytes() for x in jax.tree.leaves(values)] + [failed.tobytes()]


def both(folder, **arguments):
    """What two processes of one sweep return."""
    port = free_port()
    workers = {f"{p}": start(folder, f"{p}", 4, process=p, port=port, devices=8, **arguments) for p in (0, 1)}
    return finished(folder, workers)


def begun(folder, seeds=SEEDS[:1]):
    """What one process on one device has finished, and what it would in the end."""
    out = folder / "out"
    sweep(TRAIN, candidates()[3:8], seeds=seeds, batch=WIDTH, out=out)
    return out, bits(sweep(TRAIN, candidates(), seeds=SEEDS, batch=WIDTH))


@pytest.mark.long
@exhaustive
def test_two_processes_go_on_where_one_was_and_have_its_bits(tmp_path):
    out, expected = begun(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    one, two = both(tmp_path, out=str(out))
    assert bits_of(one) == bits_of(two) == expected and one[2] == two[2]
    every = [each for path in out.glob("*.npz") for each in np.load(path)["ids"].tolist()]
    assert len(every) == len({*every}) == len(candidates()) * len(SEEDS)
    assert before.items() <= {path: path.stat().st_mtime_ns for path in out.iterdir()}.items()
    again = sweep(TRAIN, candidates(), seeds=SEEDS, batch=WIDTH, out=out)
    assert bits(again) == expected and again.programs == 0
    assert not [line for p in (0, 1) for line in (tmp_path / f"{p}.log").read_text().splitlines() if "sweep" in line]


@exhaustive
def test_two_processes_without_a_folder_have_the_bits_of_one_device(tmp_path):
    one, two = both(tmp_path)
    assert bits_of(one) == bits_of(two) == bits(sweep(TRAIN, candidates(), seeds=SEEDS, batch=WIDTH))


@exhaustive
@pytest.mark.parametrize("change", [{"drop": 1}, {"scale": 2.0}])
def test_arguments_that_differ_are_refused_in_both(tmp_path, change):
    one, two = both(tmp_path, out=str(tmp_path / "out"), **change)
    assert one == two and "must be equal in all 2 processes: those of process 1 differ" in one
    assert not (tmp_path / "out").exists()


@exhaustive
def test_what_one_process_refuses_ends_both(tmp_path):
    one, two = both(tmp_path, wrong=1)
    assert "was refused by another process" in one and "must hold at least one schedule" in two


@exhaustive
def test_a_folder_of_another_sweep_is_refused_in_both(tmp_path):
    out = tmp_path / "out"
    sweep(training(data(3.0)), candidates()[:1], seeds=SEEDS, batch=WIDTH, out=out)
    one, two = both(tmp_path, out=str(out))
    assert one == two and "`out` holds another sweep" in one


@exhaustive
def test_one_process_without_a_mesh_is_refused_where_another_has_one_of_all(tmp_path):
    port = free_port()
    workers = {f"{p}": start(tmp_path, f"{p}", 4, process=p, port=port, devices=8, bare=1) for p in (0, 1)}
    try:  # the other waits until JAX gives it up
        until(tmp_path / "1.pickle")
    finally:
        for worker in workers.values():
            worker.kill()
            worker.wait()
    refused = pickle.loads((tmp_path / "1.pickle").read_bytes())
    assert "`mesh` must be given in each of 2 processes: got None" in refused and "jax.local_devices()" in refused


@exhaustive
def test_after_one_of_two_is_killed_one_goes_on_alone(tmp_path):
    out, port = tmp_path / "out", free_port()
    workers = {
        f"{p}": start(tmp_path, f"{p}", 4, process=p, port=port, devices=8, out=str(out), kill=None if p else 2)
        for p in (0, 1)
    }
    try:
        killed(tmp_path, workers["0"])
    finally:
        for worker in workers.values():
            worker.kill()
            worker.wait()
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.npz")}
    mesh = jax.make_mesh((8,), ("devices",))
    found = sweep(TRAIN, candidates(), seeds=SEEDS, batch=WIDTH, mesh=mesh, out=out)
    assert len(before) == 2 and found.programs < 4
    assert before.items() <= {path: path.stat().st_mtime_ns for path in out.iterdir()}.items()
    assert bits(found) == bits(sweep(TRAIN, candidates(), seeds=SEEDS, batch=WIDTH))
