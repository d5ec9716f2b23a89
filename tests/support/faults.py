"""Faults to seed into the library, and which tests of the short run find each: what `tests/mutations.py` goes through.

A fault replaces one place in one file. It says which tests to ask, a file or `file -k words`, so that it takes seconds.
"""

from typing import NamedTuple


class Fault(NamedTuple):
    name: str
    file: str  # in the package
    old: str  # what stands there once
    new: str
    tests: tuple[str, ...]  # one to three, in `tests/`


def _in(file: str, *rows: tuple[str, ...]) -> list[Fault]:
    return [Fault(name, file, old, new, tests) for name, old, new, *tests in rows for tests in [tuple(tests)]]


VALUES, LAWS, RECORDED, UNITS = "test_values.py", "test_laws.py", "compat/test_recorded.py", "test_units_of_numbers.py"
ORACLE, WATCHED = "test_controllers_oracle.py", "test_controllers_observations.py"

CORE = [
    *_in(
        "_core/time.py",
        ("boundary-reached-late", "return time >= boundary", "return time > boundary", f"{VALUES} -k join"),
        ("clock-reached-late", "& (time.part >= 0))", "& (time.part > 0))", f"{VALUES} -k cycle"),
        (
            "before-its-beginning-time-is-negative",
            "return jnp.maximum(time - origin, 0)",
            "return time - origin",
            f"{VALUES} -k delay",
        ),
        (
            "integers-wrap-around",
            "return jnp.minimum(time, integer_max() - steps) + steps",
            "return time + steps",
            f"{VALUES} -k advance",
        ),
        (
            "floats-do-not-saturate",
            "fits = x < float(largest)",
            "fits = x < 4 * float(largest)",
            f"{LAWS} -k no_step_is_too_large",
        ),
        (
            "no-length-is-not-the-end",
            "return jnp.where(left > 0, done / length, 1), left / length",
            "return done / length, left / length",
            "test_degenerate.py -k length",
            f"{VALUES} -k no-steps",
        ),
        (
            "the-rounding-of-an-exponent-is-forgotten",
            "lost = jnp.where(there & (jnp.abs(rest) < 1e-3), rest, 0)",
            "lost = jnp.zeros_like(rest)",
            f"{VALUES} -k exponential_decay",
        ),
        ("a-value-late", "(key >= boundaries[i])", "(key > boundaries[i])", f"{VALUES} -k Piecewise"),
        (
            "a-value-of-many-late",
            "(key[..., None] >= boundaries",
            "(key[..., None] > boundaries",
            f"{VALUES} -k Piecewise",
        ),
        (
            "float-boundaries-early",
            "to_integer(jnp.ceil(boundaries))",
            "to_integer(jnp.floor(boundaries))",
            "test_traces.py",
            f"{RECORDED} -k OneCycleLR",
        ),
        (
            "blended-from-one-side",
            "return jnp.where(of_end <= of_start, start + span * of_end, end - span * of_start)",
            "return start + span * of_end",
            f"{VALUES} -k Linear",
        ),
        ("logarithm-cancels", "x > 0, rest < 0.5", "x > 0, rest < 0", f"{VALUES} -k Polynomial"),
    ),
    *_in(
        "_core/laps.py",
        ("stairs-early", "index = _over(steps, period)", "index = _over(steps + 1, period)", f"{VALUES} -k staircase"),
        (
            "cycle-late",
            "(jnp.asarray(time)[..., None] >= ends)",
            "(jnp.asarray(time)[..., None] > ends)",
            f"{VALUES} -k cycle",
        ),
        (
            "cycle-of-floats-late",
            "passed = time[..., None] >= ends",
            "passed = time[..., None] > ends",
            f"{VALUES} -k cycle",
        ),
        (
            "lengths-of-cycles-wrap-around",
            "return jnp.where(a > integer_max() - b, integer_max(), a + b)",
            "return a + b",
            f"{VALUES} -k cycle",
        ),
        (
            "laps-of-floats-in-float32-under-x64",
            "missed = period - into <= 4 * jnp.finfo(x.dtype).eps * x",
            "missed = period - into <= 4 * 1.2e-7 * x",
            f"{VALUES} -k float",
        ),
        (
            "listed-cycles-in-float32-under-x64",
            "rounding = 4 * jnp.finfo(part.dtype).eps *",
            "rounding = 4 * 1.2e-7 *",
            f"{VALUES} -k cycle",
        ),
        (
            "sign-of-what-is-left-of-a-cycle",
            "jnp.where(first_half, after - from_start, from_end - before)",
            "jnp.where(first_half, after - from_start, before - from_end)",
            f"{VALUES} -k cycle",
        ),
    ),
    *_in(
        "_core/program.py",
        (
            "negative-ints-are-not-0",
            "return jnp.maximum(step.astype(integer), 0)",
            "return step.astype(integer)",
            f"{LAWS} -k negative",
        ),
        (
            "negative-floats-are-not-0",
            "return jnp.maximum(step.astype(real_dtype()), 0)",
            "return step.astype(real_dtype())",
            f"{LAWS} -k negative",
        ),
        (
            "wide-negative-ints-wrap-around",
            'return np.maximum(array, 0 if array.dtype.kind == "i" else array.dtype.type(0)).astype',
            "return array.astype",
            f"{LAWS} -k negative",
        ),
        (
            "unsigned-ints-wrap-around",
            "step = jnp.minimum(step, jnp.asarray(jnp.iinfo(integer).max, kind))",
            "pass",
            f"{LAWS} -k 'negative or kind'",
        ),
        (
            "values-of-another-dtype",
            ".at(step)).astype(real_dtype())",
            ".at(step))",
            f"{LAWS} -k strong",
        ),
    ),
    *_in(
        "_core/schedule.py",
        (
            "subtracted-the-other-way",
            "_binary(Difference, other, self)",
            "_binary(Difference, self, other)",
            f"{VALUES} -k function",
        ),
        (
            "divided-the-other-way",
            "_binary(Quotient, other, self)",
            "_binary(Quotient, self, other)",
            f"{VALUES} -k Quotient",
        ),
        ("the-shorter-of-two-durations", "return max(cast(", "return min(cast(", f"{LAWS} -k flat"),
        (
            "a-join-ends-with-its-last-piece",
            "return None if duration is None else begin + duration",
            "return duration",
            f"{LAWS} -k flat",
        ),
        (
            "a-boundary-is-a-length",
            "end = end + piece.duration",
            "end = piece.duration",
            f"{VALUES} -k 'join or then'",
        ),
    ),
    *_in(
        "_core/fields.py",
        (
            "an-int-stays-an-int",
            "    if isinstance(x, int):\n        return float(x)",
            "    if isinstance(x, int):\n        return x",
            "test_equality.py",
            f"{LAWS} -k Constant",
        ),
        (
            "a-negative-length-passes",
            'if np.any(np.asarray(x) < 0):\n        raise ValueError(f"`{name}` must not be negative: got {_show(x)}. It is',
            'if np.any(np.asarray(x) < -9e9):\n        raise ValueError(f"`{name}` must not be negative: got {_show(x)}. It is',
            "test_errors.py -k refused",
        ),
        ("a-table-may-be-written-to", "x.setflags(write=False)", "pass", "test_data.py -k read_only"),
        ("unsorted-boundaries-pass", "axis=-1) < 0):", "axis=-1) < -9e9):", "test_errors.py -k refused"),
        (
            "a-large-count-passes",
            "np.any(np.asarray(x) > largest)",
            "np.any(np.asarray(x) > 4 * largest)",
            "test_errors.py -k large",
        ),
        (
            "a-traced-factor-of-nothing",
            "return jnp.where(x > 0, -jnp.log(jnp.where(x > 0, x, 1)), LOG_OF_NOTHING)",
            "return -jnp.log(x)",
            "test_errors.py -k traced",
            "test_traced_numbers.py",
            "test_controllers_errors.py -k clamped",
        ),
    ),
    *_in(
        "_core/kinds.py",
        ("times-are-not-stretched", "class Times(Count):", "class Times(Numeric):", f"{UNITS} -k Piecewise"),
        ("counts-are-not-stretched", "class Counts(Count):", "class Counts(Numeric):", f"{UNITS} -k StackedJoin"),
        ("floors-are-not-scaled", "class Bound(Level):", "class Bound(Real):", f"{UNITS} -k scaled"),
        (
            "a-traced-patience-may-be-negative",
            "check, lowest = staticmethod(fields.whole), 0",
            "check, lowest = staticmethod(fields.whole), -9",
            "test_controllers_errors.py -k clamped",
        ),
        (
            "a-factor-is-shown-rounded",
            'if kind(written("x", short)) == stored:',
            "if digits > 6:",
            "test_equality.py -k 'written or shown'",
        ),
    ),
    *_in(
        "_core/node.py",
        (
            "leaves-in-another-order",
            "node.__dict__.update(zip(names, children, strict=True))",
            "node.__dict__.update(zip(names[::-1], children, strict=True))",
            "test_data.py -k copies",
        ),
        (
            "paths-in-another-order",
            "list(zip(paths, children, strict=True))",
            "list(zip(paths[::-1], children, strict=True))",
            "test_structure.py",
            "test_data.py",
        ),
        (
            "structures-without-their-class",
            "(cls, *(values[name] for name in static))",
            "(None, *(values[name] for name in static))",
            "test_structure.py",
        ),
        (
            "equal-without-dtype",
            "return array.dtype.name, array.shape,",
            "return array.shape,",
            "test_equality.py -k arrays",
        ),
        (
            "equal-without-shape",
            "return array.dtype.name, array.shape,",
            "return array.dtype.name,",
            "test_equality.py -k arrays",
        ),
        ("an-int-equals-a-float", "return leaf.hex()", "return leaf", "test_equality.py -k another"),
        (
            "hash-by-identity",
            "return object.__hash__(self) if self._identity is None else",
            "return object.__hash__(self) or",
            "test_equality.py",
        ),
        (
            "equal-though-traced",
            "return None if any(map(fields.is_traced, leaves)) else Value(",
            "return Value(",
            "test_equality.py -k traced",
        ),
        (
            "stored-under-the-module",
            'if part not in ("nodes", "states"))',
            "if part)",
            "test_former.py",
            "test_data.py -k json",
        ),
        ("a-former-name-is-forgotten", 'FORMER = {"Sequence": "StackedJoin"}', "FORMER = {}", "test_former.py"),
        ("stacked-the-other-way", "return np.stack(leaves)", "return np.stack(leaves[::-1])", "test_data.py -k stack"),
        (
            "arrays-stacked-the-other-way",
            "jnp.stack([jnp.asarray(x) for x in leaves])",
            "jnp.stack([jnp.asarray(x) for x in leaves[::-1]])",
            "test_data.py -k 'stack or arrays'",
        ),
    ),
]

