"""Functions that a user hands over: `lr_lambda` and `scale_fn`, as schedules.

torch calls them with a Python int and computes in float64. A function that JAX can trace becomes part of the program,
in float64 as well: 0.95 in float32 to the power of 1000 is off by 1e-5. Any other, and all where a program cannot hold
float64, is called by the program, on the host.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Hashable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

import jaxsched as js
from jaxsched.kinds import renamed, shown

PROBES = (0, 1, 2, 3, 7, 10, 31, 100, 1000)
"""Steps at which a traced function must agree with the plain one: `2 ** -t` is 0 for a JAX integer t."""

BLOCK = 256
"""So many factors of a product are multiplied at once."""

Function = Callable[[Any], Any]


def as_factor(name: str, fn: Function, first: int = 0) -> js.Schedule:
    """A function of the epoch, or of a number that is `first` at epoch 0, as a schedule: compiled if it can be."""
    if not callable(fn):
        raise TypeError(f"`{name}` must be a function of the step: got {shown(fn)}.")
    if not isinstance(fn, Hashable):
        fn = functools.partial(fn)  # which is hashed by its identity
    fn = Later(fn, first) if first else fn
    plain = _plain_values(name, fn)
    if plain is None:
        with renamed({"fn": name}):
            return js.nodes.Wrap(fn)
    return js.nodes.Wrap(Compiled(fn) if _in_float64() and _agrees(Compiled(fn), plain) else OnHost(fn))


def product_of(factor: js.Schedule) -> js.Schedule:
    """The product of a factor at the steps 1 to t: what `as_factor` made, as `MultiplicativeLR` reads it."""
    fn: Any = factor.fn  # pyright: ignore[reportAttributeAccessIssue]
    return js.nodes.Wrap(ProductOnHost(fn.fn) if isinstance(fn, OnHost) else Product(fn))


def wide(formula: Callable[..., Any], *numbers: Any) -> jax.Array:
    """A formula in float64, where the backend has it: its arguments may be integers or floats, its result is real."""
    result = jnp.result_type(float)
    if result == jnp.float64 or not _in_float64():
        return jnp.asarray(formula(*numbers)).astype(result)
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        value = jnp.asarray(formula(*map(_widened, numbers)))
        return jax.lax.convert_element_type(value, result)


def _widened(x: Any) -> jax.Array:
    integer = jnp.issubdtype(jnp.result_type(x), jnp.integer)
    return jax.lax.convert_element_type(jnp.asarray(x), jnp.int64 if integer else jnp.float64)


def _in_float64() -> bool:
    return jnp.result_type(float) == jnp.float64 or _float64_works()


@functools.cache
def _float64_works() -> bool:
    """Whether a program of float32 may hold float64: not before jax 0.7, and not on every backend."""
    if not hasattr(jax, "enable_x64"):
        return False

    def probe(t):
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            t = jax.lax.convert_element_type(t, jnp.float64)
            value = 0.3 ** jnp.floor(t) + jnp.cos(1.1 * t) + jnp.exp(-t) + jnp.log1p(t)
            value = jax.lax.bitcast_convert_type(jax.lax.bitcast_convert_type(value, jnp.uint32), jnp.float64)
            return jax.lax.convert_element_type(value, jnp.float32)

    try:
        with jax.ensure_compile_time_eval():
            return bool(jnp.isfinite(jax.jit(probe)(jnp.float32(2.0))))
    except Exception:
        return False


@dataclasses.dataclass(frozen=True)
class Later:
    """`fn(t + first)`."""

    fn: Function
    first: int

    def __call__(self, step):
        return self.fn(step + self.first)


@dataclasses.dataclass(frozen=True)
class Compiled:
    """`fn(t)` for an integer t, as part of the program."""

    fn: Function

    def __call__(self, step):
        return wide(self.fn, step)


@dataclasses.dataclass(frozen=True)
class Product:
    """The product of `factor(s)` for s from 1 to t, in t / BLOCK rounds."""

    factor: Function

    def __call__(self, step):
        def formula(last):
            last = jnp.floor(last).astype(jnp.result_type(int))

            def times(i, product):
                steps = i * BLOCK + 1 + jnp.arange(BLOCK)
                factors = jax.vmap(self.factor)(jnp.minimum(steps, jnp.maximum(last, 1)))
                return product * jnp.prod(jnp.where(steps <= last, factors, 1).astype(product.dtype))

            return jax.lax.fori_loop(0, (last + BLOCK - 1) // BLOCK, times, jnp.ones((), jnp.result_type(float)))

        return wide(formula, step)


@dataclasses.dataclass(frozen=True)
class OnHost:
    """`fn(t)` by a call from the program to Python."""

    fn: Function

    def __call__(self, step):
        return _called(lambda t: float(self.fn(t)), step)


@dataclasses.dataclass(frozen=True)
class ProductOnHost:
    """The product of `fn(s)` for s from 1 to t by a call from the program to Python, which keeps the products."""

    fn: Function
    products: list[float] = dataclasses.field(default_factory=lambda: [1.0], compare=False, repr=False)

    def __call__(self, step):
        return _called(self._until, step)

    def _until(self, step):
        while len(self.products) <= step and self.products[-1] != 0:
            self.products.append(self.products[-1] * float(self.fn(len(self.products))))
        return self.products[min(int(step), len(self.products) - 1)]


def _called(fn: Callable[[Any], float], step: jax.Array) -> jax.Array:
    def on_host(steps):
        steps = np.asarray(steps)
        values = np.array([fn(each.item()) for each in steps.ravel()], np.float64).reshape(steps.shape)
        return values.astype(np.float32) if words is None else values[..., None].view(np.uint32)

    # A callback's float64 does not get through where x64 is on in one context only; its bits do.
    words = 2 if jnp.result_type(float) == jnp.float64 else None
    shape, dtype = (jnp.shape(step), jnp.float32) if words is None else ((*jnp.shape(step), words), jnp.uint32)
    value = jax.pure_callback(on_host, jax.ShapeDtypeStruct(shape, dtype), step, vmap_method="expand_dims")
    return value if words is None else jax.lax.bitcast_convert_type(value, jnp.float64)


def _plain_values(name: str, fn: Function) -> list[float] | None:
    """What a function of a Python int gives at the probes; `None` for one of traced numbers, or of a JAX array only."""
    values = []
    for step in PROBES:
        try:
            with jax.ensure_compile_time_eval():
                value = fn(step)
            if isinstance(value, Tracer):
                return None  # what is differentiated stays in the program's own dtype
            values.append(float(value))
        except Exception as error:  # it need not be defined later on
            if step == 0 and isinstance(error, (TypeError, jax.errors.JAXTypeError)):
                return None
            if step == 0:
                raise ValueError(f"`{name}` must have a value at epoch 0: it raised {error!r}.") from error
            values.append(math.nan)
    return values


def _agrees(traced: Function, plain: list[float]) -> bool:
    """Whether JAX can trace a function, and finds what Python finds."""
    try:
        with jax.ensure_compile_time_eval():
            got = np.asarray(js.nodes.Wrap(traced)(np.array(PROBES)))
    except Exception:
        return False
    pairs = zip(got.tolist(), plain, strict=True)
    return all(abs(x - y) <= 1e-4 * abs(y) + 1e-30 for x, y in pairs if math.isfinite(y))
