"""What is compared with another framework: a function of `jaxsched.compat`, its arguments, and the steps to look at."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Case(NamedTuple):
    """One configuration. Everything in it can be written as JSON."""

    function: str
    arguments: dict[str, Any]
    steps: list[int]
    metrics: list[float] | None = None
    """For what reacts to a metric: one for each step; values are those before the first and after each."""
    differs: str = ""
    """Why our values are others on purpose: they are recorded, and compared with nothing."""
    tolerance: float = 1e-12
    """The relative error under x64: larger only where the framework's own arithmetic is the limit."""


def decode(value: Any, call: Callable[[str, dict[str, Any]], Any]) -> Any:
    """The arguments as objects.

    `{"lambda": source}` is a function, `{"call": name, "arguments": …}` is what `call` makes, and `{"pairs": …}` a
    dictionary, whose keys would be text in JSON.
    """
    if isinstance(value, dict) and set(value) == {"lambda"}:
        return eval(f"lambda {value['lambda']}")  # from our own files
    if isinstance(value, dict) and set(value) == {"call", "arguments"}:
        return call(value["call"], decode(value["arguments"], call))
    if isinstance(value, dict) and set(value) == {"pairs"}:
        return {key: each for key, each in value["pairs"]}
    if isinstance(value, dict):
        return {key: decode(each, call) for key, each in value.items()}
    if isinstance(value, list):
        return [decode(each, call) for each in value]
    return value
