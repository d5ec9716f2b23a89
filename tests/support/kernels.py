"""How many kernels a compiled program is: what XLA runs one after another, each a launch on a GPU."""

import re

FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "copy", "copy-start", "copy-done"}


def kernels(program: str) -> int:
    """The instructions of an optimised program that compute something, from its text; copies of a number left out."""
    bodies = dict(re.findall(r"^(?:ENTRY )?%?([\w.\-]+) \(.*?\{$(.*?)^\}", program, re.MULTILINE | re.DOTALL))
    entry = re.search(r"^ENTRY %?([\w.\-]+) ", program, re.MULTILINE)
    assert entry, program
    count = sum(operation not in FREE for operation in _operations(bodies, entry[1]))
    assert count, program
    return count


def _operations(bodies, name):
    for operation, rest in re.findall(
        r"^\s+(?:ROOT )?%?\S+ = .*? ([a-z][a-z0-9-]*)\((.*)$", bodies[name], re.MULTILINE
    ):
        called = re.findall(r"(?:to_apply|body|condition)=%?([\w.\-]+)", rest)
        if operation in ("call", "while", "conditional") and called:
            for each in called:
                yield from _operations(bodies, each)
        else:
            yield operation
