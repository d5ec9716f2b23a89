"""Seeing a schedule: in words, as a table, as a picture, and beside another."""

from jaxsched.show._describe import Description as Description
from jaxsched.show._describe import Descriptions as Descriptions
from jaxsched.show._describe import describe as describe
from jaxsched.show._diff import Change as Change
from jaxsched.show._diff import Diff as Diff
from jaxsched.show._diff import diff as diff
from jaxsched.show._html import view as view
from jaxsched.show._lint import Finding as Finding
from jaxsched.show._plot import axes as axes
from jaxsched.show._plot import plot as plot
from jaxsched.show._rows import Rows as Rows
from jaxsched.show._spans import Phase as Phase
from jaxsched.show._state import Rate as Rate
from jaxsched.show._state import StateDescription as StateDescription
from jaxsched.show._tables import Table as Table
from jaxsched.show._tables import table as table

for _each in (
    Description,
    Descriptions,
    describe,
    Change,
    Diff,
    diff,
    Finding,
    Phase,
    Rate,
    Rows,
    StateDescription,
    Table,
    axes,
    plot,
    table,
    view,
):
    _each.__module__ = __name__
