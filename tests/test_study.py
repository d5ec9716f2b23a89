"""A study trains what it asks for by the programs of a sweep, counts what is there, and tells every failure."""

import math
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.study_worker import SPACE, make, train
from support.sweeps import SEEDS, WIDTH, data, training

import jaxsched as js
from jaxsched.search import _programs, _study, _workers, study, sweep
from jaxsched.search._trials import Trials

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)

COMPLETE, FAIL, RUNNING, WAITING = (
    getattr(optuna.trial.TrialState, name) for name in ("COMPLETE", "FAIL", "RUNNING", "WAITING")
)


def searched(sampler=None, **changed):
    arguments = {"train": train, "make": make, "space": SPACE, "trials": 10, "batch": 4, "value": "loss"} | changed
    return study(sampler=sampler or optuna.samplers.RandomSampler(seed=0), **arguments)


def states(found):
    return [each.state for each in found.trials]


def by_state(found, state):
    return [each for each in found.trials if each.state == state]


@pytest.fixture
def compiled(monkeypatch):
    """The programs that are compiled."""
    real, made = _programs.Program._compile, []
    monkeypatch.setattr(_programs.Program, "_compile", lambda self: made.append(self) or real(self))
    return made


@pytest.fixture
def shared():
    return optuna.storages.InMemoryStorage()


def test_a_trial_has_the_bits_of_a_sweep_and_the_last_batch_compiles_nothing(compiled):
    found = searched()
    assert len(compiled) == 1 and states(found) == [COMPLETE] * 10
    assert {each.params["warmup"] for each in found.trials} <= {*range(1, 7)}
    by_hand = sweep(train, [make(**each.params) for each in found.trials], batch=4)
    assert [each.value for each in found.trials] == by_hand.values["loss"].tolist()
    assert [each.user_attrs["left"] for each in found.trials] == by_hand.values["left"].tolist()
    assert not any(each.user_attrs["failed"] for each in found.trials)
    assert found.best_value == by_hand.values["loss"].min()


def test_seeds_devices_and_kinds(compiled):
    def made(peak, kind):
        falling = js.Cosine(peak, 0.0, steps=12)
        return falling if kind == "cosine" else js.warmup(falling, steps=3)

    space = {"peak": (1e-2, 0.3, "log"), "kind": ["cosine", "warmed"]}
    arguments = {"make": made, "space": space, "seeds": SEEDS, "batch": 2 * WIDTH, "trials": 11}
    mesh = jax.make_mesh((4,), ("devices",), devices=jax.devices()[:4])
    found = searched(train=training(data()), mesh=mesh, **arguments)
    assert len(compiled) == 2 and {each.size for each in compiled} == {2 * WIDTH * len(SEEDS)}
    many = [made(**each.params) for each in found.trials]
    by_hand = sweep(training(data()), many, seeds=SEEDS, batch=WIDTH)
    assert [each.value for each in found.trials] == np.median(by_hand.values["loss"].astype(float), axis=1).tolist()
    compiled.clear()
    tables = searched(train=training(data()), total=12, **arguments)
    assert len(compiled) == 1
    assert [each.params for each in tables.trials] == [each.params for each in found.trials]


@pytest.mark.parametrize("direction, worst", [("minimize", math.inf), ("maximize", -math.inf)])
def test_a_failure_is_the_worst_infinity_and_never_the_best(direction, worst):
    def trained(schedule):  # its accuracy stays finite, and would be the best
        return train(schedule) | {"accuracy": jnp.where(schedule(0) > 1, 2.0, -2.0)}

    found = searched(
        train=trained,
        make=lambda peak: js.Constant(peak),
        space={"peak": (1e-6, 1e4, "log")},
        direction=direction,
        value="accuracy",
    )
    failed = [each for each in found.trials if each.user_attrs["failed"]]
    assert 0 < len(failed) < 10 and {each.value for each in failed} == {worst}
    assert states(found) == [COMPLETE] * 10 and not found.best_trial.user_attrs["failed"]