CURVES = [
    *_in(
        "_curves/ramp.py",
        (
            "ends-swapped",
            "return jnp.where(last, end, jnp.where(first, start, value))",
            "return jnp.where(last, start, jnp.where(first, end, value))",
            f"{VALUES} -k Linear",
        ),
        (
            "no-end-after-its-steps",
            "return jnp.where(last, end, jnp.where(first, start, value))",
            "return jnp.where(first, start, value)",
            f"{VALUES} -k 'Tanh or Geometric'",
        ),
        (
            "weights-asked-at-the-ends",
            "self.weights(jnp.where(ended, 0.5, x), jnp.where(ended, 0.5, rest))",
            "self.weights(x, rest)",
            f"{LAWS} -k 'gradients_are_finite'",
        ),
        (
            "a-length-is-static",
            "steps: Count = dataclasses.field(kw_only=True)",
            'steps: Count = dataclasses.field(kw_only=True, metadata={"static": True})',
            "test_optax.py -k retrace",
            "test_data.py -k stack",
        ),
    ),
    *_in(
        "_curves/cosines.py",
        (
            "cosine-upside-down",
            "return half_sine_squared(rest), half_sine_squared(x)",
            "return half_sine_squared(x), half_sine_squared(rest)",
            f"{VALUES} -k Cosine",
        ),
        (
            "wave-goes-on",
            "turns, lost = jnp.where(over, periods, turns), jnp.where(over, 0, lost)",
            "pass",
            f"{VALUES} -k LinearCosine",
        ),
        (
            "slope-of-no-noise",
            "some = self.initial_variance > 0",
            "some = self.initial_variance >= 0",
            f"{LAWS} -k 'gradients and NoisyLinearCosine'",
        ),
        (
            "noise-of-the-first-step",
            "normal(self.key, whole_steps(step))",
            "normal(self.key, 0 * whole_steps(step))",
            "test_noise.py",
        ),
    ),
    *_in(
        "_curves/exponentials.py",
        (
            "slope-of-a-straight-line",
            "bend = x * rest * log / 2",
            "bend = x * rest * 0 / 2",
            f"{LAWS} -k 'slopes and ExponentialRamp'",
        ),
        (
            "a-ramp-through-0-passes",
            "np.sign(np.asarray(start)) != np.sign(np.asarray(end))",
            "np.sign(np.asarray(start)) > 9",
            "test_errors.py -k refused",
        ),
        (
            "inverse-the-other-way",
            "rest / (rest + x * _safe_ratio(start, end))",
            "rest / (rest + x * _safe_ratio(end, start))",
            f"{VALUES} -k Inverse",
        ),
    ),
    *_in(
        "_curves/decays.py",
        (
            "shift-the-other-way",
            "+ ratio(self.shift, self.timescale)",
            "- ratio(self.shift, self.timescale)",
            f"{VALUES} -k InverseSqrt",
        ),
        (
            "a-traced-rate-may-be-negative",
            "jnp.maximum(self.rate, 0)",
            "self.rate",
            "test_errors.py -k traced",
            "test_traced_numbers.py",
            "test_degenerate.py",
        ),
    ),
    *_in(
        "_curves/powers.py",
        (
            "logarithm-stretched-by-its-length",
            "_scales = False  # the logarithm",
            "_scales = True  # the logarithm",
            f"{UNITS} -k Logarithmic",
        ),
        ("ends-of-a-power-swapped", "return of_start, of_end", "return of_end, of_start", f"{VALUES} -k ElapsedPower"),
    ),
    *_in(
        "_curves/tables.py",
        (
            "the-last-value-is-missing",
            "self.values.shape[0] - 1)]",
            "self.values.shape[0] - 2)]",
            f"{VALUES} -k Tabulated",
            f"{VALUES} -k multiplicative",
        ),
        (
            "between-the-wrong-values",
            "jnp.maximum(reached - 1, 0), jnp.minimum(reached,",
            "jnp.maximum(reached - 1, 0), jnp.minimum(reached + 1,",
            f"{VALUES} -k Interpolated",
        ),
    ),
]

