"""Real processes share a study: one is killed, two begin at once, and no trial is lost or too many."""

import os
from collections import Counter

import pytest
from support import study_worker
from support.postgres import cluster
from support.short import exhaustive
from support.study_worker import SPACE, make, train, until
from support.sweep_worker import finished, killed, start

from jaxsched.search import study

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.fixture(scope="module")
def databases():
    with cluster() as address:
        yield address


@pytest.fixture(params=["sqlite", "journal", "postgresql"])
def storage(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("databases")(f"one{os.getpid()}_{request.node.name.partition('[')[0]}"[:60])
    return str(tmp_path / {"sqlite": "study.db", "journal": "study.journal"}[request.param])


def begun(folder, name, storages, **arguments):
    return start(folder, name, 1, script=study_worker.__file__, storages=storages, batch=4, **arguments)


def counts(found):
    return Counter(each.state.name for each in found.trials)


@exhaustive
def test_what_a_killed_worker_had_asked_for_is_run_again(tmp_path, storage):
    killed(tmp_path, begun(tmp_path, "killed", [storage], trials=16, kill=2))
    begin = {"train": train, "make": make, "space": SPACE, "batch": 4, "storage": storage, "value": "loss"}
    left = study(trials=1, **begin)  # four are done: what is given back waits for a study of more
    assert counts(left) == {"COMPLETE": 4, "FAIL": 4, "WAITING": 4}
    found = study(trials=16, **begin)
    assert counts(found) == {"COMPLETE": 16, "FAIL": 4}
    lost = [each.params for each in found.trials if each.state.name == "FAIL"]
    assert all(params in [each.params for each in found.trials[8:]] for params in lost)


@exhaustive
def test_one_goes_on_for_another_that_is_killed_beside_it(tmp_path, storage):
    wait = tmp_path / "wait"
    other = begun(tmp_path, "other", [storage], trials=12, kill=1, waits=str(wait))
    until(tmp_path / "wait.ready")  # it has asked for four, and has them still
    begin = {"train": train, "make": make, "space": SPACE, "batch": 4, "storage": storage, "value": "loss"}
    assert counts(study(trials=12, **begin)) == {"COMPLETE": 8, "RUNNING": 4}
    other.kill()
    other.wait()
    assert counts(study(trials=12, **begin)) == {"COMPLETE": 12, "FAIL": 4}


@exhaustive
def test_a_slow_worker_finishes_what_it_has(tmp_path, storage):
    wait = tmp_path / "wait"
    other = begun(tmp_path, "other", [storage], trials=12, kill=1, waits=str(wait))
    until(tmp_path / "wait.ready")
    begin = {"train": train, "make": make, "space": SPACE, "batch": 4, "storage": storage, "value": "loss"}
    study(trials=12, **begin)
    wait.touch()
    finished(tmp_path, {"other": other})
    assert counts(optuna.load_study(study_name="jaxsched", storage=study(trials=12, **begin)._storage)) == {
        "COMPLETE": 12
    }


@exhaustive
def test_two_that_begin_together_on_an_empty_database_have_as_many_trials_as_were_wanted(tmp_path, databases):
    storages = [databases(f"empty{os.getpid()}_{i}") for i in range(10)]
    workers = {f"{p}": begun(tmp_path, f"{p}", storages, trials=8, process=p, meet=str(tmp_path)) for p in (0, 1)}
    finished(tmp_path, workers)
    for storage in storages:
        found = counts(optuna.load_study(study_name="jaxsched", storage=storage.replace("://", "+psycopg://")))
        assert found["COMPLETE"] == 8 and not found["RUNNING"]


@exhaustive
@pytest.mark.parametrize("name", ["study.db", "study.journal"])
def test_two_that_begin_together_on_a_file(tmp_path, name):
    storages = [str(tmp_path / f"{i}" / name) for i in range(3)]
    workers = {f"{p}": begun(tmp_path, f"{p}", storages, trials=8, process=p, meet=str(tmp_path)) for p in (0, 1)}
    finished(tmp_path, workers)
    for storage in storages:
        found = counts(study(train, make, SPACE, trials=8, batch=4, storage=storage, value="loss"))
        assert found["COMPLETE"] == 8 and not found["RUNNING"]
