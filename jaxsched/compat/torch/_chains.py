"""Rules made of rules, as data: `ChainedScheduler` and `SequentialLR`, in closed form where there is one."""

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxsched as js
from jaxsched.compat._foreign import equal
from jaxsched.compat._functions import wide
from jaxsched.compat._wave import Wave
from jaxsched.compat.torch._rules import Anneals, Closed, Resumes, Rule, Scales, Sets, Times
from jaxsched.kinds import is_traced


class Chains(Closed):
    """One after another at every epoch: `ChainedScheduler`. As a schedule it is a product, or else in a `Recursion`."""

    first: Rule
    second: Rule

    @property
    def alone(self) -> js.Schedule:
        return self.first * self.second.factor  # pyright: ignore[reportAttributeAccessIssue]

    def start(self, lr: Any) -> Any:
        return self.second.start(self.first.start(lr))

    def next(self, lr: Any, epoch: Any) -> Any:
        return self.second.next(self.first.next(lr, epoch), epoch)


class Switches(Rule):
    """One after another, the later from its milestone on: `SequentialLR`."""

    before: Rule
    after: Rule
    milestone: js.Count

    def at(self, step: Any) -> Any:
        first, *links = self._links(self.milestone)
        resumes = any(isinstance(rule, Resumes) for rule, _ in links)
        pieces, begin = [first], 0
        rate: Any = first(0) if resumes else None
        for rule, milestone in links:
            if resumes:
                rate = jnp.where(milestone > begin, pieces[-1](milestone - 1 - begin), rate)
            pieces.append(rule.resumed(rate) if isinstance(rule, Resumes) else rule)
            begin = milestone
        return js.join(pieces, [milestone for _, milestone in links])(step)

    def _links(self, last):
        """The first rule, and each later one with its milestone: one that begins at or after the `last` is not seen."""
        milestone = jnp.minimum(self.milestone, last)
        before = self.before._links(milestone) if isinstance(self.before, Switches) else [self.before]
        return [*before, (self.after, milestone)]

    @property
    def duration(self) -> Any:
        return js.join([self.before, self.after], [self.milestone]).duration

    def start(self, lr: Any) -> Any:
        return self.before.start(rate_of(self))  # torch's constructor sets the rate back

    def next(self, lr: Any, epoch: Any) -> Any:
        later = self.after.next(lr, jnp.maximum(epoch - self.milestone, 1))
        restarted = self.after.resumed(lr) if isinstance(self.after, Resumes) else self.after
        later = jnp.where(epoch == self.milestone, restarted(0), later)
        return jnp.where(epoch >= self.milestone, later, self.before.next(lr, epoch))


class Recursion(Rule):
    """A rule without a closed form, from the rate `lr` on: its values are found by taking all steps, in a loop."""

    lr: js.Level
    rule: Rule

    def at(self, step: Any) -> Any:
        leaves, structure = jax.tree.flatten(self)
        value = functools.partial(_all_steps, structure, leaves)
        return jax.vmap(value)(step.ravel()).reshape(step.shape) if step.ndim else value(step)

    def start(self, lr: Any) -> Any:
        return self.rule.start(self.lr)

    def next(self, lr: Any, epoch: Any) -> Any:
        return self.rule.next(lr, epoch)


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _all_steps(structure, leaves, step):
    def formula(step, *leaves):
        node = jax.tree.unflatten(structure, leaves)
        last = jnp.floor(step).astype(jnp.result_type(int))
        lr = jnp.asarray(node.start(node.lr)).astype(jnp.result_type(float))
        body = lambda epoch, lr: jnp.asarray(node.next(lr, epoch)).astype(lr.dtype)  # noqa: E731
        if isinstance(next(_links(node)), Sets):  # the epoch before does not matter
            return jnp.where(last > 0, body(last, lr), lr)
        return jax.lax.fori_loop(1, last + 1, body, lr)

    return wide(formula, step, *leaves)


