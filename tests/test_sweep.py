"""A sweep gives the bits of the same program by hand, in any order, on any devices; failures are marked, never best."""

import subprocess
import sys
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.sweeps import SEEDS, STEPS, WIDTH, bits, candidates, data, training

import jaxsched as js
from jaxsched.search import _programs as programs_of
from jaxsched.search import sweep
from jaxsched.search._groups import grouped, words_of

TRAIN = training(data())


@pytest.fixture(scope="module")
def found():
    return sweep(TRAIN, candidates(), seeds=SEEDS, batch=WIDTH)


def quadratic(schedule):
    w, _ = jax.lax.scan(lambda w, i: (w - schedule(i) * 2 * w, None), jnp.float32(1.0), jnp.arange(STEPS))
    return {"loss": w**2, "accuracy": jnp.where(jnp.isfinite(w), 1 / (1 + w**2), 2.0)}


COSINES = [js.Cosine(peak, 0.0, steps=STEPS) for peak in (1e-3, 1e30, 0.1, 0.01)]


def test_the_bits_are_those_of_the_mapped_function_at_the_same_width(found):
    cosines = [(i, x) for i, x in enumerate(candidates()) if isinstance(x, js.Cosine)]
    runs = [(i, x, s) for i, x in cosines for s in range(len(SEEDS))][-WIDTH:][::-1]  # other neighbours, another order
    by_hand = jax.jit(jax.vmap(TRAIN))(
        js.stack([x for _, x, _ in runs]), jnp.stack([jax.random.key(SEEDS[s]) for _, _, s in runs])
    )
    for row, (i, _, s) in enumerate(runs):
        for name, x in by_hand.items():
            assert np.asarray(x[row]).tobytes() == found.values[name][i, s].tobytes(), (name, i, s)


def test_results_are_in_the_given_order_with_a_program_a_structure(found):
    assert found.values["loss"].shape == (len(candidates()), len(SEEDS))
    assert found.values["losses"].shape == (len(candidates()), len(SEEDS), STEPS)
    assert found.values["small"].dtype == jnp.bfloat16 and found.programs == 5
    assert found.failed.tolist() == [[True] * 2] + [[False] * 2] * (len(candidates()) - 1)
    for i, each in enumerate(candidates()):
        alone = jax.jit(TRAIN)(js.as_schedule(each) if not isinstance(each, js.Controller) else each, jax.random.key(3))
        np.testing.assert_allclose(found.values["losses"][i, 0, :3], alone["losses"][:3], rtol=1e-3)  # then chaos


def test_order_and_neighbours_change_no_bit(found):
    turned = sweep(TRAIN, candidates()[::-1], seeds=SEEDS[::-1], batch=WIDTH)
    back = jax.tree.map(lambda x: np.ascontiguousarray(x[::-1, ::-1]), turned.values)
    assert bits(SimpleNamespace(values=back, failed=np.ascontiguousarray(turned.failed[::-1, ::-1]))) == bits(found)
    few = sweep(TRAIN, candidates()[-4:], seeds=SEEDS[:1], batch=WIDTH)  # each alone, padded with itself
    for name, x in few.values.items():
        assert x.tobytes() == np.ascontiguousarray(found.values[name][-4:, :1]).tobytes()


@pytest.mark.parametrize("shape", [(1,), (8,), (4, 2), (3,)])
def test_devices_change_no_bit(found, shape):
    names = ("a", "b")[: len(shape)]
    mesh = jax.sharding.Mesh(np.asarray(jax.devices()[: np.prod(shape)]).reshape(shape), names)
    assert bits(sweep(TRAIN, candidates(), seeds=SEEDS, batch=WIDTH, mesh=mesh)) == bits(found)


