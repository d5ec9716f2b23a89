"""The schedule of a rule: a product or a join where there is one, or else the rule itself, which is a loop."""

import dataclasses
import functools
import weakref
from typing import Any

import jax

import jaxsched as js
from jaxsched.compat._arguments import equal
from jaxsched.compat.torch._arguments import is_known, plain
from jaxsched.compat.torch._rules import Anneals, Chains, Mixes, Multiplies, Powers, Rule, Scales, Sets, Switches

_rules: "weakref.WeakKeyDictionary[js.Schedule, Rule]" = weakref.WeakKeyDictionary()
"""How each schedule that this module made would change a rate, for as long as it lives."""


def made(rule: "Rule") -> js.Schedule:
    """The schedule of a rule, which is remembered with it."""
    schedule = closed(rule)
    if isinstance(schedule, Rule):
        return schedule
    schedule = jax.tree.map(lambda leaf: leaf, schedule)  # the rule must not hold the very object, which would not die
    _rules[schedule] = rule
    return schedule


def rule_of(schedule: Any) -> "Rule | None":
    """The rule of a schedule that this module made."""
    if isinstance(schedule, Rule):
        return schedule
    return _rules.get(schedule) if isinstance(schedule, js.Schedule) else None


def closed(rule: Rule) -> js.Schedule:
    """A schedule with the values of the rule: one that needs no loop, if there is one."""
    if isinstance(rule, Chains):
        return _closed_chain(rule)
    if isinstance(rule, Switches):
        return _closed_sequence(rule)
    if isinstance(rule, (Scales, Powers, Multiplies)):
        return rule.schedule if equal(rule.extra, 1) else rule.schedule * plain(rule.extra)
    if isinstance(rule, Mixes):
        return js.advance(rule.schedule, 1) if equal(rule.ahead, 1) else rule.schedule
    return rule if isinstance(rule, Anneals) and not equal(rule.extra, 1) else rule.schedule  # pyright: ignore


def _closed_chain(chain: Chains) -> js.Schedule:
    rules: list[Any] = list(_flat(chain))
    if len(rules) == 1 or isinstance(rules[-1], Sets):
        return closed(rules[-1])
    if all(isinstance(rule, (Scales, Powers, Multiplies)) for rule in rules):
        extra = functools.reduce(lambda product, rule: product * rule.extra, rules, 1.0)
        schedule = functools.reduce(lambda product, rule: product * rule.factor, rules[1:], rules[0].schedule)
        return schedule if equal(extra, 1) else schedule * plain(extra)
    return _warmed_up(rules) or chain


def _warmed_up(rules: list[Rule]) -> js.Schedule | None:
    """The product of a cosine down to 0 and of warmups that are over before it is."""
    cosine, *others = [rule for rule in rules if isinstance(rule, Anneals)] or [None]
    if cosine is None or others or not (equal(cosine.eta_min, 0) and equal(cosine.extra, 1)):
        return None
    warmups: list[Any] = [rule for rule in rules if rule is not cosine]
    if all(isinstance(rule, Scales) and _is_over(rule, cosine.T_max / cosine.parts) for rule in warmups):
        return functools.reduce(lambda product, rule: product * rule.factor, warmups, cosine.schedule)
    return None


def _is_over(rule: Scales, last: Any) -> bool:
    end = rule.factor.duration
    if end is None or not is_known(*jax.tree.leaves((rule, last))) or end > last:
        return False
    with jax.ensure_compile_time_eval():
        return equal(rule.extra, 1) and float(rule.factor(end)) == 1


def _flat(chain: Chains):
    for rule in chain.rules:
        yield from _flat(rule) if isinstance(rule, Chains) else (rule,)


def _closed_sequence(rule: Switches) -> js.Schedule:
    first = _from_rate(rule.rules[0], rule.lr)
    if first is None:
        return rule
    pieces = [first]
    for i, later in enumerate(rule.rules[1:]):
        so_far = js.join(pieces, rule.milestones[:i])
        pieces.append(_from_milestone(later, so_far, rule.milestones[i]))
    return js.join(pieces, rule.milestones) if len(pieces) > 1 else first


def _from_rate(rule: Rule, lr: Any) -> js.Schedule | None:
    """The schedule of a rule that begins at a rate that may not be its own; `None` if only the loop knows."""
    if isinstance(rule, (Sets, Switches)) or lr is rule.lr or equal(lr, rule.lr):
        return closed(rule)
    if isinstance(rule, (Scales, Powers, Multiplies)):
        return rule.factor * (lr * plain(rule.extra))
    return dataclasses.replace(closed(rule), start=lr) if isinstance(rule, Mixes) and equal(rule.ahead, 0) else None


def _from_milestone(rule: Rule, before: js.Schedule, milestone: Any) -> js.Schedule:
    if isinstance(rule, Multiplies):
        return rule.factor * plain(before(milestone - 1) * rule.ratio(0))
    if isinstance(rule, Mixes):
        rate = plain(before(milestone - 1))
        return dataclasses.replace(rule.schedule, start=rate)  # pyright: ignore[reportArgumentType]
    return closed(rule)