def test_all_failed_is_an_error_and_the_trials_stay(shared):
    with pytest.raises(ValueError, match="`space` must hold .* all 3 trials were not finite"):
        searched(space={"peak": (1e30, 1e35, "log")}, make=lambda peak: js.Constant(peak), trials=3, storage=shared)
    assert states(optuna.load_study(study_name="jaxsched", storage=shared)) == [COMPLETE] * 3


def test_what_is_there_counts(shared, compiled):
    assert len(searched(storage=shared).trials) == 10
    assert len(searched(storage=shared, trials=9).trials) == 10
    found = searched(storage=shared, trials=13)
    assert states(found) == [COMPLETE] * 13 and len(compiled) == 2
    assert len(searched(storage=shared, name="other", trials=2).trials) == 2


def test_what_a_person_has_enqueued_is_tried_first(shared):
    optuna.create_study(storage=shared, study_name="jaxsched").enqueue_trial({"peak": 0.25, "warmup": 2})
    found = searched(storage=shared, trials=5)
    assert found.trials[0].params == {"peak": 0.25, "warmup": 2} and len(found.trials) == 5


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_error_gives_back_what_was_asked_for(shared, monkeypatch, error):
    real, calls = _study.trained, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise error
        return real(*arguments)

    monkeypatch.setattr(_study, "trained", interrupted)
    with pytest.raises(error):
        searched(storage=shared)
    left = optuna.load_study(study_name="jaxsched", storage=shared)
    assert states(left) == [COMPLETE] * 4 + [FAIL] * 4 + [WAITING] * 4
    found = searched(storage=shared)
    assert states(found) == [COMPLETE] * 4 + [FAIL] * 4 + [COMPLETE] * 6
    assert [each.params for each in found.trials[4:8]] == [each.params for each in found.trials[8:12]]


def test_a_worker_goes_on_with_its_own_and_leaves_those_of_others(shared):
    begun = optuna.create_study(storage=shared, study_name="jaxsched")
    names = ["mine", "theirs", f"{_workers._machine()} 999999999 1234"]
    for name in [*names, None]:
        trial = begun.ask(_study.distributions_of(SPACE, optuna))
        if name:
            trial.set_user_attr("worker", name)
    found = searched(storage=shared, worker="mine", trials=6)
    assert states(found)[:4] == [FAIL, RUNNING, FAIL, RUNNING]  # what Optuna's own users run is theirs
    assert sorted(states(found)[4:], key=str) == [COMPLETE] * 4  # and two that others run are six
    again = [each.params for each in found.trials[4:]]
    assert found.trials[0].params in again and found.trials[2].params in again
    late = optuna.load_study(study_name="jaxsched", storage=shared)
    assert len(searched(storage=shared, worker="theirs", trials=6).trials) == len(late.trials)
    assert states(late)[:4] == [FAIL, FAIL, FAIL, RUNNING]


def test_which_workers_are_lost():
    machine = _workers._machine()
    with _workers.named(None) as here, _workers.named("gpu 3 x") as given:
        assert not _workers.is_lost(here) and not _workers.is_lost(given)
        assert not _workers.is_lost(f"{machine} 1 1234")  # another that lives
        assert _workers.is_lost(f"{machine} 999999999 1234")
        assert not _workers.is_lost("elsewhere pid:[1] 999999999 1234")
        assert not any(map(_workers.is_lost, ["", "gpu", None, 3, f"{machine} x y", f"{machine} -1 y"]))
    assert _workers.is_lost(here) and not _workers.is_lost(given)


def test_a_late_word_is_passed_over(shared, monkeypatch):
    real, given = _study.trained, []

    def slow(*arguments):
        if not given:
            given.append(optuna.load_study(study_name="jaxsched", storage=shared))
            given[0].tell(1, state=FAIL)
        return real(*arguments)

    monkeypatch.setattr(_study, "trained", slow)
    found = searched(storage=shared, trials=6)
    assert states(found) == [COMPLETE, FAIL] + [COMPLETE] * 5


