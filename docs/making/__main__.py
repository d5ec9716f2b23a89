"""Make the pictures of the documentation and the page of the gallery, or see whether they are up to date.

python docs/making             # write all
python docs/making rex noams   # write these, and the page
python docs/making --check     # name those that are another than they should be
"""

import argparse
import sys

import drawing
import page
import pictures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="pictures, by name; all by default")
    parser.add_argument("--check", action="store_true", help="write nothing")
    asked = parser.parse_args()
    drawn = pictures.pictures()
    names = asked.names or list(drawn)
    if asked.check:
        found = [*pictures.changed(names), *(["gallery.md: another page"] if page.text() != page.written() else [])]
        print(*found, sep="\n")
        return bool(found)
    for name in names:
        drawing.save(drawing.figure(drawn[name]), pictures.FOLDER / f"{name}.svg")
    page.PATH.write_text(page.text(), encoding="utf-8")
    return 0


sys.exit(main())
