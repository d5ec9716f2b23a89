"""`inject` of every factory of optax that takes a real number, with narrow, wide and mixed parameters."""

import contextlib
import functools
import inspect
import typing

import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
from support.bridge import relaxed, same_bits, x64
from support.short import parametrize

import jaxsched as js

assert relaxed  # the fixture of this module

GIVEN = {
    "inner": optax.identity(), "base_optimizer": optax.sgd(0.1), "key": jax.random.key(0), "noise_multiplier": 1.0,
    "l2_norm_clip": 1.0, "fast_optimizer": optax.sgd(0.1),
}  # fmt: skip
"""What a factory may want beside real numbers."""

NEEDS_MORE = {"apply_every", "contrib.scale_by_muon", "lookahead"}
"""Factories of a whole number, of more than arrays, or of other parameters, for which see below."""

OF_A_LOSS = ("linesearch", "polyak", "lbfgs", "reduce_on_plateau", "momo")

HARD = {
    ("contrib.schedule_free_adamw", "bfloat16"), ("contrib.schedule_free_adamw", "float16"),  # y - z of close numbers
    ("contrib.dadapt_adamw", "float16"), ("contrib.prodigy", "float16"), ("contrib.mechanize", "float16"),  # 1e-12
    ("scale_by_distance_over_gradients", "float16"),
}  # fmt: skip
"""What is lost in the arrays that are stored in the narrow dtype: optax loses as much or more."""

FEW = """adamw add_noise clip_by_global_norm lbfgs novograd contrib.galore contrib.mechanize
contrib.reduce_on_plateau contrib.schedule_free_sgd""".split()
"""Those that compare, branch or keep more than moments."""


def takes_real(parameter):
    return float in (typing.get_args(parameter.annotation) or (parameter.annotation,))


def arguments(factory):
    """What to call a factory with; `None` where something else is needed."""
    parameters = inspect.signature(factory).parameters.values()
    needed = [p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    if any(p.name not in GIVEN and not takes_real(p) for p in needed):
        return None
    given = {p.name: GIVEN.get(p.name, 0.1) for p in needed}
    if not any(isinstance(x, float) for x in given.values()):
        first = next(p for p in parameters if takes_real(p))
        given[first.name] = first.default if isinstance(first.default, float) else 0.1
    return given


def factories():
    """The functions of optax that take a real number and return a transformation, by name."""
    for prefix, module in ("", optax), ("contrib.", optax.contrib):
        for name, factory in inspect.getmembers(module, inspect.isfunction):
            signature = inspect.signature(factory)
            made = str(getattr(signature.return_annotation, "__name__", signature.return_annotation))
            if "GradientTransformation" in made and any(map(takes_real, signature.parameters.values())):
                if prefix + name not in NEEDS_MORE and arguments(factory) is not None:
                    yield prefix + name, factory


FACTORIES = dict(factories())
NARROW = {"bfloat16": (jnp.bfloat16, jnp.bfloat16), "float16": (jnp.float16, jnp.float16),
          "narrow_gradients": (jnp.bfloat16, jnp.float32)}  # fmt: skip
"""The dtypes of gradients and parameters."""
PAIRS = [(name, dtypes) for name in FACTORIES for dtypes in NARROW]
SHORT = [(name, "bfloat16") for name in FEW if name in FACTORIES and name != "lbfgs"] + [
    ("clip_by_global_norm", "narrow_gradients")
]


def params(dtype):
    return {"w": jnp.asarray([[1.0, -2.0, 3.0], [0.5, 0.25, -0.125]], dtype), "b": jnp.asarray([0.5, -0.25], dtype)}


def value_of(p):
    return sum(jnp.sum((x.astype(jnp.float32) - 0.3) ** 2) for x in jax.tree.leaves(p))


def updates_of(name, optimizer, gradient_dtype, dtype, steps=3):
    """The updates of some steps with gradients that fall, at the same parameters."""
    optimizer, p = optax.with_extra_args_support(optimizer), params(dtype)
    state, seen = optimizer.init(p), []
    for k in range(steps):
        gradient = jax.tree.map(
            lambda x, k=k: (x * (1 - 0.25 * k)).astype(gradient_dtype), jax.grad(value_of)(params(jnp.float32))
        )
        of_loss = any(word in name for word in OF_A_LOSS)
        extra = {"value": value_of(p), "grad": gradient, "value_fn": value_of} if of_loss else {}
        extra |= {"obj_fn": value_of} if "sophia" in name else {}
        updates, after = optimizer.update(gradient, state, p, **extra)
        state = after
        seen.append(updates)
    return seen, state


@functools.cache
def updates_of_optax(name):
    return updates_of(name, FACTORIES[name](**arguments(FACTORIES[name])), jnp.float32, jnp.float32)[0]


def error(got, wanted):
    """The largest difference, as a part of the largest number."""
    pairs = zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True)
    wide = [(np.asarray(x, np.float64), np.asarray(y, np.float64)) for x, y in pairs]
    return max(np.max(np.abs(x - y)) / max(np.max(np.abs(y)), 1e-30) for x, y in wide)


@parametrize(("name", "dtypes"), PAIRS, SHORT, ids="-".join)
def test_a_factory_gives_with_narrow_numbers_what_optax_gives_in_float32(name, dtypes):
    factory, given, (of_gradient, of_params) = FACTORIES[name], arguments(FACTORIES[name]), NARROW[dtypes]
    got, state = updates_of(name, js.inject(factory)(**given), of_gradient, of_params)
    assert {x.dtype for x in jax.tree.leaves(got)} == {jnp.dtype(of_params)}
    of_state = lambda state: jax.tree.map(lambda x: (x.shape, x.dtype), state)  # noqa: E731
    assert of_state(js.inject(factory)(**given).init(params(of_params))) == of_state(state)
    if (name, dtypes) not in HARD:
        assert error(got, updates_of_optax(name)) < (5e-3 if dtypes == "float16" else 2e-2)


