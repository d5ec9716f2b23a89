"""What timm's schedulers are made of: its kinds of numbers and names, two shapes, cycles, a warmup and noise."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import jax.numpy as jnp

import jaxsched as js
from jaxsched.compat._foreign import did_you_mean, equal, ranged
from jaxsched.kinds import Kind, Positive, Real, is_list, is_traced, shown
from jaxsched.numerics import as_real, blend, fractions, largest, power_weights

Ramp = Callable[..., js.Schedule]
"""From a value to another in so many `steps`."""

LAST_STEP = 2**31 - 1
FEW = 8
"""Up to so many cycles are written out one by one, each with lengths and peaks of its own."""

NAMES = {"steps": "warmup_t", "boundaries": "noise_range_t", "bound": "noise_pct", "key": "noise_seed"}
"""timm's names for our arguments."""

DECAYS = ("linear", "1-sqrt", "cosine", "power", "exp")

if TYPE_CHECKING:
    Duration: TypeAlias = js.Numeric
    Epochs: TypeAlias = Any
    CycleMul: TypeAlias = js.Numeric
    NoiseRange: TypeAlias = js.Numeric | Sequence[js.Numeric]
    DecayFn: TypeAlias = Literal["linear", "1-sqrt", "cosine", "power", "exp"] | Callable[[Any], Any]
else:
    Epochs = ranged("Epochs", "It is a number of epochs.", least=0)
    Duration = ranged("Duration", "It is a length of time.", above=0, counted=True)
    CycleMul = ranged("CycleMul", "Each cycle is so many times as long as the last.", above=0)
    Moment = ranged("Moment", "It is a time.")

    class NoiseRange(metaclass=Kind):
        """The time at which noise begins, or the pair of times at which it begins and ends; kept as a list."""

        @staticmethod
        def check(name, x):
            if not is_list(x):
                return [Moment.check(name, x)]
            if len(x) < 2:
                raise ValueError(f"`{name}` must be a number or a pair: got {shown(x)}. Pass when it begins and ends.")
            return [Moment.check(f"{name}[{i}]", x[i]) for i in range(2)]

    class DecayFn(metaclass=Kind):
        """The name of a decay, or a function of the fraction of it that is done."""

        @staticmethod
        def check(name, x):
            if callable(x) or isinstance(x, str) and x in DECAYS:
                return x
            close = did_you_mean(x, DECAYS) if isinstance(x, str) else "Pass a name or a function."
            message = f"`{name}` must be one of {', '.join(map(repr, DECAYS))}, or a function: got {shown(x)}. {close}"
            raise (ValueError if isinstance(x, str) else TypeError)(message.rstrip())


class TanhDecay(js.Schedule):
    r"""$v = e + (s - e)\,\tfrac12 (1 - \tanh(l (1 - x) + u x))$ with $x = t / n$, and e from `steps` on.

    Unlike `jaxsched.Tanh` it does not begin at `start`, but where the tangent is.
    """

    start: js.Level
    end: js.Level
    steps: js.Count
    lower: Real
    upper: Real

    def at(self, step: Any) -> Any:
        x, rest = fractions(step, self.steps)
        z = 2 * (self.lower * rest + self.upper * x)
        value = blend(self.start, self.end, 1 / (1 + jnp.exp(z)), 1 / (1 + jnp.exp(-z)))
        return jnp.where(rest == 0, self.end, value)

    @property
    def duration(self) -> Any:
        return self.steps


class KDecayPolynomial(js.Ramp):
    r"""$v = e + (s - e)(1 - x^k)^p$ with $x = \min(t / n, 1)$: `jaxsched.Polynomial` on a power of time."""

    power: Positive
    k: Positive

    def weights(self, x: Any, rest: Any) -> tuple[Any, Any]:
        passed, left = power_weights(rest, x, self.k)
        return power_weights(passed, left, self.power)


