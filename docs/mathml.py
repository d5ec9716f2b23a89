"""A hook of MkDocs: formulas become MathML, which browsers show without any script or font from elsewhere."""

import html
import re

from latex2mathml.converter import convert

FORMULA = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
ON_ITS_OWN = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)


def on_page_content(content: str, **kwargs: object) -> str:
    content = ON_ITS_OWN.sub(lambda match: convert(html.unescape(match[1]), display="block"), content)
    return FORMULA.sub(lambda match: convert(html.unescape(match[1])), content)