COMBINED = [
    *_in(
        "_combinators/clocks.py",
        (
            "epochs-in-steps",
            "floor_to(step, self.steps_per_epoch)[0]",
            "floor_to(step, self.steps_per_epoch)[1]",
            f"{VALUES} -k per_epoch",
        ),
        (
            "an-advanced-schedule-ends-late",
            "longest(inner - self.steps, 0)",
            "longest(inner + self.steps, 0)",
            f"{LAWS} -k 'flat and advance'",
            f"{VALUES} -k advance",
        ),
    ),
    *_in(
        "_combinators/cycle.py",
        ("peaks-grow", "jnp.exp(-cycles.damping", "jnp.exp(cycles.damping", f"{VALUES} -k cycle-decay"),
        (
            "the-floor-decays",
            "return value if cycles.floor is None else value + evaluate(cycles.floor, local)",
            "return value if cycles.floor is None else value + evaluate(cycles.floor, local) * jnp.exp(-cycles.damping * to_real(index))",
            f"{VALUES} -k sgdr",
        ),
        ("a-cycle-begins-before-its-step", "else math.ceil(time)", "else math.floor(time)", f"{VALUES} -k cycle"),
    ),
    *_in(
        "_combinators/warmup.py",
        (
            "the-clock-runs-during-the-warmup",
            "evaluate(self.schedule, since(step, steps)), up)",
            "evaluate(self.schedule, step), up)",
            f"{VALUES} -k warmup",
        ),
        (
            "cooldown-from-the-first-value",
            "start = evaluate(self.schedule, self.begin)",
            "start = evaluate(self.schedule, 0 * self.begin)",
            f"{VALUES} -k cooldown",
        ),
        (
            "offset-one-more",
            "else advance(whole, offset)",
            "else advance(whole, offset + 1)",
            f"{VALUES} -k convention",
        ),
        (
            "root-from-the-other-end",
            '"1-sqrt": functools.partial(Polynomial, power=0.5)',
            '"1-sqrt": functools.partial(ElapsedPower, power=0.5)',
            f"{VALUES} -k warmup-1-sqrt",
        ),
        ("two-open-ends-pass", "or isinstance(getattr(ramp, other), Open):", "or False:", "test_errors.py", UNITS),
    ),
    *_in(
        "_combinators/values.py",
        ("no-lower-bound", "jnp.maximum(value, self.lo)", "value", f"{VALUES} -k clip"),
        (
            "a-controller-keeps-its-levels",
            "dataclasses.replace(node, **levels, **inner)",
            "dataclasses.replace(node, **inner)",
            f"{UNITS} -k controller",
        ),
    ),
    *_in(
        "_combinators/join.py",
        (
            "the-clock-of-the-next-piece",
            "self.boundaries[jnp.maximum(index - 1, 0)]",
            "self.boundaries[jnp.minimum(index, self.boundaries.shape[0] - 1)]",
            f"{VALUES} -k StackedJoin",
        ),
    ),
    *_in(
        "_combinators/stretch.py",
        ("lengths-rounded-down", "return round(x * factor)", "return int(x * factor)", f"{VALUES} -k stretch", UNITS),
        (
            "the-warmup-is-stretched-too",
            "(keep_warmup and isinstance(x, Warmup) and inner is x.ramp)",
            "False",
            f"{VALUES} -k stretch",
        ),
    ),
    *_in(
        "_combinators/jitter.py",
        (
            "bound-of-the-noise",
            "limit = self.bound / jnp.where",
            "limit = self.bound * jnp.where",
            "test_noise.py -k jitter",
        ),
    ),
    *_in(
        "_recipes/cyclic.py",
        (
            "one-cycle-a-step-short",
            "points([0, warmup, total], [low, 1.0, end])",
            "points([0, warmup, total - 1], [low, 1.0, end])",
            f"{VALUES} -k one_cycle",
        ),
        ("down-as-long-as-up", "fall = up if down is None else down", "fall = up", f"{VALUES} -k cyclic"),
    ),
    *_in(
        "_recipes/shares.py",
        (
            "a-traced-warmup-exceeds-the-total",
            "return jnp.minimum(part, total)",
            "return part",
            "test_errors.py -k traced",
        ),
        (
            "shares-rounded-down",
            "+ (0 if down else Fraction(1, 2))",
            "+ 0",
            f"{VALUES} -k 'one_cycle or flat_cosine'",
            "test_traced_numbers.py",
            "test_traces.py",
        ),
        ("traced-shares-rounded-down", "product + (0 if down else 0.5)", "product + 0", "test_traced_numbers.py"),
    ),
    *_in(
        "_recipes/warmed.py",
        (
            "decay-as-long-as-the-run",
            "Cosine(peak, end, steps=total - warmup)",
            "Cosine(peak, end, steps=total)",
            f"{VALUES} -k warmup_cosine",
        ),
        (
            "the-stable-part-has-the-warmup",
            "cooldown(flat, warmup + stable,",
            "cooldown(flat, stable,",
            f"{VALUES} -k wsd",
        ),
        ("triangle-upside-down", "Linear(low, 1.0, steps=up)", "Linear(1.0, low, steps=up)", f"{VALUES} -k slanted"),
    ),
    *_in(
        "_recipes/units.py",
        ("halves-to-even", "math.floor(steps + Fraction(1, 2))", "round(steps)", "test_units.py"),
    ),
]

