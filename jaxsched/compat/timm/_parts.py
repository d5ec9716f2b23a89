"""What timm's schedulers are made of: two shapes that only timm has, cycles, a warmup and noise."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.compat._arguments import Number, as_real, did_you_mean, is_traced, named, number

Ramp = Callable[[Any, Any, Any], js.Schedule]
"""From a value to another in so many steps."""

NoiseRange = Any
"""`None`, the time at which noise begins, or the pair of times at which it begins and ends."""

LAST_STEP = 2**31 - 1
FEW = 8
"""Up to so many cycles are written out one by one, each with lengths and peaks of its own."""


class TanhDecay(js.Schedule):
    r"""$v = e + (s - e)\,\tfrac12 (1 - \tanh(l (1 - x) + u x))$ with $x = t / n$, and e from `steps` on.

    Unlike `jaxsched.Tanh` it does not begin at `start`, but where the tangent is.
    """

    start: js.Numeric
    end: js.Numeric
    steps: js.Numeric
    lower: js.Numeric
    upper: js.Numeric

    def at(self, step):
        x = jnp.clip(step / self.steps, 0, 1)
        z = 2 * (self.lower * (1 - x) + self.upper * x)
        value = _between(self.start, self.end, 1 / (1 + jnp.exp(z)), 1 / (1 + jnp.exp(-z)))
        return jnp.where(step >= self.steps, self.end, value)

    @property
    def duration(self):
        return self.steps


class KDecayPolynomial(js.Schedule):
    r"""$v = e + (s - e)(1 - x^k)^p$ with $x = \min(t / n, 1)$: `jaxsched.Polynomial` on a power of time."""

    start: js.Numeric
    end: js.Numeric
    steps: js.Numeric
    power: js.Numeric
    k: js.Numeric

    def at(self, step):
        done = jnp.minimum(step, self.steps)
        left = self.steps - done  # before the division, for the last steps' sake
        inside = (left > 0) & (done > 0)
        late = inside & (left < done)
        before = jnp.log(jnp.where(inside, done, 1) / jnp.where(inside, self.steps, 1))
        log = self.k * jnp.where(
            inside, jnp.where(late, jnp.log1p(-jnp.where(late, left, 0) / self.steps), before), -1.0
        )
        passed, rest = jnp.exp(log), -jnp.expm1(log)
        early = passed < 0.5
        power = self.power * jnp.where(early, jnp.log1p(-jnp.where(early, passed, 0)), jnp.log(rest))
        value = _between(self.start, self.end, jnp.exp(power), -jnp.expm1(power))
        return jnp.where(inside, value, jnp.where(done > 0, self.end, self.start))

    @property
    def duration(self):
        return self.steps


def _between(start, end, of_start, of_end):
    """Both values by their weights, from the nearer one, where the other weighs little."""
    return jnp.where(of_end <= of_start, start + (end - start) * of_end, end - (end - start) * of_start)


@dataclasses.dataclass(frozen=True)
class Cycles:
    """`cycle_mul`, `cycle_decay` and `cycle_limit`."""

    mul: Number
    decay: Number
    limit: Number

    def checked(self) -> "Cycles":
        if is_traced(self.limit):
            raise TypeError("`cycle_limit` must be known: got a traced number. Pass an int.")
        mul = number("cycle_mul", self.mul, "Each cycle is so many times as long as the last.", above=0)
        decay = number("cycle_decay", self.decay, "The peak of each cycle is multiplied by it.", least=0)
        return Cycles(mul, decay, max(number("cycle_limit", self.limit, "It is a number of cycles."), 0))

    def of(self, ramp: Ramp, lr: Number, lr_min: Number, t_initial: Number) -> js.Schedule:
        """A ramp from `lr` to `lr_min` again and again, then `lr_min`."""
        cycles = self.checked()
        limit = int(np.ceil(cycles.limit))
        if limit == 0:
            return js.as_schedule(lr_min)
        if limit == 1:
            return ramp(lr, lr_min, t_initial)
        mul = cycles.mul if is_traced(cycles.mul) or cycles.mul != int(cycles.mul) else int(cycles.mul)
        known = not is_traced(t_initial) and not is_traced(mul)
        lengths = _lengths(t_initial, mul, min(limit, FEW)) if known else []
        if limit <= FEW and (not known or all(isinstance(each, int) for each in lengths)):
            lengths = lengths or [_times(t_initial, mul**i) for i in range(limit)]
            pieces = [ramp(lr * cycles.decay**i, lr_min, each) for i, each in enumerate(lengths)]
            return js.join(pieces, [sum(lengths[:i]) for i in range(1, len(pieces))])
        if known and not isinstance(mul, int):
            return _again(ramp, lr, lr_min, t_initial, _lengths(t_initial, mul, limit), 1, cycles.decay)
        endless = _again(ramp, lr, lr_min, t_initial, t_initial, mul, cycles.decay)
        total = _total(t_initial, mul, limit)
        return endless if not is_traced(total) and total > LAST_STEP else js.join([endless, lr_min], [total])


def _again(ramp: Ramp, lr, lr_min, steps, period, growth, decay) -> js.Schedule:
    with named(growth="cycle_mul", period="t_initial"):
        if not is_traced(decay) and decay == 1:
            return js.cycle(ramp(lr, lr_min, steps), period, growth)
        falling = js.cycle(ramp(lr, 0.0, steps), period, growth, decay)
        return falling + js.cycle(ramp(0.0, lr_min, steps), period, growth)  # the floor does not decay with the peaks


def _lengths(t_initial, mul, limit: int) -> list[Any]:
    """The lengths of the cycles up to the last step there is, or to where they vanish; ints where they are whole."""
    lengths = []
    while len(lengths) < limit and sum(lengths) <= LAST_STEP and (not lengths or lengths[-1] > 1e-6):
        length = t_initial * mul ** len(lengths)
        whole = round(length)
        lengths.append(whole if abs(length - whole) <= 1e-12 * length else length)
    return lengths


def _total(t_initial, mul, limit: int) -> Any:
    if is_traced(mul):
        one = mul == 1
        return _times(t_initial, jnp.where(one, limit, (mul**limit - 1) / jnp.where(one, 2, mul - 1)))
    return _times(t_initial, limit if mul == 1 else (mul**limit - 1) // (mul - 1))


def _times(t: Any, factor: Any) -> Any:
    """An int by an int is an int; JAX may be strict about other products."""
    if is_traced(t) and is_traced(factor) and t.dtype != factor.dtype:
        return as_real(t) * as_real(factor)
    return as_real(t) * factor if isinstance(factor, float) else t * factor


@dataclasses.dataclass(frozen=True)
class Warmup:
    """`warmup_t`, `warmup_lr_init` and `warmup_prefix`."""

    t: Number
    lr_init: Number
    prefix: bool

    def into(self, body: js.Schedule, lr: Number | None) -> js.Schedule:
        """A line up to `lr`, or to what follows where that is `None`, and then the body.

        Its clock begins after the warmup if that is a prefix, and else with it.
        """
        t = number("warmup_t", self.t, "It is the length of the warmup.", least=0)
        lr_init = number("warmup_lr_init", self.lr_init, "It is the learning rate at the start of the warmup.")
        if not is_traced(t) and np.all(np.asarray(t) == 0):
            return body
        body = body if self.prefix else js.advance(body, t)
        return (
            js.warmup(body, t, start=lr_init) if lr is None else js.join([js.Linear(lr_init, lr, steps=t), body], [t])
        )


@dataclasses.dataclass(frozen=True)
class Noise:
    """`noise_range_t`, `noise_pct`, `noise_std`, `noise_seed` and, for the plateau, `noise_type`."""

    range_t: Any
    pct: Number
    std: Number
    seed: int | None
    type: str = "normal"
    begin: Number = 0
    """No noise before this step, whatever the range."""

    def on(self, schedule: Any) -> js.Schedule:
        """The schedule times one plus noise inside the range."""
        schedule = js.as_schedule(schedule)
        if self.range_t is None:
            return schedule
        std = number("noise_std", self.std, "It is a standard deviation.", least=0)
        pct = number("noise_pct", self.pct, "It is the largest relative noise.", above=0)
        seed = 42 if self.seed is None else self.seed
        if isinstance(self.range_t, (list, tuple)):
            if len(self.range_t) < 2:
                raise ValueError(f"`noise_range_t` must be a number or a pair: got {self.range_t!r}.")
            given = [number(f"noise_range_t[{i}]", each, "It is a time.") for i, each in enumerate(self.range_t[:2])]
        else:
            given = [number("noise_range_t", self.range_t, "It is a time.")]
        times = [_later(time, self.begin) for time in given]
        if len(times) == 2 and not any(map(is_traced, times)) and times[0] >= times[1]:
            return schedule
        among = lambda x: js.nodes.Piecewise(values=[0.0, x, 0.0][: len(times) + 1], boundaries=times)  # noqa: E731
        if self.type == "normal":
            return js.jitter(schedule, among(std), bound=pct, key=seed)
        return js.jitter(schedule, bound=among(pct), key=seed, distribution="uniform")


def _later(x: Any, y: Any) -> Any:
    return jnp.maximum(x, y) if is_traced(x) or is_traced(y) else max(x, y)


def t_initial_of(x: Any) -> Any:
    x = number("t_initial", x, "It is the length of the schedule.", above=0)
    return int(x) if isinstance(x, float) and x.is_integer() else x  # integers are exact


def check_known(name: str, x: Any, known: Sequence[str]) -> None:
    if not isinstance(x, str):
        raise TypeError(f"`{name}` must be one of {', '.join(map(repr, known))}: got {x!r}.")
    if x not in known:
        message = f"`{name}` must be one of {', '.join(map(repr, known))}: got {x!r}. {did_you_mean(x, known)}"
        raise ValueError(message.rstrip())


def for_each_group(function: Callable[..., Any]) -> Callable[..., Any]:
    """A list of rates, one for each parameter group, makes a list of schedules."""

    @functools.wraps(function)
    def with_groups(lr, *args, **kwargs):
        if isinstance(lr, (list, tuple)):
            return [function(each, *args, **kwargs) for each in lr]
        return function(lr, *args, **kwargs)

    return with_groups
