"""How far a schedule is from its reference: which steps to look at, and how to read the difference."""

import contextlib
import functools
import math
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import numpy as np

from support.short import parametrize
from support.zoo_entry import Entry

WIDTH = 256
"""How many steps are looked at, here and in all other laws: schedules of one structure share a compiled program."""

ALLOWED = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 1e-13}
"""The largest relative error where the value has not grown or shrunk e-fold."""


def x64() -> contextlib.AbstractContextManager:
    """64-bit numbers, by the name that this jax has for them."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64

    return enable_x64()


WAYS = ("float32", "x64", "x64-by-operation")
"""How a value is computed: compiled in either precision, or under x64 one operation at a time.

Operations are few, and schedules share them: where the formula is in question and not the program, this is some times
as fast, since nothing is compiled for one schedule alone.
"""


@contextlib.contextmanager
def computed(way: str) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        if way != "float32":
            stack.enter_context(x64())
        if way == "x64-by-operation":
            stack.enter_context(jax.disable_jit())
        yield


def in_every_way(
    names: Iterable[Any],
    compiled: Iterable[Any],
    group: Callable[[Any], str] | None = None,
    operated: Iterable[Any] | None = None,
) -> Any:
    """A test of `name` and `way`: the short run has all, or those `operated`, by operation, and some compiled.

    With `--all` every one is compiled in float32. Under x64 only those are that the short run compiles: the formula is
    asked by operation, and the program in float32.
    """
    compiled, names = set(compiled), list(names)
    operated = set(names if operated is None else operated)
    rows = [(name, way) for name in names for way in WAYS if way != "x64" or name in compiled]
    short = [
        (name, way)
        for name, way in rows
        if name in (operated if way == WAYS[-1] else compiled if way == "float32" else ())
    ]
    grouped = group and (lambda row: group(row[0]))
    return parametrize(("name", "way"), rows, short, grouped, ids=lambda row: f"{row[0]}-{row[1]}")


@functools.cache
def steps_of(entry: Entry) -> np.ndarray:
    """The first steps, those around every boundary, and random ones in the whole range and up to the last boundary."""
    known = [step for step, _ in entry.exact] + ([entry.flat[0]] if entry.flat else [])
    marks = sorted({0, *entry.boundaries, *known, entry.last})
    near = [mark + d for mark in marks for d in (-3, -2, -1, 0, 1, 2)]
    assert len(near) <= WIDTH // 4 * 3
    rng = np.random.default_rng(len(near))
    left = WIDTH - len(near)
    far = np.exp(rng.uniform(0, math.log(entry.last), left - left // 2))
    close = rng.uniform(0, max(entry.boundaries, default=entry.span), left // 2)
    return np.clip(np.concatenate([near, far, close]).astype(np.int64), 0, entry.last)


@functools.cache
def expected_of(entry: Entry) -> np.ndarray:
    return np.array([entry.reference(step) for step in steps_of(entry).tolist()])


@functools.cache
def values_of(entry: Entry, wide: bool) -> np.ndarray:
    with x64() if wide else contextlib.nullcontext():
        return np.asarray(entry.make()(steps_of(entry)))


def errors(entry: Entry, values: np.ndarray, expected: np.ndarray | None = None) -> np.ndarray:
    """The error at each of `steps_of`, or at other steps, in units of what is allowed: more than 1 is too much."""
    expected = expected_of(entry) if expected is None else expected
    unit = ALLOWED[values.dtype]
    off = np.abs(values.astype(np.float64) - expected)
    if entry.crosses:
        return np.where(np.isnan(off), np.inf, off / entry.scale / unit)
    tiny = float(np.finfo(values.dtype).tiny)
    off[(np.abs(values) < tiny) & (np.abs(expected) < 2 * tiny)] = 0  # what is smaller counts as 0
    size = np.maximum(np.abs(expected), tiny)
    error = off / size / np.maximum(1, np.abs(np.log(size / abs(entry.start)))) / unit
    return np.where(np.isnan(error), np.inf, error)


def assert_right(entry: Entry, values: np.ndarray) -> None:
    """`values` at `steps_of(entry)` keep the bound."""
    error = errors(entry, values)
    worst = int(np.argmax(error))
    step, expected = steps_of(entry)[worst], expected_of(entry)[worst]
    found = f"{values[worst]!r} at {step}, not {expected!r}"
    assert error[worst] <= 1, f"{found}: {error[worst]:.4g} bounds off: {_show(entry)}"


def assert_exact(entry: Entry, values: np.ndarray) -> None:
    """`values` at `steps_of(entry)` are to the last bit what `exact` and `flat` promise."""
    steps, rounded = steps_of(entry), values.dtype.type
    for step, value in entry.exact:
        assert set(values[steps == step]) == {rounded(value)}, f"{values[steps == step]} at {step}: {_show(entry)}"
    if entry.flat:
        begin, value = entry.flat
        assert set(values[steps >= begin]) == {rounded(value)}, f"not flat from {begin} on: {_show(entry)}"


def _show(entry: Entry) -> str:
    return textwrap.shorten(repr(entry.make()), 300)