def test_keys_of_another_default_kind_mix_nothing():
    def train(schedule, key):
        return jax.random.normal(key, (3,)) * schedule(0)

    threefry = sweep(train, COSINES, seeds=SEEDS, batch=2)
    before = jax.config.jax_default_prng_impl
    jax.config.update("jax_default_prng_impl", "rbg")
    try:
        rbg = sweep(train, COSINES[::-1], seeds=SEEDS, batch=2, mesh=jax.make_mesh((8,), ("devices",)))
    finally:
        jax.config.update("jax_default_prng_impl", before)
    assert np.ascontiguousarray(rbg.values[::-1]).tobytes() == threefry.values.tobytes()


def test_equal_candidates_run_once_and_stand_twice():
    calls = []

    def train(schedule):
        return {"loss": jax.pure_callback(lambda x: (calls.append(1), x)[1], jax.ShapeDtypeStruct((), "f"), schedule(0),
                                          vmap_method="sequential")}  # fmt: skip

    made = sweep(train, [js.Constant(0.5), js.Constant(0.25), js.Constant(0.5)], batch=1)
    assert made.values["loss"].tolist() == [0.5, 0.25, 0.5] and len(calls) == 2


def test_without_batch_all_run_at_once():
    widths = []

    def train(schedule):
        return jax.pure_callback(lambda x: (widths.append(x.shape), x)[1], jax.ShapeDtypeStruct((), "f"), schedule(0),
                                 vmap_method="expand_dims")  # fmt: skip

    assert sweep(train, COSINES).values.shape == (4,) and set(widths) == {(4,)}


def test_tables_train_all_kinds_in_one_program():
    pure = [x for x in candidates() if not isinstance(x, js.Controller)]
    one, many = (sweep(TRAIN, pure, seeds=SEEDS, batch=WIDTH, total=total) for total in (STEPS, None))
    assert (one.programs, many.programs) == (1, 4)
    np.testing.assert_allclose(one.values["loss"][1:], many.values["loss"][1:], rtol=1e-4)
    assert one.schedules == many.schedules  # those that were given


def test_numbers_of_another_dtype_are_the_same_run():
    many = [js.Constant(0.5), js.Constant(np.float32(0.5)), js.Constant(jnp.float32(0.5)), js.Constant(np.float64(0.5))]
    assert sweep(lambda schedule: schedule(0), many, batch=2).programs == 1


# Results


def test_what_failed_is_marked_and_never_best():
    made = sweep(quadratic, COSINES)
    assert made.failed.tolist() == [False, True, False, False] and made.values["accuracy"][1] == 2.0
    assert [x.candidate for x in made.best("loss", n=9)] == [2, 3, 0]
    assert [x.candidate for x in made.best("accuracy", "max", n=9)] == [2, 3, 0]
    best = made.best("loss")[0]
    assert best.schedule == COSINES[2] and best.value == best.least == best.largest == made.values["loss"][2]
    assert made.best(lambda values: -values["loss"], "max")[0].candidate == 2
    with pytest.raises(ValueError, match=r"`schedules` must hold one whose training does not fail: all 1 "):
        sweep(quadratic, COSINES[1:2]).best("loss")


def test_a_bfloat16_is_ranked_as_any_number():
    made = sweep(lambda schedule: schedule(0).astype(jnp.bfloat16), [2.0, 0.5, 1.0])
    assert [each.candidate for each in made.best(n=3)] == [1, 2, 0]
    assert made.table(lambda values: -values, "max").columns["value"] == [0.5, 1.0, 2.0]


def test_an_infinity_and_a_nan_in_any_float_are_failures():
    made = sweep(lambda s: {"x": jnp.where(s(0) > 2, jnp.inf, s(0)), "n": jnp.int32(1)}, [1.0, 3.0])
    assert made.failed.tolist() == [False, True]
    made = sweep(lambda s: {"x": (jnp.ones(3) / s(0)).astype(jnp.bfloat16), "y": s(0)}, [1.0, 0.0])
    assert made.failed.tolist() == [False, True]


