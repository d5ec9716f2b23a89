"""What a call does: leaves to one dtype a kind, steps to integers or floats of at least 0, one program a structure."""

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxsched._core.boxes import array_of, unwrapped
from jaxsched._core.counter import IN_PARTS, clock_of
from jaxsched._core.fields import is_traced
from jaxsched._core.programs import program_for
from jaxsched._core.time import Array, Clock, Time, integer_max, real_dtype
from jaxsched._core.words import shown

FARTHEST = 2**1000
"""A step of Python's that is farther is taken for this one: a float holds no more."""


class Program(NamedTuple):
    run: Callable[[list[Any], Any], Array]
    numbers: list[Array]


def relaxed() -> contextlib.ExitStack:
    # A user's formula may mix integers and floats although the program around it runs in JAX's strict modes.
    stack = contextlib.ExitStack()
    stack.enter_context(jax.numpy_dtype_promotion("standard"))
    stack.enter_context(jax.numpy_rank_promotion("allow"))
    return stack


def canonical(leaf: Any) -> Array:
    x = jnp.asarray(leaf)
    if jnp.issubdtype(x.dtype, jnp.floating):
        return lax.convert_element_type(x, real_dtype())
    return lax.convert_element_type(x, jnp.result_type(int)) if jnp.issubdtype(x.dtype, jnp.signedinteger) else x


def device_time(step: Any) -> Time:
    """The time that a schedule is read at: of a step, or of a count in units."""
    if isinstance(step, IN_PARTS):
        return clock_of(step)
    step = jnp.asarray(step)
    if not jnp.issubdtype(step.dtype, jnp.unsignedinteger) or jnp.iinfo(step.dtype).max <= integer_max():
        return device_step(step)
    whole = jnp.minimum(step, jnp.asarray(integer_max(), step.dtype))  # what lies beyond is in the part
    return Clock(whole.astype(jnp.result_type(int)), (step - whole).astype(real_dtype()))


def time_of(step: Any) -> Any:
    """One step from a user's own clock, as a schedule is called with it; `None` for none."""
    if step is None:
        return step
    if isinstance(step, IN_PARTS):
        shape = np.broadcast_shapes(*map(np.shape, step))
        if shape:
            raise ValueError(
                f"`step` must be one number: got a counter of the shape {shape}. Map over it by `jax.vmap`."
            )
        return step
    step = unwrapped(step)
    if isinstance(step, bool) or not isinstance(step, (int, float)):
        array = step if isinstance(step, jax.Array) else array_of(step)
        if not any(jnp.issubdtype(array.dtype, kind) for kind in (jnp.integer, jnp.floating)):
            raise TypeError(
                f"`step` must be one real number, or a `jaxsched.counter`: got {shown(step)}. Pass the tokens, the "
                f"environment steps or the seconds so far."
            )
        if array.shape != ():
            raise ValueError(f"`step` must be one number: got shape {array.shape}. Pass their sum, say, or the last.")
    if not (is_traced(step) or isinstance(step, int) or np.isfinite(np.asarray(step, np.float64))):
        raise ValueError(f"`step` must be finite: got {shown(step)}. Pass the tokens so far, say.")
    return step if isinstance(step, jax.Array) else host_step(step)


def device_step(step: Array) -> Array:
    kind, integer = step.dtype, jnp.result_type(int)
    if not any(jnp.issubdtype(kind, each) for each in (jnp.integer, jnp.floating, jnp.bool_)):
        raise TypeError(f"`step` must be a real number or an array of them: got dtype {kind}.")
    if jnp.issubdtype(kind, jnp.floating):
        return jnp.maximum(step.astype(real_dtype()), 0)
    return jnp.maximum(step.astype(integer), 0)


def host_step(step: Any) -> Any:
    """A step that does not fit JAX's default integer goes in as a float; no step raises for its size."""
    largest = integer_max()
    if type(step) is int and not -largest <= step <= largest:
        step = float(max(min(step, FARTHEST), -FARTHEST))
    if type(step) is float and not abs(step) < 1e38:  # JAX would warn of what does not fit
        most = float(jnp.finfo(real_dtype()).max)
        return max(min(step, most), -most)
    if type(step) in (int, float):
        return step
    array = array_of(step)
    if array.dtype.kind not in "iub" and not jnp.issubdtype(array.dtype, jnp.floating):
        raise TypeError(
            f"`step` must be a number or an array of numbers: got {shown(step)}. If optax calls the schedule: was the "
            f"state made by this very optimizer?"
        )
    if array.dtype.kind in "iub":
        if array.dtype.kind == "b" or array.size == 0 or array.max() <= largest:
            return np.maximum(array, 0 if array.dtype.kind == "i" else array.dtype.type(0)).astype(jnp.result_type(int))
        return array.astype(np.float64)
    with np.errstate(over="ignore"):  # JAX would crash where the warning is made an error
        return array.astype(real_dtype()) if array.dtype == np.float64 else array


