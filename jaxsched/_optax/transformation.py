"""The types of optax in signatures, without importing it before it is used."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optax import GradientTransformation as GradientTransformation
    from optax import GradientTransformationExtraArgs as GradientTransformationExtraArgs
else:

    class _Late(type):
        """A class of optax, named and not yet imported."""

        def __new__(cls, name, bases, namespace):
            return super().__new__(cls, name, bases, {**namespace, "__module__": "optax"})

        def __instancecheck__(cls, x):
            import optax

            return isinstance(x, getattr(optax, cls.__name__))

    class GradientTransformation(metaclass=_Late):
        """`optax.GradientTransformation`."""

    class GradientTransformationExtraArgs(metaclass=_Late):
        """`optax.GradientTransformationExtraArgs`."""
