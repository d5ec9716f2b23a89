"""What a schedule is: a frozen dataclass that is a PyTree, its call, its algebra."""

import abc
import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import Any, cast, final

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched._core import fields
from jaxsched._core.program import compiled_for, host_step, prepare, relaxed
from jaxsched._core.node import Data
from jaxsched._core.fields import Numeric, Real
from jaxsched._core.time import Length, Time, plain, real_dtype

Array = jax.Array


class Schedule(Data, abc.ABC):
    """A value for each step, as data: a frozen dataclass whose every number is a PyTree leaf.

    A subclass declares its numbers as annotated fields and its formula as the method `at`; it becomes a frozen
    dataclass and a PyTree by subclassing, and calling, arithmetic, `repr`, pickling and `to_dict` come with it.

    Examples:
        >>> class Mine(jaxsched.Schedule):
        ...     start: jaxsched.Numeric
        ...     rate: jaxsched.Numeric
        ...     def at(self, step):
        ...         return self.start / (1 + self.rate * step)
        >>> float(Mine(1.0, 0.5)(2))
        0.5
    """

    def __init_subclass__(cls, **kwargs: Any):
        if "__call__" in cls.__dict__:
            raise TypeError(f"{cls.__name__} must not define `__call__`: it is final. Write the formula as `at`.")
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "init") and hasattr(cls, "update"):
            raise TypeError(f"{cls.__name__} must not have both `init` and `update`: optax would call it stateful.")

    @abc.abstractmethod
    def at(self, step: Array) -> Any:
        """The formula. `step` is an array of steps, at least 0: integers, or floats where the clock is scaled."""

    @property
    def duration(self) -> Numeric | None:
        """Steps until the schedule is flat; `None` if it never is, or if that is not known."""
        return None

    @classmethod
    def _accept(cls, name: str, x: Any) -> Any:
        return to_schedule(name, x)

    @final
    def __call__(self, step: Any) -> Array:
        """The value at `step`, an int, float or array: JAX's default float dtype, the step's shape."""
        if not isinstance(step, jax.Array):
            step = host_step(step)
        if fields.is_traced(step):
            leaves, structure = jax.tree.flatten(self)
            return compiled_for(structure)(leaves, step)
        compiled = self.__dict__.get("_compiled")
        if compiled is None or compiled.x64 != jax.config.jax_enable_x64:  # pyright: ignore[reportAttributeAccessIssue]
            compiled = prepare(self)
        return compiled.run(compiled.leaves, step)

    @final
    def __add__(self, other: Any) -> "Schedule":
        return _binary("Sum", self, other)

    @final
    def __radd__(self, other: Any) -> "Schedule":
        return _binary("Sum", other, self)

    @final
    def __mul__(self, other: Any) -> "Schedule":
        return _binary("Product", self, other)

    @final
    def __rmul__(self, other: Any) -> "Schedule":
        return _binary("Product", other, self)

    @final
    def __sub__(self, other: Any) -> "Schedule":
        return _binary("Difference", self, other)

    @final
    def __rsub__(self, other: Any) -> "Schedule":
        return _binary("Difference", other, self)

    @final
    def __truediv__(self, other: Any) -> "Schedule":
        return _binary("Quotient", self, other)

    @final
    def __rtruediv__(self, other: Any) -> "Schedule":
        return _binary("Quotient", other, self)

    @final
    def __neg__(self) -> "Schedule":
        return _binary("Product", -1.0, self)

    __array_ufunc__ = None  # `np.float64(2) * schedule` is ours, not an array of objects

    @final
    def then(self, other: Any) -> "Schedule":
        """This schedule for its `duration`, then `other`: `join([self, other])`."""
        from jaxsched._combinators.join import join  # a method of the base that is written with a combinator

        return join([self, other])


class Exact(Schedule):
    """A schedule that reads time through `_progress` only, and so may be handed a `Clock`."""


def evaluate(schedule: Schedule, step: Time | Length) -> Array:
    """The value inside another schedule's formula: no conversion of leaves, no compilation of its own."""
    time: Any = step if isinstance(schedule, Exact) else plain(step)
    return jnp.asarray(schedule.at(time)).astype(real_dtype())


class Constant(Exact):
    """The same value at every step: `value`.

    Args:
        value: the value, any finite number.

    Examples:
        >>> float(jaxsched.Constant(0.5)(1000))
        0.5
    """

    value: Real

    def at(self, step):
        return self.value

    @property
    def duration(self):
        return 0


