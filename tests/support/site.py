"""The built documentation: what its files ask for, and what a browser sees of it."""

import contextlib
import functools
import html.parser
import http.server
import json
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FOREIGN = re.compile(r"(https?:)?//")
IN_CSS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")

# Elements of the text whose right edge is beyond the screen, though nothing around them scrolls; and pictures.
LOOK = """async () => {
  const scrolls = e => e && e !== document.body && (
    /auto|scroll/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  const wide = [...document.querySelectorAll("article *")].filter(e =>
    e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e));
  const pictures = [...document.images];
  for (const each of pictures) each.loading = "eager";
  await Promise.all(pictures.map(each => each.decode().catch(() => null)));
  return {
    page: document.documentElement.scrollWidth - innerWidth,
    cut: [...document.querySelectorAll(".doc-signature code")].filter(e => e.scrollWidth > e.clientWidth + 1)
      .map(e => e.innerText.slice(0, 80)),
    wide: wide.map(e => e.outerHTML.slice(0, 80)),
    pictures: pictures.length,
    broken: pictures.filter(e => !e.naturalWidth).map(e => e.getAttribute("src")),
  };
}"""


class Wants(NamedTuple):
    """What a page loads by itself: pictures, and everything else."""

    pictures: list[str]
    others: list[str]


class _Reader(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = Wants([], [])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.found.pictures.append(given.get("src", ""))
        elif tag == "link" and not {"canonical", "prev", "next", "alternate"} & set(given.get("rel", "").split()):
            self.found.others.append(given.get("href", ""))
        elif tag in ("script", "iframe", "source", "embed", "audio", "video", "object"):
            self.found.others.extend(given[name] for name in ("src", "data", "srcset") if name in given)
        if "style" in given:
            self.found.others.extend(in_css(given["style"]))


def in_css(text: str) -> list[str]:
    return [one or other for one, other in IN_CSS.findall(text)]


def wants(text: str) -> Wants:
    reader = _Reader()
    reader.feed(text)
    return reader.found


def pages(site: Path) -> list[str]:
    """The addresses of all pages, as in `reference/curves/`."""
    found = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
    return [page.removesuffix("index.html") for page in found if page != "404.html"]


def file_of(site: Path, page: str) -> Path:
    return site / page / "index.html" if page.endswith("/") or not page else site / page


def foreign(site: Path) -> list[str]:
    """What pages and styles load from another site."""
    asked = [(page, each) for page in pages(site) for each in sum(wants(file_of(site, page).read_text()), [])]
    asked += [(path.name, each) for path in site.rglob("*.css") for each in in_css(path.read_text())]
    return [f"{where} asks for {each}" for where, each in asked if FOREIGN.match(each)]


def missing_pictures(site: Path) -> list[str]:
    missing = []
    for page in pages(site):
        here = file_of(site, page)
        for src in wants(here.read_text()).pictures:
            if not src.startswith("data:") and not (here.parent / re.sub(r"[#?].*", "", src)).is_file():
                missing.append(f"{page or 'the front page'} shows {src}")
    return missing


def unfinished(site: Path) -> list[str]:
    """Formulas that were left as they are typed, and functions of which a module of the same name is shown."""
    found = []
    for page in pages(site):
        text = file_of(site, page).read_text()
        found += [f"{page} shows {each}" for each in re.findall(r'class="arithmatex">.{,60}', text, re.DOTALL)]
        found += [f"{page} shows the module {each}" for each in re.findall(r'doc-module">\s*<h\d id="([^"]*)"', text)]
    return found


def in_index(site: Path, words: str) -> set[str]:
    """The pages of which a part has all of these words, or longer ones that begin with them."""
    index = json.loads((site / "search/search_index.json").read_text())
    starts = [re.compile(rf"(?<![^\W_]){re.escape(word)}", re.IGNORECASE) for word in words.split()]
    found = (x["location"] for x in index["docs"] if all(each.search(f"{x['title']} {x['text']}") for each in starts))
    return {location.partition("#")[0] for location in found}


@contextlib.contextmanager
def served(site: Path) -> Iterator[str]:
    """The address at which the folder is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def executable() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


class Seen(NamedTuple):
    """What a browser saw: how many pages and pictures, and what was wrong."""

    pages: int
    pictures: int
    problems: list[str]


def visit(browser: Any, address: str, site: Path, width: int) -> Seen:
    """Load every page on a screen of this width."""
    tab = browser.new_page(viewport={"width": width, "height": 900})
    problems, pictures, here = [], 0, ""

    def say(what: str) -> None:
        problems.append(f"{here or 'the front page'} at {width} px: {what}")

    def asked(request: Any) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            say(f"a request to {request.url}")

    def answered(response: Any) -> None:
        if response.status >= 400:
            say(f"{response.status} for {response.url.removeprefix(address)}")

    tab.on("console", lambda message: say(f"console: {message.text}") if message.type == "error" else None)
    tab.on("pageerror", lambda error: say(f"error: {error}"))
    tab.on("request", asked)
    tab.on("response", answered)
    for here in pages(site):
        tab.goto(address + here, wait_until="load")
        seen = tab.evaluate(LOOK)
        pictures += seen["pictures"]
        if seen["page"] > 0:
            say(f"{seen['page']} px wider than the screen")
        for each in seen["wide"][:3]:
            say(f"wider than the screen: {each}")
        for each in seen["cut"]:
            say(f"a signature that is cut off: {each}")
        for each in seen["broken"]:
            say(f"a picture that does not load: {each}")
    tab.close()
    return Seen(len(pages(site)), pictures, problems)


def search(tab: Any, words: str) -> list[str]:
    """The addresses that the site's own search finds, best first."""
    box = tab.locator("input.md-search__input")
    box.fill("")
    box.press_sequentially(words)
    count = tab.locator(".md-search-result__meta", has_text=re.compile("matching document|No matching"))
    count.wait_for(state="visible")
    tab.wait_for_timeout(400)  # the list follows the last letters after a moment
    links = tab.locator("a.md-search-result__link").evaluate_all("all => all.map(each => each.href)")
    return [each.partition("#")[0].partition("?")[0] for each in links]