@_all_steps.defjvp
def _(structure, primals, tangents):
    # A loop of unknown length has forward gradients only; a few numbers need no others, and these can be transposed.
    (leaves, step), (slopes, _) = primals, tangents
    real = [i for i, leaf in enumerate(leaves) if jnp.issubdtype(jnp.result_type(leaf), jnp.floating)]

    def value(*given):
        filled = dict(enumerate(leaves)) | dict(zip(real, given, strict=True))
        return _all_steps.__wrapped__(structure, list(filled.values()), step)

    given = [leaves[i] for i in real]
    gradients = jax.jacfwd(value, argnums=tuple(range(len(given))))(*given)
    parts = [jnp.sum(gradient * slopes[i]) for i, gradient in zip(real, gradients, strict=True)]
    return value(*given), sum(parts, jnp.zeros((), jnp.result_type(float)))


def chain(lr: Any, rules: Sequence[Rule]) -> Rule:
    """Rules that all act at every epoch. Those before the last that sets the rate have no effect."""
    links = [link for rule in rules for link in _links(rule)]
    begin = max((i for i, link in enumerate(links) if isinstance(link, Sets)), default=0)
    whole, *others = links[begin:]
    for link in others:
        whole = Chains(whole, link)
    return whole if not others or _is_product(links[begin:]) else Recursion(lr, whole)


def sequence(lr: Any, rules: Sequence[Rule], milestones: Sequence[Any]) -> Rule:
    """Rules one after another, without those that are over before epoch 0. The first may begin at another rate."""
    begun = sum(m <= 0 for m in milestones if not is_traced(m))
    whole, *others = rules[begun:]
    if isinstance(whole, (Times, Recursion)):
        whole = dataclasses.replace(whole, lr=lr)
    elif not same_rate(rate_of(whole), lr):
        whole = Recursion(lr, whole)
    for later, milestone in zip(others, milestones[begun:], strict=True):
        whole = Switches(whole, later, milestone)
    return whole


def rate_of(x: Any) -> Any:
    """The `lr` that a rule was made with; `None` for one that sets the rate, and for what is no rule."""
    if isinstance(x, (Chains, Switches)):
        rules = (x.first, x.second) if isinstance(x, Chains) else (x.before, x.after)
        return next((rate for rate in map(rate_of, rules) if rate is not None), None)
    return getattr(x, "lr", None) if isinstance(x, Rule) else None


def same_rate(a: Any, b: Any) -> bool:
    """Whether two rates may be the same, as far as is known: in float32, which a compiled program returns."""
    unknown = any(x is None or is_traced(x) for x in (a, b))
    return unknown or bool(np.all(np.isclose(a, b, rtol=1e-6, atol=0)))


def _links(rule: Rule) -> Iterator[Rule]:
    if isinstance(rule, Chains):
        yield from _links(rule.first)
        yield from _links(rule.second)
    elif isinstance(rule, Recursion) and isinstance(rule.rule, Chains):
        yield from _links(rule.rule)
    else:
        yield rule


def _is_product(links: list[Rule]) -> bool:
    """Whether a chain is the product of its factors: a cosine must fall to 0, when all others are over."""
    waves: list[Any] = [link for link in links if isinstance(link, Anneals)]
    others: list[Any] = [link for link in links if not isinstance(link, Anneals)]
    if not waves:
        return all(isinstance(link, Times) for link in others)
    return len(waves) == 1 and equal(waves[0].eta_min, 0) and all(_is_over(link, waves[0].factor) for link in others)


def _is_over(link: Any, wave: Any) -> bool:
    """Whether a warmup ends at a factor of 1 before a wave is at its low."""
    end = link.factor.duration if isinstance(link, Scales) else None
    if end is None or any(map(is_traced, jax.tree.leaves((link, wave)))):
        return False
    with jax.ensure_compile_time_eval():
        low = 1 / (2 * wave.frequency) if isinstance(wave, Wave) else wave.period / 2
        return bool(np.all(np.asarray(end) <= np.asarray(low))) and equal(link.factor(end), 1)