class Wrap(Schedule):
    """A foreign function of the step as a schedule: `fn(step)`.

    `fn` is code, not data: it is part of the structure, has no leaves, and `to_dict` refuses it.

    Args:
        fn: a function that JAX can trace, from a scalar step (int32, or a float) to a scalar; arrays are mapped over.

    Raises:
        TypeError: `fn` cannot be traced, is not hashable, or does not return one real number.

    Examples:
        >>> import optax
        >>> float(jaxsched.Wrap(optax.linear_schedule(0.0, 1.0, 4))(1))
        0.25
    """

    fn: Callable[[Array], Any] = dataclasses.field(metadata={"static": True})

    def at(self, step):
        return jax.vmap(self.fn)(step.ravel()).reshape(step.shape) if step.ndim else self.fn(step)

    def _check(self):
        if not callable(self.fn):
            raise TypeError(f"`fn` must be a function of the step: got {self.fn!r}. For a number use `Constant`.")
        if _is_stateful(self.fn):
            raise TypeError(_controller_message("fn", self.fn))
        try:
            hash(self.fn)
        except TypeError:
            raise TypeError(f"`fn` must be hashable: got {self.fn!r}. Pass `lambda step: fn(step)`.") from None
        try:
            with relaxed():
                result = jax.eval_shape(self.fn, jax.ShapeDtypeStruct((), jnp.result_type(int)))
            bad = not (hasattr(result, "dtype") and result.shape == () and not jnp.issubdtype(result.dtype, complex))
        except jax.errors.JAXTypeError as error:
            raise TypeError(
                "`fn` must be traceable by JAX: it branches on, or converts, the value of the step. "
                "Use `jnp.where`, or tabulate it: `Tabulated([fn(t) for t in range(steps)])`."
            ) from error
        except Exception as error:
            raise TypeError(f"`fn` must take one step and return one real number: it raised {error!r}.") from error
        if bad:
            raise TypeError(f"`fn` must return one real number for one step: got {result}.")


def as_schedule(x: Any) -> Schedule:
    """A number, a function of the step or a schedule, as a schedule.

    Args:
        x: a schedule (returned as it is), a number (a `Constant`), or a function that JAX can trace (a `Wrap`).

    Raises:
        TypeError: `x` is none of these, or is a controller, whose value depends on more than the step.

    Examples:
        >>> jaxsched.as_schedule(0.1)
        Constant(value=0.1)
    """
    return to_schedule("x", x)


def to_schedule(name: str, x: Any) -> Schedule:
    if isinstance(x, Schedule):
        return x
    if fields.is_number(x) or fields.is_traced(x):
        return Constant(fields.real(name, x))
    if _is_stateful(x):
        raise TypeError(_controller_message(name, x))
    if callable(x):
        return Wrap(x)
    raise TypeError(f"`{name}` must be a schedule, a number or a function of the step: got {x!r}.")


def _is_stateful(x: Any) -> bool:
    return callable(x) and hasattr(x, "init") and hasattr(x, "update")


def _controller_message(name: str, x: Any) -> str:
    return (
        f"`{name}` must be a pure schedule, but {type(x).__name__} is a controller: its value depends on a state. "
        f"Build the schedule first and hand it to the controller."
    )


def _binary(kind: str, left: Any, right: Any) -> Any:
    from jaxsched._core import algebra  # its classes are schedules, so it stands on this module

    other = right if isinstance(left, Schedule) else left
    if not (fields.is_number(other) or fields.is_traced(other) or callable(other)):
        return NotImplemented
    return getattr(algebra, kind)(left, right)


def longest(*durations: Numeric | None) -> Any:
    """The longest of some durations; `None` if one of them never ends."""
    if any(d is None for d in durations):
        return None
    if any(isinstance(d, (np.ndarray, jax.Array)) for d in durations):
        return functools.reduce(jnp.maximum, cast(Any, durations))
    return max(cast(Any, durations))


def schedules(name: str, x: Any, kept: type = Schedule) -> tuple[Any, ...]:
    """Each element as a schedule, unless it is of the class that is `kept` as it is."""
    if isinstance(x, (str, Data)) or not isinstance(x, Iterable):
        raise TypeError(f"`{name}` must be a sequence of schedules: got {x!r}. Pass a list.")
    return tuple(each if isinstance(each, kept) else to_schedule(f"{name}[{i}]", each) for i, each in enumerate(x))