def clipping(learning_rate, max_norm=1.0):
    return optax.chain(optax.clip_by_global_norm(max_norm), optax.sgd(learning_rate))


MAKERS = {
    "own_factory": lambda: js.inject(clipping)(0.1, 0.5),
    "schedules": lambda: js.inject(clipping)(js.Constant(0.1), js.Linear(0.5, 0.0, steps=10)),
    "by_itself": lambda: optax.chain(js.inject(optax.clip_by_global_norm)(js.Constant(0.5)), js.inject(optax.sgd)(0.1)),
}
MIXED = ["bfloat16-bfloat16", "float16-float16", "bfloat16-float32", "float64-float32"]
EACH = [(make, dtypes) for make in MAKERS for dtypes in MIXED]


@parametrize(("make", "dtypes"), EACH, [x for x in EACH if x[0] == "own_factory" or x[1] == MIXED[0]], ids="-".join)
def test_clipping_by_a_norm_is_right_in_any_dtypes_of_the_parameters(make, dtypes):
    """Against float64: the rate times the gradient, scaled to the norm; each update in its parameter's dtype."""
    make, dtypes = MAKERS[make], dtypes.split("-")
    with x64() if "float64" in dtypes else contextlib.nullcontext():
        numbers = {"a": np.asarray([3.0, -4.0]), "b": np.asarray([12.0])}
        p = {name: jnp.asarray(x, dtype) for (name, x), dtype in zip(numbers.items(), dtypes, strict=True)}
        updates, _ = make().update(p, make().init(p), p)
        for name, dtype in zip(numbers, dtypes, strict=True):
            wanted = -0.1 * numbers[name] * 0.5 / 13
            assert updates[name].dtype == jnp.dtype(dtype)
            np.testing.assert_allclose(
                np.asarray(updates[name], float), wanted, rtol=max(float(jnp.finfo(dtype).eps), 2e-7)
            )


def test_a_dtype_that_is_chosen_for_moments_holds_where_optax_branches():
    """Both ways through a condition have states of one dtype: narrow moments of parameters that are narrow, too."""

    def factory(learning_rate):
        inner = optax.adam(learning_rate, mu_dtype=jnp.bfloat16)
        return optax.conditionally_transform(inner, lambda step, **_: step % 2 == 0)

    for of_gradient, of_params in NARROW.values():
        updates, state = updates_of("", js.inject(factory)(0.1), of_gradient, of_params)
        assert state.inner_state.inner_state[0].mu["w"].dtype == jnp.bfloat16
        assert error(updates[1:2], updates_of("", optax.identity(), of_gradient, of_params)[0][1:2]) < 1e-2


def summing(learning_rate):
    """Keeps the sum of its rates, as narrow as the parameters make it, and adds it to the updates."""

    def init(p):
        return jnp.zeros((), jax.tree.leaves(p)[0].dtype)

    def update(updates, state, params=None):
        state = state + learning_rate
        return jax.tree.map(lambda g: state.astype(g.dtype), updates), state

    return optax.GradientTransformation(init, update)


def test_a_sum_in_a_state_does_not_stand_still_with_narrow_parameters():
    optimizer, p = js.inject(summing)(0.01), params(jnp.bfloat16)
    step = lambda state, _: (optimizer.update(p, state, p)[1], None)  # noqa: E731
    state, _ = jax.lax.scan(step, optimizer.init(p), None, length=2000)
    assert state.inner_state.dtype == jnp.float32
    np.testing.assert_allclose(state.inner_state, 20.0, rtol=1e-4)
    narrow = jax.tree.map(lambda x: x.astype(jnp.bfloat16) if x.dtype == jnp.float32 else x, state.inner_state)
    state = optimizer.update(p, state._replace(inner_state=narrow), p)[1]  # stored by an earlier version
    assert state.inner_state.dtype == jnp.bfloat16


def test_where_nothing_is_narrow_the_bits_are_those_of_optax():
    p = params(jnp.float32)
    optimizer = js.inject(clipping)(0.1)
    plain = lambda g, rate, norm: clipping(rate, norm).update(g, clipping(rate, norm).init(p), p)[0]  # noqa: E731
    got, wanted = optimizer.update(p, optimizer.init(p), p)[0], plain(p, jnp.float32(0.1), 1.0)
    assert same_bits(got, wanted)


@parametrize("dtype", [jnp.float32, jnp.bfloat16], ids=lambda dtype: dtype.__name__)
def test_updates_of_another_structure_than_the_gradients_have_the_dtype_of_the_parameters(dtype):
    """`optax.lookahead` has pairs of parameters, and gradients of one of them."""

    def updates_of(optimizer, dtype):
        pairs = optax.LookaheadParams(params(dtype), params(dtype))
        gradient, state = jax.grad(value_of)(params(dtype)), optimizer.init(pairs)
        for _ in range(2):
            updates, state = optimizer.update(gradient, state, pairs)
        return updates

    made = js.inject(optax.lookahead)(optax.sgd(0.1), 2, slow_step_size=0.5)
    got, wanted = updates_of(made, dtype), updates_of(optax.lookahead(optax.sgd(0.1), 2, 0.5), jnp.float32)
    assert jax.tree.structure(got) == jax.tree.structure(wanted)
    assert {x.dtype for x in jax.tree.leaves(got)} == {jnp.dtype(dtype)}
    assert error(got, wanted) < 1e-2
