"""What a schedule is: a frozen dataclass that is a PyTree, its call, and its algebra."""

import abc
import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, final

import jax
import jax.numpy as jnp

from jaxsched._core.boxes import rebuilt, unwrapped
from jaxsched._core.counter import IN_PARTS
from jaxsched._core.elsewhere import not_pure
from jaxsched._core.ends import UNKNOWN, Ends, known
from jaxsched._core.fields import is_number, is_traced, real, remedy
from jaxsched._core.kinds import Kind, Level, Numeric
from jaxsched._core.lists import in_order
from jaxsched._core.node import KINDS, Data
from jaxsched._core.program import Program, check_function, compiled_for, host_step, prepare
from jaxsched._core.time import Array, Length, Time, plain, real_dtype
from jaxsched._core.words import renamed, shown

SMALL = 2**31
"""An int below this is a step as it is, with and without x64."""


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

    _scales: ClassVar[bool] = False
    """Whether all its times are fields annotated as `Count`, so that it is made longer by multiplying them."""

    _counts: ClassVar[bool] = False
    """Whether it is called for a whole number, an int32; inside of other schedules its value is a float as any."""

    _after: ClassVar[Callable[[Any, Any], "Schedule"]]  # what puts it after another: `_core/joins.py`

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "__call__" in cls.__dict__:
            raise TypeError(f"{cls.__name__} must not define `__call__`: it is final. Write the formula as `at`.")
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "init") and hasattr(cls, "update"):
            raise TypeError(f"{cls.__name__} must not have both `init` and `update`: optax would call it stateful.")

    @abc.abstractmethod
    def at(self, step: Array) -> Any:
        """The formula. `step` is an array of steps, at least 0: integers, or floats where the clock is scaled."""

    def _read(self, time: Time) -> Any:
        """The formula's value at a time of any kind."""
        return self.at(plain(time))

    @property
    def duration(self) -> Numeric | None:
        """Steps until the schedule is flat; `None` if it never is, or if that is not known."""
        return None

    @property
    def _known_ends(self) -> Ends:
        """The values at step 0 and from the `duration` on."""
        return UNKNOWN

    def _check_alone(self, name: str) -> None:
        """Refuse what has no value of its own."""

    @classmethod
    def check_field(cls, name: str, x: Any) -> Any:
        return to_schedule(name, x) if cls is Schedule else super().check_field(name, x)

    @functools.cached_property
    def _programs(self) -> dict[bool, Program]:
        return {}  # with and without x64

    @final
    def __call__(self, step: Any) -> Array:
        """The value at `step`, a number, array or `counter`, of its shape: JAX's default float (of `rounded` int32)."""
        if type(step) is not int or not -SMALL < step < SMALL:
            if isinstance(step := unwrapped(step), IN_PARTS) or is_traced(step):
                leaves, structure = jax.tree.flatten(self)
                return compiled_for(structure)(leaves, step)
            step = step if isinstance(step, jax.Array) else host_step(step)
        program = self._programs.get(jax.config.jax_enable_x64) or prepare(self)  # pyright: ignore
        return program.run(program.numbers, step)

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
    def __pow__(self, other: Any) -> "Schedule":
        return _binary("Power", self, other)

    @final
    def __rpow__(self, other: Any) -> "Schedule":
        return _binary("Power", other, self)

    @final
    def __neg__(self) -> "Schedule":
        return _binary("Product", -1.0, self)

    __array_ufunc__ = None  # `np.float64(2) * schedule` is ours, not an array of objects

    @final
    def then(self, other: Any) -> "Schedule":
        """For its `duration` this schedule, then `other`; a ramp from `None` begins where this schedule ends."""
        other = other if isinstance(other, Schedule) else to_schedule("other", other)
        return other._after(self, other)


