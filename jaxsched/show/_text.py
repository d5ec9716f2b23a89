"""Columns of text."""


def aligned(rows: list[list[str]]) -> list[str]:
    """Rows as lines with their columns one below the other; a cell that begins with `>` stands to the right."""
    widths = [max(len(cell.lstrip(">")) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell[1:].rjust(width) if cell.startswith(">") else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def shortened(rows: list[list[str]], most: int, first: int, last: int) -> list[list[str]]:
    """At most so many rows: the first and the last ones, and how many are left out between them."""
    if len(rows) <= most:
        return rows
    gap = [">…", *([""] * (len(rows[0]) - 1))]
    gap[-2 if len(gap) > 2 else -1] = f"{len(rows) - first - last} more"
    return [*rows[:first], gap, *rows[-last:]]


def cut(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 2] + " …"