def compiled_for(structure: Any) -> Callable[[list[Any], Any], Array]:
    """The program of all schedules of a structure, their numbers arguments."""
    return program_for(_compiled, structure)


def _compiled(asked: Callable[[], Any]) -> Callable[[list[Any], Any], Array]:
    def schedule(leaves, step):
        return _value(asked(), [canonical(leaf) for leaf in leaves], step)

    return jax.jit(schedule, inline=True)


def _packed(asked: Callable[[], Any], layout: tuple[str, ...]) -> Callable[[list[Any], Any], Array]:
    """The same for a call on the host, where each argument costs: scalars of one dtype are one array."""

    def schedule(packs, step):
        scalars = {kind: iter(pack) for kind, pack in zip(_scalar_kinds(layout), packs, strict=False)}
        tables = iter(packs[len(scalars) :])
        return _value(asked(), [next(scalars[kind] if kind else tables) for kind in layout], step)

    return jax.jit(schedule)


def _value(structure: Any, leaves: list[Any], step: Any) -> Array:
    schedule = jax.tree.unflatten(structure, leaves)
    with relaxed():
        time = device_time(step)
        shape = jnp.shape(jax.tree.leaves(time)[0])
        value = jnp.asarray(schedule._read(time)).astype(jnp.int32 if schedule._counts else real_dtype())
    if value.ndim > len(shape):
        raise TypeError(
            f"The value has shape {value.shape} at a step of shape {shape}: is this a stacked schedule? "
            f"Map over it: `jax.vmap(lambda schedule: schedule(step))(stacked)`."
        )
    return jnp.broadcast_to(value, shape)


def _default_dtype(x: Any) -> str:
    return jnp.result_type(float if jnp.issubdtype(np.asarray(x).dtype, jnp.floating) else int).name


def _scalar_kinds(layout: tuple[str, ...]) -> list[str]:
    return sorted({kind for kind in layout if kind})


def prepare(schedule: Any) -> Program:
    """The program of a schedule and its numbers on the device, kept with it unless they are traced."""
    leaves, structure = jax.tree.flatten(schedule)
    if any(is_traced(leaf) for leaf in leaves):
        return Program(compiled_for(structure), leaves)
    # An array of JAX stays on its devices; a number of Python or NumPy has none yet.
    layout = tuple("" if isinstance(x, jax.Array) or np.ndim(x) else _default_dtype(x) for x in leaves)
    with jax.ensure_compile_time_eval():  # inside a trace these would be tracers, which must not outlive it
        packs = [
            jnp.asarray(np.asarray([x for x, k in zip(leaves, layout, strict=True) if k == kind], kind))
            for kind in _scalar_kinds(layout)
        ]
        packs += [canonical(x) for x, kind in zip(leaves, layout, strict=True) if not kind]
    program = Program(program_for(_packed, structure, layout), packs)
    schedule._programs[jax.config.jax_enable_x64] = program  # pyright: ignore[reportAttributeAccessIssue]
    return program


def check_function(fn: Any) -> None:
    """Refuse what JAX cannot trace to one real number for one step."""
    try:
        hash(fn)
    except TypeError:
        raise TypeError(f"`fn` must be hashable: got {shown(fn)}. Pass `lambda step: fn(step)`.") from None
    try:
        with relaxed():
            result = jax.eval_shape(fn, jax.ShapeDtypeStruct((), jnp.result_type(int)))
        bad = not (hasattr(result, "dtype") and result.shape == () and not jnp.issubdtype(result.dtype, complex))
    except jax.errors.JAXTypeError as error:
        raise TypeError(
            "`fn` must be traceable by JAX: it branches on, or converts, the value of the step. "
            "Use `jnp.where`, or tabulate it: `Tabulated([fn(t) for t in range(steps)])`."
        ) from error
    except Exception as error:
        raise TypeError(f"`fn` must take one step and return one real number: it raised {shown(error)}.") from error
    if bad:
        raise TypeError(f"`fn` must return one real number for one step: got {result}.")
