"""Every public function, called with each of its arguments replaced by what a user may pass by mistake.

A call is either accepted, and then what it returns is sound, or refused by a ValueError or TypeError that names the
argument in a short message.
"""

import fnmatch
import inspect
import itertools
import pkgutil
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
import optax

import jaxsched as js
from support import right_values as right
from support.right_values import GOOD, OF, VARIOUS
from support.wrong_values import WRONG, wrong

LONGEST = 700
"""So many characters a message may have."""


class Call(NamedTuple):
    """One argument of one function."""

    where: str
    name: str
    function: Callable[..., Any]
    arguments: dict[str, Any]
    argument: str

    def __str__(self) -> str:
        return f"{self.where}.{self.name}({self.argument}=…)"

    def __call__(self, **changed: Any) -> Any:
        given = {name: right.made(x) for name, x in self.arguments.items()} | changed
        parameters = inspect.signature(self.function).parameters.values()
        places = [given.pop(p.name) for p in parameters if p.kind is p.POSITIONAL_ONLY and p.name in given]
        return self.function(*places, **given)


EXCEPT = {
    "It is abstract, or an annotation: nobody calls it.": {"Data", "Kind"},
    "The library makes it, of what it has checked.": {
        "Slot", "Values", "ByName", "InjectState", "Snapshot", "Hyperparameter", "Sample", "Events", "GreedyState",
        "PlateauState", "RecoverState", "HypergradientState", "StationarityState", "Description", "Descriptions",
        "Change", "Diff", "Finding", "Phase", "Rate", "StateDescription", "Table", "Diagnosis", "RangeTest",
        "TargetState", "TurnState", "Applied", "Outside", "Counter", "Shared", "Best", "Rows", "Sweep",
        "Halving", "Bound", "Comparison", "Extension", "Plan", "Fit", "Prediction", "Optimum", "Falling",
    },
    "A formula: what calls it has checked the step.": {"at", "weights", "after"},
    "Arithmetic of a formula, on arrays.": {
        "Clock", "as_real", "to_real", "blend", "fractions", "half_sine_squared", "largest",
        "power_weights", "exponential_weights",
    },
    "What every argument goes through, under its name.": {"check", "written", "check_field"},
    "For kinds and functions of one's own: it takes what their author wrote.": {
        "check_arguments", "checked", "checker", "checks_of", "of_kind", "of_one", "public_module", "renamed",
        "shown_of",
    },
    "It needs pandas, and is `table` besides.": {"Sweep.to_pandas"},
    "It needs Optuna, and is tested beside it.": {"study"},
    "It writes a file where a text says.": {"Table.to_csv", "Table.to_json"},
    "It needs the other framework, and is tested beside it.": {"to_scheduler", "to_schedule", "register"},
}  # fmt: skip
"""Public callables that are not called with wrong arguments, and why."""


def modules() -> list[Any]:
    """Every public module of the package."""
    names = [each.name for each in pkgutil.walk_packages(js.__path__, f"{js.__name__}.")]
    found = [pkgutil.resolve_name(name) for name in names if "._" not in name]
    return [js, *(each for each in found if inspect.ismodule(each))]


def public() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Where each public callable is, its name, and itself; the methods of a class after it."""
    for module in modules():
        where = module.__name__.rpartition(".")[2]
        for name in sorted(name for name in dir(module) if not name.startswith("_")):
            x = getattr(module, name)
            if callable(x) and js.kinds.public_module(getattr(x, "__module__", None) or "") == module.__name__:
                yield where, name, x
                yield from ((where, f"{name}.{each}", f) for each, f in methods(x)) if inspect.isclass(x) else ()


def methods(cls: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The methods that a class defines itself, of which only those without arguments are left out."""
    for name, x in vars(cls).items():
        function = getattr(x, "__func__", x)
        if inspect.isfunction(function) and (name == "__call__" or not name.startswith("_")):
            if len(inspect.signature(function).parameters) > 1:
                yield name, function


def reason(name: str, x: Any) -> str:
    """Why a public callable is not called with wrong arguments; empty if it is."""
    if isinstance(x, js.kinds.Kind) or inspect.isabstract(x):
        return next(iter(EXCEPT))
    return next((why for why, names in EXCEPT.items() if {name, *name.split(".")} & names), "")