class Exact(Schedule):
    """A schedule that reads time through `_core.time` only, and so may be handed a `Clock`."""

    _scales: ClassVar[bool] = True

    def _read(self, time: Time) -> Any:
        return self.at(time)  # pyright: ignore[reportArgumentType]


def evaluate(schedule: Schedule, step: Time | Length) -> Array:
    """The value inside another schedule's formula: no conversion of leaves, no compilation of its own."""
    return jnp.asarray(schedule._read(step)).astype(real_dtype())


class Constant(Exact):
    """The same value at every step: `value`.

    Args:
        value: the value, any finite number.

    Examples:
        >>> float(jaxsched.Constant(0.5)(1000))
        0.5
    """

    value: Level

    def at(self, step: Any) -> Any:
        return self.value

    @property
    def duration(self) -> Any:
        return 0

    @property
    def _known_ends(self) -> Ends:
        return (value := known(self.value)), value


class Wrap(Schedule):
    """A foreign function of the step as a schedule: `fn(step)`.

    `fn` is code, not data: it is part of the structure, has no leaves, and `to_dict` refuses it.

    Args:
        fn: a function that JAX can trace, from a scalar step (int32, or a float) to a scalar; arrays are mapped over.

    Raises:
        TypeError: `fn` cannot be traced, is not hashable, or does not return one real number.

    Examples:
        >>> import optax
        >>> float(jaxsched.nodes.Wrap(optax.linear_schedule(0.0, 1.0, 4))(1))
        0.25
    """

    fn: Callable[[Array], Any] = dataclasses.field(metadata={"static": True})

    def at(self, step: Any) -> Any:
        return jax.vmap(self.fn)(step.ravel()).reshape(step.shape) if step.ndim else self.fn(step)

    def _check(self) -> None:
        if not callable(self.fn):
            raise TypeError(f"`fn` must be a function of the step: got {shown(self.fn)}. For a number use `Constant`.")
        if _is_stateful(self.fn):
            raise TypeError(not_pure("fn", self.fn, isinstance(self.fn, Data)))
        check_function(self.fn)


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
    if isinstance(x := rebuilt(x, Data), Schedule):
        x._check_alone(name)
        return x
    if is_number(x) or is_traced(x):
        return Constant(real(name, x))
    if _is_stateful(x):
        raise TypeError(not_pure(name, x, isinstance(x, Data)))
    if callable(x):
        with renamed({"fn": name}):
            return Wrap(x)
    raise TypeError(
        f"`{name}` must be a schedule, a number or a function of the step: got {shown(x)}. {remedy(x, 'Pass one.')}"
    )


def _is_stateful(x: Any) -> bool:
    return callable(x) and hasattr(x, "init") and hasattr(x, "update")


def _binary(name: str, left: Any, right: Any) -> Any:
    other = right if isinstance(left, Schedule) else left
    if not (is_number(other) or is_traced(other) or callable(other)):
        return NotImplemented
    kind: Any = KINDS[name]  # which is a schedule itself: `_core/algebra.py`
    pair = kind(left, right)
    return pair if kind._many is None else kind._many(pair)


def schedules(name: str, x: Any, kept: type = Schedule) -> tuple[Any, ...]:
    """Each element as a schedule, unless it is of the class that is `kept` as it is."""
    many = [rebuilt(each, kept) for each in in_order(name, x, "schedules")]
    as_it_is = () if kept is Schedule else kept
    return tuple(
        each if isinstance(each, as_it_is) else to_schedule(f"{name}[{i}]", each) for i, each in enumerate(many)
    )


if TYPE_CHECKING:
    ScheduleLike: TypeAlias = Schedule | Numeric | Callable[[Any], Any]
    Schedules: TypeAlias = Any
else:

    class ScheduleLike(metaclass=Kind):
        """A schedule, a number or a function of the step; it is kept as a schedule."""

        check = staticmethod(to_schedule)

    class Schedules(metaclass=Kind):
        """Schedules, numbers or functions of the step, in order."""

        check = staticmethod(schedules)
