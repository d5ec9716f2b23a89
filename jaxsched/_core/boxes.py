"""What other libraries hold a number or a schedule in. None of them is imported for it."""

import sys
from typing import Any

import jax
import numpy as np


def unwrapped(x: Any) -> Any:
    """A number that a library keeps in an object of its own, such as flax's `nnx.Variable`; anything else as it is.

    Steps, metrics and numbers with a kind are read so, where `x` has a method `__jax_array__` or `get_value`.

    Examples:
        >>> class Box:
        ...     def get_value(self):
        ...         return 3
        >>> jaxsched.kinds.unwrapped(Box())
        3
    """
    if isinstance(x, (int, float, np.generic, np.ndarray, jax.Array)):
        return x
    read = getattr(type(x), "__jax_array__", None) or getattr(type(x), "get_value", None)
    return x if read is None else read(x)


def array_of(x: Any) -> np.ndarray:
    """An array of NumPy of `x`, which a user passed; what cannot be one becomes one that holds no number.

    Examples:
        >>> jaxsched.kinds.array_of([[1, 2], [3]])
        array(None, dtype=object)
    """
    try:
        return np.asarray(x)
    except (TypeError, ValueError):  # a random key of JAX is none either
        return np.asarray(None)


def rebuilt(x: Any, base: type) -> Any:
    """An object of a class that OmegaConf took apart, as it does with any dataclass in a list; anything else as it is.

    So does Hydra with the list of schedules that it hands to `join`.
    """
    omegaconf = sys.modules.get("omegaconf")
    if omegaconf is None or not isinstance(x, omegaconf.DictConfig):
        return x
    kind = omegaconf.OmegaConf.get_type(x)
    return omegaconf.OmegaConf.to_object(x) if isinstance(kind, type) and issubclass(kind, base) else x
