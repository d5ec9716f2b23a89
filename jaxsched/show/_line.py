"""A curve in one line of text."""

import sys

import numpy as np

from jaxsched.show._curve import columns

BLOCKS, PLAIN = "▁▂▃▄▅▆▇█", "_.-=+*%#"


def can_print(text: str) -> bool:
    """Whether the terminal knows these characters."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def line(values: np.ndarray, width: int = 60) -> str:
    """The largest value of each column as a block: empty where it is 0, `!` where it is not finite."""
    highest = columns(values, width)[2]
    finite = np.isfinite(highest)
    low, high = min(highest[finite], default=0), max(highest[finite], default=0)
    low = min(low, 0)
    blocks = BLOCKS if can_print(BLOCKS) else PLAIN
    place = (np.where(finite, highest, low) - low) / ((high - low) or 1)
    bars = [blocks[min(int(each * len(blocks)), len(blocks) - 1)] for each in place]
    marks = np.where(finite, np.where(highest == low, " ", bars) if high > low else bars, "!")
    return "".join(marks)