def test_seeds_are_ranked_by_their_median_and_one_that_failed_puts_the_candidate_out():
    noise = {1: [1.0, 9.0, 2.0], 2: [3.0, 3.0, 3.0], 3: [0.0, 0.0, np.nan]}
    made = js.search.Sweep(
        (js.Constant(1.0), js.Constant(2.0), js.Constant(3.0)),
        (0, 1, 2),
        {"loss": np.asarray(list(noise.values()))},
        np.isnan(np.asarray(list(noise.values()))),
        1,
    )
    assert [tuple(x)[0::1] for x in made.best("loss", n=3)] == [
        (0, js.Constant(1.0), 2.0, 1.0, 9.0),
        (1, js.Constant(2.0), 3.0, 3.0, 3.0),
    ]
    assert made.table("loss").columns["failed"] == [0, 0, 1]


def test_seeds_give_the_keys_of_jax():
    made = sweep(lambda schedule, key: jax.random.normal(key) + 0 * schedule(0), [1.0], seeds=[7, 2**31 - 1])
    expected = [jax.random.normal(jax.random.key(seed)) for seed in (7, 2**31 - 1)]
    np.testing.assert_allclose(made.values[0], expected, rtol=1e-6)


def test_the_table_has_what_varies(found):
    text = repr(sweep(quadratic, COSINES).table("loss")).splitlines()
    assert text[0].split() == ["candidate", "kind", "start", "accuracy", "loss", "failed"]
    assert [line.split()[0] for line in text[1:]] == ["2", "3", "0", "1"] and text[-1].endswith("yes")
    columns = found.table().columns
    assert columns["candidate"] == list(range(len(candidates())))
    assert columns["start"][:3] == [1e20, None, None] and columns["schedule.start"][2] == 0.03
    assert columns["kind"][:3] == ["Cosine", "ReduceOnPlateau(Constant)", "Warmup(Linear, Linear)"]
    assert "inverse" in columns["kind"] and "losses" not in columns
    labels = [{"peak": i, "kind of": "x"} for i in range(len(candidates()))]
    assert list(found.table(labels=labels).columns) == [
        "candidate", "kind", "peak", "kind of", "loss", "right", "failed",
    ]  # fmt: skip


def test_the_table_is_a_frame():
    pandas = pytest.importorskip("pandas")
    frame = sweep(quadratic, COSINES).to_pandas("accuracy", "max")
    assert isinstance(frame, pandas.DataFrame) and frame["candidate"].tolist() == [2, 3, 0, 1]


def test_the_picture_marks_what_failed(found):
    pytest.importorskip("matplotlib")
    axes = found.plot("loss")
    assert [ax.get_xlabel() for ax in axes][:2] == ["start", "schedule.start"]
    crosses = [line for line in axes[0].lines if line.get_marker() == "x"]
    assert [line.get_xdata()[0] for line in crosses] == [1e20]
    (ax,) = sweep(quadratic, COSINES).plot("loss", labels=[{"name": x} for x in "abca"])
    assert [x.get_text() for x in ax.get_xticklabels()] == ["a", "b", "c"]


def test_the_bar_moves_by_the_runs_that_were_made(monkeypatch, tmp_path):
    bars = []

    class Bar:
        def __init__(self, **keywords):
            bars.append({**keywords, "moved": []})

        def __enter__(self):
            return self

        def __exit__(self, *error):
            bars[-1]["closed"] = True

        def update(self, n):
            bars[-1]["moved"].append(n)

    monkeypatch.setitem(sys.modules, "tqdm", SimpleNamespace(tqdm=Bar))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    sweep(quadratic, COSINES[:1], batch=2, out=tmp_path)
    sweep(quadratic, COSINES * 2, batch=2, out=tmp_path)  # three are left of four that differ
    sweep(quadratic, COSINES, batch=2, progress=False)
    seen = [(bar["total"], bar["initial"], bar["moved"], bar["closed"]) for bar in bars]
    assert seen == [(1, 0, [1], True), (4, 1, [2, 1], True)]


def test_it_is_quiet_without_a_terminal(capfd):
    sweep(quadratic, COSINES, batch=2)
    assert capfd.readouterr() == ("", "")


