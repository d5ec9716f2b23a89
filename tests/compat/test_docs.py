"""The pages that `write_docs.py` makes are those of the tables and the traces; every concept is somewhere."""

import operator
import re

import pytest
from support.compat import comparison, write_docs
from support.compat.master_table import MASTER, names_of
from support.compat.translations import table
from support.paths import DOCS

import jaxsched as js

TRANSLATIONS = (DOCS / "translations.md").read_text()
PARITY = (DOCS / "parity.md").read_text()
WRITE = "run `python tests/support/compat/write_docs.py`"


def test_the_page_of_translations_is_what_the_table_gives():
    assert TRANSLATIONS == write_docs.translations_page(), WRITE


def test_the_page_of_parity_counts_what_is_in_the_traces():
    rows = [*write_docs.module_rows(measured=False), *write_docs.translation_rows(measured=False)]
    part = PARITY.split("## By concept")[0]
    written = re.findall(r"^\| (.+?) \| `(.+?)` \| (\d+) \|", part, re.MULTILINE)
    assert written == [(row.framework, row.schedule, str(row.configurations)) for row in rows], WRITE


def test_the_page_of_parity_has_every_concept():
    part = PARITY.split("## By concept")[1]
    assert part.endswith("".join(map(write_docs.concept_line, MASTER))), WRITE


def test_no_error_on_the_page_of_parity_is_larger_than_allowed():
    # Under x64 a few recursions of other frameworks are the limit: `Case.tolerance` says where.
    for float32, wide in re.findall(r"\| \d+ \| (\S*) \| (\S*) \|", PARITY):
        assert float(float32 or 0) <= 2e-6 and float(wide or 0) <= 1e-7


@pytest.mark.parametrize("concept", MASTER)
def test_every_concept_is_found_where_it_is_said_to_be(concept):
    names = names_of(concept)
    assert all(callable(operator.attrgetter(name)(js)) for name in names)
    assert names or MASTER[concept].translated
    assert set(write_docs.translated(concept)) == set(MASTER[concept].translated.split())


@pytest.mark.parametrize("framework", comparison.FRAMEWORKS)
def test_every_function_has_its_place_in_the_reference(framework):
    page = (DOCS / "reference" / "compat" / f"{framework}.md").read_text()
    prefix = f"::: jaxsched.compat.{framework}"
    assert set(re.findall(rf"^{prefix}\.(\w+)$", page, re.MULTILINE)) == comparison.functions(framework)
    assert f"{prefix}\n" in page


def test_there_are_no_other_concepts_in_the_table_of_translations():
    assert {row.concept for row in table()} <= set(MASTER)