CONTROLLERS = [
    *_in(
        "_controllers/plateau.py",
        (
            "patience-one-less",
            "plateau = bad > self.patience",
            "plateau = bad >= self.patience",
            f"{ORACLE} -k plateau",
        ),
        (
            "cooldown-one-more",
            "jnp.where(plateau, -self.cooldown, bad)",
            "jnp.where(plateau, -self.cooldown - 1, bad)",
            f"{ORACLE} -k plateau",
        ),
        (
            "the-floor-lifts-the-schedule",
            "return jnp.minimum(self.min_value, base)",
            "return self.min_value + 0 * base",
            f"{ORACLE} -k plateau",
        ),
        (
            "cuts-as-a-float",
            "return PlateauState(zero, zero,",
            "return PlateauState(zero, none,",
            "test_controllers_laws.py -k fixed",
        ),
        (
            "cuts-as-a-product-in-bfloat16",
            "scale = jnp.exp(jnp.minimum(self.log_factor, 0.0) * cuts)",
            "scale = jnp.exp(jnp.minimum(self.log_factor, 0.0)).astype(jnp.bfloat16).astype(jnp.float32) ** cuts",
            f"{ORACLE} -k plateau",
        ),
        (
            "an-average-with-its-bias",
            "weight = past * state.weight + (1 - past)",
            "weight = jnp.ones_like(state.weight)",
            f"{WATCHED} -k smoothing",
        ),
        ("a-mean-of-one-more", "jnp.where(size >= self.every,", "jnp.where(size > self.every,", f"{WATCHED} -k every"),
        (
            "keras-cools-down-for-longer",
            "largest(cooldown - 1, 0) if rule",
            "largest(cooldown, 0) if rule",
            "test_controllers_traces.py -k rules",
        ),
        (
            "paddle-looks-meanwhile",
            'follow=int(rule != "paddle")',
            "follow=1",
            "test_controllers_traces.py",
            f"{ORACLE} -k plateau",
        ),
        (
            "a-slight-change-is-made",
            "cut = plateau & (now - then > self.min_change + ROUNDING * now)",
            "cut = plateau",
            f"{ORACLE} -k plateau",
        ),
    ),
    *_in(
        "_controllers/metrics.py",
        (
            "nan-is-a-best",
            "return sign * (best - value) > margin",
            "return ~(sign * (best - value) <= margin)",
            f"{ORACLE} -k plateau",
        ),
        ("to-maximise-is-to-minimise", 'return 1.0 if mode == "min" else -1.0', "return 1.0", f"{ORACLE} -k plateau"),
        (
            "it-does-not-stay-stopped",
            "return (before | due) & ~made",
            "return due & ~made",
            ORACLE,
            "test_controllers_traces.py",
        ),
    ),
    *_in(
        "_controllers/greedy.py",
        (
            "greedy-patience-one-less",
            "up, down = good > self.patience,",
            "up, down = good >= self.patience,",
            f"{ORACLE} -k greedy",
        ),
        (
            "the-top-cuts-the-schedule",
            "jnp.maximum(self.max_value, base))",
            "self.max_value)",
            f"{ORACLE} -k greedy",
            WATCHED,
        ),
        (
            "greedy-rests-one-longer",
            "jnp.where(down, self.cooldown,",
            "jnp.where(down, self.cooldown + 1,",
            f"{ORACLE} -k greedy",
        ),
    ),
    *_in(
        "_controllers/recover.py",
        (
            "judged-while-warming-up",
            "state.step - state.cut_at < self.warmup)\n        excess",
            "state.step - state.cut_at < self.warmup - 1)\n        excess",
            f"{ORACLE} -k recover",
        ),
        (
            "burn-in-one-more",
            "(state.seen >= jnp.maximum(self.burn_in, 1))",
            "(state.seen > jnp.maximum(self.burn_in, 1))",
            f"{ORACLE} -k recover",
        ),
    ),
    *_in(
        "_controllers/base.py",
        (
            "looked-at-late",
            "device_step(state.step) >= self.begin",
            "device_step(state.step) > self.begin",
            f"{WATCHED} -k begin",
            ORACLE,
        ),
        ("the-clock-wraps-around", "(state.step < LAST_STEP).astype(jnp.int32)", "jnp.int32(1)", f"{WATCHED} -k clock"),
        (
            "those-that-do-not-observe-count",
            "total(jnp.where(observed, value, 0.0))",
            "total(value)",
            "test_controllers_devices.py -k averaged",
        ),
        (
            "a-state-for-the-other-direction",
            "known = same if isinstance(same, bool)",
            "same = known = True if isinstance(same, bool)",
            "test_snapshot.py -k controller",
            "test_replace_schedule.py -k controller",
        ),
        (
            "traced-numbers-are-not-clamped",
            "jnp.maximum(x, lowest) for name",
            "x for name",
            "test_controllers_errors.py -k clamped",
        ),
    ),
]

