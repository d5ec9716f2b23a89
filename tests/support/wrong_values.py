"""What a user may pass by mistake, and what every argument refuses."""

import fractions
import types
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched as js

NAN, INF = float("nan"), float("inf")
WRONG: dict[str, Any] = {
    "None": None,
    "true": True,
    "false": False,
    "numpy bool": np.bool_(True),
    "text": "abc",
    "empty text": "",
    "number as text": "1e-4",
    "huge text": "x" * 1_000_000,
    "bytes": b"1",
    "nan": NAN,
    "infinity": INF,
    "minus infinity": -INF,
    "numpy nan": np.float32(NAN),
    "1e308": 1e308,
    "-1e308": -1e308,
    "1e39": 1e39,
    "1e-320": 1e-320,
    "1e-46": 1e-46,
    "minus one": -1,
    "-0.5": -0.5,
    "minus zero": -0.0,
    "zero": 0,
    "zero as float": 0.0,
    "0.1": 0.1,
    "2.5": 2.5,
    "2**31": 2**31,
    "2**63": 2**63,
    "10**400": 10**400,
    "-10**400": -(10**400),
    "complex": 1 + 2j,
    "numpy complex": np.complex64(1),
    "jax complex": lambda: jnp.complex64(1),
    "fraction": fractions.Fraction(1, 3),
    "empty list": [],
    "list": [1, 2, 3],
    "list of one": [0.5],
    "tuple": (3, 2, 1),
    "negative list": [-1, -2],
    "list of nan": [1.0, NAN],
    "list of text": ["a", "b"],
    "list of bools": [True, False],
    "list of None": [None, None],
    "ragged": [[1, 2], [3]],
    "nested": [[1.0, 2.0], [3.0, 4.0]],
    "complex in a list": [1 + 2j, 0.5],
    "complex beside jax": lambda: [jnp.float32(1), 1j],
    "long list": [1] * 200,
    "1e308 in a list": [1e308, 1.0],
    "set": {1, 2},
    "frozen set": frozenset([1.0]),
    "dict": {1: 0.5, 2: 0.25},
    "empty dict": {},
    "dict of text": {"a": "b"},
    "generator": lambda: (i for i in range(3)),
    "range": range(3),
    "object": object(),
    "class": dict,
    "module": types,
    "function": lambda: lambda: 1.0,
    "function of the step": lambda: lambda step: 1.0 * step,
    "function that raises": lambda: _raises,
    "numpy text": np.array(["a"]),
    "numpy objects": np.array([None, {}], dtype=object),
    "numpy bools": np.array([True, False]),
    "numpy empty": np.zeros((0,)),
    "numpy matrix": np.ones((2, 2)),
    "numpy vector": np.array([1.0, 2.0]),
    "numpy dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "jax vector": lambda: jnp.array([1.0, 2.0]),
    "jax key": lambda: jax.random.key(0),
    "schedule": lambda: js.Linear(1.0, 0.0, steps=4),
    "controller": lambda: js.reduce_on_plateau(1.0),
    "optimizer": lambda: optax.sgd(0.1),
}
"""What is passed; a function without arguments makes it."""


def _raises(step):
    raise RuntimeError("no")


def wrong(name: str) -> Any:
    """The value of that name."""
    made = WRONG[name]
    return made() if isinstance(made, types.FunctionType) else made
