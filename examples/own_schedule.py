"""Schedules of your own: a formula, a ramp, a shape for a warmup or a cooldown, and a function from elsewhere."""

import functools
import json

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched
from jaxsched.numerics import half_sine_squared


# 1. A schedule is a subclass with numbers and one method, the formula. `step` is an array, so branch with `jnp.where`.
#    The annotations say what the numbers are, and the constructor checks them: a level, a length in steps, any number.
class Sawtooth(jaxsched.Schedule):
    """Down in a line from `peak` to 0 in `period` steps, again and again, each tooth smaller by `factor`."""

    peak: jaxsched.Level
    period: jaxsched.Count
    factor: jaxsched.Numeric = 1.0

    def at(self, step):
        tooth, into = step // self.period, step % self.period
        return self.peak * self.factor**tooth * (1 - into / self.period)


teeth = Sawtooth(0.8, 4, factor=0.5)
print(teeth, teeth(jnp.arange(9)))
assert jnp.allclose(teeth(jnp.arange(9)), jnp.array([0.8, 0.6, 0.4, 0.2, 0.4, 0.3, 0.2, 0.1, 0.2]))

# All else comes with it: it goes into an optimizer, combines, differentiates, stacks for `vmap`, and is stored by name.
optax.adamw(teeth).init(jnp.zeros(3))
lr = jaxsched.warmup(teeth, steps=5)
assert lr(5) == teeth(0)
assert jnp.isclose(jax.grad(lambda schedule: schedule(1), allow_int=True)(teeth).peak, 0.75)
many = jaxsched.grid(lambda peak: Sawtooth(peak, 4), peak=[0.1, 0.2, 0.4])
assert jax.vmap(lambda schedule: schedule(2))(many).shape == (3,)
again = jaxsched.from_dict(json.loads(json.dumps(jaxsched.to_dict(lr))))
assert again == lr


# 2. A ramp is a subclass of `Ramp` with one method: the weights of `start` and `end` at `x` of the way, where `rest` is
#    left. It is exact at both ends, it stretches, and it is a shape for a warmup or a cooldown.
class Ease(jaxsched.Ramp):
    """From `start` to `end` in `steps`, fast at first: a quarter of a sine wave."""

    def weights(self, x, rest):
        return 2 * half_sine_squared(rest / 2), jnp.sin(jnp.pi / 2 * x)


both = Ease(0.0, 1.0, steps=5).then(jaxsched.Cosine(1.0, 0.0, steps=20))
assert both(0) == 0 and both(5) == 1 and jnp.isclose(both(15), 0.5) and both(25) == 0
assert jaxsched.stretch(Ease(0.0, 1.0, steps=5), 2) == Ease(0.0, 1.0, steps=10)
assert jaxsched.warmup(0.5, steps=10, shape=Ease)(10) == 0.5


# 3. A warmup or cooldown takes a function as a shape, too: how much of the way up is done at a fraction of the time, or
#    how much is left on the way down. It is any function that JAX can trace.
def smoothstep(x):
    return x * x * (3 - 2 * x)


gentle = jaxsched.warmup(jaxsched.Constant(1.0), steps=10, shape=smoothstep)
assert gentle(0) == 0 and jnp.isclose(gentle(5), 0.5) and gentle(10) == 1
quick = jaxsched.wsd(1.0, warmup=2, stable=8, decay=10, shape=lambda x: (1 - x) ** 3)
assert quick(10) == 1 and jnp.isclose(quick(15), 0.125) and quick(20) == 0


# A ramp that needs more than `start`, `end` and `steps` becomes a shape by `functools.partial`.
steep = jaxsched.cooldown(1.0, at=10, steps=4, shape=functools.partial(jaxsched.Polynomial, power=2.0))
assert steep(10) == 1 and jnp.isclose(steep(12), 0.25) and steep(14) == 0


# 4. Wherever a schedule is expected, a function from elsewhere will do; `as_schedule` says so explicitly. A function is
#    code and cannot be stored. JAX cannot trace what only Python can compute: tabulate that.
foreign = optax.cosine_decay_schedule(1.0, 10)
wrapped = jaxsched.warmup(jaxsched.as_schedule(foreign), steps=5)
assert wrapped(5) == 1 and jnp.isclose(wrapped(10), foreign(5))
half = jaxsched.scale(foreign, 0.5)
assert jnp.isclose(half(3), 0.5 * foreign(3))
try:
    jaxsched.to_dict(wrapped)
except TypeError as error:
    print("as it should be:", error)

primes = [2, 3, 5, 7, 11]
table = jaxsched.Tabulated([1 / max(p for p in primes if p <= t + 2) for t in range(10)])
assert table(5) == np.float32(1 / 7)