def test_no_optional_package_is_imported():
    code = "import sys, jaxsched.search; print({'optuna', 'pandas', 'matplotlib', 'tqdm'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"


# Refusals


class Empty(jax.sharding.Mesh):
    pass


def impure(schedule):
    return schedule(0) + np.random.default_rng().normal()


def ragged(schedule):
    return {"loss": schedule(0)} if isinstance(schedule, js.Constant) else {"loss": schedule(jnp.arange(2))}


REFUSED = {
    "none": ([], {}, ValueError, r"`schedules` must hold at least one schedule"),
    "text": ([0.1, "a"], {}, TypeError, r"`schedules\[1\]` must be a schedule, a number or a function"),
    "one": (js.Constant(0.1), {}, TypeError, r"`schedules` must be a list"),
    "stack": (js.stack([COSINES[0], COSINES[1]]), {}, TypeError, r"Pass `jaxsched.unstack\(schedules\)`"),
    "stack inside": ([0.1, js.stack(COSINES[:2])], {}, ValueError, r"`schedules\[1\]` must be one schedule: .*unstack"),
    "batch": ([0.1], {"batch": 0}, ValueError, r"`batch` must be at least 1: got 0"),
    "mesh": ([0.1], {"mesh": jax.devices()}, TypeError, r"`mesh` must be a `jax.sharding.Mesh`.*jax.make_mesh"),
    "mesh without devices": (
        [0.1],
        {"mesh": jax.sharding.Mesh(np.asarray(jax.devices())[:0], ("a",))},
        ValueError,
        r"`mesh` must have at least one device",
    ),
    "no seeds": ([0.1], {"seeds": []}, ValueError, r"`seeds` must hold at least one"),
    "seeds": ([0.1], {"seeds": 4}, TypeError, r"`seeds` must be whole numbers in a list: got 4. Pass .*`range\(4\)`"),
    "half a seed": ([0.1], {"seeds": [0.5]}, TypeError, r"`seeds\[0\]` must be a whole number: got 0.5"),
    "a seed below": ([0.1], {"seeds": [1, -1]}, ValueError, r"`seeds\[1\]` must be at least 0 and below 2\*\*31"),
    "equal seeds": ([0.1], {"seeds": [1, 2, 1]}, ValueError, r"`seeds` must differ: got \[1, 2, 1\]"),
    "a controller with total": (
        [0.1, js.reduce_on_plateau(0.1)],
        {"total": 5},
        ValueError,
        r"`total` must be None where there are controllers: got one as schedules\[1\]",
    ),
    "total": ([0.1], {"total": 0}, ValueError, r"`total` must be at least 1"),
    "out": ([0.1], {"out": 5}, TypeError, r"`out` must be the path of a folder: got 5"),
    "out without batch": ([0.1], {"out": "here"}, ValueError, r"`out` must come with `batch`"),
    "progress": ([0.1], {"progress": 1}, TypeError, r"`progress` must be"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_refused_before_anything_runs(name):
    schedules, keywords, error, message = REFUSED[name]

    def train(schedule, key=None):
        pytest.fail("it was traced")

    with pytest.raises(error, match=message):
        sweep(train, schedules, **keywords)


TRAINS = {
    "no function": (0.5, TypeError, r"`train` must be a function of `\(schedule\)`: got 0.5"),
    "a key": (lambda schedule, key: key, TypeError, r"`train` must be .*To hand it a key, pass `seeds`"),
    "a float": (lambda schedule: float(schedule(0)), TypeError, r"`train` must not ask for .*`jnp.where`"),
    "an array": (lambda schedule: np.asarray(schedule(0)), TypeError, r"`train` must not ask for the value"),
    "a branch": (lambda schedule: 1.0 if schedule(0) > 0 else 0.0, TypeError, r"`train` must not ask for the value"),
    "text": (lambda s: {"a": s(0), "b": "x"}, TypeError, r"`train` must return arrays of numbers: got 'x' as `b`"),
    "a key back": (lambda s: jax.random.key(0), TypeError, r"`train` must return arrays of numbers"),
    "nothing": (lambda schedule: None, TypeError, r"`train` must return at least one array: got None"),
    "impure": (impure, ValueError, r"`train` must be a pure function: lowered twice for schedules\[0\]"),
    "ragged": (
        ragged,
        ValueError,
        r"`train` must return the same .* schedules\[0\] `loss` is float32\[\], for schedules\[1\] float32\[2\]",
    ),
}


@pytest.mark.parametrize("name", TRAINS)
def test_a_train_that_is_wrong_is_refused(name):
    train, error, message = TRAINS[name]
    with pytest.raises(error, match=message) as caught:
        sweep(train, [0.1, js.Linear(1.0, 0.0, steps=4)])
    assert len(str(caught.value)) < 700


def test_errors_of_train_pass_as_they_are():
    def train(schedule):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="^mine"):
        sweep(train, [0.1])


@pytest.mark.parametrize(
    ("by", "mode", "n"), [("los", "min", 1), (None, "min", 1), ("loss", "least", 1), ("loss", "min", 0)]
)
def test_best_refuses_what_is_not_there(by, mode, n):
    made = sweep(quadratic, COSINES)
    name = {"least": "mode", 0: "n"}.get(mode, {0: "n"}.get(n, "by"))
    with pytest.raises((TypeError, ValueError), match=f"`{name}` must be"):
        made.best(by, mode, n)


def test_by_must_be_one_number_a_run(found):
    with pytest.raises(ValueError, match=r"`by` must be one number a run, of shape \(11, 2\).*bfloat16"):
        found.best("small")
    with pytest.raises(ValueError, match=r"`by` must be one number a run"):
        found.best(lambda values: values["losses"])
    with pytest.raises(ValueError, match=r"`by` must make one number a run of `values`: it raised KeyError: 'x'"):
        found.best(lambda values: values["x"])
    for wrong in (5, ["loss"], "", js.Constant(0.5), lambda: 0.0, {"loss": 1}):
        with pytest.raises((TypeError, ValueError), match="^`by` must be "):
            found.best(wrong)
    assert found.best(lambda values: values["losses"].mean(-1))[0].value > 0
    with pytest.raises(ValueError, match=r"`labels` must be one dict for each of the 11 candidates"):
        found.table(labels=[{}])


def test_what_does_not_fit_is_told_with_the_batch_that_does(monkeypatch):
    class Exhausted:
        memory_analysis = staticmethod(
            lambda: SimpleNamespace(temp_size_in_bytes=100, argument_size_in_bytes=40, output_size_in_bytes=20)
        )

        def __call__(self, *arguments):
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")

    monkeypatch.setattr(programs_of.Program, "_compile", lambda self: Exhausted())
    with pytest.raises(ValueError, match=r"`batch` must fit .*: 4 candidates .* at 40 bytes each. Pass a smaller"):
        sweep(quadratic, COSINES)
    monkeypatch.setattr(programs_of, "room", lambda device: 100)
    with pytest.raises(ValueError, match=r"at 40 bytes each. 100 bytes are free. The largest that fits is `batch=2`."):
        sweep(quadratic, COSINES)
    assert "Not even one fits" in programs_of.too_large(4, 200, 100)
    assert "`batch=3`" in programs_of.too_large(4, 10, 100)  # what failed does not fit, whatever was measured


def test_bytes_are_those_of_one_run_on_one_device():
    mesh = jax.make_mesh((8,), ("devices",))
    alone, shared = (
        programs_of.Program(TRAIN, grouped(COSINES)[0], words_of(SEEDS), 64, each) for each in (None, mesh)
    )
    single = alone._bytes()
    for each in (alone, shared):
        each.run(grouped(COSINES)[0], [0] * each.size, [0] * each.size)
        assert 0.7 * single < each._bytes() <= single