def functions() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Where each function is that is called with wrong arguments, its name, and itself."""
    for where, name, x in public():
        if not reason(name, x):
            owner, _, method = name.partition(".")
            yield where, name, getattr(right.OBJECTS[owner], method) if method else x


def calls() -> Iterator[Call]:
    """Every argument of every function, beside arguments that will do."""
    for where, name, function in functions():
        more = OF.get(f"{where}.{name}", OF.get(name, {}))
        parameters = inspect.signature(function).parameters.values()
        named = [p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        named += [VARIOUS[name]] if name in VARIOUS else []
        required = {p.name for p in parameters if p.default is p.empty} & {*named}
        arguments = {each: GOOD.get(each, 0.5) for each in named if each in required} | more
        for each in named:
            yield Call(where, name, function, arguments, each)


def every() -> list[tuple[Call, str]]:
    return list(itertools.product(calls(), WRONG))


NEVER = {
    "text", "empty text", "number as text", "huge text", "bytes", "complex", "numpy complex", "jax complex", "nan",
    "numpy nan", "infinity", "minus infinity", "list of nan", "list of text", "list of None", "ragged", "object",
    "complex in a list", "complex beside jax", "dict of text", "module", "numpy objects", "function that raises",
}  # fmt: skip
"""What no argument takes, but for those below."""

TAKEN = {
    "It is ignored, as in the framework.": ["keras.*.name", "tensorflow.*.name", "keras.*.verbose"],
    "Any object will do.": ["kinds.*", "*.by_group.labels", "*.labels.value", "*.range_test.state"],
    "It is a name, or several.": ["*.axis_name", "*.layerwise.layers"],
    "It may be any number.": ["*.observe.value", "*.update.value", "*.__call__.step"],
    "It is not called yet.": ["*.inject.factory", "*.create_scheduler_v2.decay_fn"],
    "So a checkpoint library gives back the state of `optax.sgd`, which is empty.": ["*.restore.saved"],
}
"""Arguments that take what no other does, as `where.function.argument`, and why."""


def takes(call: Call) -> bool:
    """Whether an argument may take what no other does."""
    name = f"{call.where}.{call.name}.{call.argument}"
    return any(fnmatch.fnmatchcase(name, pattern) for patterns in TAKEN.values() for pattern in patterns)


def problem(call: Call, name: str, evaluate: bool = True) -> str | None:
    """What is wrong with the answer to a wrong call, if anything."""
    try:
        result = call(**{call.argument: wrong(name)})
    except (TypeError, ValueError) as error:
        return _problem_of(error, call.argument)
    except Exception as error:
        return f"internal {type(error).__name__}: {str(error)[:200]}"
    if name in NEVER and not takes(call):
        return f"taken: {result!r:.200}"
    asked = evaluate and name not in UNASKED and call.argument not in UNASKED_ARGUMENTS
    grows = name == "2.5" and call.argument in GROWING
    return _unsound(result) if asked and not grows else None


def _problem_of(error: Exception, argument: str) -> str | None:
    message = str(error)
    if type(error) not in (TypeError, ValueError):
        return f"internal {type(error).__name__}: {message[:200]}"
    if len(message) > LONGEST:
        return f"too long ({len(message)} characters): {message[:200]}"
    named = re.search(rf"`{argument}[`.=\[]", message) or message.startswith((f"{argument} ", "expected "))
    return None if named else f"unnamed {type(error).__name__}: {message[:200]}"


UNASKED = {"2**31", "2**63", "nested", "numpy matrix"}
"""A factor so large grows beyond any float; and a class that is given a matrix is a stack of stacks."""

UNASKED_ARGUMENTS = {"labels", "axis_name"}
"""They meet the parameters, or a mapped axis, later."""

GROWING = {"decay_rate", "factor", "gamma", "rate"}
"""Factors by which a value of 2.5 grows beyond any float in 1,000 steps."""


def _unsound(result: Any) -> str | None:
    """What is wrong with what was returned: a number that is not finite, or a schedule or controller without values."""
    if isinstance(result, list):
        return next((found for each in result if (found := _unsound(each))), None)
    try:
        with jax.numpy_rank_promotion("allow"), warnings.catch_warnings():
            values = _values(result)
    except Exception as error:
        if any(words in str(error) for words in STACKED):  # a class takes arrays, and is a stack then
            return None
        return f"no value, {type(error).__name__}: {str(error)[:200]}"
    arrays = [np.asarray(x) for x in jax.tree.leaves(values)]
    finite = all(np.all(np.isfinite(x)) for x in arrays if x.dtype.kind in "fc")
    return None if finite else f"not finite: {values!r:.200}"


STACKED = ("is this a stacked schedule?", "Incompatible shapes for broadcasting")


def _values(result: Any) -> Any:
    """The numbers of what was returned."""
    if isinstance(result, js.Schedule):
        return [result(step) for step in (0, 3, 1000)]
    if isinstance(result, js.Controller):
        return result(result.update(result.init(), value=1.0))
    if isinstance(result, optax.GradientTransformation):
        params = {"a": np.ones(3, np.float32)}
        return result.update(params, result.init(params), params)
    return [] if callable(result) or isinstance(result, str) else result, repr(result)[:0]
