"""A page of Markdown as HTML that needs nothing else."""

from functools import cache
from html import escape

from markdown_it import MarkdownIt

STYLE = """
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.55 ui-sans-serif, system-ui, sans-serif;
  color: #0f172a; background: #ffffff; }
h1 { line-height: 1.2; } h2 { margin-top: 2.2rem; border-bottom: 1px solid #e2e8f0; } a { color: #1d4ed8; }
blockquote { margin: 0; padding: .6rem 1rem; border-left: 3px solid #1d4ed8; background: #f8fafc; }
code { background: #f1f5f9; padding: .1em .3em; border-radius: 3px; font-size: .9em; }
table { border-collapse: collapse; } td, th { border: 1px solid #e2e8f0; padding: .4rem .6rem; text-align: left;
  vertical-align: top; } svg { max-width: 100%; height: auto; } nav { font-size: .9em; }
"""
PICTURE = "@@the picture@@"
"""Stands in the Markdown where the picture goes, which is no Markdown."""


def html(markdown: str, title: str, picture: str = "", back: str = "") -> str:
    """The whole document; `picture` is SVG, `back` the file of the table of contents."""
    body = _renderer().render(markdown).replace(f"<p>{PICTURE}</p>", f"<figure>{picture}</figure>")
    nav = f'<nav><a href="{escape(back)}">all journeys</a></nav>\n' if back else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{nav}{body}</body>\n</html>\n"
    )


@cache
def _renderer() -> MarkdownIt:
    """Without raw HTML: what a designer writes is text."""
    return MarkdownIt("commonmark", {"html": False}).enable("table")