def test_two_that_ask_at_the_same_moment_have_not_too_many_together(shared):
    meet = threading.Barrier(2, timeout=30)

    class Meeting(Trials):
        def _reserve(self, n):  # both have counted
            meet.wait()
            super()._reserve(n)
            meet.wait()

    def ask(worker):
        there = optuna.load_study(study_name="jaxsched", storage=shared)
        asked[worker] = Meeting(there, _study.distributions_of(SPACE, optuna), 6, worker).ask(4)

    optuna.create_study(storage=shared, study_name="jaxsched")
    asked: dict[str, list] = {}
    workers = [threading.Thread(target=ask, args=[name]) for name in "ab"]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert sum(map(len, asked.values())) <= 6
    assert sum(each is RUNNING for each in states(optuna.load_study(study_name="jaxsched", storage=shared))) <= 6


def test_a_grid_ends_when_nothing_is_left():
    grid = {"peak": [1e-2, 0.1, 0.3], "warmup": [1, 2]}
    found = searched(optuna.samplers.GridSampler(grid), trials=100)
    assert {(each.params["peak"], each.params["warmup"]) for each in found.trials} == {
        (peak, warmup) for peak in grid["peak"] for warmup in grid["warmup"]
    }
    assert states(found) == [COMPLETE] * 8  # the second batch of four had two that were left


def test_a_storage_that_fails_for_a_moment_is_tried_again(monkeypatch):
    from sqlalchemy.exc import OperationalError

    from jaxsched.search import _storage

    monkeypatch.setattr(_storage, "WAITS", (0.0, 0.0, 0.0))
    calls, real = [], optuna.study.Study.tell

    def locked(self, *arguments, **named):
        calls.append(arguments)
        if len(calls) in (2, 3):
            raise OperationalError("update", {}, Exception("database is locked"))
        return real(self, *arguments, **named)

    monkeypatch.setattr(optuna.study.Study, "tell", locked)
    assert states(searched(trials=3)) == [COMPLETE] * 3 and len(calls) == 5
    monkeypatch.setattr(optuna.study.Study, "tell", lambda *_, **__: locked(calls.clear() or calls.append(0)))
    with pytest.raises(ValueError, match=r"trial 0 cannot be stored: OperationalError: .*database is locked") as caught:
        searched(trials=3)
    assert "Trials that are not stored, and what they came to: {0: 0." in caught.value.__notes__[0]


# Refusals


