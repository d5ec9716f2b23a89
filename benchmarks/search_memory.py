"""Bytes that a candidate takes in a compiled sweep, as the number of candidates at once grows. Nothing is run.

They are what the compiled program tells of its temporary, argument and output memory, which is what
`jaxsched.search.sweep` counts to name the largest `batch` that fits. A training that sees the same data at every
update is shown too, without a claim: with one candidate alone XLA saves a copy that it needs for more.
"""

import jax
from _problems import network, training
from _report import figure, finish
from _sweeps import TOTAL, one_kind, train

import jaxsched

WIDTHS = (1, 16, 256, 4_096)


def bytes_each(train, schedule, width: int) -> float:
    def shaped(leaf):
        leaf = jax.numpy.asarray(leaf)
        return jax.ShapeDtypeStruct((width, *leaf.shape), leaf.dtype)

    program = jax.jit(jax.vmap(train)).lower(jax.tree.map(shaped, schedule)).compile()
    sizes = program.memory_analysis()
    return (sizes.temp_size_in_bytes + sizes.argument_size_in_bytes + sizes.output_size_in_bytes) / width


def compare(name: str, train, schedule, claimed: bool = True) -> None:
    sizes = [bytes_each(train, schedule, width) for width in WIDTHS]
    off = max(abs(size / sizes[0] - 1) for size in sizes)
    what = f"bytes a candidate at a width of {', '.join(f'{width:,}' for width in WIDTHS)}, {name}"
    figure(what, ", ".join(f"{size:,.0f}" for size in sizes))
    claim, kept = ("at most 2 %", off <= 0.02) if claimed else ("", True)
    figure(f"{what}: the furthest from that of 1", f"{off:.2%}", claim, kept)


schedule = one_kind(1)[0]
compare("warmup_cosine", train, schedule)
compare("its table of 100 steps", train, jaxsched.tabulate(schedule, TOTAL))
compare("the same data at every update", training(network((64, 64, 10)), TOTAL), schedule, claimed=False)
finish()
