"""Hooks of the documentation site: links out of docs/ lead to the repository, no page loads from other sites."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

from mkdocs.exceptions import PluginError

REPOSITORY = "https://github.com/neumo/neumo"
_ROOT = Path(__file__).resolve().parent.parent
_LINK = re.compile(r"(?<=\]\()(?!\w+:|/|#)([^)\s]+)(?=\))")
_LOADED = re.compile(
    r"""<(?:script|img|iframe|source|link(?=[^>]*rel="?(?:stylesheet|preconnect|icon|preload)))[^>]*(?:src|href)="?(https?:)?//[^>]*>"""
)


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Replace links to files of the repository that are no pages of the site."""
    folder = (_ROOT / "docs" / page.file.src_uri).parent

    def absolute(match: re.Match[str]) -> str:
        path, fragment = urldefrag(match[1])
        target = (folder / path).resolve()
        if target.is_relative_to(_ROOT / "docs") or not path:
            return match[1]
        if not target.exists():
            raise PluginError(f"{page.file.src_uri}: there is no {match[1]}")
        kind = "tree" if target.is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/main/{target.relative_to(_ROOT).as_posix()}{'#' if fragment else ''}{fragment}"

    return _LINK.sub(absolute, markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Refuse a page that loads anything from another site; say that Spanish pages are in Spanish."""
    if found := _LOADED.search(output):
        raise PluginError(f"{page.file.src_uri} loads from another site: {found[0]}")
    return output.replace('<html lang="en"', '<html lang="es"', 1) if page.url.startswith("es/") else output
