"""The programs of a sweep: `train` mapped over candidates of one structure, on one device or on a mesh of them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal
from jax.sharding import NamedSharding, PartitionSpec

from jaxsched.kinds import shown
from jaxsched.search import _hosts
from jaxsched.search._groups import Group, Train, key_of

CONCRETE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.NonConcreteBooleanIndexError,
)
"""What JAX raises where a function asks for the value of a number that it traces."""


TELLING = 16
"""A width from which on the bytes of a run are the same."""


class Program:
    """`train` for schedules of one structure, so many at once on each device, whatever their numbers.

    The width never changes within a search: at another one, XLA rounds otherwise.
    """

    def __init__(self, train: Train, group: Group, words: np.ndarray, width: int, mesh: Any) -> None:
        self.train, self.words, self.width, self.mesh = train, words, width, mesh
        self.kind, self.first, self._like = group.name, group.members[0], group.shaped
        self._compiled: Any = None
        self._lowered, text = self._lower()
        if text != self._lower()[1]:
            why = f"lowered twice for schedules[{self.first}] it was two programs, so a number or a name changes"
            raise ValueError(
                f"`train` must be a pure function: {why} from call to call. Take random numbers from its key (`seeds`)."
            )
        self.digest = _digest(text, jax.__version__, _device(mesh).device_kind)  # the text has the names of the results

    @property
    def size(self) -> int:
        """How many runs it makes in one call, on all devices together."""
        return self.width * devices_of(self.mesh)

    @property
    def was_compiled(self) -> bool:
        return self._compiled is not None

    @property
    def structure(self) -> Any:
        """That of what `train` returns."""
        return jax.tree.structure(self._lowered.out_info)

    @property
    def results(self) -> list[tuple[str, jax.ShapeDtypeStruct]]:
        """Each array that `train` returns: its name, and what it is for one run."""
        return [
            (dotted(path), jax.ShapeDtypeStruct(x.shape[1:], x.dtype))
            for path, x in jax.tree.leaves_with_path(self._lowered.out_info)
        ]

    def id_of(self, group: Group, member: int, seed: int) -> str:
        """What a run is: its program, the bytes of its numbers, its key."""
        numbers = [repr((str(x.dtype), x.shape[1:])).encode() + x[member].tobytes() for x in group.rows]
        return _digest(self.digest, *numbers, self.words[seed].tobytes())

    def run(self, group: Group, members: list[int], seeds: list[int]) -> list[np.ndarray]:
        """The arrays of `size` runs, each by its place in the group and that of its seed."""
        arguments = group.at(members), self.words[seeds]
        with self._too_large():
            if self._compiled is None:
                self._compiled = self._compile()
            if self.mesh is not None:
                arguments = jax.tree.map(self._spread, arguments)
            return _hosts.gathered(jax.tree.leaves(jax.block_until_ready(self._compiled(*arguments))), self.mesh)

    def _lower(self) -> tuple[Any, str]:
        """Unsharded, and traced anew; and its text, which names the program, whatever the devices."""
        with told_that_it_is_traced():
            traced = jax.jit(self._mapped()).trace(*self._shaped(self.width))
        lowered = traced.lower()
        text = lowered.as_text()
        if "jax.const = true" in text:  # under `jax_use_simplified_jaxpr_constants` the data are not in the text
            text += _digest(*_constants(traced.jaxpr))
        return lowered, text

    def _compile(self) -> Any:
        if self.mesh is None:
            return self._lowered.compile()
        sharding = self._sharding()
        sharded = jax.jit(self._mapped(), in_shardings=sharding, out_shardings=sharding)
        return sharded.lower(*self._shaped(self.size)).compile()

    def _mapped(self) -> Any:
        seeded = self.words.shape[1] > 0

        def one(schedule: Any, words: Any) -> Any:
            keys = (key_of(words),) if seeded else ()
            return checked_results(self.train(schedule, *keys))

        return jax.vmap(one)

    def _shaped(self, width: int) -> tuple[Any, Any]:
        return self._like(width), jax.ShapeDtypeStruct((width, *self.words.shape[1:]), self.words.dtype)

    def _sharding(self) -> NamedSharding:
        return NamedSharding(self.mesh, PartitionSpec(self.mesh.axis_names))

    def _spread(self, x: np.ndarray) -> jax.Array:
        # NumPy's arrays are refused where a mesh spans several processes.
        return jax.make_array_from_callback(x.shape, self._sharding(), lambda index: x[index])

    @contextmanager
    def _too_large(self) -> Iterator[None]:
        try:
            yield
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            raise ValueError(too_large(self.width, self._bytes(), room(_device(self.mesh)))) from error

    def _bytes(self) -> int:
        """Bytes that one run takes: they are linear in the width, but XLA makes a program of width 1 another way."""
        program, width = self._compiled, self.width
        if program is None:
            width = min(self.width, TELLING)
            program = jax.jit(self._mapped()).lower(*self._shaped(width)).compile()
        sizes: Any = program.memory_analysis()  # of one device
        return (sizes.temp_size_in_bytes + sizes.argument_size_in_bytes + sizes.output_size_in_bytes) // width


class Programs:
    """The programs of one search: one for each structure, made when it is first met and kept for what comes after."""

    def __init__(self, train: Train, words: np.ndarray, batch: int | None, mesh: Any) -> None:
        self._train, self._words, self._batch, self._mesh = train, words, batch, mesh
        self._made: dict[Any, Program] = {}

    def of(self, groups: list[Group]) -> list[Program]:
        """That of each group.

        Raises:
            ValueError: one of them returns other things than the others.
        """
        for group in groups:
            if group.key not in self._made:
                self._made[group.key] = Program(self._train, group, self._words, self._width(group), self._mesh)
        check_alike([*self._made.values()])
        return [self._made[group.key] for group in groups]

    def _width(self, group: Group) -> int:
        return self._batch or width_for(len(group.members) * len(self._words), self._mesh)


def width_for(runs: int, mesh: Any) -> int:
    """How many each device makes, so that so many are made at once."""
    return -(-runs // devices_of(mesh))


def devices_of(mesh: Any) -> int:
    return 1 if mesh is None else mesh.size


def room(device: Any) -> int | None:
    """The bytes that a device has for a program, where it says so."""
    stats = device.memory_stats() or {}
    return stats["bytes_limit"] - stats.get("bytes_in_use", 0) if "bytes_limit" in stats else None


def too_large(width: int, each: int, free: int | None) -> str:
    why = f"`batch` must fit the memory of a device: {width} candidates at once do not, at {each:,} bytes each."
    if free is None:
        return f"{why} Pass a smaller `batch`."
    most = min(free // each, width - 1)
    remedy = f"The largest that fits is `batch={most}`" if most else "Not even one fits: make `train` smaller"
    return f"{why} {free:,} bytes are free. {remedy}."


def check_alike(programs: list[Program]) -> None:
    """Refuse a `train` that returns other things for other kinds of schedules."""
    first = programs[0]
    for other in programs[1:]:
        if (other.structure, other.results) != (first.structure, first.results):
            a, b = (dict(each.results) for each in (first, other))
            where = next((name for name in {**a, **b} if a.get(name) != b.get(name)), "")
            named = f" `{where}`" if where else ""
            raise ValueError(
                f"`train` must return the same for all schedules: for schedules[{first.first}]{named} is "
                f"{_said(a.get(where))}, for schedules[{other.first}] {_said(b.get(where))}."
            )


def _said(x: Any) -> str:
    return "not there" if x is None else f"{x.dtype}{list(x.shape)}"


def dotted(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator=".")


def checked_results(made: Any, name: str = "train") -> Any:
    leaves = jax.tree.leaves_with_path(made)
    for path, x in leaves:
        numeric = isinstance(x, (jax.Array, np.ndarray, np.generic, int, float, complex))
        if not numeric or not _is_number(getattr(x, "dtype", np.dtype(float))):
            where = f" as `{place}`" if (place := dotted(path)) else ""
            raise TypeError(f"`{name}` must return arrays of numbers: got {shown(x)}{where}.")
    if not leaves:
        raise TypeError(f"`{name}` must return at least one array: got {shown(made)}. Return the loss.")
    return made


def _is_number(dtype: Any) -> bool:
    return jax.numpy.issubdtype(dtype, np.number) or jax.numpy.issubdtype(dtype, np.bool_)


@contextmanager
def told_that_it_is_traced(name: str = "train") -> Iterator[None]:
    try:
        yield
    except CONCRETE as error:
        remedy = "Leave out `float(...)`, `int(...)` and `np.asarray(...)`, and write `jnp.where` for an `if`"
        raise TypeError(
            f"`{name}` must not ask for the value of a number: one program trains all candidates, and their numbers "
            f"are not known in it. {remedy}: {str(error).partition(chr(10))[0][:160]}"
        ) from error


def _constants(x: Any) -> Iterator[bytes]:
    """The data that a traced program holds, in the order in which it meets them."""
    if isinstance(x, ClosedJaxpr):
        yield from _constants(list(x.consts))
        yield from _constants(x.jaxpr)
    elif isinstance(x, Jaxpr):
        for equation in x.eqns:
            yield from _constants([each.val for each in equation.invars if isinstance(each, Literal)])
            yield from _constants(list(equation.params.values()))
    elif isinstance(x, (list, tuple)):
        for each in x:
            yield from _constants(each)
    elif isinstance(x, (jax.Array, np.ndarray)) and not jax.numpy.issubdtype(x.dtype, jax.dtypes.prng_key):
        yield np.asarray(x).tobytes()


def _device(mesh: Any) -> Any:
    if mesh is not None:
        return mesh.local_devices[0]
    chosen = jax.config.jax_default_device  # pyright: ignore[reportAttributeAccessIssue]
    return chosen if hasattr(chosen, "memory_stats") else jax.devices(chosen)[0]


def _digest(*parts: str | bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "little") + data)
    return found.hexdigest()
