"""Schedules and controllers as hyperparameters of an optimizer, kept in its state."""

import functools
import inspect
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

import jax
import jax.numpy as jnp

from jaxsched._controllers.base import ControllerLike
from jaxsched._core.kinds import checked
from jaxsched._core.lists import in_order
from jaxsched._core.program import relaxed
from jaxsched._core.words import shown
from jaxsched._optax.arguments import arguments_of, is_hyperparameter
from jaxsched._optax.hyperparameters import InjectState, Scheduled, one_number
from jaxsched._optax.lost import check_metric
from jaxsched._optax.transformation import GradientTransformationExtraArgs
from jaxsched._optax.widths import first_state, updated, width_of

Array = jax.Array


def inject(
    factory: Callable[..., Any], static_args: str | Iterable[str] = ()
) -> Callable[..., GradientTransformationExtraArgs]:
    """An optimizer whose hyperparameters are schedules and controllers, kept in its state.

    Like `optax.inject_hyperparams`, but what is passed is kept in the optimizer's state as PyTrees. So it can be swept
    by `jax.vmap`, replaced in the middle of a run without compiling again (`replace_schedule`), fed with a metric at
    any time (`observe`), read (`current`), set by hand (`override`) and saved. Update k uses `schedule(k)`, counted
    from 0, and there is one count for all hyperparameters; `optimizer.update(..., step=tokens)` reads them on a clock
    of your own, a number or a `counter`, and the count follows. A metric reaches the controllers as
    `optimizer.update(..., value=metric)`, and changes the rate from the next update on. A number under another keyword
    that the factory's transformation does not use is refused then. (Of the values at the steps of `optax.MultiSteps`
    the last alone arrives; use `observe` there.)

    Values are strong float32 whatever the parameters' dtype (float64 where parameters are). The factory's
    transformation computes in the widest dtype of gradients and parameters, at least float32, and never in a narrower
    one: with bfloat16 parameters `b2=0.999` is not rounded to 1, and clipping by a norm has the norm in float32. Inner
    states are stored as narrow as optax makes them, but for their scalars; updates have the wider of the gradient's and
    the parameter's dtype.

    Args:
        factory: a function that makes an optax transformation, such as `optax.adamw`.
        static_args: names of arguments to pass on untouched, `static_args="key"` for `optax.noisy_sgd`, say.

    Returns:
        A function of the factory's arguments. A number, schedule or controller among them is a hyperparameter; so is a
        plain function of the step where the factory asks for a number or a schedule. Strings, booleans, ints where the
        factory has an int by default or by annotation, and everything else are passed on.

    Raises:
        ValueError: `static_args` names what is no argument of the factory.
        TypeError: `factory` is no function, or the arguments do not fit it, or none of them is a hyperparameter, or
            one is text where the factory asks for a number.

    Examples:
        >>> import optax
        >>> optimizer = jaxsched.inject(optax.adamw)(jaxsched.warmup_cosine(3e-4, 10, 100), weight_decay=0.1)
        >>> state = optimizer.init({"w": np.ones(3)})
        >>> {name: float(value) for name, value in jaxsched.current(state).items()}
        {'learning_rate': 0.0, 'weight_decay': 0.10000000149011612}
    """
    if not callable(factory) or hasattr(factory, "update"):
        raise TypeError(
            f"`factory` must be a function that makes an optimizer: got {type(factory).__name__}. "
            f"Write `jaxsched.inject(optax.adamw)(schedule)`."
        )
    signature, arguments = inspect.signature(factory), arguments_of(factory)
    static = [static_args] if isinstance(static_args, str) else static_args
    static = list(static) if isinstance(static, Set) else in_order("static_args", static, "names")
    unknown = [name for name in static if not isinstance(name, str) or name not in signature.parameters]
    if unknown:
        raise ValueError(
            f"`static_args` must name arguments of the factory, {list(signature.parameters)}: got {shown(unknown)}."
        )

    @functools.wraps(factory)
    def make(*args: Any, **kwargs: Any) -> GradientTransformationExtraArgs:
        import optax

        bound = signature.bind(*args, **kwargs)
        given = {name: x for name, x in bound.arguments.items() if name not in static}
        hyperparameters = {
            name: one_number(name, x) for name, x in given.items() if is_hyperparameter(name, x, arguments[name])
        }
        if not hyperparameters:
            raise TypeError(f"At least one argument must be a number, a schedule or a controller: got {given}.")
        bound.apply_defaults()
        passed_on, scheduled = dict(bound.arguments), Scheduled(hyperparameters)

        def transformation(values: Mapping[str, Array], width: Any) -> Any:
            # Bound anew: arguments that outlived this trace would keep its tracers alive.
            scalars = {name: x.astype(width) for name, x in values.items()}
            now = inspect.BoundArguments(signature, OrderedDict({**passed_on, **scalars}))
            return optax.with_extra_args_support(factory(*now.args, **now.kwargs))

        def init(params: Any) -> InjectState:
            width = width_of(params)
            return scheduled.init(lambda values: first_state(transformation(values, width), params, width))

        def update(updates: Any, state: Any, params: Any = None, **extra: Any) -> tuple[Any, InjectState]:
            values, after = scheduled.update(state, extra)
            width = width_of((updates, params))
            made = transformation(values, width)
            inside = lambda extra: updated(made, updates, state.inner_state, params, extra, width)  # noqa: E731
            new, inner = inside(extra)
            check_metric(state, extra, inside, width)
            return new, after._replace(inner_state=inner)

        return optax.GradientTransformationExtraArgs(init, update)

    return make


@checked
def scale_by_learning_rate(rate: ControllerLike, *, flip_sign: bool = True) -> GradientTransformationExtraArgs:
    r"""Updates times minus the learning rate: the last link of a chain, with the rate in its state.

    $u = -v(k)\,g$ at update k for the gradient or direction g, computed in at least float32 and returned in the dtype
    of g. Everything that `inject` says of its state holds here too.

    Args:
        rate: a number, schedule, controller or function of the step.
        flip_sign: whether to multiply by minus the rate, which descends.

    Raises:
        TypeError: `rate` is none of these.

    Examples:
        >>> import optax
        >>> optimizer = optax.chain(optax.scale_by_adam(), jaxsched.scale_by_learning_rate(0.1))
        >>> {name: float(value) for name, value in jaxsched.current(optimizer.init(np.ones(3))).items()}
        {'learning_rate': 0.10000000149011612}
    """
    import optax

    scheduled = Scheduled({"learning_rate": one_number("rate", rate)})

    def init(params: Any) -> InjectState:
        del params
        return scheduled.init(lambda values: optax.EmptyState())

    def update(updates: Any, state: Any, params: Any = None, **extra: Any) -> tuple[Any, InjectState]:
        del params
        values, after = scheduled.update(state, extra)
        check_metric(state, extra)
        factor = -values["learning_rate"] if flip_sign else values["learning_rate"]
        return jax.tree.map(lambda g: scaled(factor, g), updates), after

    return optax.GradientTransformationExtraArgs(init, update)


def scaled(factor: Array, update: Any) -> Array:
    """In at least float32, returned in the update's dtype: a bfloat16 gradient does not round the rate first."""
    update = jnp.asarray(update)
    with relaxed():
        if not jnp.issubdtype(update.dtype, jnp.inexact):
            update = update.astype(jnp.float32)
        least = jnp.promote_types(jnp.float32, jnp.finfo(update.dtype).dtype)
        wide = jnp.promote_types(update.dtype, least)
        return (factor.astype(least).astype(wide) * update.astype(wide)).astype(update.dtype)
