"""`jaxsched.search.sweep` against bare JAX and against a loop over optax's closures.

The run time of a sweep is what passes from the end of its compile, which `jax.monitoring` tells, until it returns: all
that it does for each chunk is in. A bare program is compiled before the clock starts, and its results are copied to the
host. A first call starts from the list of schedules with empty caches, so tracing and compiling are in. On a CPU the
claims against bare JAX are about the seconds that this process worked, on all cores together: what else the machine
does counts less. The seconds that passed stand beside them.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from _report import figure, finish, interleaved, spread
from _sweeps import TOTAL, Times, compiles, four_kinds, now, one_kind, run_times, times, train

import jaxsched
from jaxsched.search import sweep

MANY, KINDS, LOOP, TURNS = 256, 64, 64, 4


def bare(argument):
    """A function that runs `train` mapped over the argument, already compiled."""
    program = jax.jit(jax.vmap(train)).lower(argument).compile()
    return lambda: np.asarray(program(argument))


def against(what: str, ours: list[Times], theirs: list[Times], most: float) -> None:
    """A claim on the least of our times over the least of theirs: a busy machine only ever adds to a time."""
    ratio, passed = least_ratios(ours, theirs)
    figure(what, f"{ratio:.3g}", f"at most {most:g}", ratio <= most)
    figure(f"{what}, by the clock on the wall", f"{passed:.3g}")
    for side, each in ("ours", ours), ("bare", theirs):
        figure(f"{what}: seconds by the clock on the wall, {side}", spread([t.passed for t in each]))


def least_ratios(ours: list[Times], theirs: list[Times]) -> tuple[float, float]:
    """Of the device's time, the processor's if that is the device; and of the time that passed."""
    worked, passed = (min(map(of, ours)) / min(map(of, theirs)) for of in (lambda t: t.worked, lambda t: t.passed))
    return (worked if jax.default_backend() == "cpu" else passed), passed


def first(call) -> Times:
    jax.clear_caches()
    return times(call)


def runs_as_fast() -> None:
    many = one_kind(MANY)
    constant = bare(jnp.asarray([schedule(TOTAL // 2) for schedule in many]))
    again = bare(jnp.asarray([schedule(TOTAL // 3) for schedule in many]))
    ours, theirs, others = interleaved(
        7, lambda: run_times(lambda: sweep(train, many)), lambda: times(constant), lambda: times(again)
    )
    what = f"sweep of {MANY} schedules, run time against constant rates under a bare vmap"
    against(what, ours, theirs, 1.1)
    figure("other constant rates against those, by both clocks", "{:.3g}, {:.3g}".format(*least_ratios(others, theirs)))


def four_as_one() -> None:
    mixed, alike = four_kinds(KINDS), one_kind(KINDS)
    one = bare(jaxsched.stack(alike))

    def all_kinds():
        return sweep(train, mixed, total=TOTAL)

    def first_bare():
        return np.asarray(jax.jit(jax.vmap(train))(jaxsched.stack(alike)))

    what = f"{KINDS} schedules of four kinds with `total`, against one kind bare"
    programs = all_kinds().programs
    figure(f"{what}: programs", str(programs), "1", programs == 1)
    a, b = interleaved(7, lambda: first(all_kinds), lambda: first(first_bare))
    against(f"{what}: first call", a, b, 1.3)
    c, d = interleaved(9, lambda: run_times(all_kinds), lambda: times(one))
    against(f"{what}: run", c, d, 1.15)


def beside_a_loop() -> None:
    """Ours is short beside a machine's moods: it takes turns with quarters of the loop, and its median counts."""
    peaks, warmups = [float(p) for p in np.geomspace(1e-4, 3e-2, LOOP // 4)], (5, 10, 20, 40)
    pairs = [(peak, warmup) for peak in peaks for warmup in warmups]
    mine = [jaxsched.warmup_cosine(peak, warmup, TOTAL, end=0.01 * peak) for peak, warmup in pairs]

    def loop(part):
        schedules = [
            optax.warmup_cosine_decay_schedule(0.0, peak, warmup, TOTAL, end_value=0.01 * peak) for peak, warmup in part
        ]
        return [float(jax.jit(lambda each=each: train(each))()) for each in schedules]

    ours, theirs, losses = [], 0.0, []
    for i in range(0, LOOP, LOOP // TURNS):
        ours.append(first(lambda: sweep(train, mine)).passed)
        theirs += first(lambda i=i: losses.extend(loop(pairs[i : i + LOOP // TURNS]))).passed
    difference = float(np.max(np.abs(sweep(train, mine).values / np.asarray(losses) - 1)))
    assert difference < 0.02, f"the two trained different things: losses differ by {difference}"
    ratio, what = theirs / float(np.median(ours)), f"sweep of {LOOP} schedules, first call"
    figure(f"{what}: time of a loop over optax's closures / ours", f"{ratio:.3g}x", "at least 30x", ratio >= 30)
    figure(f"{what}: seconds, ours", spread(ours))
    figure(f"{what}: seconds, the loop", f"{theirs:.3g}")


def where_it_goes() -> None:
    """The parts of a sweep's first call; tracing and lowering, twice each to see that `train` is pure, are the rest."""
    mine = one_kind(LOOP)
    jax.clear_caches()
    begin = now()
    run = run_times(lambda: sweep(train, mine)).passed
    longest, whole = max(compiles).seconds, (now() - begin).passed
    what = f"sweep of {LOOP} schedules, first call: seconds to trace and lower, to compile, to run"
    figure(what, f"{whole - run - longest:.2g}, {longest:.2g}, {run:.2g}")


jnp.ones(3).sum().block_until_ready()  # the backend itself is started before the clock
runs_as_fast()
four_as_one()
beside_a_loop()
where_it_goes()
finish()
