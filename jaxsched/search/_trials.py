"""Asking a study for trials and telling it what they came to, beside other workers that do so too."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from jaxsched.search._storage import library, patiently
from jaxsched.search._workers import is_lost

WORKER = "worker"
"""The attribute of a trial that names who asked for it."""


class Trials:
    """The trials of a study up to a number of them, for one of its workers.

    Optuna leaves what was asked and not told running for ever, and counts nothing. So each trial bears its worker's
    name before it runs, a trial whose worker is lost is given back, and what others run counts as done.
    """

    def __init__(self, study: Any, space: dict[str, Any], most: int, worker: str) -> None:
        self.study, self._space, self._most, self._worker = study, space, most, worker
        self._states = library().trial.TrialState
        self._exhausted = False  # the sampler has nothing left

    @property
    def finished(self) -> list[Any]:
        return self.study.get_trials(deepcopy=False, states=(self._states.COMPLETE,))

    def ask(self, batch: int) -> list[Any]:
        """At most so many more: none where the others run all that are missing."""
        if self._exhausted:
            return []
        self.give_back(is_lost)
        every = self.study.get_trials(deepcopy=False)
        begun = sum(each.state in (self._states.COMPLETE, self._states.RUNNING) for each in every)
        wanted = min(batch, self._most - begun)
        self._reserve(wanted - sum(each.state == self._states.WAITING for each in every))
        with self.given_back():
            asked = [self._asked() for _ in range(wanted)]
            return self._not_too_many(asked)

    def tell(self, asked: Sequence[Any], values: np.ndarray, notes: Sequence[dict[str, Any]]) -> None:
        """Finish trials. A value that is not finite is the worst one: of a failure the sampler would learn nothing."""
        worst = math.inf if self.study.direction.name == "MINIMIZE" else -math.inf
        numbers = [value if math.isfinite(value) else worst for value in values.tolist()]
        for i, (trial, number, note) in enumerate(zip(asked, numbers, notes, strict=True)):
            try:
                patiently(partial(self._tell, trial, number, note), f"trial {trial.number} cannot be stored")
            except ValueError as error:
                left = {trial.number: number for trial, number in zip(asked[i:], numbers[i:], strict=True)}
                error.add_note(f"Trials that are not stored, and what they came to: {left}")
                raise

    def give_back(self, theirs: Callable[[Any], bool]) -> None:
        """Trials of those workers: the next to be asked get their numbers."""
        for each in self.study.get_trials(deepcopy=False, states=(self._states.RUNNING,)):
            if WORKER in each.user_attrs and theirs(each.user_attrs[WORKER]):
                try:
                    self.study.tell(each.number, state=self._states.FAIL)
                except ValueError:  # another worker has given it back, or its own has told it after all
                    continue
                self.study.enqueue_trial(dict(each.params), user_attrs={WORKER: self._worker})

    def give_back_own(self) -> None:
        """What this worker has asked for, now or in a former life."""
        self.give_back(lambda worker: worker == self._worker)

    @contextmanager
    def given_back(self) -> Iterator[None]:
        """Inside, an error, or Ctrl-C, gives back what this worker has asked for."""
        try:
            yield
        except BaseException as error:
            try:
                self.give_back_own()
            except Exception as second:  # the first says what is wrong
                error.add_note(f"Its trials are still running in the study: {type(second).__name__}: {second}")
            raise

    def _reserve(self, n: int) -> None:
        """Make trials that wait and bear this worker's name: one that Optuna makes itself would bear none until its
        numbers are there, and be lost if the worker was killed before."""
        for _ in range(n):
            waiting = library().trial.create_trial(state=self._states.WAITING, user_attrs={WORKER: self._worker})
            self.study.add_trial(waiting)

    def _asked(self) -> Any:
        trial = self.study.ask(self._space)
        if trial.user_attrs.get(WORKER) != self._worker:  # another worker's, or one that a person has enqueued
            trial.set_user_attr(WORKER, self._worker)
        return trial

    def _not_too_many(self, asked: list[Any]) -> list[Any]:
        """Those among the first: two workers that asked at the same moment may have too many together."""
        begun = self.study.get_trials(deepcopy=False, states=(self._states.COMPLETE, self._states.RUNNING))
        first = {each.number for each in sorted(begun, key=lambda each: each.number)[: self._most]}
        for trial in asked:
            if trial.number not in first:
                self.study.tell(trial.number, state=self._states.FAIL)
        return [trial for trial in asked if trial.number in first]

    def _tell(self, trial: Any, value: float, note: dict[str, Any]) -> None:
        if self._state(trial).is_finished():  # given back meanwhile, or told by an attempt that seemed to fail
            return
        try:
            for name, x in note.items():
                trial.set_user_attr(name, x)
            self.study.tell(trial.number, value)
        except (RuntimeError, ValueError) as error:
            if not self._state(trial).is_finished():
                raise
            # A sampler that has nothing left stops its study once a trial is told, which Optuna refuses here.
            self._exhausted |= self._state(trial) == self._states.COMPLETE and isinstance(error, RuntimeError)

    def _state(self, trial: Any) -> Any:
        return self.study.get_trials(deepcopy=False)[trial.number].state
