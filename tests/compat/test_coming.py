"""The pages "Coming from …": their script and ours give the same rates and end at the same weights."""

import re
import sys

import jax
import numpy as np
import pytest
from support.paths import DOCS

PAGES = {  # the page: the package that its other script needs
    "huggingface": "transformers",
    "keras": "keras",
    "optax": "optax",
    "paddle": "paddle",
    "pytorch": "torch",
    "tensorflow": "tensorflow",
    "timm": "timm",
}


def scripts(page: str) -> tuple[str, str]:
    """The first script of the other framework, and the first of ours."""
    text = (DOCS / "coming" / f"{page}.md").read_text()
    theirs, ours = (re.search(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL) for kind in ("py", "python"))
    assert theirs and ours
    return theirs[1], ours[1]


def run(script: str, name: str) -> dict:
    names = {"__name__": "__main__"}
    exec(compile(script, name, "exec"), names)
    return names


def test_every_page_is_here():
    assert {path.stem for path in (DOCS / "coming").glob("*.md")} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_both_scripts_train_alike(page):
    pytest.importorskip(PAGES[page])
    if page == "keras" and sys.modules["keras"].backend.backend() != "jax":
        pytest.skip("keras runs on another backend: set KERAS_BACKEND=jax")
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):  # as a user has it
        theirs, ours = (run(script, f"{page}.md") for script in scripts(page))
    assert len(theirs["rates"]) == len(ours["rates"]) == 100
    np.testing.assert_allclose(theirs["rates"], ours["rates"], rtol=2e-6, atol=1e-7)
    ends = [np.asarray(getattr(each["w"], "data", each["w"])).ravel() for each in (theirs, ours)]
    np.testing.assert_allclose(*ends, rtol=1e-4)
