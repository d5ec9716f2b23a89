"""The built documentation: it asks no other site for anything, its search finds, and in a browser nothing is wrong.

`JAXSCHED_SITE` names the folder of a site that is built; without it this builds one. What needs a browser is skipped
where there is no Chromium or no playwright.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import site as sites
from support.short import exhaustive

ROOT = Path(__file__).parents[1]
pytestmark = exhaustive

WORDS = {  # what a user would type: a page on which it must be found
    "finder": "range_test/",
    "range test": "range_test/",
    "resume": "resume/",
    "checkpoint": "resume/",
    "orbax": "resume/",
    "accumulate": "howto/accumulation/",
    "MultiSteps": "howto/accumulation/",
    "warmup ratio": "faq/",
    "early stop": "faq/",
    "plateau": "controllers/",
    "patience": "controllers/",
    "negative metric": "faq/",
    "flax nnx": "howto/flax/",
    "TrainState": "howto/flax/",
    "equinox": "howto/equinox/",
    "scan": "howto/scan/",
    "bfloat16": "howto/bf16/",
    "mesh": "howto/devices/",
    "wandb": "howto/logging/",
    "tensorboard": "howto/logging/",
    "hydra": "configs/",
    "yaml": "configs/",
    "sweep": "sweeps/",
    "vmap": "sweeps/",
    "freeze": "howto/groups/",
    "layer-wise": "howto/groups/",
    "weight decay": "faq/",
    "epochs": "faq/",
    "float32": "howto/bf16/",
    "tokens": "explanation/",
    "CosineAnnealingLR": "coming/pytorch/",
    "OneCycleLR": "reference/compat/torch/",
    "get_scheduler": "coming/huggingface/",
    "ReduceLROnPlateau": "coming/keras/",
    "wsd": "reference/recipes/",
    "get_last_lr": "faq/",
    "precision": "explanation_limits/",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if folder := os.environ.get("JAXSCHED_SITE"):
        return Path(folder)
    if importlib.util.find_spec("mkdocs") is None:
        pytest.skip("No site: set JAXSCHED_SITE to a built one, or install the extra docs")
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def browser():
    if sites.executable() is None or importlib.util.find_spec("playwright") is None:
        pytest.skip("No browser: install Chromium (`apt install chromium`) and playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=sites.executable(), args=["--no-sandbox"])
        yield running
        running.close()


def test_nothing_is_asked_of_another_site(site):
    assert sites.foreign(site) == []


def test_formulas_are_drawn_and_functions_have_their_signatures(site):
    assert sites.unfinished(site) == []


def test_every_picture_is_there(site):
    assert sites.missing_pictures(site) == []


@pytest.mark.parametrize("words", WORDS)
def test_the_index_of_the_search_has(words, site):
    assert WORDS[words] in sites.in_index(site, words)


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_in_a_browser(width, site, browser):
    with sites.served(site) as address:
        seen = sites.visit(browser, address, site, width)
    print(f"{seen.pages} pages and {seen.pictures} pictures at {width} px")
    assert seen.pages > 40
    assert seen.problems == []


def test_the_search_finds_in_a_browser(site, browser):
    with sites.served(site) as address:
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        tab.goto(address)
        tab.locator("input.md-search__input").click()
        found = {words: sites.search(tab, words) for words in WORDS}
        lost = {words: found[words] for words, page in WORDS.items() if address + page not in found[words]}
        tab.close()
    assert lost == {}


BAD = f"""<!doctype html><html><head><title>Bad</title><link rel="stylesheet" href="https://example.com/a.css"></head>
<body><article><div style="width: 5000px">wide</div><img src="none.svg">
<pre style="overflow-x: auto"><b style="display: block; width: 5000px">scrolls</b></pre>
<div class="doc-signature">
<code style="display: block; overflow: auto">a_very_{"long_" * 50}signature</code></div></article>
<script>undefined_name()</script></body></html>"""


def test_a_bad_page_is_noticed(tmp_path, browser):
    (tmp_path / "index.html").write_text(BAD)
    with sites.served(tmp_path) as address:
        problems = " ".join(sites.visit(browser, address, tmp_path, 390).problems)
    for each in (
        "undefined_name",
        "request to https://example.com",
        "404 for none.svg",
        "<div",
        "load: none.svg",
        "cut off: a_very",
    ):
        assert each in problems
    assert "<b" not in problems  # what scrolls by itself is not too wide


def test_a_bad_page_is_noticed_without_a_browser(tmp_path):
    (tmp_path / "index.html").write_text(BAD)
    (tmp_path / "a.css").write_text("@import 'https://example.com/font'; a { background: url(//example.com/b.png) }")
    assert len(sites.foreign(tmp_path)) == 3
    assert sites.missing_pictures(tmp_path) == ["the front page shows none.svg"]