OPTAX = [
    *_in(
        "_optax/hyperparameters.py",
        (
            "the-count-stands-still",
            "count=count + (count < LAST_STEP).astype(jnp.int32)",
            "count=count",
            "test_inject.py -k uses_schedule",
        ),
        (
            "the-value-of-the-step-before",
            "Values({name: value_at(slot, count) for name",
            "Values({name: value_at(slot, jnp.maximum(count - 1, 0)) for name",
            "test_inject.py -k uses_schedule",
        ),
        (
            "the-count-wraps-around",
            "(count < LAST_STEP).astype(jnp.int32)",
            "jnp.int32(1)",
            "test_inject.py -k last_step",
        ),
        (
            "an-override-is-forgotten",
            "jnp.where(jnp.isnan(slot.override), scheduled_at(slot, count), slot.override)",
            "scheduled_at(slot, count)",
            "test_opt_state.py -k override",
        ),
        (
            "an-override-in-float32-under-x64",
            "jnp.full((), jnp.nan, real_dtype())",
            "jnp.full((), jnp.nan, jnp.float32)",
            "test_inject.py -k x64",
        ),
        (
            "values-in-another-order",
            "tuple(sorted(x))),",
            "tuple(sorted(x))[::-1]),",
            "test_inject.py -k all_hyperparameters",
        ),
        (
            "a-schedule-shares-the-caller-s-buffers",
            "return x if is_traced(x) else jnp.array(x, copy=True)",
            "return x",
            "test_inject.py -k donated",
        ),
    ),
    *_in(
        "_optax/inject.py",
        (
            "updates-rounded-twice",
            "(factor.astype(least).astype(wide) * update.astype(wide)).astype(update.dtype)",
            "factor.astype(update.dtype) * update",
            "test_inject.py -k rounded",
            "test_groups.py -k dtypes",
        ),
        (
            "the-state-is-widened",
            "inner_state=cast_like(inner, state.inner_state)",
            "inner_state=inner",
            "test_inject.py -k scan",
        ),
        (
            "defaults-rounded-with-the-parameters",
            "for name in defaults} if least < 32 else {}",
            "for name in defaults} if least < 16 else {}",
            "test_inject.py -k narrow",
        ),
        (
            "the-sign-is-not-flipped",
            'factor = -values["learning_rate"] if flip_sign',
            'factor = values["learning_rate"] if flip_sign',
            "test_inject.py -k equals",
        ),
    ),
    *_in(
        "_optax/groups.py",
        (
            "the-rate-of-another-group",
            "value = values[names[group]]",
            "value = next(iter(values.values()))",
            "test_groups.py -k own_optimizer",
        ),
        ("frozen-is-not-frozen", "return jnp.zeros_like(update)", "return update", "test_groups.py -k freezes"),
        ("the-input-is-the-head", "decay ** (last - i)", "decay ** (i + 1)", "test_groups.py -k layerwise"),
    ),
    *_in(
        "_optax/state.py",
        (
            "observed-at-the-next-step",
            "slot.schedule.observe(slot.state._replace(step=count)",
            "slot.schedule.observe(slot.state._replace(step=count + 1)",
            "test_opt_state.py -k observing",
        ),
        (
            "the-present-value-is-not-renewed",
            "values = Values({**node.hyperparams, key: placed(value_at(slot, node.count), node.count)})",
            "values = Values(node.hyperparams)",
            "test_opt_state.py -k current",
        ),
    ),
    *_in(
        "_optax/replace.py",
        (
            "replacing-forgets-the-override",
            "return made._replace(override=slot.override)",
            "return made",
            "test_replace_schedule.py -k by_hand",
        ),
        (
            "rebased-a-step-late",
            "return delay(dataclasses.replace(schedule, start=value), at)",
            "return delay(dataclasses.replace(schedule, start=value), at + 1)",
            "test_replace_schedule.py -k rebased",
        ),
    ),
    *_in(
        "_optax/snapshot.py",
        (
            "restored-without-the-controller-s-state",
            "slots[place.key].state, True",
            "slots[place.key].state if False else slot.state, True",
            "test_snapshot.py",
        ),
        (
            "restored-values-are-of-the-next-step",
            "do = _with_slot if same and old == new else _with_values",
            "do = _with_values",
            "test_snapshot.py",
        ),
    ),
    *_in(
        "_optax/hypergradient.py",
        (
            "hypergradient-climbs",
            "after = before + rate * slope",
            "after = before - rate * slope",
            "test_hypergradient.py -k equations",
        ),
        ("hypergradient-without-bounds", "jnp.clip(after, least, most)", "after", "test_hypergradient.py -k bounds"),
    ),
    *_in(
        "_optax/stationarity.py",
        (
            "batches-of-one-more",
            "complete = pending + 1 >= size",
            "complete = pending + 1 > size",
            "test_stationarity.py -k equations",
        ),
    ),
]

