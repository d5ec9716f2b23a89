"""Candidates a second of `jaxsched.search.sweep`, 1 to 16,384 at once, beside bare JAX and beside the device's peak.

The run time of a sweep is told from its compile as in search.py. It runs 2 chunks or more, up to 64 where they are
small, since the first call of any program takes longer. The bare program maps over constant rates. The operations are
XLA's count for the lowered program of one update, times the updates, since it counts the body of a loop once. The peak
is what a large matrix product reached here in the same precision, not the maker's figure.

    python benchmarks/throughput.py [--small] [--picture throughput.png]
"""

import argparse

import jax
import jax.numpy as jnp
import numpy as np
from _problems import network, training
from _report import figure, finish, interleaved, seconds
from _sweeps import POINTS, TOTAL, batches, one_kind, run_seconds, train

from jaxsched.search import sweep

REPEATS = 3


def operations() -> float:
    """Of one candidate."""
    one_update = training(network((64, 64, 10), POINTS), 1, batches[:1])
    return TOTAL * jax.jit(one_update).lower(jnp.float32(1e-3)).cost_analysis()["flops"]


def peak(size: int) -> float:
    """Floating-point operations a second of a product of two square matrices, the most of several."""
    a = jnp.ones((size, size), jnp.float32)
    product = jax.jit(lambda a, b: a @ b).lower(a, a).compile()
    return 2 * size**3 / min(seconds(lambda: jax.block_until_ready(product(a, a))) for _ in range(10))


def rates(many: int) -> tuple[float, float]:
    """Candidates a second: of a sweep, and of constant rates under a bare `vmap`."""
    chunks = max(2, min(64, 256 // many))
    schedules, constants = one_kind(many * chunks), jnp.geomspace(1e-4, 3e-2, many)
    program = jax.jit(jax.vmap(train)).lower(constants).compile()
    np.asarray(program(constants))
    ours, bare = interleaved(
        REPEATS,
        lambda: run_seconds(lambda: sweep(train, schedules, batch=many)),
        lambda: chunks * seconds(lambda: np.asarray(program(constants)), chunks),
    )
    return many * chunks / min(ours), many * chunks / min(bare)


def draw(rows: list[tuple[int, float, float]], output: str) -> None:
    from matplotlib.figure import Figure

    picture = Figure(figsize=(7, 4), layout="constrained")
    ax = picture.subplots()
    many, ours, bare = zip(*rows, strict=True)
    ax.loglog(many, bare, "o--", color="grey", label="constant rates, bare vmap")
    ax.loglog(many, ours, "o-", label="sweep")
    ax.set(xlabel="candidates at once", ylabel="candidates a second", title=jax.devices()[0].device_kind)
    ax.grid(alpha=0.3)
    ax.legend()
    picture.savefig(output, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description="Throughput of a sweep as the number of candidates grows.")
    parser.add_argument("--small", action="store_true", help="up to 16 candidates and a small matrix product")
    parser.add_argument("--picture", help="where to draw it")
    args = parser.parse_args()
    each, most = operations(), peak(512 if args.small else 8_192)
    figure("peak: a float32 matrix product, measured", f"{most / 1e12:.3g} TFLOP/s")
    figure(f"one candidate, {TOTAL} updates of an MLP 64-64-10", f"{each / 1e6:.3g} million operations")
    rows = []
    for many in [4**i for i in range(3 if args.small else 8)]:
        rows.append((many, *rates(many)))
        _, ours, bare = rows[-1]
        what = f"candidates at once: {many:,}; candidates a second, ours and bare; ours of the peak"
        figure(what, f"{ours:,.0f} and {bare:,.0f}; {each * ours / most:.2%}")
    used = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    figure("memory of the device in use at most", f"{used / 1e9:.3g} GB" if used else "not told by this device")
    if args.picture:
        draw(rows, args.picture)
    finish()


if __name__ == "__main__":
    main()
