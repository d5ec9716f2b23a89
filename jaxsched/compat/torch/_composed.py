"""Schedulers of schedulers, and the one that looks at a metric."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

import numpy as np

import jaxsched as js
from jaxsched.compat._foreign import LastEpoch, SortedSteps, Verbose, equal, foreign, groups_of
from jaxsched.compat._plateau import NAMES, reduce_lr
from jaxsched.compat.torch._chains import chain, rate_of, same_rate, sequence
from jaxsched.compat.torch._kinds import Rates
from jaxsched.compat.torch._rules import Rule, Sets
from jaxsched.compat.torch._turns import PlateauFirst, PlateauLast
from jaxsched.compat.torch._words import in_its_words
from jaxsched.kinds import Bound, InnerFactor, NotNegative, PureSchedule, Whole, is_list, is_sequence, is_traced, shown

SCHEDULE = cast(Any, js.ScheduleLike)


@foreign
def SequentialLR(
    lr: Rates,
    schedulers: Sequence[Any],
    milestones: SortedSteps,
    last_epoch: LastEpoch = -1,
    verbose: Verbose = False,
) -> js.Schedule:
    """`torch.optim.lr_scheduler.SequentialLR`: one scheduler after another, each on its own clock from its milestone.

    At a milestone a scheduler begins from its `lr` again, but for two that go on from the rate that is there, as in
    torch: `SWALR`, and `MultiplicativeLR`, which multiplies it by `lr_lambda(0)`. `SequentialLR` and
    `ChainedScheduler` can be among them.

    Unlike torch's, `OneCycleLR` and `CyclicLR` among the schedulers do not change the `lr` of the others.

    Args:
        lr: the learning rate, in the place of the optimizer.
        schedulers: what the functions of this module return, made with the same `lr`, or copies of that (stored and
            read, returned by `jax.jit`, …); or any schedules, which set the rate.
        milestones: the epochs at which each scheduler but the first begins, sorted.

    Raises:
        ValueError: no scheduler, a wrong number of milestones, unsorted ones, a scheduler that was made with another
            `lr`, or `ReduceLROnPlateau` among them.

    Examples:
        >>> warmup = schedulers.LinearLR(0.1, start_factor=0.1, total_iters=5)
        >>> lr = schedulers.SequentialLR(0.1, [warmup, schedulers.CosineAnnealingLR(0.1, T_max=10)], milestones=[5])
        >>> [round(float(lr(t)), 6) for t in (0, 5, 10)]
        [0.01, 0.1, 0.05]
    """
    for i, each in enumerate(milestones):
        if not is_traced(each) and each != np.floor(each):
            raise ValueError(f"`milestones[{i}]` must be a whole number of epochs: got {shown(each)}.")
    epochs = [each if is_traced(each) else int(each) for each in milestones]

    def one(lr, rules):
        if len(epochs) != len(rules) - 1:
            raise ValueError(
                f"`milestones` must be one fewer than `schedulers`: got {len(epochs)} and {len(rules)}. In torch's "
                f"words: Sequential Schedulers expects number of schedulers provided to be one more than the number "
                f"of milestone points"
            )
        return sequence(lr, rules, epochs)

    return _composed("SequentialLR", lr, schedulers, one, known=False)


def ChainedScheduler(
    lr: Rates | None = None, schedulers: Sequence[Any] | None = None, optimizer: None = None
) -> js.Schedule:
    """`torch.optim.lr_scheduler.ChainedScheduler`: all schedulers at once, each acting on what the last has left.

    - `ConstantLR`, `LinearLR`, `ExponentialLR`, `StepLR`, `MultiStepLR`, `PolynomialLR` and `MultiplicativeLR`
      multiply the rate: a chain of them is the product of their factors.
    - `LambdaLR`, `CyclicLR`, `OneCycleLR` and `CosineAnnealingWarmRestarts` set it, whatever those before them did;
      those after them change it by their last step only.
    - `CosineAnnealingLR` and `SWALR` move it towards their end. A chain with them, or with a `SequentialLR`, has no
      closed form: as in torch it is a recursion, evaluated anew at each call by a loop over the epochs until then.
      `js.Tabulated(lr(jnp.arange(total)))` makes it a look-up.

    The products of `js` are simpler: `warmup * decay / lr` multiplies any two schedules at every step.

    Args:
        lr: the learning rate, in the place of the optimizer; may come second, as in torch, or be left out if a
            scheduler was made with one.
        schedulers: what the functions of this module return, made with the same `lr`, or copies of that.

    Raises:
        ValueError: no scheduler, one that was made with another `lr`, or `ReduceLROnPlateau` among them.
        TypeError: something that no function of this module returned.

    Examples:
        >>> from jaxsched.compat import torch as schedulers
        >>> both = [schedulers.ConstantLR(1.0, 0.1, total_iters=2), schedulers.ExponentialLR(1.0, 0.5)]
        >>> [round(float(schedulers.ChainedScheduler(1.0, both)(t)), 6) for t in (0, 1, 2)]
        [0.1, 0.05, 0.25]
    """
    if optimizer is not None:
        raise TypeError("`optimizer` must be left out, or None: pass the learning rate in its place, as `lr`.")
    if _are_schedulers(lr):
        lr, schedulers = schedulers, lr
    if not _are_schedulers(schedulers):
        raise TypeError(f"`schedulers` must be a list of schedulers: got {shown(schedulers)}.")
    lr = _common_rate(schedulers) if lr is None else lr
    return _composed("ChainedScheduler", lr, schedulers, chain)


@in_its_words
@foreign(groups=("lr", "min_lr"), names=NAMES)
def ReduceLROnPlateau(
    lr: PureSchedule,
    mode: Literal["min", "max"] = "min",
    factor: InnerFactor = 0.1,
    patience: Whole = 10,
    threshold: NotNegative = 1e-4,
    threshold_mode: Literal["rel", "abs"] = "rel",
    cooldown: Whole = 0,
    min_lr: Bound = 0,
    eps: Bound = 1e-8,
    verbose: Verbose = False,
) -> js.Controller:
    """`torch.optim.lr_scheduler.ReduceLROnPlateau`: a controller that cuts the rate when a metric stops improving.

    A relative threshold is a part of `abs(best)`; in torch it points the wrong way where the metric is negative. `lr`
    may be a schedule as well as a number.

    Examples:
        >>> controller = schedulers.ReduceLROnPlateau(1.0, factor=0.5, patience=1)
        >>> state = controller.init()
        >>> for loss in (3.0, 3.0, 3.0):
        ...     state = controller.update(state, value=loss)
        >>> round(float(controller(state)), 6)
        0.5
    """
    return reduce_lr(lr, threshold, threshold_mode, min_lr, eps, factor, patience, mode=mode, cooldown=cooldown)


@foreign
def on_one_optimizer(schedulers: Sequence[Any]) -> js.Controller:
    """What torch makes of `ReduceLROnPlateau` beside other schedulers on one optimizer, where a cut may not last.

    A controller: `update(state, value=loss)` is a `step()` of each scheduler in the order of the list, in which the
    plateau is first or last; `update(state)` leaves the plateau out, and `observe(state, value=loss)` is a step of the
    plateau alone. Its state is a `TurnState`, with the present rate as `rate`.

    `ReduceLROnPlateau(schedule)` is simpler, and what is usually meant: there every cut lasts. This is how far the two
    are apart after one cut to the half at epoch 11 of 40, of schedules whose highest rate is 1:

    | beside the plateau | what torch makes of the cut | largest difference |
    |---|---|---:|
    | `StepLR` | keeps it | 0.000 |
    | `ExponentialLR` | keeps it | 0.000 |
    | `LinearLR` | keeps it | 0.000 |
    | `CosineAnnealingLR` | keeps it | 0.000 |
    | the same with `eta_min=0.1` | keeps it of what is above `eta_min` | 0.050 |
    | the same, where the cut is at the low of a wave | in the next wave it grows, and the rate is negative | 1.969 |
    | `SequentialLR` with a milestone at 20 | undoes it at the milestone | 0.500 |
    | `LambdaLR` | undoes it at the next step | 0.392 |
    | `OneCycleLR` | undoes it at the next step | 0.499 |
    | `CosineAnnealingWarmRestarts` | undoes it at the next step | 0.500 |

    Args:
        schedulers: one `ReduceLROnPlateau`, first or last, made with the learning rate alone; and what other functions
            of this module return, made with the same `lr`. Lists are for the parameter groups.

    Examples:
        >>> plateau = schedulers.ReduceLROnPlateau(1.0, factor=0.5, patience=0)
        >>> controller = schedulers.on_one_optimizer([schedulers.LambdaLR(1.0, lambda epoch: 1.0), plateau])
        >>> state, rates = controller.init(), []
        >>> for loss in (2.0, 2.0, 1.0):
        ...     state = controller.update(state, value=loss)
        ...     rates.append(float(controller(state)))
        >>> rates
        [1.0, 0.5, 1.0]
    """

    def one(given):
        first, *others = [argument for argument, x in given.items() if isinstance(x, js.Controller)] or [None]
        if first is None or others or len(given) < 2 or first not in (next(iter(given)), next(reversed(given))):
            raise ValueError(
                f"`schedulers` must have one `ReduceLROnPlateau`, before or after the others: got {shown(schedulers)}."
            )
        order, plateau = PlateauFirst if first == next(iter(given)) else PlateauLast, given.pop(first)
        if not _is_plain_plateau(plateau):
            raise TypeError(
                f"`{first}` must be a `ReduceLROnPlateau` of this module of the learning rate alone: got "
                f"{shown(plateau)}. List its schedule beside it."
            )
        lr = plateau.schedule.value
        return order(chain(lr, [_rule_of("on_one_optimizer", name, x, lr) for name, x in given.items()]), plateau)

    return _each_group("on_one_optimizer", schedulers, one)


def _is_plain_plateau(x: Any) -> bool:
    return isinstance(x, js.nodes.ReduceOnPlateau) and isinstance(x.schedule, js.Constant) and equal(x.min_scale, 0)


def _are_schedulers(x: Any) -> bool:
    return is_sequence(x) and not (len(x) and all(isinstance(each, js.Numeric) for each in x))


@foreign
def _composed(
    name: str, lr: Rates, schedulers: Any, compose: Callable[[Any, list[Rule]], Rule], known: bool = True
) -> Any:
    """`compose(lr, rules)`; a list of such, where the rate or a scheduler is a list for the parameter groups."""

    def one(given):
        rate = given.pop("lr")
        return compose(rate, [_rule_of(name, argument, x, rate, known) for argument, x in given.items()])

    return _each_group(name, schedulers, one, lr=lr)


def _each_group(name: str, schedulers: Any, one: Callable[[dict[str, Any]], Any], **more: Any) -> Any:
    """`one` of all arguments by their names; a list of such, where one is a list for the parameter groups."""
    if not is_sequence(schedulers):
        raise TypeError(f"`schedulers` must be a list of schedulers: got {shown(schedulers)}.")
    if len(schedulers) < 1:
        chained = " to be chained" if name == "ChainedScheduler" else ""
        raise ValueError(
            f"{name} expects at least one scheduler{chained}, but got no scheduler: `schedulers` must not be empty."
        )
    given = {**more, **{f"schedulers[{i}]": each for i, each in enumerate(schedulers)}}
    lists = {argument: x for argument, x in given.items() if is_list(x)}
    groups = range(groups_of(lists)) if lists else [0]
    made = [one({argument: x[i] if argument in lists else x for argument, x in given.items()}) for i in groups]
    return made if lists else made[0]


def _rule_of(name: str, argument: str, scheduler: Any, lr: Any, known: bool = True) -> Rule:
    if isinstance(scheduler, js.Controller):
        raise ValueError(
            f"`{argument}` must be a schedule: {name} does not support `ReduceLROnPlateau` scheduler as it requires "
            f"additional kwargs to be specified when calling `step`. `on_one_optimizer` takes both."
        )
    if not isinstance(scheduler, Rule):
        if not known:
            return Sets(SCHEDULE.check(argument, scheduler))
        raise TypeError(
            f"`{argument}` must come from a function of this module: got {shown(scheduler)}. To multiply other "
            f"schedules write `a * b`."
        )
    if not same_rate(rate_of(scheduler), lr):
        raise ValueError(
            f"{name} expects all schedulers to belong to the same optimizer, but `{argument}` was made with an `lr` "
            f"of {shown(rate_of(scheduler))}, and `lr` is {shown(lr)}."
        )
    return scheduler


def _common_rate(schedulers: Any) -> Any:
    """The rate that schedulers were made with: 0 if none has one, since then they all set it."""
    found = [[rate_of(each) for each in x] if is_list(x) else rate_of(x) for x in schedulers]
    return next((x for x in found if x is not None and not (isinstance(x, list) and any(r is None for r in x))), 0.0)