@pytest.mark.parametrize(
    "changed, error, words",
    [
        ({"trials": 0}, ValueError, "`trials` must be at least 1"),
        ({"batch": 0}, ValueError, "`batch` must be at least 1"),
        ({"batch": 2.5}, ValueError, "`batch` must be a whole number"),
        ({"direction": "max"}, ValueError, "`direction`"),
        ({"name": ""}, ValueError, "`name` must be a name"),
        ({"name": 3}, TypeError, "`name` must be a name"),
        ({"worker": ""}, ValueError, "`worker` must be a name"),
        ({"sampler": "tpe"}, TypeError, "`sampler` must be one of Optuna's: got 'tpe'"),
        ({"progress": 1}, TypeError, "`progress`"),
        ({"mesh": 1}, TypeError, "`mesh`"),
        ({"value": "los"}, ValueError, "`value` must be one of 'left', 'loss', or a function"),
        ({"value": None}, ValueError, "`value` must be one of"),
        ({"train": 3}, TypeError, "`train` must be a function of `.schedule.`"),
        ({"train": lambda s, key: 1.0}, TypeError, "`train` .* pass `seeds`"),
        ({"train": lambda s: float(s(0))}, TypeError, "`train` must not ask for the value of a number"),
        ({"seeds": [1, 1], "train": lambda s, key: s(0)}, ValueError, "`seeds` must differ"),
        ({"make": 3}, TypeError, "`make` must be a function of `peak, warmup`"),
        ({"make": lambda peak: js.Constant(peak)}, TypeError, "`make` must be a function of `peak, warmup`.*warmup"),
        ({"make": lambda peak, warmup: "cosine"}, TypeError, r"`make\[0\]`"),
        ({"make": lambda **_: js.stack([js.Constant(0.1)] * 2)}, ValueError, r"`make\[0\]` must be one schedule"),
        ({"total": 12, "make": lambda **_: js.reduce_on_plateau(0.1)}, ValueError, "`total` must be None"),
        ({"space": [("peak", (1, 2))]}, TypeError, "`space` must be a dict"),
        ({"space": {}}, ValueError, "`space` must have at least one name"),
        ({"space": {1: (1, 2)}}, TypeError, "`space` must have names"),
        ({"space": {"peak": 0.1}}, TypeError, r"`space\['peak'\]` must be a range, a list"),
        ({"space": {"peak": (0.1,)}}, TypeError, r"`space\['peak'\]` must be `\(low, high\)`"),
        ({"space": {"peak": (0.1, 1.0, "lin")}}, TypeError, r"`space\['peak'\]` must be `\(low, high\)`"),
        ({"space": {"peak": (False, True)}}, TypeError, r"`space\['peak'\]` must be `\(low, high\)`"),
        ({"space": {"peak": (1.0, 0.1)}}, ValueError, r"`space\['peak'\]` must go from a number up to another"),
        ({"space": {"peak": (0.1, math.nan)}}, ValueError, r"`space\['peak'\]` must go from a number up"),
        ({"space": {"peak": (0.1, math.inf)}}, ValueError, r"`space\['peak'\]` must go from a number up"),
        ({"space": {"peak": (0.0, 1.0, "log")}}, ValueError, r"`space\['peak'\]` must begin above 0"),
        ({"space": {"peak": [1e-3, 1.0, "log"]}}, TypeError, r"`space\['peak'\]` must be a tuple where it is a range"),
        ({"space": {"peak": []}}, ValueError, r"`space\['peak'\]` must have at least one choice"),
        ({"space": {"peak": ["a", "a"]}}, ValueError, r"`space\['peak'\]` must have choices that differ"),
        ({"space": {"peak": [make]}}, TypeError, r"`space\['peak'\]` must have texts or numbers"),
        ({"storage": 3}, TypeError, "`storage` must be None, a file"),
        ({"storage": ""}, ValueError, "`storage` must have a name"),
        ({"storage": "://x"}, ValueError, "`storage` must be the address of a database"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_asked(changed, error, words, monkeypatch):
    monkeypatch.setattr(optuna.study.Study, "ask", lambda *_: pytest.fail("it asked"))
    if "peak" in changed.get("space", {}):
        changed = {"make": lambda peak: js.Constant(peak), **changed}
    with pytest.raises(error, match=words):
        searched(**changed)


def test_a_storage_that_cannot_be_reached_is_named_without_its_password(monkeypatch, tmp_path):
    pytest.importorskip("psycopg")
    from jaxsched.search import _storage

    monkeypatch.setattr(_storage, "WAITS", (0.0,))
    with pytest.raises(ValueError, match="`storage` must be one that can be reached: 'postgres.*cannot") as caught:
        searched(storage="postgresql://me:secret@localhost:1/studies?connect_timeout=2")
    assert "secret" not in str(caught.value)
    (tmp_path / "file").write_text("")
    for name in ("file/a.db", "file/a.journal"):
        with pytest.raises(ValueError, match="`storage` must be one that can be reached: .*file/a"):
            searched(storage=tmp_path / name)


def test_a_study_of_another_kind_is_refused(shared):
    searched(storage=shared, trials=2)
    with pytest.raises(ValueError, match="`direction` must be that of the study 'jaxsched', 'minimize'"):
        searched(storage=shared, direction="maximize")
    with pytest.raises(ValueError, match=r"`space\['warmup'\]` does not fit the trials of the study 'jaxsched'"):
        searched(storage=shared, space=SPACE | {"warmup": (1.0, 6.0)})
    with pytest.raises(ValueError, match="`space` must have the names of the study 'jaxsched': 'warmup' lacks"):
        searched(storage=shared, space={"peak": (1e-3, 1.0, "log")}, make=lambda peak: js.Constant(peak))
    assert len(searched(storage=shared, trials=3, space=SPACE | {"peak": (1e-2, 1.0, "log")}).trials) == 3


def test_ready_distributions_are_taken():
    kinds = optuna.distributions
    space = {"peak": kinds.FloatDistribution(0.1, 0.4, step=0.1), "warmup": kinds.CategoricalDistribution([2, 4])}
    found = searched(space=space, trials=3)
    assert {each.params["warmup"] for each in found.trials} <= {2, 4}