def cycles(ramp: Ramp, lr: Any, lr_min: Any, t_initial: Any, mul: Any, decay: Any, limit: Any) -> js.Schedule:
    """A ramp from `lr` to `lr_min` again and again, then `lr_min`."""
    if is_traced(limit):
        raise TypeError("`cycle_limit` must be known: got a traced number. Pass an int.")
    if limit == 0:
        return js.as_schedule(lr_min)
    if limit == 1:
        return ramp(lr, lr_min, steps=t_initial)
    mul = mul if is_traced(mul) or mul != int(mul) else int(mul)
    known = not is_traced(t_initial) and not is_traced(mul)
    lengths = _lengths(t_initial, mul, min(limit, FEW)) if known else []
    if limit <= FEW and (not known or all(isinstance(each, int) for each in lengths)):
        lengths = lengths or [_times(t_initial, mul**i) for i in range(limit)]
        pieces = [ramp(lr * decay**i, lr_min, steps=each) for i, each in enumerate(lengths)]
        return js.join(pieces, [sum(lengths[:i]) for i in range(1, len(pieces))])
    period, growth = (t_initial, mul) if not known or isinstance(mul, int) else (_lengths(t_initial, mul, limit), 1)
    if equal(decay, 1):
        endless = js.cycle(ramp(lr, lr_min, steps=t_initial), period, growth)
    else:  # the floor does not decay with the peaks
        falling, floor = ramp(lr, 0.0, steps=t_initial), ramp(0.0, lr_min, steps=t_initial)
        endless = js.cycle(falling, period, growth, decay) + js.cycle(floor, period, growth)
    total = LAST_STEP + 1 if isinstance(period, list) else _total(t_initial, mul, limit)
    return endless if not is_traced(total) and total > LAST_STEP else js.join([endless, lr_min], [total])


def _lengths(t_initial: Any, mul: Any, limit: int) -> list[Any]:
    """The lengths of the cycles up to the last step there is, or to where they vanish; ints where they are whole."""
    lengths = []
    while len(lengths) < limit and sum(lengths) <= LAST_STEP and (not lengths or lengths[-1] > 1e-6):
        length = t_initial * mul ** len(lengths)
        whole = round(length)
        lengths.append(whole if abs(length - whole) <= 1e-12 * length else length)
    return lengths


def _total(t_initial: Any, mul: Any, limit: int) -> Any:
    if is_traced(mul):
        one = mul == 1
        return _times(t_initial, jnp.where(one, limit, (mul**limit - 1) / jnp.where(one, 2, mul - 1)))
    return _times(t_initial, limit if mul == 1 else (mul**limit - 1) // (mul - 1))


def _times(t: Any, factor: Any) -> Any:
    """An int by an int is an int; JAX may be strict about other products."""
    if is_traced(t) and is_traced(factor) and t.dtype != factor.dtype:
        return as_real(t) * as_real(factor)
    return as_real(t) * factor if isinstance(factor, float) else t * factor


def warmed(body: js.Schedule, lr: Any, t: Any, lr_init: Any, prefix: bool) -> js.Schedule:
    """A line up to `lr`, or to what follows where that is `None`, and then the body.

    The body's clock begins after the warmup if that is a prefix, and else with it.
    """
    if equal(t, 0):
        return body
    body = body if prefix else js.advance(body, t)
    return js.warmup(body, t, start=lr_init) if lr is None else js.join([js.Linear(lr_init, lr, steps=t), body], [t])


def noisy(
    schedule: js.Schedule, times: Any, pct: Any, std: Any, seed: Any, kind: str = "normal", begin: Any = 0
) -> js.Schedule:
    """The schedule times one plus noise from the first of the times to the second, but not before `begin`."""
    times = [largest(time, begin) for time in times or ()]
    if not times or (len(times) == 2 and not any(map(is_traced, times)) and times[0] >= times[1]):
        return schedule
    size = js.nodes.Piecewise(times, [0.0, std if kind == "normal" else pct, 0.0][: len(times) + 1])
    seed = 42 if seed is None else seed
    if kind == "normal":
        return js.jitter(schedule, size, bound=pct, key=seed)
    return js.jitter(schedule, bound=size, key=seed, distribution="uniform")
