"""Check a built site: links inside it lead somewhere, and no page needs a network.

python .ci/check_site.py docs/_build
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src"}
LOADED_RELS = {"stylesheet", "icon", "preload", "modulepreload"}


class Page(HTMLParser):
    """Names that a page can be entered at, where its links lead, and what it loads."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.loaded = {"", "top"}, [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.anchors |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        address = attributes.get(LOADED.get(tag, ""))
        rels = set((attributes.get("rel") or "").split())
        if address and (tag != "link" or rels & LOADED_RELS):
            self.loaded.append(address)


def is_external(address):
    parts = urlsplit(address)
    return bool(parts.scheme or parts.netloc)


def problems(root):
    pages = {
        path.resolve(): Page(path.read_text(encoding="utf-8"))
        for path in root.rglob("*.html")
        if "_static" not in path.relative_to(root).parts  # the theme's templates
    }
    for path, page in pages.items():
        here = path.relative_to(root.resolve())
        for address in page.loaded:
            if is_external(address) and not address.startswith("data:"):
                yield f"{here} loads {address}"
        for address in {*page.links, *page.loaded}:
            if is_external(address):
                continue
            parts = urlsplit(address)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                yield f"{here} links to {address}, which is not there"
            elif target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{here} links to {address}, whose place is not there"
    if not pages:
        yield f"{root} holds no page"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: check_site.py FOLDER")
    found = sorted(problems(Path(sys.argv[1])))
    print(*found, f"{len(found)} problems", sep="\n")
    raise SystemExit(bool(found))
