"""Run the Python in Markdown files: in each file all blocks in their order, as a reader would type them.

A block with prompts is a doctest, any other is a script; the blocks of a file share their names. There are eight
devices, so that what is said of meshes is tried.
"""

import doctest
import os
import re
import sys
from pathlib import Path


def run(path: str) -> tuple[int, int]:
    """The numbers of blocks and of failures in a file."""
    text, names = Path(path).read_text(encoding="utf-8"), {"__name__": "__main__"}
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    blocks = list(re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    for block in blocks:
        source, line = block[1], text.count("\n", 0, block.start(1))
        if ">>>" in source:
            test = parser.get_doctest(source, {}, f"line {line + 1}", path, line)
            test.globs = names
            runner.run(test, clear_globs=False)
        else:
            exec(compile("\n" * line + source, path, "exec"), names)
    return len(blocks), runner.summarize(verbose=False).failed


if __name__ == "__main__":
    os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=8")
    failures = 0
    for path in sys.argv[1:]:
        blocks, failed = run(path)
        print(f"{path}: {blocks} blocks of Python, {failed} failures")
        failures += failed
    sys.exit(failures > 0)