STORED = [
    *_in(
        "_store/stack.py",
        (
            "unstacked-the-other-way",
            "for i in range(length)]",
            "for i in reversed(range(length))]",
            "test_data.py -k stack",
        ),
        (
            "an-int-is-stacked-with-a-float",
            " or stack_key(other) != stack_key(many[0])",
            "",
            "test_errors.py",
            "test_data.py -k stack",
        ),
    ),
    *_in(
        "_store/serialize.py",
        ("arrays-stored-without-dtype", 'and array.dtype.name in ("float64", "int64")', "", "test_data.py -k arrays"),
        ("any-version-is-read", "if version != VERSION:", "if version is None:", "test_errors.py"),
    ),
    *_in(
        "search/diagnose.py",
        (
            "the-remedy-the-other-way",
            '"oscillates": largest / 3',
            '"oscillates": largest * 3',
            "test_diagnose.py -k 'suggestions or rates'",
        ),
    ),
]

COMPAT = [
    *_in(
        "compat/torch/_cycles.py",
        (
            "torch-one-cycle-a-step-longer",
            "_total(total_steps, epochs, steps_per_epoch)) - 1",
            "_total(total_steps, epochs, steps_per_epoch))",
            f"{RECORDED} -k torch-OneCycleLR",
        ),
        ("torch-cycles-count-from-0", "scale_fn(i + 1)", "scale_fn(i)", f"{RECORDED} -k torch-Cyclic"),
    ),
    *_in(
        "compat/torch/_rules.py",
        (
            "torch-switches-late",
            "return jnp.where(epoch >= self.milestone, later,",
            "return jnp.where(epoch > self.milestone, later,",
            f"{RECORDED} -k SequentialLR",
            "compat/test_torch.py",
            "compat/test_meaning.py",
        ),
        (
            "torch-loop-a-step-short",
            "jax.lax.fori_loop(1, last + 1, body, lr)",
            "jax.lax.fori_loop(1, last, body, lr)",
            f"{RECORDED} -k 'SequentialLR or Chained'",
        ),
    ),
    *_in(
        "compat/torch/_objects.py",
        (
            "torch-object-one-cycle",
            "float((first + 1) / scheduler.total_steps)",
            "float(first / scheduler.total_steps)",
            "compat/test_torch_objects.py",
        ),
    ),
    *_in(
        "compat/torch/_fractions.py",
        (
            "torch-parts-of-steps-forgotten",
            "return tuple(round(x * parts) for x in lengths), parts",
            "return lengths, 1",
            "compat/test_torch.py -k lengths",
        ),
    ),
    *_in(
        "compat/_functions.py",
        (
            "functions-in-float32",
            "if result == jnp.float64 or not _in_float64():",
            "if True:",
            "compat/test_torch.py -k power",
        ),
        ("products-begin-at-0", "steps = i * BLOCK + 1 +", "steps = i * BLOCK +", f"{RECORDED} -k Multiplicative"),
        (
            "products-on-the-host-a-step-early",
            "self.products[min(int(step),",
            "self.products[min(int(step) + 1,",
            "compat/test_torch.py -k host",
            f"{RECORDED} -k Multiplicative",
        ),
    ),
    *_in(
        "compat/_wave.py",
        (
            "waves-drift",
            "more = to_real(whole) * _halves(self.rest) + part",
            "more = part",
            "compat/test_transformers.py -k waves",
            "compat/test_tensorflow.py -k waves",
            RECORDED + " -k Cosine",
        ),
    ),
    *_in(
        "compat/_foreign.py",
        (
            "the-first-group-only",
            "{name: x[i] for name, x in lists.items()}",
            "{name: x[0] for name, x in lists.items()}",
            "compat/test_timm.py -k list",
        ),
    ),
    *_in(
        "compat/_factors.py",
        (
            "t5x-without-a-floor",
            "js.clip(_product(factors, T5X, configuration, settings | configuration), min_learning_rate)",
            "_product(factors, T5X, configuration, settings | configuration)",
            "compat/test_factors.py -k t5x",
        ),
    ),
    *_in(
        "compat/keras/_schedules.py",
        (
            "keras-without-stairs",
            "js.exponential_decay(initial_learning_rate, decay_rate, decay_steps, staircase)",
            "js.exponential_decay(initial_learning_rate, decay_rate, decay_steps)",
            f"{RECORDED} -k keras-ExponentialDecay",
        ),
        ("keras-boundaries-early", "each // 1 + 1 for each", "each // 1 for each", f"{RECORDED} -k keras-Piecewise"),
    ),
    *_in(
        "compat/timm/_parts.py",
        (
            "timm-prefix-the-other-way",
            "body = body if prefix else js.advance(body, t)",
            "body = js.advance(body, t) if prefix else body",
            f"{RECORDED} -k timm-Cosine",
        ),
    ),
    *_in(
        "compat/timm/_steps.py",
        (
            "timm-milestones-late",
            "js.advance(js.multistep_decay(lr, decay_rate, decay_t), 1)",
            "js.advance(js.multistep_decay(lr, decay_rate, decay_t), 0)",
            f"{RECORDED} -k timm-MultiStep",
        ),
    ),
    *_in(
        "compat/paddle/_cycles.py",
        (
            "paddle-turns-late",
            "phase_pct * as_real(total_steps) - 1",
            "phase_pct * as_real(total_steps)",
            f"{RECORDED} -k paddle-OneCycle",
        ),
    ),
    *_in(
        "compat/transformers/_steps.py",
        (
            "transformers-decay-as-long-as-the-run",
            "wave(lr, low, largest(total - warmup, 1), num_cycles)",
            "wave(lr, low, largest(total, 1), num_cycles)",
            f"{RECORDED} -k transformers-get_cosine_schedule",
        ),
        (
            "transformers-warmup-not-a-step-ahead",
            "js.join([up, js.advance(decay, 1)], [warmup])",
            "js.join([up, decay], [warmup])",
            f"{RECORDED} -k warmup_lr_rate",
        ),
    ),
    *_in(
        "compat/optax/_schedules.py",
        (
            "optax-floor-is-no-part-of-the-peak",
            "cosine(init_value, init_value * alpha,",
            "cosine(init_value, alpha,",
            f"{RECORDED} -k optax-cosine_decay",
        ),
    ),
    *_in(
        "compat/tensorflow.py",
        (
            "tensorflow-without-stairs",
            "js.natural_exponential_decay(learning_rate, decay_rate, decay_steps, staircase)",
            "js.natural_exponential_decay(learning_rate, decay_rate, decay_steps)",
            f"{RECORDED} -k natural_exp_decay",
        ),
    ),
]

FAULTS = [*CORE, *CURVES, *COMBINED, *CONTROLLERS, *OPTAX, *STORED, *COMPAT]
