"""Compiled programs by structure: so many bytes of them, and none of a function that its user has let go."""

import collections
import contextvars
import threading
import weakref
from collections.abc import Callable
from typing import Any

MOST = 2**30
"""So many bytes of programs are kept; what was used last stays."""

OF_PROGRAM, OF_NODE = 1_500_000, 50_000
"""What a program costs, and each node of its structure: as measured on a CPU, for XLA tells no size there."""

Run = Callable[..., Any]


class Program:
    """What is kept: the jitted function, and the estimate of what its compilations take."""

    def __init__(self, cost: int):
        self.cost, self.size = cost, 0
        self.run: Run


class Programs:
    """The least recently used go first."""

    def __init__(self, most: int):
        self.most, self.size = most, 0
        self.kept: collections.OrderedDict[Any, Program] = collections.OrderedDict()
        self.lock = threading.RLock()  # not a plain one: letting go may come in the middle of anything

    def get(self, key: Any) -> Program | None:
        with self.lock:
            if key in self.kept:
                self.kept.move_to_end(key)
            return self.kept.get(key)

    def add(self, key: Any, program: Program) -> None:
        with self.lock:
            self.kept[key] = program

    def compiled(self, key: Any) -> None:
        """One program more of a structure, such as for steps of another shape."""
        with self.lock:
            program = self.kept.get(key)
            if program is None:
                return  # let go meanwhile: it lives as long as its schedule
            program.size += program.cost
            self.size += program.cost
            while self.size > self.most and len(self.kept) > 1:
                self.drop(next(iter(self.kept)))

    def drop(self, key: Any) -> None:
        with self.lock:
            if program := self.kept.pop(key, None):
                self.size -= program.size


PROGRAMS = Programs(MOST)


class Weakly(weakref.ref):
    """A function in a key: equal to others of an equal function, and the key goes when the function does."""

    key: Any = None


def _gone(function: Weakly) -> None:
    if function.key is not None:
        PROGRAMS.drop(function.key)


def _weakly(function: Any) -> Any:
    try:
        return Weakly(function, _gone)
    except TypeError:  # one with slots, say: it is kept
        return function


_traced: contextvars.ContextVar[Any] = contextvars.ContextVar("the structure of the program that is being traced")


def program_for(make: Callable[..., Run], structure: Any, *more: Any) -> Run:
    """`make(asked, *more)`, once for a structure; in a trace `asked()` is the structure, which it must not keep."""
    skeleton, functions = _apart(structure)
    names = tuple(map(_weakly, functions))
    key = (make, skeleton if functions else structure, names, more)
    program = PROGRAMS.get(key)
    if program is None:
        program = Program(OF_PROGRAM + OF_NODE * structure.num_nodes)

        def asked(known: Any = None if functions else structure) -> Any:
            PROGRAMS.compiled(key)
            return known if known is not None else _traced.get()

        program.run = make(asked, *more)
        for name in names:
            if isinstance(name, Weakly):
                name.key = key
        PROGRAMS.add(key, program)
    if not functions:
        return program.run
    run = program.run

    def run_with_functions(*args: Any) -> Any:
        # The program must not hold its functions, so whoever runs it brings them along.
        token = _traced.set(structure)
        try:
            return run(*args)
        finally:
            _traced.reset(token)

    return run_with_functions


def _apart(structure: Any) -> tuple[Any, tuple[Any, ...]]:
    """A structure without its functions, and these."""
    data = structure.node_data()
    if data is None:
        return structure, ()
    kind, about = data
    functions = tuple(filter(callable, about[1:])) if isinstance(about, tuple) and about[:1] == (kind,) else ()
    parts = [_apart(child) for child in structure.children()]
    rest = tuple(x for x in about if not any(x is function for function in functions)) if functions else about
    return (kind, rest, *(part for part, _ in parts)), functions + tuple(f for _, found in parts for f in found)
